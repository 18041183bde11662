//! The database: SQLite or PostgreSQL behind one set of queries. Nothing outside this room names sea-orm, sqlx or rusqlite.

mod batch;
mod error;

pub use batch::{Batch, JobUpdate, Written};
pub use error::StorageError;

use crate::config::DatabaseConfig;
use pipewright_core::ids::{DataVersion, OpportunityId};
use pipewright_core::opportunity::Version;

/// A handle on the database; cheap to clone.
#[derive(Clone)]
pub struct Storage {
    _being_written: (),
}

impl Storage {
    /// Connects; makes the SQLite file where it is missing. Does not migrate.
    ///
    /// # Errors
    /// The address is bad, or nothing answers there.
    pub async fn open(config: &DatabaseConfig) -> Result<Self, StorageError> {
        let _ = config;
        unimplemented!()
    }

    /// Brings the schema up to date, under a lock that other processes wait for; returns the names of the migrations applied.
    ///
    /// # Errors
    /// The schema is newer than this binary, or the database failed.
    pub async fn migrate(&self) -> Result<Vec<String>, StorageError> {
        unimplemented!()
    }

    /// Writes a batch, its change-feed row and the job's position in one transaction.
    ///
    /// # Errors
    /// The database failed; nothing is written then.
    pub async fn write(&self, batch: Batch, job: Option<JobUpdate>) -> Result<Written, StorageError> {
        let _ = (batch, job);
        unimplemented!()
    }

    /// The last committed change.
    ///
    /// # Errors
    /// The database failed.
    pub async fn data_version(&self) -> Result<DataVersion, StorageError> {
        unimplemented!()
    }

    /// All stored versions of these opportunities, in order of (opportunity, valid_from, sequence).
    ///
    /// # Errors
    /// The database failed.
    pub async fn versions_of(&self, opportunities: &[OpportunityId]) -> Result<Vec<Version>, StorageError> {
        let _ = opportunities;
        unimplemented!()
    }
}
