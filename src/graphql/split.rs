//! The shares of reps in opportunities.

use super::declare::noun;
use super::loaders;
use super::opportunity::Opportunity;
use super::rep::Rep;
use super::scalars::Change;
use crate::app::rows::SplitColumn;
use async_graphql::{Context, Object, Result};
use pipewright_core::opportunity;

/// A rep's share of an opportunity.
pub struct OpportunitySplit(pub opportunity::Split);

noun!(OpportunitySplit over opportunity::Split, "OpportunitySplit", by SplitColumn::Id, descending false);

/// A rep's share of an opportunity.
#[Object]
impl OpportunitySplit {
    /// Whose share; null only where the rep itself is not stored.
    async fn rep(&self, ctx: &Context<'_>) -> Result<Option<Rep>> {
        loaders::one(ctx, self.0.rep.0).await
    }

    /// The share in percent, 0 to 100 for a revenue split.
    async fn percentage(&self) -> f64 {
        f64::from(self.0.percentage_bp) / 100.0
    }

    /// False: a revenue split, which total 100%. True: an overlay on top of them.
    async fn is_overlay(&self) -> bool {
        self.0.is_overlay
    }

    /// Of which opportunity; null where it was deleted.
    async fn opportunity(&self, ctx: &Context<'_>) -> Result<Option<Opportunity>> {
        loaders::one(ctx, self.0.opportunity.0).await
    }

    /// The committed change that brought it to this state.
    async fn recorded_in(&self) -> Change {
        Change(self.0.recorded)
    }
}
