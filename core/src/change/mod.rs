//! What people change: one pure function for each act, from what is there and what is asked to what is written, or to the
//! first reason why not.
//!
//! Every act has a closed list of refusals in order of precedence; where several hold, the first is told.

pub mod close;
pub mod contacts;
pub mod create;
pub mod lines;
pub mod refusal;
pub mod review;
pub mod splits;
pub mod stage;
pub mod update;

pub use refusal::{Refusal, Refused};

use crate::opportunity::Version;
use chrono::{DateTime, NaiveDate, Utc};

/// Letters of a name or another short text, at most.
pub const LONGEST_TEXT: usize = 1_000;

/// Letters of a note, a description and the like, at most.
pub const LONGEST_NOTE: usize = 20_000;

/// The version that follows another at `at`. Where the clock went back, it follows the other at its own instant, so that
/// versions stay in order.
pub fn next_version(before: &Version, at: DateTime<Utc>) -> Version {
    let valid_from = at.max(before.valid_from);
    let sequence = if valid_from == before.valid_from { before.sequence + 1 } else { 0 };
    Version { valid_from, sequence, ..before.clone() }
}

/// Whether a text has a letter and is not too long.
pub(crate) fn is_missing(text: &str) -> bool {
    text.trim().is_empty()
}

pub(crate) fn is_too_long(text: &str, most: usize) -> bool {
    text.chars().nth(most).is_some()
}

/// Whether a date is one that a pipeline can hold: of this century or the next, as a slip of the pen seldom is.
pub(crate) fn is_far_off(day: NaiveDate) -> bool {
    use chrono::Datelike;
    !(1970..2200).contains(&day.year())
}

/// Whether two versions say the same of the opportunity, whenever they began.
pub fn says_the_same(one: &Version, other: &Version) -> bool {
    let bare = |version: &Version| Version {
        valid_from: one.valid_from,
        sequence: one.sequence,
        recorded: one.recorded,
        ..version.clone()
    };
    bare(one) == bare(other)
}

#[cfg(test)]
mod tests;
