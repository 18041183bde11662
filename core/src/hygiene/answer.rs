//! How tidy the open opportunities are, by owner, manager or region.

use super::{Flag, Flags, score};
use crate::attribution::{Credit, CreditError};
use crate::catalog::StageKind;
use crate::dimension::{CellKey, Dimension, Filter};
use crate::facts::Snapshot;
use crate::facts::cut::{Cut, Key};
use crate::facts::hash::Mixed;
use crate::facts::hygiene::Judge;
use crate::facts::reading::{Held, Months, Reading};
use crate::facts::scan::chunks;
use crate::ids::{DataVersion, OpportunityId};
use crate::matrix::{FlowItem, ModelChoice};
use crate::viewer::Scope;
use chrono::{DateTime, Utc};
use rayon::prelude::*;
use std::cmp::Reverse;
use std::ops::Range;

/// Whose hygiene.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HygieneBy {
    /// By the rep who owns the opportunity.
    Owner,
    /// By the owner's manager at T.
    Manager,
    /// By sales region.
    Region,
}

impl HygieneBy {
    fn dimension(self) -> Dimension {
        match self {
            Self::Owner => Dimension::Owner,
            Self::Manager => Dimension::Manager,
            Self::Region => Dimension::Region,
        }
    }
}

/// The hygiene of the open opportunities, whatever their close date, asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HygieneQuery {
    /// As known when.
    pub as_of: DateTime<Utc>,
    /// Which recorded changes count; `None`: all of the snapshot.
    pub data_version: Option<DataVersion>,
    /// One row for each of these.
    pub by: HygieneBy,
    /// Which opportunities; of what is cut by PRODUCT or SOURCE, the part that fits counts with its ACV. MONTH is that of the
    /// close date.
    pub filter: Filter,
    /// Which model cuts by SOURCE.
    pub model: ModelChoice,
}

/// An open opportunity, judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// Which.
    pub opportunity: OpportunityId,
    /// Its ACV, minor units of the reporting currency.
    pub amount: i64,
    /// What is untidy about it.
    pub flags: Flags,
}

/// Distinct opportunities and their ACV, minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// How many.
    pub opportunities: u64,
    /// Their ACV.
    pub acv: i64,
}

impl Tally {
    fn add(&mut self, amount: i64) {
        self.opportunities += 1;
        self.acv += amount;
    }
}

/// The figures of a row, or of the total.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HygieneFigures {
    /// All that are open.
    pub all: Tally,
    /// Those that fail: whose score is below the one to pass.
    pub failing: Tally,
    /// Those with each flag, in the order of the flags' codes.
    pub flagged: [Tally; Flag::COUNT],
}

impl HygieneFigures {
    fn add(&mut self, item: &Judged, passes: bool) {
        self.all.add(item.amount);
        if !passes {
            self.failing.add(item.amount);
        }
        item.flags.iter().for_each(|flag| self.flagged[flag as usize].add(item.amount));
    }

    /// See [`score`]; `None` where nothing is open.
    pub fn score(&self) -> Option<u8> {
        score(self.flagged.iter().map(|tally| tally.opportunities).sum(), self.all.opportunities)
    }
}

/// One owner, manager or region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HygieneRow {
    /// Which.
    pub key: CellKey,
    /// Its figures.
    pub figures: HygieneFigures,
    items: Range<usize>,
}

/// The hygiene, answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hygiene {
    /// As known when.
    pub as_of: DateTime<Utc>,
    /// The last change that counts.
    pub data_version: DataVersion,
    /// In order of key; every opportunity is in one of them.
    pub rows: Vec<HygieneRow>,
    /// Over all.
    pub total: HygieneFigures,
    /// Row by row.
    items: Vec<Judged>,
}

