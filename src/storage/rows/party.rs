//! Accounts, contacts and leads.

use super::column::columns;
use super::record::{Record, Row};
use pipewright_core::ids::{AccountId, ContactId, DataVersion, LeadId, OpportunityId, RegionId, RepId, SegmentId};
use pipewright_core::party::{Account, Contact, Lead};
use sea_orm::DbErr;

columns! {
    /// What accounts are filtered and ordered by.
    AccountColumn {
        Id "id" Id;
        Name "name" Text;
        Industry "industry" Text or none;
        Kind "kind" Text or none;
        Country "country" Text or none;
        Region "region_id" Id or none;
        Segment "segment_id" Id or none;
        Owner "owner_id" Id or none;
        Parent "parent_id" Id or none;
        CreatedAt "created_at_ms" Integer or none;
        ExternalId "external_id" Text or none;
    }
}

impl Record for Account {
    type Column = AccountColumn;
    const NOUN: &'static str = "Account";
    const SELECT: &'static str = "SELECT * FROM account WHERE NOT is_deleted";

    fn decode(row: &Row<'_>) -> Result<Self, DbErr> {
        Ok(Self {
            id: AccountId(row.get("id")?),
            external_id: row.get("external_id")?,
            name: row.get("name")?,
            kind: row.get("kind")?,
            parent: row.id("parent_id", AccountId)?,
            industry: row.get("industry")?,
            region: row.id("region_id", RegionId)?,
            segment: row.id("segment_id", SegmentId)?,
            country: row.get("country")?,
            state: row.get("state")?,
            employees: row.get("employees")?,
            annual_revenue_minor: row.get("annual_revenue_minor")?,
            website: row.get("website")?,
            owner: row.id("owner_id", RepId)?,
            created_at: row.optional_instant("created_at_ms")?,
            is_deleted: row.get("is_deleted")?,
            recorded: DataVersion(row.get("recorded")?),
        })
    }
}

columns! {
    /// What contacts are filtered and ordered by.
    ContactColumn {
        Id "id" Id;
        Name "name" Text;
        Title "title" Text or none;
        Account "account_id" Id or none;
        Owner "owner_id" Id or none;
        CreatedAt "created_at_ms" Integer or none;
        ExternalId "external_id" Text or none;
    }
}

impl Record for Contact {
    type Column = ContactColumn;
    const NOUN: &'static str = "Contact";
    const SELECT: &'static str = "SELECT * FROM contact WHERE NOT is_deleted";

    fn decode(row: &Row<'_>) -> Result<Self, DbErr> {
        Ok(Self {
            id: ContactId(row.get("id")?),
            external_id: row.get("external_id")?,
            account: row.id("account_id", AccountId)?,
            name: row.get("name")?,
            title: row.get("title")?,
            department: row.get("department")?,
            email: row.get("email")?,
            phone: row.get("phone")?,
            lead_source: row.get("lead_source")?,
            owner: row.id("owner_id", RepId)?,
            created_at: row.optional_instant("created_at_ms")?,
            is_deleted: row.get("is_deleted")?,
            recorded: DataVersion(row.get("recorded")?),
        })
    }
}

columns! {
    /// What leads are filtered and ordered by.
    LeadColumn {
        Id "id" Id;
        Name "name" Text;
        Company "company" Text or none;
        Status "status" Text or none;
        Owner "owner_id" Id or none;
        CreatedAt "created_at_ms" Integer or none;
        ConvertedOn "converted_day" Small or none;
        ConvertedOpportunity "converted_opportunity_id" Id or none;
        ExternalId "external_id" Text or none;
    }
}

impl Record for Lead {
    type Column = LeadColumn;
    const NOUN: &'static str = "Lead";
    const SELECT: &'static str = "SELECT * FROM lead WHERE NOT is_deleted";

    fn decode(row: &Row<'_>) -> Result<Self, DbErr> {
        Ok(Self {
            id: LeadId(row.get("id")?),
            external_id: row.get("external_id")?,
            name: row.get("name")?,
            company: row.get("company")?,
            title: row.get("title")?,
            email: row.get("email")?,
            phone: row.get("phone")?,
            status: row.get("status")?,
            lead_source: row.get("lead_source")?,
            industry: row.get("industry")?,
            owner: row.id("owner_id", RepId)?,
            created_at: row.optional_instant("created_at_ms")?,
            converted_on: row.optional_day("converted_day")?,
            converted_account: row.id("converted_account_id", AccountId)?,
            converted_contact: row.id("converted_contact_id", ContactId)?,
            converted_opportunity: row.id("converted_opportunity_id", OpportunityId)?,
            is_deleted: row.get("is_deleted")?,
            recorded: DataVersion(row.get("recorded")?),
        })
    }
}
