//! The matrix a second way: every row read by plain SQL, and every number found by looking at each of them, as the
//! definitions say and as slowly as they allow. Shares no code with the product but its plain values.

use crate::support::{Engine, Home};
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use pipewright_core::dimension::{CellKey, Dimension, DimensionValue};
use pipewright_core::matrix::{Alignment, Baseline, GenerationBasis, RollUp, Status, StatusReason};
use pipewright_core::target::Measure;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

const DAY_MS: i64 = 86_400_000;

/// Region and segment, where they are set. What is `None` outside is not asked for; inside, it has no value.
pub type Key = [Option<Option<Uuid>>; 2];

/// A version of an opportunity.
#[derive(Debug, Clone)]
struct Held {
    from_ms: i64,
    recorded: i64,
    /// 0 open, 1 won, 2 lost.
    kind: i64,
    /// 0 omitted, 2 best case, 3 most likely, 4 commit.
    category: i64,
    close_day: i64,
    acv: i64,
    place: [Option<Uuid>; 2],
    is_deleted: bool,
}

struct Deal {
    created_ms: i64,
    versions: Vec<Held>,
}

/// A target, a judgement or an adjustment; rows are in order of (from, sequence).
struct Dated {
    /// Of a target: of what. Of an adjustment: by whom.
    kind: i64,
    period: String,
    key: Key,
    amount: i64,
    from_ms: i64,
    recorded: i64,
}

/// Everything there is.
pub struct Replay {
    deals: Vec<Deal>,
    targets: Vec<Dated>,
    judgements: Vec<Dated>,
    adjustments: Vec<Dated>,
    holidays: BTreeSet<NaiveDate>,
    /// Every pair of region and segment that a row names.
    places: BTreeSet<[Option<Uuid>; 2]>,
}

/// When something is known, and which changes count.
#[derive(Debug, Clone, Copy)]
pub struct When {
    /// As known then.
    pub at: DateTime<Utc>,
    /// Recorded up to this change.
    pub recorded: i64,
}

/// A period by its days and its name.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// Its name.
    pub name: String,
    /// First day.
    pub start: NaiveDate,
    /// First day after it.
    pub end: NaiveDate,
}

/// Sums of one cell.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Found {
    pub closed: i64,
    pub open: i64,
    pub overdue: i64,
    pub commit: i64,
    pub most_likely: i64,
    pub best_case: i64,
    pub as_generated: i64,
    pub as_now: i64,
    pub reopened: i64,
    pub counts: [u64; 3],
    /// Whether any opportunity counts here, of whatever amount.
    pub is_occupied: bool,
}

/// What was open at a point, and what of it was won.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rate {
    pub open: i64,
    pub won: i64,
    pub count: u64,
}

/// Which pairs of region and segment count.
pub type Lets = fn(&Replay, [Option<Uuid>; 2]) -> bool;

async fn texts(home: &Home, columns: &[&str], rest: &str) -> Vec<Vec<String>> {
    let columns: Vec<String> = columns.iter().map(|column| format!("COALESCE(CAST({column} AS TEXT), '')")).collect();
    let rows: Vec<(String,)> = home.rows(&format!("SELECT {} FROM {rest}", columns.join(" || '\u{1f}' || "))).await;
    rows.iter().map(|(row,)| row.split('\u{1f}').map(str::to_owned).collect()).collect()
}

fn number(text: &str) -> i64 {
    if text.is_empty() { 0 } else { text.parse().unwrap_or_else(|_| panic!("no number: {text}")) }
}

fn id(text: &str) -> Option<Uuid> {
    (!text.is_empty()).then(|| Uuid::parse_str(text).unwrap())
}

fn day_number(day: NaiveDate) -> i64 {
    (day - NaiveDate::default()).num_days()
}

/// The key of a row or a cell, if it is of regions and segments only.
pub fn key(key: &CellKey) -> Option<Key> {
    let mut found = Key::default();
    for (dimension, value) in key.parts() {
        let at = match dimension {
            Dimension::Region => 0,
            Dimension::Segment => 1,
            _ => return None,
        };
        found[at] = Some(match value {
            DimensionValue::Entity(id) => Some(*id),
            _ => None,
        });
    }
    Some(found)
}

fn refines(finer: &Key, coarser: &Key) -> bool {
    (0..2).all(|at| coarser[at].is_none() || coarser[at] == finer[at])
}

