//! Scans: sums by key over the versions valid at an instant.

use super::Snapshot;
use super::cut::{Atom, Cut, Key};
use super::hash::Mixed;
use super::reading::{Held, Months, Reading};
use crate::attribution::{Credit, CreditError};
use crate::calendar::Period;
use crate::catalog::{ForecastCategory, StageKind};
use crate::dimension::{CellKey, Dimension, Filter};
use crate::ids::{DataVersion, OpportunityId};
use crate::viewer::Scope;
use chrono::{DateTime, Datelike, Utc};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::ops::Range;

/// What is common to every scan of one answer.
pub struct Scan<'a> {
    /// Which rows the viewer may learn of.
    pub scope: &'a Scope,
    /// Which recorded changes count; `None` = all.
    pub data_version: Option<DataVersion>,
    /// Zero to four dimensions.
    pub by: &'a [Dimension],
    /// Of which opportunities.
    pub filter: &'a Filter,
    /// Who credits sources; asked only where `by` or `filter` names SOURCE.
    pub credit: &'a dyn Credit,
}

/// A period as known at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Point {
    /// Which opportunities: by close date, or by entry.
    pub period: Period,
    /// As known when.
    pub at: DateTime<Utc>,
}

/// The additive measures of one key, minor units of the reporting currency, and distinct counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sums {
    /// Won, close date in P and not after T.
    pub closed: i64,
    /// Open, close date in P.
    pub open: i64,
    /// Of `open`: close date before T's day.
    pub overdue: i64,
    /// Of `open`: category commit.
    pub commit: i64,
    /// Of `open`: category most likely.
    pub most_likely: i64,
    /// Of `open`: category best case.
    pub best_case: i64,
    /// Entry in P and not after T: ACV at entry.
    pub generation_as_generated: i64,
    /// The same opportunities' ACV at T.
    pub generation_as_now: i64,
    /// Came back from lost, in P and not after T: ACV at T.
    pub reopened: i64,
    /// Lost, close date in P and not after T.
    pub lost: i64,
    /// Distinct opportunities in `closed`.
    pub closed_count: u64,
    /// Distinct opportunities in `open`.
    pub open_count: u64,
    /// Distinct opportunities in `generation_as_generated`.
    pub generation_count: u64,
    /// Distinct opportunities in `lost`.
    pub lost_count: u64,
}

/// What was open on a day with close date in a period, and what of it was won in that period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cohort {
    /// ACV open at the point, as known then.
    pub open: i64,
    /// Of it (ACV at the point), the part won with close date in the period, as known at the period's end.
    pub won: i64,
    /// Distinct opportunities open at the point.
    pub opportunities: u64,
}

/// Sums by key, for every subset of the dimensions: full keys, subtotals and the total.
pub type SumsByKey = BTreeMap<CellKey, Sums>;

/// One [`SumsByKey`] for each point; the total is always there.
///
/// # Errors
/// The model that credits sources failed.
pub fn sums(snapshot: &Snapshot, scan: &Scan<'_>, points: &[Point]) -> Result<Vec<SumsByKey>, CreditError> {
    let cut = Cut::new(snapshot, scan.by, scan.filter, scan.credit);
    let standpoints: Vec<Standpoint<'_>> = points.iter().map(|point| Standpoint::new(snapshot, scan, *point)).collect();
    let by_point = over_chunks(snapshot, scan, points.len(), |point, indices| {
        let mut sums = ByKey::default();
        standpoints[point].each(&cut, indices, |_, parts| sums.add(&cut, parts))?;
        Ok(sums)
    })?;
    Ok(by_point.into_iter().map(|sums| sums.rolled_up(snapshot, &cut)).collect())
}

/// The cohort of each point, by key, for every subset of the dimensions; the total is always there.
///
/// # Errors
/// The model that credits sources failed.
pub fn cohorts(snapshot: &Snapshot, scan: &Scan<'_>, points: &[Point]) -> Result<Vec<BTreeMap<CellKey, Cohort>>, CreditError> {
    let cut = Cut::new(snapshot, scan.by, scan.filter, scan.credit);
    let standpoints: Vec<_> = points.iter().map(|point| cohort_standpoints(snapshot, scan, *point)).collect();
    let by_point = over_chunks(snapshot, scan, points.len(), |point, indices| {
        cohort_of(&cut, &standpoints[point].0, &standpoints[point].1, indices)
    })?;
    Ok(by_point.into_iter().map(|sums| sums.rolled_up(snapshot, &cut)).collect())
}

