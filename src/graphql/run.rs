//! Stored attribution runs: named results that stay as they are.

use super::attribution::{NoCreditReason, REASONS, UnattributedReason};
use super::campaign::Campaign;
use super::cut::{MatrixFilter, Period, filter, written};
use super::declare::{noun, roots};
use super::error::{Code, broken};
use super::filter::{DateTimeFilter, TextFilter, enum_filter, filter_input, order_input};
use super::loaders;
use super::node::{global_id, parse_id};
use super::opportunity::Opportunity;
use super::page::{Below, Connection, Listed, Noun, Paging, failed};
use super::question::{Lens, ModelInput, model, whole, whole_cost};
use super::region::Region;
use super::rep::Rep;
use super::scalars::{Change, Instant, Json, Money, count};
use super::source::Source;
use super::stage::StageKind;
use super::touchpoint::Touchpoint;
use crate::app::App;
use crate::app::rows::{CreditColumn, Filter, RunColumn};
use crate::app::runs::{self, JobState, RunAsked, RunGrouping, RunRow, RunTotal, StoredCredit};
use crate::storage::StorageError;
use async_graphql::dataloader::{DataLoader, Loader};
use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use pipewright_core::attribution::{CancelRefusal, StartRefusal};
use pipewright_core::currency::CurrencyCode;
use pipewright_core::dimension;
use pipewright_core::viewer::Viewer;
use pipewright_plugin::{Kind, NoCredit, Remarks};
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

/// Where a run stands.
#[derive(Debug, Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "JobState", name = "AttributionRunState")]
pub enum AttributionRunState {
    /// It waits for its turn.
    Queued,
    /// A server works at it; should that server die, another goes on.
    Running,
    /// Its result is there and stays as it is.
    Done,
    /// It could not end: `error` says why. Nothing of it is kept.
    Failed,
    /// Somebody stopped it. Nothing of it is kept.
    Cancelled,
}

enum_filter! {
    /// Conditions on where a run stands. Several hold together.
    AttributionRunStateFilter of AttributionRunState as JobState
}

/// By what the credits of a run are added up.
#[derive(Debug, Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "RunGrouping")]
pub enum AttributionRunGrouping {
    /// By source: the roles, then the channels, then what nobody earned.
    Source,
    /// By role; then what channels earned, as one, without a source; last what nobody earned.
    Role,
    /// By channel; then what roles earned, as one, without a source; last what nobody earned.
    Channel,
    /// By the campaign of the touchpoint or origin; then what came from none; last what nobody earned.
    Campaign,
    /// By the rep of the touchpoint or origin; then what no rep did; last what nobody earned.
    Rep,
    /// By the opportunity's region; last the opportunities without one.
    Region,
}

/// Why a run failed.
#[derive(SimpleObject)]
pub struct AttributionRunError {
    /// The model's id; null where it was not the model's fault.
    model: Option<String>,
    /// What happened, in one sentence.
    message: String,
}

/// What one group of a run adds up to. The amounts of all groups add up to the run's total, to the minor unit; the counts of
/// opportunities do not.
pub struct AttributionRunTotal(RunTotal, CurrencyCode, RunGrouping);

impl AttributionRunTotal {
    fn entity(&self, by: RunGrouping) -> Option<Uuid> {
        self.0.entity.filter(|_| self.2 == by)
    }
}

/// What one group of a run adds up to. The amounts of all groups add up to the run's total, to the minor unit; the counts of
/// opportunities do not.
#[Object]
impl AttributionRunTotal {
    /// Whether it is what nobody earned. Never true by REGION: there that stands within each region.
    async fn is_unattributed(&self) -> bool {
        self.0.is_unattributed
    }

    /// The role or channel; null for what nobody earned, for what others earned by ROLE and CHANNEL, and where the totals are
    /// by something else.
    async fn source(&self) -> Option<Source> {
        self.0.source.map(Into::into)
    }

