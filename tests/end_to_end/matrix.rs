//! Every number of the matrix, on both databases, against the naive replay of [`crate::replay`].

use crate::replay::{Found, Key, Lets, Rate, Replay, Span, When, coloured, expected, generated, key, last_instant, rolled_up};
use crate::support::{ENGINES, Home};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use pipewright::config::DatabaseConfig;
use pipewright::plugins::Registry;
use pipewright::storage::{Batch, Storage};
use pipewright_core::calendar::{Calendar, Period, YearPattern};
use pipewright_core::catalog::{ForecastCategory, StageKind};
use pipewright_core::currency::CurrencyCode;
use pipewright_core::dimension::{CellKey, Dimension, DimensionValue, Filter};
use pipewright_core::facts::{Settings, Snapshot};
use pipewright_core::forecast::{AdjustedBy, Adjustment, Judgement};
use pipewright_core::ids::{AdjustmentId, DataVersion, JudgementId, RegionId, TargetId};
use pipewright_core::matrix::{
    Aggregate, AggregateMeasure, AggregateQuery, Alignment, Baseline, Cell, Comparison, GenerationBasis, Lens, Matrix,
    MatrixQuery, ModelChoice, MoneyColumn, RollUp, Status, StatusReason, Trend, TrendQuery, aggregate, matrix, trend,
};
use pipewright_core::opportunity::Version;
use pipewright_core::target::{Measure, Target};
use pipewright_core::viewer::Scope;
use std::collections::BTreeSet;
use std::sync::Arc;
use uuid::Uuid;

const COMPANY: [&str; 7] = ["generate", "--opportunities", "600", "--seed", "5", "--until", "2026-11-24"];
const QUARTER: &str = "FY2027-Q4";

fn settings() -> Settings {
    Settings {
        calendar: Calendar { first_month: 2, pattern: YearPattern::Calendar, time_zone: chrono_tz::UTC, holidays: holidays() },
        reporting_currency: CurrencyCode::USD,
        entry_stage: None,
        green_from: 1.0,
        yellow_from: 0.85,
        column_thresholds: std::collections::BTreeMap::new(),
        journeys: pipewright_core::attribution::JourneyRules::default(),
        hygiene: Default::default(),
    }
}

