//! Building records from the work file, page by page in order of key, so that a killed import goes on where it was.

use super::cells::Outlook;
use super::objects::CREDITS;
use super::rates::Rates;
use super::{forecasts, influence, opportunities, parties, quotas, stages, touchpoints};
use crate::config::OrganisationConfig;
use crate::intake::IntakeError;
use crate::intake::dates::{self, Settled};
use crate::intake::known::Known;
use crate::intake::mapping::Mapping;
use crate::intake::report::Report;
use crate::intake::values::{boolean, decimal, id18, minor};
use crate::intake::work::{Record, WorkFile};
use crate::storage::Batch;
use chrono::{DateTime, NaiveDate, Utc};
use pipewright_core::calendar::Calendar;
use pipewright_core::catalog::{ForecastCategory, Stage};
use pipewright_core::currency::CurrencyCode;
use pipewright_core::ids::{AccountId, CampaignId, OpportunityId, RepId};
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// Opportunities in one batch.
pub const OPPORTUNITIES: usize = 2_000;
/// Small rows in one batch.
pub const ROWS: usize = 10_000;

/// What is built one after the other; a record only refers to what is built before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Stages.
    Stages,
    /// Exchange rates.
    Rates,
    /// Products.
    Products,
    /// Reps and their tenures.
    Reps,
    /// Campaigns.
    Campaigns,
    /// Accounts, with their regions and segments.
    Accounts,
    /// Contacts.
    Contacts,
    /// Opportunities with versions, lines, contact roles and splits.
    Opportunities,
    /// Leads.
    Leads,
    /// Touchpoints of campaign members.
    Members,
    /// Touchpoints of tasks.
    Tasks,
    /// Touchpoints of events.
    Events,
    /// Touchpoints of converted leads.
    Conversions,
    /// Targets.
    Targets,
    /// Forecast judgements and adjustments.
    Forecasts,
    /// Salesforce's own credits.
    Influences,
    /// Other vendors' credits.
    Credits,
}

impl Phase {
    /// All, in order.
    pub const ALL: [Self; 17] = [
        Self::Stages,
        Self::Rates,
        Self::Products,
        Self::Reps,
        Self::Campaigns,
        Self::Accounts,
        Self::Contacts,
        Self::Opportunities,
        Self::Leads,
        Self::Members,
        Self::Tasks,
        Self::Events,
        Self::Conversions,
        Self::Targets,
        Self::Forecasts,
        Self::Influences,
        Self::Credits,
    ];

    /// The object whose rows it goes through; `None`: it is one batch.
    pub fn object(self) -> Option<&'static str> {
        Some(match self {
            Self::Stages => return None,
            Self::Rates => "DatedConversionRate",
            Self::Products => "Product2",
            Self::Reps => "User",
            Self::Campaigns => "Campaign",
            Self::Accounts => "Account",
            Self::Contacts => "Contact",
            Self::Opportunities => "Opportunity",
            Self::Leads | Self::Conversions => "Lead",
            Self::Members => "CampaignMember",
            Self::Tasks => "Task",
            Self::Events => "Event",
            Self::Targets => "ForecastingQuota",
            Self::Forecasts => "ForecastingItem",
            Self::Influences => "CampaignInfluence",
            Self::Credits => CREDITS,
        })
    }
}

/// One page, built.
#[derive(Default)]
pub struct Page {
    /// What to write.
    pub batch: Batch,
    /// The last key in it; empty where there is none.
    pub end: String,
    /// Whether the phase goes on after it.
    pub more: bool,
    /// Rows of the export in it.
    pub rows: u64,
}

/// What an export comes on top of.
pub struct Ledger {
    /// The database; `None` where it holds nothing.
    pub known: Option<Known>,
    /// It held nothing when the import began.
    pub alone: bool,
    /// When the import began, however often it was resumed.
    pub at: DateTime<Utc>,
}

/// Everything records are built from.
pub struct Build<'a> {
    /// The staged export.
    pub work: &'a WorkFile,
    /// Columns and words.
    pub mapping: &'a Mapping,
    /// The order of day and month.
    pub settled: &'a Settled,
    /// Part of every derived id.
    pub organisation: &'a str,
    /// The fiscal calendar, which also knows the time zone.
    pub calendar: Calendar,
    /// Where a row names no currency.
    pub reporting: CurrencyCode,
    /// What the export comes on top of.
    pub ledger: Ledger,
    /// Stages by name.
    pub stages: BTreeMap<String, Stage>,
    /// Exchange rates of the export.
    pub(super) rates: Rates,
    /// What quotas and forecast items are read with.
    pub(super) outlook: Outlook,
    stages_guessed: Vec<String>,
}

