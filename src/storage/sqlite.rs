//! Bulk work on SQLite: prepared statements on a connection of its own, which is several times as fast as the pool.

use super::act::{ActPlan, Acted, Stands};
use super::open::BUSY;
use super::table::{Again, Table};
use super::value::{Kind, Value};
use super::write::{Changed, LATEST, Plan, Rows};
use super::{Engine, JobUpdate, Storage, StorageError, Written};
use pipewright_core::ids::DataVersion;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};
use std::path::Path;
use std::sync::PoisonError;
use uuid::Uuid;

/// Room for two statements of every table.
const PREPARED: usize = 64;

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Uuid(id) => ValueRef::Blob(id.as_bytes()),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Big(number) => ValueRef::Integer(*number),
            Self::Int(number) => ValueRef::Integer(i64::from(*number)),
            Self::Small(number) => ValueRef::Integer(i64::from(*number)),
            Self::Bool(flag) => ValueRef::Integer(i64::from(*flag)),
        }))
    }
}

/// The value of one column.
pub(super) fn value(row: &Row<'_>, index: usize, kind: Kind) -> Result<Value, StorageError> {
    Ok(match kind {
        Kind::Uuid => match row.get_ref(index)? {
            ValueRef::Null => Value::Null,
            bytes => Value::Uuid(Uuid::from_slice(bytes.as_blob().map_err(failed)?).map_err(failed)?),
        },
        Kind::Text => row.get::<_, Option<String>>(index)?.map_or(Value::Null, Value::Text),
        Kind::Big => row.get::<_, Option<i64>>(index)?.map_or(Value::Null, Value::Big),
        Kind::Int => row.get::<_, Option<i32>>(index)?.map_or(Value::Null, Value::Int),
        Kind::Small => row.get::<_, Option<i16>>(index)?.map_or(Value::Null, Value::Small),
        Kind::Bool => row.get::<_, Option<bool>>(index)?.map_or(Value::Null, Value::Bool),
    })
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> StorageError {
    StorageError::Failed(Box::new(error))
}

/// A connection for bulk work.
pub(super) fn connect(path: &Path) -> Result<Connection, StorageError> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "cache_size", -65_536)?;
    connection.pragma_update(None, "wal_autocheckpoint", 16_384)?;
    connection.set_prepared_statement_cache_capacity(PREPARED);
    Ok(connection)
}

impl Storage {
    /// Runs `work` on this process's one writing connection; blocks the thread.
    pub(super) fn with_writer<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        let Engine::Sqlite { path, writer, .. } = &*self.engine else {
            unreachable!("only SQLite has a writing connection");
        };
        let mut slot = writer.lock().unwrap_or_else(PoisonError::into_inner);
        let connection = match slot.take() {
            Some(connection) => slot.insert(connection),
            None => slot.insert(connect(path)?),
        };
        work(connection)
    }
}

/// Carries a plan out.
pub(super) fn write(connection: &mut Connection, plan: Plan) -> Result<Written, StorageError> {
    match carry_out(connection, plan, None)? {
        Acted::Done(written) => Ok(written),
        Acted::Stale | Acted::Repeated(_) | Acted::KeyTaken => unreachable!("nobody's act is refused"),
    }
}

/// Carries a plan out where the act that it belongs to still may.
pub(super) fn carry_out(connection: &mut Connection, plan: Plan, act: Option<&ActPlan>) -> Result<Acted, StorageError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if let Some(act) = act
        && let Some(refused) = refused(&transaction, act)?
    {
        return Ok(refused);
    }
    let last: i64 = transaction.query_row("SELECT coalesce(max(data_version), 0) FROM change_feed", [], |row| row.get(0))?;
    let mut written = Written { data_version: DataVersion(last), ..Written::default() };
    let mut kinds = Vec::new();
    for rows in plan.tables {
        let name = rows.table.name;
        let changed = write_rows(&transaction, rows, last + 1)?;
        written.inserted += changed.inserted;
        written.updated += changed.updated;
        if changed.any() {
            kinds.push(name);
        }
    }
    refresh(&transaction, &plan.touched, last + 1)?;
    if !kinds.is_empty() {
        written.data_version = DataVersion(last + 1);
        let kinds = serde_json::json!(kinds).to_string();
        transaction.execute(
            "INSERT INTO change_feed (data_version, at_ms, kinds) VALUES (?1, ?2, ?3)",
            params![last + 1, plan.at_ms, kinds],
        )?;
    }
    if let Some(act) = act {
        keep(&transaction, act, written)?;
    }
    if let Some(job) = plan.job {
        move_job(&transaction, job, written, plan.at_ms)?;
    }
    transaction.commit()?;
    Ok(Acted::Done(written))
}

/// Why an act may not be carried out, where it may not.
fn refused(transaction: &Transaction<'_>, act: &ActPlan) -> Result<Option<Acted>, StorageError> {
    transaction.execute("DELETE FROM act WHERE at_ms < ?1", params![act.forgotten_ms()])?;
    if let Some(key) = &act.key {
        let mut statement =
            transaction.prepare_cached("SELECT fingerprint, object FROM act WHERE viewer = ?1 AND request_key = ?2")?;
        let mut rows = statement.query(params![act.entry.viewer, key.key])?;
        if let Some(row) = rows.next()? {
            let (fingerprint, object): (String, Vec<u8>) = (row.get(0)?, row.get(1)?);
            return Ok(Some(act.answered(&fingerprint, Uuid::from_slice(&object).map_err(failed)?)));
        }
    }
    for seen in &act.seen {
        let id = seen.id.as_bytes().as_slice();
        let stands: bool = match seen.stands {
            Stands::Nowhere => {
                let count = format!("SELECT count(*) = 0 FROM {} WHERE id = ?1", seen.table);
                transaction.query_row(&count, params![id], |row| row.get(0))?
            }
            Stands::Since(recorded) => {
                let count = format!("SELECT count(*) > 0 FROM {} WHERE id = ?1 AND recorded = ?2", seen.table);
                transaction.query_row(&count, params![id, recorded.0], |row| row.get(0))?
            }
        };
        if !stands {
            return Ok(Some(Acted::Stale));
        }
    }
    Ok(None)
}

