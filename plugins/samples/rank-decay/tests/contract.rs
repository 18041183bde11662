//! What an author tests: the contract, and the numbers of a journey that everyone knows.

use pipewright_plugin::conformance::{check, golden, weigh_one};
use rank_decay::RankDecay;

#[test]
fn it_keeps_the_contract() {
    assert_eq!(check(&RankDecay), Ok(()));
}

#[test]
fn on_the_golden_journey_each_touchpoint_is_worth_half_of_the_next() {
    let weights = weigh_one(&RankDecay, &[], golden()).expect("it weighs").expect("there is credit");
    let expected = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0].map(|part| part / 63.0);
    assert!(weights.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-15), "{weights:?}");
}
