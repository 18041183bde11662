//! The family, held to the contract, to the golden journey and to its edges: weights here, money by the host's own split.

#![allow(clippy::unwrap_used)]

use pipewright_core::money;
use pipewright_milestone::{Custom, Fixed, UShaped};
use pipewright_plugin::conformance::{Edge, GOLDEN_AMOUNT_MINOR, answer_one, answers_at_edges, check, golden, weigh_one};
use pipewright_plugin::{Model, ModelError, NoCredit, Remarks, Value};

/// A model, its parameters, and what it gives each touchpoint of the golden journey, in cents.
type Golden<'a> = (&'a dyn Model, &'a [(&'a str, Value)], [i64; 6]);

fn cents(model: &dyn Model, values: &[(&str, Value)]) -> Vec<i64> {
    money::split(GOLDEN_AMOUNT_MINOR, &weigh_one(model, values, golden()).unwrap().unwrap())
}

#[test]
fn every_model_passes_the_conformance_check() {
    let models: [&dyn Model; 6] =
        [&Fixed::LEAD_CREATION, &Fixed::OPPORTUNITY_CREATION, &UShaped, &Fixed::W_SHAPED, &Fixed::FULL_PATH, &Custom];
    for model in models {
        assert_eq!(check(model), Ok(()), "{}", model.manifest().id);
    }
}

#[test]
fn the_golden_journey_is_credited_to_the_cent() {
    let cases: [Golden<'_>; 9] = [
        (&Fixed::LEAD_CREATION, &[], [0, 10_000_000, 0, 0, 0, 0]),
        (&Fixed::OPPORTUNITY_CREATION, &[], [0, 0, 0, 10_000_000, 0, 0]),
        (&UShaped, &[], [5_000_000, 5_000_000, 0, 0, 0, 0]),
        // Nothing is between T1 and T2: the 20 go back to the two evenly.
        (&UShaped, &[("middle", Value::Real(20.0))], [5_000_000, 5_000_000, 0, 0, 0, 0]),
        (&Fixed::W_SHAPED, &[], [3_000_000, 3_000_000, 1_000_000, 3_000_000, 0, 0]),
        (&Fixed::FULL_PATH, &[], [2_250_000, 2_250_000, 500_000, 2_250_000, 500_000, 2_250_000]),
        // Where nothing is said, as the full path.
        (&Custom, &[], [2_250_000, 2_250_000, 500_000, 2_250_000, 500_000, 2_250_000]),
        // 0, 22.5, 22.5, 45 and 10, scaled to 100.
        (
            &Custom,
            &[("first", Value::Real(0.0)), ("closed", Value::Real(45.0))],
            [0, 2_250_000, 500_000, 2_250_000, 500_000, 4_500_000],
        ),
        // A stage that is not reached is dropped.
        (&Custom, &[("stage_3", Value::Real(50.0))], [2_250_000, 2_250_000, 500_000, 2_250_000, 500_000, 2_250_000]),
    ];
    for (model, values, expected) in cases {
        assert_eq!(cents(model, values), expected, "{} with {values:?}", model.manifest().id);
    }
}

#[test]
fn the_lead_takes_all_where_it_is_reached() {
    assert_eq!(
        answers_at_edges(
            &Fixed::LEAD_CREATION,
            &[],
            &[
                (Edge::OneTouchpoint, Ok(&[100.0]), "the response made the lead"),
                (Edge::TwoTouchpoints, Ok(&[100.0, 0.0]), "the response made the lead, the call did not"),
                (Edge::SameInstant, Ok(&[0.0, 100.0, 0.0]), "the first response in order, not the call"),
                (Edge::NoMiddle, Ok(&[100.0, 0.0, 0.0, 0.0]), "the middle has no weight"),
                (Edge::Lost, Ok(&[0.0, 100.0, 0.0, 0.0, 0.0, 0.0]), "the outcome does not matter"),
                (Edge::Open, Ok(&[0.0, 100.0, 0.0, 0.0, 0.0, 0.0]), "nor does it being open"),
                (Edge::NothingBeforeCreation, Err(NoCredit::NoPositionReached), "a response after the creation made no lead"),
                (Edge::MilestoneWithoutTouchpoint, Err(NoCredit::NoPositionReached), "no response before the creation"),
                (Edge::OriginsOnly, Err(NoCredit::NoTouchpoint), "origins are not shown"),
            ]
        ),
        Ok(())
    );
}

