//! What others credit: Salesforce's campaign influence, and any vendor's list of touchpoint, opportunity and percentage.

use super::build::{Build, flag, money};
use super::touchpoints::answer;
use crate::intake::IntakeError;
use crate::intake::report::Report;
use crate::intake::values::share_ppm;
use crate::intake::work::Record;
use crate::storage::Batch;
use pipewright_core::ids::{CampaignId, ContactId, DataVersion, OpportunityId, TouchpointId, VendorCreditId};
use pipewright_core::touchpoint::{Touchpoint, TouchpointKind};
use pipewright_core::vendor_credit::VendorCredit;

/// Where an influence row names no model.
const NO_MODEL: &str = "Salesforce";

/// What a credit goes to.
#[derive(Default)]
struct Credited {
    touchpoint: Option<TouchpointId>,
    campaign: Option<CampaignId>,
    contact: Option<ContactId>,
}

impl Credited {
    /// What a record of this id stands for; nothing where neither the export nor the database holds it.
    fn of(build: &Build<'_>, id: &str) -> Result<Self, IntakeError> {
        let touchpoint = |key: &str| Some(TouchpointId::derived(build.organisation, key));
        Ok(match id.get(..3).unwrap_or_default() {
            "00v" => Self::of_member(build, id)?,
            "00T" if build.is_known("Task", Some(id))? => Self { touchpoint: touchpoint(id), ..Self::default() },
            "00U" if build.is_known("Event", Some(id))? => Self { touchpoint: touchpoint(id), ..Self::default() },
            // What a lead is as a touchpoint is its conversion.
            "00Q" if build.is_known("Lead", Some(id))? => {
                Self { touchpoint: touchpoint(&format!("{id}\0conversion")), ..Self::default() }
            }
            "701" => Self { campaign: build.known_campaign(Some(id))?, ..Self::default() },
            _ => Self::default(),
        })
    }

    /// Of a person who was first put into the campaign and answered later, the answer is credited.
    fn of_member(build: &Build<'_>, id: &str) -> Result<Self, IntakeError> {
        let stored: Option<Touchpoint> = build.work.stored("CampaignMember", id)?;
        let Some(member) = build.work.record("CampaignMember", id)? else {
            return Ok(stored.map_or_else(Self::default, |stored| Self {
                touchpoint: Some(stored.id),
                campaign: stored.campaign,
                contact: stored.contact,
            }));
        };
        let answers = flag(&member, "HasResponded");
        let touchpoint = match stored {
            Some(stored) if stored.kind == TouchpointKind::Inclusion && answers => answer(build, id),
            Some(stored) => stored.id,
            None => TouchpointId::derived(build.organisation, id),
        };
        Ok(Self {
            touchpoint: Some(touchpoint),
            campaign: build.known_campaign(member.get("CampaignId"))?,
            contact: contact(build, member.get("ContactId"))?,
        })
    }
}

fn contact(build: &Build<'_>, id: Option<&str>) -> Result<Option<ContactId>, IntakeError> {
    Ok(match id {
        Some(known) if build.is_known("Contact", id)? => Some(ContactId::derived(build.organisation, known)),
        _ => None,
    })
}

/// A row of Salesforce's customizable campaign influence.
pub(super) fn influence(build: &Build<'_>, row: &Record, batch: &mut Batch, report: &mut Report) -> Result<(), IntakeError> {
    let Some(share_ppm) = row.get("Influence").and_then(share_ppm) else {
        report.leave_out("campaign influences without a percentage", 1);
        return Ok(());
    };
    let Some(opportunity) = opportunity(build, row.get("OpportunityId"), report)? else { return Ok(()) };
    let member = match row.get("CampaignMemberId") {
        Some(id) => Credited::of(build, id)?,
        None => Credited::default(),
    };
    let currency = match (row.get("CurrencyIsoCode"), row.get("OpportunityId")) {
        (None, Some(id)) => match build.work.record("Opportunity", id)? {
            Some(deal) => build.currency(&deal, report),
            None => build.reporting,
        },
        _ => build.currency(row, report),
    };
    report.make("vendor credits", 1);
    batch.vendor_credits.push(VendorCredit {
        id: VendorCreditId::derived(build.organisation, row.id()),
        external_id: row.id().to_owned(),
        vendor: model(build, row.get("ModelId"), report)?,
        opportunity,
        campaign: build.known_campaign(row.get("CampaignId"))?.or(member.campaign),
        touchpoint: member.touchpoint,
        contact: contact(build, row.get("ContactId"))?.or(member.contact),
        share_ppm,
        revenue_minor: money(row, "RevenueShare", currency),
        recorded: DataVersion::default(),
    });
    Ok(())
}

/// A row of a vendor's list; its key is made of vendor, opportunity and touchpoint.
pub(super) fn credit(build: &Build<'_>, row: &Record, batch: &mut Batch, report: &mut Report) -> Result<(), IntakeError> {
    let (Some(vendor), Some(share_ppm)) = (row.text("Vendor"), row.get("Percentage").and_then(share_ppm)) else {
        report.leave_out("vendor credits without a vendor or a percentage", 1);
        return Ok(());
    };
    let Some(opportunity) = opportunity(build, row.get("Opportunity"), report)? else { return Ok(()) };
    let credited = match row.get("Touchpoint") {
        Some(id) => Credited::of(build, id)?,
        None => Credited::default(),
    };
    if credited.touchpoint.is_none() && credited.campaign.is_none() {
        report.leave_out("touchpoints of vendor credits that are not known", 1);
    }
    report.make("vendor credits", 1);
    batch.vendor_credits.push(VendorCredit {
        id: VendorCreditId::derived(build.organisation, row.id()),
        external_id: row.id().to_owned(),
        vendor,
        opportunity,
        campaign: credited.campaign,
        touchpoint: credited.touchpoint,
        contact: credited.contact,
        share_ppm,
        revenue_minor: None,
        recorded: DataVersion::default(),
    });
    Ok(())
}

fn opportunity(build: &Build<'_>, id: Option<&str>, report: &mut Report) -> Result<Option<OpportunityId>, IntakeError> {
    match id {
        Some(known) if build.is_known("Opportunity", id)? => Ok(Some(OpportunityId::derived(build.organisation, known))),
        _ => {
            report.leave_out("vendor credits of opportunities that are not known", 1);
            Ok(None)
        }
    }
}

/// The model's developer name, else its label, else its id.
fn model(build: &Build<'_>, id: Option<&str>, report: &mut Report) -> Result<String, IntakeError> {
    let Some(id) = id else {
        report.guess("a campaign influence without a model is of a model named Salesforce");
        return Ok(NO_MODEL.to_owned());
    };
    let model = build.work.record("CampaignInfluenceModel", id)?;
    let name = model.and_then(|model| model.text("DeveloperName").or_else(|| model.text("MasterLabel")));
    Ok(name.unwrap_or_else(|| {
        report.guess("a campaign influence whose model has no name is of a model named by its id");
        id.to_owned()
    }))
}
