//! Hand-offs: who gave them, who took them, and what came of them.

use super::{RoleFigures, RoleQuery};
use crate::attribution::Known;
use crate::calendar::DAY_MS;
use crate::facts::hash::Mixed;
use crate::facts::reading::Reading;
use crate::facts::{LinkBuffers, TouchFact};
use crate::ids::{OpportunityId, TouchpointId};
use crate::rep::Role;
use crate::touchpoint::{Source, TouchpointKind};

fn is_hand_off(fact: &TouchFact) -> bool {
    matches!(fact.kind, TouchpointKind::HandOff | TouchpointKind::LeadConversion)
}

/// Adds the hand-offs of P, not after T: touchpoints of kind HAND_OFF or LEAD_CONVERSION. Given by the role that their rep held
/// at the time. Converted where an opportunity was created on whose journey the hand-off lies, within the configured days after
/// it and not after T (of several, the first); taken by the role that its owner held at its creation.
pub(super) fn add(reading: &Reading<'_>, query: &RoleQuery, roles: &mut [RoleFigures]) {
    let (snapshot, version) = (reading.snapshot, reading.version);
    let look_back_ms = i64::from(snapshot.settings().journeys.look_back_days) * DAY_MS;
    let given = snapshot.touchpoints_between(reading.span(&query.period), version, is_hand_off);
    let made = made_of(reading, query);
    for (home, fact) in given {
        let Some(Source::Role(role)) = snapshot.source_as_recorded(&fact, version) else { continue };
        let made = made.get(&fact.id);
        let figures = &mut roles[role as usize];
        figures.given += 1;
        figures.converted += u64::from(made.is_some());
        let first_ms = snapshot.first_touched(home, &fact, fact.at_ms.saturating_sub(look_back_ms), version);
        figures.waits_ms.extend(first_ms.map(|first_ms| fact.at_ms - first_ms));
        if let Some((_, _, Some(taker))) = made {
            roles[*taker as usize].taken += 1;
        }
    }
}

/// What was made of a hand-off: when, which opportunity, and the role of its first owner.
type Made = (i64, OpportunityId, Option<Role>);

/// Of each hand-off of which an opportunity was made, the first.
fn made_of(reading: &Reading<'_>, query: &RoleQuery) -> Mixed<TouchpointId, Made> {
    let (snapshot, version) = (reading.snapshot, reading.version);
    let ((from_ms, to_ms), window_days) = (reading.span(&query.period), query.expected.hand_off_days);
    let window_ms = i64::from(window_days) * DAY_MS;
    let mut days = query.period.day_numbers();
    days.end = days.end.saturating_add_unsigned(window_days);
    let count = u32::try_from(snapshot.opportunity_count()).expect("a snapshot holds fewer than 2^32 opportunities");
    let (mut made, mut hand_offs) = (Mixed::<TouchpointId, Made>::default(), Vec::new());
    let (known, mut linked) = (Known { at_ms: reading.at_ms, version }, LinkBuffers::default());
    for index in snapshot.near(0..count, &days) {
        let created_ms = snapshot.created_at_ms(index);
        if created_ms < from_ms || created_ms > reading.at_ms || created_ms > to_ms.saturating_add(window_ms) {
            continue;
        }
        let within = (created_ms.saturating_sub(window_ms).max(from_ms), created_ms.min(to_ms));
        hand_offs.clear();
        snapshot.each_linked(index, known, within.0..=within.1, &mut linked, |fact| {
            hand_offs.extend(is_hand_off(fact).then_some(fact.id));
        });
        if hand_offs.is_empty() || reading.held(index).is_none_or(|held| held.is_deleted()) {
            continue;
        }
        let id = snapshot.opportunity_id(index);
        let owner = snapshot.state_as_recorded(index, created_ms, version).and_then(|state| state.owner);
        let taker = owner.and_then(|owner| snapshot.role_as_recorded(owner, created_ms, version));
        for hand_off in &hand_offs {
            let first = made.entry(*hand_off).or_insert((created_ms, id, taker));
            if (created_ms, id) < (first.0, first.1) {
                *first = (created_ms, id, taker);
            }
        }
    }
    made
}
