//! Hygiene: whether open opportunities are kept as they should be, as of T.
//!
//! The flags and the score are defined in [`Life`] and [`score`]. What has expired or is missing is judged by what was known at
//! T; only contacts' parts and who can still sign in are as they stand now, for when they changed is not recorded.

mod answer;
mod due;
mod flag;
mod life;
mod norms;
mod single;

pub use answer::{Hygiene, HygieneBy, HygieneFigures, HygieneQuery, HygieneRow, Judged, Tally, hygiene};
pub use due::{DueReview, ReviewsDue, reviews_due, week_of};
pub use flag::{Flag, Flags, score};
pub use life::{Beside, Life, Part, Step};
pub use norms::{StageNorms, Stays};
pub use single::{OpportunityHygiene, Raised, hygiene_of};

/// What an open opportunity is measured by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rules {
    /// Percent of the median age of a stage beyond which an opportunity is too old in it.
    pub stage_age_percent: u32,
    /// Stays in a stage that must have ended for it to have a median.
    pub least_stays: u32,
    /// Pushes from which on an opportunity is pushed often; 1 or more.
    pub pushes: u32,
    /// Days without activity that are still all right.
    pub activity_days: u32,
    /// Days that a review counts.
    pub review_days: u32,
    /// An opportunity whose score is below fails: it counts 0 in numbers that are adjusted for hygiene.
    pub passing_score: u8,
}

impl Default for Rules {
    fn default() -> Self {
        Self { stage_age_percent: 150, least_stays: 20, pushes: 3, activity_days: 30, review_days: 7, passing_score: 70 }
    }
}

impl Rules {
    /// Whether an opportunity with these flags counts in numbers that are adjusted for hygiene.
    pub fn passes(&self, flags: Flags) -> bool {
        flags.score() >= self.passing_score
    }
}

#[cfg(test)]
mod tests;
