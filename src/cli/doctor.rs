//! `pipewright doctor`: what would stop the server from answering. It looks and changes nothing.

use super::config::without_password;
use super::serve::settings;
use crate::clock::Clock;
use crate::config::Config;
use crate::plugins::{Chosen, Registry};
use crate::resident::Resident;
use crate::storage::{Storage, StorageError};
use chrono::{Datelike, Timelike};
use pipewright_core::ids::StageId;
use pipewright_core::matrix::{Lens, ModelChoice};
use std::fmt::Display;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

/// Free space below which a line warns, and below which it fails, in bytes.
const LITTLE_SPACE: u64 = 1 << 30;
const NO_SPACE: u64 = 64 << 20;
/// No clock that is right shows a year before this one.
const FIRST_YEAR: i32 = 2026;

/// Looks for what would stop the server from answering; changes nothing.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  pipewright doctor
  pipewright doctor --database-url postgres://me@localhost/pipewright

Each line is OK, WARN or FAIL, and says the way out. Exit code 1 when any is FAIL.")]
pub struct DoctorArgs {}

/// What was found, line by line.
#[derive(Default)]
struct Findings {
    failed: u32,
}

impl Findings {
    fn ok(&self, text: impl Display) {
        println!("OK    {text}");
    }

    fn warn(&self, text: impl Display) {
        println!("WARN  {text}");
    }

    fn fail(&mut self, text: impl Display) {
        self.failed += 1;
        println!("FAIL  {text}");
    }
}

/// Looks at configuration, clock, models, pages, disk, database and facts.
pub async fn run(_: DoctorArgs, config: &Config) -> ExitCode {
    let mut findings = Findings::default();
    findings.ok("configuration: read, every key known; `pipewright config` shows it");
    clock(config, &mut findings);
    models(config, &mut findings);
    match pipewright_web::is_built() {
        true => findings.ok("pages: the board and GraphiQL are in this binary"),
        false => findings.warn("pages: not in this binary; build it where Node.js 20 or newer is installed"),
    }
    if file(config, &mut findings) {
        database(config, &mut findings).await;
    }
    if findings.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn clock(config: &Config, findings: &mut Findings) {
    let organisation = &config.organisation;
    let (now, calendar) = (Clock::System.now(), organisation.calendar());
    let here = now.with_timezone(&organisation.time_zone);
    let quarter = calendar.quarter_of(calendar.day_of(now));
    if now.year() < FIRST_YEAR {
        return findings.fail(format!("clock: it shows {now:.0}: set this machine's clock"));
    }
    findings.ok(format!(
        "clock: {} {:02}:{:02} in {} (organisation.time_zone), in {quarter}",
        here.date_naive(),
        here.hour(),
        here.minute(),
        organisation.time_zone
    ));
}

fn models(config: &Config, findings: &mut Findings) {
    let model = &config.attribution.default_model;
    let registry = match super::plugin::folder(config, std::env::current_exe().ok()) {
        Ok(folder) => Registry::with_folder(folder),
        Err(error) => {
            findings.fail(format!("plug-ins: {error}"));
            Registry::built_in()
        }
    };
    for refused in registry.refused() {
        let file = config.plugins.folder.join(&refused.file.name);
        findings.fail(format!("plug-ins: {}: {}; mend or remove it", file.display(), refused.reason));
    }
    let names: Vec<String> = registry.manifests().into_iter().map(|manifest| manifest.id).collect();
    let choice = ModelChoice { model: model.clone(), parameters: Vec::new(), lens: Lens::All };
    match registry.choose(choice).and_then(Chosen::additive) {
        Ok(_) => findings.ok(format!("models: {}; the default is '{model}'", names.join(", "))),
        Err(error) => findings.fail(format!("models: attribution.default_model: {error}; set it to one of {}", names.join(", "))),
    }
}

/// Looks at the file of SQLite; whether there is a database to go on with.
fn file(config: &Config, findings: &mut Findings) -> bool {
    let Some(path) = config.database.sqlite_path() else { return true };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        findings.fail(format!("file: there is no folder {}: make it, or name another file in database.url", folder.display()));
        return false;
    }
    space(folder, findings);
    let may_write = rustix::fs::access(folder, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK);
    if may_write.is_err() {
        findings.fail(format!("file: nothing can be written into {}: give this user the right to", folder.display()));
    }
    if !path.exists() {
        let text = "is not there yet: `pipewright migrate` or `pipewright serve` makes it";
        findings.warn(format!("file: {} {text}", path.display()));
        return false;
    }
    match std::fs::OpenOptions::new().read(true).write(true).open(&path) {
        Ok(_) => readers(&path, findings),
        Err(error) => findings.fail(format!("file: {} cannot be written: {error}; chown or chmod it", path.display())),
    }
    true
}

