//! Forecasts submitted for cells of the matrix, and the adjustments laid on top of roll-ups.

use super::declare::{noun, object, roots};
use super::filter::{DateTimeFilter, IdFilter, TextFilter, enum_filter, filter_input, order_input};
use super::loaders;
use super::rep::Rep;
use super::scalars::{Change, Instant, Money};
use crate::app::rows::{AdjustmentColumn, ForecastColumn};
use async_graphql::{Context, Enum, Result};
use pipewright_core::forecast;

/// A forecast submitted for a cell of the matrix. The latest one at or before a day counts on it.
pub struct Forecast(pub forecast::Judgement);

noun!(Forecast over forecast::Judgement, "Forecast", by ForecastColumn::ValidFrom, descending true);

object! {
    /// A forecast submitted for a cell of the matrix. The latest one at or before a day counts on it.
    Forecast, known by |forecast| forecast.id;
    fields {
        /// For which period, such as `FY2027-Q1`.
        async fn period(&self) -> String {
            self.0.period.to_string()
        }

        /// What is expected to close, in the reporting currency.
        async fn amount(&self, ctx: &Context<'_>) -> Money {
            Money::reported(ctx, self.0.amount_minor)
        }

        /// From when it holds.
        async fn valid_from(&self) -> Instant {
            Instant(self.0.valid_from)
        }

        /// Who submitted it; null where unknown.
        async fn submitted_by(&self, ctx: &Context<'_>) -> Result<Option<Rep>> {
            loaders::maybe(ctx, self.0.submitted_by.map(|id| id.0)).await
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
    /// Which forecasts. All conditions hold together; an empty filter fits every forecast.
    ForecastFilter on ForecastColumn {
        /// By the period's name.
        period: TextFilter => Period;
        /// By who submitted it.
        submitted_by: IdFilter => SubmittedBy of "Rep";
        /// By from when it holds.
        valid_from: DateTimeFilter => ValidFrom;
    }
}

order_input! {
    /// How forecasts are ordered.
    ForecastOrder,
    /// What forecasts are ordered by.
    ForecastOrderField on ForecastColumn {
        /// From when it holds.
        ValidFrom;
        /// The period's name, in byte order: capitals before small letters.
        Period;
    }
}

roots! {
    /// Reading forecasts.
    ForecastQuery {
        /// Forecasts submitted, the latest first unless another order is asked for. None is ever overwritten.
        forecasts,
        /// The forecast with this id; null where there is none.
        forecast: Forecast by ForecastFilter, ForecastOrder
    }
}

/// Who adjusted a roll-up.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "forecast::AdjustedBy", name = "AdjustedBy")]
pub enum AdjustedBy {
    /// The owner, on their own roll-up.
    Owner,
    /// The manager, above the owner's.
    Manager,
}

enum_filter! {
    /// Conditions on who adjusted. Several hold together.
    AdjustedByFilter of AdjustedBy as forecast::AdjustedBy
}

/// An amount laid on top of a cell's roll-up.
pub struct ForecastAdjustment(pub forecast::Adjustment);

noun!(ForecastAdjustment over forecast::Adjustment, "ForecastAdjustment", by AdjustmentColumn::ValidFrom, descending true);

object! {
    /// An amount laid on top of a cell's roll-up. The latest of each kind at or before a day counts on it.
    ForecastAdjustment, known by |adjustment| adjustment.id;
    fields {
        /// For which period, such as `FY2027-Q1`.
        async fn period(&self) -> String {
            self.0.period.to_string()
        }

        /// Owner or manager.
        async fn adjusted_by(&self) -> AdjustedBy {
            self.0.by.into()
        }

        /// What is added to the roll-up, in the reporting currency; may be negative.
        async fn amount(&self, ctx: &Context<'_>) -> Money {
            Money::reported(ctx, self.0.amount_minor)
        }

        /// Why; null where nothing was said.
        async fn note(&self) -> Option<&str> {
            self.0.note.as_deref()
        }

        /// Who wrote it; null where unknown.
        async fn author(&self, ctx: &Context<'_>) -> Result<Option<Rep>> {
            loaders::maybe(ctx, self.0.author.map(|id| id.0)).await
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
    /// Which adjustments of forecasts. All conditions hold together; an empty filter fits every one.
    ForecastAdjustmentFilter on AdjustmentColumn {
        /// By the period's name.
        period: TextFilter => Period;
        /// By owner or manager.
        adjusted_by: AdjustedByFilter => By;
        /// By who wrote it.
        author: IdFilter => Author of "Rep";
        /// By from when it holds.
        valid_from: DateTimeFilter => ValidFrom;
    }
}

order_input! {
    /// How adjustments of forecasts are ordered.
    ForecastAdjustmentOrder,
    /// What adjustments of forecasts are ordered by.
    ForecastAdjustmentOrderField on AdjustmentColumn {
        /// From when it holds.
        ValidFrom;
        /// The period's name, in byte order: capitals before small letters.
        Period;
    }
}

roots! {
    /// Reading adjustments of forecasts.
    ForecastAdjustmentQuery {
        /// Adjustments of forecasts, the latest first unless another order is asked for. None is ever overwritten.
        forecast_adjustments,
        /// The adjustment with this id; null where there is none.
        forecast_adjustment: ForecastAdjustment by ForecastAdjustmentFilter, ForecastAdjustmentOrder
    }
}
