//! What the database holds already, for what an export does not say: a newer export may carry a few files, rows or columns only.
//!
//! Ids of imported records follow from the source system's, so a record can be looked for without having its row. What the
//! export names and does not carry is looked up once, in bulk, before the first write, and kept in the work file: a resumed
//! import sees the same.

use super::IntakeError;
use super::discover::Found;
use super::report::{Report, Unresolved};
use super::salesforce::objects::{CREDITS, PARTS};
use super::salesforce::touchpoints::answer_key;
use super::work::WorkFile;
use crate::storage::{Storage, StorageError};
use chrono::NaiveDate;
use pipewright_core::currency::{CurrencyCode, ExchangeRate};
use pipewright_core::ids::{
    AccountId, CampaignId, ContactId, ContactRoleId, LeadId, OpportunityId, ProductId, RepId, SplitId, TouchpointId,
};
use pipewright_core::opportunity::Version;
use pipewright_core::rep::{Rep, Tenure};
use pipewright_core::touchpoint::Touchpoint;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use tokio::runtime::Handle;
use uuid::Uuid;

/// Ids looked for at once.
const AT_ONCE: usize = 5_000;

/// References that are followed: (object, column, what it names, how such an id begins; nothing where only the export holds such).
const REFERENCES: &[(&str, &str, &str, &str)] = &[
    ("Account", "ParentId", "Account", "001"),
    ("Account", "OwnerId", "User", "005"),
    ("Contact", "AccountId", "Account", "001"),
    ("Contact", "OwnerId", "User", "005"),
    ("Lead", "OwnerId", "User", "005"),
    ("Lead", "ConvertedAccountId", "Account", "001"),
    ("Lead", "ConvertedContactId", "Contact", "003"),
    ("Lead", "ConvertedOpportunityId", "Opportunity", "006"),
    ("Opportunity", "AccountId", "Account", "001"),
    ("Opportunity", "OwnerId", "User", "005"),
    ("Opportunity", "CreatedById", "User", "005"),
    ("Opportunity", "CampaignId", "Campaign", "701"),
    ("OpportunityContactRole", "ContactId", "Contact", "003"),
    ("OpportunityLineItem", "Product2Id", "Product2", "01t"),
    ("OpportunitySplit", "SplitOwnerId", "User", "005"),
    ("Campaign", "ParentId", "Campaign", "701"),
    ("CampaignMember", "CampaignId", "Campaign", "701"),
    ("CampaignMember", "LeadId", "Lead", "00Q"),
    ("CampaignMember", "ContactId", "Contact", "003"),
    ("Task", "OwnerId", "User", "005"),
    ("Event", "OwnerId", "User", "005"),
    ("User", "UserRoleId", "UserRole", ""),
    ("User", "ManagerId", "User", "005"),
    ("ForecastingQuota", "QuotaOwnerId", "User", "005"),
    ("ForecastingQuota", "PeriodId", "Period", ""),
    ("ForecastingItem", "OwnerId", "User", "005"),
    ("ForecastingItem", "PeriodId", "Period", ""),
    ("CampaignInfluence", "CampaignId", "Campaign", "701"),
    ("CampaignInfluence", "CampaignMemberId", "CampaignMember", "00v"),
    ("CampaignInfluence", "ContactId", "Contact", "003"),
    ("CampaignInfluence", "ModelId", "CampaignInfluenceModel", ""),
    ("CampaignInfluence", "OpportunityId", "Opportunity", "006"),
    (CREDITS, "Opportunity", "Opportunity", "006"),
];

/// References that may be of several objects: looked up, and not reported one by one.
const LOOSE: &[(&str, &str, &str, &str)] = &[
    (CREDITS, "Touchpoint", "Campaign", "701"),
    (CREDITS, "Touchpoint", "Lead", "00Q"),
    ("Task", "WhoId", "Contact", "003"),
    ("Task", "WhoId", "Lead", "00Q"),
    ("Task", "WhatId", "Account", "001"),
    ("Task", "WhatId", "Opportunity", "006"),
    ("Task", "AccountId", "Account", "001"),
    ("Event", "WhoId", "Contact", "003"),
    ("Event", "WhoId", "Lead", "00Q"),
    ("Event", "WhatId", "Account", "001"),
    ("Event", "WhatId", "Opportunity", "006"),
    ("Event", "AccountId", "Account", "001"),
    ("OpportunityFieldHistory", "OldValue", "User", "005"),
    ("OpportunityFieldHistory", "NewValue", "User", "005"),
    ("OpportunityFieldHistory", "OldValue", "Campaign", "701"),
    ("OpportunityFieldHistory", "NewValue", "Campaign", "701"),
];

