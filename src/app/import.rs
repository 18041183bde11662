//! Bringing an export in: read it, build from it, write it, compare it.

use crate::config::Config;
use crate::intake::discover::discover;
use crate::intake::mapping::Mapping;
use crate::intake::progress::{Listener, Progress};
use crate::intake::report::Report;
use crate::intake::salesforce::build::{Build, Page, Phase, add_versions};
use crate::intake::work::WorkFile;
use crate::intake::{IntakeError, dates::Settled, rejects, stage::stage};
use crate::storage::{JobKind, JobState, JobUpdate, Storage, StorageError};
use pipewright_core::viewer::{Permission, Viewer};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::mpsc;
use uuid::Uuid;

/// Opportunities asked for in one question for their stored versions.
const ASKED_AT_ONCE: usize = 500;

/// What to bring in, and how.
#[derive(Debug, Clone)]
pub struct ImportRequest {
    /// Folders, files and zips.
    pub paths: Vec<PathBuf>,
    /// A mapping on top of the one that ships.
    pub mapping: Option<PathBuf>,
    /// Where rows that are set aside go.
    pub rejects: PathBuf,
    /// Any reject fails the import with nothing written.
    pub strict: bool,
}

/// Why an import did not end well.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The files were refused, or could not be read.
    #[error(transparent)]
    Intake(#[from] IntakeError),
    /// The database failed; the same import started again goes on where it was.
    #[error("{0}; the same import started again goes on where it was")]
    Storage(#[from] StorageError),
    /// The thread that reads the work file ended without a word.
    #[error("reading the work file stopped unexpectedly; the same import started again goes on where it was")]
    Stopped,
}

/// From where an import goes on.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Cursor {
    phase: Phase,
    after: String,
    records: u64,
    report: Report,
}

/// A page and the cursor after it, as far as reading knows.
struct Built {
    phase: Phase,
    page: Page,
    next: Option<(Phase, String)>,
    noted: Report,
}

/// An export read into its work file.
struct Staged {
    work: WorkFile,
    settled: Settled,
    report: Report,
    mapping: Mapping,
    fingerprint: String,
    of_records: u64,
}

/// Brings an export into the database, which must have its schema. Killed and started again, it goes on from its last
/// committed batch; the result is the same.
///
/// # Errors
/// The export is refused before anything is written, or the database failed.
pub async fn import(
    storage: &Storage,
    config: &Config,
    viewer: &Viewer,
    request: ImportRequest,
    tell: Arc<Listener>,
) -> Result<Report, ImportError> {
    let Permission::Admin = viewer.permission();
    let staged = read(config, &request, Place::BesideDatabase, Arc::clone(&tell)).await?;
    let asked = serde_json::json!({ "fingerprint": staged.fingerprint });
    let job = match storage.job_find_unfinished(JobKind::Import, &asked).await? {
        Some(job) => job,
        None => storage.job_create(JobKind::Import, &asked).await?,
    };
    let cursor = job.cursor.and_then(|cursor| serde_json::from_value::<Cursor>(cursor).ok());
    match write(Some((storage, job.id)), config, staged, cursor, tell).await {
        Ok((report, work)) => {
            let told = serde_json::to_value(&report).expect("plain values become JSON");
            storage.job_finish(job.id, JobState::Done, &told).await?;
            work.remove();
            Ok(report)
        }
        Err(error) => {
            let told = serde_json::json!({ "error": error.to_string() });
            // The error that stopped it matters more than one in saying so.
            let _ = storage.job_finish(job.id, JobState::Failed, &told).await;
            Err(error)
        }
    }
}

/// Says what an import into an empty database would do; touches no database.
///
/// # Errors
/// The export is refused.
pub async fn dry_run(
    config: &Config,
    viewer: &Viewer,
    request: ImportRequest,
    tell: Arc<Listener>,
) -> Result<Report, ImportError> {
    let Permission::Admin = viewer.permission();
    let staged = read(config, &request, Place::Temporary, Arc::clone(&tell)).await?;
    let (report, work) = write(None, config, staged, None, tell).await?;
    work.remove();
    Ok(report)
}

#[derive(Clone, Copy)]
enum Place {
    BesideDatabase,
    Temporary,
}

fn work_path(config: &Config, place: Place, fingerprint: &str) -> PathBuf {
    let short = &fingerprint[..12];
    let beside = config.database.url.strip_prefix("sqlite:").filter(|path| !path.contains(":memory:"));
    match (place, beside) {
        (Place::BesideDatabase, Some(path)) => {
            let path = path.strip_prefix("//").unwrap_or(path);
            let path = path.split('?').next().unwrap_or(path);
            PathBuf::from(format!("{path}.import-{short}"))
        }
        (Place::BesideDatabase, None) => std::env::temp_dir().join(format!("pipewright-import-{short}.sqlite")),
        (Place::Temporary, _) => std::env::temp_dir().join(format!("pipewright-dry-run-{short}-{}.sqlite", std::process::id())),
    }
}

