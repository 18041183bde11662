//! Removal effects: the part of all conversions that is lost if every arrival at a source goes to null.
//!
//! Let Q be the probabilities from state to state, r those of converting at once, h = (I - Q)^-1 r the probability of
//! converting from each state, and I the states whose last source is i. A journey that is lost without i is one that comes to
//! I and would have converted: its probability is f . h over I, where f is where journeys first come to I. So the effect is
//! f . h / h(start): sums of products of what is never negative, nothing subtracted, so that no digits are lost.
//!
//! Two ways to the same numbers: one inverse of I - Q where that is small, and sweeps over the steps that occurred, until what
//! is left can no longer matter, where it is large and sparse.

use crate::chain::{Chain, START};
use pipewright_plugin::{ModelError, Source};
use std::collections::BTreeMap;

/// How far a swept effect may lie from the true one, relative to the probability of converting.
const TOLERANCE: f64 = 1e-13;

/// Sweeps between two looks at what is left.
const SWEEPS_A_LOOK: usize = 8;

/// Sweeps that a solution usually takes, for the choice between the two ways.
const USUAL_SWEEPS: f64 = 64.0;

/// More states than this never get an inverse, for its memory.
const MOST_INVERTED: usize = 4_096;

/// Multiplications above which a chain is refused: some minutes.
const MOST_WORK: f64 = 3e11;

/// Looks after which a chain is taken not to settle.
const MOST_LOOKS: usize = 200_000;

/// The removal effect of every source on a closed journey, 0 to 1, in order of source; all 0 if nothing converted.
///
/// # Errors
/// The counts add up to more than a number can hold, or the chain is too large to solve.
pub(crate) fn effects(chain: &Chain) -> Result<Vec<(Source, f64)>, ModelError> {
    let flows = Flows::of(chain)?;
    let (states, sources, steps) = (chain.len() as f64, flows.groups.len() as f64, chain.edges().len() as f64);
    let (inverting, sweeping) = (states.powi(3), sources * USUAL_SWEEPS * steps);
    if chain.won().iter().all(|won| *won == 0.0) {
        return Ok(flows.groups.into_keys().map(|source| (source, 0.0)).collect());
    }
    match inverting <= sweeping && chain.len() <= MOST_INVERTED {
        true => Ok(by_inverse(&flows)),
        false if sweeping <= MOST_WORK => by_sweeps(&flows),
        false => Err(ModelError::Failed(format!(
            "{sources} sources in {states} states are too many to solve: take a lower order, or put sources together"
        ))),
    }
}

/// The chain in probabilities.
struct Flows {
    /// The steps out of each state: where to, how likely.
    out: Lists,
    /// The steps into each state: where from, how likely.
    into: Lists,
    /// The probability of converting at once from each state.
    converting: Vec<f64>,
    /// How often a journey comes to each state, on average. What goes in comes out, so these are counts, and need no solving.
    visits: Vec<f64>,
    /// The states in which one is at each source.
    groups: BTreeMap<Source, Vec<usize>>,
}

impl Flows {
    fn of(chain: &Chain) -> Result<Self, ModelError> {
        let totals = chain.totals();
        let begun = totals[START];
        if !totals.iter().sum::<f64>().is_finite() {
            return Err(ModelError::Failed("the counts of the journeys add up to more than a number can hold".into()));
        }
        let steps: Vec<(usize, usize, f64)> = chain
            .edges()
            .iter()
            .map(|edge| (edge.from as usize, edge.to as usize, edge.count / totals[edge.from as usize]))
            .collect();
        let mut groups: BTreeMap<Source, Vec<usize>> = BTreeMap::new();
        for state in 0..chain.len() {
            if let Some(source) = chain.source(state) {
                groups.entry(source).or_default().push(state);
            }
        }
        Ok(Self {
            out: Lists::new(chain.len(), steps.iter().copied()),
            into: Lists::new(chain.len(), steps.iter().map(|(from, to, likely)| (*to, *from, *likely))),
            converting: chain.won().iter().zip(&totals).map(|(won, total)| won / total).collect(),
            visits: totals.iter().map(|total| total / begun).collect(),
            groups,
        })
    }

    fn len(&self) -> usize {
        self.visits.len()
    }
}

/// A short list of (state, probability) for each state, one after the other.
struct Lists {
    starts: Vec<usize>,
    entries: Vec<(usize, f64)>,
}

impl Lists {
    /// From (state, other state, probability) in any order.
    fn new(states: usize, steps: impl Iterator<Item = (usize, usize, f64)> + Clone) -> Self {
        let mut starts = vec![0; states + 1];
        steps.clone().for_each(|(state, ..)| starts[state + 1] += 1);
        (0..states).for_each(|state| starts[state + 1] += starts[state]);
        let mut next = starts.clone();
        let mut entries = vec![(0, 0.0); starts[states]];
        for (state, other, likely) in steps {
            entries[next[state]] = (other, likely);
            next[state] += 1;
        }
        Self { starts, entries }
    }