fn holds(key: &Key, place: [Option<Uuid>; 2]) -> bool {
    (0..2).all(|at| key[at].is_none_or(|value| value == place[at]))
}

impl Replay {
    /// Reads every row.
    pub async fn read(home: &Home, holidays: BTreeSet<NaiveDate>) -> Self {
        let uuid = |column: &str| if home.engine() == Engine::Sqlite { format!("hex({column})") } else { column.to_owned() };
        let (deal, region, segment) = (uuid("v.opportunity_id"), uuid("v.region_id"), uuid("v.segment_id"));
        let columns = [
            deal.as_str(),
            "o.created_at_ms",
            "v.valid_from_ms",
            "v.recorded",
            "s.kind",
            "v.forecast_category",
            "v.close_day",
            "v.acv_minor",
            region.as_str(),
            segment.as_str(),
            "CASE WHEN v.is_deleted THEN 1 ELSE 0 END",
        ];
        let rows = texts(
            home,
            &columns,
            "opportunity_version v JOIN opportunity o ON o.id = v.opportunity_id JOIN stage s ON s.id = v.stage_id
             ORDER BY v.opportunity_id, v.valid_from_ms, v.sequence",
        );
        let mut deals: BTreeMap<String, Deal> = BTreeMap::new();
        for row in rows.await {
            let deal = deals.entry(row[0].clone()).or_insert_with(|| Deal { created_ms: number(&row[1]), versions: vec![] });
            deal.versions.push(Held {
                from_ms: number(&row[2]),
                recorded: number(&row[3]),
                kind: number(&row[4]),
                category: number(&row[5]),
                close_day: number(&row[6]),
                acv: number(&row[7]),
                place: [id(&row[8]), id(&row[9])],
                is_deleted: row[10] == "1",
            });
        }
        let dated = async |table: &str, kind: &str| {
            let columns = [kind, "period", "cell_key", "amount_minor", "valid_from_ms", "recorded"];
            let rows = texts(home, &columns, &format!("{table} ORDER BY valid_from_ms, sequence, recorded, id")).await;
            let of = |row: &Vec<String>| {
                let cell: CellKey = serde_json::from_str(&row[2]).unwrap();
                Some(Dated {
                    kind: number(&row[0]),
                    period: row[1].clone(),
                    key: key(&cell)?,
                    amount: number(&row[3]),
                    from_ms: number(&row[4]),
                    recorded: number(&row[5]),
                })
            };
            rows.iter().filter_map(of).collect::<Vec<_>>()
        };
        let mut found = Self {
            deals: deals.into_values().collect(),
            targets: dated("target", "measure").await,
            judgements: dated("judgement", "0").await,
            adjustments: dated("adjustment", "adjusted_by").await,
            holidays,
            places: BTreeSet::new(),
        };
        let of_deals = found.deals.iter().flat_map(|deal| deal.versions.iter().map(|version| version.place));
        let all = [&found.targets, &found.judgements, &found.adjustments].into_iter().flatten();
        let of_rows = all.map(|row| [row.key[0].flatten(), row.key[1].flatten()]);
        let named: BTreeSet<_> = of_deals.chain(of_rows).chain([[None, None]]).collect();
        for region in named.iter().map(|place| place[0]) {
            for segment in named.iter().map(|place| place[1]) {
                found.places.insert([region, segment]);
            }
        }
        found
    }

    /// A region that deals are in, by its place in the order of ids.
    pub fn region(&self, at: usize) -> Uuid {
        let regions: BTreeSet<Uuid> = self.places.iter().filter_map(|place| place[0]).collect();
        regions.into_iter().nth(at).unwrap()
    }

    /// Every pair of a region and a segment that rows name, or the lack of them.
    pub fn places(&self) -> &BTreeSet<[Option<Uuid>; 2]> {
        &self.places
    }

