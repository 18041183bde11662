//! Closing an opportunity, won or lost, and deleting one.

use super::stage::arrived;
use super::{LONGEST_TEXT, is_far_off, is_missing, is_too_long, next_version};
use crate::catalog::{Stage, StageKind};
use crate::opportunity::Version;
use crate::refusals;
use chrono::{DateTime, NaiveDate, Utc};

refusals! {
    /// Why an opportunity is not closed.
    CloseRefusal as "OpportunityClose" {
        /// It is won or lost.
        Closed "CLOSED": "the opportunity is closed already: reopen it first";
        /// No stage of the process is one of this outcome.
        NoStage "NO_STAGE" about "stage": "the process has no active stage of this outcome: name one";
        /// There is no such stage.
        StageUnknown "STAGE_UNKNOWN" about "stage": "there is no such stage: the field stages lists them";
        /// The stage is not one of this outcome.
        StageOfAnotherOutcome "STAGE_OF_ANOTHER_OUTCOME" about "stage": "the stage is not one of this outcome";
        /// It is lost, and nothing says why.
        ReasonMissing "REASON_MISSING" about "reason": "say why it was lost";
        /// The reason is longer than 1,000 letters.
        ReasonTooLong "REASON_TOO_LONG" about "reason": "a reason has at most 1,000 letters";
        /// The close date lies in the future.
        CloseDateAhead "CLOSE_DATE_AHEAD" about "closeDate": "an opportunity closes today or closed on an earlier day";
        /// The close date lies before 1970.
        CloseDateFarOff "CLOSE_DATE_FAR_OFF" about "closeDate": "a close date lies between 1970 and 2199";
    }
}

refusals! {
    /// Why an opportunity is not deleted.
    DeleteRefusal as "OpportunityDelete" {}
}

/// How an opportunity closes.
#[derive(Debug, Clone)]
pub struct Closing {
    /// Won or lost; never open.
    pub outcome: StageKind,
    /// Whether a stage was named; else the first of the outcome is taken.
    pub names_stage: bool,
    /// Why.
    pub reason: Option<String>,
    /// The day on which it closed.
    pub close_date: NaiveDate,
}

/// The version that follows `before`, which stands in a stage of `kind`, when it closes in `stage` at `at`, on the day
/// `today`.
///
/// # Errors
/// The first reason why not.
pub fn close(
    before: &Version,
    kind: StageKind,
    stage: Option<&Stage>,
    closing: Closing,
    today: NaiveDate,
    at: DateTime<Utc>,
) -> Result<Version, CloseRefusal> {
    if kind != StageKind::Open {
        return Err(CloseRefusal::Closed);
    }
    let none = if closing.names_stage { CloseRefusal::StageUnknown } else { CloseRefusal::NoStage };
    let stage = stage.ok_or(none)?;
    let reason = closing.reason.filter(|reason| !is_missing(reason));
    match () {
        () if stage.kind != closing.outcome => Err(CloseRefusal::StageOfAnotherOutcome),
        () if closing.outcome == StageKind::Lost && reason.is_none() => Err(CloseRefusal::ReasonMissing),
        () if reason.as_deref().is_some_and(|reason| is_too_long(reason, LONGEST_TEXT)) => Err(CloseRefusal::ReasonTooLong),
        () if closing.close_date > today => Err(CloseRefusal::CloseDateAhead),
        () if is_far_off(closing.close_date) => Err(CloseRefusal::CloseDateFarOff),
        () => Ok(Version { close_date: closing.close_date, close_reason: reason, next_step: None, ..arrived(before, stage, at) }),
    }
}

/// The version that follows `before` when the opportunity is deleted at `at`.
pub fn delete(before: &Version, at: DateTime<Utc>) -> Version {
    Version { is_deleted: true, ..next_version(before, at) }
}
