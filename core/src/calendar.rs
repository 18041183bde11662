//! The fiscal calendar: years, quarters and months, the organisation's time zone, and the same point of another period.
//!
//! Periods are half-open. A fiscal year is named after the calendar year in which it ends.

use chrono::{DateTime, Datelike, Days, LocalResult, Months, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::ops::Range;

/// Milliseconds of a day on which no clock is changed.
pub const DAY_MS: i64 = 86_400_000;

/// How a fiscal year falls into months.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum YearPattern {
    /// Calendar months.
    #[default]
    #[serde(rename = "calendar")]
    Calendar,
    /// Weeks of each quarter's months: 4, 4, 5.
    #[serde(rename = "4-4-5")]
    FourFourFive,
    /// 4, 5, 4.
    #[serde(rename = "4-5-4")]
    FourFiveFour,
    /// 5, 4, 4.
    #[serde(rename = "5-4-4")]
    FiveFourFour,
}

/// A period's name: `FY2027`, `FY2027-Q1`, `FY2027-M01`, or a range of dates `2026-11-02/2026-12-01` (end exclusive).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum PeriodName {
    /// A fiscal year.
    Year(i32),
    /// A quarter, 1 to 4.
    Quarter(i32, u8),
    /// A fiscal month, 1 to 12.
    Month(i32, u8),
    /// Any days, the end exclusive.
    Range(NaiveDate, NaiveDate),
}

/// A named, half-open run of days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    /// What it is called.
    pub name: PeriodName,
    /// First day.
    pub start: NaiveDate,
    /// First day after it.
    pub end: NaiveDate,
}

/// The fiscal calendar of the organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// First month of the fiscal year, 1 to 12.
    pub first_month: u8,
    /// How a year falls into months.
    pub pattern: YearPattern,
    /// Where a date becomes an instant.
    pub time_zone: Tz,
    /// Days that are no business days, beside Saturdays and Sundays.
    pub holidays: BTreeSet<NaiveDate>,
}

/// The text names no period.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' names no period: expected FY2027, FY2027-Q1, FY2027-M01, or 2026-11-02/2026-12-01 with the end after the start")]
pub struct NotAPeriod(pub String);

impl std::fmt::Display for PeriodName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Year(year) => write!(f, "FY{year:04}"),
            Self::Quarter(year, quarter) => write!(f, "FY{year:04}-Q{quarter}"),
            Self::Month(year, month) => write!(f, "FY{year:04}-M{month:02}"),
            Self::Range(start, end) => write!(f, "{start}/{end}"),
        }
    }
}

impl From<PeriodName> for String {
    fn from(name: PeriodName) -> Self {
        name.to_string()
    }
}

impl TryFrom<String> for PeriodName {
    type Error = NotAPeriod;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl std::str::FromStr for PeriodName {
    type Err = NotAPeriod;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || NotAPeriod(text.chars().take(40).collect());
        if let Some((start, end)) = text.split_once('/') {
            let day = |part: &str| if part.len() == 10 { part.parse::<NaiveDate>().ok() } else { None };
            return match (day(start), day(end)) {
                (Some(start), Some(end)) if start < end => Ok(Self::Range(start, end)),
                _ => Err(refuse()),
            };
        }
        let rest = text.strip_prefix("FY").ok_or_else(refuse)?;
        let (year, part) = rest.split_once('-').map_or((rest, None), |(year, part)| (year, Some(part)));
        let year: i32 = number(year, 4).filter(|year| YEARS.contains(year)).ok_or_else(refuse)?;
        match part {
            None => Ok(Self::Year(year)),
            Some(part) => {
                let quarter =
                    part.strip_prefix('Q').and_then(|digits| number(digits, 1)).filter(|quarter| (1..=4).contains(quarter));
                let month = part.strip_prefix('M').and_then(|digits| number(digits, 2)).filter(|month| (1..=12).contains(month));
                quarter
                    .map(|quarter| Self::Quarter(year, quarter))
                    .or(month.map(|month| Self::Month(year, month)))
                    .ok_or_else(refuse)
            }
        }
    }
}

/// The fiscal years that can be named.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2999;

