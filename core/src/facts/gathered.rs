//! Touchpoints on their way into a snapshot: rows with codes of their own, so that another thread than the builder's can
//! read them.

use super::TouchFact;
use super::register::Codes;
use super::touches::TouchRow;
use crate::ids::{CampaignId, OpportunityId};
use crate::touchpoint::{Source, Touchpoint};
use std::num::{NonZeroU32, NonZeroU64};
use uuid::Uuid;

/// See the module.
#[derive(Default)]
pub struct GatheredTouches {
    pub(super) rows: Vec<TouchRow>,
    /// Code of the account of each; 0 where only its opportunity can say.
    pub(super) accounts: Vec<u32>,
    /// Rows without an account and an opportunity, and their campaigns: on no journey, but reached all the same.
    pub(super) reached: Vec<(usize, CampaignId)>,
    /// Rows without an account, and their opportunities.
    pub(super) homeless: Vec<(usize, OpportunityId)>,
    pub(super) account_codes: Codes<Uuid>,
    pub(super) rep_codes: Codes<Uuid>,
    pub(super) campaign_codes: Codes<Uuid>,
}

impl GatheredTouches {
    /// Adds a touchpoint. One that names neither an account nor an opportunity can belong to no journey; without a campaign
    /// too it is left out.
    pub fn push(&mut self, touchpoint: &Touchpoint) {
        let account = touchpoint.account.map_or(0, |id| self.account_codes.intern(&id.0));
        match (account, touchpoint.opportunity, touchpoint.campaign) {
            (0, None, None) => return,
            (0, None, Some(campaign)) => self.reached.push((self.accounts.len(), campaign)),
            (0, Some(opportunity), _) => self.homeless.push((self.accounts.len(), opportunity)),
            _ => {}
        }
        self.accounts.push(account);
        let person = touchpoint.contact.map(|id| id.0).or(touchpoint.lead.map(|id| id.0));
        self.rows.push(TouchRow::new(&TouchFact {
            at_ms: touchpoint.at.timestamp_millis(),
            recorded: touchpoint.recorded,
            person: person.and_then(|id| NonZeroU64::new(id.as_u64_pair().0 ^ id.as_u64_pair().1)),
            rep: touchpoint.rep.map_or(0, |id| self.rep_codes.intern(&id.0)),
            id: touchpoint.id,
            campaign: NonZeroU32::new(touchpoint.campaign.map_or(0, |id| self.campaign_codes.intern(&id.0))),
            kind: touchpoint.kind,
            source: touchpoint.channel.map(Source::Channel),
        }));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.accounts.is_empty()
    }
}

/// The translation of codes: by old code, the new one that `new` gives for its id.
pub(super) fn translation(codes: &Codes<Uuid>, mut new: impl FnMut(&Uuid) -> u32) -> Vec<u32> {
    std::iter::once(0).chain(codes.values().map(&mut new)).collect()
}