async fn read(config: &Config, request: &ImportRequest, place: Place, tell: Arc<Listener>) -> Result<Staged, ImportError> {
    let (config, request) = (config.clone(), request.clone());
    let read = move || -> Result<Staged, IntakeError> {
        let mapping = Mapping::load(request.mapping.as_deref())?;
        let settings = serde_json::json!([mapping, config.organisation, config.database.url, env!("CARGO_PKG_VERSION")]);
        let found = discover(&request.paths, &settings.to_string())?;
        let (work, settled, report) = stage(&found, &work_path(&config, place, &found.fingerprint), &mapping, &*tell)?;
        let count = rejects::write(&work, &request.rejects)?;
        if request.strict && count > 0 {
            work.remove();
            return Err(IntakeError::Strict { count, file: request.rejects });
        }
        let mut of_records = 0;
        for object in Phase::ALL.into_iter().filter_map(Phase::object) {
            of_records += work.count(object)?;
        }
        Ok(Staged { work, settled, report, mapping, fingerprint: found.fingerprint, of_records })
    };
    Ok(tokio::task::spawn_blocking(read).await.map_err(|_| ImportError::Stopped)??)
}

/// Builds page after page in a thread of its own and writes each here, so that reading and writing overlap.
async fn write(
    storage: Option<(&Storage, Uuid)>,
    config: &Config,
    staged: Staged,
    cursor: Option<Cursor>,
    tell: Arc<Listener>,
) -> Result<(Report, WorkFile), ImportError> {
    let Staged { work, settled, report, mapping, of_records, .. } = staged;
    let start = cursor.unwrap_or(Cursor { phase: Phase::ALL[0], after: String::new(), records: 0, report });
    let (mut report, mut records) = (start.report.clone(), start.records);
    let (sender, mut pages) = mpsc::channel(1);
    let organisation = config.organisation.clone();
    let builder = tokio::task::spawn_blocking(move || {
        let built = build(&work, &mapping, &settled, &organisation, start, &sender);
        drop(sender);
        built.map(|()| work)
    });
    while let Some(Built { phase, mut page, next, noted }) = pages.recv().await {
        (report.guesses, report.unmapped, report.left_out) = (noted.guesses, noted.unmapped, noted.left_out);
        let ids: Vec<_> = page.candidates.iter().map(|candidate| candidate.told.current.opportunity).collect();
        let mut stored = Vec::new();
        if let Some((storage, _)) = storage {
            for ids in ids.chunks(ASKED_AT_ONCE) {
                stored.extend(storage.versions_of(ids).await?);
            }
        }
        add_versions(&mut page, stored, &mut report);
        records += page.rows;
        if let Some((storage, job)) = storage {
            let next = next.clone().unwrap_or((phase, page.end.clone()));
            let before = Cursor { phase: next.0, after: next.1, records, report: report.clone() };
            let progress = serde_json::json!({ "records": records, "ofRecords": of_records });
            let cursor = serde_json::to_value(before).expect("plain values become JSON");
            let written = storage.write(page.batch, Some(JobUpdate { job, cursor, progress })).await?;
            report.inserted += written.inserted;
            report.updated += written.updated;
        }
        tell(Progress::Writing { object: phase.object().unwrap_or("OpportunityStage"), records, of_records });
    }
    let work = builder.await.map_err(|_| ImportError::Stopped)??;
    Ok((report, work))
}

fn build(
    work: &WorkFile,
    mapping: &Mapping,
    settled: &Settled,
    organisation: &crate::config::OrganisationConfig,
    start: Cursor,
    sender: &mpsc::Sender<Built>,
) -> Result<(), IntakeError> {
    let build = Build::new(work, mapping, settled, organisation)?;
    let (mut noted, mut at) = (start.report, Some((start.phase, start.after)));
    while let Some((phase, after)) = at {
        let page = build.page(phase, &after, &mut noted)?;
        at = match page.more {
            true => Some((phase, page.end.clone())),
            false => Phase::ALL.into_iter().find(|next| *next > phase).map(|next| (next, String::new())),
        };
        let built = Built { phase, page, next: at.clone(), noted: noted.clone() };
        if sender.blocking_send(built).is_err() {
            // The writer stopped; it says why.
            return Ok(());
        }
    }
    Ok(())
}
