//! `pipewright plugin`: attribution models of one's own, from nothing to a file that the server takes.

use crate::config::{ComponentLimits, Config};
use crate::plugins::wasm::{Host, pack};
use crate::plugins::{Folder, Registry, read_model, scaffold};
use pipewright_core::money;
use pipewright_plugin::conformance::{self, GOLDEN_AMOUNT_MINOR, golden, weigh_one};
use pipewright_plugin::{Domain, Model};
use std::error::Error;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// The target that has nothing around it.
const TARGET: &str = "wasm32-unknown-unknown";

/// What the six touchpoints of the golden journey are.
const GOLDEN: [&str; 6] = [
    "2025-01-10 DIGITAL, a bare visit",
    "2025-02-14 DEMAND_GENERATION, a response: the lead",
    "2025-03-20 DEMAND_GENERATION, a response",
    "2025-05-06 EVENTS, a response: the last before the creation",
    "2025-06-15 ABM, a response",
    "2025-07-01 ENABLEMENT, a response: the last before the close",
];

/// Makes, builds and tests attribution models of one's own.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  pipewright plugin new our-own             a crate, ready to be changed
  pipewright plugin new our-own --weights   a TOML file of weights, without a program
  pipewright plugin pack our-own            builds our-own/our-own.wasm
  pipewright plugin test our-own.wasm       what it does to a journey that everyone knows
  pipewright plugin list                    every model that the server has")]
pub struct PluginArgs {
    #[command(subcommand)]
    command: PluginCommand,
}

#[derive(Debug, clap::Subcommand)]
enum PluginCommand {
    /// Begins a plug-in: a Rust crate with the contract beside it, or a file of weights.
    New {
        /// Lower-case words joined by hyphens; also the model's id.
        name: String,
        /// A TOML file of weights over positions, without a program.
        #[arg(long)]
        weights: bool,
    },
    /// Builds a crate into a WebAssembly component, and tests it.
    Pack {
        /// The crate's folder.
        #[arg(default_value = ".")]
        folder: PathBuf,
        /// Where the component goes; NAME.wasm in the crate's folder where it is not said.
        #[arg(long, short, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Holds a plug-in's file against the contract, and shows its credits on the golden journey.
    Test {
        /// A .wasm or .toml file.
        file: PathBuf,
    },
    /// Lists every model: those that come with the server, and those of the folder.
    List,
    /// Compiles a component from its input and nothing else: the server tries a file so, in a process that it can stop.
    #[command(hide = true)]
    Compile,
}

/// The configured folder of plug-ins; `compiler` is this program, where components are to be tried apart.
///
/// # Errors
/// This machine cannot run WebAssembly.
pub fn folder(config: &Config, compiler: Option<PathBuf>) -> Result<Folder, String> {
    Folder::new(config.plugins.folder.clone(), config.plugins.components.clone(), compiler)
}

/// Runs one of the commands.
///
/// # Errors
/// A file cannot be read or written, a crate cannot be built, or a plug-in does not keep the contract.
pub fn run(args: PluginArgs, config: &Config) -> Result<ExitCode, Box<dyn Error>> {
    match args.command {
        PluginCommand::New { name, weights } => begin(&name, weights)?,
        PluginCommand::Pack { folder, out } => build(&folder, out, &config.plugins.components)?,
        PluginCommand::Test { file } => test(&file, &config.plugins.components)?,
        PluginCommand::List => return list(config),
        PluginCommand::Compile => compile(&config.plugins.components)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn compile(limits: &ComponentLimits) -> Result<(), Box<dyn Error>> {
    let mut component = Vec::new();
    std::io::stdin().take(limits.file_bytes + 1).read_to_end(&mut component)?;
    Ok(Host::new(limits.clone())?.compile(&component)?)
}

fn begin(name: &str, weights: bool) -> Result<(), Box<dyn Error>> {
    if !scaffold::is_id(name) {
        return Err(format!("'{name}' is no name for a model: lower-case words joined by hyphens, such as our-own").into());
    }
    let made = if weights { scaffold::new_file(Path::new("."), name) } else { scaffold::new_crate(Path::new("."), name) };
    let made = made.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => format!("'{name}' is there already: choose another name, or remove it"),
        _ => format!("'{name}' cannot be written: {error}"),
    })?;
    let next = if weights { "pipewright plugin test" } else { "change src/lib.rs, then: pipewright plugin pack" };
    println!("made {0}\nnext: {next} {0}", made.display());
    Ok(())
}

fn build(folder: &Path, out: Option<PathBuf>, limits: &ComponentLimits) -> Result<(), Box<dyn Error>> {
    let manifest = folder.join("Cargo.toml");
    let text = std::fs::read_to_string(&manifest).map_err(|error| format!("{}: {error}", manifest.display()))?;
    let read: toml::Table = text.parse()?;
    let name = read.get("package").and_then(|package| package.get("name")).and_then(toml::Value::as_str);
    let name = name.ok_or_else(|| format!("{} names no package", manifest.display()))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| folder.join("target"), PathBuf::from);
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--release", "--target", TARGET]).arg("--manifest-path").arg(&manifest).arg("--target-dir").arg(&target);
    let built = cargo.status().map_err(|error| format!("cargo cannot be started: {error}"))?;
    if !built.success() {
        return Err(format!("the crate does not build for {TARGET}; if the target is missing: rustup target add {TARGET}").into());
    }
    let module = target.join(TARGET).join("release").join(format!("{}.wasm", name.replace('-', "_")));
    let module = std::fs::read(&module).map_err(|error| format!("{}: {error}; is the crate's type cdylib?", module.display()))?;
    let component = pack(&module).map_err(|error| format!("{error}; does the crate call export_model!?"))?;
    let out = out.unwrap_or_else(|| folder.join(format!("{name}.wasm")));
    std::fs::write(&out, &component).map_err(|error| format!("{}: {error}", out.display()))?;
    println!("made {} ({} bytes)", out.display(), component.len());
    test(&out, limits)
}

