//! The part of the work file that keeps what the database was found to hold of the records that the export names.

use super::{WorkFile, quoted};
use crate::intake::IntakeError;
use rusqlite::{OptionalExtension, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

impl WorkFile {
    /// How many records of `object` have a `column` that names no record of `of` in the export, with one of the ids.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn orphans_in_export(&self, object: &str, column: &str, of: &str) -> Result<(u64, Option<String>), IntakeError> {
        self.count_orphans(object, column, of, "")
    }

    /// How many records of `object` have a `column` that names neither a record of `of` nor a stored one, with one of the ids.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn orphans(&self, object: &str, column: &str, of: &str) -> Result<(u64, Option<String>), IntakeError> {
        self.count_orphans(object, column, of, of)
    }

    fn count_orphans(&self, object: &str, column: &str, of: &str, stored_as: &str) -> Result<(u64, Option<String>), IntakeError> {
        let column = quoted(column);
        let sql = format!(
            "SELECT count(*), min({column}) FROM {} AS own WHERE {column} IS NOT NULL AND NOT EXISTS \
             (SELECT 1 FROM {} AS other WHERE other.\"Id\" = own.{column}) AND NOT EXISTS \
             (SELECT 1 FROM stored WHERE object = ? AND id = own.{column} AND record IS NOT NULL)",
            quoted(object),
            quoted(of)
        );
        Ok(self.connection.query_row(&sql, [stored_as], |row| Ok((row.get::<_, i64>(0)?.unsigned_abs(), row.get(1)?)))?)
    }

    /// Forgets what the database was found to hold.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn forget_stored(&self) -> Result<(), IntakeError> {
        Ok(self.connection.execute_batch("DELETE FROM stored")?)
    }

    /// Takes down that what the database holds was looked up.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn note_recalled(&self) -> Result<(), IntakeError> {
        self.connection.execute("INSERT OR REPLACE INTO meta VALUES ('recalled', '')", [])?;
        Ok(())
    }

    /// Whether what the database holds was looked up.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn is_recalled(&self) -> Result<bool, IntakeError> {
        Ok(self.connection.query_row("SELECT 1 FROM meta WHERE key = 'recalled'", [], |_| Ok(())).optional()?.is_some())
    }

    /// Whether a column of references holds a value that is no id.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn holds_names(&self, object: &str, column: &str) -> Result<bool, IntakeError> {
        let column = quoted(column);
        let sql = format!(
            "SELECT EXISTS (SELECT 1 FROM {} WHERE {column} GLOB '*[^0-9A-Za-z]*' OR length({column}) <> 18)",
            quoted(object)
        );
        Ok(self.connection.query_row(&sql, [], |row| row.get(0))?)
    }

    /// Puts the ids wherever one of the columns, (object, column), holds one of the names.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn put_ids_for_names<'n>(
        &self,
        columns: &[(&str, &str)],
        names: impl Iterator<Item = (&'n str, &'n str)>,
    ) -> Result<(), IntakeError> {
        self.connection.execute_batch("CREATE TEMP TABLE named (name TEXT PRIMARY KEY, id TEXT) WITHOUT ROWID")?;
        let mut insert = self.connection.prepare("INSERT INTO named VALUES (?, ?)")?;
        for (name, id) in names {
            insert.execute([name, id])?;
        }
        drop(insert);
        for (object, column) in columns {
            self.put_named(object, column)?;
        }
        Ok(self.connection.execute_batch("DROP TABLE named")?)
    }

    /// Puts the id of the table `named` wherever a column holds its name.
    pub(super) fn put_named(&self, object: &str, column: &str) -> Result<(), IntakeError> {
        let (object, column) = (quoted(object), quoted(column));
        self.connection.execute_batch(&format!(
            "UPDATE {object} SET {column} = (SELECT id FROM named WHERE name = {column}) \
             WHERE {column} IN (SELECT name FROM named)"
        ))?;
        Ok(())
    }

    /// Wants the ids that begin with `prefix` in a column and name no record of the export, to be looked for as `of`.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn want(&self, object: &str, column: &str, of: &str, prefix: &str) -> Result<(), IntakeError> {
        let is_missing =
            format!("NOT EXISTS (SELECT 1 FROM {} AS other WHERE other.\"Id\" = own.{})", quoted(of), quoted(column));
        self.want_where(object, column, of, prefix, &is_missing)
    }

    /// As [`Self::want`], also those that name a record of the export.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn want_carried(&self, object: &str, column: &str, of: &str, prefix: &str) -> Result<(), IntakeError> {
        self.want_where(object, column, of, prefix, "true")
    }

    fn want_where(&self, object: &str, column: &str, of: &str, prefix: &str, condition: &str) -> Result<(), IntakeError> {
        let column = quoted(column);
        let sql = format!(
            "INSERT OR IGNORE INTO stored SELECT DISTINCT ?1, {column}, NULL FROM {} AS own \
             WHERE length({column}) = 18 AND substr({column}, 1, length(?2)) = ?2 AND {condition}",
            quoted(object)
        );
        self.connection.execute(&sql, [of, prefix])?;
        Ok(())
    }

    /// Wants all ids of an object's own records.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn want_own(&self, object: &str) -> Result<(), IntakeError> {
        let sql = format!("INSERT OR IGNORE INTO stored SELECT ?1, \"Id\", NULL FROM {}", quoted(object));
        self.connection.execute(&sql, [object])?;
        Ok(())
    }

    /// Up to `limit` wanted ids of an object after this one, in order.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn wanted(&self, object: &str, after: &str, limit: usize) -> Result<Vec<String>, IntakeError> {
        let sql = "SELECT id FROM stored WHERE object = ? AND id > ? ORDER BY id LIMIT ?";
        let mut select = self.connection.prepare_cached(sql)?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let ids = select.query_map(params![object, after, limit], |row| row.get(0))?;
        Ok(ids.collect::<Result<_, _>>()?)
    }

    /// Keeps what the database holds of an id.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn keep_stored(&self, object: &str, id: &str, record: &impl Serialize) -> Result<(), IntakeError> {
        let json = serde_json::to_string(record).expect("plain values become JSON");
        self.connection.prepare_cached("INSERT OR REPLACE INTO stored VALUES (?, ?, ?)")?.execute([object, id, &json])?;
        Ok(())
    }

    /// What the database held of an id when the import began; `None` where it held nothing or was not asked.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn stored<T: DeserializeOwned>(&self, object: &str, id: &str) -> Result<Option<T>, IntakeError> {
        let sql = "SELECT record FROM stored WHERE object = ? AND id = ? AND record IS NOT NULL";
        let found = self.connection.prepare_cached(sql)?.query_row([object, id], |row| row.get::<_, String>(0)).optional()?;
        Ok(found.map(|text| serde_json::from_str(&text).expect("it was written from the same type by this binary")))
    }

    /// Everything that the database held of an object and was asked for, in order of id.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn all_stored<T: DeserializeOwned>(&self, object: &str) -> Result<Vec<T>, IntakeError> {
        let mut select =
            self.connection.prepare("SELECT record FROM stored WHERE object = ? AND record IS NOT NULL ORDER BY id")?;
        let rows = select.query_map([object], |row| row.get::<_, String>(0))?;
        let read = |text: String| serde_json::from_str(&text).expect("it was written from the same type by this binary");
        rows.map(|text| Ok(read(text?))).collect()
    }

    /// Whether the database held such a record.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn is_stored(&self, object: &str, id: &str) -> Result<bool, IntakeError> {
        let sql = "SELECT 1 FROM stored WHERE object = ? AND id = ? AND record IS NOT NULL";
        Ok(self.connection.prepare_cached(sql)?.query_row([object, id], |_| Ok(())).optional()?.is_some())
    }
}
