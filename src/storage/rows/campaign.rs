//! Campaigns.

use super::column::columns;
use super::record::{Record, Row};
use pipewright_core::campaign::{Campaign, Channel};
use pipewright_core::ids::{CampaignId, DataVersion};
use sea_orm::DbErr;

columns! {
    /// What campaigns are filtered and ordered by.
    CampaignColumn {
        Id "id" Id;
        Name "name" Text;
        Channel "channel" Code or none;
        Parent "parent_id" Id or none;
        Status "status" Text or none;
        Kind "kind" Text or none;
        IsActive "is_active" Boolean;
        StartsOn "starts_day" Small or none;
        EndsOn "ends_day" Small or none;
        ExternalId "external_id" Text or none;
    }
}

impl Record for Campaign {
    type Column = CampaignColumn;
    const NOUN: &'static str = "Campaign";
    const SELECT: &'static str = "SELECT * FROM campaign WHERE NOT is_deleted";

    fn decode(row: &Row<'_>) -> Result<Self, DbErr> {
        Ok(Self {
            id: CampaignId(row.get("id")?),
            external_id: row.get("external_id")?,
            name: row.get("name")?,
            parent: row.id("parent_id", CampaignId)?,
            channel: row.optional_code("channel", &Channel::ALL)?,
            kind: row.get("kind")?,
            status: row.get("status")?,
            starts_on: row.optional_day("starts_day")?,
            ends_on: row.optional_day("ends_day")?,
            currency: row.parsed("currency")?,
            budgeted_cost_minor: row.get("budgeted_cost_minor")?,
            actual_cost_minor: row.get("actual_cost_minor")?,
            is_active: row.get("is_active")?,
            is_deleted: row.get("is_deleted")?,
            recorded: DataVersion(row.get("recorded")?),
        })
    }
}
