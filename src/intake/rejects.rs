//! Rows set aside: what was wrong with them, and the rows themselves, so that they can be corrected and imported again.
//!
//! A reject file names the header of each file beside the first of its rows, so that it can be read like the files it is of.

use super::IntakeError;
use super::salesforce::objects::{Object, by_header, named};
use super::work::WorkFile;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

const COLUMNS: [&str; 7] = ["file", "line", "column", "value", "reason", "row", "header"];

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
    writer.write_record(COLUMNS).map_err(failed)?;
    let mut last = String::new();
    work.each_reject(|reject| {
        let line = reject.line.to_string();
        let mut header = String::new();
        if reject.file != last {
            last.clone_from(&reject.file);
            header = work.header_of(&reject.file)?;
        }
        let Reject { file, column, value, reason, row, .. } = reject;
        writer.write_record([file, &line, column, value, reason, row, &header]).map_err(failed)
    })?;
    writer.flush().map_err(|error| IntakeError::file(path.display().to_string(), error))?;
    Ok(count)
}

/// One file of which a reject file holds rows.
pub struct Part {
    /// The file's name there.
    pub file: String,
    /// What it holds.
    pub object: &'static Object,
    /// Its header.
    pub header: String,
    /// The length of header and rows.
    pub bytes: u64,
}

/// The files of which a reject file holds rows; `None` where it is no reject file.
///
/// # Errors
/// It cannot be read, or a file's header is no longer in it.
pub fn parts(path: &Path) -> Result<Option<Vec<Part>>, IntakeError> {
    let name = path.display().to_string();
    let failed = |error: csv::Error| IntakeError::file(&name, io::Error::other(error));
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_path(path).map_err(failed)?;
    if !reader.headers().is_ok_and(|header| header.iter().eq(COLUMNS)) {
        return Ok(None);
    }
    let mut parts: BTreeMap<String, (String, u64)> = BTreeMap::new();
    for row in reader.records() {
        let row = row.map_err(failed)?;
        let part = parts.entry(row.get(0).unwrap_or_default().to_owned()).or_default();
        part.1 += row.get(5).unwrap_or_default().len() as u64 + 1;
        if part.0.is_empty() {
            row.get(6).unwrap_or_default().clone_into(&mut part.0);
        }
    }
    let refuse = |reason: String| IntakeError::BadFile { file: name.clone(), reason };
    let part = |(file, (header, bytes)): (String, (String, u64))| {
        if header.is_empty() {
            return Err(refuse(format!("no row of {file} has its header any more: put back the one of its first row")));
        }
        let object = named(file.rsplit(':').next().unwrap_or_default()).or_else(|| by_header(&header));
        let object = object.ok_or_else(|| refuse(format!("{file} is no file of a known object")))?;
        Ok(Part { object, bytes: bytes + header.len() as u64 + 1, file, header })
    };
    Ok(Some(parts.into_iter().map(part).collect::<Result<_, _>>()?))
}

/// The rows of one file in a reject file, under their header, as a file of their own.
pub struct Rows {
    rows: csv::StringRecordsIntoIter<File>,
    file: String,
    bytes: Vec<u8>,
    at: usize,
}

impl Rows {
    /// Reads the rows of `file` in the reject file at `path`.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn open(path: &Path, file: &str, header: &str) -> Result<Self, IntakeError> {
        let failed = |error: csv::Error| IntakeError::file(path.display().to_string(), io::Error::other(error));
        let reader = csv::ReaderBuilder::new().flexible(true).from_path(path).map_err(failed)?;
        let bytes = format!("{header}\n").into_bytes();
        Ok(Self { rows: reader.into_records(), file: file.to_owned(), bytes, at: 0 })
    }
}

impl Read for Rows {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.at == self.bytes.len() {
            let Some(row) = self.rows.next() else { return Ok(0) };
            let row = row.map_err(io::Error::other)?;
            if row.get(0) == Some(self.file.as_str()) {
                self.bytes = format!("{}\n", row.get(5).unwrap_or_default()).into_bytes();
                self.at = 0;
            }
        }
        let count = into.len().min(self.bytes.len() - self.at);
        into[..count].copy_from_slice(&self.bytes[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}
