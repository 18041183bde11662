//! What is answered. All money is in minor units of the reporting currency.

use super::question::Baseline;
use crate::calendar::Period;
use crate::dimension::CellKey;
use crate::ids::{DataVersion, OpportunityId};
use chrono::{DateTime, Utc};

/// Red, yellow, green.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Act now.
    Red,
    /// Looks all right, watch.
    Yellow,
    /// On track.
    Green,
    /// Nothing can be said; the reason says why.
    Grey,
}

/// Why a status is what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StatusReason {
    /// By pace against the thresholds.
    Pace,
    /// Less than 10% of the period has elapsed.
    TooEarly,
    /// No target, or one of 0 or less.
    NoTarget,
    /// Nothing is left to close.
    TargetMet,
    /// No history to measure against, or none in which anything was reached by this point.
    NoHistory,
}

/// One column of one cell, for money.
#[derive(Debug, Clone, PartialEq)]
pub struct MoneyColumn {
    /// The measure for P as of T.
    pub value: i64,
    /// What it should reach; `None` where no row and no complete set of finer rows is found.
    pub target: Option<i64>,
    /// value / target; `None` without a target above 0.
    pub attainment: Option<f64>,
    /// The same measure at the same point of the comparison period.
    pub prior: i64,
    /// value - prior.
    pub change: i64,
    /// change / |prior|; `None` where prior is 0.
    pub yoy: Option<f64>,
    /// Share of the target that should be reached by T.
    pub expected: Option<f64>,
    /// attainment / expected.
    pub pace: Option<f64>,
    /// The baseline used for `expected`; `None` for levels, whose expected is 1.
    pub baseline: Option<Baseline>,
    /// The colour.
    pub status: Status,
    /// Why.
    pub status_reason: StatusReason,
}

/// The coverage column of one cell.
#[derive(Debug, Clone, PartialEq)]
pub struct CoverageColumn {
    /// openPipeline / (target - closedAcv); `None` with nothing left to close or no target.
    pub value: Option<f64>,
    /// The ratio that should stand: 1 / win rate; `None` without a win rate.
    pub required: Option<f64>,
    /// openPipeline / target.
    pub gross: Option<f64>,
    /// The won share, by ACV, of what was open at the same day of the last four periods.
    pub win_rate: Option<f64>,
    /// True where the cell had fewer than 20 such opportunities and the total's rate stands in.
    pub win_rate_is_totals: bool,
    /// (target - closed) / winRate - openPipeline; `None` without target or win rate.
    pub pipeline_needed: Option<i64>,
    /// Coverage at the same point of the comparison period.
    pub prior: Option<f64>,
    /// value - prior.
    pub change: Option<f64>,
    /// change / |prior|.
    pub yoy: Option<f64>,
    /// value / required.
    pub pace: Option<f64>,
    /// The colour.
    pub status: Status,
    /// Why.
    pub status_reason: StatusReason,
}

/// What the forecast column is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForecastParts {
    /// The submitted judgement, if there is one.
    pub judgement: Option<i64>,
    /// The roll-up chosen.
    pub roll_up: i64,
    /// The owner's adjustment.
    pub owner_adjustment: i64,
    /// The manager's adjustment.
    pub manager_adjustment: i64,
    /// roll_up + both adjustments.
    pub total: i64,
    /// A total's own judgement less the sum of its cells' values; `None` on cells without finer cells, or without a judgement.
    pub gap: Option<i64>,
}

/// One cell: a full key, a subtotal (fewer parts), or the total (no parts).
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// Which.
    pub key: CellKey,
    /// The five columns.
    pub closed_acv: MoneyColumn,
    /// See [`crate::target::Measure::OpenPipeline`].
    pub open_pipeline: MoneyColumn,
    /// See [`crate::target::Measure::Forecast`].
    pub forecast: MoneyColumn,
    /// Its parts.
    pub forecast_parts: ForecastParts,
    /// See [`crate::target::Measure::Generation`].
    pub generation: MoneyColumn,
    /// ACV at entry, frozen.
    pub generation_as_generated: i64,
    /// ACV at T of the same opportunities.
    pub generation_as_now: i64,
    /// See [`crate::target::Measure::Coverage`].
    pub coverage: CoverageColumn,
    /// Open pipeline whose close date has passed; part of `open_pipeline`.
    pub overdue: i64,
    /// ACV of opportunities that came back from lost in P; not in `generation`.
    pub reopened: i64,
    /// Distinct opportunities won.
    pub closed_count: u64,
    /// Distinct opportunities open.
    pub open_count: u64,
    /// Distinct opportunities that entered.
    pub generation_count: u64,
}

