//! Reading opportunities as of an instant: the version that held, its money, its codes, its entry.

use super::Snapshot;
use super::register::RateRow;
use super::segment::{LineRow, OriginRow, Segment, VersionRow};
pub(crate) use super::snapshot::date;
use crate::calendar::Period;
use crate::catalog::{ForecastCategory, StageKind};
use crate::currency::CurrencyCode;
use crate::dimension::{Dimension, DimensionValue};
use crate::ids::{DataVersion, OpportunityId};
use crate::touchpoint::Source;
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use rust_decimal::{Decimal, RoundingStrategy};
use uuid::Uuid;

/// Codes of an opportunity by [`Dimension`]; PRODUCT and SOURCE belong to its atoms.
pub(crate) type DimensionCodes = [u32; Dimension::ALL.len()];

/// A snapshot as known at an instant.
pub(crate) struct Reading<'a> {
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) at_ms: i64,
    /// The local day of the instant, as `chrono` counts days.
    day: i32,
    /// Only what was recorded up to here counts; `None` where that is everything.
    pub(crate) version: Option<DataVersion>,
    /// By code of the stage.
    stage_kinds: Vec<StageKind>,
    reporting: u16,
}

/// The version of an opportunity that held.
#[derive(Clone, Copy)]
pub(crate) struct Held<'a> {
    pub(crate) index: u32,
    segment: &'a Segment,
    position: usize,
    at: usize,
}

impl<'a> Held<'a> {
    pub(super) fn row(&self) -> &'a VersionRow {
        &self.segment.versions[self.at]
    }

    pub(super) fn origin(&self) -> &'a OriginRow {
        &self.segment.origins[self.position]
    }

    /// From when the version holds, milliseconds.
    pub(super) fn since_ms(&self) -> i64 {
        self.segment.valid_from[self.at]
    }

    /// Which opportunity.
    pub(crate) fn id(&self) -> OpportunityId {
        self.origin().id
    }

    /// The close date, as `chrono` counts days.
    pub(crate) fn close_day(&self) -> i32 {
        self.row().close_day
    }

    /// How sure the seller is.
    pub(crate) fn category(&self) -> ForecastCategory {
        self.row().category
    }

    /// Deleted: it counts nowhere.
    pub(crate) fn is_deleted(&self) -> bool {
        self.row().is_deleted
    }

    /// Product and ACV of each line.
    pub(super) fn lines(&self) -> &'a [LineRow] {
        self.segment.lines_of(self.row())
    }
}

