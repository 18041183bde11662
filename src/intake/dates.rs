//! Dates and instants as exports and spreadsheets spell them, and the settling of which comes first, day or month.

use super::IntakeError;
use chrono::{DateTime, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Which of day and month stands first in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DayOrder {
    /// `23.02.2026`.
    DayFirst,
    /// `02/23/26`.
    MonthFirst,
}

/// What one value says about the order of its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Year first: nothing to settle.
    Iso,
    /// Allows only one order.
    Only(DayOrder),
    /// Allows both, to different days.
    Either,
    /// Allows both, to the same day.
    Same,
}

struct Parts<'a> {
    numbers: [u32; 3],
    year_first: bool,
    time: &'a str,
}

fn split(text: &str) -> Option<Parts<'_>> {
    let text = text.trim();
    let end = text.find([' ', 'T']).unwrap_or(text.len());
    let (date, time) = text.split_at(end);
    let separator = date.chars().find(|c| !c.is_ascii_digit())?;
    if !matches!(separator, '-' | '/' | '.') {
        return None;
    }
    let mut parts = date.split(separator);
    let (a, b, c) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || [a, b, c].iter().any(|part| part.is_empty() || part.len() > 4) {
        return None;
    }
    let number = |text: &str| if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None };
    let year_first = a.len() == 4;
    let mut numbers = [number(a)?, number(b)?, number(c)?];
    if !year_first {
        numbers[2] = match c.len() {
            4 => numbers[2],
            2 if numbers[2] < 70 => numbers[2] + 2000,
            2 => numbers[2] + 1900,
            _ => return None,
        };
    }
    Some(Parts { numbers, year_first, time: time.trim_start_matches(['T', ' ']) })
}

fn day(parts: &Parts<'_>, order: DayOrder) -> Option<NaiveDate> {
    let [a, b, c] = parts.numbers;
    let (year, month, day) = match (parts.year_first, order) {
        (true, _) => (a, b, c),
        (false, DayOrder::DayFirst) => (c, b, a),
        (false, DayOrder::MonthFirst) => (c, a, b),
    };
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
}

/// What a value says of the order; `None` where it is no date under any.
pub fn shape(text: &str) -> Option<Shape> {
    let parts = split(text)?;
    time(parts.time)?;
    if parts.year_first {
        return day(&parts, DayOrder::DayFirst).map(|_| Shape::Iso);
    }
    match (day(&parts, DayOrder::DayFirst), day(&parts, DayOrder::MonthFirst)) {
        (Some(one), Some(other)) if one == other => Some(Shape::Same),
        (Some(_), Some(_)) => Some(Shape::Either),
        (Some(_), None) => Some(Shape::Only(DayOrder::DayFirst)),
        (None, Some(_)) => Some(Shape::Only(DayOrder::MonthFirst)),
        (None, None) => None,
    }
}

/// The time of day and the offset from UTC in seconds, where one is said.
fn time(text: &str) -> Option<(NaiveTime, Option<i32>)> {
    let text = text.trim();
    if text.is_empty() {
        return Some((NaiveTime::MIN, None));
    }
    let upper = text.to_ascii_uppercase();
    for (mark, afternoon) in [("AM", false), ("PM", true)] {
        if let Some(clock) = upper.strip_suffix(mark) {
            let (time, _) = clock_of(clock.trim())?;
            let hour = chrono::Timelike::hour(&time);
            if !(1..=12).contains(&hour) {
                return None;
            }
            return chrono::Timelike::with_hour(&time, hour % 12 + if afternoon { 12 } else { 0 }).map(|time| (time, None));
        }
    }
    clock_of(&upper)
}

