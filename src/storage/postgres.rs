//! Bulk work on PostgreSQL: a chunk of a table's rows goes over as one array per column and is merged by one statement.

use super::act::{ActPlan, Acted, Stands};
use super::listen::CHANGES;
use super::table::{Again, Table};
use super::value::{Kind, Value};
use super::write::{Changed, LATEST, Plan, Rows};
use super::{JobUpdate, StorageError, Written};
use pipewright_core::ids::DataVersion;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, PgPool, Postgres, Row, Transaction};
use uuid::Uuid;

/// The advisory lock of writers; any number that nothing else of ours takes.
const WRITER: i64 = 0x7069_7065_7772_6974;

/// Rows in one statement: enough to forget the round trip, few enough to stay small in memory.
const CHUNK: usize = 10_000;

/// The value of one column.
pub(super) fn value(row: &PgRow, index: usize, kind: Kind) -> Result<Value, StorageError> {
    Ok(match kind {
        Kind::Uuid => row.try_get::<Option<Uuid>, _>(index)?.map_or(Value::Null, Value::Uuid),
        Kind::Text => row.try_get::<Option<String>, _>(index)?.map_or(Value::Null, Value::Text),
        Kind::Big => row.try_get::<Option<i64>, _>(index)?.map_or(Value::Null, Value::Big),
        Kind::Int => row.try_get::<Option<i32>, _>(index)?.map_or(Value::Null, Value::Int),
        Kind::Small => row.try_get::<Option<i16>, _>(index)?.map_or(Value::Null, Value::Small),
        Kind::Bool => row.try_get::<Option<bool>, _>(index)?.map_or(Value::Null, Value::Bool),
    })
}

/// Carries a plan out.
pub(super) async fn write(pool: &PgPool, plan: Plan) -> Result<Written, StorageError> {
    match carry_out(pool, plan, None).await? {
        Acted::Done(written) => Ok(written),
        Acted::Stale | Acted::Repeated(_) | Acted::KeyTaken => unreachable!("nobody's act is refused"),
    }
}

/// Carries a plan out where the act that it belongs to still may.
pub(super) async fn carry_out(pool: &PgPool, plan: Plan, act: Option<&ActPlan>) -> Result<Acted, StorageError> {
    let mut transaction = pool.begin().await?;
    // A batch may take longer than a request's statement, and so may the wait for another's.
    sqlx::query("SET LOCAL statement_timeout = 0").execute(&mut *transaction).await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(WRITER).execute(&mut *transaction).await?;
    if let Some(act) = act
        && let Some(refused) = refused(&mut transaction, act).await?
    {
        return Ok(refused);
    }
    let last: i64 =
        sqlx::query_scalar("SELECT coalesce(max(data_version), 0) FROM change_feed").fetch_one(&mut *transaction).await?;
    let mut written = Written { data_version: DataVersion(last), ..Written::default() };
    let mut kinds = Vec::new();
    for rows in plan.tables {
        let name = rows.table.name;
        let changed = write_rows(&mut transaction, rows, last + 1).await?;
        written.inserted += changed.inserted;
        written.updated += changed.updated;
        if changed.any() {
            kinds.push(name);
        }
    }
    refresh(&mut transaction, &plan.touched, last + 1).await?;
    if !kinds.is_empty() {
        written.data_version = DataVersion(last + 1);
        sqlx::query("INSERT INTO change_feed (data_version, at_ms, kinds) VALUES ($1, $2, $3)")
            .bind(last + 1)
            .bind(plan.at_ms)
            .bind(serde_json::json!(kinds).to_string())
            .execute(&mut *transaction)
            .await?;
        // Sent when the transaction commits, and only then.
        sqlx::query("SELECT pg_notify($1, '')").bind(CHANGES).execute(&mut *transaction).await?;
    }
    if let Some(act) = act {
        keep(&mut transaction, act, written).await?;
    }
    if let Some(job) = plan.job {
        move_job(&mut transaction, job, written, plan.at_ms).await?;
    }
    transaction.commit().await?;
    Ok(Acted::Done(written))
}

