//! Touchpoints on their way into a snapshot: rows with codes of their own, so that another thread than the builder's can
//! read them.

use super::TouchFact;
use super::register::Codes;
use super::touches::TouchRow;
use crate::attribution::Linking;
use crate::ids::DataVersion;
use crate::touchpoint::{Source, Touchpoint};
use std::num::{NonZeroU32, NonZeroU64};
use uuid::Uuid;

/// See the module.
pub struct GatheredTouches {
    linking: Linking,
    pub(super) rows: Vec<TouchRow>,
    /// Code of what each lies under, an account or a person; 0 for none.
    pub(super) keys: Vec<u32>,
    /// Code of the opportunity that each was logged on; 0 for none.
    pub(super) opportunities: Vec<u32>,
    /// Rows without an account whose contact may be of one, where they lie under accounts.
    pub(super) adrift: Vec<(usize, Uuid)>,
    /// Rows of a person who was a lead then.
    pub(super) leads: Vec<(usize, Uuid)>,
    pub(super) key_codes: Codes<Uuid>,
    pub(super) opportunity_codes: Codes<Uuid>,
    pub(super) rep_codes: Codes<Uuid>,
    pub(super) campaign_codes: Codes<Uuid>,
}

impl GatheredTouches {
    /// None yet, for a snapshot of this linking.
    pub fn new(linking: Linking) -> Self {
        Self {
            linking,
            rows: Vec::new(),
            keys: Vec::new(),
            opportunities: Vec::new(),
            adrift: Vec::new(),
            leads: Vec::new(),
            key_codes: Codes::default(),
            opportunity_codes: Codes::default(),
            rep_codes: Codes::default(),
            campaign_codes: Codes::default(),
        }
    }

    /// Adds a touchpoint. One of no account, no person, no opportunity and no campaign can belong to nothing and is left out.
    pub fn push(&mut self, touchpoint: &Touchpoint) {
        let person = touchpoint.contact.map(|id| id.0).or(touchpoint.lead.map(|id| id.0));
        let account = touchpoint.account.map(|id| id.0);
        let row = self.keys.len();
        let key = match self.linking {
            Linking::ByAccount => account,
            // What is of nobody is on no contact's journey, but happened at the account all the same.
            Linking::ByContactRole | Linking::ByPrimaryContact => person.or(account),
        };
        if key.is_none() {
            if let (None, None, None) = (person, touchpoint.opportunity, touchpoint.campaign) {
                return;
            }
            self.adrift.extend(touchpoint.contact.map(|contact| (row, contact.0)));
        }
        if let (None, Some(lead)) = (touchpoint.contact, touchpoint.lead) {
            self.leads.push((row, lead.0));
        }
        self.keys.push(key.map_or(0, |id| self.key_codes.intern(&id)));
        self.opportunities.push(touchpoint.opportunity.map_or(0, |id| self.opportunity_codes.intern(&id.0)));
        self.rows.push(TouchRow::new(&TouchFact {
            at_ms: touchpoint.at.timestamp_millis(),
            recorded: touchpoint.recorded,
            person: person.and_then(|id| NonZeroU64::new(folded(id))),
            rep: touchpoint.rep.map_or(0, |id| self.rep_codes.intern(&id.0)),
            id: touchpoint.id,
            campaign: NonZeroU32::new(touchpoint.campaign.map_or(0, |id| self.campaign_codes.intern(&id.0))),
            kind: touchpoint.kind,
            source: touchpoint.channel.map(Source::Channel),
        }));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The rows that a snapshot of that change may have held already.
    pub(super) fn told_by(&self, last: DataVersion) -> Vec<usize> {
        (0..self.rows.len()).filter(|row| self.rows[*row].recorded() <= last).collect()
    }
}

/// The translation of codes: by old code, the new one that `new` gives for its id.
pub(super) fn translation(codes: &Codes<Uuid>, mut new: impl FnMut(&Uuid) -> u32) -> Vec<u32> {
    std::iter::once(0).chain(codes.values().map(&mut new)).collect()
}

/// An id in half its bytes.
pub(super) fn folded(id: Uuid) -> u64 {
    let (high, low) = id.as_u64_pair();
    high ^ low
}
