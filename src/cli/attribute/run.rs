//! Stored results: started, followed, listed, cancelled, shown and compared.

use super::database::{Lens, csv, house};
use super::{Format, columns, parameter};
use crate::app::App;
use crate::app::jobs::Worker;
use crate::app::numbers::ModelAsked;
use crate::app::rows::{self, Filter, OpportunityState, Order, RunColumn, Window};
use crate::app::runs::{self, Compared, JobState, RunAsked, RunGrouping, RunRow, RunTotal};
use crate::config::Config;
use chrono::{DateTime, SecondsFormat, Utc};
use pipewright_core::attribution::{GroupValue, Grouping, Moved, StartRefusal, group_label};
use pipewright_core::viewer::Viewer;
use rust_decimal::Decimal;
use serde_json::json;
use std::error::Error;
use std::io::Write;
use std::time::Duration;

/// How often a run that is followed is looked at.
const LOOK: Duration = Duration::from_millis(200);

/// What is done with stored results.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum RunCommand {
    /// Stores a named result, working at it here, and prints it.
    #[command(after_help = "Examples:
  pipewright attribute run \"council Q4\" --model w-shaped --period FY2027-Q4
  pipewright attribute run \"as in May\" --model time-decay --param half_life_days=14 --as-of 2026-05-01T00:00:00Z
  pipewright attribute run nightly --model markov --detach

Stopped or killed, the same command goes on where it was; so does any server of the same database. A name holds one result for
good: with other arguments it is refused.")]
    Run(StartArgs),
    /// Lists stored results, the latest first.
    #[command(after_help = "Examples:
  pipewright attribute runs
  pipewright attribute runs --format json")]
    Runs {
        /// How to print.
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
    /// Follows a run that somebody else works at to its end, and prints it.
    #[command(after_help = "Examples:
  pipewright attribute watch nightly")]
    Watch {
        /// The run's name.
        name: String,
    },
    /// Prints a stored result.
    #[command(after_help = "Examples:
  pipewright attribute show \"council Q4\" --group-by channel
  pipewright attribute show \"council Q4\" --group-by campaign --format csv")]
    Show {
        /// The run's name.
        name: String,
        /// How to group.
        #[arg(long, value_enum, default_value = "source")]
        group_by: GroupBy,
        /// How to print.
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
    /// Cancels a run that waits or goes; nothing of it is kept.
    #[command(after_help = "Examples:
  pipewright attribute cancel nightly")]
    Cancel {
        /// The run's name.
        name: String,
    },
    /// Compares two stored results: what moved from the first to the second, and why.
    #[command(after_help = "Examples:
  pipewright attribute diff \"council Q3\" \"council Q4\"
  pipewright attribute diff \"council Q3\" \"council Q4\" --top 100 --format csv")]
    Diff {
        /// The first run's name.
        a: String,
        /// The second run's name.
        b: String,
        /// Opportunities to print, those that moved most first.
        #[arg(long, value_name = "COUNT", default_value_t = 20)]
        top: usize,
        /// How to print; as CSV the opportunities alone.
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
}

/// A result to be stored.
#[derive(Debug, Clone, clap::Args)]
pub struct StartArgs {
    /// What it shall be called; no two alike.
    pub name: String,
    /// The model's id; the configured one where it is not given.
    #[arg(long, value_name = "ID")]
    pub model: Option<String>,
    /// A parameter of the model, such as half_life_days=14; may be given again for another.
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = parameter)]
    pub parameters: Vec<(String, String)>,
    /// Which touchpoints the model sees.
    #[arg(long, value_enum, default_value_t = Lens::All)]
    pub lens: Lens,
    /// Close date in this period, such as FY2027-Q4; the quarter of --as-of where it is not given.
    #[arg(long, value_name = "PERIOD")]
    pub period: Option<String>,
    /// The instant as of which facts are read, such as 2026-11-24T00:00:00Z; now where it is not given.
    #[arg(long, value_name = "INSTANT")]
    pub as_of: Option<DateTime<Utc>>,
    /// Leaves the work to a server of the same database.
    #[arg(long)]
    pub detach: bool,
}

/// A way to group a stored result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum GroupBy {
    /// By role or channel.
    Source,
    /// By role.
    Role,
    /// By channel.
    Channel,
    /// By campaign.
    Campaign,
    /// By rep.
    Rep,
    /// By region.
    Region,
}

