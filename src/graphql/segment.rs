//! Market segments.

use super::declare::{noun, object, roots};
use super::filter::{TextFilter, filter_input, order_input};
use super::scalars::Change;
use crate::app::rows::NamedColumn;
use pipewright_core::catalog;

/// A market segment.
pub struct Segment(pub catalog::Segment);

noun!(Segment over catalog::Segment, "Segment", by NamedColumn::Name, descending false);

object! {
    /// A market segment.
    Segment, known by |segment| segment.id;
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
    connections {}
    parts {}
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
        /// Name, in byte order: capitals before small letters.
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