    /// The campaign; null for what none earned, and where the totals are not by campaign.
    async fn campaign(&self, ctx: &Context<'_>) -> Result<Option<Campaign>> {
        loaders::maybe(ctx, self.entity(RunGrouping::Campaign)).await
    }

    /// The rep; null for what none earned, and where the totals are not by rep.
    async fn rep(&self, ctx: &Context<'_>) -> Result<Option<Rep>> {
        loaders::maybe(ctx, self.entity(RunGrouping::Rep)).await
    }

    /// The region; null for opportunities without one, and where the totals are not by region.
    async fn region(&self, ctx: &Context<'_>) -> Result<Option<Region>> {
        loaders::maybe(ctx, self.entity(RunGrouping::Region)).await
    }

    /// Credit for opportunities that are open.
    async fn pipeline(&self) -> Money {
        Money::new(self.0.pipeline, self.1)
    }

    /// Credit for opportunities won.
    async fn closed_acv(&self) -> Money {
        Money::new(self.0.closed_acv, self.1)
    }

    /// Credit for opportunities lost.
    async fn lost_acv(&self) -> Money {
        Money::new(self.0.lost_acv, self.1)
    }

    /// All three.
    async fn total(&self) -> Money {
        Money::new(self.0.pipeline + self.0.closed_acv + self.0.lost_acv, self.1)
    }

    /// Distinct opportunities that it has a share of. Not additive.
    async fn opportunity_count(&self) -> i32 {
        count(self.0.opportunities.unsigned_abs())
    }

    /// Distinct opportunities of these whose credit will change: a milestone that the model gives weight to was not reached yet.
    /// Not additive.
    async fn provisional_count(&self) -> i32 {
        count(self.0.provisional.unsigned_abs())
    }
}

/// Totals of runs by (run, grouping).
pub struct TotalsOf {
    /// What use cases stand on.
    pub app: App,
    /// Who asks.
    pub viewer: Viewer,
}

impl Loader<(Uuid, RunGrouping)> for TotalsOf {
    type Value = Vec<RunTotal>;
    type Error = Arc<StorageError>;

    async fn load(
        &self,
        keys: &[(Uuid, RunGrouping)],
    ) -> std::result::Result<HashMap<(Uuid, RunGrouping), Vec<RunTotal>>, Self::Error> {
        let mut totals = HashMap::new();
        for by in RunGrouping::ALL {
            let ids: Vec<Uuid> = keys.iter().filter(|(_, own)| *own == by).map(|(id, _)| *id).collect();
            let found = runs::totals(&self.app, &self.viewer, &ids, by).await.map_err(Arc::new)?;
            totals.extend(found.into_iter().map(|(id, own)| ((id, by), own)));
        }
        Ok(totals)
    }
}

/// Why nobody earned anything, by run.
pub struct ReasonsOf {
    /// What use cases stand on.
    pub app: App,
    /// Who asks.
    pub viewer: Viewer,
}

impl Loader<Uuid> for ReasonsOf {
    type Value = Vec<(NoCredit, u64)>;
    type Error = Arc<StorageError>;

    async fn load(&self, runs: &[Uuid]) -> std::result::Result<HashMap<Uuid, Self::Value>, Self::Error> {
        runs::reasons(&self.app, &self.viewer, runs).await.map_err(Arc::new)
    }
}

/// An origin of an opportunity that can earn credit beside its touchpoints.
#[derive(Debug, Enum, Clone, Copy, PartialEq, Eq)]
pub enum CreditOrigin {
    /// Who created it, by the role held at its creation.
    Creator,
    /// Its primary campaign, or what its lead source maps to in its stead.
    PrimaryCampaign,
    /// A revenue split, by the role that its owner held at the creation.
    Split,
    /// An overlay split.
    OverlaySplit,
}