/// What others credit that is stored as a touchpoint, looked for even where the export carries its row: (object, column, what
/// it names, how such an id begins).
const CREDITED: &[(&str, &str, &str, &str)] = &[
    (CREDITS, "Touchpoint", "CampaignMember", "00v"),
    (CREDITS, "Touchpoint", "Task", "00T"),
    (CREDITS, "Touchpoint", "Event", "00U"),
    ("CampaignInfluence", "CampaignMemberId", "CampaignMember", "00v"),
];

/// A rep as stored, with the last of their tenures.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KnownRep {
    /// The rep.
    pub rep: Rep,
    /// What they did last; `None` where nothing is known of it.
    pub last: Option<Tenure>,
}

/// The database, asked from a thread that may block.
pub struct Known {
    storage: Storage,
    handle: Handle,
}

impl Known {
    /// Asks `storage` on this runtime.
    pub fn new(storage: Storage, handle: Handle) -> Self {
        Self { storage, handle }
    }

    fn ask<T>(&self, question: impl Future<Output = Result<T, StorageError>>) -> Result<T, IntakeError> {
        self.handle.block_on(question).map_err(IntakeError::Database)
    }

    /// All stored versions of some opportunities, in order of (valid_from, sequence).
    ///
    /// # Errors
    /// The database failed.
    pub fn versions(&self, ids: &[OpportunityId]) -> Result<HashMap<OpportunityId, Vec<Version>>, IntakeError> {
        let mut by_opportunity: HashMap<OpportunityId, Vec<Version>> = HashMap::new();
        for version in self.ask(self.storage.versions_of(ids))? {
            by_opportunity.entry(version.opportunity).or_default().push(version);
        }
        Ok(by_opportunity)
    }

    /// Those of some touchpoints that are stored.
    ///
    /// # Errors
    /// The database failed.
    pub fn touchpoints(&self, ids: &[TouchpointId]) -> Result<HashMap<TouchpointId, Touchpoint>, IntakeError> {
        let stored = self.ask(self.storage.touchpoints_stored(ids))?;
        Ok(stored.into_iter().map(|touchpoint| (touchpoint.id, touchpoint)).collect())
    }
}

impl Known {
    /// The exchange rate of each currency from each day on, as it is known last.
    ///
    /// # Errors
    /// The database failed.
    pub fn last_rates(&self) -> Result<HashMap<(CurrencyCode, NaiveDate), ExchangeRate>, IntakeError> {
        let mut last: HashMap<_, ExchangeRate> = HashMap::new();
        for rate in self.ask(self.storage.every_exchange_rate())? {
            let key = (rate.currency, rate.valid_from);
            if last.get(&key).is_none_or(|other| other.known_from < rate.known_from) {
                last.insert(key, rate);
            }
        }
        Ok(last)
    }
}

/// Looks up what the export names or describes in part, and reports the references that resolve nowhere.
///
/// # Errors
/// The database or the work file failed.
pub fn recall(
    work: &WorkFile,
    known: Option<&Known>,
    organisation: &str,
    found: &Found,
    report: &mut Report,
) -> Result<(), IntakeError> {
    work.begin()?;
    work.forget_stored()?;
    if let Some(known) = known {
        name_reps(work, known)?;
        want(work, found)?;
        keep(work, known, organisation)?;
    }
    work.commit()?;
    work.note_recalled()?;
    report.unresolved.clear();
    for (object, column, of, _) in REFERENCES {
        let (count, example) = work.orphans(object, column, of)?;
        if let Some(example) = example {
            report.unresolved.insert(format!("{object}.{column}"), Unresolved { count, example });
        }
    }
    for object in PARTS {
        let (count, example) = work.orphans_in_export(object, "OpportunityId", "Opportunity")?;
        if let Some(example) = example {
            report.unresolved.insert(format!("{object}.OpportunityId"), Unresolved { count, example });
        }
    }
    Ok(())
}

/// Owners and managers that stand by a name which no user of the export has, and one rep of the database.
fn name_reps(work: &WorkFile, known: &Known) -> Result<(), IntakeError> {
    let mut named: Vec<(&str, &str)> = Vec::new();
    for (object, column, ..) in REFERENCES.iter().filter(|(_, column, ..)| matches!(*column, "OwnerId" | "ManagerId")) {
        if work.holds_names(object, column)? {
            named.push((object, column));
        }
    }
    if named.is_empty() {
        return Ok(());
    }
    let mut reps: HashMap<String, Vec<String>> = HashMap::new();
    for rep in known.ask(known.storage.every_rep())? {
        reps.entry(rep.name).or_default().extend(rep.external_id);
    }
    let only = reps.iter().filter_map(|(name, ids)| match &ids[..] {
        [id] => Some((name.as_str(), id.as_str())),
        _ => None,
    });
    work.put_ids_for_names(&named, only)
}

