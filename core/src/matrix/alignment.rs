//! The same point of another period.

use super::question::Alignment;
use crate::calendar::{Calendar, Period};
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};

/// Share of a period's days that has elapsed, up to and including the day of `at`: 0 before it, 1 after it.
pub fn elapsed(calendar: &Calendar, period: &Period, at: DateTime<Utc>) -> f64 {
    let days = (calendar.day_of(at) - period.start).num_days() + 1;
    days.clamp(0, period.days()) as f64 / period.days() as f64
}

/// The point of `to` that corresponds to `at` in `from`: the same local time on the corresponding day. Before `from`, days
/// count down from the start; after it, the end.
pub fn same_point(calendar: &Calendar, from: &Period, at: DateTime<Utc>, to: &Period, alignment: Alignment) -> DateTime<Utc> {
    let day = calendar.day_of(at);
    if day >= from.end {
        return calendar.end_of(to);
    }
    let index = (day - from.start).num_days();
    let time = calendar.time_of(at);
    if index < 0 {
        return calendar.instant(to.start + TimeDelta::days(index), time);
    }
    let by_index = to.start + TimeDelta::days(index.min(to.days() - 1));
    let there = match alignment {
        Alignment::DayIndex => by_index,
        Alignment::BusinessDay => same_business_day(calendar, from, day, to),
        Alignment::Weekday => same_weekday(day, by_index, to),
        Alignment::Fraction => return same_fraction(calendar, from, at, to),
    };
    calendar.instant(there, time)
}

fn is_business_day(calendar: &Calendar, day: NaiveDate) -> bool {
    day.weekday().num_days_from_monday() < 5 && !calendar.holidays.contains(&day)
}

/// The business day with the same number; a day that is none counts as the business day before it.
fn same_business_day(calendar: &Calendar, from: &Period, day: NaiveDate, to: &Period) -> NaiveDate {
    let business_days = |period: &Period| {
        let days = period.start.iter_days().take_while(|day| *day < period.end);
        days.filter(|day| is_business_day(calendar, *day)).collect::<Vec<_>>()
    };
    let number = business_days(from).iter().filter(|business_day| **business_day <= day).count();
    let there = business_days(to);
    match number.checked_sub(1) {
        Some(index) => there.get(index).or(there.last()).copied().unwrap_or(to.start),
        None => there.first().map_or(to.start, |first| *first - TimeDelta::days(1)).max(to.start),
    }
}

/// The same weekday nearest to `near`, the earlier on a tie, within the period.
fn same_weekday(day: NaiveDate, near: NaiveDate, to: &Period) -> NaiveDate {
    let wanted = i64::from(day.weekday().num_days_from_monday());
    let ahead = (wanted - i64::from(near.weekday().num_days_from_monday())).rem_euclid(7);
    let there = near + TimeDelta::days(if ahead <= 3 { ahead } else { ahead - 7 });
    if there < to.start {
        there + TimeDelta::days(7)
    } else if there >= to.end && there - TimeDelta::days(7) >= to.start {
        there - TimeDelta::days(7)
    } else {
        there
    }
}

