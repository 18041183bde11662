//! Scans: sums by key over the versions valid at an instant.

use super::Snapshot;
use crate::attribution::{Credit, CreditError};
use crate::calendar::Period;
use crate::dimension::{CellKey, Dimension, Filter};
use crate::ids::DataVersion;
use crate::viewer::Scope;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// What is common to every scan of one answer.
pub struct Scan<'a> {
    /// Which rows the viewer may learn of.
    pub scope: &'a Scope,
    /// Which recorded changes count; `None` = all.
    pub data_version: Option<DataVersion>,
    /// Zero to four dimensions.
    pub by: &'a [Dimension],
    /// Of which opportunities.
    pub filter: &'a Filter,
    /// Who credits sources; asked only where `by` or `filter` names SOURCE.
    pub credit: &'a dyn Credit,
}

/// A period as known at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Point {
    /// Which opportunities: by close date, or by entry.
    pub period: Period,
    /// As known when.
    pub at: DateTime<Utc>,
}

/// The additive measures of one key, minor units of the reporting currency, and distinct counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sums {
    /// Won, close date in P and not after T.
    pub closed: i64,
    /// Open, close date in P.
    pub open: i64,
    /// Of `open`: close date before T's day.
    pub overdue: i64,
    /// Of `open`: category commit.
    pub commit: i64,
    /// Of `open`: category most likely.
    pub most_likely: i64,
    /// Of `open`: category best case.
    pub best_case: i64,
    /// Entry in P and not after T: ACV at entry.
    pub generation_as_generated: i64,
    /// The same opportunities' ACV at T.
    pub generation_as_now: i64,
    /// Came back from closed, in P and not after T: ACV at T.
    pub reopened: i64,
    /// Lost, close date in P and not after T.
    pub lost: i64,
    /// Distinct opportunities in `closed`.
    pub closed_count: u64,
    /// Distinct opportunities in `open`.
    pub open_count: u64,
    /// Distinct opportunities in `generation_as_generated`.
    pub generation_count: u64,
    /// Distinct opportunities in `lost`.
    pub lost_count: u64,
}

/// What was open on a day with close date in a period, and what of it was won in that period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cohort {
    /// ACV open at the point, as known then.
    pub open: i64,
    /// Of it (ACV at the point), the part won with close date in the period, as known at the period's end.
    pub won: i64,
    /// Distinct opportunities open at the point.
    pub opportunities: u64,
}

/// Sums by key, for every subset of the dimensions: full keys, subtotals and the total.
pub type SumsByKey = BTreeMap<CellKey, Sums>;

/// One [`SumsByKey`] for each point.
///
/// # Errors
/// The model that credits sources failed.
pub fn sums(snapshot: &Snapshot, scan: &Scan<'_>, points: &[Point]) -> Result<Vec<SumsByKey>, CreditError> {
    let _ = (snapshot, scan, points);
    unimplemented!()
}

/// The cohort of each point, by key, for every subset of the dimensions.
///
/// # Errors
/// The model that credits sources failed.
pub fn cohorts(snapshot: &Snapshot, scan: &Scan<'_>, points: &[Point]) -> Result<Vec<BTreeMap<CellKey, Cohort>>, CreditError> {
    let _ = (snapshot, scan, points);
    unimplemented!()
}
