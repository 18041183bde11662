//! Which cell and period a quota or a forecast item is for, and what it comes to.

use super::build::{Build, flag, money};
use crate::intake::IntakeError;
use crate::intake::report::Report;
use crate::intake::values::id18;
use crate::intake::work::Record;
use crate::storage::Batch;
use chrono::NaiveDate;
use pipewright_core::calendar::{Calendar, Period, PeriodName};
use pipewright_core::catalog::{Region, Segment};
use pipewright_core::dimension::{CellKey, Dimension, DimensionValue};
use pipewright_core::ids::{DataVersion, ProductId, RegionId, RepId, SegmentId};
use std::collections::BTreeMap;

/// A product, as a column may name it.
struct Named {
    id: String,
    names: Vec<String>,
    family: Option<String>,
}

/// What all quotas and forecast items are read with.
#[derive(Default)]
pub struct Outlook {
    /// The forecasting type that counts, where the rows name any.
    forecasting_type: Option<String>,
    /// Whether it was taken for what counts because most rows have it, and not all.
    is_guessed: bool,
    products: Vec<Named>,
}

impl Outlook {
    /// Reads the forecasting types, and the products where there is anything to use them for.
    pub(super) fn read(build: &Build<'_>) -> Result<Self, IntakeError> {
        let mut types: BTreeMap<String, u64> = BTreeMap::new();
        let mut any = false;
        for object in ["ForecastingQuota", "ForecastingItem"] {
            for (values, count) in build.work.distinct(object, &["ForecastingTypeId"])? {
                any = true;
                if let Some(own) = &values[0] {
                    *types.entry(own.clone()).or_default() += count;
                }
            }
        }
        let said = build.mapping.forecasting_type.as_deref().map(|text| id18(text).unwrap_or_else(|| text.to_owned()));
        let is_guessed = said.is_none() && types.len() > 1;
        let most = types.into_iter().rev().max_by_key(|(_, count)| *count).map(|(own, _)| own);
        let mut outlook = Self { forecasting_type: said.or(most), is_guessed, products: Vec::new() };
        if any {
            for (mut values, _) in build.work.distinct("Product2", &["Id", "ProductCode", "Name", "Family"])? {
                let (family, id) = (values.remove(3), values.remove(0).unwrap_or_default());
                outlook.products.push(Named { id, names: values.into_iter().flatten().collect(), family });
            }
        }
        Ok(outlook)
    }

    fn product(&self, text: &str) -> Option<&Named> {
        let id = id18(text);
        self.products.iter().find(|product| {
            Some(&product.id) == id.as_ref() || product.names.iter().any(|name| name.eq_ignore_ascii_case(text.trim()))
        })
    }

    /// The only product of a family.
    fn only_of(&self, family: &str) -> Option<&Named> {
        let mut all = self.products.iter().filter(|product| product.family.as_deref() == Some(family));
        all.next().filter(|_| all.next().is_none())
    }
}

/// Whether the row is about money and of the forecasting type that counts; what is not is left out.
pub(super) fn counts(build: &Build<'_>, row: &Record, what: &str, report: &mut Report) -> bool {
    if row.get("IsAmount").is_some() && !flag(row, "IsAmount") {
        report.leave_out(&format!("{what} in quantities"), 1);
        return false;
    }
    match (row.get("ForecastingTypeId"), &build.outlook.forecasting_type) {
        (Some(own), Some(counted)) if own == counted && build.outlook.is_guessed => {
            report.guess(&format!(
                "{what} of forecasting type {counted} count, as most have it: `forecasting_type` in the mapping says another"
            ));
            true
        }
        (Some(own), Some(counted)) if own != counted => {
            report.leave_out(&format!("{what} of another forecasting type than {counted}"), 1);
            false
        }
        _ => true,
    }
}

/// The row's cell: its owner's, else that of its own columns. `None`: there is none, and it is left out.
pub(super) fn key(
    build: &Build<'_>,
    row: &Record,
    owner: &str,
    what: &str,
    batch: &mut Batch,
    report: &mut Report,
) -> Result<Option<CellKey>, IntakeError> {
    let mut parts = match row.get(owner) {
        Some(id) => match build.known_rep(Some(id))? {
            Some(rep) => vec![(Dimension::Owner, DimensionValue::Entity(rep.0))],
            None => {
                report.leave_out(&format!("{what} of users that are not known"), 1);
                return Ok(None);
            }
        },
        None => match own_columns(build, row, what, batch, report) {
            Some(parts) => parts,
            None => return Ok(None),
        },
    };
    if let Some(family) = row.get("ProductFamily").filter(|_| parts.iter().all(|(own, _)| *own != Dimension::Product)) {
        let Some(product) = build.outlook.only_of(family) else {
            report.leave_out(&format!("{what} of a product family that is not one product"), 1);
            return Ok(None);
        };
        parts.push((Dimension::Product, entity(build, product)));
    }
    if parts.is_empty() {
        report.leave_out(&format!("{what} without an owner and without a cell of their own"), 1);
        return Ok(None);
    }
    Ok(Some(CellKey::new(parts).expect("each dimension is looked for once")))
}

