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
use tokio::sync::{Notify, watch};

/// How often the change feed is asked for what others wrote, whatever the database says by itself.
const POLL: Duration = Duration::from_millis(200);

/// Between two tries to be told by the database itself.
const LISTEN_AGAIN: Duration = Duration::from_secs(1);

/// The current snapshot, swapped whole; readers take no lock.
pub struct Resident {
    storage: Storage,
    current: ArcSwap<Snapshot>,
    catching_up: tokio::sync::Mutex<()>,
    /// Told of each swap; nobody need listen.
    version: watch::Sender<DataVersion>,
    /// Rung when the database says that something was committed.
    rung: Notify,
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
        let (version, _) = watch::channel(current.load().data_version());
        Ok(Arc::new(Self {
            storage,
            current,
            catching_up: tokio::sync::Mutex::new(()),
            version,
            rung: Notify::new(),
            loaded: Instant::now(),
            in_step_ms: AtomicU64::new(0),
        }))
    }

    /// The snapshot of now.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.current.load_full()
    }

    /// Tells the version of each snapshot when it has become the one of now. Versions that come faster than they are looked at
    /// are skipped: the latest is always told.
    pub fn versions(&self) -> watch::Receiver<DataVersion> {
        self.version.subscribe()
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
        let version = newer.data_version();
        self.current.store(newer);
        self.version.send_if_modified(|told| std::mem::replace(told, version) != version);
        Ok(())
    }

    /// Takes in what is committed until the process ends: at once where the database says so, and by asking the change feed
    /// behind that. A database that is away is logged once when it goes and once when it comes back; until then the snapshot
    /// stays as it is.
    pub async fn follow(self: Arc<Self>) {
        tokio::join!(self.ask(), self.listen());
    }

    /// Rings at what the database says. A connection that is lost is made again: until then, asking does.
    async fn listen(&self) {
        loop {
            match self.storage.bell().await {
                Ok(Some(mut bell)) => {
                    // What was committed before it listened.
                    self.rung.notify_one();
                    while bell.rung().await.is_ok() {
                        self.rung.notify_one();
                    }
                }
                Ok(None) => return,
                Err(_) => {}
            }
            tokio::time::sleep(LISTEN_AGAIN).await;
        }
    }

    async fn ask(&self) {
        let mut is_away = false;
        let mut ticks = tokio::time::interval(POLL);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = self.rung.notified() => {}
            }
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
