//! `pipewright import`: a Salesforce export, as it is, into the database.

use crate::app::import::{ImportError, ImportRequest, dry_run, import};
use crate::config::Config;
use crate::intake::progress::{Listener, Progress, Stop};
use crate::storage::Storage;
use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressStyle};
use pipewright_core::viewer::Viewer;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Brings in a Salesforce export: a folder, files, or the zips of the Data Export Service, as they are.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  pipewright import --dry-run export/         what would happen
  pipewright import export/                   does it; again: adds only what is new
  pipewright import WE_00D_1.ZIP WE_00D_2.ZIP
  pipewright import --mapping my-columns.toml --strict export/

Killed at any point, the same command goes on where it was. Rows that do not fit are set aside in a file with line, column,
value and reason; corrected there, `pipewright import rejects.csv` brings them in, and `pipewright import export/ rejects.csv`
where they are parts of opportunities (history, roles, lines, splits). Ctrl-C stops where it can go on later. Of two imports
into one database the second waits.")]
pub struct ImportArgs {
    /// Folders, CSV files named after their objects (Opportunity.csv, Account.csv, ...), or zips.
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Columns and words of your own, on top of the mapping that ships.
    #[arg(long, value_name = "FILE")]
    pub mapping: Option<PathBuf>,
    /// Where rows that are set aside go; beside it, to *.left.csv, where the file is itself imported.
    #[arg(long, value_name = "FILE", default_value = "rejects.csv")]
    pub rejects: PathBuf,
    /// Fails, with nothing written, if any row would be set aside.
    #[arg(long)]
    pub strict: bool,
    /// Says what would happen and writes nothing to the database.
    #[arg(long)]
    pub dry_run: bool,
    /// Seconds between two lines of progress in a log; 0: a line for every step.
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    pub log_every: u64,
}

/// Imports what `args` name and prints the report.
///
/// # Errors
/// The export is refused before anything is written, or the database failed.
pub async fn run(args: ImportArgs, config: Config) -> Result<(), ImportError> {
    let stop = Stop::default();
    stop_when_told(stop.clone());
    let request = ImportRequest { paths: args.paths, mapping: args.mapping, rejects: args.rejects, strict: args.strict, stop };
    let tell = listener(Duration::from_secs(args.log_every));
    let viewer = Viewer::local();
    let report = if args.dry_run {
        let storage = Storage::open_existing(&config.database).await?;
        dry_run(storage.as_ref(), &config, &viewer, request, tell).await?
    } else {
        let storage = Storage::open(&config.database).await?;
        storage.migrate().await?;
        import(&storage, &config, &viewer, request, tell).await?
    };
    let mut text = report.to_string();
    if let Some(file) = &report.set_aside_in {
        text.push_str(&format!("Rejected rows are in {}\n", file.display()));
    }
    if args.dry_run {
        text.push_str("Dry run: nothing was written to the database\n");
    }
    // A reader that went away (`| head`) is no reason to fail: the import is done.
    let _ = std::io::stdout().write_all(text.as_bytes());
    Ok(())
}

/// The first Ctrl-C or SIGTERM stops the import after what it is writing; a second one ends the process.
fn stop_when_told(stop: Stop) {
    tokio::spawn(async move {
        told().await;
        stop.ask();
        eprintln!("stopping; the same import started again goes on where it was");
        told().await;
        std::process::exit(130);
    });
}

#[cfg(unix)]
async fn told() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

#[cfg(not(unix))]
async fn told() {
    let _ = tokio::signal::ctrl_c().await;
}

/// A bar on a terminal, lines in a log elsewhere.
fn listener(quiet: Duration) -> Arc<Listener> {
    if std::io::stderr().is_terminal() {
        let bar = ProgressBar::new(0);
        let style = ProgressStyle::with_template("{msg} [{bar:30}] {percent}% {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        return Arc::new(move |progress| show(&bar, &progress));
    }
    let last = Mutex::new((Instant::now(), Instant::now()));
    Arc::new(move |progress| {
        let Ok(mut last) = last.lock() else { return };
        if last.1.elapsed() >= quiet || progress == Progress::Waiting {
            last.1 = Instant::now();
            log(&progress, last.0.elapsed());
        }
    })
}

fn show(bar: &ProgressBar, progress: &Progress) {
    match progress {
        Progress::Waiting => bar.set_message("another import into this database goes on: waiting for its end"),
        Progress::Reading { file, rows, rejected, bytes, of_bytes } => {
            bar.set_length(*of_bytes);
            bar.set_position((*bytes).min(*of_bytes));
            let (rows, rejected, rate) = (HumanCount(*rows), HumanCount(*rejected), HumanBytes(bar.per_sec() as u64));
            bar.set_message(format!("reading {file}: {rows} rows, {rejected} rejected, {rate}/s"));
        }
        Progress::Writing { object, records, of_records } => {
            if bar.length() != Some(*of_records) {
                bar.reset();
                bar.set_length(*of_records);
            }
            bar.set_position(*records);
            let (done, all, rate) = (HumanCount(*records), HumanCount(*of_records), HumanCount(bar.per_sec() as u64));
            bar.set_message(format!("writing {object}: {done} of {all} records, {rate}/s"));
            if records == of_records {
                bar.finish_and_clear();
            }
        }
    }
}

fn log(progress: &Progress, since: Duration) {
    let left = |done: u64, all: u64| (since.as_secs_f64() * (all.saturating_sub(done)) as f64 / (done.max(1)) as f64).round();
    match progress {
        Progress::Waiting => tracing::info!("another import into this database goes on: waiting for its end"),
        Progress::Reading { file, rows, rejected, bytes, of_bytes } => {
            let rate = (*bytes as f64 / since.as_secs_f64().max(0.001)).round();
            tracing::info!(file, rows, rejected, bytes_per_s = rate, left_s = left(*bytes, *of_bytes), "reading");
        }
        Progress::Writing { object, records, of_records } => {
            let rate = (*records as f64 / since.as_secs_f64().max(0.001)).round();
            tracing::info!(object, records, of_records, rate, left_s = left(*records, *of_records), "writing");
        }
    }
}