fn holidays() -> BTreeSet<NaiveDate> {
    ["2026-11-11", "2025-11-11", "2025-11-27", "2026-09-07"].into_iter().map(|day| day.parse().unwrap()).collect()
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn entity(dimension: Dimension, id: Uuid) -> CellKey {
    CellKey::new(vec![(dimension, DimensionValue::Entity(id))]).unwrap()
}

/// A filter, and the same for the replay.
struct Narrowed {
    filter: fn(&Replay) -> Filter,
    lets: Lets,
}

const EVERYTHING: Narrowed = Narrowed { filter: |_| Filter::Everything, lets: |_, _| true };

fn first_region(replay: &Replay) -> Filter {
    Filter::In(Dimension::Region, vec![DimensionValue::Entity(replay.region(0))])
}

const NOT_THE_FIRST_REGION: Narrowed = Narrowed {
    filter: |replay| Filter::Not(Box::new(first_region(replay))),
    lets: |replay, place| place[0] != Some(replay.region(0)),
};

const ONE_REGION_OR_ANOTHER: Narrowed = Narrowed {
    filter: |replay| {
        let second = Filter::In(Dimension::Region, vec![DimensionValue::Entity(replay.region(1)), DimensionValue::None]);
        Filter::Or(vec![first_region(replay), second])
    },
    lets: |replay, place| [Some(replay.region(0)), Some(replay.region(1)), None].contains(&place[0]),
};

/// A question by its parts; what is left out is as usual.
struct Asked {
    period: &'static str,
    as_of: &'static str,
    by: &'static [Dimension],
    comparison: Comparison,
    alignment: Alignment,
    baseline: Option<Baseline>,
    roll_up: RollUp,
    generation: GenerationBasis,
    narrowed: Narrowed,
}

impl Default for Asked {
    fn default() -> Self {
        Self {
            period: QUARTER,
            as_of: "2026-11-24T12:00:00Z",
            by: &[Dimension::Region, Dimension::Segment],
            comparison: Comparison::PriorYear,
            alignment: Alignment::DayIndex,
            baseline: None,
            roll_up: RollUp::Commit,
            generation: GenerationBasis::AsGenerated,
            narrowed: EVERYTHING,
        }
    }
}

fn questions() -> Vec<Asked> {
    let usual = Asked::default;
    vec![
        usual(),
        Asked { by: &[Dimension::Region], roll_up: RollUp::Closed, ..usual() },
        Asked { by: &[Dimension::Segment], roll_up: RollUp::MostLikely, baseline: Some(Baseline::Linear), ..usual() },
        Asked {
            by: &[Dimension::Segment, Dimension::Region],
            roll_up: RollUp::BestCase,
            baseline: Some(Baseline::PriorYear),
            ..usual()
        },
        Asked { alignment: Alignment::Weekday, comparison: Comparison::PriorPeriod, ..usual() },
        Asked { alignment: Alignment::BusinessDay, generation: GenerationBasis::AsNow, ..usual() },
        Asked { alignment: Alignment::Fraction, baseline: Some(Baseline::Historical), ..usual() },
        Asked { alignment: Alignment::BusinessDay, as_of: "2026-11-22T03:04:05.678Z", ..usual() },
        Asked { as_of: "2026-11-05T18:00:00Z", ..usual() },
        Asked { as_of: "2026-10-20T06:00:00Z", ..usual() },
        Asked { period: "FY2027-Q3", as_of: "2026-09-30T23:59:59.999Z", alignment: Alignment::Weekday, ..usual() },
        Asked { period: "FY2027-Q3", by: &[Dimension::Region], ..usual() },
        Asked { period: "FY2027-M10", as_of: "2026-11-15T09:00:00Z", ..usual() },
        Asked { period: "FY2026", as_of: "2025-12-01T00:00:00Z", by: &[Dimension::Region], ..usual() },
        Asked { period: "FY2025-Q1", as_of: "2024-04-01T12:00:00Z", baseline: Some(Baseline::Historical), ..usual() },
        Asked { period: "2026-11-02/2026-12-01", by: &[Dimension::Segment], alignment: Alignment::Fraction, ..usual() },
        Asked { narrowed: NOT_THE_FIRST_REGION, ..usual() },
        Asked { narrowed: NOT_THE_FIRST_REGION, by: &[Dimension::Segment], ..usual() },
        Asked { narrowed: ONE_REGION_OR_ANOTHER, by: &[Dimension::Region], ..usual() },
    ]
}

impl Asked {
    fn query(&self, replay: &Replay, data_version: Option<DataVersion>) -> MatrixQuery {
        MatrixQuery {
            period: settings().calendar.period(self.period.parse().unwrap()),
            as_of: at(self.as_of),
            data_version,
            by: self.by.to_vec(),
            filter: (self.narrowed.filter)(replay),
            comparison: self.comparison.clone(),
            alignment: self.alignment,
            baseline: self.baseline,
            roll_up: self.roll_up,
            generation: self.generation,
            hygiene_adjusted: false,
            model: model(),
        }
    }
}

fn model() -> ModelChoice {
    ModelChoice { model: "linear".into(), parameters: vec![], lens: Lens::All }
}

fn span(period: &Period) -> Span {
    Span { name: period.name.to_string(), start: period.start, end: period.end }
}

/// One database with its company, and what is known of it both ways.
struct Place {
    home: Home,
    storage: Storage,
    snapshot: Arc<Snapshot>,
    models: Registry,
}

impl Place {
    async fn open(home: Home) -> Self {
        home.succeed(&COMPANY);
        let config = DatabaseConfig { url: home.url().to_owned(), ..DatabaseConfig::default() };
        let storage = Storage::open(&config).await.unwrap();
        let snapshot = Arc::new(storage.facts(settings()).await.unwrap());
        Self { home, storage, snapshot, models: Registry::built_in() }
    }

    async fn write(&mut self, batch: Batch) -> DataVersion {
        let written = self.storage.write(batch, None).await.unwrap();
        self.snapshot = self.storage.facts_onto(self.snapshot.clone()).await.unwrap();
        assert_eq!(self.snapshot.data_version(), written.data_version);
        written.data_version
    }

    fn matrix(&self, query: &MatrixQuery) -> Matrix {
        let credit = self.models.choose(model()).unwrap().ready(&self.snapshot, None).unwrap();
        matrix(&self.snapshot, query, &Scope::everything(), &credit).unwrap()
    }

    fn trend(&self, query: &TrendQuery) -> Trend {
        let credit = self.models.choose(query.matrix.model.clone()).unwrap().ready(&self.snapshot, None).unwrap();
        trend(&self.snapshot, query, &Scope::everything(), &credit).unwrap()
    }

    fn aggregate(&self, query: &AggregateQuery) -> Aggregate {
        let credit = self.models.choose(query.model.clone()).unwrap().ready(&self.snapshot, None).unwrap();
        aggregate(&self.snapshot, query, &Scope::everything(), &credit).unwrap()
    }

    async fn replay(&self) -> Replay {
        Replay::read(&self.home, holidays()).await
    }
}

fn a_target(number: u128, measure: Measure, period: &str, key: CellKey, amount_minor: i64) -> Target {
    Target {
        id: TargetId(Uuid::from_u128(number)),
        measure,
        period: period.parse().unwrap(),
        key,
        amount_minor,
        valid_from: at("2026-10-15T00:00:00Z"),
        sequence: i32::try_from(number).unwrap(),
        recorded: DataVersion(0),
    }
}

/// What people add to a company that has targets and judgements by region and segment: levels, months, totals, adjustments.
fn plans(replay: &Replay) -> Batch {
    let region = |at| entity(Dimension::Region, replay.region(at));
    let mut targets = vec![
        a_target(1, Measure::OpenPipeline, QUARTER, CellKey::total(), 900_000_000),
        a_target(2, Measure::OpenPipeline, QUARTER, region(0), 250_000_000),
        a_target(3, Measure::Forecast, QUARTER, CellKey::total(), 700_000_000),
        // One region alone is no complete set.
        a_target(4, Measure::Forecast, QUARTER, region(1), 150_000_000),
        // A row of its own is preferred to the cells', and the quarter's months stand for it.
        a_target(5, Measure::Generation, "FY2027-M10", region(0), 50_000_000),
        a_target(6, Measure::Generation, "FY2027-M11", region(0), 60_000_000),
        a_target(7, Measure::Generation, "FY2027-M12", region(0), 70_000_000),
        // Two of three months are no quarter.
        a_target(8, Measure::Generation, "FY2027-M10", region(1), 50_000_000),
        a_target(9, Measure::Generation, "FY2027-M11", region(1), 60_000_000),
        a_target(10, Measure::OpenPipeline, QUARTER, region(2), 0),
    ];
    targets[1].valid_from = at("2026-11-10T00:00:00Z");
    let judgement = |number, key, amount_minor, when: &str| Judgement {
        id: JudgementId(Uuid::from_u128(number)),
        period: QUARTER.parse().unwrap(),
        key,
        amount_minor,
        submitted_by: None,
        valid_from: at(when),
        sequence: 0,
        recorded: DataVersion(0),
    };
    let adjustment = |number, key, by, amount_minor, when: &str| Adjustment {
        id: AdjustmentId(Uuid::from_u128(number)),
        period: QUARTER.parse().unwrap(),
        key,
        by,
        amount_minor,
        note: None,
        author: None,
        valid_from: at(when),
        sequence: 0,
        recorded: DataVersion(0),
    };
    Batch {
        targets,
        judgements: vec![
            judgement(1, CellKey::total(), 555_000_000, "2026-11-09T08:00:00Z"),
            judgement(2, CellKey::total(), 566_000_000, "2026-11-20T08:00:00Z"),
            judgement(3, region(0), 111_000_000, "2026-11-09T08:00:00Z"),
        ],
        adjustments: vec![
            adjustment(1, region(0), AdjustedBy::Owner, -2_500_000, "2026-11-10T00:00:00Z"),
            adjustment(2, region(0), AdjustedBy::Manager, 1_000_000, "2026-11-12T00:00:00Z"),
            adjustment(3, region(0), AdjustedBy::Manager, 1_250_001, "2026-11-19T00:00:00Z"),
            adjustment(4, CellKey::total(), AdjustedBy::Manager, -777, "2026-11-13T00:00:00Z"),
        ],
        ..Batch::default()
    }
}

/// What comes later and is dated earlier: other ACVs of opportunities, in another region, and another target.
fn restated(place: &Place, replay: &Replay) -> Batch {
    let when = at("2026-11-03T10:00:00Z");
    let deals = (0..u32::try_from(place.snapshot.opportunity_count()).unwrap()).step_by(9);
    let version = |index: u32| {
        let state = place.snapshot.state_at(index, when.timestamp_millis())?;
        Some(Version {
            opportunity: place.snapshot.opportunity_id(index),
            valid_from: when,
            sequence: 0,
            name: "Restated".into(),
            stage: state.stage,
            forecast_category: if state.stage_kind == StageKind::Open {
                ForecastCategory::Commit
            } else {
                state.forecast_category
            },
            close_date: state.close_date,
            currency: state.currency,
            amount_minor: None,
            acv_minor: Some(state.acv_minor / 2 + 12_345),
            probability: None,
            owner: state.owner,
            region: Some(RegionId(replay.region(1))),
            segment: None,
            opportunity_type: None,
            campaign: state.campaign,
            next_step: None,
            close_reason: None,
            line_set: None,
            lines_known: true,
            is_deleted: index.is_multiple_of(27),
            recorded: DataVersion(0),
        })
    };
    let again = a_target(100, Measure::OpenPipeline, QUARTER, CellKey::total(), 800_000_000);
    Batch { versions: deals.filter_map(version).collect(), targets: vec![again], ..Batch::default() }
}

/// The number of one column, and what it was then, worked out by hand.
struct Column {
    value: i64,
    prior: i64,
    target: Option<i64>,
    expected: Option<f64>,
    baseline: Option<Baseline>,
}

fn same(found: Option<f64>, wanted: Option<f64>) -> bool {
    match (found, wanted) {
        (Some(found), Some(wanted)) => (found - wanted).abs() <= 1e-9 * wanted.abs().max(1.0),
        (found, wanted) => found == wanted,
    }
}

fn check_column(
    column: &MoneyColumn,
    by_hand: &Column,
    elapsed: f64,
    coloured_otherwise: Option<(Status, StatusReason)>,
    what: &str,
) {
    let change = by_hand.value - by_hand.prior;
    let target = by_hand.target.filter(|target| *target > 0);
    let attainment = target.map(|target| by_hand.value as f64 / target as f64);
    let pace = attainment.zip(by_hand.expected.filter(|expected| *expected > 0.0)).map(|(reached, expected)| reached / expected);
    assert_eq!((column.value, column.prior, column.change), (by_hand.value, by_hand.prior, change), "{what}");
    assert_eq!((column.target, column.baseline), (by_hand.target, by_hand.baseline), "{what}");
    assert!(same(column.attainment, attainment), "{what}: attainment {:?} {attainment:?}", column.attainment);
    let yoy = (by_hand.prior != 0).then(|| change as f64 / by_hand.prior.abs() as f64);
    assert!(same(column.yoy, yoy), "{what}: yoy {:?} {yoy:?}", column.yoy);
    assert!(same(column.expected, by_hand.expected), "{what}: expected {:?} {:?}", column.expected, by_hand.expected);
    let colour = match coloured_otherwise {
        Some(colour) => colour,
        None => {
            assert!(same(column.pace, pace), "{what}: pace {:?} {pace:?}", column.pace);
            if target.is_some() { coloured(elapsed, pace) } else { (Status::Grey, StatusReason::NoTarget) }
        }
    };
    assert_eq!((column.status, column.status_reason), colour, "{what}");
}

/// One answer beside its replay.
struct Check<'a> {
    replay: &'a Replay,
    asked: &'a Asked,
    answer: &'a Matrix,
    now: When,
    then: When,
    elapsed: f64,
    what: String,
}

