//! What a person does: records to write where what was seen still stands, an entry of the audit log and the answer that a
//! second sending of the same request gets, all in the transaction of the change.

use super::rows::OpportunityState;
use super::table::Record;
use super::write::{Plan, plan};
use super::{Batch, Engine, Storage, StorageError, Written};
use crate::clock::Clock;
use pipewright_core::campaign::Campaign;
use pipewright_core::ids::{DataVersion, OpportunityId};
use pipewright_core::party::{Account, Contact, Lead};
use pipewright_core::rep::Rep;
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// How long the first answer to a request with a key is kept.
const KEPT_MS: i64 = 24 * 60 * 60 * 1000;

/// What a person does.
pub struct Act {
    /// What is written.
    pub batch: Batch,
    /// What it was decided on; nothing is written where any of it stands differently by now.
    pub seen: Vec<Seen>,
    /// Opportunities whose own row changes nothing but is part of what changed, so that an older copy of them is stale.
    pub touched: Vec<OpportunityId>,
    /// What the audit log keeps of it.
    pub entry: Entry,
    /// What tells a second sending of the same request.
    pub key: Option<RequestKey>,
}

/// A row as it was when something was decided on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub(super) table: &'static str,
    pub(super) id: Uuid,
    pub(super) stands: Stands,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stands {
    /// No row has the id.
    Nowhere,
    /// As the change of this number left it.
    Since(DataVersion),
}

/// A row that says when it last changed.
pub trait Stamped {
    /// The row as it was seen.
    fn seen(&self) -> Seen;
}

impl Stamped for OpportunityState {
    fn seen(&self) -> Seen {
        // Its own row carries its latest version's state, and the number of the change that brought that.
        Seen { table: "opportunity", id: self.opportunity.id.0, stands: Stands::Since(self.opportunity.recorded) }
    }
}

macro_rules! stamped {
    ($($record:ident)*) => {$(
        impl Stamped for $record {
            fn seen(&self) -> Seen {
                Seen { table: <$record as Record>::TABLE.name, id: self.id.0, stands: Stands::Since(self.recorded) }
            }
        }
    )*};
}

stamped! { Account Contact Lead Rep Campaign }

impl Seen {
    /// No opportunity has this id.
    pub fn no_opportunity(id: OpportunityId) -> Self {
        Self { table: "opportunity", id: id.0, stands: Stands::Nowhere }
    }
}

/// What the audit log keeps of an act.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Who.
    pub viewer: String,
    /// What they were allowed to do.
    pub permission: &'static str,
    /// In which request.
    pub request_id: String,
    /// What they did, by the name of the mutation.
    pub act: &'static str,
    /// To what, by its type in the API.
    pub noun: &'static str,
    /// To which row of it.
    pub object: Uuid,
    /// The rows that changed, as they were; null where there were none.
    pub before: Value,
    /// The rows that changed, as they are.
    pub after: Value,
}

/// What tells a second sending of a request from another request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestKey {
    /// The client's own word; unique among a viewer's requests of a day.
    pub key: String,
    /// What was asked, in short: other inputs have another.
    pub fingerprint: String,
}

/// What came of an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acted {
    /// It is written.
    Done(Written),
    /// Something that it was decided on has changed since; nothing is written.
    Stale,
    /// The same request was answered before, with this object; nothing is written.
    Repeated(Uuid),
    /// The key belongs to another request; nothing is written.
    KeyTaken,
}

/// An act as a transaction takes it.
pub(super) struct ActPlan {
    pub seen: Vec<Seen>,
    pub touched: Vec<Uuid>,
    pub entry: Entry,
    pub key: Option<RequestKey>,
    pub at_ms: i64,
}

impl ActPlan {
    /// Answers before this instant are forgotten.
    pub(super) fn forgotten_ms(&self) -> i64 {
        self.at_ms - KEPT_MS
    }

    /// What a stored answer of the same key means.
    pub(super) fn answered(&self, fingerprint: &str, object: Uuid) -> Acted {
        match &self.key {
            Some(key) if key.fingerprint == fingerprint => Acted::Repeated(object),
            _ => Acted::KeyTaken,
        }
    }

    /// The entry as it is stored, sealed with the hash of the one before it.
    pub(super) fn sealed(&self, number: i64, data_version: i64, previous: &str) -> Sealed {
        let Entry { viewer, permission, request_id, act, noun, object, before, after } = &self.entry;
        let (before, after) = (before.to_string(), after.to_string());
        let text = serde_json::json!([
            number,
            self.at_ms,
            viewer,
            permission,
            request_id,
            act,
            noun,
            object,
            data_version,
            before,
            after,
            previous
        ]);
        Sealed { before, after, hash: hex(&Sha256::digest(text.to_string())) }
    }
}

/// The parts of an entry that are made when it is stored.
pub(super) struct Sealed {
    pub before: String,
    pub after: String,
    pub hash: String,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Storage {
    /// Writes what a person does, wholly or not at all.
    ///
    /// # Errors
    /// The database failed; nothing is written then.
    pub async fn act(&self, act: Act) -> Result<Acted, StorageError> {
        let Act { batch, seen, touched, entry, key } = act;
        let touched = touched.into_iter().map(|id| id.0).collect();
        let own = ActPlan { seen, touched, entry, key, at_ms: Clock::System.now().timestamp_millis() };
        let plan: Plan = plan(&batch, None);
        let storage = self.clone();
        match &*self.engine {
            Engine::Sqlite { .. } => {
                let work = move || storage.with_writer(|connection| super::sqlite::carry_out(connection, plan, Some(&own)));
                tokio::task::spawn_blocking(work).await.expect("a write does not panic")
            }
            Engine::Postgres { pool, .. } => super::postgres::carry_out(pool, plan, Some(&own)).await,
        }
    }

    /// The object that a request of this key was answered with, or that the key belongs to another request; `None` where the
    /// key is new.
    ///
    /// # Errors
    /// The database failed.
    pub async fn answered(&self, viewer: &str, key: &RequestKey) -> Result<Option<Acted>, StorageError> {
        use super::entity::act;
        use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
        let since = Clock::System.now().timestamp_millis() - KEPT_MS;
        let row = act::Entity::find_by_id((viewer.to_owned(), key.key.clone()))
            .filter(act::Column::AtMs.gte(since))
            .one(self.orm())
            .await?;
        Ok(row.map(|row| if row.fingerprint == key.fingerprint { Acted::Repeated(row.object) } else { Acted::KeyTaken }))
    }
}
