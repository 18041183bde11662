//! An opportunity with its versions, lines, contact roles and splits.

use super::build::{Build, Page, category, flag, money, percent};
use super::history::{FieldChange, HistoryRow, Told, Tracked, differences, rebuild, same_content, to_add};
use crate::intake::IntakeError;
use crate::intake::report::Report;
use crate::intake::values::{decimal, id18, minor, proportion, scaled};
use crate::intake::work::Record;
use chrono::{DateTime, Utc};
use pipewright_core::catalog::ForecastCategory;
use pipewright_core::currency::CurrencyCode;
use pipewright_core::ids::{
    CampaignId, ContactId, ContactRoleId, DataVersion, LineSetId, OpportunityId, ProductId, RepId, SplitId, StageId,
};
use pipewright_core::opportunity::{ContactRole, Line, LineSet, Opportunity, Split, Version};
use rust_decimal::prelude::ToPrimitive;

/// An opportunity whose versions depend on those stored.
pub struct Candidate {
    external_id: String,
    stage: String,
    /// What the export says of it.
    pub told: Told,
}

impl Candidate {
    /// The versions to add to those stored; the comparison with Opportunity.csv goes into the report.
    pub fn versions(&self, stored: &[Version], report: &mut Report) -> Vec<Version> {
        let current = &self.told.current;
        let added = to_add(stored, &self.told);
        let last = added.iter().chain(stored).max_by_key(|version| (version.valid_from, version.sequence));
        let reconciliation = &mut report.reconciliation;
        reconciliation.opportunities += 1;
        reconciliation.agree += u64::from(last.is_some_and(|last| same_content(last, current)));
        if let Some(told) = rebuild(&self.told).last() {
            reconciliation.corrected += u64::from(!same_content(told, current));
            differences(&self.external_id, told, current).into_iter().for_each(|difference| reconciliation.differs(difference));
        }
        let total = reconciliation.stages.entry(self.stage.clone()).or_default();
        total.exported += 1;
        total.exported_acv_minor += current.acv_minor.unwrap_or(0);
        if let Some(last) = last.filter(|last| last.stage == current.stage) {
            total.rebuilt += 1;
            total.rebuilt_acv_minor += last.acv_minor.unwrap_or(0);
        }
        report.versions += added.len() as u64;
        added
    }
}

struct Lines {
    set: LineSet,
    changed_at: Option<DateTime<Utc>>,
    acv_minor: i64,
    has_terms: bool,
}

pub(super) fn opportunity(build: &Build<'_>, row: &Record, page: &mut Page, report: &mut Report) -> Result<(), IntakeError> {
    let (Some(created_at), Some(close_date), Some(stage_name)) =
        (build.instant(row, "CreatedDate"), build.date(row, "CloseDate"), row.get("StageName"))
    else {
        report.leave_out("opportunities without a stage, close date or creation date", 1);
        return Ok(());
    };
    let id = OpportunityId::derived(build.organisation, row.id());
    let currency = build.currency(row, report);
    let account = match row.get("AccountId") {
        Some(account) => build.work.record("Account", account)?,
        None => None,
    };
    let history = history_rows(build, row, currency)?;
    let changes = field_changes(build, row, report)?;
    let lines = lines(build, row, id, currency)?;
    let amount_minor = money(row, "Amount", currency);
    let lead_source = row.text("LeadSource");
    let lead_source_maps_to = lead_source.as_deref().and_then(|text| build.mapping.lead_source(text));
    if let Some(text) = lead_source.as_deref() {
        match lead_source_maps_to {
            Some(_) if row.get("CampaignId").is_none() => report.guess("source taken from Opportunity.LeadSource by its words"),
            Some(_) => {}
            None => report.unmapped("lead sources", text, 1),
        }
    }
    page.batch.opportunities.push(Opportunity {
        id,
        external_id: Some(row.id().to_owned()),
        account: build.known_account(row.get("AccountId"))?,
        created_at,
        created_by: build.known_rep(row.get("CreatedById"))?,
        lead_source,
        lead_source_maps_to,
        last_activity_on: build.date(row, "LastActivityDate"),
        description: row.text("Description"),
        recorded: DataVersion::default(),
    });
    let last_history = history.iter().max_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
    let stage = StageId::derived(build.organisation, stage_name);
    let last_at = history.iter().map(|row| row.at).chain(changes.iter().map(|change| change.at)).max();
    let modified_at = build.instant(row, "LastModifiedDate").unwrap_or(created_at).max(created_at);
    let acv_minor = own_acv(build, row, currency, lines.as_ref(), amount_minor, report);
    let current = Version {
        opportunity: id,
        valid_from: modified_at.max(last_at.unwrap_or(modified_at)),
        sequence: 0,
        name: row.text("Name").unwrap_or_default(),
        stage,
        forecast_category: own_category(build, row, stage_name, last_history.filter(|row| row.stage == stage), report),
        close_date,
        currency,
        amount_minor,
        acv_minor,
        probability: percent(row, "Probability"),
        owner: build.known_rep(row.get("OwnerId"))?,
        region: build.region(Some(row), account.as_ref(), &mut page.batch, report),
        segment: build.segment(Some(row), account.as_ref(), &mut page.batch, report),
        opportunity_type: row.text("Type"),
        campaign: build.known_campaign(row.get("CampaignId"))?,
        next_step: row.text("NextStep"),
        line_set: lines.as_ref().map(|lines| lines.set.id),
        lines_known: true,
        is_deleted: flag(row, "IsDeleted"),
        recorded: DataVersion::default(),
    };
    let lines_at = lines.as_ref().and_then(|lines| lines.changed_at);
    page.batch.line_sets.extend(lines.map(|lines| lines.set));
    contact_roles(build, row, id, page)?;
    splits(build, row, id, page)?;
    let told = Told { current, created_at, rows: history, changes, lines_at };
    page.candidates.push(Candidate { external_id: row.id().to_owned(), stage: stage_name.to_owned(), told });
    Ok(())
}

