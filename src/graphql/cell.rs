//! One cell of the accountability performance matrix: its five columns, and the opportunities behind it.

use super::cut::{KeyPart, key};
use super::page::{Connection, Paging};
use super::question::{Baseline, refused};
use super::scalars::{Money, count};
use super::share::{self, OpportunityShare};
use crate::app::numbers::{self, Asked, MatrixAsked};
use async_graphql::{Context, Enum, Object, Result};
use pipewright_core::facts::Snapshot;
use pipewright_core::matrix;
use std::sync::Arc;

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
pub struct MoneyColumn(pub matrix::MoneyColumn);

/// One column of one cell, for money.
#[Object]
impl MoneyColumn {
    /// The measure for the period as of the answer's instant.
    async fn value(&self, ctx: &Context<'_>) -> Money {
        Money::reported(ctx, self.0.value)
    }

    /// What it should reach, by the latest rows at or before the instant: that of exactly this key (for a quarter, else its
    /// months, each with its own); else the sum of one complete finer set, the one with the fewest dimensions; else null. A set
    /// is complete where every key within the cell that has an opportunity or a row for the period has a row; keys without a
    /// value, such as `(no product)`, need none. Under a filter, a row counts that is wholly let through; one of which only a
    /// part may be gives null.
    async fn target(&self, ctx: &Context<'_>) -> Option<Money> {
        self.0.target.map(|minor| Money::reported(ctx, minor))
    }

    /// value / target, a ratio. Null without a target.
    async fn attainment(&self) -> Option<f64> {
        self.0.attainment
    }

    /// The same measure at the same point of the comparison period, as it was known then.
    async fn prior(&self, ctx: &Context<'_>) -> Money {
        Money::reported(ctx, self.0.prior)
    }

    /// value - prior.
    async fn change(&self, ctx: &Context<'_>) -> Money {
        Money::reported(ctx, self.0.change)
    }

    /// change / |prior|, a ratio (0.2 is +20%). Null where prior is 0.
    async fn yoy(&self) -> Option<f64> {
        self.0.yoy
    }

    /// The share of the target that should be reached by now, a ratio. Null where nothing can be expected.
    async fn expected(&self) -> Option<f64> {
        self.0.expected
    }

    /// attainment / expected, a ratio. Null where either is missing.
    async fn pace(&self) -> Option<f64> {
        self.0.pace
    }

    /// The baseline behind `expected`. Null for levels (open pipeline, forecast), whose expected is 1.
    async fn baseline(&self) -> Option<Baseline> {
        self.0.baseline.map(Into::into)
    }

    /// The colour, from pace.
    async fn status(&self) -> Status {
        self.0.status.into()
    }

    /// Why it has that colour.
    async fn status_reason(&self) -> StatusReason {
        self.0.status_reason.into()
    }
}

/// The coverage column of one cell. All are ratios unless they say otherwise.
pub struct CoverageColumn(pub matrix::CoverageColumn);

/// The coverage column of one cell. All are ratios unless they say otherwise.
#[Object]
impl CoverageColumn {
    /// openPipeline / (target - closedAcv). Null with nothing left to close or without a target.
    async fn value(&self) -> Option<f64> {
        self.0.value
    }

    /// 1 / winRate: the coverage that should stand. Null without a win rate.
    async fn required(&self) -> Option<f64> {
        self.0.required
    }

    /// openPipeline / target. Null without a target.
    async fn gross(&self) -> Option<f64> {
        self.0.gross
    }

    /// The won share, by ACV, of what was open at the same day of the last four periods. Null where nothing was.
    async fn win_rate(&self) -> Option<f64> {
        self.0.win_rate
    }

    /// Whether the cell had fewer than 20 such opportunities, so that the total's rate stands in.
    async fn win_rate_is_totals(&self) -> bool {
        self.0.win_rate_is_totals
    }

    /// (target - closedAcv) / winRate - openPipeline: what is still to be generated. Null without a target or a win rate.
    async fn pipeline_needed(&self, ctx: &Context<'_>) -> Option<Money> {
        self.0.pipeline_needed.map(|minor| Money::reported(ctx, minor))
    }

    /// Coverage at the same point of the comparison period. Null where there was none.
    async fn prior(&self) -> Option<f64> {
        self.0.prior
    }

    /// value - prior. Null where either is.
    async fn change(&self) -> Option<f64> {
        self.0.change
    }

    /// change / |prior|. Null where it cannot be had.
    async fn yoy(&self) -> Option<f64> {
        self.0.yoy
    }

    /// value / required. Null where either is.
    async fn pace(&self) -> Option<f64> {
        self.0.pace
    }

    /// The colour, from pace.
    async fn status(&self) -> Status {
        self.0.status.into()
    }

    /// Why it has that colour.
    async fn status_reason(&self) -> StatusReason {
        self.0.status_reason.into()
    }
}

/// What the forecast column is made of.
pub struct ForecastParts(pub matrix::ForecastParts);

/// What the forecast column is made of.
#[Object]
impl ForecastParts {
    /// The forecast submitted for exactly this cell (see `forecasts`), the latest at or before `asOf`; else the sum of one
    /// complete finer set, as with targets. Null where there is neither.
    async fn judgement(&self, ctx: &Context<'_>) -> Option<Money> {
        self.0.judgement.map(|minor| Money::reported(ctx, minor))
    }

    /// The roll-up asked for.
    async fn roll_up(&self, ctx: &Context<'_>) -> Money {
        Money::reported(ctx, self.0.roll_up)
    }

