//! The statements: pages, pages for many parents, counts and batches.

use super::column::{Column, Kind, Value};
use super::filter::{Filter, Test};
use super::key::Key;
use super::record::{Record, Row};
use crate::storage::{Storage, StorageError};
use chrono::{DateTime, Utc};
use pipewright_core::rep::Role;
use pipewright_core::viewer::Scope;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement};
use std::collections::HashMap;
use uuid::Uuid;

/// By what rows are ordered; ties by the noun's own key in the same direction; missing values last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Order<C> {
    /// The column.
    pub column: C,
    /// Greatest first.
    pub descending: bool,
}

/// Which run of the ordered rows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Window {
    /// At most so many rows.
    pub size: u64,
    /// From the end (true) or from the start.
    pub backward: bool,
    /// Only rows behind this place.
    pub after: Option<Key>,
    /// Only rows before this place.
    pub before: Option<Key>,
}

/// A row and its place.
#[derive(Debug, Clone)]
pub struct Found<R> {
    /// The row.
    pub record: R,
    /// Where it stands in the order asked for.
    pub key: Key,
}

/// A run of ordered rows.
#[derive(Debug, Clone)]
pub struct Page<R> {
    /// In the order asked for, whichever way they were read.
    pub rows: Vec<Found<R>>,
    /// Whether there are more on the far side: behind the last row, or, read backward, before the first.
    pub more: bool,
}

/// A statement being written, with its values.
pub(super) struct Sql {
    text: String,
    values: Vec<sea_orm::Value>,
    backend: DbBackend,
}

impl Sql {
    pub(super) fn new(backend: DbBackend) -> Self {
        Self { text: String::new(), values: Vec::new(), backend }
    }

    pub(super) fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    pub(super) fn bind(&mut self, value: Value) {
        self.values.push(value.into());
        let place = self.values.len();
        self.text.push_str(&format!("${place}"));
    }

    /// ` IN (...)`, or what no row fits where there are no values.
    pub(super) fn bind_list(&mut self, values: impl Iterator<Item = Value>) {
        self.push(" IN (");
        let mut any = false;
        for value in values {
            if any {
                self.push(", ");
            }
            self.bind(value);
            any = true;
        }
        self.push(if any { ")" } else { "NULL) AND FALSE" });
    }

    /// The function that finds a text in another, counting from 1.
    pub(super) fn find_text(&self) -> &'static str {
        match self.backend {
            DbBackend::Postgres => "strpos",
            _ => "instr",
        }
    }

    fn into_statement(self) -> Statement {
        Statement::from_sql_and_values(self.backend, self.text, self.values)
    }
}

/// What is visible: nothing, unless no row is hidden from the viewer.
pub(super) fn write_scope(scope: &Scope, sql: &mut Sql) {
    sql.push(if scope.is_unrestricted() { "TRUE" } else { "FALSE" });
}

fn write_order<R: Record>(order: Order<R::Column>, backward: bool, sql: &mut Sql) {
    let direction = if order.descending != backward { "DESC" } else { "ASC" };
    let (name, own) = (order.column.name(), R::OWN.0);
    if order.column.nullable() {
        sql.push(&format!("(r.{name} IS NULL) {}, ", if backward { "DESC" } else { "ASC" }));
    }
    if name != own {
        sql.push(&format!("r.{name} {direction}, "));
    }
    sql.push(&format!("r.{own} {direction}"));
}

/// The rows beyond `key`, reading forward or backward.
fn write_beyond<R: Record>(order: Order<R::Column>, backward: bool, key: &Key, sql: &mut Sql) {
    let sign = if order.descending != backward { "<" } else { ">" };
    let (name, own) = (order.column.name(), R::OWN.0);
    match &key.value {
        Some(value) => {
            if backward || !order.column.nullable() {
                // A missing value makes the comparison null, which keeps the row out: those stand behind, not before.
                sql.push(&format!(" AND (r.{name}, r.{own}) {sign} ("));
            } else {
                sql.push(&format!(" AND (r.{name} IS NULL OR (r.{name}, r.{own}) {sign} ("));
            }
            sql.bind(value.clone());
            sql.push(", ");
            sql.bind(key.own.clone());
            sql.push(if backward || !order.column.nullable() { ")" } else { "))" });
        }
        None if backward => {
            sql.push(&format!(" AND (r.{name} IS NOT NULL OR r.{own} {sign} "));
            sql.bind(key.own.clone());
            sql.push(")");
        }
        None => {
            sql.push(&format!(" AND (r.{name} IS NULL AND r.{own} {sign} "));
            sql.bind(key.own.clone());
            sql.push(")");
        }
    }
}

