//! Touchpoints in columns, home by home: a home is the code of the account they belong to, or of the opportunity that has none,
//! or of the campaign whose people are at no account yet.
//!
//! One large table of the last load, and a small one for each home that changed since, which replaces the home's rows in the
//! large one. Within a home rows are in order of (instant, source, id).

use super::TouchFact;
use super::register::Register;
use super::segment::narrow;
use crate::ids::{DataVersion, TouchpointId};
use crate::touchpoint::{Source, TouchpointKind};
use rayon::prelude::*;
use std::collections::{HashMap, HashSet};
use std::num::{NonZeroU32, NonZeroU64};
use std::ops::Range;
use std::sync::Arc;

/// Homes that one worker sorts at a time.
const HOMES: usize = 4096;

/// Homes that may stand beside the large table before they are merged into it, at least.
const MOST_CHANGED: usize = 4096;

/// Rows, column by column.
#[derive(Debug, Clone, Default)]
pub(super) struct Columns {
    at_ms: Vec<i64>,
    ids: Vec<TouchpointId>,
    /// 0 where nobody is named.
    people: Vec<u64>,
    /// Changes are counted from 1 up, and 2^32 of them take a thousand a second for fifty days.
    recorded: Vec<u32>,
    /// Codes; 0 for none.
    reps: Vec<u32>,
    /// Codes; 0 for none.
    campaigns: Vec<u32>,
    kinds: Vec<TouchpointKind>,
    /// Code of the source plus 1; 0 for none.
    sources: Vec<u8>,
}

impl Columns {
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    pub(super) fn push(&mut self, fact: &TouchFact) {
        self.at_ms.push(fact.at_ms);
        self.ids.push(fact.id);
        self.people.push(fact.person.map_or(0, NonZeroU64::get));
        self.recorded.push(u32::try_from(fact.recorded.0).expect("changes are counted from 1 up and fit 32 bits"));
        self.reps.push(fact.rep);
        self.campaigns.push(fact.campaign.map_or(0, NonZeroU32::get));
        self.kinds.push(fact.kind);
        self.sources.push(source_code(fact.source));
    }

    fn fact(&self, at: usize) -> TouchFact {
        TouchFact {
            at_ms: self.at_ms[at],
            recorded: DataVersion(i64::from(self.recorded[at])),
            person: NonZeroU64::new(self.people[at]),
            rep: self.reps[at],
            id: self.ids[at],
            campaign: NonZeroU32::new(self.campaigns[at]),
            kind: self.kinds[at],
            source: self.sources[at].checked_sub(1).and_then(Source::from_code),
        }
    }

    fn with_capacity(rows: usize) -> Self {
        Self {
            at_ms: Vec::with_capacity(rows),
            ids: Vec::with_capacity(rows),
            people: Vec::with_capacity(rows),
            recorded: Vec::with_capacity(rows),
            reps: Vec::with_capacity(rows),
            campaigns: Vec::with_capacity(rows),
            kinds: Vec::with_capacity(rows),
            sources: Vec::with_capacity(rows),
        }
    }

    fn extend(&mut self, from: &Self, rows: Range<usize>) {
        self.at_ms.extend_from_slice(&from.at_ms[rows.clone()]);
        self.ids.extend_from_slice(&from.ids[rows.clone()]);
        self.people.extend_from_slice(&from.people[rows.clone()]);
        self.recorded.extend_from_slice(&from.recorded[rows.clone()]);
        self.reps.extend_from_slice(&from.reps[rows.clone()]);
        self.campaigns.extend_from_slice(&from.campaigns[rows.clone()]);
        self.kinds.extend_from_slice(&from.kinds[rows.clone()]);
        self.sources.extend_from_slice(&from.sources[rows]);
    }

    /// The same rows in another order, one column at a time, so that no two copies of all are held.
    fn picked(self, order: &[u32]) -> Self {
        fn pick<T: Copy + Send + Sync>(column: Vec<T>, order: &[u32]) -> Vec<T> {
            order.par_iter().map(|at| column[*at as usize]).collect()
        }
        Self {
            at_ms: pick(self.at_ms, order),
            ids: pick(self.ids, order),
            people: pick(self.people, order),
            recorded: pick(self.recorded, order),
            reps: pick(self.reps, order),
            campaigns: pick(self.campaigns, order),
            kinds: pick(self.kinds, order),
            sources: pick(self.sources, order),
        }
    }

    /// Takes new codes for old ones.
    pub(super) fn recode(&mut self, reps: &[u32], campaigns: &[u32]) {
        self.reps.iter_mut().for_each(|code| *code = reps[*code as usize]);
        self.campaigns.iter_mut().for_each(|code| *code = campaigns[*code as usize]);
    }

