//! Being told of a change at once: PostgreSQL wakes whoever listens when a write commits. SQLite has no such word.

use super::{Engine, Storage, StorageError};
use sqlx::postgres::{PgListener, PgPoolOptions};

/// What a write calls when its change commits.
pub(super) const CHANGES: &str = "pipewright_changes";

/// A connection of its own on which PostgreSQL says that something was committed.
pub struct Bell(PgListener);

impl Storage {
    /// A bell that rings at each change, whoever writes it; `None` on SQLite.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn bell(&self) -> Result<Option<Bell>, StorageError> {
        let Engine::Postgres { pool, .. } = &*self.engine else { return Ok(None) };
        let own = PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None);
        let own = own.acquire_timeout(pool.options().get_acquire_timeout());
        let mut listener = PgListener::connect_with(&own.connect_lazy_with((*pool.connect_options()).clone())).await?;
        listener.listen(CHANGES).await?;
        Ok(Some(Bell(listener)))
    }
}

impl Bell {
    /// Waits until something was committed, or may have been: also where the connection was lost and is there again.
    ///
    /// # Errors
    /// The connection is lost, and there is no other: make a new bell.
    pub async fn rung(&mut self) -> Result<(), StorageError> {
        self.0.try_recv().await?;
        Ok(())
    }
}
