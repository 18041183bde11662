//! How many sockets and event streams there are, in all and for each viewer.

use crate::config::LimitsConfig;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

#[derive(Default)]
struct Held {
    all: usize,
    by_viewer: HashMap<String, usize>,
}

/// The places that are held.
#[derive(Clone, Default)]
pub(super) struct Places(Arc<Mutex<Held>>);

/// A place in this process, given back when it is dropped.
pub(super) struct Place(Places);

/// A place among a viewer's, given back when it is dropped.
pub(super) struct OwnPlace {
    places: Places,
    viewer: String,
}

impl Places {
    fn with<T>(&self, act: impl FnOnce(&mut Held) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A place; `None` where the process has no more.
    pub(super) fn take(&self, limits: &LimitsConfig) -> Option<Place> {
        self.with(|held| {
            let is_free = held.all < limits.sockets;
            held.all += usize::from(is_free);
            is_free
        })
        .then(|| Place(self.clone()))
    }

    /// A place for this viewer; `None` where they hold as many as they may.
    pub(super) fn take_own(&self, viewer: &str, limits: &LimitsConfig) -> Option<OwnPlace> {
        self.with(|held| {
            let own = held.by_viewer.entry(viewer.to_owned()).or_default();
            let is_free = *own < limits.sockets_per_viewer;
            *own += usize::from(is_free);
            is_free
        })
        .then(|| OwnPlace { places: self.clone(), viewer: viewer.to_owned() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.with(|held| held.all -= 1);
    }
}

impl Drop for OwnPlace {
    fn drop(&mut self) {
        self.places.with(|held| {
            if let Some(own) = held.by_viewer.get_mut(&self.viewer) {
                *own -= 1;
                if *own == 0 {
                    held.by_viewer.remove(&self.viewer);
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_places_as_configured_and_each_comes_back() {
        let limits = LimitsConfig { sockets: 2, sockets_per_viewer: 1, ..LimitsConfig::default() };
        let places = Places::default();
        let (one, other) = (places.take(&limits), places.take(&limits));
        assert!(one.is_some() && other.is_some() && places.take(&limits).is_none());
        drop(one);
        assert!(places.take(&limits).is_some());
        let own = places.take_own("a", &limits);
        assert!(own.is_some() && places.take_own("a", &limits).is_none() && places.take_own("b", &limits).is_some());
        drop(own);
        assert!(places.take_own("a", &limits).is_some());
    }
}
