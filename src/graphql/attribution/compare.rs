//! Two to eight models side by side over one scope.

use super::{AnsweredScope, AttributionGroup, AttributionScope, GroupPart, MOST_PARTS, cannot, parts, scope};
use crate::app::attribution::{self as cases, Attributed, MOST_MODELS, MOST_MOVERS};
use crate::graphql::loaders;
use crate::graphql::models::ModelUse;
use crate::graphql::node::global_id;
use crate::graphql::opportunity::Opportunity;
use crate::graphql::page::{self, Connection, DEFAULT, Listed, MOST, NESTED_DEFAULT, NESTED_MOST, Paging};
use crate::graphql::question::{ModelInput, model};
use crate::graphql::scalars::{Change, Instant, Money};
use async_graphql::{Context, ID, Object, Result};
use pipewright_core::attribution;
use pipewright_core::facts::Snapshot;
use std::sync::Arc;

/// Pairs of models, at most.
pub const MOST_PAIRS: usize = MOST_MODELS * (MOST_MODELS - 1) / 2;

/// What one model gives one group.
pub struct ComparedAmount(usize, attribution::Given);

/// What one model gives one group.
#[Object]
impl ComparedAmount {
    /// Which model: its place in `models`, from 0.
    async fn model_index(&self) -> i32 {
        place(self.0)
    }

    /// The group's credit for all opportunities in scope.
    async fn amount(&self, ctx: &Context<'_>) -> Money {
        Money::reported(ctx, self.1.amount)
    }

    /// Its part of the scope's total, a ratio. Null where that total is 0.
    async fn share(&self) -> Option<f64> {
        self.1.share
    }

    /// 1 for the group with the largest amount; groups with equal amounts share a rank. Null for `(unattributed)`.
    async fn rank(&self) -> Option<i32> {
        self.1.rank.map(|rank| i32::try_from(rank).unwrap_or(i32::MAX))
    }
}

fn place(index: usize) -> i32 {
    i32::try_from(index).expect("models are few")
}

/// One group under each model.
pub struct ComparedRow {
    row: attribution::ComparedRow,
    snapshot: Arc<Snapshot>,
}

impl Listed for ComparedRow {
    const NAME: &'static str = "ComparedRow";
}

/// One group under each model.
#[Object]
impl ComparedRow {
    /// One value for each way of grouping, in the order asked for.
    #[graphql(complexity = "MOST_PARTS * child_complexity + 1")]
    async fn key(&self) -> Vec<GroupPart> {
        parts(&self.snapshot, &self.row.key)
    }

    /// One for each model, in the order of `models`.
    #[graphql(complexity = "MOST_MODELS * child_complexity + 1")]
    async fn amounts(&self) -> Vec<ComparedAmount> {
        self.row.given.iter().enumerate().map(|(model, given)| ComparedAmount(model, *given)).collect()
    }
}

/// Two groups that two models put in opposite order.
pub struct RankFlip {
    flip: attribution::Flip,
    snapshot: Arc<Snapshot>,
}

impl Listed for RankFlip {
    const NAME: &'static str = "RankFlip";
}

/// Two groups that two models put in opposite order.
#[Object]
impl RankFlip {
    /// The group that the first model puts above the other.
    #[graphql(complexity = "MOST_PARTS * child_complexity + 1")]
    async fn above_in_first(&self) -> Vec<GroupPart> {
        parts(&self.snapshot, &self.flip.first_above)
    }

    /// The group that the second model puts above the other.
    #[graphql(complexity = "MOST_PARTS * child_complexity + 1")]
    async fn above_in_second(&self) -> Vec<GroupPart> {
        parts(&self.snapshot, &self.flip.second_above)
    }

    /// How far apart the two are under the model that has them closer: how much a flip weighs.
    async fn margin(&self, ctx: &Context<'_>) -> Money {
        Money::reported(ctx, self.flip.margin)
    }
}

/// Two models.
pub struct ModelPair {
    pair: attribution::Pair,
    snapshot: Arc<Snapshot>,
}

/// Two models, and how far apart their answers are.
#[Object]
impl ModelPair {
    /// The first: its place in `models`, from 0.
    async fn first_index(&self) -> i32 {
        place(self.pair.first)
    }

    /// The second: its place in `models`, from 0.
    async fn second_index(&self) -> i32 {
        place(self.pair.second)
    }

    /// Half the sum of the absolute differences of the groups' shares, a ratio: 0 is the same answer, 1 has nothing in common.
    /// Null where the scope's total is 0.
    async fn divergence(&self) -> Option<f64> {
        self.pair.divergence
    }

