//! Exchange rates: from units of a currency for one unit of the corporate currency, as Salesforce keeps them, to units of the
//! reporting currency for one unit of the currency.

use super::build::{Build, flag};
use crate::intake::IntakeError;
use crate::intake::known::Known;
use crate::intake::report::Report;
use crate::intake::values::decimal;
use crate::intake::work::Record;
use crate::storage::Batch;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use pipewright_core::calendar::Calendar;
use pipewright_core::currency::{CurrencyCode, ExchangeRate};
use pipewright_core::ids::DataVersion;
use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Digits after the point of a rate: a tenth of a cent on a trillion stays exact.
const RATE_DIGITS: u32 = 18;

/// What one row says, or two rows together.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Dated {
    from: NaiveDate,
    rate: Decimal,
    /// When the row was last changed.
    changed_at: Option<DateTime<Utc>>,
}

/// The rates of an export, into the reporting currency.
#[derive(Default)]
pub struct Rates {
    /// In order of day.
    by_currency: BTreeMap<CurrencyCode, Vec<Dated>>,
    /// Currencies that have a static rate only, or one before their first dated rate.
    standing: u64,
    corporate_guessed: bool,
    /// Currencies that the export relates to a corporate currency, and that to no reporting currency.
    unrelated: u64,
}

/// The rates as the export has them: units of the currency for one unit of the corporate currency.
#[derive(Default)]
struct Told {
    dated: BTreeMap<CurrencyCode, Vec<Dated>>,
    standing: BTreeMap<CurrencyCode, Dated>,
    corporate: Option<CurrencyCode>,
}

impl Rates {
    /// Reads those of the export.
    pub(super) fn read(build: &Build<'_>) -> Result<Self, IntakeError> {
        let mut told = Told::default();
        each(build, "CurrencyType", |row| told.currency(build, row))?;
        each(build, "DatedConversionRate", |row| told.dated(build, row))?;
        Ok(told.into_reporting(build.reporting))
    }

    /// Units of the reporting currency for one unit of a currency on a day; `None` where the export has no rate.
    fn on(&self, currency: CurrencyCode, day: NaiveDate) -> Option<Decimal> {
        self.by_currency.get(&currency)?.iter().rev().find(|row| row.from <= day).map(|row| row.rate)
    }

    /// An amount of a currency in minor units of the reporting currency at the rate of a day, half a unit rounded away from
    /// zero; `None` without a rate.
    pub(super) fn convert(&self, amount: i64, currency: CurrencyCode, reporting: CurrencyCode, day: NaiveDate) -> Option<i64> {
        if currency == reporting {
            return Some(amount);
        }
        let shift = |digits: u32| Decimal::from(10_i64.pow(digits));
        let units = Decimal::from(amount).checked_div(shift(currency.decimals()))?;
        let minor = units.checked_mul(self.on(currency, day)?)?.checked_mul(shift(reporting.decimals()))?;
        minor.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero).to_i64()
    }

    /// Puts them into the batch and says which opportunities have none.
    pub(super) fn write(&self, build: &Build<'_>, batch: &mut Batch, report: &mut Report) -> Result<(), IntakeError> {
        let stored = build.ledger.known.as_ref().map_or(Ok(HashMap::new()), Known::last_rates)?;
        for (currency, rows) in &self.by_currency {
            for row in rows {
                batch.exchange_rates.extend(known(*currency, row, &build.calendar));
                let correction = stored.get(&(*currency, row.from)).and_then(|last| corrected(row, last, build));
                batch.exchange_rates.extend(correction);
            }
        }
        report.make("exchange rates", batch.exchange_rates.len() as u64);
        report.guess_many("a currency's standing rate holds where no dated rate does yet", self.standing);
        report.guess_many("the reporting currency is the corporate one, as no row says which is", self.corporate_guessed.into());
        report.leave_out("currencies whose rates lead to no rate into the reporting currency", self.unrelated);
        for (values, count) in build.work.distinct("Opportunity", &["CurrencyIsoCode"])? {
            let Some(code) = values[0].as_deref().and_then(|text| text.parse::<CurrencyCode>().ok()) else { continue };
            if code != build.reporting && !self.by_currency.contains_key(&code) {
                report.unmapped("opportunities' currencies without a rate in the export", code.as_str(), count);
            }
        }
        Ok(())
    }
}

