//! How the columns stood at each of several points, for line charts.

use super::apm::{RollUp, asked};
use super::cut::{Dimension, KeyPart, MatrixFilter, ModelInput, key, refused};
use super::error::{Code, broken};
use super::scalars::{Change, Instant, Money};
use crate::app::numbers::{self, MatrixAsked, PointsAsked};
use async_graphql::{Context, Enum, Object, Result, SimpleObject};
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
#[derive(SimpleObject)]
pub struct TrendPoint {
    /// The instant.
    pub at: Instant,
    /// The column `closedAcv` as of then.
    pub closed_acv: Money,
    /// The column `openPipeline` as of then.
    pub open_pipeline: Money,
    /// The column `forecast` as of then.
    pub forecast: Money,
    /// The column `generation` as of then, by the ACV at entry.
    pub generation: Money,
    /// The column `coverage` as of then, a ratio. Null with nothing left to close or without a target.
    pub coverage: Option<f64>,
    /// The target of `closedAcv` as known then. Null without one.
    pub target: Option<Money>,
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

    /// The points, in order of time; at most 400.
    #[graphql(complexity = "50 * child_complexity + 1")]
    async fn points(&self) -> Vec<TrendPoint> {
        let currency = self.snapshot.settings().reporting_currency;
        let point = |point: &matrix::TrendPoint| TrendPoint {
            at: point.at.into(),
            closed_acv: Money::new(point.closed_acv, currency),
            open_pipeline: Money::new(point.open_pipeline, currency),
            forecast: Money::new(point.forecast, currency),
            generation: Money::new(point.generation, currency),
            coverage: point.coverage,
            target: point.target.map(|target| Money::new(target, currency)),
        };
        self.series.points.iter().map(point).collect()
    }
}

/// A trend. All its lines are of one moment, named by `dataVersion`.
pub struct Trend {
    answer: matrix::Trend,
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
    #[graphql(complexity = "10 * child_complexity + 1")]
    async fn series(&self) -> Vec<TrendSeries> {
        self.answer.series.iter().map(|series| TrendSeries { series: series.clone(), snapshot: self.snapshot.clone() }).collect()
    }

    /// The line over everything.
    async fn total(&self) -> TrendSeries {
        TrendSeries { series: self.answer.total.clone(), snapshot: self.snapshot.clone() }
    }
}

/// The trend, asked for.
#[derive(Default)]
pub struct TrendQuery;

#[Object]
impl TrendQuery {
    /// How the columns of a period stood at several points, each as it was known then: the steps of the period up to `asOf`, or
    /// the points given.
    #[graphql(complexity = "child_complexity + 10")]
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
