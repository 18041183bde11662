//! What a model answers, and the check of it.

/// How far from 1 the weights of a journey may add up.
pub const TOLERANCE: f64 = 1e-12;

/// Why a journey earns nobody anything: its whole amount is unattributed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum NoCredit {
    /// No touchpoint is left on the journey, under the lens chosen.
    NoTouchpoint = 1,
    /// Nothing on the journey, nor in the opportunity's origins, says who sourced it.
    NothingSourcedIt = 2,
    /// No touchpoint is at or before the opportunity's creation.
    NothingBeforeCreation = 3,
    /// No touchpoint is at or before the conversion that the model counts from.
    NothingBeforeConversion = 4,
    /// None of the positions that the model gives weight to is reached.
    NoPositionReached = 5,
    /// The opportunity has no split of the kind that the model counts.
    NoSplit = 6,
    /// The opportunity's revenue splits do not add up to 100%.
    SplitsNotWhole = 7,
    /// The journey has more touchpoints than the limit lets: said by the host, which then asks no model.
    TooManyTouchpoints = 8,
}

impl NoCredit {
    /// 1 to 8.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The inverse of [`Self::code`].
    pub fn from_code(code: u8) -> Option<Self> {
        let all = [
            Self::NoTouchpoint,
            Self::NothingSourcedIt,
            Self::NothingBeforeCreation,
            Self::NothingBeforeConversion,
            Self::NoPositionReached,
            Self::NoSplit,
            Self::SplitsNotWhole,
            Self::TooManyTouchpoints,
        ];
        all.into_iter().find(|reason| reason.code() == code)
    }
}

/// What a reader should know of a journey's weights: none, one or several remarks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Remarks(u8);

impl Remarks {
    /// Nothing to remark.
    pub const NONE: Self = Self(0);
    /// A milestone that the model gives weight to is not reached yet: the weights will change.
    pub const PROVISIONAL: Self = Self(1);
    /// The model has nothing to tell the sources of this journey apart by: every touchpoint took the same.
    pub const LINEAR_INSTEAD: Self = Self(2);
    /// A negative value was set to zero and the others scaled.
    pub const NEGATIVE_SET_TO_ZERO: Self = Self(4);

    /// Both.
    #[must_use]
    pub const fn with(self, remarks: Self) -> Self {
        Self(self.0 | remarks.0)
    }

    /// Whether all of `remarks` are made.
    pub const fn holds(self, remarks: Self) -> bool {
        self.0 & remarks.0 == remarks.0
    }

    /// The remarks of a set of bits, as [`Self::bits`] gives it; other bits are left out.
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & 7)
    }

    /// One bit for each remark.
    pub const fn bits(self) -> u8 {
        self.0
    }
}

/// The answer to a batch: for each journey, in order, one weight for each touchpoint, or no credit. Flat, to be reused.
#[derive(Debug, Clone, Default)]
pub struct Weights {
    /// One after the last weight of each journey.
    ends: Vec<usize>,
    weights: Vec<f64>,
    /// For each journey.
    no_credit: Vec<Option<NoCredit>>,
    /// For each journey.
    remarks: Vec<Remarks>,
}

impl Weights {
    /// Empties it and keeps the memory.
    pub fn clear(&mut self) {
        self.ends.clear();
        self.weights.clear();
        self.no_credit.clear();
        self.remarks.clear();
    }

    /// Answers the next journey: `touches` weights, all 0, to be written.
    pub fn journey(&mut self, touches: usize) -> &mut [f64] {
        let start = self.weights.len();
        self.weights.resize(start + touches, 0.0);
        self.ends.push(self.weights.len());
        self.no_credit.push(None);
        self.remarks.push(Remarks::NONE);
        &mut self.weights[start..]
    }

    /// Answers the next journey: nobody earns anything.
    pub fn no_credit(&mut self, reason: NoCredit) {
        self.ends.push(self.weights.len());
        self.no_credit.push(Some(reason));
        self.remarks.push(Remarks::NONE);
    }

    /// Adds remarks to the journey answered last.
    ///
    /// # Panics
    /// None is answered yet.
    pub fn remark(&mut self, remarks: Remarks) {
        let last = self.remarks.last_mut().expect("a journey is answered before it is remarked on");
        *last = last.with(remarks);
    }

    /// The remarks on the journey at `index`.
    pub fn remarks(&self, index: usize) -> Remarks {
        self.remarks[index]
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

    /// Holds the answer to the journey at `index`, of `touches` touchpoints, against the contract. The weights of a model of
    /// influence (`additive` is false) need not add up to 1.
    ///
    /// # Errors
    /// The first breach, in order of [`Breach`]'s variants.
    pub fn check(&self, index: usize, touches: usize, additive: bool) -> Result<(), Breach> {
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
        if !additive {
            return Ok(());
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
            assert_eq!(answered(weights).check(0, touches, true), expected, "{weights:?}");
        }
        assert!(matches!(answered(&[f64::NAN]).check(0, 1, true), Err(Breach::NotFinite { place: 0 })));
        assert_eq!(answered(&[1.0, 1.0]).check(0, 2, false), Ok(()), "influence is not shared out");
        assert_eq!(answered(&[1.0, -1.0]).check(0, 2, false), Err(Breach::Negative { place: 1, weight: -1.0 }));
    }

    #[test]
    fn two_hundred_thousand_equal_weights_add_up_to_one() {
        let touches = 200_000;
        let mut out = Weights::default();
        out.journey(touches).fill(1.0 / touches as f64);
        assert_eq!(out.check(0, touches, true), Ok(()));
    }

    #[test]
    fn no_credit_keeps_the_contract_and_its_place() {
        let mut out = answered(&[1.0]);
        out.no_credit(NoCredit::NothingSourcedIt);
        out.journey(1)[0] = 1.0;
        assert_eq!(out.len(), 3);
        assert_eq!(out.entry(1), Err(NoCredit::NothingSourcedIt));
        assert_eq!(out.entry(2), Ok(&[1.0][..]));
        assert_eq!(out.check(1, 5, true), Ok(()));
    }
}
