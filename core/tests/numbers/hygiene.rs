//! Hygiene over snapshots: built at once or change by change, as of any instant and any change, and in the matrix.

use crate::company::{ByIndex, LOST, OPEN, WON, at, day, instant, matrix_query, quarter, settings, version};
use chrono::{DateTime, Duration, NaiveDate, Utc};
use pipewright_core::catalog::{ForecastCategory, Stage, StageKind};
use pipewright_core::dimension::{Dimension, DimensionValue, Filter};
use pipewright_core::facts::{Builder, OpportunityFact, Settings, Snapshot, VersionFact};
use pipewright_core::hygiene::{Flag, Hygiene, HygieneBy, HygieneQuery, Rules, hygiene, hygiene_of, reviews_due, week_of};
use pipewright_core::ids::{DataVersion, OpportunityId, RegionId, RepId, ReviewId, StageId, TenureId, TouchpointId};
use pipewright_core::matrix::{Lens, Matrix, MatrixQuery, ModelChoice, matrix};
use pipewright_core::rep::{Rep, Tenure};
use pipewright_core::review::{Changes, Review, Verdict};
use pipewright_core::touchpoint::{Touchpoint, TouchpointKind};
use pipewright_core::viewer::Scope;
use proptest::prelude::*;
use std::collections::BTreeMap;
use uuid::Uuid;

const LATER: StageId = StageId(Uuid::from_u128(1004));

/// Two stays are enough for a median, and what has no review and no product passes.
fn measured() -> Settings {
    Settings { hygiene: Rules { least_stays: 2, passing_score: 76, ..Rules::default() }, ..settings() }
}

fn id(number: u128) -> OpportunityId {
    OpportunityId(Uuid::from_u128(number))
}

fn rep(number: u128) -> RepId {
    RepId(Uuid::from_u128(900 + number))
}

fn lists(builder: &mut Builder) {
    for (id, position, kind) in
        [(OPEN, 1, StageKind::Open), (LATER, 2, StageKind::Open), (WON, 3, StageKind::Won), (LOST, 4, StageKind::Lost)]
    {
        builder.stage(&Stage {
            id,
            name: id.to_string(),
            position,
            kind,
            forecast_category: ForecastCategory::Pipeline,
            probability: None,
            is_active: true,
            recorded: DataVersion(1),
        });
    }
    for number in 0..5 {
        builder.rep(&Rep {
            id: rep(number),
            external_id: None,
            name: format!("rep {number}"),
            email: None,
            is_active: number != 3,
            hired_on: None,
            recorded: DataVersion(1),
        });
        // 1 and 2 report to 0, 3 to 2, and 4 to nobody.
        let manager = [None, Some(0), Some(0), Some(2), None][number as usize];
        builder.tenure(&Tenure {
            id: TenureId(Uuid::from_u128(number)),
            rep: rep(number),
            role: None,
            manager: manager.map(rep),
            valid_from: instant(-100),
            recorded: DataVersion(1),
        });
    }
}

fn opportunity(number: u128, versions: &[VersionFact]) -> OpportunityFact {
    OpportunityFact {
        id: id(number),
        account: None,
        created_at_ms: versions[0].valid_from_ms,
        created_by: None,
        lead_source_maps_to: None,
        last_activity_on: None,
        has_contact_role: number != 2,
    }
}

fn review(number: u128, opportunity: u128, at: DateTime<Utc>, recorded: i64) -> Review {
    Review {
        id: ReviewId(Uuid::from_u128(number)),
        opportunity: id(opportunity),
        reviewer: rep(0),
        verdict: Verdict::Confirmed,
        changes: Changes::default(),
        note: None,
        at,
        recorded: DataVersion(recorded),
    }
}

