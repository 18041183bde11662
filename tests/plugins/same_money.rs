//! One source, natively and as a component: the same money.

use crate::build::component;
use pipewright::plugins::wasm::{Host, Limits};
use pipewright_core::money;
use pipewright_plugin::conformance::{GOLDEN_AMOUNT_MINOR, check, golden};
use pipewright_plugin::{
    Journey, Journeys, Kind, Model, ModelError, Outcome, Parameters, Positions, Source, Touch, Value, Weights, fit,
};
use pipewright_positional::Linear;
use pipewright_sourcing::SourcedBy;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};

/// Journeys that stand ready.
struct Known<'a>(&'a [Journey<'a>]);

impl Journeys for Known<'_> {
    fn each_batch(&self, visit: &mut dyn FnMut(&[Journey<'_>]) -> Result<(), ModelError>) -> Result<(), ModelError> {
        self.0.chunks(1_024).try_for_each(visit)
    }
}

/// Journeys of 1 to 12 touchpoints of any kind and source, in order, with positions as the host would find them.
fn journeys() -> impl Strategy<Value = Vec<(Vec<Touch>, u8)>> {
    let touch = (0..400_i64, 0..11_u16, 0..9_u8);
    let journey = (prop::collection::vec(touch, 1..12), 0..3_u8).prop_map(|(mut touches, outcome)| {
        touches.sort_unstable();
        let last = touches.len() - 1;
        let place = |(place, (day, source, kind)): (usize, (i64, u16, u8))| Touch {
            at_ms: golden().created_at_ms - 86_400_000 * (400 - day),
            source: Source::new(source),
            kind: Kind::from_code(kind).unwrap(),
            positions: match place {
                0 if last == 0 => Positions::FIRST.with(Positions::OPPORTUNITY_CREATION),
                0 => Positions::FIRST,
                _ if place == last => Positions::OPPORTUNITY_CREATION,
                _ => Positions::MIDDLE,
            },
            share_millionths: 0,
        };
        (touches.into_iter().enumerate().map(place).collect(), outcome)
    });
    prop::collection::vec(journey, 300)
}

fn money(model: &dyn Model, given: Vec<(String, Value)>, journeys: &[Journey<'_>]) -> Vec<Vec<i64>> {
    let parameters = Parameters::new(&model.manifest().parameters, given).unwrap();
    let fitted = fit(model, &parameters, &Known(journeys)).unwrap();
    let mut out = Weights::default();
    fitted.weigh(journeys, &mut out).unwrap();
    let credit = |index| out.entry(index).map_or(Vec::new(), |weights| money::split(GOLDEN_AMOUNT_MINOR, weights));
    (0..journeys.len()).map(credit).collect()
}

/// A model, the component of the same source, and the parameters of both.
type Case<'a> = (&'a dyn Model, Vec<u8>, Vec<(String, Value)>);

#[test]
fn one_source_gives_the_same_money_natively_and_as_a_component() {
    let host = Host::new(Limits::default()).unwrap();
    let rank_decay = component("plugins/samples/rank-decay", "");
    let cases: [Case<'_>; 4] = [
        (&rank_decay::RankDecay, rank_decay.clone(), Vec::new()),
        (&rank_decay::RankDecay, rank_decay, vec![("kept_percent".into(), Value::Real(87.5))]),
        (&Linear, component("tests/plugins/components", "linear"), vec![("unit".into(), Value::Choice("source".into()))]),
        (&SourcedBy, component("tests/plugins/components", "sourced-by"), Vec::new()),
    ];
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let drawn = journeys().new_tree(&mut runner).unwrap().current();
    let outcomes = [Outcome::Open, Outcome::Won, Outcome::Lost];
    let drawn: Vec<Journey<'_>> = drawn
        .iter()
        .map(|(touches, outcome)| Journey {
            touches,
            outcome: outcomes[usize::from(*outcome)],
            closed_at_ms: (*outcome > 0).then_some(golden().created_at_ms + 1),
            ..golden()
        })
        .collect();
    for (native, bytes, given) in cases {
        let component = host.load(&bytes).unwrap();
        assert_eq!(component.manifest(), native.manifest());
        assert_eq!(check(&component), Ok(()));
        assert_eq!(money(&component, given.clone(), &drawn), money(native, given, &drawn), "{}", native.manifest().id);
    }
}
