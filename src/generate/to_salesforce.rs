//! The company as a Salesforce export: one CSV file for each object, every value quoted, UTF-8.
//!
//! Role changes of reps have no place in these objects and are left out; everything else is the same company that the database
//! writer writes. Targets and forecasts are a cell's, not a user's: columns of the company's own say which, as in the mapping
//! that ships. Money stands in whole units with two decimals.

mod outlook;

use super::campaigns::{campaign_type, lead_source};
use super::company::{Acquaintance, Buyer, Company, IdleLead, MOST_CONTACTS};
use super::deal::{Deal, LOST, MOST_STATES, STAGES, Sourcing, WON};
use super::influence::{MODELS, influences, model_id};
use super::journey::{Actor, Touch};
use super::names::{PRODUCTS, REGIONS, RegionHabit, SEGMENTS};
use super::people::Person;
use super::salesforce_id::{prefix, salesforce_id};
use super::timeline::{DAY_MS, date, day_of, instant};
use super::to_database::chunks;
use super::{GenerateError, Made};
use pipewright_core::catalog::{ForecastCategory, StageKind};
use pipewright_core::rep::Role;
use pipewright_core::touchpoint::TouchpointKind;
use rayon::prelude::*;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

/// Writes the export into a folder that is new or empty, telling `shown` after each batch.
///
/// # Errors
/// The folder holds something, or a file could not be written; what was written by then stays.
pub fn write_export(company: &Company, folder: &Path, mut shown: impl FnMut(Made)) -> Result<Made, GenerateError> {
    let failed = |error| GenerateError::File(folder.to_owned(), error);
    std::fs::create_dir_all(folder).map_err(failed)?;
    if std::fs::read_dir(folder).map_err(failed)?.next().is_some() {
        return Err(GenerateError::FolderInUse(folder.to_owned()));
    }
    let mut export = Export { company, tables: Tables::create(folder)?, opportunities: 0 };
    export.lists()?;
    for accounts in chunks(company.accounts) {
        let buyers: Vec<Buyer> = accounts.into_par_iter().map(|number| company.buyer(number)).collect();
        buyers.iter().try_for_each(|buyer| export.buyer(buyer))?;
    }
    for deals in chunks(company.order.opportunities) {
        let live = |index| {
            let deal = company.deal(index);
            let journey = company.journey(&deal);
            (deal, journey)
        };
        let lived: Vec<(Deal, Vec<Touch>)> = deals.into_par_iter().map(live).collect();
        lived.iter().try_for_each(|(deal, journey)| export.deal(deal, journey))?;
        shown(export.made());
    }
    for leads in chunks(company.idle_leads) {
        let idle: Vec<IdleLead> = leads.into_par_iter().map(|number| company.idle_lead(number)).collect();
        idle.iter().try_for_each(|lead| export.idle_lead(lead))?;
        shown(export.made());
    }
    export.outlook()?;
    let made = export.made();
    export.tables.finish()?;
    Ok(made)
}

/// One file.
struct Table {
    path: PathBuf,
    writer: csv::Writer<BufWriter<File>>,
    rows: u64,
}

impl Table {
    fn create(folder: &Path, object: &str, columns: &[&str]) -> Result<Self, GenerateError> {
        let path = folder.join(format!("{object}.csv"));
        let file = File::create_new(&path).map_err(|error| GenerateError::File(path.clone(), error))?;
        let writer = csv::WriterBuilder::new().quote_style(csv::QuoteStyle::Always).from_writer(BufWriter::new(file));
        let mut table = Self { path, writer, rows: 0 };
        table.record(columns)?;
        Ok(table)
    }

    fn record(&mut self, values: &[&str]) -> Result<(), GenerateError> {
        self.writer.write_record(values).map_err(|error| GenerateError::File(self.path.clone(), error.into()))
    }

    fn row(&mut self, values: &[&str]) -> Result<(), GenerateError> {
        self.rows += 1;
        self.record(values)
    }

    fn finish(&mut self) -> Result<(), GenerateError> {
        self.writer.flush().map_err(|error| GenerateError::File(self.path.clone(), error))
    }
}

