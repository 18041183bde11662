//! Reps, products, campaigns, accounts, contacts, leads and targets: one row of the export, one record.

use super::build::{Build, flag, money};
use crate::intake::IntakeError;
use crate::intake::report::Report;
use crate::intake::values::{boolean, decimal};
use crate::intake::work::Record;
use crate::storage::Batch;
use chrono::{DateTime, Utc};
use pipewright_core::calendar::{Period, PeriodName};
use pipewright_core::campaign::Campaign;
use pipewright_core::catalog::Product;
use pipewright_core::dimension::{CellKey, Dimension, DimensionValue};
use pipewright_core::ids::{CampaignId, ContactId, DataVersion, LeadId, OpportunityId, ProductId, RepId, TargetId, TenureId};
use pipewright_core::party::{Account, Contact, Lead};
use pipewright_core::rep::{Rep, Tenure};
use pipewright_core::target::{Measure, Target};
use rust_decimal::prelude::ToPrimitive;

/// `Name`, else first and last name, else the id.
fn person(row: &Record) -> String {
    row.text("Name").unwrap_or_else(|| {
        let parts: Vec<&str> = [row.get("FirstName"), row.get("LastName")].into_iter().flatten().collect();
        if parts.is_empty() { row.id().to_owned() } else { parts.join(" ") }
    })
}

pub(super) fn product(build: &Build<'_>, row: &Record, batch: &mut Batch) {
    batch.products.push(Product {
        id: ProductId::derived(build.organisation, row.id()),
        external_id: Some(row.id().to_owned()),
        name: row.text("Name").unwrap_or_else(|| row.id().to_owned()),
        code: row.text("ProductCode"),
        family: row.text("Family"),
        is_active: row.get("IsActive").and_then(boolean).unwrap_or(true) && !flag(row, "IsDeleted"),
        recorded: DataVersion::default(),
    });
}

pub(super) fn rep(build: &Build<'_>, row: &Record, batch: &mut Batch, report: &mut Report) -> Result<(), IntakeError> {
    let id = RepId::derived(build.organisation, row.id());
    let created_at = build.instant(row, "CreatedDate");
    batch.reps.push(Rep {
        id,
        external_id: Some(row.id().to_owned()),
        name: person(row),
        email: row.text("Email"),
        is_active: row.get("IsActive").and_then(boolean).unwrap_or(true),
        hired_on: None,
        recorded: DataVersion::default(),
    });
    let role_name = match row.get("UserRoleId") {
        Some(role) => build.work.record("UserRole", role)?.and_then(|role| role.text("Name")),
        None => None,
    };
    let words: Vec<&str> = [role_name.as_deref(), row.get("Title")].into_iter().flatten().collect();
    let role = words.iter().find_map(|words| build.mapping.role(words));
    match (role, words.first()) {
        (Some(_), _) => report.guess("selling role taken from the words of a user's role or title"),
        (None, Some(words)) => report.unmapped("user roles", words, 1),
        (None, None) => {}
    }
    let valid_from = created_at.unwrap_or(DateTime::UNIX_EPOCH);
    batch.tenures.push(Tenure {
        id: TenureId::derived(build.organisation, &format!("{}\0{}", row.id(), valid_from.timestamp_millis())),
        rep: id,
        role,
        manager: build.known_rep(row.get("ManagerId"))?,
        valid_from,
        recorded: DataVersion::default(),
    });
    Ok(())
}

pub(super) fn campaign(build: &Build<'_>, row: &Record, batch: &mut Batch, report: &mut Report) -> Result<(), IntakeError> {
    let currency = build.currency(row, report);
    let channel = row.get("Type").and_then(|kind| build.mapping.channel(kind));
    match (channel, row.get("Type")) {
        (Some(_), _) => report.guess("channel taken from the words of a campaign's type"),
        (None, Some(kind)) => report.unmapped("campaign types", kind, 1),
        (None, None) => report.unmapped("campaign types", "(none)", 1),
    }
    batch.campaigns.push(Campaign {
        id: CampaignId::derived(build.organisation, row.id()),
        external_id: Some(row.id().to_owned()),
        name: row.text("Name").unwrap_or_else(|| row.id().to_owned()),
        parent: build.known_campaign(row.get("ParentId"))?,
        channel,
        kind: row.text("Type"),
        status: row.text("Status"),
        starts_on: build.date(row, "StartDate"),
        ends_on: build.date(row, "EndDate"),
        currency,
        budgeted_cost_minor: money(row, "BudgetedCost", currency),
        actual_cost_minor: money(row, "ActualCost", currency),
        is_active: flag(row, "IsActive"),
        is_deleted: flag(row, "IsDeleted"),
        recorded: DataVersion::default(),
    });
    Ok(())
}