/// What adds up by key.
trait Additive: Copy + Default + Send {
    fn add(&mut self, other: &Self);
    /// Without its distinct counts, which do not add up where opportunities are split.
    fn amounts(self) -> Self;
    /// Only its distinct counts.
    fn counts(self) -> Self;
}

impl Additive for Sums {
    fn add(&mut self, other: &Self) {
        self.closed += other.closed;
        self.open += other.open;
        self.overdue += other.overdue;
        self.commit += other.commit;
        self.most_likely += other.most_likely;
        self.best_case += other.best_case;
        self.generation_as_generated += other.generation_as_generated;
        self.generation_as_now += other.generation_as_now;
        self.reopened += other.reopened;
        self.lost += other.lost;
        self.closed_count += other.closed_count;
        self.open_count += other.open_count;
        self.generation_count += other.generation_count;
        self.lost_count += other.lost_count;
    }

    fn amounts(self) -> Self {
        Self { closed_count: 0, open_count: 0, generation_count: 0, lost_count: 0, ..self }
    }

    fn counts(self) -> Self {
        Self {
            closed_count: self.closed_count,
            open_count: self.open_count,
            generation_count: self.generation_count,
            lost_count: self.lost_count,
            ..Self::default()
        }
    }
}

impl Additive for Cohort {
    fn add(&mut self, other: &Self) {
        self.open += other.open;
        self.won += other.won;
        self.opportunities += other.opportunities;
    }

    fn amounts(self) -> Self {
        Self { opportunities: 0, ..self }
    }

    fn counts(self) -> Self {
        Self { opportunities: self.opportunities, ..Self::default() }
    }
}

/// Sums by full key; where opportunities are split, their distinct counts by every subset of the dimensions.
struct ByKey<S> {
    full: Mixed<Key, S>,
    counts: Mixed<(usize, Key), S>,
    /// Where the opportunity that is being added has been counted.
    seen: Mixed<(usize, Key), ()>,
}

impl<S> Default for ByKey<S> {
    fn default() -> Self {
        Self { full: Mixed::default(), counts: Mixed::default(), seen: Mixed::default() }
    }
}

impl<S: Additive> ByKey<S> {
    fn merge(mut self, other: Self) -> Self {
        if self.full.len() < other.full.len() {
            return other.merge(self);
        }
        for (key, sums) in &other.full {
            self.full.entry(*key).or_default().add(sums);
        }
        for (key, sums) in &other.counts {
            self.counts.entry(*key).or_default().add(sums);
        }
        self
    }

    /// Adds the parts of one opportunity.
    fn add(&mut self, cut: &Cut<'_>, parts: &[(Key, S)]) {
        if !cut.splits() {
            for (key, sums) in parts {
                self.full.entry(*key).or_default().add(sums);
            }
            return;
        }
        self.seen.clear();
        for (key, sums) in parts {
            self.full.entry(*key).or_default().add(&sums.amounts());
            for mask in 0..1_usize << cut.by().len() {
                let masked = masked(key, mask);
                if self.seen.insert((mask, masked), ()).is_none() {
                    self.counts.entry((mask, masked)).or_default().add(&sums.counts());
                }
            }
        }
    }

    fn rolled_up(self, snapshot: &Snapshot, cut: &Cut<'_>) -> BTreeMap<CellKey, S> {
        let mut cells = self.counts;
        cells.entry((0, Key::default())).or_default();
        for (key, sums) in &self.full {
            for mask in 0..1_usize << cut.by().len() {
                cells.entry((mask, masked(key, mask))).or_default().add(sums);
            }
        }
        cells.into_iter().map(|((mask, key), sums)| (cut.cell_key(snapshot, &key, mask), sums)).collect()
    }
}