/// Declares the files with their columns; a row gives its values in that order.
macro_rules! tables {
    ($($field:ident = $object:literal [$($column:literal),* $(,)?];)*) => {
        struct Tables { $($field: Table,)* }

        impl Tables {
            fn create(folder: &Path) -> Result<Self, GenerateError> {
                Ok(Self { $($field: Table::create(folder, $object, &[$($column),*])?,)* })
            }

            fn rows(&self) -> u64 {
                0 $(+ self.$field.rows)*
            }

            fn finish(&mut self) -> Result<(), GenerateError> {
                $(self.$field.finish()?;)*
                Ok(())
            }
        }
    };
}

tables! {
    roles = "UserRole" ["Id", "Name", "ParentRoleId"];
    users = "User" ["Id", "Username", "LastName", "FirstName", "Name", "Title", "Email", "IsActive", "UserRoleId", "ManagerId",
        "ForecastEnabled", "CreatedDate", "LastModifiedDate"];
    products = "Product2" ["Id", "Name", "ProductCode", "IsActive", "Family", "IsDeleted"];
    stages = "OpportunityStage" ["Id", "MasterLabel", "ApiName", "IsActive", "SortOrder", "IsClosed", "IsWon", "ForecastCategory",
        "ForecastCategoryName", "DefaultProbability"];
    campaigns = "Campaign" ["Id", "IsDeleted", "Name", "ParentId", "Type", "Status", "StartDate", "EndDate", "BudgetedCost",
        "ActualCost", "IsActive", "CreatedDate"];
    members = "CampaignMember" ["Id", "IsDeleted", "CampaignId", "LeadId", "ContactId", "Status", "HasResponded", "CreatedDate",
        "FirstRespondedDate"];
    accounts = "Account" ["Id", "IsDeleted", "Name", "Type", "BillingState", "BillingCountry", "Website", "Industry",
        "AnnualRevenue", "NumberOfEmployees", "OwnerId", "CreatedDate", "Region__c", "Segment__c"];
    contacts = "Contact" ["Id", "IsDeleted", "AccountId", "LastName", "FirstName", "Name", "Phone", "Email", "Title", "Department",
        "LeadSource", "OwnerId", "CreatedDate"];
    leads = "Lead" ["Id", "IsDeleted", "LastName", "FirstName", "Name", "Title", "Company", "Phone", "Email", "LeadSource",
        "Status", "Industry", "OwnerId", "IsConverted", "ConvertedDate", "ConvertedAccountId", "ConvertedContactId",
        "ConvertedOpportunityId", "CreatedDate"];
    opportunities = "Opportunity" ["Id", "IsDeleted", "AccountId", "Name", "StageName", "Amount", "Probability", "CloseDate", "Type",
        "NextStep", "LeadSource", "IsClosed", "IsWon", "ForecastCategory", "ForecastCategoryName", "CampaignId",
        "HasOpportunityLineItem", "OwnerId", "CreatedDate", "CreatedById", "LastModifiedDate", "SystemModstamp",
        "LastActivityDate", "Region__c", "Segment__c", "ACV__c"];
    history = "OpportunityHistory" ["Id", "OpportunityId", "CreatedById", "CreatedDate", "StageName", "Amount", "ExpectedRevenue",
        "CloseDate", "Probability", "ForecastCategory", "SystemModstamp", "IsDeleted"];
    field_history = "OpportunityFieldHistory" ["Id", "IsDeleted", "OpportunityId", "CreatedById", "CreatedDate", "Field",
        "OldValue", "NewValue"];
    contact_roles = "OpportunityContactRole" ["Id", "OpportunityId", "ContactId", "Role", "IsPrimary", "CreatedDate", "IsDeleted"];
    lines = "OpportunityLineItem" ["Id", "OpportunityId", "SortOrder", "Product2Id", "ProductCode", "Name", "Quantity",
        "TotalPrice", "UnitPrice", "CreatedDate", "LastModifiedDate", "IsDeleted", "Term_Months__c"];
    tasks = "Task" ["Id", "IsDeleted", "WhoId", "WhatId", "Subject", "ActivityDate", "Status", "Priority", "OwnerId", "AccountId",
        "IsClosed", "CreatedDate", "TaskSubtype", "CompletedDateTime"];
    events = "Event" ["Id", "IsDeleted", "WhoId", "WhatId", "Subject", "ActivityDate", "ActivityDateTime", "StartDateTime",
        "DurationInMinutes", "AccountId", "OwnerId", "CreatedDate", "IsChild"];
    periods = "Period" ["Id", "Type", "StartDate", "EndDate", "IsForecastPeriod", "QuarterLabel", "Number",
        "FullyQualifiedLabel"];
    quotas = "ForecastingQuota" ["Id", "QuotaOwnerId", "StartDate", "QuotaAmount", "QuotaQuantity", "IsAmount", "IsQuantity",
        "ForecastingTypeId", "PeriodId", "ProductFamily", "CreatedDate", "LastModifiedDate", "SystemModstamp", "Region__c",
        "Segment__c", "Measure__c"];
    items = "ForecastingItem" ["Id", "OwnerId", "PeriodId", "ForecastingTypeId", "ForecastCategoryName",
        "ForecastingItemCategory", "ForecastAmount", "AmountWithoutAdjustments", "AmountWithoutManagerAdjustment",
        "AmountWithoutOwnerAdjustment", "HasAdjustment", "HasOwnerAdjustment", "IsAmount", "IsQuantity", "ProductFamily",
        "SystemModstamp", "Region__c", "Segment__c", "Submitted_By__c", "Note__c"];
    models = "CampaignInfluenceModel" ["Id", "DeveloperName", "MasterLabel", "ModelType", "IsDefaultModel", "IsModelLocked",
        "IsActive"];
    influences = "CampaignInfluence" ["Id", "CampaignId", "CampaignMemberId", "ContactId", "Influence", "ModelId",
        "OpportunityId", "RevenueShare"];
}

