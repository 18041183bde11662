//! Managers' reviews of opportunities.

use super::declare::{noun, object};
use super::loaders;
use super::opportunity::Opportunity;
use super::rep::Rep;
use super::scalars::{Change, Instant};
use crate::app::rows::ReviewColumn;
use async_graphql::{Context, Enum, Result};
use pipewright_core::review;

/// What a manager found.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "review::Verdict")]
pub enum ReviewVerdict {
    /// It is right as it stands.
    Confirmed,
    /// It is right now: what was wrong was changed in the review.
    Corrected,
    /// It is not right, and its owner has yet to mend it.
    Doubted,
}

/// What a review changed of an opportunity.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "review::Changed")]
pub enum ReviewChange {
    /// The stage.
    Stage,
    /// The forecast category.
    ForecastCategory,
    /// The close date.
    CloseDate,
    /// The amount or the ACV.
    Amount,
    /// The next step.
    NextStep,
    /// The owner.
    Owner,
    /// The product lines.
    Products,
    /// The contacts' parts.
    Contacts,
}

/// A manager's dated attestation about an opportunity. It counts for the configured days (7 unless configured otherwise), and is
/// never changed: who thinks otherwise later reviews again.
pub struct OpportunityReview(pub review::Review);

noun!(OpportunityReview over review::Review, "OpportunityReview", by ReviewColumn::At, descending true);

object! {
    /// A manager's dated attestation about an opportunity. It counts for the configured days (7 unless configured otherwise), and is
    /// never changed: who thinks otherwise later reviews again.
    OpportunityReview, known by |review| review.id;
    fields {
        /// What they found.
        async fn verdict(&self) -> ReviewVerdict {
            self.0.verdict.into()
        }

        /// What they changed, or had changed, in the order of the enum; empty where nothing.
        async fn changes(&self) -> Vec<ReviewChange> {
            self.0.changes.iter().map(Into::into).collect()
        }

        /// Free text; null where none was written.
        async fn note(&self) -> Option<&str> {
            self.0.note.as_deref()
        }

        /// When.
        async fn at(&self) -> Instant {
            Instant(self.0.at)
        }

        /// Who reviewed it; null only where the rep itself is not stored.
        async fn reviewer(&self, ctx: &Context<'_>) -> Result<Option<Rep>> {
            loaders::one(ctx, self.0.reviewer.0).await
        }

        /// Of which opportunity; null where it was deleted.
        async fn opportunity(&self, ctx: &Context<'_>) -> Result<Option<Opportunity>> {
            loaders::one(ctx, self.0.opportunity.0).await
        }

        /// The committed change that brought it.
        async fn recorded_in(&self) -> Change {
            Change(self.0.recorded)
        }
    }
    connections {}
    parts {}
}
