//! What can be asked: plain values, equal when they ask the same.

use crate::calendar::Period;
use crate::dimension::{Dimension, Filter};
use crate::ids::DataVersion;
use chrono::{DateTime, Utc};

/// The roll-up of a forecast where no judgement was submitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum RollUp {
    /// Closed won only.
    Closed,
    /// Commit and closed.
    #[default]
    Commit,
    /// Most likely, commit and closed.
    MostLikely,
    /// Best case, most likely, commit and closed.
    BestCase,
}

/// How the same point of another period is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Alignment {
    /// Day d of the period, at most its length.
    #[default]
    DayIndex,
    /// The same number of business days in.
    BusinessDay,
    /// The same weekday nearest to day d, the earlier on a tie.
    Weekday,
    /// The same share elapsed.
    Fraction,
}

/// What a cell is compared with.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum Comparison {
    /// The same period a year ago.
    #[default]
    PriorYear,
    /// The quarter (month, year) before.
    PriorPeriod,
    /// Any other period.
    Named(Period),
}

/// What share of the target should be reached by T.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Baseline {
    /// The share of the period's days that has elapsed.
    Linear,
    /// The share of last year's final that was reached at the same point.
    PriorYear,
    /// The mean of that share over the last four periods.
    Historical,
}

/// Which ACV generation counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum GenerationBasis {
    /// At entry, frozen.
    #[default]
    AsGenerated,
    /// At T.
    AsNow,
}

/// An attribution model with its parameters, by name; needed only where a question touches SOURCE.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ModelChoice {
    /// The model's id, such as `sourced-by`.
    pub model: String,
    /// Parameters that differ from their defaults, sorted by name; values as JSON text.
    pub parameters: Vec<(String, String)>,
    /// Which touchpoints it sees.
    pub lens: Lens,
}

/// Which touchpoints a model sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Lens {
    /// All eleven sources.
    #[default]
    All,
    /// Sales touchpoints only.
    Roles,
    /// Marketing touchpoints only.
    Channels,
}

/// The matrix, asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MatrixQuery {
    /// For which period.
    pub period: Period,
    /// As known when.
    pub as_of: DateTime<Utc>,
    /// Which recorded changes count; `None` = all of the snapshot.
    pub data_version: Option<DataVersion>,
    /// One to four dimensions, no two alike, in the order of the answer's keys.
    pub by: Vec<Dimension>,
    /// Of which opportunities.
    pub filter: Filter,
    /// Compared with what.
    pub comparison: Comparison,
    /// At which point of it.
    pub alignment: Alignment,
    /// `None`: HISTORICAL where at least four past periods exist, else LINEAR.
    pub baseline: Option<Baseline>,
    /// The roll-up of the forecast column.
    pub roll_up: RollUp,
    /// Which ACV the generation column's value is; both are given.
    pub generation: GenerationBasis,
    /// Whether open pipeline, coverage and what follows from them count only what passes in hygiene.
    pub hygiene_adjusted: bool,
    /// Which model cuts by SOURCE.
    pub model: ModelChoice,
}

/// The pipeline flow (waterfall) of a window, asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FlowQuery {
    /// Open pipeline of which period.
    pub period: Period,
    /// Start of the window.
    pub from: DateTime<Utc>,
    /// End of the window; not before `from`.
    pub to: DateTime<Utc>,
    /// Which recorded changes count; `None` = all.
    pub data_version: Option<DataVersion>,
    /// Zero to two dimensions: one flow for each key, and the total.
    pub by: Vec<Dimension>,
    /// Of which opportunities.
    pub filter: Filter,
    /// Which model cuts by SOURCE.
    pub model: ModelChoice,
}

/// How the columns stood at each of several points, each as known then.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TrendQuery {
    /// The matrix at the last point; its `as_of` is the end of the trend.
    pub matrix: MatrixQuery,
    /// The points, ascending, at most 400.
    pub points: Vec<DateTime<Utc>>,
}

/// A free group-by over the additive measures, for BI.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AggregateQuery {
    /// Which measures, at least one, no two alike.
    pub measures: Vec<AggregateMeasure>,
    /// Zero to four dimensions.
    pub by: Vec<Dimension>,
    /// Of which opportunities.
    pub filter: Filter,
    /// For which period.
    pub period: Period,
    /// As known when.
    pub as_of: DateTime<Utc>,
    /// Which recorded changes count; `None` = all.
    pub data_version: Option<DataVersion>,
    /// Which model cuts by SOURCE.
    pub model: ModelChoice,
}

/// A number that adds up (money), or a distinct count (which does not over PRODUCT or SOURCE).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AggregateMeasure {
    /// The APM's `closedAcv`.
    ClosedAcv,
    /// The APM's `openPipeline`.
    OpenPipeline,
    /// Open pipeline whose close date has passed.
    Overdue,
    /// Open pipeline in category commit.
    Commit,
    /// Open pipeline in category most likely.
    MostLikely,
    /// Open pipeline in category best case.
    BestCase,
    /// `generation`, at entry.
    GenerationAsGenerated,
    /// `generation`, at T.
    GenerationAsNow,
    /// ACV of opportunities lost, close date in P and not after T.
    LostAcv,
    /// Distinct opportunities won.
    ClosedCount,
    /// Distinct opportunities open.
    OpenCount,
    /// Distinct opportunities that entered.
    GenerationCount,
    /// Distinct opportunities lost.
    LostCount,
}

/// An amount of a cell that opportunities add up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CellMeasure {
    /// `closedAcv`.
    ClosedAcv,
    /// `openPipeline`.
    OpenPipeline,
    /// Open pipeline whose close date has passed.
    Overdue,
    /// Open pipeline in category commit.
    Commit,
    /// Open pipeline in category most likely.
    MostLikely,
    /// Open pipeline in category best case.
    BestCase,
    /// `generation`, at entry.
    GenerationAsGenerated,
    /// `generation`, at T.
    GenerationAsNow,
    /// Came back from lost.
    Reopened,
}