struct Export<'a> {
    company: &'a Company,
    tables: Tables,
    opportunities: u64,
}

fn stamp(at_ms: i64) -> String {
    instant(at_ms).format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

fn money(minor: i64) -> String {
    format!("{}{}.{:02}", if minor < 0 { "-" } else { "" }, minor.unsigned_abs() / 100, minor.unsigned_abs() % 100)
}

fn flag(yes: bool) -> &'static str {
    if yes { "true" } else { "false" }
}

fn user(number: usize) -> String {
    salesforce_id(prefix::USER, number as u64)
}

fn period(quarter: usize) -> String {
    salesforce_id(prefix::PERIOD, quarter as u64)
}

fn contact_id(account: u64, number: u64) -> String {
    salesforce_id(prefix::CONTACT, account * MOST_CONTACTS + number)
}

fn full_name(person: &Acquaintance) -> String {
    format!("{} {}", person.name.0, person.name.1)
}

/// As Salesforce's interface and its screens spell it.
fn category(category: ForecastCategory) -> (&'static str, &'static str) {
    match category {
        ForecastCategory::Omitted => ("Omitted", "Omitted"),
        ForecastCategory::Pipeline => ("Pipeline", "Pipeline"),
        ForecastCategory::BestCase => ("BestCase", "Best Case"),
        ForecastCategory::MostLikely => ("MostLikely", "Most Likely"),
        ForecastCategory::Commit => ("Forecast", "Commit"),
        ForecastCategory::Closed => ("Closed", "Closed"),
    }
}

fn role_name(role: Option<Role>) -> &'static str {
    match role {
        None => "Sales Leadership",
        Some(Role::Ae) => "Account Executive",
        Some(Role::Bdr) => "Business Development Representative",
        Some(Role::Sdr) => "Sales Development Representative",
        Some(Role::Ecs) => "Enterprise Corporate Specialist",
        Some(Role::CloudSales) => "Cloud Sales Specialist",
    }
}

/// The number of a user role: leadership, then the five by region; the head of sales works nowhere.
fn role_id(region: Option<usize>, role: Option<Role>) -> String {
    let place = region.map_or(0, |region| 1 + region * 6 + role.map_or(0, |role| 1 + role as usize));
    salesforce_id(prefix::USER_ROLE, place as u64)
}

