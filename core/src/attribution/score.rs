//! Which model deserves trust: how well what it credits foretells who buys, how steady that is, and who agrees with whom.
//!
//! A source's rate is its credit (weight times money) on won journeys over its credit on closed ones, in training. A journey's
//! prediction is the mean of its sources' rates by weight, clipped; what nobody earned is a source of its own here. Each
//! journey is foretold from the four fifths that it is not in. Models themselves are fitted on all journeys, as they are
//! everywhere else. Amounts below 0 count as 0.

use super::CreditError;
use super::attribute::Within;
use super::compare::pairs;
use super::credit::{ModelCredit, Weighed, source_code};
use super::ground::Ground;
use crate::catalog::StageKind;
use crate::facts::Snapshot;
use crate::facts::scan::chunks;
use crate::ids::{DataVersion, OpportunityId};
use crate::touchpoint::Source;
use crate::viewer::Scope;
use rayon::prelude::*;
use std::ops::Range;

/// Parts of the journeys, each foretold from the others.
const FOLDS: usize = 5;

/// No prediction is surer than this, or than 1 less this.
const CLIP: f64 = 0.001;

/// The sources, and what nobody earned.
const PLACES: usize = Source::COUNT + 1;

/// The part of resamples beyond each end of an interval: 95% lie within.
const TAIL: f64 = 0.025;

/// A source under one model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SourceScore {
    /// Which; `None` for what nobody earned.
    pub source: Option<Source>,
    /// Its credit on won journeys / its credit on closed ones, over all of the scope; `None` where it has none.
    pub rate: Option<f64>,
    /// Its part of the credit on won journeys, 0 to 1; `None` where nothing was won.
    pub share: Option<f64>,
    /// The share that 2.5% of the resamples lie below, and 97.5%; `None` where nothing was won or nothing resampled.
    pub interval: Option<(f64, f64)>,
}

/// One model.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelScore {
    /// The mean of -ln of the probability given to what happened, on held-out journeys; less is better, and 0.693 is a coin.
    /// `None` where there are journeys in fewer than two folds, or no money on them.
    pub log_loss: Option<f64>,
    /// The chance that a won journey was given a higher probability than a lost one: 1 is perfect, 0.5 a coin. `None` where
    /// one of the two kinds is missing.
    pub auc: Option<f64>,
    /// 1 for the least log loss; equal for equal ones; `None` without one.
    pub rank: Option<u32>,
    /// Those with credit on a closed journey, in order of source, and then what nobody earned.
    pub sources: Vec<SourceScore>,
}

/// Two models.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Agreement {
    /// Place of one in the order asked for,
    pub first: usize,
    /// and of the other.
    pub second: usize,
    /// Kendall's tau-b of the shares of the sources that either credits: 1 the same order, -1 the opposite. `None` where one
    /// of them tells no two sources apart.
    pub tau: Option<f64>,
}

/// The models, scored.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    /// The last change that counts.
    pub data_version: DataVersion,
    /// In the order asked for.
    pub models: Vec<ModelScore>,
    /// Every two of them.
    pub agreements: Vec<Agreement>,
    /// Closed journeys in scope.
    pub journeys: u64,
    /// Of them, won.
    pub won: u64,
}

/// How steady is found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Resampling {
    /// How many times the won journeys are drawn anew, with replacement.
    pub resamples: u32,
    /// The same seed gives the same draws.
    pub seed: u64,
}

