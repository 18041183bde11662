//! One point, ready to be read: what an opportunity counts for in a period as known at an instant.

use super::Snapshot;
use super::cut::{Atom, Cut, Key};
use super::hygiene::Judge;
use super::reading::{Held, Months, Reading};
use super::scan::{Point, Sums};
use crate::attribution::CreditError;
use crate::catalog::{ForecastCategory, StageKind};
use crate::ids::{DataVersion, OpportunityId};
use chrono::{DateTime, Datelike};
use std::ops::Range;

/// What an opportunity that is not split adds: by its close date's key, and by its entry's.
pub(super) type Parts = [Option<(Key, Sums)>; 2];

/// An opportunity that counts for something at a point, before it is cut.
struct Standing<'a> {
    held: Held<'a>,
    /// ACV at T, and at entry.
    amounts: [i64; 2],
    /// What the close date decides, per unit of `amounts[0]`.
    closing: Closing,
    /// Open, and won with close date in the period as known at the period's end.
    won_later: bool,
    reopened: bool,
    /// The day of the entry, where it lies in the period.
    entry_day: Option<i32>,
}

#[derive(Clone, Copy, PartialEq)]
enum Closing {
    Elsewhere,
    Won,
    Lost,
    Open {
        overdue: bool,
    },
    /// Open, and of no weight by its hygiene.
    Failing,
}

impl<'a> Standing<'a> {
    /// `None` where the opportunity counts for nothing.
    fn new(standpoint: &Standpoint<'a>, held: Held<'a>) -> Option<Self> {
        let Standpoint { reading, outcome, days, instants, entry_stage, .. } = standpoint;
        if !reading.is_counted(&held) {
            return None;
        }
        let day = held.close_day();
        let closing = match reading.kind(&held) {
            _ if !days.contains(&day) => Closing::Elsewhere,
            StageKind::Open if standpoint.fails(&held) => Closing::Failing,
            StageKind::Open => Closing::Open { overdue: day < reading.day() },
            _ if day > reading.day() => Closing::Elsewhere,
            StageKind::Won => Closing::Won,
            StageKind::Lost => Closing::Lost,
        };
        let entry = match *entry_stage {
            None if !instants.contains(&reading.created_at_ms(&held)) => None,
            entry_stage => reading.entry(held, entry_stage).filter(|(at_ms, _)| instants.contains(at_ms)),
        };
        let reopened = reading.reopened(held, instants.start, instants.end, |was| was == StageKind::Lost);
        if closing == Closing::Elsewhere && entry.is_none() && !reopened {
            return None;
        }
        let won_later = matches!(closing, Closing::Open { .. })
            && outcome
                .again(&held)
                .is_some_and(|end| outcome.kind(&end) == StageKind::Won && days.contains(&end.close_day()) && !end.is_deleted());
        let generated = entry.map_or(0, |(_, then)| reading.acv_at_rate_of(&then, &held));
        let entry_day = entry.map(|(at_ms, _)| {
            let at = DateTime::from_timestamp_millis(at_ms).expect("stored instants come from instants");
            reading.snapshot.settings().calendar.day_of(at).num_days_from_ce()
        });
        Some(Self { amounts: [reading.acv(&held), generated], held, closing, won_later, reopened, entry_day })
    }

    fn counts_by_close(&self) -> bool {
        self.closing != Closing::Elsewhere || self.reopened
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
                sums.open_won = if self.won_later { now } else { 0 };
                self.forecast(now, &mut sums);
            }
            Closing::Failing => self.forecast(now, &mut sums),
        }
        sums
    }

    /// Adds what is open to its category.
    fn forecast(&self, now: i64, sums: &mut Sums) {
        match self.held.category() {
            ForecastCategory::Commit => sums.commit = now,
            ForecastCategory::MostLikely => sums.most_likely = now,
            ForecastCategory::BestCase => sums.best_case = now,
            ForecastCategory::Omitted | ForecastCategory::Pipeline | ForecastCategory::Closed => {}
        }
    }

    /// What the entry's key counts of an atom.
    fn by_entry([as_now, as_generated]: [i64; 2]) -> Sums {
        Sums { generation_as_generated: as_generated, generation_as_now: as_now, generation_count: 1, ..Sums::default() }
    }
}

