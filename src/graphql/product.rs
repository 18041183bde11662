//! Products.

use super::declare::{noun, object, roots};
use super::filter::{BooleanFilter, TextFilter, filter_input, order_input};
use super::scalars::Change;
use crate::app::rows::ProductColumn;
use pipewright_core::catalog;

/// A product.
pub struct Product(pub catalog::Product);

noun!(Product over catalog::Product, "Product", by ProductColumn::Name, descending false);

object! {
    /// A product.
    Product, known by |product| product.id;
    fields {
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

        /// The committed change that brought it to this state.
        async fn recorded_in(&self) -> Change {
            Change(self.0.recorded)
        }
    }
    connections {}
    parts {}
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
        /// Name, in byte order: capitals before small letters.
        Name;
        /// Family, in byte order: capitals before small letters.
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
