//! An opportunity with its versions, lines, contact roles and splits.

use super::build::{Build, category, flag, is, money, or_stored, percent, reference};
use super::history::{FieldChange, HistoryRow, Told, Tracked, differences, rebuild, same_content, to_add};
use super::places::{self, Buyer};
use crate::intake::IntakeError;
use crate::intake::report::Report;
use crate::intake::values::{boolean, decimal, id18, minor, proportion, scaled};
use crate::intake::work::Record;
use crate::storage::Batch;
use chrono::{DateTime, NaiveDate, Utc};
use pipewright_core::catalog::ForecastCategory;
use pipewright_core::currency::CurrencyCode;
use pipewright_core::ids::{
    CampaignId, ContactId, ContactRoleId, DataVersion, LineSetId, OpportunityId, ProductId, RepId, SplitId, StageId,
};
use pipewright_core::opportunity::{ContactRole, Line, LineSet, Opportunity, Split, Version};
use rust_decimal::prelude::ToPrimitive;

struct Lines {
    /// `None`: it has none.
    set: Option<LineSet>,
    changed_at: Option<DateTime<Utc>>,
    acv_minor: i64,
    has_terms: bool,
}

/// An opportunity as its row gives it, and what is stored of it.
struct Deal<'a> {
    id: OpportunityId,
    row: &'a Record,
    close_date: NaiveDate,
    stage: &'a str,
    currency: CurrencyCode,
    /// The last version stored.
    before: Option<&'a Version>,
}

/// Puts an opportunity with all that belongs to it into the batch, on top of its stored versions, which are in order. Of a row
/// that is older than what is stored, only what its history adds.
pub(super) fn opportunity(
    build: &Build<'_>,
    row: &Record,
    stored: &[Version],
    batch: &mut Batch,
    report: &mut Report,
) -> Result<(), IntakeError> {
    let (Some(created_at), Some(close_date), Some(stage)) =
        (build.instant(row, "CreatedDate"), build.date(row, "CloseDate"), row.get("StageName"))
    else {
        report.leave_out("opportunities without a stage, close date or creation date", 1);
        return Ok(());
    };
    let id = OpportunityId::derived(build.organisation, row.id());
    let before = stored.last();
    let currency = match before {
        Some(before) if !row.carries("CurrencyIsoCode") => before.currency,
        _ => build.currency(row, report),
    };
    let deal = Deal { id, row, close_date, stage, currency, before };
    let history = history_rows(build, row, currency)?;
    let changes = field_changes(build, row, report)?;
    let last_at = history.iter().map(|row| row.at).chain(changes.iter().map(|change| change.at)).max();
    let said_at = build.instant(row, "LastModifiedDate");
    // A change of which the export does not say when it happened holds from the import on: the past stays as it is known.
    let modified_at = said_at.unwrap_or(if before.is_some() { build.ledger.at } else { created_at }).max(created_at);
    let valid_from = modified_at.max(last_at.unwrap_or(modified_at));
    let lines = lines(build, row, id, currency)?;
    let lines_at = lines.as_ref().and_then(|lines| lines.changed_at);
    let current = match before.filter(|known| said_at.is_some() && valid_from < known.valid_from) {
        Some(later) => {
            report.leave_out("opportunities of which a later state is known already", 1);
            later.clone()
        }
        None => {
            record(build, row, created_at, batch, report)?;
            contact_roles(build, row, id, batch)?;
            splits(build, row, id, batch)?;
            let current = state(build, &deal, valid_from, &history, lines.as_ref(), batch, report)?;
            batch.line_sets.extend(lines.and_then(|lines| lines.set));
            current
        }
    };
    let told = Told { current, created_at, rows: history, changes, lines_at };
    let added = to_add(stored, &told);
    compare(row.id(), stage, &told, stored, &added, report);
    build.note_changed(added.iter().map(|version| version.valid_from), report);
    report.versions += added.len() as u64;
    batch.versions.extend(added);
    Ok(())
}