impl Check<'_> {
    fn span(&self) -> Span {
        span(&self.answer.period)
    }

    fn sums(&self, span: &Span, when: When, key: &Key) -> Found {
        self.replay.sums(span, when, key, self.asked.narrowed.lets)
    }

    /// (reached at the same point, final) of a period.
    fn reached(&self, period: &Period, key: &Key, of: &dyn Fn(&Found) -> i64) -> (i64, i64) {
        let (same, last) = self.points(period);
        (of(&self.sums(&span(period), same, key)), of(&self.sums(&span(period), last, key)))
    }

    fn points(&self, period: &Period) -> (When, When) {
        let there = self.replay.same_point(&self.span(), self.now.at, &span(period), self.asked.alignment);
        (When { at: there.min(self.now.at), ..self.now }, When { at: last_instant(&span(period)), ..self.now })
    }

    /// The last four periods that are over.
    fn past(&self) -> Vec<Period> {
        let calendar = settings().calendar;
        let earlier = (1..40).map(|count| calendar.earlier(self.answer.period, count));
        earlier.filter(|period| period.end <= self.now.at.date_naive()).take(4).collect()
    }

    fn build_up(&self, measure: Measure, key: &Key, of: &dyn Fn(&Found) -> i64) -> Column {
        let past: Vec<(i64, i64)> = self.past().iter().map(|period| self.reached(period, key, of)).collect();
        let last_year = self.reached(&settings().calendar.year_before(self.answer.period), key, of);
        let (expected, baseline) = expected(self.asked.baseline, self.elapsed, &past, last_year);
        Column { expected, baseline, ..self.level(measure, key, of) }
    }

    fn level(&self, measure: Measure, key: &Key, of: &dyn Fn(&Found) -> i64) -> Column {
        let comparison = span(&self.answer.comparison);
        Column {
            value: of(&self.sums(&self.span(), self.now, key)),
            prior: of(&self.sums(&comparison, self.then, key)),
            target: self.replay.target(measure, &self.span(), self.now, key, self.asked.narrowed.lets),
            expected: Some(1.0),
            baseline: None,
        }
    }

    fn win_rate(&self, key: &Key) -> (Option<f64>, bool) {
        let add = |key: &Key| {
            let mut sum = Rate::default();
            for period in self.past() {
                let rate = self.replay.rate(&span(&period), self.points(&period).0, key, self.asked.narrowed.lets);
                (sum.open, sum.won, sum.count) = (sum.open + rate.open, sum.won + rate.won, sum.count + rate.count);
            }
            sum
        };
        let (own, total) = (add(key), add(&Key::default()));
        let (rate, is_totals) = if own.count < 20 { (total, true) } else { (own, false) };
        ((rate.won > 0 && rate.open > 0).then(|| rate.won as f64 / rate.open as f64), is_totals)
    }

    fn cell(&self, cell: &Cell) {
        let key = &key(&cell.key).unwrap();
        let what = |column: &str| format!("{column} of {:?}: {}", cell.key, self.what);
        let now = self.sums(&self.span(), self.now, key);
        let closed = self.build_up(Measure::ClosedAcv, key, &|found| found.closed);
        check_column(&cell.closed_acv, &closed, self.elapsed, None, &what("closedAcv"));
        let basis = self.asked.generation;
        let generation = self.build_up(Measure::Generation, key, &|found| generated(found, basis));
        check_column(&cell.generation, &generation, self.elapsed, None, &what("generation"));
        let colour = self.coverage(cell, key, &now, &what("coverage"));
        let open = self.level(Measure::OpenPipeline, key, &|found| found.open);
        let borrowed = open.target.filter(|target| *target > 0).is_none().then_some(colour);
        check_column(&cell.open_pipeline, &open, self.elapsed, borrowed, &what("openPipeline"));
        if borrowed.is_some() {
            assert_eq!(cell.open_pipeline.pace, cell.coverage.pace, "{}", what("openPipeline"));
        }
        self.forecast(cell, key, &now, &what("forecast"));
        assert_eq!(
            (cell.generation_as_generated, cell.generation_as_now, cell.overdue, cell.reopened),
            (now.as_generated, now.as_now, now.overdue, now.reopened),
            "{}",
            what("parts")
        );
        assert_eq!([cell.closed_count, cell.open_count, cell.generation_count], now.counts, "{}", what("counts"));
    }

    fn coverage(&self, cell: &Cell, key: &Key, now: &Found, what: &str) -> (Status, StatusReason) {
        let lets = self.asked.narrowed.lets;
        let ratio = |found: &Found, target: Option<i64>| {
            let left = target? - found.closed;
            (left > 0).then(|| found.open as f64 / left as f64)
        };
        let target = self.replay.target(Measure::ClosedAcv, &self.span(), self.now, key, lets);
        let value = ratio(now, target);
        let comparison = span(&self.answer.comparison);
        let target_then = self.replay.target(Measure::ClosedAcv, &comparison, self.then, key, lets);
        let prior = ratio(&self.sums(&comparison, self.then, key), target_then);
        let (rate, is_totals) = self.win_rate(key);
        let required = rate.map(|rate| 1.0 / rate);
        let pace = value.zip(required).map(|(value, required)| value / required);
        let needed = target.zip(rate).map(|(target, rate)| ((target - now.closed) as f64 / rate).round() as i64 - now.open);
        let colour = match (target, value) {
            (None, _) => (Status::Grey, StatusReason::NoTarget),
            (Some(_), None) => (Status::Green, StatusReason::TargetMet),
            (Some(_), Some(_)) => coloured(self.elapsed, pace),
        };
        let found = &cell.coverage;
        let gross = target.filter(|target| *target > 0).map(|target| now.open as f64 / target as f64);
        for (name, found, wanted) in [
            ("value", found.value, value),
            ("required", found.required, required),
            ("gross", found.gross, gross),
            ("win rate", found.win_rate, rate),
            ("prior", found.prior, prior),
            ("pace", found.pace, pace),
            ("change", found.change, value.zip(prior).map(|(value, prior)| value - prior)),
        ] {
            assert!(same(found, wanted), "{name} {found:?} {wanted:?} of {what}");
        }
        assert_eq!((found.pipeline_needed, found.win_rate_is_totals), (needed, is_totals), "{what}");
        assert_eq!((found.status, found.status_reason), colour, "{what}");
        colour
    }

    fn forecast(&self, cell: &Cell, key: &Key, now: &Found, what: &str) {
        let lets = self.asked.narrowed.lets;
        let valued = |span: &Span, when: When, found: &Found| {
            let judgement = self.replay.judgement(span, when, key, lets);
            let [owner, manager] = self.replay.adjusted(span, when, key, lets);
            let roll_up = rolled_up(found, self.asked.roll_up);
            (judgement, roll_up, owner, manager, roll_up + owner + manager)
        };
        let parts = &cell.forecast_parts;
        let found = (parts.judgement, parts.roll_up, parts.owner_adjustment, parts.manager_adjustment, parts.total);
        let wanted = valued(&self.span(), self.now, now);
        assert_eq!(found, wanted, "{what}");
        let comparison = span(&self.answer.comparison);
        let then = valued(&comparison, self.then, &self.sums(&comparison, self.then, key));
        let column = Column {
            value: wanted.0.unwrap_or(wanted.4),
            prior: then.0.unwrap_or(then.4),
            target: self.replay.target(Measure::Forecast, &self.span(), self.now, key, lets),
            expected: Some(1.0),
            baseline: None,
        };
        check_column(&cell.forecast, &column, self.elapsed, None, what);
        let is_full = cell.key.parts().len() == self.asked.by.len();
        let within = self.answer.cells.iter().filter(|finer| finer.key.refines(&cell.key));
        let below: i64 = within.map(|finer| finer.forecast.value).sum();
        assert_eq!(parts.gap, if is_full { None } else { wanted.0.map(|judgement| judgement - below) }, "gap of {what}");
    }

    /// The answer has the cells that it should have: those with an opportunity now or then, or a row of their own.
    fn keys(&self) {
        let found: BTreeSet<Key> = self.answer.cells.iter().map(|cell| key(&cell.key).unwrap()).collect();
        let shape = |at: usize| self.asked.by.contains(&[Dimension::Region, Dimension::Segment][at]);
        let full = self.replay.places().iter().map(|place| -> Key { std::array::from_fn(|at| shape(at).then_some(place[at])) });
        let (now, then) = (self.span(), span(&self.answer.comparison));
        let is_there = |key: &Key| {
            self.sums(&now, self.now, key).is_occupied
                || self.sums(&then, self.then, key).is_occupied
                || self.replay.has_own(&now, self.now, key, self.asked.narrowed.lets)
        };
        assert_eq!(found, full.filter(is_there).collect::<BTreeSet<Key>>(), "{}", self.what);
    }
}

