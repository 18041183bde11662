//! The waterfall of open pipeline over a window, which balances: start + all bars = end, for each key and in total.

use super::answer::{Flow, FlowBar, FlowBucket, FlowItem, FlowRow};
use super::question::FlowQuery;
use crate::attribution::{Credit, CreditError};
use crate::catalog::StageKind;
use crate::dimension::CellKey;
use crate::facts::Snapshot;
use crate::facts::cut::{Cut, Key};
use crate::facts::reading::{Held, Months, Reading};
use crate::facts::scan::chunks;
use crate::ids::OpportunityId;
use crate::viewer::Scope;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::ops::Range;

const BUCKETS: [FlowBucket; 12] = [
    FlowBucket::New,
    FlowBucket::Reopened,
    FlowBucket::MovedIn,
    FlowBucket::TransferredIn,
    FlowBucket::Increased,
    FlowBucket::Decreased,
    FlowBucket::Revalued,
    FlowBucket::ClosedWon,
    FlowBucket::ClosedLost,
    FlowBucket::MovedOut,
    FlowBucket::TransferredOut,
    FlowBucket::Removed,
];

/// Answers a flow: one waterfall for each full key that something passed through, and the total.
///
/// Keys are read as of each end of the window. What closes inside the period leaves from the key that it has at the end, so
/// that CLOSED_WON by key agrees with `closedAcv` by key; what it brought there from another key is a transfer.
///
/// For each key and in total, CLOSED_WON (its size) = the change of `closedAcv` of P + `unwon`, where each opportunity adds to
/// `unwon` what it left by CLOSED_WON, and what it counted in `closedAcv` at the start, less what it counts at the end. So a
/// deal won before and undone since adds what it counted; a deal won ahead of its close date adds its ACV while that lies
/// ahead, and takes it off again once it has come; a deal resized, revalued or moved to another key after it was won adds
/// the difference.
///
/// # Errors
/// The model that credits sources failed.
pub fn flow(snapshot: &Snapshot, query: &FlowQuery, scope: &Scope, credit: &dyn Credit) -> Result<Flow, CreditError> {
    let window = Window {
        cut: Cut::new(snapshot, &query.by, &query.filter, credit),
        start: Reading::new(snapshot, query.from, query.data_version),
        end: Reading::new(snapshot, query.to, query.data_version),
        days: query.period.day_numbers(),
    };
    let parts: Vec<Vec<Moved>> =
        chunks(snapshot, scope).into_par_iter().map(|indices| window.moved(indices)).collect::<Result<_, _>>()?;
    let mut rows: BTreeMap<CellKey, Waterfall> = BTreeMap::new();
    let mut total = Waterfall::default();
    let full = (1_usize << query.by.len()) - 1;
    for moved in parts.into_iter().flatten() {
        let mut whole = Part::default();
        for (key, part) in &moved.parts {
            whole.add(part);
            if !query.by.is_empty() {
                rows.entry(window.cut.cell_key(snapshot, key, full)).or_default().add(&moved, part);
            }
        }
        total.add(&moved, &whole);
    }
    Ok(Flow {
        data_version: snapshot.version_of(query.data_version),
        rows: rows
            .into_iter()
            .filter(|(_, waterfall)| !waterfall.is_empty())
            .map(|(key, waterfall)| waterfall.into_row(key))
            .collect(),
        total: total.into_row(CellKey::total()),
    })
}

/// What is common to all opportunities of one flow.
struct Window<'a> {
    cut: Cut<'a>,
    start: Reading<'a>,
    end: Reading<'a>,
    /// The period's days.
    days: Range<i32>,
}

/// What happened to an opportunity, before it is cut.
struct Passage<'a> {
    before: Option<Held<'a>>,
    after: Held<'a>,
    in_start: bool,
    in_end: bool,
    entry: Option<FlowBucket>,
    exit: Option<FlowBucket>,
    /// Counted in `closedAcv` at the start.
    won_at_start: bool,
    /// Counted in `closedAcv` at the end.
    won_at_end: bool,
}

/// An opportunity's parts by key.
struct Moved {
    id: OpportunityId,
    entry: Option<FlowBucket>,
    exit: Option<FlowBucket>,
    parts: BTreeMap<Key, Part>,
}

/// What one key sees of an opportunity; start + revalued + changed + transferred + entry + exit = end.
#[derive(Debug, Clone, Copy, Default)]
struct Part {
    start: i64,
    revalued: i64,
    changed: i64,
    transferred: i64,
    /// `None` where it did not pass here.
    entry: Option<i64>,
    exit: Option<i64>,
    end: i64,
    unwon: i64,
}

