//! Currencies and dated rates into the one reporting currency.

use crate::ids::DataVersion;
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// An ISO 4217 code, three capital letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CurrencyCode([u8; 3]);

/// The text is not three capital letters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no currency code: expected three capital letters such as USD")]
pub struct NotACurrencyCode(pub String);

impl CurrencyCode {
    /// US dollar, the reporting currency unless configuration says otherwise.
    pub const USD: Self = Self(*b"USD");

    /// The three letters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a currency code is three ASCII letters")
    }

    /// Digits after the point in this currency (ISO 4217): 0 for JPY and the like, 3 for KWD and the like, else 2.
    pub fn decimals(&self) -> u32 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG" | b"RWF" | b"UGX" | b"UYI"
            | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            _ => 2,
        }
    }
}

impl std::str::FromStr for CurrencyCode {
    type Err = NotACurrencyCode;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.as_bytes() {
            [a, b, c] if [a, b, c].iter().all(|letter| letter.is_ascii_uppercase()) => Ok(Self([*a, *b, *c])),
            _ => Err(NotACurrencyCode(text.chars().take(20).collect())),
        }
    }
}

impl TryFrom<String> for CurrencyCode {
    type Error = NotACurrencyCode;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<CurrencyCode> for String {
    fn from(code: CurrencyCode) -> Self {
        code.as_str().to_owned()
    }
}

impl std::fmt::Display for CurrencyCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How many units of the reporting currency one unit of `currency` is worth from `valid_from` on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExchangeRate {
    /// The currency converted from.
    pub currency: CurrencyCode,
    /// First day on which the rate holds.
    pub valid_from: NaiveDate,
    /// Units of the reporting currency for one unit; > 0.
    pub rate: Decimal,
    /// When it became known: a question as of an earlier instant does not see it.
    pub known_from: DateTime<Utc>,
    /// The change that brought it.
    pub recorded: DataVersion,
}
