//! `pipewright serve`: answers over HTTP.

use crate::app::App;
use crate::app::answers::Answers;
use crate::app::capacity::Capacity;
use crate::app::jobs::Worker;
use crate::app::live::Live;
use crate::app::numbers;
use crate::cli::generate::{self, GenerateArgs};
use crate::clock::Clock;
use crate::config::Config;
use crate::plugins::Registry;
use crate::resident::Resident;
use crate::server::{House, Server};
use crate::storage::{JobKind, JobState, Storage};
use pipewright_core::facts::Settings;
use pipewright_core::ids::{DataVersion, StageId};
use pipewright_core::target::Measure;
use std::error::Error;
use std::io::Write;
use std::pin::pin;
use std::sync::Arc;
use tokio::task::JoinHandle;

/// How large the company of `--demo` is.
const DEMO: u64 = 2_000;

/// Answers over HTTP until it is told to stop.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  pipewright serve
  pipewright serve --demo
  pipewright serve --sample 20000 --listen 127.0.0.1:9000
  pipewright --database-url postgres://me@localhost/pipewright serve

Stops gracefully on SIGTERM and Ctrl-C: requests in flight are answered first.")]
pub struct ServeArgs {
    /// Makes a sample company of N opportunities first where the database is empty; rows that are there stay alone.
    #[arg(long, value_name = "N")]
    pub sample: Option<u64>,
    /// As --sample 2000, and refuses a database that holds anything else than such data.
    #[arg(long, conflicts_with = "sample")]
    pub demo: bool,
}

/// Serves until a signal comes.
///
/// # Errors
/// The database cannot be opened, migrated or read, it holds what must not be mixed with, or the port cannot be had.
pub async fn run(args: ServeArgs, config: Config) -> Result<(), Box<dyn Error>> {
    let config = Arc::new(config);
    let server =
        Server::bind(config.clone()).map_err(|error| format!("{} cannot be listened on: {error}", config.server.listen))?;
    let (address, house) = (server.address(), server.house());
    tracing::info!(%address, "listening");
    let mut serving = pin!(server.run(signal()));
    let (followed, worker) = tokio::select! {
        ended = &mut serving => return Ok(ended?),
        opened = open(&args, config, &house) => opened?,
    };
    let mut out = std::io::stdout();
    // Whoever started this may have closed its end: that is no reason to stop.
    let _ = writeln!(out, "Pipewright answers on http://{address}/ (the API at /graphql, GraphiQL at /graphiql)");
    let _ = out.flush();
    tracing::info!(%address, "serving");
    let ended = {
        let mut working = pin!(worker.work());
        tokio::select! {
            ended = &mut serving => ended,
            () = &mut working => serving.await,
        }
    };
    followed.abort();
    worker.release().await;
    tracing::info!("stopped");
    Ok(ended?)
}

/// Brings the database up to date, loads the facts and opens the doors; the task that keeps the facts in step, and who works
/// in the background.
async fn open(args: &ServeArgs, config: Arc<Config>, house: &House) -> Result<(JoinHandle<()>, Worker), Box<dyn Error>> {
    house.waits_for("the database is being connected to");
    let storage = Storage::open(&config.database).await?;
    house.waits_for("the database's schema is being brought up to date");
    storage.migrate().await?;
    house.waits_for("sample data is being made");
    furnish(args, &storage, &config).await?;
    house.waits_for("the facts are being loaded");
    let resident = Resident::load(storage.clone(), settings(&config)).await?;
    let followed = tokio::spawn(resident.clone().follow());
    let limits = &config.server.limits;
    let at_once = match limits.computations {
        0 => std::thread::available_parallelism().map_or(2, usize::from),
        computations => computations,
    };
    let capacity = Capacity::new(at_once, limits.waiting);
    let models = plugins(&config).await?;
    let (clock, answers, live) = (Clock::System, Answers::default(), Live::default());
    let app = App { config, storage, resident, models, clock, capacity, answers, live };
    house.open(app.clone());
    let warmed = app.clone();
    tokio::spawn(async move { numbers::warm(&warmed).await });
    Ok((followed, Worker::new(app)))
}

/// The models that come with the server and those of the folder, which is watched from now on.
async fn plugins(config: &Config) -> Result<Arc<Registry>, Box<dyn Error>> {
    let folder = super::plugin::folder(config, std::env::current_exe().ok())?;
    let models = tokio::task::spawn_blocking(|| Arc::new(Registry::with_folder(folder))).await?;
    crate::plugins::watch(&models)?;
    Ok(models)
}

/// Makes sample data where it was asked for and the database is empty; never beside rows that are there.
async fn furnish(args: &ServeArgs, storage: &Storage, config: &Config) -> Result<(), Box<dyn Error>> {
    let Some(opportunities) = args.sample.or(args.demo.then_some(DEMO)) else { return Ok(()) };
    let held = storage.data_version().await?;
    if held == DataVersion(0) {
        // Before the first row: one that is cut short can be told from rows that somebody brought in.
        let job = storage.job_create(JobKind::Sample, &sample_request(opportunities)).await?;
        generate::run(GenerateArgs { opportunities, seed: 1, out: None, until: None }, config).await?;
        // Up to this change the database holds made-up rows only.
        let made = sample_report(storage.data_version().await?);
        return Ok(storage.job_finish(job.id, JobState::Done, &made).await?);
    }
    let is_sample = storage.job_find_done(JobKind::Sample).await?.and_then(|job| job.report) == Some(sample_report(held));
    match (args.demo, is_sample) {
        (true, false) if storage.job_find_unfinished(JobKind::Sample, &sample_request(opportunities)).await?.is_some() => {
            Err("--demo: making the demo's data was cut short, and the database holds part of it: remove the database, or name \
                 another with --database-url"
                .into())
        }
        (true, false) => Err("--demo: the database holds rows that are no demo data, or that were changed since: serve without \
             --demo, or name another with --database-url"
            .into()),
        (_, true) => Ok(()),
        (false, false) => {
            eprintln!("pipewright: --sample: the database holds rows already: nothing was added to them");
            Ok(())
        }
    }
}

fn sample_request(opportunities: u64) -> serde_json::Value {
    serde_json::json!({ "opportunities": opportunities })
}

fn sample_report(last: DataVersion) -> serde_json::Value {
    serde_json::json!({ "last_data_version": last.0 })
}

/// What every number depends on beside the rows.
pub(super) fn settings(config: &Config) -> Settings {
    let organisation = &config.organisation;
    let pipeline = &config.pipeline;
    Settings {
        calendar: organisation.calendar(),
        reporting_currency: organisation.reporting_currency,
        entry_stage: pipeline.entry_stage.as_deref().map(|stage| StageId::derived(&organisation.name, stage)),
        green_from: pipeline.green_from,
        yellow_from: pipeline.yellow_from,
        column_thresholds: Measure::ALL.into_iter().map(|column| (column, pipeline.thresholds(column))).collect(),
        journeys: config.attribution.journeys(&organisation.name),
        hygiene: pipeline.hygiene.rules(),
    }
}

/// Done when SIGTERM or SIGINT comes.
async fn signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
