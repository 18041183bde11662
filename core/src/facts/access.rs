//! What other rooms read of one opportunity: where it came from, how it stood at an instant, its account's touchpoints.

use super::Snapshot;
use super::snapshot::date;
use crate::attribution::{Arrivals, Known};
use crate::catalog::{ForecastCategory, StageKind};
use crate::currency::CurrencyCode;
use crate::ids::{AccountId, CampaignId, DataVersion, RepId, StageId, TouchpointId};
use crate::rep::Role;
use crate::touchpoint::{Source, TouchpointKind};
use chrono::NaiveDate;
use std::num::{NonZeroU32, NonZeroU64};

/// What never changes in an opportunity's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// Milliseconds since 1970, UTC.
    pub created_at_ms: i64,
    /// Who created it.
    pub created_by: Option<RepId>,
    /// Stands in for the primary campaign's channel.
    pub lead_source_maps_to: Option<Source>,
    /// Whose.
    pub account: Option<AccountId>,
}

/// How an opportunity stood at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// From when this version holds, milliseconds since 1970, UTC.
    pub valid_from_ms: i64,
    /// The stage.
    pub stage: StageId,
    /// Open, won or lost.
    pub stage_kind: StageKind,
    /// How sure the seller is.
    pub forecast_category: ForecastCategory,
    /// When it is expected to close, or did.
    pub close_date: NaiveDate,
    /// The currency of the ACV.
    pub currency: CurrencyCode,
    /// Minor units of `currency`; null counts as 0.
    pub acv_minor: i64,
    /// The primary campaign.
    pub campaign: Option<CampaignId>,
    /// Who owns it.
    pub owner: Option<RepId>,
    /// It counts nowhere.
    pub is_deleted: bool,
    /// The change that brought this version.
    pub recorded: DataVersion,
}

/// A touchpoint, as far as credit needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TouchFact {
    /// Milliseconds since 1970, UTC.
    pub at_ms: i64,
    /// The change that brought it.
    pub recorded: DataVersion,
    /// Equal for the same person (contact, else lead); `None` where nobody is named.
    pub person: Option<NonZeroU64>,
    /// Code of the rep who acted; 0 for none.
    pub(crate) rep: u32,
    /// Which.
    pub id: TouchpointId,
    /// Equal for the same campaign; `None` where none is named.
    pub campaign: Option<NonZeroU32>,
    /// What happened.
    pub kind: TouchpointKind,
    /// The channel, or the role that the rep held at that instant; `None` where neither is known.
    pub source: Option<Source>,
}

impl Snapshot {
    /// As [`Self::state_at`], from what was recorded up to `version` (`None`: everything).
    pub fn state_as_recorded(&self, index: u32, at_ms: i64, version: Option<DataVersion>) -> Option<State> {
        let (segment, position) = self.locate(index);
        segment.as_recorded(position, at_ms, version).map(|at| self.state(segment, at))
    }

    /// Open, won or lost, and the close date, as [`Self::state_as_recorded`] has them; `None` where it is deleted too.
    pub(crate) fn standing_as_recorded(
        &self,
        index: u32,
        at_ms: i64,
        version: Option<DataVersion>,
    ) -> Option<(StageKind, NaiveDate)> {
        let (segment, position) = self.locate(index);
        let row = &segment.versions[segment.as_recorded(position, at_ms, version)?];
        (!row.is_deleted).then(|| (self.register.stage_kind(row.stage), date(row.close_day)))
    }

    /// The instant of creation of the opportunity at `index`, milliseconds.
    pub(crate) fn created_at_ms(&self, index: u32) -> i64 {
        let (segment, position) = self.locate(index);
        segment.origins[position].created_at_ms
    }

    /// As [`Self::role_at`], from what was recorded up to `version` (`None`: everything).
    pub fn role_as_recorded(&self, rep: RepId, at_ms: i64, version: Option<DataVersion>) -> Option<Role> {
        self.register.tenure_at(self.register.reps.get(&rep.0)?, at_ms, version)?.role
    }

    /// When the opportunity at `index` first came to each of these stages, by code, as far as it is `known`.
    pub(crate) fn first_arrivals(&self, index: u32, stages: &[u32], known: Known) -> Arrivals {
        let mut arrivals = Arrivals::default();
        if stages.is_empty() {
            return arrivals;
        }
        let (segment, position) = self.locate(index);
        let counts = |at: &usize| {
            segment.valid_from[*at] <= known.at_ms
                && known.version.is_none_or(|version| segment.versions[*at].recorded <= version)
        };
        let mut counted = segment.versions_of(position).filter(counts).peekable();
        while let Some(at) = counted.next() {
            let from_ms = segment.valid_from[at];
            // A version that another one replaced within its instant never held.
            if counted.peek().is_some_and(|next| segment.valid_from[*next] == from_ms) {
                continue;
            }
            for (arrival, _) in arrivals.iter_mut().zip(stages).filter(|(_, stage)| **stage == segment.versions[at].stage) {
                arrival.get_or_insert(from_ms);
            }
        }
        arrivals
    }

    /// Whether there is such a stage, or an opportunity was ever in it.
    pub fn knows_stage(&self, stage: StageId) -> bool {
        self.stage_code(stage) != 0
    }

    /// The code of a stage; 0 where it is not known.
    pub(crate) fn stage_code(&self, stage: StageId) -> u32 {
        self.register.stages.get(&stage.0).unwrap_or(0)
    }

    /// The code of a rep; 0 where it is not known.
    pub(crate) fn rep_code(&self, rep: RepId) -> u32 {
        self.register.reps.get(&rep.0).unwrap_or(0)
    }

    /// The code of a campaign; 0 where it is not known.
    pub(crate) fn campaign_code(&self, campaign: CampaignId) -> u32 {
        self.register.campaigns.get(&campaign.0).unwrap_or(0)
    }

    /// The rep of a code; `None` for code 0.
    pub(crate) fn rep_of_code(&self, code: u32) -> Option<RepId> {
        self.register.reps.value(code).map(|id| RepId(*id))
    }

    /// The campaign of a code; `None` for code 0.
    pub(crate) fn campaign_of_code(&self, code: u32) -> Option<CampaignId> {
        self.register.campaigns.value(code).map(|id| CampaignId(*id))
    }

    /// The source of a touchpoint, from what was recorded up to `version` (`None`: everything) of its rep's roles.
    pub fn source_as_recorded(&self, touch: &TouchFact, version: Option<DataVersion>) -> Option<Source> {
        match (version, touch.source) {
            (None, source) | (Some(_), source @ Some(Source::Channel(_))) => source,
            (Some(_), source) if touch.rep == 0 => source,
            (Some(_), _) => self.register.tenure_at(touch.rep, touch.at_ms, version)?.role.map(Source::Role),
        }
    }
}
