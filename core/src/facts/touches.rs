//! Touchpoints, home by home: a home is the code of the account or person whose they are, of the opportunity that they were
//! logged on, or of the campaign whose people are at no account yet.
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

/// A touchpoint, as small as it goes: a question reads those of one home together, and all of each.
#[derive(Debug, Clone, Copy)]
pub(super) struct TouchRow {
    at_ms: i64,
    id: TouchpointId,
    /// 0 where nobody is named.
    person: u64,
    /// Changes are counted from 1 up, and 2^32 of them take a thousand a second for fifty days.
    recorded: u32,
    /// Code; 0 for none.
    rep: u32,
    /// Code; 0 for none.
    campaign: u32,
    kind: TouchpointKind,
    /// Code of the source plus 1; 0 for none.
    source: u8,
    /// Whether it lies in another home too, which counts it.
    is_again: bool,
}

impl TouchRow {
    pub(super) fn new(fact: &TouchFact) -> Self {
        Self {
            at_ms: fact.at_ms,
            id: fact.id,
            person: fact.person.map_or(0, NonZeroU64::get),
            recorded: u32::try_from(fact.recorded.0).expect("changes are counted from 1 up and fit 32 bits"),
            rep: fact.rep,
            campaign: fact.campaign.map_or(0, NonZeroU32::get),
            kind: fact.kind,
            source: source_code(fact.source),
            is_again: false,
        }
    }

    pub(super) fn id(&self) -> TouchpointId {
        self.id
    }

    pub(super) fn recorded(&self) -> DataVersion {
        DataVersion(i64::from(self.recorded))
    }

    /// Code of its campaign; 0 for none.
    pub(super) fn campaign(&self) -> u32 {
        self.campaign
    }

    /// The same for a second home.
    pub(super) fn again(self) -> Self {
        Self { is_again: true, ..self }
    }

    /// The same, counting only from a change on.
    pub(super) fn not_before(self, recorded: DataVersion) -> Self {
        let recorded = u32::try_from(recorded.0).expect("changes are counted from 1 up and fit 32 bits");
        Self { recorded: self.recorded.max(recorded), ..self }
    }

    /// Says who it is of.
    pub(super) fn is_of(&mut self, person: u64) {
        self.person = person;
    }

    fn fact(&self) -> TouchFact {
        TouchFact {
            at_ms: self.at_ms,
            recorded: self.recorded(),
            person: NonZeroU64::new(self.person),
            rep: self.rep,
            id: self.id,
            campaign: NonZeroU32::new(self.campaign),
            kind: self.kind,
            source: self.source.checked_sub(1).and_then(Source::from_code),
        }
    }

    /// Where it stands within its home.
    fn place(&self) -> (i64, u8, TouchpointId) {
        (self.at_ms, self.source, self.id)
    }

    /// Takes new codes for old ones.
    pub(super) fn recode(&mut self, reps: &[u32], campaigns: &[u32]) {
        self.rep = reps[self.rep as usize];
        self.campaign = campaigns[self.campaign as usize];
    }

    /// Gives what a rep did the role held at the time; what a channel brought keeps it.
    fn resolve(&mut self, register: &Register) {
        self.source = self.resolved(register);
    }

    fn resolved(&self, register: &Register) -> u8 {
        let source = self.source.checked_sub(1).and_then(Source::from_code);
        if self.rep == 0 || matches!(source, Some(Source::Channel(_))) {
            return self.source;
        }
        source_code(register.tenure_at(self.rep, self.at_ms, None).and_then(|tenure| tenure.role).map(Source::Role))
    }
}

/// Gives what reps did the role that they held at the time.
pub(super) fn resolve(rows: &mut [TouchRow], register: &Register) {
    rows.par_iter_mut().with_min_len(HOMES).for_each(|row| row.resolve(register));
}

fn source_code(source: Option<Source>) -> u8 {
    source.map_or(0, |source| source.code() + 1)
}

