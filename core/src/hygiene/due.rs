//! What a manager has to review in a week.

use super::Flags;
use super::answer::is_open;
use super::life::review_expires_ms;
use crate::calendar::Calendar;
use crate::dimension::Dimension;
use crate::facts::Snapshot;
use crate::facts::hygiene::Judge;
use crate::facts::reading::Reading;
use crate::facts::scan::chunks;
use crate::ids::{OpportunityId, RepId};
use crate::viewer::Scope;
use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, Utc};
use rayon::prelude::*;
use std::cmp::Reverse;
use std::ops::Range;

/// The days of the week, Monday to Sunday, that a day lies in.
pub fn week_of(day: NaiveDate) -> Range<NaiveDate> {
    let back = Days::new(u64::from(day.weekday().num_days_from_monday()));
    let monday = day.checked_sub_days(back).unwrap_or(NaiveDate::MIN);
    monday..monday.checked_add_days(Days::new(7)).unwrap_or(NaiveDate::MAX)
}

/// An opportunity that has to be reviewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueReview {
    /// Which.
    pub opportunity: OpportunityId,
    /// Its ACV, minor units of the reporting currency.
    pub amount: i64,
    /// Whether its owner reports to the manager directly.
    pub is_direct: bool,
    /// From when on it is due, milliseconds since 1970, UTC.
    pub due_ms: i64,
    /// The last review, milliseconds; `None` where there is none.
    pub reviewed_ms: Option<i64>,
    /// What is untidy about it.
    pub flags: Flags,
}

/// What a manager has to review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewsDue {
    /// As known when.
    pub as_of: DateTime<Utc>,
    /// The largest first, ties by id.
    pub reviews: Vec<DueReview>,
}

/// What a manager has to review in a week: the open opportunities of the team tree below them at T, of which the last review, or
/// the creation where there was none, does not count to the week's end. T is the week's end, or `now` where that comes first:
/// what was reviewed in the week is not due any more.
pub fn reviews_due(
    snapshot: &Snapshot,
    manager: RepId,
    week: &Range<NaiveDate>,
    now: DateTime<Utc>,
    scope: &Scope,
) -> ReviewsDue {
    let calendar: &Calendar = &snapshot.settings().calendar;
    let end = calendar.start_of_day(week.end);
    let as_of = now.min(end - TimeDelta::milliseconds(1));
    let reading = Reading::new(snapshot, as_of, None);
    let judge = Judge::new(&reading);
    let team = snapshot.team_of(manager, reading.at_ms);
    let of_chunk = |indices: Range<u32>| {
        let open = indices.filter_map(|index| reading.held(index)).filter(|held| is_open(&reading, held));
        let due = open.filter_map(|held| {
            let is_direct = *team.get(&reading.codes(&held)[Dimension::Owner as usize])?;
            let (life, beside) = judge.look(&reading, &held);
            let due_ms = review_expires_ms(beside.reviewed_ms, beside.created_ms, judge.rules());
            (due_ms < end.timestamp_millis()).then(|| DueReview {
                opportunity: held.id(),
                amount: reading.acv(&held),
                is_direct,
                due_ms,
                reviewed_ms: beside.reviewed_ms,
                flags: life.flags(&beside, judge.rules()),
            })
        });
        due.collect::<Vec<_>>()
    };
    let mut reviews: Vec<DueReview> = chunks(snapshot, scope).into_par_iter().flat_map_iter(of_chunk).collect();
    reviews.sort_unstable_by_key(|due| (Reverse(due.amount.unsigned_abs()), due.opportunity));
    ReviewsDue { as_of, reviews }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_week_is_from_monday_to_sunday() {
        for (day, monday) in [
            ("2026-11-23", "2026-11-23"),
            ("2026-11-24", "2026-11-23"),
            ("2026-11-29", "2026-11-23"),
            ("2026-11-30", "2026-11-30"),
            ("2027-01-01", "2026-12-28"),
        ] {
            let monday: NaiveDate = monday.parse().unwrap();
            assert_eq!(week_of(day.parse().unwrap()), monday..monday + Days::new(7), "{day}");
        }
    }
}