    /// The groups that they put in opposite order, the widest margin first; looked for among the 50 groups with the largest
    /// amounts.
    #[graphql(complexity = "page::nested_cost(first, last) * child_complexity + 1")]
    async fn rank_flips(
        &self,
        #[graphql(desc = "How many from the start, 0 to 100; 20 where neither `first` nor `last` is given.")] first: Option<i32>,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
    ) -> Result<Connection<RankFlip>> {
        let at = |flip: &attribution::Flip| (-i128::from(flip.margin), flip.first_above.clone(), flip.second_above.clone());
        let wrap = |flip: &attribution::Flip| RankFlip { flip: flip.clone(), snapshot: self.snapshot.clone() };
        let paging = Paging { first, after, last, before };
        page::of_list(&self.pair.flips, "ModelPair.rankFlips", at, wrap, &paging, (NESTED_DEFAULT, NESTED_MOST))
    }
}

type MovedGroup = (attribution::GroupKey, Vec<i64>);

/// What one group has of an opportunity under each model.
pub struct AttributionMove {
    group: MovedGroup,
    snapshot: Arc<Snapshot>,
}

impl Listed for AttributionMove {
    const NAME: &'static str = "AttributionMove";
}

/// What one group has of an opportunity under one model.
pub struct MovedAmount(usize, i64);

/// What one group has of an opportunity under one model.
#[Object]
impl MovedAmount {
    /// Which model: its place in `models`, from 0.
    async fn model_index(&self) -> i32 {
        place(self.0)
    }

    /// The group's credit for the opportunity.
    async fn amount(&self, ctx: &Context<'_>) -> Money {
        Money::reported(ctx, self.1)
    }
}

/// What one group has of an opportunity under each model.
#[Object]
impl AttributionMove {
    /// One value for each way of grouping, in the order asked for.
    #[graphql(complexity = "MOST_PARTS * child_complexity + 1")]
    async fn key(&self) -> Vec<GroupPart> {
        parts(&self.snapshot, &self.group.0)
    }

    /// One for each model, in the order of `models`.
    #[graphql(complexity = "MOST_MODELS * child_complexity + 1")]
    async fn amounts(&self) -> Vec<MovedAmount> {
        self.group.1.iter().enumerate().map(|(model, amount)| MovedAmount(model, *amount)).collect()
    }
}

/// An opportunity on which the models differ.
pub struct AttributionMover {
    mover: attribution::Mover,
    snapshot: Arc<Snapshot>,
}

impl Listed for AttributionMover {
    const NAME: &'static str = "AttributionMover";
}

/// An opportunity on which the models differ.
#[Object]
impl AttributionMover {
    /// The opportunity's id, for `node`, `opportunity` and `explainAttribution`.
    async fn opportunity_id(&self) -> ID {
        global_id(Opportunity::NAME, self.mover.opportunity.0)
    }

    /// The opportunity as it stands today; null where it was deleted since.
    async fn opportunity(&self, ctx: &Context<'_>) -> Result<Option<Opportunity>> {
        loaders::one(ctx, self.mover.opportunity.0).await
    }

    /// Its amount in scope.
    async fn amount(&self, ctx: &Context<'_>) -> Money {
        Money::reported(ctx, self.mover.amount)
    }

    /// What passes from some groups to others between the two models that differ most on it.
    async fn moved(&self, ctx: &Context<'_>) -> Money {
        Money::reported(ctx, self.mover.moved)
    }

    /// What each group has of it under each model.
    #[graphql(complexity = "page::nested_cost(first, last) * child_complexity + 1")]
    async fn groups(
        &self,
        #[graphql(desc = "How many from the start, 0 to 100; 20 where neither `first` nor `last` is given.")] first: Option<i32>,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
    ) -> Result<Connection<AttributionMove>> {
        let wrap = |group: &MovedGroup| AttributionMove { group: group.clone(), snapshot: self.snapshot.clone() };
        let mut groups = self.mover.groups.clone();
        groups.sort();
        let (paging, sizes) = (Paging { first, after, last, before }, (NESTED_DEFAULT, NESTED_MOST));
        page::of_list(&groups, "AttributionMover.groups", |group| group.0.clone(), wrap, &paging, sizes)
    }
}

/// Models side by side.
pub struct AttributionComparison(Attributed<attribution::Compared>);

