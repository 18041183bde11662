//! From an address to a connection.

use super::{Engine, Storage, StorageError};
use crate::config::DatabaseConfig;
use sea_orm::SqlxSqliteConnector;
use sea_orm::{DatabaseConnection, SqlxPostgresConnector};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How long a SQLite connection waits for another's write.
pub(super) const BUSY: Duration = Duration::from_secs(5);

impl Storage {
    /// Connects; makes the SQLite file where it is missing. Does not migrate.
    ///
    /// # Errors
    /// The address is bad, or nothing answers there.
    pub async fn open(config: &DatabaseConfig) -> Result<Self, StorageError> {
        let wait = Duration::from_millis(config.wait_ms);
        let engine = if let Some(path) = config.url.strip_prefix("sqlite:") {
            let path = PathBuf::from(path.strip_prefix("//").unwrap_or(path));
            if path.as_os_str().is_empty() || path.to_string_lossy().starts_with(':') {
                return Err(StorageError::BadAddress(config.url.clone()));
            }
            let options = SqliteConnectOptions::new()
                .filename(&path)
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true)
                .busy_timeout(BUSY);
            let pool = SqlitePoolOptions::new()
                .max_connections(config.connections)
                .acquire_timeout(wait)
                .connect_with(options)
                .await
                .map_err(|error| StorageError::Unavailable(format!("{}: {error}", path.display())))?;
            let orm: DatabaseConnection = SqlxSqliteConnector::from_sqlx_sqlite_pool(pool);
            Engine::Sqlite { path, orm, writer: std::sync::Mutex::new(None) }
        } else if config.url.starts_with("postgres://") || config.url.starts_with("postgresql://") {
            let options = postgres_options(&config.url)?.options([("statement_timeout", config.statement_ms.to_string())]);
            let pool = PgPoolOptions::new()
                .max_connections(config.connections)
                .acquire_timeout(wait)
                .connect_with(options)
                .await
                .map_err(|error| StorageError::Unavailable(error.to_string()))?;
            Engine::Postgres { orm: SqlxPostgresConnector::from_sqlx_postgres_pool(pool.clone()), pool }
        } else {
            return Err(StorageError::BadAddress(without_password(&config.url)));
        };
        Ok(Self { engine: Arc::new(engine), statements: Arc::default() })
    }
}

/// The part of an address that may be shown.
fn without_password(url: &str) -> String {
    match url.rsplit_once('@') {
        Some((_, host)) => format!("...@{host}"),
        None => url.to_owned(),
    }
}

fn postgres_options(url: &str) -> Result<PgConnectOptions, StorageError> {
    url.parse().map_err(|_| StorageError::BadAddress(without_password(url)))
}
