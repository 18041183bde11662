//! How the columns stood at each of several points, for line charts.

use super::cut::{Dimension, KeyPart, MatrixFilter, key};
use super::error::{Code, broken};
use super::question::{ModelInput, RollUp, asked, refused, whole};
use super::scalars::{Change, Instant, Money};
use crate::app::numbers::{self, MOST_POINTS, MatrixAsked, PointsAsked};
use async_graphql::{Context, Enum, Object, Result};
use pipewright_core::calendar::PeriodName;
use pipewright_core::facts::Snapshot;
use pipewright_core::matrix;
use std::sync::Arc;

/// The distance between two points of a trend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "numbers::Step")]
pub enum TrendStep {
    /// The end of each day.
    Day,
    /// The end of each seventh day, counted from the period's start.
    Week,
    /// The end of each fiscal month.
    Month,
}

/// One point of a trend, as known then.
pub struct TrendPoint(matrix::TrendPoint);

/// One point of a trend, as known then.
#[Object]
impl TrendPoint {
    /// The instant.
    async fn at(&self) -> Instant {
        self.0.at.into()
    }

    /// The column `closedAcv` as of then.
    async fn closed_acv(&self, ctx: &Context<'_>) -> Money {
        Money::reported(ctx, self.0.closed_acv)
    }

    /// The column `openPipeline` as of then.
    async fn open_pipeline(&self, ctx: &Context<'_>) -> Money {
        Money::reported(ctx, self.0.open_pipeline)
    }

    /// The column `forecast` as of then.
    async fn forecast(&self, ctx: &Context<'_>) -> Money {
        Money::reported(ctx, self.0.forecast)
    }

    /// The column `generation` as of then, by the ACV at entry.
    async fn generation(&self, ctx: &Context<'_>) -> Money {
        Money::reported(ctx, self.0.generation)
    }

    /// The column `coverage` as of then, a ratio. Null with nothing left to close or without a target.
    async fn coverage(&self) -> Option<f64> {
        self.0.coverage
    }

    /// The target of `closedAcv` as known then. Null without one.
    async fn target(&self, ctx: &Context<'_>) -> Option<Money> {
        self.0.target.map(|minor| Money::reported(ctx, minor))
    }
}

/// One line of a trend.
pub struct TrendSeries {
    series: matrix::TrendSeries,
    snapshot: Arc<Snapshot>,
}

/// One line of a trend, for one key.
#[Object]
impl TrendSeries {
    /// One value for each dimension; none for the total.
    #[graphql(complexity = "2 * child_complexity + 1")]
    async fn key(&self) -> Vec<KeyPart> {
        key(&self.snapshot, &self.series.key)
    }

    /// The points, in order of time. How many there can be is counted where `pipelineTrend` stands.
    #[graphql(complexity = "child_complexity + 1")]
    async fn points(&self) -> Vec<TrendPoint> {
        self.series.points.iter().cloned().map(TrendPoint).collect()
    }
}

/// A trend. All its lines are of one moment, named by `dataVersion`.
pub struct Trend {
    answer: Arc<matrix::Trend>,
    snapshot: Arc<Snapshot>,
}

/// A trend. All its lines are of one moment, named by `dataVersion`.
#[Object]
impl Trend {
    /// The last change that the answer holds.
    async fn data_version(&self) -> Change {
        Change(self.answer.data_version)
    }

    /// One line for each key, in order of key; none where `by` is empty.
    #[graphql(complexity = "super::question::whole_cost(at_most) * child_complexity + 1")]
    async fn series(
        &self,
        #[graphql(
            desc = "How many you are ready for, 1 to 10,000: more are refused, never cut short, since they add up.",
            default = 20
        )]
        at_most: i32,
    ) -> Result<Vec<TrendSeries>> {
        let line = |series: &matrix::TrendSeries| TrendSeries { series: series.clone(), snapshot: self.snapshot.clone() };
        Ok(whole(&self.answer.series, "series", at_most)?.iter().map(line).collect())
    }

    /// The line over everything.
    async fn total(&self) -> TrendSeries {
        TrendSeries { series: self.answer.total.clone(), snapshot: self.snapshot.clone() }
    }
}

/// How many points a trend of these arguments has at the most: what its cost is multiplied by.
fn points_at_most(period: Option<&str>, step: Option<TrendStep>, points: Option<&[Instant]>) -> usize {
    if let Some(points) = points {
        return points.len().clamp(1, MOST_POINTS);
    }
    let (days, months) = match period.map(str::parse) {
        Some(Ok(PeriodName::Year(_))) => (371, 12),
        Some(Ok(PeriodName::Month(..))) => (35, 1),
        Some(Ok(PeriodName::Range(start, end))) => {
            let days = usize::try_from((end - start).num_days()).unwrap_or(1);
            (days, days / 28 + 2)
        }
        Some(Ok(PeriodName::Quarter(..)) | Err(_)) | None => (98, 3),
    };
    let most = match step.unwrap_or(TrendStep::Week) {
        TrendStep::Day => days,
        TrendStep::Week => days / 7 + 1,
        TrendStep::Month => months,
    };
    most.clamp(1, MOST_POINTS)
}

/// The trend, asked for.
#[derive(Default)]
pub struct TrendQuery;

#[Object]
impl TrendQuery {
    /// How the columns of a period stood at several points, each as it was known then: the steps of the period up to `asOf`, or
    /// the points given.
    #[graphql(complexity = "points_at_most(period.as_deref(), step, points.as_deref()) * child_complexity + 10")]
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the public field")]
    async fn pipeline_trend(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A period's name, such as FY2027-Q4. Absent or null: the quarter in which `asOf` lies.")] period: Option<
            String,
        >,
        #[graphql(desc = "Zero to two dimensions, no two alike. Absent or null: none.")] by: Option<Vec<Dimension>>,
        #[graphql(desc = "The distance between points. Absent or null: WEEK, unless `points` is given.")] step: Option<TrendStep>,
        #[graphql(desc = "The points, instead of `step`: 1 to 400 instants.")] points: Option<Vec<Instant>>,
        #[graphql(desc = "No step goes past this instant. Absent or null: now.")] as_of: Option<Instant>,
        #[graphql(desc = "Which opportunities count. Absent or null: all.")] filter: Option<MatrixFilter>,
        #[graphql(desc = "The roll-up of the forecast column.", default_with = "RollUp::Commit")] roll_up: RollUp,
        #[graphql(desc = "The attribution model that cuts by SOURCE. Absent or null: the configured one.")] model: Option<
            ModelInput,
        >,
        #[graphql(desc = "Only changes up to this one count, to have an old answer again. Absent or null: all.")]
        data_version: Option<Change>,
    ) -> Result<Trend> {
        let points = match (points, step) {
            (Some(_), Some(_)) => return Err(broken(Code::BadUserInput, "give 'points' or 'step', not both")),
            (Some(points), None) => PointsAsked::Given(points.into_iter().map(|point| point.0).collect()),
            (None, step) => PointsAsked::Every(step.unwrap_or(TrendStep::Week).into()),
        };
        let asked = asked(period, by.unwrap_or_default(), as_of, filter, model, data_version)?;
        let how = MatrixAsked { roll_up: roll_up.into(), ..MatrixAsked::default() };
        let answered = numbers::trend(super::app(ctx), super::caller(ctx), asked, how, points).await.map_err(refused)?;
        Ok(Trend { answer: answered.answer, snapshot: answered.snapshot })
    }
}