/// Why an act may not be carried out, where it may not.
async fn refused(transaction: &mut Transaction<'_, Postgres>, act: &ActPlan) -> Result<Option<Acted>, StorageError> {
    sqlx::query("DELETE FROM act WHERE at_ms < $1").bind(act.forgotten_ms()).execute(&mut **transaction).await?;
    if let Some(key) = &act.key {
        let stored =
            sqlx::query_as::<_, (String, Uuid)>("SELECT fingerprint, object FROM act WHERE viewer = $1 AND request_key = $2")
                .bind(&act.entry.viewer)
                .bind(&key.key)
                .fetch_optional(&mut **transaction)
                .await?;
        if let Some((fingerprint, object)) = stored {
            return Ok(Some(act.answered(&fingerprint, object)));
        }
    }
    for seen in &act.seen {
        let statement = match seen.stands {
            Stands::Nowhere => format!("SELECT count(*) = 0 FROM {} WHERE id = $1", seen.table),
            Stands::Since(_) => format!("SELECT count(*) > 0 FROM {} WHERE id = $1 AND recorded = $2", seen.table),
        };
        let query = sqlx::query_scalar::<_, bool>(AssertSqlSafe(statement)).bind(seen.id);
        let query = match seen.stands {
            Stands::Nowhere => query,
            Stands::Since(recorded) => query.bind(recorded.0),
        };
        if !query.fetch_one(&mut **transaction).await? {
            return Ok(Some(Acted::Stale));
        }
    }
    Ok(None)
}

/// Writes what belongs to an act beside its records.
async fn keep(transaction: &mut Transaction<'_, Postgres>, act: &ActPlan, written: Written) -> Result<(), StorageError> {
    if !act.touched.is_empty() {
        sqlx::query("UPDATE opportunity SET recorded = $2 WHERE id = ANY($1)")
            .bind(&act.touched)
            .bind(written.data_version.0)
            .execute(&mut **transaction)
            .await?;
    }
    let (last, previous) = sqlx::query_as::<_, (i64, String)>("SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1")
        .fetch_optional(&mut **transaction)
        .await?
        .unwrap_or_default();
    let entry = &act.entry;
    let sealed = act.sealed(last + 1, written.data_version.0, &previous);
    sqlx::query(
        "INSERT INTO audit (number, at_ms, viewer, permission, request_id, act, noun, object, data_version, before, after,
         previous_hash, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
    )
    .bind(last + 1)
    .bind(act.at_ms)
    .bind(&entry.viewer)
    .bind(entry.permission)
    .bind(&entry.request_id)
    .bind(entry.act)
    .bind(entry.noun)
    .bind(entry.object)
    .bind(written.data_version.0)
    .bind(sealed.before)
    .bind(sealed.after)
    .bind(previous)
    .bind(sealed.hash)
    .execute(&mut **transaction)
    .await?;
    if let Some(key) = &act.key {
        sqlx::query("INSERT INTO act (viewer, request_key, at_ms, fingerprint, object) VALUES ($1, $2, $3, $4, $5)")
            .bind(&entry.viewer)
            .bind(&key.key)
            .bind(act.at_ms)
            .bind(&key.fingerprint)
            .bind(entry.object)
            .execute(&mut **transaction)
            .await?;
    }
    Ok(())
}

async fn write_rows(transaction: &mut Transaction<'_, Postgres>, rows: Rows, data_version: i64) -> Result<Changed, StorageError> {
    let statement = merge_statement(&rows.table);
    let mut changed = Changed::default();
    let mut rows_left = rows.rows;
    while !rows_left.is_empty() {
        let rest = rows_left.split_off(CHUNK.min(rows_left.len()));
        let mut chunk = std::mem::replace(&mut rows_left, rest);
        let mut query = sqlx::query(AssertSqlSafe(statement.clone()));
        for (index, (_, kind)) in rows.table.columns[..rows.table.columns.len() - 1].iter().enumerate() {
            query = bind_column(query, &mut chunk, index, *kind);
        }
        let row = query.bind(data_version).fetch_one(&mut **transaction).await?;
        changed.inserted += row.try_get::<i64, _>(0)?.unsigned_abs();
        changed.updated += row.try_get::<i64, _>(1)?.unsigned_abs();
    }
    Ok(changed)
}

/// One column of a chunk as an array; takes the values out of the rows.
fn bind_column<'q>(
    query: Query<'q, Postgres, PgArguments>,
    rows: &mut [Vec<Value>],
    index: usize,
    kind: Kind,
) -> Query<'q, Postgres, PgArguments> {
    macro_rules! array {
        ($variant:ident) => {{
            let column: Vec<Option<_>> = rows
                .iter_mut()
                .map(|row| match std::mem::replace(&mut row[index], Value::Null) {
                    Value::$variant(value) => Some(value),
                    _ => None,
                })
                .collect();
            query.bind(column)
        }};
    }
    match kind {
        Kind::Uuid => array!(Uuid),
        Kind::Text => array!(Text),
        Kind::Big => array!(Big),
        Kind::Int => array!(Int),
        Kind::Small => array!(Small),
        Kind::Bool => array!(Bool),
    }
}

