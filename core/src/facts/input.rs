//! What the column store is built from: the records, less what no number needs.

use crate::attribution::JourneyRules;
use crate::calendar::Calendar;
use crate::catalog::ForecastCategory;
use crate::currency::CurrencyCode;
use crate::hygiene::Rules;
use crate::ids::{
    AccountId, CampaignId, ContactId, DataVersion, LeadId, LineSetId, OpportunityId, ProductId, RegionId, RepId, SegmentId,
    StageId,
};
use crate::target::Measure;
use crate::touchpoint::Source;
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// What every number depends on beside the rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The fiscal calendar.
    pub calendar: Calendar,
    /// What every sum is in.
    pub reporting_currency: CurrencyCode,
    /// The stage whose first arrival is an opportunity's entry; `None`: its creation.
    pub entry_stage: Option<StageId>,
    /// Pace at or above which a cell is GREEN.
    pub green_from: f64,
    /// Pace at or above which a cell is YELLOW.
    pub yellow_from: f64,
    /// The thresholds of columns that have their own.
    pub column_thresholds: BTreeMap<Measure, Thresholds>,
    /// Which touchpoints make a journey.
    pub journeys: JourneyRules,
    /// What open opportunities are measured by.
    pub hygiene: Rules,
}

/// Pace at or above which a cell is GREEN, and YELLOW.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds {
    /// GREEN from here.
    pub green_from: f64,
    /// YELLOW from here; not above `green_from`.
    pub yellow_from: f64,
}

impl Settings {
    /// What colours a column.
    pub fn thresholds(&self, column: Measure) -> Thresholds {
        let common = Thresholds { green_from: self.green_from, yellow_from: self.yellow_from };
        self.column_thresholds.get(&column).copied().unwrap_or(common)
    }
}

/// An account, as far as numbers need it.
#[derive(Debug, Clone)]
pub struct AccountFact {
    /// Which.
    pub id: AccountId,
    /// Its industry.
    pub industry: Option<String>,
}

/// A contact, as far as numbers need it.
#[derive(Debug, Clone)]
pub struct ContactFact {
    /// Which.
    pub id: ContactId,
    /// Where they work.
    pub account: Option<AccountId>,
}

/// A lead that was converted, as far as numbers need it.
#[derive(Debug, Clone)]
pub struct LeadFact {
    /// Which.
    pub id: LeadId,
    /// The account it became part of.
    pub converted_account: Option<AccountId>,
    /// The contact it became.
    pub converted_contact: Option<ContactId>,
    /// The change that brought this state of the row: touchpoints that only the conversion leads to an account are known from
    /// then on.
    pub recorded: DataVersion,
}

/// An opportunity, as far as numbers need it.
#[derive(Debug, Clone)]
pub struct OpportunityFact {
    /// Which.
    pub id: OpportunityId,
    /// Whose.
    pub account: Option<AccountId>,
    /// Milliseconds since 1970, UTC.
    pub created_at_ms: i64,
    /// Who created it.
    pub created_by: Option<RepId>,
    /// Stands in for the primary campaign's channel.
    pub lead_source_maps_to: Option<Source>,
    /// The last activity that the source system logged.
    pub last_activity_on: Option<NaiveDate>,
    /// Whether a contact has a part in it.
    pub has_contact_role: bool,
}

/// A version, as far as numbers need it.
#[derive(Debug, Clone)]
pub struct VersionFact {
    /// Milliseconds since 1970, UTC.
    pub valid_from_ms: i64,
    /// Orders versions of one instant.
    pub sequence: i32,
    /// The change that brought it.
    pub recorded: DataVersion,
    /// Where in the process.
    pub stage: StageId,
    /// How sure the seller is.
    pub forecast_category: ForecastCategory,
    /// When it is expected to close, or did.
    pub close_date: NaiveDate,
    /// The currency of the ACV.
    pub currency: CurrencyCode,
    /// Minor units; null counts as 0.
    pub acv_minor: Option<i64>,
    /// Who owns it.
    pub owner: Option<RepId>,
    /// Where it is sold.
    pub region: Option<RegionId>,
    /// To which segment.
    pub segment: Option<SegmentId>,
    /// New business, renewal, ...
    pub opportunity_type: Option<String>,
    /// The primary campaign.
    pub campaign: Option<CampaignId>,
    /// The lines.
    pub line_set: Option<LineSetId>,
    /// Whether a next step that is not blank is written down.
    pub has_next_step: bool,
    /// Whether amount or ACV is known and other than 0.
    pub has_amount: bool,
    /// It counts nowhere from here on.
    pub is_deleted: bool,
}

/// One line of a set, as far as numbers need it.
#[derive(Debug, Clone)]
pub struct LineFact {
    /// The set it belongs to.
    pub line_set: LineSetId,
    /// Place in the set; lines of one set come in this order.
    pub position: i32,
    /// What is sold.
    pub product: Option<ProductId>,
    /// Minor units.
    pub acv_minor: i64,
}
