//! How the credit of one opportunity came about, touchpoint by touchpoint, to the cent.

use super::credit::{ModelCredit, Weighed};
use super::{CreditError, Known, LeftOut};
use crate::catalog::StageKind;
use crate::facts::Snapshot;
use crate::facts::reading::Reading;
use crate::ids::{CampaignId, DataVersion, OpportunityId, RepId, TouchpointId};
use crate::money;
use crate::touchpoint::Source;
use crate::viewer::Scope;
use chrono::{DateTime, Utc};
use pipewright_plugin::{Kind, Moved, NoCredit, Positions, Remarks};

/// One touchpoint, or origin, of the journey.
#[derive(Debug, Clone, PartialEq)]
pub struct ExplainedTouch {
    /// Which touchpoint; `None` for an origin.
    pub touchpoint: Option<TouchpointId>,
    /// Milliseconds since 1970, UTC.
    pub at_ms: i64,
    /// Who earns.
    pub source: Source,
    /// What happened.
    pub kind: Kind,
    /// What it is on the journey.
    pub positions: Positions,
    /// Its campaign.
    pub campaign: Option<CampaignId>,
    /// Its rep.
    pub rep: Option<RepId>,
    /// What the model's own rule gives it, before anything is moved and scaled; `None` where the weight is all there is to say.
    pub base: Option<f64>,
    /// What came to it from elsewhere, with the reasons, before scaling.
    pub moved: Vec<Moved>,
    /// Its weight: a share, 0 to 1; 0 where there is no credit.
    pub weight: f64,
    /// Minor units of the reporting currency.
    pub credit: i64,
    /// The minor unit (-1, 0 or 1) of `credit` that it got in the rounding.
    pub rounding: i64,
}

/// The credit of one opportunity.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    /// Of which.
    pub opportunity: OpportunityId,
    /// The last change that counts.
    pub data_version: DataVersion,
    /// Its amount, minor units of the reporting currency: what the credits add up to where there is credit.
    pub amount: i64,
    /// How it stood.
    pub outcome: StageKind,
    /// When it was created, milliseconds.
    pub created_at_ms: i64,
    /// The journey in order, then the origins where the model sees them.
    pub touches: Vec<ExplainedTouch>,
    /// What (base + moved) is multiplied by so that the weights add up to 1; `None` where the model does not say.
    pub scale: Option<f64>,
    /// What a reader should know of the weights.
    pub remarks: Remarks,
    /// Why nobody earned anything; `None` where somebody did.
    pub no_credit: Option<NoCredit>,
    /// What was left out of the journey before the model saw it.
    pub left_out: LeftOut,
}

/// Explains the credit of an opportunity; `None` where it does not exist then, is deleted, or is not the viewer's to see.
///
/// # Errors
/// The model failed.
pub fn explain(
    snapshot: &Snapshot,
    opportunity: OpportunityId,
    (as_of, data_version): (DateTime<Utc>, Option<DataVersion>),
    scope: &Scope,
    model: &ModelCredit,
) -> Result<Option<Explained>, CreditError> {
    let Some(index) = snapshot.opportunity_index(opportunity).filter(|_| scope.is_unrestricted()) else { return Ok(None) };
    let reading = Reading::new(snapshot, as_of, data_version);
    let Some(held) = reading.held(index).filter(|held| !held.is_deleted()) else { return Ok(None) };
    let amount = reading.acv(&held);
    let mut explained = Explained {
        opportunity,
        data_version: snapshot.version_of(data_version),
        amount,
        outcome: reading.kind(&held),
        created_at_ms: reading.created_at_ms(&held),
        touches: Vec::new(),
        scale: None,
        remarks: Remarks::NONE,
        no_credit: None,
        left_out: LeftOut::default(),
    };
    let known = Known { at_ms: reading.at_ms, version: reading.version };
    model.trace(snapshot, known, &[index], &mut |weighed| fill(&mut explained, snapshot, model, weighed))?;
    Ok(Some(explained))
}

fn fill(explained: &mut Explained, snapshot: &Snapshot, model: &ModelCredit, weighed: &Weighed<'_>) {
    let explanation = weighed.journey.as_ref().and_then(|journey| model.explanation(journey));
    let weights = weighed.weights.unwrap_or_default();
    let credits = match model.is_additive() {
        true => shared(explained.amount, weights),
        false => weights.iter().map(|weight| part(explained.amount, weight.min(1.0))).collect(),
    };
    explained.remarks = weighed.remarks;
    explained.no_credit = weighed.weights.err();
    explained.left_out = weighed.left_out.clone();
    explained.scale = explanation.as_ref().map(|explanation| explanation.scale);
    let touch = |(at, (touch, trace)): (usize, (&pipewright_plugin::Touch, &super::Trace))| {
        let part = explanation.as_ref().and_then(|explanation| explanation.parts.get(at));
        let (credit, rounding) = credits.get(at).copied().unwrap_or_default();
        let source = u8::try_from(touch.source.code()).ok().and_then(Source::from_code);
        ExplainedTouch {
            touchpoint: trace.touchpoint,
            at_ms: touch.at_ms,
            source: source.expect("the sources of opportunities are eleven"),
            kind: touch.kind,
            positions: touch.positions,
            campaign: snapshot.campaign_of_code(trace.campaign),
            rep: snapshot.rep_of_code(trace.rep),
            base: part.map(|part| part.base),
            moved: part.map(|part| part.moved.clone()).unwrap_or_default(),
            weight: weights.get(at).copied().unwrap_or(0.0),
            credit,
            rounding,
        }
    };
    explained.touches = weighed.touches.iter().zip(weighed.traces).enumerate().map(touch).collect();
}

/// What each touchpoint earns and the unit of it that came from the rounding: nothing without a weight.
fn shared(amount: i64, weights: &[f64]) -> Vec<(i64, i64)> {
    let positive: Vec<f64> = weights.iter().copied().filter(|weight| *weight > 0.0).collect();
    let mut parts = money::split_rounded(amount, &positive).into_iter();
    let part = |weight: &f64| if *weight > 0.0 { parts.next().expect("one part for each weight") } else { (0, 0) };
    weights.iter().map(part).collect()
}

/// A part of an amount that shares nothing out.
fn part(amount: i64, weight: f64) -> (i64, i64) {
    money::split_rounded(amount, &[weight, 1.0 - weight])[0]
}