/// Models side by side over one scope. Under each of them the rows add up to `total`.
#[Object]
impl AttributionComparison {
    /// The models, in the order asked for.
    #[graphql(complexity = "MOST_MODELS * child_complexity + 1")]
    async fn models(&self) -> Vec<ModelUse> {
        self.0.models.iter().cloned().map(ModelUse).collect()
    }

    /// Of which opportunities.
    async fn scope(&self) -> AnsweredScope {
        AnsweredScope(self.0.within.clone())
    }

    /// The last change that the answer holds. Give it as `dataVersion` to have the same answer again, or its other pages.
    async fn data_version(&self) -> Change {
        Change(self.0.answer.data_version)
    }

    /// The scope's amount. Under a filter by SOURCE, which lets more through under one model than under another, the most that
    /// any of them has of each opportunity.
    async fn total(&self, ctx: &Context<'_>) -> Money {
        Money::reported(ctx, self.0.answer.total)
    }

    /// The groups, `(unattributed)` among them, those with the largest amount under any model first.
    #[graphql(complexity = "page::cost(first, last) * child_complexity + 1")]
    async fn rows(
        &self,
        #[graphql(desc = "How many from the start, 0 to 500; 50 where neither `first` nor `last` is given.")] first: Option<i32>,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 500; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
    ) -> Result<Connection<ComparedRow>> {
        let largest = |row: &attribution::ComparedRow| row.given.iter().map(|given| given.amount).max().unwrap_or(0);
        let at = |row: &attribution::ComparedRow| (-i128::from(largest(row)), row.key.clone());
        let wrap = |row: &attribution::ComparedRow| ComparedRow { row: row.clone(), snapshot: self.0.snapshot.clone() };
        let paging = Paging { first, after, last, before };
        page::of_list(&self.0.answer.rows, "AttributionComparison.rows", at, wrap, &paging, (DEFAULT, MOST))
    }

    /// Every two of the models.
    #[graphql(complexity = "MOST_PAIRS * child_complexity + 1")]
    async fn pairs(&self) -> Vec<ModelPair> {
        let pair = |pair: &attribution::Pair| ModelPair { pair: pair.clone(), snapshot: self.0.snapshot.clone() };
        self.0.answer.pairs.iter().map(pair).collect()
    }

    /// The opportunities that cause most of the difference, the largest first; the first 100.
    #[graphql(complexity = "page::nested_cost(first, last) * child_complexity + 1")]
    async fn movers(
        &self,
        #[graphql(desc = "How many from the start, 0 to 100; 20 where neither `first` nor `last` is given.")] first: Option<i32>,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
    ) -> Result<Connection<AttributionMover>> {
        debug_assert!(self.0.answer.movers.len() <= MOST_MOVERS);
        let at = |mover: &attribution::Mover| (-i128::from(mover.moved), mover.opportunity);
        let wrap = |mover: &attribution::Mover| AttributionMover { mover: mover.clone(), snapshot: self.0.snapshot.clone() };
        let paging = Paging { first, after, last, before };
        page::of_list(&self.0.answer.movers, "AttributionComparison.movers", at, wrap, &paging, (NESTED_DEFAULT, NESTED_MOST))
    }
}

/// The comparison, asked for.
#[derive(Default)]
pub struct CompareQuery;

#[Object]
impl CompareQuery {
    /// Two to eight additive models side by side over one scope: amount, share and rank of each group under each model, where
    /// they put groups in opposite order, how far apart each two are, and the opportunities that make the difference.
    #[graphql(complexity = "child_complexity + 10 * models.len().max(1)")]
    async fn compare_attribution(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Two to eight models; one model with different parameters counts as two.")] models: Vec<ModelInput>,
        #[graphql(desc = "Of which opportunities. Absent or null: close date in the quarter of `asOf`.", name = "scope")] within: Option<
            AttributionScope,
        >,
        #[graphql(desc = "One to three ways to group, no two alike.")] group_by: Vec<AttributionGroup>,
        #[graphql(desc = "The instant as of which facts are read. Absent or null: now.")] as_of: Option<Instant>,
        #[graphql(desc = "Only changes up to this one count, to have an old answer again. Absent or null: all.")]
        data_version: Option<Change>,
    ) -> Result<AttributionComparison> {
        let asked = scope(within, as_of, data_version)?;
        let models = models.into_iter().map(|one| model(Some(one))).collect::<Result<Vec<_>>>()?;
        let group_by = group_by.into_iter().map(Into::into).collect();
        let (app, caller) = (crate::graphql::app(ctx), crate::graphql::caller(ctx));
        cases::compare(app, caller, asked, group_by, models).await.map(AttributionComparison).map_err(cannot)
    }
}
