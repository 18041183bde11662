//! Imports as work that goes on.

use super::node::global_id;
use super::page::failed;
use super::scalars::Instant;
use crate::app::live::progress::imports;
use crate::storage::{Job, JobState};
use async_graphql::{Context, Enum, ID, Object, Result};

/// Where an import stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "JobState")]
pub enum ImportState {
    /// Its files are being read; nothing is written yet.
    Queued,
    /// It writes; after a kill it goes on where it was.
    Running,
    /// It ended well.
    Done,
    /// It could not end; started again, it goes on where it was.
    Failed,
    /// Somebody stopped it.
    Cancelled,
}

/// An import of an export's files.
pub struct ImportJob(pub Job);

impl ImportJob {
    /// What its ids carry.
    pub const NAME: &'static str = "ImportJob";

    fn count(&self, name: &str) -> Option<i32> {
        let count = self.0.progress.as_ref()?.get(name)?.as_i64()?;
        Some(i32::try_from(count).unwrap_or(i32::MAX))
    }
}

/// An import of an export's files.
#[Object]
impl ImportJob {
    /// Opaque, and unique across all types.
    async fn id(&self) -> ID {
        global_id(Self::NAME, self.0.id)
    }

    /// Where it stands.
    async fn state(&self) -> ImportState {
        self.0.state.into()
    }

    /// When it was asked for.
    async fn created_at(&self) -> Instant {
        self.0.created_at.into()
    }

    /// When it last moved.
    async fn changed_at(&self) -> Instant {
        self.0.updated_at.into()
    }

    /// Records written so far; null before the first.
    async fn records(&self) -> Option<i32> {
        self.count("records")
    }

    /// Records to write in all; null before the first is written.
    async fn of_records(&self) -> Option<i32> {
        self.count("ofRecords")
    }
}

/// Questions about imports.
#[derive(Default)]
pub struct ImportJobQuery;

#[Object]
impl ImportJobQuery {
    /// The latest 50 imports, the newest first; `importProgress` watches one.
    #[graphql(complexity = "50 * child_complexity + 1")]
    async fn import_jobs(&self, ctx: &Context<'_>) -> Result<Vec<ImportJob>> {
        let jobs = imports(super::app(ctx), super::caller(ctx)).await.map_err(failed)?;
        Ok(jobs.into_iter().map(ImportJob).collect())
    }
}