/// The state of today. What neither the row nor its history carries stands as it was stored.
fn state(
    build: &Build<'_>,
    deal: &Deal<'_>,
    valid_from: DateTime<Utc>,
    history: &[HistoryRow],
    lines: Option<&Lines>,
    batch: &mut Batch,
    report: &mut Report,
) -> Result<Version, IntakeError> {
    let Deal { id, row, close_date, currency, before, .. } = *deal;
    let last = history.iter().max_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
    let newest = last.filter(|last| before.is_none_or(|before| last.at >= before.valid_from));
    let amount_minor = or_stored(row, "Amount", money(row, "Amount", currency), || {
        newest.map_or_else(|| before.and_then(|before| before.amount_minor), |last| last.amount_minor)
    });
    let probability = or_stored(row, "Probability", percent(row, "Probability"), || {
        newest.map_or_else(|| before.and_then(|before| before.probability), |last| last.probability)
    });
    let stage = StageId::derived(build.organisation, deal.stage);
    let buyer = Buyer::of(build, row.get("AccountId"))?;
    let (region, segment) = places::of_opportunity(build, row, &buyer, before, batch, report);
    if region.is_none() {
        report.unmapped("regions", "(none)", 1);
    }
    Ok(Version {
        opportunity: id,
        valid_from,
        sequence: 0,
        name: row.text("Name").unwrap_or_default(),
        stage,
        forecast_category: own_category(build, row, (stage, deal.stage), last.filter(|row| row.stage == stage), before, report),
        close_date,
        currency,
        amount_minor,
        acv_minor: own_acv(build, row, currency, lines, amount_minor, before, report),
        probability,
        owner: reference(row, "OwnerId", build.known_rep(row.get("OwnerId"))?, || before?.owner),
        region,
        segment,
        opportunity_type: or_stored(row, "Type", row.text("Type"), || before?.opportunity_type.clone()),
        campaign: reference(row, "CampaignId", build.known_campaign(row.get("CampaignId"))?, || before?.campaign),
        next_step: or_stored(row, "NextStep", row.text("NextStep"), || before?.next_step.clone()),
        // Of a stage that it has left since, the reason is another's.
        close_reason: before.filter(|before| before.stage == stage).and_then(|before| before.close_reason.clone()),
        line_set: match lines {
            Some(lines) => lines.set.as_ref().map(|set| set.id),
            None => before.and_then(|before| before.line_set),
        },
        lines_known: lines.is_some() || before.is_none_or(|before| before.lines_known),
        is_deleted: is(row, "IsDeleted", before.map(|before| before.is_deleted), false),
        recorded: DataVersion::default(),
    })
}

/// The opportunity's own row.
fn record(
    build: &Build<'_>,
    row: &Record,
    created_at: DateTime<Utc>,
    batch: &mut Batch,
    report: &mut Report,
) -> Result<(), IntakeError> {
    let stored: Option<Opportunity> = build.work.stored("Opportunity", row.id())?;
    let stored = stored.as_ref();
    let lead_source = or_stored(row, "LeadSource", row.text("LeadSource"), || stored?.lead_source.clone());
    let lead_source_maps_to = lead_source.as_deref().and_then(|text| build.mapping.lead_source(text));
    if let Some(text) = lead_source.as_deref() {
        match lead_source_maps_to {
            Some(_) if row.get("CampaignId").is_none() => report.guess("source taken from Opportunity.LeadSource by its words"),
            Some(_) => {}
            None => report.unmapped("lead sources", text, 1),
        }
    }
    let active_on = build.date(row, "LastActivityDate");
    batch.opportunities.push(Opportunity {
        id: OpportunityId::derived(build.organisation, row.id()),
        external_id: Some(row.id().to_owned()),
        account: reference(row, "AccountId", build.known_account(row.get("AccountId"))?, || stored?.account),
        created_at,
        created_by: reference(row, "CreatedById", build.known_rep(row.get("CreatedById"))?, || stored?.created_by),
        lead_source,
        lead_source_maps_to,
        last_activity_on: or_stored(row, "LastActivityDate", active_on, || stored?.last_activity_on),
        description: or_stored(row, "Description", row.text("Description"), || stored?.description.clone()),
        recorded: DataVersion::default(),
    });
    Ok(())
}

/// Compares the state that the ledger ends with, and the state that the history alone gives, with Opportunity.csv.
fn compare(external_id: &str, stage: &str, told: &Told, stored: &[Version], added: &[Version], report: &mut Report) {
    let current = &told.current;
    let last = added.iter().chain(stored).max_by_key(|version| (version.valid_from, version.sequence));
    let reconciliation = &mut report.reconciliation;
    reconciliation.opportunities += 1;
    reconciliation.agree += u64::from(last.is_some_and(|last| same_content(last, current)));
    if let Some(ended) = rebuild(told).last() {
        reconciliation.corrected += u64::from(!same_content(ended, current));
        differences(external_id, ended, current).into_iter().for_each(|difference| reconciliation.differs(difference));
    }
    let total = reconciliation.stages.entry(stage.to_owned()).or_default();
    total.exported += 1;
    total.exported_acv_minor += current.acv_minor.unwrap_or(0);
    if let Some(last) = last.filter(|last| last.stage == current.stage) {
        total.rebuilt += 1;
        total.rebuilt_acv_minor += last.acv_minor.unwrap_or(0);
    }
}

/// The ACV of today: its own column, else its lines' where one has a term, else what is stored in the proportion in which the
/// amount changed, where the export has no column for it, else the amount.
fn own_acv(
    build: &Build<'_>,
    row: &Record,
    currency: CurrencyCode,
    lines: Option<&Lines>,
    amount_minor: Option<i64>,
    before: Option<&Version>,
    report: &mut Report,
) -> Option<i64> {
    if let Some(acv) = Build::mapped_value(&build.mapping.columns.acv, row).and_then(|text| minor(text, currency.decimals())) {
        return Some(acv);
    }
    if let Some(lines) = lines.filter(|lines| lines.has_terms) {
        return Some(lines.acv_minor);
    }
    let own = build.mapping.columns.acv.iter().filter_map(|name| name.strip_prefix("Opportunity."));
    let carried = own.clone().any(|column| row.carries(column));
    if let Some(before) = before.filter(|_| !carried)
        && let (Some(acv), Some(then), Some(now)) = (before.acv_minor, before.amount_minor, amount_minor)
        && let Some(scaled) = proportion(acv, now, then)
    {
        return Some(scaled);
    }
    if amount_minor.is_some() {
        report.guess("ACV taken from Opportunity.Amount");
    }
    amount_minor
}

