//! The curve of a period: how its sums by key stood at the end of each day, from its first change to its last.
//!
//! What an opportunity counts for changes only at certain instants: its creation, the starts of its versions, the days on which
//! a close date comes and has passed, and what its currency's rates or its owners' tenures bring. A curve keeps the sums at the
//! end of each day (of UTC, which every instant has one of) on which one of them changed anything, and which opportunities did.
//! The sums at any instant are those of the end of the day before, less what that day's opportunities counted for then, plus
//! what they count for now: exactly what a scan finds, for the price of a few hundred opportunities.
//!
//! A curve is of the large segment of a snapshot and serves every snapshot that shares it: opportunities that changed since are
//! taken off as they stand in the large segment, and added as they stand now.

use super::Snapshot;
use super::cut::{Cut, Key};
use super::hash::Mixed;
use super::reading::Months;
use super::scan::{Point, Sums};
use super::segment::{Segment, VersionRow, narrow, utc_day};
use super::snapshot::date;
use super::standpoint::{Parts, Standpoint};
use crate::calendar::{DAY_MS, Period};
use chrono::DateTime;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::mem::size_of;
use std::ops::Range;

/// Sums of so many (day, key) are kept of one curve; what takes more is scanned for.
const MOST_SUMS: usize = 200_000;

/// Sums, and of how many parts: a key is there while a part of it is.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    sums: Sums,
    parts: u32,
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.sums.add(&other.sums);
        self.parts += other.parts;
    }

    fn take(&mut self, other: &Self) {
        self.sums.take(&other.sums);
        self.parts -= other.parts;
    }
}

/// What a day adds to a key, and takes off it.
#[derive(Debug, Clone, Copy, Default)]
struct Step {
    added: Tally,
    taken: Tally,
}

/// See the module.
#[derive(Default)]
pub(super) struct Curve {
    /// On which anything changed, ascending, as `chrono` counts days.
    days: Vec<i32>,
    keys: Vec<Key>,
    /// By day, then by key: as it stood at the day's end.
    ends: Vec<Tally>,
    /// Where the opportunities of each day begin in `changed`; one more than there are days.
    starts: Vec<u32>,
    /// Positions in the large segment.
    changed: Vec<u32>,
}

impl Curve {
    /// Draws the curve of a period under a cut that splits nothing; `None` where it would be too large.
    pub(super) fn draw(snapshot: &Snapshot, cut: &Cut<'_>, period: Period) -> Option<Self> {
        let count = snapshot.base.len();
        let share = count.div_ceil(4 * rayon::current_num_threads()).max(1);
        let ranges: Vec<Range<usize>> = (0..count).step_by(share).map(|start| start..(start + share).min(count)).collect();
        let drawn = ranges.into_par_iter().map(|range| Pen::new(snapshot, cut, period).draw(range));
        drawn.try_reduce(Drawn::default, Drawn::merged)?.into_curve()
    }

    pub(super) fn bytes(&self) -> usize {
        self.ends.len() * size_of::<Tally>() + (self.days.len() + self.starts.len() + self.changed.len()) * size_of::<u32>()
    }

    /// The sums by key at a point of the curve's period, as a scan of `snapshot` would find them.
    pub(super) fn at(&self, snapshot: &Snapshot, cut: &Cut<'_>, point: Point) -> Mixed<Key, Sums> {
        let at_ms = point.at.timestamp_millis();
        let day = utc_day(at_ms);
        let place = self.days.partition_point(|own| *own < day);
        let is_of_today = self.days.get(place) == Some(&day);
        let is_end_of_day = at_ms == end_of(day);
        let row = if is_of_today && is_end_of_day { Some(place) } else { place.checked_sub(1) };
        let mut tallies: Mixed<Key, Tally> = match row {
            Some(row) => self.keys.iter().copied().zip(self.ends[row * self.keys.len()..].iter().copied()).collect(),
            None => Mixed::default(),
        };
        let today = match is_of_today && !is_end_of_day {
            true => &self.changed[self.starts[place] as usize..self.starts[place + 1] as usize],
            false => &[],
        };
        let mut eye = Eye::new(snapshot, cut, point);
        let (base, changed) = (&*snapshot.base, &*snapshot.changed);
        for position in today {
            add(&mut tallies, &eye.parts(base, *position as usize));
        }
        let days = eye.standpoint.days.clone();
        for position in changed.near(0..changed.len(), &days) {
            add(&mut tallies, &eye.parts(changed, position));
        }
        let told_anew = changed.index.iter().map(|index| *index as usize).filter(|position| *position < base.len());
        for position in told_anew.filter(|position| base.near(*position..position + 1, &days).next().is_some()) {
            take(&mut tallies, &eye.parts(base, position));
        }
        eye.standpoint.reading.move_to(end_of(day - 1));
        for position in today {
            take(&mut tallies, &eye.parts(base, *position as usize));
        }
        tallies.into_iter().filter(|(_, tally)| tally.parts > 0).map(|(key, tally)| (key, tally.sums)).collect()
    }
}