impl<'a> Reading<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot, at: DateTime<Utc>, version: Option<DataVersion>) -> Self {
        let register = &snapshot.register;
        let codes = 0..=u32::try_from(register.stages.len()).expect("stages are few");
        let reporting = register.currencies.get(&snapshot.settings.reporting_currency).unwrap_or(0);
        Self {
            snapshot,
            at_ms: at.timestamp_millis(),
            day: snapshot.settings.calendar.day_of(at).num_days_from_ce(),
            version: version.filter(|version| *version < snapshot.data_version),
            stage_kinds: codes.map(|code| register.stage_kind(code)).collect(),
            reporting: u16::try_from(reporting).expect("there are 17,576 currency codes"),
        }
    }

    /// The local day of the instant.
    pub(crate) fn day(&self) -> i32 {
        self.day
    }

    /// The instants of a period up to this one, both included.
    pub(crate) fn span(&self, period: &Period) -> (i64, i64) {
        let instants = self.snapshot.settings.calendar.instants_of(period);
        (instants.start, (instants.end - 1).min(self.at_ms))
    }

    fn counts(&self, segment: &Segment, at: usize) -> bool {
        segment.valid_from[at] <= self.at_ms && self.version.is_none_or(|version| segment.versions[at].recorded <= version)
    }

    /// How the opportunity stood; `None` before its first version.
    pub(crate) fn held(&self, index: u32) -> Option<Held<'a>> {
        let (segment, position) = self.snapshot.locate(index);
        self.held_in(segment, position, index)
    }

    pub(super) fn held_in(&self, segment: &'a Segment, position: usize, index: u32) -> Option<Held<'a>> {
        let at = segment.versions_of(position).rev().find(|at| self.counts(segment, *at))?;
        Some(Held { index, segment, position, at })
    }

    /// How the same opportunity stood at this instant; `None` before its first version.
    pub(super) fn again(&self, held: &Held<'a>) -> Option<Held<'a>> {
        self.held_in(held.segment, held.position, held.index)
    }

    /// Goes to another instant.
    pub(super) fn move_to(&mut self, at_ms: i64) {
        let at = DateTime::from_timestamp_millis(at_ms).expect("stored instants come from instants");
        self.at_ms = at_ms;
        self.day = self.snapshot.settings.calendar.day_of(at).num_days_from_ce();
    }

    /// Open, won or lost.
    pub(crate) fn kind(&self, held: &Held<'_>) -> StageKind {
        self.stage_kinds[held.row().stage as usize]
    }

    /// Whether it counts: not deleted, and not left out while open.
    pub(crate) fn is_counted(&self, held: &Held<'_>) -> bool {
        let omitted = held.category() == ForecastCategory::Omitted && self.kind(held) == StageKind::Open;
        !held.is_deleted() && !omitted
    }

    /// Its ACV in minor units of the reporting currency.
    pub(crate) fn acv(&self, held: &Held<'_>) -> i64 {
        let row = held.row();
        self.converted(row.acv, row.currency, row.close_day)
    }

    /// The ACV of `amount_of` in minor units of the reporting currency, at the rate that counts for `held`.
    pub(crate) fn acv_at_rate_of(&self, amount_of: &Held<'_>, held: &Held<'_>) -> i64 {
        self.converted(amount_of.row().acv, amount_of.row().currency, held.row().close_day)
    }

    /// Converts with the rate known at the instant for the earlier of the close date and the instant's day; 0 without one.
    fn converted(&self, amount: i64, currency: u16, close_day: i32) -> i64 {
        if currency == self.reporting || amount == 0 {
            return amount;
        }
        let Some(rate) = self.rate(currency, date(close_day.min(self.day))) else { return 0 };
        let from = self.snapshot.currency(currency).decimals();
        let to = self.snapshot.settings.reporting_currency.decimals();
        convert(amount, rate.rate, to as i32 - from as i32)
    }

    /// `amount` of `currency` in minor units of the reporting currency, with the rate known at the instant for the earlier of
    /// `day` and the instant's day; 0 without one.
    pub(crate) fn converted_on(&self, amount: i64, currency: CurrencyCode, day: NaiveDate) -> i64 {
        if currency == self.snapshot.settings.reporting_currency {
            return amount;
        }
        let code = self.snapshot.register.currencies.get(&currency).and_then(|code| u16::try_from(code).ok());
        code.map_or(0, |code| self.converted(amount, code, day.num_days_from_ce()))
    }

    fn rate(&self, currency: u16, day: NaiveDate) -> Option<&'a RateRow> {
        let rows = self.snapshot.register.rates.get(&u32::from(currency))?;
        rows.iter().rev().find(|row| {
            row.valid_from <= day && row.known_from_ms <= self.at_ms && self.version.is_none_or(|version| row.recorded <= version)
        })
    }

    /// The versions that counted for a while before the instant or at it, in order.
    pub(super) fn effective(&self, held: Held<'a>) -> impl Iterator<Item = Held<'a>> + '_ {
        let range = held.segment.versions_of(held.position);
        let counted = range.filter(move |at| self.counts(held.segment, *at));
        let mut counted = counted.peekable();
        std::iter::from_fn(move || {
            loop {
                let at = counted.next()?;
                let replaced = counted.peek().is_some_and(|next| held.segment.valid_from[*next] == held.segment.valid_from[at]);
                if !replaced {
                    return Some(Held { at, ..held });
                }
            }
        })
    }

    /// When the opportunity entered the pipeline, and how it stood then; `None` where it has not by the instant.
    pub(crate) fn entry(&self, held: Held<'a>, entry_stage: Option<Option<u32>>) -> Option<(i64, Held<'a>)> {
        match entry_stage {
            None => {
                let created = held.origin().created_at_ms;
                if created > self.at_ms {
                    return None;
                }
                let mut versions = self.effective(held);
                let first = versions.next()?;
                let then = versions.take_while(|next| held.segment.valid_from[next.at] <= created).last().unwrap_or(first);
                Some((created, then))
            }
            Some(stage) => {
                let then = self.effective(held).find(|then| Some(then.row().stage) == stage)?;
                Some((held.segment.valid_from[then.at], then))
            }
        }
    }

    /// The instant of creation, milliseconds.
    pub(crate) fn created_at_ms(&self, held: &Held<'_>) -> i64 {
        held.origin().created_at_ms
    }

    /// Whether it opened again in `[from_ms, to_ms)`, up to the instant, from a stage of which `was` holds.
    pub(crate) fn reopened(&self, held: Held<'a>, from_ms: i64, to_ms: i64, was: fn(StageKind) -> bool) -> bool {
        // Nothing changed since before the span: most opportunities, so their versions are not walked.
        if held.segment.valid_from[held.at] < from_ms {
            return false;
        }
        let mut before = StageKind::Open;
        self.effective(held).any(|next| {
            let at = held.segment.valid_from[next.at];
            let kind = self.kind(&next);
            let back = kind == StageKind::Open && before != StageKind::Open && was(before) && from_ms <= at && at < to_ms;
            before = kind;
            back
        })
    }

    /// Its codes by what stands in its version; the rest is left 0.
    pub(crate) fn codes(&self, held: &Held<'_>) -> DimensionCodes {
        let row = held.row();
        let mut codes = [0; Dimension::ALL.len()];
        codes[Dimension::Region as usize] = row.region;
        codes[Dimension::Segment as usize] = row.segment;
        codes[Dimension::Owner as usize] = row.owner;
        codes[Dimension::OpportunityType as usize] = row.opportunity_type;
        codes[Dimension::Stage as usize] = row.stage;
        codes
    }

    /// The code of the account's industry.
    pub(super) fn industry(&self, held: &Held<'_>) -> u32 {
        self.snapshot.accounts.industry(held.origin().account)
    }

    /// The code of the owner's manager at the instant.
    pub(super) fn manager(&self, held: &Held<'_>) -> u32 {
        self.snapshot.register.tenure_at(held.row().owner, self.at_ms, self.version).map_or(0, |tenure| tenure.manager)
    }
}

