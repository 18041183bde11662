//! Who earned what of the database's opportunities.

use super::{AttributeArgs, Format, columns, quoted};
use crate::app::App;
use crate::app::answers::Answers;
use crate::app::attribution::{Attributed, ScopeAsked, attribute};
use crate::app::capacity::Capacity;
use crate::app::live::Live;
use crate::app::numbers::ModelAsked;
use crate::cli::{plugin, serve::settings};
use crate::clock::Clock;
use crate::config::Config;
use crate::plugins::Registry;
use crate::resident::Resident;
use crate::storage::Storage;
use chrono::{DateTime, Utc};
use pipewright_core::attribution::{Attribution, AttributionRow, Credits, Grouping, group_label};
use pipewright_core::matrix;
use pipewright_core::viewer::Viewer;
use rust_decimal::Decimal;
use serde_json::json;
use std::error::Error;
use std::io::Write;
use std::sync::Arc;

/// What is asked of the database, and not of a file.
#[derive(Debug, Clone, clap::Args)]
pub struct DatabaseArgs {
    /// How to group: one to three ways, with commas between them.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "source", conflicts_with = "journeys")]
    pub group_by: Vec<GroupBy>,
    /// Close date in this period, such as FY2027-Q4; the quarter of --as-of where it is not given.
    #[arg(long, value_name = "PERIOD", conflicts_with = "journeys")]
    pub period: Option<String>,
    /// The instant as of which facts are read, such as 2026-11-24T00:00:00Z; now where it is not given.
    #[arg(long, value_name = "INSTANT", conflicts_with = "journeys")]
    pub as_of: Option<DateTime<Utc>>,
    /// Which touchpoints the model sees.
    #[arg(long, value_enum, default_value_t = Lens::All, conflicts_with = "journeys")]
    pub lens: Lens,
}

/// A way to group.
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
    /// By market segment.
    Segment,
    /// By product.
    Product,
    /// By fiscal month of the close date.
    Month,
}

/// Which touchpoints a model sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Lens {
    /// All eleven sources.
    All,
    /// What reps did.
    Roles,
    /// What marketing did.
    Channels,
}

impl From<GroupBy> for Grouping {
    fn from(group: GroupBy) -> Self {
        match group {
            GroupBy::Source => Self::Source,
            GroupBy::Role => Self::Role,
            GroupBy::Channel => Self::Channel,
            GroupBy::Campaign => Self::Campaign,
            GroupBy::Rep => Self::Rep,
            GroupBy::Region => Self::Region,
            GroupBy::Segment => Self::Segment,
            GroupBy::Product => Self::Product,
            GroupBy::Month => Self::Month,
        }
    }
}

impl From<Lens> for matrix::Lens {
    fn from(lens: Lens) -> Self {
        match lens {
            Lens::All => Self::All,
            Lens::Roles => Self::Roles,
            Lens::Channels => Self::Channels,
        }
    }
}

/// What use cases stand on, over the configured database, with the models of the configured folder.
///
/// # Errors
/// The database or the folder cannot be read.
pub(super) async fn house(config: Config) -> Result<App, Box<dyn Error>> {
    let config = Arc::new(config);
    let storage = Storage::open(&config.database).await?;
    let resident = Resident::load(storage.clone(), settings(&config)).await?;
    let folder = plugin::folder(&config, std::env::current_exe().ok())?;
    let models = tokio::task::spawn_blocking(|| Arc::new(Registry::with_folder(folder))).await?;
    let (capacity, answers) = (Capacity::new(1, 1), Answers::default());
    Ok(App { config, storage, resident, models, clock: Clock::System, capacity, answers, live: Live::default() })
}

