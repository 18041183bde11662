//! Opportunities as they stand, and everything that hangs on one.

use super::account::Account;
use super::campaign::Campaign;
use super::contact::Contact;
use super::filter::{DateFilter, DateTimeFilter, IdFilter, TextFilter, filter_input, order_input};
use super::loaders;
use super::node::global_id;
use super::page::{Connection, Noun, Paging, nested, noun, roots};
use super::product::Product;
use super::region::Region;
use super::rep::Rep;
use super::scalars::{Currency, Day, Instant, Money};
use super::segment::Segment;
use super::stage::{ForecastCategory, ForecastCategoryFilter, Stage};
use super::touchpoint::{Touchpoint, TouchpointOrder};
use crate::app::rows::{
    ContactRoleColumn, Filter, LineColumn, OpportunityColumn, OpportunityState, Order, SplitColumn, TouchpointColumn,
    VersionColumn,
};
use async_graphql::{Context, ID, Object, Result};
use pipewright_core::currency::CurrencyCode;
use pipewright_core::opportunity;

/// Lines, contacts or splits of one opportunity that are listed at most.
const MOST_PARTS: u64 = 500;

/// A deal, as it stands today.
pub struct Opportunity(pub OpportunityState);

noun!(Opportunity over OpportunityState, "Opportunity", by OpportunityColumn::CreatedAt, descending true);

/// A deal, as it stands today.
#[Object]
impl Opportunity {
    /// Opaque, and unique across all types.
    pub async fn id(&self) -> ID {
        global_id(Self::NAME, self.0.opportunity.id.0)
    }

    /// The source system's id; null where the opportunity was made here.
    async fn external_id(&self) -> Option<&str> {
        self.0.opportunity.external_id.as_deref()
    }

    /// Its name.
    async fn name(&self) -> &str {
        &self.0.version.name
    }

    /// When it was created.
    async fn created_at(&self) -> Instant {
        Instant(self.0.opportunity.created_at)
    }

    /// From when it stands as it does: the instant of its last change.
    async fn changed_at(&self) -> Instant {
        Instant(self.0.version.valid_from)
    }

    /// The source system's lead source, as it spells it; null where it says none.
    async fn lead_source(&self) -> Option<&str> {
        self.0.opportunity.lead_source.as_deref()
    }

    /// The last activity that the source system logged; null where it logged none.
    async fn last_activity_on(&self) -> Option<Day> {
        self.0.opportunity.last_activity_on.map(Day)
    }

    /// Free text; null where there is none.
    async fn description(&self) -> Option<&str> {
        self.0.opportunity.description.as_deref()
    }

    /// How sure the seller is.
    async fn forecast_category(&self) -> ForecastCategory {
        self.0.version.forecast_category.into()
    }

    /// When it is expected to close, or did.
    async fn close_date(&self) -> Day {
        Day(self.0.version.close_date)
    }

    /// The currency of its amounts.
    async fn currency(&self) -> Currency {
        Currency(self.0.version.currency)
    }

    /// Total contract value; null where the source system has none.
    async fn amount(&self) -> Option<Money> {
        self.0.version.amount_minor.map(|minor| Money::new(minor, self.0.version.currency))
    }

    /// Annual contract value, the measure of its size everywhere; null counts as nothing.
    async fn acv(&self) -> Option<Money> {
        self.0.version.acv_minor.map(|minor| Money::new(minor, self.0.version.currency))
    }

    /// Probability in percent, 0 to 100; null where none is set.
    async fn probability(&self) -> Option<i32> {
        self.0.version.probability
    }

    /// New business, renewal and the like, as the source system spells it; null where it says none.
    #[graphql(name = "type")]
    async fn kind(&self) -> Option<&str> {
        self.0.version.opportunity_type.as_deref()
    }

    /// What happens next; null where nothing is planned.
    async fn next_step(&self) -> Option<&str> {
        self.0.version.next_step.as_deref()
    }

    /// Whom it sells to; null where unknown.
    async fn account(&self, ctx: &Context<'_>) -> Result<Option<Account>> {
        loaders::maybe(ctx, self.0.opportunity.account.map(|id| id.0)).await
    }

    /// Who owns it; null where nobody does.
    async fn owner(&self, ctx: &Context<'_>) -> Result<Option<Rep>> {
        loaders::maybe(ctx, self.0.version.owner.map(|id| id.0)).await
    }