fn entity(build: &Build<'_>, product: &Named) -> DimensionValue {
    DimensionValue::Entity(ProductId::derived(build.organisation, &product.id).0)
}

/// The parts that the mapped columns name; `None` where one of them names nothing that is known.
fn own_columns(
    build: &Build<'_>,
    row: &Record,
    what: &str,
    batch: &mut Batch,
    report: &mut Report,
) -> Option<Vec<(Dimension, DimensionValue)>> {
    let cells = &build.mapping.cells;
    let text = |columns| text(columns, row);
    let mut parts = Vec::new();
    if let Some(name) = text(&cells.region) {
        let region = Region { id: RegionId::derived(build.organisation, name), name: name.to_owned(), recorded: UNRECORDED };
        parts.push((Dimension::Region, DimensionValue::Entity(region.id.0)));
        batch.regions.push(region);
    }
    if let Some(name) = text(&cells.segment) {
        let segment = Segment { id: SegmentId::derived(build.organisation, name), name: name.to_owned(), recorded: UNRECORDED };
        parts.push((Dimension::Segment, DimensionValue::Entity(segment.id.0)));
        batch.segments.push(segment);
    }
    if let Some(name) = text(&cells.product) {
        let Some(product) = build.outlook.product(name) else {
            report.unmapped(&format!("products of {what}"), name, 1);
            return None;
        };
        parts.push((Dimension::Product, entity(build, product)));
    }
    if let Some(name) = text(&cells.source) {
        let Some(source) = build.mapping.cell_source(name) else {
            report.unmapped(&format!("sources of {what}"), name, 1);
            return None;
        };
        parts.push((Dimension::Source, DimensionValue::Source(source)));
    }
    let texts = [(Dimension::Industry, &cells.industry), (Dimension::OpportunityType, &cells.opportunity_type)];
    for (dimension, columns) in texts {
        parts.extend(text(columns).map(|name| (dimension, DimensionValue::Text(name.to_owned()))));
    }
    Some(parts)
}

const UNRECORDED: DataVersion = DataVersion(0);

/// The first of these columns that is not empty.
pub(super) fn text<'r>(columns: &'r [String], row: &'r Record) -> Option<&'r str> {
    Build::mapped_value(columns, row)
}

/// The rep that a column of the mapping names by the user's id.
pub(super) fn rep(build: &Build<'_>, columns: &[String], row: &Record) -> Result<Option<RepId>, IntakeError> {
    build.known_rep(text(columns, row).and_then(id18).as_deref())
}

/// The period of the row's Period, with its first day; `None` where it has none that the export holds.
pub(super) fn period(build: &Build<'_>, row: &Record) -> Result<Option<(PeriodName, NaiveDate)>, IntakeError> {
    let Some(id) = row.get("PeriodId") else { return Ok(None) };
    let Some(period) = build.work.record("Period", id)? else { return Ok(None) };
    let (start, last) = (build.date(&period, "StartDate"), build.date(&period, "EndDate"));
    let end = last.and_then(|last| last.succ_opt());
    Ok(start.zip(end).filter(|(start, end)| start < end).map(|(start, end)| (name(&build.calendar, start, end), start)))
}

/// What the calendar calls these days.
fn name(calendar: &Calendar, start: NaiveDate, end: NaiveDate) -> PeriodName {
    let fits = |name: &PeriodName| {
        let Period { start: first, end: last, .. } = calendar.period(*name);
        (first, last) == (start, end)
    };
    let named = [calendar.month_of(start), calendar.quarter_of(start), calendar.year_of(start)];
    named.into_iter().find(fits).unwrap_or(PeriodName::Range(start, end))
}

/// An amount of the row in minor units of the reporting currency, at the rate of a day. `None` where it is empty; where its
/// currency has no rate, also noted.
pub(super) fn amount(build: &Build<'_>, row: &Record, column: &str, day: NaiveDate, report: &mut Report) -> Option<i64> {
    let currency = build.currency(row, report);
    let own = money(row, column, currency)?;
    let converted = build.rates.convert(own, currency, build.reporting, day);
    if converted.is_none() {
        report.unmapped("currencies of quotas and forecasts without a rate in the export", currency.as_str(), 1);
    }
    converted
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn days_have_the_name_that_the_calendar_gives_them() {
        let calendar = crate::config::OrganisationConfig::default().calendar();
        let cases = [
            ("2026-11-01", "2027-02-01", "FY2027-Q4"),
            ("2026-11-01", "2026-12-01", "FY2027-M10"),
            ("2026-02-01", "2027-02-01", "FY2027"),
            ("2026-11-02", "2027-02-01", "2026-11-02/2027-02-01"),
        ];
        for (start, end, expected) in cases {
            assert_eq!(name(&calendar, start.parse().unwrap(), end.parse().unwrap()).to_string(), expected);
        }
    }
}
