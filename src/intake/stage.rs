//! Reading every file into the work file: headers checked before anything else, bad rows set aside, dates settled at the end.

use super::IntakeError;
use super::dates::{Evidence, Settled, Shape, settle, shape};
use super::discover::{Found, Source};
use super::mapping::Mapping;
use super::progress::{Listener, Progress, Stop};
use super::rejects::Reject;
use super::report::{FileRead, Report};
use super::rows::{COLUMNS, Encoding, Record, Row, Rows, encoding_of};
use super::salesforce::objects::{CREDITS, Kind, OBJECTS, stem};
use super::values::{boolean, decimal, id18, minor, share_ppm};
use super::work::{Table, WorkFile};
use pipewright_core::currency::CurrencyCode;
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::path::Path;

/// Rows put in one transaction of the work file.
const ROWS_AT_ONCE: u64 = 20_000;

/// References that may stand as the name of what they lead to.
const NAMED: &[(&str, &str)] = &[
    ("OwnerId", "User"),
    ("AccountId", "Account"),
    ("CampaignId", "Campaign"),
    ("ManagerId", "User"),
    ("UserRoleId", "UserRole"),
];

/// Where a file's columns go.
struct Header {
    encoding: Encoding,
    /// As it stands in the file.
    raw: String,
    /// How many columns it has.
    width: usize,
    /// For `Id` and each column of the table: its place in the file.
    places: Vec<Option<usize>>,
    /// References that stand as names.
    named: Vec<&'static str>,
}

/// Reads all files into a work file at `path`, or takes the finished one that is there.
///
/// # Errors
/// A file is refused, before any row of any file is read where its header or encoding is at fault; or the disk failed.
pub fn stage(
    found: &Found,
    path: &Path,
    mapping: &Mapping,
    tell: &Listener,
    stop: &Stop,
) -> Result<(WorkFile, Settled, Report), IntakeError> {
    if let Some(finished) = WorkFile::reopen(path, &found.fingerprint, mapping)? {
        return Ok(finished);
    }
    let mut work = WorkFile::create(path, mapping)?;
    let mut headers = Vec::with_capacity(found.sources.len());
    for source in &found.sources {
        let header = header(source, &work.table(source.object.name))?;
        work.carry(header.places.iter().map(Option::is_some).collect());
        work.put_header(&source.name, &header.raw)?;
        headers.push(header);
    }
    let mut report = Report { skipped: found.skipped.clone(), ..Report::default() };
    let mut evidence = BTreeMap::new();
    let total = found.sources.iter().map(|source| source.bytes).sum();
    let mut before = 0;
    for (number, (source, header)) in found.sources.iter().zip(&headers).enumerate() {
        let table = work.table(source.object.name);
        let mut reading =
            Reading { work: &work, table: &table, source, header, number, evidence: &mut evidence, rows: 0, rejected: 0 };
        reading.file(before, total, tell, stop)?;
        let (rows, rejected) = (reading.rows, reading.rejected);
        report.files.push(FileRead { file: source.name.clone(), object: source.object.name.to_owned(), rows, rejected });
        before += source.bytes;
    }
    for (source, header) in found.sources.iter().zip(&headers) {
        for (reference, of) in NAMED.iter().filter(|(reference, _)| header.named.contains(reference)) {
            work.resolve_names(source.object.name, reference, of)?;
        }
    }
    let settled = settle(&evidence, &mapping.dates)?;
    report.dates_followed.clone_from(&settled.followed);
    report.rejected = work.reject_count()?;
    for object in OBJECTS {
        if object.name != CREDITS && !found.sources.iter().any(|source| source.object == object) {
            report.missing.push(object.name.to_owned());
        }
        let count = work.count(object.name)?;
        if count > 0 {
            report.records.insert(object.name.to_owned(), count);
        }
        let read: u64 = report.files.iter().filter(|file| file.object == object.name).map(|file| file.rows - file.rejected).sum();
        report.leave_out(&format!("{}: earlier rows of an id that stands twice", object.name), read - count);
    }
    work.finish(&found.fingerprint, &settled, &report)?;
    Ok((work, settled, report))
}