    /// Who created it; null where unknown.
    async fn created_by(&self, ctx: &Context<'_>) -> Result<Option<Rep>> {
        loaders::maybe(ctx, self.0.opportunity.created_by.map(|id| id.0)).await
    }

    /// Where in the process it stands; null only where the stage itself is not stored.
    async fn stage(&self, ctx: &Context<'_>) -> Result<Option<Stage>> {
        loaders::one(ctx, self.0.version.stage.0).await
    }

    /// Where it is sold; null where unknown.
    async fn region(&self, ctx: &Context<'_>) -> Result<Option<Region>> {
        loaders::maybe(ctx, self.0.version.region.map(|id| id.0)).await
    }

    /// To which market segment; null where unknown.
    async fn segment(&self, ctx: &Context<'_>) -> Result<Option<Segment>> {
        loaders::maybe(ctx, self.0.version.segment.map(|id| id.0)).await
    }

    /// The primary campaign; null where there is none.
    async fn campaign(&self, ctx: &Context<'_>) -> Result<Option<Campaign>> {
        loaders::maybe(ctx, self.0.version.campaign.map(|id| id.0)).await
    }

    /// The product lines in their order; empty where it has none. The first 500 at most.
    #[graphql(complexity = "20 * child_complexity + 1")]
    async fn lines(&self, ctx: &Context<'_>) -> Result<Vec<OpportunityLine>> {
        let Some(set) = self.0.version.line_set else { return Ok(Vec::new()) };
        let order = Order { column: LineColumn::Position, descending: false };
        let everything = Filter::everything();
        let lines = loaders::list(ctx, LineColumn::LineSet, set.0, everything, order, MOST_PARTS).await?;
        let currency = self.0.version.currency;
        Ok(lines.into_iter().map(|line| OpportunityLine { line, currency }).collect())
    }

    /// The parts that contacts play. The first 500 at most.
    #[graphql(complexity = "20 * child_complexity + 1")]
    async fn contact_roles(&self, ctx: &Context<'_>) -> Result<Vec<ContactRole>> {
        let order = Order { column: ContactRoleColumn::Id, descending: false };
        let (column, id) = (ContactRoleColumn::Opportunity, self.0.opportunity.id.0);
        let roles = loaders::list(ctx, column, id, Filter::everything(), order, MOST_PARTS).await?;
        Ok(roles.into_iter().map(ContactRole).collect())
    }

    /// The shares of reps. The first 500 at most.
    #[graphql(complexity = "20 * child_complexity + 1")]
    async fn splits(&self, ctx: &Context<'_>) -> Result<Vec<OpportunitySplit>> {
        let order = Order { column: SplitColumn::Id, descending: false };
        let (column, id) = (SplitColumn::Opportunity, self.0.opportunity.id.0);
        let splits = loaders::list(ctx, column, id, Filter::everything(), order, MOST_PARTS).await?;
        Ok(splits.into_iter().map(OpportunitySplit).collect())
    }

    /// Every state it has been in, the latest first.
    #[graphql(complexity = "super::page::cost(first, last, super::page::NESTED_DEFAULT) * child_complexity + 1")]
    async fn history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 0 to 100; 20 where neither `first` nor `last` is given.")] first: Option<i32>,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
    ) -> Result<Connection<OpportunityVersion>> {
        let paging = Paging { first, after, last, before };
        let order: Option<Order<VersionColumn>> = None;
        nested(ctx, VersionColumn::Opportunity, self.0.opportunity.id.0, Filter::everything(), order, paging).await
    }

    /// The interactions that were logged on it.
    #[graphql(complexity = "super::page::cost(first, last, super::page::NESTED_DEFAULT) * child_complexity + 1")]
    async fn touchpoints(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "In which order.")] order_by: Option<TouchpointOrder>,
        #[graphql(desc = "How many from the start, 0 to 100; 20 where neither `first` nor `last` is given.")] first: Option<i32>,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Touchpoint>> {
        let paging = Paging { first, after, last, before };
        let id = self.0.opportunity.id.0;
        nested(ctx, TouchpointColumn::Opportunity, id, Filter::everything(), order_by, paging).await
    }
}

/// One product line of an opportunity.
pub struct OpportunityLine {
    line: opportunity::Line,
    currency: CurrencyCode,
}

