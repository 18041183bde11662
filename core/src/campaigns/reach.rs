//! Whom campaigns reached in a period: responses and people.

use super::tree::{Slot, Tree};
use crate::calendar::Period;
use crate::facts::TouchFact;
use crate::facts::reading::Reading;
use crate::touchpoint::{Source, TouchpointKind};
use rayon::prelude::*;
use std::num::NonZeroU64;

/// Adds responses (touchpoints of kind RESPONSE in P, not after T) and distinct people (of touchpoints of marketing of any kind
/// in P, not after T), whether they are at an account or not. What a rep did is not marketing, also
/// where no role of theirs is known.
pub(super) fn add(reading: &Reading<'_>, period: Period, tree: &mut Tree<'_>) {
    let is_marketing = |fact: &TouchFact| match fact.source {
        Some(Source::Channel(_)) => true,
        Some(Source::Role(_)) => false,
        None => fact.rep == 0 && fact.campaign.is_some(),
    };
    let touches = reading.snapshot.touchpoints_between(reading.span(&period), reading.version, is_marketing);
    let mut people: Vec<(Slot, NonZeroU64)> = Vec::with_capacity(touches.len());
    for (_, fact) in &touches {
        let slot = tree.slot_of_touch(fact.source, fact.campaign.map_or(0, |code| code.get()));
        tree.own(slot).responses += u64::from(fact.kind == TouchpointKind::Response);
        people.extend(fact.person.map(|person| (slot, person)));
    }
    people.par_sort_unstable();
    people.dedup();
    let mut below = Vec::with_capacity(people.len());
    for (slot, person) in &people {
        tree.own(*slot).people += 1;
        below.extend(tree.line(*slot).map(|slot| (slot, *person)));
    }
    below.par_sort_unstable();
    below.dedup();
    below.iter().for_each(|(slot, _)| tree.add_below(*slot, 1, 0));
    let mut all: Vec<NonZeroU64> = people.into_iter().map(|(_, person)| person).collect();
    all.par_sort_unstable();
    all.dedup();
    tree.add_distinct(all.len() as u64, 0);
}
