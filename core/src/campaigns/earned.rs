//! What a model gives campaigns: pipeline, closed ACV, and the ACV that the touchpoints of a period came to.

use super::CampaignQuery;
use super::tree::{ROLES, Slot, Tree, UNATTRIBUTED};
use crate::attribution::{CreditError, CreditShares, Credited, Known, ModelCredit, each_credited};
use crate::calendar::DAY_MS;
use crate::catalog::StageKind;
use crate::dimension::Dimension;
use crate::facts::cut::{Atom, Cut, by_touchpoint};
use crate::facts::hash::Mixed;
use crate::facts::reading::{DimensionCodes, Held, Months, Reading};
use crate::facts::scan::chunks;
use crate::touchpoint::Source;
use crate::viewer::Scope;
use rayon::prelude::*;
use std::ops::Range;

/// What a row earned, and the opportunities that it had a part in.
#[derive(Debug, Clone, Copy, Default)]
struct Earned {
    pipeline: i64,
    closed: i64,
    realised: i64,
    /// Distinct, of the row itself.
    influenced: u64,
    /// Distinct, of the row and all below it.
    influenced_below: u64,
}

/// The rows of a chunk, and the distinct opportunities that any of them had a part in.
#[derive(Default)]
struct Sums {
    rows: Mixed<Slot, Earned>,
    influenced: u64,
}

impl Sums {
    fn merged(mut self, other: Self) -> Self {
        for (slot, earned) in other.rows {
            let own = self.rows.entry(slot).or_default();
            own.pipeline += earned.pipeline;
            own.closed += earned.closed;
            own.realised += earned.realised;
            own.influenced += earned.influenced;
            own.influenced_below += earned.influenced_below;
        }
        self.influenced += other.influenced;
        self
    }
}

/// Adds what each row earned.
///
/// # Errors
/// The model failed.
pub(super) fn add(
    reading: &Reading<'_>,
    query: &CampaignQuery,
    scope: &Scope,
    model: &ModelCredit,
    tree: &mut Tree<'_>,
) -> Result<(), CreditError> {
    let ground = Ground::new(reading, query, model, tree);
    let of_chunk = |indices: Range<u32>| ground.sums(indices);
    let sums = chunks(reading.snapshot, scope).into_par_iter().map(of_chunk);
    let sums = sums.try_reduce(Sums::default, |one, other| Ok(one.merged(other)))?;
    for (slot, earned) in sums.rows {
        let own = tree.own(slot);
        own.attributed_pipeline_minor += earned.pipeline;
        own.attributed_closed_minor += earned.closed;
        own.realised_minor += earned.realised;
        own.opportunities_influenced += earned.influenced;
        tree.add_below(slot, 0, earned.influenced_below);
    }
    tree.add_distinct(0, sums.influenced);
    Ok(())
}

/// How an opportunity counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// Open, close date in P.
    Open,
    /// Won, close date in P and not after T.
    Won,
    /// Won after P and not after T.
    WonLater,
}

struct Chosen<'a> {
    held: Held<'a>,
    standing: Standing,
    codes: DimensionCodes,
}

struct Ground<'a> {
    reading: &'a Reading<'a>,
    cut: Cut<'a>,
    model: &'a ModelCredit,
    tree: &'a Tree<'a>,
    days: Range<i32>,
    instants: Range<i64>,
}

impl<'a> Ground<'a> {
    fn new(reading: &'a Reading<'a>, query: &CampaignQuery, model: &'a ModelCredit, tree: &'a Tree<'a>) -> Self {
        Self {
            reading,
            cut: Cut::new(reading.snapshot, &[Dimension::Source], &query.filter, model),
            model,
            tree,
            days: query.period.day_numbers(),
            instants: reading.snapshot.settings().calendar.instants_of(&query.period),
        }
    }

    fn sums(&self, indices: Range<u32>) -> Result<Sums, CreditError> {
        let Reading { snapshot, at_ms, version, .. } = *self.reading;
        let mut months = Months::default();
        // A touchpoint never counts after the close, so what closed before P holds none of P.
        let from_then_on = self.days.start..i32::MAX;
        let near = snapshot.near(indices, &from_then_on);
        let chosen: Vec<Chosen<'a>> = near.filter_map(|index| self.chosen(index, &mut months)).collect();
        let opportunities: Vec<u32> = chosen.iter().map(|chosen| chosen.held.index).collect();
        let (mut next, mut sums, mut atoms) = (chosen.iter(), Sums::default(), Vec::new());
        each_credited(self.model, snapshot, Known { at_ms, version }, &opportunities, |journey| {
            let chosen = next.next().expect("each opportunity is shown once, in order");
            self.take(chosen, journey, &mut atoms, &mut sums);
        })?;
        Ok(sums)
    }

