//! Seeded chance: one stream for each thing made, so that any of them can be made alone and in any order.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What a stream is for; part of the stream's number.
#[derive(Debug, Clone, Copy)]
#[repr(u8)]
pub enum Subject {
    /// The people who sell.
    Rep = 1,
    /// Campaigns.
    Campaign = 2,
    /// Accounts and their contacts.
    Account = 3,
    /// An opportunity's life.
    Deal = 4,
    /// An opportunity's touchpoints.
    Journey = 5,
    /// A lead that leads nowhere.
    Lead = 6,
    /// Targets, judgements and adjustments.
    Target = 7,
}

/// A stream of chance.
#[derive(Debug, Clone)]
pub struct Dice(ChaCha8Rng);

impl Dice {
    /// The stream of the thing of this kind and number.
    pub fn of(seed: u64, subject: Subject, index: u64) -> Self {
        let mut stream = ChaCha8Rng::seed_from_u64(seed);
        stream.set_stream((u64::from(subject as u8) << 56) | index);
        Self(stream)
    }

    /// Uniform in `[0, 1)`.
    pub fn unit(&mut self) -> f64 {
        self.0.random::<f64>()
    }

    /// True with probability `share`.
    pub fn chance(&mut self, share: f64) -> bool {
        self.unit() < share
    }

    /// Uniform among `low..=high`; `low` where the range is empty.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        if high <= low { low } else { self.0.random_range(low..=high) }
    }

    /// Uniform below `count`, which is > 0.
    pub fn below(&mut self, count: usize) -> usize {
        self.0.random_range(0..count)
    }

    /// Uniform in `[low, high)`.
    pub fn real(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Log-normal with this median and this standard deviation of the logarithm (Box and Muller's transform).
    pub fn log_normal(&mut self, median: f64, sigma: f64) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        let angle = std::f64::consts::TAU * self.unit();
        median * (sigma * radius * angle.cos()).exp()
    }

    /// One of a list that is not empty.
    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }

    /// An index, in proportion to weights that are not all zero.
    pub fn weighted(&mut self, weights: &[f64]) -> usize {
        let mut left = self.unit() * weights.iter().sum::<f64>();
        for (index, weight) in weights.iter().enumerate() {
            if left < *weight {
                return index;
            }
            left -= weight;
        }
        weights.len() - 1
    }
}