fn clock_of(text: &str) -> Option<(NaiveTime, Option<i32>)> {
    let (clock, offset) = match text.find(['Z', '+', '-']) {
        None => (text, None),
        Some(at) if &text[at..] == "Z" => (&text[..at], Some(0)),
        Some(at) => {
            let digits = text[at + 1..].replace(':', "");
            if digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            let (hours, minutes) = (digits[..2].parse::<i32>().ok()?, digits[2..].parse::<i32>().ok()?);
            let seconds = hours * 3600 + minutes * 60;
            (&text[..at], Some(if text.as_bytes()[at] == b'-' { -seconds } else { seconds }))
        }
    };
    let formats = ["%H:%M:%S%.f", "%H:%M:%S", "%H:%M"];
    let time = formats.iter().find_map(|format| NaiveTime::parse_from_str(clock, format).ok())?;
    // To the millisecond, as everywhere.
    let millis = chrono::Timelike::nanosecond(&time) / 1_000_000;
    Some((chrono::Timelike::with_nanosecond(&time, millis * 1_000_000)?, offset))
}

/// The day a value names; a time after it is ignored.
pub fn date(text: &str, order: DayOrder) -> Option<NaiveDate> {
    day(&split(text)?, order)
}

/// The instant a value names. Year-first times without a zone are UTC, as Salesforce writes them; others, and bare dates,
/// are the organisation's.
pub fn instant(text: &str, order: DayOrder, zone: Tz) -> Option<DateTime<Utc>> {
    let parts = split(text)?;
    let (clock, offset) = time(parts.time)?;
    let local = day(&parts, order)?.and_time(clock);
    if let Some(seconds) = offset {
        return Some(local.and_utc() - chrono::TimeDelta::seconds(i64::from(seconds)));
    }
    if parts.year_first && !parts.time.is_empty() {
        return Some(local.and_utc());
    }
    // A time that a clock change skips: the first one after it.
    (0..=12).find_map(|quarters| {
        zone.from_local_datetime(&(local + chrono::TimeDelta::minutes(15 * quarters))).earliest().map(|at| at.with_timezone(&Utc))
    })
}

/// What the values of one column say together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// One value that only allows the day first.
    pub day_first: Option<String>,
    /// One value that only allows the month first.
    pub month_first: Option<String>,
    /// One value that allows both, to different days.
    pub either: Option<String>,
}

impl Evidence {
    /// Takes one value into account.
    pub fn add(&mut self, shape: Shape, text: &str) {
        let place = match shape {
            Shape::Only(DayOrder::DayFirst) => &mut self.day_first,
            Shape::Only(DayOrder::MonthFirst) => &mut self.month_first,
            Shape::Either => &mut self.either,
            Shape::Iso | Shape::Same => return,
        };
        if place.is_none() {
            *place = Some(text.to_owned());
        }
    }
}

/// A column: (object, column).
pub type ColumnName = (String, String);

/// The orders that were settled, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    orders: BTreeMap<String, DayOrder>,
    /// Columns that followed others, for the report.
    pub followed: Vec<String>,
}

impl Settled {
    /// The order of a column; without evidence it does not matter.
    pub fn order(&self, object: &str, column: &str) -> DayOrder {
        self.orders.get(&format!("{object}.{column}")).copied().unwrap_or(DayOrder::MonthFirst)
    }
}