fn masked(key: &Key, mask: usize) -> Key {
    std::array::from_fn(|bit| if mask & (1 << bit) != 0 { key[bit] } else { 0 })
}

/// Opportunities that one worker takes at a time, and a model weighs in one batch.
const CHUNK: usize = 8192;

/// The opportunities that a viewer may learn of, in chunks for one worker each. A viewer who may not see everything sees
/// nothing here until rows can be told apart.
pub(crate) fn chunks(snapshot: &Snapshot, scope: &Scope) -> Vec<Range<u32>> {
    let count = if scope.is_unrestricted() { snapshot.opportunity_count() } else { 0 };
    let bound = |at: usize| u32::try_from(at.min(count)).expect("indices are u32");
    (0..count).step_by(CHUNK).map(|start| bound(start)..bound(start + CHUNK)).collect()
}

/// Runs `work` for each point over all opportunities in chunks, and adds up what it gives: all points of one chunk together,
/// while its rows are at hand.
fn over_chunks<S: Additive>(
    snapshot: &Snapshot,
    scan: &Scan<'_>,
    points: usize,
    work: impl Fn(usize, Range<u32>) -> Result<ByKey<S>, CreditError> + Send + Sync,
) -> Result<Vec<ByKey<S>>, CreditError> {
    let none = || (0..points).map(|_| ByKey::default()).collect::<Vec<_>>();
    let of_chunk = |indices: Range<u32>| (0..points).map(|point| work(point, indices.clone())).collect::<Result<Vec<_>, _>>();
    let merge = |left: Vec<_>, right: Vec<_>| {
        Ok(left.into_iter().zip(right).map(|(left, right): (ByKey<S>, _)| left.merge(right)).collect())
    };
    chunks(snapshot, scan.scope).into_par_iter().map(of_chunk).try_reduce(none, merge)
}

/// A period in the terms of the columns.
struct Bounds {
    start_day: i32,
    end_day: i32,
    start_ms: i64,
    end_ms: i64,
}

impl Bounds {
    fn new(snapshot: &Snapshot, period: Period) -> Self {
        let calendar = &snapshot.settings().calendar;
        Self {
            start_day: period.start.num_days_from_ce(),
            end_day: period.end.num_days_from_ce(),
            start_ms: calendar.start_of_day(period.start).timestamp_millis(),
            end_ms: calendar.start_of_day(period.end).timestamp_millis(),
        }
    }

    fn days(&self) -> Range<i32> {
        self.start_day..self.end_day
    }

    fn has_day(&self, day: i32) -> bool {
        self.start_day <= day && day < self.end_day
    }

    fn has_instant(&self, at_ms: i64) -> bool {
        self.start_ms <= at_ms && at_ms < self.end_ms
    }
}

/// An opportunity that counts for something at a point, before it is cut.
struct Standing<'a> {
    held: Held<'a>,
    /// ACV at T, and at entry.
    amounts: [i64; 2],
    /// What the close date decides, per unit of `amounts[0]`.
    closing: Closing,
    reopened: bool,
    /// The day of the entry, where it lies in the period.
    entry_day: Option<i32>,
}

#[derive(Clone, Copy, PartialEq)]
enum Closing {
    Elsewhere,
    Won,
    Lost,
    Open { overdue: bool },
}

impl<'a> Standing<'a> {
    /// `None` where the opportunity counts for nothing.
    fn new(reading: &Reading<'a>, bounds: &Bounds, entry_stage: Option<Option<u32>>, index: u32) -> Option<Self> {
        let held = reading.held(index)?;
        if !reading.is_counted(&held) {
            return None;
        }
        let day = held.close_day();
        let closing = match reading.kind(&held) {
            _ if !bounds.has_day(day) => Closing::Elsewhere,
            StageKind::Open => Closing::Open { overdue: day < reading.day() },
            _ if day > reading.day() => Closing::Elsewhere,
            StageKind::Won => Closing::Won,
            StageKind::Lost => Closing::Lost,
        };
        let entry = match entry_stage {
            None if !bounds.has_instant(reading.created_at_ms(&held)) => None,
            _ => reading.entry(held, entry_stage).filter(|(at_ms, _)| bounds.has_instant(*at_ms)),
        };
        let reopened = reading.reopened(held, bounds.start_ms, bounds.end_ms, |was| was == StageKind::Lost);
        if closing == Closing::Elsewhere && entry.is_none() && !reopened {
            return None;
        }
        let generated = entry.map_or(0, |(_, then)| reading.acv_at_rate_of(&then, &held));
        let entry_day = entry.map(|(at_ms, _)| {
            let at = DateTime::from_timestamp_millis(at_ms).expect("stored instants come from instants");
            reading.snapshot.settings().calendar.day_of(at).num_days_from_ce()
        });
        Some(Self { amounts: [reading.acv(&held), generated], held, closing, reopened, entry_day })
    }