/// `amount` times `rate`, shifted by the difference of decimals, rounded half away from zero; 0 where it does not fit.
fn convert(amount: i64, rate: Decimal, shift: i32) -> i64 {
    let exact = Decimal::from(amount).checked_mul(rate).and_then(|value| match shift {
        0 => Some(value),
        1.. => value.checked_mul(Decimal::from(10_i64.pow(shift.unsigned_abs()))),
        _ => value.checked_div(Decimal::from(10_i64.pow(shift.unsigned_abs()))),
    });
    let rounded = exact.map(|value| value.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero));
    rounded.and_then(|value| i64::try_from(value).ok()).unwrap_or(0)
}

/// Codes of fiscal months by day, remembered.
#[derive(Default)]
pub(crate) struct Months(std::collections::HashMap<i32, u32>);

impl Months {
    pub(super) fn code(&mut self, snapshot: &Snapshot, day: i32) -> u32 {
        *self.0.entry(day).or_insert_with(|| match snapshot.settings.calendar.month_of(date(day)) {
            crate::calendar::PeriodName::Month(year, month) => month_code(year, month),
            _ => 0,
        })
    }
}

/// Years from -10,000 on, 16 codes a year, so that no month has code 0.
fn month_code(year: i32, month: u8) -> u32 {
    u32::try_from(year + 10_000).map_or(0, |year| year * 16 + u32::from(month))
}

impl Snapshot {
    /// The code of a value; `None` where nothing has it.
    pub(super) fn code_of(&self, dimension: Dimension, value: &DimensionValue) -> Option<u32> {
        match value {
            DimensionValue::None => Some(0),
            DimensionValue::Entity(id) => self.entities(dimension)?.get(id),
            DimensionValue::Source(source) if dimension == Dimension::Source => Some(u32::from(source.code()) + 1),
            DimensionValue::Text(text) if dimension == Dimension::Industry => self.register.industries.get(text),
            DimensionValue::Text(text) if dimension == Dimension::OpportunityType => self.register.types.get(text),
            DimensionValue::Month(crate::calendar::PeriodName::Month(year, month)) if dimension == Dimension::Month => {
                Some(month_code(*year, *month))
            }
            _ => None,
        }
    }

    /// The inverse of [`Self::code_of`].
    pub(crate) fn value_of(&self, dimension: Dimension, code: u32) -> DimensionValue {
        if code == 0 {
            return DimensionValue::None;
        }
        let text = |texts: &super::register::Texts| texts.value(code).cloned().map(DimensionValue::Text);
        let value = match dimension {
            Dimension::Source => u8::try_from(code - 1).ok().and_then(Source::from_code).map(DimensionValue::Source),
            Dimension::Industry => text(&self.register.industries),
            Dimension::OpportunityType => text(&self.register.types),
            Dimension::Month => {
                let year = i32::try_from(code / 16).expect("28 bits") - 10_000;
                let month = u8::try_from(code % 16).expect("4 bits");
                Some(DimensionValue::Month(crate::calendar::PeriodName::Month(year, month)))
            }
            _ => self.entities(dimension).and_then(|codes| codes.value(code)).map(|id| DimensionValue::Entity(*id)),
        };
        value.expect("codes come from values")
    }

    fn entities(&self, dimension: Dimension) -> Option<&super::register::Codes<Uuid>> {
        match dimension {
            Dimension::Product => Some(&self.register.products),
            Dimension::Region => Some(&self.register.regions),
            Dimension::Segment => Some(&self.register.segments),
            Dimension::Owner | Dimension::Manager => Some(&self.register.reps),
            Dimension::Stage => Some(&self.register.stages),
            Dimension::Source | Dimension::Industry | Dimension::OpportunityType | Dimension::Month => None,
        }
    }

    /// The code of the stage at which opportunities enter: `None` for creation, `Some(None)` for a stage nothing reached.
    pub(super) fn entry_stage(&self) -> Option<Option<u32>> {
        self.settings.entry_stage.map(|stage| self.register.stages.get(&stage.0))
    }
}