fn header(source: &Source, table: &Table) -> Result<Header, IntakeError> {
    let refuse = |reason: String| IntakeError::BadFile { file: source.name.clone(), reason };
    let failed = |error| IntakeError::file(&source.name, error);
    let encoding = source.read(|input| encoding_of(input).map_err(failed))?;
    if encoding == Encoding::Utf16 {
        return Err(refuse("the file is UTF-16: save it as UTF-8".into()));
    }
    let first = source.read(|input| Rows::new(input, encoding).and_then(|mut rows| rows.next_row()).map_err(failed))?;
    let Some(Row { record: Record::Fields(names), raw, .. }) = first else {
        return Err(refuse("the file has no readable header".into()));
    };
    if names.len() > COLUMNS {
        return Err(refuse(format!("the header has {} columns: {COLUMNS} at most", names.len())));
    }
    let folded: Vec<String> = names.iter().map(|name| name.trim().to_ascii_lowercase()).collect();
    for (place, name) in folded.iter().enumerate() {
        if !name.is_empty() && folded[..place].contains(name) {
            return Err(refuse(format!("the header names {} twice", names[place].trim())));
        }
    }
    let column = |column: &str| folded.iter().position(|name| *name == column.to_ascii_lowercase());
    let place = |name: &str| {
        // Data Loader can write what a reference leads to in place of the reference: Owner.Id, Owner.Name.
        let stem = name.strip_suffix("Id").filter(|stem| !stem.is_empty());
        column(name)
            .or_else(|| column(&format!("{}.Id", stem?)))
            .or_else(|| column(&format!("{}.Name", stem?)).filter(|_| NAMED.iter().any(|(reference, _)| *reference == name)))
    };
    if let Some(column) = source.object.needed.iter().find(|column| place(column).is_none()) {
        return Err(IntakeError::MissingColumn { file: source.name.clone(), column: (*column).to_owned() });
    }
    let places = std::iter::once("Id").chain(table.columns.iter().map(|(name, _)| name.as_str())).map(place).collect();
    let by_name = |name: &str| {
        let stem = name.strip_suffix("Id").unwrap_or(name);
        column(name).is_none() && column(&format!("{stem}.Id")).is_none() && column(&format!("{stem}.Name")).is_some()
    };
    let named = NAMED
        .iter()
        .map(|(reference, _)| *reference)
        .filter(|reference| table.columns.iter().any(|(name, _)| name == reference) && by_name(reference));
    Ok(Header { encoding, raw, width: names.len(), places, named: named.collect() })
}

/// What is wrong with a row: column, value, reason.
type Fault = (String, String, String);

struct Reading<'a> {
    work: &'a WorkFile,
    table: &'a Table,
    source: &'a Source,
    header: &'a Header,
    number: usize,
    evidence: &'a mut BTreeMap<(String, String), Evidence>,
    rows: u64,
    rejected: u64,
}

