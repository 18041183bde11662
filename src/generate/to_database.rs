//! The company as records, straight into the database in batches.

use super::campaigns::{campaign_type, lead_source};
use super::company::{Buyer, Company, IdleLead, MOST_CONTACTS};
use super::deal::{Deal, STAGES, Sourcing};
use super::influence::{Influence, MODELS, influences};
use super::journey::{Actor, Touch};
use super::names::{PRODUCTS, REGIONS, SEGMENTS};
use super::salesforce_id::{prefix, salesforce_id};
use super::targets::{Outlook, item_id, quota_id};
use super::timeline::{DAY_MS, date, day_of, instant};
use super::{CHUNK, GenerateError, Made};
use crate::config::OrganisationConfig;
use crate::storage::{Batch, Storage};
use pipewright_core::campaign::{Campaign, Channel};
use pipewright_core::catalog::{Product, Region, Segment, Stage};
use pipewright_core::currency::CurrencyCode;
use pipewright_core::dimension::{CellKey, Dimension, DimensionValue};
use pipewright_core::forecast::{AdjustedBy, Adjustment, Judgement};
use pipewright_core::ids::{
    AccountId, AdjustmentId, CampaignId, ContactId, ContactRoleId, DataVersion, JudgementId, LeadId, LineSetId, OpportunityId,
    ProductId, RegionId, RepId, SegmentId, StageId, TargetId, TenureId, TouchpointId, VendorCreditId,
};
use pipewright_core::opportunity::{ContactRole, Line, LineSet, Opportunity, Version};
use pipewright_core::party::{Account, Contact, Lead};
use pipewright_core::rep::{Rep, Tenure};
use pipewright_core::target::Target;
use pipewright_core::touchpoint::{Source, Touchpoint, TouchpointKind};
use pipewright_core::vendor_credit::VendorCredit;
use rayon::prelude::*;
use uuid::Uuid;

/// The storage gives every row its own.
const UNRECORDED: DataVersion = DataVersion(0);

/// Writes the company into an empty database that is migrated, telling `shown` after each batch.
///
/// # Errors
/// The database holds rows already, or failed; what was written by then stays.
pub async fn write_database(
    company: &Company,
    storage: &Storage,
    organisation: &OrganisationConfig,
    mut shown: impl FnMut(Made),
) -> Result<Made, GenerateError> {
    if storage.data_version().await? != DataVersion(0) {
        return Err(GenerateError::DatabaseInUse);
    }
    let records = Records { company, organisation: &organisation.name, currency: organisation.reporting_currency };
    let mut made = Made::default();
    made.rows += storage.write(records.lists(), None).await?.inserted;
    for accounts in chunks(company.accounts) {
        made.rows += storage.write(records.accounts(accounts), None).await?.inserted;
    }
    for deals in chunks(company.order.opportunities) {
        made.opportunities += deals.end - deals.start;
        made.rows += storage.write(records.deals(deals), None).await?.inserted;
        shown(made);
    }
    for leads in chunks(company.idle_leads) {
        made.rows += storage.write(records.idle_leads(leads), None).await?.inserted;
        shown(made);
    }
    made.rows += storage.write(records.outlook(), None).await?.inserted;
    Ok(made)
}

/// Ranges of at most [`CHUNK`] that cover `0..count`.
pub(crate) fn chunks(count: u64) -> impl Iterator<Item = std::ops::Range<u64>> {
    (0..count.div_ceil(CHUNK)).map(move |chunk| chunk * CHUNK..((chunk + 1) * CHUNK).min(count))
}

/// Makes records of the company's plain values.
struct Records<'a> {
    company: &'a Company,
    organisation: &'a str,
    currency: CurrencyCode,
}