fn write_where<R: Record>(scope: &Scope, filter: &Filter<R::Column>, sql: &mut Sql) {
    sql.push(" WHERE ");
    write_scope(scope, sql);
    sql.push(" AND ");
    filter.write(sql);
}

fn write_window<R: Record>(order: Order<R::Column>, window: &Window, sql: &mut Sql) {
    if let Some(after) = &window.after {
        write_beyond::<R>(order, false, after, sql);
    }
    if let Some(before) = &window.before {
        write_beyond::<R>(order, true, before, sql);
    }
}

fn value_of(row: &QueryResult, name: &str, kind: Kind) -> Result<Option<Value>, DbErr> {
    let row = Row(row);
    Ok(match kind {
        Kind::Id => row.get::<Option<Uuid>>(name)?.map(Value::Id),
        Kind::Text => row.get::<Option<String>>(name)?.map(Value::Text),
        Kind::Integer => row.get::<Option<i64>>(name)?.map(Value::Integer),
        Kind::Small => row.get::<Option<i32>>(name)?.map(Value::Small),
        Kind::Code => row.get::<Option<i16>>(name)?.map(Value::Code),
        Kind::Boolean => row.get::<Option<bool>>(name)?.map(Value::Boolean),
    })
}

fn found<R: Record>(row: &QueryResult, order: Order<R::Column>) -> Result<Found<R>, DbErr> {
    let value = value_of(row, order.column.name(), order.column.kind())?;
    let own = value_of(row, R::OWN.0, R::OWN.1)?.ok_or_else(|| super::record::broken(R::OWN.0))?;
    Ok(Found { record: R::decode(&Row(row))?, key: Key { value, own } })
}

/// Cuts the one row too many, and turns rows read backward.
fn page_of<R>(mut rows: Vec<Found<R>>, window: &Window) -> Page<R> {
    let size = usize::try_from(window.size).expect("page sizes are at most 500");
    let more = rows.len() > size;
    rows.truncate(size);
    if window.backward {
        rows.reverse();
    }
    Page { rows, more }
}

pub(super) fn is_one_of<C: Column>(column: C, ids: &[Uuid]) -> Filter<C> {
    Filter::Is(column, Test::In(ids.iter().copied().map(Value::Id).collect()))
}

impl Storage {
    /// One page of a noun, in one statement.
    ///
    /// # Errors
    /// The database failed.
    pub async fn page<R: Record>(
        &self,
        scope: &Scope,
        filter: &Filter<R::Column>,
        order: Order<R::Column>,
        window: &Window,
    ) -> Result<Page<R>, StorageError> {
        let mut sql = Sql::new(self.backend());
        sql.push(&format!("SELECT r.* FROM ({}) r", R::SELECT));
        write_where::<R>(scope, filter, &mut sql);
        write_window::<R>(order, window, &mut sql);
        sql.push(" ORDER BY ");
        write_order::<R>(order, window.backward, &mut sql);
        sql.push(&format!(" LIMIT {}", window.size + 1));
        let rows = self.read(sql, |row| found::<R>(row, order)).await?;
        Ok(page_of(rows, window))
    }

    /// The same page of each of these parents, in one statement. A parent without rows is left out.
    ///
    /// # Errors
    /// The database failed.
    pub async fn pages_by<R: Record>(
        &self,
        scope: &Scope,
        parent: R::Column,
        parents: &[Uuid],
        filter: &Filter<R::Column>,
        order: Order<R::Column>,
        window: &Window,
    ) -> Result<HashMap<Uuid, Page<R>>, StorageError> {
        let mut sql = Sql::new(self.backend());
        let name = parent.name();
        sql.push(&format!("SELECT r.* FROM (SELECT r.*, ROW_NUMBER() OVER (PARTITION BY r.{name} ORDER BY "));
        write_order::<R>(order, window.backward, &mut sql);
        sql.push(&format!(") AS place FROM ({}) r", R::SELECT));
        write_where::<R>(scope, filter, &mut sql);
        sql.push(" AND ");
        is_one_of(parent, parents).write(&mut sql);
        write_window::<R>(order, window, &mut sql);
        sql.push(&format!(") r WHERE r.place <= {} ORDER BY r.place", window.size + 1));
        let rows = self.read(sql, |row| Ok((Row(row).get::<Uuid>(name)?, found::<R>(row, order)?))).await?;
        let mut by_parent: HashMap<Uuid, Vec<Found<R>>> = HashMap::new();
        for (parent, row) in rows {
            by_parent.entry(parent).or_default().push(row);
        }
        Ok(by_parent.into_iter().map(|(parent, rows)| (parent, page_of(rows, window))).collect())
    }

