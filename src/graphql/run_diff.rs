//! Two stored attribution runs compared: which opportunities and touchpoints moved credit, by how much, and why.

use super::error::{Code, broken};
use super::loaders;
use super::node::parse_id;
use super::opportunity::Opportunity;
use super::page::{self, Connection, DEFAULT, Listed, MOST, NESTED_DEFAULT, NESTED_MOST, Paging, failed};
use super::run::{AttributionRun, CreditOrigin, origin};
use super::scalars::Money;
use super::source::Source;
use super::touchpoint::Touchpoint;
use crate::app::App;
use crate::app::runs::{self, Compared, DiffError};
use crate::storage::StorageError;
use async_graphql::dataloader::{DataLoader, Loader};
use async_graphql::{Context, Enum, ID, Object, Result};
use pipewright_core::attribution::{self, Moved, MovedShare, Reason, SourceMove};
use pipewright_core::currency::CurrencyCode;
use pipewright_core::ids::OpportunityId;
use pipewright_core::touchpoint;
use pipewright_core::viewer::Viewer;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

/// The sources and what nobody earned.
const MOST_SOURCES: usize = touchpoint::Source::COUNT + 1;

/// Why credit moved.
#[derive(Debug, Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "attribution::Reason")]
pub enum CreditMoveReason {
    /// Another model.
    Model,
    /// Another version of the model, or another file of it.
    ModelVersion,
    /// Other parameters.
    Parameters,
    /// Another lens.
    Lens,
    /// Another period or filter: the opportunity is in one of the runs only.
    Scope,
    /// It was known otherwise: its amount, its touchpoints, whether it counted, or what the model learnt from.
    Data,
}

/// What moved within opportunities, by (first run, second run, opportunity).
pub struct MovedIn {
    /// What use cases stand on.
    pub app: App,
    /// Who asks.
    pub viewer: Viewer,
}

type MoveKey = (Uuid, Uuid, OpportunityId);

impl Loader<MoveKey> for MovedIn {
    type Value = Vec<MovedShare>;
    type Error = Arc<StorageError>;

    async fn load(&self, keys: &[MoveKey]) -> std::result::Result<HashMap<MoveKey, Vec<MovedShare>>, Self::Error> {
        let mut by_runs: HashMap<(Uuid, Uuid), Vec<OpportunityId>> = HashMap::new();
        keys.iter().for_each(|(a, b, id)| by_runs.entry((*a, *b)).or_default().push(*id));
        let mut found = HashMap::new();
        for ((a, b), ids) in by_runs {
            let moved = runs::moved(&self.app, &self.viewer, (a, b), &ids).await.map_err(Arc::new)?;
            found.extend(moved.into_iter().map(|(id, shares)| ((a, b, id), shares)));
        }
        Ok(found)
    }
}

/// What one source has in both runs.
pub struct SourceChange(Option<touchpoint::Source>, SourceMove, CurrencyCode);

/// What one source has in both runs. The changes of all sources add up to that of the totals, to the minor unit.
#[Object]
impl SourceChange {
    /// The role or channel; null for what nobody earned.
    async fn source(&self) -> Option<Source> {
        self.0.map(Into::into)
    }

    /// In the first run.
    async fn before(&self) -> Money {
        Money::new(self.1.before, self.2)
    }

    /// In the second run.
    async fn after(&self) -> Money {
        Money::new(self.1.after, self.2)
    }

    /// `after` less `before`.
    async fn change(&self) -> Money {
        Money::new(self.1.after - self.1.before, self.2)
    }
}

/// A touchpoint or origin that moved credit.
pub struct CreditMove(MovedShare, CurrencyCode);

impl Listed for CreditMove {
    const NAME: &'static str = "CreditMove";
}

/// A touchpoint or origin of one opportunity that has another share in the second run than in the first.
#[Object]
impl CreditMove {
    /// The touchpoint; null for an origin, and for what nobody earned.
    async fn touchpoint(&self, ctx: &Context<'_>) -> Result<Option<Touchpoint>> {
        loaders::maybe(ctx, self.0.touchpoint.map(|id| id.0)).await
    }

    /// The origin; null for a touchpoint, and for what nobody earned.
    async fn origin(&self) -> Option<CreditOrigin> {
        origin(self.0.origin)
    }

    /// The role or channel; null for what nobody earned.
    async fn source(&self) -> Option<Source> {
        self.0.source.map(Into::into)
    }

    /// In the first run; 0 where it earned nothing.
    async fn before(&self) -> Money {
        Money::new(self.0.before, self.1)
    }

    /// In the second run; 0 where it earned nothing.
    async fn after(&self) -> Money {
        Money::new(self.0.after, self.1)
    }

    /// `after` less `before`.
    async fn change(&self) -> Money {
        Money::new(self.0.after - self.0.before, self.1)
    }
}

/// An opportunity that moved credit.
pub struct OpportunityMove {
    moved: Moved,
    runs: (Uuid, Uuid),
    currency: CurrencyCode,
}

impl Listed for OpportunityMove {
    const NAME: &'static str = "OpportunityMove";
}

