//! How long opportunities stay in a stage: the medians by which a stage is too old.

use crate::facts::hash::Mixed;

/// The stays of many opportunities that ended, by stage, in milliseconds.
///
/// A stay begins with the version that arrives at a stage and ends with the first one of another stage, open or closed. One that
/// did not end counts for nothing; one who comes back to a stage stays again.
#[derive(Debug, Clone, Default)]
pub struct Stays(Mixed<u32, Vec<i64>>);

impl Stays {
    /// Adds the stays of one opportunity, told by its versions in order: the stage of each, and from when it holds.
    pub fn add(&mut self, versions: impl Iterator<Item = (u32, i64)>) {
        let mut stay: Option<(u32, i64)> = None;
        for (stage, from_ms) in versions {
            match stay {
                Some((own, _)) if own == stage => continue,
                Some((own, since_ms)) => self.0.entry(own).or_default().push(from_ms - since_ms),
                None => {}
            }
            stay = Some((stage, from_ms));
        }
    }

    /// Both together.
    pub fn merged(mut self, other: Self) -> Self {
        for (stage, stays) in other.0 {
            let own = self.0.entry(stage).or_default();
            if own.is_empty() { *own = stays } else { own.extend(stays) }
        }
        self
    }

    /// The median stay of each stage that at least `least` stays ended in; of an even number, the mean of the two in the middle,
    /// rounded down to a millisecond.
    pub fn norms(self, least: u32) -> StageNorms {
        let enough = |stays: &Vec<i64>| !stays.is_empty() && stays.len() >= least as usize;
        StageNorms(self.0.into_iter().filter(|(_, stays)| enough(stays)).map(|(stage, stays)| (stage, median(stays))).collect())
    }
}

fn median(mut stays: Vec<i64>) -> i64 {
    let middle = stays.len() / 2;
    let is_even = stays.len().is_multiple_of(2);
    let (below, upper, _) = stays.select_nth_unstable(middle);
    match below.iter().max() {
        Some(lower) if is_even => lower.midpoint(*upper),
        _ => *upper,
    }
}

/// The median stay in each stage, milliseconds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StageNorms(Mixed<u32, i64>);

impl StageNorms {
    /// Of one stage; `None` where too few stays ended.
    pub fn median_ms(&self, stage: u32) -> Option<i64> {
        self.0.get(&stage).copied()
    }
}
