//! Setting the reps' shares of an opportunity.

use crate::ids::{DataVersion, OpportunityId, RepId, SplitId};
use crate::opportunity::Split;
use crate::refusals;
use std::collections::HashSet;

/// Splits of one opportunity, at most.
pub const MOST_SPLITS: usize = 100;

/// 100%, in hundredths of a percent.
const WHOLE_BP: i64 = 10_000;

refusals! {
    /// Why an opportunity's splits are not set.
    SplitsRefusal as "OpportunitySetSplits" {
        /// There are more than 100 splits.
        TooMany "TOO_MANY_SPLITS" about "splits": "an opportunity has at most 100 splits";
        /// There is no such rep.
        RepUnknown "REP_UNKNOWN" about "splits": "there is no such rep";
        /// A rep stands there twice with the same kind of split.
        Twice "REP_TWICE" about "splits": "a rep has one split of a kind: add theirs up";
        /// A percentage is not between 0.01 and 100, or an overlay's not between 0.01 and 1,000.
        OutOfRange "PERCENTAGE_OUT_OF_RANGE" about "splits": "a percentage is 0.01 to 100, an overlay's up to 1,000";
        /// The revenue splits do not add up to 100%.
        NotWhole "NOT_100_PERCENT" about "splits": "revenue splits add up to exactly 100%; overlays are apart";
    }
}

/// A rep's share as somebody asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SplitDraft {
    /// Whose share.
    pub rep: RepId,
    /// Hundredths of a percent.
    pub percentage_bp: i32,
    /// An overlay, above the 100% of the revenue splits.
    pub is_overlay: bool,
}

/// The rows to write so that these and no others are the opportunity's splits. No revenue split at all is allowed: then
/// nobody has a share. `new_id` gives the id of a new row.
///
/// # Errors
/// The first reason why not.
pub fn set_splits(
    opportunity: OpportunityId,
    before: &[Split],
    drafts: &[SplitDraft],
    is_rep: impl Fn(RepId) -> bool,
    mut new_id: impl FnMut() -> SplitId,
) -> Result<Vec<Split>, SplitsRefusal> {
    let mut seen = HashSet::new();
    let in_range = |draft: &SplitDraft| (1..=if draft.is_overlay { 100_000 } else { 10_000 }).contains(&draft.percentage_bp);
    let mut revenue = drafts.iter().filter(|draft| !draft.is_overlay).peekable();
    let has_revenue = revenue.peek().is_some();
    let wrong = [
        (drafts.len() > MOST_SPLITS, SplitsRefusal::TooMany),
        (drafts.iter().any(|draft| !is_rep(draft.rep)), SplitsRefusal::RepUnknown),
        (!drafts.iter().all(|draft| seen.insert((draft.rep, draft.is_overlay))), SplitsRefusal::Twice),
        (!drafts.iter().all(in_range), SplitsRefusal::OutOfRange),
        (has_revenue && revenue.map(|draft| i64::from(draft.percentage_bp)).sum::<i64>() != WHOLE_BP, SplitsRefusal::NotWhole),
    ];
    if let Some((_, reason)) = wrong.into_iter().find(|(holds, _)| *holds) {
        return Err(reason);
    }
    let mut rows = Vec::new();
    let mut held = HashSet::new();
    for row in before.iter().filter(|row| !row.is_deleted) {
        let same = |draft: &&SplitDraft| (draft.rep, draft.is_overlay) == (row.rep, row.is_overlay);
        let after = match drafts.iter().find(same).filter(|_| held.insert((row.rep, row.is_overlay))) {
            Some(draft) => Split { percentage_bp: draft.percentage_bp, ..row.clone() },
            None => Split { is_deleted: true, ..row.clone() },
        };
        if after != *row {
            rows.push(after);
        }
    }
    rows.extend(drafts.iter().filter(|draft| !held.contains(&(draft.rep, draft.is_overlay))).map(|draft| Split {
        id: new_id(),
        opportunity,
        rep: draft.rep,
        percentage_bp: draft.percentage_bp,
        is_overlay: draft.is_overlay,
        is_deleted: false,
        recorded: DataVersion::default(),
    }));
    Ok(rows)
}
