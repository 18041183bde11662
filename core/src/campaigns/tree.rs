//! The rows of an answer in the making: their own figures, and how they roll up over the campaigns above them.

use super::{CampaignFigures, CampaignRowKey, CampaignsBy};
use crate::campaign::Channel;
use crate::facts::Snapshot;
use crate::touchpoint::Source;
use std::collections::BTreeMap;

/// Which row: a channel's number, a campaign's code, or one of the three below.
pub(super) type Slot = u32;

const ELSEWHERE: Slot = u32::MAX - 2;
pub(super) const ROLES: Slot = u32::MAX - 1;
pub(super) const UNATTRIBUTED: Slot = u32::MAX;

/// Campaigns above one another, at most. Salesforce has five levels.
const DEEPEST: usize = 16;

/// See the module.
pub(super) struct Tree<'a> {
    snapshot: &'a Snapshot,
    by: CampaignsBy,
    /// Code of the campaign above, by code; 0 for none.
    parents: Vec<u32>,
    /// By code of the campaign.
    channels: Vec<Option<Channel>>,
    own: BTreeMap<Slot, CampaignFigures>,
    /// Distinct people, and distinct opportunities, of a row and all below it.
    below: BTreeMap<Slot, (u64, u64)>,
    /// Distinct people, and distinct opportunities, of all rows.
    distinct: (u64, u64),
}

impl<'a> Tree<'a> {
    pub(super) fn new(snapshot: &'a Snapshot, by: CampaignsBy) -> Self {
        let codes = snapshot.campaign_codes();
        let (mut parents, mut channels) = (vec![0; codes], vec![None; codes]);
        for (code, row) in snapshot.campaigns() {
            (parents[code as usize], channels[code as usize]) = (row.parent, row.channel);
        }
        Self { snapshot, by, parents, channels, own: BTreeMap::new(), below: BTreeMap::new(), distinct: (0, 0) }
    }

    /// The row of a campaign's own figures; code 0: of none.
    pub(super) fn slot_of_campaign(&self, code: u32) -> Slot {
        match (self.by, code) {
            (_, 0) => ELSEWHERE,
            (CampaignsBy::Campaign, _) => code,
            (CampaignsBy::Channel, _) => self.channels[code as usize].map_or(ELSEWHERE, |channel| channel as u32),
        }
    }

    /// The row of a touchpoint.
    pub(super) fn slot_of_touch(&self, source: Option<Source>, campaign: u32) -> Slot {
        match (self.by, source) {
            (_, Some(Source::Role(_))) => ROLES,
            (CampaignsBy::Channel, Some(Source::Channel(channel))) => channel as u32,
            _ => self.slot_of_campaign(campaign),
        }
    }

    /// A row and those that it rolls up into, each once: where campaigns stand above one another in a circle, it ends before
    /// the first that comes again.
    pub(super) fn line(&self, slot: Slot) -> impl Iterator<Item = Slot> + '_ {
        let mut line = [slot; DEEPEST];
        (0..DEEPEST).map_while(move |at| {
            if let Some(below) = at.checked_sub(1) {
                line[at] = self.parent(line[below]).filter(|parent| !line[..at].contains(parent))?;
            }
            Some(line[at])
        })
    }

    /// The row right above.
    pub(super) fn parent(&self, slot: Slot) -> Option<Slot> {
        let parent = self.parents.get(slot as usize).copied().filter(|parent| *parent != 0);
        parent.filter(|_| self.by == CampaignsBy::Campaign)
    }

    /// How many rows stand above.
    pub(super) fn depth(&self, slot: Slot) -> u32 {
        u32::try_from(self.line(slot).count() - 1).expect("a line is short")
    }

    /// The own figures of a row, to add to.
    pub(super) fn own(&mut self, slot: Slot) -> &mut CampaignFigures {
        self.own.entry(slot).or_default()
    }

    /// Adds distinct people and opportunities of a row and all below it.
    pub(super) fn add_below(&mut self, slot: Slot, people: u64, opportunities: u64) {
        let below = self.below.entry(slot).or_default();
        (below.0, below.1) = (below.0 + people, below.1 + opportunities);
    }

    /// Adds distinct people and opportunities of all rows.
    pub(super) fn add_distinct(&mut self, people: u64, opportunities: u64) {
        self.distinct = (self.distinct.0 + people, self.distinct.1 + opportunities);
    }

    /// What a row is about.
    pub(super) fn key(&self, slot: Slot) -> CampaignRowKey {
        match (slot, self.by) {
            (ELSEWHERE, _) => CampaignRowKey::Elsewhere,
            (ROLES, _) => CampaignRowKey::Roles,
            (UNATTRIBUTED, _) => CampaignRowKey::Unattributed,
            (_, CampaignsBy::Channel) => CampaignRowKey::Channel(Channel::ALL[slot as usize]),
            (_, CampaignsBy::Campaign) => {
                CampaignRowKey::Campaign(self.snapshot.campaign_of_code(slot).expect("codes come from campaigns"))
            }
        }
    }

    /// The figures over all rows, and of each row its own and those with all below it.
    pub(super) fn rolled_up(&self) -> (CampaignFigures, Vec<(Slot, CampaignFigures, CampaignFigures)>) {
        let mut all =
            CampaignFigures { people: self.distinct.0, opportunities_influenced: self.distinct.1, ..Default::default() };
        let always = [ELSEWHERE, ROLES, UNATTRIBUTED].into_iter();
        let channels = Channel::ALL.into_iter().filter(|_| self.by == CampaignsBy::Channel).map(|channel| channel as u32);
        let mut totals: BTreeMap<Slot, CampaignFigures> = always.chain(channels).map(|slot| (slot, Default::default())).collect();
        for (slot, own) in &self.own {
            all.add_up(own);
            self.line(*slot).for_each(|slot| totals.entry(slot).or_default().add_up(own));
        }
        for (slot, (people, opportunities)) in &self.below {
            let total = totals.entry(*slot).or_default();
            (total.people, total.opportunities_influenced) = (*people, *opportunities);
        }
        let own = |slot: &Slot| self.own.get(slot).copied().unwrap_or_default();
        let rows = totals.iter().map(|(slot, total)| (*slot, own(slot), *total));
        (all, rows.collect())
    }
}
