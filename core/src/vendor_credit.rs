//! What other systems say earned an opportunity: kept as they say it, to be compared with our own models, never mixed in.

use crate::ids::{CampaignId, ContactId, DataVersion, OpportunityId, TouchpointId, VendorCreditId};
use serde::{Deserialize, Serialize};

/// A whole: shares are in parts per million.
pub const WHOLE_PPM: i32 = 1_000_000;

/// One vendor's credit for one opportunity. A later export of the same row replaces it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VendorCredit {
    /// Derived from the external id.
    pub id: VendorCreditId,
    /// The vendor's own id of the row; where it gives none, one made of vendor, opportunity and touchpoint.
    pub external_id: String,
    /// Which system and model says so: a Salesforce influence model's developer name, or the file's name.
    pub vendor: String,
    /// What is credited for.
    pub opportunity: OpportunityId,
    /// The campaign that is credited; `None` where the vendor names none that is known.
    pub campaign: Option<CampaignId>,
    /// The touchpoint that is credited; `None` where the vendor names none that is known.
    pub touchpoint: Option<TouchpointId>,
    /// The person through whom; `None` where the vendor names none that is known.
    pub contact: Option<ContactId>,
    /// The share of the opportunity, parts per million, 0 to [`WHOLE_PPM`]. A vendor's shares of one opportunity need not
    /// add up to a whole.
    pub share_ppm: i32,
    /// The vendor's own share of the amount, minor units of the opportunity's currency; `None` where it says none.
    pub revenue_minor: Option<i64>,
    /// The change that brought it.
    pub recorded: DataVersion,
}
