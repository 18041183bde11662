//! Sales regions.

use super::declare::{noun, object, roots};
use super::filter::{TextFilter, filter_input, order_input};
use super::opportunity::{Opportunity, OpportunityFilter, OpportunityOrder};
use super::scalars::Change;
use crate::app::rows::{NamedColumn, OpportunityColumn};
use pipewright_core::catalog;

/// A sales region.
pub struct Region(pub catalog::Region);

noun!(Region over catalog::Region, "Region", by NamedColumn::Name, descending false);

object! {
    /// A sales region.
    Region, known by |region| region.id;
    fields {
        /// As the company calls it; unique.
        async fn name(&self) -> &str {
            &self.0.name
        }

        /// The committed change that brought it to this state.
        async fn recorded_in(&self) -> Change {
            Change(self.0.recorded)
        }
    }
    connections {
        /// The opportunities sold there, as they stand today.
        opportunities: Opportunity by OpportunityFilter, OpportunityOrder through OpportunityColumn::Region;
    }
    parts {}
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
        /// Name, in byte order: capitals before small letters.
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
