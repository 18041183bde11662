//! The figures of one role, and the ratios that follow from them.

use super::Expectations;
use crate::calendar::{DAY_MS, Period, PeriodName};
use crate::campaigns::NoRatio;
use crate::rep::Role;

/// The three kinds of work that capacity is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Work<T> {
    /// Opportunities owned.
    pub opportunities: T,
    /// Meetings held.
    pub meetings: T,
    /// Calls made.
    pub calls: T,
}

/// The figures of a role. Money in minor units of the reporting currency.
#[derive(Debug, Clone, PartialEq)]
pub struct RoleFigures {
    /// Which role.
    pub role: Role,
    /// Reps who hold it at T and can sign in to the source system now, whatever T: when those who cannot left is not known.
    pub head_count: u64,
    /// Of them, those who are fully ramped.
    pub ramped_head_count: u64,
    /// What they can carry in P; `None` where it is not measured.
    pub capacity: Work<Option<f64>>,
    /// What they carry in P.
    pub load: Work<u64>,
    /// ACV generated in P by the role's credit, at entry.
    pub generation_minor: i64,
    /// ACV generated in P by whomever.
    pub total_generation_minor: i64,
    /// Its share of that as configured.
    pub expected_share: f64,
    /// Hand-offs and conversions given in P, not after T.
    pub given: u64,
    /// Of them, those of which an opportunity was made.
    pub converted: u64,
    /// Hand-offs of P of which an opportunity was made whose first owner held the role.
    pub taken: u64,
    /// For each hand-off given to someone touched before: milliseconds since their first touchpoint.
    pub waits_ms: Vec<i64>,
    /// Credit of what was won, close date in P and not after T.
    pub won_minor: i64,
    /// Credit of what was lost, close date in P and not after T.
    pub lost_minor: i64,
    /// Distinct opportunities in `won_minor`.
    pub won: u64,
}

impl RoleFigures {
    pub(super) fn new(role: Role, expected: &Expectations) -> Self {
        Self {
            role,
            head_count: 0,
            ramped_head_count: 0,
            capacity: Work::default(),
            load: Work::default(),
            generation_minor: 0,
            total_generation_minor: 0,
            expected_share: expected.roles[role as usize].share,
            given: 0,
            converted: 0,
            taken: 0,
            waits_ms: Vec::new(),
            won_minor: 0,
            lost_minor: 0,
            won: 0,
        }
    }
}

/// How many quarters a period is: 4 for a year, 1, a third for a month; a range of dates: its days times 4 / 365.
pub fn quarters(period: Period) -> f64 {
    match period.name {
        PeriodName::Year(_) => 4.0,
        PeriodName::Quarter(..) => 1.0,
        PeriodName::Month(..) => 1.0 / 3.0,
        PeriodName::Range(..) => period.days() as f64 * 4.0 / 365.0,
    }
}

/// How far a rep is ramped, 0 to 1: the time in the role / the days it takes, at most 1. Straight, as no curve is known.
pub fn ramp(held_ms: i64, ramp_days: u32) -> f64 {
    if ramp_days == 0 {
        return 1.0;
    }
    (held_ms as f64 / (f64::from(ramp_days) * DAY_MS as f64)).clamp(0.0, 1.0)
}

/// Load / capacity (metrics: "load and utilisation").
///
/// # Errors
/// There is no capacity.
pub fn utilisation(load: u64, capacity: Option<f64>) -> Result<f64, NoRatio> {
    match capacity.filter(|capacity| *capacity > 0.0) {
        Some(capacity) => Ok(load as f64 / capacity),
        None => Err(NoRatio::NoCapacity),
    }
}

/// The role's share of all pipeline generated in P (metrics: "its share of the total").
///
/// # Errors
/// Nothing was generated.
pub fn generation_share(figures: &RoleFigures) -> Result<f64, NoRatio> {
    crate::campaigns::quotient(figures.generation_minor, figures.total_generation_minor, NoRatio::NoGeneration)
}

/// The share of all pipeline generated less the share expected; above 0 is more than expected.
///
/// # Errors
/// Nothing was generated.
pub fn expected_gap(figures: &RoleFigures) -> Result<f64, NoRatio> {
    Ok(generation_share(figures)? - figures.expected_share)
}

/// Hand-offs of which an opportunity was made / hand-offs given (metrics: "conversion").
///
/// # Errors
/// None was given.
pub fn conversion(figures: &RoleFigures) -> Result<f64, NoRatio> {
    match figures.given {
        0 => Err(NoRatio::NoHandOff),
        given => Ok(figures.converted as f64 / given as f64),
    }
}

