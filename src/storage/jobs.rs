//! Work in the background: what was asked, how far it came, how it ended.

use super::entity::job;
use super::{Storage, StorageError};
use crate::clock::Clock;
use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::Value;
use uuid::Uuid;

/// What a job does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JobKind {
    /// Brings an export in.
    Import,
    /// Makes sample data.
    Sample,
}

impl JobKind {
    /// The word it is stored by.
    fn as_str(self) -> &'static str {
        match self {
            Self::Import => "import",
            Self::Sample => "sample",
        }
    }
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum JobState {
    /// Nobody works at it yet.
    Queued = 0,
    /// It has begun; after a kill it goes on from its cursor.
    Running = 1,
    /// It ended well.
    Done = 2,
    /// It could not end.
    Failed = 3,
    /// Somebody stopped it.
    Cancelled = 4,
}

impl JobState {
    pub(super) fn from_code(code: i16) -> Result<Self, StorageError> {
        [Self::Queued, Self::Running, Self::Done, Self::Failed, Self::Cancelled]
            .into_iter()
            .find(|state| *state as i16 == code)
            .ok_or_else(|| StorageError::Failed(format!("the database holds a job in state {code}, which is none").into()))
    }
}

/// A job as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Which.
    pub id: Uuid,
    /// What it does; `None`: what this binary does not know.
    pub kind: Option<JobKind>,
    /// Where it stands.
    pub state: JobState,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it last moved.
    pub updated_at: DateTime<Utc>,
    /// What was asked; the same question is the same JSON.
    pub request: Value,
    /// From where it goes on; `None` before its first step.
    pub cursor: Option<Value>,
    /// What people see of it; `None` before its first step.
    pub progress: Option<Value>,
    /// How it ended; `None` until then.
    pub report: Option<Value>,
}

impl Storage {
    /// Takes a job down as queued and gives it an id.
    ///
    /// # Errors
    /// The database failed.
    pub async fn job_create(&self, kind: JobKind, request: &Value) -> Result<Job, StorageError> {
        let now_ms = Clock::System.now().timestamp_millis();
        let row = job::Model {
            id: Uuid::now_v7(),
            kind: kind.as_str().to_owned(),
            state: JobState::Queued as i16,
            created_ms: now_ms,
            updated_ms: now_ms,
            request: request.to_string(),
            cursor: None,
            progress: None,
            report: None,
            lease_until_ms: None,
            lease_owner: None,
        };
        let active = job::ActiveModel {
            id: ActiveValue::Set(row.id),
            kind: ActiveValue::Set(row.kind.clone()),
            state: ActiveValue::Set(row.state),
            created_ms: ActiveValue::Set(row.created_ms),
            updated_ms: ActiveValue::Set(row.updated_ms),
            request: ActiveValue::Set(row.request.clone()),
            ..Default::default()
        };
        job::Entity::insert(active).exec_without_returning(self.orm()).await?;
        read(row)
    }

    /// A job; `None` where there is none of that id.
    ///
    /// # Errors
    /// The database failed.
    pub async fn job_get(&self, id: Uuid) -> Result<Option<Job>, StorageError> {
        job::Entity::find_by_id(id).one(self.orm()).await?.map(read).transpose()
    }

    /// The newest job of this kind and request that is queued, running or failed, so that a second start goes on with it.
    ///
    /// # Errors
    /// The database failed.
    pub async fn job_find_unfinished(&self, kind: JobKind, request: &Value) -> Result<Option<Job>, StorageError> {
        let unfinished = [JobState::Queued, JobState::Running, JobState::Failed].map(|state| state as i16);
        let row = job::Entity::find()
            .filter(job::Column::Kind.eq(kind.as_str()))
            .filter(job::Column::State.is_in(unfinished))
            .filter(job::Column::Request.eq(request.to_string()))
            .order_by_desc(job::Column::Id)
            .one(self.orm())
            .await?;
        row.map(read).transpose()
    }

    /// The newest job of this kind that ended well.
    ///
    /// # Errors
    /// The database failed.
    pub async fn job_find_done(&self, kind: JobKind) -> Result<Option<Job>, StorageError> {
        let row = job::Entity::find()
            .filter(job::Column::Kind.eq(kind.as_str()))
            .filter(job::Column::State.eq(JobState::Done as i16))
            .order_by_desc(job::Column::Id)
            .one(self.orm())
            .await?;
        row.map(read).transpose()
    }

    /// The newest jobs of this kind, the newest first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn jobs_latest(&self, kind: JobKind, most: u64) -> Result<Vec<Job>, StorageError> {
        let newest = job::Entity::find().filter(job::Column::Kind.eq(kind.as_str())).order_by_desc(job::Column::Id);
        newest.limit(most).all(self.orm()).await?.into_iter().map(read).collect()
    }

    /// Ends a job that is queued, running or failed; does nothing to one that ended well or was cancelled.
    ///
    /// # Errors
    /// The database failed.
    pub async fn job_finish(&self, id: Uuid, state: JobState, report: &Value) -> Result<(), StorageError> {
        job::Entity::update_many()
            .col_expr(job::Column::State, Expr::value(state as i16))
            .col_expr(job::Column::Report, Expr::value(report.to_string()))
            .col_expr(job::Column::UpdatedMs, Expr::value(Clock::System.now().timestamp_millis()))
            .filter(job::Column::Id.eq(id))
            .filter(job::Column::State.is_not_in([JobState::Done, JobState::Cancelled].map(|state| state as i16)))
            .exec(self.orm())
            .await?;
        Ok(())
    }
}

fn read(row: job::Model) -> Result<Job, StorageError> {
    let json = |text: &str| serde_json::from_str(text).map_err(|error| StorageError::Failed(Box::new(error)));
    let instant = |ms| DateTime::from_timestamp_millis(ms).unwrap_or_default();
    Ok(Job {
        id: row.id,
        kind: [JobKind::Import, JobKind::Sample].into_iter().find(|kind| kind.as_str() == row.kind),
        state: JobState::from_code(row.state)?,
        created_at: instant(row.created_ms),
        updated_at: instant(row.updated_ms),
        request: json(&row.request)?,
        cursor: row.cursor.as_deref().map(json).transpose()?,
        progress: row.progress.as_deref().map(json).transpose()?,
        report: row.report.as_deref().map(json).transpose()?,
    })
}
