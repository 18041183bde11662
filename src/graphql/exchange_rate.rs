//! Rates into the reporting currency.

use super::declare::{noun, roots};
use super::filter::{DateFilter, DateTimeFilter, TextFilter, filter_input, order_input};
use super::scalars::{Change, Currency, Day, DecimalText, Instant};
use crate::app::rows::ExchangeRateColumn;
use async_graphql::Object;
use pipewright_core::currency;

/// What one unit of a currency is worth from a day on.
pub struct ExchangeRate(pub currency::ExchangeRate);

noun!(ExchangeRate over currency::ExchangeRate, "ExchangeRate", by ExchangeRateColumn::ValidFrom, descending true);

/// What one unit of a currency is worth in the reporting currency from a day on, until the currency's next rate.
#[Object]
impl ExchangeRate {
    /// The currency converted from.
    async fn currency(&self) -> Currency {
        Currency(self.0.currency)
    }

    /// First day on which the rate holds.
    async fn valid_from(&self) -> Day {
        Day(self.0.valid_from)
    }

    /// Units of the reporting currency for one unit; greater than 0.
    async fn rate(&self) -> DecimalText {
        DecimalText(self.0.rate)
    }

    /// When it became known: a question as of an earlier instant does not see it.
    async fn known_from(&self) -> Instant {
        Instant(self.0.known_from)
    }

    /// The committed change that brought it to this state.
    async fn recorded_in(&self) -> Change {
        Change(self.0.recorded)
    }
}

filter_input! {
    /// Which exchange rates. All conditions hold together; an empty filter fits every one.
    ExchangeRateFilter on ExchangeRateColumn {
        /// By the three-letter code of the currency converted from.
        currency: TextFilter => Currency;
        /// By the first day on which the rate holds.
        valid_from: DateFilter => ValidFrom;
        /// By when it became known.
        known_from: DateTimeFilter => KnownFrom;
    }
}

order_input! {
    /// How exchange rates are ordered.
    ExchangeRateOrder,
    /// What exchange rates are ordered by.
    ExchangeRateOrderField on ExchangeRateColumn {
        /// First day on which the rate holds.
        ValidFrom;
        /// The currency's code.
        Currency;
        /// When it became known.
        KnownFrom;
    }
}

roots! {
    /// Reading exchange rates.
    ExchangeRateQuery {
        /// Exchange rates into the reporting currency, the latest first unless another order is asked for. None is ever
        /// overwritten.
        exchange_rates, : ExchangeRate by ExchangeRateFilter, ExchangeRateOrder
    }
}