/// The origin of a kind of touchpoint; `None` for what is none.
pub(super) fn origin(kind: Option<Kind>) -> Option<CreditOrigin> {
    match kind? {
        Kind::Creator => Some(CreditOrigin::Creator),
        Kind::PrimaryCampaign => Some(CreditOrigin::PrimaryCampaign),
        Kind::Split => Some(CreditOrigin::Split),
        Kind::OverlaySplit => Some(CreditOrigin::OverlaySplit),
        _ => None,
    }
}

/// A share of an opportunity, as a run stored it.
pub struct AttributionCredit(pub StoredCredit);

noun!(AttributionCredit over StoredCredit, "AttributionCredit", by CreditColumn::Sequence, descending false);

/// A share of an opportunity, as a run stored it. The shares of one opportunity add up to its amount; one that nobody earned
/// has a single share, without a source.
#[Object]
impl AttributionCredit {
    /// Of which opportunity; null where it was deleted since.
    async fn opportunity(&self, ctx: &Context<'_>) -> Result<Option<Opportunity>> {
        loaders::one(ctx, self.0.credit.opportunity.0).await
    }

    /// The touchpoint that earned it; null where an origin did, or nobody.
    async fn touchpoint(&self, ctx: &Context<'_>) -> Result<Option<Touchpoint>> {
        loaders::maybe(ctx, self.0.credit.touchpoint.map(|id| id.0)).await
    }

    /// The origin that earned it; null where a touchpoint did, or nobody.
    async fn origin(&self) -> Option<CreditOrigin> {
        origin(self.0.credit.origin)
    }

    /// The role or channel that earned it; null where nobody did.
    async fn source(&self) -> Option<Source> {
        self.0.credit.source.map(Into::into)
    }

    /// The campaign of the touchpoint or origin; null for none.
    async fn campaign(&self, ctx: &Context<'_>) -> Result<Option<Campaign>> {
        loaders::maybe(ctx, self.0.credit.campaign.map(|id| id.0)).await
    }

    /// The rep of the touchpoint or origin; null for none.
    async fn rep(&self, ctx: &Context<'_>) -> Result<Option<Rep>> {
        loaders::maybe(ctx, self.0.credit.rep.map(|id| id.0)).await
    }

    /// The opportunity's region as the run knew it; null for none.
    async fn region(&self, ctx: &Context<'_>) -> Result<Option<Region>> {
        loaders::maybe(ctx, self.0.credit.region.map(|id| id.0)).await
    }

    /// How the opportunity stood as the run knew it.
    async fn outcome(&self) -> StageKind {
        self.0.credit.outcome.into()
    }

    /// The share, a ratio greater than 0, 1 at most.
    async fn weight(&self) -> f64 {
        self.0.credit.weight
    }

    /// The share in money.
    async fn amount(&self) -> Money {
        Money::new(self.0.credit.credit_minor, self.0.currency)
    }

    /// Why nobody earned anything of the opportunity; null where somebody did.
    async fn no_credit_reason(&self) -> Option<NoCreditReason> {
        self.0.credit.no_credit.map(Into::into)
    }

    /// Whether a milestone was not reached yet, so that the opportunity's weights will change.
    async fn is_provisional(&self) -> bool {
        self.0.credit.remarks.holds(Remarks::PROVISIONAL)
    }

    /// Whether the model could not tell the sources apart, so that every touchpoint took the same.
    async fn is_linear_instead(&self) -> bool {
        self.0.credit.remarks.holds(Remarks::LINEAR_INSTEAD)
    }

    /// Whether a negative value was set to zero and the others scaled.
    async fn is_clipped(&self) -> bool {
        self.0.credit.remarks.holds(Remarks::NEGATIVE_SET_TO_ZERO)
    }
}

/// A stored attribution run.
pub struct AttributionRun(pub RunRow);

noun!(AttributionRun over RunRow, "AttributionRun", by RunColumn::StartedAt, descending true);

