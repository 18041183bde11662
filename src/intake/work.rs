//! The private work file: one narrow table for each object, keyed by the 18-character id, so that memory is bounded and
//! references resolve in any order.
//!
//! It is a SQLite file of our own that only this import reads. Once finished it is good for the same input again.

mod stored;

use super::IntakeError;
use super::dates::Settled;
use super::mapping::Mapping;
use super::rejects::Reject;
use super::report::Report;
use super::salesforce::objects::{Kind, OBJECTS, Object};
use rusqlite::{Connection, OpenFlags, OptionalExtension, params, params_from_iter};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The columns of one table: place 0 is `Id`.
#[derive(Debug)]
pub struct Table {
    /// The object.
    pub object: &'static Object,
    /// Column names and kinds, without `Id`.
    pub columns: Vec<(String, Kind)>,
    /// A column list for SQL, `Id` first, the number of the file last.
    list: String,
}

impl Table {
    fn new(object: &'static Object, mapping: &Mapping) -> Self {
        let mut columns: Vec<(String, Kind)> = object.columns.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect();
        for name in mapping.columns_of(object.name) {
            if !columns.iter().any(|(known, _)| known.eq_ignore_ascii_case(&name)) {
                let number = [&mapping.columns.acv, &mapping.columns.line_acv, &mapping.columns.line_term_months]
                    .iter()
                    .any(|list| list.iter().any(|known| *known == format!("{}.{name}", object.name)));
                columns.push((name, if number { Kind::Number } else { Kind::Text }));
            }
        }
        let names: Vec<String> = columns.iter().map(|(name, _)| quoted(name)).collect();
        let list = format!("\"Id\", {}, \"~file\"", names.join(", "));
        Self { object, columns, list }
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Values of some columns together, and how many records have them.
pub type Counted = (Vec<Option<String>>, u64);

/// One record of the work file.
#[derive(Debug, Clone)]
pub struct Record {
    table: Arc<Table>,
    values: Vec<Option<String>>,
    carried: Arc<[bool]>,
}

impl Record {
    /// The record's id.
    pub fn id(&self) -> &str {
        self.values[0].as_deref().unwrap_or_default()
    }

    /// The object it is of.
    pub fn object(&self) -> &'static str {
        self.table.object.name
    }

    /// A value; `None` where it is empty or its column was not in the export.
    pub fn get(&self, column: &str) -> Option<&str> {
        let place = self.table.columns.iter().position(|(name, _)| name == column)?;
        self.values[place + 1].as_deref()
    }

    /// Whether the file it stands in has the column: if not, the export does not say, and an empty value means nothing.
    pub fn carries(&self, column: &str) -> bool {
        let place = self.table.columns.iter().position(|(name, _)| name == column);
        place.is_some_and(|place| self.carried.get(place + 1).copied().unwrap_or(false))
    }

    /// An owned value.
    pub fn text(&self, column: &str) -> Option<String> {
        self.get(column).map(str::to_owned)
    }
}

/// A work file.
pub struct WorkFile {
    connection: Connection,
    path: PathBuf,
    tables: HashMap<&'static str, Arc<Table>>,
    /// By the number of a file: for `Id` and each column of its table, whether it has it.
    carried: Vec<Arc<[bool]>>,
}

impl WorkFile {
    fn with(connection: Connection, path: &Path, mapping: &Mapping) -> Result<Self, IntakeError> {
        connection.execute_batch(
            "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536; \
             PRAGMA temp_store = FILE;",
        )?;
        connection.set_prepared_statement_cache_capacity(128);
        let tables = OBJECTS.iter().map(|object| (object.name, Arc::new(Table::new(object, mapping)))).collect();
        Ok(Self { connection, path: path.to_owned(), tables, carried: Vec::new() })
    }

    /// Makes an empty one, in place of whatever an import that did not finish reading left there.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn create(path: &Path, mapping: &Mapping) -> Result<Self, IntakeError> {
        Self::remove_at(path);
        let work = Self::with(Connection::open(path)?, path, mapping)?;
        let mut sql = String::from(
            "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);\
             CREATE TABLE rejects (file TEXT, line INTEGER, \"column\" TEXT, value TEXT, reason TEXT, row TEXT);\
             CREATE TABLE headers (file TEXT PRIMARY KEY, header TEXT);\
             CREATE TABLE stored (object TEXT, id TEXT, record TEXT, PRIMARY KEY (object, id)) WITHOUT ROWID;",
        );
        for table in work.tables.values() {
            let columns: Vec<String> = table.columns.iter().map(|(name, _)| format!("{} TEXT", quoted(name))).collect();
            sql.push_str(&format!(
                "CREATE TABLE {} (\"Id\" TEXT PRIMARY KEY, {}, \"~file\" INTEGER) WITHOUT ROWID;",
                quoted(table.object.name),
                columns.join(", ")
            ));
        }
        work.connection.execute_batch(&sql)?;
        Ok(work)
    }