impl Part {
    fn add(&mut self, other: &Self) {
        self.start += other.start;
        self.revalued += other.revalued;
        self.changed += other.changed;
        self.transferred += other.transferred;
        add_some(&mut self.entry, other.entry);
        add_some(&mut self.exit, other.exit);
        self.end += other.end;
        self.unwon += other.unwon;
    }
}

fn add_some(to: &mut Option<i64>, amount: Option<i64>) {
    if let Some(amount) = amount {
        *to = Some(to.unwrap_or(0) + amount);
    }
}

impl<'a> Window<'a> {
    fn in_scope(&self, reading: &Reading<'_>, held: &Held<'_>) -> bool {
        reading.kind(held) == StageKind::Open && reading.is_counted(held) && self.days.contains(&held.close_day())
    }

    /// Closed with a close date in the period.
    fn closed(&self, reading: &Reading<'_>, held: &Held<'_>) -> Option<FlowBucket> {
        if held.is_deleted() || !self.days.contains(&held.close_day()) {
            return None;
        }
        match reading.kind(held) {
            StageKind::Open => None,
            StageKind::Won => Some(FlowBucket::ClosedWon),
            StageKind::Lost => Some(FlowBucket::ClosedLost),
        }
    }

    /// `None` where the opportunity neither stood in the pipeline nor passed through it.
    fn passage(&self, index: u32) -> Option<Passage<'a>> {
        let after = self.end.held(index)?;
        let before = self.start.held(index);
        let in_start = before.is_some_and(|held| self.in_scope(&self.start, &held));
        let in_end = self.in_scope(&self.end, &after);
        let closed = self.closed(&self.end, &after);
        let closed_inside = !in_start && closed.is_some() && self.closed_inside(before, after);
        let entry = (!in_start && (in_end || closed_inside)).then(|| self.entry(before));
        let exit = match closed {
            Some(bucket) if in_start || closed_inside => Some(bucket),
            _ if in_start && !in_end => Some(self.exit(after)),
            _ => None,
        };
        let won_at_start = before.is_some_and(|held| self.counts_as_won(&self.start, &held));
        let won_at_end = self.counts_as_won(&self.end, &after);
        let concerns = in_start || in_end || closed_inside || won_at_start || won_at_end;
        concerns.then_some(Passage { before, after, in_start, in_end, entry, exit, won_at_start, won_at_end })
    }

    /// Whether it counts in `closedAcv`: won, with a close date in the period and not after the reading's day.
    fn counts_as_won(&self, reading: &Reading<'_>, held: &Held<'_>) -> bool {
        self.closed(reading, held) == Some(FlowBucket::ClosedWon) && held.close_day() <= reading.day()
    }

    /// Whether an opportunity that is closed at the end came to be so inside the window.
    fn closed_inside(&self, before: Option<Held<'a>>, after: Held<'a>) -> bool {
        let Some(before) = before else { return true };
        let kind = self.start.kind(&before);
        before.is_deleted()
            || kind == StageKind::Open
            || kind != self.end.kind(&after)
            || self.end.reopened(after, self.start.at_ms + 1, self.end.at_ms + 1, |_| true)
    }

    fn entry(&self, before: Option<Held<'a>>) -> FlowBucket {
        match before {
            None => FlowBucket::New,
            Some(held) if held.is_deleted() => FlowBucket::TransferredIn,
            Some(held) if self.start.kind(&held) != StageKind::Open => FlowBucket::Reopened,
            Some(held) if !self.days.contains(&held.close_day()) => FlowBucket::MovedIn,
            Some(_) => FlowBucket::TransferredIn,
        }
    }

    /// Where an opportunity went that is not closed in the period.
    fn exit(&self, after: Held<'a>) -> FlowBucket {
        if !after.is_deleted() && !self.days.contains(&after.close_day()) { FlowBucket::MovedOut } else { FlowBucket::Removed }
    }

    fn moved(&self, indices: Range<u32>) -> Result<Vec<Moved>, CreditError> {
        let near = self.end.snapshot.near(indices, &self.days);
        let passages: Vec<Passage<'a>> = near.filter_map(|index| self.passage(index)).collect();
        let before: Vec<u32> = passages.iter().filter(|one| one.stood()).map(|one| one.after.index).collect();
        let after: Vec<u32> = passages.iter().map(|one| one.after.index).collect();
        let shares_before = self.cut.weigh(&self.start, &before)?;
        let shares_after = self.cut.weigh(&self.end, &after)?;
        let mut months = Months::default();
        let (mut all, mut atoms_before, mut atoms_after) = (Vec::new(), Vec::new(), Vec::new());
        let mut at_start = 0;
        for (at_end, passage) in passages.iter().enumerate() {
            let mut moved = Moved { id: passage.after.id(), entry: passage.entry, exit: passage.exit, parts: BTreeMap::new() };
            let now = self.end.acv(&passage.after);
            if let (true, Some(before)) = (passage.stood(), passage.before) {
                let amounts = [self.start.acv(&before), self.end.acv_at_rate_of(&before, &passage.after), now];
                let codes = self.cut.codes(&self.start, &before, &mut months, before.close_day());
                self.cut.atoms(&before, &shares_before, at_start, amounts, &mut atoms_before);
                for atom in &atoms_before {
                    if let Some(key) = self.cut.key(&codes, atom) {
                        passage.leave(moved.parts.entry(key).or_default(), atom.amounts);
                    }
                }
                at_start += 1;
            }
            if passage.stands() {
                let codes = self.cut.codes(&self.end, &passage.after, &mut months, passage.after.close_day());
                self.cut.atoms(&passage.after, &shares_after, at_end, [now], &mut atoms_after);
                for atom in &atoms_after {
                    if let Some(key) = self.cut.key(&codes, atom) {
                        passage.arrive(moved.parts.entry(key).or_default(), atom.amounts[0]);
                    }
                }
            }
            if !moved.parts.is_empty() {
                all.push(moved);
            }
        }
        Ok(all)
    }
}

