//! Keeps the facts in memory in step with the database.

use crate::storage::{Storage, StorageError};
use pipewright_core::facts::{Settings, Snapshot};
use pipewright_core::ids::DataVersion;
use std::sync::Arc;

/// The current snapshot, swapped whole; readers take no lock.
pub struct Resident {
    _being_written: (),
}

impl Resident {
    /// Loads everything.
    ///
    /// # Errors
    /// The database could not be read.
    pub async fn load(storage: Storage, settings: Settings) -> Result<Arc<Self>, StorageError> {
        let _ = (storage, settings);
        unimplemented!()
    }

    /// The snapshot of now.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        unimplemented!()
    }

    /// Applies all committed changes up to and including `at_least`; a writer calls it with the version it just wrote, so
    /// that a write answered is a write visible to the next read.
    ///
    /// # Errors
    /// The database could not be read.
    pub async fn catch_up(&self, at_least: DataVersion) -> Result<(), StorageError> {
        let _ = at_least;
        unimplemented!()
    }

    /// Polls the change feed until the process ends.
    pub async fn follow(self: Arc<Self>) {
        unimplemented!()
    }
}
