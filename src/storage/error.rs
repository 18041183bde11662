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