/// The touchpoints of one home, in order of (instant, source, id).
#[derive(Debug, Clone, Copy)]
pub struct Touchpoints<'a>(&'a [TouchRow]);

impl<'a> Touchpoints<'a> {
    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One by one.
    pub fn iter(&self) -> impl Iterator<Item = TouchFact> + use<'a> {
        self.0.iter().map(TouchRow::fact)
    }

    /// Those that no other home counts.
    pub(super) fn counted_here(&self) -> impl Iterator<Item = TouchFact> + use<'a> {
        self.0.iter().filter(|row| !row.is_again).map(TouchRow::fact)
    }

    /// When a rep last called, wrote, met someone or did another task up to an instant, of what was recorded up to `version`
    /// (`None`: everything).
    pub(super) fn last_act(self, at_ms: i64, version: Option<DataVersion>) -> Option<i64> {
        let is_act = |row: &&TouchRow| row.rep != 0 && row.kind >= TouchpointKind::Call;
        let known = |row: &&TouchRow| version.is_none_or(|version| row.recorded() <= version);
        self.between(i64::MIN, at_ms).0.iter().rev().find(|row| is_act(row) && known(row)).map(|row| row.at_ms)
    }

    /// Those from one instant to another, both included.
    pub fn between(self, from_ms: i64, to_ms: i64) -> Self {
        let start = self.0.partition_point(|row| row.at_ms < from_ms);
        let end = self.0.partition_point(|row| row.at_ms <= to_ms).max(start);
        Self(&self.0[start..end])
    }
}

/// All homes in one run of rows.
#[derive(Debug, Default)]
struct TouchTable {
    /// Where the rows of each home begin, from code 0 on; one more than there are homes.
    starts: Vec<u32>,
    rows: Vec<TouchRow>,
}

impl TouchTable {
    /// Of rows in any order, with the home of each; those without one are left out.
    fn new(mut rows: Vec<TouchRow>, homes: &[u32]) -> Self {
        let count = homes.iter().max().map_or(0, |home| *home as usize + 1);
        let mut starts = vec![0_u32; count + 1];
        for home in homes {
            starts[*home as usize + 1] += 1;
        }
        for home in 0..count {
            starts[home + 1] += starts[home];
        }
        let mut next = starts.clone();
        let mut places: Vec<u32> = homes
            .iter()
            .map(|home| {
                let place = &mut next[*home as usize];
                *place += 1;
                *place - 1
            })
            .collect();
        drop(next);
        put(&mut rows, &mut places);
        drop(places);
        let nowhere = starts.get(1).copied().unwrap_or(0);
        rows.drain(..nowhere as usize);
        starts.iter_mut().for_each(|start| *start = start.saturating_sub(nowhere));
        sort_homes(&starts, &mut rows);
        rows.shrink_to_fit();
        Self { starts, rows }
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

/// Puts each row at its place, without a second copy of all of them; `places` is used up.
fn put(rows: &mut [TouchRow], places: &mut [u32]) {
    for at in 0..rows.len() {
        while places[at] as usize != at {
            let place = places[at] as usize;
            rows.swap(at, place);
            places.swap(at, place);
        }
    }
}

/// Sorts the rows of each home.
fn sort_homes(starts: &[u32], rows: &mut [TouchRow]) {
    let mut chunks: Vec<(&[u32], &mut [TouchRow])> = Vec::new();
    let (mut rest, mut from) = (rows, 0);
    while from + 1 < starts.len() {
        let last = (from + HOMES).min(starts.len() - 1);
        let (own, others) = std::mem::take(&mut rest).split_at_mut((starts[last] - starts[from]) as usize);
        chunks.push((&starts[from..=last], own));
        (rest, from) = (others, last);
    }
    chunks.into_par_iter().for_each(|(starts, rows)| {
        for home in starts.windows(2) {
            rows[(home[0] - starts[0]) as usize..(home[1] - starts[0]) as usize].sort_unstable_by_key(TouchRow::place);
        }
    });
}

/// See the module. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Touches {
    base: Arc<TouchTable>,
    /// Homes that changed since: all their touchpoints.
    changed: Arc<HashMap<u32, Vec<TouchRow>>>,
}

impl Touches {
    pub(super) fn of(&self, home: u32) -> Touchpoints<'_> {
        match self.changed.get(&home) {
            Some(rows) => Touchpoints(rows),
            None => Touchpoints(&self.base.rows[self.base.rows_of(home)]),
        }
    }

