//! The matrix: one question to the facts for every point it needs, then pure arithmetic cell by cell.

use super::alignment::{elapsed, same_point};
use super::answer::{Cell, CoverageColumn, ForecastParts, Matrix};
use super::columns::{CoverageBasis, Expectation, PAST_PERIODS, coverage_column, coverage_ratio, money_column, win_rate};
use super::forecasts::Forecasts;
use super::question::{Baseline, Comparison, GenerationBasis, MatrixQuery};
use super::targets::{Book, Known, Moment, Occupied};
use crate::attribution::{Credit, CreditError};
use crate::calendar::{Calendar, Period};
use crate::dimension::{CellKey, Dimension};
use crate::facts::{Cohort, Point, Scan, Settings, Snapshot, Sums, SumsByKey, sums};
use crate::target::Measure;
use crate::viewer::Scope;
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// Answers the matrix from one snapshot.
///
/// # Errors
/// The model that credits sources failed.
pub fn matrix(snapshot: &Snapshot, query: &MatrixQuery, scope: &Scope, credit: &dyn Credit) -> Result<Matrix, CreditError> {
    let calendar = &snapshot.settings().calendar;
    let points = Points::of(calendar, query);
    let scan = Scan {
        scope,
        data_version: query.data_version,
        by: &query.by,
        filter: &query.filter,
        hygiene_adjusted: query.hygiene_adjusted,
        credit,
    };
    let reading = Reading::take(snapshot, query, &scan, points)?;
    let keys = reading.keys(query);
    let cells: Vec<Cell> = keys.full.iter().map(|key| reading.cell(query, key)).collect();
    let with_gap = |key: &CellKey| {
        let mut cell = reading.cell(query, key);
        cell.forecast_parts.gap = cell.forecast_parts.judgement.map(|judgement| {
            let below = cells.iter().filter(|finer| finer.key.refines(key)).map(|finer| finer.forecast.value);
            judgement - below.sum::<i64>()
        });
        cell
    };
    Ok(Matrix {
        period: query.period,
        as_of: query.as_of,
        comparison: reading.points.comparison.period,
        comparison_as_of: reading.points.comparison.at,
        elapsed: reading.elapsed,
        data_version: snapshot.version_of(query.data_version),
        subtotals: keys.subtotals.iter().map(with_gap).collect(),
        total: with_gap(&CellKey::total()),
        cells,
    })
}

/// Every point that an answer needs.
struct Points {
    now: Point,
    comparison: Point,
    /// (at the same point, at the end) of the last complete periods, the latest first.
    past: Vec<(Point, Point)>,
    /// The same of the year before, where the baseline needs it.
    year_before: Option<(Point, Point)>,
}

impl Points {
    fn of(calendar: &Calendar, query: &MatrixQuery) -> Self {
        let same = |period: Period| Point {
            period,
            at: same_point(calendar, &query.period, query.as_of, &period, query.alignment).min(query.as_of),
        };
        let pair = |period: Period| (same(period), Point { period, at: calendar.end_of(&period) });
        let comparison = match &query.comparison {
            Comparison::PriorYear => calendar.year_before(query.period),
            Comparison::PriorPeriod => calendar.earlier(query.period, 1),
            Comparison::Named(period) => *period,
        };
        let today = calendar.day_of(query.as_of);
        let complete = (1..).map(|count| calendar.earlier(query.period, count)).skip_while(|period| period.end > today);
        Self {
            now: Point { period: query.period, at: query.as_of },
            comparison: same(comparison),
            past: complete.take(PAST_PERIODS as usize).map(pair).collect(),
            year_before: (query.baseline == Some(Baseline::PriorYear)).then(|| pair(calendar.year_before(query.period))),
        }
    }

    fn all(&self) -> Vec<Point> {
        let pairs = self.past.iter().chain(&self.year_before).flat_map(|(same, last)| [*same, *last]);
        [self.now, self.comparison].into_iter().chain(pairs).collect()
    }
}

