//! What campaigns and channels cost and brought: cost, responses, people, influence, attributed pipeline and ACV, return.
//!
//! Amounts add up: the rows of one answer, each by itself, come to its total to the minor unit. Counts of people and of
//! opportunities are distinct, and do not.

mod cost;
mod earned;
mod figures;
mod reach;
mod tree;

pub use cost::in_days;
pub(crate) use figures::quotient;
pub use figures::{CampaignFigures, NoRatio, cost_per_pipeline_dollar, realised_roi, simple_roi};

use crate::attribution::{CreditError, ModelCredit};
use crate::calendar::Period;
use crate::campaign::Channel;
use crate::dimension::Filter;
use crate::facts::Snapshot;
use crate::facts::reading::Reading;
use crate::ids::{CampaignId, DataVersion};
use crate::viewer::Scope;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use tree::{Slot, Tree};

/// What the rows are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CampaignsBy {
    /// One for each of the six channels.
    Channel,
    /// One for each campaign with anything to show.
    Campaign,
}

/// The performance of campaigns, asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct CampaignQuery {
    /// For which period.
    pub period: Period,
    /// As known when.
    pub as_of: DateTime<Utc>,
    /// Which recorded changes count; `None`: all of the snapshot.
    pub data_version: Option<DataVersion>,
    /// Which opportunities count (for PRODUCT and SOURCE: which shares of them).
    pub filter: Filter,
    /// What the rows are.
    pub by: CampaignsBy,
}

/// What a row is about. In the order in which they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum CampaignRowKey {
    /// A channel.
    Channel(Channel),
    /// A campaign.
    Campaign(CampaignId),
    /// By channel: campaigns without one. By campaign: touchpoints of a channel that name no campaign.
    Elsewhere,
    /// What the model gives the selling roles.
    Roles,
    /// What the model gives nobody.
    Unattributed,
}

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub struct CampaignRow {
    /// What it is about.
    pub key: CampaignRowKey,
    /// The campaign right above it.
    pub parent: Option<CampaignId>,
    /// How many campaigns stand above it.
    pub depth: u32,
    /// Its own.
    pub own: CampaignFigures,
    /// Its own and those of all campaigns below it.
    pub total: CampaignFigures,
}

/// What campaigns cost and brought.
#[derive(Debug, Clone, PartialEq)]
pub struct CampaignPerformance {
    /// The last change that counts.
    pub data_version: DataVersion,
    /// Channels in their order; campaigns by attributed pipeline and closed ACV, the most first; then the other rows.
    pub rows: Vec<CampaignRow>,
    /// All rows together, each by itself; people and opportunities distinct.
    pub total: CampaignFigures,
}

/// Answers what campaigns or channels cost and brought.
///
/// # Errors
/// The model failed.
pub fn campaign_performance(
    snapshot: &Snapshot,
    query: &CampaignQuery,
    scope: &Scope,
    model: &ModelCredit,
) -> Result<CampaignPerformance, CreditError> {
    let reading = Reading::new(snapshot, query.as_of, query.data_version);
    let mut tree = Tree::new(snapshot, query.by);
    if scope.is_unrestricted() {
        cost::add(&reading, query.period, &mut tree);
        reach::add(&reading, query.period, &mut tree);
    }
    earned::add(&reading, query, scope, model, &mut tree)?;
    let (total, by_slot) = tree.rolled_up();
    let row = |slot: Slot, own, total| CampaignRow {
        key: tree.key(slot),
        parent: tree.parent(slot).and_then(|code| snapshot.campaign_of_code(code)),
        depth: tree.depth(slot),
        own,
        total,
    };
    let mut rows: Vec<CampaignRow> = by_slot.into_iter().map(|(slot, own, total)| row(slot, own, total)).collect();
    rows.sort_by_key(CampaignRow::place);
    Ok(CampaignPerformance { data_version: snapshot.version_of(query.data_version), rows, total })
}

impl CampaignRow {
    /// Where it stands among the rows.
    pub fn place(&self) -> (u8, Reverse<i64>, CampaignRowKey) {
        let earned = self.total.attributed_pipeline_minor + self.total.attributed_closed_minor;
        match self.key {
            CampaignRowKey::Channel(channel) => (channel as u8, Reverse(0), self.key),
            CampaignRowKey::Campaign(_) => (0, Reverse(earned), self.key),
            CampaignRowKey::Elsewhere => (100, Reverse(0), self.key),
            CampaignRowKey::Roles => (101, Reverse(0), self.key),
            CampaignRowKey::Unattributed => (102, Reverse(0), self.key),
        }
    }
}