    /// Opens a finished one of the same input; `None` where there is none.
    ///
    /// # Errors
    /// The file is there and another process works with it.
    pub fn reopen(path: &Path, fingerprint: &str, mapping: &Mapping) -> Result<Option<(Self, Settled, Report)>, IntakeError> {
        if !path.is_file() {
            return Ok(None);
        }
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let mut work = match Self::with(connection, path, mapping) {
            Ok(work) => work,
            Err(IntakeError::Work(error)) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy) => {
                return Err(error.into());
            }
            Err(_) => return Ok(None),
        };
        let read = |key: &str| {
            let found = work.connection.query_row("SELECT value FROM meta WHERE key = ?", [key], |row| row.get::<_, String>(0));
            found.ok()
        };
        if read("finished").as_deref() != Some(fingerprint) {
            return Ok(None);
        }
        let (settled, report) = (read("settled"), read("report"));
        let Some(carried) = read("carried").and_then(|text| serde_json::from_str::<Vec<Vec<bool>>>(&text).ok()) else {
            return Ok(None);
        };
        let parsed = settled
            .zip(report)
            .and_then(|(settled, report)| Some((serde_json::from_str(&settled).ok()?, serde_json::from_str(&report).ok()?)));
        work.carried = carried.into_iter().map(Arc::from).collect();
        Ok(parsed.map(|(settled, report)| (work, settled, report)))
    }

    /// Marks it as finished for this input.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish(&self, fingerprint: &str, settled: &Settled, report: &Report) -> Result<(), IntakeError> {
        for table in self.tables.values() {
            for column in table.object.indexed {
                let name = quoted(&format!("{}_{column}", table.object.name));
                self.connection.execute_batch(&format!(
                    "CREATE INDEX {name} ON {} ({})",
                    quoted(table.object.name),
                    quoted(column)
                ))?;
            }
        }
        let json = |value: serde_json::Result<String>| value.expect("plain values become JSON");
        let mut insert = self.connection.prepare("INSERT INTO meta VALUES (?, ?)")?;
        insert.execute(["settled", &json(serde_json::to_string(settled))])?;
        let carried: Vec<&[bool]> = self.carried.iter().map(|columns| &**columns).collect();
        insert.execute(["carried", &json(serde_json::to_string(&carried))])?;
        insert.execute(["report", &json(serde_json::to_string(report))])?;
        insert.execute(["finished", fingerprint])?;
        Ok(())
    }

    /// Removes it.
    pub fn remove(self) {
        let path = self.path.clone();
        drop(self);
        Self::remove_at(&path);
    }

    /// Removes the one at `path`, finished or not.
    pub fn remove_at(path: &Path) {
        for ending in ["", "-wal", "-shm", "-journal"] {
            let mut name = path.as_os_str().to_owned();
            name.push(ending);
            // A file that is not there is as good as removed; one that cannot be removed shows when it is made again.
            let _ = std::fs::remove_file(PathBuf::from(name));
        }
    }

    /// The table of an object.
    pub fn table(&self, object: &str) -> Arc<Table> {
        Arc::clone(self.tables.get(object).expect("every object read has a table"))
    }

    /// Starts a transaction.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn begin(&self) -> Result<(), IntakeError> {
        Ok(self.connection.execute_batch("BEGIN")?)
    }

    /// Commits it.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn commit(&self) -> Result<(), IntakeError> {
        Ok(self.connection.execute_batch("COMMIT")?)
    }

    /// Takes down which columns the next file has: for `Id` and each column of its table.
    pub fn carry(&mut self, columns: Vec<bool>) {
        self.carried.push(Arc::from(columns));
    }

    /// Whether every file of the object has each of its columns.
    pub fn carries_all(&self, object: &str, files: impl IntoIterator<Item = usize>) -> bool {
        let width = self.table(object).object.columns.len() + 1;
        files.into_iter().all(|file| self.carried.get(file).is_some_and(|columns| columns[..width].iter().all(|has| *has)))
    }

    /// Takes down the header of a file, as it stands there.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn put_header(&self, file: &str, header: &str) -> Result<(), IntakeError> {
        self.connection.execute("INSERT OR REPLACE INTO headers VALUES (?, ?)", [file, header])?;
        Ok(())
    }

    /// The header of a file that was read.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn header_of(&self, file: &str) -> Result<String, IntakeError> {
        Ok(self.connection.query_row("SELECT header FROM headers WHERE file = ?", [file], |row| row.get(0))?)
    }

    /// Puts the ids of `of` where `column` holds a name that only one of them has.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn resolve_names(&self, object: &str, column: &str, of: &str) -> Result<(), IntakeError> {
        self.connection.execute_batch(&format!(
            "CREATE TEMP TABLE named AS SELECT \"Name\" AS name, min(\"Id\") AS id FROM {} WHERE \"Name\" IS NOT NULL \
             GROUP BY \"Name\" HAVING count(*) = 1; CREATE INDEX temp.named_by_name ON named (name);",
            quoted(of)
        ))?;
        self.put_named(object, column)?;
        Ok(self.connection.execute_batch("DROP TABLE named")?)
    }

    /// Puts a record in, in place of one with the same id. Values: `Id`, then the table's columns; empty ones are null.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn put(&self, table: &Table, values: &[String], file: usize) -> Result<(), IntakeError> {
        let marks = vec!["?"; values.len()].join(", ") + &format!(", {file}");
        let sql = format!("INSERT OR REPLACE INTO {} ({}) VALUES ({marks})", quoted(table.object.name), table.list);
        let values = values.iter().map(|value| if value.is_empty() { None } else { Some(value.as_str()) });
        self.connection.prepare_cached(&sql)?.execute(params_from_iter(values))?;
        Ok(())
    }

    /// Sets a row aside.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn reject(&self, reject: &Reject) -> Result<(), IntakeError> {
        let mut insert = self.connection.prepare_cached("INSERT INTO rejects VALUES (?, ?, ?, ?, ?, ?)")?;
        let line = i64::try_from(reject.line).unwrap_or(i64::MAX);
        insert.execute(params![reject.file, line, reject.column, reject.value, reject.reason, reject.row])?;
        Ok(())
    }

    /// How many rows were set aside.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn reject_count(&self) -> Result<u64, IntakeError> {
        Ok(self.connection.query_row("SELECT count(*) FROM rejects", [], |row| row.get::<_, i64>(0))?.unsigned_abs())
    }

    /// Hands over each reject, in order of reading.
    ///
    /// # Errors
    /// The file cannot be read, or what `act` says.
    pub fn each_reject(&self, mut act: impl FnMut(&Reject) -> Result<(), IntakeError>) -> Result<(), IntakeError> {
        let mut select = self.connection.prepare("SELECT * FROM rejects ORDER BY rowid")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let line: i64 = row.get(1)?;
            act(&Reject {
                file: row.get(0)?,
                line: line.unsigned_abs(),
                column: row.get(2)?,
                value: row.get(3)?,
                reason: row.get(4)?,
                row: row.get(5)?,
            })?;
        }
        Ok(())
    }

    fn select(&self, table: &Arc<Table>, rest: &str, values: &[&dyn rusqlite::ToSql]) -> Result<Vec<Record>, IntakeError> {
        let sql = format!("SELECT {} FROM {} {rest}", table.list, quoted(table.object.name));
        let mut select = self.connection.prepare_cached(&sql)?;
        let width = table.columns.len() + 1;
        let rows = select.query_map(values, |row| {
            let values = (0..width).map(|place| row.get(place)).collect::<Result<Vec<Option<String>>, _>>()?;
            Ok((values, usize::try_from(row.get::<_, i64>(width)?).unwrap_or(usize::MAX)))
        })?;
        let record = |(values, file): (Vec<Option<String>>, usize)| Record {
            table: Arc::clone(table),
            values,
            carried: self.carried.get(file).cloned().unwrap_or_else(|| Arc::from([])),
        };
        rows.map(|row| Ok(record(row?))).collect()
    }

    /// Up to `limit` records after this id, in order of id.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn page(&self, object: &str, after: &str, limit: usize) -> Result<Vec<Record>, IntakeError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.select(&self.table(object), "WHERE \"Id\" > ? ORDER BY \"Id\" LIMIT ?", &[&after, &limit])
    }

    /// One record.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn record(&self, object: &str, id: &str) -> Result<Option<Record>, IntakeError> {
        Ok(self.select(&self.table(object), "WHERE \"Id\" = ?", &[&id])?.pop())
    }

    /// All records whose `column` is `value`, in order of id; the column must be one of the object's indexed ones.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn records_by(&self, object: &str, column: &str, value: &str) -> Result<Vec<Record>, IntakeError> {
        self.select(&self.table(object), &format!("WHERE {} = ? ORDER BY \"Id\"", quoted(column)), &[&value])
    }

    /// Whether there is such a record.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn exists(&self, object: &str, id: &str) -> Result<bool, IntakeError> {
        let sql = format!("SELECT 1 FROM {} WHERE \"Id\" = ?", quoted(object));
        Ok(self.connection.prepare_cached(&sql)?.query_row([id], |_| Ok(())).optional()?.is_some())
    }

    /// How many records there are.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn count(&self, object: &str) -> Result<u64, IntakeError> {
        let sql = format!("SELECT count(*) FROM {}", quoted(object));
        Ok(self.connection.query_row(&sql, [], |row| row.get::<_, i64>(0))?.unsigned_abs())
    }

    /// The distinct values of some columns, with how often each stands there.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn distinct(&self, object: &str, columns: &[&str]) -> Result<Vec<Counted>, IntakeError> {
        let list: Vec<String> = columns.iter().map(|column| quoted(column)).collect();
        let list = list.join(", ");
        let sql = format!("SELECT {list}, count(*) FROM {} GROUP BY {list} ORDER BY {list}", quoted(object));
        let mut select = self.connection.prepare(&sql)?;
        let rows = select.query_map([], |row| {
            let values = (0..columns.len()).map(|place| row.get(place)).collect::<Result<Vec<Option<String>>, _>>()?;
            Ok((values, row.get::<_, i64>(columns.len())?.unsigned_abs()))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