    fn known<'a>(&self, deal: &'a Deal, when: When) -> Option<&'a Held> {
        let mut known = deal.versions.iter().filter(|held| held.recorded <= when.recorded);
        known.rfind(|held| held.from_ms <= when.at.timestamp_millis())
    }

    /// The sums of a cell.
    pub fn sums(&self, span: &Span, when: When, key: &Key, lets: Lets) -> Found {
        let mut found = Found::default();
        let (start, end) = (day_number(span.start), day_number(span.end));
        let today = day_number(when.at.date_naive());
        for deal in &self.deals {
            let Some(held) = self.known(deal, when) else { continue };
            let omitted = held.kind == 0 && held.category == 0;
            if held.is_deleted || omitted || !holds(key, held.place) || !lets(self, held.place) {
                continue;
            }
            if start <= held.close_day && held.close_day < end {
                if held.kind == 0 {
                    found.open += held.acv;
                    found.overdue += if held.close_day < today { held.acv } else { 0 };
                    found.counts[1] += 1;
                    match held.category {
                        2 => found.best_case += held.acv,
                        3 => found.most_likely += held.acv,
                        4 => found.commit += held.acv,
                        _ => {}
                    }
                }
                if held.kind == 1 && held.close_day <= today {
                    found.closed += held.acv;
                    found.counts[0] += 1;
                }
                found.is_occupied |= held.kind == 0 || held.close_day <= today;
            }
            let created = deal.created_ms;
            if start * DAY_MS <= created && created < end * DAY_MS && created <= when.at.timestamp_millis() {
                let counted: Vec<&Held> = deal.versions.iter().filter(|held| held.recorded <= when.recorded).collect();
                let at_entry = counted.iter().rev().find(|held| held.from_ms <= created).unwrap_or(&counted[0]);
                found.as_generated += at_entry.acv;
                found.as_now += held.acv;
                found.counts[2] += 1;
                found.is_occupied = true;
            }
            let mut before: Option<&Held> = None;
            let mut came_back = false;
            for next in deal.versions.iter().filter(|next| next.recorded <= when.recorded) {
                if next.from_ms > when.at.timestamp_millis() {
                    break;
                }
                let was_lost = before.is_some_and(|before| before.kind == 2);
                came_back |= was_lost && next.kind == 0 && start * DAY_MS <= next.from_ms && next.from_ms < end * DAY_MS;
                before = Some(next);
            }
            if came_back {
                found.reopened += held.acv;
                found.is_occupied = true;
            }
        }
        found
    }

    /// What was open at a point with close date in the span, and the part that was won in it, as known at its end.
    pub fn rate(&self, span: &Span, when: When, key: &Key, lets: Lets) -> Rate {
        let mut rate = Rate::default();
        let inside = |held: &Held| day_number(span.start) <= held.close_day && held.close_day < day_number(span.end);
        for deal in &self.deals {
            let Some(held) = self.known(deal, when) else { continue };
            if held.kind != 0 || held.category == 0 || held.is_deleted || !inside(held) {
                continue;
            }
            if !holds(key, held.place) || !lets(self, held.place) {
                continue;
            }
            let last = self.known(deal, When { at: last_instant(span), ..when });
            let won = last.is_some_and(|last| last.kind == 1 && inside(last) && !last.is_deleted);
            rate.open += held.acv;
            rate.won += if won { held.acv } else { 0 };
            rate.count += 1;
        }
        rate
    }

    /// The target of a measure.
    pub fn target(&self, measure: Measure, span: &Span, when: When, key: &Key, lets: Lets) -> Option<i64> {
        let rows: Vec<&Dated> = self.targets.iter().filter(|row| row.kind == measure as i64).collect();
        self.taken(&rows, span, when, key, lets)
    }

    /// The judgement.
    pub fn judgement(&self, span: &Span, when: When, key: &Key, lets: Lets) -> Option<i64> {
        self.taken(&self.judgements.iter().collect::<Vec<_>>(), span, when, key, lets)
    }

    /// Whether a cell has a target or a judgement of its own.
    pub fn has_own(&self, span: &Span, when: When, key: &Key, lets: Lets) -> bool {
        let kinds: BTreeSet<i64> = self.targets.iter().map(|row| row.kind).collect();
        let of_targets = kinds.into_iter().map(|kind| self.targets.iter().filter(|row| row.kind == kind).collect::<Vec<_>>());
        self.reach(key, lets) == Some(true)
            && of_targets.chain([self.judgements.iter().collect()]).any(|rows| own(&rows, &span.name, when, key).is_some())
    }

    /// Whether all, or nothing, of a key counts; `None` where a part does.
    fn reach(&self, key: &Key, lets: Lets) -> Option<bool> {
        let within: Vec<bool> = self.places.iter().filter(|place| holds(key, **place)).map(|place| lets(self, *place)).collect();
        (within.iter().all(|one| *one == within[0])).then(|| within[0])
    }

    fn taken(&self, rows: &[&Dated], span: &Span, when: When, key: &Key, lets: Lets) -> Option<i64> {
        if self.reach(key, lets) == Some(false) {
            return None;
        }
        if let (Some(true), Some(amount)) = (self.reach(key, lets), own(rows, &span.name, when, key)) {
            return Some(amount);
        }
        let sets = [[true, false], [false, true], [true, true]];
        let finer = sets.into_iter().filter(|set| (0..2).all(|at| key[at].is_none() || set[at]));
        let mut finer = finer.filter(|set| (0..2).any(|at| key[at].is_none() && set[at]));
        finer.find_map(|set| self.set(rows, span, when, key, set, lets))
    }

    /// The sum of one set, where it is complete.
    fn set(&self, rows: &[&Dated], span: &Span, when: When, key: &Key, set: [bool; 2], lets: Lets) -> Option<i64> {
        let names = with_parts(&span.name);
        let counts = |row: &&&Dated| row.from_ms <= when.at.timestamp_millis() && row.recorded <= when.recorded;
        let has_shape = |key: &Key| (0..2).all(|at| key[at].is_some() == set[at]);
        let with_rows = rows.iter().filter(counts).filter(|row| names.contains(&row.period)).map(|row| row.key);
        let mut needed: BTreeSet<Key> = with_rows.filter(has_shape).filter(|finer| refines(finer, key)).collect();
        if needed.is_empty() {
            return None;
        }
        for place in &self.places {
            let finer: Key = std::array::from_fn(|at| set[at].then_some(place[at]));
            let is_named = (0..2).all(|at| key[at].is_some() || finer[at] != Some(None));
            let is_new = !needed.contains(&finer);
            if is_new && is_named && refines(&finer, key) && self.sums(span, when, &finer, lets).is_occupied {
                needed.insert(finer);
            }
        }
        let mut sum = None;
        for finer in &needed {
            match self.reach(finer, lets) {
                None => return None,
                Some(false) => {}
                Some(true) => sum = Some(sum.unwrap_or(0) + own(rows, &span.name, when, finer)?),
            }
        }
        sum
    }

    /// The latest adjustments by owner and by manager of the cell and of all that lies in it.
    pub fn adjusted(&self, span: &Span, when: When, key: &Key, lets: Lets) -> [i64; 2] {
        let mut latest: BTreeMap<(i64, Key), i64> = BTreeMap::new();
        for row in self.adjustments.iter().filter(|row| row.period == span.name) {
            if row.from_ms <= when.at.timestamp_millis() && row.recorded <= when.recorded && refines(&row.key, key) {
                latest.insert((row.kind, row.key), row.amount);
            }
        }
        latest.retain(|(_, key), _| self.reach(key, lets) == Some(true));
        [0, 1].map(|by| latest.iter().filter(|((kind, _), _)| *kind == by).map(|(_, amount)| amount).sum())
    }

    /// The same point of another period, at UTC.
    pub fn same_point(&self, from: &Span, at: DateTime<Utc>, to: &Span, alignment: Alignment) -> DateTime<Utc> {
        let (day, time) = (at.date_naive(), at.timestamp_millis().rem_euclid(DAY_MS));
        let on = |day: NaiveDate| DateTime::from_timestamp_millis(day_number(day) * DAY_MS + time).unwrap();
        if day >= from.end {
            return last_instant(to);
        }
        if day < from.start {
            return on(to.start - (from.start - day));
        }
        let days = |span: &Span| span.start.iter_days().take_while(|day| *day < span.end).collect::<Vec<_>>();
        let index = usize::try_from((day - from.start).num_days()).unwrap();
        let by_index = days(to)[index.min(days(to).len() - 1)];
        match alignment {
            Alignment::DayIndex => on(by_index),
            Alignment::Weekday => {
                let mut candidates = (0..7).flat_map(|away| [by_index - TimeDelta::days(away), by_index + TimeDelta::days(away)]);
                let fits = |there: &NaiveDate| there.weekday() == day.weekday() && to.start <= *there && *there < to.end;
                on(candidates.find(fits).unwrap())
            }
            Alignment::BusinessDay => {
                let works = |day: &NaiveDate| day.weekday().num_days_from_monday() < 5 && !self.holidays.contains(day);
                let worked = days(from).into_iter().filter(|other| *other <= day).filter(works).count();
                let there: Vec<NaiveDate> = days(to).into_iter().filter(works).collect();
                on(there[worked.clamp(1, there.len()) - 1])
            }
            Alignment::Fraction => {
                let length = |span: &Span| (day_number(span.end) - day_number(span.start)) * DAY_MS;
                let gone = at.timestamp_millis() - day_number(from.start) * DAY_MS;
                let there = i128::from(gone) * i128::from(length(to)) / i128::from(length(from));
                DateTime::from_timestamp_millis(day_number(to.start) * DAY_MS + i64::try_from(there).unwrap()).unwrap()
            }
        }
    }
}

