//! How the credit of one opportunity came about, touchpoint by touchpoint.

use super::{NoCreditReason, OpportunityOutcome, cannot};
use crate::app::attribution::{self as cases, ModelUsed};
use crate::graphql::campaign::Campaign;
use crate::graphql::loaders;
use crate::graphql::models::ModelUse;
use crate::graphql::node::{global_id, parse_id};
use crate::graphql::opportunity::Opportunity;
use crate::graphql::page::{self, Connection, DEFAULT, Listed, MOST, Paging};
use crate::graphql::question::{ModelInput, model};
use crate::graphql::rep::Rep;
use crate::graphql::scalars::{Change, Instant, Money, count};
use crate::graphql::source::Source;
use crate::graphql::touchpoint::{Touchpoint, TouchpointKind};
use async_graphql::{Context, Enum, ID, Object, Result};
use chrono::DateTime;
use pipewright_core::attribution::{self, JourneyRules};
use pipewright_core::ids::OpportunityId;
use pipewright_core::touchpoint;
use pipewright_plugin::{Kind, Moved, Positions, Remarks, Why};

/// What a touchpoint is on a journey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum Position {
    /// The earliest touchpoint.
    First,
    /// The first response or inclusion, where there is a response at or before the opportunity's creation.
    LeadCreation,
    /// The latest touchpoint at or before the opportunity's creation.
    OpportunityCreation,
    /// The latest touchpoint at or before the close.
    Closed,
    /// Any other touchpoint that is more than a bare visit.
    Middle,
    /// The latest touchpoint at or before the first arrival at the first stage that configuration names as a milestone.
    Stage1,
    /// The same of the second such stage.
    Stage2,
    /// The same of the third such stage.
    Stage3,
    /// The same of the fourth such stage.
    Stage4,
    /// The same of the fifth such stage.
    Stage5,
    /// The same of the sixth such stage.
    Stage6,
}

/// All positions, with their bits.
const POSITIONS: [(Position, Positions); 11] = [
    (Position::First, Positions::FIRST),
    (Position::LeadCreation, Positions::LEAD_CREATION),
    (Position::OpportunityCreation, Positions::OPPORTUNITY_CREATION),
    (Position::Middle, Positions::MIDDLE),
    (Position::Stage1, Positions::stage(0)),
    (Position::Stage2, Positions::stage(1)),
    (Position::Stage3, Positions::stage(2)),
    (Position::Stage4, Positions::stage(3)),
    (Position::Stage5, Positions::stage(4)),
    (Position::Stage6, Positions::stage(5)),
    (Position::Closed, Positions::CLOSED),
];

/// What an opportunity brings with it beside its touchpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum OriginKind {
    /// Its creator, by the role held then.
    Creator,
    /// The channel of its primary campaign, or what its lead source stands for.
    PrimaryCampaign,
    /// A revenue split.
    Split,
    /// An overlay split, reported as influence.
    OverlaySplit,
}

fn touchpoint_kind(kind: Kind) -> Option<TouchpointKind> {
    use touchpoint::TouchpointKind as T;
    let kind = match kind {
        Kind::BareVisit => T::BareVisit,
        Kind::Response => T::Response,
        Kind::Inclusion => T::Inclusion,
        Kind::Call => T::Call,
        Kind::Email => T::Email,
        Kind::Meeting => T::Meeting,
        Kind::Task => T::Task,
        Kind::LeadConversion => T::LeadConversion,
        Kind::HandOff => T::HandOff,
        Kind::Creator | Kind::PrimaryCampaign | Kind::Split | Kind::OverlaySplit => return None,
    };
    Some(kind.into())
}

/// Why a weight was moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Why")]
pub enum MovedBecause {
    /// A milestone was reached with no touchpoint of its own: it sits on the next reached milestone's.
    NextMilestone,
    /// A milestone was reached with no touchpoint of its own, nor has a later one: it is spread over the positions held.
    NoLaterMilestone,
    /// There is no middle touchpoint: the middle's weight is spread over the positions held.
    NoMiddle,
}

/// A weight that came from elsewhere.
pub struct MovedWeight(Moved);

/// A weight that its rule's touchpoint could not take.
#[Object]
impl MovedWeight {
    /// How much, before scaling.
    async fn weight(&self) -> f64 {
        self.0.weight
    }

    /// Why it came here.
    async fn reason(&self) -> MovedBecause {
        self.0.why.into()
    }
}

/// A position that a touchpoint holds.
pub struct HeldPosition(Position);

/// A position that a touchpoint holds; their weights add up.
#[Object]
impl HeldPosition {
    /// Which.
    async fn position(&self) -> Position {
        self.0
    }
}

/// Moved weights of one touchpoint, at most: one a milestone, and the middle's.
const MOST_MOVED: usize = 12;

/// One touchpoint or origin with its credit.
#[derive(Clone)]
pub struct ExplainedTouchpoint {
    place: usize,
    touch: attribution::ExplainedTouch,
}