    /// How many rows fit.
    ///
    /// # Errors
    /// The database failed.
    pub async fn count<R: Record>(&self, scope: &Scope, filter: &Filter<R::Column>) -> Result<i64, StorageError> {
        let mut sql = Sql::new(self.backend());
        sql.push(&format!("SELECT COUNT(*) AS total FROM ({}) r", R::SELECT));
        write_where::<R>(scope, filter, &mut sql);
        let totals = self.read(sql, |row| Row(row).get::<i64>("total")).await?;
        Ok(totals.first().copied().expect("COUNT gives one row"))
    }

    /// How many rows fit for each of these parents, in one statement. A parent without rows is left out.
    ///
    /// # Errors
    /// The database failed.
    pub async fn counts_by<R: Record>(
        &self,
        scope: &Scope,
        parent: R::Column,
        parents: &[Uuid],
        filter: &Filter<R::Column>,
    ) -> Result<HashMap<Uuid, i64>, StorageError> {
        let mut sql = Sql::new(self.backend());
        let name = parent.name();
        sql.push(&format!("SELECT r.{name} AS parent, COUNT(*) AS total FROM ({}) r", R::SELECT));
        write_where::<R>(scope, filter, &mut sql);
        sql.push(" AND ");
        is_one_of(parent, parents).write(&mut sql);
        sql.push(&format!(" GROUP BY r.{name}"));
        let totals = self.read(sql, |row| Ok((Row(row).get::<Uuid>("parent")?, Row(row).get::<i64>("total")?))).await?;
        Ok(totals.into_iter().collect())
    }

    /// The rows with these keys, in one statement; those that are not there (for this viewer) are left out.
    ///
    /// # Errors
    /// The database failed.
    pub async fn by_ids<R: Record>(&self, scope: &Scope, ids: &[Uuid]) -> Result<HashMap<Uuid, R>, StorageError> {
        let mut sql = Sql::new(self.backend());
        let own = R::OWN.0;
        sql.push(&format!("SELECT r.* FROM ({}) r WHERE ", R::SELECT));
        write_scope(scope, &mut sql);
        sql.push(&format!(" AND r.{own}"));
        sql.bind_list(ids.iter().copied().map(Value::Id));
        Ok(self.read(sql, |row| Ok((Row(row).get::<Uuid>(own)?, R::decode(&Row(row))?))).await?.into_iter().collect())
    }

    /// How many active reps hold each selling role at `now`; roles that nobody holds are left out.
    ///
    /// # Errors
    /// The database failed.
    pub async fn head_counts(&self, scope: &Scope, now: DateTime<Utc>) -> Result<Vec<(Role, i64)>, StorageError> {
        let mut sql = Sql::new(self.backend());
        sql.push("SELECT t.role, COUNT(*) AS total FROM rep r JOIN tenure t ON t.rep_id = r.id WHERE ");
        write_scope(scope, &mut sql);
        sql.push(" AND r.is_active AND t.role IS NOT NULL AND t.valid_from_ms = (SELECT MAX(w.valid_from_ms) FROM tenure w ");
        sql.push("WHERE w.rep_id = r.id AND w.valid_from_ms <= ");
        sql.bind(now.into());
        sql.push(") GROUP BY t.role");
        self.read(sql, |row| Ok((Row(row).code("role", &Role::ALL)?, Row(row).get::<i64>("total")?))).await
    }

    pub(super) async fn read<T>(
        &self,
        sql: Sql,
        each: impl Fn(&QueryResult) -> Result<T, DbErr>,
    ) -> Result<Vec<T>, StorageError> {
        self.count_statement();
        let rows = self.orm().query_all_raw(sql.into_statement()).await?;
        Ok(rows.iter().map(each).collect::<Result<_, _>>()?)
    }
}