/// Compares every cell of an answer with the replay.
fn check(replay: &Replay, asked: &Asked, answer: &Matrix, recorded: i64, what: String) {
    let now = When { at: answer.as_of, recorded };
    let (from, to) = (span(&answer.period), span(&answer.comparison));
    let there = replay.same_point(&from, now.at, &to, asked.alignment).min(now.at);
    assert_eq!(answer.comparison_as_of, there, "{what}");
    let gone = (now.at.date_naive() - from.start).num_days() + 1;
    let length = (from.end - from.start).num_days();
    let elapsed = gone.clamp(0, length) as f64 / length as f64;
    assert!(same(Some(answer.elapsed), Some(elapsed)), "{what}");
    let check = Check { replay, asked, answer, now, then: When { at: there, recorded }, elapsed, what };
    check.keys();
    answer.cells.iter().chain(&answer.subtotals).chain([&answer.total]).for_each(|cell| check.cell(cell));
}

#[tokio::test]
async fn every_number_of_the_matrix_equals_a_naive_replay_on_both_databases_and_old_answers_come_again() {
    let mut answers = Vec::new();
    for engine in ENGINES {
        let mut place = Place::open(Home::new(engine).await).await;
        let bare = place.replay().await;
        let planned = place.write(plans(&bare)).await;
        let replay = place.replay().await;
        let mut seen = BTreeSet::new();
        let mut texts = Vec::new();
        for (number, asked) in questions().iter().enumerate() {
            let answer = place.matrix(&asked.query(&replay, None));
            check(&replay, asked, &answer, planned.0, format!("question {number} on {engine:?}"));
            for cell in answer.cells.iter().chain(&answer.subtotals).chain([&answer.total]) {
                let colours = [&cell.closed_acv, &cell.open_pipeline, &cell.forecast, &cell.generation];
                seen.extend(colours.map(|column| format!("{:?} {:?}", column.status, column.status_reason)));
                seen.extend(colours.map(|column| format!("{:?}", column.baseline)));
                seen.insert(format!("gap {}", cell.forecast_parts.gap.is_some_and(|gap| gap != 0)));
                seen.insert(format!("{:?} of coverage", cell.coverage.status));
                seen.insert(format!("win rate of the total {}", cell.coverage.win_rate_is_totals));
            }
            texts.push(format!("{answer:?}"));
        }
        for wanted in [
            "Green Pace",
            "Yellow Pace",
            "Red Pace",
            "Grey TooEarly",
            "Grey NoTarget",
            "Some(Linear)",
            "Some(Historical)",
            "Some(PriorYear)",
            "None",
            "gap true",
            "gap false",
            "win rate of the total true",
            "win rate of the total false",
        ] {
            assert!(seen.contains(wanted), "the questions show no {wanted}: {seen:?}");
        }

        let changes = restated(&place, &replay);
        let later = place.write(changes).await;
        assert!(later > planned);
        let restated = place.replay().await;
        for (number, asked) in questions().iter().enumerate() {
            let again = place.matrix(&asked.query(&replay, Some(planned)));
            assert_eq!(format!("{again:?}"), texts[number], "question {number} as recorded before, on {engine:?}");
            let answer = place.matrix(&asked.query(&replay, None));
            check(&restated, asked, &answer, later.0, format!("question {number} restated on {engine:?}"));
        }
        assert_ne!(format!("{:?}", place.matrix(&questions()[0].query(&replay, None))), texts[0]);
        answers.push(texts);
    }
    assert!(answers[0] == answers[1], "both databases give the same answers");
}

