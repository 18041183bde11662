//! Campaigns in a hierarchy, each of one marketing channel.

use crate::currency::CurrencyCode;
use crate::ids::{CampaignId, DataVersion};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// The six marketing channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Channel {
    /// Brand awareness.
    Brand = 0,
    /// Demand generation.
    DemandGeneration = 1,
    /// Events.
    Events = 2,
    /// Account-based marketing.
    Abm = 3,
    /// Digital.
    Digital = 4,
    /// Enablement.
    Enablement = 5,
}

impl Channel {
    /// All six, in the order of their codes.
    pub const ALL: [Self; 6] = [Self::Brand, Self::DemandGeneration, Self::Events, Self::Abm, Self::Digital, Self::Enablement];
}

/// A marketing campaign. At most five levels deep, as in Salesforce.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Campaign {
    /// Derived from the external id, or v7.
    pub id: CampaignId,
    /// The source system's id.
    pub external_id: Option<String>,
    /// The campaign's name.
    pub name: String,
    /// The campaign above it.
    pub parent: Option<CampaignId>,
    /// Its channel; null where the source system's type maps to none.
    pub channel: Option<Channel>,
    /// The source system's type, as it spells it.
    pub kind: Option<String>,
    /// The source system's status, as it spells it.
    pub status: Option<String>,
    /// First day.
    pub starts_on: Option<NaiveDate>,
    /// Last day.
    pub ends_on: Option<NaiveDate>,
    /// The currency of both costs.
    pub currency: CurrencyCode,
    /// Planned cost, minor units.
    pub budgeted_cost_minor: Option<i64>,
    /// Cost so far, minor units.
    pub actual_cost_minor: Option<i64>,
    /// Whether it runs.
    pub is_active: bool,
    /// Deleted in the source system.
    pub is_deleted: bool,
    /// The change that brought this state of the row.
    pub recorded: DataVersion,
}
