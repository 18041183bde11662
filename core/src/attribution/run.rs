//! What a stored run credits: the opportunities of its scope, in order of their ids, and each share of each.

use super::credit::{ModelCredit, Weighed};
use super::{CreditError, Known};
use crate::calendar::Period;
use crate::catalog::StageKind;
use crate::dimension::{Dimension, DimensionValue, Filter};
use crate::facts::Snapshot;
use crate::facts::cut::{Atom, Cut};
use crate::facts::reading::{Months, Reading};
use crate::facts::scan::chunks;
use crate::ids::{CampaignId, DataVersion, OpportunityId, RegionId, RepId, TouchpointId};
use crate::money;
use crate::touchpoint::Source;
use crate::viewer::Scope;
use chrono::{DateTime, Datelike, Utc};
use pipewright_plugin::{Kind, NoCredit, Remarks, Touch};

/// Why a run cannot be started, in order of precedence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StartRefusal {
    /// The key was used for something else.
    #[error("the idempotency key was used with other input: take a new one")]
    Conflict,
    /// A name or key that is empty or too long.
    #[error("'{field}' has 1 to {most} characters")]
    BadText {
        /// Which field of the input.
        field: &'static str,
        /// Characters at most.
        most: usize,
    },
    /// No such model.
    #[error("no attribution model is called '{0}': attributionModels lists those there are")]
    UnknownModel(String),
    /// A parameter is unknown, of the wrong type, or out of its range.
    #[error("parameter '{parameter}': {reason}")]
    BadParameter {
        /// Which.
        parameter: String,
        /// What is wrong and what would be right.
        reason: String,
    },
    /// The model has another version here.
    #[error("{0}")]
    OtherVersion(String),
    /// The model shares no amount out.
    #[error("'{0}' is a model of influence: it shares no amount out, and a run adds up")]
    NotAdditive(String),
    /// The period is none.
    #[error("{0}")]
    BadPeriod(String),
    /// The filter tells parts of one opportunity apart.
    #[error("a run credits whole opportunities: filter by other dimensions than PRODUCT and SOURCE")]
    BadFilter,
    /// Another run has the name.
    #[error("another run is called '{0}': take another name")]
    NameTaken(String),
    /// The caller has too many that wait.
    #[error("{0} runs of yours wait already: cancel one, or start this one later")]
    TooManyQueued(u32),
}

/// Why a run cannot be cancelled, in order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CancelRefusal {
    /// There is no such run.
    #[error("there is no run with this id")]
    NotFound,
    /// It is over.
    #[error("the run has ended already")]
    Ended,
}

/// Which opportunities a run credits, and as known when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunScope {
    /// Close date in here.
    pub period: Period,
    /// Of which; it names neither PRODUCT nor SOURCE.
    pub filter: Filter,
    /// As known when.
    pub as_of: DateTime<Utc>,
    /// Up to which change.
    pub data_version: DataVersion,
}

impl RunScope {
    /// Whether a filter tells parts of one opportunity apart.
    pub fn splits(filter: &Filter) -> bool {
        match filter {
            Filter::Everything => false,
            Filter::In(dimension, _) => matches!(dimension, Dimension::Product | Dimension::Source),
            Filter::And(parts) | Filter::Or(parts) => parts.iter().any(Self::splits),
            Filter::Not(part) => Self::splits(part),
        }
    }

    fn reading<'a>(&self, snapshot: &'a Snapshot) -> Reading<'a> {
        Reading::new(snapshot, self.as_of, Some(self.data_version))
    }
}

/// One share of one opportunity. Of an opportunity that nobody earned there is one, without a source, of the whole amount.
#[derive(Debug, Clone, PartialEq)]
pub struct RunCredit {
    /// Of which opportunity.
    pub opportunity: OpportunityId,
    /// The touchpoint that earned it; `None`: an origin, or nobody.
    pub touchpoint: Option<TouchpointId>,
    /// The origin that earned it; `None`: a touchpoint, or nobody.
    pub origin: Option<Kind>,
    /// Who earned it; `None`: nobody.
    pub source: Option<Source>,
    /// The campaign of the touchpoint or origin.
    pub campaign: Option<CampaignId>,
    /// The rep of the touchpoint or origin.
    pub rep: Option<RepId>,
    /// The opportunity's region.
    pub region: Option<RegionId>,
    /// How the opportunity stood.
    pub outcome: StageKind,
    /// Share of the opportunity, greater than 0; 1 where nobody earned it.
    pub weight: f64,
    /// Minor units of the reporting currency.
    pub credit_minor: i64,
    /// Remarks on the opportunity's weights.
    pub remarks: Remarks,
    /// Why nobody earned it; `None` where somebody did.
    pub no_credit: Option<NoCredit>,
    /// Equal for the same journey: the same touchpoints, of the same sources and kinds, within the same bounds.
    pub journey: u64,
}

