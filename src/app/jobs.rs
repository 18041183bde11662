//! Work in the background: runs are claimed in the database, so that any server of it can go on with any of them.

use super::App;
use crate::plugins::{Chosen, ReadyModel};
use crate::storage::{ClaimedRun, JobState, RunCursor, RunRow, StorageError};
use pipewright_core::attribution::{self, CreditError, RunCredit, RunScope};
use pipewright_core::facts::Snapshot;
use pipewright_core::ids::OpportunityId;
use pipewright_core::matrix::ModelChoice;
use pipewright_core::viewer::Scope;
use pipewright_plugin::Remarks;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// How often the database is asked for runs that wait.
const POLL: Duration = Duration::from_millis(250);

/// How often it is asked while it fails.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Works at runs until it is dropped; so many at once as configured.
pub struct Worker {
    app: App,
    /// What this process is called in leases.
    owner: String,
}

/// Why a run ended early.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Model(#[from] CreditError),
    #[error("model '{model}' is {here} here, and the run began with {began}: start another run")]
    OtherModel { model: String, here: String, began: String },
    #[error("the computation ended early")]
    Panicked(#[source] tokio::task::JoinError),
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// A run made ready: what it credits, by which model, from which facts.
struct Ready {
    snapshot: Arc<Snapshot>,
    model: Arc<ReadyModel>,
    scope: Arc<RunScope>,
    chosen: Vec<(OpportunityId, u32)>,
}

impl Worker {
    /// One for this process.
    pub fn new(app: App) -> Self {
        Self { app, owner: Uuid::now_v7().to_string() }
    }

    /// Works until it is dropped.
    pub async fn work(&self) {
        let at_once = (0..self.app.config.jobs.at_once.max(1)).map(|_| self.tend());
        futures_util::future::join_all(at_once).await;
    }

    /// Lets go of what it works at, so that another goes on at once.
    pub async fn release(&self) {
        if let Err(error) = self.app.storage.runs_release(&self.owner).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "runs are not let go: others wait for the lease's end");
        }
    }

    fn lease(&self) -> Duration {
        Duration::from_millis(self.app.config.jobs.lease_ms)
    }

    async fn tend(&self) {
        let mut is_failing = false;
        loop {
            let pause = match self.turn().await {
                Ok(true) => Duration::ZERO,
                Ok(false) => POLL,
                Err(error) => {
                    if !is_failing {
                        tracing::error!(
                            error = &error as &dyn std::error::Error,
                            "runs cannot be worked at; they are tried again"
                        );
                    }
                    is_failing = true;
                    AFTER_FAILURE
                }
            };
            is_failing &= pause == AFTER_FAILURE;
            tokio::time::sleep(pause).await;
        }
    }

    /// Works at one run, if one waits.
    async fn turn(&self) -> Result<bool, StorageError> {
        self.app.storage.runs_clear().await?;
        let Some(claimed) = self.app.storage.run_claim(self.owner.as_str(), self.lease()).await? else { return Ok(false) };
        tracing::info!(run = %claimed.id, resumed = claimed.cursor.is_some(), "an attribution run is worked at");
        let outcome = tokio::select! {
            outcome = self.run(&claimed) => outcome,
            () = self.lost(claimed.id) => Ok(()),
        };
        match outcome {
            Ok(()) => {}
            Err(Failure::Storage(error)) => return Err(error),
            Err(failure) => self.fail(claimed.id, &failure).await?,
        }
        self.app.models.forget(claimed.id);
        Ok(true)
    }

    /// Renews the lease; done once the run was cancelled or is another's.
    async fn lost(&self, run: Uuid) {
        let every = (self.lease() / 3).min(Duration::from_millis(400));
        loop {
            tokio::time::sleep(every).await;
            if matches!(self.app.storage.run_renew(run, &self.owner, self.lease()).await, Ok(false)) {
                return;
            }
        }
    }

    async fn fail(&self, run: Uuid, failure: &Failure) -> Result<(), StorageError> {
        tracing::warn!(%run, error = failure as &dyn std::error::Error, "an attribution run failed");
        let (model, opportunity) = match failure {
            Failure::Model(CreditError::ModelFailed { model, opportunity, .. }) => (Some(model), *opportunity),
            Failure::OtherModel { model, .. } => (Some(model), None),
            _ => (None, None),
        };
        let error = serde_json::json!({ "model": model, "opportunity": opportunity, "message": failure.to_string() });
        self.app.storage.run_finish(run, &self.owner, JobState::Failed, &serde_json::json!({ "error": error })).await
    }

    async fn run(&self, claimed: &ClaimedRun) -> Result<(), Failure> {
        let storage = &self.app.storage;
        let mut found = storage.by_ids::<RunRow>(&Scope::everything(), &[claimed.id]).await?;
        let Some(row) = found.remove(&claimed.id) else { return Ok(()) };
        let ready = self.ready(&row).await?;
        let of = ready.chosen.len() as u64;
        let none = RunCursor { after: OpportunityId(Uuid::nil()), credits: 0, done: 0, total_minor: 0, provisional: 0 };
        let mut cursor = claimed.cursor.unwrap_or(none);
        let start = ready.chosen.partition_point(|(id, _)| claimed.cursor.is_some_and(|cursor| *id <= cursor.after));
        let batches: Vec<Vec<_>> = ready.chosen[start..].chunks(self.app.config.jobs.batch.max(1)).map(<[_]>::to_vec).collect();
        for batch in batches {
            let Some((last, _)) = batch.last().copied() else { continue };
            let (snapshot, model, scope) = (ready.snapshot.clone(), ready.model.clone(), ready.scope.clone());
            let done = cursor.done + batch.len() as u64;
            // That some of a run went well does not yet begin the count of its model's failures anew.
            let credited =
                move || attribution::credits(&snapshot, &scope, model.credit(), &batch).or_else(|error| model.watch(Err(error)));
            let credits = tokio::task::spawn_blocking(credited).await.map_err(Failure::Panicked)??;
            let next = RunCursor {
                after: last,
                credits: cursor.credits + credits.len() as i64,
                done,
                total_minor: cursor.total_minor + credits.iter().map(|credit| credit.credit_minor).sum::<i64>(),
                provisional: cursor.provisional + provisional(&credits),
            };
            if !storage.run_write(row.id, (self.owner.as_str(), self.lease()), &credits, (cursor.credits, next), of).await? {
                return Ok(());
            }
            cursor = next;
        }
        ready.model.watch(Ok(()))?;
        let report = serde_json::json!({
            "opportunities": cursor.done, "credits": cursor.credits, "totalMinor": cursor.total_minor, "provisional": cursor.provisional,
        });
        Ok(storage.run_finish(row.id, &self.owner, JobState::Done, &report).await?)
    }

    /// The model that the run began with, also where its file changed since, if it was started here; else the one of now, which
    /// must be the same.
    fn model(&self, row: &RunRow) -> Result<Chosen, Failure> {
        if let Some(kept) = self.app.models.kept(row.id) {
            return Ok(kept);
        }
        let choice = ModelChoice { model: row.model.clone(), parameters: parameters(&row.parameters), lens: row.lens };
        let model = self.app.models.choose(choice)?;
        let here = (model.manifest().version.clone(), model.file().map(|file| file.sha256.clone()));
        let began = (row.model_version.clone(), row.model_file.clone());
        if here == began {
            return Ok(model);
        }
        let named = |(version, file): (String, Option<String>)| match file {
            Some(file) => format!("version {version} of file {file}"),
            None => format!("version {version}"),
        };
        Err(Failure::OtherModel { model: row.model.clone(), here: named(here), began: named(began) })
    }

    /// The run's model as it began, fitted to what the run knows, and its opportunities.
    async fn ready(&self, row: &RunRow) -> Result<Ready, Failure> {
        self.app.resident.catch_up(row.data_version).await?;
        let snapshot = self.app.resident.snapshot();
        let scope = Arc::new(row.scope(&snapshot.settings().calendar));
        let (model, facts, known) = (self.model(row)?, snapshot.clone(), scope.clone());
        let prepared = tokio::task::spawn_blocking(move || {
            let model = model.ready(&facts, Some(known.data_version))?;
            let chosen = attribution::in_scope(&facts, &known, &Scope::everything(), model.credit());
            Ok::<_, CreditError>((Arc::new(model), chosen))
        });
        let (model, chosen) = prepared.await.map_err(Failure::Panicked)??;
        Ok(Ready { snapshot, model, scope, chosen })
    }
}

/// Of how many opportunities the credit will change. The shares of each stand together.
fn provisional(credits: &[RunCredit]) -> u64 {
    let opportunities = credits.chunk_by(|one, other| one.opportunity == other.opportunity);
    opportunities.filter(|shares| shares[0].remarks.holds(Remarks::PROVISIONAL)).count() as u64
}

/// Stored parameters as a question has them: values as JSON texts, by name.
fn parameters(stored: &str) -> Vec<(String, String)> {
    match serde_json::from_str(stored) {
        Ok(serde_json::Value::Object(fields)) => fields.into_iter().map(|(name, value)| (name, value.to_string())).collect(),
        _ => Vec::new(),
    }
}
