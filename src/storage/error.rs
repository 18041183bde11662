//! The world says no.

/// Why the database did not do what was asked. Callers outside tell only these apart; the sources are for the log.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The address is of no kind that is known.
    #[error("'{0}' is no database address: expected sqlite:PATH or postgres://USER@HOST/DATABASE")]
    BadAddress(String),
    /// The database is away, or no connection came free in time: try again.
    #[error("the database cannot be reached: {0}")]
    Unavailable(String),
    /// A statement took longer than it may.
    #[error("the database did not answer in time")]
    Timeout,
    /// The schema was made by a newer binary.
    #[error("the database's schema is newer than this binary ('{0}'): use the newer binary")]
    SchemaTooNew(String),
    /// Anything else.
    #[error("the database failed: {0}")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<sqlx::Error> for StorageError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::PoolTimedOut => Self::Unavailable("no connection came free in time".into()),
            sqlx::Error::Io(_) | sqlx::Error::PoolClosed => Self::Unavailable(error.to_string()),
            // 57014: the statement was cancelled, here always by its time limit.
            sqlx::Error::Database(database) if database.code().as_deref() == Some("57014") => Self::Timeout,
            // SQLite: another process held the write lock for as long as one waits.
            sqlx::Error::Database(database) if matches!(database.code().as_deref(), Some("5" | "6" | "261" | "517")) => {
                Self::Unavailable("another process holds the database's write lock".into())
            }
            // Class 57P and 08: the server shuts down, starts up, or the connection broke.
            sqlx::Error::Database(database)
                if database.code().is_some_and(|code| code.starts_with("57P") || code.starts_with("08")) =>
            {
                Self::Unavailable(error.to_string())
            }
            _ => Self::Failed(Box::new(error)),
        }
    }
}

impl From<sea_orm::DbErr> for StorageError {
    fn from(error: sea_orm::DbErr) -> Self {
        use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr};
        match error {
            DbErr::ConnectionAcquire(ConnAcquireErr::Timeout) => Self::Unavailable("no connection came free in time".into()),
            DbErr::Conn(error) => Self::Unavailable(error.to_string()),
            DbErr::Exec(RuntimeErr::SqlxError(inner)) | DbErr::Query(RuntimeErr::SqlxError(inner)) => {
                match std::sync::Arc::try_unwrap(inner) {
                    Ok(inner) => Self::from(inner),
                    Err(shared) => Self::Failed(Box::new(DbErr::Query(RuntimeErr::SqlxError(shared)))),
                }
            }
            other => Self::Failed(Box::new(other)),
        }
    }
}

impl From<rusqlite::Error> for StorageError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => {
                Self::Unavailable("another process holds the database's write lock".into())
            }
            Some(rusqlite::ErrorCode::CannotOpen) => Self::Unavailable(error.to_string()),
            _ => Self::Failed(Box::new(error)),
        }
    }
}
