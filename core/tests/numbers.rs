//! The numbers, against the worked examples of the definitions and against a second, naive computation.
#![allow(clippy::unwrap_used)]

use chrono::{DateTime, Duration, NaiveDate, TimeZone, Utc};
use pipewright_core::attribution::{Credit, CreditError, CreditShares, Known};
use pipewright_core::calendar::{Calendar, Period, PeriodName, YearPattern};
use pipewright_core::campaign::Channel;
use pipewright_core::catalog::{ForecastCategory, Stage, StageKind};
use pipewright_core::currency::{CurrencyCode, ExchangeRate};
use pipewright_core::dimension::{CellKey, Dimension, DimensionValue, Filter};
use pipewright_core::facts::{
    AccountFact, Builder, LineFact, OpportunityFact, Point, Scan, Settings, Snapshot, Sums, SumsByKey, VersionFact, cohorts,
    shares_of, sums, warm,
};
use pipewright_core::ids::{
    AccountId, DataVersion, LineSetId, OpportunityId, ProductId, RegionId, RepId, StageId, TargetId, TenureId, TouchpointId,
};
use pipewright_core::ledger::{Posting, entries};
use pipewright_core::matrix::{
    AggregateMeasure, AggregateQuery, Alignment, Cell, Comparison, Flow, FlowBucket, FlowQuery, FlowRow, GenerationBasis, Lens,
    Matrix, MatrixQuery, ModelChoice, RollUp, TrendQuery, aggregate, flow, matrix, trend,
};
use pipewright_core::rep::{Role, Tenure};
use pipewright_core::target::{Measure, Target};
use pipewright_core::touchpoint::{Source, Touchpoint, TouchpointKind};
use pipewright_core::viewer::Scope;
use proptest::prelude::*;
use uuid::Uuid;

/// Credits by a fixed rule, so that a split can be told beforehand: none for each third opportunity.
struct ByIndex;

impl Credit for ByIndex {
    fn weigh(&self, snapshot: &Snapshot, _: Known, opportunities: &[u32], out: &mut CreditShares) -> Result<(), CreditError> {
        for index in opportunities {
            match snapshot.opportunity_id(*index).0.as_u128() % 3 {
                0 => out.push(&[], &[]),
                1 => out.push(&[0, 6, 0], &[0.5, 0.25, 0.25]),
                _ => out.push(&[9, 2, 3], &[1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0]),
            }
        }
        Ok(())
    }
}

const OPEN: StageId = StageId(Uuid::from_u128(1001));
const WON: StageId = StageId(Uuid::from_u128(1002));
const LOST: StageId = StageId(Uuid::from_u128(1003));

fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
}

fn at(date: NaiveDate) -> DateTime<Utc> {
    Utc.from_utc_datetime(&date.and_hms_opt(12, 0, 0).unwrap())
}

/// FY2027-Q1: February to April 2026.
fn quarter() -> Period {
    Period { name: PeriodName::Quarter(2027, 1), start: day(2026, 2, 1), end: day(2026, 5, 1) }
}

fn settings() -> Settings {
    Settings {
        calendar: Calendar {
            first_month: 2,
            pattern: YearPattern::Calendar,
            time_zone: chrono_tz::UTC,
            holidays: std::collections::BTreeSet::new(),
        },
        reporting_currency: CurrencyCode::USD,
        entry_stage: None,
        green_from: 1.0,
        yellow_from: 0.85,
        column_thresholds: std::collections::BTreeMap::new(),
        look_back_days: 365,
    }
}

/// An opportunity of a test: its creation and versions.
#[derive(Debug, Clone)]
struct Deal {
    id: u128,
    versions: Vec<VersionFact>,
}

fn version(from: NaiveDate, stage: StageId, acv: i64, close: NaiveDate) -> VersionFact {
    VersionFact {
        valid_from_ms: at(from).timestamp_millis(),
        sequence: 0,
        recorded: DataVersion(1),
        stage,
        forecast_category: ForecastCategory::Pipeline,
        close_date: close,
        currency: CurrencyCode::USD,
        acv_minor: Some(acv),
        owner: None,
        region: None,
        segment: None,
        opportunity_type: None,
        campaign: None,
        line_set: None,
        is_deleted: false,
    }
}

fn add(builder: &mut Builder, deal: &Deal) {
    let fact = OpportunityFact {
        id: OpportunityId(Uuid::from_u128(deal.id)),
        account: None,
        created_at_ms: deal.versions[0].valid_from_ms,
        created_by: None,
        lead_source_maps_to: None,
    };
    builder.opportunity(fact, &deal.versions);
}

fn lists(builder: &mut Builder) {
    for (id, kind) in [(OPEN, StageKind::Open), (WON, StageKind::Won), (LOST, StageKind::Lost)] {
        builder.stage(&Stage {
            id,
            name: format!("{kind:?}"),
            position: 1,
            kind,
            forecast_category: ForecastCategory::Pipeline,
            probability: None,
            is_active: true,
            recorded: DataVersion(1),
        });
    }
    for set in (1..=12_u128).flat_map(|deal| (1..=3).map(move |size| 10 * deal + size)) {
        for position in 0..i32::try_from(set % 10).unwrap() {
            builder.line(LineFact {
                line_set: LineSetId(Uuid::from_u128(set)),
                position,
                product: (position < 2).then(|| ProductId(Uuid::from_u128(500 + position as u128))),
                acv_minor: 100 * i64::from(position) + 7,
            });
        }
    }
    builder.exchange_rate(&ExchangeRate {
        currency: "EUR".parse().unwrap(),
        valid_from: day(2020, 1, 1),
        rate: "1.1".parse().unwrap(),
        known_from: at(day(2020, 1, 1)),
        recorded: DataVersion(1),
    });
    builder.exchange_rate(&ExchangeRate {
        currency: "EUR".parse().unwrap(),
        valid_from: day(2026, 3, 1),
        rate: "1.2345".parse().unwrap(),
        known_from: at(day(2026, 3, 1)),
        recorded: DataVersion(1),
    });
}

fn snapshot(deals: &[Deal]) -> Snapshot {
    let mut builder = Builder::new(settings());
    lists(&mut builder);
    for deal in deals {
        add(&mut builder, deal);
    }
    builder.finish(DataVersion(10))
}