    /// One more than the highest code of a home.
    pub(super) fn home_count(&self) -> u32 {
        let changed = self.changed.keys().max().map_or(0, |home| home + 1);
        changed.max(narrow(self.base.starts.len().saturating_sub(1)))
    }

    /// Of nothing but these, with the home of each.
    pub(super) fn loaded(rows: Vec<TouchRow>, homes: &[u32]) -> Self {
        Self { base: Arc::new(TouchTable::new(rows, homes)), changed: Arc::default() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.base.rows.is_empty() && self.changed.is_empty()
    }

    /// Without these touchpoints, by home.
    pub(super) fn remove(&mut self, gone: &HashMap<u32, HashSet<TouchpointId>>) {
        let stays = |home: u32, gone: &HashSet<TouchpointId>| {
            self.of(home).0.iter().filter(|row| !gone.contains(&row.id)).copied().collect()
        };
        let told_anew = gone.iter().map(|(home, gone)| (*home, stays(*home, gone))).collect();
        self.replace(told_anew);
    }

    /// With more touchpoints; one that comes again replaces the one of its id in the same home. Those without a home are left
    /// out.
    pub(super) fn add(&mut self, rows: &[TouchRow], homes: &[u32]) {
        let mut by_home: HashMap<u32, HashMap<TouchpointId, TouchRow>> = HashMap::new();
        for (row, home) in rows.iter().zip(homes).filter(|(_, home)| **home != 0) {
            by_home.entry(*home).or_default().insert(row.id, *row);
        }
        let told_anew = by_home.into_iter().map(|(home, fresh)| {
            let kept = self.of(home).0.iter().filter(|row| !fresh.contains_key(&row.id));
            (home, in_order(kept.chain(fresh.values()).copied().collect()))
        });
        let told_anew = told_anew.collect();
        self.replace(told_anew);
    }

    /// Gives what these reps did the role that they held at the time: only homes in which one of them has another role now
    /// change.
    pub(super) fn retell(&mut self, register: &Register, reps: &HashSet<u32>) {
        let told_wrong = |row: &TouchRow| reps.contains(&row.rep) && row.resolved(register) != row.source;
        let base = &self.base;
        let rows = base.rows.par_iter().enumerate().with_min_len(HOMES);
        let mut homes: HashSet<u32> = rows.filter(|(_, row)| told_wrong(row)).map(|(at, _)| base.home_of(at)).collect();
        homes.retain(|home| !self.changed.contains_key(home));
        let wrong = self.changed.iter().filter(|(_, own)| own.iter().any(told_wrong));
        homes.extend(wrong.map(|(home, _)| *home));
        let told_anew = homes.into_iter().map(|home| {
            let mut rows = self.of(home).0.to_vec();
            rows.iter_mut().for_each(|row| row.resolve(register));
            (home, in_order(rows))
        });
        let told_anew = told_anew.collect();
        self.replace(told_anew);
    }

    fn replace(&mut self, homes: Vec<(u32, Vec<TouchRow>)>) {
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
        let mut rows = Vec::with_capacity(self.base.rows.len());
        let mut starts = Vec::with_capacity(count + 1);
        for home in 0..count {
            starts.push(narrow(rows.len()));
            rows.extend_from_slice(self.of(narrow(home)).0);
        }
        starts.push(narrow(rows.len()));
        Self { base: Arc::new(TouchTable { starts, rows }), changed: Arc::default() }
    }
}

fn in_order(mut rows: Vec<TouchRow>) -> Vec<TouchRow> {
    rows.sort_unstable_by_key(TouchRow::place);
    rows
}