    /// Gives what reps did the role that they held at the time; what a channel brought keeps it.
    pub(super) fn resolve(&mut self, register: &Register) {
        let rows = self.sources.par_iter_mut().zip(&self.reps).zip(&self.at_ms);
        rows.with_min_len(HOMES).for_each(|((source, rep), at_ms)| *source = resolved(register, *source, *rep, *at_ms));
    }
}

fn source_code(source: Option<Source>) -> u8 {
    source.map_or(0, |source| source.code() + 1)
}

fn resolved(register: &Register, source: u8, rep: u32, at_ms: i64) -> u8 {
    if rep == 0 || matches!(source.checked_sub(1).and_then(Source::from_code), Some(Source::Channel(_))) {
        return source;
    }
    source_code(register.tenure_at(rep, at_ms, None).and_then(|tenure| tenure.role).map(Source::Role))
}

/// The touchpoints of one home, in order of (instant, source, id).
#[derive(Debug, Clone)]
pub struct Touchpoints<'a> {
    columns: Option<&'a Columns>,
    rows: Range<usize>,
}

impl<'a> Touchpoints<'a> {
    /// None at all.
    pub(super) const NONE: Self = Self { columns: None, rows: 0..0 };

    /// How many.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// One by one.
    pub fn iter(&self) -> impl Iterator<Item = TouchFact> + use<'a> {
        let (columns, rows) = (self.columns, self.rows.clone());
        columns.into_iter().flat_map(move |columns| rows.clone().map(move |at| columns.fact(at)))
    }

    /// Those from one instant to another, both included.
    pub fn between(self, from_ms: i64, to_ms: i64) -> Self {
        let Some(columns) = self.columns else { return self };
        let instants = &columns.at_ms[self.rows.clone()];
        let start = instants.partition_point(|at_ms| *at_ms < from_ms);
        let end = instants.partition_point(|at_ms| *at_ms <= to_ms).max(start);
        Self { columns: self.columns, rows: self.rows.start + start..self.rows.start + end }
    }
}

/// All homes in one run of columns.
#[derive(Debug, Default)]
struct TouchTable {
    /// Where the rows of each home begin, from code 0 on; one more than there are homes.
    starts: Vec<u32>,
    columns: Columns,
}

impl TouchTable {
    /// Of rows in any order, with the home of each.
    fn new(columns: Columns, homes: &[u32]) -> Self {
        let count = homes.iter().max().map_or(0, |home| *home as usize + 1);
        let mut starts = vec![0_u32; count + 1];
        for home in homes {
            starts[*home as usize + 1] += 1;
        }
        for home in 0..count {
            starts[home + 1] += starts[home];
        }
        let mut next = starts.clone();
        let mut order = vec![0_u32; homes.len()];
        for (row, home) in homes.iter().enumerate() {
            let place = &mut next[*home as usize];
            order[*place as usize] = narrow(row);
            *place += 1;
        }
        drop(next);
        sort_homes(&columns, &starts, &mut order);
        Self { starts, columns: columns.picked(&order) }
    }

    fn rows_of(&self, home: u32) -> Range<usize> {
        match self.starts.get(home as usize..home as usize + 2) {
            Some(&[start, end]) => start as usize..end as usize,
            _ => 0..0,
        }
    }

    /// The home of a row.
    fn home_of(&self, row: usize) -> u32 {
        narrow(self.starts.partition_point(|start| *start as usize <= row) - 1)
    }
}

/// Sorts the rows of each home, whose numbers lie in `order` home by home. Their keys are taken out first: rows of one home
/// lie far apart.
fn sort_homes(columns: &Columns, starts: &[u32], order: &mut [u32]) {
    let mut chunks: Vec<(&[u32], &mut [u32])> = Vec::new();
    let (mut rest, mut from) = (order, 0);
    for chunk in starts.windows(2).map(|home| home[1] - home[0]).collect::<Vec<_>>().chunks(HOMES) {
        let (own, others) = std::mem::take(&mut rest).split_at_mut(chunk.iter().sum::<u32>() as usize);
        chunks.push((&starts[from..=from + chunk.len()], own));
        (rest, from) = (others, from + chunk.len());
    }
    chunks.into_par_iter().for_each(|(starts, rows)| {
        let mut keys: Vec<(i64, u8, TouchpointId, u32)> = Vec::new();
        for home in starts.windows(2) {
            let own = &mut rows[(home[0] - starts[0]) as usize..(home[1] - starts[0]) as usize];
            keys.clear();
            keys.extend(own.iter().map(|row| {
                let at = *row as usize;
                (columns.at_ms[at], columns.sources[at], columns.ids[at], *row)
            }));
            keys.sort_unstable();
            for (row, key) in own.iter_mut().zip(&keys) {
                *row = key.3;
            }
        }
    });
}

