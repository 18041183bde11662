//! A noun whose rows can be read.

use super::column::{Column, Kind};
use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{DbErr, QueryResult, TryGetable};
use uuid::Uuid;

/// A noun of the domain as it is read from the database.
pub trait Record: Sized + Clone + Send + Sync + 'static {
    /// What it is filtered and ordered by.
    type Column: Column;
    /// What its cursors are marked with.
    const NOUN: &'static str;
    /// The rows of the noun: a SELECT that gives every column of [`Self::Column`] and whatever [`Self::decode`] reads.
    /// Rows deleted at their source are not among them.
    const SELECT: &'static str;
    /// The column that tells rows of one order value (and one parent) apart, and how it is compared.
    const OWN: (&'static str, Kind) = ("id", Kind::Id);

    /// The noun's value.
    ///
    /// # Errors
    /// The stored row breaks the schema's promises.
    fn decode(row: &Row<'_>) -> Result<Self, DbErr>;
}

/// A row as the database gave it.
pub struct Row<'a>(pub(super) &'a QueryResult);

impl Row<'_> {
    /// A column that every row has, or an optional one as `Option`.
    pub(super) fn get<T: TryGetable>(&self, column: &str) -> Result<T, DbErr> {
        self.0.try_get("", column)
    }

    /// An optional id.
    pub(super) fn id<T>(&self, column: &str, wrap: impl FnOnce(Uuid) -> T) -> Result<Option<T>, DbErr> {
        Ok(self.get::<Option<Uuid>>(column)?.map(wrap))
    }

    /// An instant kept in milliseconds.
    pub(super) fn instant(&self, column: &str) -> Result<DateTime<Utc>, DbErr> {
        self.optional_instant(column)?.ok_or_else(|| broken(column))
    }

    /// An optional instant kept in milliseconds.
    pub(super) fn optional_instant(&self, column: &str) -> Result<Option<DateTime<Utc>>, DbErr> {
        self.get::<Option<i64>>(column)?
            .map(|millis| DateTime::from_timestamp_millis(millis).ok_or_else(|| broken(column)))
            .transpose()
    }

    /// A date kept in days.
    pub(super) fn day(&self, column: &str) -> Result<NaiveDate, DbErr> {
        self.optional_day(column)?.ok_or_else(|| broken(column))
    }

    /// An optional date kept in days.
    pub(super) fn optional_day(&self, column: &str) -> Result<Option<NaiveDate>, DbErr> {
        self.get::<Option<i32>>(column)?.map(|days| NaiveDate::from_epoch_days(days).ok_or_else(|| broken(column))).transpose()
    }

    /// An enum by its code, which is the place in `all`.
    pub(super) fn code<T: Copy>(&self, column: &str, all: &[T]) -> Result<T, DbErr> {
        self.optional_code(column, all)?.ok_or_else(|| broken(column))
    }

    /// An optional enum by its code.
    pub(super) fn optional_code<T: Copy>(&self, column: &str, all: &[T]) -> Result<Option<T>, DbErr> {
        self.get::<Option<i16>>(column)?
            .map(|code| usize::try_from(code).ok().and_then(|place| all.get(place).copied()).ok_or_else(|| broken(column)))
            .transpose()
    }

    /// A value that is parsed from its text.
    pub(super) fn parsed<T: std::str::FromStr>(&self, column: &str) -> Result<T, DbErr> {
        self.get::<String>(column)?.parse().map_err(|_| broken(column))
    }
}

/// A stored value that the schema does not allow.
pub(super) fn broken(column: &str) -> DbErr {
    DbErr::Type(format!("the stored value of {column} is out of its range"))
}
