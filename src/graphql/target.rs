//! Targets, and the keys of the cells that they and forecasts are for.

use super::declare::{noun, object, roots};
use super::filter::{DateTimeFilter, TextFilter, enum_filter, filter_input, order_input};
use super::scalars::{Change, Instant, Money};
use crate::app::rows::TargetColumn;
use async_graphql::{Context, Enum};
use pipewright_core::target;

/// The five columns of the accountability performance matrix.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "target::Measure", name = "Measure")]
pub enum Measure {
    /// ACV of opportunities won, with close date in the period.
    ClosedAcv,
    /// ACV of open opportunities with close date in the period.
    OpenPipeline,
    /// The forecast submitted, else the roll-up.
    Forecast,
    /// ACV of opportunities that entered the pipeline in the period.
    Generation,
    /// Open pipeline over what is left to close.
    Coverage,
}

enum_filter! {
    /// Conditions on a column of the matrix. Several hold together.
    MeasureFilter of Measure as target::Measure
}

/// What a cell of the matrix should reach. The latest one at or before a day counts on it.
pub struct Target(pub target::Target);

noun!(Target over target::Target, "Target", by TargetColumn::ValidFrom, descending true);

object! {
    /// What a cell of the matrix should reach. The latest one at or before a day counts on it.
    Target, known by |target| target.id;
    fields {
        /// Of which column.
        async fn measure(&self) -> Measure {
            self.0.measure.into()
        }

        /// For which period, such as `FY2027-Q1`.
        async fn period(&self) -> String {
            self.0.period.to_string()
        }

        /// What is to be reached, in the reporting currency.
        async fn amount(&self, ctx: &Context<'_>) -> Money {
            Money::reported(ctx, self.0.amount_minor)
        }

        /// From when it holds.
        async fn valid_from(&self) -> Instant {
            Instant(self.0.valid_from)
        }

        /// The committed change that brought it to this state.
        async fn recorded_in(&self) -> Change {
            Change(self.0.recorded)
        }
    }
    connections {}
    parts {}
    key |row| &row.key;
}

filter_input! {
    /// Which targets. All conditions hold together; an empty filter fits every target.
    TargetFilter on TargetColumn {
        /// By column of the matrix.
        measure: MeasureFilter => Measure;
        /// By the period's name.
        period: TextFilter => Period;
        /// By from when it holds.
        valid_from: DateTimeFilter => ValidFrom;
    }
}

order_input! {
    /// How targets are ordered.
    TargetOrder,
    /// What targets are ordered by.
    TargetOrderField on TargetColumn {
        /// From when it holds.
        ValidFrom;
        /// The period's name, in byte order: capitals before small letters.
        Period;
    }
}

roots! {
    /// Reading targets.
    TargetQuery {
        /// Targets, the latest first unless another order is asked for. None is ever overwritten, so old ones are here too.
        targets,
        /// The target with this id; null where there is none.
        target: Target by TargetFilter, TargetOrder
    }
}