impl GroupBy {
    fn grouping(self) -> (RunGrouping, Grouping) {
        match self {
            Self::Source => (RunGrouping::Source, Grouping::Source),
            Self::Role => (RunGrouping::Role, Grouping::Role),
            Self::Channel => (RunGrouping::Channel, Grouping::Channel),
            Self::Campaign => (RunGrouping::Campaign, Grouping::Campaign),
            Self::Rep => (RunGrouping::Rep, Grouping::Rep),
            Self::Region => (RunGrouping::Region, Grouping::Region),
        }
    }
}

/// Does what is asked.
///
/// # Errors
/// It is refused, the run failed or was cancelled, or the database failed.
pub async fn run(command: RunCommand, config: Config) -> Result<(), Box<dyn Error>> {
    let app = house(config).await?;
    let text = match command {
        RunCommand::Run(args) => {
            app.storage.migrate().await?;
            start(&app, args).await?
        }
        RunCommand::Runs { format } => list(&app, format).await?,
        RunCommand::Watch { name } => {
            let run = named(&app, name).await?;
            let run = followed(&app, run).await?;
            shown(&app, &ended(run)?, GroupBy::Source, Format::Table).await?
        }
        RunCommand::Show { name, group_by, format } => {
            let run = named(&app, name).await?;
            if run.state != JobState::Done {
                return Err(format!("run '{}' is {} and has no result", run.name, state(run.state)).into());
            }
            shown(&app, &run, group_by, format).await?
        }
        RunCommand::Cancel { name } => {
            let run = named(&app, name).await?;
            let run = runs::cancel(&app, &Viewer::local(), run.id).await??;
            format!("run '{}' is {}\n", run.name, state(run.state))
        }
        RunCommand::Diff { a, b, top, format } => {
            let (a, b) = (named(&app, a).await?, named(&app, b).await?);
            differences(&app, &runs::diff(&app, &Viewer::local(), a.id, b.id).await?, top, format).await?
        }
    };
    // A reader that went away (`| head`) is no reason to fail.
    let _ = std::io::stdout().write_all(text.as_bytes());
    Ok(())
}

async fn start(app: &App, args: StartArgs) -> Result<String, Box<dyn Error>> {
    let model = ModelAsked { id: args.model, version: None, parameters: args.parameters, lens: args.lens.into() };
    let (period, as_of) = (args.period, args.as_of);
    // The name is the key: the same command again goes on with the same run.
    let (name, idempotency_key) = (args.name.clone(), args.name);
    let asked = RunAsked { name, idempotency_key, model: Some(model), period, as_of, ..RunAsked::default() };
    let name = asked.name.clone();
    let run = match runs::start(app, &Viewer::local(), asked).await? {
        Ok(run) => run,
        Err(StartRefusal::Conflict) => return Err(StartRefusal::NameTaken(name).into()),
        Err(refusal) => return Err(refusal.into()),
    };
    if args.detach {
        return Ok(format!("run '{}' is {}\n", run.name, state(run.state)));
    }
    let worker = Worker::new(app.clone());
    let followed = tokio::select! {
        run = followed(app, run) => run.map_err(Into::into),
        () = worker.work() => unreachable!("a worker works until it is dropped"),
        _ = tokio::signal::ctrl_c() => Err("stopped: the same command, or any server of this database, goes on with it".into()),
    };
    worker.release().await;
    let followed: Result<RunRow, Box<dyn Error>> = followed;
    shown(app, &ended(followed?)?, GroupBy::Source, Format::Table).await
}

async fn named(app: &App, name: String) -> Result<RunRow, Box<dyn Error>> {
    let found = runs::by_name(app, &Viewer::local(), name.clone()).await?;
    found.ok_or_else(|| format!("no run is called '{name}': `pipewright attribute runs` lists those there are").into())
}

/// The run once it is over; until then each step is told.
async fn followed(app: &App, mut run: RunRow) -> Result<RunRow, crate::storage::StorageError> {
    let mut told = None;
    loop {
        let now = (run.state, run.progress.clone());
        if told.as_ref() != Some(&now) {
            eprintln!("pipewright: run '{}' is {}{}", run.name, state(run.state), progress(&run));
            told = Some(now);
        }
        if !matches!(run.state, JobState::Queued | JobState::Running) {
            return Ok(run);
        }
        tokio::time::sleep(LOOK).await;
        run = runs::by_id(app, &Viewer::local(), run.id).await?.unwrap_or(run);
    }
}

/// The run, if it ended well.
fn ended(run: RunRow) -> Result<RunRow, Box<dyn Error>> {
    match run.state {
        JobState::Failed => {
            let why =
                run.report.as_ref().and_then(|report| report.pointer("/error/message")?.as_str()).unwrap_or("no reason is known");
            Err(format!("run '{}' failed: {why}", run.name).into())
        }
        JobState::Cancelled => Err(format!("run '{}' was cancelled", run.name).into()),
        _ => Ok(run),
    }
}