impl Listed for ExplainedTouchpoint {
    const NAME: &'static str = "ExplainedTouchpoint";
}

/// One touchpoint or origin of the journey, and how its credit came about.
#[Object]
impl ExplainedTouchpoint {
    /// The touchpoint; null for an origin.
    async fn touchpoint(&self, ctx: &Context<'_>) -> Result<Option<Touchpoint>> {
        loaders::maybe(ctx, self.touch.touchpoint.map(|id| id.0)).await
    }

    /// When.
    async fn at(&self) -> Instant {
        DateTime::from_timestamp_millis(self.touch.at_ms).unwrap_or_default().into()
    }

    /// The role or channel that earns.
    async fn source(&self) -> Source {
        self.touch.source.into()
    }

    /// What happened; null for an origin.
    async fn kind(&self) -> Option<TouchpointKind> {
        touchpoint_kind(self.touch.kind)
    }

    /// What it is of the opportunity's own; null for a touchpoint.
    async fn origin(&self) -> Option<OriginKind> {
        match self.touch.kind {
            Kind::Creator => Some(OriginKind::Creator),
            Kind::PrimaryCampaign => Some(OriginKind::PrimaryCampaign),
            Kind::Split => Some(OriginKind::Split),
            Kind::OverlaySplit => Some(OriginKind::OverlaySplit),
            _ => None,
        }
    }

    /// The campaign it came from; null without one.
    async fn campaign(&self, ctx: &Context<'_>) -> Result<Option<Campaign>> {
        loaders::maybe(ctx, self.touch.campaign.map(|id| id.0)).await
    }

    /// The rep who acted; null for marketing.
    async fn rep(&self, ctx: &Context<'_>) -> Result<Option<Rep>> {
        loaders::maybe(ctx, self.touch.rep.map(|id| id.0)).await
    }

    /// The positions it holds; none for a bare visit in between, and for origins.
    #[graphql(complexity = "POSITIONS.len() * child_complexity + 1")]
    async fn positions(&self) -> Vec<HeldPosition> {
        let held = POSITIONS.iter().filter(|(_, bits)| self.touch.positions.holds(*bits));
        held.map(|(position, _)| HeldPosition(*position)).collect()
    }

    /// What the model's own rule gives it, before anything is moved and scaled. Null where the weight is all there is to say.
    async fn base_weight(&self) -> Option<f64> {
        self.touch.base
    }

    /// What came to it from elsewhere, with the reasons.
    #[graphql(complexity = "MOST_MOVED * child_complexity + 1")]
    async fn moved(&self) -> Vec<MovedWeight> {
        self.touch.moved.iter().take(MOST_MOVED).copied().map(MovedWeight).collect()
    }

    /// Its share of the opportunity, a ratio: (baseWeight + moved) times the explanation's `scale`.
    async fn weight(&self) -> f64 {
        self.touch.weight
    }

    /// The weight in money, to the cent.
    async fn credit(&self, ctx: &Context<'_>) -> Money {
        Money::reported(ctx, self.touch.credit)
    }

    /// The part of `credit`, one cent or none, that it got in the rounding: cents left over go to the largest remainders, ties
    /// to the earlier touchpoint.
    async fn rounding(&self, ctx: &Context<'_>) -> Money {
        Money::reported(ctx, self.touch.rounding)
    }
}

/// What was left out of a journey before the model saw it.
pub struct LeftOut(attribution::LeftOut);

/// What was left out of a journey before the model saw it.
#[Object(name = "JourneyLeftOut")]
impl LeftOut {
    /// Touchpoints that the configured rules of suppression took out, by the first rule that holds for each; rules that took out
    /// none are not listed.
    #[graphql(complexity = "JourneyRules::MOST_SUPPRESSIONS * child_complexity + 1")]
    async fn suppressed(&self, ctx: &Context<'_>) -> Vec<Suppressed> {
        let rules = &crate::graphql::app(ctx).config.attribution.suppress;
        let taken = self.0.suppressed.iter().zip(rules).enumerate().filter(|(_, (count, _))| **count > 0);
        taken.map(|(at, (count, rule))| Suppressed { rule: rule.called(at + 1), count: *count }).collect()
    }

    /// Touchpoints that another one stands for: of the same session, or of the same person, campaign and day.
    async fn repeated_count(&self) -> i32 {
        count(self.0.repeated as u64)
    }

    /// Touchpoints that the journey would have, where they are more than the configured limit lets: then it has none. Null
    /// where they are not.
    async fn too_many_count(&self) -> Option<i32> {
        self.0.too_many.map(|touchpoints| count(touchpoints as u64))
    }
}

/// What one rule of suppression took out.
pub struct Suppressed {
    rule: String,
    count: usize,
}

/// What one rule of suppression took out.
#[Object(name = "SuppressedTouchpoints")]
impl Suppressed {
    /// The rule's name in the configuration; `rule 2` for the second one, where it has none.
    async fn rule(&self) -> &str {
        &self.rule
    }

    /// How many touchpoints.
    async fn count(&self) -> i32 {
        count(self.count as u64)
    }
}

