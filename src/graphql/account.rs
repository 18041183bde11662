//! Accounts.

use super::contact::{Contact, ContactOrder};
use super::filter::{DateTimeFilter, IdFilter, TextFilter, filter_input, order_input};
use super::loaders;
use super::node::global_id;
use super::opportunity::{Opportunity, OpportunityFilter, OpportunityOrder};
use super::page::{Connection, Noun, Paging, nested, noun, roots};
use super::region::Region;
use super::rep::Rep;
use super::scalars::Instant;
use super::segment::Segment;
use super::touchpoint::{Touchpoint, TouchpointOrder};
use crate::app::rows::{AccountColumn, ContactColumn, Filter, OpportunityColumn, TouchpointColumn};
use async_graphql::{Context, ID, Object, Result};
use pipewright_core::party;

/// A company that buys, or may.
pub struct Account(pub party::Account);

noun!(Account over party::Account, "Account", by AccountColumn::Name, descending false);

/// A company that buys, or may.
#[Object]
impl Account {
    /// Opaque, and unique across all types.
    pub async fn id(&self) -> ID {
        global_id(Self::NAME, self.0.id.0)
    }

    /// The source system's id; null where the account was made here.
    async fn external_id(&self) -> Option<&str> {
        self.0.external_id.as_deref()
    }

    /// The company's name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The source system's kind of account, such as `Customer - Direct`; null where it says none.
    async fn kind(&self) -> Option<&str> {
        self.0.kind.as_deref()
    }

    /// Its industry, as the source system spells it; null where it says none.
    async fn industry(&self) -> Option<&str> {
        self.0.industry.as_deref()
    }

    /// Billing country; null where unknown.
    async fn country(&self) -> Option<&str> {
        self.0.country.as_deref()
    }

    /// Billing state or province; null where unknown.
    async fn state(&self) -> Option<&str> {
        self.0.state.as_deref()
    }

    /// People employed; null where unknown.
    async fn employees(&self) -> Option<i32> {
        self.0.employees.and_then(|count| i32::try_from(count).ok())
    }

    /// Web site; null where unknown.
    async fn website(&self) -> Option<&str> {
        self.0.website.as_deref()
    }

    /// When the source system made it; null where it does not say.
    async fn created_at(&self) -> Option<Instant> {
        self.0.created_at.map(Instant)
    }

    /// The account above it; null where it stands alone.
    async fn parent(&self, ctx: &Context<'_>) -> Result<Option<Account>> {
        loaders::maybe(ctx, self.0.parent.map(|id| id.0)).await
    }

    /// Where it is sold to; null where unknown.
    async fn region(&self, ctx: &Context<'_>) -> Result<Option<Region>> {
        loaders::maybe(ctx, self.0.region.map(|id| id.0)).await
    }

    /// Its market segment; null where unknown.
    async fn segment(&self, ctx: &Context<'_>) -> Result<Option<Segment>> {
        loaders::maybe(ctx, self.0.segment.map(|id| id.0)).await
    }

    /// Who owns it; null where nobody does.
    async fn owner(&self, ctx: &Context<'_>) -> Result<Option<Rep>> {
        loaders::maybe(ctx, self.0.owner.map(|id| id.0)).await
    }

    /// Its opportunities, open and closed.
    #[graphql(complexity = "super::page::cost(first, last, super::page::NESTED_DEFAULT) * child_complexity + 1")]
    #[allow(clippy::too_many_arguments)]
    async fn opportunities(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which; all where absent.")] filter: Option<OpportunityFilter>,
        #[graphql(desc = "In which order.")] order_by: Option<OpportunityOrder>,
        #[graphql(desc = "How many from the start, 0 to 100; 20 where neither `first` nor `last` is given.")] first: Option<i32>,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Opportunity>> {
        let filter = super::filter::read(filter)?;
        nested(ctx, OpportunityColumn::Account, self.0.id.0, filter, order_by, Paging { first, after, last, before }).await
    }

    /// The people who work there.
    #[graphql(complexity = "super::page::cost(first, last, super::page::NESTED_DEFAULT) * child_complexity + 1")]
    async fn contacts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "In which order.")] order_by: Option<ContactOrder>,
        #[graphql(desc = "How many from the start, 0 to 100; 20 where neither `first` nor `last` is given.")] first: Option<i32>,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Contact>> {
        let paging = Paging { first, after, last, before };
        nested(ctx, ContactColumn::Account, self.0.id.0, Filter::everything(), order_by, paging).await
    }

    /// The interactions with the company.
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
        nested(ctx, TouchpointColumn::Account, self.0.id.0, Filter::everything(), order_by, paging).await
    }
}

filter_input! {
    /// Which accounts. All conditions hold together; an empty filter fits every account.
    AccountFilter on AccountColumn {
        /// By the company's name.
        name: TextFilter => Name;
        /// By industry.
        industry: TextFilter => Industry;
        /// By the source system's kind of account.
        kind: TextFilter => Kind;
        /// By billing country.
        country: TextFilter => Country;
        /// By region.
        region: IdFilter => Region of "Region";
        /// By market segment.
        segment: IdFilter => Segment of "Segment";
        /// By who owns it.
        owner: IdFilter => Owner of "Rep";
        /// By the account above it.
        parent: IdFilter => Parent of "Account";
        /// By when the source system made it.
        created_at: DateTimeFilter => CreatedAt;
        /// By the source system's id.
        external_id: TextFilter => ExternalId;
    }
}

order_input! {
    /// How accounts are ordered.
    AccountOrder,
    /// What accounts are ordered by.
    AccountOrderField on AccountColumn {
        /// The company's name, by bytes.
        Name;
        /// Industry, by bytes.
        Industry;
        /// When the source system made it.
        CreatedAt;
    }
}

roots! {
    /// Reading accounts.
    AccountQuery {
        /// Accounts, by name unless another order is asked for.
        accounts,
        /// The account with this id; null where there is none.
        account: Account by AccountFilter, AccountOrder
    }
}