fn add(tallies: &mut Mixed<Key, Tally>, parts: &Parts) {
    for (key, sums) in parts.iter().flatten() {
        tallies.entry(*key).or_default().add(&Tally { sums: *sums, parts: 1 });
    }
}

/// Takes off what was added before.
fn take(tallies: &mut Mixed<Key, Tally>, parts: &Parts) {
    for (key, sums) in parts.iter().flatten() {
        tallies.entry(*key).or_default().take(&Tally { sums: *sums, parts: 1 });
    }
}

/// The last instant of a day of UTC.
fn end_of(day: i32) -> i64 {
    let midnight = date(day).and_hms_opt(0, 0, 0).expect("every day of UTC has a midnight").and_utc();
    midnight.timestamp_millis() + DAY_MS - 1
}

/// Looks at opportunities one at a time.
struct Eye<'a> {
    standpoint: Standpoint<'a>,
    cut: &'a Cut<'a>,
    months: Months,
}

impl<'a> Eye<'a> {
    fn new(snapshot: &'a Snapshot, cut: &'a Cut<'a>, point: Point) -> Self {
        Self { standpoint: Standpoint::new(snapshot, None, point), cut, months: Months::default() }
    }

    /// What the opportunity at a position counts for, as it stands in a segment.
    fn parts(&mut self, segment: &'a Segment, position: usize) -> Parts {
        let held = self.standpoint.reading.held_in(segment, position, segment.index[position]);
        held.map_or([None, None], |held| self.standpoint.parts(self.cut, &mut self.months, held))
    }
}

/// A part of a curve.
#[derive(Default)]
struct Drawn {
    steps: Mixed<(i32, Key), Step>,
    /// Days and positions.
    changed: Vec<(i32, u32)>,
}

impl Drawn {
    /// Both; `None` where that is too large already.
    fn merged(mut self, other: Self) -> Option<Self> {
        if self.steps.len() < other.steps.len() {
            return other.merged(self);
        }
        for (place, step) in other.steps {
            let own = self.steps.entry(place).or_default();
            own.added.add(&step.added);
            own.taken.add(&step.taken);
        }
        self.changed.extend(other.changed);
        (self.steps.len() <= MOST_SUMS).then_some(self)
    }

    fn into_curve(mut self) -> Option<Curve> {
        self.changed.par_sort_unstable();
        let days: Vec<i32> = self.changed.chunk_by(|one, next| one.0 == next.0).map(|same| same[0].0).collect();
        let keys: BTreeSet<Key> = self.steps.keys().map(|(_, key)| *key).collect();
        let keys: Vec<Key> = keys.into_iter().collect();
        if days.len() * keys.len() > MOST_SUMS {
            return None;
        }
        let mut starts: Vec<u32> = Vec::with_capacity(days.len() + 1);
        starts.push(0);
        for same in self.changed.chunk_by(|one, next| one.0 == next.0) {
            starts.push(starts.last().expect("it begins with one") + narrow(same.len()));
        }
        let mut ends = Vec::with_capacity(days.len() * keys.len());
        let mut now = vec![Tally::default(); keys.len()];
        for day in &days {
            for (tally, key) in now.iter_mut().zip(&keys) {
                if let Some(step) = self.steps.get(&(*day, *key)) {
                    tally.add(&step.added);
                    tally.take(&step.taken);
                }
            }
            ends.extend_from_slice(&now);
        }
        Some(Curve { days, keys, ends, starts, changed: self.changed.into_iter().map(|(_, position)| position).collect() })
    }
}

/// Draws a part of a curve.
struct Pen<'a> {
    snapshot: &'a Snapshot,
    eye: Eye<'a>,
    by_manager: bool,
    /// When something changes for amounts in a currency, by its code.
    of_rates: BTreeMap<u32, Vec<i64>>,
    /// Starts of days of the organisation.
    midnights: HashMap<i32, i64>,
    drawn: Drawn,
}