fn array_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Uuid => "uuid[]",
        Kind::Text => "text[]",
        Kind::Big => "bigint[]",
        Kind::Int => "integer[]",
        Kind::Small => "smallint[]",
        Kind::Bool => "boolean[]",
    }
}

/// Inserts, or replaces where it differs; answers how many rows were new and how many replaced. A row that was just
/// inserted has no deleting transaction (`xmax = 0`).
fn merge_statement(table: &Table) -> String {
    let given = &table.columns[..table.columns.len() - 1];
    let names: Vec<&str> = given.iter().map(|(name, _)| *name).collect();
    let arrays: Vec<String> =
        given.iter().enumerate().map(|(index, (_, kind))| format!("${}::{}", index + 1, array_type(*kind))).collect();
    let recorded = format!("${}::bigint", table.columns.len());
    let own: Vec<String> = table.compared().iter().map(|(name, _)| format!("{}.{name}", table.name)).collect();
    let new: Vec<String> = table.compared().iter().map(|(name, _)| format!("excluded.{name}")).collect();
    let set: Vec<String> = table.compared().iter().map(|(name, _)| format!("{name} = excluded.{name}")).collect();
    let again = match table.again {
        Again::Replaced if !set.is_empty() => format!(
            "UPDATE SET {}, recorded = excluded.recorded WHERE ROW({}) IS DISTINCT FROM ROW({})",
            set.join(", "),
            own.join(", "),
            new.join(", ")
        ),
        _ => "NOTHING".to_owned(),
    };
    let guard = match table.again {
        Again::KeptWithItsSet => format!(
            "WHERE EXISTS (SELECT 1 FROM line_set WHERE line_set.id = given.line_set_id AND line_set.recorded = {recorded})"
        ),
        Again::Kept | Again::Replaced => String::new(),
    };
    format!(
        "WITH merged AS (
           INSERT INTO {table} ({names}, recorded) SELECT {names}, {recorded} FROM unnest({arrays}) AS given ({names}) {guard}
           ON CONFLICT ({key}) DO {again} RETURNING (xmax = 0) AS is_new)
         SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM merged",
        table = table.name,
        names = names.join(", "),
        arrays = arrays.join(", "),
        key = table.key_names(),
    )
}

/// Keeps each opportunity's columns of its latest version true; where they change, this is the change that the row is of.
async fn refresh(transaction: &mut Transaction<'_, Postgres>, touched: &[Uuid], data_version: i64) -> Result<(), StorageError> {
    let set: Vec<String> = LATEST.iter().map(|name| format!("{name} = latest.{name}")).collect();
    let statement = format!(
        "UPDATE opportunity AS own SET {}, last_valid_from_ms = latest.valid_from_ms, last_sequence = latest.sequence,
         recorded = $2
         FROM (SELECT DISTINCT ON (opportunity_id) * FROM opportunity_version WHERE opportunity_id = ANY($1)
               ORDER BY opportunity_id, valid_from_ms DESC, sequence DESC) AS latest
         WHERE own.id = latest.opportunity_id
           AND ROW(own.last_valid_from_ms, own.last_sequence) IS DISTINCT FROM ROW(latest.valid_from_ms, latest.sequence)",
        set.join(", ")
    );
    for ids in touched.chunks(CHUNK) {
        sqlx::query(AssertSqlSafe(statement.clone())).bind(ids).bind(data_version).execute(&mut **transaction).await?;
    }
    Ok(())
}

async fn move_job(
    transaction: &mut Transaction<'_, Postgres>,
    job: JobUpdate,
    written: Written,
    at_ms: i64,
) -> Result<(), StorageError> {
    sqlx::query(
        "UPDATE job SET cursor = $2, progress = $3, updated_ms = $4, state = CASE WHEN state = 0 THEN 1 ELSE state END
         WHERE id = $1",
    )
    .bind(job.job)
    .bind((job.cursor)(written).to_string())
    .bind(job.progress.to_string())
    .bind(at_ms)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}