fn call(number: u128, opportunity: u128, at: DateTime<Utc>, recorded: i64) -> Touchpoint {
    Touchpoint {
        id: TouchpointId(Uuid::from_u128(number)),
        external_id: None,
        at,
        kind: TouchpointKind::Call,
        channel: None,
        rep: Some(rep(1)),
        campaign: None,
        contact: None,
        lead: None,
        account: None,
        opportunity: Some(id(opportunity)),
        recorded: DataVersion(recorded),
    }
}

fn ask(snapshot: &Snapshot, as_of: DateTime<Utc>, data_version: Option<i64>, filter: Filter) -> Hygiene {
    let query = HygieneQuery {
        as_of,
        data_version: data_version.map(DataVersion),
        by: HygieneBy::Owner,
        filter,
        model: ModelChoice { model: "by-index".into(), parameters: vec![], lens: Lens::All },
    };
    hygiene(snapshot, &query, &Scope::everything(), &ByIndex).unwrap()
}

/// A change: an opportunity's new version, a review or a call, some days in.
#[derive(Debug, Clone)]
struct Step {
    opportunity: u128,
    days: i64,
    what: What,
}

#[derive(Debug, Clone)]
enum What {
    Version { stage: usize, close: i64, owner: u128, next_step: bool, category: bool },
    Review,
    Call,
}

fn any_step() -> impl Strategy<Value = Step> {
    let version = (0..4_usize, 0..160_i64, 0..5_u128, prop::bool::ANY, prop::bool::weighted(0.9));
    let what = prop_oneof![
        4 => version.prop_map(|(stage, close, owner, next_step, category)| What::Version { stage, close, owner, next_step, category }),
        1 => Just(What::Review),
        1 => Just(What::Call),
    ];
    (1..6_u128, 0..100_i64, what).prop_map(|(opportunity, days, what)| Step { opportunity, days, what })
}

/// A company that grows change by change.
#[derive(Default, Clone)]
struct Told {
    versions: BTreeMap<u128, Vec<VersionFact>>,
    reviews: Vec<Review>,
    calls: Vec<Touchpoint>,
}

impl Told {
    /// The company as it is before any change: each opportunity open, in its first stage.
    fn begun() -> Self {
        let mut told = Self::default();
        for number in 1..6 {
            let first = VersionFact { owner: Some(rep(number % 5)), ..version(day(2025, 12, 1), OPEN, 100, day(2026, 2, 20)) };
            told.versions.insert(number, vec![first]);
        }
        told
    }

    /// Tells a change, here and to a builder.
    fn tell(&mut self, number: usize, step: &Step, builder: &mut Builder) {
        let recorded = i64::try_from(number).unwrap() + 2;
        let when = instant(step.days) + Duration::seconds(i64::try_from(number).unwrap());
        match &step.what {
            What::Version { stage, close, owner, next_step, category } => {
                let versions = self.versions.get_mut(&step.opportunity).unwrap();
                versions.push(VersionFact {
                    valid_from_ms: when.timestamp_millis(),
                    recorded: DataVersion(recorded),
                    owner: (*owner > 0).then(|| rep(*owner)),
                    has_next_step: *next_step,
                    forecast_category: if *category { ForecastCategory::Commit } else { ForecastCategory::Omitted },
                    ..version(day(2026, 1, 1), [OPEN, LATER, WON, LOST][*stage], 100, day(2026, 2, 1) + Duration::days(*close))
                });
                versions.sort_by_key(|version| (version.valid_from_ms, version.sequence));
                builder.opportunity(opportunity(step.opportunity, versions), versions);
            }
            What::Review => {
                self.reviews.push(review(number as u128, step.opportunity, when, recorded));
                builder.review(self.reviews.last().unwrap());
            }
            What::Call => {
                self.calls.push(call(number as u128, step.opportunity, when, recorded));
                builder.touchpoint(self.calls.last().unwrap());
            }
        }
    }