fn same_fraction(calendar: &Calendar, from: &Period, at: DateTime<Utc>, to: &Period) -> DateTime<Utc> {
    let [from, to] = [from, to].map(|period| calendar.instants_of(period));
    let gone = i128::from(at.timestamp_millis() - from.start) * i128::from(to.end - to.start) / i128::from(from.end - from.start);
    let gone = i64::try_from(gone).expect("a point of a period lies within it");
    DateTime::from_timestamp_millis(to.start + gone).expect("a point of a nameable period is an instant")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::YearPattern;
    use chrono_tz::Tz;

    fn calendar() -> Calendar {
        Calendar {
            first_month: 2,
            pattern: YearPattern::Calendar,
            time_zone: Tz::UTC,
            holidays: ["2026-11-26".parse().unwrap()].into(),
        }
    }

    #[test]
    fn the_same_point_of_the_quarter_a_year_ago() {
        let calendar = calendar();
        let (from, to) = (calendar.period("FY2027-Q4".parse().unwrap()), calendar.period("FY2026-Q4".parse().unwrap()));
        for (alignment, at, expected, reason) in [
            (Alignment::DayIndex, "2026-11-24T12:30:00Z", "2025-11-24T12:30:00+00:00", "day 24 of the quarter at the same time"),
            (Alignment::DayIndex, "2026-10-02T12:30:00Z", "2025-10-02T12:30:00+00:00", "30 days before the start"),
            (Alignment::DayIndex, "2027-02-01T00:00:00Z", "2026-01-31T23:59:59.999+00:00", "after it: the end"),
            (Alignment::Weekday, "2026-11-24T12:30:00Z", "2025-11-25T12:30:00+00:00", "the Tuesday nearest to the 24th"),
            (Alignment::Weekday, "2026-11-01T00:00:00Z", "2025-11-02T00:00:00+00:00", "the Sunday nearest to the 1st"),
            (Alignment::Fraction, "2026-11-01T00:00:00Z", "2025-11-01T00:00:00+00:00", "nothing elapsed"),
        ] {
            let there = same_point(&calendar, &from, at.parse().unwrap(), &to, alignment);
            assert_eq!(there.to_rfc3339(), expected, "{alignment:?} of {at}: {reason}");
        }
    }

    #[test]
    fn before_a_period_days_count_down_and_after_it_stands_its_end_in_every_alignment() {
        let calendar = calendar();
        let (from, to) = (calendar.period("FY2027-Q4".parse().unwrap()), calendar.period("FY2026-Q4".parse().unwrap()));
        for alignment in [Alignment::DayIndex, Alignment::BusinessDay, Alignment::Weekday, Alignment::Fraction] {
            for (at, expected) in [
                ("2026-10-31T23:59:59Z", "2025-10-31T23:59:59+00:00"),
                ("2026-10-02T07:15:00Z", "2025-10-02T07:15:00+00:00"),
                ("2027-02-01T00:00:00Z", "2026-01-31T23:59:59.999+00:00"),
                ("2027-08-01T00:00:00Z", "2026-01-31T23:59:59.999+00:00"),
            ] {
                let there = same_point(&calendar, &from, at.parse().unwrap(), &to, alignment);
                assert_eq!(there.to_rfc3339(), expected, "{alignment:?} of {at}");
            }
        }
    }

    #[test]
    fn a_weekday_is_the_nearest_and_never_leaves_the_period() {
        let calendar = calendar();
        for (from, to, at, expected, reason) in [
            ("FY2027-Q4", "FY2026-Q4", "2026-11-04", "2025-11-05", "Wednesday: a day later is nearest"),
            ("FY2027-Q4", "FY2026-Q4", "2027-01-31", "2026-01-25", "the next Sunday lies outside"),
            ("FY2027-Q3", "FY2027-Q2", "2026-08-01", "2026-05-02", "Saturday: a day later"),
            ("FY2027-Q4", "FY2027-Q3", "2026-11-03", "2026-08-04", "Tuesday: a day after Monday the 3rd"),
            ("FY2027-Q2", "FY2027-Q1", "2026-05-01", "2026-02-06", "Friday: two days before lies outside"),
            ("FY2027-Q3", "FY2027-Q4", "2026-10-31", "2027-01-30", "Saturday: day 92 of 92 is a Sunday"),
            (
                "2026-03-02/2026-03-09",
                "2026-03-05/2026-03-12",
                "2026-03-02",
                "2026-03-09",
                "Thursday to Monday: four days ahead, for three back lie outside",
            ),
            (
                "2026-03-02/2026-03-30",
                "2026-03-05/2026-04-02",
                "2026-03-10",
                "2026-03-10",
                "of Friday the 13th, Tuesday three days back",
            ),
            (
                "2026-03-02/2026-03-30",
                "2026-03-06/2026-04-03",
                "2026-03-10",
                "2026-03-17",
                "of Saturday the 14th, Tuesday three days ahead",
            ),
        ] {
            let [from, to] = [from, to].map(|name| calendar.period(name.parse().unwrap()));
            let at = format!("{at}T09:00:00Z").parse().unwrap();
            let there = same_point(&calendar, &from, at, &to, Alignment::Weekday);
            assert_eq!(there.to_rfc3339(), format!("{expected}T09:00:00+00:00"), "{reason}");
        }
    }

    #[test]
    fn the_same_point_is_a_local_time_across_a_change_of_clocks() {
        let calendar = Calendar { time_zone: Tz::America__New_York, ..calendar() };
        let (from, to) = (calendar.period("FY2027-Q1".parse().unwrap()), calendar.period("FY2026-Q1".parse().unwrap()));
        for (alignment, at, expected, reason) in [
            (Alignment::DayIndex, "2026-03-08T12:00:00Z", "2025-03-08T13:00:00+00:00", "8 o'clock, in summer and in winter"),
            (Alignment::DayIndex, "2026-02-02T03:00:00Z", "2025-02-02T03:00:00+00:00", "still the evening of the 1st"),
            (Alignment::DayIndex, "2026-03-09T06:30:00Z", "2025-03-09T07:00:00+00:00", "half past two does not exist there"),
            (Alignment::Fraction, "2026-02-01T05:00:00Z", "2025-02-01T05:00:00+00:00", "nothing elapsed"),
            (Alignment::DayIndex, "2026-05-01T04:00:00Z", "2025-05-01T03:59:59.999+00:00", "over"),
        ] {
            let there = same_point(&calendar, &from, at.parse().unwrap(), &to, alignment);
            assert_eq!(there.to_rfc3339(), expected, "{alignment:?} of {at}: {reason}");
        }
    }

    #[test]
    fn a_fraction_is_the_same_share_of_a_longer_or_shorter_period() {
        let calendar = calendar();
        for (from, to, at, expected) in [
            ("2026-03-01/2026-03-11", "2026-04-01/2026-04-21", "2026-03-02T00:00:00Z", "2026-04-03T00:00:00+00:00"),
            ("2026-04-01/2026-04-21", "2026-03-01/2026-03-11", "2026-04-11T12:00:00Z", "2026-03-06T06:00:00+00:00"),
            ("2026-03-01/2026-03-11", "2026-04-01/2026-04-21", "2026-03-10T23:59:59.999Z", "2026-04-20T23:59:59.998+00:00"),
        ] {
            let [from, to] = [from, to].map(|name| calendar.period(name.parse().unwrap()));
            let there = same_point(&calendar, &from, at.parse().unwrap(), &to, Alignment::Fraction);
            assert_eq!(there.to_rfc3339(), expected);
        }
    }

    #[test]
    fn business_days_are_counted_and_a_day_off_takes_the_one_before() {
        let calendar = calendar();
        let (from, to) = (calendar.period("FY2027-Q4".parse().unwrap()), calendar.period("FY2026-Q4".parse().unwrap()));
        for (at, expected, reason) in [
            ("2026-11-02T09:00:00Z", "2025-11-03T09:00:00+00:00", "the first business day of each"),
            ("2026-11-24T09:00:00Z", "2025-11-25T09:00:00+00:00", "the 17th"),
            ("2026-11-26T09:00:00Z", "2025-11-26T09:00:00+00:00", "a holiday counts as the 18th, the day before"),
            ("2026-11-28T09:00:00Z", "2025-11-27T09:00:00+00:00", "a Saturday counts as the 19th, the Friday"),
            ("2026-11-01T09:00:00Z", "2025-11-02T09:00:00+00:00", "before the first business day"),
        ] {
            let there = same_point(&calendar, &from, at.parse().unwrap(), &to, Alignment::BusinessDay);
            assert_eq!(there.to_rfc3339(), expected, "{at}: {reason}");
        }
    }

    #[test]
    fn a_day_beyond_a_shorter_period_is_its_last() {
        let calendar = calendar();
        let (from, to) = (calendar.period("FY2027-M02".parse().unwrap()), calendar.period("FY2027-M01".parse().unwrap()));
        let there = same_point(&calendar, &from, "2026-03-31T08:00:00Z".parse().unwrap(), &to, Alignment::DayIndex);
        assert_eq!(there.to_rfc3339(), "2026-02-28T08:00:00+00:00");
    }

    #[test]
    fn elapsed_counts_the_day_itself() {
        let calendar = calendar();
        let quarter = calendar.period("2026-01-01/2026-04-02".parse().unwrap());
        let at = |day: &str| format!("{day}T10:00:00Z").parse().unwrap();
        assert_eq!(format!("{:.4}", elapsed(&calendar, &quarter, at("2026-02-14"))), "0.4945");
        assert_eq!(elapsed(&calendar, &quarter, at("2025-12-31")), 0.0);
        assert_eq!(elapsed(&calendar, &quarter, at("2026-04-02")), 1.0);
    }
}