/// A point, ready to be read.
pub(super) struct Standpoint<'a> {
    pub(super) reading: Reading<'a>,
    /// The last instant of the period.
    outcome: Reading<'a>,
    /// The days of the period.
    pub(super) days: Range<i32>,
    /// The instants of the period.
    instants: Range<i64>,
    entry_stage: Option<Option<u32>>,
    /// Where what is open counts only if its hygiene passes.
    judge: Option<Judge>,
}

impl<'a> Standpoint<'a> {
    pub(super) fn new(snapshot: &'a Snapshot, version: Option<DataVersion>, point: Point) -> Self {
        let calendar = &snapshot.settings().calendar;
        Self {
            reading: Reading::new(snapshot, point.at, version),
            outcome: Reading::new(snapshot, calendar.end_of(&point.period), version),
            days: point.period.day_numbers(),
            instants: calendar.instants_of(&point.period),
            entry_stage: snapshot.entry_stage(),
            judge: None,
        }
    }

    /// The same, where what is open counts only if its hygiene passes.
    pub(super) fn adjusted(mut self, is_adjusted: bool) -> Self {
        self.judge = is_adjusted.then(|| Judge::new(&self.reading));
        self
    }

    fn fails(&self, held: &Held<'_>) -> bool {
        self.judge.as_ref().is_some_and(|judge| !judge.passes(&self.reading, held))
    }

    /// The parts of an opportunity, under a cut that splits none.
    pub(super) fn parts(&self, cut: &Cut<'_>, months: &mut Months, held: Held<'a>) -> Parts {
        let Some(standing) = Standing::new(self, held) else { return [None, None] };
        let whole = Atom { product: 0, source: 0, amounts: standing.amounts };
        let by_close = standing.counts_by_close().then(|| {
            let codes = cut.codes(&self.reading, &held, months, held.close_day());
            Some((cut.key(&codes, &whole)?, standing.by_close(whole.amounts[0])))
        });
        let by_entry = standing.entry_day.map(|day| {
            let codes = cut.codes(&self.reading, &held, months, day);
            Some((cut.key(&codes, &whole)?, Standing::by_entry(whole.amounts)))
        });
        [by_close.flatten(), by_entry.flatten()]
    }

    /// Gives the parts of each opportunity that counts: those of its close date's key, then those of its entry's.
    pub(super) fn each(
        &self,
        cut: &Cut<'_>,
        indices: Range<u32>,
        mut each: impl FnMut(OpportunityId, &[(Key, Sums)]),
    ) -> Result<(), CreditError> {
        if cut.splits() {
            return self.each_split(cut, indices, each);
        }
        let mut months = Months::default();
        for index in self.reading.snapshot.near(indices, &self.days) {
            let Some(held) = self.reading.held(index) else { continue };
            for part in self.parts(cut, &mut months, held).into_iter().flatten() {
                each(held.id(), &[part]);
            }
        }
        Ok(())
    }

    fn each_split(
        &self,
        cut: &Cut<'_>,
        indices: Range<u32>,
        mut each: impl FnMut(OpportunityId, &[(Key, Sums)]),
    ) -> Result<(), CreditError> {
        let reading = &self.reading;
        let mut months = Months::default();
        let near = reading.snapshot.near(indices, &self.days);
        let standings: Vec<Standing<'_>> = near.filter_map(|index| Standing::new(self, reading.held(index)?)).collect();
        let weighed: Vec<u32> = standings.iter().map(|standing| standing.held.index).collect();
        let shares = cut.weigh(reading, &weighed)?;
        let (mut atoms, mut parts): (Vec<Atom<2>>, Vec<(Key, Sums)>) = Default::default();
        for (entry, standing) in standings.iter().enumerate() {
            let held = &standing.held;
            cut.atoms(held, &shares, entry, standing.amounts, &mut atoms);
            if standing.counts_by_close() {
                let codes = cut.codes(reading, held, &mut months, held.close_day());
                parts.clear();
                parts.extend(atoms.iter().filter_map(|atom| Some((cut.key(&codes, atom)?, standing.by_close(atom.amounts[0])))));
                each(held.id(), &parts);
            }
            if let Some(day) = standing.entry_day {
                let codes = cut.codes(reading, held, &mut months, day);
                parts.clear();
                parts.extend(atoms.iter().filter_map(|atom| Some((cut.key(&codes, atom)?, Standing::by_entry(atom.amounts)))));
                each(held.id(), &parts);
            }
        }
        Ok(())
    }
}
