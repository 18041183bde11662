//! Reps, the roles they held, and the five selling roles.

use super::declare::{noun, object, roots};
use super::filter::{BooleanFilter, DateFilter, HeldRoleFilter, TextFilter, filter_input, order_input};
use super::loaders::{self, Now};
use super::opportunity::{Opportunity, OpportunityFilter, OpportunityOrder};
use super::page::failed;
use super::scalars::{Change, Day, Instant};
use super::split::OpportunitySplit;
use crate::app::rows::{self, Filter, OpportunityColumn, Order, RepColumn, SplitColumn, TenureColumn, Test};
use async_graphql::{Context, Enum, Object, Result};
use chrono::TimeDelta;
use pipewright_core::rep;

/// The five selling roles: the cylinders of the engine.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "rep::Role", name = "Role")]
pub enum Role {
    /// Account executive.
    Ae,
    /// Business development rep: outbound.
    Bdr,
    /// Sales development rep: inbound, from web, chat and calls.
    Sdr,
    /// Enterprise corporate specialist: the small deals of large accounts, new business.
    Ecs,
    /// Cloud sales: one product, mostly on existing deals.
    CloudSales,
}

/// A person who sells, or manages those who do.
pub struct Rep(pub rep::Rep);

noun!(Rep over rep::Rep, "Rep", by RepColumn::Name, descending false);

impl Rep {
    async fn current_tenure(&self, ctx: &Context<'_>) -> Result<Option<rep::Tenure>> {
        let behind_now = ctx.data_unchecked::<Now>().at() + TimeDelta::milliseconds(1);
        let filter = Filter::Is(TenureColumn::ValidFrom, Test::Lt(behind_now.into()));
        let order = Order { column: TenureColumn::ValidFrom, descending: true };
        Ok(loaders::list::<rep::Tenure>(ctx, TenureColumn::Rep, self.0.id.0, filter, order, 1).await?.pop())
    }
}

object! {
    /// A person who sells, or manages those who do.
    Rep, known by |rep| rep.id;
    fields {
        /// The source system's id; null where the rep was made here.
        async fn external_id(&self) -> Option<&str> {
            self.0.external_id.as_deref()
        }

        /// Full name.
        async fn name(&self) -> &str {
            &self.0.name
        }

        /// Mail address, a personal field; null where unknown, or hidden from you.
        async fn email(&self) -> Option<&str> {
            self.0.email.as_deref()
        }

        /// Whether they can still sign in to the source system.
        async fn is_active(&self) -> bool {
            self.0.is_active
        }

        /// First day at work; null where unknown.
        async fn hired_on(&self) -> Option<Day> {
            self.0.hired_on.map(Day)
        }

        /// The selling role they hold now; null for managers and others who do not sell themselves.
        async fn role(&self, ctx: &Context<'_>) -> Result<Option<Role>> {
            Ok(self.current_tenure(ctx).await?.and_then(|tenure| tenure.role).map(Into::into))
        }

        /// Whom they report to now; null where nobody is known.
        async fn manager(&self, ctx: &Context<'_>) -> Result<Option<Rep>> {
            let manager = self.current_tenure(ctx).await?.and_then(|tenure| tenure.manager);
            loaders::maybe(ctx, manager.map(|id| id.0)).await
        }

        /// The committed change that brought it to this state.
        async fn recorded_in(&self) -> Change {
            Change(self.0.recorded)
        }
    }
    connections {
        /// The opportunities they own now, open and closed.
        opportunities: Opportunity by OpportunityFilter, OpportunityOrder through OpportunityColumn::Owner;
    }
    parts {
        /// The roles they held, the latest first.
        tenures: Tenure through TenureColumn::Rep;
        /// Their shares of opportunities.
        splits: OpportunitySplit through SplitColumn::Rep;
    }
}

/// What a rep did from an instant on, until their next tenure.
pub struct Tenure(pub rep::Tenure);

noun!(Tenure over rep::Tenure, "Tenure", by TenureColumn::ValidFrom, descending true);

/// What a rep did from an instant on, until their next tenure.
#[Object]
impl Tenure {
    /// The selling role; null for managers and others who do not sell themselves.
    async fn role(&self) -> Option<Role> {
        self.0.role.map(Into::into)
    }

    /// From when.
    async fn valid_from(&self) -> Instant {
        Instant(self.0.valid_from)
    }

    /// Who; null only where the rep itself is not stored.
    async fn rep(&self, ctx: &Context<'_>) -> Result<Option<Rep>> {
        loaders::one(ctx, self.0.rep.0).await
    }

    /// Whom they reported to; null where nobody is known.
    async fn manager(&self, ctx: &Context<'_>) -> Result<Option<Rep>> {
        loaders::maybe(ctx, self.0.manager.map(|id| id.0)).await
    }

    /// The committed change that brought it to this state.
    async fn recorded_in(&self) -> Change {
        Change(self.0.recorded)
    }
}

/// A selling role and how many hold it.
pub struct RoleHeadCount {
    role: Role,
    head_count: i64,
}

/// A selling role and how many hold it.
#[Object]
impl RoleHeadCount {
    /// Which role.
    async fn role(&self) -> Role {
        self.role
    }

    /// How many active reps hold it now.
    async fn head_count(&self) -> i32 {
        i32::try_from(self.head_count).unwrap_or(i32::MAX)
    }
}

filter_input! {
    /// Which reps. All conditions hold together; an empty filter fits every rep.
    RepFilter on RepColumn {
        /// By full name.
        name: TextFilter => Name;
        /// By the selling role they hold.
        role: HeldRoleFilter => Id;
        /// By whether they can still sign in to the source system.
        is_active: BooleanFilter => IsActive;
        /// By first day at work.
        hired_on: DateFilter => HiredOn;
        /// By the source system's id.
        external_id: TextFilter => ExternalId;
    }
}

order_input! {
    /// How reps are ordered.
    RepOrder,
    /// What reps are ordered by.
    RepOrderField on RepColumn {
        /// Full name, in byte order: capitals before small letters.
        Name;
        /// First day at work.
        HiredOn;
    }
}

roots! {
    /// Reading reps.
    RepQuery {
        /// Reps, by name unless another order is asked for.
        reps,
        /// The rep with this id; null where there is none.
        rep: Rep by RepFilter, RepOrder
    }
}

/// Reading the selling roles.
#[derive(Default)]
pub struct RoleQuery;

#[Object]
impl RoleQuery {
    /// The five selling roles with their head counts, always all five.
    #[graphql(complexity = "5 * child_complexity + 1")]
    async fn roles(&self, ctx: &Context<'_>) -> Result<Vec<RoleHeadCount>> {
        let heads = rows::head_counts(super::app(ctx), super::caller(ctx)).await.map_err(failed)?;
        let count = |(role, head_count): (&rep::Role, i64)| RoleHeadCount { role: (*role).into(), head_count };
        Ok(rep::Role::ALL.iter().zip(heads).map(count).collect())
    }
}