fn test(file: &Path, limits: &ComponentLimits) -> Result<(), Box<dyn Error>> {
    let bytes = std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let model = read_model(file, &bytes, limits).map_err(|reason| format!("{}: {reason}", file.display()))?;
    conformance::check(model.as_ref()).map_err(|refused| format!("{} does not keep the contract: {refused}", file.display()))?;
    let manifest = model.manifest();
    println!("{} {}: {}", manifest.id, manifest.version, manifest.description);
    for parameter in &manifest.parameters {
        println!("  {} = {}: {}", parameter.name, shown(&parameter.domain), parameter.description);
    }
    golden_credits(model.as_ref())?;
    println!("It keeps the contract, with its defaults and with each parameter at each end of its range.");
    Ok(())
}

fn golden_credits(model: &dyn Model) -> Result<(), Box<dyn Error>> {
    println!("The golden journey, 100,000.00, created 2025-05-08, won 2025-07-03:");
    let Some(weights) = weigh_one(model, &[], golden())? else {
        println!("  no credit");
        return Ok(());
    };
    let credits = if model.manifest().additive { money::split(GOLDEN_AMOUNT_MINOR, &weights) } else { Vec::new() };
    for (place, (what, weight)) in GOLDEN.iter().zip(&weights).enumerate() {
        match credits.get(place) {
            Some(cents) => println!("  {:>10}.{:02}  {what}", cents / 100, cents % 100),
            None => println!("  {weight:>10.4}  {what}"),
        }
    }
    Ok(())
}

fn shown(domain: &Domain) -> String {
    match domain {
        Domain::Whole { default, min, max } => format!("{default} ({min} to {max})"),
        Domain::Real { default, min, max } => format!("{default} ({min} to {max})"),
        Domain::Choice { default, options } => format!("{default} ({})", options.join(" | ")),
    }
}

fn list(config: &Config) -> Result<ExitCode, Box<dyn Error>> {
    let registry = Registry::with_folder(folder(config, std::env::current_exe().ok())?);
    for model in registry.listed() {
        let from = model.file.map_or("built in".into(), |file| file.name);
        println!("{:<24} {:<10} {from:<24} {}", model.manifest.id, model.manifest.version, model.manifest.description);
    }
    let refused = registry.refused();
    for refused in &refused {
        println!("{:<24} not let in: {}", refused.file.name, refused.reason);
    }
    Ok(if refused.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
