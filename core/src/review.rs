//! Managers' reviews of opportunities: dated attestations, which expire.

use crate::ids::{DataVersion, OpportunityId, RepId, ReviewId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What a manager found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Verdict {
    /// It is right as it stands.
    Confirmed = 0,
    /// It is right now: what was wrong was changed in the review.
    Corrected = 1,
    /// It is not right, and its owner has yet to mend it.
    Doubted = 2,
}

impl Verdict {
    /// All three, in the order of their codes.
    pub const ALL: [Self; 3] = [Self::Confirmed, Self::Corrected, Self::Doubted];
}

/// What a review changed of an opportunity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Changed {
    /// The stage.
    Stage = 0,
    /// The forecast category.
    ForecastCategory = 1,
    /// The close date.
    CloseDate = 2,
    /// The amount or the ACV.
    Amount = 3,
    /// The next step.
    NextStep = 4,
    /// The owner.
    Owner = 5,
    /// The product lines.
    Products = 6,
    /// The contacts' parts.
    Contacts = 7,
}

impl Changed {
    /// All eight, in the order of their codes.
    pub const ALL: [Self; 8] = [
        Self::Stage,
        Self::ForecastCategory,
        Self::CloseDate,
        Self::Amount,
        Self::NextStep,
        Self::Owner,
        Self::Products,
        Self::Contacts,
    ];
}

/// What a review changed, each at most once; kept as one bit for each code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Changes(i32);

impl Changes {
    /// From the bits of [`Self::bits`]; `None` where one stands for nothing.
    pub fn from_bits(bits: i32) -> Option<Self> {
        (0..1 << Changed::ALL.len()).contains(&bits).then_some(Self(bits))
    }

    /// One bit for each code.
    pub fn bits(self) -> i32 {
        self.0
    }

    /// Each, in the order of their codes.
    pub fn iter(self) -> impl Iterator<Item = Changed> {
        Changed::ALL.into_iter().filter(move |one| self.0 & (1 << *one as u8) != 0)
    }
}

impl FromIterator<Changed> for Changes {
    fn from_iter<I: IntoIterator<Item = Changed>>(changes: I) -> Self {
        Self(changes.into_iter().fold(0, |bits, one| bits | 1 << one as u8))
    }
}

/// A manager's attestation about an opportunity. Append-only: who thinks otherwise later reviews again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// Derived, or v7.
    pub id: ReviewId,
    /// Of which opportunity.
    pub opportunity: OpportunityId,
    /// Who reviewed it.
    pub reviewer: RepId,
    /// What they found.
    pub verdict: Verdict,
    /// What they changed, or had changed.
    pub changes: Changes,
    /// Free text.
    pub note: Option<String>,
    /// When; it counts for the configured days from here.
    pub at: DateTime<Utc>,
    /// The change that brought it.
    pub recorded: DataVersion,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_come_back_as_they_went_each_once() {
        let given = [Changed::Owner, Changed::Stage, Changed::Owner];
        let changes: Changes = given.into_iter().collect();
        assert_eq!(changes.iter().collect::<Vec<_>>(), [Changed::Stage, Changed::Owner]);
        assert_eq!(Changes::from_bits(changes.bits()), Some(changes));
        assert_eq!(Changed::ALL.into_iter().collect::<Changes>().iter().count(), 8);
        assert_eq!((Changes::from_bits(256), Changes::from_bits(-1)), (None, None));
    }
}
