//! What is written in one transaction: records, the change-feed row that announces them, and a job's new position.

use pipewright_core::campaign::Campaign;
use pipewright_core::catalog::{Product, Region, Segment, Stage};
use pipewright_core::currency::ExchangeRate;
use pipewright_core::forecast::{Adjustment, Judgement};
use pipewright_core::ids::DataVersion;
use pipewright_core::opportunity::{ContactRole, LineSet, Opportunity, Split, Version};
use pipewright_core::party::{Account, Contact, Lead};
use pipewright_core::rep::{Rep, Tenure};
use pipewright_core::review::Review;
use pipewright_core::target::Target;
use pipewright_core::touchpoint::Touchpoint;
use pipewright_core::vendor_credit::VendorCredit;

/// Records to write together. Their own `recorded` is ignored: the write gives its data version to each row that is new
/// or differs from the stored one.
///
/// Append-only nouns (tenures, versions, line sets, touchpoints, targets, judgements, adjustments, exchange rates, reviews) whose
/// key is already stored are left as they are; the other nouns are overwritten where they differ.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "each field is the noun it is named after")]
pub struct Batch {
    pub products: Vec<Product>,
    pub regions: Vec<Region>,
    pub segments: Vec<Segment>,
    pub stages: Vec<Stage>,
    pub reps: Vec<Rep>,
    pub tenures: Vec<Tenure>,
    pub campaigns: Vec<Campaign>,
    pub exchange_rates: Vec<ExchangeRate>,
    pub accounts: Vec<Account>,
    pub contacts: Vec<Contact>,
    pub leads: Vec<Lead>,
    pub opportunities: Vec<Opportunity>,
    pub versions: Vec<Version>,
    pub line_sets: Vec<LineSet>,
    pub contact_roles: Vec<ContactRole>,
    pub splits: Vec<Split>,
    pub touchpoints: Vec<Touchpoint>,
    pub targets: Vec<Target>,
    pub judgements: Vec<Judgement>,
    pub adjustments: Vec<Adjustment>,
    pub vendor_credits: Vec<VendorCredit>,
    pub reviews: Vec<Review>,
}

/// A job's new state, committed with the batch that led to it.
pub struct JobUpdate {
    /// Which job.
    pub job: uuid::Uuid,
    /// From where it goes on after a kill, made from what the batch did; the job's own JSON.
    pub cursor: Box<dyn FnOnce(Written) -> serde_json::Value + Send>,
    /// What people see of it; the job's own JSON.
    pub progress: serde_json::Value,
}

/// What a write did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Written {
    /// The data version after it: a new one where any row was inserted or changed, else the last one there was.
    pub data_version: DataVersion,
    /// Rows that were not stored before.
    pub inserted: u64,
    /// Rows that were stored and differed.
    pub updated: u64,
}