/// How the credit of one opportunity came about.
pub struct AttributionExplanation {
    explained: attribution::Explained,
    model: ModelUsed,
    as_of: Instant,
}

/// How the credit of one opportunity came about. Where there is credit and the model is additive, the credits add up to the
/// opportunity's amount, to the cent.
#[Object]
impl AttributionExplanation {
    /// The model that answered.
    async fn model(&self) -> ModelUse {
        ModelUse(self.model.clone())
    }

    /// The last change that the answer holds.
    async fn data_version(&self) -> Change {
        Change(self.explained.data_version)
    }

    /// The instant as of which every fact is read.
    async fn as_of(&self) -> Instant {
        self.as_of
    }

    /// The opportunity's id.
    async fn opportunity_id(&self) -> ID {
        global_id(Opportunity::NAME, self.explained.opportunity.0)
    }

    /// The opportunity as it stands today; null where it was deleted since.
    async fn opportunity(&self, ctx: &Context<'_>) -> Result<Option<Opportunity>> {
        loaders::one(ctx, self.explained.opportunity.0).await
    }

    /// The opportunity's amount at the instant: what is shared out.
    async fn amount(&self, ctx: &Context<'_>) -> Money {
        Money::reported(ctx, self.explained.amount)
    }

    /// How it stood at the instant.
    async fn outcome(&self) -> OpportunityOutcome {
        self.explained.outcome.into()
    }

    /// When it was created.
    async fn created_at(&self) -> Instant {
        DateTime::from_timestamp_millis(self.explained.created_at_ms).unwrap_or_default().into()
    }

    /// The journey in order, then the opportunity's origins where the model sees them.
    #[graphql(complexity = "page::cost(first, last) * child_complexity + 1")]
    async fn touchpoints(
        &self,
        #[graphql(desc = "How many from the start, 0 to 500; 50 where neither `first` nor `last` is given.")] first: Option<i32>,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 500; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
    ) -> Result<Connection<ExplainedTouchpoint>> {
        let placed = self.explained.touches.iter().cloned().enumerate();
        let placed: Vec<_> = placed.map(|(place, touch)| ExplainedTouchpoint { place, touch }).collect();
        let paging = Paging { first, after, last, before };
        page::of_list(&placed, "Explanation.touchpoints", |one| one.place, Clone::clone, &paging, (DEFAULT, MOST))
    }

    /// What was left out of the journey before the model saw it.
    async fn left_out(&self) -> LeftOut {
        LeftOut(self.explained.left_out.clone())
    }

    /// What (baseWeight + moved) is multiplied by so that the weights add up to 1. Null where the model does not say.
    async fn scale(&self) -> Option<f64> {
        self.explained.scale
    }

    /// Whether the weights will change, since a milestone that the model gives weight to is not reached yet.
    async fn is_provisional(&self) -> bool {
        self.explained.remarks.holds(Remarks::PROVISIONAL)
    }

    /// Whether the model had nothing to tell the journey's sources apart by, so that every touchpoint took the same.
    async fn is_linear_instead(&self) -> bool {
        self.explained.remarks.holds(Remarks::LINEAR_INSTEAD)
    }

    /// Whether a negative value was set to zero and the others scaled.
    async fn is_clipped(&self) -> bool {
        self.explained.remarks.holds(Remarks::NEGATIVE_SET_TO_ZERO)
    }

    /// Why nobody earned anything: the whole amount is unattributed. Null where somebody did.
    async fn no_credit_reason(&self) -> Option<NoCreditReason> {
        self.explained.no_credit.map(Into::into)
    }
}

/// The explanation, asked for.
#[derive(Default)]
pub struct ExplainQuery;

#[Object]
impl ExplainQuery {
    /// How the credit of one opportunity came about under one model, touchpoint by touchpoint. Null where the opportunity does
    /// not exist at that instant.
    #[graphql(complexity = "child_complexity + 10")]
    async fn explain_attribution(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The opportunity's id.")] opportunity: ID,
        #[graphql(desc = "The model. Absent or null: the configured one.", name = "model")] chosen: Option<ModelInput>,
        #[graphql(desc = "The instant as of which facts are read. Absent or null: now.")] as_of: Option<Instant>,
        #[graphql(desc = "Only changes up to this one count, to have an old answer again. Absent or null: all.")]
        data_version: Option<Change>,
    ) -> Result<Option<AttributionExplanation>> {
        let opportunity = OpportunityId(parse_id(Opportunity::NAME, &opportunity)?);
        let known = (as_of.map(|at| at.0), data_version.map(|version| version.0));
        let (app, caller) = (crate::graphql::app(ctx), crate::graphql::caller(ctx));
        let mut answered = cases::explain(app, caller, opportunity, known, model(chosen)?).await.map_err(cannot)?;
        let as_of = answered.within.as_of.into();
        let model = answered.models.swap_remove(0);
        Ok(answered.answer.map(|explained| AttributionExplanation { explained, model, as_of }))
    }
}