fn state(state: JobState) -> &'static str {
    match state {
        JobState::Queued => "queued",
        JobState::Running => "running",
        JobState::Done => "done",
        JobState::Failed => "failed",
        JobState::Cancelled => "cancelled",
    }
}

fn progress(run: &RunRow) -> String {
    let number = |pointer| run.progress.as_ref().and_then(|progress| progress.pointer(pointer)?.as_u64());
    match (number("/done"), number("/of")) {
        (Some(done), Some(of)) => format!(", {done} of {of} opportunities"),
        _ => String::new(),
    }
}

async fn list(app: &App, format: Format) -> Result<String, Box<dyn Error>> {
    let window = Window { size: 500, backward: false, after: None, before: None };
    let order = Order { column: RunColumn::StartedAt, descending: true };
    let page = rows::page::<RunRow>(app, &Viewer::local(), &Filter::everything(), order, &window).await?;
    let runs: Vec<RunRow> = page.rows.into_iter().map(|found| found.record).collect();
    if format == Format::Json {
        return Ok(pretty(&json!(runs.iter().map(described).collect::<Vec<_>>())));
    }
    let header = ["name", "state", "model", "version", "period", "as_of", "data_version", "started"];
    let row = |run: &RunRow| {
        let (as_of, started) = (instant(run.as_of), instant(run.created_at));
        let texts = [&run.name, state(run.state), &run.model, &run.model_version];
        let more = [run.period.to_string(), as_of, run.data_version.0.to_string(), started];
        texts.into_iter().map(str::to_owned).chain(more).collect::<Vec<_>>()
    };
    let rows: Vec<_> = std::iter::once(header.map(str::to_owned).to_vec()).chain(runs.iter().map(row)).collect();
    Ok(if format == Format::Csv { csv(&rows) } else { columns(&rows, header.len()) })
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

fn pretty(value: &serde_json::Value) -> String {
    serde_json::to_string_pretty(value).expect("texts and numbers can be written as JSON") + "\n"
}

/// All that brings the same numbers again.
fn described(run: &RunRow) -> serde_json::Value {
    let parameters: serde_json::Value = serde_json::from_str(&run.parameters).unwrap_or_default();
    json!({
        "name": run.name, "state": state(run.state), "model": run.model, "model_version": run.model_version,
        "model_file": run.model_file, "parameters": parameters, "parameter_hash": run.parameters_hash,
        "lens": format!("{:?}", run.lens).to_uppercase(), "period": run.period.to_string(), "as_of": instant(run.as_of),
        "data_version": run.data_version.0, "currency": run.currency.to_string(), "started_by": run.started_by,
        "started_at": instant(run.created_at), "report": run.report,
    })
}

fn money(run: &RunRow, minor: i64) -> String {
    Decimal::new(minor, run.currency.decimals()).to_string()
}

/// A result, group by group, the total last.
async fn shown(app: &App, run: &RunRow, group_by: GroupBy, format: Format) -> Result<String, Box<dyn Error>> {
    let (by, grouping) = group_by.grouping();
    let totals = runs::totals(app, &Viewer::local(), &[run.id], by).await?.remove(&run.id).unwrap_or_default();
    let snapshot = app.resident.snapshot();
    let label = |total: &RunTotal| {
        let value = match (total.source, total.entity) {
            _ if total.is_unattributed => GroupValue::Unattributed,
            (Some(source), _) => GroupValue::Source(source),
            (_, Some(id)) => GroupValue::Entity(id),
            _ => GroupValue::None,
        };
        group_label(&snapshot, grouping, &value)
    };
    let sums = |total: &RunTotal| [total.pipeline, total.closed_acv, total.lost_acv];
    let whole = totals.iter().map(sums).fold([0; 3], |all, own| std::array::from_fn(|at| all[at] + own[at]));
    let amounts = |sums: [i64; 3]| sums.into_iter().chain([sums.iter().sum()]).map(|minor| money(run, minor)).collect::<Vec<_>>();
    if format == Format::Json {
        let reasons = runs::reasons(app, &Viewer::local(), &[run.id]).await?.remove(&run.id).unwrap_or_default();
        let reasons: serde_json::Map<_, _> = reasons.into_iter().map(|(why, count)| (format!("{why:?}"), count.into())).collect();
        let named = |sums: [i64; 3]| {
            let [pipeline, closed_acv, lost_acv, total] = amounts(sums).try_into().expect("three sums and their own");
            json!({ "pipeline": pipeline, "closed_acv": closed_acv, "lost_acv": lost_acv, "total": total })
        };
        let row = |total: &RunTotal| {
            json!({ "group": label(total), "amounts": named(sums(total)), "opportunities": total.opportunities,
                "provisional": total.provisional })
        };
        let rows: Vec<_> = totals.iter().map(row).collect();
        return Ok(pretty(&json!({ "run": described(run), "rows": rows, "total": named(whole), "no_credit": reasons })));
    }
    let header = ["pipeline", "closed_acv", "lost_acv", "total", "opportunities", "provisional"].map(str::to_owned);
    let header = [vec![format!("{grouping:?}").to_lowercase()], header.to_vec()].concat();
    let counts = |total: &RunTotal| [total.opportunities, total.provisional].map(|count| count.to_string()).to_vec();
    let row = |total: &RunTotal| [vec![label(total)], amounts(sums(total)), counts(total)].concat();
    let report = |pointer: &str| run.report.as_ref().and_then(|report| report.get(pointer)?.as_u64()).unwrap_or(0).to_string();
    let last = [vec!["(total)".to_owned()], amounts(whole), vec![report("opportunities"), report("provisional")]].concat();
    let rows: Vec<_> = std::iter::once(header).chain(totals.iter().map(row)).chain([last]).collect();
    Ok(if format == Format::Csv { csv(&rows) } else { columns(&rows, 1) })
}

/// What moved: by source, then opportunity by opportunity.
async fn differences(app: &App, compared: &Compared, top: usize, format: Format) -> Result<String, Box<dyn Error>> {
    let Compared { a, b, differences: found } = compared;
    let snapshot = app.resident.snapshot();
    let moved: Vec<&Moved> = found.opportunities.iter().take(top).collect();
    let ids: Vec<_> = moved.iter().map(|own| own.opportunity.0).collect();
    let known = rows::by_ids::<OpportunityState>(app, &Viewer::local(), &ids).await?;
    let name = |own: &Moved| known.get(&own.opportunity.0).map_or("(deleted)", |state| state.version.name.as_str()).to_owned();
    let because = |own: &Moved| own.reasons.iter().map(|why| format!("{why:?}").to_lowercase()).collect::<Vec<_>>().join(" ");
    let amount = |minor: Option<i64>| minor.map(|minor| money(b, minor)).unwrap_or_default();
    let total = |own: &Moved| money(b, i64::try_from(own.moved).unwrap_or(i64::MAX));
    let source = |source| match source {
        Some(source) => group_label(&snapshot, Grouping::Source, &GroupValue::Source(source)),
        None => group_label(&snapshot, Grouping::Source, &GroupValue::Unattributed),
    };
    let named = found.sources.iter().filter(|(source, _)| source.is_some()).chain(found.sources.get_key_value(&None));
    let sums = |own: &pipewright_core::attribution::SourceMove| {
        [own.before, own.after, own.after - own.before].map(|minor| money(b, minor))
    };
    let sources: Vec<Vec<String>> = named.map(|(key, own)| [vec![source(*key)], sums(own).to_vec()].concat()).collect();
    if format == Format::Json {
        let rows: Vec<_> = (moved.iter())
            .map(|own| {
                json!({ "opportunity": own.opportunity.0, "name": name(own), "before": own.before.map(|minor| money(b, minor)),
                    "after": own.after.map(|minor| money(b, minor)), "moved": total(own), "because": because(own) })
            })
            .collect();
        let sources: Vec<_> =
            sources.iter().map(|row| json!({ "source": row[0], "before": row[1], "after": row[2], "change": row[3] })).collect();
        return Ok(pretty(
            &json!({ "a": described(a), "b": described(b), "sources": sources, "moved_opportunities": found.opportunities.len(), "opportunities": rows }),
        ));
    }
    let header = ["opportunity", "because", "before", "after", "moved"].map(str::to_owned).to_vec();
    let row = |own: &&Moved| vec![name(own), because(own), amount(own.before), amount(own.after), total(own)];
    let opportunities: Vec<_> = std::iter::once(header).chain(moved.iter().map(row)).collect();
    if format == Format::Csv {
        return Ok(csv(&opportunities));
    }
    let header = ["source", "before", "after", "change"].map(str::to_owned).to_vec();
    let last = [vec!["(total)".to_owned()], sums(&found.total).to_vec()].concat();
    let by_source: Vec<_> = std::iter::once(header).chain(sources).chain([last]).collect();
    let count = found.opportunities.len();
    Ok(format!("{}\n{count} opportunities moved credit\n{}", columns(&by_source, 1), columns(&opportunities, 2)))
}
