//! Managers' reviews.

use super::column::columns;
use super::record::{Record, Row, broken};
use pipewright_core::ids::{DataVersion, OpportunityId, RepId, ReviewId};
use pipewright_core::review::{Changes, Review, Verdict};
use sea_orm::DbErr;

columns! {
    /// What reviews are filtered and ordered by.
    ReviewColumn {
        At "at_ms" Integer;
        Opportunity "opportunity_id" Id;
        Reviewer "reviewer_id" Id;
    }
}

impl Record for Review {
    type Column = ReviewColumn;
    const NOUN: &'static str = "OpportunityReview";
    const SELECT: &'static str = "SELECT * FROM review";

    fn decode(row: &Row<'_>) -> Result<Self, DbErr> {
        Ok(Self {
            id: ReviewId(row.get("id")?),
            opportunity: OpportunityId(row.get("opportunity_id")?),
            reviewer: RepId(row.get("reviewer_id")?),
            verdict: row.code("verdict", &Verdict::ALL)?,
            changes: Changes::from_bits(row.get("changes")?).ok_or_else(|| broken("changes"))?,
            note: row.get("note")?,
            at: row.instant("at_ms")?,
            recorded: DataVersion(row.get("recorded")?),
        })
    }
}
