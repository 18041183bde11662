//! An opportunity and its versions.

use crate::catalog::ForecastCategory;
use crate::currency::CurrencyCode;
use crate::ids::{
    AccountId, CampaignId, ContactId, ContactRoleId, DataVersion, LineSetId, OpportunityId, ProductId, RegionId, RepId,
    SegmentId, SplitId, StageId,
};
use crate::touchpoint::Source;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// What never changes in an opportunity's life, beside the columns that are only of today.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opportunity {
    /// Derived from the external id, or v7.
    pub id: OpportunityId,
    /// The source system's id.
    pub external_id: Option<String>,
    /// Whom it sells to.
    pub account: Option<AccountId>,
    /// When it was created: its entry into the pipeline, unless configuration names a stage.
    pub created_at: DateTime<Utc>,
    /// Who created it.
    pub created_by: Option<RepId>,
    /// The source system's lead source, as it spells it.
    pub lead_source: Option<String>,
    /// The source that `lead_source` maps to; stands in for the primary campaign's channel.
    pub lead_source_maps_to: Option<Source>,
    /// The last activity that the source system logged.
    pub last_activity_on: Option<NaiveDate>,
    /// Free text.
    pub description: Option<String>,
    /// The change that brought this state of the row.
    pub recorded: DataVersion,
}

/// The state of an opportunity from `valid_from` until its next version. Append-only.
///
/// Versions of one opportunity order by (`valid_from`, `sequence`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Whose.
    pub opportunity: OpportunityId,
    /// From when it holds, to the millisecond.
    pub valid_from: DateTime<Utc>,
    /// Orders versions of one instant; unique with (`opportunity`, `valid_from`).
    pub sequence: i32,
    /// The opportunity's name.
    pub name: String,
    /// Where in the process.
    pub stage: StageId,
    /// How sure the seller is.
    pub forecast_category: ForecastCategory,
    /// When it is expected to close, or did.
    pub close_date: NaiveDate,
    /// The currency of both amounts.
    pub currency: CurrencyCode,
    /// Total contract value, minor units.
    pub amount_minor: Option<i64>,
    /// Annual contract value, minor units: the measure of an opportunity's size everywhere. Null counts as 0.
    pub acv_minor: Option<i64>,
    /// Percent, 0 to 100.
    pub probability: Option<i32>,
    /// Who owns it.
    pub owner: Option<RepId>,
    /// Where it is sold.
    pub region: Option<RegionId>,
    /// To which segment.
    pub segment: Option<SegmentId>,
    /// New business, renewal, ... as the source system spells it.
    pub opportunity_type: Option<String>,
    /// The primary campaign.
    pub campaign: Option<CampaignId>,
    /// What happens next.
    pub next_step: Option<String>,
    /// Why it was won or lost, as whoever closed it said; null while it is open.
    pub close_reason: Option<String>,
    /// The product lines; null where it has none. The split by product is in proportion to the lines' ACV.
    pub line_set: Option<LineSetId>,
    /// False where the lines are those of a later day, scaled to this version's amount.
    pub lines_known: bool,
    /// Deleted: it counts nowhere from here on.
    pub is_deleted: bool,
    /// The change that brought it.
    pub recorded: DataVersion,
}

/// One line of an immutable set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The set it belongs to.
    pub line_set: LineSetId,
    /// Place in the set, from 0.
    pub position: i32,
    /// What is sold; null where the source system names no product that is known.
    pub product: Option<ProductId>,
    /// How many, in thousandths.
    pub quantity_milli: Option<i64>,
    /// Total price, minor units.
    pub amount_minor: i64,
    /// Annual contract value, minor units: amount / term in years, rounded once.
    pub acv_minor: i64,
    /// Length of the contract; null counts as one year.
    pub term_months: Option<i32>,
}

/// The lines of an opportunity as they stood together. Immutable: other lines are another set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineSet {
    /// Derived from (opportunity, content), so the same lines are the same set.
    pub id: LineSetId,
    /// Whose.
    pub opportunity: OpportunityId,
    /// In order of position.
    pub lines: Vec<Line>,
    /// The change that brought it.
    pub recorded: DataVersion,
}

/// A contact's part in an opportunity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactRole {
    /// Derived from the external id, or v7.
    pub id: ContactRoleId,
    /// Of which opportunity.
    pub opportunity: OpportunityId,
    /// Who.
    pub contact: ContactId,
    /// Decision maker, user, ... as the source system spells it.
    pub role: Option<String>,
    /// Whether this is the primary contact.
    pub is_primary: bool,
    /// Taken off again.
    pub is_deleted: bool,
    /// The change that brought this state of the row.
    pub recorded: DataVersion,
}

/// A rep's share of an opportunity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// Derived from the external id, or v7.
    pub id: SplitId,
    /// Of which opportunity.
    pub opportunity: OpportunityId,
    /// Whose share.
    pub rep: RepId,
    /// Hundredths of a percent, 0 to 10,000 for a revenue split.
    pub percentage_bp: i32,
    /// A revenue split (they total 100%) or, when true, an overlay.
    pub is_overlay: bool,
    /// Taken off again.
    pub is_deleted: bool,
    /// The change that brought this state of the row.
    pub recorded: DataVersion,
}