/// A database that others on this machine can read is worth a word.
fn readers(path: &Path, findings: &mut Findings) {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(path).map_or(0, |metadata| metadata.permissions().mode() & 0o777);
    match mode & 0o077 {
        0 => findings.ok(format!("file: {} is this user's alone", path.display())),
        _ => findings
            .warn(format!("file: {0} can be read by others on this machine (mode {mode:o}): chmod 600 {0}", path.display())),
    }
}

fn space(folder: &Path, findings: &mut Findings) {
    let Ok(volume) = rustix::fs::statvfs(folder) else {
        return findings.warn(format!("disk: the free space of {} cannot be told", folder.display()));
    };
    let free = volume.f_bavail.saturating_mul(volume.f_frsize);
    let text = format!("disk: {} MiB free for {}", free >> 20, folder.display());
    match free {
        0..NO_SPACE => findings.fail(format!("{text}: make room before anything is written")),
        NO_SPACE..LITTLE_SPACE => findings.warn(format!("{text}: make room before a large import")),
        _ => findings.ok(text),
    }
}

async fn database(config: &Config, findings: &mut Findings) {
    let address = without_password(&config.database.url);
    let storage = match Storage::open(&config.database).await {
        Ok(storage) => storage,
        Err(error) => return findings.fail(format!("database: {address}: {error}; start it, or set database.url")),
    };
    findings.ok(format!("database: {address} answers"));
    match storage.pending().await {
        Ok(pending) if pending.is_empty() => findings.ok("migrations: up to date"),
        Ok(pending) => {
            let (count, names) = (pending.len(), pending.join(", "));
            let text = "`pipewright migrate` applies them, `pipewright serve` as well";
            return findings.warn(format!("migrations: {count} pending ({names}): {text}"));
        }
        Err(error) => return findings.fail(format!("migrations: {error}")),
    }
    facts(storage, config, findings).await.unwrap_or_else(|error| findings.fail(format!("facts: {error}")));
}

async fn facts(storage: Storage, config: &Config, findings: &mut Findings) -> Result<(), StorageError> {
    let started = Instant::now();
    let snapshot = Resident::load(storage, settings(config)).await?.snapshot();
    let ms = started.elapsed().as_millis();
    let indices = 0..u32::try_from(snapshot.opportunity_count()).unwrap_or(u32::MAX);
    let versions: usize = indices.map(|index| snapshot.versions_of(index).len()).sum();
    match snapshot.opportunity_count() {
        0 => {
            findings.warn("facts: no opportunities yet; `pipewright import` brings them in, `pipewright generate` makes some up")
        }
        count => findings.ok(format!(
            "facts: {count} opportunities of {versions} versions, data version {}, built in {ms} ms",
            snapshot.data_version().0
        )),
    }
    for stage in &config.attribution.milestones {
        let id = StageId::derived(&config.organisation.name, stage);
        if !snapshot.knows_stage(id) {
            findings.warn(format!(
                "attribution.milestones: no stage is called '{stage}', so no opportunity reaches it; correct the name"
            ));
        }
    }
    for currency in snapshot.missing_rates() {
        findings.fail(format!(
            "exchange rates: no rate from {currency} to {}, so its amounts count as 0; import DatedConversionRate.csv",
            config.organisation.reporting_currency
        ));
    }
    Ok(())
}