    /// What the close date's key counts of an atom.
    fn by_close(&self, now: i64) -> Sums {
        let mut sums = Sums::default();
        if self.reopened {
            sums.reopened = now;
        }
        match self.closing {
            Closing::Elsewhere => {}
            Closing::Won => (sums.closed, sums.closed_count) = (now, 1),
            Closing::Lost => (sums.lost, sums.lost_count) = (now, 1),
            Closing::Open { overdue } => {
                (sums.open, sums.open_count) = (now, 1);
                sums.overdue = if overdue { now } else { 0 };
                match self.held.category() {
                    ForecastCategory::Commit => sums.commit = now,
                    ForecastCategory::MostLikely => sums.most_likely = now,
                    ForecastCategory::BestCase => sums.best_case = now,
                    ForecastCategory::Omitted | ForecastCategory::Pipeline | ForecastCategory::Closed => {}
                }
            }
        }
        sums
    }
}

/// What each opportunity adds to one cell at a point, in no order; counts are 1 where it counts. An opportunity that adds
/// nothing is left out. The amounts add up to the [`Sums`] of the same key.
///
/// # Errors
/// The model that credits sources failed.
pub fn shares_of(
    snapshot: &Snapshot,
    scan: &Scan<'_>,
    point: Point,
    key: &CellKey,
) -> Result<Vec<(OpportunityId, Sums)>, CreditError> {
    let cut = Cut::new(snapshot, scan.by, scan.filter, scan.credit);
    let Some((mask, wanted)) = cut.coded(snapshot, key) else { return Ok(Vec::new()) };
    let standpoint = Standpoint::new(snapshot, scan, point);
    let of_chunk = |indices| {
        let mut shares: BTreeMap<OpportunityId, Sums> = BTreeMap::new();
        standpoint.each(&cut, indices, |id, parts| {
            let here = parts.iter().filter(|(key, _)| masked(key, mask) == wanted).map(|(_, sums)| sums);
            let mut share = Sums::default();
            let mut counts = None;
            for sums in here {
                share.add(&sums.amounts());
                counts = Some(sums.counts());
            }
            if let Some(counts) = counts {
                share.add(&counts);
                shares.entry(id).or_default().add(&share);
            }
        })?;
        Ok(shares)
    };
    let shares: Vec<BTreeMap<_, _>> = chunks(snapshot, scan.scope).into_par_iter().map(of_chunk).collect::<Result<_, _>>()?;
    Ok(shares.into_iter().flatten().collect())
}

/// A point, ready to be read.
struct Standpoint<'a> {
    reading: Reading<'a>,
    bounds: Bounds,
    entry_stage: Option<Option<u32>>,
}

impl<'a> Standpoint<'a> {
    fn new(snapshot: &'a Snapshot, scan: &Scan<'_>, point: Point) -> Self {
        Self {
            reading: Reading::new(snapshot, point.at, scan.data_version),
            bounds: Bounds::new(snapshot, point.period),
            entry_stage: snapshot.entry_stage(),
        }
    }