pub(super) fn account(build: &Build<'_>, row: &Record, batch: &mut Batch, report: &mut Report) -> Result<(), IntakeError> {
    let id = build.known_account(Some(row.id()))?.expect("a row of the work file is known there");
    let region = build.region(None, Some(row), batch, report);
    let segment = build.segment(None, Some(row), batch, report);
    batch.accounts.push(Account {
        id,
        external_id: Some(row.id().to_owned()),
        name: row.text("Name").unwrap_or_else(|| row.id().to_owned()),
        kind: row.text("Type"),
        parent: build.known_account(row.get("ParentId"))?,
        industry: row.text("Industry"),
        region,
        segment,
        country: row.text("BillingCountry"),
        state: row.text("BillingState"),
        employees: row.get("NumberOfEmployees").and_then(decimal).and_then(|count| count.to_i64()),
        annual_revenue_minor: money(row, "AnnualRevenue", build.reporting),
        website: row.text("Website"),
        owner: build.known_rep(row.get("OwnerId"))?,
        created_at: build.instant(row, "CreatedDate"),
        is_deleted: flag(row, "IsDeleted"),
        recorded: DataVersion::default(),
    });
    Ok(())
}

pub(super) fn contact(build: &Build<'_>, row: &Record, batch: &mut Batch) -> Result<(), IntakeError> {
    batch.contacts.push(Contact {
        id: ContactId::derived(build.organisation, row.id()),
        external_id: Some(row.id().to_owned()),
        account: build.known_account(row.get("AccountId"))?,
        name: person(row),
        title: row.text("Title"),
        department: row.text("Department"),
        email: row.text("Email"),
        phone: row.text("Phone"),
        lead_source: row.text("LeadSource"),
        owner: build.known_rep(row.get("OwnerId"))?,
        created_at: build.instant(row, "CreatedDate"),
        is_deleted: flag(row, "IsDeleted"),
        recorded: DataVersion::default(),
    });
    Ok(())
}

pub(super) fn lead(build: &Build<'_>, row: &Record, batch: &mut Batch) -> Result<(), IntakeError> {
    let converted = |object: &str, column: &str| -> Result<Option<String>, IntakeError> {
        let id = row.get(column);
        Ok(if build.is_known(object, id)? { id.map(str::to_owned) } else { None })
    };
    let contact = converted("Contact", "ConvertedContactId")?;
    let opportunity = converted("Opportunity", "ConvertedOpportunityId")?;
    batch.leads.push(Lead {
        id: LeadId::derived(build.organisation, row.id()),
        external_id: Some(row.id().to_owned()),
        name: person(row),
        company: row.text("Company"),
        title: row.text("Title"),
        email: row.text("Email"),
        phone: row.text("Phone"),
        status: row.text("Status"),
        lead_source: row.text("LeadSource"),
        industry: row.text("Industry"),
        owner: build.known_rep(row.get("OwnerId"))?,
        created_at: build.instant(row, "CreatedDate"),
        converted_on: build.date(row, "ConvertedDate"),
        converted_account: build.known_account(row.get("ConvertedAccountId"))?,
        converted_contact: contact.map(|id| ContactId::derived(build.organisation, &id)),
        converted_opportunity: opportunity.map(|id| OpportunityId::derived(build.organisation, &id)),
        is_deleted: flag(row, "IsDeleted"),
        recorded: DataVersion::default(),
    });
    Ok(())
}

/// A quota is the owner's target for closed ACV. The period is that of its Period row, else the quarter of its start.
pub(super) fn target(build: &Build<'_>, row: &Record, batch: &mut Batch, report: &mut Report) -> Result<(), IntakeError> {
    let (Some(start), Some(amount_minor)) = (build.date(row, "StartDate"), money(row, "QuotaAmount", build.reporting)) else {
        report.leave_out("quotas without a start or an amount", 1);
        return Ok(());
    };
    let Some(owner) = build.known_rep(row.get("QuotaOwnerId"))? else {
        report.leave_out("quotas of users that the export does not hold", 1);
        return Ok(());
    };
    let period = match row.get("PeriodId") {
        Some(period) => build.work.record("Period", period)?,
        None => None,
    };
    let own = period.and_then(|period| Some((build.date(&period, "StartDate")?, build.date(&period, "EndDate")?.succ_opt()?)));
    let named = [build.calendar.month_of(start), build.calendar.quarter_of(start), build.calendar.year_of(start)];
    let period = match own {
        Some((start, end)) => {
            let fits = |name: &PeriodName| {
                let Period { start: first, end: last, .. } = build.calendar.period(*name);
                (first, last) == (start, end)
            };
            named.into_iter().find(fits).unwrap_or(PeriodName::Range(start, end))
        }
        None => {
            report.guess("a quota without a Period row is for the quarter of its start");
            named[1]
        }
    };
    let valid_from: DateTime<Utc> = build
        .instant(row, "LastModifiedDate")
        .or_else(|| build.instant(row, "CreatedDate"))
        .unwrap_or_else(|| build.calendar.start_of_day(start));
    let key = CellKey::new(vec![(Dimension::Owner, DimensionValue::Entity(owner.0))]).expect("one part is no duplicate");
    batch.targets.push(Target {
        // A quota that was changed is another row: what held before stays.
        id: TargetId::derived(build.organisation, &format!("{}\0{amount_minor}\0{}", row.id(), valid_from.timestamp_millis())),
        measure: Measure::ClosedAcv,
        period,
        key,
        amount_minor,
        valid_from,
        sequence: 0,
        recorded: DataVersion::default(),
    });
    Ok(())
}
