//! The model, held to the contract and to its edges.

#![allow(clippy::unwrap_used)]

use pipewright_influence::Influence;
use pipewright_plugin::conformance::{Edge, answer_one, check, golden, weigh_one};
use pipewright_plugin::{Model, NoCredit, Remarks};

#[test]
fn it_passes_the_conformance_check_and_is_never_summed() {
    assert_eq!(check(&Influence), Ok(()));
    assert!(!Influence.manifest().additive);
}

#[test]
fn whoever_touched_has_the_whole() {
    assert_eq!(weigh_one(&Influence, &[], golden()), Ok(Some(vec![1.0; 6])));
    for edge in Edge::ALL {
        let touches = edge.journey(false).touches.len();
        // Neither time nor positions nor the outcome matter; only where nobody touched there is nothing to say.
        let expected = if touches == 0 { Err(NoCredit::NoTouchpoint) } else { Ok(vec![1.0; touches]) };
        let found = answer_one(&Influence, &[], edge.journey(false)).unwrap();
        assert_eq!(found, (expected, Remarks::NONE), "{edge:?}");
    }
}
