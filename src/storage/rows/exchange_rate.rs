//! Exchange rates.

use super::column::{Kind, columns};
use super::record::{Record, Row};
use pipewright_core::currency::ExchangeRate;
use pipewright_core::ids::DataVersion;
use sea_orm::DbErr;

columns! {
    /// What exchange rates are filtered and ordered by.
    ExchangeRateColumn {
        Currency "currency" Text;
        ValidFrom "valid_from_day" Small;
        KnownFrom "known_from_ms" Integer;
    }
}

impl Record for ExchangeRate {
    type Column = ExchangeRateColumn;
    const NOUN: &'static str = "ExchangeRate";
    // The key is of three columns; a page needs one that tells rows apart.
    const SELECT: &'static str = "SELECT e.*, e.currency || ' ' || CAST(e.valid_from_day AS TEXT) || ' ' || \
        CAST(e.known_from_ms AS TEXT) AS own_key FROM exchange_rate e";
    const OWN: (&'static str, Kind) = ("own_key", Kind::Text);

    fn decode(row: &Row<'_>) -> Result<Self, DbErr> {
        Ok(Self {
            currency: row.parsed("currency")?,
            valid_from: row.day("valid_from_day")?,
            rate: row.parsed("rate")?,
            known_from: row.instant("known_from_ms")?,
            recorded: DataVersion(row.get("recorded")?),
        })
    }
}
