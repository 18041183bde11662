//! One source, natively and as a component: the same money.

use crate::build::component;
use pipewright::plugins::read_model;
use pipewright::plugins::wasm::{Host, Limits};
use pipewright_core::money;
use pipewright_influence::Influence;
use pipewright_markov::Markov;
use pipewright_milestone::Fixed;
use pipewright_plugin::conformance::{GOLDEN_AMOUNT_MINOR, check, golden};
use pipewright_plugin::{
    Journey, Journeys, Kind, Model, ModelError, Outcome, Parameters, Positions, Source, Touch, Value, Weights, fit,
};
use pipewright_positional::Linear;
use pipewright_shapley::Shapley;
use pipewright_sourcing::SourcedBy;
use pipewright_time_decay::TimeDecay;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::path::Path;

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
    let built = |feature| component("tests/plugins/components", feature);
    let order = |order| vec![("order".into(), Value::Whole(order))];
    let cases: [Case<'_>; 10] = [
        (&rank_decay::RankDecay, rank_decay.clone(), Vec::new()),
        (&rank_decay::RankDecay, rank_decay, vec![("kept_percent".into(), Value::Real(87.5))]),
        (&Linear, built("linear"), vec![("unit".into(), Value::Choice("source".into()))]),
        (&SourcedBy, built("sourced-by"), Vec::new()),
        (&Fixed::FULL_PATH, built("full-path"), Vec::new()),
        (&TimeDecay, built("time-decay"), vec![("half_life_days".into(), Value::Real(11.5))]),
        (&Influence, built("influence"), Vec::new()),
        (&Markov, built("markov"), order(1)),
        (&Markov, built("markov"), order(2)),
        (&Shapley, built("shapley"), Vec::new()),
    ];
    let drawn = drawn();
    let drawn = lives(&drawn);
    for (native, bytes, given) in cases {
        let component = host.load(&bytes).unwrap();
        assert_eq!(component.manifest(), native.manifest());
        assert_eq!(check(&component), Ok(()));
        assert_eq!(money(&component, given.clone(), &drawn), money(native, given, &drawn), "{}", native.manifest().id);
    }
}

#[test]
fn weights_in_a_file_give_the_same_money_as_the_model_with_these_weights() {
    let text = "id = 'own'\nname = 'Own'\ndescription = 'The full path, by hand.'\nversion = '1.0.0'\n[weights]\n\
                first = 22.5\nlead_creation = 22.5\nopportunity_creation = 22.5\nclosed = 22.5\nmiddle = 10\n";
    let declared = read_model(Path::new("own.toml"), text.as_bytes(), &Limits::default()).unwrap();
    let drawn = drawn();
    let drawn = lives(&drawn);
    assert_eq!(money(declared.as_ref(), Vec::new(), &drawn), money(&Fixed::FULL_PATH, Vec::new(), &drawn));
}

/// Touchpoints and outcome of each journey, the same at every call.
fn drawn() -> Vec<(Vec<Touch>, u8)> {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    journeys().new_tree(&mut runner).unwrap().current()
}

fn lives(drawn: &[(Vec<Touch>, u8)]) -> Vec<Journey<'_>> {
    let outcomes = [Outcome::Open, Outcome::Won, Outcome::Lost];
    drawn
        .iter()
        .map(|(touches, outcome)| Journey {
            touches,
            outcome: outcomes[usize::from(*outcome)],
            closed_at_ms: (*outcome > 0).then_some(golden().created_at_ms + 1),
            ..golden()
        })
        .collect()
}
