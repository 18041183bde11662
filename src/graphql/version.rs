//! The states that an opportunity was in.

use super::campaign::Campaign;
use super::declare::noun;
use super::line::{self, OpportunityLine};
use super::loaders;
use super::page::{Connection, Paging};
use super::region::Region;
use super::rep::Rep;
use super::scalars::{Change, Currency, Day, Instant, Money};
use super::segment::Segment;
use super::stage::{ForecastCategory, Stage};
use crate::app::rows::VersionColumn;
use async_graphql::{Context, Object, Result};
use pipewright_core::opportunity;

/// A state that an opportunity was in, from an instant until the next.
pub struct OpportunityVersion(pub opportunity::Version);

noun!(OpportunityVersion over opportunity::Version, "OpportunityVersion", by VersionColumn::ValidFrom, descending true);

/// A state that an opportunity was in, from an instant until the next.
#[Object]
impl OpportunityVersion {
    /// From when it held.
    async fn valid_from(&self) -> Instant {
        Instant(self.0.valid_from)
    }

    /// The opportunity's name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Where in the process; null only where the stage itself is not stored.
    async fn stage(&self, ctx: &Context<'_>) -> Result<Option<Stage>> {
        loaders::one(ctx, self.0.stage.0).await
    }

    /// How sure the seller was.
    async fn forecast_category(&self) -> ForecastCategory {
        self.0.forecast_category.into()
    }

    /// When it was expected to close, or did.
    async fn close_date(&self) -> Day {
        Day(self.0.close_date)
    }

    /// Total contract value; null where there was none.
    async fn amount(&self) -> Option<Money> {
        self.0.amount_minor.map(|minor| Money::new(minor, self.0.currency))
    }

    /// Annual contract value; null counts as nothing.
    async fn acv(&self) -> Option<Money> {
        self.0.acv_minor.map(|minor| Money::new(minor, self.0.currency))
    }

    /// Probability in percent, 0 to 100; null where none was set.
    async fn probability(&self) -> Option<i32> {
        self.0.probability
    }

    /// Who owned it; null where nobody did.
    async fn owner(&self, ctx: &Context<'_>) -> Result<Option<Rep>> {
        loaders::maybe(ctx, self.0.owner.map(|id| id.0)).await
    }

    /// Where it was sold; null where unknown.
    async fn region(&self, ctx: &Context<'_>) -> Result<Option<Region>> {
        loaders::maybe(ctx, self.0.region.map(|id| id.0)).await
    }

    /// To which market segment; null where unknown.
    async fn segment(&self, ctx: &Context<'_>) -> Result<Option<Segment>> {
        loaders::maybe(ctx, self.0.segment.map(|id| id.0)).await
    }

    /// What was to happen next; null where nothing was planned.
    async fn next_step(&self) -> Option<&str> {
        self.0.next_step.as_deref()
    }

    /// Why it was won or lost, as whoever closed it said; null while it was open, or where nobody said.
    async fn close_reason(&self) -> Option<&str> {
        self.0.close_reason.as_deref()
    }

    /// Whether this state is its deletion.
    async fn is_deleted(&self) -> bool {
        self.0.is_deleted
    }

    /// The currency of its amounts.
    async fn currency(&self) -> Currency {
        Currency(self.0.currency)
    }

    /// New business, renewal and the like, as the source system spelled it; null where it said none.
    #[graphql(name = "type")]
    async fn kind(&self) -> Option<&str> {
        self.0.opportunity_type.as_deref()
    }

    /// The primary campaign; null where there was none.
    async fn campaign(&self, ctx: &Context<'_>) -> Result<Option<Campaign>> {
        loaders::maybe(ctx, self.0.campaign.map(|id| id.0)).await
    }

    /// Whether its lines are as they were recorded. False where they are those of a later day, scaled to its amount.
    async fn are_lines_known(&self) -> bool {
        self.0.lines_known
    }

    /// The product lines in their order.
    #[graphql(complexity = "super::page::nested_cost(first, last) * child_complexity + 1")]
    async fn lines(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 0 to 100; 20 where neither `first` nor `last` is given.")] first: Option<i32>,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
    ) -> Result<Connection<OpportunityLine>> {
        line::of(ctx, &self.0, Paging { first, after, last, before }).await
    }

    /// The committed change that brought it to this state.
    async fn recorded_in(&self) -> Change {
        Change(self.0.recorded)
    }
}