fn want(work: &WorkFile, found: &Found) -> Result<(), IntakeError> {
    for (object, column, of, prefix) in REFERENCES.iter().chain(LOOSE).filter(|(_, _, _, prefix)| !prefix.is_empty()) {
        work.want(object, column, of, prefix)?;
    }
    for (object, column, of, prefix) in CREDITED {
        work.want_carried(object, column, of, prefix)?;
    }
    // A user's last tenure, and where an account was before, matter even where every column is there.
    for object in ["User", "Account"] {
        work.want_own(object)?;
    }
    let others = ["Contact", "Lead", "Campaign", "Product2", "Opportunity", "OpportunityContactRole", "OpportunitySplit"];
    for object in others {
        let files = found.sources.iter().enumerate().filter(|(_, source)| source.object.name == object);
        if !work.carries_all(object, files.map(|(number, _)| number)) {
            work.want_own(object)?;
        }
    }
    Ok(())
}

fn keep(work: &WorkFile, known: &Known, organisation: &str) -> Result<(), IntakeError> {
    macro_rules! look_up {
        ($object:literal, $id:ident, $ask:ident) => {
            each_page(work, $object, |external_ids| {
                let ids: Vec<$id> = external_ids.iter().map(|id| $id::derived(organisation, id)).collect();
                let by_id: HashMap<Uuid, &String> = ids.iter().map(|id| id.0).zip(external_ids).collect();
                for record in known.ask(known.storage.$ask(&ids))? {
                    if let Some(external_id) = by_id.get(&record.id.0) {
                        work.keep_stored($object, external_id, &record)?;
                    }
                }
                Ok(())
            })?;
        };
    }
    look_up!("Account", AccountId, accounts_stored);
    look_up!("Contact", ContactId, contacts_stored);
    look_up!("Lead", LeadId, leads_stored);
    look_up!("Campaign", CampaignId, campaigns_stored);
    look_up!("Product2", ProductId, products_stored);
    look_up!("Opportunity", OpportunityId, opportunities_stored);
    look_up!("OpportunityContactRole", ContactRoleId, contact_roles_stored);
    look_up!("OpportunitySplit", SplitId, splits_stored);
    for object in ["CampaignMember", "Task", "Event"] {
        each_page(work, object, |external_ids| touchpoints(work, known, organisation, object, external_ids))?;
    }
    each_page(work, "User", |external_ids| reps(work, known, organisation, external_ids))?;
    for stage in known.ask(known.storage.every_stage())? {
        work.keep_stored("Stage", &stage.name, &stage)?;
    }
    Ok(())
}

/// Of a campaign member that was put into the campaign and answered later, the answer is kept.
fn touchpoints(
    work: &WorkFile,
    known: &Known,
    organisation: &str,
    object: &str,
    external_ids: &[String],
) -> Result<(), IntakeError> {
    let derived = |key: &str| TouchpointId::derived(organisation, key);
    let ids: Vec<TouchpointId> = external_ids.iter().flat_map(|id| [derived(id), derived(&answer_key(id))]).collect();
    let mut stored = known.touchpoints(&ids)?;
    for (external_id, pair) in external_ids.iter().zip(ids.chunks(2)) {
        if let Some(touchpoint) = pair.iter().rev().find_map(|id| stored.remove(id)) {
            work.keep_stored(object, external_id, &touchpoint)?;
        }
    }
    Ok(())
}

fn reps(work: &WorkFile, known: &Known, organisation: &str, external_ids: &[String]) -> Result<(), IntakeError> {
    let ids: Vec<RepId> = external_ids.iter().map(|id| RepId::derived(organisation, id)).collect();
    let by_id: HashMap<RepId, &String> = ids.iter().copied().zip(external_ids).collect();
    let mut last: HashMap<RepId, Tenure> = HashMap::new();
    for tenure in known.ask(known.storage.tenures_stored(&ids))? {
        let later = last.get(&tenure.rep).is_none_or(|other| (other.valid_from, other.id) < (tenure.valid_from, tenure.id));
        if later {
            last.insert(tenure.rep, tenure);
        }
    }
    for rep in known.ask(known.storage.reps_stored(&ids))? {
        if let Some(external_id) = by_id.get(&rep.id) {
            let last = last.remove(&rep.id);
            work.keep_stored("User", external_id, &KnownRep { rep, last })?;
        }
    }
    Ok(())
}

fn each_page(
    work: &WorkFile,
    object: &str,
    mut act: impl FnMut(&[String]) -> Result<(), IntakeError>,
) -> Result<(), IntakeError> {
    let mut after = String::new();
    loop {
        let ids = work.wanted(object, &after, AT_ONCE)?;
        let Some(last) = ids.last() else { return Ok(()) };
        after.clone_from(last);
        act(&ids)?;
    }
}
