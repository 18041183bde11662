//! What comes in: files of other systems, turned into records of the domain.
//!
//! [`paths`] reads a plain file of journeys. Of an export, [`discover`] finds the files, [`rows`] reads them safely, [`stage`]
//! puts them into a private work file in which references resolve in any order, and [`salesforce`] builds records from it, on
//! top of what is [`known`] already. Nothing here writes to the database; what an export cannot say is counted in the
//! [`report`], never invented.

pub mod dates;
pub mod discover;
pub mod known;
pub mod mapping;
pub mod paths;
pub mod progress;
pub mod rejects;
pub mod report;
pub mod rows;
pub mod salesforce;
pub mod stage;
pub mod values;
pub mod work;

use std::path::PathBuf;

/// Why an import was refused before anything was written, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// No file that was named is there.
    #[error("there is nothing to read at {0}")]
    Missing(PathBuf),
    /// None of the files is a known object.
    #[error("none of the files is an object of a Salesforce export: expected names such as Opportunity.csv or Account.csv")]
    NothingKnown,
    /// A zip is not safe to read.
    #[error("{file}: {reason}")]
    BadZip {
        /// The zip, and the entry where there is one.
        file: String,
        /// What is wrong.
        reason: String,
    },
    /// A header lacks a column without which no row means anything.
    #[error("{file}: the header has no column {column}")]
    MissingColumn {
        /// The file.
        file: String,
        /// The column.
        column: String,
    },
    /// The file's header or encoding cannot be used.
    #[error("{file}: {reason}")]
    BadFile {
        /// The file.
        file: String,
        /// What is wrong, and the way out.
        reason: String,
    },
    /// Nothing tells day from month.
    #[error(
        "{object}.{column}: '{example}' may be {day_first} or {month_first}, and no other value or column settles it: \
         say `\"{object}.{column}\" = \"day-first\"` or `\"month-first\"` under [dates] in the mapping"
    )]
    UnsettledDates {
        /// The object.
        object: String,
        /// The column.
        column: String,
        /// One value.
        example: String,
        /// The value with the day first.
        day_first: String,
        /// The value with the month first.
        month_first: String,
    },
    /// Values of one column allow only opposite readings.
    #[error("{object}.{column}: '{one}' has the day first and '{other}' the month first; correct one of them")]
    ContradictoryDates {
        /// The object.
        object: String,
        /// The column.
        column: String,
        /// A value with the day first.
        one: String,
        /// A value with the month first.
        other: String,
    },
    /// The mapping file cannot be used.
    #[error("mapping: {0}")]
    BadMapping(String),
    /// `--strict` and at least one reject.
    #[error("{count} rows were rejected and --strict was given: nothing was written; the rows are in {file}")]
    Strict {
        /// Rows set aside.
        count: u64,
        /// Where they are.
        file: PathBuf,
    },
    /// A file could not be read or written.
    #[error("{file}: {source}")]
    File {
        /// Which.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// The database failed.
    #[error("{0}; the same import started again goes on where it was")]
    Database(#[source] crate::storage::StorageError),
    /// Somebody asked it to stop.
    #[error("stopped as asked; the same import started again goes on where it was")]
    Stopped,
    /// The work file failed.
    #[error("the work file failed: {0}")]
    Work(#[from] rusqlite::Error),
}

impl IntakeError {
    /// Names the file a read or write failed on.
    pub fn file(file: impl Into<String>, source: std::io::Error) -> Self {
        Self::File { file: file.into(), source }
    }
}
