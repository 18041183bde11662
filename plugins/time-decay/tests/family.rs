//! The model, held to the contract, to the golden journey and to its edges: weights here, money by the host's own split.

#![allow(clippy::unwrap_used)]

use pipewright_core::money;
use pipewright_plugin::conformance::{Edge, GOLDEN_AMOUNT_MINOR, answer_one, answers_at_edges, check, golden, weigh_one};
use pipewright_plugin::{Journey, Model, NoCredit, Remarks, Touch, Value};
use pipewright_time_decay::TimeDecay;

fn cents(model: &dyn Model, values: &[(&str, Value)]) -> Vec<i64> {
    money::split(GOLDEN_AMOUNT_MINOR, &weigh_one(model, values, golden()).unwrap().unwrap())
}

/// 2^(-age / 30), scaled to 100.
fn halved(ages_days: &[f64]) -> Vec<f64> {
    let left: Vec<f64> = ages_days.iter().map(|age| (-age / 30.0).exp2()).collect();
    let sum: f64 = left.iter().sum();
    left.iter().map(|left| left / sum * 100.0).collect()
}

fn creation() -> (&'static str, Value) {
    ("conversion", Value::Choice("opportunityCreation".into()))
}

#[test]
fn it_passes_the_conformance_check() {
    assert_eq!(check(&TimeDecay), Ok(()));
}

#[test]
fn the_golden_journey_is_credited_to_the_cent() {
    assert_eq!(cents(&TimeDecay, &[]), [88_719, 199_169, 436_907, 1_294_203, 3_261_187, 4_719_815]);
    let month = [("half_life_days", Value::Whole(30))];
    assert_eq!(cents(&TimeDecay, &month), cents(&TimeDecay, &[]));
    // What came after the creation, on 2025-05-08, weighs nothing; ages 118, 83, 49 and 2 days.
    let expected = halved(&[118.0, 83.0, 49.0, 2.0]).iter().map(|share| (share * 100_000.0).round() as i64).collect::<Vec<_>>();
    let found = cents(&TimeDecay, &[creation()]);
    assert!(found[..4].iter().zip(&expected).all(|(one, other)| (one - other).abs() <= 1) && found[4..] == [0, 0], "{found:?}");
}

#[test]
fn to_the_close_the_latest_takes_most() {
    assert_eq!(
        answers_at_edges(
            &TimeDecay,
            &[],
            &[
                (Edge::OneTouchpoint, Ok(&[100.0]), "all of what is left of it"),
                (Edge::TwoTouchpoints, Ok(&halved(&[160.0, 0.0])), "days 100 and 260"),
                (Edge::SameInstant, Ok(&[100.0 / 3.0; 3]), "the same age, the same weight"),
                (Edge::NoMiddle, Ok(&halved(&[160.0, 110.0, 60.0, 0.0])), "a bare visit ages like anything"),
                (Edge::Lost, Ok(&halved(&[172.0, 137.0, 103.0, 56.0, 16.0, 0.0])), "a close is a close"),
                (Edge::Open, Ok(&halved(&[172.0, 137.0, 103.0, 56.0, 16.0, 0.0])), "the age is as of the question"),
                (Edge::NothingBeforeCreation, Ok(&halved(&[10.0, 9.0, 0.0])), "the creation does not matter"),
                (Edge::MilestoneWithoutTouchpoint, Ok(&halved(&[1.0, 0.0])), "nor do milestones"),
                (Edge::OriginsOnly, Err(NoCredit::NoTouchpoint), "origins are not shown"),
            ]
        ),
        Ok(())
    );
}

#[test]
fn to_the_creation_nothing_after_it_counts() {
    let golden = halved(&[116.0, 81.0, 47.0, 0.0]);
    let six = [&golden[..], &[0.0, 0.0]].concat();
    assert_eq!(
        answers_at_edges(
            &TimeDecay,
            &[creation()],
            &[
                (Edge::OneTouchpoint, Ok(&[100.0]), "before the creation"),
                (Edge::TwoTouchpoints, Ok(&[100.0, 0.0]), "the call came after it"),
                (Edge::SameInstant, Ok(&[100.0 / 3.0; 3]), "the same age, the same weight"),
                (Edge::NoMiddle, Ok(&[&halved(&[100.0, 50.0, 0.0])[..], &[0.0]].concat()), "the last call came after it"),
                (Edge::Lost, Ok(&six), "the outcome does not matter"),
                (Edge::Open, Ok(&six), "nor does it being open"),
                (Edge::NothingBeforeCreation, Err(NoCredit::NothingBeforeConversion), "all came after it"),
                (Edge::MilestoneWithoutTouchpoint, Err(NoCredit::NothingBeforeConversion), "all came after it"),
                (Edge::OriginsOnly, Err(NoCredit::NoTouchpoint), "origins are not shown"),
            ]
        ),
        Ok(())
    );
}

#[test]
fn the_close_of_an_open_opportunity_is_yet_to_come() {
    let remarks = |values: &[(&str, Value)], edge: Edge| answer_one(&TimeDecay, values, edge.journey(false)).unwrap().1;
    assert_eq!(remarks(&[], Edge::Open), Remarks::PROVISIONAL);
    assert_eq!(remarks(&[], Edge::Lost), Remarks::NONE);
    assert_eq!(remarks(&[creation()], Edge::Open), Remarks::NONE, "the creation is known");
}

#[test]
fn a_half_life_of_nothing_or_less_is_refused() {
    for value in [Value::Real(0.0), Value::Whole(0), Value::Real(-1.0), Value::Real(f64::NAN)] {
        let refused = answer_one(&TimeDecay, &[("half_life_days", value.clone())], golden()).unwrap_err().to_string();
        assert_eq!(refused, format!("parameter 'half_life_days': {value} is no number from 0.001 to 36500"));
    }
}

#[test]
fn ages_beyond_all_measure_leave_the_latest_with_everything() {
    let at = |at_ms| Touch { at_ms, ..golden().touches[0] };
    let touches = [at(i64::MIN), at(0), at(1), at(1)];
    let journey = Journey { touches: &touches, closed_at_ms: Some(i64::MAX), ..golden() };
    let weights = weigh_one(&TimeDecay, &[("half_life_days", Value::Real(0.001))], journey).unwrap().unwrap();
    assert_eq!(weights[0], 0.0);
    assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-12 && weights[1] < weights[2], "{weights:?}");
}
