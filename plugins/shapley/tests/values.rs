//! The model as a host sees it: small games by hand, every value computed a second way, and the axioms.

#![allow(clippy::unwrap_used)]

use pipewright_plugin::conformance::{check, golden};
use pipewright_plugin::{
    FittedModel, Journey, Journeys, Model, ModelError, Outcome, Parameters, Remarks, Source, Touch, Value, Weights, fit,
};
use pipewright_shapley::Shapley;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Sources by code, the outcome, and how many such journeys there were.
type Path = (Vec<u16>, Outcome, f64);

struct Paths<'a>(&'a [Path]);

fn touches(codes: &[u16]) -> Vec<Touch> {
    codes.iter().map(|code| Touch { source: Source::new(*code), ..golden().touches[0] }).collect()
}

impl Journeys for Paths<'_> {
    fn each_batch(&self, visit: &mut dyn FnMut(&[Journey<'_>]) -> Result<(), ModelError>) -> Result<(), ModelError> {
        for (codes, outcome, repeats) in self.0 {
            visit(&[Journey { touches: &touches(codes), outcome: *outcome, repeats: *repeats, ..golden() }])?;
        }
        Ok(())
    }
}

fn try_fitted(value: &str, paths: &[Path]) -> Result<Box<dyn FittedModel>, ModelError> {
    let given = vec![("value".into(), Value::Choice(value.into()))];
    fit(&Shapley, &Parameters::new(&Shapley.manifest().parameters, given).unwrap(), &Paths(paths))
}

fn fitted(value: &str, paths: &[Path]) -> Box<dyn FittedModel> {
    try_fitted(value, paths).unwrap()
}

fn values(model: &dyn FittedModel) -> BTreeMap<u16, f64> {
    model.findings().figures[0].values.iter().map(|(source, value)| (source.code(), *value)).collect()
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

const WON: Outcome = Outcome::Won;
const LOST: Outcome = Outcome::Lost;

#[test]
fn it_passes_the_conformance_check() {
    assert_eq!(check(&Shapley), Ok(()));
}

/// v(1) = 0.2, v(2) = 0.4, v(1, 2) = 0.8.
fn two_players() -> Vec<Path> {
    let mut paths = Vec::new();
    for (codes, won) in [(vec![1], 2.0), (vec![2], 4.0), (vec![2, 1], 8.0)] {
        paths.extend([(codes.clone(), WON, won), (codes, LOST, 10.0 - won)]);
    }
    paths
}

#[test]
fn two_players_by_hand() {
    // rate: 1 adds 0.2 first and 0.4 second, 2 adds 0.4 first and 0.6 second.
    let rate = fitted("rate", &two_players());
    near(&values(rate.as_ref()).into_values().collect::<Vec<_>>(), &[0.3, 0.5]);
    near(&weights(rate.as_ref(), &[1, 2, 1]).0, &[0.1875, 0.625, 0.1875]);
    // reach: alone 2 and 4, together 2 + 4 + 8.
    let reach = fitted("reach", &two_players());
    near(&values(reach.as_ref()).into_values().collect::<Vec<_>>(), &[6.0, 8.0]);
    near(&weights(reach.as_ref(), &[1, 2]).0, &[6.0 / 14.0, 8.0 / 14.0]);
}

#[test]
fn the_order_and_the_number_of_touchpoints_make_no_other_set() {
    let once = fitted("rate", &two_players());
    let often: Vec<Path> =
        two_players().into_iter().map(|(codes, outcome, count)| ([&codes[..], &codes].concat(), outcome, count)).collect();
    assert_eq!(once.findings(), fitted("rate", &often).findings());
}

#[test]
fn a_negative_value_is_set_to_zero_and_said() {
    // 1 converts alone, and never with 2: together they are worth less.
    let paths = [(vec![1], WON, 1.0), (vec![1, 2], LOST, 1.0), (vec![2, 1], WON, 1.0)];
    let model = fitted("rate", &paths);
    near(&values(model.as_ref()).into_values().collect::<Vec<_>>(), &[0.75, -0.25]);
    assert_eq!(weights(model.as_ref(), &[1, 2]), (vec![1.0, 0.0], Remarks::NEGATIVE_SET_TO_ZERO));
    assert_eq!(model.findings().remarks, Remarks::NEGATIVE_SET_TO_ZERO);
    assert_eq!(weights(model.as_ref(), &[1]), (vec![1.0], Remarks::NONE));
}

#[test]
fn where_nothing_is_worth_anything_every_touchpoint_takes_the_same_and_it_is_said() {
    let cases: [&[Path]; 2] = [&[], &[(vec![1, 2], LOST, 5.0)]];
    for (paths, value) in cases.into_iter().flat_map(|paths| [(paths, "rate"), (paths, "reach")]) {
        let (found, remarks) = weights(fitted(value, paths).as_ref(), &[1, 1, 2]);
        near(&found, &[1.0 / 3.0; 3]);
        assert_eq!(remarks, Remarks::LINEAR_INSTEAD);
    }
}

#[test]
fn open_journeys_teach_nothing_and_a_source_only_they_know_adds_nothing() {
    let mut with_open = two_players();
    with_open.push((vec![9, 1], Outcome::Open, 7.0));
    assert_eq!(fitted("rate", &with_open).findings(), fitted("rate", &two_players()).findings());
    // v(1) = 0.2, and nothing is known of 9: it takes 0.1 from 1 by v(1, 9) = 0.
    assert_eq!(weights(fitted("rate", &with_open).as_ref(), &[9, 1]), (vec![0.0, 1.0], Remarks::NEGATIVE_SET_TO_ZERO));
    assert_eq!(weights(fitted("reach", &with_open).as_ref(), &[9, 1]), (vec![0.0, 1.0], Remarks::NONE));
}

#[test]
fn twenty_sources_are_taken_and_twenty_one_refused() {
    let one_each = |count: u16| (0..count).map(|code| (vec![code], WON, 1.0)).collect::<Vec<Path>>();
    let most = fitted("reach", &one_each(10));
    near(&values(most.as_ref()).into_values().collect::<Vec<_>>(), &[1.0; 10]);
    let refused = try_fitted("rate", &one_each(21)).err().unwrap();
    assert!(refused.to_string().contains("20 sources at most"), "{refused}");
    let all: Vec<u16> = (0..21).collect();
    let mut out = Weights::default();
    assert!(most.weigh(&[Journey { touches: &touches(&all), ..golden() }], &mut out).is_err());
}

/// A second way: over every order in which the players could come, what each adds to those before it.
fn over_all_orders(value: &str, paths: &[Path], players: &[u16]) -> BTreeMap<u16, f64> {
    let set = |codes: &[u16]| codes.iter().copied().collect::<BTreeSet<u16>>();
    let worth = |coalition: &BTreeSet<u16>| -> f64 {
        let count = |outcome: Outcome, counts: &dyn Fn(&BTreeSet<u16>) -> bool| -> f64 {
            paths.iter().filter(|(codes, own, _)| *own == outcome && counts(&set(codes))).map(|(.., repeats)| repeats).sum()
        };
        if value == "reach" {
            return count(WON, &|own| own.is_subset(coalition));
        }
        let (won, lost) = (count(WON, &|own| own == coalition), count(LOST, &|own| own == coalition));
        if won + lost > 0.0 { won / (won + lost) } else { 0.0 }
    };
    let (mut sums, mut orders) = (BTreeMap::new(), 0.0);
    let mut queue = vec![(Vec::new(), players.to_vec())];
    while let Some((order, rest)) = queue.pop() {
        if rest.is_empty() {
            orders += 1.0;
            let mut before = BTreeSet::new();
            for player in order {
                let was = worth(&before);
                before.insert(player);
                *sums.entry(player).or_insert(0.0) += worth(&before) - was;
            }
            continue;
        }
        for player in &rest {
            let others = rest.iter().copied().filter(|other| other != player).collect();
            queue.push(([&order[..], &[*player]].concat(), others));
        }
    }
    sums.into_iter().map(|(player, sum)| (player, sum / orders)).collect()
}

fn paths(most: u16) -> impl Strategy<Value = Vec<Path>> {
    let outcome = prop::sample::select(vec![WON, LOST, Outcome::Open]);
    prop::collection::vec((prop::collection::vec(0..most, 1..7), outcome, 0.1_f64..9.0), 1..20)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_value_is_the_average_over_all_orders(paths in paths(5), value in prop::sample::select(vec!["rate", "reach"])) {
        let model = fitted(value, &paths);
        let trained: BTreeSet<u16> =
            paths.iter().filter(|(_, outcome, _)| *outcome != Outcome::Open).flat_map(|(codes, ..)| codes.clone()).collect();
        let trained: Vec<u16> = trained.into_iter().collect();
        for (source, expected) in over_all_orders(value, &paths, &trained) {
            let found = values(model.as_ref())[&source];
            prop_assert!((found - expected).abs() <= 1e-10, "source {source}: {found}, not {expected}");
        }
        for (codes, ..) in &paths {
            let members: BTreeSet<u16> = codes.iter().copied().collect();
            let expected = over_all_orders(value, &paths, &members.into_iter().collect::<Vec<_>>());
            let kept: f64 = expected.values().map(|value| value.max(0.0)).sum();
            let (found, _) = weights(model.as_ref(), codes);
            for (source, value) in expected.into_iter().filter(|_| kept > 1e-9) {
                let share: f64 = found.iter().zip(codes).filter(|(_, code)| **code == source).map(|(weight, _)| weight).sum();
                prop_assert!((share - value.max(0.0) / kept).abs() <= 1e-9, "source {source} on {codes:?}: {share}");
            }
        }
    }

    #[test]
    fn the_values_add_up_to_the_worth_of_all_and_who_adds_nothing_has_none(paths in paths(8)) {
        // A source that is nowhere but beside itself on lost journeys adds nothing to the reach of any set.
        let mut paths = paths;
        paths.push((vec![99], LOST, 1.0));
        let won: f64 = paths.iter().filter(|(_, outcome, _)| *outcome == WON).map(|(.., repeats)| repeats).sum();
        let found = values(fitted("reach", &paths).as_ref());
        prop_assert!((found.values().sum::<f64>() - won).abs() <= 1e-9, "{found:?} is not {won}");
        prop_assert_eq!(found[&99], 0.0);
    }

    #[test]
    fn two_sources_that_change_places_change_values(paths in paths(6), value in prop::sample::select(vec!["rate", "reach"])) {
        let swap = |code: u16| match code { 0 => 1, 1 => 0, other => other };
        let swapped: Vec<Path> = paths
            .iter()
            .map(|(codes, outcome, repeats)| (codes.iter().map(|code| swap(*code)).collect(), *outcome, *repeats))
            .collect();
        let (one, other) = (values(fitted(value, &paths).as_ref()), values(fitted(value, &swapped).as_ref()));
        for (source, value) in one {
            prop_assert!((other[&swap(source)] - value).abs() <= 1e-12);
        }
    }
}
