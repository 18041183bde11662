//! The family, held to the contract, to the golden journey and to its edges: weights here, money by the host's own split.

#![allow(clippy::unwrap_used)]

use pipewright_core::money;
use pipewright_plugin::conformance::{Edge, GOLDEN_AMOUNT_MINOR, answer_one, answers_at_edges, check, golden, weigh_one};
use pipewright_plugin::{Journey, Kind, Model, NoCredit, Touch, Value};
use pipewright_positional::{JShaped, Linear, PositionBased, Single};

/// A model, its parameters, and what it gives each touchpoint of the golden journey, in cents.
type Golden<'a> = (&'a dyn Model, &'a [(&'a str, Value)], [i64; 6]);

fn cents(model: &dyn Model, values: &[(&str, Value)]) -> Vec<i64> {
    money::split(GOLDEN_AMOUNT_MINOR, &weigh_one(model, values, golden()).unwrap().unwrap())
}

/// A table in the order of [`Edge::ALL`], for a model that looks only at how many touchpoints there are.
fn by_count(model: &dyn Model, values: &[(&str, Value)], weights: [&[f64]; 5]) {
    let [one, two, three, four, six] = weights;
    assert_eq!(
        answers_at_edges(
            model,
            values,
            &[
                (Edge::OneTouchpoint, Ok(one), "one"),
                (Edge::TwoTouchpoints, Ok(two), "two"),
                (Edge::SameInstant, Ok(three), "three, in their order"),
                (Edge::NoMiddle, Ok(four), "four: the middle is every touchpoint between, a bare visit too"),
                (Edge::Lost, Ok(six), "six: the outcome does not matter"),
                (Edge::Open, Ok(six), "six: nor does it being open"),
                (Edge::NothingBeforeCreation, Ok(three), "three: nor does the creation"),
                (Edge::MilestoneWithoutTouchpoint, Ok(two), "two: nor do milestones"),
                (Edge::OriginsOnly, Err(NoCredit::NoTouchpoint), "origins are not shown"),
            ]
        ),
        Ok(())
    );
}

fn word(value: &str) -> Value {
    Value::Choice(value.into())
}

#[test]
fn every_model_passes_the_conformance_check() {
    let models: [&dyn Model; 7] =
        [&Single::FIRST, &Single::LAST, &Single::LAST_NON_DIRECT, &Linear, &PositionBased, &JShaped::LATE, &JShaped::EARLY];
    for model in models {
        assert_eq!(check(model), Ok(()), "{}", model.manifest().id);
    }
}

#[test]
fn the_golden_journey_is_credited_to_the_cent() {
    let cases: [Golden<'_>; 9] = [
        (&Single::FIRST, &[], [10_000_000, 0, 0, 0, 0, 0]),
        (&Single::LAST, &[], [0, 0, 0, 0, 0, 10_000_000]),
        (&Single::LAST_NON_DIRECT, &[], [0, 0, 0, 0, 0, 10_000_000]),
        (&Linear, &[], [1_666_667, 1_666_667, 1_666_667, 1_666_667, 1_666_666, 1_666_666]),
        // Five sources: DIGITAL, DEMAND_GENERATION (twice), EVENTS, ABM, ENABLEMENT.
        (&Linear, &[("unit", word("source"))], [2_000_000, 1_000_000, 1_000_000, 2_000_000, 2_000_000, 2_000_000]),
        (&PositionBased, &[], [4_000_000, 500_000, 500_000, 500_000, 500_000, 4_000_000]),
        // 40, 20 and 20, scaled to 100.
        (&PositionBased, &[("last", Value::Real(20.0))], [5_000_000, 625_000, 625_000, 625_000, 625_000, 2_500_000]),
        (&JShaped::LATE, &[], [2_000_000, 500_000, 500_000, 500_000, 500_000, 6_000_000]),
        (&JShaped::EARLY, &[], [6_000_000, 500_000, 500_000, 500_000, 500_000, 2_000_000]),
    ];
    for (model, values, expected) in cases {
        assert_eq!(cents(model, values), expected, "{} with {values:?}", model.manifest().id);
    }
}