impl AttributionRun {
    fn number(&self, pointer: &str) -> Option<i64> {
        let from = if self.0.state == JobState::Done { &self.0.report } else { &self.0.progress };
        from.as_ref()?.pointer(pointer)?.as_i64()
    }
}

/// A stored attribution run: one model over a scope, as known at an instant, up to a change of the data. Its result is there
/// once it is done, and stays as it is.
#[Object]
impl AttributionRun {
    /// Opaque, and unique across all types.
    pub async fn id(&self) -> ID {
        global_id(AttributionRun::NAME, self.0.id)
    }

    /// What it is called; no two runs alike.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The model's id, as `attributionModels` lists it.
    async fn model(&self) -> &str {
        &self.0.model
    }

    /// The model's own version.
    async fn model_version(&self) -> &str {
        &self.0.model_version
    }

    /// SHA-256 of the model's file, in hexadecimal; null for a model that comes with the server.
    async fn model_file(&self) -> Option<&str> {
        self.0.model_file.as_deref()
    }

    /// Every parameter with its value: a JSON object.
    async fn parameters(&self) -> Json {
        Json(serde_json::from_str(&self.0.parameters).unwrap_or_default())
    }

    /// SHA-256 of the parameters, in hexadecimal, written by RFC 8785.
    async fn parameters_hash(&self) -> &str {
        &self.0.parameters_hash
    }

    /// Which touchpoints the model saw.
    async fn lens(&self) -> Lens {
        self.0.lens.into()
    }

    /// The period in which the close dates lie.
    async fn period(&self, ctx: &Context<'_>) -> Period {
        Period(super::app(ctx).config.organisation.calendar().period(self.0.period))
    }

    /// Which opportunities, in the shape of a MatrixFilter; an empty object for all.
    async fn filter(&self) -> Json {
        Json(shown(&self.0.filter))
    }

    /// The instant as of which facts are read.
    async fn as_of(&self) -> Instant {
        self.0.as_of.into()
    }

    /// The last change that counts.
    async fn data_version(&self) -> Change {
        Change(self.0.data_version)
    }

    /// Who started it.
    async fn started_by(&self) -> &str {
        &self.0.started_by
    }

    /// When it was started.
    async fn started_at(&self) -> Instant {
        self.0.created_at.into()
    }

    /// When it ended; null before.
    async fn ended_at(&self) -> Option<Instant> {
        let is_over = !matches!(self.0.state, JobState::Queued | JobState::Running);
        is_over.then_some(self.0.updated_at.into())
    }

    /// Where it stands.
    async fn state(&self) -> AttributionRunState {
        self.0.state.into()
    }

    /// Opportunities credited so far; of a run that failed or was cancelled, until then.
    async fn done(&self) -> i32 {
        let done = self.number("/done").or_else(|| self.number("/opportunities")).unwrap_or(0);
        i32::try_from(done).unwrap_or(i32::MAX)
    }

    /// Opportunities to be credited; null before the first are.
    async fn opportunities(&self) -> Option<i32> {
        let of = self.number("/of").or_else(|| self.number("/opportunities"));
        of.map(|of| i32::try_from(of).unwrap_or(i32::MAX))
    }

    /// The amounts of all its opportunities; null until it is done.
    async fn total(&self) -> Option<Money> {
        self.number("/totalMinor").map(|minor| Money::new(minor, self.0.currency))
    }

    /// Opportunities whose credit will change: a milestone that the model gives weight to was not reached yet. Null until it is
    /// done.
    async fn provisional_count(&self) -> Option<i32> {
        Some(count(self.number("/provisional")?.unsigned_abs()))
    }

    /// Why nobody earned anything of some opportunities; none where everything is attributed, and until it is done.
    #[graphql(complexity = "REASONS * child_complexity + 1")]
    async fn unattributed_reasons(&self, ctx: &Context<'_>) -> Result<Vec<UnattributedReason>> {
        let loader = ctx.data_unchecked::<DataLoader<ReasonsOf>>();
        let reasons = loader.load_one(self.0.id).await.map_err(failed)?.unwrap_or_default();
        Ok(reasons.into_iter().map(|(reason, count)| UnattributedReason(reason, count)).collect())
    }