/// An opportunity whose credit is not the same in both runs.
#[Object]
impl OpportunityMove {
    /// Which; null where it was deleted since.
    async fn opportunity(&self, ctx: &Context<'_>) -> Result<Option<Opportunity>> {
        loaders::one(ctx, self.moved.opportunity.0).await
    }

    /// Its amount in the first run; null where it is not in it.
    async fn before(&self) -> Option<Money> {
        self.moved.before.map(|minor| Money::new(minor, self.currency))
    }

    /// Its amount in the second run; null where it is not in it.
    async fn after(&self) -> Option<Money> {
        self.moved.after.map(|minor| Money::new(minor, self.currency))
    }

    /// What each of its shares changed by, added up with the signs dropped.
    async fn moved(&self) -> Money {
        Money::new(i64::try_from(self.moved.moved).unwrap_or(i64::MAX), self.currency)
    }

    /// Why; at least one reason.
    async fn reasons(&self) -> Vec<CreditMoveReason> {
        self.moved.reasons.iter().map(|reason: Reason| reason.into()).collect()
    }

    /// Its touchpoints and origins that moved credit, the one that moved most first.
    #[graphql(complexity = "super::page::nested_cost(first, last) * child_complexity + 1")]
    async fn shares(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 0 to 100; 20 where neither `first` nor `last` is given.")] first: Option<i32>,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
    ) -> Result<Connection<CreditMove>> {
        let loader = ctx.data_unchecked::<DataLoader<MovedIn>>();
        let key = (self.runs.0, self.runs.1, self.moved.opportunity);
        let shares = loader.load_one(key).await.map_err(failed)?.unwrap_or_default();
        let place = |share: &MovedShare| {
            (Reverse(share.moved()), share.touchpoint, share.origin.map(pipewright_plugin::Kind::code), share.source)
        };
        let paging = Paging { first, after, last, before };
        let wrap = |share: &MovedShare| CreditMove(*share, self.currency);
        page::of_list(&shares, "OpportunityMove.shares", place, wrap, &paging, (NESTED_DEFAULT, NESTED_MOST))
    }
}

/// Two runs compared.
pub struct AttributionRunDiff(Compared);

/// Two runs compared: what moved from the first, `a`, to the second, `b`.
#[Object]
impl AttributionRunDiff {
    /// The first run.
    async fn a(&self) -> AttributionRun {
        AttributionRun(self.0.a.clone())
    }

    /// The second run.
    async fn b(&self) -> AttributionRun {
        AttributionRun(self.0.b.clone())
    }

    /// The totals of both runs.
    async fn total(&self) -> SourceChange {
        SourceChange(None, self.0.differences.total, self.0.b.currency)
    }

    /// What each source has in both runs: the roles, the channels, and what nobody earned; without those that have nothing in
    /// either.
    #[graphql(complexity = "MOST_SOURCES * child_complexity + 1")]
    async fn sources(&self) -> Vec<SourceChange> {
        let (unattributed, named) = self.0.differences.sources.iter().partition::<Vec<_>, _>(|(source, _)| source.is_none());
        let in_order = named.into_iter().chain(unattributed);
        in_order.map(|(source, moved)| SourceChange(*source, *moved, self.0.b.currency)).collect()
    }

    /// The opportunities that moved credit, the one that moved most first.
    #[graphql(complexity = "super::page::cost(first, last) * child_complexity + 1")]
    async fn opportunities(
        &self,
        #[graphql(desc = "How many from the start, 0 to 500; 50 where neither `first` nor `last` is given.")] first: Option<i32>,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 500; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
    ) -> Result<Connection<OpportunityMove>> {
        let Compared { a, b, differences } = &self.0;
        let place = |moved: &Moved| (Reverse(moved.moved), moved.opportunity);
        let wrap = |moved: &Moved| OpportunityMove { moved: *moved, runs: (a.id, b.id), currency: b.currency };
        let paging = Paging { first, after, last, before };
        let list = "AttributionRunDiff.opportunities";
        page::of_list(&differences.opportunities, list, place, wrap, &paging, (DEFAULT, MOST))
    }
}

/// Comparing runs.
#[derive(Default)]
pub struct DiffQuery;

#[Object]
impl DiffQuery {
    /// Two runs that are done, compared: which opportunities and touchpoints moved credit from the first to the second, by how
    /// much, and why.
    #[graphql(complexity = "child_complexity + 10")]
    async fn diff_attribution_runs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id of the first run.")] a: ID,
        #[graphql(desc = "The id of the second run.")] b: ID,
    ) -> Result<AttributionRunDiff> {
        let (a, b) = (parse_id(AttributionRun::NAME, &a)?, parse_id(AttributionRun::NAME, &b)?);
        match runs::diff(super::app(ctx), super::caller(ctx), a, b).await {
            Ok(compared) => Ok(AttributionRunDiff(compared)),
            Err(DiffError::Storage(error)) => Err(failed(error)),
            Err(error) => Err(broken(Code::BadUserInput, error.to_string())),
        }
    }
}