impl<'a> Pen<'a> {
    fn new(snapshot: &'a Snapshot, cut: &'a Cut<'a>, period: Period) -> Self {
        let calendar = &snapshot.settings.calendar;
        let rates = snapshot.register.rates.iter().map(|(currency, rows)| {
            let of_row =
                |row: &super::register::RateRow| [row.known_from_ms, calendar.start_of_day(row.valid_from).timestamp_millis()];
            (*currency, rows.iter().flat_map(of_row).collect())
        });
        Self {
            snapshot,
            eye: Eye::new(snapshot, cut, Point { period, at: DateTime::UNIX_EPOCH }),
            by_manager: cut.names_manager(),
            of_rates: rates.collect(),
            midnights: HashMap::new(),
            drawn: Drawn::default(),
        }
    }

    fn draw(mut self, range: Range<usize>) -> Option<Drawn> {
        let mut instants = Vec::new();
        for position in self.snapshot.base.near(range, &self.eye.standpoint.days.clone()) {
            self.add_instants(position, &mut instants);
            self.follow(position, &instants);
            if self.drawn.steps.len() > MOST_SUMS {
                return None;
            }
        }
        Some(self.drawn)
    }

    /// All instants at which what an opportunity counts for may change, ascending, in place of what was there.
    fn add_instants(&mut self, position: usize, instants: &mut Vec<i64>) {
        instants.clear();
        let segment = &*self.snapshot.base;
        instants.push(segment.origins[position].created_at_ms);
        for at in segment.versions_of(position) {
            let row = &segment.versions[at];
            instants.push(segment.valid_from[at]);
            for day in [row.close_day, row.close_day.saturating_add(1)] {
                instants.extend(self.midnight(day));
            }
            self.add_dated(row, instants);
        }
        instants.sort_unstable();
        instants.dedup();
    }

    /// What dated rows bring to a version.
    fn add_dated(&self, row: &VersionRow, instants: &mut Vec<i64>) {
        if let Some(of_rates) = self.of_rates.get(&u32::from(row.currency)) {
            instants.extend_from_slice(of_rates);
        }
        if self.by_manager {
            let tenures = self.snapshot.register.tenures.get(&row.owner);
            instants.extend(tenures.into_iter().flatten().map(|tenure| tenure.valid_from_ms));
        }
    }

    /// The start of a day of the organisation; `None` beyond all days.
    fn midnight(&mut self, day: i32) -> Option<i64> {
        let calendar = &self.snapshot.settings.calendar;
        if let Some(at_ms) = self.midnights.get(&day) {
            return Some(*at_ms);
        }
        let at_ms = calendar.start_of_day(chrono::NaiveDate::from_num_days_from_ce_opt(day)?).timestamp_millis();
        self.midnights.insert(day, at_ms);
        Some(at_ms)
    }

    fn parts_at(&mut self, position: usize, at_ms: i64) -> Parts {
        self.eye.standpoint.reading.move_to(at_ms);
        self.eye.parts(&self.snapshot.base, position)
    }

    /// Adds what an opportunity changes, day by day.
    fn follow(&mut self, position: usize, instants: &[i64]) {
        let mut before: Parts = [None, None];
        for of_day in instants.chunk_by(|one, next| utc_day(*one) == utc_day(*next)) {
            let day = utc_day(of_day[0]);
            let after = self.parts_at(position, of_day[of_day.len() - 1]);
            let passes_by =
                |pen: &mut Self| of_day[..of_day.len() - 1].iter().any(|at_ms| pen.parts_at(position, *at_ms) != before);
            if after != before || passes_by(self) {
                self.drawn.changed.push((day, narrow(position)));
            }
            if after != before {
                for (key, sums) in before.iter().flatten() {
                    self.drawn.steps.entry((day, *key)).or_default().taken.add(&Tally { sums: *sums, parts: 1 });
                }
                for (key, sums) in after.iter().flatten() {
                    self.drawn.steps.entry((day, *key)).or_default().added.add(&Tally { sums: *sums, parts: 1 });
                }
            }
            before = after;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_would_be_too_large_is_given_up_before_it_is_put_together() {
        let drawn = |days: Range<usize>| Drawn {
            steps: days.map(|day| ((i32::try_from(day).unwrap(), Key::default()), Step::default())).collect(),
            changed: Vec::new(),
        };
        assert!(drawn(0..MOST_SUMS).merged(drawn(10..20)).is_some());
        assert!(drawn(0..MOST_SUMS).merged(drawn(MOST_SUMS..MOST_SUMS + 1)).is_none());
    }
}