/// One product line of an opportunity.
#[Object]
impl OpportunityLine {
    /// What is sold; null where the source system names no product that is known.
    async fn product(&self, ctx: &Context<'_>) -> Result<Option<Product>> {
        loaders::maybe(ctx, self.line.product.map(|id| id.0)).await
    }

    /// How many; null where the source system does not say.
    async fn quantity(&self) -> Option<f64> {
        self.line.quantity_milli.map(|milli| milli as f64 / 1_000.0)
    }

    /// Total price.
    async fn amount(&self) -> Money {
        Money::new(self.line.amount_minor, self.currency)
    }

    /// Annual contract value: the total price over the term in years.
    async fn acv(&self) -> Money {
        Money::new(self.line.acv_minor, self.currency)
    }

    /// Length of the contract in months; null counts as one year.
    async fn term_months(&self) -> Option<i32> {
        self.line.term_months
    }
}

/// A contact's part in an opportunity.
pub struct ContactRole(pub opportunity::ContactRole);

/// A contact's part in an opportunity.
#[Object]
impl ContactRole {
    /// Who; null only where the contact itself is not stored.
    async fn contact(&self, ctx: &Context<'_>) -> Result<Option<Contact>> {
        loaders::one(ctx, self.0.contact.0).await
    }

    /// Decision maker, user and the like, as the source system spells it; null where it says none.
    async fn role(&self) -> Option<&str> {
        self.0.role.as_deref()
    }

    /// Whether this is the primary contact.
    async fn is_primary(&self) -> bool {
        self.0.is_primary
    }
}

/// A rep's share of an opportunity.
pub struct OpportunitySplit(pub opportunity::Split);

/// A rep's share of an opportunity.
#[Object]
impl OpportunitySplit {
    /// Whose share; null only where the rep itself is not stored.
    async fn rep(&self, ctx: &Context<'_>) -> Result<Option<Rep>> {
        loaders::one(ctx, self.0.rep.0).await
    }

    /// The share in percent, 0 to 100 for a revenue split.
    async fn percentage(&self) -> f64 {
        f64::from(self.0.percentage_bp) / 100.0
    }

    /// False: a revenue split, which total 100%. True: an overlay on top of them.
    async fn is_overlay(&self) -> bool {
        self.0.is_overlay
    }
}

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

    /// Whether this state is its deletion.
    async fn is_deleted(&self) -> bool {
        self.0.is_deleted
    }
}

filter_input! {
    /// Which opportunities, by how they stand today. All conditions hold together; an empty filter fits every one.
    OpportunityFilter on OpportunityColumn {
        /// By name.
        name: TextFilter => Name;
        /// By stage.
        stage: IdFilter => Stage of "Stage";
        /// By how sure the seller is.
        forecast_category: ForecastCategoryFilter => ForecastCategory;
        /// By close date.
        close_date: DateFilter => CloseDate;
        /// By the three-letter code of its currency.
        currency: TextFilter => Currency;
        /// By who owns it.
        owner: IdFilter => Owner of "Rep";
        /// By region.
        region: IdFilter => Region of "Region";
        /// By market segment.
        segment: IdFilter => Segment of "Segment";
        /// By primary campaign.
        campaign: IdFilter => Campaign of "Campaign";
        /// By whom it sells to.
        account: IdFilter => Account of "Account";
        /// By new business, renewal and the like.
        opportunity_type: TextFilter => Type;
        /// By when it was created.
        created_at: DateTimeFilter => CreatedAt;
        /// By the instant of its last change.
        changed_at: DateTimeFilter => ChangedAt;
        /// By lead source.
        lead_source: TextFilter => LeadSource;
        /// By the source system's id.
        external_id: TextFilter => ExternalId;
    }
}

order_input! {
    /// How opportunities are ordered.
    OpportunityOrder,
    /// What opportunities are ordered by.
    OpportunityOrderField on OpportunityColumn {
        /// When it was created.
        CreatedAt;
        /// The instant of its last change.
        ChangedAt;
        /// Close date.
        CloseDate;
        /// Annual contract value, in minor units whatever the currency.
        Acv;
        /// Total contract value, in minor units whatever the currency.
        Amount;
        /// Name, by bytes.
        Name;
    }
}

roots! {
    /// Reading opportunities.
    OpportunityQuery {
        /// Opportunities as they stand today, the newest first unless another order is asked for.
        opportunities,
        /// The opportunity with this id; null where there is none.
        opportunity: Opportunity by OpportunityFilter, OpportunityOrder
    }
}