/// Scores models, all of them additive, on the closed journeys of a scope.
///
/// # Errors
/// A model failed.
pub fn score(
    snapshot: &Snapshot,
    within: &Within,
    scope: &Scope,
    models: &[&ModelCredit],
    resampling: Resampling,
) -> Result<Scored, CreditError> {
    let gathered: Vec<Journeys> = models.iter().map(|model| gather(snapshot, within, scope, model)).collect::<Result<_, _>>()?;
    let mut scores: Vec<ModelScore> = gathered.iter().map(|journeys| score_of(journeys, resampling)).collect();
    let losses: Vec<f64> = scores.iter().filter_map(|score| score.log_loss).collect();
    for score in &mut scores {
        score.rank = score.log_loss.map(|own| {
            let better = losses.iter().filter(|other| **other < own).count();
            u32::try_from(better + 1).expect("models are few")
        });
    }
    let shares: Vec<[f64; PLACES]> = gathered.iter().map(|journeys| journeys.credit_on(|journey| journey.is_won)).collect();
    let agreements = pairs(models.len()).map(|(first, second)| Agreement {
        first,
        second,
        tau: tau(&shares[first][..Source::COUNT], &shares[second][..Source::COUNT]),
    });
    Ok(Scored {
        data_version: snapshot.version_of(within.data_version),
        agreements: agreements.collect(),
        journeys: gathered.first().map_or(0, |journeys| count(journeys.list.len())),
        won: gathered.first().map_or(0, |journeys| count(journeys.list.iter().filter(|journey| journey.is_won).count())),
        models: scores,
    })
}

fn count(count: usize) -> u64 {
    u64::try_from(count).expect("a count fits 64 bits")
}

/// A closed journey.
struct Journey {
    fold: usize,
    is_won: bool,
    /// Minor units, 0 at least.
    money: f64,
    /// Where its sources lie.
    parts: Range<usize>,
}

#[derive(Default)]
struct Journeys {
    list: Vec<Journey>,
    /// Place of the source, and its weight; those of one journey add up to 1.
    parts: Vec<(u8, f64)>,
}

impl Journeys {
    fn take(&mut self, opportunity: OpportunityId, is_won: bool, amount: i64, weighed: &Weighed<'_>) {
        let mut by_source = [0.0; PLACES];
        match weighed.weights {
            Ok(weights) => {
                for (touch, weight) in weighed.touches.iter().zip(weights) {
                    by_source[usize::from(source_code(touch.source))] += weight;
                }
            }
            Err(_) => by_source[Source::COUNT] = 1.0,
        }
        let start = self.parts.len();
        self.parts.extend((0_u8..).zip(by_source).filter(|(_, weight)| *weight > 0.0));
        let parts = start..self.parts.len();
        self.list.push(Journey { fold: fold(opportunity), is_won, money: amount.max(0) as f64, parts });
    }

    fn merged(mut self, other: Self) -> Self {
        let shift = self.parts.len();
        self.parts.extend(other.parts);
        let moved = |journey: Journey| Journey { parts: journey.parts.start + shift..journey.parts.end + shift, ..journey };
        self.list.extend(other.list.into_iter().map(moved));
        self
    }

    /// Credit by place on the journeys of which `counts` holds.
    fn credit_on(&self, counts: impl Fn(&Journey) -> bool) -> [f64; PLACES] {
        let mut credit = [0.0; PLACES];
        for journey in self.list.iter().filter(|journey| counts(journey)) {
            for (place, weight) in &self.parts[journey.parts.clone()] {
                credit[usize::from(*place)] += weight * journey.money;
            }
        }
        credit
    }
}

/// FNV-1a of the id's bytes, so that a journey is always in the same fold, whatever else is in scope.
fn fold(opportunity: OpportunityId) -> usize {
    let hash = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = opportunity.0.as_bytes().iter().fold(0xcbf2_9ce4_8422_2325, hash);
    usize::try_from(hash % FOLDS as u64).expect("there are five folds")
}

fn gather(snapshot: &Snapshot, within: &Within, scope: &Scope, model: &ModelCredit) -> Result<Journeys, CreditError> {
    let ground = Ground::new(snapshot, within, &[], model);
    let of_chunk = |indices| {
        let mut journeys = Journeys::default();
        let mut chosen = ground.choose(indices);
        chosen.retain(|chosen| chosen.kind != StageKind::Open);
        ground.weigh(&chosen, model, |chosen, parts, weighed| {
            journeys.take(chosen.held.id(), chosen.kind == StageKind::Won, parts.total, weighed);
        })?;
        Ok(journeys)
    };
    // In the order of the chunks, so that sums of floats come out the same each time.
    let by_chunk: Vec<Journeys> = chunks(snapshot, scope).into_par_iter().map(of_chunk).collect::<Result<_, CreditError>>()?;
    Ok(by_chunk.into_iter().fold(Journeys::default(), Journeys::merged))
}