    /// Why it failed; null where it did not.
    async fn error(&self) -> Option<AttributionRunError> {
        let error = self.0.report.as_ref()?.get("error")?;
        let text = |name: &str| error.get(name).and_then(|text| text.as_str()).map(str::to_owned);
        Some(AttributionRunError { model: text("model"), message: text("message").unwrap_or_default() })
    }

    /// The opportunity on which the model failed; null where it did not, or none is to blame.
    async fn failed_on(&self, ctx: &Context<'_>) -> Result<Option<Opportunity>> {
        let id = self.0.report.as_ref().and_then(|report| report.pointer("/error/opportunity")?.as_str()?.parse().ok());
        loaders::maybe(ctx, id).await
    }

    /// What its groups add up to; none until it is done.
    #[graphql(complexity = "whole_cost(at_most) * child_complexity + 1")]
    async fn totals(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "By what.")] by: AttributionRunGrouping,
        #[graphql(
            desc = "How many you are ready for, 1 to 10,000: more are refused, never cut short, since they add up.",
            default = 100
        )]
        at_most: i32,
    ) -> Result<Vec<AttributionRunTotal>> {
        let by: RunGrouping = by.into();
        let loader = ctx.data_unchecked::<DataLoader<TotalsOf>>();
        let totals = loader.load_one((self.0.id, by)).await.map_err(failed)?.unwrap_or_default();
        let currency = self.0.currency;
        Ok(whole(&totals, "totals", at_most)?.iter().map(|total| AttributionRunTotal(*total, currency, by)).collect())
    }

    /// Its shares, opportunity by opportunity; none until it is done.
    #[graphql(complexity = "super::page::nested_cost(first, last) * child_complexity + 1")]
    async fn credits(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 0 to 100; 20 where neither `first` nor `last` is given.")] first: Option<i32>,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
    ) -> Result<Connection<AttributionCredit>> {
        let order = <AttributionCredit as Noun>::ORDER;
        let below = Below { column: CreditColumn::Run, parent: self.0.id, filter: Filter::everything(), order };
        below.page(ctx, Paging { first, after, last, before }, AttributionCredit::wrap).await
    }
}

/// A filter as its input was.
fn shown(filter: &dimension::Filter) -> serde_json::Value {
    use dimension::Filter as F;
    let all = |parts: &[F]| parts.iter().map(shown).collect::<Vec<_>>();
    match filter {
        F::Everything => serde_json::json!({}),
        F::In(dimension, values) => {
            let dimension = async_graphql::resolver_utils::enum_value(super::cut::Dimension::from(*dimension));
            let values: Vec<Option<String>> = values.iter().map(written).collect();
            serde_json::json!({ "dimension": dimension.into_json().unwrap_or_default(), "in": values })
        }
        F::And(parts) => serde_json::json!({ "and": all(parts) }),
        F::Or(parts) => serde_json::json!({ "or": all(parts) }),
        F::Not(part) => serde_json::json!({ "not": shown(part) }),
    }
}

filter_input! {
    /// Which runs. All conditions hold together; an empty filter fits every run.
    AttributionRunFilter on RunColumn {
        /// By name.
        name: TextFilter => Name;
        /// By the model's id.
        model: TextFilter => Model;
        /// By where it stands.
        state: AttributionRunStateFilter => State;
        /// By when it was started.
        started_at: DateTimeFilter => StartedAt;
    }
}

order_input! {
    /// How runs are ordered.
    AttributionRunOrder,
    /// What runs are ordered by.
    AttributionRunOrderField on RunColumn {
        /// The name.
        Name;
        /// When it was started.
        StartedAt;
    }
}

