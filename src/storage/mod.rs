//! The database: SQLite or PostgreSQL behind one set of queries. Nothing outside this room names sea-orm, sqlx or rusqlite.
//!
//! Invariants: what is recorded is never rewritten; a write takes the next data version only if it changed something, and
//! numbers commit in order; the columns of an opportunity's latest version are kept beside it in the same transaction.

mod batch;
mod entity;
mod error;
mod migrate;
mod open;

pub use batch::{Batch, JobUpdate, Written};
pub use error::StorageError;

use pipewright_core::ids::{DataVersion, OpportunityId};
use pipewright_core::opportunity::Version;
use sea_orm::DatabaseConnection;
use std::path::PathBuf;
use std::sync::Arc;

/// A handle on the database; cheap to clone.
#[derive(Clone)]
pub struct Storage {
    engine: Arc<Engine>,
}

/// Which database it is, and the ways to talk to it.
pub(in crate::storage) enum Engine {
    /// One file. Bulk work opens connections of its own; one writer of this process goes at a time.
    Sqlite { path: PathBuf, orm: DatabaseConnection, writer: tokio::sync::Mutex<()> },
    /// A server. The pool is the one behind `orm`.
    Postgres { pool: sqlx::PgPool, orm: DatabaseConnection },
}

impl Storage {
    /// The connection for queries by noun.
    pub(in crate::storage) fn orm(&self) -> &DatabaseConnection {
        match &*self.engine {
            Engine::Sqlite { orm, .. } | Engine::Postgres { orm, .. } => orm,
        }
    }

    /// Whether the database answers now.
    ///
    /// # Errors
    /// It does not.
    pub async fn ping(&self) -> Result<(), StorageError> {
        self.orm().ping().await.map_err(StorageError::from)
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