fn score_of(journeys: &Journeys, resampling: Resampling) -> ModelScore {
    let predictions = predictions(journeys);
    let likelihood = |(predicted, is_won): &(f64, bool)| -(if *is_won { *predicted } else { 1.0 - predicted }).ln();
    let log_loss = predictions
        .as_ref()
        .filter(|list| !list.is_empty())
        .map(|list| list.iter().map(likelihood).sum::<f64>() / list.len() as f64);
    let auc = predictions.and_then(auc);
    ModelScore { log_loss, auc, rank: None, sources: sources(journeys, resampling) }
}

/// For each journey what is foretold from the other folds, and whether it was won; `None` where some fold has nothing to learn
/// from.
fn predictions(journeys: &Journeys) -> Option<Vec<(f64, bool)>> {
    let mut predictions = Vec::with_capacity(journeys.list.len());
    for fold in 0..FOLDS {
        if journeys.list.iter().all(|journey| journey.fold != fold) {
            continue;
        }
        let won = journeys.credit_on(|journey| journey.fold != fold && journey.is_won);
        let closed = journeys.credit_on(|journey| journey.fold != fold);
        let overall = ratio(won.iter().sum(), closed.iter().sum())?;
        let rate = |place: u8| ratio(won[usize::from(place)], closed[usize::from(place)]).unwrap_or(overall);
        for journey in journeys.list.iter().filter(|journey| journey.fold == fold) {
            let parts = &journeys.parts[journey.parts.clone()];
            let weight: f64 = parts.iter().map(|(_, weight)| weight).sum();
            let mean = parts.iter().map(|(place, weight)| weight * rate(*place)).sum::<f64>() / weight;
            predictions.push((mean.clamp(CLIP, 1.0 - CLIP), journey.is_won));
        }
    }
    Some(predictions)
}

fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

/// By ranks (Mann and Whitney 1947), equal predictions sharing theirs.
fn auc(mut predictions: Vec<(f64, bool)>) -> Option<f64> {
    predictions.sort_by(|a, b| a.0.total_cmp(&b.0));
    let won = predictions.iter().filter(|(_, is_won)| *is_won).count();
    let lost = predictions.len() - won;
    if won == 0 || lost == 0 {
        return None;
    }
    let (mut ranks, mut before) = (0.0, 0);
    for equal in predictions.chunk_by(|a, b| a.0 == b.0) {
        let mean_rank = before as f64 + (equal.len() as f64 + 1.0) / 2.0;
        ranks += mean_rank * equal.iter().filter(|(_, is_won)| *is_won).count() as f64;
        before += equal.len();
    }
    let (won, lost) = (won as f64, lost as f64);
    Some((ranks - won * (won + 1.0) / 2.0) / (won * lost))
}

fn sources(journeys: &Journeys, resampling: Resampling) -> Vec<SourceScore> {
    let won = journeys.credit_on(|journey| journey.is_won);
    let closed = journeys.credit_on(|_| true);
    let all: f64 = won.iter().sum();
    let drawn = resampled(journeys, resampling);
    let place = |place: usize| SourceScore {
        source: u8::try_from(place).ok().and_then(Source::from_code),
        rate: ratio(won[place], closed[place]),
        share: ratio(won[place], all),
        interval: interval(drawn.iter().map(|shares| shares[place]).collect()),
    };
    (0..PLACES).filter(|at| closed[*at] > 0.0).map(place).collect()
}

/// Shares by place of each drawing of the won journeys, with replacement; none where nothing was won.
fn resampled(journeys: &Journeys, resampling: Resampling) -> Vec<[f64; PLACES]> {
    let won: Vec<&Journey> = journeys.list.iter().filter(|journey| journey.is_won && journey.money > 0.0).collect();
    if won.is_empty() {
        return Vec::new();
    }
    let draw = |number: u32| {
        let mut dice = Dice(resampling.seed ^ (u64::from(number) << 32));
        let mut credit = [0.0; PLACES];
        for _ in 0..won.len() {
            let journey = won[dice.below(won.len())];
            for (place, weight) in &journeys.parts[journey.parts.clone()] {
                credit[usize::from(*place)] += weight * journey.money;
            }
        }
        let all: f64 = credit.iter().sum();
        credit.map(|credit| credit / all)
    };
    (0..resampling.resamples).into_par_iter().map(draw).collect()
}

