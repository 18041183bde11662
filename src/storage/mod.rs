//! The database: SQLite or PostgreSQL behind one set of queries. Nothing outside this room names sea-orm or sqlx, and rusqlite only the importer's private work file.
//!
//! Invariants: what is recorded is never rewritten; a write takes the next data version only if it changed something, and
//! numbers commit in order; the columns of an opportunity's latest version are kept beside it in the same transaction.

mod batch;
mod entity;
mod error;
mod facts;
mod jobs;
mod migrate;
mod open;
mod postgres;
mod read;
mod sqlite;
mod table;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod value;
mod write;

pub use batch::{Batch, JobUpdate, Written};
pub use error::StorageError;
pub use jobs::{Job, JobKind, JobState};

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
    Sqlite { path: PathBuf, orm: DatabaseConnection, writer: std::sync::Mutex<Option<rusqlite::Connection>> },
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
}
