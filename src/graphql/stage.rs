//! Stages of the sales process, and how sure a seller is.

use super::declare::{noun, object, roots};
use super::filter::{BooleanFilter, IntFilter, TextFilter, enum_filter, filter_input, order_input};
use super::scalars::Change;
use crate::app::rows::StageColumn;
use async_graphql::Enum;
use pipewright_core::catalog;

/// Whether a stage is open, won or lost.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "catalog::StageKind", name = "StageKind")]
pub enum StageKind {
    /// Still being sold.
    Open,
    /// Closed and won.
    Won,
    /// Closed and lost.
    Lost,
}

/// How sure a seller is of an opportunity.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "catalog::ForecastCategory", name = "ForecastCategory")]
pub enum ForecastCategory {
    /// Left out of every number while the opportunity is open.
    Omitted,
    /// Early; in no forecast.
    Pipeline,
    /// Could close if all goes well.
    BestCase,
    /// Likely to close.
    MostLikely,
    /// Promised ("Forecast" in Salesforce's API, "Commit" on its screen).
    Commit,
    /// Closed won.
    Closed,
}

enum_filter! {
    /// Conditions on a kind of stage. Several hold together.
    StageKindFilter of StageKind as catalog::StageKind
}

enum_filter! {
    /// Conditions on a forecast category. Several hold together.
    ForecastCategoryFilter of ForecastCategory as catalog::ForecastCategory
}

/// A stage of the sales process.
pub struct Stage(pub catalog::Stage);

noun!(Stage over catalog::Stage, "Stage", by StageColumn::Position, descending false);

object! {
    /// A stage of the sales process.
    Stage, known by |stage| stage.id;
    fields {
        /// As the company calls it; unique.
        async fn name(&self) -> &str {
            &self.0.name
        }

        /// Place in the process, from 1.
        async fn position(&self) -> i32 {
            self.0.position
        }

        /// Open, won or lost.
        async fn kind(&self) -> StageKind {
            self.0.kind.into()
        }

        /// The category an opportunity takes on when it arrives here.
        async fn forecast_category(&self) -> ForecastCategory {
            self.0.forecast_category.into()
        }

        /// Default probability in percent, 0 to 100; null where none is set.
        async fn probability(&self) -> Option<i32> {
            self.0.probability
        }

        /// Whether new arrivals are expected.
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
    /// Which stages. All conditions hold together; an empty filter fits every stage.
    StageFilter on StageColumn {
        /// By name.
        name: TextFilter => Name;
        /// By place in the process.
        position: IntFilter => Position;
        /// By whether it is open, won or lost.
        kind: StageKindFilter => Kind;
        /// By whether new arrivals are expected.
        is_active: BooleanFilter => IsActive;
    }
}

order_input! {
    /// How stages are ordered.
    StageOrder,
    /// What stages are ordered by.
    StageOrderField on StageColumn {
        /// Place in the process.
        Position;
        /// Name, in byte order: capitals before small letters.
        Name;
    }
}

roots! {
    /// Reading stages.
    StageQuery {
        /// Stages, by place in the process unless another order is asked for.
        stages,
        /// The stage with this id; null where there is none.
        stage: Stage by StageFilter, StageOrder
    }
}
