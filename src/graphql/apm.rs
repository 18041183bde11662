//! The accountability performance matrix.

use super::cut::{Dimension, KeyPart, MatrixFilter, ModelInput, Period, count, filter, key, model, refused};
use super::scalars::{Change, Instant, Money};
use crate::app::numbers::{self, Asked, ComparisonAsked, MatrixAsked};
use async_graphql::{Context, Enum, Object, OneofObject, Result, SimpleObject};
use pipewright_core::currency::CurrencyCode;
use pipewright_core::facts::Snapshot;
use pipewright_core::matrix;
use std::sync::Arc;

/// How the same point of the comparison period is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "matrix::Alignment")]
pub enum Alignment {
    /// Day d of the period, at most its length.
    DayIndex,
    /// The same number of business days in: Monday to Friday less configured holidays.
    BusinessDay,
    /// The same weekday nearest to day d, the earlier on a tie.
    Weekday,
    /// The same share of the period elapsed.
    Fraction,
}

/// What share of the target should be reached by now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "matrix::Baseline")]
pub enum Baseline {
    /// The share of the period's days that has elapsed.
    Linear,
    /// The share of last year's final that was reached at the same point.
    PriorYear,
    /// The mean of that share over the last four periods.
    Historical,
}

/// The roll-up of the forecast where no judgement was submitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "matrix::RollUp")]
pub enum RollUp {
    /// Closed won only.
    Closed,
    /// Commit and closed.
    Commit,
    /// Most likely, commit and closed.
    MostLikely,
    /// Best case, most likely, commit and closed.
    BestCase,
}

/// Which ACV generation counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "matrix::GenerationBasis")]
pub enum GenerationBasis {
    /// At entry, frozen.
    AsGenerated,
    /// As of the answer's instant.
    AsNow,
}

/// A comparison that needs no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum RelativePeriod {
    /// The same period a year ago.
    PriorYear,
    /// The quarter (month, year) before.
    PriorPeriod,
}

/// What a matrix is compared with: exactly one of the two.
#[derive(Debug, OneofObject)]
pub enum Comparison {
    /// A period relative to the matrix's own.
    Relative(RelativePeriod),
    /// Any other period by name, such as `FY2025-Q4`.
    Period(String),
}

impl From<Comparison> for ComparisonAsked {
    fn from(comparison: Comparison) -> Self {
        match comparison {
            Comparison::Relative(RelativePeriod::PriorYear) => Self::PriorYear,
            Comparison::Relative(RelativePeriod::PriorPeriod) => Self::PriorPeriod,
            Comparison::Period(name) => Self::Named(name),
        }
    }
}

/// Red, yellow, green.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "matrix::Status")]
pub enum Status {
    /// Act now: pace below the yellow threshold (0.85 unless configured).
    Red,
    /// Looks all right, watch: pace below the green threshold.
    Yellow,
    /// On track: pace at or above the green threshold (1.00 unless configured), or nothing left to close.
    Green,
    /// Nothing can be said; the reason says why.
    Grey,
}

/// Why a status is what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "matrix::StatusReason")]
pub enum StatusReason {
    /// By pace against the thresholds.
    Pace,
    /// Less than 10% of the period has elapsed.
    TooEarly,
    /// There is no target above 0.
    NoTarget,
    /// Nothing is left to close.
    TargetMet,
    /// There is no history to measure against, or none in which anything was reached by this point.
    NoHistory,
}

