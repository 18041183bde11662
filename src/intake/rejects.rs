//! Rows set aside: what was wrong with them, and the rows themselves, so that they can be corrected and imported again.

use super::IntakeError;
use super::work::WorkFile;
use std::path::Path;

/// One row that was set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// The file it stands in.
    pub file: String,
    /// Its line there, from 1.
    pub line: u64,
    /// The column that is wrong; empty where the whole row is.
    pub column: String,
    /// The value that is wrong.
    pub value: String,
    /// Why.
    pub reason: String,
    /// The row as it stands in the file.
    pub row: String,
}

/// Writes all rejects to a CSV file; writes none where there are none. Returns how many there are.
///
/// # Errors
/// The file cannot be written.
pub fn write(work: &WorkFile, path: &Path) -> Result<u64, IntakeError> {
    let count = work.reject_count()?;
    if count == 0 {
        return Ok(0);
    }
    let failed = |error: csv::Error| IntakeError::file(path.display().to_string(), std::io::Error::other(error));
    let mut writer = csv::Writer::from_path(path).map_err(failed)?;
    writer.write_record(["file", "line", "column", "value", "reason", "row"]).map_err(failed)?;
    work.each_reject(|reject| {
        let line = reject.line.to_string();
        writer.write_record([&reject.file, &line, &reject.column, &reject.value, &reject.reason, &reject.row]).map_err(failed)
    })?;
    writer.flush().map_err(|error| IntakeError::file(path.display().to_string(), error))?;
    Ok(count)
}
