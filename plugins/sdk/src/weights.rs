//! What a model answers, and the check of it.

/// How far from 1 the weights of a journey may add up.
pub const TOLERANCE: f64 = 1e-12;

/// Why a journey earns nobody anything: its whole amount is unattributed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NoCredit {
    /// No touchpoint is left on the journey, under the lens chosen.
    NoTouchpoint,
    /// Nothing on the journey, nor in the opportunity's origins, says who sourced it.
    NothingSourcedIt,
}

/// The answer to a batch: for each journey, in order, one weight for each touchpoint, or no credit. Flat, to be reused.
#[derive(Debug, Clone, Default)]
pub struct Weights {
    /// One after the last weight of each journey.
    ends: Vec<usize>,
    weights: Vec<f64>,
    /// For each journey.
    no_credit: Vec<Option<NoCredit>>,
}

impl Weights {
    /// Empties it and keeps the memory.
    pub fn clear(&mut self) {
        self.ends.clear();
        self.weights.clear();
        self.no_credit.clear();
    }

    /// Answers the next journey: `touches` weights, all 0, to be written.
    pub fn journey(&mut self, touches: usize) -> &mut [f64] {
        let start = self.weights.len();
        self.weights.resize(start + touches, 0.0);
        self.ends.push(self.weights.len());
        self.no_credit.push(None);
        &mut self.weights[start..]
    }

    /// Answers the next journey: nobody earns anything.
    pub fn no_credit(&mut self, reason: NoCredit) {
        self.ends.push(self.weights.len());
        self.no_credit.push(Some(reason));
    }

    /// How many journeys are answered.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The answer to the journey at `index`.
    ///
    /// # Errors
    /// There is no credit.
    pub fn entry(&self, index: usize) -> Result<&[f64], NoCredit> {
        match self.no_credit[index] {
            Some(reason) => Err(reason),
            None => {
                let start = if index == 0 { 0 } else { self.ends[index - 1] };
                Ok(&self.weights[start..self.ends[index]])
            }
        }
    }

    /// Holds the answer to the journey at `index`, of `touches` touchpoints, against the contract.
    ///
    /// # Errors
    /// The first breach, in order of [`Breach`]'s variants.
    pub fn check(&self, index: usize, touches: usize) -> Result<(), Breach> {
        let Ok(weights) = self.entry(index) else { return Ok(()) };
        if weights.len() != touches {
            return Err(Breach::Count { expected: touches, found: weights.len() });
        }
        if let Some(place) = weights.iter().position(|weight| !weight.is_finite()) {
            return Err(Breach::NotFinite { place });
        }
        if let Some(place) = weights.iter().position(|weight| *weight < 0.0) {
            return Err(Breach::Negative { place, weight: weights[place] });
        }
        let sum = compensated_sum(weights);
        if (sum - 1.0).abs() > TOLERANCE { Err(Breach::Sum { sum }) } else { Ok(()) }
    }
}

/// Neumaier's sum, so that a long journey of equal weights is not refused for the rounding of its own check.
fn compensated_sum(weights: &[f64]) -> f64 {
    let (mut sum, mut lost) = (0.0_f64, 0.0_f64);
    for weight in weights {
        let next = sum + weight;
        lost += if sum.abs() >= weight.abs() { (sum - next) + weight } else { (weight - next) + sum };
        sum = next;
    }
    sum + lost
}

/// A model broke its contract.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum Breach {
    /// The batch is not answered journey by journey.
    #[error("{expected} journeys were asked and {found} answered")]
    Journeys {
        /// Journeys in the batch.
        expected: usize,
        /// Journeys answered.
        found: usize,
    },
    /// Not one weight for each touchpoint.
    #[error("{expected} weights were expected, one for each touchpoint, and {found} came")]
    Count {
        /// Touchpoints of the journey.
        expected: usize,
        /// Weights that came.
        found: usize,
    },
    /// A weight is infinite or not a number.
    #[error("the weight of touchpoint {} is no finite number", place + 1)]
    NotFinite {
        /// Of which touchpoint, from 0.
        place: usize,
    },
    /// A weight is below 0.
    #[error("the weight of touchpoint {} is negative: {weight}", place + 1)]
    Negative {
        /// Of which touchpoint, from 0.
        place: usize,
        /// The weight.
        weight: f64,
    },
    /// The weights do not add up to 1.
    #[error("the weights add up to {sum}, not to 1")]
    Sum {
        /// What they add up to.
        sum: f64,
    },
    /// The same journeys were weighed twice, with different weights.
    #[error("the same journey was weighed twice, with different weights")]
    Unsteady,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(weights: &[f64]) -> Weights {
        let mut out = Weights::default();
        out.journey(weights.len()).copy_from_slice(weights);
        out
    }

    #[test]
    fn every_breach_of_the_contract_is_found() {
        let cases: [(&[f64], usize, Result<(), Breach>); 6] = [
            (&[0.25, 0.75], 2, Ok(())),
            (&[0.25, 0.75], 3, Err(Breach::Count { expected: 3, found: 2 })),
            (&[1.0, f64::INFINITY], 2, Err(Breach::NotFinite { place: 1 })),
            (&[1.5, -0.5], 2, Err(Breach::Negative { place: 1, weight: -0.5 })),
            (&[0.5, 0.25], 2, Err(Breach::Sum { sum: 0.75 })),
            (&[0.5, 0.5 + 4e-13], 2, Ok(())),
        ];
        for (weights, touches, expected) in cases {
            assert_eq!(answered(weights).check(0, touches), expected, "{weights:?}");
        }
        assert!(matches!(answered(&[f64::NAN]).check(0, 1), Err(Breach::NotFinite { place: 0 })));
    }

    #[test]
    fn two_hundred_thousand_equal_weights_add_up_to_one() {
        let touches = 200_000;
        let mut out = Weights::default();
        out.journey(touches).fill(1.0 / touches as f64);
        assert_eq!(out.check(0, touches), Ok(()));
    }

    #[test]
    fn no_credit_keeps_the_contract_and_its_place() {
        let mut out = answered(&[1.0]);
        out.no_credit(NoCredit::NothingSourcedIt);
        out.journey(1)[0] = 1.0;
        assert_eq!(out.len(), 3);
        assert_eq!(out.entry(1), Err(NoCredit::NothingSourcedIt));
        assert_eq!(out.entry(2), Ok(&[1.0][..]));
        assert_eq!(out.check(1, 5), Ok(()));
    }
}
