//! `pipewright doctor`: what would stop the server from answering.

use super::config::without_password;
use super::serve::settings;
use crate::config::Config;
use crate::plugins::Registry;
use crate::resident::Resident;
use crate::storage::Storage;
use pipewright_core::matrix::{Lens, ModelChoice};
use std::process::ExitCode;

/// Looks for what would stop the server from answering.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  pipewright doctor
  pipewright doctor --database-url postgres://me@localhost/pipewright

Exit code 1 when something is wrong; each line says what, and the way out.")]
pub struct DoctorArgs {}

/// What was found, line by line.
#[derive(Default)]
struct Findings {
    wrong: u32,
}

impl Findings {
    fn good(&self, text: impl std::fmt::Display) {
        println!("ok     {text}");
    }

    fn note(&self, text: impl std::fmt::Display) {
        println!("note   {text}");
    }

    fn wrong(&mut self, text: impl std::fmt::Display) {
        self.wrong += 1;
        println!("wrong  {text}");
    }
}

/// Looks at configuration, database, facts, models and pages.
pub async fn run(_: DoctorArgs, config: &Config) -> ExitCode {
    let mut findings = Findings::default();
    findings.good("configuration: read, every key known");
    models(config, &mut findings);
    match pipewright_web::is_built() {
        true => findings.good("pages: the board and GraphiQL are in this binary"),
        false => findings.note("pages: not in this binary; build it where Node.js 20 or newer is installed"),
    }
    database(config, &mut findings).await;
    if findings.wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn models(config: &Config, findings: &mut Findings) {
    let model = &config.attribution.default_model;
    let choice = ModelChoice { model: model.clone(), parameters: Vec::new(), lens: Lens::All };
    match Registry::built_in().validate(&choice) {
        Ok(()) => findings.good(format!("models: '{model}' is the default")),
        Err(error) => findings.wrong(format!("models: attribution.default_model: {error}")),
    }
}

async fn database(config: &Config, findings: &mut Findings) {
    let address = without_password(&config.database.url);
    let storage = match Storage::open(&config.database).await {
        Ok(storage) => storage,
        Err(error) => return findings.wrong(format!("database: {address}: {error}")),
    };
    findings.good(format!("database: {address} answers"));
    match storage.migrate().await {
        Ok(applied) if applied.is_empty() => findings.good("migrations: up to date"),
        Ok(applied) => findings.good(format!("migrations: {} applied just now", applied.len())),
        Err(error) => return findings.wrong(format!("migrations: {error}")),
    }
    let resident = match Resident::load(storage, settings(config)).await {
        Ok(resident) => resident,
        Err(error) => return findings.wrong(format!("facts: {error}")),
    };
    let snapshot = resident.snapshot();
    match snapshot.opportunity_count() {
        0 => {
            findings.note("facts: no opportunities yet; `pipewright import` brings them in, `pipewright generate` makes some up")
        }
        count => findings.good(format!("facts: {count} opportunities, data version {}", snapshot.data_version().0)),
    }
    for currency in snapshot.missing_rates() {
        findings.wrong(format!(
            "exchange rates: no rate from {currency} to {}, so its amounts count as 0; import DatedConversionRate.csv",
            config.organisation.reporting_currency
        ));
    }
}
