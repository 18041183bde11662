//! A free group-by for BI over the same measures as the matrix.

use super::apm::asked;
use super::cut::{Dimension, KeyPart, MatrixFilter, ModelInput, key, refused};
use super::error::{Code, broken};
use super::scalars::{Change, Instant, Money};
use crate::app::numbers;
use async_graphql::{Context, Enum, Object, Result, SimpleObject};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pipewright_core::facts::Snapshot;
use pipewright_core::matrix;
use std::sync::Arc;

const MOST_ROWS: i32 = 500;

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
#[derive(SimpleObject)]
pub struct MeasureValue {
    /// Which measure.
    pub measure: AggregateMeasure,
    /// Its amount; null for a count.
    pub money: Option<Money>,
    /// Its count of distinct opportunities; null for money.
    pub count: Option<i32>,
}

/// One row of an aggregate.
pub struct AggregateRow {
    row: matrix::AggregateRow,
    measures: Arc<Vec<matrix::AggregateMeasure>>,
    snapshot: Arc<Snapshot>,
}

/// One row of an aggregate, for one key.
#[Object]
impl AggregateRow {
    /// One value for each dimension; none for the total.
    #[graphql(complexity = "4 * child_complexity + 1")]
    async fn key(&self) -> Vec<KeyPart> {
        key(&self.snapshot, &self.row.key)
    }

    /// One value for each measure, in the order asked for.
    #[graphql(complexity = "4 * child_complexity + 1")]
    async fn values(&self) -> Vec<MeasureValue> {
        let currency = self.snapshot.settings().reporting_currency;
        let value = |(measure, value): (&matrix::AggregateMeasure, &i64)| {
            use matrix::AggregateMeasure as M;
            let is_count = matches!(measure, M::ClosedCount | M::OpenCount | M::GenerationCount | M::LostCount);
            MeasureValue {
                measure: (*measure).into(),
                money: (!is_count).then(|| Money::new(*value, currency)),
                count: is_count.then(|| i32::try_from(*value).unwrap_or(i32::MAX)),
            }
        };
        self.measures.iter().zip(&self.row.values).map(value).collect()
    }
}

/// A page of an aggregate's rows.
pub struct Aggregate {
    answer: matrix::Aggregate,
    measures: Arc<Vec<matrix::AggregateMeasure>>,
    snapshot: Arc<Snapshot>,
    from: usize,
    to: usize,
}

impl Aggregate {
    fn row(&self, row: &matrix::AggregateRow) -> AggregateRow {
        AggregateRow { row: row.clone(), measures: self.measures.clone(), snapshot: self.snapshot.clone() }
    }
}

/// A page of an aggregate's rows, in order of key. All of them are of one moment, named by `dataVersion`.
#[Object]
impl Aggregate {
    /// The last change that the answer holds. Give it as `dataVersion` to have the next page of the same answer.
    async fn data_version(&self) -> Change {
        Change(self.answer.data_version)
    }

    /// How many rows there are on all pages.
    async fn total_count(&self) -> i32 {
        i32::try_from(self.answer.rows.len()).unwrap_or(i32::MAX)
    }

    /// The rows of this page. Its size is counted where `first` stands.
    #[graphql(complexity = "child_complexity")]
    async fn rows(&self) -> Vec<AggregateRow> {
        self.answer.rows[self.from..self.to].iter().map(|row| self.row(row)).collect()
    }

    /// Where the next page starts: give it as `after`. Null on the last page.
    async fn next(&self) -> Option<String> {
        (self.to < self.answer.rows.len()).then(|| cursor(self.to))
    }

    /// The row over everything, on every page.
    async fn total(&self) -> AggregateRow {
        self.row(&self.answer.total)
    }
}

fn cursor(at: usize) -> String {
    URL_SAFE_NO_PAD.encode(format!("row:{at}"))
}

fn place(cursor_given: &str) -> Option<usize> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor_given).ok()?).ok()?;
    let at = text.strip_prefix("row:")?.parse().ok()?;
    (cursor(at) == cursor_given).then_some(at)
}

/// The aggregate, asked for.
#[derive(Default)]
pub struct AggregateQuery;

#[Object]
impl AggregateQuery {
    /// A free group-by for BI over the same measures as the matrix, cut by zero to four dimensions, page by page.
    #[graphql(complexity = "usize::try_from(first.clamp(1, MOST_ROWS)).unwrap_or(1) * child_complexity + 10")]
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
        #[graphql(desc = "Rows of the page: 1 to 500.", default = 50)] first: i32,
        #[graphql(desc = "Where the page starts: `next` of the page before. Absent or null: at the first row.")] after: Option<
            String,
        >,
    ) -> Result<Aggregate> {
        if !(1..=MOST_ROWS).contains(&first) {
            return Err(broken(Code::BadUserInput, format!("'first' is 1 to {MOST_ROWS}")));
        }
        let wrong = || broken(Code::BadUserInput, "'after' is no cursor that was given out here");
        let from = after.as_deref().map_or(Ok(0), |after| place(after).ok_or_else(wrong))?;
        let asked = asked(period, by.unwrap_or_default(), as_of, filter, model, data_version)?;
        let measures: Vec<matrix::AggregateMeasure> = measures.into_iter().map(Into::into).collect();
        let answered = numbers::aggregate(super::app(ctx), super::caller(ctx), asked, measures.clone()).await.map_err(refused)?;
        let count = answered.answer.rows.len();
        let from = from.min(count);
        let to = from.saturating_add(usize::try_from(first).unwrap_or(0)).min(count);
        Ok(Aggregate { answer: answered.answer, measures: Arc::new(measures), snapshot: answered.snapshot, from, to })
    }
}