impl Passage<'_> {
    fn is_closed(&self) -> bool {
        matches!(self.exit, Some(FlowBucket::ClosedWon | FlowBucket::ClosedLost))
    }

    /// Whether its key at the start sees something of it.
    fn stood(&self) -> bool {
        self.in_start || self.won_at_start
    }

    /// Whether its key at the end does.
    fn stands(&self) -> bool {
        self.in_end || self.is_closed() || self.won_at_end
    }

    /// What the key at the start sees of an atom: ACV at the start, the same at the end's rate, ACV at the end.
    fn leave(&self, part: &mut Part, [start, at_end_rate, end]: [i64; 3]) {
        if self.won_at_start {
            part.unwon += start;
        }
        if !self.in_start {
            return;
        }
        part.start += start;
        part.revalued += at_end_rate - start;
        part.changed += end - at_end_rate;
        if self.in_end || self.is_closed() {
            part.transferred -= end;
        } else {
            add_some(&mut part.exit, Some(-end));
        }
    }

    /// What the key at the end sees of an atom.
    fn arrive(&self, part: &mut Part, end: i64) {
        let left_as_won = self.exit == Some(FlowBucket::ClosedWon);
        part.unwon += i64::from(left_as_won) * end - i64::from(self.won_at_end) * end;
        if !self.in_end && !self.is_closed() {
            return;
        }
        if self.in_start {
            part.transferred += end;
        } else {
            add_some(&mut part.entry, Some(end));
        }
        if self.in_end {
            part.end += end;
        } else {
            add_some(&mut part.exit, Some(-end));
        }
    }
}

/// A row while it fills.
#[derive(Default)]
struct Waterfall {
    start: i64,
    end: i64,
    unwon: i64,
    items: BTreeMap<FlowBucket, Vec<FlowItem>>,
}

impl Waterfall {
    /// Whether nothing stood, passed, or was undone here.
    fn is_empty(&self) -> bool {
        (self.start, self.end, self.unwon) == (0, 0, 0) && self.items.is_empty()
    }

    fn add(&mut self, moved: &Moved, part: &Part) {
        self.start += part.start;
        self.end += part.end;
        self.unwon += part.unwon;
        let by_sign = |amount: i64, up, down| (amount != 0).then_some((if amount > 0 { up } else { down }, amount));
        let movements = [
            moved.entry.zip(part.entry),
            by_sign(part.transferred, FlowBucket::TransferredIn, FlowBucket::TransferredOut),
            by_sign(part.changed, FlowBucket::Increased, FlowBucket::Decreased),
            by_sign(part.revalued, FlowBucket::Revalued, FlowBucket::Revalued),
            moved.exit.zip(part.exit),
        ];
        for (bucket, amount) in movements.into_iter().flatten() {
            self.items.entry(bucket).or_default().push(FlowItem { opportunity: moved.id, amount });
        }
    }

    fn into_row(mut self, key: CellKey) -> FlowRow {
        let bars = BUCKETS.map(|bucket| {
            let mut items = self.items.remove(&bucket).unwrap_or_default();
            items.sort_by_key(|item| (std::cmp::Reverse(item.amount.unsigned_abs()), item.opportunity));
            FlowBar { bucket, amount: items.iter().map(|item| item.amount).sum(), items }
        });
        FlowRow { key, start: self.start, bars: bars.into(), end: self.end, unwon: self.unwon }
    }
}