roots! {
    /// Reading runs.
    AttributionRunsQuery {
        /// Stored attribution runs, the latest first unless another order is asked for.
        attribution_runs, : AttributionRun by AttributionRunFilter, AttributionRunOrder
    }
}

/// Reading one run.
#[derive(Default)]
pub struct RunQuery;

#[Object]
impl RunQuery {
    /// The run with this id or name; null where there is none.
    async fn attribution_run(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its id; not together with `name`.")] id: Option<ID>,
        #[graphql(desc = "Its name; not together with `id`.")] name: Option<String>,
    ) -> Result<Option<AttributionRun>> {
        match (id, name) {
            (Some(id), None) => loaders::one(ctx, parse_id(AttributionRun::NAME, &id)?).await,
            (None, Some(name)) if name.contains('\0') => Ok(None),
            (None, Some(name)) => {
                Ok(runs::by_name(super::app(ctx), super::caller(ctx), name).await.map_err(failed)?.map(AttributionRun))
            }
            _ => Err(broken(Code::BadUserInput, "name the run by 'id' or by 'name', one of them")),
        }
    }
}

/// A run to be started.
#[derive(InputObject)]
pub struct AttributionRunStartInput {
    /// What it shall be called, 1 to 200 characters; no two runs alike.
    name: String,
    /// A key of your own for this act, 1 to 200 characters: sent again with the same input, the first run is given again.
    idempotency_key: String,
    /// The model with its parameters and lens. Absent or null: the configured one.
    model: Option<ModelInput>,
    /// The name of the period in which the close dates lie, such as FY2027-Q4. Absent or null: the quarter of `asOf`.
    period: Option<String>,
    /// Of which opportunities; by other dimensions than PRODUCT and SOURCE. Absent or null: all.
    filter: Option<MatrixFilter>,
    /// The instant as of which facts are read. Absent or null: now.
    as_of: Option<Instant>,
}

/// Why a run cannot be started, in order of precedence.
#[derive(Debug, Enum, Clone, Copy, PartialEq, Eq)]
pub enum AttributionRunStartErrorCode {
    /// The idempotency key was used with other input.
    Conflict,
    /// A text is empty or too long.
    BadText,
    /// There is no such model.
    UnknownModel,
    /// A parameter is unknown, of the wrong type, or out of its range.
    BadParameter,
    /// The model has another version here than was asked for.
    OtherVersion,
    /// The model shares no amount out.
    NotAdditive,
    /// The period is none.
    BadPeriod,
    /// The filter names PRODUCT or SOURCE.
    BadFilter,
    /// Another run has the name.
    NameTaken,
    /// Too many of your runs wait already.
    TooManyQueued,
}

/// Why a run cannot be started.
#[derive(SimpleObject)]
pub struct AttributionRunStartError {
    /// What kind of reason it is.
    code: AttributionRunStartErrorCode,
    /// The reason and the way out, in one sentence.
    message: String,
    /// The field of the input that it is about, from `input` down; null where it is about none.
    path: Option<Vec<String>>,
}

/// What came of starting a run.
#[derive(SimpleObject)]
pub struct AttributionRunStartPayload {
    /// The run; null where it was not started.
    run: Option<AttributionRun>,
    /// Why it was not started, at most one reason; none where it was.
    user_errors: Vec<AttributionRunStartError>,
}

