//! What links touchpoints and reps to an opportunity: which homes its touchpoints lie in, its contact roles and its splits.

use super::{Snapshot, TouchFact};
use crate::attribution::{Known, Linking};
use crate::ids::{ContactRoleId, DataVersion, SplitId};
use crate::touchpoint::Source;
use std::num::NonZeroU32;
use std::ops::RangeInclusive;

/// A contact's part in an opportunity.
#[derive(Debug, Clone, Copy)]
pub(super) struct ContactRoleRow {
    pub(super) id: ContactRoleId,
    /// The home of the contact's touchpoints.
    pub(super) contact: u32,
    pub(super) is_primary: bool,
    pub(super) recorded: DataVersion,
}

/// A rep's share of an opportunity.
#[derive(Debug, Clone, Copy)]
pub(super) struct SplitRow {
    pub(super) id: SplitId,
    pub(super) rep: u32,
    pub(super) share_millionths: u32,
    pub(super) is_overlay: bool,
    pub(super) recorded: DataVersion,
}

/// A rep's share of an opportunity, by the role that the rep held at its creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SplitShare {
    /// An overlay split, else a revenue split.
    pub(crate) is_overlay: bool,
    pub(crate) source: Source,
    pub(crate) id: SplitId,
    pub(crate) share_millionths: u32,
    /// Code of the rep.
    pub(crate) rep: u32,
}

/// What finding the touchpoints of a journey takes; reused from journey to journey.
#[derive(Default)]
pub(crate) struct LinkBuffers {
    homes: Vec<u32>,
    facts: Vec<TouchFact>,
}

impl Snapshot {
    /// How many touchpoints lie where those of the opportunity at `index` do: no journey of it has more.
    pub(crate) fn touchpoints_near(&self, index: u32, buffers: &mut LinkBuffers) -> usize {
        self.homes_of(index, None, &mut buffers.homes);
        buffers.homes.iter().map(|home| self.touches.of(*home).len()).sum()
    }

    /// The touchpoints that are linked to the opportunity at `index`, in order of (instant, source, id).
    pub fn touchpoints_of(&self, index: u32) -> Vec<TouchFact> {
        let (known, mut facts) = (Known { at_ms: i64::MAX, version: None }, Vec::new());
        self.each_linked(index, known, i64::MIN..=i64::MAX, &mut LinkBuffers::default(), |fact| facts.push(*fact));
        facts
    }

    /// Visits the touchpoints that are linked to the opportunity at `index` as far as it is `known`, within these instants, in
    /// order of (instant, source as known, id).
    pub(crate) fn each_linked(
        &self,
        index: u32,
        known: Known,
        instants: RangeInclusive<i64>,
        buffers: &mut LinkBuffers,
        mut visit: impl FnMut(&TouchFact),
    ) {
        let LinkBuffers { homes, facts } = buffers;
        self.homes_of(index, known.version, homes);
        let of = |home: u32| self.touches.of(home).between(*instants.start(), *instants.end());
        if let ([home], None) = (&homes[..], known.version) {
            of(*home).iter().for_each(|fact| visit(&fact));
            return;
        }
        let held = |fact: &TouchFact| known.version.is_none_or(|version| fact.recorded <= version);
        facts.clear();
        facts.extend(homes.iter().flat_map(|home| of(*home).iter()).filter(held));
        // By the roles that were known then, equal instants may come in another order.
        facts.iter_mut().for_each(|fact| fact.source = self.source_as_recorded(fact, known.version));
        facts.sort_unstable_by_key(|fact| (fact.at_ms, fact.source, fact.id));
        facts.dedup_by_key(|fact| fact.id);
        facts.iter().for_each(visit);
    }

    /// When a rep last called, wrote, met someone or did another task that is linked to the opportunity at `index`, up to an
    /// instant, of what was recorded up to `version` (`None`: everything); milliseconds.
    pub(super) fn last_act(&self, index: u32, at_ms: i64, version: Option<DataVersion>) -> Option<i64> {
        let mut homes = Vec::new();
        self.homes_of(index, version, &mut homes);
        homes.into_iter().filter_map(|home| self.touches.of(home).last_act(at_ms, version)).max()
    }

    /// Where the touchpoints of the opportunity at `index` lie.
    fn homes_of(&self, index: u32, version: Option<DataVersion>, homes: &mut Vec<u32>) {
        homes.clear();
        let (segment, position) = self.locate(index);
        let origin = &segment.origins[position];
        let linking = self.settings.journeys.linking;
        if linking == Linking::ByAccount {
            homes.extend((origin.account != 0).then_some(origin.account));
        } else {
            let known = |role: &&ContactRoleRow| {
                version.is_none_or(|version| role.recorded <= version) && (role.is_primary || linking == Linking::ByContactRole)
            };
            homes.extend(self.contact_roles.get(&origin.id).into_iter().flatten().filter(known).map(|role| role.contact));
        }
        if self.touches_on_opportunities {
            homes.extend(self.accounts.codes.get(&origin.id.0));
        }
        homes.sort_unstable();
        homes.dedup();
    }

    /// The splits of the opportunity at `index` whose reps held a role at its creation, as recorded up to `version` (`None`:
    /// everything): revenue splits first, each in order of (source, id).
    pub(crate) fn splits_of(&self, index: u32, version: Option<DataVersion>) -> Vec<SplitShare> {
        if self.splits.is_empty() {
            return Vec::new();
        }
        let (segment, position) = self.locate(index);
        let origin = &segment.origins[position];
        let known = |split: &&SplitRow| version.is_none_or(|version| split.recorded <= version);
        let share = |split: &SplitRow| {
            let role = self.register.tenure_at(split.rep, origin.created_at_ms, version)?.role?;
            let SplitRow { id, rep, share_millionths, is_overlay, .. } = *split;
            Some(SplitShare { is_overlay, source: Source::Role(role), id, share_millionths, rep })
        };
        let mut shares: Vec<SplitShare> =
            self.splits.get(&origin.id).into_iter().flatten().filter(known).filter_map(share).collect();
        shares.sort_unstable();
        shares
    }

    /// One bit for each rule of suppression that names the campaign.
    pub(crate) fn rules_naming(&self, campaign: Option<NonZeroU32>) -> u64 {
        campaign.and_then(|code| self.register.rules_naming.get(&code.get())).copied().unwrap_or(0)
    }
}