/// The ACV of today: its own column, else its lines' where one has a term, else the amount.
fn own_acv(
    build: &Build<'_>,
    row: &Record,
    currency: CurrencyCode,
    lines: Option<&Lines>,
    amount_minor: Option<i64>,
    report: &mut Report,
) -> Option<i64> {
    if let Some(acv) = Build::mapped_number(&build.mapping.columns.acv, row).and_then(|text| minor(text, currency.decimals())) {
        return Some(acv);
    }
    if let Some(lines) = lines.filter(|lines| lines.has_terms) {
        return Some(lines.acv_minor);
    }
    if amount_minor.is_some() {
        report.guess("ACV taken from Opportunity.Amount");
    }
    amount_minor
}

/// The category of today: its own column, else the last history row's of the same stage, else the stage's.
fn own_category(
    build: &Build<'_>,
    row: &Record,
    stage: &str,
    last_history: Option<&HistoryRow>,
    report: &mut Report,
) -> ForecastCategory {
    if let Some(text) = row.get("ForecastCategory").or(row.get("ForecastCategoryName")) {
        match category(text) {
            Some(category) => return category,
            None => report.unmapped("forecast categories", text, 1),
        }
    }
    if let Some(category) = last_history.and_then(|row| row.category) {
        report.guess("forecast category taken from the last history row");
        return category;
    }
    report.guess("forecast category taken from the stage");
    build.stages.get(stage).map_or(ForecastCategory::Pipeline, |stage| stage.forecast_category)
}

fn history_rows(build: &Build<'_>, row: &Record, currency: CurrencyCode) -> Result<Vec<HistoryRow>, IntakeError> {
    let rows = build.work.records_by("OpportunityHistory", "OpportunityId", row.id())?;
    let read = |history: &Record| {
        Some(HistoryRow {
            at: build.instant(history, "CreatedDate")?,
            id: history.id().to_owned(),
            stage: StageId::derived(build.organisation, history.get("StageName")?),
            category: history.get("ForecastCategory").and_then(category),
            amount_minor: money(history, "Amount", currency),
            close_date: build.date(history, "CloseDate"),
            probability: percent(history, "Probability"),
        })
    };
    Ok(rows.iter().filter(|history| !flag(history, "IsDeleted")).filter_map(read).collect())
}

/// The tracked fields that the history rows do not carry. Lookups come in two rows, name and id: the id counts.
fn field_changes(build: &Build<'_>, row: &Record, report: &mut Report) -> Result<Vec<FieldChange>, IntakeError> {
    let mut changes = Vec::new();
    for change in build.work.records_by("OpportunityFieldHistory", "OpportunityId", row.id())? {
        let Some(at) = build.instant(&change, "CreatedDate") else { continue };
        let (old, new) = (change.get("OldValue"), change.get("NewValue"));
        let field = change.get("Field").unwrap_or_default();
        let values = match field {
            "Owner" | "OwnerId" => {
                if [old, new].into_iter().flatten().any(|value| id18(value).is_none_or(|id| !id.starts_with("005"))) {
                    continue;
                }
                let rep = |value: Option<&str>| -> Result<Option<RepId>, IntakeError> {
                    build.known_rep(value.and_then(id18).as_deref())
                };
                (Tracked::Owner(rep(old)?), Tracked::Owner(rep(new)?))
            }
            "Campaign" | "CampaignId" => {
                if [old, new].into_iter().flatten().any(|value| id18(value).is_none_or(|id| !id.starts_with("701"))) {
                    continue;
                }
                let campaign = |value: Option<&str>| -> Result<Option<CampaignId>, IntakeError> {
                    build.known_campaign(value.and_then(id18).as_deref())
                };
                (Tracked::Campaign(campaign(old)?), Tracked::Campaign(campaign(new)?))
            }
            "Name" => {
                let (Some(old), Some(new)) = (old, new) else { continue };
                (Tracked::Name(old.to_owned()), Tracked::Name(new.to_owned()))
            }
            "Type" => (Tracked::Type(old.map(str::to_owned)), Tracked::Type(new.map(str::to_owned))),
            "NextStep" => (Tracked::NextStep(old.map(str::to_owned)), Tracked::NextStep(new.map(str::to_owned))),
            // Carried by OpportunityHistory.
            "StageName" | "Amount" | "CloseDate" | "Probability" | "ForecastCategoryName" => continue,
            other => {
                report.leave_out(&format!("OpportunityFieldHistory: changes of {other}"), 1);
                continue;
            }
        };
        changes.push(FieldChange { at, id: change.id().to_owned(), old: values.0, new: values.1 });
    }
    Ok(changes)
}

