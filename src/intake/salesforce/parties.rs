//! Reps, products, campaigns, accounts, contacts and leads: one row of the export, one record.

use super::build::{Build, flag, is, money, or_stored, reference};
use super::places::{self, Buyer};
use crate::intake::IntakeError;
use crate::intake::known::KnownRep;
use crate::intake::report::Report;
use crate::intake::values::{decimal, id18};
use crate::intake::work::Record;
use crate::storage::Batch;
use chrono::{DateTime, TimeDelta};
use pipewright_core::campaign::Campaign;
use pipewright_core::catalog::Product;
use pipewright_core::ids::{AccountId, CampaignId, ContactId, DataVersion, LeadId, OpportunityId, ProductId, RepId, TenureId};
use pipewright_core::party::{Account, Contact, Lead};
use pipewright_core::rep::{Rep, Role, Tenure};
use rust_decimal::prelude::ToPrimitive;

/// `Name`, else first and last name, else what is stored, else the id.
fn person(row: &Record, stored: Option<&str>) -> String {
    if let Some(name) = row.text("Name") {
        return name;
    }
    let parts: Vec<&str> = [row.get("FirstName"), row.get("LastName")].into_iter().flatten().collect();
    if !parts.is_empty() {
        return parts.join(" ");
    }
    stored.unwrap_or(row.id()).to_owned()
}

/// `Name`, else what is stored, else the id.
fn name(row: &Record, stored: Option<&str>) -> String {
    row.get("Name").or(stored).unwrap_or(row.id()).to_owned()
}

pub(super) fn product(build: &Build<'_>, row: &Record, batch: &mut Batch) -> Result<(), IntakeError> {
    let stored: Option<Product> = build.work.stored("Product2", row.id())?;
    let stored = stored.as_ref();
    batch.products.push(Product {
        id: ProductId::derived(build.organisation, row.id()),
        external_id: Some(row.id().to_owned()),
        name: name(row, stored.map(|stored| stored.name.as_str())),
        code: or_stored(row, "ProductCode", row.text("ProductCode"), || stored?.code.clone()),
        family: or_stored(row, "Family", row.text("Family"), || stored?.family.clone()),
        is_active: is(row, "IsActive", stored.map(|stored| stored.is_active), true) && !flag(row, "IsDeleted"),
        recorded: DataVersion::default(),
    });
    Ok(())
}

pub(super) fn rep(build: &Build<'_>, row: &Record, batch: &mut Batch, report: &mut Report) -> Result<(), IntakeError> {
    let stored: Option<KnownRep> = build.work.stored("User", row.id())?;
    let before = stored.as_ref().map(|stored| &stored.rep);
    batch.reps.push(Rep {
        id: RepId::derived(build.organisation, row.id()),
        external_id: Some(row.id().to_owned()),
        name: person(row, before.map(|before| before.name.as_str())),
        email: or_stored(row, "Email", row.text("Email"), || before?.email.clone()),
        is_active: is(row, "IsActive", before.map(|before| before.is_active), true),
        hired_on: before.and_then(|before| before.hired_on),
        recorded: DataVersion::default(),
    });
    tenure(build, row, stored.as_ref().and_then(|stored| stored.last.as_ref()), batch, report)
}

/// What a user does since the last change: the first tenure from their creation, another from the change of role or manager
/// on. What is stored stays.
fn tenure(
    build: &Build<'_>,
    row: &Record,
    last: Option<&Tenure>,
    batch: &mut Batch,
    report: &mut Report,
) -> Result<(), IntakeError> {
    let rep = RepId::derived(build.organisation, row.id());
    let manager = reference(row, "ManagerId", build.known_rep(row.get("ManagerId"))?, || last?.manager);
    let (said, told) = role(build, row, report)?;
    // A role that the export names and does not carry may be the same as before, whatever the title says.
    let role = last.filter(|_| !told).map_or(said, |last| last.role);
    let valid_from = match last {
        None => build.instant(row, "CreatedDate").unwrap_or(DateTime::UNIX_EPOCH),
        Some(last) if (last.role, last.manager) == (role, manager) => return Ok(()),
        Some(last) => {
            let changed = build.instant(row, "LastModifiedDate").filter(|at| *at > last.valid_from);
            changed.unwrap_or(build.ledger.at).max(last.valid_from + TimeDelta::milliseconds(1))
        }
    };
    build.note_changed(std::iter::once(valid_from), report);
    batch.tenures.push(Tenure {
        id: TenureId::derived(build.organisation, &format!("{}\0{}", row.id(), valid_from.timestamp_millis())),
        rep,
        role,
        manager,
        valid_from,
        recorded: DataVersion::default(),
    });
    Ok(())
}

