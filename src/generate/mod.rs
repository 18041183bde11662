//! The made-up company: believable, and the same to the byte for the same (opportunities, seed, day).
//!
//! The company is plain values, made once in this room and written by two writers: straight into the database, or as a
//! Salesforce export in CSV. Every opportunity comes from a stream of chance of its own, so any of them can be made alone and
//! memory stays bounded whatever their number. Nothing here reads a clock.

mod campaigns;
mod company;
mod deal;
mod dice;
mod influence;
mod journey;
mod names;
mod people;
mod salesforce_id;
mod targets;
mod timeline;
mod to_database;
mod to_salesforce;

pub use company::{Company, Order};
pub use to_database::write_database;
pub use to_salesforce::write_export;

use crate::storage::StorageError;
use std::path::PathBuf;

/// Opportunities that are made and written together.
pub(crate) const CHUNK: u64 = 2_000;

/// Why no company was made.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// None, or more than there are numbers for.
    #[error("--opportunities {0}: expected 1 to 100,000,000")]
    BadCount(u64),
    /// Rows of a real company, or of another made-up one, must not mix with these.
    #[error(
        "the database already holds rows: generate writes only into an empty one; name another with --database-url, or use --out"
    )]
    DatabaseInUse,
    /// Files of another export must not mix with these.
    #[error("the folder {0} is not empty: name a new one with --out")]
    FolderInUse(PathBuf),
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A file could not be written.
    #[error("{0} could not be written: {1}")]
    File(PathBuf, #[source] std::io::Error),
}

/// What has been made so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Made {
    /// Opportunities.
    pub opportunities: u64,
    /// Rows of all kinds, these included.
    pub rows: u64,
}

#[cfg(test)]
mod tests;