    /// Gives the parts of each opportunity that counts: those of its close date's key, then those of its entry's.
    fn each(
        &self,
        cut: &Cut<'_>,
        indices: Range<u32>,
        mut each: impl FnMut(OpportunityId, &[(Key, Sums)]),
    ) -> Result<(), CreditError> {
        let Self { reading, bounds, entry_stage } = self;
        let mut months = Months::default();
        let mut standings = Vec::new();
        for index in reading.snapshot.near(indices, &bounds.days()) {
            let Some(standing) = Standing::new(reading, bounds, *entry_stage, index) else { continue };
            let by_close = cut.codes(reading, &standing.held, &mut months, standing.held.close_day());
            let by_entry = standing.entry_day.map(|day| cut.codes(reading, &standing.held, &mut months, day));
            if !cut.refuses(&by_close) || by_entry.as_ref().is_some_and(|codes| !cut.refuses(codes)) {
                standings.push((standing, by_close, by_entry));
            }
        }
        let weighed: Vec<u32> = standings.iter().map(|(standing, ..)| standing.held.index).collect();
        let shares = cut.weigh(reading, &weighed)?;
        let (mut atoms, mut parts): (Vec<Atom<2>>, Vec<(Key, Sums)>) = Default::default();
        for (entry, (standing, by_close, by_entry)) in standings.iter().enumerate() {
            cut.atoms(&standing.held, &shares, entry, standing.amounts, &mut atoms);
            if standing.closing != Closing::Elsewhere || standing.reopened {
                parts.clear();
                parts
                    .extend(atoms.iter().filter_map(|atom| Some((cut.key(by_close, atom)?, standing.by_close(atom.amounts[0])))));
                each(standing.held.id(), &parts);
            }
            if let Some(codes) = by_entry {
                parts.clear();
                parts.extend(atoms.iter().filter_map(|atom| {
                    let [as_now, as_generated] = atom.amounts;
                    let part = Sums {
                        generation_as_generated: as_generated,
                        generation_as_now: as_now,
                        generation_count: 1,
                        ..Sums::default()
                    };
                    Some((cut.key(codes, atom)?, part))
                }));
                each(standing.held.id(), &parts);
            }
        }
        Ok(())
    }
}

/// A point of a cohort, and the last instant of its period, when its outcome is known.
fn cohort_standpoints<'a>(snapshot: &'a Snapshot, scan: &Scan<'_>, point: Point) -> (Standpoint<'a>, Reading<'a>) {
    // The last instant of the period, so that a change at its end's midnight belongs to the next.
    let last = snapshot.settings().calendar.start_of_day(point.period.end) - chrono::Duration::milliseconds(1);
    (Standpoint::new(snapshot, scan, point), Reading::new(snapshot, last, scan.data_version))
}

fn cohort_of(
    cut: &Cut<'_>,
    Standpoint { reading, bounds, .. }: &Standpoint<'_>,
    outcome: &Reading<'_>,
    indices: Range<u32>,
) -> Result<ByKey<Cohort>, CreditError> {
    let mut months = Months::default();
    let mut open = Vec::new();
    for index in reading.snapshot.near(indices, &bounds.days()) {
        let Some(held) = reading.held(index) else { continue };
        let in_scope = reading.kind(&held) == StageKind::Open && bounds.has_day(held.close_day());
        if !in_scope || !reading.is_counted(&held) {
            continue;
        }
        let codes = cut.codes(reading, &held, &mut months, held.close_day());
        if !cut.refuses(&codes) {
            open.push((held, codes));
        }
    }
    let weighed: Vec<u32> = open.iter().map(|(held, _)| held.index).collect();
    let shares = cut.weigh(reading, &weighed)?;
    let mut sums = ByKey::default();
    let (mut atoms, mut parts): (Vec<Atom<1>>, Vec<(Key, Cohort)>) = Default::default();
    for (entry, (held, codes)) in open.iter().enumerate() {
        let won = outcome
            .held(held.index)
            .is_some_and(|end| outcome.kind(&end) == StageKind::Won && bounds.has_day(end.close_day()) && !end.is_deleted());
        cut.atoms(held, &shares, entry, [reading.acv(held)], &mut atoms);
        parts.clear();
        parts.extend(atoms.iter().filter_map(|atom| {
            let [amount] = atom.amounts;
            Some((cut.key(codes, atom)?, Cohort { open: amount, won: if won { amount } else { 0 }, opportunities: 1 }))
        }));
        sums.add(cut, &parts);
    }
    Ok(sums)
}
