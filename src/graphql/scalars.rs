//! Money, and the scalars of the API, each with the page that specifies it.

use async_graphql::{Context, InputValueError, InputValueResult, Scalar, ScalarType, SimpleObject, Value};
use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use pipewright_core::currency::CurrencyCode;
use pipewright_core::ids::DataVersion;
use rust_decimal::Decimal;

/// Texts longer than this are not even looked at.
const LONGEST: usize = 64;

fn text(value: Value, expected: &str) -> Result<String, String> {
    match value {
        Value::String(text) if text.len() <= LONGEST => Ok(text),
        Value::String(_) => Err(format!("expected {expected}, found a longer text")),
        _ => Err(format!("expected {expected}, as a string")),
    }
}

/// An instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(pub DateTime<Utc>);

/// An instant: RFC 3339 in UTC, to the millisecond, such as `2026-11-24T10:00:00.000Z`. As input any offset and zero to nine
/// decimals of a second are read; what is finer than a millisecond is cut off.
#[Scalar(name = "DateTime", specified_by_url = "https://scalars.graphql.org/andimarek/date-time")]
impl ScalarType for Instant {
    fn parse(value: Value) -> InputValueResult<Self> {
        const EXPECTED: &str = "an RFC 3339 instant such as 2026-11-24T10:00:00.000Z";
        let text = text(value, EXPECTED).map_err(InputValueError::custom)?;
        let instant = DateTime::parse_from_rfc3339(&text).map_err(|_| InputValueError::custom(format!("expected {EXPECTED}")))?;
        let cut = DateTime::from_timestamp_millis(instant.timestamp_millis());
        cut.map(Self).ok_or_else(|| InputValueError::custom(format!("expected {EXPECTED}")))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl From<DateTime<Utc>> for Instant {
    fn from(at: DateTime<Utc>) -> Self {
        Self(at)
    }
}

/// A calendar day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub NaiveDate);

/// A calendar day without a time, such as `2026-11-24` (RFC 3339 full-date). A day that no calendar has is refused.
#[Scalar(name = "Date", specified_by_url = "https://scalars.graphql.org/andimarek/local-date")]
impl ScalarType for Day {
    fn parse(value: Value) -> InputValueResult<Self> {
        let text = text(value, "a date such as 2026-11-24").map_err(InputValueError::custom)?;
        let well_formed = text.len() == 10;
        let day = NaiveDate::parse_from_str(&text, "%Y-%m-%d").ok().filter(|_| well_formed);
        day.map(Self).ok_or_else(|| InputValueError::custom("expected a date that exists, such as 2026-11-24"))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.format("%Y-%m-%d").to_string())
    }
}

impl From<NaiveDate> for Day {
    fn from(day: NaiveDate) -> Self {
        Self(day)
    }
}

/// An exact decimal number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DecimalText(pub Decimal);

/// An exact decimal number as a string, such as `"1250000.00"`: digits, at most one point, an optional leading minus; no
/// exponent, no NaN, no infinity. Never a JSON number, so that no client rounds it.
#[Scalar(name = "Decimal", specified_by_url = "https://scalars.graphql.org/chillicream/decimal.html")]
impl ScalarType for DecimalText {
    fn parse(value: Value) -> InputValueResult<Self> {
        let text = text(value, "a decimal number such as \"12.50\"").map_err(InputValueError::custom)?;
        let digits = text.strip_prefix('-').unwrap_or(&text);
        let plain = digits.starts_with(|first: char| first.is_ascii_digit())
            && digits.chars().all(|letter| letter.is_ascii_digit() || letter == '.');
        let number = plain.then(|| Decimal::from_str_exact(&text).ok()).flatten();
        number.map(Self).ok_or_else(|| InputValueError::custom("expected a decimal number such as \"12.50\""))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// A currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Currency(pub CurrencyCode);

/// An ISO 4217 currency code: three capital letters, such as `USD`.
#[Scalar(name = "CurrencyCode", specified_by_url = "https://www.iso.org/iso-4217-currency-codes.html")]
impl ScalarType for Currency {
    fn parse(value: Value) -> InputValueResult<Self> {
        let text = text(value, "a currency code such as \"USD\"").map_err(InputValueError::custom)?;
        text.parse().map(Self).map_err(InputValueError::custom)
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// The number of a committed change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change(pub DataVersion);

/// The number of a committed change to the data, a whole number from 0 up: an answer that names it can be had again.
#[Scalar(name = "DataVersion", specified_by_url = "https://www.rfc-editor.org/rfc/rfc8259#section-6")]
impl ScalarType for Change {
    fn parse(value: Value) -> InputValueResult<Self> {
        let number = match &value {
            Value::Number(number) => number.as_i64().filter(|number| *number >= 0),
            _ => None,
        };
        number.map(|number| Self(DataVersion(number))).ok_or_else(|| InputValueError::custom("expected a whole number from 0 up"))
    }

    fn to_value(&self) -> Value {
        Value::Number(self.0.0.into())
    }
}

/// Any JSON value.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Json(pub serde_json::Value);

/// Any JSON value (RFC 8259): an object, a list, a string, a number, a boolean or null.
#[Scalar(name = "JSON", specified_by_url = "https://www.rfc-editor.org/rfc/rfc8259")]
impl ScalarType for Json {
    fn parse(value: Value) -> InputValueResult<Self> {
        value.into_json().map(Self).map_err(|_| InputValueError::custom("expected a JSON value"))
    }

    fn to_value(&self) -> Value {
        Value::from_json(self.0.clone()).unwrap_or_default()
    }
}

/// An amount of money in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, SimpleObject)]
pub struct Money {
    /// The amount, with exactly as many decimals as the currency has (USD: `"1250000.00"`, JPY: `"1250000"`).
    pub amount: DecimalText,
    /// The currency of the amount.
    pub currency: Currency,
}

impl Money {
    /// From minor units of `currency`.
    pub fn new(minor: i64, currency: CurrencyCode) -> Self {
        Self { amount: DecimalText(Decimal::new(minor, currency.decimals())), currency: Currency(currency) }
    }

    /// From minor units of the reporting currency.
    pub fn reported(ctx: &Context<'_>, minor: i64) -> Self {
        Self::new(minor, super::app(ctx).config.organisation.reporting_currency)
    }
}

/// A number in whole units of its last of `decimals` decimals; `None` where it has more decimals, or is beyond what can be
/// stored.
pub(super) fn units(number: Decimal, decimals: u32) -> Option<i64> {
    let scaled = number.checked_mul(Decimal::from(10_u32.pow(decimals))).filter(Decimal::is_integer);
    scaled.and_then(|units| i64::try_from(units).ok())
}

/// A count, as GraphQL's Int takes it; what is beyond that is its most.
pub(super) fn count(count: u64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn money_has_exactly_the_decimals_of_its_currency() {
        for (code, minor, expected) in
            [("USD", 5, "0.05"), ("USD", -120_000, "-1200.00"), ("JPY", 1200, "1200"), ("KWD", 1, "0.001")]
        {
            let money = Money::new(minor, code.parse().unwrap());
            assert_eq!(money.amount.to_value(), Value::String(expected.into()));
        }
    }

    #[test]
    fn what_is_no_date_instant_or_decimal_is_refused() {
        for bad in ["2026-02-30", "2026-2-3", "20260203", "tomorrow", ""] {
            assert!(<Day as ScalarType>::parse(Value::String(bad.into())).is_err(), "{bad}");
        }
        for bad in ["NaN", "1e4", "Infinity", "1.2.3", ".5", "+1", "--1", ""] {
            assert!(<DecimalText as ScalarType>::parse(Value::String(bad.into())).is_err(), "{bad}");
        }
        for bad in ["2026-11-24", "2026-11-24T25:00:00Z", "now"] {
            assert!(<Instant as ScalarType>::parse(Value::String(bad.into())).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_instant_is_given_in_utc_to_the_millisecond() {
        let instant = <Instant as ScalarType>::parse(Value::String("2026-11-24T10:00:00.123456+01:00".into())).unwrap();
        assert_eq!(instant.to_value(), Value::String("2026-11-24T09:00:00.123Z".into()));
    }
}