impl<'a> Build<'a> {
    /// Starts, on a staged export.
    ///
    /// # Errors
    /// The work file failed.
    pub fn new(
        work: &'a WorkFile,
        mapping: &'a Mapping,
        settled: &'a Settled,
        config: &'a OrganisationConfig,
        ledger: Ledger,
    ) -> Result<Self, IntakeError> {
        let mut build = Self {
            work,
            mapping,
            settled,
            organisation: &config.name,
            calendar: config.calendar(),
            reporting: config.reporting_currency,
            ledger,
            stages: BTreeMap::new(),
            rates: Rates::default(),
            outlook: Outlook::default(),
            stages_guessed: Vec::new(),
        };
        (build.stages, build.stages_guessed) = stages::read(&build)?;
        build.rates = Rates::read(&build)?;
        build.outlook = Outlook::read(&build)?;
        Ok(build)
    }

    /// The page of a phase that comes after a key.
    ///
    /// # Errors
    /// The work file failed.
    pub fn page(&self, phase: Phase, after: &str, report: &mut Report) -> Result<Page, IntakeError> {
        let mut page = Page::default();
        let Some(object) = phase.object() else {
            page.batch.stages = self.stages.values().cloned().collect();
            for name in &self.stages_guessed {
                report.guess("stage without an OpportunityStage row: its order, kind and category");
                report.unmapped("stages", name, 1);
            }
            return Ok(page);
        };
        let limit = if phase == Phase::Opportunities { OPPORTUNITIES } else { ROWS };
        let rows = self.work.page(object, after, limit)?;
        page.end = rows.last().map_or(after, |row| row.id()).to_owned();
        page.more = rows.len() == limit;
        page.rows = rows.len() as u64;
        let mut versions = match (&self.ledger.known, phase) {
            (Some(known), Phase::Opportunities) => {
                let ids: Vec<_> = rows.iter().map(|row| OpportunityId::derived(self.organisation, row.id())).collect();
                known.versions(&ids)?
            }
            _ => HashMap::new(),
        };
        if phase == Phase::Rates && after.is_empty() {
            self.rates.write(self, &mut page.batch, report)?;
        }
        for row in &rows {
            match phase {
                Phase::Stages | Phase::Rates => {}
                Phase::Products => parties::product(self, row, &mut page.batch)?,
                Phase::Reps => parties::rep(self, row, &mut page.batch, report)?,
                Phase::Campaigns => parties::campaign(self, row, &mut page.batch, report)?,
                Phase::Accounts => parties::account(self, row, &mut page.batch, report)?,
                Phase::Contacts => parties::contact(self, row, &mut page.batch)?,
                Phase::Leads => parties::lead(self, row, &mut page.batch)?,
                Phase::Opportunities => {
                    let id = OpportunityId::derived(self.organisation, row.id());
                    let stored = versions.remove(&id).unwrap_or_default();
                    opportunities::opportunity(self, row, &stored, &mut page.batch, report)?;
                }
                Phase::Members => touchpoints::member(self, row, &mut page.batch, report)?,
                Phase::Tasks => touchpoints::task(self, row, &mut page.batch, report)?,
                Phase::Events => touchpoints::event(self, row, &mut page.batch, report)?,
                Phase::Conversions => touchpoints::conversion(self, row, &mut page.batch, report)?,
                Phase::Targets => quotas::quota(self, row, &mut page.batch, report)?,
                Phase::Forecasts => forecasts::item(self, row, &mut page.batch, report)?,
                Phase::Influences => influence::influence(self, row, &mut page.batch, report)?,
                Phase::Credits => influence::credit(self, row, &mut page.batch, report)?,
            }
        }
        touchpoints::over_stored(self, &mut page.batch, report)?;
        Ok(page)
    }

    /// Notes that answers about instants before the import began may be others now.
    pub(super) fn note_changed(&self, instants: impl Iterator<Item = DateTime<Utc>>, report: &mut Report) {
        if !self.ledger.alone {
            for at in instants.filter(|at| *at < self.ledger.at) {
                let period = self.calendar.quarter_of(self.calendar.day_of(at));
                report.changes(&period.to_string(), at);
            }
        }
    }