    /// The owner's adjustment; 0 without one.
    async fn owner_adjustment(&self, ctx: &Context<'_>) -> Money {
        Money::reported(ctx, self.0.owner_adjustment)
    }

    /// The manager's adjustment; 0 without one.
    async fn manager_adjustment(&self, ctx: &Context<'_>) -> Money {
        Money::reported(ctx, self.0.manager_adjustment)
    }

    /// rollUp and both adjustments.
    async fn total(&self, ctx: &Context<'_>) -> Money {
        Money::reported(ctx, self.0.total)
    }

    /// A total's own forecast less the sum of its cells. Null on cells without finer cells, or without a forecast submitted.
    async fn gap(&self, ctx: &Context<'_>) -> Option<Money> {
        self.0.gap.map(|minor| Money::reported(ctx, minor))
    }
}

/// An amount of a cell that opportunities add up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "matrix::CellMeasure")]
pub enum CellMeasure {
    /// `closedAcv`.
    ClosedAcv,
    /// `openPipeline`.
    OpenPipeline,
    /// `overdue`: open pipeline whose close date has passed.
    Overdue,
    /// Open pipeline in forecast category commit.
    Commit,
    /// Open pipeline in forecast category most likely.
    MostLikely,
    /// Open pipeline in forecast category best case.
    BestCase,
    /// `asGenerated`: generation by the ACV at entry.
    GenerationAsGenerated,
    /// `asNow`: generation by the ACV at the instant.
    GenerationAsNow,
    /// `reopened`: came back from lost.
    Reopened,
}

/// The question that a matrix answers, pinned to its moment, so that what is behind a cell can be asked later.
pub struct Asking {
    /// Where labels come from.
    pub snapshot: Arc<Snapshot>,
    /// What was asked, with nothing left open.
    pub asked: Asked,
    /// How.
    pub how: MatrixAsked,
    /// Held while what is behind one cell is computed: a matrix of a hundred cells is one caller, not a hundred.
    pub turn: tokio::sync::Mutex<()>,
}

/// One cell of a matrix, for one key.
pub struct MatrixCell {
    /// The cell.
    pub cell: matrix::Cell,
    /// Of which matrix.
    pub from: Arc<Asking>,
}

/// One cell of a matrix, for one key. ACV is annual contract value. Amounts add up over every dimension to the cent; counts are distinct and do not add up
/// over PRODUCT or SOURCE.
#[Object]
impl MatrixCell {
    /// One value for each dimension the cell is cut by; fewer for a subtotal, none for the total.
    #[graphql(complexity = "4 * child_complexity + 1")]
    async fn key(&self) -> Vec<KeyPart> {
        key(&self.from.snapshot, &self.cell.key)
    }

    /// ACV of opportunities won, close date in the period and not after the instant.
    async fn closed_acv(&self) -> MoneyColumn {
        MoneyColumn(self.cell.closed_acv.clone())
    }

    /// ACV of open opportunities with close date in the period.
    async fn open_pipeline(&self) -> MoneyColumn {
        MoneyColumn(self.cell.open_pipeline.clone())
    }

    /// The forecast submitted for the cell if there is one, else the roll-up asked for.
    async fn forecast(&self) -> MoneyColumn {
        MoneyColumn(self.cell.forecast.clone())
    }

    /// What the forecast is made of.
    async fn forecast_parts(&self) -> ForecastParts {
        ForecastParts(self.cell.forecast_parts.clone())
    }

    /// ACV of opportunities whose entry (creation, or the first arrival at the configured stage) lies in the period and not
    /// after the instant, whatever their state now.
    async fn generation(&self) -> MoneyColumn {
        MoneyColumn(self.cell.generation.clone())
    }

    /// Generation by the ACV at entry, frozen.
    async fn as_generated(&self, ctx: &Context<'_>) -> Money {
        Money::reported(ctx, self.cell.generation_as_generated)
    }

    /// Generation by the same opportunities' ACV at the instant.
    async fn as_now(&self, ctx: &Context<'_>) -> Money {
        Money::reported(ctx, self.cell.generation_as_now)
    }

    /// Open pipeline over what is left to close.
    async fn coverage(&self) -> CoverageColumn {
        CoverageColumn(self.cell.coverage.clone())
    }

    /// Open pipeline whose close date has passed; part of `openPipeline`.
    async fn overdue(&self, ctx: &Context<'_>) -> Money {
        Money::reported(ctx, self.cell.overdue)
    }

    /// ACV of opportunities that came back from lost in the period; not part of `generation`.
    async fn reopened(&self, ctx: &Context<'_>) -> Money {
        Money::reported(ctx, self.cell.reopened)
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

    /// The opportunities behind one amount of the cell, each with its part, the largest first. All parts add up to the amount
    /// exactly; where a cut splits opportunities (PRODUCT, SOURCE), a part is less than the whole.
    #[graphql(complexity = "super::page::nested_cost(first, last) * child_complexity + 50")]
    async fn opportunities(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Behind which amount.")] measure: CellMeasure,
        #[graphql(desc = "How many from the start, 0 to 100; 20 where neither `first` nor `last` is given.")] first: Option<i32>,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
    ) -> Result<Connection<OpportunityShare>> {
        let Asking { asked, how, turn, .. } = self.from.as_ref();
        let _one_at_a_time = turn.lock().await;
        let (app, caller, key) = (super::app(ctx), super::caller(ctx), self.cell.key.clone());
        let shares = numbers::behind(app, caller, asked.clone(), how.clone(), key, measure.into()).await.map_err(refused)?;
        share::page(&shares, "MatrixCell.opportunities", &Paging { first, after, last, before })
    }
}