    fn at_once(&self, last: i64) -> Snapshot {
        let mut builder = Builder::new(measured());
        lists(&mut builder);
        self.versions.iter().for_each(|(number, versions)| builder.opportunity(opportunity(*number, versions), versions));
        self.reviews.iter().for_each(|review| builder.review(review));
        self.calls.iter().for_each(|call| builder.touchpoint(call));
        builder.finish(DataVersion(last))
    }
}

/// All that an answer says, but for the change it holds.
fn said(answer: &Hygiene) -> String {
    let flags: Vec<_> = Flag::ALL.into_iter().map(|flag| answer.behind(None, Some(flag))).collect();
    format!("{:?} {:?} {flags:?}", answer.rows, answer.total)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn hygiene_is_the_same_change_by_change_at_once_and_as_of_an_old_change(
        steps in prop::collection::vec(any_step(), 1..14), days in prop::collection::vec(0..130_i64, 1..4),
    ) {
        let mut told = Told::begun();
        let mut grown = told.at_once(1);
        let mut said_then: Vec<Vec<String>> = Vec::new();
        for (number, step) in steps.iter().enumerate() {
            let mut builder = Builder::onto(&grown);
            told.tell(number, step, &mut builder);
            let last = i64::try_from(number).unwrap() + 2;
            grown = builder.finish(DataVersion(last));
            let fresh = told.at_once(last);
            let of = |snapshot: &Snapshot| -> Vec<String> {
                days.iter().map(|days| said(&ask(snapshot, instant(*days), None, Filter::Everything))).collect()
            };
            let (found, expected) = (of(&grown), of(&fresh));
            prop_assert_eq!(&found, &expected, "after change {}", number);
            said_then.push(found);
        }
        for (number, then) in said_then.iter().enumerate() {
            let version = Some(i64::try_from(number).unwrap() + 2);
            let again: Vec<String> =
                days.iter().map(|days| said(&ask(&grown, instant(*days), version, Filter::Everything))).collect();
            prop_assert_eq!(&again, then, "as of change {}", number);
        }
    }

    #[test]
    fn rows_and_flags_add_up_and_one_opportunity_says_the_same_as_all(
        steps in prop::collection::vec(any_step(), 1..14), days in 0..130_i64,
    ) {
        let mut told = Told::begun();
        let mut builder = Builder::new(measured());
        steps.iter().enumerate().for_each(|(number, step)| told.tell(number, step, &mut builder));
        let snapshot = told.at_once(99);
        let answer = ask(&snapshot, instant(days), None, Filter::Everything);
        let rows = &answer.rows;
        prop_assert_eq!(rows.iter().map(|row| row.figures.all.acv).sum::<i64>(), answer.total.all.acv);
        prop_assert_eq!(rows.iter().map(|row| row.figures.all.opportunities).sum::<u64>(), answer.total.all.opportunities);
        let ids: Vec<OpportunityId> = (1..6).map(id).collect();
        let single = hygiene_of(&snapshot, &ids, instant(days), &Scope::everything());
        let open = ids.iter().zip(&single).filter(|(_, own)| own.is_some()).map(|(id, _)| *id).collect::<Vec<_>>();
        let mut behind: Vec<OpportunityId> = answer.behind(None, None).iter().map(|item| item.opportunity).collect();
        behind.sort();
        prop_assert_eq!(behind, open);
        for flag in Flag::ALL {
            let items = answer.behind(None, Some(flag));
            prop_assert_eq!(items.len() as u64, answer.total.flagged[flag as usize].opportunities);
            prop_assert_eq!(items.iter().map(|item| item.amount).sum::<i64>(), answer.total.flagged[flag as usize].acv);
            let mut flagged: Vec<OpportunityId> = items.iter().map(|item| item.opportunity).collect();
            flagged.sort();
            let raises = |own: &pipewright_core::hygiene::OpportunityHygiene| own.raised.iter().any(|raised| raised.flag == flag);
            let expected = ids.iter().zip(&single).filter(|(_, own)| own.as_ref().is_some_and(raises)).map(|(id, _)| *id);
            prop_assert_eq!(flagged, expected.collect::<Vec<_>>(), "{:?}", flag);
        }
        let scores = single.iter().flatten().map(|own| u32::from(own.score < 76)).sum::<u32>();
        prop_assert_eq!(u64::from(scores), answer.total.failing.opportunities);
    }

    #[test]
    fn an_adjusted_matrix_is_that_of_the_passing_opportunities_at_each_point(
        steps in prop::collection::vec(any_step(), 1..14), days in 25..120_i64,
    ) {
        let mut told = Told::begun();
        let mut builder = Builder::new(measured());
        steps.iter().enumerate().for_each(|(number, step)| told.tell(number, step, &mut builder));
        let snapshot = told.at_once(99);
        let query = MatrixQuery { hygiene_adjusted: true, ..matrix_query(&[Dimension::Region], quarter(), instant(days)) };
        let ask = |query: &MatrixQuery| matrix(&snapshot, query, &Scope::everything(), &ByIndex).unwrap();
        let (adjusted, plain) = (ask(&query), ask(&MatrixQuery { hygiene_adjusted: false, ..query.clone() }));
        let passing = |when: DateTime<Utc>, period: &pipewright_core::calendar::Period| {
            let ids: Vec<OpportunityId> = (1..6).map(id).collect();
            let judged = hygiene_of(&snapshot, &ids, when, &Scope::everything());
            let passing = ids.iter().zip(judged).filter(|(_, own)| own.as_ref().is_some_and(|own| own.passes));
            let states = passing.filter_map(|(id, _)| snapshot.state_at(snapshot.opportunity_index(*id).unwrap(), when.timestamp_millis()));
            states.filter(|state| period.contains(state.close_date)).map(|state| state.acv_minor).sum::<i64>()
        };
        prop_assert_eq!(adjusted.total.open_pipeline.value, passing(instant(days), &quarter()));
        prop_assert_eq!(adjusted.total.open_pipeline.prior, passing(adjusted.comparison_as_of, &adjusted.comparison));
        let rest = |matrix: &Matrix| {
            let cell = &matrix.total;
            let roll_up = (cell.forecast_parts.clone(), cell.generation.clone(), cell.closed_acv.clone());
            format!("{roll_up:?} {:?}", matrix.cells.iter().map(|cell| cell.key.clone()).collect::<Vec<_>>())
        };
        prop_assert_eq!(rest(&adjusted), rest(&plain), "nothing else moves, and no cell goes");
    }
}

