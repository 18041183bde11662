//! How sums, targets and history become a column with its status. Pure arithmetic on one cell.

use super::answer::{CoverageColumn, MoneyColumn, Status, StatusReason};
use super::question::Baseline;
use crate::facts::{Cohort, Thresholds};

/// Less than this share of the period elapsed: too early to colour.
const TOO_EARLY_BELOW: f64 = 0.10;

/// A win rate rests on at least this many opportunities of the cell's own.
const ENOUGH_OPPORTUNITIES: u64 = 20;

/// Past periods that a HISTORICAL baseline rests on.
pub const PAST_PERIODS: i32 = 4;

/// The colour of a pace.
fn colour(pace: f64, thresholds: Thresholds) -> Status {
    if pace >= thresholds.green_from {
        Status::Green
    } else if pace >= thresholds.yellow_from {
        Status::Yellow
    } else {
        Status::Red
    }
}

/// The share of the target that should be reached by T, and the baseline that it rests on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expectation {
    /// `None` where there is no history to say.
    pub share: Option<f64>,
    /// The baseline used; `None` for levels.
    pub baseline: Option<Baseline>,
}

impl Expectation {
    /// A level should stand at its target at every T.
    pub const LEVEL: Self = Self { share: Some(1.0), baseline: None };

    /// For a measure that builds up. `past`: (reached at the same point, final) of the last four periods; `year_before`: the
    /// same of last year's. HISTORICAL with fewer than four finals other than 0 falls back to LINEAR.
    pub fn build_up(baseline: Baseline, elapsed: f64, past: &[(i64, i64)], year_before: Option<(i64, i64)>) -> Self {
        let share = |(reached, last): (i64, i64)| (last != 0).then(|| reached as f64 / last as f64);
        let linear = Self { share: Some(elapsed), baseline: Some(Baseline::Linear) };
        match baseline {
            Baseline::Linear => linear,
            Baseline::PriorYear => Self { share: year_before.and_then(share), baseline: Some(Baseline::PriorYear) },
            Baseline::Historical => {
                let shares: Vec<f64> = past.iter().copied().filter_map(share).collect();
                if shares.len() < PAST_PERIODS as usize {
                    return linear;
                }
                Self { share: Some(shares.iter().sum::<f64>() / shares.len() as f64), baseline: Some(Baseline::Historical) }
            }
        }
    }
}

/// A money column. There is no pace to a target of 0 or less; its status is that of none.
pub fn money_column(
    value: i64,
    prior: i64,
    target: Option<i64>,
    expectation: Expectation,
    elapsed: f64,
    thresholds: Thresholds,
) -> MoneyColumn {
    let change = value - prior;
    let target_to_pace = target.filter(|target| *target > 0);
    let attainment = target_to_pace.map(|target| value as f64 / target as f64);
    let pace = match (attainment, expectation.share) {
        (Some(attainment), Some(expected)) if expected > 0.0 => Some(attainment / expected),
        _ => None,
    };
    let (status, status_reason) = match (target_to_pace, pace) {
        (None, _) => (Status::Grey, StatusReason::NoTarget),
        _ if elapsed < TOO_EARLY_BELOW => (Status::Grey, StatusReason::TooEarly),
        (_, Some(pace)) => (colour(pace, thresholds), StatusReason::Pace),
        (_, None) => (Status::Grey, StatusReason::NoHistory),
    };
    MoneyColumn {
        value,
        target,
        attainment,
        prior,
        change,
        yoy: relative(change as f64, prior as f64),
        expected: expectation.share,
        pace,
        baseline: expectation.baseline,
        status,
        status_reason,
    }
}

/// change / |prior|; `None` where prior is 0.
fn relative(change: f64, prior: f64) -> Option<f64> {
    (prior != 0.0).then(|| change / prior.abs())
}

/// The won share, by ACV, of what was open, and whether the total's stands in for the cell's own.
pub fn win_rate(own: Cohort, total: Cohort) -> (Option<f64>, bool) {
    let rate = |cohort: Cohort| (cohort.open > 0 && cohort.won > 0).then(|| cohort.won as f64 / cohort.open as f64);
    if own.opportunities >= ENOUGH_OPPORTUNITIES { (rate(own), false) } else { (rate(total), true) }
}

/// openPipeline / (target - closedAcv); `None` without a target or with nothing left to close.
pub fn coverage_ratio(closed: i64, open: i64, target: Option<i64>) -> Option<f64> {
    let remaining = target? - closed;
    (remaining > 0).then(|| open as f64 / remaining as f64)
}