#[test]
fn the_opportunitys_creation_takes_all_or_what_stands_in_for_it() {
    assert_eq!(
        answers_at_edges(
            &Fixed::OPPORTUNITY_CREATION,
            &[],
            &[
                (Edge::OneTouchpoint, Ok(&[100.0]), "it is before the creation"),
                (Edge::TwoTouchpoints, Ok(&[100.0, 0.0]), "the latest before the creation"),
                (Edge::SameInstant, Ok(&[0.0, 0.0, 100.0]), "the last in order"),
                (Edge::NoMiddle, Ok(&[0.0, 0.0, 100.0, 0.0]), "the meeting"),
                (Edge::Lost, Ok(&[0.0, 0.0, 0.0, 100.0, 0.0, 0.0]), "the outcome does not matter"),
                (Edge::Open, Ok(&[0.0, 0.0, 0.0, 100.0, 0.0, 0.0]), "nor does it being open"),
                (Edge::NothingBeforeCreation, Ok(&[0.0, 0.0, 100.0]), "it sits on the close, the next milestone reached"),
                (
                    Edge::MilestoneWithoutTouchpoint,
                    Ok(&[100.0, 0.0]),
                    "no later milestone has a touchpoint: over those held, the first",
                ),
                (Edge::OriginsOnly, Err(NoCredit::NoTouchpoint), "origins are not shown"),
            ]
        ),
        Ok(())
    );
}

#[test]
fn a_u_has_two_ends_and_what_is_between_them() {
    assert_eq!(
        answers_at_edges(
            &UShaped,
            &[("middle", Value::Real(20.0))],
            &[
                (Edge::OneTouchpoint, Ok(&[100.0]), "it is both ends: their weights add up"),
                (Edge::TwoTouchpoints, Ok(&[100.0, 0.0]), "the response is both ends"),
                (Edge::SameInstant, Ok(&[50.0, 50.0, 0.0]), "nothing is between: the 20 go to the ends evenly"),
                (Edge::NoMiddle, Ok(&[100.0, 0.0, 0.0, 0.0]), "the response is both ends"),
                (Edge::Lost, Ok(&[50.0, 50.0, 0.0, 0.0, 0.0, 0.0]), "the outcome does not matter"),
                (Edge::Open, Ok(&[50.0, 50.0, 0.0, 0.0, 0.0, 0.0]), "both ends are reached"),
                (Edge::NothingBeforeCreation, Ok(&[100.0, 0.0, 0.0]), "no lead: the first takes what is left, and the middle's"),
                (Edge::MilestoneWithoutTouchpoint, Ok(&[100.0, 0.0]), "the same"),
                (Edge::OriginsOnly, Err(NoCredit::NoTouchpoint), "origins are not shown"),
            ]
        ),
        Ok(())
    );
}

#[test]
fn a_w_ends_at_the_creation() {
    assert_eq!(
        answers_at_edges(
            &Fixed::W_SHAPED,
            &[],
            &[
                (Edge::OneTouchpoint, Ok(&[100.0]), "it is everything"),
                (Edge::TwoTouchpoints, Ok(&[100.0, 0.0]), "the call came after the creation"),
                (
                    Edge::SameInstant,
                    Ok(&[100.0 / 3.0, 100.0 / 3.0, 100.0 / 3.0]),
                    "30 each, and the middle's 10 evenly over them"
                ),
                (
                    Edge::NoMiddle,
                    Ok(&[60.0 + 20.0 / 3.0, 0.0, 30.0 + 10.0 / 3.0, 0.0]),
                    "a bare visit is no middle: a third of the 10 to each of the three positions",
                ),
                (Edge::Lost, Ok(&[30.0, 30.0, 10.0, 30.0, 0.0, 0.0]), "the outcome does not matter"),
                (Edge::Open, Ok(&[30.0, 30.0, 10.0, 30.0, 0.0, 0.0]), "nor does it being open"),
                (Edge::NothingBeforeCreation, Err(NoCredit::NothingBeforeCreation), "what comes after weighs nothing"),
                (Edge::MilestoneWithoutTouchpoint, Err(NoCredit::NothingBeforeCreation), "the same"),
                (Edge::OriginsOnly, Err(NoCredit::NoTouchpoint), "origins are not shown"),
            ]
        ),
        Ok(())
    );
}

