//! `pipewright serve`: answers over HTTP.

use crate::app::App;
use crate::cli::generate::{self, GenerateArgs};
use crate::clock::Clock;
use crate::config::Config;
use crate::plugins::Registry;
use crate::resident::Resident;
use crate::server::Server;
use crate::storage::Storage;
use pipewright_core::facts::Settings;
use pipewright_core::ids::{DataVersion, StageId};
use std::error::Error;
use std::io::Write;
use std::sync::Arc;

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
    /// Makes a sample company of N opportunities first, where the database is empty.
    #[arg(long, value_name = "N")]
    pub sample: Option<u64>,
    /// As --sample 2000.
    #[arg(long, conflicts_with = "sample")]
    pub demo: bool,
}

/// Serves until a signal comes.
///
/// # Errors
/// The database cannot be opened, migrated or read, or the port cannot be had.
pub async fn run(args: ServeArgs, config: Config) -> Result<(), Box<dyn Error>> {
    let storage = Storage::open(&config.database).await?;
    storage.migrate().await?;
    if let Some(opportunities) = args.sample.or(args.demo.then_some(DEMO))
        && storage.data_version().await? == DataVersion(0)
    {
        generate::run(GenerateArgs { opportunities, seed: 1, out: None, until: None }, &config).await?;
    }
    let resident = Resident::load(storage.clone(), settings(&config)).await?;
    let followed = tokio::spawn(resident.clone().follow());
    let app = App { storage, resident, models: Arc::new(Registry::built_in()), clock: Clock::System, config: Arc::new(config) };
    let server =
        Server::bind(app.clone()).map_err(|error| format!("{} cannot be listened on: {error}", app.config.server.listen))?;
    let address = server.address();
    let mut out = std::io::stdout();
    writeln!(out, "Pipewright answers on http://{address}/ (the API at /graphql, GraphiQL at /graphiql)")?;
    out.flush()?;
    tracing::info!(%address, "serving");
    let ended = server.run(signal()).await;
    followed.abort();
    tracing::info!("stopped");
    Ok(ended?)
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
        look_back_days: config.attribution.look_back_days,
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