fn ask(snapshot: &Snapshot, by: &[Dimension], filter: &Filter, when: DateTime<Utc>, version: Option<i64>) -> SumsByKey {
    let scope = Scope::everything();
    let scan = Scan { scope: &scope, data_version: version.map(DataVersion), by, filter, credit: &ByIndex };
    sums(snapshot, &scan, &[Point { period: quarter(), at: when }]).unwrap().pop().unwrap()
}

fn ask_flow(snapshot: &Snapshot, by: &[Dimension], from: DateTime<Utc>, to: DateTime<Utc>) -> Flow {
    let query = FlowQuery {
        period: quarter(),
        from,
        to,
        data_version: None,
        by: by.to_vec(),
        filter: Filter::Everything,
        model: ModelChoice { model: "by-index".into(), parameters: vec![], lens: Lens::All },
    };
    flow(snapshot, &query, &Scope::everything(), &ByIndex).unwrap()
}

fn matrix_query(by: &[Dimension], period: Period, as_of: DateTime<Utc>) -> MatrixQuery {
    MatrixQuery {
        period,
        as_of,
        data_version: None,
        by: by.to_vec(),
        filter: Filter::Everything,
        comparison: Comparison::PriorPeriod,
        alignment: Alignment::DayIndex,
        baseline: None,
        roll_up: RollUp::Commit,
        generation: GenerationBasis::AsGenerated,
        model: ModelChoice { model: "by-index".into(), parameters: vec![], lens: Lens::All },
    }
}

fn ask_matrix(snapshot: &Snapshot, period: Period, as_of: DateTime<Utc>) -> Matrix {
    let query = matrix_query(&[Dimension::Region, Dimension::Product], period, as_of);
    matrix(snapshot, &query, &Scope::everything(), &ByIndex).unwrap()
}

fn bar(row: &FlowRow, bucket: FlowBucket) -> i64 {
    row.bars.iter().find(|bar| bar.bucket == bucket).unwrap().amount
}

#[test]
fn the_worked_example_of_generation_holds() {
    let (in_quarter, later) = (day(2026, 2, 10), day(2026, 3, 10));
    let deals = [
        Deal { id: 1, versions: vec![version(in_quarter, OPEN, 100, later), version(later, WON, 100, later)] },
        Deal { id: 2, versions: vec![version(in_quarter, OPEN, 200, later), version(later, OPEN, 250, day(2026, 4, 1))] },
        Deal { id: 3, versions: vec![version(in_quarter, OPEN, 50, later), version(later, LOST, 50, later)] },
    ];
    let total = ask(&snapshot(&deals), &[], &Filter::Everything, at(day(2026, 3, 20)), None)[&CellKey::total()];
    assert_eq!((total.generation_as_generated, total.generation_as_now, total.generation_count), (350, 400, 3));
    assert_eq!((total.closed, total.open, total.lost), (100, 250, 50));
}

#[test]
fn the_worked_example_of_the_flow_holds() {
    let (before, start, inside, end) = (day(2026, 1, 10), day(2026, 2, 10), day(2026, 3, 1), day(2026, 3, 20));
    let (close, outside) = (day(2026, 4, 10), day(2026, 6, 10));
    let two = |id, first: VersionFact, second: VersionFact| Deal { id, versions: vec![first, second] };
    let deals = [
        two(1, version(before, OPEN, 1000, close), version(inside, OPEN, 1200, close)),
        two(2, version(before, OPEN, 800, close), version(inside, OPEN, 500, close)),
        two(3, version(before, OPEN, 600, close), version(inside, WON, 600, inside)),
        two(4, version(before, OPEN, 400, close), version(inside, WON, 450, inside)),
        two(5, version(before, OPEN, 900, close), version(inside, OPEN, 900, outside)),
        two(6, version(before, OPEN, 300, close), version(inside, LOST, 300, inside)),
        Deal { id: 7, versions: vec![version(inside, OPEN, 700, close)] },
        two(8, version(before, OPEN, 250, outside), version(inside, OPEN, 250, close)),
        two(9, version(inside, OPEN, 150, close), version(inside + Duration::days(2), WON, 150, inside + Duration::days(2))),
    ];
    let total = ask_flow(&snapshot(&deals), &[], at(start), at(end)).total;
    let expected = [
        (FlowBucket::New, 850),
        (FlowBucket::Reopened, 0),
        (FlowBucket::MovedIn, 250),
        (FlowBucket::Increased, 250),
        (FlowBucket::Decreased, -300),
        (FlowBucket::MovedOut, -900),
        (FlowBucket::ClosedWon, -1200),
        (FlowBucket::ClosedLost, -300),
        (FlowBucket::Removed, 0),
    ];
    assert_eq!((total.start, total.end), (4000, 2650));
    for (bucket, amount) in expected {
        assert_eq!(bar(&total, bucket), amount, "{bucket:?}");
    }
}

/// Closed ACV by key.
fn closed(snapshot: &Snapshot, by: &[Dimension], when: DateTime<Utc>) -> std::collections::BTreeMap<CellKey, i64> {
    let full = |key: &CellKey| key.parts().len() == by.len();
    let sums = ask(snapshot, by, &Filter::Everything, when, None);
    sums.into_iter().filter(|(key, _)| full(key)).map(|(key, sums)| (key, sums.closed)).collect()
}

