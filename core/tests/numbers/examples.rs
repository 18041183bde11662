//! The worked examples of the definitions, and cases beside them.

use crate::company::*;
use chrono::Duration;
use pipewright_core::dimension::{CellKey, Filter};
use pipewright_core::facts::{Builder, Point, Scan, VersionFact, cohorts};
use pipewright_core::ids::{DataVersion, RepId, TargetId, TenureId};
use pipewright_core::matrix::FlowBucket;
use pipewright_core::rep::{Role, Tenure};
use pipewright_core::target::{Measure, Target};
use pipewright_core::touchpoint::Source;
use pipewright_core::viewer::Scope;
use uuid::Uuid;

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
    let scan = Scan {
        scope: &scope,
        data_version: None,
        by: &[],
        filter: &Filter::Everything,
        hygiene_adjusted: false,
        credit: &ByIndex,
    };
    let point = Point { period: quarter(), at: at(day(2026, 2, 10)) };
    let cohort = cohorts(&snapshot(&deals), &scan, &[point]).unwrap().pop().unwrap()[&CellKey::total()];
    assert_eq!((cohort.open, cohort.won, cohort.opportunities), (450, 100, 3));
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

#[test]
fn of_targets_that_hold_from_one_instant_the_one_recorded_last_is_last_whatever_order_they_come_in() {
    let row = |recorded: i64| Target {
        id: TargetId(Uuid::from_u128(9 - u128::try_from(recorded).unwrap())),
        measure: Measure::ClosedAcv,
        period: quarter().name,
        key: CellKey::total(),
        amount_minor: 10 * recorded,
        valid_from: instant(0),
        sequence: 0,
        recorded: DataVersion(recorded),
    };
    for order in [[1, 2, 3], [3, 2, 1], [2, 3, 1]] {
        let mut builder = Builder::new(settings());
        order.into_iter().for_each(|recorded| builder.target(row(recorded)));
        let snapshot = builder.finish(DataVersion(3));
        assert_eq!(snapshot.targets().iter().map(|row| row.amount_minor).collect::<Vec<_>>(), [10, 20, 30], "{order:?}");
    }
}
