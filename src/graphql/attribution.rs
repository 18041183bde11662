//! Attribution: who earned what, by one model over a scope.

pub mod compare;
pub mod explain;
pub mod findings;
pub mod score;

use super::campaign::Campaign;
use super::cut::{MatrixFilter, Period, filter};
use super::error::{Code, broken};
use super::loaders;
use super::models::ModelUse;
use super::page::{self, Connection, DEFAULT, Listed, MOST, Paging};
use super::question::{ModelInput, model, refused};
use super::rep::Rep;
use super::scalars::{Change, Instant, Money, count};
use super::source::Source;
use crate::app::attribution::{self as cases, Attributed, AttributionError, ScopeAsked};
use async_graphql::{Context, Enum, InputObject, Object, Result};
use pipewright_core::attribution::{self, GroupKey, GroupValue, group_label};
use pipewright_core::catalog::StageKind;
use pipewright_core::facts::Snapshot;
use pipewright_plugin as plugin;
use std::sync::Arc;

/// Parts of a key, at most.
pub const MOST_PARTS: usize = cases::MOST_GROUPINGS;

/// A way to group credit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "attribution::Grouping")]
pub enum AttributionGroup {
    /// By the role or channel that earned it.
    Source,
    /// By the role that earned it; what channels earned stands in the row `(no role)`.
    Role,
    /// By the channel that earned it; what roles earned stands in the row `(no channel)`.
    Channel,
    /// By the campaign of the touchpoint that earned it; what came from none stands in the row `(no campaign)`.
    Campaign,
    /// By the rep of the touchpoint that earned it; what no rep did stands in the row `(no rep)`.
    Rep,
    /// By the opportunity's region.
    Region,
    /// By the opportunity's market segment.
    Segment,
    /// By the products of the opportunity's lines; `(no product)` without lines.
    Product,
    /// By the fiscal month of the opportunity's close date.
    Month,
}

/// How an opportunity stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "StageKind")]
pub enum OpportunityOutcome {
    /// Still being sold.
    Open,
    /// Closed and won.
    Won,
    /// Closed and lost.
    Lost,
}

/// Which opportunities are attributed, by how they stood at `asOf`: everything given must hold. Deleted ones count nowhere, nor
/// do open ones left out of the forecast, nor those closed on a day after `asOf`, as in the matrix.
#[derive(Debug, Default, InputObject)]
pub struct AttributionScope {
    /// Whose close date lies in the period of this name, such as `FY2027-Q4` or `2026-11-02/2026-12-01`. Absent or null: the
    /// quarter of `asOf`, or any close date where `created` is given.
    pub period: Option<String>,
    /// Created in the period of this name. Absent or null: at any time.
    pub created: Option<String>,
    /// Open, won or lost. Absent or null: any of them.
    pub outcome: Option<OpportunityOutcome>,
    /// Which of them (for PRODUCT and SOURCE: which shares of them). Absent or null: all.
    pub filter: Option<MatrixFilter>,
}

/// The scope as the use case takes it.
///
/// # Errors
/// The filter cannot be right.
pub fn scope(given: Option<AttributionScope>, as_of: Option<Instant>, data_version: Option<Change>) -> Result<ScopeAsked> {
    let given = given.unwrap_or_default();
    Ok(ScopeAsked {
        period: given.period,
        created: given.created,
        outcome: given.outcome.map(Into::into),
        filter: filter(given.filter)?,
        as_of: as_of.map(|at| at.0),
        data_version: data_version.map(|version| version.0),
    })
}

/// An attribution that could not be given, as clients see it.
pub fn cannot(error: AttributionError) -> async_graphql::Error {
    match error {
        AttributionError::Number(error) => refused(error),
        AttributionError::NotUnscoped => broken(Code::Forbidden, error.to_string()),
        _ => broken(Code::BadUserInput, error.to_string()),
    }
}

/// One part of a group's key.
pub struct GroupPart {
    group: attribution::Grouping,
    value: GroupValue,
    label: String,
}

impl GroupPart {
    fn entity(&self, of: attribution::Grouping) -> Option<uuid::Uuid> {
        match self.value {
            GroupValue::Entity(id) if self.group == of => Some(id),
            _ => None,
        }
    }
}

/// The parts of a key, in the order asked for.
pub fn parts(snapshot: &Snapshot, key: &GroupKey) -> Vec<GroupPart> {
    let part = |(group, value): &(attribution::Grouping, GroupValue)| GroupPart {
        group: *group,
        value: value.clone(),
        label: group_label(snapshot, *group, value),
    };
    key.iter().map(part).collect()
}

/// One part of a group's key.
#[Object]
impl GroupPart {
    /// Which way of grouping.
    async fn group(&self) -> AttributionGroup {
        self.group.into()
    }

    /// The value: the UUID of a campaign, rep, region, segment or product, the name of a role or channel (`AE`), a fiscal month
    /// (`FY2027-M01`). Null for rows without one, such as `(no campaign)`, and for `(unattributed)`.
    async fn value(&self) -> Option<String> {
        match &self.value {
            GroupValue::Source(source) => Some(Source::from(*source).name()),
            GroupValue::Entity(id) => Some(id.to_string()),
            GroupValue::Month(month) => Some(month.to_string()),
            GroupValue::None | GroupValue::Unattributed => None,
        }
    }

