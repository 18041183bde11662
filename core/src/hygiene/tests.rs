//! Each flag, raised and just not raised; and what holds of any life.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::calendar::{Calendar, DAY_MS, YearPattern};
use chrono::{Datelike, NaiveDate};
use proptest::prelude::*;

/// As `chrono` counts days.
fn day(text: &str) -> i32 {
    text.parse::<NaiveDate>().unwrap().num_days_from_ce()
}

fn ms(text: &str) -> i64 {
    let midnight = text.parse::<NaiveDate>().unwrap().and_hms_opt(0, 0, 0).unwrap();
    midnight.and_utc().timestamp_millis()
}

fn calendar() -> Calendar {
    Calendar { first_month: 2, pattern: YearPattern::Calendar, time_zone: chrono_tz::UTC, holidays: Default::default() }
}

/// An open version, with all that it should have.
fn step(from: &str, place: i32, close: &str) -> Step {
    Step { from_ms: ms(from), is_open: true, stage: place.unsigned_abs(), place, close_day: day(close), has: [true; Part::COUNT] }
}

fn without(part: Part, step: Step) -> Step {
    let mut has = step.has;
    has[part as usize] = false;
    Step { has, ..step }
}

fn closed(step: Step) -> Step {
    Step { is_open: false, stage: 99, place: 99, ..step }
}

const AT: &str = "2026-11-24";

/// Noon of 24 November 2026: created long ago, and nothing is wrong.
fn beside() -> Beside {
    Beside {
        at_ms: ms(AT) + DAY_MS / 2,
        day: day(AT),
        created_ms: ms("2026-06-01"),
        has_contact_role: true,
        has_lead_source: true,
        stage_median_ms: None,
        last_activity_day: day("2026-11-20"),
        is_owner_inactive: false,
        reviewed_ms: Some(ms("2026-11-20")),
    }
}

fn life(steps: &[Step]) -> Life {
    let mut life = Life::default();
    steps.iter().for_each(|own| life.step(*own, &Rules::default()));
    life
}

fn raised(steps: &[Step], beside: &Beside) -> Vec<Flag> {
    life(steps).flags(beside, &Rules::default()).iter().collect()
}