/// The selling role that the words of a user's role or title say, and whether it is to be taken for what the user does now: not
/// where the export names a role without carrying it, and, where it has no column of roles, only if the title says one. Of an
/// organisation whose exports tell roles by titles alone a promotion arrives so, and an odd title takes no role away.
fn role(build: &Build<'_>, row: &Record, report: &mut Report) -> Result<(Option<Role>, bool), IntakeError> {
    let name = match row.get("UserRoleId") {
        // UserRole.Name, from an export that has no UserRole.csv.
        Some(role) if id18(role).is_none() => Some(role.to_owned()),
        Some(role) => build.work.record("UserRole", role)?.and_then(|role| role.text("Name")),
        None => None,
    };
    let words: Vec<&str> = [name.as_deref(), row.get("Title")].into_iter().flatten().collect();
    let role = words.iter().find_map(|words| build.mapping.role(words));
    let told = match (&name, row.get("UserRoleId")) {
        (Some(_), _) => true,
        (None, Some(_)) => false,
        (None, None) => row.carries("UserRoleId") || role.is_some(),
    };
    match (role, words.first()) {
        (Some(_), _) => report.guess("selling role taken from the words of a user's role or title"),
        (None, Some(words)) => report.unmapped("user roles", words, 1),
        (None, None) => {}
    }
    Ok((role, told))
}

pub(super) fn campaign(build: &Build<'_>, row: &Record, batch: &mut Batch, report: &mut Report) -> Result<(), IntakeError> {
    let stored: Option<Campaign> = build.work.stored("Campaign", row.id())?;
    let stored = stored.as_ref();
    let currency = match stored {
        Some(stored) if !row.carries("CurrencyIsoCode") => stored.currency,
        _ => build.currency(row, report),
    };
    let kind = or_stored(row, "Type", row.text("Type"), || stored?.kind.clone());
    let channel = kind.as_deref().and_then(|kind| build.mapping.channel(kind));
    match (channel, kind.as_deref()) {
        (Some(_), _) => report.guess("channel taken from the words of a campaign's type"),
        (None, kind) => report.unmapped("campaign types", kind.unwrap_or("(none)"), 1),
    }
    batch.campaigns.push(Campaign {
        id: CampaignId::derived(build.organisation, row.id()),
        external_id: Some(row.id().to_owned()),
        name: name(row, stored.map(|stored| stored.name.as_str())),
        parent: reference(row, "ParentId", build.known_campaign(row.get("ParentId"))?, || stored?.parent),
        channel,
        kind,
        status: or_stored(row, "Status", row.text("Status"), || stored?.status.clone()),
        starts_on: or_stored(row, "StartDate", build.date(row, "StartDate"), || stored?.starts_on),
        ends_on: or_stored(row, "EndDate", build.date(row, "EndDate"), || stored?.ends_on),
        currency,
        budgeted_cost_minor: or_stored(row, "BudgetedCost", money(row, "BudgetedCost", currency), || stored?.budgeted_cost_minor),
        actual_cost_minor: or_stored(row, "ActualCost", money(row, "ActualCost", currency), || stored?.actual_cost_minor),
        is_active: is(row, "IsActive", stored.map(|stored| stored.is_active), false),
        is_deleted: is(row, "IsDeleted", stored.map(|stored| stored.is_deleted), false),
        recorded: DataVersion::default(),
    });
    Ok(())
}

pub(super) fn account(build: &Build<'_>, row: &Record, batch: &mut Batch, report: &mut Report) -> Result<(), IntakeError> {
    let buyer = Buyer { row: Some(row.clone()), stored: build.work.stored("Account", row.id())? };
    let (region, segment) = places::of_account(build, &buyer, batch, report);
    let stored = buyer.stored.as_ref();
    let employees = row.get("NumberOfEmployees").and_then(decimal).and_then(|count| count.to_i64());
    let revenue = money(row, "AnnualRevenue", build.reporting);
    batch.accounts.push(Account {
        id: AccountId::derived(build.organisation, row.id()),
        external_id: Some(row.id().to_owned()),
        name: name(row, stored.map(|stored| stored.name.as_str())),
        kind: or_stored(row, "Type", row.text("Type"), || stored?.kind.clone()),
        parent: reference(row, "ParentId", build.known_account(row.get("ParentId"))?, || stored?.parent),
        industry: or_stored(row, "Industry", row.text("Industry"), || stored?.industry.clone()),
        region,
        segment,
        country: or_stored(row, "BillingCountry", row.text("BillingCountry"), || stored?.country.clone()),
        state: or_stored(row, "BillingState", row.text("BillingState"), || stored?.state.clone()),
        employees: or_stored(row, "NumberOfEmployees", employees, || stored?.employees),
        annual_revenue_minor: or_stored(row, "AnnualRevenue", revenue, || stored?.annual_revenue_minor),
        website: or_stored(row, "Website", row.text("Website"), || stored?.website.clone()),
        owner: reference(row, "OwnerId", build.known_rep(row.get("OwnerId"))?, || stored?.owner),
        created_at: or_stored(row, "CreatedDate", build.instant(row, "CreatedDate"), || stored?.created_at),
        is_deleted: is(row, "IsDeleted", stored.map(|stored| stored.is_deleted), false),
        recorded: DataVersion::default(),
    });
    Ok(())
}