/// See the module. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Touches {
    base: Arc<TouchTable>,
    /// Homes that changed since: all their touchpoints.
    changed: Arc<HashMap<u32, Columns>>,
}

impl Touches {
    pub(super) fn of(&self, home: u32) -> Touchpoints<'_> {
        match self.changed.get(&home) {
            Some(columns) => Touchpoints { columns: Some(columns), rows: 0..columns.len() },
            None => Touchpoints { columns: Some(&self.base.columns), rows: self.base.rows_of(home) },
        }
    }

    /// One more than the highest code of a home.
    pub(super) fn home_count(&self) -> u32 {
        let changed = self.changed.keys().max().map_or(0, |home| home + 1);
        changed.max(narrow(self.base.starts.len().saturating_sub(1)))
    }

    /// Of nothing but these, with the home of each.
    pub(super) fn loaded(columns: Columns, homes: &[u32]) -> Self {
        Self { base: Arc::new(TouchTable::new(columns, homes)), changed: Arc::default() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.base.columns.len() == 0 && self.changed.is_empty()
    }

    /// With more touchpoints; one that comes again replaces the one of its id in the same home.
    pub(super) fn add(&mut self, columns: &Columns, homes: &[u32]) {
        let mut by_home: HashMap<u32, HashMap<TouchpointId, TouchFact>> = HashMap::new();
        for (at, home) in homes.iter().enumerate() {
            let fact = columns.fact(at);
            by_home.entry(*home).or_default().insert(fact.id, fact);
        }
        let told_anew = by_home.into_iter().map(|(home, fresh)| {
            let kept = self.of(home).iter().filter(|fact| !fresh.contains_key(&fact.id));
            let facts: Vec<TouchFact> = kept.chain(fresh.values().copied()).collect();
            (home, in_order(facts))
        });
        let told_anew = told_anew.collect();
        self.replace(told_anew);
    }

    /// Gives what these reps did the role that they held at the time: only homes in which one of them has another role now
    /// change.
    pub(super) fn retell(&mut self, register: &Register, reps: &HashSet<u32>) {
        let told_wrong = |columns: &Columns, at: usize| {
            let (rep, source) = (columns.reps[at], columns.sources[at]);
            reps.contains(&rep) && resolved(register, source, rep, columns.at_ms[at]) != source
        };
        let base = &self.base;
        let rows = (0..base.columns.len()).into_par_iter().with_min_len(HOMES);
        let mut homes: HashSet<u32> = rows.filter(|at| told_wrong(&base.columns, *at)).map(|at| base.home_of(at)).collect();
        homes.retain(|home| !self.changed.contains_key(home));
        let wrong = self.changed.iter().filter(|(_, own)| (0..own.len()).any(|at| told_wrong(own, at)));
        homes.extend(wrong.map(|(home, _)| *home));
        let told_anew = homes.into_iter().map(|home| {
            let mut facts: Vec<TouchFact> = self.of(home).iter().collect();
            for fact in &mut facts {
                let code = resolved(register, source_code(fact.source), fact.rep, fact.at_ms);
                fact.source = code.checked_sub(1).and_then(Source::from_code);
            }
            (home, in_order(facts))
        });
        let told_anew = told_anew.collect();
        self.replace(told_anew);
    }

    fn replace(&mut self, homes: Vec<(u32, Columns)>) {
        if homes.is_empty() {
            return;
        }
        let changed = Arc::make_mut(&mut self.changed);
        changed.extend(homes);
        if changed.len() > MOST_CHANGED.max(self.base.starts.len() / 32) {
            *self = self.merged();
        }
    }

    /// In one table: runs of homes are copied as they are.
    fn merged(&self) -> Self {
        let highest = self.changed.keys().max().map_or(0, |home| *home as usize + 1);
        let count = highest.max(self.base.starts.len().saturating_sub(1));
        let mut columns = Columns::with_capacity(self.base.columns.len());
        let mut starts = Vec::with_capacity(count + 1);
        for home in 0..count {
            starts.push(narrow(columns.len()));
            let own = self.of(narrow(home));
            columns.extend(own.columns.expect("every home has columns, if without rows"), own.rows);
        }
        starts.push(narrow(columns.len()));
        Self { base: Arc::new(TouchTable { starts, columns }), changed: Arc::default() }
    }
}

fn in_order(mut facts: Vec<TouchFact>) -> Columns {
    facts.sort_unstable_by_key(|fact| (fact.at_ms, fact.source, fact.id));
    let mut columns = Columns::with_capacity(facts.len());
    facts.iter().for_each(|fact| columns.push(fact));
    columns
}
