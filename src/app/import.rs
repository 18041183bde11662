//! Bringing an export in: read it, build from it, write it, compare it.

use crate::clock::Clock;
use crate::config::Config;
use crate::intake::discover::{Found, discover};
use crate::intake::known::{Known, recall};
use crate::intake::mapping::Mapping;
use crate::intake::progress::{Listener, Progress, Stop};
use crate::intake::report::Report;
use crate::intake::salesforce::build::{Build, Ledger, Page, Phase};
use crate::intake::work::WorkFile;
use crate::intake::{IntakeError, dates::Settled, rejects, stage::stage};
use crate::storage::{ImportLock, JobKind, JobState, JobUpdate, Storage, StorageError, Written};
use chrono::{DateTime, Utc};
use pipewright_core::ids::DataVersion;
use pipewright_core::viewer::{Permission, Viewer};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use uuid::Uuid;

/// Between two looks whether another import has ended.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// What to bring in, and how.
#[derive(Debug, Clone, Default)]
pub struct ImportRequest {
    /// Folders, files and zips.
    pub paths: Vec<PathBuf>,
    /// A mapping on top of the one that ships.
    pub mapping: Option<PathBuf>,
    /// Where rows that are set aside go; beside it, to `*.left.csv`, where the file is one of those that are read.
    pub rejects: PathBuf,
    /// Any reject fails the import with nothing written.
    pub strict: bool,
    /// Asks it to stop where it can go on later.
    pub stop: Stop,
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
    /// The database held nothing when it began.
    alone: bool,
    report: Report,
}

/// A page and the cursor after it, as far as reading knows.
struct Built {
    phase: Phase,
    page: Page,
    next: Option<(Phase, String)>,
    noted: Report,
}

/// What is to be read.
#[derive(Clone)]
struct Asked {
    mapping: Mapping,
    found: Found,
    work: PathBuf,
}

/// An export read into its work file.
struct Staged {
    work: WorkFile,
    settled: Settled,
    report: Report,
    mapping: Mapping,
    of_records: u64,
}

/// What the export is built on.
struct Ground<'a> {
    /// What the database holds; `None` where that is nothing.
    known: Option<&'a Storage>,
    /// It held nothing when the import began.
    alone: bool,
    started_at: DateTime<Utc>,
}

