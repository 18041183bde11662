//! One write: the records of a batch, the change-feed row that announces them and the job's position, in one transaction.
//!
//! One writer goes at a time, so the next data version is one more than the last, and numbers commit in their order: a
//! reader that has seen one has seen all before it.

use super::table::{Again, Record, RecordedLine, SetOfLines, Table};
use super::value::Value;
use super::{Batch, Engine, JobUpdate, Storage, StorageError, Written};
use crate::clock::Clock;
use pipewright_core::ids::OpportunityId;
use std::collections::HashMap;
use uuid::Uuid;

/// The rows of one table.
pub(super) struct Rows {
    pub table: Table,
    pub rows: Vec<Vec<Value>>,
}

/// A batch as rows, no key twice, and the opportunities whose latest version may be another now.
pub(super) struct Plan {
    pub tables: Vec<Rows>,
    pub touched: Vec<Uuid>,
    pub job: Option<JobUpdate>,
    pub at_ms: i64,
}

/// What a transaction did to one table.
#[derive(Clone, Copy, Default)]
pub(super) struct Changed {
    pub inserted: u64,
    pub updated: u64,
}

impl Changed {
    pub(super) fn any(self) -> bool {
        self.inserted + self.updated > 0
    }
}

/// The columns of an opportunity that repeat its latest version, by their names in both tables.
pub(super) const LATEST: [&str; 18] = [
    "name",
    "stage_id",
    "forecast_category",
    "close_day",
    "currency",
    "amount_minor",
    "acv_minor",
    "probability",
    "owner_id",
    "region_id",
    "segment_id",
    "opportunity_type",
    "campaign_id",
    "next_step",
    "close_reason",
    "line_set_id",
    "lines_known",
    "is_deleted",
];

impl Storage {
    /// Writes a batch, its change-feed row and the job's position in one transaction.
    ///
    /// Where a batch names a key twice, the first row of an append-only noun counts, and the last of any other.
    ///
    /// # Errors
    /// The database failed; nothing is written then.
    pub async fn write(&self, batch: Batch, job: Option<JobUpdate>) -> Result<Written, StorageError> {
        let storage = self.clone();
        match &*self.engine {
            Engine::Sqlite { .. } => tokio::task::spawn_blocking(move || {
                let plan = plan(&batch, job);
                drop(batch);
                storage.with_writer(|connection| super::sqlite::write(connection, plan))
            })
            .await
            .expect("a write does not panic"),
            Engine::Postgres { pool, .. } => super::postgres::write(pool, plan(&batch, job)).await,
        }
    }
}

pub(super) fn plan(batch: &Batch, job: Option<JobUpdate>) -> Plan {
    let mut tables = Vec::new();
    add(&mut tables, batch.products.iter());
    add(&mut tables, batch.regions.iter());
    add(&mut tables, batch.segments.iter());
    add(&mut tables, batch.stages.iter());
    add(&mut tables, batch.reps.iter());
    add(&mut tables, batch.tenures.iter());
    add(&mut tables, batch.campaigns.iter());
    add(&mut tables, batch.exchange_rates.iter());
    add(&mut tables, batch.accounts.iter());
    add(&mut tables, batch.contacts.iter());
    add(&mut tables, batch.leads.iter());
    add_line_sets(&mut tables, batch);
    add(&mut tables, batch.opportunities.iter());
    add(&mut tables, batch.versions.iter());
    add(&mut tables, batch.contact_roles.iter());
    add(&mut tables, batch.splits.iter());
    add(&mut tables, batch.touchpoints.iter());
    add(&mut tables, batch.targets.iter());
    add(&mut tables, batch.judgements.iter());
    add(&mut tables, batch.adjustments.iter());
    add(&mut tables, batch.vendor_credits.iter());
    add(&mut tables, batch.reviews.iter());
    Plan { tables, touched: touched(batch), job, at_ms: Clock::System.now().timestamp_millis() }
}

fn touched(batch: &Batch) -> Vec<Uuid> {
    let of_versions = batch.versions.iter().map(|version| version.opportunity);
    let mut ids: Vec<OpportunityId> = batch.opportunities.iter().map(|opportunity| opportunity.id).chain(of_versions).collect();
    ids.sort_unstable();
    ids.dedup();
    ids.into_iter().map(|id| id.0).collect()
}

fn add<'a, R: Record + 'a>(tables: &mut Vec<Rows>, records: impl Iterator<Item = &'a R>) {
    add_rows(tables, R::TABLE, records.map(R::row));
}

fn add_line_sets(tables: &mut Vec<Rows>, batch: &Batch) {
    let mut seen = std::collections::HashSet::new();
    let sets: Vec<_> = batch.line_sets.iter().filter(|set| seen.insert(set.id)).collect();
    add_rows(tables, SetOfLines::TABLE, sets.iter().map(|set| SetOfLines::from(*set).row()));
    let lines = sets.iter().flat_map(|set| &set.lines);
    add_rows(tables, RecordedLine::TABLE, lines.map(|line| RecordedLine::from(line).row()));
}

fn add_rows(tables: &mut Vec<Rows>, table: Table, all: impl Iterator<Item = Vec<Value>>) {
    let mut places: HashMap<Vec<Value>, usize> = HashMap::new();
    let mut rows: Vec<Vec<Value>> = Vec::new();
    for row in all {
        match places.get(&row[..table.key]) {
            Some(place) if table.again == Again::Replaced => rows[*place] = row,
            Some(_) => {}
            None => {
                places.insert(row[..table.key].to_vec(), rows.len());
                rows.push(row);
            }
        }
    }
    if !rows.is_empty() {
        tables.push(Rows { table, rows });
    }
}

impl Table {
    /// The columns' names, with commas.
    pub(super) fn names(&self) -> String {
        self.columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }

    /// The names of the key's columns, with commas.
    pub(super) fn key_names(&self) -> String {
        self.columns[..self.key].iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }

    /// The columns whose difference makes a stored row another: neither key nor `recorded`.
    pub(super) fn compared(&self) -> &'static [(&'static str, super::value::Kind)] {
        &self.columns[self.key..self.columns.len() - 1]
    }
}