    fn of(&self, state: usize) -> &[(usize, f64)] {
        &self.entries[self.starts[state]..self.starts[state + 1]]
    }

    /// The sum of `values` at the other ends, each times its probability.
    fn gather(&self, state: usize, values: &[f64]) -> f64 {
        self.of(state).iter().map(|(other, likely)| likely * values[*other]).sum()
    }
}

/// f . h / h(start), held within 0 and 1 against the last bit of rounding.
fn effect(first: impl Iterator<Item = f64>, group: &[usize], h: &[f64]) -> f64 {
    let lost: f64 = first.zip(group).map(|(first, state)| first * h[*state]).sum();
    (lost / h[START]).clamp(0.0, 1.0)
}

fn by_inverse(flows: &Flows) -> Vec<(Source, f64)> {
    let states = flows.len();
    let mut inverse = Square::identity(states);
    for state in 0..states {
        flows.out.of(state).iter().for_each(|(to, likely)| inverse.row_mut(state)[*to] -= likely);
    }
    inverse.invert();
    let dot = |row: &[f64], column: &[f64]| row.iter().zip(column).map(|(one, other)| one * other).sum::<f64>();
    let h: Vec<f64> = (0..states).map(|state| dot(inverse.row(state), &flows.converting)).collect();
    let of_group = |(source, group): (&Source, &Vec<usize>)| {
        // How often a journey comes to each state of I from each other: where it first came, times this, is how often it comes.
        let mut within = Square::identity(group.len());
        for (row, from) in group.iter().enumerate() {
            within.row_mut(row).iter_mut().zip(group).for_each(|(entry, to)| *entry = inverse.row(*from)[*to]);
        }
        let visits: Vec<f64> = group.iter().map(|state| inverse.row(START)[*state]).collect();
        let first = within.divide_into(visits);
        (*source, effect(first.into_iter(), group, &h))
    };
    flows.groups.iter().map(of_group).collect()
}

fn by_sweeps(flows: &Flows) -> Result<Vec<(Source, f64)>, ModelError> {
    let h = converting_from(flows)?;
    let mut effects = Vec::with_capacity(flows.groups.len());
    let mut is_removed = vec![false; flows.len()];
    for (source, group) in &flows.groups {
        group.iter().for_each(|state| is_removed[*state] = true);
        let visits = visits_before(flows, &is_removed, &h)?;
        group.iter().for_each(|state| is_removed[*state] = false);
        effects.push((*source, effect(group.iter().map(|state| flows.into.gather(*state, &visits)), group, &h)));
    }
    Ok(effects)
}

/// The probability of converting from each state: h = Q h + r, by Gauss and Seidel's sweeps from the last state to the first.
/// What a sweep still adds, times how often each state is visited, bounds how far h(start) and every effect are off.
fn converting_from(flows: &Flows) -> Result<Vec<f64>, ModelError> {
    let mut h = flows.converting.clone();
    settle(flows, |is_look| {
        let mut left = 0.0;
        for state in (0..h.len()).rev() {
            let value = flows.converting[state] + flows.out.gather(state, &h);
            if is_look {
                left += flows.visits[state] * (value - h[state]).abs();
            }
            h[state] = value;
        }
        left / value_or_one(h[START])
    })?;
    Ok(h)
}

/// How often a journey comes to each state before it comes to one that is removed; 0 for those. What a sweep still changes,
/// times the probability of converting from each state, bounds how far the effect is off.
fn visits_before(flows: &Flows, is_removed: &[bool], h: &[f64]) -> Result<Vec<f64>, ModelError> {
    let mut visits = flows.visits.clone();
    visits.iter_mut().zip(is_removed).filter(|(_, removed)| **removed).for_each(|(visits, _)| *visits = 0.0);
    settle(flows, |is_look| {
        let mut left = 0.0;
        for state in (START + 1)..visits.len() {
            if is_removed[state] {
                continue;
            }
            let value = flows.into.gather(state, &visits);
            if is_look {
                left += h[state] * (value - visits[state]).abs();
            }
            visits[state] = value;
        }
        left / h[START]
    })?;
    Ok(visits)
}

/// Sweeps until what is left is small. `sweep` is told whether to say how much that is; journeys may be so long that rounding
/// alone leaves more.
fn settle(flows: &Flows, mut sweep: impl FnMut(bool) -> f64) -> Result<(), ModelError> {
    let length: f64 = flows.visits.iter().sum();
    let enough = TOLERANCE.max(4.0 * f64::EPSILON * length);
    for _ in 0..MOST_LOOKS {
        (1..SWEEPS_A_LOOK).for_each(|_| {
            sweep(false);
        });
        if sweep(true) <= enough {
            return Ok(());
        }
    }
    Err(ModelError::Failed("the chain does not settle: its journeys are too long for their number of states".into()))
}

fn value_or_one(value: f64) -> f64 {
    if value > 0.0 { value } else { 1.0 }
}

/// A square matrix, row by row.
struct Square {
    side: usize,
    entries: Vec<f64>,
}

