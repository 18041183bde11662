//! A free group-by for BI over the same measures as the matrix.

use super::cut::{Dimension, KeyPart, MatrixFilter, key};
use super::page::{self, Connection, DEFAULT, Listed, MOST, Paging};
use super::question::{ModelInput, asked, refused};
use super::scalars::{Change, Instant, Money};
use crate::app::numbers;
use async_graphql::{Context, Enum, Object, Result};
use pipewright_core::facts::Snapshot;
use pipewright_core::matrix;
use std::sync::Arc;

/// A number that adds up (money), or a distinct count (which does not over PRODUCT or SOURCE).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "matrix::AggregateMeasure")]
pub enum AggregateMeasure {
    /// Money: the matrix's `closedAcv`.
    ClosedAcv,
    /// Money: the matrix's `openPipeline`.
    OpenPipeline,
    /// Money: open pipeline whose close date has passed.
    Overdue,
    /// Money: open pipeline in forecast category commit.
    Commit,
    /// Money: open pipeline in forecast category most likely.
    MostLikely,
    /// Money: open pipeline in forecast category best case.
    BestCase,
    /// Money: `generation`, at entry.
    GenerationAsGenerated,
    /// Money: `generation`, at the instant.
    GenerationAsNow,
    /// Money: ACV of opportunities lost, close date in the period and not after the instant.
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

/// The value of one measure.
pub struct MeasureValue(matrix::AggregateMeasure, i64);

impl MeasureValue {
    fn is_count(&self) -> bool {
        use matrix::AggregateMeasure as M;
        matches!(self.0, M::ClosedCount | M::OpenCount | M::GenerationCount | M::LostCount)
    }
}

/// The value of one measure.
#[Object]
impl MeasureValue {
    /// Which measure.
    async fn measure(&self) -> AggregateMeasure {
        self.0.into()
    }

    /// Its amount; null for a count.
    async fn money(&self, ctx: &Context<'_>) -> Option<Money> {
        (!self.is_count()).then(|| Money::reported(ctx, self.1))
    }

    /// Its count of distinct opportunities; null for money.
    async fn count(&self) -> Option<i32> {
        self.is_count().then(|| i32::try_from(self.1).unwrap_or(i32::MAX))
    }
}

/// One row of an aggregate.
pub struct AggregateRow {
    row: matrix::AggregateRow,
    from: Arc<Asked>,
}

impl Listed for AggregateRow {
    const NAME: &'static str = "AggregateRow";
}

/// One row of an aggregate, for one key.
#[Object]
impl AggregateRow {
    /// One value for each dimension; none for the total.
    #[graphql(complexity = "4 * child_complexity + 1")]
    async fn key(&self) -> Vec<KeyPart> {
        key(&self.from.snapshot, &self.row.key)
    }

    /// One value for each measure, in the order asked for. How many there are is counted where `aggregate` stands.
    #[graphql(complexity = "child_complexity + 1")]
    async fn values(&self) -> Vec<MeasureValue> {
        let value = |(measure, value): (&matrix::AggregateMeasure, &i64)| MeasureValue(*measure, *value);
        self.from.measures.iter().zip(&self.row.values).map(value).collect()
    }
}

/// What is common to all rows of an aggregate.
struct Asked {
    measures: Vec<matrix::AggregateMeasure>,
    snapshot: Arc<Snapshot>,
}

/// An aggregate. All its rows are of one moment, named by `dataVersion`.
pub struct Aggregate {
    answer: Arc<matrix::Aggregate>,
    from: Arc<Asked>,
}

impl Aggregate {
    fn row(&self, row: &matrix::AggregateRow) -> AggregateRow {
        AggregateRow { row: row.clone(), from: self.from.clone() }
    }
}

/// An aggregate. All its rows are of one moment, named by `dataVersion`.
#[Object]
impl Aggregate {
    /// The last change that the answer holds. Give it as `dataVersion` to have other pages of the same answer.
    async fn data_version(&self) -> Change {
        Change(self.answer.data_version)
    }

    /// The rows with a value other than 0, in order of key.
    #[graphql(complexity = "super::page::cost(first, last) * child_complexity + 1")]
    async fn rows(
        &self,
        #[graphql(desc = "How many from the start, 0 to 500; 50 where neither `first` nor `last` is given.")] first: Option<i32>,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 500; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
    ) -> Result<Connection<AggregateRow>> {
        let place = |row: &matrix::AggregateRow| row.key.clone();
        let paging = Paging { first, after, last, before };
        page::of_list(&self.answer.rows, "Aggregate.rows", place, |row| self.row(row), &paging, (DEFAULT, MOST))
    }

    /// The row over everything, on every page.
    async fn total(&self) -> AggregateRow {
        self.row(&self.answer.total)
    }
}

/// The aggregate, asked for.
#[derive(Default)]
pub struct AggregateQuery;

#[Object]
impl AggregateQuery {
    /// A free group-by for BI over the same measures as the matrix, cut by zero to four dimensions.
    #[graphql(complexity = "measures.len().max(1) * child_complexity + 10")]
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the public field")]
    async fn aggregate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which measures: at least one, no two alike.")] measures: Vec<AggregateMeasure>,
        #[graphql(desc = "Zero to four dimensions, no two alike. Absent or null: none.")] by: Option<Vec<Dimension>>,
        #[graphql(desc = "A period's name, such as FY2027-Q4. Absent or null: the quarter in which `asOf` lies.")] period: Option<
            String,
        >,
        #[graphql(desc = "The instant as of which facts are read. Absent or null: now.")] as_of: Option<Instant>,
        #[graphql(desc = "Which opportunities count. Absent or null: all.")] filter: Option<MatrixFilter>,
        #[graphql(desc = "The attribution model that cuts by SOURCE. Absent or null: the configured one.")] model: Option<
            ModelInput,
        >,
        #[graphql(desc = "Only changes up to this one count, to have an old answer again. Absent or null: all.")]
        data_version: Option<Change>,
    ) -> Result<Aggregate> {
        let asked = asked(period, by.unwrap_or_default(), as_of, filter, model, data_version)?;
        let measures: Vec<matrix::AggregateMeasure> = measures.into_iter().map(Into::into).collect();
        let answered = numbers::aggregate(super::app(ctx), super::caller(ctx), asked, measures.clone()).await.map_err(refused)?;
        Ok(Aggregate { answer: answered.answer, from: Arc::new(Asked { measures, snapshot: answered.snapshot }) })
    }
}