pub(super) fn contact(build: &Build<'_>, row: &Record, batch: &mut Batch) -> Result<(), IntakeError> {
    let stored: Option<Contact> = build.work.stored("Contact", row.id())?;
    let stored = stored.as_ref();
    batch.contacts.push(Contact {
        id: ContactId::derived(build.organisation, row.id()),
        external_id: Some(row.id().to_owned()),
        account: reference(row, "AccountId", build.known_account(row.get("AccountId"))?, || stored?.account),
        name: person(row, stored.map(|stored| stored.name.as_str())),
        title: or_stored(row, "Title", row.text("Title"), || stored?.title.clone()),
        department: or_stored(row, "Department", row.text("Department"), || stored?.department.clone()),
        email: or_stored(row, "Email", row.text("Email"), || stored?.email.clone()),
        phone: or_stored(row, "Phone", row.text("Phone"), || stored?.phone.clone()),
        lead_source: or_stored(row, "LeadSource", row.text("LeadSource"), || stored?.lead_source.clone()),
        owner: reference(row, "OwnerId", build.known_rep(row.get("OwnerId"))?, || stored?.owner),
        created_at: or_stored(row, "CreatedDate", build.instant(row, "CreatedDate"), || stored?.created_at),
        is_deleted: is(row, "IsDeleted", stored.map(|stored| stored.is_deleted), false),
        recorded: DataVersion::default(),
    });
    Ok(())
}

pub(super) fn lead(build: &Build<'_>, row: &Record, batch: &mut Batch) -> Result<(), IntakeError> {
    let stored: Option<Lead> = build.work.stored("Lead", row.id())?;
    let stored = stored.as_ref();
    let converted = |object: &str, column: &str| -> Result<Option<&str>, IntakeError> {
        let id = row.get(column);
        Ok(if build.is_known(object, id)? { id } else { None })
    };
    let contact = converted("Contact", "ConvertedContactId")?.map(|id| ContactId::derived(build.organisation, id));
    let opportunity =
        converted("Opportunity", "ConvertedOpportunityId")?.map(|id| OpportunityId::derived(build.organisation, id));
    let account = build.known_account(row.get("ConvertedAccountId"))?;
    batch.leads.push(Lead {
        id: LeadId::derived(build.organisation, row.id()),
        external_id: Some(row.id().to_owned()),
        name: person(row, stored.map(|stored| stored.name.as_str())),
        company: or_stored(row, "Company", row.text("Company"), || stored?.company.clone()),
        title: or_stored(row, "Title", row.text("Title"), || stored?.title.clone()),
        email: or_stored(row, "Email", row.text("Email"), || stored?.email.clone()),
        phone: or_stored(row, "Phone", row.text("Phone"), || stored?.phone.clone()),
        status: or_stored(row, "Status", row.text("Status"), || stored?.status.clone()),
        lead_source: or_stored(row, "LeadSource", row.text("LeadSource"), || stored?.lead_source.clone()),
        industry: or_stored(row, "Industry", row.text("Industry"), || stored?.industry.clone()),
        owner: reference(row, "OwnerId", build.known_rep(row.get("OwnerId"))?, || stored?.owner),
        created_at: or_stored(row, "CreatedDate", build.instant(row, "CreatedDate"), || stored?.created_at),
        converted_on: or_stored(row, "ConvertedDate", build.date(row, "ConvertedDate"), || stored?.converted_on),
        converted_account: reference(row, "ConvertedAccountId", account, || stored?.converted_account),
        converted_contact: reference(row, "ConvertedContactId", contact, || stored?.converted_contact),
        converted_opportunity: reference(row, "ConvertedOpportunityId", opportunity, || stored?.converted_opportunity),
        is_deleted: is(row, "IsDeleted", stored.map(|stored| stored.is_deleted), false),
        recorded: DataVersion::default(),
    });
    Ok(())
}