/// Settles every column: by the mapping, else by its own values, else by the other columns of the export.
///
/// # Errors
/// A column contradicts itself, or nothing settles it.
pub fn settle(evidence: &BTreeMap<ColumnName, Evidence>, said: &BTreeMap<String, DayOrder>) -> Result<Settled, IntakeError> {
    let mut settled = Settled::default();
    for ((object, column), seen) in evidence {
        let name = format!("{object}.{column}");
        if let Some(order) = said.get(&name) {
            settled.orders.insert(name, *order);
            continue;
        }
        match (&seen.day_first, &seen.month_first) {
            (Some(one), Some(other)) => {
                return Err(IntakeError::ContradictoryDates {
                    object: object.clone(),
                    column: column.clone(),
                    one: one.clone(),
                    other: other.clone(),
                });
            }
            (Some(_), None) => drop(settled.orders.insert(name, DayOrder::DayFirst)),
            (None, Some(_)) => drop(settled.orders.insert(name, DayOrder::MonthFirst)),
            (None, None) => {}
        }
    }
    let mut orders: Vec<DayOrder> = settled.orders.values().copied().collect();
    orders.sort_unstable();
    orders.dedup();
    for ((object, column), seen) in evidence {
        let name = format!("{object}.{column}");
        let Some(example) = seen.either.as_ref().filter(|_| !settled.orders.contains_key(&name)) else { continue };
        let [order] = orders[..] else {
            let reading = |order| date(example, order).map(|day| day.to_string()).unwrap_or_default();
            return Err(IntakeError::UnsettledDates {
                object: object.clone(),
                column: column.clone(),
                example: example.clone(),
                day_first: reading(DayOrder::DayFirst),
                month_first: reading(DayOrder::MonthFirst),
            });
        };
        settled.orders.insert(name.clone(), order);
        settled.followed.push(name);
    }
    Ok(settled)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn evidence(columns: &[(&str, &[&str])]) -> BTreeMap<ColumnName, Evidence> {
        let mut all = BTreeMap::new();
        for (column, values) in columns {
            let seen: &mut Evidence = all.entry(("Opportunity".to_owned(), (*column).to_owned())).or_default();
            for value in *values {
                seen.add(shape(value).unwrap(), value);
            }
        }
        all
    }

    #[test]
    fn dates_are_settled_by_evidence() {
        use DayOrder::{DayFirst, MonthFirst};
        type Case<'a> = (&'a [(&'a str, &'a [&'a str])], Option<DayOrder>);
        let cases: [Case<'_>; 7] = [
            (&[("A", &["02/03/24", "03/31/26"])], Some(MonthFirst)),
            (&[("A", &["03.02.2024", "23.02.2026"])], Some(DayFirst)),
            (&[("A", &["02/03/24"]), ("B", &["02/23/26 08:55 PM"])], Some(MonthFirst)),
            (&[("A", &["02/03/24"])], None),
            (&[("A", &["02/03/24"]), ("B", &["13/01/24"]), ("C", &["01/13/24"])], None),
            (&[("A", &["13/01/24", "01/13/24"])], None),
            (&[("A", &["2024-02-03", "02/02/24"])], Some(MonthFirst)),
        ];
        for (columns, expected) in cases {
            let settled = settle(&evidence(columns), &BTreeMap::new());
            assert_eq!(settled.ok().map(|settled| settled.order("Opportunity", "A")), expected, "{columns:?}");
        }
    }

    #[test]
    fn the_mapping_settles_what_nothing_else_does_and_a_follower_is_named() {
        let said = BTreeMap::from([("Opportunity.A".to_owned(), DayOrder::DayFirst)]);
        assert_eq!(settle(&evidence(&[("A", &["02/03/24"])]), &said).unwrap().order("Opportunity", "A"), DayOrder::DayFirst);
        let followed = settle(&evidence(&[("A", &["02/03/24"]), ("B", &["23/02/24"])]), &BTreeMap::new()).unwrap().followed;
        assert_eq!(followed, ["Opportunity.A"]);
    }

    #[test]
    fn instants_are_read_in_every_spelling() {
        let berlin = chrono_tz::Europe::Berlin;
        let cases = [
            ("2026-02-23T20:55:01.250Z", "2026-02-23T20:55:01.250Z"),
            ("2026-02-23T20:55:01.250+0100", "2026-02-23T19:55:01.250Z"),
            ("2026-02-23 20:55:01", "2026-02-23T20:55:01Z"),
            ("02/23/26 08:55 PM", "2026-02-23T19:55:00Z"),
            ("02/23/26", "2026-02-22T23:00:00Z"),
            ("02/23/2026 12:05 AM", "2026-02-22T23:05:00Z"),
            ("03/29/2026 02:10 AM", "2026-03-29T01:10:00Z"),
        ];
        for (text, expected) in cases {
            let expected: DateTime<Utc> = expected.parse().unwrap();
            assert_eq!(instant(text, DayOrder::MonthFirst, berlin), Some(expected), "{text}");
        }
        for text in ["", "02/30/26", "13:00", "2026-02", "02/23/26 25:00", "1/2/3/4"] {
            assert_eq!(shape(text), None, "{text}");
        }
    }
}
