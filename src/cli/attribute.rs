//! `pipewright attribute`: who earned the opportunities of the database, or the conversions of a plain file of journeys.

mod database;
mod run;

use crate::app::paths::{PathsCredit, PathsRefused, PathsRequest, attribute};
use crate::config::Config;
use crate::plugins::Registry;
use pipewright_plugin::Remarks;
use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write;
use std::path::PathBuf;

/// Credits who earned the database's opportunities, or the sources of a plain file of journeys.
#[derive(Debug, Clone, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:
  pipewright attribute --model w-shaped --group-by source,region --period FY2027-Q4
  pipewright attribute --model time-decay --param half_life_days=14 --lens channels --format json
  pipewright attribute --journeys paths.csv --model markov
  pipewright attribute --journeys paths.csv --model markov --param order=2 --per-journey --format csv
  pipewright attribute --journeys paths.csv --model shapley --param value=reach --format json
  pipewright attribute --journeys paths.csv --model linear
  pipewright attribute run \"council Q4\" --model w-shaped --period FY2027-Q4
  pipewright attribute diff \"council Q4\" \"council Q4, linear\"

The file is a CSV with a header, its columns in any order:
  path                     sources in the order in which they touched, separated by ' > '
  total_conversions        how often this path was won
  total_conversion_value   what those were worth; may be missing
  total_null               how often it was lost; may be missing

markov credits each source its share over all journeys (its removal effect over the sum of all); with --per-journey, every
path by the sources on it alone, as every other model does. Numbers are never rounded."
)]
pub struct AttributeArgs {
    /// A plain file of journeys, in place of the database.
    #[arg(long, value_name = "FILE", requires = "model")]
    pub journeys: Option<PathBuf>,
    /// The model's id, such as markov, shapley, linear or first-touch; of a database, the configured one where not given.
    #[arg(long, value_name = "ID")]
    pub model: Option<String>,
    /// A parameter of the model, such as order=2; may be given again for another.
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = parameter)]
    pub parameters: Vec<(String, String)>,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
    /// Credits journey by journey also where the model has one share of each source for all of them.
    #[arg(long, requires = "journeys")]
    pub per_journey: bool,
    /// What is asked of the database.
    #[command(flatten)]
    pub database: database::DatabaseArgs,
    /// Stored results in place of one that is only printed.
    #[command(subcommand)]
    pub stored: Option<run::RunCommand>,
}

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Columns for people.
    Table,
    /// One row a source.
    Csv,
    /// All there is to know.
    Json,
}

/// Prints who earned what.
///
/// # Errors
/// The file or the database cannot be read; there is no such model, or none for such a file; the model failed.
pub async fn run(args: AttributeArgs, config: Config) -> Result<(), Box<dyn Error>> {
    if let Some(command) = args.stored {
        return run::run(command, config).await;
    }
    match (&args.journeys, &args.model) {
        (Some(file), Some(model)) => {
            let folder = super::plugin::folder(&config, std::env::current_exe().ok())?;
            Ok(plain(&args, &Registry::with_folder(folder), file.clone(), model.clone())?)
        }
        _ => database::run(args, config).await,
    }
}

/// Of a plain file.
fn plain(args: &AttributeArgs, models: &Registry, file: PathBuf, model: String) -> Result<(), PathsRefused> {
    let request = PathsRequest { file, model, parameters: args.parameters.clone(), per_journey: args.per_journey };
    let credit = attribute(models, &request)?;
    let text = match args.format {
        Format::Table => table(&credit),
        Format::Csv => csv(&credit),
        Format::Json => json(&credit),
    };
    notes(&credit).iter().for_each(|note| eprintln!("pipewright: note: {note}"));
    // A reader that went away (`| head`) is no reason to fail.
    let _ = std::io::stdout().write_all(text.as_bytes());
    Ok(())
}

/// NAME=VALUE, the value as a JSON text: a number as it is, anything else as a word.
fn parameter(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("a parameter is NAME=VALUE, such as order=2")?;
    let is_number = matches!(serde_json::from_str(value), Ok(serde_json::Value::Number(_)));
    let json = if is_number { value.to_owned() } else { serde_json::Value::from(value).to_string() };
    Ok((name.to_owned(), json))
}