impl Hygiene {
    /// The opportunities of a row (`None`: of all) that raise a flag (`None`: whatever they raise), the largest first, ties by id.
    pub fn behind(&self, row: Option<usize>, flag: Option<Flag>) -> Vec<FlowItem> {
        let range = row.map_or(0..self.items.len(), |row| self.rows[row].items.clone());
        let items = self.items[range].iter().filter(|item| flag.is_none_or(|flag| item.flags.contains(flag)));
        let mut behind: Vec<FlowItem> =
            items.map(|item| FlowItem { opportunity: item.opportunity, amount: item.amount }).collect();
        behind.sort_unstable_by_key(|item| (Reverse(item.amount.unsigned_abs()), item.opportunity));
        behind
    }

    /// How many opportunities it holds.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

/// Answers how tidy the open opportunities are.
///
/// # Errors
/// The model that credits sources failed.
pub fn hygiene(snapshot: &Snapshot, query: &HygieneQuery, scope: &Scope, credit: &dyn Credit) -> Result<Hygiene, CreditError> {
    let reading = Reading::new(snapshot, query.as_of, query.data_version);
    let judge = Judge::new(&reading);
    let by = [query.by.dimension()];
    let cut = Cut::new(snapshot, &by, &query.filter, credit);
    let of_chunk = |indices| judged(&reading, &judge, &cut, indices);
    let judged: Vec<Vec<(Key, Judged)>> = chunks(snapshot, scope).into_par_iter().map(of_chunk).collect::<Result<_, _>>()?;
    let mut by_key: Mixed<Key, Vec<Judged>> = Mixed::default();
    for (key, item) in judged.into_iter().flatten() {
        by_key.entry(key).or_default().push(item);
    }
    let mut told: Vec<(CellKey, Vec<Judged>)> =
        by_key.into_iter().map(|(key, items)| (cut.cell_key(snapshot, &key, 1), items)).collect();
    told.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    let mut answer = Hygiene {
        as_of: query.as_of,
        data_version: snapshot.version_of(query.data_version),
        rows: Vec::with_capacity(told.len()),
        total: HygieneFigures::default(),
        items: Vec::new(),
    };
    for (key, items) in told {
        let mut figures = HygieneFigures::default();
        for item in &items {
            let passes = snapshot.settings().hygiene.passes(item.flags);
            figures.add(item, passes);
            answer.total.add(item, passes);
        }
        let start = answer.items.len();
        answer.items.extend(items);
        answer.rows.push(HygieneRow { key, figures, items: start..answer.items.len() });
    }
    Ok(answer)
}

/// The open opportunities among some that fit, each with its key.
fn judged(reading: &Reading<'_>, judge: &Judge, cut: &Cut<'_>, indices: Range<u32>) -> Result<Vec<(Key, Judged)>, CreditError> {
    let open: Vec<Held<'_>> = indices.filter_map(|index| reading.held(index)).filter(|held| is_open(reading, held)).collect();
    let weighed: Vec<u32> = open.iter().map(|held| held.index).collect();
    let shares = cut.weigh(reading, &weighed)?;
    let (mut months, mut atoms, mut judged) = (Months::default(), Vec::new(), Vec::new());
    for (entry, held) in open.iter().enumerate() {
        let codes = cut.codes(reading, held, &mut months, held.close_day());
        cut.atoms(held, &shares, entry, [reading.acv(held)], &mut atoms);
        let mut fitting = atoms.iter().filter_map(|atom| Some((cut.key(&codes, atom)?, atom.amounts[0])));
        let Some((key, first)) = fitting.next() else { continue };
        let amount = first + fitting.map(|(_, amount)| amount).sum::<i64>();
        judged.push((key, Judged { opportunity: held.id(), amount, flags: judge.flags(reading, held) }));
    }
    Ok(judged)
}

/// Whether an opportunity is one whose hygiene is judged: open, and counted.
pub(super) fn is_open(reading: &Reading<'_>, held: &Held<'_>) -> bool {
    reading.kind(held) == StageKind::Open && reading.is_counted(held)
}