/// What the coverage of one cell follows from.
#[derive(Debug, Clone, Copy)]
pub struct CoverageBasis {
    /// Closed ACV.
    pub closed: i64,
    /// Open pipeline.
    pub open: i64,
    /// The target of closed ACV.
    pub target: Option<i64>,
    /// Coverage at the same point of the comparison period.
    pub prior: Option<f64>,
    /// See [`win_rate`].
    pub win_rate: Option<f64>,
    /// Whether that is the total's.
    pub win_rate_is_totals: bool,
}

/// The coverage column. That nothing is left to close is true however little has elapsed.
pub fn coverage_column(basis: CoverageBasis, elapsed: f64, thresholds: Thresholds) -> CoverageColumn {
    let CoverageBasis { closed, open, target, prior, win_rate, win_rate_is_totals } = basis;
    let value = coverage_ratio(closed, open, target);
    let required = win_rate.map(|rate| 1.0 / rate);
    let pace = value.zip(required).map(|(value, required)| value / required);
    let (status, status_reason) = match (target, value, pace) {
        (None, ..) => (Status::Grey, StatusReason::NoTarget),
        (Some(_), None, _) => (Status::Green, StatusReason::TargetMet),
        _ if elapsed < TOO_EARLY_BELOW => (Status::Grey, StatusReason::TooEarly),
        (_, _, Some(pace)) => (colour(pace, thresholds), StatusReason::Pace),
        (_, Some(_), None) => (Status::Grey, StatusReason::NoHistory),
    };
    let change = value.zip(prior).map(|(value, prior)| value - prior);
    CoverageColumn {
        value,
        required,
        gross: target.filter(|target| *target > 0).map(|target| open as f64 / target as f64),
        win_rate,
        win_rate_is_totals,
        pipeline_needed: target.zip(win_rate).map(|(target, rate)| ((target - closed) as f64 / rate).round() as i64 - open),
        prior,
        change,
        yoy: change.zip(prior).and_then(|(change, prior)| relative(change, prior)),
        pace,
        status,
        status_reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: Thresholds = Thresholds { green_from: 1.0, yellow_from: 0.85 };
    const MILLION: i64 = 100_000_000;

    #[test]
    fn the_worked_example_of_coverage() {
        let rate = win_rate(Cohort { open: 400, won: 100, opportunities: 20 }, Cohort::default());
        let basis = CoverageBasis {
            closed: MILLION * 3 / 2,
            open: 6 * MILLION,
            target: Some(4 * MILLION),
            prior: None,
            win_rate: rate.0,
            win_rate_is_totals: rate.1,
        };
        let column = coverage_column(basis, 0.5, USUAL);
        assert_eq!((column.value, column.gross, column.required), (Some(2.4), Some(1.5), Some(4.0)));
        assert_eq!(column.pipeline_needed, Some(4 * MILLION));
        assert_eq!((column.status, column.status_reason), (Status::Red, StatusReason::Pace));
    }

    #[test]
    fn the_worked_example_of_year_over_year() {
        let open = money_column(6 * MILLION, 5 * MILLION, None, Expectation::LEVEL, 0.5, USUAL);
        assert_eq!(open.yoy, Some(0.2));
        let won = money_column(MILLION * 3 / 2, MILLION * 14 / 10, None, Expectation::LEVEL, 0.5, USUAL);
        assert_eq!(format!("{:.3}", won.yoy.unwrap()), "0.071");
        assert_eq!((won.status, won.status_reason), (Status::Grey, StatusReason::NoTarget));
    }

    #[test]
    fn the_worked_example_of_pace() {
        let elapsed = 45.0 / 91.0;
        let linear = Expectation::build_up(Baseline::Linear, elapsed, &[], None);
        let column = money_column(375, 0, Some(1000), linear, elapsed, USUAL);
        assert_eq!((format!("{:.3}", column.pace.unwrap()), column.status), ("0.758".to_owned(), Status::Red));
        let prior_year = Expectation::build_up(Baseline::PriorYear, elapsed, &[], Some((35, 100)));
        let column = money_column(375, 0, Some(1000), prior_year, elapsed, USUAL);
        assert_eq!((format!("{:.3}", column.pace.unwrap()), column.status), ("1.071".to_owned(), Status::Green));
    }

    #[test]
    fn a_baseline_says_what_it_rests_on() {
        let four = [(1, 2), (1, 4), (3, 4), (1, 2)];
        let of = |baseline, past: &[(i64, i64)], year| Expectation::build_up(baseline, 0.4, past, year);
        for (expectation, share, baseline, reason) in [
            (of(Baseline::Historical, &four, None), Some(0.5), Baseline::Historical, "the mean of four shares"),
            (of(Baseline::Historical, &four[..3], None), Some(0.4), Baseline::Linear, "three periods are too few"),
            (
                of(Baseline::Historical, &[(1, 2), (1, 4), (3, 4), (0, 0)], None),
                Some(0.4),
                Baseline::Linear,
                "a final of 0 does not count",
            ),
            (of(Baseline::PriorYear, &four, None), None, Baseline::PriorYear, "no last year"),
            (of(Baseline::PriorYear, &four, Some((5, 0))), None, Baseline::PriorYear, "last year closed nothing"),
        ] {
            assert_eq!((expectation.share, expectation.baseline), (share, Some(baseline)), "{reason}");
        }
    }

    /// Columns that build up over the period, by target, value, elapsed and baseline: the whole table.
    #[test]
    fn every_money_column_has_its_pace_status_and_reason() {
        use Status::{Green, Grey, Red, Yellow};
        use StatusReason::{NoHistory, NoTarget, Pace, TooEarly};
        let share = |share, baseline| Expectation { share, baseline: Some(baseline) };
        let linear = share(Some(0.5), Baseline::Linear);
        let (last_year, nothing_last_year) = (share(Some(0.4), Baseline::PriorYear), share(None, Baseline::PriorYear));
        let (usual, nothing_by_now) = (share(Some(0.25), Baseline::Historical), share(Some(0.0), Baseline::Historical));
        let before = share(Some(0.0), Baseline::Linear);
        let level = Expectation::LEVEL;
        for (expectation, target, elapsed, value, pace, status, reason) in [
            (linear, None, 0.5, 10, None, Grey, NoTarget),
            (linear, None, 0.05, 10, None, Grey, NoTarget),
            (linear, Some(0), 0.5, 10, None, Grey, NoTarget),
            (linear, Some(0), 0.05, 0, None, Grey, NoTarget),
            (linear, Some(-100), 0.5, 10, None, Grey, NoTarget),
            (before, Some(100), 0.0, 0, None, Grey, TooEarly),
            (linear, Some(100), 0.09, 50, Some(1.0), Grey, TooEarly),
            (linear, Some(100), 0.09, 500, Some(10.0), Grey, TooEarly),
            (nothing_last_year, Some(100), 0.09, 50, None, Grey, TooEarly),
            (linear, Some(100), 0.10, 50, Some(1.0), Green, Pace),
            (linear, Some(100), 0.5, 50, Some(1.0), Green, Pace),
            (linear, Some(100), 0.5, 49, Some(0.98), Yellow, Pace),
            (linear, Some(100), 0.5, 43, Some(0.86), Yellow, Pace),
            (linear, Some(100), 0.5, 42, Some(0.84), Red, Pace),
            (linear, Some(100), 0.5, 0, Some(0.0), Red, Pace),
            (linear, Some(100), 0.5, -10, Some(-0.2), Red, Pace),
            (last_year, Some(100), 0.5, 40, Some(1.0), Green, Pace),
            (usual, Some(100), 0.5, 25, Some(1.0), Green, Pace),
            (usual, Some(100), 1.0, 20, Some(0.8), Red, Pace),
            (nothing_by_now, Some(100), 0.5, 10, None, Grey, NoHistory),
            (nothing_last_year, Some(100), 0.5, 10, None, Grey, NoHistory),
            (level, None, 0.5, 100, None, Grey, NoTarget),
            (level, Some(0), 0.5, 100, None, Grey, NoTarget),
            (level, Some(100), 0.05, 100, Some(1.0), Grey, TooEarly),
            (level, Some(100), 0.5, 100, Some(1.0), Green, Pace),
            (level, Some(100), 0.5, 85, Some(0.85), Yellow, Pace),
            (level, Some(100), 0.5, 84, Some(0.84), Red, Pace),
            (level, Some(100), 1.0, 84, Some(0.84), Red, Pace),
        ] {
            let column = money_column(value, 0, target, expectation, elapsed, USUAL);
            let found = (column.pace.map(|pace| (pace * 1000.0).round() / 1000.0), column.status, column.status_reason);
            assert_eq!(found, (pace, status, reason), "{target:?} {expectation:?} {elapsed} {value}");
            let attainment = target.filter(|target| *target > 0).map(|target| value as f64 / target as f64);
            assert_eq!(
                (column.attainment, column.expected, column.baseline),
                (attainment, expectation.share, expectation.baseline)
            );
        }
    }

    #[test]
    fn a_column_is_coloured_by_its_own_thresholds() {
        let half = Expectation { share: Some(0.5), baseline: Some(Baseline::Linear) };
        for (green_from, yellow_from, expected) in
            [(1.0, 0.85, Status::Yellow), (0.9, 0.8, Status::Green), (1.2, 1.0, Status::Red), (0.95, 0.95, Status::Red)]
        {
            let column = money_column(46, 0, Some(100), half, 0.5, Thresholds { green_from, yellow_from });
            assert_eq!(column.status, expected, "{green_from} {yellow_from}");
        }
    }

    #[test]
    fn every_coverage_has_its_pace_status_and_reason() {
        use Status::{Green, Grey, Red, Yellow};
        use StatusReason::{NoHistory, NoTarget, Pace, TargetMet, TooEarly};
        for (closed, open, target, win_rate, elapsed, expected) in [
            (0, 400, None, Some(0.25), 0.5, (None, None, Grey, NoTarget)),
            (0, 400, None, Some(0.25), 0.05, (None, None, Grey, NoTarget)),
            (100, 400, Some(100), Some(0.25), 0.5, (None, None, Green, TargetMet)),
            (120, 400, Some(100), Some(0.25), 0.5, (None, None, Green, TargetMet)),
            (120, 400, Some(100), Some(0.25), 0.05, (None, None, Green, TargetMet)),
            (120, 400, Some(100), None, 0.5, (None, None, Green, TargetMet)),
            (0, 400, Some(0), Some(0.25), 0.5, (None, None, Green, TargetMet)),
            (0, 400, Some(-5), Some(0.25), 0.5, (None, None, Green, TargetMet)),
            (0, 400, Some(100), Some(0.25), 0.09, (Some(4.0), Some(1.0), Grey, TooEarly)),
            (0, 400, Some(100), None, 0.09, (Some(4.0), None, Grey, TooEarly)),
            (0, 400, Some(100), None, 0.5, (Some(4.0), None, Grey, NoHistory)),
            (0, 400, Some(100), Some(0.25), 0.1, (Some(4.0), Some(1.0), Green, Pace)),
            (50, 200, Some(100), Some(0.25), 0.5, (Some(4.0), Some(1.0), Green, Pace)),
            (0, 340, Some(100), Some(0.25), 0.5, (Some(3.4), Some(0.85), Yellow, Pace)),
            (0, 336, Some(100), Some(0.25), 0.5, (Some(3.36), Some(0.84), Red, Pace)),
            (0, 0, Some(100), Some(0.25), 0.5, (Some(0.0), Some(0.0), Red, Pace)),
            (-100, 400, Some(100), Some(0.25), 0.5, (Some(2.0), Some(0.5), Red, Pace)),
        ] {
            let basis = CoverageBasis { closed, open, target, prior: None, win_rate, win_rate_is_totals: false };
            let column = coverage_column(basis, elapsed, USUAL);
            let found = (column.value, column.pace, column.status, column.status_reason);
            assert_eq!(found, expected, "{closed} {open} {target:?} {win_rate:?} {elapsed}");
            assert_eq!(column.required, win_rate.map(|rate| 1.0 / rate));
        }
    }

    #[test]
    fn the_pipeline_needed_is_what_would_win_the_rest_less_what_is_open() {
        for (closed, open, target, win_rate, needed, reason) in [
            (150, 600, Some(400), Some(0.25), Some(400), "the worked example"),
            (150, 1000, Some(400), Some(0.25), Some(0), "just enough"),
            (150, 1200, Some(400), Some(0.25), Some(-200), "more than enough"),
            (400, 100, Some(400), Some(0.25), Some(-100), "nothing left to close"),
            (150, 600, None, Some(0.25), None, "no target"),
            (150, 600, Some(400), None, None, "no win rate"),
            (0, 0, Some(100), Some(0.3), Some(333), "rounded to a whole cent"),
        ] {
            let basis = CoverageBasis { closed, open, target, prior: None, win_rate, win_rate_is_totals: false };
            assert_eq!(coverage_column(basis, 0.5, USUAL).pipeline_needed, needed, "{reason}");
        }
    }

    #[test]
    fn a_cell_with_few_opportunities_takes_the_totals_win_rate() {
        let few = Cohort { open: 100, won: 100, opportunities: 19 };
        let total = Cohort { open: 1000, won: 250, opportunities: 200 };
        assert_eq!(win_rate(few, total), (Some(0.25), true));
        assert_eq!(win_rate(Cohort { opportunities: 20, ..few }, total), (Some(1.0), false));
        assert_eq!(win_rate(few, Cohort { won: 0, ..total }), (None, true));
    }
}