    pub(super) fn date(&self, row: &Record, column: &str) -> Option<NaiveDate> {
        dates::date(row.get(column)?, self.settled.order(row.object(), column))
    }

    pub(super) fn instant(&self, row: &Record, column: &str) -> Option<DateTime<Utc>> {
        dates::instant(row.get(column)?, self.settled.order(row.object(), column), self.calendar.time_zone)
    }

    /// The id of a record that the export or the database holds.
    fn known(&self, object: &str, id: Option<&str>) -> Result<Option<String>, IntakeError> {
        match id {
            Some(id) if self.work.exists(object, id)? || self.work.is_stored(object, id)? => Ok(Some(id.to_owned())),
            _ => Ok(None),
        }
    }

    pub(super) fn known_rep(&self, id: Option<&str>) -> Result<Option<RepId>, IntakeError> {
        Ok(self.known("User", id)?.map(|id| RepId::derived(self.organisation, &id)))
    }

    pub(super) fn known_account(&self, id: Option<&str>) -> Result<Option<AccountId>, IntakeError> {
        Ok(self.known("Account", id)?.map(|id| AccountId::derived(self.organisation, &id)))
    }

    pub(super) fn known_campaign(&self, id: Option<&str>) -> Result<Option<CampaignId>, IntakeError> {
        Ok(self.known("Campaign", id)?.map(|id| CampaignId::derived(self.organisation, &id)))
    }

    pub(super) fn is_known(&self, object: &str, id: Option<&str>) -> Result<bool, IntakeError> {
        Ok(self.known(object, id)?.is_some())
    }

    pub(super) fn currency(&self, row: &Record, report: &mut Report) -> CurrencyCode {
        let Some(text) = row.get("CurrencyIsoCode") else { return self.reporting };
        text.parse().unwrap_or_else(|_| {
            report.unmapped("currencies", text, 1);
            self.reporting
        })
    }

    /// The first of the mapped columns of one row that is not empty.
    pub(super) fn mapped_value<'r>(columns: &'r [String], row: &'r Record) -> Option<&'r str> {
        columns.iter().find_map(|name| {
            let (object, column) = name.split_once('.')?;
            if row.object() == object { row.get(column) } else { None }
        })
    }
}

pub(super) fn flag(row: &Record, column: &str) -> bool {
    row.get(column).and_then(boolean).unwrap_or(false)
}

pub(super) fn money(row: &Record, column: &str, currency: CurrencyCode) -> Option<i64> {
    minor(row.get(column)?, currency.decimals())
}

pub(super) fn percent(row: &Record, column: &str) -> Option<i32> {
    decimal(row.get(column)?)?.round().to_i32().map(|percent| percent.clamp(0, 100))
}

/// A forecast category, as the API or the screen spells it.
pub(super) fn category(text: &str) -> Option<ForecastCategory> {
    Some(match text.replace(' ', "").to_ascii_lowercase().as_str() {
        "omitted" => ForecastCategory::Omitted,
        "pipeline" => ForecastCategory::Pipeline,
        "bestcase" => ForecastCategory::BestCase,
        "mostlikely" => ForecastCategory::MostLikely,
        "forecast" | "commit" => ForecastCategory::Commit,
        "closed" => ForecastCategory::Closed,
        _ => return None,
    })
}

/// What a row says of a column; what is stored, where its file does not have the column.
pub(super) fn or_stored<T>(row: &Record, column: &str, said: Option<T>, stored: impl FnOnce() -> Option<T>) -> Option<T> {
    if row.carries(column) { said } else { stored() }
}

/// Whether the export leaves open what a reference leads to: its file does not have the column, or a name stands in it that
/// nothing of this import has.
pub(super) fn unresolved(row: &Record, column: &str) -> bool {
    !row.carries(column) || row.get(column).is_some_and(|text| id18(text).is_none())
}

/// What a reference leads to; what is stored, where the export leaves it open.
pub(super) fn reference<T>(row: &Record, column: &str, said: Option<T>, stored: impl FnOnce() -> Option<T>) -> Option<T> {
    if said.is_none() && unresolved(row, column) { stored() } else { said }
}

/// A flag; what is stored where its file does not have the column.
pub(super) fn is(row: &Record, column: &str, stored: Option<bool>, usual: bool) -> bool {
    or_stored(row, column, row.get(column).and_then(boolean), || stored).unwrap_or(usual)
}
