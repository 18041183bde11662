//! Hand-offs: who gave them, who took them, and what came of them.

use super::load::span;
use super::{RoleFigures, RoleQuery};
use crate::facts::TouchFact;
use crate::facts::hash::Mixed;
use crate::facts::reading::Reading;
use crate::ids::TouchpointId;
use crate::rep::Role;
use crate::touchpoint::{Source, TouchpointKind};

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

fn is_hand_off(fact: &TouchFact) -> bool {
    matches!(fact.kind, TouchpointKind::HandOff | TouchpointKind::LeadConversion)
}

/// Adds the hand-offs of P, not after T: touchpoints of kind HAND_OFF or LEAD_CONVERSION. Given by the role that their rep held
/// at the time. Converted where an opportunity was created on whose journey the hand-off lies, within the configured days after
/// it and not after T (of several, the first); taken by the role that its owner held at its creation.
pub(super) fn add(reading: &Reading<'_>, query: &RoleQuery, roles: &mut [RoleFigures]) {
    let (snapshot, version) = (reading.snapshot, reading.version);
    let (from_ms, to_ms) = span(reading, query.period);
    let look_back_ms = i64::from(snapshot.settings().look_back_days) * DAY_MS;
    let given = snapshot.touchpoints_between((from_ms, to_ms), version, is_hand_off);
    let made = made_of(reading, (from_ms, to_ms), i64::from(query.expected.hand_off_days) * DAY_MS);
    for (home, fact) in given {
        let Some(Source::Role(role)) = snapshot.source_as_recorded(&fact, version) else { continue };
        let made = made.get(&fact.id);
        let figures = &mut roles[role as usize];
        figures.given += 1;
        figures.converted += u64::from(made.is_some());
        let first_ms = snapshot.first_touched(home, &fact, fact.at_ms.saturating_sub(look_back_ms), version);
        figures.waits_ms.extend(first_ms.map(|first_ms| fact.at_ms - first_ms));
        if let Some((_, Some(taker))) = made {
            roles[*taker as usize].taken += 1;
        }
    }
}

/// Of each hand-off of which an opportunity was made: when that was created, and the role of its first owner.
fn made_of(reading: &Reading<'_>, (from_ms, to_ms): (i64, i64), window_ms: i64) -> Mixed<TouchpointId, (i64, Option<Role>)> {
    let (snapshot, version) = (reading.snapshot, reading.version);
    let mut made: Mixed<TouchpointId, (i64, Option<Role>)> = Mixed::default();
    let count = u32::try_from(snapshot.opportunity_count()).expect("a snapshot holds fewer than 2^32 opportunities");
    for index in 0..count {
        let created_ms = snapshot.origin(index).created_at_ms;
        if created_ms < from_ms || created_ms > reading.at_ms || created_ms > to_ms.saturating_add(window_ms) {
            continue;
        }
        let exists = reading.held(index).is_some_and(|held| !held.is_deleted());
        let within = (created_ms.saturating_sub(window_ms).max(from_ms), created_ms.min(to_ms));
        let hand_offs = snapshot.touchpoints_of(index).between(within.0, within.1).iter().filter(is_hand_off);
        for fact in hand_offs.filter(|fact| exists && version.is_none_or(|version| fact.recorded <= version)) {
            let first = made.get(&fact.id).is_none_or(|(earlier_ms, _)| created_ms < *earlier_ms);
            if first {
                let owner = snapshot.state_as_recorded(index, created_ms, version).and_then(|state| state.owner);
                let taker = owner.and_then(|owner| snapshot.role_as_recorded(owner, created_ms, version));
                made.insert(fact.id, (created_ms, taker));
            }
        }
    }
    made
}