#[test]
fn one_touchpoint_takes_all_at_every_edge() {
    by_count(
        &Single::FIRST,
        &[],
        [&[100.0], &[100.0, 0.0], &[100.0, 0.0, 0.0], &[100.0, 0.0, 0.0, 0.0], &[100.0, 0.0, 0.0, 0.0, 0.0, 0.0]],
    );
    // No edge ends with a bare visit, so the latest that is more than one is the latest.
    for last in [Single::LAST, Single::LAST_NON_DIRECT] {
        by_count(
            &last,
            &[],
            [&[100.0], &[0.0, 100.0], &[0.0, 0.0, 100.0], &[0.0, 0.0, 0.0, 100.0], &[0.0, 0.0, 0.0, 0.0, 0.0, 100.0]],
        );
    }
}

#[test]
fn a_bare_visit_takes_all_only_where_there_is_nothing_else() {
    use Kind::{BareVisit, Call};
    let cases: [(&[Kind], usize); 4] = [
        (&[Call, BareVisit, BareVisit], 0),
        (&[BareVisit, Call, BareVisit], 1),
        (&[BareVisit, BareVisit, BareVisit], 2),
        (&[BareVisit], 0),
    ];
    for (kinds, taker) in cases {
        let touches: Vec<Touch> = kinds.iter().map(|kind| Touch { kind: *kind, ..golden().touches[0] }).collect();
        let journey = Journey { touches: &touches, ..golden() };
        let weights = weigh_one(&Single::LAST_NON_DIRECT, &[], journey).unwrap().unwrap();
        assert_eq!(weights.iter().position(|weight| *weight == 1.0), Some(taker), "{kinds:?}");
    }
}

#[test]
fn linear_is_the_same_for_all() {
    let [third, sixth] = [100.0 / 3.0, 100.0 / 6.0];
    by_count(&Linear, &[], [&[100.0], &[50.0; 2], &[third; 3], &[25.0; 4], &[sixth; 6]]);
    // Sources: AE and ABM; three; DIGITAL twice and AE twice; five with DEMAND_GENERATION twice.
    by_count(
        &Linear,
        &[("unit", word("source"))],
        [&[100.0], &[50.0; 2], &[third; 3], &[25.0; 4], &[20.0, 10.0, 10.0, 20.0, 20.0, 20.0]],
    );
}

#[test]
fn the_middle_goes_to_the_ends_where_there_is_none() {
    let early: [&[f64]; 5] =
        [&[100.0], &[75.0, 25.0], &[60.0, 20.0, 20.0], &[60.0, 10.0, 10.0, 20.0], &[60.0, 5.0, 5.0, 5.0, 5.0, 20.0]];
    let late: [&[f64]; 5] =
        [&[100.0], &[25.0, 75.0], &[20.0, 20.0, 60.0], &[20.0, 10.0, 10.0, 60.0], &[20.0, 5.0, 5.0, 5.0, 5.0, 60.0]];
    by_count(&JShaped::EARLY, &[], early);
    by_count(&JShaped::LATE, &[("middle_fallback", word("proportional"))], late);
    let equal = [("middle_fallback", word("equal"))];
    by_count(&JShaped::LATE, &equal, [late[0], &[30.0, 70.0], late[2], late[3], late[4]]);
    by_count(&JShaped::EARLY, &equal, [early[0], &[70.0, 30.0], early[2], early[3], early[4]]);
    by_count(
        &PositionBased,
        &[],
        [&[100.0], &[50.0, 50.0], &[40.0, 20.0, 40.0], &[40.0, 10.0, 10.0, 40.0], &[40.0, 5.0, 5.0, 5.0, 5.0, 40.0]],
    );
}

#[test]
fn only_the_middle_may_have_weight_and_not_nothing() {
    let ends = [("first", Value::Real(0.0)), ("last", Value::Real(0.0))];
    by_count(
        &PositionBased,
        &ends,
        [&[100.0], &[50.0, 50.0], &[0.0, 100.0, 0.0], &[0.0, 50.0, 50.0, 0.0], &[0.0, 25.0, 25.0, 25.0, 25.0, 0.0]],
    );
    let nothing = [&ends[..], &[("middle", Value::Real(0.0))][..]].concat();
    let refused = answer_one(&PositionBased, &nothing, golden()).unwrap_err().to_string();
    assert_eq!(refused, "parameter 'first': it is 0 as middle and last are, and one of the three must be above 0");
}
