//! A map that many snapshots share: a large settled part, and a small one of what changed since.

use super::hash::Mixed;
use super::register::MOST_RECENT;
use std::hash::Hash;
use std::sync::Arc;

/// See the module. A clone copies nothing; a change to it copies what is recent.
#[derive(Debug, Clone)]
pub(super) struct Layered<K, V> {
    settled: Arc<Mixed<K, V>>,
    /// Those that count instead.
    recent: Arc<Mixed<K, V>>,
}

impl<K, V> Default for Layered<K, V> {
    fn default() -> Self {
        Self { settled: Arc::default(), recent: Arc::default() }
    }
}

impl<K: Hash + Eq + Copy, V: Clone> Layered<K, V> {
    pub(super) fn is_empty(&self) -> bool {
        self.settled.is_empty() && self.recent.is_empty()
    }

    pub(super) fn get(&self, key: &K) -> Option<&V> {
        let recent = if self.recent.is_empty() { None } else { self.recent.get(key) };
        recent.or_else(|| self.settled.get(key))
    }

    /// Adds to the value of a key, which begins as `V::default()`.
    pub(super) fn change(&mut self, key: K, change: impl FnOnce(&mut V))
    where
        V: Default,
    {
        // Before anything is shared, there is only one part to fill.
        if self.recent.is_empty()
            && let Some(settled) = Arc::get_mut(&mut self.settled)
        {
            return change(settled.entry(key).or_default());
        }
        let settled = &self.settled;
        let value = Arc::make_mut(&mut self.recent).entry(key).or_insert_with(|| settled.get(&key).cloned().unwrap_or_default());
        change(value);
    }

    /// Moves what is recent to the rest, where it has become much.
    pub(super) fn settle(&mut self) {
        if self.recent.len() > MOST_RECENT.max(self.settled.len() / 16) {
            let recent = std::mem::take(&mut self.recent);
            if self.settled.is_empty() {
                self.settled = recent;
                return;
            }
            Arc::make_mut(&mut self.settled).extend(recent.iter().map(|(key, value)| (*key, value.clone())));
        }
    }
}