#[test]
fn a_filter_and_an_owner_bound_what_is_judged() {
    let region = RegionId(Uuid::from_u128(77));
    let mut builder = Builder::new(measured());
    lists(&mut builder);
    for (number, region, owner) in [(1, Some(region), 1), (2, None, 1), (4, Some(region), 3)] {
        let version = VersionFact { region, owner: Some(rep(owner)), ..version(day(2026, 1, 5), OPEN, 100, day(2026, 3, 1)) };
        builder.opportunity(opportunity(number, std::slice::from_ref(&version)), &[version]);
    }
    let snapshot = builder.finish(DataVersion(1));
    let within = Filter::In(Dimension::Region, vec![DimensionValue::Entity(region.0)]);
    let answer = ask(&snapshot, at(day(2026, 1, 6)), None, within);
    let owners: Vec<_> = answer.rows.iter().map(|row| (row.key.parts()[0].1.clone(), row.figures.all.opportunities)).collect();
    assert_eq!(owners, [(DimensionValue::Entity(rep(1).0), 1), (DimensionValue::Entity(rep(3).0), 1)]);
    // Without source and product; the second one's owner cannot sign in.
    assert_eq!(answer.rows.iter().map(|row| row.figures.score()).collect::<Vec<_>>(), [Some(83), Some(75)]);
    assert_eq!(answer.total.score(), Some(79));
}