impl Records<'_> {
    fn rep(&self, number: usize) -> RepId {
        RepId::derived(self.organisation, &salesforce_id(prefix::USER, number as u64))
    }

    fn account(&self, number: u64) -> AccountId {
        AccountId::derived(self.organisation, &salesforce_id(prefix::ACCOUNT, number))
    }

    fn contact(&self, account: u64, number: u64) -> ContactId {
        ContactId::derived(self.organisation, &salesforce_id(prefix::CONTACT, account * MOST_CONTACTS + number))
    }

    fn lead(&self, number: u64) -> LeadId {
        LeadId::derived(self.organisation, &salesforce_id(prefix::LEAD, number))
    }

    fn opportunity(&self, number: u64) -> OpportunityId {
        OpportunityId::derived(self.organisation, &salesforce_id(prefix::OPPORTUNITY, number))
    }

    fn campaign(&self, number: usize) -> CampaignId {
        CampaignId::derived(self.organisation, &salesforce_id(prefix::CAMPAIGN, number as u64))
    }

    fn product(&self, number: usize) -> ProductId {
        ProductId::derived(self.organisation, &salesforce_id(prefix::PRODUCT, number as u64))
    }

    fn region(&self, place: usize) -> RegionId {
        RegionId::derived(self.organisation, REGIONS[place].name)
    }

    fn segment(&self, place: usize) -> SegmentId {
        SegmentId::derived(self.organisation, SEGMENTS[place].name)
    }

    fn stage(&self, place: usize) -> StageId {
        StageId::derived(self.organisation, STAGES[place].name)
    }

    /// What everything else refers to: lists, people, campaigns.
    fn lists(&self) -> Batch {
        let mut batch = Batch::default();
        for (place, (name, code, family, _)) in PRODUCTS.iter().enumerate() {
            batch.products.push(Product {
                id: self.product(place),
                external_id: Some(salesforce_id(prefix::PRODUCT, place as u64)),
                name: (*name).into(),
                code: Some((*code).into()),
                family: Some((*family).into()),
                is_active: true,
                recorded: UNRECORDED,
            });
        }
        for (place, region) in REGIONS.iter().enumerate() {
            batch.regions.push(Region { id: self.region(place), name: region.name.into(), recorded: UNRECORDED });
        }
        for (place, segment) in SEGMENTS.iter().enumerate() {
            batch.segments.push(Segment { id: self.segment(place), name: segment.name.into(), recorded: UNRECORDED });
        }
        for (place, stage) in STAGES.iter().enumerate() {
            batch.stages.push(Stage {
                id: self.stage(place),
                name: stage.name.into(),
                position: i32::try_from(place + 1).expect("seven stages"),
                kind: stage.kind,
                forecast_category: stage.category,
                probability: Some(stage.probability),
                is_active: true,
                recorded: UNRECORDED,
            });
        }
        self.people(&mut batch);
        self.campaigns(&mut batch);
        batch
    }

    fn people(&self, batch: &mut Batch) {
        for (number, person) in self.company.people.all.iter().enumerate() {
            let id = self.rep(number);
            let external_id = salesforce_id(prefix::USER, number as u64);
            for post in &person.posts {
                let valid_from = instant(i64::from(post.from) * DAY_MS);
                batch.tenures.push(Tenure {
                    id: TenureId::derived(self.organisation, &format!("{external_id}\0{}", valid_from.timestamp_millis())),
                    rep: id,
                    role: post.role,
                    manager: post.manager.map(|manager| self.rep(manager)),
                    valid_from,
                    recorded: UNRECORDED,
                });
            }
            batch.reps.push(Rep {
                id,
                external_id: Some(external_id),
                name: format!("{} {}", person.name.0, person.name.1),
                email: Some(person.email.clone()),
                is_active: person.left.is_none(),
                hired_on: Some(date(person.hired)),
                recorded: UNRECORDED,
            });
        }
    }

    fn campaigns(&self, batch: &mut Batch) {
        let until = self.company.timeline.until;
        for (number, drive) in self.company.drives.all.iter().enumerate() {
            batch.campaigns.push(Campaign {
                id: self.campaign(number),
                external_id: Some(salesforce_id(prefix::CAMPAIGN, number as u64)),
                name: drive.name.clone(),
                parent: drive.parent.map(|parent| self.campaign(parent)),
                channel: Some(drive.channel),
                kind: Some(campaign_type(drive.channel).into()),
                status: Some(drive.status(until).into()),
                starts_on: Some(date(drive.starts)),
                ends_on: Some(date(drive.ends)),
                currency: self.currency,
                budgeted_cost_minor: Some(drive.budget_minor),
                actual_cost_minor: Some(drive.cost_minor),
                is_active: drive.runs_on(until),
                is_deleted: false,
                recorded: UNRECORDED,
            });
        }
    }

    fn accounts(&self, numbers: std::ops::Range<u64>) -> Batch {
        let buyers: Vec<Buyer> = numbers.into_par_iter().map(|number| self.company.buyer(number)).collect();
        let mut batch = Batch::default();
        for buyer in &buyers {
            for number in 0..buyer.contacts {
                batch.contacts.push(self.contact_row(buyer, number));
            }
            batch.accounts.push(Account {
                id: self.account(buyer.number),
                external_id: Some(salesforce_id(prefix::ACCOUNT, buyer.number)),
                name: buyer.name.clone(),
                kind: Some("Customer - Direct".into()),
                parent: None,
                industry: Some(buyer.industry.into()),
                region: Some(self.region(buyer.region)),
                segment: Some(self.segment(buyer.segment)),
                country: Some(buyer.address.0.into()),
                state: Some(buyer.address.1.to_owned()).filter(|state| !state.is_empty()),
                employees: Some(buyer.employees),
                annual_revenue_minor: Some(buyer.revenue_minor),
                website: Some(buyer.website.clone()),
                owner: Some(self.rep(buyer.owner)),
                created_at: Some(instant(buyer.created_ms)),
                is_deleted: false,
                recorded: UNRECORDED,
            });
        }
        batch
    }

    fn contact_row(&self, buyer: &Buyer, number: u64) -> Contact {
        let person = self.company.contact(buyer, number);
        Contact {
            id: self.contact(buyer.number, number),
            external_id: Some(salesforce_id(prefix::CONTACT, buyer.number * MOST_CONTACTS + number)),
            account: Some(self.account(buyer.number)),
            name: format!("{} {}", person.name.0, person.name.1),
            title: Some(person.title.0.into()),
            department: Some(person.title.1.into()),
            email: Some(person.email),
            phone: Some(person.phone),
            lead_source: Some(person.lead_source.into()),
            owner: Some(self.rep(buyer.owner)),
            created_at: Some(instant(buyer.created_ms)),
            is_deleted: false,
            recorded: UNRECORDED,
        }
    }

    fn deals(&self, numbers: std::ops::Range<u64>) -> Batch {
        let lived: Vec<(Deal, Vec<Touch>)> = numbers
            .into_par_iter()
            .map(|index| {
                let deal = self.company.deal(index);
                let journey = self.company.journey(&deal);
                (deal, journey)
            })
            .collect();
        let mut batch = Batch::default();
        for (deal, journey) in &lived {
            self.deal(deal, journey, &mut batch);
        }
        batch
    }

    fn deal(&self, deal: &Deal, journey: &[Touch], batch: &mut Batch) {
        let id = self.opportunity(deal.index);
        let last_rep_day = journey.iter().filter(|touch| touch.on_deal).map(|touch| day_of(touch.at_ms)).max();
        batch.opportunities.push(Opportunity {
            id,
            external_id: Some(salesforce_id(prefix::OPPORTUNITY, deal.index)),
            account: Some(self.account(deal.buyer.number)),
            created_at: instant(deal.created_ms),
            created_by: Some(self.rep(deal.creator)),
            lead_source: deal.channel.map(|channel| lead_source(channel).into()),
            lead_source_maps_to: deal.channel.map(Source::Channel),
            last_activity_on: last_rep_day.map(date),
            description: None,
            recorded: UNRECORDED,
        });
        let line_set = self.line_set(deal, batch);
        for state in 0..deal.states.len() {
            batch.versions.push(self.version(deal, state, line_set));
        }
        for (place, (number, part)) in deal.contact_parts.iter().enumerate() {
            batch.contact_roles.push(ContactRole {
                id: ContactRoleId::derived(
                    self.organisation,
                    &salesforce_id(prefix::CONTACT_ROLE, deal.index * 8 + place as u64),
                ),
                opportunity: id,
                contact: self.contact(deal.buyer.number, *number),
                role: Some((*part).into()),
                is_primary: place == 0,
                is_deleted: false,
                recorded: UNRECORDED,
            });
        }
        if let Sourcing::Conversion(rep) = deal.sourcing {
            batch.leads.push(self.converted_lead(deal, rep));
        }
        batch.touchpoints.extend(journey.iter().map(|touch| self.touchpoint(deal, touch)));
        batch.vendor_credits.extend(influences(deal, journey).iter().map(|influence| self.vendor_credit(deal, influence)));
    }

    fn vendor_credit(&self, deal: &Deal, influence: &Influence<'_>) -> VendorCredit {
        let external_id = influence.external_id();
        let touchpoint = |touch: &Touch| TouchpointId::derived(self.organisation, &touch.external_id(deal.index));
        VendorCredit {
            id: VendorCreditId::derived(self.organisation, &external_id),
            external_id,
            vendor: MODELS[influence.model].0.into(),
            opportunity: self.opportunity(deal.index),
            campaign: Some(self.campaign(influence.campaign)),
            touchpoint: influence.touch.map(touchpoint),
            contact: influence.touch.map(|touch| self.contact(deal.buyer.number, touch.contact)),
            share_ppm: influence.share_ppm,
            revenue_minor: Some(influence.revenue_minor),
            recorded: UNRECORDED,
        }
    }

    fn version(&self, deal: &Deal, place: usize, line_set: Option<LineSetId>) -> Version {
        let state = &deal.states[place];
        let stage = &STAGES[state.stage];
        Version {
            opportunity: self.opportunity(deal.index),
            valid_from: instant(state.at_ms),
            sequence: 0,
            name: deal.name.clone(),
            stage: self.stage(state.stage),
            forecast_category: stage.category,
            close_date: date(state.close_day),
            currency: self.currency,
            amount_minor: Some(state.acv_minor * deal.term_years),
            acv_minor: Some(state.acv_minor),
            probability: Some(stage.probability),
            owner: Some(self.rep(state.owner)),
            region: Some(self.region(deal.buyer.region)),
            segment: Some(self.segment(deal.buyer.segment)),
            opportunity_type: Some(deal.kind.into()),
            campaign: deal.campaign.map(|campaign| self.campaign(campaign)),
            next_step: state.next_step.map(str::to_owned),
            close_reason: None,
            line_set,
            lines_known: deal.lines_hold(place),
            is_deleted: false,
            recorded: UNRECORDED,
        }
    }

    fn line_set(&self, deal: &Deal, batch: &mut Batch) -> Option<LineSetId> {
        if deal.lines.is_empty() {
            return None;
        }
        let id = LineSetId::derived(self.organisation, &salesforce_id(prefix::LINE, deal.index * 8));
        let line = |(place, line): (usize, &super::deal::DealLine)| Line {
            line_set: id,
            position: i32::try_from(place).expect("at most three lines"),
            product: Some(self.product(line.product)),
            quantity_milli: Some(line.quantity * 1_000),
            amount_minor: line.acv_minor * deal.term_years,
            acv_minor: line.acv_minor,
            term_months: Some(i32::try_from(deal.term_years * 12).expect("at most three years")),
        };
        let lines = deal.lines.iter().enumerate().map(line).collect();
        batch.line_sets.push(LineSet { id, opportunity: self.opportunity(deal.index), lines, recorded: UNRECORDED });
        Some(id)
    }

    fn converted_lead(&self, deal: &Deal, rep: usize) -> Lead {
        let person = self.company.contact(&deal.buyer, 0);
        Lead {
            id: self.lead(deal.index),
            external_id: Some(salesforce_id(prefix::LEAD, deal.index)),
            name: format!("{} {}", person.name.0, person.name.1),
            company: Some(deal.buyer.name.clone()),
            title: Some(person.title.0.into()),
            email: Some(person.email),
            phone: Some(person.phone),
            status: Some("Closed - Converted".into()),
            lead_source: Some(deal.channel.map_or("Cold Call", lead_source).into()),
            industry: Some(deal.buyer.industry.into()),
            owner: Some(self.rep(rep)),
            created_at: Some(instant(deal.lead_created_ms())),
            converted_on: Some(date(day_of(deal.created_ms))),
            converted_account: Some(self.account(deal.buyer.number)),
            converted_contact: Some(self.contact(deal.buyer.number, 0)),
            converted_opportunity: Some(self.opportunity(deal.index)),
            is_deleted: false,
            recorded: UNRECORDED,
        }
    }

    fn touchpoint(&self, deal: &Deal, touch: &Touch) -> Touchpoint {
        let external_id = touch.external_id(deal.index);
        let conversion = touch.kind == TouchpointKind::LeadConversion;
        // As an import derives them: a lead is one row, its conversion another.
        let key = if conversion { format!("{external_id}\0conversion") } else { external_id.clone() };
        let (channel, campaign, rep) = match touch.actor {
            Actor::Campaign(number, channel) => (Some(channel), Some(self.campaign(number)), None),
            Actor::Rep(rep) => (None, None, Some(self.rep(rep))),
        };
        Touchpoint {
            id: TouchpointId::derived(self.organisation, &key),
            external_id: Some(external_id),
            at: instant(touch.at_ms),
            kind: touch.kind,
            channel,
            rep,
            campaign,
            contact: Some(self.contact(deal.buyer.number, touch.contact)),
            lead: conversion.then(|| self.lead(deal.index)),
            account: Some(self.account(deal.buyer.number)),
            opportunity: touch.on_deal.then(|| self.opportunity(deal.index)),
            recorded: UNRECORDED,
        }
    }

    fn idle_leads(&self, numbers: std::ops::Range<u64>) -> Batch {
        let idle: Vec<IdleLead> = numbers.into_par_iter().map(|number| self.company.idle_lead(number)).collect();
        let mut batch = Batch::default();
        for lead in idle {
            let number = self.company.order.opportunities + lead.number;
            for (place, (campaign, at_ms)) in lead.responses.iter().enumerate() {
                let member = self.company.idle_member_number(lead.number, place);
                batch.touchpoints.push(self.idle_response(number, *campaign, *at_ms, &salesforce_id(prefix::MEMBER, member)));
            }
            batch.leads.push(Lead {
                id: self.lead(number),
                external_id: Some(salesforce_id(prefix::LEAD, number)),
                name: format!("{} {}", lead.person.name.0, lead.person.name.1),
                company: Some(lead.company),
                title: Some(lead.person.title.0.into()),
                email: Some(lead.person.email),
                phone: Some(lead.person.phone),
                status: Some(lead.status.into()),
                lead_source: Some(lead.person.lead_source.into()),
                industry: Some(lead.industry.into()),
                owner: Some(self.rep(lead.owner)),
                created_at: Some(instant(lead.created_ms)),
                converted_on: None,
                converted_account: None,
                converted_contact: None,
                converted_opportunity: None,
                is_deleted: false,
                recorded: UNRECORDED,
            });
        }
        batch
    }

    fn idle_response(&self, lead: u64, campaign: usize, at_ms: i64, external_id: &str) -> Touchpoint {
        let channel: Channel = self.company.drives.all[campaign].channel;
        Touchpoint {
            id: TouchpointId::derived(self.organisation, external_id),
            external_id: Some(external_id.to_owned()),
            at: instant(at_ms),
            kind: TouchpointKind::Response,
            channel: Some(channel),
            rep: None,
            campaign: Some(self.campaign(campaign)),
            contact: None,
            lead: Some(self.lead(lead)),
            account: None,
            opportunity: None,
            recorded: UNRECORDED,
        }
    }

    /// Targets, judgements and adjustments. Their ids are as an import derives them.
    fn outlook(&self) -> Batch {
        let outlook = self.company.outlook();
        let mut batch = Batch::default();
        for (number, quota) in self.company.quotas(&outlook).into_iter().enumerate() {
            for (place, (measure, amount_minor)) in quota.amounts().into_iter().enumerate() {
                let name = format!("{}\0{amount_minor}\0{}", quota_id(number, place), quota.at_ms);
                batch.targets.push(Target {
                    id: TargetId::derived(self.organisation, &name),
                    measure,
                    period: self.company.timeline.quarters[quota.quarter].name,
                    key: self.key(quota.cell),
                    amount_minor,
                    valid_from: instant(quota.at_ms),
                    sequence: 0,
                    recorded: UNRECORDED,
                });
            }
        }
        self.calls(&outlook, &mut batch);
        batch
    }

    fn calls(&self, outlook: &Outlook, batch: &mut Batch) {
        for (number, call) in self.company.calls(outlook).into_iter().enumerate() {
            let period = self.company.timeline.quarters[call.quarter].name;
            let what = if call.note.is_some() { "manager" } else { "" };
            let name = format!("{}\0{what}{}\0{}", item_id(number), call.amount_minor, call.at_ms);
            let (key, valid_from, author) = (self.key(call.cell), instant(call.at_ms), Some(self.rep(call.author)));
            match call.note {
                None => batch.judgements.push(Judgement {
                    id: JudgementId::derived(self.organisation, &name),
                    period,
                    key,
                    amount_minor: call.amount_minor,
                    submitted_by: author,
                    valid_from,
                    sequence: 0,
                    recorded: UNRECORDED,
                }),
                Some(note) => batch.adjustments.push(Adjustment {
                    id: AdjustmentId::derived(self.organisation, &name),
                    period,
                    key,
                    by: AdjustedBy::Manager,
                    amount_minor: call.amount_minor,
                    note: Some(note.into()),
                    author,
                    valid_from,
                    sequence: 0,
                    recorded: UNRECORDED,
                }),
            }
        }
    }

    fn key(&self, (region, segment): (usize, usize)) -> CellKey {
        let entity = |id: Uuid| DimensionValue::Entity(id);
        CellKey::new(vec![
            (Dimension::Region, entity(self.region(region).0)),
            (Dimension::Segment, entity(self.segment(segment).0)),
        ])
        .expect("region and segment are two dimensions")
    }
}