/// A rate is known from the first day it holds. One that was changed later is known as it is now from the change on: a
/// stored row of the first day stays as it was.
fn known(currency: CurrencyCode, row: &Dated, calendar: &Calendar) -> impl Iterator<Item = ExchangeRate> {
    let first = calendar.start_of_day(row.from);
    let (from, rate) = (row.from, row.rate);
    std::iter::once(first).chain(row.changed_at.filter(|at| *at > first)).map(move |known_from| ExchangeRate {
        currency,
        valid_from: from,
        rate,
        known_from,
        recorded: DataVersion::default(),
    })
}

/// A rate that differs from the last one stored for its day, and of which the export does not say that it was changed since
/// the day began: it is known as it is now from the import on.
fn corrected(row: &Dated, last: &ExchangeRate, build: &Build<'_>) -> Option<ExchangeRate> {
    let first = build.calendar.start_of_day(row.from);
    let is_silent = row.changed_at.is_none() || row.changed_at <= Some(first) && last.known_from <= first;
    let known_from = build.ledger.at.max(last.known_from + TimeDelta::milliseconds(1));
    (is_silent && last.rate != row.rate).then(|| ExchangeRate { rate: row.rate, known_from, ..last.clone() })
}

fn each(build: &Build<'_>, object: &str, mut act: impl FnMut(&Record)) -> Result<(), IntakeError> {
    let mut after = String::new();
    loop {
        let page = build.work.page(object, &after, 1_000)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.id().to_owned();
        page.iter().for_each(&mut act);
    }
}

fn rate(row: &Record) -> Option<Decimal> {
    row.get("ConversionRate").and_then(decimal).filter(|rate| *rate > Decimal::ZERO)
}

impl Told {
    fn currency(&mut self, build: &Build<'_>, row: &Record) {
        let Some(code) = row.get("IsoCode").and_then(|text| text.parse::<CurrencyCode>().ok()) else { return };
        if flag(row, "IsCorporate") {
            self.corporate = Some(code);
        }
        if let Some(rate) = rate(row) {
            let changed_at = build.instant(row, "LastModifiedDate");
            self.standing.insert(code, Dated { from: NaiveDate::default(), rate, changed_at });
        }
    }

    fn dated(&mut self, build: &Build<'_>, row: &Record) {
        let code = row.get("IsoCode").and_then(|text| text.parse::<CurrencyCode>().ok());
        if let (Some(code), Some(from), Some(rate)) = (code, build.date(row, "StartDate"), rate(row)) {
            let changed_at = build.instant(row, "LastModifiedDate");
            self.dated.entry(code).or_default().push(Dated { from, rate, changed_at });
        }
    }

    /// Through the corporate currency: units of the reporting one over units of the other, on each day on which either changes.
    fn into_reporting(mut self, reporting: CurrencyCode) -> Rates {
        let mut rates = Rates::default();
        for (code, standing) in std::mem::take(&mut self.standing) {
            let rows = self.dated.entry(code).or_default();
            let uncovered = rows.iter().all(|row| row.from > standing.from);
            if uncovered {
                rows.push(standing);
                rates.standing += u64::from(code != reporting && self.corporate != Some(code));
            }
        }
        self.dated.values_mut().for_each(|rows| rows.sort_by_key(|row| row.from));
        let one = || vec![Dated { from: NaiveDate::default(), rate: Decimal::ONE, changed_at: None }];
        if let Some(corporate) = self.corporate {
            self.dated.entry(corporate).or_insert_with(one);
        }
        if self.dated.is_empty() {
            return rates;
        }
        let own = match self.dated.remove(&reporting) {
            Some(rows) => rows,
            None if self.corporate.is_none() => {
                rates.corporate_guessed = true;
                one()
            }
            None => {
                rates.unrelated = self.dated.len() as u64;
                return rates;
            }
        };
        for (code, rows) in self.dated {
            rates.by_currency.insert(code, crossed(&own, &rows));
        }
        rates
    }
}

