//! The commands, one file each: arguments in, one use case called, an exit code out.

pub mod attribute;
pub mod config;
pub mod doctor;
pub mod generate;
pub mod import;
pub mod migrate;
pub mod plugin;
pub mod schema;
pub mod serve;

use crate::config::{Config, ConfigError, Layers, LogConfig};
use clap::{Parser, Subcommand};
use std::error::Error;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

/// A company's sales pipeline as a ledger, answered over GraphQL.
#[derive(Debug, Parser)]
#[command(name = "pipewright", version, propagate_version = true)]
#[command(after_help = "Examples:
  pipewright serve --sample 2000          a made-up company, to look around in
  pipewright import export/               a Salesforce export, as it is
  pipewright --database-url postgres://me@localhost/pipewright serve

Configuration: defaults, then pipewright.toml (or --config), then the environment (PIPEWRIGHT__SERVER__LISTEN is
server.listen), then flags. `pipewright config` prints what is in force.")]
struct Cli {
    /// Reads this file instead of ./pipewright.toml.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The database: sqlite:PATH or postgres://USER@HOST/DATABASE.
    #[arg(long, global = true, value_name = "URL")]
    database_url: Option<String>,
    /// Where to serve; loopback only. Port 0 takes any that is free.
    #[arg(long, global = true, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answers over HTTP until it is told to stop.
    Serve(serve::ServeArgs),
    Import(import::ImportArgs),
    Attribute(attribute::AttributeArgs),
    Generate(generate::GenerateArgs),
    /// Brings the database's schema up to date.
    Migrate(migrate::MigrateArgs),
    Plugin(plugin::PluginArgs),
    /// Prints the GraphQL schema.
    Schema(schema::SchemaArgs),
    /// Prints the configuration that is in force.
    Config(config::ConfigArgs),
    /// Looks for what would stop the server from answering.
    Doctor(doctor::DoctorArgs),
}

/// Runs the command that the process was started with. 0: done; 1: refused or failed; 2: bad arguments or configuration.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let (layers, config) = match configuration(&cli) {
        Ok(read) => read,
        Err(error) => {
            eprintln!("pipewright: {error}");
            return ExitCode::from(2);
        }
    };
    log_to_stderr(&config.log);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error),
    };
    let ended = runtime.block_on(run(cli.command, &layers, config));
    // A computation that nobody waits for any more must not hold the process back.
    runtime.shutdown_background();
    match ended {
        Ok(code) => code,
        Err(error) => failed(error.as_ref()),
    }
}

fn configuration(cli: &Cli) -> Result<(Layers, Config), ConfigError> {
    let given = [("database.url", &cli.database_url), ("server.listen", &cli.listen)];
    let flags = given.into_iter().filter_map(|(key, value)| Some((key, value.clone()?))).collect();
    let layers = Layers::new(cli.config.as_deref(), flags)?;
    let config = layers.read()?;
    Ok((layers, config))
}

async fn run(command: Command, layers: &Layers, config: Config) -> Result<ExitCode, Box<dyn Error>> {
    match command {
        Command::Serve(args) => serve::run(args, config).await?,
        Command::Import(args) => import::run(args, config).await?,
        Command::Attribute(args) => attribute::run(args, config).await?,
        Command::Generate(args) => generate::run(args, &config).await?,
        Command::Migrate(args) => migrate::run(args, &config).await?,
        Command::Plugin(args) => return plugin::run(args, &config),
        Command::Schema(args) => schema::run(args)?,
        Command::Config(args) => config::run(args, layers, &config),
        Command::Doctor(args) => return Ok(doctor::run(args, &config).await),
    }
    Ok(ExitCode::SUCCESS)
}

/// The error and its causes, on one line.
fn failed(error: &dyn Error) -> ExitCode {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let next_text = next.to_string();
        if !text.contains(&next_text) {
            text = format!("{text}: {next_text}");
        }
        cause = next.source();
    }
    eprintln!("pipewright: {text}");
    ExitCode::FAILURE
}

/// Lines for people on a terminal, JSON elsewhere, unless configuration says which.
fn log_to_stderr(config: &LogConfig) {
    let filter = EnvFilter::try_new(&config.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let is_json = config.json.unwrap_or_else(|| !std::io::stderr().is_terminal());
    // A second start in one process keeps the first log.
    let _ = if is_json { log.json().flatten_event(true).try_init() } else { log.try_init() };
}

#[cfg(test)]
mod tests {
    use super::Cli;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent_and_every_command_has_help_with_examples() {
        let mut cli = Cli::command();
        cli.build();
        cli.clone().debug_assert();
        for command in cli.get_subcommands().filter(|command| command.get_name() != "help") {
            let name = command.get_name();
            assert!(command.get_about().is_some(), "{name} says what it does");
            assert!(command.get_after_help().is_some_and(|help| help.to_string().contains("Examples")), "{name} has examples");
        }
    }
}