/// Everything read from the snapshot for one answer.
struct Reading<'a> {
    points: Points,
    elapsed: f64,
    settings: &'a Settings,
    now: SumsByKey,
    comparison: SumsByKey,
    past: Vec<(SumsByKey, SumsByKey)>,
    year_before: Option<(SumsByKey, SumsByKey)>,
    cohorts: BTreeMap<CellKey, Cohort>,
    targets: BTreeMap<Measure, Book<'a>>,
    targets_then: Book<'a>,
    forecasts: Forecasts<'a>,
    forecasts_then: Forecasts<'a>,
    occupied: Occupied,
    occupied_then: Occupied,
}

struct Keys {
    full: BTreeSet<CellKey>,
    subtotals: BTreeSet<CellKey>,
}

impl<'a> Reading<'a> {
    fn take(snapshot: &'a Snapshot, query: &'a MatrixQuery, scan: &Scan<'_>, points: Points) -> Result<Self, CreditError> {
        let settings = snapshot.settings();
        let mut answers = sums(snapshot, scan, &points.all())?.into_iter();
        let mut next = || answers.next().expect("there is one answer for each point");
        let (now, comparison) = (next(), next());
        let past: Vec<(SumsByKey, SumsByKey)> = points.past.iter().map(|_| (next(), next())).collect();
        let year_before = points.year_before.as_ref().map(|_| (next(), next()));
        let known = |at: DateTime<Utc>| Known { snapshot, at, data_version: query.data_version, filter: &query.filter };
        let (known_now, known_then) = (known(points.now.at), known(points.comparison.at));
        let targets: BTreeMap<Measure, Book<'a>> =
            Measure::ALL.into_iter().map(|measure| (measure, Book::targets(known_now, &query.period, measure))).collect();
        let targets_then = Book::targets(known_then, &points.comparison.period, Measure::ClosedAcv);
        let forecasts = Forecasts::new(known_now, &query.period, query.roll_up);
        let forecasts_then = Forecasts::new(known_then, &points.comparison.period, query.roll_up);
        let books = targets.values().chain([forecasts.judgements()]).collect();
        let books_then = vec![&targets_then, forecasts_then.judgements()];
        let moments = [
            Moment { point: points.now, cells: &now, books },
            Moment { point: points.comparison, cells: &comparison, books: books_then },
        ];
        let occupied = Occupied::at(snapshot, scan, &moments)?;
        let [occupied, occupied_then] = occupied.try_into().map_err(|_| ()).expect("there is one answer for each moment");
        Ok(Self {
            occupied,
            occupied_then,
            elapsed: elapsed(&settings.calendar, &query.period, query.as_of),
            settings,
            now,
            comparison,
            cohorts: add_up(past.iter().map(|(same, _)| same)),
            past,
            year_before,
            targets,
            targets_then,
            forecasts,
            forecasts_then,
            points,
        })
    }

    /// Every key that has an opportunity now or then, or a target or a judgement of its own; and all it adds up to.
    fn keys(&self, query: &MatrixQuery) -> Keys {
        let mut dimensions = query.by.clone();
        dimensions.sort();
        let is_full = |key: &&CellKey| key.parts().len() == dimensions.len();
        let mut full: BTreeSet<CellKey> = self.now.keys().chain(self.comparison.keys()).filter(is_full).cloned().collect();
        for book in self.targets.values().chain([self.forecasts.judgements()]) {
            full.extend(book.keys_by(&dimensions).cloned());
        }
        let subtotals = full.iter().flat_map(|key| proper_parts(key, &dimensions)).collect();
        Keys { full, subtotals }
    }

    fn target(&self, measure: Measure, key: &CellKey) -> Option<i64> {
        self.targets.get(&measure)?.amount(key, &self.occupied)
    }

    fn expectation(&self, query: &MatrixQuery, key: &CellKey, measure: impl Fn(&Sums) -> i64) -> Expectation {
        let of = |sums: &SumsByKey| sums.get(key).map_or(0, &measure);
        let past: Vec<(i64, i64)> = self.past.iter().map(|(same, last)| (of(same), of(last))).collect();
        let year_before = self.year_before.as_ref().map(|(same, last)| (of(same), of(last)));
        Expectation::build_up(query.baseline.unwrap_or(Baseline::Historical), self.elapsed, &past, year_before)
    }

