//! `pipewright generate`: a believable company, into the database or as a Salesforce export.

use crate::clock::Clock;
use crate::config::Config;
use crate::generate::{Company, GenerateError, Made, Order, write_database, write_export};
use crate::storage::Storage;
use chrono::NaiveDate;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Makes a believable company: three and a half years of pipeline, the same to the byte for the same arguments.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  pipewright generate --opportunities 2000
  pipewright generate --opportunities 100000 --seed 7 --out export/ --until 2026-11-01
  pipewright generate --opportunities 1000000 --database-url postgres://me@localhost/pipewright")]
pub struct GenerateArgs {
    /// How many opportunities; everything else is in proportion.
    #[arg(long, default_value_t = 2_000, value_name = "N")]
    pub opportunities: u64,
    /// Where chance starts: other seeds make other companies.
    #[arg(long, default_value_t = 1, value_name = "S")]
    pub seed: u64,
    /// Writes a Salesforce export in CSV into this new or empty folder, not into the database.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// The day on which the company is looked at: nothing happens after its beginning. Default: today.
    #[arg(long, value_name = "DATE")]
    pub until: Option<NaiveDate>,
}

/// Makes the company that `args` ask for.
///
/// # Errors
/// The count is out of range, the database or folder is in use, or writing failed.
pub async fn run(args: GenerateArgs, config: &Config) -> Result<(), GenerateError> {
    if !(1..=100_000_000).contains(&args.opportunities) {
        return Err(GenerateError::BadCount(args.opportunities));
    }
    let calendar = config.organisation.calendar();
    let until = args.until.unwrap_or_else(|| calendar.day_of(Clock::System.now()));
    let order = Order { opportunities: args.opportunities, seed: args.seed, until };
    let company = Company::found(order, &calendar);
    let mut progress = Progress::new(args.opportunities);
    let made = match &args.out {
        Some(folder) => write_export(&company, folder, |made| progress.show(made))?,
        None => {
            let storage = Storage::open(&config.database).await?;
            storage.migrate().await?;
            write_database(&company, &storage, &config.organisation, |made| progress.show(made)).await?
        }
    };
    progress.finish();
    let place = args.out.map_or_else(|| "the database".to_owned(), |folder| folder.display().to_string());
    eprintln!("{} opportunities, {} rows, until {until}, seed {}: written to {place}", made.opportunities, made.rows, args.seed);
    Ok(())
}

/// A bar on a terminal; elsewhere a line now and then.
struct Progress {
    bar: Option<ProgressBar>,
    total: u64,
    last_line: Instant,
}

impl Progress {
    fn new(total: u64) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{bar:40} {pos}/{len} opportunities, {per_sec}, {eta} left")
                .expect("the template is well formed");
            ProgressBar::new(total).with_style(style)
        });
        Self { bar, total, last_line: Instant::now() }
    }

    fn show(&mut self, made: Made) {
        match &self.bar {
            Some(bar) => bar.set_position(made.opportunities),
            None if self.last_line.elapsed() >= Duration::from_secs(5) => {
                eprintln!("{} of {} opportunities, {} rows", made.opportunities, self.total, made.rows);
                self.last_line = Instant::now();
            }
            None => {}
        }
    }

    fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