    fn chosen(&self, index: u32, months: &mut Months) -> Option<Chosen<'a>> {
        let held = self.reading.held(index)?;
        let day = held.close_day();
        let standing = match self.reading.kind(&held) {
            StageKind::Open if self.days.contains(&day) => Standing::Open,
            StageKind::Won if day > self.reading.day() => return None,
            StageKind::Won if self.days.contains(&day) => Standing::Won,
            StageKind::Won if day >= self.days.end && self.may_reach_back(&held) => Standing::WonLater,
            _ => return None,
        };
        let counts = self.reading.is_counted(&held);
        counts.then(|| Chosen { held, standing, codes: self.cut.codes(self.reading, &held, months, day) })
    }

    /// Whether the look-back of an opportunity begins before the end of P.
    fn may_reach_back(&self, held: &Held<'_>) -> bool {
        let look_back_ms = i64::from(self.reading.snapshot.settings().journeys.look_back_days) * DAY_MS;
        self.reading.created_at_ms(held) - look_back_ms < self.instants.end
    }

    /// Adds one opportunity to the rows that its journey touches.
    fn take(&self, chosen: &Chosen<'_>, journey: &[Credited], atoms: &mut Vec<Atom<1>>, sums: &mut Sums) {
        let earning: Vec<&Credited> = journey.iter().filter(|touch| touch.weight > 0.0).collect();
        let sources: Vec<u8> = earning.iter().map(|touch| touch.source).collect();
        let weights: Vec<f64> = earning.iter().map(|touch| touch.weight).collect();
        let amount = self.reading.acv(&chosen.held);
        let mut shares = CreditShares::default();
        shares.push(&sources, &weights);
        self.cut.atoms(&chosen.held, &shares, 0, [amount], atoms);
        let let_through = LetThrough::of(&self.cut, &chosen.codes, atoms);
        if !let_through.any() {
            return;
        }
        if let Some(nobody) = let_through.nobody() {
            self.add(chosen.standing, UNATTRIBUTED, nobody, false, sums);
        }
        let parts = let_through.parts(amount, &sources, &weights);
        for (touch, part) in earning.iter().zip(parts) {
            let slot = self.slot(touch);
            self.add(chosen.standing, slot, part, self.instants.contains(&touch.at_ms), sums);
        }
        if chosen.standing != Standing::WonLater {
            self.influence(journey, sums);
        }
    }

    fn slot(&self, touch: &Credited) -> Slot {
        self.tree.slot_of_touch(Source::from_code(touch.source), touch.campaign)
    }

    fn add(&self, standing: Standing, slot: Slot, part: i64, is_in_period: bool, sums: &mut Sums) {
        let own = sums.rows.entry(slot).or_default();
        match standing {
            Standing::Open => own.pipeline += part,
            Standing::Won => own.closed += part,
            Standing::WonLater => {}
        }
        if standing != Standing::Open && is_in_period {
            own.realised += part;
        }
    }

    /// Counts the opportunity once for each row with a touchpoint on its journey, and once for each above.
    fn influence(&self, journey: &[Credited], sums: &mut Sums) {
        let mut own: Vec<Slot> = journey.iter().map(|touch| self.slot(touch)).collect();
        own.sort_unstable();
        own.dedup();
        let mut below: Vec<Slot> = own.iter().flat_map(|slot| self.tree.line(*slot)).collect();
        below.sort_unstable();
        below.dedup();
        own.iter().for_each(|slot| sums.rows.entry(*slot).or_default().influenced += 1);
        below.iter().for_each(|slot| sums.rows.entry(*slot).or_default().influenced_below += 1);
        sums.influenced += u64::from(own.iter().any(|slot| *slot != ROLES));
    }
}

/// What a filter lets through of one opportunity.
struct LetThrough<'a> {
    atoms: &'a [Atom<1>],
    /// One for each atom.
    passes: Vec<bool>,
}

impl<'a> LetThrough<'a> {
    fn of(cut: &Cut<'_>, codes: &DimensionCodes, atoms: &'a [Atom<1>]) -> Self {
        Self { atoms, passes: atoms.iter().map(|atom| cut.key(codes, atom).is_some()).collect() }
    }

    /// Whether any part is let through.
    fn any(&self) -> bool {
        self.passes.contains(&true)
    }

    /// The part that nobody earned; `None` where there is none.
    fn nobody(&self) -> Option<i64> {
        let parts = self.atoms.iter().zip(&self.passes).filter(|(atom, passes)| atom.source == 0 && **passes);
        parts.map(|(atom, _)| atom.amounts[0]).reduce(|sum, part| sum + part)
    }

    /// What each touchpoint earns of it.
    fn parts(&self, amount: i64, sources: &[u8], weights: &[f64]) -> Vec<i64> {
        let mut parts = vec![0; sources.len()];
        by_touchpoint(amount, (sources, weights), self.atoms, |atom, touch, part| {
            if self.passes[atom] {
                parts[touch] += part;
            }
        });
        parts
    }
}
