//! `pipewright import`: a Salesforce export, as it is, into the database.

use crate::app::import::{ImportError, ImportRequest, dry_run, import};
use crate::config::Config;
use crate::intake::progress::{Listener, Progress};
use crate::storage::Storage;
use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use pipewright_core::viewer::Viewer;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Between two lines of progress in a log.
const QUIET: Duration = Duration::from_secs(5);

/// Brings in a Salesforce export: a folder, files, or the zips of the Data Export Service, as they are.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  pipewright import --dry-run export/         what would happen
  pipewright import export/                   does it; again: adds only what is new
  pipewright import WE_00D_1.ZIP WE_00D_2.ZIP
  pipewright import --mapping my-columns.toml --strict export/

Killed at any point, the same command goes on where it was. Rows that do not fit are set aside in a file with line, column,
value and reason, and can be corrected and imported again.")]
pub struct ImportArgs {
    /// Folders, CSV files named after their objects (Opportunity.csv, Account.csv, ...), or zips.
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Columns and words of your own, on top of the mapping that ships.
    #[arg(long, value_name = "FILE")]
    pub mapping: Option<PathBuf>,
    /// Where rows that are set aside go.
    #[arg(long, value_name = "FILE", default_value = "rejects.csv")]
    pub rejects: PathBuf,
    /// Fails, with nothing written, if any row would be set aside.
    #[arg(long)]
    pub strict: bool,
    /// Says what would happen and writes nothing to the database.
    #[arg(long)]
    pub dry_run: bool,
}

/// Imports what `args` name and prints the report.
///
/// # Errors
/// The export is refused before anything is written, or the database failed.
pub async fn run(args: ImportArgs, config: Config) -> Result<(), ImportError> {
    let request = ImportRequest { paths: args.paths, mapping: args.mapping, rejects: args.rejects.clone(), strict: args.strict };
    let tell = listener();
    let viewer = Viewer::local();
    let report = if args.dry_run {
        dry_run(&config, &viewer, request, tell).await?
    } else {
        let storage = Storage::open(&config.database).await?;
        storage.migrate().await?;
        import(&storage, &config, &viewer, request, tell).await?
    };
    let mut text = report.to_string();
    if report.rejected > 0 {
        text.push_str(&format!("Rejected rows are in {}\n", args.rejects.display()));
    }
    if args.dry_run {
        text.push_str("Dry run: nothing was written to the database\n");
    }
    // A reader that went away (`| head`) is no reason to fail: the import is done.
    let _ = std::io::stdout().write_all(text.as_bytes());
    Ok(())
}

/// A bar on a terminal, lines in a log elsewhere.
fn listener() -> Arc<Listener> {
    if std::io::stderr().is_terminal() {
        let bar = ProgressBar::new(0);
        let style = ProgressStyle::with_template("{msg} [{bar:30}] {percent}% {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        return Arc::new(move |progress| show(&bar, &progress));
    }
    let last = Mutex::new((Instant::now(), Instant::now()));
    Arc::new(move |progress| {
        let Ok(mut last) = last.lock() else { return };
        if last.1.elapsed() >= QUIET {
            last.1 = Instant::now();
            log(&progress, last.0.elapsed());
        }
    })
}

fn show(bar: &ProgressBar, progress: &Progress) {
    match progress {
        Progress::Reading { file, rows, rejected, bytes, of_bytes } => {
            bar.set_length(*of_bytes);
            bar.set_position((*bytes).min(*of_bytes));
            bar.set_message(format!("reading {file}: {} rows, {} rejected", HumanCount(*rows), HumanCount(*rejected)));
        }
        Progress::Writing { object, records, of_records } => {
            if bar.length() != Some(*of_records) {
                bar.reset();
                bar.set_length(*of_records);
            }
            bar.set_position(*records);
            bar.set_message(format!("writing {object}: {} of {} records", HumanCount(*records), HumanCount(*of_records)));
            if records == of_records {
                bar.finish_and_clear();
            }
        }
    }
}

fn log(progress: &Progress, since: Duration) {
    let left = |done: u64, all: u64| (since.as_secs_f64() * (all.saturating_sub(done)) as f64 / (done.max(1)) as f64).round();
    match progress {
        Progress::Reading { file, rows, rejected, bytes, of_bytes } => {
            tracing::info!(file, rows, rejected, left_s = left(*bytes, *of_bytes), "reading");
        }
        Progress::Writing { object, records, of_records } => {
            let rate = (*records as f64 / since.as_secs_f64().max(0.001)).round();
            tracing::info!(object, records, of_records, rate, left_s = left(*records, *of_records), "writing");
        }
    }
}