#[test]
fn a_manager_has_to_review_what_the_team_below_has_open_and_no_review_covers() {
    let mut builder = Builder::new(measured());
    lists(&mut builder);
    let monday = day(2026, 3, 2);
    let open = |owner: Option<u128>, from: NaiveDate, acv| VersionFact {
        owner: owner.map(rep),
        ..version(from, OPEN, acv, day(2026, 6, 1))
    };
    let long_ago = day(2026, 1, 5);
    let won = VersionFact { owner: Some(rep(1)), ..version(long_ago, WON, 900, day(2026, 1, 5)) };
    for (number, version) in [
        (1, open(Some(1), long_ago, 500)),
        (2, open(Some(3), long_ago, 400)),
        (3, open(Some(2), day(2026, 3, 3), 300)),
        (4, open(Some(0), long_ago, 800)),
        (5, open(Some(4), long_ago, 700)),
        (6, open(None, long_ago, 600)),
        (7, won),
        (8, open(Some(2), long_ago, 200)),
        (9, open(Some(2), long_ago, 100)),
    ] {
        builder.opportunity(opportunity(number, std::slice::from_ref(&version)), &[version]);
    }
    // 8 was reviewed on the Wednesday before, which holds to Wednesday; 9 on Monday of this week, which holds into the next.
    builder.review(&review(1, 8, at(day(2026, 2, 25)), 1));
    builder.review(&review(2, 9, at(monday), 1));
    let snapshot = builder.finish(DataVersion(1));
    let due = |manager: u128, week: NaiveDate, now: NaiveDate| {
        let due = reviews_due(&snapshot, rep(manager), &week_of(week), at(now), &Scope::everything());
        due.reviews.iter().map(|due| (due.opportunity.0.as_u128(), due.is_direct)).collect::<Vec<_>>()
    };
    let wednesday = day(2026, 3, 4);
    assert_eq!(due(0, wednesday, wednesday), [(1, true), (2, false), (8, true)], "3 is new, 9 was reviewed");
    assert_eq!(due(2, wednesday, wednesday), [(2, true)], "what somebody else's team has is not hers");
    assert_eq!(due(4, wednesday, wednesday), [], "nobody reports to them");
    assert_eq!(due(0, day(2026, 3, 9), wednesday), [(1, true), (2, false), (3, true), (8, true), (9, true)], "the week after");
    assert_eq!(due(0, day(2026, 2, 25), wednesday), [(1, true), (2, false), (9, true)], "the week before, as it ended");
    let first = reviews_due(&snapshot, rep(0), &week_of(wednesday), at(wednesday), &Scope::everything()).reviews.remove(0);
    assert_eq!(first.due_ms, at(day(2026, 1, 12)).timestamp_millis());
    assert!(first.flags.contains(Flag::NotReviewed) && first.reviewed_ms.is_none());
}

#[test]
fn deals_of_a_knotted_team_are_due_once_and_never_the_managers_own() {
    let mut builder = Builder::new(measured());
    lists(&mut builder);
    // 0 reports to 3, who is below 0.
    builder.tenure(&Tenure {
        id: TenureId(Uuid::from_u128(0)),
        rep: rep(0),
        role: None,
        manager: Some(rep(3)),
        valid_from: instant(-100),
        recorded: DataVersion(1),
    });
    for owner in [0, 3] {
        let version = VersionFact { owner: Some(rep(owner)), ..version(day(2026, 1, 5), OPEN, 1, day(2026, 6, 1)) };
        builder.opportunity(opportunity(owner + 1, std::slice::from_ref(&version)), &[version]);
    }
    let snapshot = builder.finish(DataVersion(1));
    let due = reviews_due(&snapshot, rep(0), &week_of(day(2026, 3, 2)), at(day(2026, 3, 2)), &Scope::everything());
    assert_eq!(due.reviews.iter().map(|due| due.opportunity).collect::<Vec<_>>(), [id(4)]);
}
