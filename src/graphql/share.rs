//! The opportunities behind a number.

use super::loaders;
use super::node::global_id;
use super::opportunity::Opportunity;
use super::page::{self, Connection, Listed, NESTED_DEFAULT, NESTED_MOST, Paging};
use super::scalars::Money;
use async_graphql::{Context, ID, Object, Result};
use pipewright_core::matrix::FlowItem;

/// One opportunity's part of a number.
pub struct OpportunityShare(FlowItem);

impl Listed for OpportunityShare {
    const NAME: &'static str = "OpportunityShare";
}

/// One opportunity's part of a number: of a cell of the matrix, or of a bar of the flow.
#[Object]
impl OpportunityShare {
    /// The opportunity's id, for `node` and `opportunity`.
    async fn opportunity_id(&self) -> ID {
        global_id(Opportunity::NAME, self.0.opportunity.0)
    }

    /// The opportunity as it stands today; null where it was deleted since.
    async fn opportunity(&self, ctx: &Context<'_>) -> Result<Option<Opportunity>> {
        loaders::one(ctx, self.0.opportunity.0).await
    }

    /// Its part of the number, signed, in the reporting currency.
    async fn amount(&self, ctx: &Context<'_>) -> Money {
        Money::reported(ctx, self.0.amount)
    }
}

/// A page of them; `shares` has the largest part first, ties by id.
///
/// # Errors
/// The arguments cannot be.
pub fn page(shares: &[FlowItem], list: &'static str, paging: &Paging) -> Result<Connection<OpportunityShare>> {
    let place = |item: &FlowItem| (u64::MAX - item.amount.unsigned_abs(), item.opportunity);
    page::of_list(shares, list, place, |item| OpportunityShare(item.clone()), paging, (NESTED_DEFAULT, NESTED_MOST))
}