impl Square {
    fn identity(side: usize) -> Self {
        let mut entries = vec![0.0; side * side];
        (0..side).for_each(|place| entries[place * side + place] = 1.0);
        Self { side, entries }
    }

    fn row(&self, row: usize) -> &[f64] {
        &self.entries[row * self.side..(row + 1) * self.side]
    }

    fn row_mut(&mut self, row: usize) -> &mut [f64] {
        &mut self.entries[row * self.side..(row + 1) * self.side]
    }

    /// Gauss and Jordan's inverse, in place. I - Q is an M-matrix: no pivot is 0 and none need be chosen, and no two numbers of
    /// different sign are added but on the diagonal.
    fn invert(&mut self) {
        let mut pivot_row = vec![0.0; self.side];
        for pivot in 0..self.side {
            let scale = 1.0 / self.row(pivot)[pivot];
            self.row_mut(pivot)[pivot] = 1.0;
            self.row_mut(pivot).iter_mut().for_each(|entry| *entry *= scale);
            pivot_row.copy_from_slice(self.row(pivot));
            for (index, row) in self.entries.chunks_exact_mut(self.side).enumerate() {
                let factor = row[pivot];
                if index == pivot || factor == 0.0 {
                    continue;
                }
                row[pivot] = 0.0;
                row.iter_mut().zip(&pivot_row).for_each(|(entry, of_pivot)| *entry -= factor * of_pivot);
            }
        }
    }

    /// x where x times the matrix is `product`: Gauss's elimination of columns. A block of the inverse of an M-matrix has no
    /// pivot that is 0 either.
    fn divide_into(mut self, mut product: Vec<f64>) -> Vec<f64> {
        // Column operations, seen as rows of the transpose.
        self.transpose();
        for pivot in 0..self.side {
            let (done, rest) = self.entries.split_at_mut((pivot + 1) * self.side);
            let pivot_row = &done[pivot * self.side..];
            let (solved, open) = product.split_at_mut(pivot + 1);
            for (row, value) in rest.chunks_exact_mut(self.side).zip(open) {
                let factor = row[pivot] / pivot_row[pivot];
                row[pivot..].iter_mut().zip(&pivot_row[pivot..]).for_each(|(entry, of_pivot)| *entry -= factor * of_pivot);
                *value -= factor * solved[pivot];
            }
        }
        for place in (0..self.side).rev() {
            let row = self.row(place);
            let known: f64 = (place + 1..self.side).map(|later| row[later] * product[later]).sum();
            product[place] = (product[place] - known) / row[place];
        }
        product
    }

    fn transpose(&mut self) {
        for row in 0..self.side {
            for column in row + 1..self.side {
                self.entries.swap(row * self.side + column, column * self.side + row);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use pipewright_plugin::conformance::golden;
    use pipewright_plugin::{Journey, Outcome, Touch};
    use proptest::prelude::*;

    fn chain(order: usize, journeys: &[(Vec<u16>, bool, f64)]) -> Chain {
        let mut chain = Chain::new(order);
        for (codes, is_won, repeats) in journeys {
            let touches: Vec<Touch> =
                codes.iter().map(|code| Touch { source: Source::new(*code), ..golden().touches[0] }).collect();
            let outcome = if *is_won { Outcome::Won } else { Outcome::Lost };
            chain.add(&Journey { touches: &touches, outcome, repeats: *repeats, ..golden() });
        }
        chain
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn the_inverse_and_the_sweeps_give_the_same_effects(
            order in 1_usize..=3,
            journeys in prop::collection::vec((prop::collection::vec(0_u16..7, 1..12), any::<bool>(), 0.1_f64..50.0), 1..40),
        ) {
            prop_assume!(journeys.iter().any(|(_, is_won, _)| *is_won));
            let flows = Flows::of(&chain(order, &journeys)).unwrap();
            for ((source, one), (_, other)) in by_inverse(&flows).into_iter().zip(by_sweeps(&flows).unwrap()) {
                prop_assert!((one - other).abs() <= 1e-12, "{source:?}: {one} and {other}");
            }
        }
    }

    #[test]
    fn a_long_journey_between_two_sources_is_solved_both_ways() {
        // A conversion after 20,000 alternations, a loss after one touchpoint of a third source.
        let ping_pong: Vec<u16> = (0..20_000).map(|step| step % 2).collect();
        let flows = Flows::of(&chain(1, &[(ping_pong, true, 1.0), (vec![2], false, 3.0)])).unwrap();
        for effects in [by_inverse(&flows), by_sweeps(&flows).unwrap()] {
            for ((_, effect), expected) in effects.into_iter().zip([1.0, 1.0, 0.0]) {
                assert!((effect - expected).abs() <= 1e-10, "{effect}");
            }
        }
    }

    #[test]
    fn counts_beyond_any_number_are_refused() {
        let refused = effects(&chain(1, &[(vec![0], true, 1e308), (vec![0], false, 1e308)])).unwrap_err();
        assert!(refused.to_string().contains("more than a number can hold"), "{refused}");
    }
}