/// Exactly `digits` decimal digits.
fn number<N: std::str::FromStr>(text: &str, digits: usize) -> Option<N> {
    (text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

impl PeriodName {
    /// What it falls into: a year's quarters, a quarter's months; none for a month or a range.
    pub fn parts(self) -> Vec<Self> {
        match self {
            Self::Year(year) => (1..=4).map(|quarter| Self::Quarter(year, quarter)).collect(),
            Self::Quarter(year, quarter) => (3 * quarter - 2..=3 * quarter).map(|month| Self::Month(year, month)).collect(),
            Self::Month(..) | Self::Range(..) => Vec::new(),
        }
    }
}

impl Period {
    /// How many days it has; at least 1.
    pub fn days(&self) -> i64 {
        (self.end - self.start).num_days()
    }

    /// Its days, as `chrono` counts days.
    pub fn day_numbers(&self) -> Range<i32> {
        self.start.num_days_from_ce()..self.end.num_days_from_ce()
    }

    /// Whether a day lies in it.
    pub fn contains(&self, day: NaiveDate) -> bool {
        self.start <= day && day < self.end
    }
}

impl Calendar {
    /// The days of a named period.
    pub fn period(&self, name: PeriodName) -> Period {
        let (start, end) = match name {
            PeriodName::Year(year) => (self.year_start(year), self.year_start(year + 1)),
            PeriodName::Quarter(year, quarter) => {
                (self.month_start(year, 3 * quarter - 2), self.month_start(year, 3 * quarter + 1))
            }
            PeriodName::Month(year, month) => (self.month_start(year, month), self.month_start(year, month + 1)),
            PeriodName::Range(start, end) => (start, end),
        };
        Period { name, start, end }
    }

    /// The instants of a period, milliseconds since 1970, UTC.
    pub fn instants_of(&self, period: &Period) -> Range<i64> {
        self.start_of_day(period.start).timestamp_millis()..self.start_of_day(period.end).timestamp_millis()
    }

    /// The last instant of a period: its finals are as known then, so that a change at its end's midnight belongs to the next.
    pub fn end_of(&self, period: &Period) -> DateTime<Utc> {
        self.start_of_day(period.end) - TimeDelta::milliseconds(1)
    }

    /// The instant at which a day begins in the organisation's time zone (after a gap: the first instant that exists).
    pub fn start_of_day(&self, day: NaiveDate) -> DateTime<Utc> {
        self.instant(day, NaiveTime::MIN)
    }

    /// The instant of a local time; in a gap, the first instant after it; where it stands twice, the earlier.
    pub fn instant(&self, day: NaiveDate, time: NaiveTime) -> DateTime<Utc> {
        let mut local = day.and_time(time);
        // Asked millions of times by one question: the zone without rules need not be looked up.
        if self.time_zone == Tz::UTC {
            return local.and_utc();
        }
        loop {
            match self.time_zone.from_local_datetime(&local) {
                LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => return at.with_timezone(&Utc),
                LocalResult::None => local += TimeDelta::minutes(1),
            }
        }
    }

    /// The day it is at an instant, in the organisation's time zone.
    pub fn day_of(&self, at: DateTime<Utc>) -> NaiveDate {
        if self.time_zone == Tz::UTC { at.date_naive() } else { at.with_timezone(&self.time_zone).date_naive() }
    }

    /// The local time of day at an instant.
    pub fn time_of(&self, at: DateTime<Utc>) -> NaiveTime {
        at.with_timezone(&self.time_zone).time()
    }

    /// The fiscal month of a day.
    pub fn month_of(&self, day: NaiveDate) -> PeriodName {
        let year = self.fiscal_year(day);
        let month = (1..=12).rev().find(|month| self.month_start(year, *month) <= day);
        PeriodName::Month(year, month.expect("a fiscal year starts with its first month"))
    }

    /// The quarter of a day.
    pub fn quarter_of(&self, day: NaiveDate) -> PeriodName {
        match self.month_of(day) {
            PeriodName::Month(year, month) => PeriodName::Quarter(year, month.div_ceil(3)),
            other => other,
        }
    }

    /// The fiscal year of a day.
    pub fn year_of(&self, day: NaiveDate) -> PeriodName {
        PeriodName::Year(self.fiscal_year(day))
    }

    /// `count` periods of the same kind earlier (negative: later); a range moves by its own length.
    pub fn earlier(&self, period: Period, count: i32) -> Period {
        let back = |year: i32, part: u8, parts: i32| {
            let index = year * parts + i32::from(part) - 1 - count;
            let part = u8::try_from(index.rem_euclid(parts) + 1).expect("a year has at most 12 parts");
            (index.div_euclid(parts), part)
        };
        self.period(match period.name {
            PeriodName::Year(year) => PeriodName::Year(year - count),
            PeriodName::Quarter(year, quarter) => {
                let (year, quarter) = back(year, quarter, 4);
                PeriodName::Quarter(year, quarter)
            }
            PeriodName::Month(year, month) => {
                let (year, month) = back(year, month, 12);
                PeriodName::Month(year, month)
            }
            PeriodName::Range(start, end) => {
                let shift = TimeDelta::days((end - start).num_days() * i64::from(count));
                PeriodName::Range(start - shift, end - shift)
            }
        })
    }

    /// The same period of the year before; a range: the same dates a year before (29 February becomes 28).
    pub fn year_before(&self, period: Period) -> Period {
        self.period(match period.name {
            PeriodName::Year(year) => PeriodName::Year(year - 1),
            PeriodName::Quarter(year, quarter) => PeriodName::Quarter(year - 1, quarter),
            PeriodName::Month(year, month) => PeriodName::Month(year - 1, month),
            PeriodName::Range(start, end) => {
                let (start, end) = (start - Months::new(12), end - Months::new(12));
                // From 29 to 28 February only: never an empty range.
                PeriodName::Range(start, end.max(start + Days::new(1)))
            }
        })
    }

    /// The fiscal year that a day falls into, by the calendar year in which it ends.
    fn fiscal_year(&self, day: NaiveDate) -> i32 {
        let guess = day.year() + 1;
        (guess - 2..=guess + 1).rev().find(|year| self.year_start(*year) <= day).expect("one of four years started by then")
    }

    /// First day of a fiscal year. With a 4-4-5 pattern: the Monday nearest to the first of its first month, so that a year
    /// has 52 or 53 whole weeks.
    fn year_start(&self, year: i32) -> NaiveDate {
        let calendar_year = if self.first_month == 1 { year } else { year - 1 };
        let first =
            NaiveDate::from_ymd_opt(calendar_year, u32::from(self.first_month), 1).expect("years are within 1899 to 3000");
        if self.pattern == YearPattern::Calendar {
            return first;
        }
        let past_monday = i64::from(first.weekday().num_days_from_monday());
        first + TimeDelta::days(if past_monday <= 3 { -past_monday } else { 7 - past_monday })
    }

    /// First day of a fiscal month, 1 to 13 (13: the next year's first). A 53rd week belongs to month 12.
    fn month_start(&self, year: i32, month: u8) -> NaiveDate {
        if month > 12 {
            return self.year_start(year + 1);
        }
        let start = self.year_start(year);
        let weeks: [u32; 3] = match self.pattern {
            YearPattern::Calendar => return start + Months::new(u32::from(month) - 1),
            YearPattern::FourFourFive => [4, 4, 5],
            YearPattern::FourFiveFour => [4, 5, 4],
            YearPattern::FiveFourFour => [5, 4, 4],
        };
        let before = usize::from(month - 1);
        let whole: u32 =
            13 * u32::try_from(before / 3).expect("a year has four quarters") + weeks[..before % 3].iter().sum::<u32>();
        start + TimeDelta::weeks(i64::from(whole))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn calendar(first_month: u8, pattern: YearPattern, time_zone: Tz) -> Calendar {
        Calendar { first_month, pattern, time_zone, holidays: BTreeSet::new() }
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn periods_have_the_days_that_their_names_say() {
        let february = calendar(2, YearPattern::Calendar, Tz::UTC);
        let january = calendar(1, YearPattern::Calendar, Tz::UTC);
        let weeks = calendar(2, YearPattern::FourFourFive, Tz::UTC);
        for (calendar, name, start, end) in [
            (&february, "FY2027", "2026-02-01", "2027-02-01"),
            (&february, "FY2027-Q1", "2026-02-01", "2026-05-01"),
            (&february, "FY2027-Q4", "2026-11-01", "2027-02-01"),
            (&february, "FY2027-M01", "2026-02-01", "2026-03-01"),
            (&february, "FY2024-M01", "2023-02-01", "2023-03-01"),
            (&february, "FY2025-M01", "2024-02-01", "2024-03-01"),
            (&january, "FY2027-Q1", "2027-01-01", "2027-04-01"),
            (&weeks, "FY2027", "2026-02-02", "2027-02-01"),
            (&weeks, "FY2027-M03", "2026-03-30", "2026-05-04"),
            (&february, "2026-11-02/2026-12-01", "2026-11-02", "2026-12-01"),
        ] {
            let period = calendar.period(name.parse().unwrap());
            assert_eq!((period.start, period.end), (day(start), day(end)), "{name}");
        }
    }

    #[test]
    fn a_text_that_names_no_period_is_refused() {
        for text in [
            "",
            "FY27",
            "FY2027-Q5",
            "FY2027-Q0",
            "FY2027-M13",
            "FY2027-M1",
            "fy2027",
            "2026-12-01/2026-12-01",
            "2026-1-2/2026-2-1",
        ] {
            assert!(text.parse::<PeriodName>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_day_begins_at_local_midnight_or_after_the_gap() {
        let sao_paulo = calendar(2, YearPattern::Calendar, Tz::America__Sao_Paulo);
        assert_eq!(sao_paulo.start_of_day(day("2018-11-04")).to_rfc3339(), "2018-11-04T03:00:00+00:00", "midnight did not exist");
        let new_york = calendar(2, YearPattern::Calendar, Tz::America__New_York);
        assert_eq!(new_york.start_of_day(day("2026-11-24")).to_rfc3339(), "2026-11-24T05:00:00+00:00");
        assert_eq!(new_york.day_of("2026-11-24T04:59:59Z".parse().unwrap()), day("2026-11-23"));
    }

    #[test]
    fn a_year_of_weeks_starts_on_the_monday_nearest_to_the_first_of_its_first_month() {
        for (first_month, fy2027, fy2028) in [
            (1, "2027-01-04", "2028-01-03"),
            (2, "2026-02-02", "2027-02-01"),
            (3, "2026-03-02", "2027-03-01"),
            (4, "2026-03-30", "2027-03-29"),
            (5, "2026-05-04", "2027-05-03"),
            (6, "2026-06-01", "2027-05-31"),
            (7, "2026-06-29", "2027-06-28"),
            (8, "2026-08-03", "2027-08-02"),
            (9, "2026-08-31", "2027-08-30"),
            (10, "2026-09-28", "2027-10-04"),
            (11, "2026-11-02", "2027-11-01"),
            (12, "2026-11-30", "2027-11-29"),
        ] {
            let weeks = calendar(first_month, YearPattern::FourFiveFour, Tz::UTC).period(PeriodName::Year(2027));
            assert_eq!((weeks.start, weeks.end), (day(fy2027), day(fy2028)), "weeks from month {first_month}");
            let months = calendar(first_month, YearPattern::Calendar, Tz::UTC).period(PeriodName::Year(2027));
            let start = NaiveDate::from_ymd_opt(if first_month == 1 { 2027 } else { 2026 }, first_month.into(), 1).unwrap();
            assert_eq!((months.start, months.end), (start, start + Months::new(12)), "months from month {first_month}");
        }
    }

    #[test]
    fn a_year_of_53_weeks_gives_the_last_to_its_last_month() {
        let lengths = |pattern, year| {
            let calendar = calendar(2, pattern, Tz::UTC);
            (1..=12).map(|month| calendar.period(PeriodName::Month(year, month)).days() / 7).collect::<Vec<_>>()
        };
        for (pattern, year, expected) in [
            (YearPattern::FourFourFive, 2024, [4, 4, 5, 4, 4, 5, 4, 4, 5, 4, 4, 5]),
            (YearPattern::FourFourFive, 2025, [4, 4, 5, 4, 4, 5, 4, 4, 5, 4, 4, 6]),
            (YearPattern::FourFiveFour, 2025, [4, 5, 4, 4, 5, 4, 4, 5, 4, 4, 5, 5]),
            (YearPattern::FiveFourFour, 2025, [5, 4, 4, 5, 4, 4, 5, 4, 4, 5, 4, 5]),
            (YearPattern::FiveFourFour, 2030, [5, 4, 4, 5, 4, 4, 5, 4, 4, 5, 4, 5]),
            (YearPattern::FiveFourFour, 2031, [5, 4, 4, 5, 4, 4, 5, 4, 4, 5, 4, 4]),
        ] {
            assert_eq!(lengths(pattern, year), expected, "{pattern:?} of {year}");
        }
        let calendar = calendar(2, YearPattern::FourFourFive, Tz::UTC);
        let year = calendar.period(PeriodName::Year(2025));
        assert_eq!((year.start, year.end, year.days()), (day("2024-01-29"), day("2025-02-03"), 371));
        let last = calendar.period(PeriodName::Quarter(2025, 4));
        assert_eq!((last.start, last.days()), (day("2024-10-28"), 98), "14 weeks");
        assert_eq!(calendar.month_of(day("2025-02-02")), PeriodName::Month(2025, 12), "the 53rd week");
        assert_eq!(calendar.month_of(day("2025-02-03")), PeriodName::Month(2026, 1));
    }

    #[test]
    fn a_local_time_is_one_instant_in_every_time_zone() {
        let of = |zone: Tz, date: &str, time: &str| {
            calendar(2, YearPattern::Calendar, zone).instant(day(date), time.parse().unwrap()).to_rfc3339()
        };
        for (zone, date, time, expected, reason) in [
            (Tz::Pacific__Kiritimati, "2026-02-01", "00:00:00", "2026-01-31T10:00:00+00:00", "14 hours ahead"),
            (Tz::Etc__GMTPlus12, "2026-02-01", "00:00:00", "2026-02-01T12:00:00+00:00", "12 hours behind"),
            (Tz::America__St_Johns, "2026-02-01", "00:00:00", "2026-02-01T03:30:00+00:00", "half an hour off, in winter"),
            (Tz::America__St_Johns, "2026-07-01", "00:00:00", "2026-07-01T02:30:00+00:00", "and in summer"),
            (Tz::Asia__Kathmandu, "2026-02-01", "12:00:00", "2026-02-01T06:15:00+00:00", "a quarter of an hour off"),
            (
                Tz::America__New_York,
                "2026-03-08",
                "02:30:00",
                "2026-03-08T07:00:00+00:00",
                "in the gap: the first instant after it",
            ),
            (Tz::America__New_York, "2026-11-01", "01:30:00", "2026-11-01T05:30:00+00:00", "twice: the earlier"),
            (Tz::America__Havana, "2026-11-01", "00:00:00", "2026-11-01T04:00:00+00:00", "midnight twice: the earlier"),
            (Tz::America__St_Johns, "2010-11-07", "00:00:00", "2010-11-07T02:30:00+00:00", "back at a minute past midnight"),
            (Tz::Pacific__Apia, "2011-12-30", "00:00:00", "2011-12-30T10:00:00+00:00", "a day that never was: the next"),
        ] {
            assert_eq!(of(zone, date, time), expected, "{zone} {date} {time}: {reason}");
        }
    }

    #[test]
    fn an_instant_lies_in_the_period_of_its_local_day() {
        for (zone, at, expected) in [
            (Tz::Pacific__Kiritimati, "2026-01-31T09:59:59.999Z", "FY2026-M12"),
            (Tz::Pacific__Kiritimati, "2026-01-31T10:00:00Z", "FY2027-M01"),
            (Tz::UTC, "2026-01-31T23:59:59.999Z", "FY2026-M12"),
            (Tz::UTC, "2026-02-01T00:00:00Z", "FY2027-M01"),
            (Tz::America__St_Johns, "2026-02-01T03:29:59.999Z", "FY2026-M12"),
            (Tz::America__St_Johns, "2026-02-01T03:30:00Z", "FY2027-M01"),
        ] {
            let calendar = calendar(2, YearPattern::Calendar, zone);
            assert_eq!(calendar.month_of(calendar.day_of(at.parse().unwrap())).to_string(), expected, "{zone} {at}");
        }
    }

    #[test]
    fn periods_move_by_their_own_length_and_by_years() {
        let calendar = calendar(2, YearPattern::Calendar, Tz::UTC);
        for (name, count, earlier, year_before) in [
            ("FY2027", 1, "FY2026", "FY2026"),
            ("FY2027-Q1", 1, "FY2026-Q4", "FY2026-Q1"),
            ("FY2027-Q4", -1, "FY2028-Q1", "FY2026-Q4"),
            ("FY2027-Q2", 6, "FY2025-Q4", "FY2026-Q2"),
            ("FY2027-M01", 1, "FY2026-M12", "FY2026-M01"),
            ("FY2027-M12", -1, "FY2028-M01", "FY2026-M12"),
            ("FY2027-M03", 27, "FY2024-M12", "FY2026-M03"),
            ("2026-11-02/2026-12-01", 1, "2026-10-04/2026-11-02", "2025-11-02/2025-12-01"),
            ("2026-11-02/2026-11-03", -2, "2026-11-04/2026-11-05", "2025-11-02/2025-11-03"),
            ("2024-02-01/2024-03-01", 1, "2024-01-03/2024-02-01", "2023-02-01/2023-03-01"),
        ] {
            let period = calendar.period(name.parse().unwrap());
            assert_eq!(calendar.earlier(period, count).name.to_string(), earlier, "{count} before {name}");
            assert_eq!(calendar.year_before(period).name.to_string(), year_before, "a year before {name}");
        }
    }

    #[test]
    fn the_year_before_a_leap_day_ends_on_the_28th() {
        let calendar = calendar(2, YearPattern::Calendar, Tz::UTC);
        let before = calendar.year_before(calendar.period(PeriodName::Range(day("2024-02-29"), day("2024-03-01"))));
        assert_eq!((before.start, before.end), (day("2023-02-28"), day("2023-03-01")));
    }

    fn any_calendar() -> impl Strategy<Value = Calendar> {
        let pattern = prop::sample::select(vec![
            YearPattern::Calendar,
            YearPattern::FourFourFive,
            YearPattern::FourFiveFour,
            YearPattern::FiveFourFour,
        ]);
        (1_u8..=12, pattern).prop_map(|(first_month, pattern)| calendar(first_month, pattern, Tz::UTC))
    }

    proptest! {
        #[test]
        fn a_day_lies_in_its_own_month_quarter_and_year(calendar in any_calendar(), offset in 0_u64..40_000) {
            let day = day("1950-01-01") + Days::new(offset);
            for name in [calendar.month_of(day), calendar.quarter_of(day), calendar.year_of(day)] {
                prop_assert!(calendar.period(name).contains(day), "{} {}", name, day);
                prop_assert_eq!(name.to_string().parse::<PeriodName>().unwrap(), name);
            }
        }

        #[test]
        fn a_day_starts_within_itself_and_days_follow_each_other(
            zone in prop::sample::select(vec![
                Tz::Pacific__Kiritimati, Tz::America__St_Johns, Tz::America__Sao_Paulo, Tz::America__Havana, Tz::Asia__Tehran,
            ]),
            offset in 0_u64..30_000,
        ) {
            let calendar = calendar(2, YearPattern::Calendar, zone);
            let day = day("1970-01-01") + Days::new(offset);
            let start = calendar.start_of_day(day);
            prop_assert_eq!(calendar.day_of(start), day);
            let length = calendar.start_of_day(day + Days::new(1)) - start;
            prop_assert!((22..=26).contains(&length.num_hours()), "{} of {} hours", day, length.num_hours());
        }

        #[test]
        fn periods_tile_the_time_line(calendar in any_calendar(), year in 1950_i32..2090, month in 1_u8..=12) {
            for name in [PeriodName::Year(year), PeriodName::Quarter(year, month.div_ceil(3)), PeriodName::Month(year, month)] {
                let period = calendar.period(name);
                prop_assert!(period.days() >= 28);
                prop_assert_eq!(calendar.earlier(period, -1).start, period.end);
                prop_assert_eq!(calendar.earlier(calendar.earlier(period, 7), -7), period);
            }
        }
    }
}
