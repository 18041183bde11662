//! Which rows: a tree of tests. A test on a missing value is false, so that `Not` is exactly the rest.

use super::column::{Column, Value};
use super::query::Sql;
use chrono::{DateTime, Utc};
use pipewright_core::rep::Role;

/// Which rows of a noun whose columns are `C`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Filter<C> {
    /// Those that fit each; all where there is none.
    All(Vec<Filter<C>>),
    /// Those that fit at least one; none where there is none.
    Any(Vec<Filter<C>>),
    /// Those that do not fit.
    Not(Box<Filter<C>>),
    /// Those whose column passes.
    Is(C, Test),
}

/// What a column's value must be.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Test {
    /// This value.
    Eq(Value),
    /// One of these.
    In(Vec<Value>),
    /// This or more.
    Gte(Value),
    /// Less than this.
    Lt(Value),
    /// Text that holds this, whatever the case of ASCII letters.
    Contains(String),
    /// Missing (true) or there (false).
    Missing(bool),
    /// A rep's id, of one who holds one of these selling roles at an instant.
    HoldsRole {
        /// Which roles.
        roles: Vec<Role>,
        /// When.
        at: DateTime<Utc>,
    },
}

impl<C> Filter<C> {
    /// Every row.
    pub fn everything() -> Self {
        Self::All(Vec::new())
    }
}

impl<C: Column> Filter<C> {
    /// Writes the condition over rows named `r`.
    pub(super) fn write(&self, sql: &mut Sql) {
        match self {
            Self::All(parts) => write_joined(parts, " AND ", "TRUE", sql),
            Self::Any(parts) => write_joined(parts, " OR ", "FALSE", sql),
            Self::Not(part) => {
                sql.push("NOT ");
                part.write(sql);
            }
            Self::Is(column, test) => write_test(*column, test, sql),
        }
    }
}

fn write_joined<C: Column>(parts: &[Filter<C>], word: &str, none: &str, sql: &mut Sql) {
    if parts.is_empty() {
        return sql.push(none);
    }
    sql.push("(");
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            sql.push(word);
        }
        part.write(sql);
    }
    sql.push(")");
}

fn write_test<C: Column>(column: C, test: &Test, sql: &mut Sql) {
    let name = column.name();
    sql.push("(");
    if column.nullable() && !matches!(test, Test::Missing(_)) {
        sql.push(&format!("r.{name} IS NOT NULL AND "));
    }
    match test {
        Test::Eq(value) => {
            sql.push(&format!("r.{name} = "));
            sql.bind(value.clone());
        }
        Test::Gte(value) => {
            sql.push(&format!("r.{name} >= "));
            sql.bind(value.clone());
        }
        Test::Lt(value) => {
            sql.push(&format!("r.{name} < "));
            sql.bind(value.clone());
        }
        Test::In(values) => {
            sql.push(&format!("r.{name}"));
            sql.bind_list(values.iter().cloned());
        }
        Test::Contains(part) => {
            // lower() folds ASCII only on both: SQLite by nature, PostgreSQL by the column's collation "C".
            sql.push(&format!("{}(lower(r.{name}), ", sql.find_text()));
            sql.bind(Value::Text(part.to_ascii_lowercase()));
            sql.push(") > 0");
        }
        Test::HoldsRole { roles, at } => {
            sql.push(&format!("r.{name} IN (SELECT t.rep_id FROM tenure t WHERE t.valid_from_ms = ("));
            sql.push("SELECT MAX(w.valid_from_ms) FROM tenure w WHERE w.rep_id = t.rep_id AND w.valid_from_ms <= ");
            sql.bind((*at).into());
            sql.push(") AND t.role");
            sql.bind_list(roles.iter().map(|role| Value::Code(*role as i16)));
            sql.push(")");
        }
        Test::Missing(missing) => sql.push(&format!("r.{name} IS {}NULL", if *missing { "" } else { "NOT " })),
    }
    sql.push(")");
}
