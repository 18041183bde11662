//! The opportunities of a scope, and what the groups earned of each of them.
//!
//! Of each opportunity a product's and a source's part are fixed first, as in the matrix; then a touchpoint's.

use super::attribute::{GroupKey, GroupValue, Grouping, Within};
use super::credit::{ModelCredit, Weighed, source_code};
use super::journey::Trace;
use super::{CreditError, Known};
use crate::catalog::StageKind;
use crate::dimension::{Dimension, DimensionValue};
use crate::facts::Snapshot;
use crate::facts::cut::{Cut, by_touchpoint};
use crate::facts::reading::{DimensionCodes, Held, Months, Reading};
use crate::money;
use crate::rep::Role;
use crate::touchpoint::Source;
use std::ops::Range;

/// The code of a group that nobody earned.
const UNATTRIBUTED: u32 = u32::MAX;

/// One code for each grouping; 0 beyond them.
pub(super) type Codes = [u32; 3];

/// An opportunity of the scope.
pub(super) struct Chosen<'a> {
    pub(super) held: Held<'a>,
    codes: DimensionCodes,
    pub(super) kind: StageKind,
    /// Its whole amount.
    amount: i64,
}

/// What the groups earned of one opportunity.
#[derive(Default)]
pub(super) struct Parts {
    /// Each group once.
    pub(super) groups: Vec<(Codes, i64)>,
    /// The part of the opportunity that the filter lets through.
    pub(super) total: i64,
    /// Of it, what somebody earned.
    pub(super) attributed: i64,
    /// Whether the filter lets any part through.
    pub(super) is_in: bool,
    /// Whether somebody earned a part.
    pub(super) is_attributed: bool,
    /// Whether nobody earned a part.
    pub(super) is_unattributed: bool,
}

impl Parts {
    fn add(&mut self, codes: Codes, amount: i64) {
        match self.groups.iter_mut().find(|(own, _)| *own == codes) {
            Some((_, sum)) => *sum += amount,
            None => self.groups.push((codes, amount)),
        }
    }
}

/// A scope and its groups, ready to be read.
pub(super) struct Ground<'a> {
    reading: Reading<'a>,
    cut: Cut<'a>,
    group_by: &'a [Grouping],
    closing: Option<Range<i32>>,
    created: Option<Range<i64>>,
    /// On which something falls of each opportunity that fits; `None`: any.
    near: Option<Range<i32>>,
    outcome: Option<StageKind>,
    by_touchpoint: bool,
}

impl<'a> Ground<'a> {
    pub(super) fn new(snapshot: &'a Snapshot, within: &Within, group_by: &'a [Grouping], model: &'a ModelCredit) -> Self {
        let mut by: Vec<Dimension> = group_by.iter().filter_map(|grouping| grouping.dimension()).collect();
        by.push(Dimension::Source);
        let calendar = &snapshot.settings().calendar;
        Self {
            reading: Reading::new(snapshot, within.as_of, within.data_version),
            cut: Cut::new(snapshot, &by, &within.filter, model),
            group_by,
            closing: within.closing.map(|period| period.day_numbers()),
            created: within.created.map(|period| calendar.instants_of(&period)),
            near: within.closing.or(within.created).map(|period| period.day_numbers()),
            outcome: within.outcome,
            by_touchpoint: group_by.iter().any(|grouping| grouping.is_of_touchpoints()),
        }
    }

    pub(super) fn known(&self) -> Known {
        Known { at_ms: self.reading.at_ms, version: self.reading.version }
    }