/// Writes what belongs to an act beside its records.
fn keep(transaction: &Transaction<'_>, act: &ActPlan, written: Written) -> Result<(), StorageError> {
    for id in &act.touched {
        let touch = "UPDATE opportunity SET recorded = ?2 WHERE id = ?1";
        transaction.execute(touch, params![id.as_bytes().as_slice(), written.data_version.0])?;
    }
    let last = "SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1";
    let (last, previous): (i64, String) =
        transaction.query_row(last, [], |row| Ok((row.get(0)?, row.get(1)?))).optional()?.unwrap_or_default();
    let entry = &act.entry;
    let sealed = act.sealed(last + 1, written.data_version.0, &previous);
    transaction.execute(
        "INSERT INTO audit (number, at_ms, viewer, permission, request_id, act, noun, object, data_version, before, after,
         previous_hash, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        params![
            last + 1,
            act.at_ms,
            entry.viewer,
            entry.permission,
            entry.request_id,
            entry.act,
            entry.noun,
            entry.object.as_bytes().as_slice(),
            written.data_version.0,
            sealed.before,
            sealed.after,
            previous,
            sealed.hash
        ],
    )?;
    if let Some(key) = &act.key {
        transaction.execute(
            "INSERT INTO act (viewer, request_key, at_ms, fingerprint, object) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![entry.viewer, key.key, act.at_ms, key.fingerprint, entry.object.as_bytes().as_slice()],
        )?;
    }
    Ok(())
}

fn write_rows(transaction: &Transaction<'_>, rows: Rows, data_version: i64) -> Result<Changed, StorageError> {
    let mut insert = transaction.prepare_cached(&insert_statement(&rows.table))?;
    let replaces = rows.table.again == Again::Replaced && !rows.table.compared().is_empty();
    let mut update = if replaces { Some(transaction.prepare_cached(&update_statement(&rows.table))?) } else { None };
    let mut changed = Changed::default();
    for mut row in rows.rows {
        *row.last_mut().expect("every table ends with recorded") = Value::Big(data_version);
        if insert.execute(rusqlite::params_from_iter(&row))? > 0 {
            changed.inserted += 1;
        } else if let Some(update) = &mut update {
            changed.updated += update.execute(rusqlite::params_from_iter(&row))? as u64;
        }
    }
    Ok(changed)
}

fn insert_statement(table: &Table) -> String {
    let marks: Vec<String> = (1..=table.columns.len()).map(|number| format!("?{number}")).collect();
    let marks = marks.join(", ");
    let source = match table.again {
        Again::Kept | Again::Replaced => format!("VALUES ({marks})"),
        Again::KeptWithItsSet => format!(
            "SELECT {marks} WHERE EXISTS (SELECT 1 FROM line_set WHERE id = ?1 AND line_set.recorded = ?{})",
            table.columns.len()
        ),
    };
    format!("INSERT INTO {} ({}) {source} ON CONFLICT ({}) DO NOTHING", table.name, table.names(), table.key_names())
}

fn update_statement(table: &Table) -> String {
    let key: Vec<String> =
        table.columns[..table.key].iter().enumerate().map(|(index, (name, _))| format!("{name} = ?{}", index + 1)).collect();
    let compared = table.compared();
    let names: Vec<&str> = compared.iter().map(|(name, _)| *name).collect();
    let marks: Vec<String> = (0..compared.len()).map(|index| format!("?{}", table.key + index + 1)).collect();
    let (names, marks) = (names.join(", "), marks.join(", "));
    format!(
        "UPDATE {} SET ({names}, recorded) = ({marks}, ?{}) WHERE {} AND ({names}) IS NOT ({marks})",
        table.name,
        table.columns.len(),
        key.join(" AND ")
    )
}

/// Keeps each opportunity's columns of its latest version true; where they change, this is the change that the row is of.
fn refresh(transaction: &Transaction<'_>, touched: &[Uuid], data_version: i64) -> Result<(), StorageError> {
    let set: Vec<String> = LATEST.iter().map(|name| format!("{name} = latest.{name}")).collect();
    let mut statement = transaction.prepare_cached(&format!(
        "UPDATE opportunity SET {}, last_valid_from_ms = latest.valid_from_ms, last_sequence = latest.sequence,
         recorded = ?2
         FROM (SELECT * FROM opportunity_version WHERE opportunity_id = ?1
               ORDER BY valid_from_ms DESC, sequence DESC LIMIT 1) AS latest
         WHERE id = ?1 AND (last_valid_from_ms, last_sequence) IS NOT (latest.valid_from_ms, latest.sequence)",
        set.join(", ")
    ))?;
    for id in touched {
        statement.execute(params![id.as_bytes().as_slice(), data_version])?;
    }
    Ok(())
}

fn move_job(transaction: &Transaction<'_>, job: JobUpdate, written: Written, at_ms: i64) -> Result<(), StorageError> {
    transaction.execute(
        "UPDATE job SET cursor = ?2, progress = ?3, updated_ms = ?4, state = CASE WHEN state = 0 THEN 1 ELSE state END
         WHERE id = ?1",
        params![job.job.as_bytes().as_slice(), (job.cursor)(written).to_string(), job.progress.to_string(), at_ms],
    )?;
    Ok(())
}