/// The matrix, answered from one snapshot.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    /// For which period.
    pub period: Period,
    /// As known when.
    pub as_of: DateTime<Utc>,
    /// Compared with which period.
    pub comparison: Period,
    /// At which instant of it.
    pub comparison_as_of: DateTime<Utc>,
    /// Share of the period's days up to and including T's, 0 to 1.
    pub elapsed: f64,
    /// The change the snapshot ends with.
    pub data_version: DataVersion,
    /// Cells with a full key, in order of key.
    pub cells: Vec<Cell>,
    /// Cells over every proper, non-empty subset of the dimensions, in order of key.
    pub subtotals: Vec<Cell>,
    /// The cell over everything.
    pub total: Cell,
}

/// Where pipeline came from or went to; in the order of the waterfall.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FlowBucket {
    /// Created after the start.
    New,
    /// Was closed.
    Reopened,
    /// Its close date was outside the period.
    MovedIn,
    /// Only a filtered attribute changed.
    TransferredIn,
    /// Larger than at the start.
    Increased,
    /// Smaller than at the start.
    Decreased,
    /// The same amount at another exchange rate.
    Revalued,
    /// Won.
    ClosedWon,
    /// Lost.
    ClosedLost,
    /// Close date now outside the period.
    MovedOut,
    /// Only a filtered attribute changed.
    TransferredOut,
    /// Deleted or omitted.
    Removed,
}

/// One opportunity's part of an amount: of a bucket of the flow, or of a cell of the matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowItem {
    /// Which.
    pub opportunity: OpportunityId,
    /// Signed.
    pub amount: i64,
}

/// One bar of the waterfall.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowBar {
    /// Which.
    pub bucket: FlowBucket,
    /// Signed; the items' amounts add up to it.
    pub amount: i64,
    /// Behind it, the largest first, ties by id.
    pub items: Vec<FlowItem>,
}

/// One waterfall: start + all bars = end, exactly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowRow {
    /// Which key; empty for the total.
    pub key: CellKey,
    /// In scope at the start.
    pub start: i64,
    /// Every bucket, also those of amount 0.
    pub bars: Vec<FlowBar>,
    /// In scope at the end.
    pub end: i64,
    /// What CLOSED_WON shows beyond the change of `closedAcv` of P: deals won before and since undone, and deals won ahead of
    /// a close date that is still to come; less those whose close date has come since, and what won deals grew by since.
    pub unwon: i64,
}

/// The flow, answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// The change the snapshot ends with.
    pub data_version: DataVersion,
    /// One for each key, in order of key.
    pub rows: Vec<FlowRow>,
    /// Over everything.
    pub total: FlowRow,
}

/// One point of a trend, as known then.
#[derive(Debug, Clone, PartialEq)]
pub struct TrendPoint {
    /// When.
    pub at: DateTime<Utc>,
    /// closedAcv.
    pub closed_acv: i64,
    /// openPipeline.
    pub open_pipeline: i64,
    /// The forecast column's value.
    pub forecast: i64,
    /// generation, at entry.
    pub generation: i64,
    /// The coverage column's value.
    pub coverage: Option<f64>,
    /// The target of closedAcv as known then.
    pub target: Option<i64>,
}

/// One line of a trend.
#[derive(Debug, Clone, PartialEq)]
pub struct TrendSeries {
    /// Which key; empty for the total.
    pub key: CellKey,
    /// In order of time.
    pub points: Vec<TrendPoint>,
}

/// The trend, answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Trend {
    /// The change the snapshot ends with.
    pub data_version: DataVersion,
    /// One for each full key, in order of key.
    pub series: Vec<TrendSeries>,
    /// Over everything.
    pub total: TrendSeries,
}

/// One row of an aggregate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AggregateRow {
    /// Which key.
    pub key: CellKey,
    /// One for each measure asked for, in its order: minor units, or a count.
    pub values: Vec<i64>,
}

/// The aggregate, answered; rows in order of key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aggregate {
    /// The change the snapshot ends with.
    pub data_version: DataVersion,
    /// The rows.
    pub rows: Vec<AggregateRow>,
    /// Over everything.
    pub total: AggregateRow,
}