/// Brings an export into the database, which must have its schema. Killed and started again, it goes on from its last
/// committed batch; the result is the same. Where another import into the database goes on, it waits for its end.
///
/// # Errors
/// The export is refused before anything is written, the database failed, or somebody asked it to stop.
pub async fn import(
    storage: &Storage,
    config: &Config,
    viewer: &Viewer,
    request: ImportRequest,
    tell: Arc<Listener>,
) -> Result<Report, ImportError> {
    let Permission::Admin = viewer.permission();
    let _alone_at_it = lock(storage, &request, &*tell).await?;
    let asked = find(config, &request, Place::BesideDatabase).await?;
    let question = serde_json::json!({ "fingerprint": asked.found.fingerprint });
    let unfinished = storage.job_find_unfinished(JobKind::Import, &question).await?;
    let cursor = unfinished.as_ref().and_then(|job| serde_json::from_value::<Cursor>(job.cursor.clone()?).ok());
    let known = (storage.data_version().await? != DataVersion(0)).then_some(storage);
    let staged = read(config, &request, asked, known, cursor.is_none(), &tell).await?;
    let job = match unfinished {
        Some(job) => job,
        None => storage.job_create(JobKind::Import, &question).await?,
    };
    let alone = cursor.as_ref().map_or(known.is_none(), |cursor| cursor.alone);
    let ground = Ground { known, alone, started_at: job.created_at };
    match write(Some((storage, job.id)), config, staged, cursor, ground, &request.stop, tell).await {
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

/// Says what an import would do: into the database where there is one, else into an empty one. Writes to none.
///
/// # Errors
/// The export is refused, or the database failed.
pub async fn dry_run(
    storage: Option<&Storage>,
    config: &Config,
    viewer: &Viewer,
    request: ImportRequest,
    tell: Arc<Listener>,
) -> Result<Report, ImportError> {
    let Permission::Admin = viewer.permission();
    let known = match storage {
        Some(storage) => (storage.data_version().await? != DataVersion(0)).then_some(storage),
        None => None,
    };
    let asked = find(config, &request, Place::Temporary).await?;
    let path = asked.work.clone();
    let ground = Ground { known, alone: known.is_none(), started_at: Clock::System.now() };
    let told = async {
        let staged = read(config, &request, asked, known, true, &tell).await?;
        write(None, config, staged, None, ground, &request.stop, Arc::clone(&tell)).await
    };
    let told = told.await;
    WorkFile::remove_at(&path);
    Ok(told?.0)
}

/// Waits until no other import into the database goes on.
async fn lock(storage: &Storage, request: &ImportRequest, tell: &Listener) -> Result<ImportLock, ImportError> {
    let mut told = false;
    loop {
        if let Some(lock) = storage.import_lock().await? {
            return Ok(lock);
        }
        if request.stop.asked() {
            return Err(IntakeError::Stopped.into());
        }
        if !std::mem::replace(&mut told, true) {
            tell(Progress::Waiting);
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

#[derive(Clone, Copy)]
enum Place {
    BesideDatabase,
    Temporary,
}

fn work_path(config: &Config, place: Place, fingerprint: &str) -> PathBuf {
    let short = &fingerprint[..12];
    match (place, config.database.sqlite_path()) {
        (Place::BesideDatabase, Some(path)) => {
            let mut path = path.into_os_string();
            path.push(format!(".import-{short}"));
            path.into()
        }
        (Place::BesideDatabase, None) => std::env::temp_dir().join(format!("pipewright-import-{short}.sqlite")),
        (Place::Temporary, _) => std::env::temp_dir().join(format!("pipewright-dry-run-{short}-{}.sqlite", std::process::id())),
    }
}

/// Runs what blocks on a thread that may.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, IntakeError> + Send + 'static) -> Result<T, ImportError> {
    Ok(tokio::task::spawn_blocking(work).await.map_err(|_| ImportError::Stopped)??)
}

async fn find(config: &Config, request: &ImportRequest, place: Place) -> Result<Asked, ImportError> {
    let (config, request) = (config.clone(), request.clone());
    blocking(move || {
        let mapping = Mapping::load(request.mapping.as_deref())?;
        let settings = serde_json::json!([mapping, config.organisation, config.database.url, env!("CARGO_PKG_VERSION")]);
        let found = discover(&request.paths, &settings.to_string())?;
        let work = work_path(&config, place, &found.fingerprint);
        Ok(Asked { mapping, found, work })
    })
    .await
}

/// Reads the export into its work file, and looks up what it leaves unsaid where that was not done before.
async fn read(
    config: &Config,
    request: &ImportRequest,
    asked: Asked,
    known: Option<&Storage>,
    look_up: bool,
    tell: &Arc<Listener>,
) -> Result<Staged, ImportError> {
    let (organisation, request, tell) = (config.organisation.name.clone(), request.clone(), Arc::clone(tell));
    let known = known.map(|storage| Known::new(storage.clone(), Handle::current()));
    blocking(move || {
        let Asked { mapping, found, work } = asked;
        let (work, settled, mut report) = stage(&found, &work, &mapping, &*tell, &request.stop)?;
        let place = found.place_for_rejects(&request.paths, &request.rejects);
        let count = rejects::write(&work, &place)?;
        report.set_aside_in = (count > 0).then(|| place.clone());
        if request.strict && count > 0 {
            work.remove();
            return Err(IntakeError::Strict { count, file: place });
        }
        // A work file that was lost is read again, and what it held of the database with it.
        if look_up || !work.is_recalled()? {
            recall(&work, known.as_ref(), &organisation, &found, &mut report)?;
        }
        let mut of_records = 0;
        for object in Phase::ALL.into_iter().filter_map(Phase::object) {
            of_records += work.count(object)?;
        }
        Ok(Staged { work, settled, report, mapping, of_records })
    })
    .await
}

/// Builds page after page in a thread of its own and writes each here, so that reading and writing overlap.
async fn write(
    storage: Option<(&Storage, Uuid)>,
    config: &Config,
    staged: Staged,
    cursor: Option<Cursor>,
    ground: Ground<'_>,
    stop: &Stop,
    tell: Arc<Listener>,
) -> Result<(Report, WorkFile), ImportError> {
    let Staged { work, settled, report, mapping, of_records } = staged;
    let alone = ground.alone;
    let set_aside_in = report.set_aside_in.clone();
    let mut start = cursor.unwrap_or(Cursor { phase: Phase::ALL[0], after: String::new(), records: 0, alone, report });
    // The import that is gone on with may have been told another place.
    start.report.set_aside_in = set_aside_in;
    let (mut report, mut records) = (start.report.clone(), start.records);
    let (sender, mut pages) = mpsc::channel(1);
    let organisation = config.organisation.clone();
    let known = ground.known.map(|storage| Known::new(storage.clone(), Handle::current()));
    let builder = tokio::task::spawn_blocking(move || {
        let build = Build::new(&work, &mapping, &settled, &organisation, Ledger { known, alone, at: ground.started_at })?;
        let built = pages_from(&build, start, &sender);
        drop(build);
        drop(sender);
        built.map(|()| work)
    });
    while let Some(Built { phase, page, next, noted }) = pages.recv().await {
        if stop.asked() {
            return Err(IntakeError::Stopped.into());
        }
        report = Report { inserted: report.inserted, updated: report.updated, ..noted };
        records += page.rows;
        if let Some((storage, job)) = storage {
            let (phase, after) = next.unwrap_or((phase, page.end));
            let mut next = Cursor { phase, after, records, alone, report: report.clone() };
            let cursor = Box::new(move |written: Written| {
                next.report.count(written);
                serde_json::to_value(next).expect("plain values become JSON")
            });
            let progress = serde_json::json!({ "records": records, "ofRecords": of_records });
            report.count(storage.write(page.batch, Some(JobUpdate { job, cursor, progress })).await?);
        }
        tell(Progress::Writing { object: phase.object().unwrap_or("OpportunityStage"), records, of_records });
    }
    let work = builder.await.map_err(|_| ImportError::Stopped)??;
    Ok((report, work))
}

fn pages_from(build: &Build<'_>, start: Cursor, sender: &mpsc::Sender<Built>) -> Result<(), IntakeError> {
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::path::Path;

    const ACCOUNTS: &str = "Id,IsDeleted,Name,BillingState,NumberOfEmployees\n\
        001bm00001ZL8U9AAL,FALSE,Edge,TX,1000\n001bm00001ZL8UAAA1,FALSE,Burlington,NC,90\n";
    const OPPORTUNITIES: &str = "Id,AccountId,Name,StageName,Amount,Probability,CloseDate,LeadSource,IsClosed,IsWon,CreatedDate,LastModifiedDate,OwnerId\n\
        006bm00000LKJNNAA5,001bm00001ZL8U9AAL,One,Qualification,15000,10,02/03/24,Web,FALSE,FALSE,02/23/26,02/23/26 08:55 PM,005bm00000NCJmQAAX\n\
        006bm00000LKJNTAA5,001bm00001ZL8UAAA1,Two,Closed Lost,120000,0,02/03/24,Partner,TRUE,FALSE,02/23/26,03/07/26 09:00 PM,005bm00000NCJmQAAX\n\
        006bm00000LKJNUAA5,001bm00001ZL8UAAA1,Bad,Closed Lost,lots,0,02/03/24,Partner,TRUE,FALSE,02/23/26,03/07/26 09:00 PM,\n\
        006bm00000LKJNVAA5,001bm00001ZZZZZAAA,Three,Closed Won,75000,100,02/03/24,,TRUE,TRUE,02/23/26,02/23/26 08:55 PM,\n";
    const HISTORY: &str = "Id,OpportunityId,CreatedDate,StageName,Amount,CloseDate,Probability,ForecastCategory\n\
        008bm00000UoqOjAAJ,006bm00000LKJNNAA5,02/23/26 08:55 PM,Qualification,15000,01/27/21,10,Pipeline\n\
        008bm00000UoqOpAAJ,006bm00000LKJNTAA5,02/23/26 08:55 PM,Closed Won,120000,01/27/21,100,Closed\n\
        008bm00000ViWn7AAF,006bm00000LKJNTAA5,03/07/26 09:00 PM,Closed Lost,120000,02/03/24,0,Omitted\n";

    fn export(folder: &Path) -> ImportRequest {
        let files = [
            ("Account.csv", ACCOUNTS),
            ("Opportunity.csv", OPPORTUNITIES),
            ("OpportunityHistory.csv", HISTORY),
            ("Notes.csv", "a\n1\n"),
        ];
        for (name, text) in files {
            std::fs::write(folder.join(name), text).unwrap();
        }
        ImportRequest {
            paths: vec![folder.to_owned()],
            mapping: None,
            rejects: folder.join("set-aside.txt"),
            ..ImportRequest::default()
        }
    }

    async fn home(folder: &Path) -> (Storage, Config) {
        let mut config = Config::default();
        config.database.url = format!("sqlite:{}", folder.join("pipeline.sqlite").display());
        let storage = Storage::open(&config.database).await.unwrap();
        storage.migrate().await.unwrap();
        (storage, config)
    }

    fn nobody() -> Arc<Listener> {
        Arc::new(|_| {})
    }

    async fn bring_in(storage: &Storage, config: &Config, request: ImportRequest) -> Result<Report, ImportError> {
        import(storage, config, &Viewer::local(), request, nobody()).await
    }

    #[tokio::test]
    async fn an_export_comes_in_with_its_history_and_a_second_import_adds_nothing() {
        let (files, database) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (storage, config) = home(database.path()).await;
        let request = export(files.path());
        let report = bring_in(&storage, &config, request.clone()).await.unwrap();
        let reconciliation = &report.reconciliation;
        assert_eq!((reconciliation.opportunities, reconciliation.agree), (3, 3), "{report}");
        assert_eq!(reconciliation.stages["Closed Lost"].rebuilt_acv_minor, 12_000_000);
        assert_eq!(report.unresolved["Opportunity.OwnerId"].count, 2);
        assert_eq!(report.unresolved["Opportunity.AccountId"].count, 1);
        assert!(report.missing.contains(&"User".to_owned()) && report.skipped[0].ends_with("Notes.csv"));
        let before = storage.data_version().await.unwrap();

        let again = bring_in(&storage, &config, request).await.unwrap();
        assert_eq!((again.inserted, again.updated, again.versions), (0, 0, 0));
        assert_eq!(storage.data_version().await.unwrap(), before);
        let left: Vec<_> = std::fs::read_dir(database.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(left.iter().all(|name| !name.to_string_lossy().contains("import")), "{left:?}");
    }

    #[tokio::test]
    async fn a_bad_row_goes_to_the_reject_file_and_strict_writes_nothing() {
        let (files, database) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (storage, config) = home(database.path()).await;
        let request = export(files.path());
        let strict = ImportRequest { strict: true, ..request.clone() };
        assert!(matches!(
            bring_in(&storage, &config, strict).await,
            Err(ImportError::Intake(IntakeError::Strict { count: 1, .. }))
        ));
        assert_eq!(storage.data_version().await.unwrap().0, 0);
        let report = bring_in(&storage, &config, request.clone()).await.unwrap();
        assert_eq!(report.rejected, 1);
        let rejects = std::fs::read_to_string(&request.rejects).unwrap();
        assert!(rejects.contains(",4,Amount,lots,") && rejects.contains("006bm00000LKJNUAA5,001bm"), "{rejects}");
    }

    #[tokio::test]
    async fn a_dry_run_says_the_same_and_touches_no_database() {
        let (files, database) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut config = Config::default();
        config.database.url = format!("sqlite:{}", database.path().join("none.sqlite").display());
        let report = dry_run(None, &config, &Viewer::local(), export(files.path()), nobody()).await.unwrap();
        assert_eq!((report.reconciliation.opportunities, report.rejected), (3, 1));
        assert_eq!(std::fs::read_dir(database.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn a_missing_column_is_named_before_anything_is_written() {
        let (files, database) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (storage, config) = home(database.path()).await;
        let request = export(files.path());
        std::fs::write(files.path().join("OpportunityHistory.csv"), "Id,OpportunityId,CreatedDate\n").unwrap();
        let error = bring_in(&storage, &config, request).await.unwrap_err().to_string();
        assert!(error.contains("StageName") && error.contains("OpportunityHistory.csv"), "{error}");
        assert_eq!(storage.data_version().await.unwrap().0, 0);
    }

    /// Stops an import after each of its writes in turn, as a kill would, and starts it again.
    #[tokio::test]
    async fn an_import_stopped_after_any_write_goes_on_to_the_same_rows() {
        let files = tempfile::tempdir().unwrap();
        let request = export(files.path());
        let calm = tempfile::tempdir().unwrap();
        let (storage, config) = home(calm.path()).await;
        bring_in(&storage, &config, request.clone()).await.unwrap();
        let ids: Vec<_> = ["006bm00000LKJNNAA5", "006bm00000LKJNTAA5", "006bm00000LKJNVAA5"]
            .map(|id| pipewright_core::ids::OpportunityId::derived("default", id))
            .to_vec();
        let rows = |versions: Vec<pipewright_core::opportunity::Version>| -> Vec<_> {
            versions
                .into_iter()
                .map(|version| (version.opportunity, version.valid_from, version.sequence, version.stage))
                .collect()
        };
        let expected = rows(storage.versions_of(&ids).await.unwrap());
        for stop_after in 1..Phase::ALL.len() {
            let place = tempfile::tempdir().unwrap();
            let (storage, config) = home(place.path()).await;
            let written = std::sync::atomic::AtomicUsize::new(0);
            let tell: Arc<Listener> = Arc::new(move |progress| {
                let writing = matches!(progress, Progress::Writing { .. });
                assert!(!writing || written.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1 < stop_after, "stopped");
            });
            let (own, settings, asked) = (storage.clone(), config.clone(), request.clone());
            let stopped = tokio::spawn(async move { import(&own, &settings, &Viewer::local(), asked, tell).await }).await;
            assert!(stopped.is_err(), "the import was stopped after write {stop_after}");
            let report = bring_in(&storage, &config, request.clone()).await.unwrap();
            assert_eq!(report.reconciliation.opportunities, 3, "counted once, after write {stop_after}");
            assert_eq!(rows(storage.versions_of(&ids).await.unwrap()), expected, "after write {stop_after}");
        }
    }
}
