//! The pipeline flow: the waterfall between two instants, which balances.

use super::cut::{Dimension, KeyPart, MatrixFilter, key};
use super::page::{Connection, Paging};
use super::question::{ModelInput, asked, refused, whole};
use super::scalars::{Change, Instant, Money};
use super::share::{self, OpportunityShare};
use crate::app::numbers;
use async_graphql::{Context, Enum, Object, Result};
use pipewright_core::facts::Snapshot;
use pipewright_core::matrix;
use std::sync::Arc;

/// Where pipeline came from or went to, in the order of the waterfall.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "matrix::FlowBucket")]
pub enum FlowBucket {
    /// Created after the start; positive.
    New,
    /// Was closed at the start; positive.
    Reopened,
    /// Its close date was outside the period at the start; positive.
    MovedIn,
    /// Only an attribute of the key or filter changed; positive.
    TransferredIn,
    /// Larger than at the start; positive.
    Increased,
    /// Smaller than at the start; negative.
    Decreased,
    /// The same amount at another exchange rate; either sign.
    Revalued,
    /// Won; negative.
    ClosedWon,
    /// Lost; negative.
    ClosedLost,
    /// Its close date is outside the period at the end; negative.
    MovedOut,
    /// Only an attribute of the key or filter changed; negative.
    TransferredOut,
    /// Deleted, or omitted from the forecast; negative.
    Removed,
}

/// One bar of the waterfall.
pub struct FlowBar(matrix::FlowBar);

/// One bar of the waterfall. The amounts of all its items add up to its own.
#[Object]
impl FlowBar {
    /// Where this pipeline came from or went to.
    async fn bucket(&self) -> FlowBucket {
        self.0.bucket.into()
    }

    /// ACV, signed.
    async fn amount(&self, ctx: &Context<'_>) -> Money {
        Money::reported(ctx, self.0.amount)
    }

    /// The opportunities behind it, the largest part first. Their parts add up to `amount` exactly.
    #[graphql(complexity = "super::page::nested_cost(first, last) * child_complexity + 1")]
    async fn items(
        &self,
        #[graphql(desc = "How many from the start, 0 to 100; 20 where neither `first` nor `last` is given.")] first: Option<i32>,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
    ) -> Result<Connection<OpportunityShare>> {
        share::page(&self.0.items, "FlowBar.items", &Paging { first, after, last, before })
    }
}

/// One waterfall.
pub struct FlowRow {
    row: matrix::FlowRow,
    snapshot: Arc<Snapshot>,
}

/// One waterfall: start and all bars give end, exactly.
#[Object]
impl FlowRow {
    /// One value for each dimension; none for the total.
    #[graphql(complexity = "2 * child_complexity + 1")]
    async fn key(&self) -> Vec<KeyPart> {
        key(&self.snapshot, &self.row.key)
    }

    /// Open pipeline of the period at the start of the window.
    async fn start(&self, ctx: &Context<'_>) -> Money {
        Money::reported(ctx, self.row.start)
    }

    /// Every bucket in the order of the waterfall, also those of amount 0.
    #[graphql(complexity = "12 * child_complexity + 1")]
    async fn bars(&self) -> Vec<FlowBar> {
        self.row.bars.iter().cloned().map(FlowBar).collect()
    }

    /// Open pipeline of the period at the end of the window.
    async fn end(&self, ctx: &Context<'_>) -> Money {
        Money::reported(ctx, self.row.end)
    }

    /// What CLOSED_WON shows beyond the change of `closedAcv`: ACV of deals won before the window and undone inside it, and of
    /// deals won ahead of a close date that is still to come; less that of deals whose close date has come since, and what won
    /// deals grew by since.
    async fn unwon(&self, ctx: &Context<'_>) -> Money {
        Money::reported(ctx, self.row.unwon)
    }
}

/// The pipeline flow of a window. All its rows are of one moment, named by `dataVersion`.
pub struct Flow {
    answer: Arc<matrix::Flow>,
    snapshot: Arc<Snapshot>,
}

/// The pipeline flow of a window. All its rows are of one moment, named by `dataVersion`.
#[Object]
impl Flow {
    /// The last change that the answer holds.
    async fn data_version(&self) -> Change {
        Change(self.answer.data_version)
    }

    /// One waterfall for each key, in order of key; none where `by` is empty.
    #[graphql(complexity = "super::question::whole_cost(at_most) * child_complexity + 1")]
    async fn rows(
        &self,
        #[graphql(
            desc = "How many you are ready for, 1 to 10,000: more are refused, never cut short, since they add up.",
            default = 50
        )]
        at_most: i32,
    ) -> Result<Vec<FlowRow>> {
        let row = |row: &matrix::FlowRow| FlowRow { row: row.clone(), snapshot: self.snapshot.clone() };
        Ok(whole(&self.answer.rows, "rows", at_most)?.iter().map(row).collect())
    }

    /// The waterfall over everything.
    async fn total(&self) -> FlowRow {
        FlowRow { row: self.answer.total.clone(), snapshot: self.snapshot.clone() }
    }
}

/// The flow, asked for.
#[derive(Default)]
pub struct FlowQuery;

#[Object]
impl FlowQuery {
    /// How the open pipeline of a period came from what it was at one instant to what it was at another: a waterfall that
    /// balances, with the opportunities behind every bar.
    #[graphql(complexity = "child_complexity + 10")]
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the public field")]
    async fn pipeline_flow(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A period's name, such as FY2027-Q4. Absent or null: the quarter in which `to` lies.")] period: Option<
            String,
        >,
        #[graphql(desc = "Start of the window.")] from: Instant,
        #[graphql(desc = "End of the window, not before its start. Absent or null: now.")] to: Option<Instant>,
        #[graphql(desc = "Zero to two dimensions, no two alike. Absent or null: none.")] by: Option<Vec<Dimension>>,
        #[graphql(desc = "Which opportunities count. Absent or null: all.")] filter: Option<MatrixFilter>,
        #[graphql(desc = "The attribution model that cuts by SOURCE. Absent or null: the configured one.")] model: Option<
            ModelInput,
        >,
        #[graphql(desc = "Only changes up to this one count, to have an old answer again. Absent or null: all.")]
        data_version: Option<Change>,
    ) -> Result<Flow> {
        let app = super::app(ctx);
        let to = to.unwrap_or_else(|| app.clock.now().into());
        let asked = asked(period, by.unwrap_or_default(), Some(to), filter, model, data_version)?;
        let answered = numbers::flow(app, super::caller(ctx), asked, from.0, to.0).await.map_err(refused)?;
        Ok(Flow { answer: answered.answer, snapshot: answered.snapshot })
    }
}