/// Prints who earned what.
///
/// # Errors
/// The database cannot be read; there is no such model or period; the model failed.
pub async fn run(args: AttributeArgs, config: Config) -> Result<(), Box<dyn Error>> {
    let app = house(config).await?;
    let DatabaseArgs { group_by, period, as_of, lens } = args.database;
    let model = ModelAsked { id: args.model, version: None, parameters: args.parameters, lens: lens.into() };
    let asked = ScopeAsked { period, as_of, ..ScopeAsked::default() };
    let group_by = group_by.into_iter().map(Into::into).collect();
    let answered = attribute(&app, &Viewer::local(), asked, group_by, Some(model)).await?;
    let shown = Shown { decimals: app.config.organisation.reporting_currency.decimals(), answered };
    let text = match args.format {
        Format::Table => columns(&shown.rows(), shown.texts()),
        Format::Csv => csv(&shown.rows()),
        Format::Json => shown.json(app.config.organisation.reporting_currency.to_string().as_str()),
    };
    if !shown.answered.models[0].manifest.additive {
        eprintln!(
            "pipewright: note: this model counts influence: an amount is counted for several groups, so the rows do not add up"
        );
    }
    // A reader that went away (`| head`) is no reason to fail.
    let _ = std::io::stdout().write_all(text.as_bytes());
    Ok(())
}

pub(super) fn csv(rows: &[Vec<String>]) -> String {
    let line = |row: &Vec<String>| row.iter().map(|cell| quoted(cell)).collect::<Vec<_>>().join(",") + "\n";
    rows.iter().map(line).collect()
}

/// An answer and how its money is written.
struct Shown {
    answered: Attributed<Attribution>,
    decimals: u32,
}

impl Shown {
    fn labels(&self, row: &AttributionRow) -> Vec<String> {
        row.key.iter().map(|(grouping, value)| group_label(&self.answered.snapshot, *grouping, value)).collect()
    }

    /// How many columns are texts.
    fn texts(&self) -> usize {
        self.answered.answer.rows.first().map_or(1, |row| row.key.len())
    }

    fn money(&self, minor: i64) -> String {
        Decimal::new(minor, self.decimals).to_string()
    }

    fn amounts(&self, credits: &Credits) -> Vec<String> {
        let money = [credits.pipeline, credits.closed_acv, credits.lost_acv, credits.total()].map(|minor| self.money(minor));
        money.into_iter().chain([credits.opportunities().to_string()]).collect()
    }

    /// The groups under a header, and the scope's total last.
    fn rows(&self) -> Vec<Vec<String>> {
        let answer = &self.answered.answer;
        let groupings = answer.rows.first().map(|row| row.key.iter().map(|(grouping, _)| format!("{grouping:?}").to_lowercase()));
        let mut header: Vec<String> = groupings.map_or_else(|| vec!["group".to_owned()], Iterator::collect);
        header.extend(["pipeline", "closed_acv", "lost_acv", "total", "opportunities"].map(str::to_owned));
        let row = |row: &AttributionRow| [self.labels(row), self.amounts(&row.credits)].concat();
        let mut total = vec![String::new(); self.texts()];
        "(total)".clone_into(&mut total[0]);
        total.extend(self.amounts(&answer.total));
        std::iter::once(header).chain(answer.rows.iter().map(row)).chain([total]).collect()
    }

    fn json(&self, currency: &str) -> String {
        let Attributed { answer, within, models, .. } = &self.answered;
        let used = &models[0];
        let parameters: serde_json::Map<_, _> =
            used.parameters.iter().map(|(name, own)| (name.clone(), crate::app::attribution::json(own))).collect();
        let amounts = |credits: &Credits| {
            json!({
                "pipeline": self.money(credits.pipeline), "closed_acv": self.money(credits.closed_acv),
                "lost_acv": self.money(credits.lost_acv), "total": self.money(credits.total()),
                "opportunities": credits.opportunities(), "provisional": credits.provisional,
            })
        };
        let rows: Vec<_> =
            answer.rows.iter().map(|row| json!({ "key": self.labels(row), "amounts": amounts(&row.credits) })).collect();
        let text = serde_json::to_string_pretty(&json!({
            "model": used.manifest.id, "model_version": used.manifest.version, "parameters": parameters,
            "parameter_hash": used.hash, "lens": format!("{:?}", used.lens).to_uppercase(), "is_additive": used.manifest.additive,
            "period": within.closing.map(|period| period.name.to_string()), "as_of": within.as_of,
            "data_version": answer.data_version.0, "currency": currency,
            "rows": rows, "total": amounts(&answer.total), "distinct_total": amounts(&answer.attributed),
            "unattributed": amounts(&answer.unattributed),
        }));
        text.expect("texts and numbers can be written as JSON") + "\n"
    }
}
