//! Accounts.

use super::contact::{Contact, ContactFilter, ContactOrder};
use super::declare::{noun, object, roots};
use super::filter::{DateTimeFilter, IdFilter, TextFilter, filter_input, order_input};
use super::loaders;
use super::opportunity::{Opportunity, OpportunityFilter, OpportunityOrder};
use super::region::Region;
use super::rep::Rep;
use super::scalars::{Change, Instant, Money};
use super::segment::Segment;
use super::touchpoint::{Touchpoint, TouchpointFilter, TouchpointOrder};
use crate::app::rows::{AccountColumn, ContactColumn, OpportunityColumn, TouchpointColumn};
use async_graphql::{Context, Result};
use pipewright_core::party;

/// A company that buys, or may.
pub struct Account(pub party::Account);

noun!(Account over party::Account, "Account", by AccountColumn::Name, descending false);

object! {
    /// A company that buys, or may.
    Account, known by |account| account.id;
    fields {
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

        /// Yearly revenue, in the reporting currency; null where unknown.
        async fn annual_revenue(&self, ctx: &Context<'_>) -> Option<Money> {
            self.0.annual_revenue_minor.map(|minor| Money::reported(ctx, minor))
        }

        /// The committed change that brought it to this state.
        async fn recorded_in(&self) -> Change {
            Change(self.0.recorded)
        }
    }
    connections {
        /// Its opportunities, open and closed.
        opportunities: Opportunity by OpportunityFilter, OpportunityOrder through OpportunityColumn::Account;
        /// The people who work there.
        contacts: Contact by ContactFilter, ContactOrder through ContactColumn::Account;
        /// The interactions with the company.
        touchpoints: Touchpoint by TouchpointFilter, TouchpointOrder through TouchpointColumn::Account;
        /// The accounts right below it.
        children: Account by AccountFilter, AccountOrder through AccountColumn::Parent;
    }
    parts {}
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
        /// The company's name, in byte order: capitals before small letters.
        Name;
        /// Industry, in byte order: capitals before small letters.
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
