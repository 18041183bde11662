//! Opportunities as they stand.

pub mod changes;

use super::account::Account;
use super::campaign::Campaign;
use super::contact_role::ContactRole;
use super::declare::{noun, object, roots};
use super::filter::{DateFilter, DateTimeFilter, IdFilter, MoneyFilter, TextFilter, filter_input, order_input};
use super::hygiene::{self, OpportunityHygiene};
use super::loaders;
use super::region::Region;
use super::rep::Rep;
use super::review::OpportunityReview;
use super::scalars::{Change, Currency, Day, Instant, Money};
use super::segment::Segment;
use super::source::Source;
use super::split::OpportunitySplit;
use super::stage::{ForecastCategory, ForecastCategoryFilter, Stage};
use super::touchpoint::{Touchpoint, TouchpointFilter, TouchpointOrder};
use super::version::OpportunityVersion;
use crate::app::rows::{
    ContactRoleColumn, OpportunityColumn, OpportunityState, ReviewColumn, SplitColumn, TouchpointColumn, VersionColumn,
};
use async_graphql::{Context, Result};

/// A deal, as it stands today.
pub struct Opportunity(pub OpportunityState);

noun!(Opportunity over OpportunityState, "Opportunity", by OpportunityColumn::CreatedAt, descending true);

object! {
    /// A deal, as it stands today.
    Opportunity, known by |state| state.opportunity.id;
    fields {
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

        /// Why it was won or lost, as whoever closed it said; null while it is open, or where nobody said.
        async fn close_reason(&self) -> Option<&str> {
            self.0.version.close_reason.as_deref()
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

        /// The role or channel that `leadSource` maps to; stands in for the primary campaign's channel. Null where it maps to none.
        async fn lead_source_maps_to(&self) -> Option<Source> {
            self.0.opportunity.lead_source_maps_to.map(Into::into)
        }

        /// Whether its lines are as they were recorded. False where they are those of a later day, scaled to its amount.
        async fn are_lines_known(&self) -> bool {
            self.0.version.lines_known
        }

        /// Whether it is kept as it should be: flags and score as of an instant. Null where it was not open then, or its forecast
        /// category OMITTED, which counts nowhere while it is open.
        async fn hygiene(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "The instant as of which facts are read. Absent or null: now.")] as_of: Option<Instant>,
        ) -> Result<Option<OpportunityHygiene>> {
            hygiene::of(ctx, self.0.opportunity.id.0, as_of).await
        }

        /// The committed change that brought it to this state.
        async fn recorded_in(&self) -> Change {
            Change(self.0.opportunity.recorded)
        }
    }
    connections {
        /// The interactions that were logged on it.
        touchpoints: Touchpoint by TouchpointFilter, TouchpointOrder through TouchpointColumn::Opportunity;
    }
    parts {
        /// Every state it has been in, the latest first.
        history: OpportunityVersion through VersionColumn::Opportunity;
        /// The parts that contacts play.
        contact_roles: ContactRole through ContactRoleColumn::Opportunity;
        /// The shares of the reps on it: its team.
        splits: OpportunitySplit through SplitColumn::Opportunity;
        /// Its managers' reviews, the latest first.
        reviews: OpportunityReview through ReviewColumn::Opportunity;
    }
    lines of |state| &state.version;
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
        /// By total contract value, in one currency.
        amount: MoneyFilter => Amount in Currency;
        /// By annual contract value, in one currency.
        acv: MoneyFilter => Acv in Currency;
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
        /// Name, in byte order: capitals before small letters.
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