/// The opportunities of a scope with their indices, in order of id. One closed on a day still to come counts nowhere yet.
pub fn in_scope(snapshot: &Snapshot, run: &RunScope, scope: &Scope, model: &ModelCredit) -> Vec<(OpportunityId, u32)> {
    let reading = run.reading(snapshot);
    let cut = Cut::new(snapshot, &[], &run.filter, model);
    let days = run.period.start.num_days_from_ce()..run.period.end.num_days_from_ce();
    let mut months = Months::default();
    let mut chosen = Vec::new();
    for index in chunks(snapshot, scope).into_iter().flatten() {
        let Some(held) = reading.held(index).filter(|held| reading.is_counted(held)) else { continue };
        let day = held.close_day();
        let is_over = reading.kind(&held) == StageKind::Open || day <= reading.day();
        if !is_over || !days.contains(&day) {
            continue;
        }
        // A run's filter names neither products nor sources: it holds for all of an opportunity or for nothing of it.
        let whole = Atom { product: 0, source: 0, amounts: [] };
        if cut.key(&cut.codes(&reading, &held, &mut months, day), &whole).is_some() {
            chosen.push((held.id(), index));
        }
    }
    chosen.sort_unstable();
    chosen
}

/// The shares of these opportunities of a scope, in their order.
///
/// # Errors
/// The model failed.
pub fn credits(
    snapshot: &Snapshot,
    run: &RunScope,
    model: &ModelCredit,
    opportunities: &[(OpportunityId, u32)],
) -> Result<Vec<RunCredit>, CreditError> {
    let reading = run.reading(snapshot);
    let indices: Vec<u32> = opportunities.iter().map(|(_, index)| *index).collect();
    let known = Known { at_ms: reading.at_ms, version: reading.version };
    let (mut credits, mut next) = (Vec::new(), indices.iter());
    model.trace(snapshot, known, &indices, &mut |weighed| {
        let index = next.next().expect("each opportunity is shown once, in order");
        share_out(&reading, *index, weighed, &mut credits);
    })?;
    Ok(credits)
}

fn share_out(reading: &Reading<'_>, index: u32, weighed: &Weighed<'_>, credits: &mut Vec<RunCredit>) {
    let snapshot = reading.snapshot;
    let held = reading.held(index).expect("an opportunity of the scope stood somehow");
    let codes = reading.codes(&held);
    let region = match snapshot.value_of(Dimension::Region, codes[Dimension::Region as usize]) {
        DimensionValue::Entity(id) => Some(RegionId(id)),
        _ => None,
    };
    let whole = RunCredit {
        opportunity: held.id(),
        touchpoint: None,
        origin: None,
        source: None,
        campaign: None,
        rep: None,
        region,
        outcome: reading.kind(&held),
        weight: 1.0,
        credit_minor: reading.acv(&held),
        remarks: weighed.remarks,
        no_credit: None,
        journey: fingerprint(weighed),
    };
    let weights = match weighed.weights {
        Ok(weights) => weights,
        Err(reason) => return credits.push(RunCredit { no_credit: Some(reason), ..whole }),
    };
    // A share of nothing is nothing, also of what is left after rounding.
    let earned: Vec<usize> = (0..weights.len()).filter(|at| weights[*at] > 0.0).collect();
    let own: Vec<f64> = earned.iter().map(|at| weights[*at]).collect();
    for (at, credit_minor) in earned.into_iter().zip(money::split(whole.credit_minor, &own)) {
        let (touch, trace) = (&weighed.touches[at], weighed.traces[at]);
        credits.push(RunCredit {
            touchpoint: trace.touchpoint,
            origin: trace.touchpoint.is_none().then_some(touch.kind),
            source: u8::try_from(touch.source.code()).ok().and_then(Source::from_code),
            campaign: snapshot.campaign_of_code(trace.campaign),
            rep: snapshot.rep_of_code(trace.rep),
            weight: weights[at],
            credit_minor,
            ..whole.clone()
        });
    }
}

/// FNV-1a (Fowler, Noll, Vo), 64 bits: stable over builds and machines, as it is stored.
fn fingerprint(weighed: &Weighed<'_>) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut take = |bytes: &[u8]| {
        for byte in bytes {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    };
    if let Some(journey) = &weighed.journey {
        take(&journey.created_at_ms.to_le_bytes());
        take(&journey.closed_at_ms.unwrap_or(i64::MAX).to_le_bytes());
        take(&[journey.outcome as u8]);
    }
    let touched = weighed.touches.iter().zip(weighed.traces);
    for (touch, id) in touched.filter_map(|(touch, trace)| Some((touch, trace.touchpoint?))) {
        let Touch { at_ms, source, kind, .. } = touch;
        take(id.0.as_bytes());
        take(&at_ms.to_le_bytes());
        take(&source.code().to_le_bytes());
        take(&[*kind as u8]);
    }
    hash
}
