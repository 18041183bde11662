//! Scans: sums by key over the versions valid at an instant.

use super::Snapshot;
use super::curves::curves_of;
use super::cut::{Cut, Key};
use super::hash::Mixed;
use super::standpoint::Standpoint;
use crate::attribution::{Credit, CreditError};
use crate::calendar::Period;
use crate::dimension::{CellKey, Dimension, Filter};
use crate::ids::{DataVersion, OpportunityId};
use crate::viewer::Scope;
use chrono::{DateTime, Utc};
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
    /// Whether what is open counts 0 where its hygiene fails, as of each point: in `open`, `open_won`, `overdue` and `open_count`.
    /// The forecast's categories are the seller's judgement, and stay.
    pub hygiene_adjusted: bool,
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
    /// Of `open`: the part won with close date in P, as known at P's end.
    pub open_won: i64,
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
    let mut distinct: Vec<Point> = Vec::with_capacity(points.len());
    let place = |point: &Point| {
        distinct.iter().position(|own| own == point).unwrap_or_else(|| {
            distinct.push(*point);
            distinct.len() - 1
        })
    };
    let places: Vec<usize> = points.iter().map(place).collect();
    let found = distinct_sums(snapshot, scan, &distinct)?;
    if found.len() == places.len() {
        return Ok(found);
    }
    Ok(places.into_iter().map(|place| found[place].clone()).collect())
}

/// The sums of points of which no two are alike.
fn distinct_sums(snapshot: &Snapshot, scan: &Scan<'_>, points: &[Point]) -> Result<Vec<SumsByKey>, CreditError> {
    let cut = Cut::new(snapshot, scan.by, scan.filter, scan.credit);
    let curves = curves_of(snapshot, scan, &cut, points);
    let bare: Vec<Point> = points.iter().zip(&curves).filter(|(_, curve)| curve.is_none()).map(|(point, _)| *point).collect();
    let mut scanned = scanned(snapshot, scan, &cut, &bare)?.into_iter();
    let looked_up: Vec<Option<ByKey>> = points
        .par_iter()
        .zip(&curves)
        .map(|(point, curve)| curve.as_ref().map(|curve| ByKey::of(curve.at(snapshot, &cut, *point))))
        .collect();
    let by_point =
        looked_up.into_iter().map(|found| found.or_else(|| scanned.next()).expect("a point without a curve is scanned"));
    Ok(by_point.map(|sums| sums.rolled_up(snapshot, &cut)).collect())
}

/// The sums of points for which there is no curve.
fn scanned(snapshot: &Snapshot, scan: &Scan<'_>, cut: &Cut<'_>, points: &[Point]) -> Result<Vec<ByKey>, CreditError> {
    let standpoints: Vec<Standpoint<'_>> =
        points.iter().map(|point| Standpoint::new(snapshot, scan.data_version, *point).adjusted(scan.hygiene_adjusted)).collect();
    // All points of one chunk together, while its rows are at hand.
    let of_chunk = |mut all: Vec<ByKey>, indices: Range<u32>| {
        for (standpoint, sums) in standpoints.iter().zip(&mut all) {
            standpoint.each(cut, indices.clone(), |_, parts| sums.add(cut, parts))?;
        }
        Ok(all)
    };
    let none = || points.iter().map(|_| ByKey::default()).collect::<Vec<_>>();
    let merge =
        |left: Vec<ByKey>, right: Vec<_>| Ok(left.into_iter().zip(right).map(|(left, right)| left.merge(right)).collect());
    chunks(snapshot, scan.scope).into_par_iter().try_fold(none, of_chunk).try_reduce(none, merge)
}

/// The cohort of each point, by key, for every subset of the dimensions; the total is always there.
///
/// # Errors
/// The model that credits sources failed.
pub fn cohorts(snapshot: &Snapshot, scan: &Scan<'_>, points: &[Point]) -> Result<Vec<BTreeMap<CellKey, Cohort>>, CreditError> {
    let of = |by_key: SumsByKey| by_key.into_iter().map(|(key, sums)| (key, sums.cohort())).collect();
    Ok(sums(snapshot, scan, points)?.into_iter().map(of).collect())
}

impl Sums {
    /// The cohort of the same point.
    pub fn cohort(&self) -> Cohort {
        Cohort { open: self.open, won: self.open_won, opportunities: self.open_count }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.closed += other.closed;
        self.open += other.open;
        self.open_won += other.open_won;
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

    /// Takes off what was added before.
    pub(super) fn take(&mut self, other: &Self) {
        self.closed -= other.closed;
        self.open -= other.open;
        self.open_won -= other.open_won;
        self.overdue -= other.overdue;
        self.commit -= other.commit;
        self.most_likely -= other.most_likely;
        self.best_case -= other.best_case;
        self.generation_as_generated -= other.generation_as_generated;
        self.generation_as_now -= other.generation_as_now;
        self.reopened -= other.reopened;
        self.lost -= other.lost;
        self.closed_count -= other.closed_count;
        self.open_count -= other.open_count;
        self.generation_count -= other.generation_count;
        self.lost_count -= other.lost_count;
    }

    /// Without its distinct counts, which do not add up where opportunities are split.
    fn amounts(self) -> Self {
        Self { closed_count: 0, open_count: 0, generation_count: 0, lost_count: 0, ..self }
    }

    /// Only its distinct counts.
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

/// Sums by full key; where opportunities are split, their distinct counts by every subset of the dimensions.
#[derive(Default)]
struct ByKey {
    full: Mixed<Key, Sums>,
    counts: Mixed<(usize, Key), Sums>,
    /// Where the opportunity that is being added has been counted.
    seen: Mixed<(usize, Key), ()>,
}

impl ByKey {
    /// Of opportunities that are not split.
    fn of(full: Mixed<Key, Sums>) -> Self {
        Self { full, ..Self::default() }
    }

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
    fn add(&mut self, cut: &Cut<'_>, parts: &[(Key, Sums)]) {
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

    fn rolled_up(self, snapshot: &Snapshot, cut: &Cut<'_>) -> SumsByKey {
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

/// Opportunities that one worker takes at a time, and a model weighs in one batch: as many as a processor's own memory holds
/// with their touchpoints, for they are looked at once for each point.
const CHUNK: usize = 1024;

/// The opportunities that a viewer may learn of, in chunks for one worker each. A viewer who may not see everything sees
/// nothing here until rows can be told apart.
pub(crate) fn chunks(snapshot: &Snapshot, scope: &Scope) -> Vec<Range<u32>> {
    let count = if scope.is_unrestricted() { snapshot.opportunity_count() } else { 0 };
    let bound = |at: usize| u32::try_from(at.min(count)).expect("indices are u32");
    (0..count).step_by(CHUNK).map(|start| bound(start)..bound(start + CHUNK)).collect()
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
    let standpoint = Standpoint::new(snapshot, scan.data_version, point).adjusted(scan.hygiene_adjusted);
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
