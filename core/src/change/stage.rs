//! Moving an open opportunity to another stage, and reopening a closed one.

use super::{is_far_off, next_version};
use crate::catalog::{Stage, StageKind};
use crate::opportunity::Version;
use crate::refusals;
use chrono::{DateTime, NaiveDate, Utc};

refusals! {
    /// Why an opportunity does not move to a stage.
    AdvanceRefusal as "OpportunityAdvance" {
        /// It is won or lost.
        Closed "CLOSED": "the opportunity is closed: reopen it first";
        /// There is no such stage.
        StageUnknown "STAGE_UNKNOWN" about "stage": "there is no such stage: the field stages lists them";
        /// The stage is one of won or lost opportunities.
        StageClosed "STAGE_CLOSED" about "stage": "the stage is one of closed opportunities: use opportunityClose";
        /// The stage is no longer used.
        StageInactive "STAGE_INACTIVE" about "stage": "the stage is no longer used: choose an active one";
        /// It stands there already.
        SameStage "SAME_STAGE" about "stage": "the opportunity stands in this stage already";
    }
}

refusals! {
    /// Why an opportunity is not reopened.
    ReopenRefusal as "OpportunityReopen" {
        /// It is open.
        Open "OPEN": "the opportunity is open already";
        /// There is no such stage.
        StageUnknown "STAGE_UNKNOWN" about "stage": "there is no such stage: the field stages lists them";
        /// The stage is one of won or lost opportunities.
        StageClosed "STAGE_CLOSED" about "stage": "an opportunity is reopened in an open stage";
        /// The stage is no longer used.
        StageInactive "STAGE_INACTIVE" about "stage": "the stage is no longer used: choose an active one";
        /// The close date has passed.
        CloseDatePassed "CLOSE_DATE_PASSED" about "closeDate": "the new close date has passed: choose today or a later day";
        /// The close date lies after 2199.
        CloseDateFarOff "CLOSE_DATE_FAR_OFF" about "closeDate": "a close date lies between 1970 and 2199";
    }
}

/// The version that follows `before`, which stands in a stage of `kind`, when it moves to `stage` at `at`: forward, or back.
/// It takes on the stage's forecast category and, where the stage has one, its probability.
///
/// # Errors
/// The first reason why not.
pub fn advance(before: &Version, kind: StageKind, stage: Option<&Stage>, at: DateTime<Utc>) -> Result<Version, AdvanceRefusal> {
    if kind != StageKind::Open {
        return Err(AdvanceRefusal::Closed);
    }
    let stage = stage.ok_or(AdvanceRefusal::StageUnknown)?;
    match () {
        () if stage.kind != StageKind::Open => Err(AdvanceRefusal::StageClosed),
        () if !stage.is_active => Err(AdvanceRefusal::StageInactive),
        () if stage.id == before.stage => Err(AdvanceRefusal::SameStage),
        () => Ok(arrived(before, stage, at)),
    }
}

/// The version that follows `before`, which stands in a stage of `kind`, when it is reopened at `at`, on the day `today`.
///
/// # Errors
/// The first reason why not.
pub fn reopen(
    before: &Version,
    kind: StageKind,
    stage: Option<&Stage>,
    close_date: NaiveDate,
    today: NaiveDate,
    at: DateTime<Utc>,
) -> Result<Version, ReopenRefusal> {
    if kind == StageKind::Open {
        return Err(ReopenRefusal::Open);
    }
    let stage = stage.ok_or(ReopenRefusal::StageUnknown)?;
    match () {
        () if stage.kind != StageKind::Open => Err(ReopenRefusal::StageClosed),
        () if !stage.is_active => Err(ReopenRefusal::StageInactive),
        () if close_date < today => Err(ReopenRefusal::CloseDatePassed),
        () if is_far_off(close_date) => Err(ReopenRefusal::CloseDateFarOff),
        () => Ok(Version { close_date, close_reason: None, ..arrived(before, stage, at) }),
    }
}

/// `before` as it stands on arrival at `stage`.
pub(super) fn arrived(before: &Version, stage: &Stage, at: DateTime<Utc>) -> Version {
    Version {
        stage: stage.id,
        forecast_category: stage.forecast_category,
        probability: stage.probability.or(before.probability),
        ..next_version(before, at)
    }
}