/// The row of exactly this period and key, else the sum of its parts'.
fn own(rows: &[&Dated], period: &str, when: When, key: &Key) -> Option<i64> {
    let counts = |row: &&&Dated| row.from_ms <= when.at.timestamp_millis() && row.recorded <= when.recorded;
    if let Some(row) = rows.iter().rev().filter(counts).find(|row| row.period == period && row.key == *key) {
        return Some(row.amount);
    }
    let parts = parts(period);
    if parts.is_empty() {
        return None;
    }
    parts.iter().map(|part| own(rows, part, when, key)).sum()
}

fn parts(period: &str) -> Vec<String> {
    match period.split_once("-Q") {
        Some((year, quarter)) => (0..3).map(|at| format!("{year}-M{:02}", 3 * number(quarter) - 2 + at)).collect(),
        None if period.len() == 6 => (1..=4).map(|quarter| format!("{period}-Q{quarter}")).collect(),
        None => vec![],
    }
}

fn with_parts(period: &str) -> BTreeSet<String> {
    parts(period).iter().flat_map(|part| with_parts(part)).chain([period.to_owned()]).collect()
}

/// The last millisecond of a span.
pub fn last_instant(span: &Span) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(day_number(span.end) * DAY_MS - 1).unwrap()
}

/// The sum a roll-up takes.
pub fn rolled_up(found: &Found, roll_up: RollUp) -> i64 {
    let parts = match roll_up {
        RollUp::Closed => vec![],
        RollUp::Commit => vec![found.commit],
        RollUp::MostLikely => vec![found.commit, found.most_likely],
        RollUp::BestCase => vec![found.commit, found.most_likely, found.best_case],
    };
    found.closed + parts.into_iter().sum::<i64>()
}