/// One column of one cell, for money.
#[derive(SimpleObject)]
pub struct MoneyColumn {
    /// The measure for the period as of the answer's instant.
    pub value: Money,
    /// What it should reach, by the latest rows at or before the instant: that of exactly this key (for a quarter, else its
    /// months, each with its own); else the sum of one complete finer set, the one with the fewest dimensions; else null. A set
    /// is complete where every key within the cell that has an opportunity or a row for the period has a row; keys without a
    /// value, such as `(no product)`, need none. Under a filter, a row counts that is wholly let through; one of which only a
    /// part may be gives null.
    pub target: Option<Money>,
    /// value / target, a ratio. Null without a target.
    pub attainment: Option<f64>,
    /// The same measure at the same point of the comparison period, as it was known then.
    pub prior: Money,
    /// value - prior.
    pub change: Money,
    /// change / |prior|, a ratio (0.2 is +20%). Null where prior is 0.
    pub yoy: Option<f64>,
    /// The share of the target that should be reached by now, a ratio. Null where nothing can be expected.
    pub expected: Option<f64>,
    /// attainment / expected, a ratio. Null where either is missing.
    pub pace: Option<f64>,
    /// The baseline behind `expected`. Null for levels (open pipeline, forecast), whose expected is 1.
    pub baseline: Option<Baseline>,
    /// The colour, from pace.
    pub status: Status,
    /// Why it has that colour.
    pub status_reason: StatusReason,
}

/// The coverage column of one cell. All are ratios unless they say otherwise.
#[derive(SimpleObject)]
pub struct CoverageColumn {
    /// openPipeline / (target - closedAcv). Null with nothing left to close or without a target.
    pub value: Option<f64>,
    /// 1 / winRate: the coverage that should stand. Null without a win rate.
    pub required: Option<f64>,
    /// openPipeline / target. Null without a target.
    pub gross: Option<f64>,
    /// The won share, by ACV, of what was open at the same day of the last four periods. Null where nothing was.
    pub win_rate: Option<f64>,
    /// Whether the cell had fewer than 20 such opportunities, so that the total's rate stands in.
    pub win_rate_is_totals: bool,
    /// (target - closedAcv) / winRate - openPipeline: what is still to be generated. Null without a target or a win rate.
    pub pipeline_needed: Option<Money>,
    /// Coverage at the same point of the comparison period. Null where there was none.
    pub prior: Option<f64>,
    /// value - prior. Null where either is.
    pub change: Option<f64>,
    /// change / |prior|. Null where it cannot be had.
    pub yoy: Option<f64>,
    /// value / required. Null where either is.
    pub pace: Option<f64>,
    /// The colour, from pace.
    pub status: Status,
    /// Why it has that colour.
    pub status_reason: StatusReason,
}

/// What the forecast column is made of.
#[derive(SimpleObject)]
pub struct ForecastParts {
    /// The judgement submitted for exactly this cell, the latest at or before the instant; else the sum of one complete finer set,
    /// as with targets. Null where there is neither.
    pub judgement: Option<Money>,
    /// The roll-up asked for.
    pub roll_up: Money,
    /// The owner's adjustment; 0 without one.
    pub owner_adjustment: Money,
    /// The manager's adjustment; 0 without one.
    pub manager_adjustment: Money,
    /// rollUp and both adjustments.
    pub total: Money,
    /// A total's own judgement less the sum of its cells. Null on cells without finer cells, or without a judgement.
    pub gap: Option<Money>,
}

/// One cell of a matrix, for one key.
pub struct MatrixCell {
    cell: matrix::Cell,
    snapshot: Arc<Snapshot>,
}

impl MatrixCell {
    fn money(&self, minor: i64) -> Money {
        Money::new(minor, self.currency())
    }

    fn currency(&self) -> CurrencyCode {
        self.snapshot.settings().reporting_currency
    }

    fn column(&self, column: &matrix::MoneyColumn) -> MoneyColumn {
        MoneyColumn {
            value: self.money(column.value),
            target: column.target.map(|target| self.money(target)),
            attainment: column.attainment,
            prior: self.money(column.prior),
            change: self.money(column.change),
            yoy: column.yoy,
            expected: column.expected,
            pace: column.pace,
            baseline: column.baseline.map(Into::into),
            status: column.status.into(),
            status_reason: column.status_reason.into(),
        }
    }
}

/// One cell of a matrix, for one key. Amounts add up over every dimension to the cent; counts are distinct and do not add up
/// over PRODUCT or SOURCE.
#[Object]
impl MatrixCell {
    /// One value for each dimension the cell is cut by; fewer for a subtotal, none for the total.
    #[graphql(complexity = "4 * child_complexity + 1")]
    async fn key(&self) -> Vec<KeyPart> {
        key(&self.snapshot, &self.cell.key)
    }