/// Versions, what is known beside, the flag that alone is raised, and since when.
type Case = (&'static str, Vec<Step>, Beside, Option<(Flag, Option<i64>)>);

fn check(cases: Vec<Case>) {
    for (what, steps, beside, expected) in cases {
        let found = raised(&steps, &beside);
        assert_eq!(found, expected.iter().map(|(flag, _)| *flag).collect::<Vec<_>>(), "{what}");
        if let Some((flag, since_ms)) = expected {
            assert_eq!(life(&steps).since_ms(flag, &beside, &Rules::default(), &calendar()), since_ms, "{what}");
        }
    }
}

#[test]
fn what_a_version_shows_is_flagged_or_just_not() {
    use Flag::{CloseDatePassed, NoAmount, NoNextStep, NoProduct, NoSource};
    let tidy = step("2026-06-01", 1, "2026-12-31");
    let lacking = |part| without(part, tidy);
    let later = |part, from: &str| Step { from_ms: ms(from), ..without(part, tidy) };
    let no_lead_source = Beside { has_lead_source: false, ..beside() };
    let since = |text: &str| Some(ms(text));
    check(vec![
        ("nothing is wrong", vec![tidy], beside(), None),
        ("closes today", vec![step("2026-06-01", 1, AT)], beside(), None),
        ("should have closed yesterday", vec![step("2026-06-01", 1, "2026-11-23")], beside(), Some((CloseDatePassed, since(AT)))),
        (
            "its close date was set to one that had passed",
            vec![step("2026-06-01", 1, "2026-11-30"), step("2026-11-10", 1, "2026-11-05")],
            beside(),
            Some((CloseDatePassed, since("2026-11-10"))),
        ),
        ("no next step", vec![lacking(Part::NextStep)], beside(), Some((NoNextStep, since("2026-06-01")))),
        (
            "the next step is gone since October, over two versions",
            vec![tidy, later(Part::NextStep, "2026-10-02"), later(Part::NextStep, "2026-10-09")],
            beside(),
            Some((NoNextStep, since("2026-10-02"))),
        ),
        ("the next step came later", vec![lacking(Part::NextStep), Step { from_ms: ms("2026-07-01"), ..tidy }], beside(), None),
        (
            "what was closed lacked nothing while it was",
            vec![lacking(Part::NextStep), closed(later(Part::NextStep, "2026-08-01")), later(Part::NextStep, "2026-09-01")],
            beside(),
            Some((NoNextStep, since("2026-09-01"))),
        ),
        ("no amount", vec![lacking(Part::Amount)], beside(), Some((NoAmount, since("2026-06-01")))),
        ("no product", vec![lacking(Part::Product)], beside(), Some((NoProduct, since("2026-06-01")))),
        ("a lead source stands for the campaign", vec![lacking(Part::Campaign)], beside(), None),
        ("a campaign stands for the lead source", vec![tidy], no_lead_source, None),
        ("neither", vec![lacking(Part::Campaign)], no_lead_source, Some((NoSource, since("2026-06-01")))),
    ]);
}

#[test]
fn what_a_life_shows_is_flagged_or_just_not() {
    use Flag::{PushedOften, StageMovedBack};
    let at = |from: &str, close: &str| step(from, 1, close);
    let stage = |from: &str, place| step(from, place, "2026-12-31");
    let since = |text: &str| Some(ms(text));
    let pushes = [at("2026-06-01", "2026-08-31"), at("2026-07-01", "2026-09-01"), at("2026-08-01", "2026-11-30")];
    let pushed = |more: &[Step]| pushes.iter().chain(more).copied().collect::<Vec<_>>();
    check(vec![
        ("pushed twice", pushed(&[at("2026-09-01", "2026-11-25")]), beside(), None),
        (
            "pushed three times, by a day each where the month ends",
            pushed(&[at("2026-09-01", "2026-12-01"), at("2026-09-02", "2026-12-31")]),
            beside(),
            Some((PushedOften, since("2026-09-01"))),
        ),
        (
            "pulled in, and out within the month",
            pushed(&[at("2026-09-01", "2026-11-24"), at("2026-09-02", "2026-11-30")]),
            beside(),
            None,
        ),
        (
            "what a close and a reopening move is no push",
            pushed(&[closed(at("2026-09-01", "2026-09-01")), at("2026-10-01", "2026-12-31")]),
            beside(),
            None,
        ),
        (
            "into the same month of the next year",
            pushed(&[at("2026-09-01", "2027-11-01")]),
            beside(),
            Some((PushedOften, since("2026-09-01"))),
        ),
        ("moved on", vec![stage("2026-06-01", 1), stage("2026-07-01", 3)], beside(), None),
        (
            "moved back",
            vec![stage("2026-06-01", 3), stage("2026-07-01", 2)],
            beside(),
            Some((StageMovedBack, since("2026-07-01"))),
        ),
        (
            "moved back, and not yet on as far as it had been",
            vec![stage("2026-06-01", 3), stage("2026-07-01", 1), stage("2026-08-01", 2)],
            beside(),
            Some((StageMovedBack, since("2026-07-01"))),
        ),
        ("there again", vec![stage("2026-06-01", 3), stage("2026-07-01", 1), stage("2026-08-01", 3)], beside(), None),
        ("a stage at the same place", vec![stage("2026-06-01", 3), Step { stage: 7, ..stage("2026-07-01", 3) }], beside(), None),
        (
            "closed and reopened where it was",
            vec![stage("2026-06-01", 2), closed(stage("2026-07-01", 2)), stage("2026-08-01", 2)],
            beside(),
            None,
        ),
    ]);
}

#[test]
fn what_has_lasted_too_long_is_flagged_to_the_millisecond_or_the_day() {
    use Flag::{NoActivity, NotReviewed, StageTooOld};
    let tidy = step("2026-06-01", 1, "2026-12-31");
    let at_ms = beside().at_ms;
    let age_ms = at_ms - tidy.from_ms;
    let with_median = |stage_median_ms| Beside { stage_median_ms: Some(stage_median_ms), ..beside() };
    let active_on = |text: &str| Beside { last_activity_day: day(text), ..beside() };
    let reviewed = |reviewed_ms: i64| Beside { reviewed_ms: Some(reviewed_ms), ..beside() };
    let never = |created_ms: i64| Beside { reviewed_ms: None, created_ms, ..beside() };
    assert_eq!(age_ms % 3, 0, "so that one and a half times the median can be hit exactly");
    let week = 7 * DAY_MS;
    let moved = vec![step("2026-06-01", 1, "2026-12-31"), step("2026-11-01", 2, "2026-12-31")];
    check(vec![
        ("one and a half times the median", vec![tidy], with_median(age_ms / 3 * 2), None),
        ("a millisecond of median less", vec![tidy], with_median(age_ms / 3 * 2 - 2), Some((StageTooOld, Some(at_ms - 2)))),
        ("the stage began in November", moved, with_median(age_ms / 3), None),
        ("too few left the stage", vec![tidy], beside(), None),
        ("active 30 days ago", vec![tidy], active_on("2026-10-25"), None),
        ("active 31 days ago", vec![tidy], active_on("2026-10-24"), Some((NoActivity, Some(ms(AT))))),
        ("reviewed almost a week ago", vec![tidy], reviewed(at_ms - week + 1), None),
        ("reviewed a week ago", vec![tidy], reviewed(at_ms - week), Some((NotReviewed, Some(at_ms)))),
        ("never reviewed, and new", vec![tidy], never(at_ms - week + 1), None),
        ("never reviewed in its first week", vec![tidy], never(at_ms - week), Some((NotReviewed, Some(at_ms)))),
    ]);
}

#[test]
fn what_is_known_only_as_of_now_is_flagged_without_a_since() {
    let tidy = step("2026-06-01", 1, "2026-12-31");
    check(vec![
        ("no contact", vec![tidy], Beside { has_contact_role: false, ..beside() }, Some((Flag::NoContactRole, None))),
        ("who left owns it", vec![tidy], Beside { is_owner_inactive: true, ..beside() }, Some((Flag::OwnerInactive, None))),
    ]);
}

#[test]
fn everything_can_be_wrong_at_once_and_then_nothing_is_left_of_the_score() {
    let bare = |from: &str, place, close: &str| Step { has: [false; Part::COUNT], ..step(from, place, close) };
    let steps = [
        bare("2026-01-01", 2, "2026-02-01"),
        bare("2026-02-01", 1, "2026-03-01"),
        bare("2026-03-01", 1, "2026-04-01"),
        bare("2026-04-01", 1, "2026-05-01"),
    ];
    let beside = Beside {
        has_contact_role: false,
        has_lead_source: false,
        stage_median_ms: Some(1),
        last_activity_day: day("2026-01-01"),
        is_owner_inactive: true,
        reviewed_ms: None,
        ..beside()
    };
    let flags = life(&steps).flags(&beside, &Rules::default());
    assert_eq!(flags.iter().collect::<Vec<_>>(), Flag::ALL);
    assert_eq!(flags.score(), 0);
}

#[test]
fn rules_are_what_is_configured() {
    let steps = [step("2026-06-01", 1, "2026-08-31"), step("2026-07-01", 1, "2026-12-01")];
    let strict = Rules { pushes: 1, activity_days: 3, review_days: 4, stage_age_percent: 100, ..Rules::default() };
    let beside = Beside { stage_median_ms: Some(beside().at_ms - ms("2026-06-01") - 1), ..beside() };
    let mut life = Life::default();
    steps.iter().for_each(|own| life.step(*own, &strict));
    let found: Vec<Flag> = life.flags(&beside, &strict).iter().collect();
    assert_eq!(found, [Flag::StageTooOld, Flag::PushedOften, Flag::NoActivity, Flag::NotReviewed]);
    let flags: Flags = found.into_iter().collect();
    assert_eq!(flags.score(), 67);
    for (passing_score, passes) in [(66, true), (67, true), (68, false), (0, true), (100, false)] {
        assert_eq!(Rules { passing_score, ..strict }.passes(flags), passes, "{passing_score}");
    }
}

#[test]
fn a_median_is_of_the_stays_that_ended() {
    let mut stays = Stays::default();
    stays.add([(1, 0), (1, 5), (2, 10), (1, 14), (3, 15)].into_iter());
    stays.add([(1, 100), (2, 107), (2, 200)].into_iter());
    stays.add(std::iter::empty());
    // Stage 1: 10, 1 and 7; stage 2: 4, and one that goes on.
    for (least, one, two) in [(1, Some(7), Some(4)), (2, Some(7), None), (3, Some(7), None), (4, None, None)] {
        let norms = stays.clone().norms(least);
        assert_eq!((norms.median_ms(1), norms.median_ms(2), norms.median_ms(3)), (one, two, None), "{least}");
    }
    let mut even = Stays::default();
    even.add([(1, 0), (2, 4), (1, 10), (2, 19)].into_iter());
    assert_eq!(even.merged(Stays::default()).norms(1).median_ms(1), Some(6), "of 4 and 9, rounded down");
}

fn any_step() -> impl Strategy<Value = (i64, bool, i32, i32, [bool; 4])> {
    (1_i64..40, prop::bool::weighted(0.85), 1_i32..5, -60_i32..120, prop::array::uniform4(prop::bool::weighted(0.7)))
}

fn any_life() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(any_step(), 1..12).prop_map(|steps| {
        let mut from_ms = ms("2026-01-01");
        let mut told = Vec::new();
        for (days, is_open, place, close, has) in steps {
            from_ms += days * DAY_MS;
            let stage = if is_open { place.unsigned_abs() } else { 9 };
            told.push(Step { from_ms, is_open, stage, place, close_day: day("2026-06-01") + close, has });
        }
        told
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_flag_is_raised_from_its_since_on_and_not_before(
        steps in any_life(), waits in 0_i64..60 * DAY_MS, median in prop::option::of(1_i64..100 * DAY_MS),
        active in 0_i32..90, reviewed in prop::option::of(0_i64..20 * DAY_MS),
    ) {
        let rules = Rules::default();
        let last = *steps.last().unwrap();
        let at_ms = last.from_ms + waits;
        let day_of = |at_ms: i64| calendar().day_of(chrono::DateTime::from_timestamp_millis(at_ms).unwrap()).num_days_from_ce();
        let beside = |at_ms: i64| Beside {
            at_ms,
            day: day_of(at_ms),
            created_ms: steps[0].from_ms,
            stage_median_ms: median,
            last_activity_day: day_of(last.from_ms) - active,
            reviewed_ms: reviewed.map(|ago| last.from_ms - ago),
            ..beside()
        };
        let life = life(&steps);
        let flags = life.flags(&beside(at_ms), &rules);
        for flag in Flag::ALL {
            let since_ms = life.since_ms(flag, &beside(at_ms), &rules, &calendar());
            prop_assert_eq!(flags.contains(flag), since_ms.is_some(), "{:?}", flag);
            let Some(since_ms) = since_ms else { continue };
            prop_assert!(since_ms <= at_ms, "{:?} since {} at {}", flag, since_ms, at_ms);
            // Within the last version only time passes, so that the flag can be looked at a moment earlier.
            if since_ms > last.from_ms {
                prop_assert!(life.flags(&beside(since_ms), &rules).contains(flag), "{:?} at its since", flag);
                prop_assert!(!life.flags(&beside(since_ms - 1), &rules).contains(flag), "{:?} before its since", flag);
            }
        }
    }

    #[test]
    fn pushes_and_moves_back_are_as_a_naive_recount_has_them(steps in any_life()) {
        let months = |step: &Step| { let day = crate::facts::reading::date(step.close_day); (day.year(), day.month()) };
        let pushed = steps.windows(2).filter(|pair| pair[0].is_open && pair[1].is_open && months(&pair[0]) < months(&pair[1]));
        let last = steps.last().unwrap();
        let furthest = steps.iter().filter(|step| step.is_open).map(|step| step.place).max();
        let flags = life(&steps).flags(&beside(), &Rules::default());
        prop_assert_eq!(flags.contains(Flag::PushedOften), pushed.count() >= 3);
        prop_assert_eq!(flags.contains(Flag::StageMovedBack), last.is_open && furthest > Some(last.place));
    }
}
