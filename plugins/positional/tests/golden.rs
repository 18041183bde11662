//! The family, held to the contract and to the golden journey: weights here, money by the host's own split.

#![allow(clippy::unwrap_used)]

use pipewright_core::money;
use pipewright_plugin::conformance::{GOLDEN_AMOUNT_MINOR, check, golden, weigh_one};
use pipewright_plugin::{Model, Value};
use pipewright_positional::{Linear, Single};

fn cents(model: &dyn Model, given: Vec<(String, Value)>) -> Vec<i64> {
    money::split(GOLDEN_AMOUNT_MINOR, &weigh_one(model, given, golden()).unwrap().unwrap())
}

#[test]
fn every_model_passes_the_conformance_check() {
    for model in [&Single::FIRST as &dyn Model, &Single::LAST, &Linear] {
        assert_eq!(check(model), Ok(()), "{}", model.manifest().id);
    }
}

#[test]
fn the_golden_journey_is_credited_to_the_cent() {
    let cases: [(&dyn Model, [i64; 6]); 3] = [
        (&Single::FIRST, [10_000_000, 0, 0, 0, 0, 0]),
        (&Single::LAST, [0, 0, 0, 0, 0, 10_000_000]),
        (&Linear, [1_666_667, 1_666_667, 1_666_667, 1_666_667, 1_666_666, 1_666_666]),
    ];
    for (model, expected) in cases {
        assert_eq!(cents(model, Vec::new()), expected, "{}", model.manifest().id);
    }
}

#[test]
fn linear_by_source_shares_among_sources_first_and_inside_a_source_then() {
    // Five sources: DIGITAL, DEMAND_GENERATION (twice), EVENTS, ABM, ENABLEMENT.
    let by_source = vec![("unit".into(), Value::Choice("source".into()))];
    assert_eq!(cents(&Linear, by_source), [2_000_000, 1_000_000, 1_000_000, 2_000_000, 2_000_000, 2_000_000]);
}