    fn cell(&self, query: &MatrixQuery, key: &CellKey) -> Cell {
        let now = self.now.get(key).copied().unwrap_or_default();
        let then = self.comparison.get(key).copied().unwrap_or_default();
        let generated = |sums: &Sums| match query.generation {
            GenerationBasis::AsGenerated => sums.generation_as_generated,
            GenerationBasis::AsNow => sums.generation_as_now,
        };
        let level = |measure, value, prior| {
            let target = self.target(measure, key);
            money_column(value, prior, target, Expectation::LEVEL, self.elapsed, self.settings.thresholds(measure))
        };
        let built_up = |measure, of: &dyn Fn(&Sums) -> i64| {
            let target = self.target(measure, key);
            let thresholds = self.settings.thresholds(measure);
            money_column(of(&now), of(&then), target, self.expectation(query, key, of), self.elapsed, thresholds)
        };
        let closed_acv = built_up(Measure::ClosedAcv, &|sums| sums.closed);
        let coverage = self.coverage(key, &now, &then, closed_acv.target);
        let mut open_pipeline = level(Measure::OpenPipeline, now.open, then.open);
        // No target to pace against.
        if open_pipeline.attainment.is_none() {
            (open_pipeline.status, open_pipeline.status_reason) = (coverage.status, coverage.status_reason);
            open_pipeline.pace = coverage.pace;
        }
        let forecast_parts: ForecastParts = self.forecasts.parts(key, &now, &self.occupied);
        let forecast_then = self.forecasts_then.value(key, &then, &self.occupied_then);
        Cell {
            key: key.clone(),
            forecast: level(Measure::Forecast, forecast_parts.judgement.unwrap_or(forecast_parts.total), forecast_then),
            forecast_parts,
            generation: built_up(Measure::Generation, &generated),
            generation_as_generated: now.generation_as_generated,
            generation_as_now: now.generation_as_now,
            overdue: now.overdue,
            reopened: now.reopened,
            closed_count: now.closed_count,
            open_count: now.open_count,
            generation_count: now.generation_count,
            closed_acv,
            open_pipeline,
            coverage,
        }
    }

    /// The coverage column; `target` is that of closed ACV.
    fn coverage(&self, key: &CellKey, now: &Sums, then: &Sums, target: Option<i64>) -> CoverageColumn {
        let (win_rate, win_rate_is_totals) = win_rate(self.cohort(key), self.cohort(&CellKey::total()));
        let target_then = self.targets_then.amount(key, &self.occupied_then);
        let basis = CoverageBasis {
            closed: now.closed,
            open: now.open,
            target,
            prior: coverage_ratio(then.closed, then.open, target_then),
            win_rate,
            win_rate_is_totals,
        };
        coverage_column(basis, self.elapsed, self.settings.thresholds(Measure::Coverage))
    }

    fn cohort(&self, key: &CellKey) -> Cohort {
        self.cohorts.get(key).copied().unwrap_or_default()
    }
}

/// The keys over every proper, non-empty subset of a key's dimensions.
fn proper_parts(key: &CellKey, dimensions: &[Dimension]) -> Vec<CellKey> {
    let all = (1_u32 << dimensions.len()) - 1;
    let of = |mask: u32| {
        let parts = key.parts().iter().enumerate().filter(|(index, _)| mask & (1 << index) != 0);
        CellKey::new(parts.map(|(_, part)| part.clone()).collect()).expect("a part of a key repeats no dimension")
    };
    (1..all).map(of).collect()
}

fn add_up<'s>(points: impl Iterator<Item = &'s SumsByKey>) -> BTreeMap<CellKey, Cohort> {
    let mut sum: BTreeMap<CellKey, Cohort> = BTreeMap::new();
    for (key, sums) in points.flatten() {
        let (entry, cohort) = (sum.entry(key.clone()).or_default(), sums.cohort());
        entry.open += cohort.open;
        entry.won += cohort.won;
        entry.opportunities += cohort.opportunities;
    }
    sum
}
