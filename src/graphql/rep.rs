//! Reps, the roles they held, and the five selling roles.

use super::filter::{BooleanFilter, DateFilter, TextFilter, filter_input, order_input};
use super::loaders::{self, Now};
use super::node::global_id;
use super::opportunity::{Opportunity, OpportunityFilter, OpportunityOrder};
use super::page::{Connection, Noun, Paging, failed, nested, noun, roots};
use super::scalars::{Day, Instant};
use crate::app::App;
use crate::app::rows::{self, Filter, OpportunityColumn, Order, RepColumn, TenureColumn, Test};
use async_graphql::{Context, Enum, ID, Object, Result};
use chrono::{DateTime, TimeDelta, Utc};
use pipewright_core::rep;
use pipewright_core::viewer::Viewer;

/// Tenures of one rep that are listed at most.
const MOST_TENURES: u64 = 100;

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
    async fn tenures_until(&self, ctx: &Context<'_>, until: Option<DateTime<Utc>>, size: u64) -> Result<Vec<rep::Tenure>> {
        let filter = match until {
            Some(until) => Filter::Is(TenureColumn::ValidFrom, Test::Lt((until + TimeDelta::milliseconds(1)).into())),
            None => Filter::everything(),
        };
        let order = Order { column: TenureColumn::ValidFrom, descending: true };
        loaders::list::<rep::Tenure>(ctx, TenureColumn::Rep, self.0.id.0, filter, order, size).await
    }

    async fn current_tenure(&self, ctx: &Context<'_>) -> Result<Option<rep::Tenure>> {
        let now = ctx.data_unchecked::<Now>().0;
        Ok(self.tenures_until(ctx, Some(now), 1).await?.pop())
    }
}

/// A person who sells, or manages those who do.
#[Object]
impl Rep {
    /// Opaque, and unique across all types.
    pub async fn id(&self) -> ID {
        global_id(Self::NAME, self.0.id.0)
    }

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

    /// The roles they held, the latest first; the 100 latest at most.
    #[graphql(complexity = "20 * child_complexity + 1")]
    async fn tenures(&self, ctx: &Context<'_>) -> Result<Vec<Tenure>> {
        Ok(self.tenures_until(ctx, None, MOST_TENURES).await?.into_iter().map(Tenure).collect())
    }

    /// The opportunities they own now, open and closed.
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
        nested(ctx, OpportunityColumn::Owner, self.0.id.0, filter, order_by, Paging { first, after, last, before }).await
    }
}

/// What a rep did from an instant on, until their next tenure.
pub struct Tenure(pub rep::Tenure);

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

    /// Whom they reported to; null where nobody is known.
    async fn manager(&self, ctx: &Context<'_>) -> Result<Option<Rep>> {
        loaders::maybe(ctx, self.0.manager.map(|id| id.0)).await
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
        /// Full name, by bytes.
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
        let (app, viewer) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Viewer>());
        let heads = rows::head_counts(app, viewer).await.map_err(|error| failed(ctx, error))?;
        let count = |(role, head_count): (&rep::Role, i64)| RoleHeadCount { role: (*role).into(), head_count };
        Ok(rep::Role::ALL.iter().zip(heads).map(count).collect())
    }
}