impl Reading<'_> {
    fn file(&mut self, before: u64, of_bytes: u64, tell: &Listener, stop: &Stop) -> Result<(), IntakeError> {
        let source = self.source;
        let failed = |error| IntakeError::file(&source.name, error);
        source.read(|input| {
            let mut rows = Rows::new(input, self.header.encoding).map_err(failed)?;
            rows.next_row().map_err(failed)?;
            let mut bytes = before;
            self.work.begin()?;
            while let Some(row) = rows.next_row().map_err(failed)? {
                bytes += row.raw.len() as u64 + 1;
                self.row(row)?;
                if self.rows.is_multiple_of(ROWS_AT_ONCE) {
                    if stop.asked() {
                        return Err(IntakeError::Stopped);
                    }
                    self.work.commit()?;
                    self.work.begin()?;
                    tell(self.progress(bytes, of_bytes));
                }
            }
            self.work.commit()?;
            tell(self.progress(before + source.bytes, of_bytes));
            Ok(())
        })
    }

    fn progress(&self, bytes: u64, of_bytes: u64) -> Progress {
        Progress::Reading { file: self.source.name.clone(), rows: self.rows, rejected: self.rejected, bytes, of_bytes }
    }

    fn row(&mut self, row: Row) -> Result<(), IntakeError> {
        self.rows += 1;
        let fault = match row.record {
            Record::Fault(reason) => (String::new(), String::new(), reason.to_owned()),
            Record::Fields(fields) => match self.values(fields, row.line) {
                Ok(values) => return self.work.put(self.table, &values, self.number),
                Err(fault) => fault,
            },
        };
        self.rejected += 1;
        let (column, value, reason) = fault;
        self.work.reject(&Reject { file: self.source.name.clone(), line: row.line, column, value, reason, row: row.raw })
    }

    /// The row's values in the order of the table, checked.
    fn values(&mut self, mut fields: Vec<String>, line: u64) -> Result<Vec<String>, Fault> {
        let width = self.header.width;
        if fields.len() != width {
            let reason = format!("the row has {} fields where the header has {width}", fields.len());
            return Err((String::new(), String::new(), reason));
        }
        let mut values = Vec::with_capacity(self.header.places.len());
        let mut shapes: Vec<(usize, Shape)> = Vec::new();
        for (place, source) in self.header.places.iter().enumerate() {
            let text = source.map(|source| std::mem::take(&mut fields[source])).unwrap_or_default();
            let text = text.trim();
            if place == 0 && !self.source.object.keyed_by().is_empty() {
                values.push(String::new());
                continue;
            }
            if place == 0 {
                values.push(self.key(text, source.is_some(), line)?);
                continue;
            }
            let (name, kind) = &self.table.columns[place - 1];
            if text.is_empty() {
                if self.source.object.needed.contains(&name.as_str()) {
                    return Err((name.clone(), String::new(), "the value is empty and the row means nothing without it".into()));
                }
                values.push(self.unsaid(name));
                continue;
            }
            let refuse = |reason: &str| Err((name.clone(), text.to_owned(), reason.to_owned()));
            match kind {
                Kind::Reference => values.push(id18(text).unwrap_or_else(|| text.to_owned())),
                Kind::Text => values.push(unescaped(text).to_owned()),
                Kind::Number if minor(text, 6).is_none() => return refuse("no number, or one too large: expected 1234.56"),
                Kind::Boolean if boolean(text).is_none() => return refuse("neither true nor false"),
                Kind::Positive if decimal(text).is_none_or(|number| number <= Decimal::ZERO) => {
                    return refuse("no number above 0: expected 1.0825");
                }
                Kind::Share if share_ppm(text).is_none() => return refuse("no percentage: expected 0 to 100"),
                Kind::Number | Kind::Boolean | Kind::Positive | Kind::Share => values.push(text.to_owned()),
                Kind::Currency => match text.to_ascii_uppercase().parse::<CurrencyCode>() {
                    Ok(code) => values.push(code.to_string()),
                    Err(_) => return refuse("no currency code: expected three letters such as USD"),
                },
                Kind::Date => {
                    let Some(shape) = shape(text) else {
                        return refuse("no date: expected YYYY-MM-DD, YYYY-MM-DDTHH:MM:SSZ or a spreadsheet's date");
                    };
                    shapes.push((place - 1, shape));
                    values.push(text.to_owned());
                }
            }
        }
        for (place, shape) in shapes {
            let name = &self.table.columns[place].0;
            let text = &values[place + 1];
            if matches!(shape, Shape::Only(_) | Shape::Either) {
                self.evidence.entry((self.source.object.name.to_owned(), name.clone())).or_default().add(shape, text);
            }
        }
        let own_key = self.source.object.keyed_by();
        if !own_key.is_empty() {
            let parts = own_key.iter().filter_map(|column| {
                let place = self.table.columns.iter().position(|(name, _)| name == column)?;
                Some(values[place + 1].as_str())
            });
            values[0] = parts.collect::<Vec<_>>().join("/");
        }
        Ok(values)
    }

    /// What an empty value stands for.
    fn unsaid(&self, column: &str) -> String {
        let is_vendor = self.source.object.name == CREDITS && column == "Vendor";
        stem(&self.source.name).filter(|_| is_vendor).unwrap_or_default().to_owned()
    }

    fn key(&self, text: &str, has_column: bool, line: u64) -> Result<String, Fault> {
        // Only history rows may come without an id: their place in the file orders them.
        if !has_column {
            return Ok(format!("~{:06}{line:012}", self.number));
        }
        id18(text).ok_or_else(|| {
            ("Id".to_owned(), text.to_owned(), "no Salesforce id: expected 15 or 18 letters and digits".to_owned())
        })
    }
}

/// Takes off the quote that exports put before a formula's first character.
fn unescaped(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@', '\t', '\r']) => rest,
        _ => text,
    }
}
