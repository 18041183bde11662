//! From an address to a connection.

use super::{Engine, Storage, StorageError};
use crate::config::DatabaseConfig;
use pipewright_migrations::{Migrator, MigratorTrait};
use sea_orm::SqlxSqliteConnector;
use sea_orm::{DatabaseConnection, SqlxPostgresConnector};
use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use std::path::Path;
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
        let engine = if let Some(path) = config.sqlite_path() {
            if path.as_os_str().is_empty() || path.to_string_lossy().starts_with(':') {
                return Err(StorageError::BadAddress(config.url.clone()));
            }
            make_private(&path)?;
            let options = SqliteConnectOptions::new()
                .filename(&path)
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
                .connect_with(options.clone())
                .await;
            let pool = match pool {
                Ok(pool) => pool,
                Err(error) => return Err(StorageError::Unavailable(why_away(&options, wait, error).await)),
            };
            Engine::Postgres { orm: SqlxPostgresConnector::from_sqlx_postgres_pool(pool.clone()), pool }
        } else {
            return Err(StorageError::BadAddress(without_password(&config.url)));
        };
        Ok(Self { engine: Arc::new(engine), statements: Arc::default() })
    }
}

/// Makes the file where it is missing, for this user alone; the library's own would be readable by all.
fn make_private(path: &Path) -> Result<(), StorageError> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(StorageError::Unavailable(format!("{}: {error}", path.display()))),
    }
}

/// A pool that tried until its time was over says only that: one connection says why.
async fn why_away(options: &PgConnectOptions, wait: Duration, error: sqlx::Error) -> String {
    match tokio::time::timeout(wait, options.connect()).await {
        Ok(Err(cause)) => cause.to_string(),
        _ => error.to_string(),
    }
}

impl Storage {
    /// Connects to a database that is there; `None` where there is none, or one without a schema: it makes no file.
    ///
    /// # Errors
    /// The address is bad, nothing answers there, or the database failed or is of a newer binary.
    pub async fn open_existing(config: &DatabaseConfig) -> Result<Option<Self>, StorageError> {
        if config.sqlite_path().is_some_and(|path| !path.is_file()) {
            return Ok(None);
        }
        let storage = Self::open(config).await?;
        // One in which no migration was applied holds nothing of ours.
        let has_schema = storage.pending().await?.len() < Migrator::migrations().len();
        Ok(has_schema.then_some(storage))
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
