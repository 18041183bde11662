//! Products.

use super::filter::{BooleanFilter, TextFilter, filter_input, order_input};
use super::node::global_id;
use super::page::{Noun, noun, roots};
use crate::app::rows::ProductColumn;
use async_graphql::{ID, Object};
use pipewright_core::catalog;

/// A product.
pub struct Product(pub catalog::Product);

noun!(Product over catalog::Product, "Product", by ProductColumn::Name, descending false);

/// A product.
#[Object]
impl Product {
    /// Opaque, and unique across all types.
    pub async fn id(&self) -> ID {
        global_id(Self::NAME, self.0.id.0)
    }

    /// The source system's id; null where the product was made here.
    async fn external_id(&self) -> Option<&str> {
        self.0.external_id.as_deref()
    }

    /// As the company calls it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The product's code; null where it has none.
    async fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The family it belongs to; null where it belongs to none.
    async fn family(&self) -> Option<&str> {
        self.0.family.as_deref()
    }

    /// Whether it is still sold.
    async fn is_active(&self) -> bool {
        self.0.is_active
    }
}

filter_input! {
    /// Which products. All conditions hold together; an empty filter fits every product.
    ProductFilter on ProductColumn {
        /// By name.
        name: TextFilter => Name;
        /// By the product's code.
        code: TextFilter => Code;
        /// By family.
        family: TextFilter => Family;
        /// By whether it is still sold.
        is_active: BooleanFilter => IsActive;
        /// By the source system's id.
        external_id: TextFilter => ExternalId;
    }
}

order_input! {
    /// How products are ordered.
    ProductOrder,
    /// What products are ordered by.
    ProductOrderField on ProductColumn {
        /// Name, by bytes.
        Name;
        /// Family, by bytes.
        Family;
    }
}

roots! {
    /// Reading products.
    ProductQuery {
        /// Products, by name unless another order is asked for.
        products,
        /// The product with this id; null where there is none.
        product: Product by ProductFilter, ProductOrder
    }
}