fn interval(mut shares: Vec<f64>) -> Option<(f64, f64)> {
    shares.sort_by(f64::total_cmp);
    let last = shares.len().checked_sub(1)?;
    let at = |part: f64| shares[((last as f64 * part).round() as usize).min(last)];
    Some((at(TAIL), at(1.0 - TAIL)))
}

/// SplitMix64 (Steele, Lea and Flood 2014).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// 0 up to `end`, which is above 0 and far below 2^64, so that no part is favoured that one could see.
    fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.next()) * end as u128) >> 64) as usize
    }
}

/// Kendall's tau-b over the places that either list credits.
fn tau(one: &[f64], other: &[f64]) -> Option<f64> {
    let both: Vec<(f64, f64)> = one.iter().copied().zip(other.iter().copied()).filter(|(a, b)| *a > 0.0 || *b > 0.0).collect();
    let (mut agreeing, mut told_by_one, mut told_by_other) = (0_i64, 0_i64, 0_i64);
    for (first, second) in pairs(both.len()) {
        let here = order(both[first].0, both[second].0);
        let there = order(both[first].1, both[second].1);
        agreeing += here * there;
        told_by_one += here.abs();
        told_by_other += there.abs();
    }
    let told = (told_by_one as f64 * told_by_other as f64).sqrt();
    (told > 0.0).then(|| agreeing as f64 / told)
}

fn order(one: f64, other: f64) -> i64 {
    match one.total_cmp(&other) {
        std::cmp::Ordering::Less => -1,
        std::cmp::Ordering::Equal => 0,
        std::cmp::Ordering::Greater => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_is_the_chance_that_a_won_journey_ranks_above_a_lost_one() {
        type Case<'a> = (&'a [(f64, bool)], Option<f64>);
        let cases: [Case<'_>; 5] = [
            (&[(0.9, true), (0.1, false)], Some(1.0)),
            (&[(0.1, true), (0.9, false)], Some(0.0)),
            (&[(0.5, true), (0.5, false)], Some(0.5)),
            (&[(0.8, true), (0.4, true), (0.6, false), (0.2, false)], Some(0.75)),
            (&[(0.8, true)], None),
        ];
        for (predictions, expected) in cases {
            assert_eq!(auc(predictions.to_vec()), expected, "{predictions:?}");
        }
    }

    #[test]
    fn tau_is_one_for_the_same_order_and_minus_one_for_the_opposite() {
        assert_eq!(tau(&[3.0, 2.0, 1.0], &[30.0, 20.0, 10.0]), Some(1.0));
        assert_eq!(tau(&[3.0, 2.0, 1.0], &[10.0, 20.0, 30.0]), Some(-1.0));
        assert_eq!(tau(&[1.0, 1.0, 1.0], &[10.0, 20.0, 30.0]), None, "one that tells nothing apart agrees with nobody");
        assert_eq!(tau(&[2.0, 1.0, 0.0], &[2.0, 1.0, 0.0]), Some(1.0), "what neither credits is left out");
        // One tie on one side: 2 of 3 pairs told apart there, both as on the other side.
        let expected = 2.0 / (2.0_f64 * 3.0).sqrt();
        assert_eq!(tau(&[2.0, 1.0, 1.0], &[3.0, 2.0, 1.0]), Some(expected));
    }

    #[test]
    fn the_same_seed_draws_the_same_and_all_that_can_be_drawn() {
        let drawn = |seed| {
            let mut dice = Dice(seed);
            (0..1_000).map(|_| dice.below(10)).collect::<Vec<_>>()
        };
        assert_eq!(drawn(1), drawn(1));
        assert_ne!(drawn(1), drawn(2));
        let counts = (0..10).map(|face| drawn(1).into_iter().filter(|own| *own == face).count());
        assert!(counts.into_iter().all(|count| (60..140).contains(&count)));
    }
}
