//! Touchpoints: answers to campaigns, what reps did, and conversions of leads.

use super::build::{Build, flag, unresolved};
use crate::intake::IntakeError;
use crate::intake::report::Report;
use crate::intake::work::Record;
use crate::storage::Batch;
use chrono::{DateTime, Utc};
use pipewright_core::campaign::{Campaign, Channel};
use pipewright_core::ids::{AccountId, ContactId, DataVersion, LeadId, OpportunityId, TouchpointId};
use pipewright_core::opportunity::Opportunity;
use pipewright_core::party::Contact;
use pipewright_core::touchpoint::{Source, Touchpoint, TouchpointKind};
use serde::de::DeserializeOwned;

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

    /// Adds the record of this id, whatever it is of, where the export or the database holds it.
    fn add(&mut self, build: &Build<'_>, id: Option<&str>) -> Result<(), IntakeError> {
        let Some(id) = id else { return Ok(()) };
        match id.get(..3).unwrap_or_default() {
            "003" if build.is_known("Contact", Some(id))? => {
                self.contact = Some(ContactId::derived(build.organisation, id));
                if self.account.is_none() {
                    self.account = account_of(build, "Contact", id, |contact: Contact| contact.account)?;
                }
            }
            "00Q" if build.is_known("Lead", Some(id))? => self.lead = Some(LeadId::derived(build.organisation, id)),
            "001" => self.account = build.known_account(Some(id))?.or(self.account),
            "006" if build.is_known("Opportunity", Some(id))? => {
                self.opportunity = Some(OpportunityId::derived(build.organisation, id));
                if self.account.is_none() {
                    self.account = account_of(build, "Opportunity", id, |opportunity: Opportunity| opportunity.account)?;
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

/// The account of a contact or opportunity: as its row says, else as it is stored.
fn account_of<T: DeserializeOwned>(
    build: &Build<'_>,
    object: &str,
    id: &str,
    stored: impl Fn(T) -> Option<AccountId>,
) -> Result<Option<AccountId>, IntakeError> {
    match build.work.record(object, id)?.filter(|row| !unresolved(row, "AccountId")) {
        Some(row) => build.known_account(row.get("AccountId")),
        None => Ok(build.work.stored(object, id)?.and_then(stored)),
    }
}

/// A person who is first put into a campaign and answers later has a touchpoint for each: what is recorded is never rewritten.
/// Notes what is new.
pub(super) fn over_stored(build: &Build<'_>, batch: &mut Batch, report: &mut Report) -> Result<(), IntakeError> {
    let Some(known) = build.ledger.known.as_ref().filter(|_| !batch.touchpoints.is_empty()) else { return Ok(()) };
    let ids: Vec<_> = batch.touchpoints.iter().map(|touchpoint| touchpoint.id).collect();
    let mut stored = known.touchpoints(&ids)?;
    let mut answers = Vec::new();
    for touchpoint in &mut batch.touchpoints {
        let included = stored.get(&touchpoint.id).is_some_and(|stored| stored.kind == TouchpointKind::Inclusion);
        if included && touchpoint.kind == TouchpointKind::Response {
            let external_id = touchpoint.external_id.as_deref().unwrap_or_default();
            touchpoint.id = answer(build, external_id);
            answers.push(touchpoint.id);
        }
    }
    if !answers.is_empty() {
        stored.extend(known.touchpoints(&answers)?);
    }
    let new = batch.touchpoints.iter().filter(|touchpoint| !stored.contains_key(&touchpoint.id));
    build.note_changed(new.map(|touchpoint| touchpoint.at), report);
    Ok(())
}

/// The answer of a campaign member whose inclusion is stored as a touchpoint already.
pub(super) fn answer(build: &Build<'_>, member: &str) -> TouchpointId {
    TouchpointId::derived(build.organisation, &answer_key(member))
}

/// What the id of such an answer is derived from.
pub(crate) fn answer_key(member: &str) -> String {
    format!("{member}\0response")
}

pub(super) fn member(build: &Build<'_>, row: &Record, batch: &mut Batch, report: &mut Report) -> Result<(), IntakeError> {
    if flag(row, "IsDeleted") {
        report.leave_out("deleted campaign members", 1);
        return Ok(());
    }
    let Some(campaign) = build.known_campaign(row.get("CampaignId"))? else {
        report.leave_out("campaign members whose campaign is not known", 1);
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
        report.leave_out("campaign members whose person is not known", 1);
        return Ok(());
    }
    let kind = if responded { TouchpointKind::Response } else { TouchpointKind::Inclusion };
    let mut touchpoint = touched.touchpoint(build, row.id(), row, at, kind);
    touchpoint.campaign = Some(campaign);
    touchpoint.channel = channel_of(build, row.get("CampaignId").unwrap_or_default())?;
    batch.touchpoints.push(touchpoint);
    Ok(())
}

/// The channel of a campaign: as its row says, else as it is stored.
fn channel_of(build: &Build<'_>, id: &str) -> Result<Option<Channel>, IntakeError> {
    match build.work.record("Campaign", id)?.filter(|row| row.carries("Type")) {
        Some(row) => Ok(row.get("Type").and_then(|kind| build.mapping.channel(kind))),
        None => Ok(build.work.stored("Campaign", id)?.and_then(|campaign: Campaign| campaign.channel)),
    }
}

pub(super) fn task(build: &Build<'_>, row: &Record, batch: &mut Batch, report: &mut Report) -> Result<(), IntakeError> {
    // A task that is still to be done touched nobody.
    if flag(row, "IsDeleted") || (row.get("IsClosed").is_some() && !flag(row, "IsClosed")) {
        report.leave_out("tasks that are open or deleted", 1);
        return Ok(());
    }
    let subtype = row.get("TaskSubtype").unwrap_or_default().to_ascii_lowercase();
    let hands_off = [row.get("Type"), row.get("Subject")].into_iter().flatten().any(|text| build.mapping.hand_off(text));
    let kind = match subtype.as_str() {
        _ if hands_off => TouchpointKind::HandOff,
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
        report.leave_out("activities that touch no known record", 1);
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
