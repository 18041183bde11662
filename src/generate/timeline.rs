//! When things happen: the quarters the company has lived through, and how its pipeline spread over their days.

use super::dice::Dice;
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc, Weekday};
use pipewright_core::calendar::{Calendar, Period};

/// Milliseconds of a day.
pub const DAY_MS: i64 = 86_400_000;

/// Quarters before the current one: with it, three and a half years and a little.
const PAST_QUARTERS: i32 = 14;

/// Growth of new pipeline, a year.
const GROWTH: f64 = 1.20;

/// The days of the company.
#[derive(Debug, Clone)]
pub struct Timeline {
    /// First day of the first quarter.
    pub start: i32,
    /// The day on which the company is looked at.
    pub until: i32,
    /// The first instant of that day: nothing happens after it.
    pub horizon_ms: i64,
    /// The quarters from the first to the current one.
    pub quarters: Vec<Period>,
    /// First days after each quarter, from before the first to some years after the current one.
    quarter_ends: Vec<i32>,
    /// Share of all opportunities created up to and including each day from `start` on.
    created: Vec<f64>,
}

/// The day that begins a number of days after 1970.
pub fn date(day: i32) -> NaiveDate {
    NaiveDate::from_ymd_opt(1970, 1, 1).expect("1970 began on 1 January") + TimeDelta::days(i64::from(day))
}

/// Days since 1970.
pub fn day(date: NaiveDate) -> i32 {
    date.num_days_from_ce() - 719_163
}

/// The day of an instant, UTC.
pub fn day_of(at_ms: i64) -> i32 {
    i32::try_from(at_ms.div_euclid(DAY_MS)).expect("the company lives within centuries of 1970")
}

/// An instant from its milliseconds.
pub fn instant(at_ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(at_ms).expect("the company lives within centuries of 1970")
}

impl Timeline {
    /// The three and a half years up to the beginning of `until`.
    pub fn new(calendar: &Calendar, until: NaiveDate) -> Self {
        let current = calendar.period(calendar.quarter_of(until));
        let quarters: Vec<Period> = (0..=PAST_QUARTERS).rev().map(|back| calendar.earlier(current, back)).collect();
        let quarter_ends = (-16..=PAST_QUARTERS + 8).rev().map(|back| day(calendar.earlier(current, back).end)).collect();
        let start = day(quarters[0].start);
        let mut timeline = Self {
            start,
            until: day(until),
            horizon_ms: calendar.start_of_day(until).timestamp_millis(),
            quarters,
            quarter_ends,
            created: Vec::new(),
        };
        let mut sum = 0.0;
        timeline.created = (start..timeline.until.max(start + 1))
            .map(|day| {
                sum += timeline.intensity(day);
                sum
            })
            .collect();
        for share in &mut timeline.created {
            *share /= sum;
        }
        timeline
    }

    /// How much pipeline is created on a day, relative to others: growth over the years, little on weekends, more as a
    /// quarter goes on, least in its first weeks.
    fn intensity(&self, day: i32) -> f64 {
        let growth = GROWTH.powf(f64::from(day - self.start) / 365.25);
        let week = match date(day).weekday() {
            Weekday::Sat | Weekday::Sun => 0.04,
            Weekday::Tue | Weekday::Wed => 1.15,
            _ => 1.0,
        };
        let into = f64::from(day - self.quarter_start(day)) / 91.0;
        growth * week * (0.85 + 0.35 * into)
    }

    /// The instant at which opportunity `index` of `count` was created: later opportunities have later numbers.
    pub fn creation(&self, index: u64, count: u64, dice: &mut Dice) -> i64 {
        let share = (index as f64 + dice.unit()) / count as f64;
        let place = self.created.partition_point(|reached| *reached < share).min(self.created.len() - 1);
        let day = self.start + i32::try_from(place).expect("the company has fewer than 2^31 days");
        self.working_hour(day, dice)
    }

    /// A time of the working day, never after the horizon.
    pub fn working_hour(&self, day: i32, dice: &mut Dice) -> i64 {
        (i64::from(day) * DAY_MS + dice.between(8 * 3_600, 18 * 3_600) * 1_000).min(self.horizon_ms)
    }

    /// First day after the quarter of `day`.
    pub fn quarter_end(&self, day: i32) -> i32 {
        let place = self.quarter_ends.partition_point(|end| *end <= day);
        self.quarter_ends[place.min(self.quarter_ends.len() - 1)]
    }

    fn quarter_start(&self, day: i32) -> i32 {
        let place = self.quarter_ends.partition_point(|end| *end <= day);
        self.quarter_ends[place.saturating_sub(1)]
    }

    /// The place in `quarters` of a day; `None` outside them.
    pub fn quarter_index(&self, of: i32) -> Option<usize> {
        self.quarters.iter().position(|quarter| day(quarter.start) <= of && of < day(quarter.end))
    }

    /// A day near the end of the quarter of `day`, when most deals are meant to close.
    pub fn near_quarter_end(&self, day: i32, dice: &mut Dice) -> i32 {
        let back = i32::try_from(dice.between(1, 12)).expect("12 fits");
        (self.quarter_end(day) - back).max(day)
    }
}
