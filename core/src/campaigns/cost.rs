//! What campaigns cost in a period.

use super::tree::Tree;
use crate::calendar::Period;
use crate::facts::reading::Reading;
use chrono::NaiveDate;

/// The part of `total` (minor units) that falls on the days from `from` to before `to`, of a campaign that runs from `first` to
/// `last`, both included. A cost is spread evenly over the campaign's days; each minor unit falls on one day, so that the parts
/// of any periods side by side add up to the cost. A campaign without a last day, or with one before its first, has its whole
/// cost on its first day; one with only a last day, on that.
pub fn in_days(total: i64, (first, last): (NaiveDate, NaiveDate), (from, to): (NaiveDate, NaiveDate)) -> i64 {
    let days = i128::from((last - first).num_days().max(0) + 1);
    let up_to = |day: NaiveDate| {
        let passed = i128::from((day - first).num_days()).clamp(0, days);
        i64::try_from(i128::from(total) * passed / days).expect("a part is no more than the whole")
    };
    if to <= from { 0 } else { up_to(to) - up_to(from) }
}

/// Adds the cost of each campaign that is not deleted. It is converted once, at the rate known at T for the earlier of the
/// campaign's first day and T, and then spread; what is spent counts up to T's day.
pub(super) fn add(reading: &Reading<'_>, period: Period, tree: &mut Tree<'_>) {
    let today = crate::facts::reading::date(reading.day());
    let spent_to = today.succ_opt().map_or(period.end, |tomorrow| tomorrow.min(period.end));
    for (code, row) in reading.snapshot.campaigns().filter(|(_, row)| !row.is_deleted) {
        let Some(first) = row.starts_on.or(row.ends_on) else { continue };
        let days = (first, row.ends_on.unwrap_or(first).max(first));
        let budgeted = reading.converted_on(row.budgeted_cost_minor, row.currency, first);
        let actual = reading.converted_on(row.actual_cost_minor, row.currency, first);
        let budgeted = in_days(budgeted, days, (period.start, period.end));
        let actual = in_days(actual, days, (period.start, spent_to));
        if budgeted != 0 || actual != 0 {
            let figures = tree.own(tree.slot_of_campaign(code));
            figures.budgeted_cost_minor += budgeted;
            figures.actual_cost_minor += actual;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        format!("2026-{text}").parse().unwrap()
    }

    #[test]
    fn a_cost_is_spread_over_its_days() {
        for (reason, total, first, last, from, to, expected) in [
            ("all of it within", 1000, "02-10", "02-19", "02-01", "05-01", 1000),
            ("half of its ten days", 1000, "01-27", "02-05", "02-01", "05-01", 500),
            ("a third of three days, in whole cents", 100, "01-30", "02-01", "02-01", "05-01", 34),
            ("the two thirds before", 100, "01-30", "02-01", "01-01", "02-01", 66),
            ("before it", 1000, "02-10", "02-19", "01-01", "02-10", 0),
            ("after it", 1000, "02-10", "02-19", "02-20", "05-01", 0),
            ("one day", 1000, "02-10", "02-10", "02-01", "05-01", 1000),
            ("a last day before the first", 1000, "02-10", "01-10", "02-01", "05-01", 1000),
            ("no days at all", 1000, "02-10", "02-19", "02-15", "02-12", 0),
            ("a refund", -999, "01-27", "02-05", "02-01", "05-01", -500),
        ] {
            assert_eq!(in_days(total, (day(first), day(last)), (day(from), day(to))), expected, "{reason}");
        }
    }

    proptest! {
        #[test]
        fn periods_side_by_side_hold_the_whole_cost(
            total in any::<i64>(), length in 0..400_i64, cuts in prop::collection::vec(-50..500_i64, 0..6),
        ) {
            let first = day("03-01");
            let last = first + chrono::Duration::days(length);
            let mut edges: Vec<NaiveDate> = cuts.into_iter().map(|cut| first + chrono::Duration::days(cut)).collect();
            edges.extend([first - chrono::Duration::days(60), last + chrono::Duration::days(60)]);
            edges.sort();
            let parts = edges.windows(2).map(|edge| i128::from(in_days(total, (first, last), (edge[0], edge[1]))));
            prop_assert_eq!(parts.sum::<i128>(), i128::from(total));
        }
    }
}
