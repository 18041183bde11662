//! Sales regions.

use super::filter::{TextFilter, filter_input, order_input};
use super::node::global_id;
use super::page::{Noun, noun, roots};
use crate::app::rows::NamedColumn;
use async_graphql::{ID, Object};
use pipewright_core::catalog;

/// A sales region.
pub struct Region(pub catalog::Region);

noun!(Region over catalog::Region, "Region", by NamedColumn::Name, descending false);

/// A sales region.
#[Object]
impl Region {
    /// Opaque, and unique across all types.
    pub async fn id(&self) -> ID {
        global_id(Self::NAME, self.0.id.0)
    }

    /// As the company calls it; unique.
    async fn name(&self) -> &str {
        &self.0.name
    }
}

filter_input! {
    /// Which sales regions. All conditions hold together; an empty filter fits every one.
    RegionFilter on NamedColumn {
        /// By name.
        name: TextFilter => Name;
    }
}

order_input! {
    /// How sales regions are ordered.
    RegionOrder,
    /// What sales regions are ordered by.
    RegionOrderField on NamedColumn {
        /// Name, by bytes.
        Name;
    }
}

roots! {
    /// Reading sales regions.
    RegionQuery {
        /// Sales regions, by name unless another order is asked for.
        regions,
        /// The sales region with this id; null where there is none.
        region: Region by RegionFilter, RegionOrder
    }
}
