//! How many computations go at once and how many may wait. One whose asker gave up keeps its place until it ends, so that
//! answers that took too long cannot pile up.

use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The places there are.
#[derive(Debug, Clone)]
pub struct Capacity {
    /// One for each computation that goes.
    going: Arc<Semaphore>,
    /// One for each that goes or waits.
    inside: Arc<Semaphore>,
}

/// A place, given back when it is dropped: the computation holds it.
#[derive(Debug)]
pub struct Place {
    _going: OwnedSemaphorePermit,
    _inside: OwnedSemaphorePermit,
}

impl Capacity {
    /// Room for `at_once` computations (at least one) and `waiting` more that wait for their turn.
    pub fn new(at_once: usize, waiting: usize) -> Self {
        let at_once = at_once.max(1);
        let most = Semaphore::MAX_PERMITS;
        Self {
            going: Arc::new(Semaphore::new(at_once.min(most))),
            inside: Arc::new(Semaphore::new(at_once.saturating_add(waiting).min(most))),
        }
    }

    /// Waits for a place; `None` at once where too many wait already.
    pub async fn enter(&self) -> Option<Place> {
        let inside = self.inside.clone().try_acquire_owned().ok()?;
        let going = self.going.clone().acquire_owned().await.ok()?;
        Some(Place { _going: going, _inside: inside })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::task::Poll;

    #[tokio::test]
    async fn one_goes_one_waits_and_a_third_is_refused_at_once() {
        let capacity = Capacity::new(1, 1);
        let first = capacity.enter().await.unwrap();
        let mut second = Box::pin(capacity.enter());
        assert!(matches!(futures_util::poll!(&mut second), Poll::Pending));
        assert!(capacity.enter().await.is_none());
        drop(first);
        assert!(second.await.is_some());
    }

    #[tokio::test]
    async fn who_stops_waiting_makes_room_and_who_goes_on_computing_does_not() {
        let capacity = Capacity::new(1, 1);
        let going = capacity.enter().await.unwrap();
        let mut waiting = Box::pin(capacity.enter());
        assert!(matches!(futures_util::poll!(&mut waiting), Poll::Pending));
        drop(waiting);
        let mut another = Box::pin(capacity.enter());
        assert!(matches!(futures_util::poll!(&mut another), Poll::Pending), "the place of the one that left is free");
        assert!(capacity.enter().await.is_none(), "the computation still goes");
        drop(going);
        assert!(another.await.is_some());
    }
}
