//! What is read whole: campaigns, who holds which role, and every touchpoint of a span.

use super::register::CampaignRow;
use super::{Snapshot, TouchFact};
use crate::ids::{DataVersion, RepId};
use crate::rep::Role;
use rayon::prelude::*;

/// Homes that one worker walks at a time.
const HOMES: usize = 4096;

/// A rep who holds a selling role at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Holder {
    /// Who.
    pub(crate) rep: RepId,
    /// The role.
    pub(crate) role: Role,
    /// From when they have held it without a break, milliseconds since 1970, UTC.
    pub(crate) since_ms: i64,
}

impl Snapshot {
    /// Every campaign that is known, with its code, in no order; also deleted ones.
    pub(crate) fn campaigns(&self) -> impl Iterator<Item = (u32, &CampaignRow)> {
        self.register.campaign_rows.iter().map(|(code, row)| (*code, row))
    }

    /// One more than the highest code of a campaign.
    pub(crate) fn campaign_codes(&self) -> usize {
        self.register.campaigns.len() + 1
    }

    /// The reps who hold a selling role at an instant, of those who can sign in to the source system now, in no order.
    pub(crate) fn holders(&self, at_ms: i64, version: Option<DataVersion>) -> Vec<Holder> {
        let holder = |rep: u32| {
            let role = self.register.tenure_at(rep, at_ms, version)?.role?;
            let rows = self.register.tenures.get(&rep)?.iter().rev();
            let known = rows.filter(|row| row.valid_from_ms <= at_ms && version.is_none_or(|version| row.recorded <= version));
            let since_ms = known.take_while(|row| row.role == Some(role)).last()?.valid_from_ms;
            Some(Holder { rep: self.rep_of_code(rep)?, role, since_ms })
        };
        let active = self.register.active_reps.iter().filter(|(_, active)| **active);
        active.filter_map(|(rep, _)| holder(*rep)).collect()
    }

    /// The touchpoints of an instant in `[from_ms, to_ms]` that were recorded up to `version` and are `wanted`, each with the
    /// code of its home, in order of home and instant.
    pub(crate) fn touchpoints_between(
        &self,
        (from_ms, to_ms): (i64, i64),
        version: Option<DataVersion>,
        wanted: impl Fn(&TouchFact) -> bool + Sync,
    ) -> Vec<(u32, TouchFact)> {
        let of_home = |home: u32| {
            let facts = self.touches.of(home).between(from_ms, to_ms).counted_here();
            let facts = facts.filter(|fact| version.is_none_or(|version| fact.recorded <= version) && wanted(fact));
            facts.map(|fact| (home, fact)).collect::<Vec<_>>()
        };
        let homes = (0..self.touches.home_count()).into_par_iter().with_min_len(HOMES);
        homes.flat_map_iter(of_home).collect()
    }

    /// When the person of a touchpoint (of all there is at `home`, where nobody is named) was first touched in
    /// `[from_ms, fact.at_ms)`, milliseconds; `None` where they were not.
    pub(crate) fn first_touched(&self, home: u32, fact: &TouchFact, from_ms: i64, version: Option<DataVersion>) -> Option<i64> {
        let earlier = self.touches.of(home).between(from_ms, fact.at_ms.saturating_sub(1)).iter();
        let mut known = earlier.filter(|own| version.is_none_or(|version| own.recorded <= version));
        known.find(|own| fact.person.is_none() || own.person == fact.person).map(|own| own.at_ms)
    }
}
