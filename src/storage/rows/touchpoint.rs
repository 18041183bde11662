//! Touchpoints.

use super::column::columns;
use super::record::{Record, Row};
use pipewright_core::campaign::Channel;
use pipewright_core::ids::{AccountId, CampaignId, ContactId, DataVersion, LeadId, OpportunityId, RepId, TouchpointId};
use pipewright_core::touchpoint::{Touchpoint, TouchpointKind};
use sea_orm::DbErr;

/// All nine, in the order of their codes.
const KINDS: [TouchpointKind; 9] = [
    TouchpointKind::BareVisit,
    TouchpointKind::Response,
    TouchpointKind::Inclusion,
    TouchpointKind::Call,
    TouchpointKind::Email,
    TouchpointKind::Meeting,
    TouchpointKind::Task,
    TouchpointKind::LeadConversion,
    TouchpointKind::HandOff,
];

columns! {
    /// What touchpoints are filtered and ordered by.
    TouchpointColumn {
        Id "id" Id;
        At "at_ms" Integer;
        Kind "kind" Code;
        Channel "channel" Code or none;
        Rep "rep_id" Id or none;
        Campaign "campaign_id" Id or none;
        Contact "contact_id" Id or none;
        Lead "lead_id" Id or none;
        Account "account_id" Id or none;
        Opportunity "opportunity_id" Id or none;
        ExternalId "external_id" Text or none;
    }
}

impl Record for Touchpoint {
    type Column = TouchpointColumn;
    const NOUN: &'static str = "Touchpoint";
    const SELECT: &'static str = "SELECT * FROM touchpoint";

    fn decode(row: &Row<'_>) -> Result<Self, DbErr> {
        Ok(Self {
            id: TouchpointId(row.get("id")?),
            external_id: row.get("external_id")?,
            at: row.instant("at_ms")?,
            kind: row.code("kind", &KINDS)?,
            channel: row.optional_code("channel", &Channel::ALL)?,
            rep: row.id("rep_id", RepId)?,
            campaign: row.id("campaign_id", CampaignId)?,
            contact: row.id("contact_id", ContactId)?,
            lead: row.id("lead_id", LeadId)?,
            account: row.id("account_id", AccountId)?,
            opportunity: row.id("opportunity_id", OpportunityId)?,
            recorded: DataVersion(row.get("recorded")?),
        })
    }
}
