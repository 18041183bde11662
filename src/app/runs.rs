//! Stored attribution runs: started and cancelled, read, added up, and compared.

use super::App;
use super::attribution::{canonical, hash};
use super::numbers::{ModelAsked, NumberError, chosen};
use super::rows::{self, Filter as RowFilter, Order, RunColumn, Test, Window};
use crate::plugins::Chosen;
pub use crate::storage::{JobState, RunGrouping, RunRow, RunTotal, StoredCredit};
use crate::storage::{Started, StorageError};
use chrono::{DateTime, Utc};
use pipewright_core::attribution::{
    Because, CancelRefusal, CreditError, Differ, Differences, MovedShare, RunScope, StartRefusal, moved_shares,
};
use pipewright_core::calendar::PeriodName;
use pipewright_core::dimension::Filter;
use pipewright_core::ids::OpportunityId;
use pipewright_core::viewer::Viewer;
use pipewright_plugin::NoCredit;
use std::collections::HashMap;
use uuid::Uuid;

/// Characters of a name or key, at most.
const LONGEST: usize = 200;

/// A run asked for; what is `None` is filled in.
#[derive(Debug, Clone, Default)]
pub struct RunAsked {
    /// What it shall be called.
    pub name: String,
    /// The caller's own key for this act.
    pub idempotency_key: String,
    /// `None`: the configured model.
    pub model: Option<ModelAsked>,
    /// The period's name; `None`: the quarter of `as_of`.
    pub period: Option<String>,
    /// Of which opportunities.
    pub filter: Filter,
    /// As known when; `None`: now.
    pub as_of: Option<DateTime<Utc>>,
}

impl RunAsked {
    /// What was asked, the same for the same question.
    fn canonical(&self) -> String {
        let model = self.model.clone().unwrap_or_default();
        let mut parameters = model.parameters;
        parameters.sort();
        let filter = serde_json::to_value(&self.filter).expect("a filter is plain values");
        serde_json::json!([self.name, model.id, parameters, model.lens as u8, self.period, filter, self.as_of]).to_string()
    }
}

/// Starts a run, or gives the one that the same caller started with the same key and input.
///
/// # Errors
/// The database failed.
pub async fn start(app: &App, viewer: &Viewer, asked: RunAsked) -> Result<Result<RunRow, StartRefusal>, StorageError> {
    let input = asked.canonical();
    if let Some(known) = app.storage.run_of_key(viewer.name(), &asked.idempotency_key).await? {
        return again(app, viewer, known, &input).await;
    }
    let (run, model) = match prepared(app, viewer, asked, input) {
        Ok(prepared) => prepared,
        Err(refusal) => return Ok(Err(refusal)),
    };
    app.models.keep(run.id, model);
    let started = app.storage.run_start(&run, app.config.jobs.queued).await;
    if !matches!(started, Ok(Started::New)) {
        app.models.forget(run.id);
    }
    match started? {
        Started::New => Ok(Ok(by_id(app, viewer, run.id).await?.unwrap_or(run))),
        Started::Known(known) => again(app, viewer, known, &run.input).await,
        Started::NameTaken => Ok(Err(StartRefusal::NameTaken(run.name))),
        Started::TooMany(waiting) => Ok(Err(StartRefusal::TooManyQueued(waiting))),
    }
}

/// The run of a key that was used before.
async fn again(app: &App, viewer: &Viewer, known: Uuid, input: &str) -> Result<Result<RunRow, StartRefusal>, StorageError> {
    let run = by_id(app, viewer, known).await?;
    Ok(run.filter(|run| run.input == input).ok_or(StartRefusal::Conflict))
}

/// The run that a question makes, with its gaps filled.
fn prepared(app: &App, viewer: &Viewer, asked: RunAsked, input: String) -> Result<(RunRow, Chosen), StartRefusal> {
    for (field, text) in [("name", &asked.name), ("idempotencyKey", &asked.idempotency_key)] {
        if text.trim().is_empty() || text.chars().count() > LONGEST || text.contains('\0') {
            return Err(StartRefusal::BadText { field, most: LONGEST });
        }
    }
    let model = chosen(app, asked.model).and_then(|model| Ok(model.additive()?)).map_err(refusal)?;
    let snapshot = app.resident.snapshot();
    let calendar = &snapshot.settings().calendar;
    let now = app.clock.now();
    let as_of = asked.as_of.unwrap_or(now);
    let period: PeriodName = match asked.period {
        Some(text) => text.parse::<PeriodName>().map_err(|error| StartRefusal::BadPeriod(error.to_string()))?,
        None => calendar.quarter_of(calendar.day_of(as_of)),
    };
    if RunScope::splits(&asked.filter) {
        return Err(StartRefusal::BadFilter);
    }
    let (manifest, parameters) = (model.manifest(), model.parameters().values());
    let run = RunRow {
        id: Uuid::now_v7(),
        name: asked.name,
        idempotency_key: asked.idempotency_key,
        input,
        started_by: viewer.name().to_owned(),
        created_at: now,
        model: manifest.id.clone(),
        model_version: manifest.version.clone(),
        model_file: model.file().map(|file| file.sha256.clone()),
        parameters: canonical(parameters),
        parameters_hash: hash(parameters),
        lens: model.choice().lens,
        period,
        filter: asked.filter,
        as_of,
        data_version: snapshot.data_version(),
        currency: app.config.organisation.reporting_currency,
        state: JobState::Queued,
        updated_at: now,
        progress: None,
        report: None,
    };
    Ok((run, model))
}