/// The median days from a person's first touchpoint to their hand-off; of an even number, the mean of the two in the middle.
///
/// # Errors
/// Nobody who was touched before was handed on.
pub fn median(figures: &RoleFigures) -> Result<f64, NoRatio> {
    let mut waits = figures.waits_ms.clone();
    waits.sort_unstable();
    let middle = waits.len() / 2;
    let days = |at: usize| waits[at] as f64 / DAY_MS as f64;
    match waits.len() {
        0 => Err(NoRatio::NoHandOff),
        count if count % 2 == 1 => Ok(days(middle)),
        _ => Ok((days(middle - 1) + days(middle)) / 2.0),
    }
}

/// Won / (won + lost), by credited ACV of what closed in P (metrics: "win rate").
///
/// # Errors
/// Nothing closed.
pub fn win_rate(figures: &RoleFigures) -> Result<f64, NoRatio> {
    crate::campaigns::quotient(figures.won_minor, figures.won_minor + figures.lost_minor, NoRatio::NothingClosed)
}

/// Credited ACV won in P / distinct opportunities of it, minor units, rounded half away from zero; `None` where none was won.
pub fn average_acv(figures: &RoleFigures) -> Option<i64> {
    (figures.won > 0).then(|| (figures.won_minor as f64 / figures.won as f64).round() as i64)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::calendar::{Calendar, YearPattern};

    fn figures() -> RoleFigures {
        let expectation = super::super::RoleExpectation { capacity: Work::default(), share: 0.5, ramp_days: 90 };
        RoleFigures::new(Role::Ae, &Expectations { roles: [expectation; 5], reps: Default::default(), hand_off_days: 30 })
    }

    #[test]
    fn a_rep_is_ramped_in_a_straight_line() {
        for (held, days, expected) in [(0, 90, 0.0), (45, 90, 0.5), (90, 90, 1.0), (900, 90, 1.0), (0, 0, 1.0), (-5, 90, 0.0)] {
            assert_eq!(ramp(held * DAY_MS, days), expected, "{held} of {days} days");
        }
    }

    #[test]
    fn capacity_follows_the_length_of_the_period() {
        let calendar =
            Calendar { first_month: 2, pattern: YearPattern::Calendar, time_zone: chrono_tz::UTC, holidays: Default::default() };
        for (name, expected) in [
            ("FY2027", 4.0),
            ("FY2027-Q4", 1.0),
            ("FY2027-M01", 1.0 / 3.0),
            ("2026-01-01/2027-01-01", 4.0),
            ("2026-01-01/2026-03-15", 0.8),
        ] {
            assert_eq!(quarters(calendar.period(name.parse().unwrap())), expected, "{name}");
        }
    }

    #[test]
    fn every_ratio_of_a_role_is_its_quotient_or_says_why_there_is_none() {
        let empty = figures();
        assert_eq!(utilisation(3, None), Err(NoRatio::NoCapacity));
        assert_eq!(utilisation(3, Some(0.0)), Err(NoRatio::NoCapacity));
        assert_eq!(utilisation(30, Some(40.0)), Ok(0.75));
        assert_eq!((generation_share(&empty), expected_gap(&empty)), (Err(NoRatio::NoGeneration), Err(NoRatio::NoGeneration)));
        assert_eq!((conversion(&empty), median(&empty)), (Err(NoRatio::NoHandOff), Err(NoRatio::NoHandOff)));
        assert_eq!((win_rate(&empty), average_acv(&empty)), (Err(NoRatio::NothingClosed), None));
        let busy = RoleFigures {
            generation_minor: 60,
            total_generation_minor: 80,
            given: 8,
            converted: 2,
            won_minor: 100,
            lost_minor: 300,
            won: 3,
            ..empty
        };
        assert_eq!((generation_share(&busy), expected_gap(&busy)), (Ok(0.75), Ok(0.25)));
        assert_eq!((conversion(&busy), win_rate(&busy), average_acv(&busy)), (Ok(0.25), Ok(0.25), Some(33)));
    }

    #[test]
    fn the_median_wait_is_the_middle_or_the_mean_of_two() {
        for (days, expected) in [(vec![3], 3.0), (vec![9, 1, 2], 2.0), (vec![4, 1, 2, 9], 3.0)] {
            let waits_ms = days.iter().map(|day| day * DAY_MS).collect();
            assert_eq!(median(&RoleFigures { waits_ms, ..figures() }), Ok(expected), "{days:?}");
        }
    }
}