/// What a reader should know of the numbers.
fn notes(credit: &PathsCredit) -> Vec<&'static str> {
    let mut notes = Vec::new();
    if credit.total[0] == 0.0 {
        notes.push("nothing in the file converted: there is no conversion to credit, and nothing to learn from");
    } else if credit.remarks.holds(Remarks::LINEAR_INSTEAD) {
        notes.push("on some paths the model has nothing to tell the sources apart by: every touchpoint took the same");
    }
    if credit.remarks.holds(Remarks::NEGATIVE_SET_TO_ZERO) {
        notes.push("on some paths a source's value is negative: it was set to zero, and the others scaled");
    }
    if !credit.manifest.additive {
        notes.push("this model counts influence: one conversion is counted for several sources, so the rows do not add up");
    }
    notes
}

/// One row a source, with the model's own figures.
fn rows(credit: &PathsCredit) -> Vec<Vec<String>> {
    let header = ["source", "conversions", "value"].into_iter().map(str::to_owned).chain(credit.figures.iter().cloned());
    let row = |source: &crate::app::paths::SourceCredit| {
        let numbers = [source.conversions, source.value];
        let numbers = numbers.iter().chain(&source.figures).map(f64::to_string);
        std::iter::once(source.source.clone()).chain(numbers).collect()
    };
    std::iter::once(header.collect()).chain(credit.sources.iter().map(row)).collect()
}

fn table(credit: &PathsCredit) -> String {
    let mut text = columns(&rows(credit), 1);
    if !credit.transitions.is_empty() {
        let header = vec!["from".to_owned(), "to".to_owned(), "probability".to_owned()];
        let steps = credit.transitions.iter().map(|(from, to, likely)| vec![from.join(" > "), to.clone(), likely.to_string()]);
        text.push('\n');
        text.push_str(&columns(&std::iter::once(header).chain(steps).collect::<Vec<_>>(), 2));
    }
    text
}

/// Aligned columns: the first `texts` to the left, numbers to the right.
fn columns(rows: &[Vec<String>], texts: usize) -> String {
    let width = |column: usize| rows.iter().map(|row| shown(&row[column]).chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..rows[0].len()).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| match column < texts {
            true => format!("{:<width$}", shown(cell)),
            false => format!("{:>width$}", shown(cell)),
        });
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// A name without what would break the lines of a terminal.
fn shown(cell: &str) -> String {
    cell.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

fn csv(credit: &PathsCredit) -> String {
    let mut text = String::new();
    for row in rows(credit) {
        let cells: Vec<String> = row.iter().map(|cell| quoted(cell)).collect();
        text.push_str(&cells.join(","));
        text.push('\n');
    }
    text
}

fn quoted(cell: &str) -> String {
    match cell.contains(['"', ',', '\n', '\r']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.to_owned(),
    }
}

/// The answer as JSON has it.
#[derive(serde::Serialize)]
struct Answer<'a> {
    model: &'a str,
    model_version: &'a str,
    parameters: BTreeMap<&'a str, serde_json::Value>,
    total_conversions: f64,
    total_conversion_value: f64,
    sources: Vec<Row<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    transitions: Vec<Going<'a>>,
    notes: Vec<&'static str>,
}

#[derive(serde::Serialize)]
struct Row<'a> {
    source: &'a str,
    conversions: f64,
    value: f64,
    #[serde(flatten)]
    figures: BTreeMap<&'a str, f64>,
}

#[derive(serde::Serialize)]
struct Going<'a> {
    from: &'a [String],
    to: &'a str,
    probability: f64,
}

fn json(credit: &PathsCredit) -> String {
    let names = || credit.figures.iter().map(String::as_str);
    let answer = Answer {
        model: &credit.manifest.id,
        model_version: &credit.manifest.version,
        parameters: credit.parameters.iter().map(|(name, given)| (name.as_str(), crate::app::attribution::json(given))).collect(),
        total_conversions: credit.total[0],
        total_conversion_value: credit.total[1],
        sources: (credit.sources.iter())
            .map(|source| Row {
                source: &source.source,
                conversions: source.conversions,
                value: source.value,
                figures: names().zip(source.figures.iter().copied()).collect(),
            })
            .collect(),
        transitions: (credit.transitions.iter())
            .map(|(from, to, probability)| Going { from, to, probability: *probability })
            .collect(),
        notes: notes(credit),
    };
    serde_json::to_string_pretty(&answer).expect("names and finite numbers can be written as JSON") + "\n"
}