fn refusal(error: NumberError) -> StartRefusal {
    match error {
        NumberError::Credit(CreditError::BadParameter { parameter, reason, .. }) => {
            StartRefusal::BadParameter { parameter, reason }
        }
        NumberError::Credit(CreditError::NotAdditive { model }) => StartRefusal::NotAdditive(model),
        NumberError::Credit(CreditError::UnknownModel { model }) => StartRefusal::UnknownModel(model),
        error => StartRefusal::OtherVersion(error.to_string()),
    }
}

/// Cancels a run that waits or goes.
///
/// # Errors
/// The database failed.
pub async fn cancel(app: &App, viewer: &Viewer, id: Uuid) -> Result<Result<RunRow, CancelRefusal>, StorageError> {
    if by_id(app, viewer, id).await?.is_none() {
        return Ok(Err(CancelRefusal::NotFound));
    }
    if !app.storage.run_cancel(id).await? {
        return Ok(Err(CancelRefusal::Ended));
    }
    Ok(by_id(app, viewer, id).await?.ok_or(CancelRefusal::NotFound))
}

/// The run with this id.
///
/// # Errors
/// The database failed.
pub async fn by_id(app: &App, viewer: &Viewer, id: Uuid) -> Result<Option<RunRow>, StorageError> {
    Ok(rows::by_ids(app, viewer, &[id]).await?.remove(&id))
}

/// The run of this name.
///
/// # Errors
/// The database failed.
pub async fn by_name(app: &App, viewer: &Viewer, name: String) -> Result<Option<RunRow>, StorageError> {
    let filter = RowFilter::Is(RunColumn::Name, Test::Eq(name.into()));
    let window = Window { size: 1, backward: false, after: None, before: None };
    let page = rows::page::<RunRow>(app, viewer, &filter, Order { column: RunColumn::Name, descending: false }, &window).await?;
    Ok(page.rows.into_iter().next().map(|found| found.record))
}

/// What the groups of each of these runs add up to; a run that is not done is left out.
///
/// # Errors
/// The database failed.
pub async fn totals(
    app: &App,
    viewer: &Viewer,
    runs: &[Uuid],
    by: RunGrouping,
) -> Result<HashMap<Uuid, Vec<RunTotal>>, StorageError> {
    app.storage.run_totals(viewer.scope(), runs, by).await
}

/// Why nobody earned anything of how many opportunities, of each of these runs that are done.
///
/// # Errors
/// The database failed.
pub async fn reasons(app: &App, viewer: &Viewer, runs: &[Uuid]) -> Result<HashMap<Uuid, Vec<(NoCredit, u64)>>, StorageError> {
    app.storage.run_reasons(viewer.scope(), runs).await
}

/// Two runs compared.
pub struct Compared {
    /// The first.
    pub a: RunRow,
    /// The second.
    pub b: RunRow,
    /// What moved from the first to the second.
    pub differences: Differences,
}

/// Two runs that cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum DiffError {
    /// There is no such run.
    #[error("there is no run with the id given as '{0}'")]
    NotFound(&'static str),
    /// It has no result.
    #[error("run '{0}' is not done: it has no credits to compare")]
    NotDone(String),
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Compares two runs that are done.
///
/// # Errors
/// One of them is not there or not done, or the database failed.
pub async fn diff(app: &App, viewer: &Viewer, a: Uuid, b: Uuid) -> Result<Compared, DiffError> {
    let mut found = rows::by_ids::<RunRow>(app, viewer, &[a, b]).await?;
    let one = found.get(&a).cloned().ok_or(DiffError::NotFound("a"))?;
    let other = found.remove(&b).ok_or(DiffError::NotFound("b"))?;
    if let Some(run) = [&one, &other].into_iter().find(|run| run.state != JobState::Done) {
        return Err(DiffError::NotDone(run.name.clone()));
    }
    let same_model = one.model == other.model;
    let because = Because {
        model: !same_model,
        model_version: same_model && (&one.model_version, &one.model_file) != (&other.model_version, &other.model_file),
        parameters: same_model && one.parameters_hash != other.parameters_hash,
        lens: one.lens != other.lens,
        scope: (&one.period, &one.filter) != (&other.period, &other.filter),
    };
    let differ = app.storage.runs_side_by_side((a, b), Differ::new(because), Differ::take).await?;
    Ok(Compared { a: one, b: other, differences: differ.finish() })
}

/// What moved between two runs within each of these opportunities.
///
/// # Errors
/// The database failed.
pub async fn moved(
    app: &App,
    viewer: &Viewer,
    runs: (Uuid, Uuid),
    opportunities: &[OpportunityId],
) -> Result<HashMap<OpportunityId, Vec<MovedShare>>, StorageError> {
    let (before, after) = app.storage.shares_of(viewer.scope(), runs, opportunities).await?;
    let own = |shares: &[pipewright_core::attribution::StoredShare], id: OpportunityId| {
        shares.iter().filter(|share| share.opportunity == id).copied().collect::<Vec<_>>()
    };
    Ok(opportunities.iter().map(|id| (*id, moved_shares(&own(&before, *id), &own(&after, *id)))).collect())
}
