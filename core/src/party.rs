//! Accounts, contacts and leads: whom the company sells to.

use crate::ids::{AccountId, ContactId, DataVersion, LeadId, OpportunityId, RegionId, RepId, SegmentId};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// A company that buys, or may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Derived from the external id, or v7.
    pub id: AccountId,
    /// The source system's id.
    pub external_id: Option<String>,
    /// The company's name.
    pub name: String,
    /// The source system's kind of account, such as `Customer - Direct`.
    pub kind: Option<String>,
    /// The account above it.
    pub parent: Option<AccountId>,
    /// Its industry, as the source system spells it.
    pub industry: Option<String>,
    /// Where it is sold to.
    pub region: Option<RegionId>,
    /// Its market segment.
    pub segment: Option<SegmentId>,
    /// Billing country.
    pub country: Option<String>,
    /// Billing state or province.
    pub state: Option<String>,
    /// People employed.
    pub employees: Option<i64>,
    /// Yearly revenue in minor units of the reporting currency.
    pub annual_revenue_minor: Option<i64>,
    /// Web site.
    pub website: Option<String>,
    /// Who owns it.
    pub owner: Option<RepId>,
    /// When the source system made it.
    pub created_at: Option<DateTime<Utc>>,
    /// Deleted in the source system.
    pub is_deleted: bool,
    /// The change that brought this state of the row.
    pub recorded: DataVersion,
}

/// A person at an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Derived from the external id, or v7.
    pub id: ContactId,
    /// The source system's id.
    pub external_id: Option<String>,
    /// Where they work.
    pub account: Option<AccountId>,
    /// Full name.
    pub name: String,
    /// Title.
    pub title: Option<String>,
    /// Department.
    pub department: Option<String>,
    /// Personal field.
    pub email: Option<String>,
    /// Personal field.
    pub phone: Option<String>,
    /// The source system's lead source, as it spells it.
    pub lead_source: Option<String>,
    /// Who owns it.
    pub owner: Option<RepId>,
    /// When the source system made it.
    pub created_at: Option<DateTime<Utc>>,
    /// Deleted in the source system.
    pub is_deleted: bool,
    /// The change that brought this state of the row.
    pub recorded: DataVersion,
}

/// A person not yet at an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lead {
    /// Derived from the external id, or v7.
    pub id: LeadId,
    /// The source system's id.
    pub external_id: Option<String>,
    /// Full name.
    pub name: String,
    /// The company they named.
    pub company: Option<String>,
    /// Title.
    pub title: Option<String>,
    /// Personal field.
    pub email: Option<String>,
    /// Personal field.
    pub phone: Option<String>,
    /// The source system's status, as it spells it.
    pub status: Option<String>,
    /// The source system's lead source, as it spells it.
    pub lead_source: Option<String>,
    /// Industry.
    pub industry: Option<String>,
    /// Who owns it.
    pub owner: Option<RepId>,
    /// When the source system made it.
    pub created_at: Option<DateTime<Utc>>,
    /// The day it was converted; null while it is a lead.
    pub converted_on: Option<NaiveDate>,
    /// The account it became part of.
    pub converted_account: Option<AccountId>,
    /// The contact it became.
    pub converted_contact: Option<ContactId>,
    /// The opportunity opened with it.
    pub converted_opportunity: Option<OpportunityId>,
    /// Deleted in the source system.
    pub is_deleted: bool,
    /// The change that brought this state of the row.
    pub recorded: DataVersion,
}