    /// ACV of opportunities won, close date in the period and not after the instant.
    async fn closed_acv(&self) -> MoneyColumn {
        self.column(&self.cell.closed_acv)
    }

    /// ACV of open opportunities with close date in the period.
    async fn open_pipeline(&self) -> MoneyColumn {
        self.column(&self.cell.open_pipeline)
    }

    /// The submitted judgement for the cell if there is one, else the roll-up asked for.
    async fn forecast(&self) -> MoneyColumn {
        self.column(&self.cell.forecast)
    }

    /// What the forecast is made of.
    async fn forecast_parts(&self) -> ForecastParts {
        let parts = &self.cell.forecast_parts;
        ForecastParts {
            judgement: parts.judgement.map(|amount| self.money(amount)),
            roll_up: self.money(parts.roll_up),
            owner_adjustment: self.money(parts.owner_adjustment),
            manager_adjustment: self.money(parts.manager_adjustment),
            total: self.money(parts.total),
            gap: parts.gap.map(|amount| self.money(amount)),
        }
    }

    /// ACV of opportunities whose entry (creation, or the first arrival at the configured stage) lies in the period and not
    /// after the instant, whatever their state now.
    async fn generation(&self) -> MoneyColumn {
        self.column(&self.cell.generation)
    }

    /// Generation by the ACV at entry, frozen.
    async fn as_generated(&self) -> Money {
        self.money(self.cell.generation_as_generated)
    }

    /// Generation by the same opportunities' ACV at the instant.
    async fn as_now(&self) -> Money {
        self.money(self.cell.generation_as_now)
    }

    /// Open pipeline over what is left to close.
    async fn coverage(&self) -> CoverageColumn {
        let coverage = &self.cell.coverage;
        CoverageColumn {
            value: coverage.value,
            required: coverage.required,
            gross: coverage.gross,
            win_rate: coverage.win_rate,
            win_rate_is_totals: coverage.win_rate_is_totals,
            pipeline_needed: coverage.pipeline_needed.map(|amount| self.money(amount)),
            prior: coverage.prior,
            change: coverage.change,
            yoy: coverage.yoy,
            pace: coverage.pace,
            status: coverage.status.into(),
            status_reason: coverage.status_reason.into(),
        }
    }

    /// Open pipeline whose close date has passed; part of `openPipeline`.
    async fn overdue(&self) -> Money {
        self.money(self.cell.overdue)
    }

    /// ACV of opportunities that came back from lost in the period; not part of `generation`.
    async fn reopened(&self) -> Money {
        self.money(self.cell.reopened)
    }

    /// Distinct opportunities won. Not additive over PRODUCT or SOURCE.
    async fn closed_count(&self) -> i32 {
        count(self.cell.closed_count)
    }

    /// Distinct opportunities open. Not additive over PRODUCT or SOURCE.
    async fn open_count(&self) -> i32 {
        count(self.cell.open_count)
    }

    /// Distinct opportunities that entered. Not additive over PRODUCT or SOURCE.
    async fn generation_count(&self) -> i32 {
        count(self.cell.generation_count)
    }
}

/// The accountability performance matrix. All its cells are of one moment, named by `dataVersion`.
pub struct Matrix {
    answer: matrix::Matrix,
    snapshot: Arc<Snapshot>,
}

impl Matrix {
    fn cell(&self, cell: &matrix::Cell) -> MatrixCell {
        MatrixCell { cell: cell.clone(), snapshot: self.snapshot.clone() }
    }
}

/// The accountability performance matrix. All its cells are of one moment, named by `dataVersion`.
#[Object]
impl Matrix {
    /// The period it is for.
    async fn period(&self) -> Period {
        self.answer.period.into()
    }

    /// The instant as of which every fact is read: as it was known then.
    async fn as_of(&self) -> Instant {
        self.answer.as_of.into()
    }

    /// The period it is compared with.
    async fn comparison(&self) -> Period {
        self.answer.comparison.into()
    }

    /// The same point of the comparison period.
    async fn comparison_as_of(&self) -> Instant {
        self.answer.comparison_as_of.into()
    }

