//! Journeys from facts, credit (weights times money, exact), what a matrix needs of a model; comparison, explanation, scoring.

mod attribute;
mod compare;
mod credit;
mod credited;
mod diff;
mod explain;
mod ground;
mod journey;
mod once;
mod positions;
mod rules;
mod run;
mod score;
mod suppression;
#[cfg(test)]
mod tests;

pub use attribute::{Attribution, AttributionRow, Credits, GroupKey, GroupValue, Grouping, Within, attribute, group_label};
pub use compare::{Compared, ComparedRow, Flip, Given, Mover, Pair, compare};
pub use credit::{ModelCredit, Trained, Training, View};
pub use diff::{Because, Differ, Differences, Moved, MovedShare, Reason, Reasons, SourceMove, StoredShare, moved_shares};
pub use explain::{Explained, ExplainedTouch, explain};
pub use journey::{LeftOut, Trace};
pub(crate) use positions::Arrivals;
pub use rules::{JourneyRules, Linking, NamePattern, Suppression};
pub use run::{CancelRefusal, RunCredit, RunScope, StartRefusal, credits, in_scope};
pub use score::{Agreement, ModelScore, Resampling, Scored, SourceScore, score};

pub(crate) use credited::{Credited, each_credited};

use crate::facts::Snapshot;
use crate::ids::{DataVersion, OpportunityId};

/// What may be known: what held up to an instant, from what was recorded up to a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Known {
    /// Milliseconds since 1970, UTC.
    pub at_ms: i64,
    /// The last change that counts; `None` = all of the snapshot.
    pub version: Option<DataVersion>,
}

/// Who credits the sources of opportunities: a fitted model behind a lens.
pub trait Credit: Sync {
    /// Weighs the journeys of `opportunities` (indices of the snapshot) as far as they are `known`, pushing one entry for each,
    /// in order.
    ///
    /// # Errors
    /// The model broke its contract, or failed.
    fn weigh(&self, snapshot: &Snapshot, known: Known, opportunities: &[u32], out: &mut CreditShares) -> Result<(), CreditError>;
}

/// For each opportunity, the sources of its touchpoints in order, with their weights. An entry with no touchpoint, or no
/// credit, is empty: its whole amount is `(unattributed)`.
#[derive(Debug, Clone, Default)]
pub struct CreditShares {
    ends: Vec<u32>,
    /// [`crate::touchpoint::Source::code`] of each touchpoint.
    sources: Vec<u8>,
    /// Weight of each touchpoint: finite, >= 0, sum 1 over one entry.
    weights: Vec<f64>,
}

impl CreditShares {
    /// Adds the entry of the next opportunity.
    pub fn push(&mut self, sources: &[u8], weights: &[f64]) {
        assert_eq!(sources.len(), weights.len(), "one weight for each touchpoint");
        self.sources.extend_from_slice(sources);
        self.weights.extend_from_slice(weights);
        self.ends.push(u32::try_from(self.sources.len()).expect("a batch holds fewer than 2^32 touchpoints"));
    }

    /// How many entries.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Sources and weights of the entry at `index`.
    pub fn entry(&self, index: usize) -> (&[u8], &[f64]) {
        let start = if index == 0 { 0 } else { self.ends[index - 1] as usize };
        let end = self.ends[index] as usize;
        (&self.sources[start..end], &self.weights[start..end])
    }
}

/// A model could not credit.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CreditError {
    /// No model of that id is registered.
    #[error("no attribution model is called '{model}'")]
    UnknownModel {
        /// The id asked for.
        model: String,
    },
    /// A parameter is unknown, of the wrong type, or out of its range.
    #[error("parameter '{parameter}' of model '{model}': {reason}")]
    BadParameter {
        /// Which model.
        model: String,
        /// Which parameter.
        parameter: String,
        /// What is wrong and what would be right.
        reason: String,
    },
    /// The model is one of influence, and the answer asked for must add up.
    #[error(
        "model '{model}' counts the same amount for several sources, so its rows would not add up: choose a model that shares it out"
    )]
    NotAdditive {
        /// Which model.
        model: String,
    },
    /// The model broke its contract on an opportunity, or failed.
    #[error("model '{model}' failed{}: {reason}", .opportunity.map(|id| format!(" on opportunity {}", id.0)).unwrap_or_default())]
    ModelFailed {
        /// Which model.
        model: String,
        /// On which opportunity, where it is known.
        opportunity: Option<OpportunityId>,
        /// What happened.
        reason: String,
    },
}