fn crossed(reporting: &[Dated], other: &[Dated]) -> Vec<Dated> {
    let days: BTreeSet<NaiveDate> = reporting.iter().chain(other).map(|row| row.from).collect();
    let mut rows: Vec<Dated> = Vec::new();
    for from in days {
        let on = |rows: &[Dated]| rows.iter().rev().find(|row| row.from <= from).copied();
        let (Some(own), Some(other)) = (on(reporting), on(other)) else { continue };
        let Some(rate) = own.rate.checked_div(other.rate) else { continue };
        let rate = rate.round_dp(RATE_DIGITS).normalize();
        // Also where it is that of the day before: it may correct another that is stored for the day.
        if rate > Decimal::ZERO {
            rows.push(Dated { from, rate, changed_at: own.changed_at.max(other.changed_at) });
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn told(corporate: Option<&str>, standing: &[(&str, &str)], dated: &[(&str, &str, &str)]) -> Told {
        let mut told = Told { corporate: corporate.map(|code| code.parse().unwrap()), ..Told::default() };
        for (code, rate) in standing {
            let row = Dated { from: NaiveDate::default(), rate: rate.parse().unwrap(), changed_at: None };
            told.standing.insert(code.parse().unwrap(), row);
        }
        for (code, from, rate) in dated {
            let row = Dated { from: day(from), rate: rate.parse().unwrap(), changed_at: None };
            told.dated.entry(code.parse().unwrap()).or_default().push(row);
        }
        told
    }

    #[test]
    fn units_per_corporate_unit_become_reporting_units_per_unit() {
        let eur = [("EUR", "2025-01-01", "0.8"), ("EUR", "2026-01-01", "0.5")];
        let crossed = [("EUR", "2025-01-01", "0.8"), ("USD", "2025-01-01", "1.6"), ("USD", "2026-01-01", "2")];
        type Case<'a> = (Told, &'a str, &'a str, Option<&'a str>);
        let cases: Vec<Case<'_>> = vec![
            // The corporate currency is the reporting one.
            (told(Some("USD"), &[], &eur), "EUR", "2025-06-01", Some("1.25")),
            (told(Some("USD"), &[], &eur), "EUR", "2026-06-01", Some("2")),
            (told(Some("USD"), &[], &eur), "EUR", "2024-12-31", None),
            (told(Some("USD"), &[("EUR", "0.4")], &eur), "EUR", "2024-12-31", Some("2.5")),
            (told(Some("USD"), &[("JPY", "160")], &[]), "JPY", "2026-01-01", Some("0.00625")),
            // No row says which is the corporate one.
            (told(None, &[], &eur), "EUR", "2025-06-01", Some("1.25")),
            // Another is the corporate one: through it.
            (told(Some("GBP"), &[], &crossed), "EUR", "2025-06-01", Some("2")),
            (told(Some("GBP"), &[], &crossed), "EUR", "2026-06-01", Some("2.5")),
            (told(Some("GBP"), &[], &crossed), "GBP", "2026-06-01", Some("2")),
            (told(Some("GBP"), &[], &eur), "EUR", "2026-06-01", None),
        ];
        for (place, (told, currency, on, expected)) in cases.into_iter().enumerate() {
            let rate = told.into_reporting(CurrencyCode::USD).on(currency.parse().unwrap(), day(on));
            assert_eq!(rate, expected.map(|rate| rate.parse().unwrap()), "case {place}");
        }
        assert_eq!(told(Some("GBP"), &[], &eur).into_reporting(CurrencyCode::USD).unrelated, 2);
        assert_eq!(told(Some("USD"), &[("EUR", "0.4")], &eur).into_reporting(CurrencyCode::USD).standing, 1);
    }

    #[test]
    fn amounts_are_converted_to_the_cent_whatever_the_decimals() {
        let rates = told(Some("USD"), &[("JPY", "160"), ("EUR", "0.8")], &[]).into_reporting(CurrencyCode::USD);
        for (amount, currency, expected) in
            [(1_000, "JPY", Some(625)), (101, "EUR", Some(126)), (-101, "EUR", Some(-126)), (7, "USD", Some(7)), (7, "CHF", None)]
        {
            let converted = rates.convert(amount, currency.parse().unwrap(), CurrencyCode::USD, day("2026-01-01"));
            assert_eq!(converted, expected, "{amount} {currency}");
        }
    }

    #[test]
    fn a_changed_rate_is_known_from_its_change_on() {
        let calendar = crate::config::OrganisationConfig::default().calendar();
        let changed_at = Some("2026-03-01T10:00:00Z".parse().unwrap());
        let row = Dated { from: day("2026-01-01"), rate: Decimal::ONE, changed_at };
        let eur: CurrencyCode = "EUR".parse().unwrap();
        let at: Vec<_> = known(eur, &row, &calendar).map(|rate| rate.known_from.to_rfc3339()).collect();
        assert_eq!(at, ["2026-01-01T00:00:00+00:00", "2026-03-01T10:00:00+00:00"]);
        let unchanged = Dated { changed_at: Some("2025-12-01T00:00:00Z".parse().unwrap()), ..row };
        assert_eq!(known(eur, &unchanged, &calendar).count(), 1);
    }
}