/// The category of today: its own column, else the last history row's of the same stage, else the stored one of the same stage,
/// else the stage's.
fn own_category(
    build: &Build<'_>,
    row: &Record,
    (id, stage): (StageId, &str),
    last_history: Option<&HistoryRow>,
    before: Option<&Version>,
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
    let carried = row.carries("ForecastCategory") || row.carries("ForecastCategoryName");
    if let Some(before) = before.filter(|before| !carried && before.stage == id) {
        return before.forecast_category;
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

/// The lines; `None` where the export says nothing of them.
fn lines(build: &Build<'_>, row: &Record, id: OpportunityId, currency: CurrencyCode) -> Result<Option<Lines>, IntakeError> {
    let mut rows = build.work.records_by("OpportunityLineItem", "OpportunityId", row.id())?;
    let told = !rows.is_empty() || row.get("HasOpportunityLineItem").and_then(boolean) == Some(false);
    rows.retain(|line| !flag(line, "IsDeleted"));
    if rows.is_empty() {
        return Ok(told.then_some(Lines { set: None, changed_at: None, acv_minor: 0, has_terms: false }));
    }
    let place = |line: &Record| line.get("SortOrder").and_then(decimal).and_then(|order| order.to_i64()).unwrap_or(i64::MAX);
    rows.sort_by(|one, other| (place(one), one.id()).cmp(&(place(other), other.id())));
    let mut content = row.id().to_owned();
    let (mut lines, mut changed_at, mut has_terms) = (Vec::with_capacity(rows.len()), None, false);
    for (position, row) in rows.iter().enumerate() {
        let amount_minor = money(row, "TotalPrice", currency).unwrap_or(0);
        let term_months = Build::mapped_value(&build.mapping.columns.line_term_months, row)
            .and_then(decimal)
            .and_then(|months| months.round().to_i32())
            .filter(|months| *months > 0);
        let own = Build::mapped_value(&build.mapping.columns.line_acv, row).and_then(|text| minor(text, currency.decimals()));
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
    Ok(Some(Lines { set: Some(set), changed_at, acv_minor, has_terms }))
}

fn contact_roles(build: &Build<'_>, row: &Record, opportunity: OpportunityId, batch: &mut Batch) -> Result<(), IntakeError> {
    for role in build.work.records_by("OpportunityContactRole", "OpportunityId", row.id())? {
        let Some(contact) = role.get("ContactId") else { continue };
        if !build.is_known("Contact", Some(contact))? {
            continue;
        }
        let stored: Option<ContactRole> = build.work.stored("OpportunityContactRole", role.id())?;
        let stored = stored.as_ref();
        batch.contact_roles.push(ContactRole {
            id: ContactRoleId::derived(build.organisation, role.id()),
            opportunity,
            contact: ContactId::derived(build.organisation, contact),
            role: or_stored(&role, "Role", role.text("Role"), || stored?.role.clone()),
            is_primary: is(&role, "IsPrimary", stored.map(|stored| stored.is_primary), false),
            is_deleted: is(&role, "IsDeleted", stored.map(|stored| stored.is_deleted), false),
            recorded: DataVersion::default(),
        });
    }
    Ok(())
}

fn splits(build: &Build<'_>, row: &Record, opportunity: OpportunityId, batch: &mut Batch) -> Result<(), IntakeError> {
    for split in build.work.records_by("OpportunitySplit", "OpportunityId", row.id())? {
        let Some(rep) = build.known_rep(split.get("SplitOwnerId"))? else { continue };
        let kind = match split.get("SplitTypeId") {
            Some(kind) => build.work.record("OpportunitySplitType", kind)?,
            None => None,
        };
        let stored: Option<Split> = build.work.stored("OpportunitySplit", split.id())?;
        let stored = stored.as_ref();
        let said = split.get("SplitPercentage").and_then(decimal).and_then(|percent| scaled(percent, 2));
        let said = said.and_then(|percentage| i32::try_from(percentage).ok());
        // A type whose total must be 100% is a revenue split; the standard overlay type need not be.
        let overlay = kind.map(|kind| kind.get("IsTotalValidated").is_some() && !flag(&kind, "IsTotalValidated"));
        batch.splits.push(Split {
            id: SplitId::derived(build.organisation, split.id()),
            opportunity,
            rep,
            percentage_bp: or_stored(&split, "SplitPercentage", said, || Some(stored?.percentage_bp)).unwrap_or(0),
            is_overlay: overlay.or(stored.map(|stored| stored.is_overlay)).unwrap_or(false),
            is_deleted: is(&split, "IsDeleted", stored.map(|stored| stored.is_deleted), false),
            recorded: DataVersion::default(),
        });
    }
    Ok(())
}