fn lines(build: &Build<'_>, row: &Record, id: OpportunityId, currency: CurrencyCode) -> Result<Option<Lines>, IntakeError> {
    let mut rows = build.work.records_by("OpportunityLineItem", "OpportunityId", row.id())?;
    rows.retain(|line| !flag(line, "IsDeleted"));
    if rows.is_empty() {
        return Ok(None);
    }
    let place = |line: &Record| line.get("SortOrder").and_then(decimal).and_then(|order| order.to_i64()).unwrap_or(i64::MAX);
    rows.sort_by(|one, other| (place(one), one.id()).cmp(&(place(other), other.id())));
    let mut content = row.id().to_owned();
    let (mut lines, mut changed_at, mut has_terms) = (Vec::with_capacity(rows.len()), None, false);
    for (position, row) in rows.iter().enumerate() {
        let amount_minor = money(row, "TotalPrice", currency).unwrap_or(0);
        let term_months = Build::mapped_number(&build.mapping.columns.line_term_months, row)
            .and_then(decimal)
            .and_then(|months| months.round().to_i32())
            .filter(|months| *months > 0);
        let own = Build::mapped_number(&build.mapping.columns.line_acv, row).and_then(|text| minor(text, currency.decimals()));
        has_terms |= term_months.is_some() || own.is_some();
        let per_year = term_months.and_then(|months| proportion(amount_minor, 12, i64::from(months)));
        let product = match row.get("Product2Id") {
            Some(product) if build.is_known("Product2", Some(product))? => Some(ProductId::derived(build.organisation, product)),
            _ => None,
        };
        let line = Line {
            line_set: LineSetId(id.0),
            position: i32::try_from(position).unwrap_or(i32::MAX),
            product,
            quantity_milli: row.get("Quantity").and_then(decimal).and_then(|quantity| scaled(quantity, 3)),
            amount_minor,
            acv_minor: own.or(per_year).unwrap_or(amount_minor),
            term_months,
        };
        content.push_str(&format!(
            "\0{:?} {:?} {} {} {:?}",
            line.product.map(|product| product.0),
            line.quantity_milli,
            line.amount_minor,
            line.acv_minor,
            line.term_months
        ));
        changed_at = changed_at.max(build.instant(row, "LastModifiedDate").or_else(|| build.instant(row, "CreatedDate")));
        lines.push(line);
    }
    let set = LineSetId::derived(build.organisation, &content);
    lines.iter_mut().for_each(|line| line.line_set = set);
    let acv_minor = lines.iter().map(|line| line.acv_minor).fold(0, i64::saturating_add);
    let set = LineSet { id: set, opportunity: id, lines, recorded: DataVersion::default() };
    Ok(Some(Lines { set, changed_at, acv_minor, has_terms }))
}

fn contact_roles(build: &Build<'_>, row: &Record, opportunity: OpportunityId, page: &mut Page) -> Result<(), IntakeError> {
    for role in build.work.records_by("OpportunityContactRole", "OpportunityId", row.id())? {
        let Some(contact) = role.get("ContactId") else { continue };
        if !build.is_known("Contact", Some(contact))? {
            continue;
        }
        page.batch.contact_roles.push(ContactRole {
            id: ContactRoleId::derived(build.organisation, role.id()),
            opportunity,
            contact: ContactId::derived(build.organisation, contact),
            role: role.text("Role"),
            is_primary: flag(&role, "IsPrimary"),
            is_deleted: flag(&role, "IsDeleted"),
            recorded: DataVersion::default(),
        });
    }
    Ok(())
}

fn splits(build: &Build<'_>, row: &Record, opportunity: OpportunityId, page: &mut Page) -> Result<(), IntakeError> {
    for split in build.work.records_by("OpportunitySplit", "OpportunityId", row.id())? {
        let Some(rep) = build.known_rep(split.get("SplitOwnerId"))? else { continue };
        let kind = match split.get("SplitTypeId") {
            Some(kind) => build.work.record("OpportunitySplitType", kind)?,
            None => None,
        };
        let percentage = split.get("SplitPercentage").and_then(decimal).and_then(|percent| scaled(percent, 2)).unwrap_or(0);
        page.batch.splits.push(Split {
            id: SplitId::derived(build.organisation, split.id()),
            opportunity,
            rep,
            percentage_bp: i32::try_from(percentage).unwrap_or(0),
            // A type whose total must be 100% is a revenue split; the standard overlay type need not be.
            is_overlay: kind.is_some_and(|kind| kind.get("IsTotalValidated").is_some() && !flag(&kind, "IsTotalValidated")),
            is_deleted: flag(&split, "IsDeleted"),
            recorded: DataVersion::default(),
        });
    }
    Ok(())
}