    /// What people call it: a campaign's name, `AE`, `(no campaign)`, `(unattributed)`.
    async fn label(&self) -> &str {
        &self.label
    }

    /// Whether it is the row of what nobody earned.
    async fn is_unattributed(&self) -> bool {
        self.value == GroupValue::Unattributed
    }

    /// The role or channel; null where it is grouped by something else, or there is none.
    async fn source(&self) -> Option<Source> {
        match self.value {
            GroupValue::Source(source) => Some(source.into()),
            _ => None,
        }
    }

    /// The campaign; null where it is grouped by something else, or there is none.
    async fn campaign(&self, ctx: &Context<'_>) -> Result<Option<Campaign>> {
        loaders::maybe(ctx, self.entity(attribution::Grouping::Campaign)).await
    }

    /// The rep; null where it is grouped by something else, or there is none.
    async fn rep(&self, ctx: &Context<'_>) -> Result<Option<Rep>> {
        loaders::maybe(ctx, self.entity(attribution::Grouping::Rep)).await
    }
}

/// Amounts of credit, and how many opportunities they are of.
pub struct AttributedAmounts(pub attribution::Credits);

/// Amounts of credit, and how many opportunities they are of. Amounts add up over groups, to the cent, unless the model is one
/// of influence. Counts are of distinct opportunities and do not add up over SOURCE, ROLE, CHANNEL, CAMPAIGN, REP and PRODUCT.
#[Object]
impl AttributedAmounts {
    /// Credit for open opportunities.
    async fn pipeline(&self, ctx: &Context<'_>) -> Money {
        Money::reported(ctx, self.0.pipeline)
    }

    /// Credit for won opportunities.
    async fn closed_acv(&self, ctx: &Context<'_>) -> Money {
        Money::reported(ctx, self.0.closed_acv)
    }

    /// Credit for lost opportunities: what was in play and did not come.
    async fn lost_acv(&self, ctx: &Context<'_>) -> Money {
        Money::reported(ctx, self.0.lost_acv)
    }

    /// All three together.
    async fn total(&self, ctx: &Context<'_>) -> Money {
        Money::reported(ctx, self.0.total())
    }

    /// Distinct opportunities. Not additive.
    async fn opportunity_count(&self) -> i32 {
        count(self.0.opportunities())
    }

    /// Distinct open opportunities. Not additive.
    async fn open_count(&self) -> i32 {
        count(self.0.open)
    }

    /// Distinct won opportunities. Not additive.
    async fn won_count(&self) -> i32 {
        count(self.0.won)
    }

    /// Distinct lost opportunities. Not additive.
    async fn lost_count(&self) -> i32 {
        count(self.0.lost)
    }

    /// Distinct opportunities whose credit will change: a milestone that the model gives weight to is not reached yet. Not
    /// additive.
    async fn provisional_count(&self) -> i32 {
        count(self.0.provisional)
    }
}

/// What one group earned.
pub struct AttributionRow {
    row: attribution::AttributionRow,
    total: i64,
    snapshot: Arc<Snapshot>,
}

impl Listed for AttributionRow {
    const NAME: &'static str = "AttributionRow";
}

/// What one group earned.
#[Object]
impl AttributionRow {
    /// One value for each way of grouping, in the order asked for.
    #[graphql(complexity = "MOST_PARTS * child_complexity + 1")]
    async fn key(&self) -> Vec<GroupPart> {
        parts(&self.snapshot, &self.row.key)
    }

    /// What it earned. Under a model of influence: of what it had a part in, so that groups overlap.
    async fn amounts(&self) -> AttributedAmounts {
        AttributedAmounts(self.row.credits)
    }

    /// Its part of the scope's total, a ratio. Null where that total is 0.
    async fn share(&self) -> Option<f64> {
        (self.total != 0).then(|| self.row.credits.total() as f64 / self.total as f64)
    }
}

/// Why a journey earns nobody anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "plugin::NoCredit")]
pub enum NoCreditReason {
    /// No touchpoint is left on the journey, under the lens chosen.
    NoTouchpoint,
    /// Nothing on the journey, nor in the opportunity's origins, says who sourced it.
    NothingSourcedIt,
    /// No touchpoint is at or before the opportunity's creation.
    NothingBeforeCreation,
    /// No touchpoint is at or before the conversion that the model counts from.
    NothingBeforeConversion,
    /// None of the positions that the model gives weight to is reached.
    NoPositionReached,
    /// The opportunity has no split of the kind that the model counts.
    NoSplit,
    /// The opportunity's revenue splits do not add up to 100%.
    SplitsNotWhole,
    /// The journey has more touchpoints than the configured limit lets.
    TooManyTouchpoints,
}

/// How many reasons there are.
pub const REASONS: usize = 8;

/// Why opportunities earned nobody anything.
pub struct UnattributedReason(pub plugin::NoCredit, pub u64);

