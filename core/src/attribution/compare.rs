//! Several models side by side over one scope: how their answers differ, and which opportunities make the difference.

use super::CreditError;
use super::attribute::{GroupKey, GroupValue, Grouping, Within};
use super::credit::ModelCredit;
use super::ground::{Codes, Ground};
use crate::facts::Snapshot;
use crate::facts::scan::chunks;
use crate::ids::{DataVersion, OpportunityId};
use crate::viewer::Scope;
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

/// Groups among which flips of rank are looked for: those with the largest amounts.
const RANKED: usize = 50;

/// What one model gives one group.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Given {
    /// Minor units of the reporting currency, of all outcomes in scope.
    pub amount: i64,
    /// amount / the scope's amount; `None` where that is 0.
    pub share: Option<f64>,
    /// 1 for the largest amount, equal for equal amounts; `None` for what nobody earned.
    pub rank: Option<u32>,
}

/// One group under each model.
#[derive(Debug, Clone, PartialEq)]
pub struct ComparedRow {
    /// Which group.
    pub key: GroupKey,
    /// One for each model, in the order asked for.
    pub given: Vec<Given>,
}

/// Two groups that two models put in opposite order.
#[derive(Debug, Clone, PartialEq)]
pub struct Flip {
    /// The one that the first model puts above,
    pub first_above: GroupKey,
    /// and the one that the second puts above.
    pub second_above: GroupKey,
    /// How far apart they are under the model that has them closer, minor units: the weight of the flip.
    pub margin: i64,
}

/// Two models.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// Place of one in the order asked for,
    pub first: usize,
    /// and of the other.
    pub second: usize,
    /// Half the sum of the absolute differences of shares, 0 (the same) to 1 (nothing in common); `None` where the scope's
    /// amount is 0.
    pub divergence: Option<f64>,
    /// The groups that they put in opposite order, the widest margin first, among the 50 with the largest amounts.
    pub flips: Vec<Flip>,
}

/// An opportunity on which the models differ.
#[derive(Debug, Clone, PartialEq)]
pub struct Mover {
    /// Which.
    pub opportunity: OpportunityId,
    /// Its amount in scope, minor units.
    pub amount: i64,
    /// What passes from some groups to others between the two models that differ most on it, minor units.
    pub moved: i64,
    /// What each group has of it under each model.
    pub groups: Vec<(GroupKey, Vec<i64>)>,
}

/// The models side by side.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    /// The last change that counts.
    pub data_version: DataVersion,
    /// The group with the largest amount under any model first, ties by key.
    pub rows: Vec<ComparedRow>,
    /// Every two models, in the order asked for.
    pub pairs: Vec<Pair>,
    /// The opportunities that cause most of the difference, the largest first.
    pub movers: Vec<Mover>,
    /// The scope's amount, minor units: what the groups add up to under each model.
    pub total: i64,
}

/// What groups have under each model, by their codes.
type Side = HashMap<Codes, Vec<i64>>;

/// An opportunity before its keys are written out.
struct Moving {
    moved: i64,
    opportunity: OpportunityId,
    amount: i64,
    groups: BTreeMap<Codes, Vec<i64>>,
}

#[derive(Default)]
struct Found {
    sums: Side,
    movers: Vec<Moving>,
    total: i64,
}

impl Found {
    fn merged(mut self, other: Self, most: usize) -> Self {
        for (codes, amounts) in other.sums {
            let own = self.sums.entry(codes).or_insert_with(|| vec![0; amounts.len()]);
            own.iter_mut().zip(&amounts).for_each(|(own, amount)| *own += amount);
        }
        self.total += other.total;
        self.movers.extend(other.movers);
        self.keep(most);
        self
    }

    fn keep(&mut self, most: usize) {
        self.movers.sort_by(|a, b| b.moved.cmp(&a.moved).then(a.opportunity.cmp(&b.opportunity)));
        self.movers.truncate(most);
    }
}

/// Compares models, at least one, all of them additive, over a scope; `most` opportunities that differ are given.
///
/// # Errors
/// A model failed.
pub fn compare(
    snapshot: &Snapshot,
    within: &Within,
    group_by: &[Grouping],
    scope: &Scope,
    models: &[&ModelCredit],
    most: usize,
) -> Result<Compared, CreditError> {
    let Some(any) = models.first() else { return Ok(nothing(snapshot, within)) };
    let ground = Ground::new(snapshot, within, group_by, any);
    let of_chunk = |indices| side_by_side(&ground, models, indices, most);
    let found = chunks(snapshot, scope).into_par_iter().map(of_chunk).try_reduce(Found::default, |a, b| Ok(a.merged(b, most)))?;
    let rows = rows(&ground, &found, models.len());
    let pairs = pairs(models.len()).map(|(first, second)| Pair {
        first,
        second,
        divergence: divergence(&rows, first, second),
        flips: flips(&rows, first, second),
    });
    let mover = |moving: &Moving| Mover {
        opportunity: moving.opportunity,
        amount: moving.amount,
        moved: moving.moved,
        groups: moving.groups.iter().map(|(codes, amounts)| (ground.key(codes), amounts.clone())).collect(),
    };
    Ok(Compared {
        data_version: snapshot.version_of(within.data_version),
        pairs: pairs.collect(),
        movers: found.movers.iter().map(mover).collect(),
        total: found.total,
        rows,
    })
}

