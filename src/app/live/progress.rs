//! How far work in the background came, told as it goes.

use super::Watched;
use super::shared::Told;
use crate::app::App;
use crate::app::runs::{self, RunRow};
use crate::storage::{Job, JobKind, JobState, StorageError};
use pipewright_core::viewer::{Permission, Viewer};
use std::time::Duration;
use uuid::Uuid;

/// How often work is looked at: it may be another process that does it.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// Imports that are listed.
const LATEST: u64 = 50;

/// The latest 50 imports, the newest first.
///
/// # Errors
/// The database failed.
pub async fn imports(app: &App, viewer: &Viewer) -> Result<Vec<Job>, StorageError> {
    let Permission::Admin = viewer.permission();
    app.storage.jobs_latest(JobKind::Import, LATEST).await
}

/// An import; `None` where there is none of that id.
///
/// # Errors
/// The database failed.
pub async fn import(app: &App, viewer: &Viewer, id: Uuid) -> Result<Option<Job>, StorageError> {
    let Permission::Admin = viewer.permission();
    Ok(app.storage.job_get(id).await?.filter(|job| job.kind == Some(JobKind::Import)))
}

/// The import as [`import`] gives it, at once and then whenever it moved, up to its end; `None` where there is none of that id.
///
/// # Errors
/// The database failed.
pub async fn import_progress(app: &App, viewer: &Viewer, id: Uuid) -> Result<Option<Watched<Job>>, StorageError> {
    if import(app, viewer, id).await?.is_none() {
        return Ok(None);
    }
    let (own, viewer) = (app.clone(), viewer.clone());
    Ok(Some(app.live.imports.watch(id, move |told| {
        let look = move || {
            let (app, viewer) = (own.clone(), viewer.clone());
            async move { import(&app, &viewer, id).await }
        };
        follow(look, |job: &Job| job.state, told)
    })))
}

/// The run as [`runs::by_id`] gives it, at once and then whenever it moved, up to its end; `None` where there is none of that
/// id for this viewer.
///
/// # Errors
/// The database failed.
pub async fn run_progress(app: &App, viewer: &Viewer, id: Uuid) -> Result<Option<Watched<RunRow>>, StorageError> {
    if runs::by_id(app, viewer, id).await?.is_none() {
        return Ok(None);
    }
    let (own, viewer) = (app.clone(), viewer.clone());
    let question = (viewer.scope().clone(), id);
    Ok(Some(app.live.runs.watch(question, move |told| {
        let look = move || {
            let (app, viewer) = (own.clone(), viewer.clone());
            async move { runs::by_id(&app, &viewer, id).await }
        };
        follow(look, |run: &RunRow| run.state, told)
    })))
}

/// Tells what `look` finds whenever it is another, until it has ended or is gone.
async fn follow<J, F>(look: impl Fn() -> F, state: fn(&J) -> JobState, told: Told<J>)
where
    J: PartialEq,
    F: Future<Output = Result<Option<J>, StorageError>>,
{
    let mut looks = tokio::time::interval(LOOK_AGAIN);
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        // A database that is away comes back: the work goes on then.
        let Ok(found) = look().await else { continue };
        let Some(found) = found else { return };
        let has_ended = matches!(state(&found), JobState::Done | JobState::Failed | JobState::Cancelled);
        told.send_if_modified(|last| {
            let is_another = last.as_ref() != Some(&found);
            if is_another {
                *last = Some(found);
            }
            is_another
        });
        if has_ended {
            return;
        }
    }
}