/// CLOSED_WON, the change of closed ACV, and what the flow says stands between them, of one key.
fn won_and_unwon(snapshot: &Snapshot, by: &[Dimension], from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<(CellKey, [i64; 3])> {
    let (flow, before, after) = (ask_flow(snapshot, by, from, to), closed(snapshot, by, from), closed(snapshot, by, to));
    let rows: Vec<&FlowRow> = if by.is_empty() { vec![&flow.total] } else { flow.rows.iter().collect() };
    let keys: std::collections::BTreeSet<&CellKey> =
        before.keys().chain(after.keys()).chain(rows.iter().map(|row| &row.key)).collect();
    let of = |key: &CellKey| {
        let row = rows.iter().find(|row| row.key == *key);
        let change = after.get(key).unwrap_or(&0) - before.get(key).unwrap_or(&0);
        [row.map_or(0, |row| -bar(row, FlowBucket::ClosedWon)), change, row.map_or(0, |row| row.unwon)]
    };
    keys.into_iter().map(|key| (key.clone(), of(key))).collect()
}

#[test]
fn what_stands_between_closed_won_and_closed_acv_is_told() {
    let (before, start, inside, end) = (day(2026, 1, 10), day(2026, 2, 10), day(2026, 3, 1), day(2026, 3, 20));
    let (past, ahead, outside) = (day(2026, 2, 5), day(2026, 4, 10), day(2026, 6, 10));
    let open = version(before, OPEN, 100, ahead);
    let won_then = version(day(2026, 2, 5), WON, 100, past);
    let in_euro = |version: VersionFact| VersionFact { currency: "EUR".parse().unwrap(), ..version };
    for (reason, versions, expected) in [
        ("won in the window", vec![open.clone(), version(inside, WON, 120, inside)], [120, 120, 0]),
        ("won before it, untouched", vec![won_then.clone()], [0, 0, 0]),
        ("won before and undone", vec![won_then.clone(), version(inside, OPEN, 100, ahead)], [0, -100, 100]),
        ("won before and lost since", vec![won_then.clone(), version(inside, LOST, 100, past)], [0, -100, 100]),
        ("won before, then moved out of the period", vec![won_then.clone(), version(inside, WON, 100, outside)], [0, -100, 100]),
        (
            "won before, reopened and won again",
            vec![won_then.clone(), version(inside, OPEN, 90, ahead), version(day(2026, 3, 5), WON, 130, day(2026, 3, 5))],
            [130, 30, 100],
        ),
        ("won ahead of its close date", vec![open.clone(), version(inside, WON, 100, ahead)], [100, 0, 100]),
        ("won ahead before, and its close date has come", vec![version(before, WON, 100, inside)], [0, 100, -100]),
        ("won before and resized since", vec![won_then.clone(), version(inside, WON, 130, past)], [0, 30, -30]),
        ("won in another currency", vec![in_euro(open.clone()), in_euro(version(inside, WON, 1000, inside))], [1235, 1235, 0]),
        (
            "won ahead in another currency, at the rate of its day",
            vec![in_euro(version(before, WON, 1000, inside))],
            [0, 1235, -1235],
        ),
        ("lost", vec![open, version(inside, LOST, 100, inside)], [0, 0, 0]),
    ] {
        let found = won_and_unwon(&snapshot(&[Deal { id: 1, versions }]), &[], at(start), at(end));
        assert_eq!(found, [(CellKey::total(), expected)], "{reason}");
    }
}

#[test]
fn an_opportunity_enters_once_and_what_comes_back_from_lost_is_reported_apart() {
    let (before, in_quarter, later, close) = (day(2026, 1, 10), day(2026, 2, 10), day(2026, 3, 10), day(2026, 4, 10));
    for (reason, versions, generated, reopened) in [
        (
            "created, lost and back",
            vec![
                version(in_quarter, OPEN, 50, close),
                version(day(2026, 2, 20), LOST, 50, close),
                version(later, OPEN, 60, close),
            ],
            50,
            60,
        ),
        (
            "created before, lost, and back in the quarter",
            vec![version(before, LOST, 50, close), version(later, OPEN, 60, close)],
            0,
            60,
        ),
        ("back before the quarter", vec![version(day(2026, 1, 1), LOST, 50, close), version(before, OPEN, 60, close)], 0, 0),
        ("back after the instant", vec![version(before, LOST, 50, close), version(day(2026, 4, 1), OPEN, 60, close)], 0, 0),
        ("won and undone was never lost", vec![version(before, WON, 50, close), version(later, OPEN, 60, close)], 0, 0),
        ("lost and then won", vec![version(before, LOST, 50, close), version(later, WON, 60, later)], 0, 0),
    ] {
        let total =
            ask(&snapshot(&[Deal { id: 1, versions }]), &[], &Filter::Everything, at(day(2026, 3, 20)), None)[&CellKey::total()];
        assert_eq!((total.generation_as_generated, total.reopened), (generated, reopened), "{reason}");
    }
}

#[test]
fn an_open_opportunity_is_overdue_from_the_day_after_its_close_date() {
    let open = |close| Deal { id: 1, versions: vec![version(day(2026, 1, 10), OPEN, 100, close)] };
    for (close, expected, reason) in [
        (day(2026, 3, 19), (100, 100), "yesterday"),
        (day(2026, 3, 20), (100, 0), "today"),
        (day(2026, 3, 21), (100, 0), "tomorrow"),
        (day(2026, 2, 1), (100, 100), "the first day of the quarter"),
        (day(2026, 1, 31), (0, 0), "before the quarter"),
    ] {
        let total = ask(&snapshot(&[open(close)]), &[], &Filter::Everything, at(day(2026, 3, 20)), None)[&CellKey::total()];
        assert_eq!((total.open, total.overdue), expected, "{reason}");
    }
}

#[test]
fn an_amount_without_a_known_rate_counts_as_nothing_and_is_named() {
    let mut yen = version(day(2026, 2, 10), OPEN, 100, day(2026, 4, 1));
    yen.currency = "JPY".parse().unwrap();
    let snapshot = snapshot(&[Deal { id: 1, versions: vec![yen] }]);
    let total = ask(&snapshot, &[], &Filter::Everything, at(day(2026, 3, 20)), None)[&CellKey::total()];
    assert_eq!((total.open, total.open_count), (0, 1));
    assert_eq!(snapshot.missing_rates(), ["JPY".parse().unwrap()]);
}

#[test]
fn a_cohort_is_what_was_open_and_its_won_part_as_known_at_the_end() {
    let (before, inside, close) = (day(2026, 1, 10), day(2026, 3, 1), day(2026, 4, 10));
    let deals = [
        Deal { id: 1, versions: vec![version(before, OPEN, 100, close), version(inside, WON, 130, inside)] },
        Deal { id: 2, versions: vec![version(before, OPEN, 300, close), version(inside, LOST, 300, inside)] },
        Deal { id: 3, versions: vec![version(before, OPEN, 50, close), version(day(2026, 5, 1), WON, 50, close)] },
    ];
    let scope = Scope::everything();
    let scan = Scan { scope: &scope, data_version: None, by: &[], filter: &Filter::Everything, credit: &ByIndex };
    let point = Point { period: quarter(), at: at(day(2026, 2, 10)) };
    let cohort = cohorts(&snapshot(&deals), &scan, &[point]).unwrap().pop().unwrap()[&CellKey::total()];
    assert_eq!((cohort.open, cohort.won, cohort.opportunities), (450, 100, 3));
}

/// A rep's touchpoint, logged on opportunity 1, which has no account.
fn touch(id: u128, days: i64) -> Touchpoint {
    Touchpoint {
        id: TouchpointId(Uuid::from_u128(id)),
        external_id: None,
        at: instant(days),
        kind: TouchpointKind::Call,
        channel: None,
        rep: Some(RepId(Uuid::from_u128(900))),
        campaign: None,
        contact: None,
        lead: None,
        account: None,
        opportunity: Some(OpportunityId(Uuid::from_u128(1))),
        recorded: DataVersion(1),
    }
}

#[test]
fn touchpoints_that_come_later_stand_in_order_and_take_the_role_of_their_day() {
    let mut builder = Builder::new(settings());
    lists(&mut builder);
    add(&mut builder, &Deal { id: 1, versions: vec![version(day(2026, 2, 10), OPEN, 1, day(2026, 4, 1))] });
    builder.touchpoint(&touch(2, 20));
    let first = builder.finish(DataVersion(1));
    assert_eq!(first.touchpoints_of(0).iter().map(|touch| touch.source).collect::<Vec<_>>(), [None]);

    let mut builder = Builder::onto(&first);
    builder.touchpoint(&touch(1, 10));
    for (number, days, role) in [(1, 0, Role::Sdr), (2, 15, Role::Ae)] {
        builder.tenure(&Tenure {
            id: TenureId(Uuid::from_u128(number)),
            rep: RepId(Uuid::from_u128(900)),
            role: Some(role),
            manager: None,
            valid_from: instant(days),
            recorded: DataVersion(2),
        });
    }
    let second = builder.finish(DataVersion(2));
    let sources: Vec<_> = second.touchpoints_of(0).iter().map(|touch| touch.source).collect();
    assert_eq!(sources, [Some(Source::Role(Role::Sdr)), Some(Source::Role(Role::Ae))]);

    let mut builder = Builder::onto(&second);
    builder.touchpoint(&touch(2, 5));
    let third = builder.finish(DataVersion(3));
    let order: Vec<_> = third.touchpoints_of(0).iter().map(|touch| touch.id.0.as_u128()).collect();
    assert_eq!(order, [2, 1], "the one that came again replaces its earlier self");
    assert_eq!(second.touchpoints_of(0).len(), 2, "a snapshot never changes");
}

fn a_version() -> impl Strategy<Value = VersionFact> {
    let times = (0..120_i64, 0..4_i64, 0..150_i64, 0..10_000_i64);
    (times, 0..6_u8, 0..6_u8, 0..3_u128, 0..4_u128, any::<bool>(), 1..10_i64).prop_map(
        |((from, hours, close, acv), stage, category, region, set, euro, recorded)| {
            let mut fact = version(day(2026, 1, 10), OPEN, acv, day(2026, 1, 1) + Duration::days(close));
            fact.valid_from_ms += from * 86_400_000 + hours * 3_600_000;
            fact.stage = [OPEN, OPEN, OPEN, OPEN, WON, LOST][usize::from(stage)];
            fact.forecast_category = [
                ForecastCategory::Omitted,
                ForecastCategory::Pipeline,
                ForecastCategory::BestCase,
                ForecastCategory::MostLikely,
                ForecastCategory::Commit,
                ForecastCategory::Closed,
            ][usize::from(category)];
            fact.region = (region > 0).then(|| RegionId(Uuid::from_u128(700 + region)));
            fact.line_set = (set > 0).then(|| LineSetId(Uuid::from_u128(set)));
            fact.currency = if euro { "EUR".parse().unwrap() } else { CurrencyCode::USD };
            fact.recorded = DataVersion(recorded);
            fact.is_deleted = recorded == 7 && hours == 0;
            fact
        },
    )
}

/// Companies of up to a dozen deals. Ids differ between deals.
fn a_company() -> impl Strategy<Value = Vec<Deal>> {
    prop::collection::vec(prop::collection::vec(a_version(), 1..6), 1..12).prop_map(|deals| {
        let deals = deals.into_iter().enumerate().map(|(number, mut versions)| {
            versions.sort_by_key(|version| version.valid_from_ms);
            for (sequence, version) in versions.iter_mut().enumerate() {
                version.sequence = i32::try_from(sequence).unwrap();
                // A set of lines belongs to one opportunity.
                version.line_set =
                    version.line_set.map(|set| LineSetId(Uuid::from_u128(10 * (number as u128 + 1) + set.0.as_u128())));
            }
            Deal { id: number as u128 + 1, versions }
        });
        deals.collect()
    })
}

fn instant(days: i64) -> DateTime<Utc> {
    at(day(2026, 1, 8)) + Duration::days(days)
}

/// The last version at or before an instant, found by looking at each.
fn replayed(deal: &Deal, when: DateTime<Utc>, recorded: i64) -> Option<&VersionFact> {
    let mut known = deal.versions.iter().filter(|version| version.recorded.0 <= recorded);
    known.rfind(|version| version.valid_from_ms <= when.timestamp_millis())
}

fn dollars(version: &VersionFact, when: DateTime<Utc>) -> i64 {
    let acv = version.acv_minor.unwrap();
    if version.currency == CurrencyCode::USD {
        return acv;
    }
    // The later rate is known, and in force, from noon of 1 March on.
    let later = version.close_date.min(when.date_naive()) >= day(2026, 3, 1) && when >= at(day(2026, 3, 1));
    let ten_thousandths = acv * if later { 12_345 } else { 11_000 };
    (ten_thousandths + 5_000) / 10_000
}

/// Closed, open and generation, by a replay of each deal's versions.
fn replay(deals: &[Deal], when: DateTime<Utc>, recorded: i64) -> Sums {
    let mut sums = Sums::default();
    for deal in deals {
        let Some(now) = replayed(deal, when, recorded) else { continue };
        let omitted = now.stage == OPEN && now.forecast_category == ForecastCategory::Omitted;
        if now.is_deleted || omitted {
            continue;
        }
        let acv = dollars(now, when);
        let in_quarter = quarter().start <= now.close_date && now.close_date < quarter().end;
        let past = now.close_date <= when.date_naive();
        if in_quarter && now.stage == OPEN {
            sums.open += acv;
            sums.open_count += 1;
        }
        if in_quarter && past && now.stage == WON {
            sums.closed += acv;
            sums.closed_count += 1;
        }
        let created = DateTime::from_timestamp_millis(deal.versions[0].valid_from_ms).unwrap();
        let entered = quarter().start <= created.date_naive() && created.date_naive() < quarter().end;
        if entered && created <= when {
            sums.generation_as_now += acv;
            sums.generation_count += 1;
        }
    }
    sums
}

fn region(number: u128) -> DimensionValue {
    DimensionValue::Entity(Uuid::from_u128(700 + number))
}

/// Targets of closed ACV for the quarter, for two regions and in total, some of them for its months, from some day on.
fn some_targets() -> impl Strategy<Value = Vec<Target>> {
    prop::collection::vec((0..3_u128, 0..4_u8, 0..100_000_i64, 0..100_i64), 0..8).prop_map(|rows| {
        let mut targets: Vec<Target> = rows
            .into_iter()
            .enumerate()
            .map(|(number, (region_number, month, amount, from))| Target {
                id: TargetId(Uuid::from_u128(number as u128 + 1)),
                measure: Measure::ClosedAcv,
                period: if month == 0 { quarter().name } else { PeriodName::Month(2027, month) },
                key: match region_number {
                    0 => CellKey::total(),
                    number => CellKey::new(vec![(Dimension::Region, region(number))]).unwrap(),
                },
                amount_minor: amount,
                valid_from: instant(from),
                sequence: i32::try_from(number).unwrap(),
                recorded: DataVersion(1),
            })
            .collect();
        targets.sort_by_key(|target| (target.valid_from, target.sequence));
        targets
    })
}

fn planned(deals: &[Deal], targets: &[Target]) -> Snapshot {
    let mut builder = Builder::onto(&snapshot(deals));
    targets.iter().for_each(|target| builder.target(target.clone()));
    builder.finish(DataVersion(10))
}

/// A snapshot of deals with owners and accounts, in a time zone, onto another where there is one.
fn staffed(onto: Option<&Snapshot>, deals: &[Deal], changes: &Changes, time_zone: chrono_tz::Tz) -> Snapshot {
    let mut settings = settings();
    settings.calendar.time_zone = time_zone;
    let mut builder = onto.map_or_else(|| Builder::new(settings), Builder::onto);
    if onto.is_none() {
        lists(&mut builder);
    }
    for (number, from) in &changes.tenures {
        builder.tenure(&Tenure {
            id: TenureId(Uuid::from_u128(2000 + number)),
            rep: RepId(Uuid::from_u128(900)),
            role: None,
            manager: Some(RepId(Uuid::from_u128(910 + number % 3))),
            valid_from: instant(*from),
            recorded: DataVersion(1),
        });
    }
    for (number, industry) in &changes.industries {
        let id = AccountId(Uuid::from_u128(3000 + number));
        builder.account(AccountFact { id, industry: (*industry > 0).then(|| format!("industry {industry}")) });
    }
    for from in &changes.rates {
        builder.exchange_rate(&ExchangeRate {
            currency: "EUR".parse().unwrap(),
            valid_from: day(2026, 1, 10) + Duration::days(*from),
            rate: rust_decimal::Decimal::new(100 + from, 2),
            known_from: instant(from + 3),
            recorded: DataVersion(1),
        });
    }
    for deal in deals {
        let fact = OpportunityFact {
            id: OpportunityId(Uuid::from_u128(deal.id)),
            account: (deal.id % 3 > 0).then(|| AccountId(Uuid::from_u128(3000 + deal.id % 3))),
            created_at_ms: deal.versions[0].valid_from_ms + i64::from(deal.id % 2 == 0) * 3_600_000,
            created_by: None,
            lead_source_maps_to: None,
        };
        let owned = |version: &VersionFact| {
            let owner = (version.acv_minor.unwrap() % 2 == 0).then_some(RepId(Uuid::from_u128(900)));
            VersionFact { owner, ..version.clone() }
        };
        builder.opportunity(fact, &deal.versions.iter().map(owned).collect::<Vec<_>>());
    }
    builder.finish(DataVersion(11))
}

/// What else may change than deals.
#[derive(Debug, Clone)]
struct Changes {
    tenures: Vec<(u128, i64)>,
    industries: Vec<(u128, u8)>,
    rates: Vec<i64>,
}

fn some_changes() -> impl Strategy<Value = Changes> {
    let tenures = prop::collection::vec((0..6_u128, 0..140_i64), 0..4);
    let industries = prop::collection::vec((1..3_u128, 0..3_u8), 0..3);
    (tenures, industries, prop::collection::vec(0..140_i64, 0..3)).prop_map(|(tenures, industries, rates)| Changes {
        tenures,
        industries,
        rates,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_curve_says_what_a_scan_finds_also_after_changes(
        first in a_company(), second in a_company(), (before, after) in (some_changes(), some_changes()),
        points in prop::collection::vec((0..150_i64, 0..6_usize), 1..6), zone in 0..3_usize, only_deals in any::<bool>(),
    ) {
        let zone = [chrono_tz::UTC, chrono_tz::America::New_York, chrono_tz::Pacific::Auckland][zone];
        let after = if only_deals { Changes { tenures: vec![], industries: vec![], rates: vec![] } } else { after };
        let midnight = Utc.from_utc_datetime(&day(2026, 1, 8).and_hms_opt(0, 0, 0).unwrap());
        let of_day = [0, 1, 5 * 3_600_000, 43_200_000, 46_800_000, 86_399_999];
        let points: Vec<Point> = points.iter().map(|(days, place)| Point {
            period: quarter(),
            at: midnight + Duration::days(*days) + Duration::milliseconds(of_day[*place]),
        }).collect();
        let scope = Scope::everything();
        let region = Filter::In(Dimension::Region, vec![DimensionValue::None, region(1)]);
        for (by, filter) in [
            (vec![], Filter::Everything),
            (vec![Dimension::Region, Dimension::Month], Filter::Everything),
            (vec![Dimension::Manager, Dimension::Stage], Filter::Not(Box::new(region.clone()))),
            (vec![Dimension::Industry], region),
        ] {
            let scan = Scan { scope: &scope, data_version: None, by: &by, filter: &filter, credit: &ByIndex };
            let drawn = staffed(None, &first, &before, zone);
            warm(&drawn, &by, &filter, &[quarter()]);
            let scanned = sums(&staffed(None, &first, &before, zone), &scan, &points).unwrap();
            prop_assert_eq!(sums(&drawn, &scan, &points).unwrap(), scanned, "by {:?}", by);
            let onto = |base: &Snapshot| staffed(Some(base), &second[1..], &after, zone);
            let (changed, again) = (onto(&drawn), onto(&staffed(None, &first, &before, zone)));
            let scanned = sums(&again, &scan, &points).unwrap();
            prop_assert_eq!(sums(&changed, &scan, &points).unwrap(), scanned.clone(), "changed, by {:?}", by);
            warm(&changed, &by, &filter, &[quarter()]);
            prop_assert_eq!(sums(&changed, &scan, &points).unwrap(), scanned, "drawn again, by {:?}", by);
        }
    }

    #[test]
    fn as_of_equals_a_replay(deals in a_company(), days in 0..140_i64, recorded in 1..11_i64) {
        let when = instant(days);
        let total = ask(&snapshot(&deals), &[], &Filter::Everything, when, Some(recorded))[&CellKey::total()];
        let naive = replay(&deals, when, recorded);
        prop_assert_eq!((total.open, total.open_count), (naive.open, naive.open_count));
        prop_assert_eq!((total.closed, total.closed_count), (naive.closed, naive.closed_count));
        prop_assert_eq!((total.generation_as_now, total.generation_count), (naive.generation_as_now, naive.generation_count));
    }

    #[test]
    fn any_cut_adds_up_to_the_same_total(deals in a_company(), days in 0..140_i64) {
        let snapshot = snapshot(&deals);
        let when = instant(days);
        let whole = ask(&snapshot, &[], &Filter::Everything, when, None)[&CellKey::total()];
        let grid = ask(&snapshot, &[Dimension::Product, Dimension::Source], &Filter::Everything, when, None);
        for by in [vec![Dimension::Region, Dimension::Month], vec![Dimension::Product], vec![Dimension::Source],
                   vec![Dimension::Product, Dimension::Source]] {
            let cells = ask(&snapshot, &by, &Filter::Everything, when, None);
            prop_assert_eq!(cells[&CellKey::total()], whole);
            let mut sum = Sums::default();
            for (_, cell) in cells.iter().filter(|(key, _)| key.parts().len() == by.len()) {
                sum.open += cell.open;
                sum.closed += cell.closed;
                sum.lost += cell.lost;
                sum.generation_as_generated += cell.generation_as_generated;
                sum.generation_as_now += cell.generation_as_now;
            }
            prop_assert_eq!((sum.open, sum.closed, sum.lost), (whole.open, whole.closed, whole.lost));
            prop_assert_eq!(sum.generation_as_generated, whole.generation_as_generated);
            prop_assert_eq!(sum.generation_as_now, whole.generation_as_now);
            // The subtotals of the grid agree with the question that asks for one dimension alone.
            for (key, cell) in cells.iter().filter(|(key, _)| key.parts().len() == 1) {
                if matches!(key.parts()[0].0, Dimension::Product | Dimension::Source) {
                    prop_assert_eq!(&grid[key], cell);
                }
            }
        }
    }

    #[test]
    fn the_opportunities_behind_a_cell_add_up_to_it(deals in a_company(), days in 0..140_i64) {
        let snapshot = snapshot(&deals);
        let point = Point { period: quarter(), at: instant(days) };
        let scope = Scope::everything();
        for by in [vec![Dimension::Region, Dimension::Month], vec![Dimension::Product, Dimension::Source]] {
            let scan = Scan { scope: &scope, data_version: None, by: &by, filter: &Filter::Everything, credit: &ByIndex };
            for (key, cell) in &sums(&snapshot, &scan, &[point]).unwrap()[0] {
                let shares = shares_of(&snapshot, &scan, point, key).unwrap();
                let sum = |of: fn(&Sums) -> i64| shares.iter().map(|(_, share)| of(share)).sum::<i64>();
                prop_assert_eq!((sum(|share| share.open), sum(|share| share.closed)), (cell.open, cell.closed));
                prop_assert_eq!((sum(|share| share.overdue), sum(|share| share.reopened)), (cell.overdue, cell.reopened));
                prop_assert_eq!(sum(|share| share.generation_as_now), cell.generation_as_now);
                let count = |of: fn(&Sums) -> u64| shares.iter().map(|(_, share)| of(share)).sum::<u64>();
                prop_assert_eq!(count(|share| share.open_count), cell.open_count);
                prop_assert_eq!(count(|share| share.generation_count), cell.generation_count);
            }
        }
    }

    #[test]
    fn a_filter_and_its_opposite_share_the_total(deals in a_company(), days in 0..140_i64) {
        let snapshot = snapshot(&deals);
        let when = instant(days);
        let whole = ask(&snapshot, &[], &Filter::Everything, when, None)[&CellKey::total()];
        let product = DimensionValue::Entity(Uuid::from_u128(500));
        let filter = Filter::In(Dimension::Product, vec![product]);
        let part = ask(&snapshot, &[], &filter, when, None)[&CellKey::total()];
        let rest = ask(&snapshot, &[], &Filter::Not(Box::new(filter)), when, None)[&CellKey::total()];
        prop_assert_eq!((part.open + rest.open, part.closed + rest.closed), (whole.open, whole.closed));
    }

    #[test]
    fn every_flow_balances(deals in a_company(), days in 0..100_i64, length in 0..60_i64) {
        let snapshot = snapshot(&deals);
        let (from, to) = (instant(days), instant(days + length));
        let opening = ask(&snapshot, &[], &Filter::Everything, from, None)[&CellKey::total()];
        let closing = ask(&snapshot, &[], &Filter::Everything, to, None)[&CellKey::total()];
        for by in [vec![], vec![Dimension::Region], vec![Dimension::Product, Dimension::Source], vec![Dimension::Month]] {
            let flow = ask_flow(&snapshot, &by, from, to);
            prop_assert_eq!((flow.total.start, flow.total.end), (opening.open, closing.open));
            for row in flow.rows.iter().chain([&flow.total]) {
                let bars: i64 = row.bars.iter().map(|bar| bar.amount).sum();
                prop_assert_eq!(row.start + bars, row.end, "{:?}", row);
                for bar in &row.bars {
                    prop_assert_eq!(bar.items.iter().map(|item| item.amount).sum::<i64>(), bar.amount);
                }
            }
            if !by.is_empty() {
                prop_assert_eq!(flow.rows.iter().map(|row| row.start).sum::<i64>(), flow.total.start);
                prop_assert_eq!(flow.rows.iter().map(|row| row.end).sum::<i64>(), flow.total.end);
                for bucket in [FlowBucket::New, FlowBucket::MovedIn, FlowBucket::ClosedWon, FlowBucket::MovedOut] {
                    prop_assert_eq!(flow.rows.iter().map(|row| bar(row, bucket)).sum::<i64>(), bar(&flow.total, bucket));
                }
            }
        }
    }

    #[test]
    fn closed_won_is_the_change_of_closed_acv_and_what_was_undone(deals in a_company(), days in 0..100_i64, length in 0..60_i64) {
        let snapshot = snapshot(&deals);
        let (from, to) = (instant(days), instant(days + length));
        for by in [vec![], vec![Dimension::Region], vec![Dimension::Product, Dimension::Source], vec![Dimension::Month]] {
            for (key, [won, change, unwon]) in won_and_unwon(&snapshot, &by, from, to) {
                prop_assert_eq!(won, change + unwon, "{:?} by {:?}", key, by);
            }
        }
    }

    #[test]
    fn a_snapshot_built_onto_another_equals_one_built_from_scratch(
        first in a_company(), second in a_company(), days in 0..140_i64,
    ) {
        let mut builder = Builder::onto(&snapshot(&first));
        for deal in second.iter().skip(1) {
            add(&mut builder, deal);
        }
        let onto = builder.finish(DataVersion(11));
        let mut all: Vec<Deal> = first.iter().filter(|deal| !second.iter().skip(1).any(|new| new.id == deal.id)).cloned().collect();
        all.extend(second.iter().skip(1).cloned());
        let scratch = snapshot(&all);
        for by in [vec![Dimension::Region], vec![Dimension::Product, Dimension::Source]] {
            let one = ask(&onto, &by, &Filter::Everything, instant(days), None);
            prop_assert_eq!(one, ask(&scratch, &by, &Filter::Everything, instant(days), None));
        }
        for deal in &all {
            let id = OpportunityId(Uuid::from_u128(deal.id));
            let index = onto.opportunity_index(id).unwrap();
            prop_assert_eq!(onto.opportunity_id(index), id);
            prop_assert_eq!(onto.versions_of(index), scratch.versions_of(scratch.opportunity_index(id).unwrap()));
        }
    }

    #[test]
    fn touchpoints_and_tenures_that_come_in_pieces_equal_those_that_come_at_once(
        touches in prop::collection::vec((0..5_u128, 0..3_u128, 0..9_i64, any::<bool>()), 0..30),
        tenures in prop::collection::vec((0..3_u128, 0..9_i64, 0..5_usize), 0..8),
        cuts in prop::collection::vec((0..30_usize, 0..8_usize), 0..4),
    ) {
        let touch = |number: usize, (home, rep, days, is_marketing): (u128, u128, i64, bool)| Touchpoint {
            rep: (!is_marketing).then_some(RepId(Uuid::from_u128(900 + rep))),
            channel: is_marketing.then_some(Channel::Events),
            account: (home < 4).then_some(AccountId(Uuid::from_u128(700 + home))),
            ..touch(number as u128 + 1, days)
        };
        let tenure = |number: usize, (rep, days, role): (u128, i64, usize)| Tenure {
            id: TenureId(Uuid::from_u128(number as u128 + 1)),
            rep: RepId(Uuid::from_u128(900 + rep)),
            role: Some(Role::ALL[role]),
            manager: None,
            valid_from: instant(days),
            recorded: DataVersion(1),
        };
        let touches: Vec<Touchpoint> = touches.into_iter().enumerate().map(|(number, row)| touch(number, row)).collect();
        let tenures: Vec<Tenure> = tenures.into_iter().enumerate().map(|(number, row)| tenure(number, row)).collect();
        let owners: Vec<OpportunityFact> = (0..5_u128).map(|home| OpportunityFact {
            id: OpportunityId(Uuid::from_u128(home + 1)),
            account: (0 < home).then_some(AccountId(Uuid::from_u128(700 + home - 1))),
            created_at_ms: 0,
            created_by: None,
            lead_source_maps_to: None,
        }).collect();
        let grown = |cuts: &[(usize, usize)]| {
            let mut builder = Builder::new(settings());
            owners.iter().for_each(|owner| builder.opportunity(owner.clone(), &[version(day(2026, 1, 1), OPEN, 1, day(2026, 4, 1))]));
            let (mut told, mut held) = (0, 0);
            for (step, &(touch, tenure)) in cuts.iter().chain([&(touches.len(), tenures.len())]).enumerate() {
                let (touch, tenure) = (touch.clamp(told, touches.len()), tenure.clamp(held, tenures.len()));
                touches[told..touch].iter().for_each(|row| builder.touchpoint(row));
                tenures[held..tenure].iter().for_each(|row| builder.tenure(row));
                (told, held) = (touch, tenure);
                builder = Builder::onto(&builder.finish(DataVersion(i64::try_from(step).unwrap())));
            }
            let snapshot = builder.finish(DataVersion(9));
            (0..5).map(|index| snapshot.touchpoints_of(index).iter().map(|touch| (touch.at_ms, touch.source, touch.id)).collect()).collect()
        };
        let (at_once, in_pieces): (Vec<Vec<_>>, Vec<Vec<_>>) = (grown(&[]), grown(&cuts));
        prop_assert_eq!(at_once.iter().map(Vec::len).sum::<usize>(), touches.len());
        prop_assert_eq!(in_pieces, at_once);
    }

    #[test]
    fn the_ledger_adds_up_to_the_state_at_every_instant(deals in a_company(), days in 0..140_i64) {
        let snapshot = snapshot(&deals);
        let when = instant(days).timestamp_millis();
        for index in 0..u32::try_from(snapshot.opportunity_count()).unwrap() {
            let entries = entries(&snapshot.versions_of(index));
            let mut standing: Option<Posting> = None;
            let mut sum = std::collections::BTreeMap::<(CurrencyCode, u8, NaiveDate), i64>::new();
            for entry in entries.iter().filter(|entry| entry.at_ms <= when) {
                prop_assert_eq!(entry.before, standing);
                standing = entry.after;
                for (posting, sign) in [(entry.before, -1), (entry.after, 1)] {
                    if let Some(posting) = posting {
                        *sum.entry((posting.currency, posting.kind as u8, posting.close_date)).or_default() += sign * posting.acv_minor;
                    }
                }
            }
            let state = snapshot.state_at(index, when).as_ref().and_then(Posting::of);
            prop_assert_eq!(standing, state);
            sum.retain(|_, amount| *amount != 0);
            let expected = state.filter(|posting| posting.acv_minor != 0);
            let expected = expected.map(|posting| ((posting.currency, posting.kind as u8, posting.close_date), posting.acv_minor));
            prop_assert_eq!(sum.into_iter().collect::<Vec<_>>(), expected.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_cells_of_a_matrix_add_up_and_its_priors_are_the_values_of_then(deals in a_company(), days in 0..140_i64) {
        let snapshot = snapshot(&deals);
        let now = ask_matrix(&snapshot, quarter(), instant(days));
        for (column, total) in [
            (now.cells.iter().map(|cell| cell.closed_acv.value).sum::<i64>(), now.total.closed_acv.value),
            (now.cells.iter().map(|cell| cell.open_pipeline.value).sum(), now.total.open_pipeline.value),
            (now.cells.iter().map(|cell| cell.generation.value).sum(), now.total.generation.value),
            (now.cells.iter().map(|cell| cell.forecast_parts.roll_up).sum(), now.total.forecast_parts.roll_up),
        ] {
            prop_assert_eq!(column, total);
        }
        let then = ask_matrix(&snapshot, now.comparison, now.comparison_as_of);
        for cell in now.cells.iter().chain(&now.subtotals).chain([&now.total]) {
            let before = then.cells.iter().chain(&then.subtotals).chain([&then.total]).find(|other| other.key == cell.key);
            let of = |value: fn(&pipewright_core::matrix::Cell) -> i64| before.map_or(0, value);
            prop_assert_eq!(cell.closed_acv.prior, of(|cell| cell.closed_acv.value));
            prop_assert_eq!(cell.open_pipeline.prior, of(|cell| cell.open_pipeline.value));
            prop_assert_eq!(cell.generation.prior, of(|cell| cell.generation.value));
        }
    }
    #[test]
    fn every_point_of_a_trend_is_the_matrix_asked_then(
        deals in a_company(), targets in some_targets(), days in prop::collection::btree_set(0..140_i64, 1..6),
    ) {
        let snapshot = planned(&deals, &targets);
        let points: Vec<DateTime<Utc>> = days.into_iter().map(instant).collect();
        for by in [vec![Dimension::Region], vec![Dimension::Source, Dimension::Product]] {
            let last = matrix_query(&by, quarter(), *points.last().unwrap());
            let query = TrendQuery { matrix: last, points: points.clone() };
            let trend = trend(&snapshot, &query, &Scope::everything(), &ByIndex).unwrap();
            for (at, point) in points.iter().enumerate() {
                let then = matrix(&snapshot, &matrix_query(&by, quarter(), *point), &Scope::everything(), &ByIndex).unwrap();
                for cell in then.cells.iter().chain([&then.total]) {
                    let series = trend.series.iter().chain([&trend.total]).find(|series| series.key == cell.key);
                    let Some(series) = series else {
                        // Only what counts at some point has a line; a cell may stand by its target or its prior alone.
                        prop_assert_eq!((cell.closed_acv.value, cell.open_pipeline.value, cell.generation.value), (0, 0, 0));
                        continue;
                    };
                    let found = &series.points[at];
                    let money = (found.closed_acv, found.open_pipeline, found.forecast, found.generation);
                    let asked = (cell.closed_acv.value, cell.open_pipeline.value, cell.forecast.value, cell.generation.value);
                    prop_assert_eq!(money, asked, "{:?} at {}", &cell.key, point);
                    prop_assert_eq!((found.at, found.target, found.coverage), (*point, cell.closed_acv.target, cell.coverage.value));
                }
            }
        }
    }

    #[test]
    fn an_aggregate_gives_the_numbers_of_the_matrix(deals in a_company(), days in 0..140_i64) {
        let snapshot = snapshot(&deals);
        let measures = vec![
            AggregateMeasure::OpenPipeline, AggregateMeasure::ClosedAcv, AggregateMeasure::Overdue,
            AggregateMeasure::GenerationAsGenerated, AggregateMeasure::GenerationAsNow,
            AggregateMeasure::OpenCount, AggregateMeasure::ClosedCount, AggregateMeasure::GenerationCount,
        ];
        let by = [Dimension::Product, Dimension::Region];
        let query = AggregateQuery {
            measures, by: by.to_vec(), filter: Filter::Everything, period: quarter(), as_of: instant(days), data_version: None,
            model: ModelChoice { model: "by-index".into(), parameters: vec![], lens: Lens::All },
        };
        let found = aggregate(&snapshot, &query, &Scope::everything(), &ByIndex).unwrap();
        let asked = matrix(&snapshot, &matrix_query(&by, quarter(), instant(days)), &Scope::everything(), &ByIndex).unwrap();
        let values = |cell: &Cell| {
            let count = |count: u64| i64::try_from(count).unwrap();
            let amounts = vec![
                cell.open_pipeline.value, cell.closed_acv.value, cell.overdue, cell.generation_as_generated, cell.generation_as_now,
            ];
            [amounts, vec![count(cell.open_count), count(cell.closed_count), count(cell.generation_count)]].concat()
        };
        let cells = asked.cells.iter().map(|cell| (cell.key.clone(), values(cell)));
        let cells: Vec<_> = cells.filter(|(_, values)| values.iter().any(|value| *value != 0)).collect();
        prop_assert_eq!(found.rows.into_iter().map(|row| (row.key, row.values)).collect::<Vec<_>>(), cells);
        prop_assert_eq!(found.total.values, values(&asked.total));
    }

    #[test]
    fn a_target_under_a_filter_and_under_its_opposite_share_the_targets_of_the_rows(
        deals in a_company(), targets in some_targets(), days in 0..140_i64,
    ) {
        let snapshot = planned(&deals, &targets);
        let filter = Filter::In(Dimension::Region, vec![region(1)]);
        let of = |filter: Filter| {
            let query = MatrixQuery { filter, ..matrix_query(&[Dimension::Region], quarter(), instant(days)) };
            matrix(&snapshot, &query, &Scope::everything(), &ByIndex).unwrap()
        };
        let (whole, part, rest) = (of(Filter::Everything), of(filter.clone()), of(Filter::Not(Box::new(filter))));
        for cell in &whole.cells {
            let side = if cell.key.get(Dimension::Region) == Some(&region(1)) { &part } else { &rest };
            let same = side.cells.iter().find(|other| other.key == cell.key);
            prop_assert_eq!(same.and_then(|same| same.closed_acv.target), cell.closed_acv.target);
        }
        let summed = |cells: &[Cell]| cells.iter().filter_map(|cell| cell.closed_acv.target).reduce(|sum, target| sum + target);
        for side in [&part, &rest] {
            // The total's own row is about both sides, so each side has its rows' sum, or none where one is missing.
            if let Some(target) = side.total.closed_acv.target {
                prop_assert_eq!(Some(target), summed(&side.cells));
            }
        }
    }
}
