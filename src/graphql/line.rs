//! Product lines of opportunities.

use super::loaders;
use super::page::{Below, Connection, Listed, Paging, nothing};
use super::product::Product;
use super::scalars::Money;
use crate::app::rows::{Filter, LineColumn, Order};
use async_graphql::{Context, Object, Result};
use pipewright_core::currency::CurrencyCode;
use pipewright_core::opportunity::{Line, Version};

/// One product line of an opportunity.
pub struct OpportunityLine {
    line: Line,
    currency: CurrencyCode,
}

impl Listed for OpportunityLine {
    const NAME: &'static str = "OpportunityLine";
}

/// A page of the lines of an opportunity in a state of it.
///
/// # Errors
/// The arguments cannot be, or the database failed.
pub async fn of(ctx: &Context<'_>, version: &Version, paging: Paging) -> Result<Connection<OpportunityLine>> {
    let Some(set) = version.line_set else { return Ok(nothing()) };
    let order = Order { column: LineColumn::Position, descending: false };
    let below = Below { column: LineColumn::LineSet, parent: set.0, filter: Filter::everything(), order };
    let currency = version.currency;
    below.page(ctx, paging, move |line| OpportunityLine { line, currency }).await
}

/// One product line of an opportunity.
#[Object]
impl OpportunityLine {
    /// What is sold; null where the source system names no product that is known.
    async fn product(&self, ctx: &Context<'_>) -> Result<Option<Product>> {
        loaders::maybe(ctx, self.line.product.map(|id| id.0)).await
    }

    /// How many; null where the source system does not say.
    async fn quantity(&self) -> Option<f64> {
        self.line.quantity_milli.map(|milli| milli as f64 / 1_000.0)
    }

    /// Total price.
    async fn amount(&self) -> Money {
        Money::new(self.line.amount_minor, self.currency)
    }

    /// Annual contract value: the total price over the term in years.
    async fn acv(&self) -> Money {
        Money::new(self.line.acv_minor, self.currency)
    }

    /// Length of the contract in months; null counts as one year.
    async fn term_months(&self) -> Option<i32> {
        self.line.term_months
    }
}