    /// The opportunities of the scope, in order of their index. One closed on a day still to come counts nowhere yet, as in the
    /// matrix.
    pub(super) fn choose(&self, indices: Range<u32>) -> Vec<Chosen<'a>> {
        let mut months = Months::default();
        let chosen = |index| {
            let held = self.reading.held(index)?;
            let (kind, day) = (self.reading.kind(&held), held.close_day());
            let created_ms = self.reading.created_at_ms(&held);
            let fits = self.reading.is_counted(&held)
                && self.outcome.is_none_or(|outcome| outcome == kind)
                && (kind == StageKind::Open || day <= self.reading.day())
                && self.closing.as_ref().is_none_or(|days| days.contains(&day))
                && self.created.as_ref().is_none_or(|instants| instants.contains(&created_ms));
            fits.then(|| Chosen {
                codes: self.cut.codes(&self.reading, &held, &mut months, day),
                kind,
                amount: self.reading.acv(&held),
                held,
            })
        };
        let mut near: Vec<u32> = match &self.near {
            Some(days) => self.reading.snapshot.near(indices, days).collect(),
            None => indices.collect(),
        };
        near.sort_unstable();
        near.into_iter().filter_map(chosen).collect()
    }

    /// Shows what the groups earned of each of `chosen`, in order; one that the filter leaves out whole is not shown.
    pub(super) fn weigh(
        &self,
        chosen: &[Chosen<'a>],
        model: &ModelCredit,
        mut each: impl FnMut(&Chosen<'a>, &Parts, &Weighed<'_>),
    ) -> Result<(), CreditError> {
        let indices: Vec<u32> = chosen.iter().map(|chosen| chosen.held.index).collect();
        let (mut next, mut sources) = (chosen.iter(), Vec::new());
        model.trace(self.reading.snapshot, self.known(), &indices, &mut |weighed| {
            let chosen = next.next().expect("each opportunity is shown once, in order");
            sources.clear();
            sources.extend(weighed.touches.iter().map(|touch| source_code(touch.source)));
            let parts = match model.is_additive() {
                true => self.shared(chosen, weighed, &sources),
                false => self.influenced(chosen, weighed, &sources),
            };
            if parts.is_in {
                each(chosen, &parts, weighed);
            }
        })
    }

    /// The parts of an opportunity by a model that shares it out.
    fn shared(&self, chosen: &Chosen<'_>, weighed: &Weighed<'_>, sources: &[u8]) -> Parts {
        let weights = weighed.weights.unwrap_or_default();
        let sources = if weights.is_empty() { &[] } else { sources };
        let mut atoms = Vec::new();
        self.cut.atoms_of(&chosen.held, (sources, weights), [chosen.amount], &mut atoms);
        let mut parts = Parts::default();
        let let_through: Vec<bool> = atoms.iter().map(|atom| self.cut.key(&chosen.codes, atom).is_some()).collect();
        for (atom, _) in atoms.iter().zip(&let_through).filter(|(_, through)| **through) {
            let [amount] = atom.amounts;
            parts.is_in = true;
            parts.total += amount;
            if atom.source == 0 {
                parts.is_unattributed = true;
                parts.add(self.codes(&chosen.codes, atom.product, None), amount);
                continue;
            }
            parts.is_attributed = true;
            parts.attributed += amount;
            if !self.by_touchpoint {
                parts.add(self.codes(&chosen.codes, atom.product, Some((atom.source, Trace::default()))), amount);
            }
        }
        if self.by_touchpoint && parts.is_attributed {
            by_touchpoint(chosen.amount, (sources, weights), &atoms, |atom, touch, amount| {
                if let_through[atom] {
                    let credit = (atoms[atom].source, weighed.traces[touch]);
                    parts.add(self.codes(&chosen.codes, atoms[atom].product, Some(credit)), amount);
                }
            });
        }
        parts
    }

    /// The parts of an opportunity by a model of influence: of each group, the sum of its touchpoints' weights, 1 at most.
    fn influenced(&self, chosen: &Chosen<'_>, weighed: &Weighed<'_>, sources: &[u8]) -> Parts {
        let weights = weighed.weights.unwrap_or_default();
        let mut parts = Parts::default();
        let mut atoms = Vec::new();
        self.cut.atoms_of(&chosen.held, (&[], &[]), [chosen.amount], &mut atoms);
        for atom in &atoms {
            let ([amount], product) = (atom.amounts, atom.product);
            if self.cut.key(&chosen.codes, atom).is_none() {
                continue;
            }
            parts.is_in = true;
            parts.total += amount;
            let mut groups: Vec<(Codes, f64)> = Vec::new();
            for ((source, weight), trace) in
                sources.iter().zip(weights).zip(weighed.traces).filter(|((_, weight), _)| **weight > 0.0)
            {
                let codes = self.codes(&chosen.codes, product, Some((u32::from(*source) + 1, *trace)));
                match groups.iter_mut().find(|(own, _)| *own == codes) {
                    Some((_, sum)) => *sum += weight,
                    None => groups.push((codes, *weight)),
                }
            }
            if groups.is_empty() {
                parts.is_unattributed = true;
                parts.add(self.codes(&chosen.codes, product, None), amount);
                continue;
            }
            parts.is_attributed = true;
            parts.attributed += amount;
            for (codes, weight) in groups {
                let weight = weight.min(1.0);
                parts.add(codes, money::split(amount, &[weight, 1.0 - weight])[0]);
            }
        }
        parts
    }

    /// The codes of a group; `credit` is the code of the source that earned, and where; `None`: nobody did.
    fn codes(&self, codes: &DimensionCodes, product: u32, credit: Option<(u32, Trace)>) -> Codes {
        // A source's code plus 1: the roles come first.
        let is_role = |source: u32| source as usize <= Role::ALL.len();
        let code = |grouping: &Grouping| match (grouping, credit) {
            (Grouping::Product, _) => product,
            (Grouping::Region | Grouping::Segment | Grouping::Month, _) => {
                grouping.dimension().map_or(0, |dimension| codes[dimension as usize])
            }
            (_, None) => UNATTRIBUTED,
            (Grouping::Source, Some((source, _))) => source,
            (Grouping::Role, Some((source, _))) if is_role(source) => source,
            (Grouping::Channel, Some((source, _))) if !is_role(source) => source,
            (Grouping::Role | Grouping::Channel, Some(_)) => 0,
            (Grouping::Campaign, Some((_, trace))) => trace.campaign,
            (Grouping::Rep, Some((_, trace))) => trace.rep,
        };
        let mut own = Codes::default();
        own.iter_mut().zip(self.group_by).for_each(|(own, grouping)| *own = code(grouping));
        own
    }

    /// The inverse of [`Self::codes`].
    pub(super) fn key(&self, codes: &Codes) -> GroupKey {
        let snapshot = self.reading.snapshot;
        let value = |grouping: Grouping, code: u32| match (grouping, code) {
            (_, 0) => GroupValue::None,
            (_, UNATTRIBUTED) if grouping.is_of_credit() => GroupValue::Unattributed,
            (Grouping::Source | Grouping::Role | Grouping::Channel, _) => {
                let source = u8::try_from(code - 1).ok().and_then(Source::from_code);
                GroupValue::Source(source.expect("codes come from sources"))
            }
            (Grouping::Campaign, _) => snapshot.campaign_of_code(code).map_or(GroupValue::None, |id| GroupValue::Entity(id.0)),
            (Grouping::Rep, _) => snapshot.rep_of_code(code).map_or(GroupValue::None, |id| GroupValue::Entity(id.0)),
            (Grouping::Region | Grouping::Segment | Grouping::Product | Grouping::Month, _) => {
                let dimension = grouping.dimension().expect("it is of the opportunity");
                match snapshot.value_of(dimension, code) {
                    DimensionValue::Entity(id) => GroupValue::Entity(id),
                    DimensionValue::Month(month) => GroupValue::Month(month),
                    _ => GroupValue::None,
                }
            }
        };
        self.group_by.iter().zip(codes).map(|(grouping, code)| (*grouping, value(*grouping, *code))).collect()
    }
}