impl Export<'_> {
    fn made(&self) -> Made {
        Made { opportunities: self.opportunities, rows: self.tables.rows() }
    }

    fn lists(&mut self) -> Result<(), GenerateError> {
        self.tables.roles.row(&[&role_id(None, None), "Sales Leadership", ""])?;
        for (region, RegionHabit { name, .. }) in REGIONS.iter().enumerate() {
            for role in std::iter::once(None).chain(Role::ALL.map(Some)) {
                let parent = if role.is_none() { role_id(None, None) } else { role_id(Some(region), None) };
                self.tables.roles.row(&[&role_id(Some(region), role), &format!("{} - {name}", role_name(role)), &parent])?;
            }
        }
        for (place, (name, code, family, _)) in PRODUCTS.iter().enumerate() {
            self.tables.products.row(&[&salesforce_id(prefix::PRODUCT, place as u64), name, code, "true", family, "false"])?;
        }
        for (place, stage) in STAGES.iter().enumerate() {
            let (code, words) = category(stage.category);
            let id = salesforce_id(prefix::STAGE, place as u64);
            let (order, probability) = ((place + 1).to_string(), stage.probability.to_string());
            let (closed, won) = (flag(stage.kind != StageKind::Open), flag(stage.kind == StageKind::Won));
            let row = [&id, stage.name, stage.name, "true", &order, closed, won, code, words, &probability];
            self.tables.stages.row(&row)?;
        }
        for (number, (name, label)) in MODELS.iter().enumerate() {
            let id = model_id(number);
            self.tables.models.row(&[&id, name, label, "2", flag(number == 0), "false", "true"])?;
        }
        let company = self.company;
        for (number, person) in company.people.all.iter().enumerate() {
            self.user(number, person)?;
        }
        (0..company.drives.all.len()).try_for_each(|number| self.campaign(number))
    }

    fn user(&mut self, number: usize, person: &Person) -> Result<(), GenerateError> {
        let post = person.posts.last().expect("everyone has a post");
        let (first, last) = person.name;
        let manager = post.manager.map(user).unwrap_or_default();
        let created = stamp(i64::from(person.hired) * DAY_MS);
        self.tables.users.row(&[
            &user(number),
            &person.email,
            last,
            first,
            &format!("{first} {last}"),
            role_name(post.role),
            &person.email,
            flag(person.left.is_none()),
            &role_id(person.region, post.role),
            &manager,
            "true",
            &created,
            &created,
        ])
    }

    fn campaign(&mut self, number: usize) -> Result<(), GenerateError> {
        let drive = &self.company.drives.all[number];
        let until = self.company.timeline.until;
        let parent = drive.parent.map(|parent| salesforce_id(prefix::CAMPAIGN, parent as u64)).unwrap_or_default();
        let made = (i64::from(drive.starts - 30) * DAY_MS).min(self.company.timeline.horizon_ms);
        self.tables.campaigns.row(&[
            &salesforce_id(prefix::CAMPAIGN, number as u64),
            "false",
            &drive.name,
            &parent,
            campaign_type(drive.channel),
            drive.status(until),
            &date(drive.starts).to_string(),
            &date(drive.ends).to_string(),
            &money(drive.budget_minor),
            &money(drive.cost_minor),
            flag(drive.runs_on(until)),
            &stamp(made),
        ])
    }

    fn buyer(&mut self, buyer: &Buyer) -> Result<(), GenerateError> {
        let (id, owner, created) = (salesforce_id(prefix::ACCOUNT, buyer.number), user(buyer.owner), stamp(buyer.created_ms));
        for number in 0..buyer.contacts {
            let person = self.company.contact(buyer, number);
            self.tables.contacts.row(&[
                &contact_id(buyer.number, number),
                "false",
                &id,
                person.name.1,
                person.name.0,
                &full_name(&person),
                &person.phone,
                &person.email,
                person.title.0,
                person.title.1,
                person.lead_source,
                &owner,
                &created,
            ])?;
        }
        self.tables.accounts.row(&[
            &id,
            "false",
            &buyer.name,
            "Customer - Direct",
            buyer.address.1,
            buyer.address.0,
            &buyer.website,
            buyer.industry,
            &money(buyer.revenue_minor),
            &buyer.employees.to_string(),
            &owner,
            &created,
            REGIONS[buyer.region].name,
            SEGMENTS[buyer.segment].name,
        ])
    }

    fn deal(&mut self, deal: &Deal, journey: &[Touch]) -> Result<(), GenerateError> {
        self.opportunities += 1;
        let id = salesforce_id(prefix::OPPORTUNITY, deal.index);
        self.opportunity(deal, journey, &id)?;
        self.history(deal, &id)?;
        self.lines(deal, &id)?;
        let created = stamp(deal.created_ms);
        for (place, (number, part)) in deal.contact_parts.iter().enumerate() {
            let own = salesforce_id(prefix::CONTACT_ROLE, deal.index * 8 + place as u64);
            let contact = contact_id(deal.buyer.number, *number);
            self.tables.contact_roles.row(&[&own, &id, &contact, part, flag(place == 0), &created, "false"])?;
        }
        if let Sourcing::Conversion(rep) = deal.sourcing {
            self.converted_lead(deal, rep, &id)?;
        }
        journey.iter().try_for_each(|touch| self.touch(deal, touch, &id))?;
        influences(deal, journey).iter().try_for_each(|influence| self.influence(deal, influence, &id))
    }

    fn opportunity(&mut self, deal: &Deal, journey: &[Touch], id: &str) -> Result<(), GenerateError> {
        let last = deal.last();
        let stage = &STAGES[last.stage];
        let (code, words) = category(stage.category);
        let active = journey.iter().filter(|touch| touch.on_deal).map(|touch| day_of(touch.at_ms)).max();
        let modified = stamp(last.at_ms);
        self.tables.opportunities.row(&[
            id,
            "false",
            &salesforce_id(prefix::ACCOUNT, deal.buyer.number),
            &deal.name,
            stage.name,
            &money(last.acv_minor * deal.term_years),
            &stage.probability.to_string(),
            &date(last.close_day).to_string(),
            deal.kind,
            last.next_step.unwrap_or_default(),
            deal.channel.map(lead_source).unwrap_or_default(),
            flag(last.stage == WON || last.stage == LOST),
            flag(last.stage == WON),
            code,
            words,
            &deal.campaign.map(|campaign| salesforce_id(prefix::CAMPAIGN, campaign as u64)).unwrap_or_default(),
            flag(!deal.lines.is_empty()),
            &user(last.owner),
            &stamp(deal.created_ms),
            &user(deal.creator),
            &modified,
            &modified,
            &active.map(|day| date(day).to_string()).unwrap_or_default(),
            REGIONS[deal.buyer.region].name,
            SEGMENTS[deal.buyer.segment].name,
            &money(last.acv_minor),
        ])
    }

    /// A snapshot for each change of stage, amount or close date; a change of owner stands in the field history instead.
    fn history(&mut self, deal: &Deal, id: &str) -> Result<(), GenerateError> {
        for (place, state) in deal.states.iter().enumerate() {
            let number = deal.index * MOST_STATES + place as u64;
            let (at, owner) = (stamp(state.at_ms), user(state.owner));
            let before = place.checked_sub(1).map(|before| &deal.states[before]);
            let shape = |state: &super::deal::State| (state.stage, state.acv_minor, state.close_day);
            if before.is_none_or(|before| shape(before) != shape(state)) {
                let stage = &STAGES[state.stage];
                let amount = state.acv_minor * deal.term_years;
                let expected = money(amount / 100 * i64::from(stage.probability));
                let (amount, closes) = (money(amount), date(state.close_day).to_string());
                let (own, probability) = (salesforce_id(prefix::HISTORY, number), stage.probability.to_string());
                let (code, _) = category(stage.category);
                let row = [&own, id, &owner, &at, stage.name, &amount, &expected, &closes, &probability, code, &at, "false"];
                self.tables.history.row(&row)?;
            }
            if let Some(before) = before.filter(|before| before.owner != state.owner) {
                let name = |number: usize| {
                    let (first, last) = self.company.people.all[number].name;
                    format!("{first} {last}")
                };
                let values = [(name(before.owner), name(state.owner)), (user(before.owner), owner.clone())];
                for (row, (old, new)) in values.into_iter().enumerate() {
                    let own = salesforce_id(prefix::FIELD_HISTORY, number * 2 + row as u64);
                    self.tables.field_history.row(&[&own, "false", id, &owner, &at, "Owner", &old, &new])?;
                }
            }
        }
        Ok(())
    }

    fn lines(&mut self, deal: &Deal, id: &str) -> Result<(), GenerateError> {
        let changed = (0..deal.states.len()).find(|state| deal.lines_hold(*state)).unwrap_or(0);
        let (created, modified) = (stamp(deal.created_ms), stamp(deal.states[changed].at_ms));
        for (place, line) in deal.lines.iter().enumerate() {
            let (name, code, ..) = PRODUCTS[line.product];
            let total = line.acv_minor * deal.term_years;
            self.tables.lines.row(&[
                &salesforce_id(prefix::LINE, deal.index * 8 + place as u64),
                id,
                &(place + 1).to_string(),
                &salesforce_id(prefix::PRODUCT, line.product as u64),
                code,
                name,
                &line.quantity.to_string(),
                &money(total),
                &money(total / line.quantity),
                &created,
                &modified,
                "false",
                &(deal.term_years * 12).to_string(),
            ])?;
        }
        Ok(())
    }

    fn converted_lead(&mut self, deal: &Deal, rep: usize, id: &str) -> Result<(), GenerateError> {
        let person = self.company.contact(&deal.buyer, 0);
        self.tables.leads.row(&[
            &salesforce_id(prefix::LEAD, deal.index),
            "false",
            person.name.1,
            person.name.0,
            &full_name(&person),
            person.title.0,
            &deal.buyer.name,
            &person.phone,
            &person.email,
            deal.channel.map_or("Cold Call", lead_source),
            "Closed - Converted",
            deal.buyer.industry,
            &user(rep),
            "true",
            &date(day_of(deal.created_ms)).to_string(),
            &salesforce_id(prefix::ACCOUNT, deal.buyer.number),
            &contact_id(deal.buyer.number, 0),
            id,
            &stamp(deal.lead_created_ms()),
        ])
    }

    fn idle_lead(&mut self, lead: &IdleLead) -> Result<(), GenerateError> {
        let id = salesforce_id(prefix::LEAD, self.company.order.opportunities + lead.number);
        let person = &lead.person;
        for (place, (campaign, at_ms)) in lead.responses.iter().enumerate() {
            let own = salesforce_id(prefix::MEMBER, self.company.idle_member_number(lead.number, place));
            self.member(&own, *campaign, (&id, ""), true, *at_ms)?;
        }
        self.tables.leads.row(&[
            &id,
            "false",
            person.name.1,
            person.name.0,
            &full_name(person),
            person.title.0,
            &lead.company,
            &person.phone,
            &person.email,
            person.lead_source,
            lead.status,
            lead.industry,
            &user(lead.owner),
            "false",
            "",
            "",
            "",
            "",
            &stamp(lead.created_ms),
        ])
    }

    fn member(&mut self, id: &str, campaign: usize, who: (&str, &str), responded: bool, at_ms: i64) -> Result<(), GenerateError> {
        let campaign = salesforce_id(prefix::CAMPAIGN, campaign as u64);
        let day = if responded { date(day_of(at_ms)).to_string() } else { String::new() };
        let status = if responded { "Responded" } else { "Sent" };
        let row = [id, "false", &campaign, who.0, who.1, status, flag(responded), &stamp(at_ms), &day];
        self.tables.members.row(&row)
    }

    fn touch(&mut self, deal: &Deal, touch: &Touch, id: &str) -> Result<(), GenerateError> {
        let own = touch.external_id(deal.index);
        let contact = contact_id(deal.buyer.number, touch.contact);
        let rep = match touch.actor {
            Actor::Campaign(campaign, _) => {
                return self.member(&own, campaign, ("", &contact), touch.kind == TouchpointKind::Response, touch.at_ms);
            }
            Actor::Rep(rep) => user(rep),
        };
        let account = salesforce_id(prefix::ACCOUNT, deal.buyer.number);
        let (at, day) = (stamp(touch.at_ms), date(day_of(touch.at_ms)).to_string());
        let what = if touch.on_deal { id } else { "" };
        let (subject, subtype) = match touch.kind {
            // Lead.csv tells of it.
            TouchpointKind::LeadConversion => return Ok(()),
            TouchpointKind::Meeting => {
                let row = [&own, "false", &contact, what, "Meeting", &day, &at, &at, "45", &account, &rep, &at, "false"];
                return self.tables.events.row(&row);
            }
            TouchpointKind::Call => ("Call", "Call"),
            TouchpointKind::Email => ("Email", "Email"),
            TouchpointKind::HandOff => ("Hand-off", "Task"),
            _ => ("Follow up", "Task"),
        };
        let row =
            [&own, "false", &contact, what, subject, &day, "Completed", "Normal", &rep, &account, "true", &at, subtype, &at];
        self.tables.tasks.row(&row)
    }
}
