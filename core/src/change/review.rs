//! Reviewing an open opportunity.

use super::{LONGEST_NOTE, is_missing, is_too_long};
use crate::catalog::StageKind;
use crate::ids::{DataVersion, OpportunityId, ReviewId};
use crate::opportunity::Version;
use crate::refusals;
use crate::rep::Rep;
use crate::review::{Changes, Review, Verdict};
use chrono::{DateTime, Utc};

refusals! {
    /// Why an opportunity is not reviewed.
    ReviewRefusal as "OpportunityReview" {
        /// It is won or lost.
        Closed "CLOSED": "the opportunity is closed: only open ones are reviewed";
        /// There is no such rep.
        ReviewerUnknown "REVIEWER_UNKNOWN" about "reviewer": "there is no such rep: the field reps lists them";
        /// The reviewer can no longer sign in.
        ReviewerInactive "REVIEWER_INACTIVE" about "reviewer": "the reviewer has left: name somebody who can sign in";
        /// The reviewer owns the opportunity.
        ReviewerOwns "REVIEWER_OWNS" about "reviewer": "nobody reviews their own opportunity: name a manager";
        /// The verdict is CORRECTED, and nothing is said to have changed.
        ChangesMissing "CHANGES_MISSING" about "changes": "CORRECTED says what was changed: name it, or say CONFIRMED";
        /// The verdict is CONFIRMED, and something is said to have changed.
        ChangesUnexpected "CHANGES_UNEXPECTED" about "changes": "CONFIRMED means that nothing was changed: say CORRECTED";
        /// The verdict is DOUBTED, and there is no note.
        NoteMissing "NOTE_MISSING" about "note": "DOUBTED says what is wrong: write a note";
        /// The note has more than 20,000 letters.
        NoteTooLong "NOTE_TOO_LONG" about "note": "a note has 20,000 letters at most";
    }
}

/// A review to be written down.
#[derive(Debug, Clone)]
pub struct ReviewDraft {
    /// Its id.
    pub id: ReviewId,
    /// What was found.
    pub verdict: Verdict,
    /// What was changed.
    pub changes: Changes,
    /// Free text; a blank one is none.
    pub note: Option<String>,
}

/// The review of an opportunity that stands as `version` in a stage of `kind`, at `at`.
///
/// # Errors
/// The first reason why not.
pub fn review(
    version: &Version,
    kind: StageKind,
    draft: ReviewDraft,
    reviewer: Option<&Rep>,
    at: DateTime<Utc>,
) -> Result<Review, ReviewRefusal> {
    if kind != StageKind::Open {
        return Err(ReviewRefusal::Closed);
    }
    let reviewer = reviewer.ok_or(ReviewRefusal::ReviewerUnknown)?;
    let ReviewDraft { id, verdict, changes, note } = draft;
    let note = note.filter(|note| !is_missing(note));
    let changed = changes != Changes::default();
    match () {
        () if !reviewer.is_active => return Err(ReviewRefusal::ReviewerInactive),
        () if version.owner == Some(reviewer.id) => return Err(ReviewRefusal::ReviewerOwns),
        () if verdict == Verdict::Corrected && !changed => return Err(ReviewRefusal::ChangesMissing),
        () if verdict == Verdict::Confirmed && changed => return Err(ReviewRefusal::ChangesUnexpected),
        () if verdict == Verdict::Doubted && note.is_none() => return Err(ReviewRefusal::NoteMissing),
        () if note.as_ref().is_some_and(|note| is_too_long(note, LONGEST_NOTE)) => return Err(ReviewRefusal::NoteTooLong),
        () => {}
    }
    let opportunity: OpportunityId = version.opportunity;
    Ok(Review { id, opportunity, reviewer: reviewer.id, verdict, changes, note, at, recorded: DataVersion::default() })
}