    /// The share of the period's days up to and including the instant's, a ratio from 0 to 1.
    async fn elapsed(&self) -> f64 {
        self.answer.elapsed
    }

    /// The last change that the answer holds.
    async fn data_version(&self) -> Change {
        Change(self.answer.data_version)
    }

    /// The cells with a value for every dimension, in order of key.
    #[graphql(complexity = "50 * child_complexity + 1")]
    async fn cells(&self) -> Vec<MatrixCell> {
        self.answer.cells.iter().map(|cell| self.cell(cell)).collect()
    }

    /// The cells over some but not all of the dimensions, in order of key; none where the matrix has one dimension.
    #[graphql(complexity = "50 * child_complexity + 1")]
    async fn subtotals(&self) -> Vec<MatrixCell> {
        self.answer.subtotals.iter().map(|cell| self.cell(cell)).collect()
    }

    /// The cell over everything.
    async fn total(&self) -> MatrixCell {
        self.cell(&self.answer.total)
    }
}

/// The matrix, asked for.
#[derive(Default)]
pub struct ApmQuery;

#[Object]
impl ApmQuery {
    /// The accountability performance matrix: closed ACV, open pipeline, forecast, generation and coverage, each with target,
    /// attainment, comparison, pace and colour, cut by one to four dimensions, as known at any instant.
    #[graphql(complexity = "child_complexity + 10")]
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the public field")]
    async fn apm(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A period's name, such as FY2027-Q4. Absent or null: the quarter in which `asOf` lies.")] period: Option<
            String,
        >,
        #[graphql(desc = "One to four dimensions, no two alike.")] by: Vec<Dimension>,
        #[graphql(desc = "The instant as of which facts are read. Absent or null: now.")] as_of: Option<Instant>,
        #[graphql(desc = "Which opportunities count. Absent or null: all.")] filter: Option<MatrixFilter>,
        #[graphql(desc = "What it is compared with. Absent or null: the same period a year ago.")] comparison: Option<Comparison>,
        #[graphql(desc = "How the same point of the comparison period is found.", default_with = "Alignment::DayIndex")]
        alignment: Alignment,
        #[graphql(
            desc = "What share of the target should be reached by now. Absent or null: HISTORICAL where at least four past \
            periods exist, else LINEAR."
        )]
        baseline: Option<Baseline>,
        #[graphql(desc = "The roll-up of the forecast column.", default_with = "RollUp::Commit")] roll_up: RollUp,
        #[graphql(desc = "The generation column's value.", default_with = "GenerationBasis::AsGenerated")]
        generation: GenerationBasis,
        #[graphql(desc = "The attribution model that cuts by SOURCE. Absent or null: the configured one.")] model: Option<
            ModelInput,
        >,
        #[graphql(desc = "Only changes up to this one count, to have an old answer again. Absent or null: all.")]
        data_version: Option<Change>,
    ) -> Result<Matrix> {
        let asked = asked(period, by, as_of, filter, model, data_version)?;
        let how = MatrixAsked {
            comparison: comparison.map(Into::into).unwrap_or_default(),
            alignment: alignment.into(),
            baseline: baseline.map(Into::into),
            roll_up: roll_up.into(),
            generation: generation.into(),
        };
        let answered = numbers::apm(super::app(ctx), super::caller(ctx), asked, how).await.map_err(refused)?;
        Ok(Matrix { answer: answered.answer, snapshot: answered.snapshot })
    }
}

/// What every question for numbers has in common, decoded.
///
/// # Errors
/// The filter or the model's parameters cannot be right.
pub(super) fn asked(
    period: Option<String>,
    by: Vec<Dimension>,
    as_of: Option<Instant>,
    given: Option<MatrixFilter>,
    chosen: Option<ModelInput>,
    data_version: Option<Change>,
) -> Result<Asked> {
    Ok(Asked {
        period,
        as_of: as_of.map(|at| at.0),
        data_version: data_version.map(|version| version.0),
        by: by.into_iter().map(Into::into).collect(),
        filter: filter(given)?,
        model: model(chosen)?,
    })
}
