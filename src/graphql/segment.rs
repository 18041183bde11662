//! Market segments.

use super::filter::{TextFilter, filter_input, order_input};
use super::node::global_id;
use super::page::{Noun, noun, roots};
use crate::app::rows::NamedColumn;
use async_graphql::{ID, Object};
use pipewright_core::catalog;

/// A market segment.
pub struct Segment(pub catalog::Segment);

noun!(Segment over catalog::Segment, "Segment", by NamedColumn::Name, descending false);

/// A market segment.
#[Object]
impl Segment {
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
    /// Which market segments. All conditions hold together; an empty filter fits every one.
    SegmentFilter on NamedColumn {
        /// By name.
        name: TextFilter => Name;
    }
}

order_input! {
    /// How market segments are ordered.
    SegmentOrder,
    /// What market segments are ordered by.
    SegmentOrderField on NamedColumn {
        /// Name, by bytes.
        Name;
    }
}

roots! {
    /// Reading market segments.
    SegmentQuery {
        /// Market segments, by name unless another order is asked for.
        segments,
        /// The market segment with this id; null where there is none.
        segment: Segment by SegmentFilter, SegmentOrder
    }
}