fn nothing(snapshot: &Snapshot, within: &Within) -> Compared {
    let data_version = snapshot.version_of(within.data_version);
    Compared { data_version, rows: Vec::new(), pairs: Vec::new(), movers: Vec::new(), total: 0 }
}

/// Every two of so many.
pub(super) fn pairs(count: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..count).flat_map(move |first| (first + 1..count).map(move |second| (first, second)))
}

fn side_by_side(ground: &Ground<'_>, models: &[&ModelCredit], indices: Range<u32>, most: usize) -> Result<Found, CreditError> {
    let chosen = ground.choose(indices);
    let mut opportunities: BTreeMap<OpportunityId, (i64, BTreeMap<Codes, Vec<i64>>)> = BTreeMap::new();
    for (place, model) in models.iter().enumerate() {
        ground.weigh(&chosen, model, |chosen, parts, _| {
            let (amount, groups) = opportunities.entry(chosen.held.id()).or_default();
            // Under a filter by source, models differ even on how much of an opportunity is in scope.
            if parts.total.abs() > amount.abs() {
                *amount = parts.total;
            }
            for (codes, part) in &parts.groups {
                groups.entry(*codes).or_insert_with(|| vec![0; models.len()])[place] += part;
            }
        })?;
    }
    let mut found = Found::default();
    for (opportunity, (amount, groups)) in opportunities {
        found.total += amount;
        for (codes, amounts) in &groups {
            let own = found.sums.entry(*codes).or_insert_with(|| vec![0; models.len()]);
            own.iter_mut().zip(amounts).for_each(|(own, amount)| *own += amount);
        }
        let between = |(first, second): (usize, usize)| {
            groups.values().map(|amounts| (amounts[first] - amounts[second]).abs()).sum::<i64>() / 2
        };
        let moved = pairs(models.len()).map(between).max().unwrap_or(0);
        if moved > 0 {
            found.movers.push(Moving { moved, opportunity, amount, groups });
        }
    }
    found.keep(most);
    Ok(found)
}

fn rows(ground: &Ground<'_>, found: &Found, models: usize) -> Vec<ComparedRow> {
    let mut keyed: Vec<(GroupKey, &Vec<i64>)> = found.sums.iter().map(|(codes, amounts)| (ground.key(codes), amounts)).collect();
    let largest = |amounts: &[i64]| amounts.iter().copied().max().unwrap_or(0);
    keyed.sort_by(|a, b| largest(b.1).cmp(&largest(a.1)).then_with(|| a.0.cmp(&b.0)));
    let totals: Vec<i64> = (0..models).map(|model| keyed.iter().map(|(_, amounts)| amounts[model]).sum()).collect();
    let ranked: Vec<Vec<i64>> = (0..models)
        .map(|model| {
            let mut amounts: Vec<i64> =
                keyed.iter().filter(|(key, _)| is_earned(key)).map(|(_, amounts)| amounts[model]).collect();
            amounts.sort_unstable_by(|a, b| b.cmp(a));
            amounts
        })
        .collect();
    let given = |key: &GroupKey, model: usize, amount: i64| Given {
        amount,
        share: (totals[model] != 0).then(|| amount as f64 / totals[model] as f64),
        rank: is_earned(key)
            .then(|| u32::try_from(ranked[model].partition_point(|other| *other > amount) + 1).unwrap_or(u32::MAX)),
    };
    let row = |(key, amounts): (GroupKey, &Vec<i64>)| {
        let given = amounts.iter().enumerate().map(|(model, amount)| given(&key, model, *amount)).collect();
        ComparedRow { given, key }
    };
    keyed.into_iter().map(row).collect()
}

fn is_earned(key: &GroupKey) -> bool {
    key.iter().all(|(_, value)| *value != GroupValue::Unattributed)
}

fn divergence(rows: &[ComparedRow], first: usize, second: usize) -> Option<f64> {
    let apart = |row: &ComparedRow| Some((row.given[first].share? - row.given[second].share?).abs());
    rows.iter().map(apart).sum::<Option<f64>>().filter(|_| !rows.is_empty()).map(|sum| sum / 2.0)
}

fn flips(rows: &[ComparedRow], first: usize, second: usize) -> Vec<Flip> {
    let earned: Vec<&ComparedRow> = rows.iter().filter(|row| is_earned(&row.key)).take(RANKED).collect();
    let mut flips = Vec::new();
    for (one, other) in pairs(earned.len()) {
        let (one, other) = (earned[one], earned[other]);
        let lead = |model: usize| one.given[model].amount - other.given[model].amount;
        let (here, there) = (lead(first), lead(second));
        if here.signum() * there.signum() >= 0 {
            continue;
        }
        let (above, below) = if here > 0 { (one, other) } else { (other, one) };
        let margin = here.abs().min(there.abs());
        flips.push(Flip { first_above: above.key.clone(), second_above: below.key.clone(), margin });
    }
    flips.sort_by(|a, b| {
        b.margin.cmp(&a.margin).then_with(|| (&a.first_above, &a.second_above).cmp(&(&b.first_above, &b.second_above)))
    });
    flips
}
