//! Keeps the facts in memory in step with the database.
//!
//! Readers hold an `Arc` of a snapshot and take no lock; one catch-up goes at a time. This room never writes rows.

use crate::storage::{Storage, StorageError};
use arc_swap::ArcSwap;
use pipewright_core::facts::{Settings, Snapshot};
use pipewright_core::ids::DataVersion;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How often the change feed is asked for what others wrote.
const POLL: Duration = Duration::from_millis(200);

/// The current snapshot, swapped whole; readers take no lock.
pub struct Resident {
    storage: Storage,
    current: ArcSwap<Snapshot>,
    catching_up: tokio::sync::Mutex<()>,
    loaded: Instant,
    /// When the snapshot was last found in step with the change feed: milliseconds after `loaded`.
    in_step_ms: AtomicU64,
}

impl Resident {
    /// Loads everything.
    ///
    /// # Errors
    /// The database could not be read.
    pub async fn load(storage: Storage, settings: Settings) -> Result<Arc<Self>, StorageError> {
        let current = ArcSwap::from_pointee(storage.facts(settings).await?);
        let catching_up = tokio::sync::Mutex::new(());
        Ok(Arc::new(Self { storage, current, catching_up, loaded: Instant::now(), in_step_ms: AtomicU64::new(0) }))
    }

    /// The snapshot of now.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.current.load_full()
    }

    /// How long ago the snapshot was last known to hold all that is committed. It grows while the change feed cannot be read,
    /// or what it names cannot be taken in; it stays small only while [`Self::follow`] goes.
    pub fn lag(&self) -> Duration {
        self.loaded.elapsed().saturating_sub(Duration::from_millis(self.in_step_ms.load(Ordering::Relaxed)))
    }

    /// Applies all committed changes up to and including `at_least`; a writer calls it with the version it just wrote, so
    /// that a write answered is a write visible to the next read.
    ///
    /// # Errors
    /// The database could not be read.
    pub async fn catch_up(&self, at_least: DataVersion) -> Result<(), StorageError> {
        if self.current.load().data_version() >= at_least {
            return Ok(());
        }
        let _one_at_a_time = self.catching_up.lock().await;
        if self.current.load().data_version() >= at_least {
            return Ok(());
        }
        let newer = self.storage.facts_onto(self.snapshot()).await?;
        self.current.store(newer);
        Ok(())
    }

    /// Polls the change feed until the process ends. A database that is away is logged once when it goes and once when it
    /// comes back; until then the snapshot stays as it is.
    pub async fn follow(self: Arc<Self>) {
        let mut is_away = false;
        let mut ticks = tokio::time::interval(POLL);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let asked_ms = u64::try_from(self.loaded.elapsed().as_millis()).unwrap_or(u64::MAX);
            let outcome = match self.storage.data_version().await {
                Ok(latest) => self.catch_up(latest).await,
                Err(error) => Err(error),
            };
            if outcome.is_ok() {
                self.in_step_ms.store(asked_ms, Ordering::Relaxed);
            }
            match outcome {
                Err(error) if !is_away => {
                    is_away = true;
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "the change feed cannot be read; numbers stay as they were"
                    );
                }
                Ok(()) if is_away => {
                    is_away = false;
                    tracing::info!("the change feed is read again");
                }
                Ok(()) | Err(_) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests;