/// Why opportunities earned nobody anything.
#[Object]
impl UnattributedReason {
    /// The reason.
    async fn reason(&self) -> NoCreditReason {
        self.0.into()
    }

    /// Opportunities of which it is true.
    async fn opportunity_count(&self) -> i32 {
        count(self.1)
    }
}

/// Which opportunities an answer is of, with every gap filled.
pub struct AnsweredScope(pub attribution::Within);

/// Which opportunities an answer is of, with every gap filled.
#[Object]
impl AnsweredScope {
    /// Where their close dates lie. Null: anywhere.
    async fn period(&self) -> Option<Period> {
        self.0.closing.map(Period)
    }

    /// When they were created. Null: at any time.
    async fn created(&self) -> Option<Period> {
        self.0.created.map(Period)
    }

    /// How they stand. Null: in any way.
    async fn outcome(&self) -> Option<OpportunityOutcome> {
        self.0.outcome.map(Into::into)
    }

    /// The instant as of which every fact is read.
    async fn as_of(&self) -> Instant {
        self.0.as_of.into()
    }
}

/// Who earned what.
pub struct Attribution(Attributed<attribution::Attribution>);

/// Who earned what, by one model. Everything that brings the same answer again stands on it: the model with its version and
/// parameters, the scope, and the data version.
#[Object]
impl Attribution {
    /// The model that answered.
    async fn model(&self) -> ModelUse {
        ModelUse(self.0.models[0].clone())
    }

    /// Of which opportunities.
    async fn scope(&self) -> AnsweredScope {
        AnsweredScope(self.0.within.clone())
    }

    /// The last change that the answer holds. Give it as `dataVersion` to have the same answer again, or its other pages.
    async fn data_version(&self) -> Change {
        Change(self.0.answer.data_version)
    }

    /// Whether the rows add up to `total`. False for a model of influence, whose rows overlap and are never summed.
    async fn is_additive(&self) -> bool {
        self.0.models[0].manifest.additive
    }

    /// The groups, `(unattributed)` among them, the largest total first.
    #[graphql(complexity = "super::page::cost(first, last) * child_complexity + 1")]
    async fn rows(
        &self,
        #[graphql(desc = "How many from the start, 0 to 500; 50 where neither `first` nor `last` is given.")] first: Option<i32>,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 500; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
    ) -> Result<Connection<AttributionRow>> {
        let place = |row: &attribution::AttributionRow| (-i128::from(row.credits.total()), row.key.clone());
        let total = self.0.answer.total.total();
        let wrap =
            |row: &attribution::AttributionRow| AttributionRow { row: row.clone(), total, snapshot: self.0.snapshot.clone() };
        let paging = Paging { first, after, last, before };
        page::of_list(&self.0.answer.rows, "Attribution.rows", place, wrap, &paging, (DEFAULT, MOST))
    }

    /// The scope's own amounts and counts, whoever earned them.
    async fn total(&self) -> AttributedAmounts {
        AttributedAmounts(self.0.answer.total)
    }

    /// What somebody earned or had a part in, each opportunity once however many groups it is in.
    async fn distinct_total(&self) -> AttributedAmounts {
        AttributedAmounts(self.0.answer.attributed)
    }

    /// What nobody earned.
    async fn unattributed(&self) -> AttributedAmounts {
        AttributedAmounts(self.0.answer.unattributed)
    }

    /// Why nobody earned it; none where everything is attributed.
    #[graphql(complexity = "REASONS * child_complexity + 1")]
    async fn unattributed_reasons(&self) -> Vec<UnattributedReason> {
        let reason = |(code, count): (&u8, &u64)| Some(UnattributedReason(plugin::NoCredit::from_code(*code)?, *count));
        self.0.answer.reasons.iter().filter_map(reason).collect()
    }
}

/// Attribution, asked for.
#[derive(Default)]
pub struct AttributionQuery;

#[Object]
impl AttributionQuery {
    /// Who earned what: one model over a scope, grouped by one to three ways. The rows of an additive model add up to the
    /// scope's amounts to the cent. Change the model's parameters to preview another weighting: nothing is stored.
    #[graphql(complexity = "child_complexity + 10")]
    async fn attribution(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The model. Absent or null: the configured one.", name = "model")] chosen: Option<ModelInput>,
        #[graphql(desc = "Of which opportunities. Absent or null: close date in the quarter of `asOf`.", name = "scope")] within: Option<
            AttributionScope,
        >,
        #[graphql(desc = "One to three ways to group, no two alike.")] group_by: Vec<AttributionGroup>,
        #[graphql(desc = "The instant as of which facts are read. Absent or null: now.")] as_of: Option<Instant>,
        #[graphql(desc = "Only changes up to this one count, to have an old answer again. Absent or null: all.")]
        data_version: Option<Change>,
    ) -> Result<Attribution> {
        let asked = scope(within, as_of, data_version)?;
        let group_by = group_by.into_iter().map(Into::into).collect();
        let (app, caller) = (super::app(ctx), super::caller(ctx));
        cases::attribute(app, caller, asked, group_by, model(chosen)?).await.map(Attribution).map_err(cannot)
    }
}
