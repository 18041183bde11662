//! The database: SQLite or PostgreSQL behind one set of queries. Nothing outside this room names sea-orm or sqlx, and rusqlite only the importer's private work file.
//!
//! Invariants: what is recorded is never rewritten; a write takes the next data version only if it changed something, and
//! numbers commit in order; the columns of an opportunity's latest version are kept beside it in the same transaction.

mod act;
mod batch;
mod entity;
mod error;
mod facts;
mod jobs;
mod listen;
mod lock;
mod migrate;
mod open;
mod postgres;
mod read;
pub mod rows;
mod runs;
mod sqlite;
mod stored;
mod table;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod value;
mod write;

pub use act::{Act, Acted, Entry, RequestKey, Seen, Stamped};
pub use batch::{Batch, JobUpdate, Written};
pub use error::StorageError;
pub use jobs::{Job, JobKind, JobState};
pub use listen::Bell;
pub use lock::ImportLock;
pub use runs::{ClaimedRun, RunCursor, RunGrouping, RunRow, RunTotal, Started, StoredCredit};

use sea_orm::{DatabaseConnection, DbBackend};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A handle on the database; cheap to clone.
#[derive(Clone)]
pub struct Storage {
    engine: Arc<Engine>,
    statements: Arc<AtomicU64>,
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

    /// Which of the two databases it is.
    pub(in crate::storage) fn backend(&self) -> DbBackend {
        self.orm().get_database_backend()
    }

    /// How many statements have read rows by noun through this handle and its clones.
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    pub(in crate::storage) fn count_statement(&self) {
        self.statements.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether the database answers now.
    ///
    /// # Errors
    /// It does not.
    pub async fn ping(&self) -> Result<(), StorageError> {
        self.orm().ping().await.map_err(StorageError::from)
    }
}