#[tokio::test]
async fn a_trend_and_an_aggregate_are_the_matrix_asked_at_each_point_on_both_databases() {
    for engine in ENGINES {
        let mut place = Place::open(Home::new(engine).await).await;
        let replay = place.replay().await;
        place.write(plans(&replay)).await;
        let day = |count: i64| at("2026-11-01T23:59:59.999Z") + TimeDelta::days(count);
        let daily: Vec<DateTime<Utc>> = (0..12).map(|count| day(2 * count)).collect();
        let monthly = vec![at("2026-08-31T23:59:59.999Z"), at("2026-09-30T23:59:59.999Z"), at("2026-11-24T12:00:00Z")];
        for (points, by, model) in [
            (&daily, vec![Dimension::Region], "sourced-by"),
            (&daily, vec![], "sourced-by"),
            (&monthly, vec![Dimension::Source], "linear"),
            (&monthly, vec![Dimension::Product, Dimension::Segment], "sourced-by"),
        ] {
            // The matrix needs a dimension; a trend of none has its total alone.
            let cut = if by.is_empty() { vec![Dimension::Segment] } else { by.clone() };
            let ask = |by: Vec<Dimension>, at: DateTime<Utc>| MatrixQuery {
                as_of: at,
                by,
                model: ModelChoice { model: model.into(), ..self::model() },
                ..Asked::default().query(&replay, None)
            };
            let trend = place.trend(&TrendQuery { matrix: ask(by.clone(), *points.last().unwrap()), points: points.clone() });
            for (number, point) in points.iter().enumerate() {
                let query = ask(cut.clone(), *point);
                let credit = place.models.choose(query.model.clone()).unwrap().ready(&place.snapshot, None).unwrap();
                let then = matrix(&place.snapshot, &query, &Scope::everything(), &credit).unwrap();
                let lines = trend.series.iter().chain([&trend.total]);
                for series in lines {
                    let found = &series.points[number];
                    let cell = then.cells.iter().chain([&then.total]).find(|cell| cell.key == series.key);
                    let what = format!("{:?} at {point} on {engine:?}", series.key);
                    let Some(cell) = cell else {
                        assert_eq!((found.closed_acv, found.open_pipeline, found.generation), (0, 0, 0), "{what}");
                        continue;
                    };
                    assert_eq!(
                        (found.closed_acv, found.open_pipeline, found.forecast, found.generation, found.target, found.coverage),
                        (
                            cell.closed_acv.value,
                            cell.open_pipeline.value,
                            cell.forecast.value,
                            cell.generation.value,
                            cell.closed_acv.target,
                            cell.coverage.value
                        ),
                        "{what}"
                    );
                }
                let query = ask(cut.clone(), *point);
                let summed = place.aggregate(&AggregateQuery {
                    measures: vec![AggregateMeasure::ClosedAcv, AggregateMeasure::OpenPipeline, AggregateMeasure::OpenCount],
                    by: query.by,
                    filter: query.filter,
                    period: query.period,
                    as_of: query.as_of,
                    data_version: query.data_version,
                    model: query.model,
                });
                let values =
                    |cell: &Cell| vec![cell.closed_acv.value, cell.open_pipeline.value, i64::try_from(cell.open_count).unwrap()];
                let cells = then.cells.iter().filter(|cell| values(cell) != [0, 0, 0]);
                let rows: Vec<_> = summed.rows.iter().map(|row| (&row.key, row.values.clone())).collect();
                assert_eq!(rows, cells.map(|cell| (&cell.key, values(cell))).collect::<Vec<_>>(), "{by:?} at {point}");
                assert_eq!(summed.total.values, values(&then.total));
            }
            let alive = trend.total.points.iter().any(|point| point.target.is_some() && point.coverage.is_some());
            assert!(alive, "the trend by {by:?} has a target");
        }
    }
}