#[test]
fn the_full_path_ends_at_the_close() {
    let third = 10.0 / 3.0;
    assert_eq!(
        answers_at_edges(
            &Fixed::FULL_PATH,
            &[],
            &[
                (Edge::OneTouchpoint, Ok(&[100.0]), "it is everything"),
                (Edge::TwoTouchpoints, Ok(&[75.0, 25.0]), "three positions and one; the middle's 10 by position, 7.5 and 2.5"),
                (Edge::SameInstant, Ok(&[25.0, 25.0, 50.0]), "the last is both the creation and the close"),
                (Edge::NoMiddle, Ok(&[50.0, 0.0, 25.0, 25.0]), "a bare visit is no middle"),
                (Edge::Lost, Ok(&[22.5, 22.5, 5.0, 22.5, 5.0, 22.5]), "a close is a close, won or lost"),
                (
                    Edge::Open,
                    Ok(&[22.5 / 0.775, 22.5 / 0.775, third / 0.775, 22.5 / 0.775, third / 0.775, third / 0.775]),
                    "no close yet: the other 77.5 are scaled up, and the last is a middle one",
                ),
                (
                    Edge::NothingBeforeCreation,
                    Ok(&[22.5 / 0.775, 10.0 / 0.775, 45.0 / 0.775]),
                    "no lead: dropped; the creation has no touchpoint: it sits on the close",
                ),
                (
                    Edge::MilestoneWithoutTouchpoint,
                    Ok(&[45.0 / 0.55, 10.0 / 0.55]),
                    "no lead and no close: dropped; the creation has no later milestone: to the first",
                ),
                (Edge::OriginsOnly, Err(NoCredit::NoTouchpoint), "origins are not shown"),
            ]
        ),
        Ok(())
    );
}

#[test]
fn custom_weights_follow_the_same_rules() {
    let values = [
        ("first", Value::Real(10.0)),
        ("lead_creation", Value::Real(0.0)),
        ("opportunity_creation", Value::Real(0.0)),
        ("closed", Value::Real(20.0)),
        ("middle", Value::Real(0.0)),
        ("stage_1", Value::Real(10.0)),
    ];
    assert_eq!(
        answers_at_edges(
            &Custom,
            &values,
            &[
                (Edge::OneTouchpoint, Ok(&[100.0]), "first and close; the stage is not reached"),
                (Edge::TwoTouchpoints, Ok(&[100.0 / 3.0, 200.0 / 3.0]), "first 10, close 20"),
                (Edge::SameInstant, Ok(&[100.0 / 3.0, 0.0, 200.0 / 3.0]), "first 10, close 20"),
                (Edge::NoMiddle, Ok(&[100.0 / 3.0, 0.0, 0.0, 200.0 / 3.0]), "the middle has no weight"),
                (Edge::Lost, Ok(&[100.0 / 3.0, 0.0, 0.0, 0.0, 0.0, 200.0 / 3.0]), "a close is a close"),
                (Edge::Open, Ok(&[100.0, 0.0, 0.0, 0.0, 0.0, 0.0]), "neither the close nor the stage is reached"),
                (Edge::NothingBeforeCreation, Ok(&[100.0 / 3.0, 0.0, 200.0 / 3.0]), "the creation has no weight"),
                (
                    Edge::MilestoneWithoutTouchpoint,
                    Ok(&[100.0, 0.0]),
                    "the stage has no touchpoint, nor is a later one: to the first",
                ),
                (Edge::OriginsOnly, Err(NoCredit::NoTouchpoint), "origins are not shown"),
            ]
        ),
        Ok(())
    );
}

#[test]
fn a_milestone_yet_to_come_makes_the_credit_provisional() {
    let remarks = |model: &dyn Model, edge: Edge| answer_one(model, &[], edge.journey(false)).unwrap().1;
    assert_eq!(remarks(&Fixed::FULL_PATH, Edge::Open), Remarks::PROVISIONAL);
    assert_eq!(remarks(&Fixed::FULL_PATH, Edge::Lost), Remarks::NONE);
    assert_eq!(remarks(&Fixed::W_SHAPED, Edge::Open), Remarks::NONE, "all that it weighs is reached");
}

#[test]
fn weights_that_are_all_zero_are_refused() {
    let names = ["first", "lead_creation", "opportunity_creation", "closed", "middle"];
    let zero: Vec<(&str, Value)> = names.into_iter().map(|name| (name, Value::Real(0.0))).collect();
    let refused = answer_one(&Custom, &zero, golden()).unwrap_err();
    assert!(matches!(refused, ModelError::BadParameter(_)), "{refused}");
    let only_middle = [&zero[..4], &[("middle", Value::Real(1.0))][..]].concat();
    assert_eq!(cents(&Custom, &only_middle), [0, 0, 5_000_000, 0, 5_000_000, 0]);
}
