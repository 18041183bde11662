//! One task for all who watch the same, as long as somebody does.

use std::collections::HashMap;
use std::hash::Hash;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// Tells those who watch.
pub(super) type Told<A> = watch::Sender<Option<A>>;

/// What is watched, by question.
pub(super) struct Shared<Q, A>(Arc<Mutex<HashMap<Q, Told<A>>>>);

impl<Q, A> Clone for Shared<Q, A> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<Q, A> Default for Shared<Q, A> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

/// Answers to one question, each when there is another.
pub struct Watched<A>(watch::Receiver<Option<A>>);

impl<A: Clone> Watched<A> {
    /// The answer of now the first time, then the latest of those that came since, as soon as there is one; `None` where no
    /// more will come.
    pub async fn next(&mut self) -> Option<A> {
        loop {
            self.0.changed().await.ok()?;
            let answer = self.0.borrow_and_update().clone();
            if answer.is_some() {
                return answer;
            }
        }
    }
}

/// Takes a question off the list when its work ends, however it ends.
struct Going<Q: Hash + Eq, A> {
    all: Shared<Q, A>,
    /// `None` once it is off the list: somebody may watch the same anew by then.
    question: Option<Q>,
}

impl<Q: Hash + Eq, A> Going<Q, A> {
    /// Ends it unless somebody watches; whether it ended.
    fn ended(&mut self, told: &Told<A>) -> bool {
        // Under the lock under which others join.
        let mut all = self.all.lock();
        if told.receiver_count() > 0 {
            return false;
        }
        self.question.take().and_then(|question| all.remove(&question));
        true
    }
}

impl<Q: Hash + Eq, A> Drop for Going<Q, A> {
    fn drop(&mut self) {
        self.question.take().and_then(|question| self.all.lock().remove(&question));
    }
}

impl<Q: Hash + Eq, A> Shared<Q, A> {
    fn lock(&self) -> MutexGuard<'_, HashMap<Q, Told<A>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<Q, A> Shared<Q, A>
where
    Q: Hash + Eq + Clone + Send + 'static,
    A: Send + Sync + 'static,
{
    /// The answers to `question`; `work` is begun where nobody watches it yet, and dropped when nobody does any more.
    pub(super) fn watch<F>(&self, question: Q, work: impl FnOnce(Told<A>) -> F) -> Watched<A>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let mut going = self.lock();
        if let Some(told) = going.get(&question) {
            let mut receiver = told.subscribe();
            receiver.mark_changed();
            return Watched(receiver);
        }
        let (told, receiver) = watch::channel(None);
        going.insert(question.clone(), told.clone());
        let work = work(told.clone());
        let mut own = Going { all: self.clone(), question: Some(question) };
        tokio::spawn(async move {
            let mut work = pin!(work);
            loop {
                tokio::select! {
                    () = &mut work => return,
                    () = told.closed() => if own.ended(&told) { return },
                }
            }
        });
        Watched(receiver)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// Waits until nobody works at anything.
    async fn idle(shared: &Shared<u8, u32>) {
        while !shared.lock().is_empty() {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn work_goes_on_once_for_all_who_watch_and_no_longer_than_somebody_does() {
        let (shared, begun) = (Shared::<u8, u32>::default(), AtomicU32::new(0));
        let watch = |question| {
            shared.watch(question, |told| {
                let number = begun.fetch_add(1, Ordering::Relaxed);
                async move {
                    told.send_replace(Some(number));
                    std::future::pending().await
                }
            })
        };
        let (mut one, mut other) = (watch(1), watch(1));
        assert_eq!((one.next().await, other.next().await), (Some(0), Some(0)));
        drop(one);
        assert_eq!(watch(1).next().await, Some(0), "who comes later has the answer of now");
        assert_eq!(watch(2).next().await, Some(1));
        drop(other);
        idle(&shared).await;
        assert_eq!(watch(1).next().await, Some(2));
    }

    #[tokio::test]
    async fn work_that_ends_or_panics_tells_its_last_and_begins_anew() {
        let shared = Shared::<u8, u32>::default();
        for is_panic in [false, true] {
            let mut watched = shared.watch(1, |told| async move {
                told.send_replace(Some(7));
                assert!(!is_panic, "the work went wrong");
            });
            assert_eq!((watched.next().await, watched.next().await), (Some(7), None));
            idle(&shared).await;
        }
    }
}