fn start_error(refusal: &StartRefusal) -> AttributionRunStartError {
    use AttributionRunStartErrorCode as C;
    let (code, path): (C, Option<&[&str]>) = match refusal {
        StartRefusal::Conflict => (C::Conflict, Some(&["input", "idempotencyKey"])),
        StartRefusal::BadText { field: "name", .. } => (C::BadText, Some(&["input", "name"])),
        StartRefusal::BadText { .. } => (C::BadText, Some(&["input", "idempotencyKey"])),
        StartRefusal::UnknownModel(_) => (C::UnknownModel, Some(&["input", "model", "id"])),
        StartRefusal::BadParameter { .. } => (C::BadParameter, Some(&["input", "model", "parameters"])),
        StartRefusal::OtherVersion(_) => (C::OtherVersion, Some(&["input", "model", "version"])),
        StartRefusal::NotAdditive(_) => (C::NotAdditive, Some(&["input", "model", "id"])),
        StartRefusal::BadPeriod(_) => (C::BadPeriod, Some(&["input", "period"])),
        StartRefusal::BadFilter => (C::BadFilter, Some(&["input", "filter"])),
        StartRefusal::NameTaken(_) => (C::NameTaken, Some(&["input", "name"])),
        StartRefusal::TooManyQueued(_) => (C::TooManyQueued, None),
    };
    let path = path.map(|path| path.iter().map(|part| (*part).to_owned()).collect());
    AttributionRunStartError { code, message: refusal.to_string(), path }
}

/// A run to be cancelled.
#[derive(InputObject)]
pub struct AttributionRunCancelInput {
    /// Which run.
    id: ID,
}

/// Why a run cannot be cancelled, in order of precedence.
#[derive(Debug, Enum, Clone, Copy, PartialEq, Eq)]
pub enum AttributionRunCancelErrorCode {
    /// There is no such run.
    NotFound,
    /// It is over.
    Ended,
}

/// Why a run cannot be cancelled.
#[derive(SimpleObject)]
pub struct AttributionRunCancelError {
    /// What kind of reason it is.
    code: AttributionRunCancelErrorCode,
    /// The reason, in one sentence.
    message: String,
    /// The field of the input that it is about, from `input` down.
    path: Option<Vec<String>>,
}

/// What came of cancelling a run.
#[derive(SimpleObject)]
pub struct AttributionRunCancelPayload {
    /// The run; null where it was not cancelled.
    run: Option<AttributionRun>,
    /// Why it was not cancelled, at most one reason; none where it was.
    user_errors: Vec<AttributionRunCancelError>,
}

/// Starting and cancelling runs.
#[derive(Default)]
pub struct RunMutation;

/// Everything that can be done. What a person can mend stands in `userErrors` of each answer.
#[Object]
impl RunMutation {
    /// Starts a run in the background: its progress and its result are read from `attributionRun`.
    async fn attribution_run_start(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The run.")] input: AttributionRunStartInput,
    ) -> Result<AttributionRunStartPayload> {
        let asked = RunAsked {
            name: input.name,
            idempotency_key: input.idempotency_key,
            model: model(input.model)?,
            period: input.period,
            filter: filter(input.filter)?,
            as_of: input.as_of.map(|at| at.0),
        };
        Ok(match runs::start(super::app(ctx), super::caller(ctx), asked).await.map_err(failed)? {
            Ok(run) => AttributionRunStartPayload { run: Some(AttributionRun(run)), user_errors: Vec::new() },
            Err(refusal) => AttributionRunStartPayload { run: None, user_errors: vec![start_error(&refusal)] },
        })
    }

    /// Cancels a run that waits or goes. Nothing of it is kept.
    async fn attribution_run_cancel(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which run.")] input: AttributionRunCancelInput,
    ) -> Result<AttributionRunCancelPayload> {
        let id = parse_id(AttributionRun::NAME, &input.id)?;
        Ok(match runs::cancel(super::app(ctx), super::caller(ctx), id).await.map_err(failed)? {
            Ok(run) => AttributionRunCancelPayload { run: Some(AttributionRun(run)), user_errors: Vec::new() },
            Err(refusal) => {
                let code = match refusal {
                    CancelRefusal::NotFound => AttributionRunCancelErrorCode::NotFound,
                    CancelRefusal::Ended => AttributionRunCancelErrorCode::Ended,
                };
                let path = Some(vec!["input".to_owned(), "id".to_owned()]);
                let error = AttributionRunCancelError { code, message: refusal.to_string(), path };
                AttributionRunCancelPayload { run: None, user_errors: vec![error] }
            }
        })
    }
}
