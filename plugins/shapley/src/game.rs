//! The game that sources play: what each set of them is worth, and the value of each player.

use pipewright_plugin::Remarks;

/// The most players: a set of them is looked at for each of 2^20.
pub(crate) const MOST_SOURCES: usize = 20;

/// How far from 0 a value may lie by rounding alone, relative to the most that any set is worth.
const ROUNDING: f64 = 1e-12;

/// What a set of sources is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Worth {
    /// The conversion rate of the journeys whose set is exactly this; 0 where there is none.
    Rate,
    /// The number of won journeys whose set is within this.
    Reach,
}

/// Those who take part in a journey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Coalition {
    /// One bit for each source that training saw, by its place.
    pub(crate) set: usize,
    /// How many sources there are beside, that training did not see: no closed journey has any of them.
    pub(crate) strangers: usize,
}

impl Coalition {
    /// How many of them training saw.
    pub(crate) fn known(self) -> usize {
        self.set.count_ones() as usize
    }

    /// Which of the members the source at `place` is. Strangers come after all that are known.
    pub(crate) fn rank(self, place: usize) -> usize {
        (self.set & ((1 << place) - 1)).count_ones() as usize
    }
}

/// What each set of the sources that training saw is worth.
pub(crate) struct Game {
    worth: Worth,
    /// By set: the rate, or the journeys won by exactly this set.
    of_set: Vec<f64>,
}

/// The value of each member of a coalition, in order of rank.
pub(crate) struct Value {
    /// Shapley's value.
    pub(crate) phi: Vec<f64>,
    /// Without those below 0, scaled to 1; `None` if none is above.
    pub(crate) shares: Option<Vec<f64>>,
    has_negative: bool,
}

impl Value {
    /// What a reader should know of the shares.
    pub(crate) fn remarks(&self) -> Remarks {
        match (&self.shares, self.has_negative) {
            (None, _) => Remarks::LINEAR_INSTEAD,
            (Some(_), true) => Remarks::NEGATIVE_SET_TO_ZERO,
            (Some(_), false) => Remarks::NONE,
        }
    }
}

impl Game {
    /// From journeys won and lost by the set of their sources. The empty set is worth nothing.
    pub(crate) fn new(worth: Worth, counts: &[[f64; 2]]) -> Self {
        let of_set = counts.iter().enumerate().map(|(set, [won, lost])| match worth {
            _ if set == 0 || *won == 0.0 => 0.0,
            Worth::Rate => won / (won + lost),
            Worth::Reach => *won,
        });
        Self { worth, of_set: of_set.collect() }
    }

    /// Shapley's value of each member: the sum, over every set S of the others, of |S|! (n - |S| - 1)! / n! (v(S + i) - v(S)).
    pub(crate) fn value(&self, coalition: Coalition) -> Value {
        let players = coalition.known() + coalition.strangers;
        let worth = self.worth_of_subsets(coalition);
        let weights = weights(players);
        let of_player = |player: usize| {
            let alone = 1 << player;
            let others = (0..worth.len()).filter(|set| set & alone == 0);
            others.map(|set| weights[set.count_ones() as usize] * (worth[set | alone] - worth[set])).sum::<f64>()
        };
        let phi: Vec<f64> = (0..players).map(of_player).collect();
        let noise = ROUNDING * worth.iter().fold(0.0, |most: f64, worth| most.max(*worth));
        let kept: Vec<f64> = phi.iter().map(|phi| if *phi > noise { *phi } else { 0.0 }).collect();
        let total: f64 = kept.iter().sum();
        Value {
            has_negative: phi.iter().any(|phi| *phi < -noise),
            shares: (total > 0.0).then(|| kept.iter().map(|phi| phi / total).collect()),
            phi,
        }
    }

    /// What each subset of a coalition is worth; the bits of its index are the members by rank.
    fn worth_of_subsets(&self, coalition: Coalition) -> Vec<f64> {
        let known = 1_usize << coalition.known();
        let mut worth = vec![0.0; known << coalition.strangers];
        let mut subset = 0_usize;
        for entry in &mut worth[..known] {
            *entry = self.of_set[subset];
            // The next larger number whose bits are all within the set.
            subset = subset.wrapping_sub(coalition.set) & coalition.set;
        }
        if self.worth == Worth::Reach {
            add_up_subsets(&mut worth, coalition.known() + coalition.strangers);
        }
        worth
    }
}

/// Replaces each entry by the sum of all entries whose sets are within its own.
fn add_up_subsets(entries: &mut [f64], players: usize) {
    for player in 0..players {
        for set in 0..entries.len() {
            if set & (1 << player) != 0 {
                entries[set] += entries[set ^ (1 << player)];
            }
        }
    }
}

/// |S|! (n - |S| - 1)! / n! by |S|: 1 / (n times the number of sets of that size among the others).
fn weights(players: usize) -> Vec<f64> {
    let mut sets = 1.0;
    let mut weights = Vec::with_capacity(players);
    for size in 0..players {
        weights.push(1.0 / (players as f64 * sets));
        sets = sets * (players - 1 - size) as f64 / (size + 1) as f64;
    }
    weights
}
