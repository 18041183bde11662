//! Touchpoints: answers to campaigns, what reps did, and conversions of leads.

use super::build::{Build, flag};
use crate::intake::IntakeError;
use crate::intake::report::Report;
use crate::intake::work::Record;
use crate::storage::Batch;
use chrono::{DateTime, Utc};
use pipewright_core::ids::{AccountId, ContactId, DataVersion, LeadId, OpportunityId, TouchpointId};
use pipewright_core::touchpoint::{Source, Touchpoint, TouchpointKind};

/// Whom and what a touchpoint touched.
#[derive(Default)]
struct Touched {
    contact: Option<ContactId>,
    lead: Option<LeadId>,
    account: Option<AccountId>,
    opportunity: Option<OpportunityId>,
}

impl Touched {
    fn nothing(&self) -> bool {
        self.contact.is_none() && self.lead.is_none() && self.account.is_none() && self.opportunity.is_none()
    }

    /// Adds the record of this id, whatever it is of, where the export holds it.
    fn add(&mut self, build: &Build<'_>, id: Option<&str>) -> Result<(), IntakeError> {
        let Some(id) = id else { return Ok(()) };
        match id.get(..3).unwrap_or_default() {
            "003" => {
                if let Some(contact) = build.work.record("Contact", id)? {
                    self.contact = Some(ContactId::derived(build.organisation, id));
                    if self.account.is_none() {
                        self.account = build.known_account(contact.get("AccountId"))?;
                    }
                }
            }
            "00Q" if build.is_known("Lead", Some(id))? => self.lead = Some(LeadId::derived(build.organisation, id)),
            "001" => self.account = build.known_account(Some(id))?.or(self.account),
            "006" => {
                if let Some(opportunity) = build.work.record("Opportunity", id)? {
                    self.opportunity = Some(OpportunityId::derived(build.organisation, id));
                    if self.account.is_none() {
                        self.account = build.known_account(opportunity.get("AccountId"))?;
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn touchpoint(self, build: &Build<'_>, key: &str, row: &Record, at: DateTime<Utc>, kind: TouchpointKind) -> Touchpoint {
        Touchpoint {
            id: TouchpointId::derived(build.organisation, key),
            external_id: Some(row.id().to_owned()),
            at,
            kind,
            channel: None,
            rep: None,
            campaign: None,
            contact: self.contact,
            lead: self.lead,
            account: self.account,
            opportunity: self.opportunity,
            recorded: DataVersion::default(),
        }
    }
}

pub(super) fn member(build: &Build<'_>, row: &Record, batch: &mut Batch, report: &mut Report) -> Result<(), IntakeError> {
    if flag(row, "IsDeleted") {
        report.leave_out("deleted campaign members", 1);
        return Ok(());
    }
    let campaign = match row.get("CampaignId") {
        Some(id) => build.work.record("Campaign", id)?,
        None => None,
    };
    let Some(campaign) = campaign else {
        report.leave_out("campaign members whose campaign the export does not hold", 1);
        return Ok(());
    };
    let responded = flag(row, "HasResponded");
    let first = build.instant(row, "FirstRespondedDate").filter(|_| responded);
    let Some(at) = first.or_else(|| build.instant(row, "CreatedDate")) else {
        report.leave_out("campaign members without a date", 1);
        return Ok(());
    };
    let mut touched = Touched::default();
    touched.add(build, row.get("ContactId"))?;
    touched.add(build, row.get("LeadId"))?;
    if touched.nothing() {
        report.leave_out("campaign members whose person the export does not hold", 1);
        return Ok(());
    }
    let kind = if responded { TouchpointKind::Response } else { TouchpointKind::Inclusion };
    let mut touchpoint = touched.touchpoint(build, row.id(), row, at, kind);
    touchpoint.campaign = build.known_campaign(Some(campaign.id()))?;
    touchpoint.channel = campaign.get("Type").and_then(|kind| build.mapping.channel(kind));
    batch.touchpoints.push(touchpoint);
    Ok(())
}

pub(super) fn task(build: &Build<'_>, row: &Record, batch: &mut Batch, report: &mut Report) -> Result<(), IntakeError> {
    // A task that is still to be done touched nobody.
    if flag(row, "IsDeleted") || (row.get("IsClosed").is_some() && !flag(row, "IsClosed")) {
        report.leave_out("tasks that are open or deleted", 1);
        return Ok(());
    }
    let subtype = row.get("TaskSubtype").unwrap_or_default().to_ascii_lowercase();
    let kind = match subtype.as_str() {
        "call" => TouchpointKind::Call,
        "email" | "listemail" => TouchpointKind::Email,
        _ if row.get("CallType").is_some() => TouchpointKind::Call,
        _ => TouchpointKind::Task,
    };
    activity(build, row, &["CompletedDateTime", "ActivityDate", "CreatedDate"], kind, batch, report)
}

pub(super) fn event(build: &Build<'_>, row: &Record, batch: &mut Batch, report: &mut Report) -> Result<(), IntakeError> {
    // A child is the same meeting again, for one who was invited.
    if flag(row, "IsDeleted") || flag(row, "IsChild") {
        report.leave_out("events that are deleted or another invitation to the same", 1);
        return Ok(());
    }
    let columns = ["StartDateTime", "ActivityDateTime", "ActivityDate", "CreatedDate"];
    activity(build, row, &columns, TouchpointKind::Meeting, batch, report)
}

fn activity(
    build: &Build<'_>,
    row: &Record,
    columns: &[&str],
    kind: TouchpointKind,
    batch: &mut Batch,
    report: &mut Report,
) -> Result<(), IntakeError> {
    let Some(at) = columns.iter().find_map(|column| build.instant(row, column)) else {
        report.leave_out("activities without a date", 1);
        return Ok(());
    };
    let mut touched = Touched::default();
    for column in ["WhatId", "WhoId", "AccountId"] {
        if column != "AccountId" || touched.account.is_none() {
            touched.add(build, row.get(column))?;
        }
    }
    if touched.nothing() {
        report.leave_out("activities that touch no record of the export", 1);
        return Ok(());
    }
    let mut touchpoint = touched.touchpoint(build, row.id(), row, at, kind);
    touchpoint.rep = build.known_rep(row.get("OwnerId"))?;
    batch.touchpoints.push(touchpoint);
    Ok(())
}

pub(super) fn conversion(build: &Build<'_>, row: &Record, batch: &mut Batch, report: &mut Report) -> Result<(), IntakeError> {
    let Some(at) = build.instant(row, "ConvertedDate").filter(|_| !flag(row, "IsDeleted")) else { return Ok(()) };
    let mut touched = Touched { lead: Some(LeadId::derived(build.organisation, row.id())), ..Touched::default() };
    for column in ["ConvertedAccountId", "ConvertedContactId", "ConvertedOpportunityId"] {
        touched.add(build, row.get(column))?;
    }
    let mut touchpoint = touched.touchpoint(build, &format!("{}\0conversion", row.id()), row, at, TouchpointKind::LeadConversion);
    touchpoint.rep = build.known_rep(row.get("OwnerId"))?;
    if touchpoint.rep.is_none()
        && let Some(Source::Channel(channel)) = row.get("LeadSource").and_then(|text| build.mapping.lead_source(text))
    {
        report.guess("channel of a lead's conversion taken from its lead source, as its owner is not known");
        touchpoint.channel = Some(channel);
    }
    batch.touchpoints.push(touchpoint);
    Ok(())
}
