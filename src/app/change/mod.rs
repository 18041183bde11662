//! What people change: an act reads what it needs, lets a pure function of the core decide, and is written wholly or not at
//! all, with its entry of the audit log.
//!
//! What an act was decided on is checked again in its transaction: where it has changed since, the act is decided anew on what
//! stands then. So of many acts at once that name the same version one is done, and the others are told of the conflict.

pub mod opportunity;

use super::App;
use crate::storage::{self, Acted, Batch, Entry, RequestKey, Seen, StorageError};
use chrono::{DateTime, Utc};
use pipewright_core::change::{Refusal, Refused};
use pipewright_core::ids::{DataVersion, OpportunityId};
use pipewright_core::viewer::{Permission, Viewer};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

/// How often an act is decided anew before it is given up as one that others never let through.
const TRIES: usize = 20;

/// What belongs to the request rather than to the act.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The request's id, for the audit log.
    pub request_id: String,
    /// What tells a second sending of it.
    pub key: Option<RequestKey>,
}

/// Something that a person does to one object.
pub trait Act: Send + Sync {
    /// Why it may be refused.
    type Refusal: Refusal;
    /// As the API names it.
    const NAME: &'static str;
    /// The object's type in the API.
    const NOUN: &'static str;

    /// What is to be written, from what stands now.
    fn decide(
        &self,
        app: &App,
        viewer: &Viewer,
        at: DateTime<Utc>,
    ) -> impl Future<Output = Result<Decided<Self::Refusal>, StorageError>> + Send;
}

/// A decision, or the reason why not.
pub type Decided<R> = Result<Decision, Refused<R>>;

/// What an act comes to.
pub struct Decision {
    /// The object that it is about.
    pub object: Uuid,
    /// What is written; nothing where all is as it was asked for already.
    pub batch: Batch,
    /// What it rests on.
    pub seen: Vec<Seen>,
    /// Opportunities of which a part changes.
    pub touched: Vec<OpportunityId>,
    /// The rows as they were, for the audit log.
    pub before: Value,
    /// The rows as they will be.
    pub after: Value,
}

impl Decision {
    /// All is as it was asked for already.
    pub fn nothing(object: Uuid) -> Self {
        let (before, after) = (Value::Null, Value::Null);
        Self { object, batch: Batch::default(), seen: Vec::new(), touched: Vec::new(), before, after }
    }
}

/// A record as the audit log keeps it.
pub fn told<T: Serialize>(record: &T) -> Value {
    serde_json::to_value(record).expect("records are plain values")
}

/// Does what a person asks for; the object that it was done to, or the reason why not. A request whose key was answered
/// before does nothing and names the same object again.
///
/// # Errors
/// The database failed; whether the act was done is told by asking again with the same key.
pub async fn perform<A: Act>(
    app: &App,
    viewer: &Viewer,
    asked: Asked,
    act: &A,
) -> Result<Result<Uuid, Refused<A::Refusal>>, StorageError> {
    if let Some(key) = &asked.key
        && let Some(answered) = app.storage.answered(viewer.name(), key).await?
    {
        return Ok(match answered {
            Acted::Repeated(object) => Ok(object),
            _ => Err(Refused::KeyTaken),
        });
    }
    for _ in 0..TRIES {
        let decision = match act.decide(app, viewer, app.clock.now()).await? {
            Ok(decision) => decision,
            Err(refused) => return Ok(Err(refused)),
        };
        let object = decision.object;
        match app.storage.act(written(viewer, &asked, decision, A::NAME, A::NOUN)).await? {
            Acted::Done(written) => {
                app.resident.catch_up(written.data_version).await?;
                return Ok(Ok(object));
            }
            Acted::Repeated(object) => return Ok(Ok(object)),
            Acted::KeyTaken => return Ok(Err(Refused::KeyTaken)),
            Acted::Stale => {}
        }
    }
    Err(StorageError::Unavailable("others change the same object all the time".into()))
}

fn written(viewer: &Viewer, asked: &Asked, decision: Decision, act: &'static str, noun: &'static str) -> storage::Act {
    let Permission::Admin = viewer.permission();
    let Decision { object, batch, seen, touched, before, after } = decision;
    let entry = Entry {
        viewer: viewer.name().to_owned(),
        permission: "ADMIN",
        request_id: asked.request_id.clone(),
        act,
        noun,
        object,
        before,
        after,
    };
    storage::Act { batch, seen, touched, entry, key: asked.key.clone() }
}

/// Refuses what was decided on an older state than the one that stands.
///
/// # Errors
/// `stands` is not `expected`.
pub fn fresh<R>(expected: DataVersion, stands: DataVersion) -> Result<(), Refused<R>> {
    if expected == stands { Ok(()) } else { Err(Refused::Conflict) }
}
