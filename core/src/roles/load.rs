//! Who holds the roles, what they can carry, and what they carry.

use super::{Capacity, RoleFigures, RoleQuery, Work, quarters, ramp};
use crate::calendar::Period;
use crate::dimension::{Dimension, DimensionValue};
use crate::facts::reading::Reading;
use crate::facts::{SumsByKey, TouchFact};
use crate::ids::RepId;
use crate::touchpoint::{Source, TouchpointKind};

/// Adds head count, ramped head count, and capacity: of each rep, the own or the role's, as far as they are ramped at T, times
/// the quarters of P.
pub(super) fn add_holders(reading: &Reading<'_>, query: &RoleQuery, roles: &mut [RoleFigures]) {
    let quarters = quarters(query.period);
    // In order of rep, so that sums of fractions come out the same every time.
    let mut holders = reading.snapshot.holders(reading.at_ms, reading.version);
    holders.sort_unstable_by_key(|holder| holder.rep);
    for holder in holders {
        let expected = query.expected.roles[holder.role as usize];
        let ramped = ramp(reading.at_ms - holder.since_ms, expected.ramp_days);
        let own = query.expected.reps.get(&holder.rep).copied().unwrap_or_default();
        let Capacity { opportunities, meetings, calls } = expected.capacity;
        let figures = &mut roles[holder.role as usize];
        figures.head_count += 1;
        figures.ramped_head_count += u64::from(ramped >= 1.0);
        let add = |sum: &mut Option<f64>, capacity: Option<u32>| {
            if let Some(capacity) = capacity {
                *sum = Some(sum.unwrap_or(0.0) + f64::from(capacity) * ramped * quarters);
            }
        };
        let Work { opportunities: all_opportunities, meetings: all_meetings, calls: all_calls } = &mut figures.capacity;
        add(all_opportunities, own.opportunities.or(opportunities));
        add(all_meetings, own.meetings.or(meetings));
        add(all_calls, own.calls.or(calls));
    }
}

/// Adds the opportunities with close date in P, open, won or lost, whose owner holds the role at T.
pub(super) fn add_opportunities(reading: &Reading<'_>, by_owner: &SumsByKey, roles: &mut [RoleFigures]) {
    for (key, sums) in by_owner {
        let Some(DimensionValue::Entity(owner)) = key.get(Dimension::Owner) else { continue };
        if let Some(role) = reading.snapshot.role_as_recorded(RepId(*owner), reading.at_ms, reading.version) {
            roles[role as usize].load.opportunities += sums.open_count + sums.closed_count + sums.lost_count;
        }
    }
}

/// Adds meetings and calls in P, not after T, of the role that their rep held at the time.
pub(super) fn add_activities(reading: &Reading<'_>, period: Period, roles: &mut [RoleFigures]) {
    let is_activity = |fact: &TouchFact| matches!(fact.kind, TouchpointKind::Meeting | TouchpointKind::Call);
    let snapshot = reading.snapshot;
    for (_, fact) in snapshot.touchpoints_between(reading.span(&period), reading.version, is_activity) {
        let Some(Source::Role(role)) = snapshot.source_as_recorded(&fact, reading.version) else { continue };
        let load = &mut roles[role as usize].load;
        let count = if fact.kind == TouchpointKind::Call { &mut load.calls } else { &mut load.meetings };
        *count += 1;
    }
}