/// What generation counts.
pub fn generated(found: &Found, basis: GenerationBasis) -> i64 {
    match basis {
        GenerationBasis::AsGenerated => found.as_generated,
        GenerationBasis::AsNow => found.as_now,
    }
}

/// What should be reached by now, of (reached, final) of the last four periods, and of last year's.
pub fn expected(
    asked: Option<Baseline>,
    elapsed: f64,
    past: &[(i64, i64)],
    last_year: (i64, i64),
) -> (Option<f64>, Option<Baseline>) {
    let usable: Vec<f64> = past.iter().filter(|(_, last)| *last != 0).map(|(at, last)| *at as f64 / *last as f64).collect();
    match asked.unwrap_or(Baseline::Historical) {
        Baseline::PriorYear => {
            let share = (last_year.1 != 0).then(|| last_year.0 as f64 / last_year.1 as f64);
            (share, Some(Baseline::PriorYear))
        }
        Baseline::Historical if usable.len() == 4 => (Some(usable.iter().sum::<f64>() / 4.0), Some(Baseline::Historical)),
        Baseline::Historical | Baseline::Linear => (Some(elapsed), Some(Baseline::Linear)),
    }
}

/// The colour of a pace and why, where there is a target.
pub fn coloured(elapsed: f64, pace: Option<f64>) -> (Status, StatusReason) {
    match pace {
        _ if elapsed < 0.1 => (Status::Grey, StatusReason::TooEarly),
        None => (Status::Grey, StatusReason::NoHistory),
        Some(pace) if pace >= 1.0 => (Status::Green, StatusReason::Pace),
        Some(pace) if pace >= 0.85 => (Status::Yellow, StatusReason::Pace),
        Some(_) => (Status::Red, StatusReason::Pace),
    }
}
