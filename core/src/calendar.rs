//! The fiscal calendar: years, quarters and months, the organisation's time zone, and the same point of another period.
//!
//! Periods are half-open. A fiscal year is named after the calendar year in which it ends.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

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
        let _ = refuse;
        unimplemented!()
    }
}

impl Calendar {
    /// The days of a named period.
    pub fn period(&self, name: PeriodName) -> Period {
        let _ = name;
        unimplemented!()
    }

    /// The instant at which a day begins in the organisation's time zone (after a gap: the first instant that exists).
    pub fn start_of_day(&self, day: NaiveDate) -> DateTime<Utc> {
        let _ = day;
        unimplemented!()
    }

    /// The day it is at an instant, in the organisation's time zone.
    pub fn day_of(&self, at: DateTime<Utc>) -> NaiveDate {
        let _ = at;
        unimplemented!()
    }

    /// The fiscal month of a day.
    pub fn month_of(&self, day: NaiveDate) -> PeriodName {
        let _ = day;
        unimplemented!()
    }

    /// The quarter of a day.
    pub fn quarter_of(&self, day: NaiveDate) -> PeriodName {
        let _ = day;
        unimplemented!()
    }

    /// The fiscal year of a day.
    pub fn year_of(&self, day: NaiveDate) -> PeriodName {
        let _ = day;
        unimplemented!()
    }

    /// `count` periods of the same kind earlier (negative: later); a range moves by its own length.
    pub fn earlier(&self, period: Period, count: i32) -> Period {
        let _ = (period, count);
        unimplemented!()
    }

    /// The same period of the year before; a range: the same dates a year before (29 February becomes 28).
    pub fn year_before(&self, period: Period) -> Period {
        let _ = period;
        unimplemented!()
    }
}
