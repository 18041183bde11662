//! The model as a host sees it: the published vector, its edges, and every effect computed a second way.

#![allow(clippy::unwrap_used)]

use pipewright_markov::Markov;
use pipewright_plugin::conformance::{check, golden};
use pipewright_plugin::{
    Findings, FittedModel, Journey, Journeys, Model, ModelError, Outcome, Parameters, Remarks, Source, Step, Touch, Value,
    Weights, fit,
};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Sources by code, the outcome, and how many such journeys there were.
type Path = (Vec<u16>, Outcome, f64);

struct Paths(Vec<Path>);

fn touches(codes: &[u16]) -> Vec<Touch> {
    codes.iter().map(|code| Touch { source: Source::new(*code), ..golden().touches[0] }).collect()
}

impl Journeys for Paths {
    fn each_batch(&self, visit: &mut dyn FnMut(&[Journey<'_>]) -> Result<(), ModelError>) -> Result<(), ModelError> {
        for (codes, outcome, repeats) in &self.0 {
            visit(&[Journey { touches: &touches(codes), outcome: *outcome, repeats: *repeats, ..golden() }])?;
        }
        Ok(())
    }
}

fn fitted(order: i64, paths: Vec<Path>) -> Box<dyn FittedModel> {
    let given = vec![("order".into(), Value::Whole(order))];
    fit(&Markov, &Parameters::new(&Markov.manifest().parameters, given).unwrap(), &Paths(paths)).unwrap()
}

fn effects(findings: &Findings) -> Vec<(u16, f64)> {
    findings.figures[0].values.iter().map(|(source, effect)| (source.code(), *effect)).collect()
}

fn weights(model: &dyn FittedModel, codes: &[u16]) -> (Vec<f64>, Remarks) {
    let mut out = Weights::default();
    model.weigh(&[Journey { touches: &touches(codes), ..golden() }], &mut out).unwrap();
    out.check(0, codes.len(), true).unwrap();
    (out.entry(0).unwrap().to_vec(), out.remarks(0))
}

fn near(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (one, other) in found.iter().zip(expected) {
        assert!((one - other).abs() <= 1e-12, "{found:?} is not {expected:?}");
    }
}

/// C1 > C2 > C3 converts; C1 does not; C2 > C3 does not.
fn vector() -> Vec<Path> {
    vec![(vec![1, 2, 3], Outcome::Won, 1.0), (vec![1], Outcome::Lost, 1.0), (vec![2, 3], Outcome::Lost, 1.0)]
}

#[test]
fn it_passes_the_conformance_check() {
    assert_eq!(check(&Markov), Ok(()));
}

#[test]
fn the_vector_of_the_design() {
    let model = fitted(1, vector());
    let findings = model.findings();
    let (sources, found): (Vec<u16>, Vec<f64>) = effects(&findings).into_iter().unzip();
    assert_eq!(sources, [1, 2, 3]);
    near(&found, &[0.5, 1.0, 1.0]);
    near(&findings.shares.iter().map(|(_, share)| *share).collect::<Vec<_>>(), &[0.2, 0.4, 0.4]);
    assert_eq!(findings.remarks, Remarks::NONE);
    // The share of a source on a journey is its effect over those on that journey alone.
    near(&weights(model.as_ref(), &[1, 2, 3]).0, &[0.2, 0.4, 0.4]);
    near(&weights(model.as_ref(), &[3, 1, 3]).0, &[1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0]);
    near(&weights(model.as_ref(), &[1]).0, &[1.0]);
}

#[test]
fn the_matrix_says_where_each_step_leads_and_each_row_adds_up() {
    let found = fitted(1, vector()).findings().transitions;
    let at = |code| Step::At(Source::new(code));
    let expected = [
        (Step::Start, at(1), 2.0 / 3.0),
        (Step::Start, at(2), 1.0 / 3.0),
        (at(1), at(2), 0.5),
        (at(1), Step::Null, 0.5),
        (at(2), at(3), 1.0),
        (at(3), Step::Conversion, 0.5),
        (at(3), Step::Null, 0.5),
    ];
    let steps: Vec<_> = found.iter().map(|step| (step.from[0], step.to, step.probability)).collect();
    assert_eq!(steps, expected);
    let second = fitted(2, vector()).findings().transitions;
    assert_eq!(second[2].from, [Step::Start, at(1)], "a state of order 2 is the last two steps");
}

#[test]
fn consecutive_repeats_are_one_step_and_share_its_weight() {
    let once = vec![(vec![1, 2], Outcome::Won, 2.0), (vec![2], Outcome::Lost, 1.0)];
    let often = vec![(vec![1, 1, 1, 2, 2], Outcome::Won, 2.0), (vec![2, 2], Outcome::Lost, 1.0)];
    let (once, often) = (fitted(1, once), fitted(1, often));
    assert_eq!(once.findings(), often.findings());
    let (of_pair, of_repeats) = (weights(once.as_ref(), &[1, 2]).0, weights(often.as_ref(), &[1, 1, 2]).0);
    near(&of_repeats, &[of_pair[0] / 2.0, of_pair[0] / 2.0, of_pair[1]]);
}

#[test]
fn open_journeys_teach_nothing() {
    let mut with_open = vector();
    with_open.push((vec![4, 1, 2], Outcome::Open, 9.0));
    let (with_open, without) = (fitted(2, with_open), fitted(2, vector()));
    assert_eq!(with_open.findings(), without.findings());
    assert_eq!(weights(with_open.as_ref(), &[4, 3]).0, [0.0, 1.0], "what only open journeys know has no effect");
}

#[test]
fn where_nothing_is_known_every_touchpoint_takes_the_same_and_it_is_said() {
    let cases: [(&str, Vec<Path>, &[u16]); 3] = [
        ("nothing at all", Vec::new(), &[1, 2, 2]),
        ("nothing converted", vec![(vec![1, 2], Outcome::Lost, 5.0)], &[1, 2, 2]),
        (
            "no source of the journey ever converted",
            vec![(vec![3], Outcome::Won, 1.0), (vec![1], Outcome::Lost, 1.0)],
            &[1, 1, 2],
        ),
    ];
    for (reason, paths, codes) in cases {
        let (found, remarks) = weights(fitted(1, paths).as_ref(), codes);
        near(&found, &[1.0 / 3.0; 3]);
        assert_eq!(remarks, Remarks::LINEAR_INSTEAD, "{reason}");
    }
    let findings = fitted(1, vec![(vec![1], Outcome::Lost, 1.0)]).findings();
    assert_eq!((findings.remarks, findings.shares.len()), (Remarks::LINEAR_INSTEAD, 0));
}

#[test]
fn a_higher_order_sees_what_a_lower_one_cannot() {
    // After 1 > 2 always won, after 3 > 2 always lost. Order 1 cannot tell the two apart.
    let paths = || vec![(vec![1, 2], Outcome::Won, 1.0), (vec![3, 2], Outcome::Lost, 1.0)];
    assert_eq!(effects(&fitted(1, paths()).findings()), [(1, 0.5), (2, 1.0), (3, 0.5)]);
    assert_eq!(effects(&fitted(2, paths()).findings()), [(1, 1.0), (2, 1.0), (3, 0.0)]);
}

#[test]
fn weights_explained_are_the_weights() {
    let model = fitted(1, vector());
    for codes in [&[1, 2, 2, 3][..], &[1], &[7, 8]] {
        let explained = model.explain(&Journey { touches: &touches(codes), ..golden() }).unwrap();
        near(
            &explained.parts.iter().map(|part| part.base * explained.scale).collect::<Vec<_>>(),
            &weights(model.as_ref(), codes).0,
        );
    }
}

/// A second way, step by step: how much of all journeys converts if what comes to `removed` is lost.
fn converted(order: usize, paths: &[Path], removed: Option<u16>) -> f64 {
    // The last sources so far; then the next source, or how it ended (0: won, 1: lost).
    let mut counts: BTreeMap<Vec<u16>, BTreeMap<Result<u16, u8>, f64>> = BTreeMap::new();
    for (codes, outcome, repeats) in paths.iter().filter(|(_, outcome, _)| *outcome != Outcome::Open) {
        let mut steps = codes.clone();
        steps.dedup();
        for place in 0..=steps.len() {
            let next = steps.get(place).copied().ok_or(if *outcome == Outcome::Won { 0 } else { 1 });
            *counts.entry(last(order, &steps[..place])).or_default().entry(next).or_default() += repeats;
        }
    }
    let (mut standing, mut converted) = (BTreeMap::from([(Vec::new(), 1.0)]), 0.0);
    while standing.values().sum::<f64>() > 1e-15 {
        let mut after: BTreeMap<Vec<u16>, f64> = BTreeMap::new();
        for (state, mass) in standing {
            let total: f64 = counts[&state].values().sum();
            for (next, count) in &counts[&state] {
                match next {
                    Ok(source) if Some(*source) == removed => {}
                    Ok(source) => {
                        *after.entry(last(order, &[&state[..], &[*source]].concat())).or_default() += mass * count / total
                    }
                    Err(0) => converted += mass * count / total,
                    Err(_) => {}
                }
            }
        }
        standing = after;
    }
    converted
}

/// The last `order` sources; fewer where the start is still in view.
fn last(order: usize, steps: &[u16]) -> Vec<u16> {
    steps[steps.len().saturating_sub(order)..].to_vec()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn every_effect_is_what_a_walk_over_the_chain_step_by_step_finds(
        order in 1_i64..=3,
        paths in prop::collection::vec(
            (prop::collection::vec(0_u16..5, 1..8), prop::sample::select(vec![Outcome::Won, Outcome::Lost, Outcome::Open]), 0.1_f64..9.0),
            1..25,
        ),
    ) {
        prop_assume!(paths.iter().any(|(_, outcome, _)| *outcome == Outcome::Won));
        let steps = usize::try_from(order).unwrap();
        let all = converted(steps, &paths, None);
        let findings = fitted(order, paths.clone()).findings();
        for (source, effect) in effects(&findings) {
            let expected = 1.0 - converted(steps, &paths, Some(source)) / all;
            prop_assert!((effect - expected).abs() <= 1e-10, "source {source}: {effect}, not {expected}");
        }
        prop_assert!((findings.shares.iter().map(|(_, share)| share).sum::<f64>() - 1.0).abs() <= 1e-12);
    }

    #[test]
    fn every_journey_adds_up_to_one(
        paths in prop::collection::vec(
            (prop::collection::vec(0_u16..30, 1..40), prop::sample::select(vec![Outcome::Won, Outcome::Lost, Outcome::Open]), 1e-9_f64..1e12),
            1..30,
        ),
        order in 1_i64..=3,
    ) {
        let model = fitted(order, paths.clone());
        for (codes, ..) in &paths {
            weights(model.as_ref(), codes);
        }
    }
}
