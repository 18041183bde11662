//! Stored attribution runs: started once for each key and name, worked at under a lease by the database's clock, their
//! credits written in batches together with the position from which the run goes on.
//!
//! Only who holds the lease of a running run writes: every batch is fenced by it. A run that fails or is cancelled keeps none.

use super::jobs::JobState;
use super::read::{Reading, literals};
use super::table::{Cells, Read, next};
use super::value::Kind;
use super::{Storage, StorageError};
use chrono::{DateTime, Utc};
use pipewright_core::attribution::{RunCredit, RunScope, StoredShare};
use pipewright_core::calendar::PeriodName;
use pipewright_core::currency::CurrencyCode;
use pipewright_core::dimension::Filter;
use pipewright_core::ids::{DataVersion, OpportunityId, TouchpointId};
use pipewright_core::matrix::Lens;
use pipewright_core::touchpoint::Source;
use pipewright_core::viewer::Scope;
use pipewright_plugin::{Kind as TouchKind, NoCredit};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, QueryResult, Statement, TransactionTrait, Value};
use std::collections::HashMap;
use std::time::Duration;
use uuid::Uuid;

/// Rows in one statement: both databases take so many values at once.
const ROWS: usize = 500;

/// Opportunities whose shares are compared at a time.
const COMPARED: usize = 4_000;

/// The kind of job that a run is.
const KIND: &str = "attribution-run";

/// A run as stored, and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRow {
    /// Which; its job has the same id.
    pub id: Uuid,
    /// What people call it; no two alike.
    pub name: String,
    /// Whoever starts it again with this key gets it again.
    pub idempotency_key: String,
    /// What was asked, as canonical JSON.
    pub input: String,
    /// By whom.
    pub started_by: String,
    /// When.
    pub created_at: DateTime<Utc>,
    /// The model's id.
    pub model: String,
    /// The model's own version.
    pub model_version: String,
    /// SHA-256 of the model's file; `None`: it comes with the server.
    pub model_file: Option<String>,
    /// Every parameter with its value, as canonical JSON.
    pub parameters: String,
    /// SHA-256 of `parameters`, in hexadecimal.
    pub parameters_hash: String,
    /// Which touchpoints the model sees.
    pub lens: Lens,
    /// Close dates in here.
    pub period: PeriodName,
    /// Of which opportunities.
    pub filter: Filter,
    /// As known when.
    pub as_of: DateTime<Utc>,
    /// Up to which change.
    pub data_version: DataVersion,
    /// Of all its amounts.
    pub currency: CurrencyCode,
    /// Where it stands.
    pub state: JobState,
    /// When it last moved; once it is over, when it ended.
    pub updated_at: DateTime<Utc>,
    /// How far it came; `None` before its first step.
    pub progress: Option<serde_json::Value>,
    /// How it ended; `None` until then.
    pub report: Option<serde_json::Value>,
}

/// A credit as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredCredit {
    /// What it is.
    pub credit: RunCredit,
    /// Of its amount.
    pub currency: CurrencyCode,
}

/// What came of starting a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Started {
    /// It waits for its turn.
    New,
    /// The caller used the key before, for this run.
    Known(Uuid),
    /// Another run has the name.
    NameTaken,
    /// So many of the caller's wait already.
    TooMany(u32),
}

/// A run that this process works at.
#[derive(Debug, Clone, PartialEq)]
pub struct ClaimedRun {
    /// Which.
    pub id: Uuid,
    /// From where it goes on; `None`: from the start.
    pub cursor: Option<RunCursor>,
}

/// From where a run goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RunCursor {
    /// The last opportunity that is written.
    pub after: OpportunityId,
    /// Credits written.
    pub credits: i64,
    /// Opportunities written.
    pub done: u64,
    /// What they add up to, minor units.
    pub total_minor: i64,
    /// Opportunities of them whose credit will change.
    pub provisional: u64,
}

/// By what the credits of a run are added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RunGrouping {
    /// By source.
    Source,
    /// By source, the channels as one.
    Role,
    /// By source, the roles as one.
    Channel,
    /// By campaign.
    Campaign,
    /// By rep.
    Rep,
    /// By the opportunity's region.
    Region,
}

impl RunGrouping {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Source, Self::Role, Self::Channel, Self::Campaign, Self::Rep, Self::Region];

    /// What tells the groups apart, in SQL.
    fn part(self) -> String {
        let channels_from = pipewright_core::rep::Role::ALL.len();
        match self {
            Self::Source => "source".to_owned(),
            Self::Role => format!("CASE WHEN source < {channels_from} THEN source END"),
            Self::Channel => format!("CASE WHEN source >= {channels_from} THEN source END"),
            Self::Campaign => "campaign_id".to_owned(),
            Self::Rep => "rep_id".to_owned(),
            Self::Region => "region_id".to_owned(),
        }
    }

    /// Whether its groups are sources.
    fn is_of_sources(self) -> bool {
        matches!(self, Self::Source | Self::Role | Self::Channel)
    }
}

/// What one group of a run adds up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunTotal {
    /// The source; `None` for none, or where the groups are no sources.
    pub source: Option<Source>,
    /// The campaign, rep or region; `None` for none, or where the groups are sources.
    pub entity: Option<Uuid>,
    /// Whether it is what nobody earned. By region that stands within each region.
    pub is_unattributed: bool,
    /// Of opportunities that are open, minor units.
    pub pipeline: i64,
    /// Of opportunities won.
    pub closed_acv: i64,
    /// Of opportunities lost.
    pub lost_acv: i64,
    /// Distinct opportunities.
    pub opportunities: i64,
    /// Distinct opportunities whose credit will change.
    pub provisional: i64,
}

/// The database's own clock, in milliseconds.
fn now_ms(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)",
        _ => "CAST(unixepoch('subsec') * 1000 AS INTEGER)",
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

impl Storage {
    fn statement(&self, text: &str, values: Vec<Value>) -> Statement {
        Statement::from_sql_and_values(self.backend(), text, values)
    }

    async fn changed(&self, on: &impl ConnectionTrait, text: &str, values: Vec<Value>) -> Result<u64, StorageError> {
        Ok(on.execute_raw(self.statement(text, values)).await?.rows_affected())
    }

    async fn first(
        &self,
        on: &impl ConnectionTrait,
        text: &str,
        values: Vec<Value>,
    ) -> Result<Option<QueryResult>, StorageError> {
        Ok(on.query_one_raw(self.statement(text, values)).await?)
    }

    /// The run that a caller started with a key, and what was asked.
    ///
    /// # Errors
    /// The database failed.
    pub async fn run_of_key(&self, started_by: &str, key: &str) -> Result<Option<Uuid>, StorageError> {
        let text = "SELECT id FROM attribution_run WHERE started_by = $1 AND idempotency_key = $2";
        let row = self.first(self.orm(), text, vec![started_by.into(), key.into()]).await?;
        Ok(row.map(|row| row.try_get("", "id")).transpose()?)
    }

    /// Takes a run down as queued, unless it is there already, its name is taken or `most` of the caller's wait.
    ///
    /// # Errors
    /// The database failed; nothing is written then.
    pub async fn run_start(&self, run: &RunRow, most: u32) -> Result<Started, StorageError> {
        let transaction = self.orm().begin().await?;
        // The first statement writes, so that on SQLite nobody comes between what follows.
        let job = "INSERT INTO job (id, kind, state, created_ms, updated_ms, request) VALUES ($1, $2, 0, $3, $3, '{}')";
        let created_ms = run.created_at.timestamp_millis();
        self.changed(&transaction, job, vec![run.id.into(), KIND.into(), created_ms.into()]).await?;
        if self.backend() == DbBackend::Postgres {
            self.changed(&transaction, "LOCK TABLE attribution_run IN SHARE ROW EXCLUSIVE MODE", Vec::new()).await?;
        }
        let started = self.refused(&transaction, run, most).await?;
        if started == Started::New {
            self.insert_run(&transaction, run).await?;
            transaction.commit().await?;
        } else {
            transaction.rollback().await?;
        }
        Ok(started)
    }

    async fn refused(&self, on: &DatabaseTransaction, run: &RunRow, most: u32) -> Result<Started, StorageError> {
        let known = "SELECT id FROM attribution_run WHERE started_by = $1 AND idempotency_key = $2";
        let by_key = vec![run.started_by.as_str().into(), run.idempotency_key.as_str().into()];
        if let Some(row) = self.first(on, known, by_key).await? {
            return Ok(Started::Known(row.try_get("", "id")?));
        }
        let named = "SELECT id FROM attribution_run WHERE name = $1";
        if self.first(on, named, vec![run.name.as_str().into()]).await?.is_some() {
            return Ok(Started::NameTaken);
        }
        let waiting = "SELECT COUNT(*) AS waiting FROM attribution_run run JOIN job ON job.id = run.id AND job.state = 0
            WHERE run.started_by = $1";
        let row = self.first(on, waiting, vec![run.started_by.as_str().into()]).await?.expect("COUNT gives one row");
        let waiting: i64 = row.try_get("", "waiting")?;
        match u32::try_from(waiting) {
            Ok(waiting) if waiting < most => Ok(Started::New),
            waiting => Ok(Started::TooMany(waiting.unwrap_or(u32::MAX))),
        }
    }

    async fn insert_run(&self, on: &DatabaseTransaction, run: &RunRow) -> Result<(), StorageError> {
        let text = "INSERT INTO attribution_run (id, name, idempotency_key, input, started_by, created_ms, model, model_version,
            model_file, parameters, parameters_hash, lens, period, filter, as_of_ms, data_version, currency)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
        let text_of = |text: &str| Value::from(text);
        let filter = serde_json::to_string(&run.filter).expect("a filter is plain values");
        let values = vec![
            run.id.into(),
            text_of(&run.name),
            text_of(&run.idempotency_key),
            text_of(&run.input),
            text_of(&run.started_by),
            run.created_at.timestamp_millis().into(),
            text_of(&run.model),
            text_of(&run.model_version),
            run.model_file.clone().into(),
            text_of(&run.parameters),
            text_of(&run.parameters_hash),
            (run.lens as i16).into(),
            run.period.to_string().into(),
            filter.into(),
            run.as_of.timestamp_millis().into(),
            run.data_version.0.into(),
            run.currency.to_string().into(),
        ];
        self.changed(on, text, values).await.map(|_| ())
    }

    /// Claims the oldest run that waits, or whose worker let its lease run out.
    ///
    /// # Errors
    /// The database failed.
    pub async fn run_claim(&self, owner: &str, lease: Duration) -> Result<Option<ClaimedRun>, StorageError> {
        let now = now_ms(self.backend());
        let open = format!("kind = $1 AND (state = 0 OR (state = 1 AND COALESCE(lease_until_ms, 0) < {now}))");
        let text = format!("SELECT id FROM job WHERE {open} ORDER BY created_ms, id LIMIT 1");
        let Some(row) = self.first(self.orm(), &text, vec![KIND.into()]).await? else { return Ok(None) };
        let id: Uuid = row.try_get("", "id")?;
        let text = format!("UPDATE job SET state = 1, lease_owner = $2, lease_until_ms = {now} + $3 WHERE id = $4 AND {open}");
        let values = vec![KIND.into(), owner.into(), millis(lease).into(), id.into()];
        if self.changed(self.orm(), &text, values).await? == 0 {
            return Ok(None);
        }
        let row = self.first(self.orm(), "SELECT cursor FROM job WHERE id = $1", vec![id.into()]).await?;
        let cursor: Option<String> = row.map(|row| row.try_get::<Option<String>>("", "cursor")).transpose()?.flatten();
        let cursor = cursor.map(|text| serde_json::from_str(&text)).transpose();
        Ok(Some(ClaimedRun { id, cursor: cursor.map_err(|error| StorageError::Failed(Box::new(error)))? }))
    }

    /// Renews a lease; false: the run was cancelled, or is another's now.
    ///
    /// # Errors
    /// The database failed.
    pub async fn run_renew(&self, id: Uuid, owner: &str, lease: Duration) -> Result<bool, StorageError> {
        self.renew(self.orm(), id, owner, lease).await
    }

    async fn renew(&self, on: &impl ConnectionTrait, id: Uuid, owner: &str, lease: Duration) -> Result<bool, StorageError> {
        let now = now_ms(self.backend());
        let text = format!("UPDATE job SET lease_until_ms = {now} + $1 WHERE id = $2 AND lease_owner = $3 AND state = 1");
        Ok(self.changed(on, &text, vec![millis(lease).into(), id.into(), owner.into()]).await? > 0)
    }

    /// Lets go of all that this process works at, so that another goes on at once.
    ///
    /// # Errors
    /// The database failed.
    pub async fn runs_release(&self, owner: &str) -> Result<(), StorageError> {
        let text = "UPDATE job SET lease_until_ms = 0 WHERE kind = $1 AND lease_owner = $2 AND state = 1";
        self.changed(self.orm(), text, vec![KIND.into(), owner.into()]).await.map(|_| ())
    }

    /// Writes credits and the position after them, in one transaction; false: the run was cancelled, or is another's now, and
    /// nothing is written.
    ///
    /// # Errors
    /// The database failed; nothing is written then.
    pub async fn run_write(
        &self,
        id: Uuid,
        (owner, lease): (&str, Duration),
        credits: &[RunCredit],
        (from, to): (i64, RunCursor),
        of: u64,
    ) -> Result<bool, StorageError> {
        let transaction = self.orm().begin().await?;
        if !self.renew(&transaction, id, owner, lease).await? {
            transaction.rollback().await?;
            return Ok(false);
        }
        for (chunk, start) in credits.chunks(ROWS).zip((from..).step_by(ROWS)) {
            let (text, values) = insert(id, chunk, start);
            self.changed(&transaction, &text, values).await?;
        }
        let progress = serde_json::json!({ "done": to.done, "of": of }).to_string();
        let cursor = serde_json::to_string(&to).expect("a cursor is plain values");
        let text = format!("UPDATE job SET cursor = $1, progress = $2, updated_ms = {} WHERE id = $3", now_ms(self.backend()));
        self.changed(&transaction, &text, vec![cursor.into(), progress.into(), id.into()]).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Ends a run that its owner works at; nothing happens where it was cancelled, or is another's now.
    ///
    /// # Errors
    /// The database failed.
    pub async fn run_finish(
        &self,
        id: Uuid,
        owner: &str,
        state: JobState,
        report: &serde_json::Value,
    ) -> Result<(), StorageError> {
        let now = now_ms(self.backend());
        let text = format!(
            "UPDATE job SET state = $1, report = $2, updated_ms = {now} WHERE id = $3 AND lease_owner = $4 AND state = 1"
        );
        let values = vec![(state as i16).into(), report.to_string().into(), id.into(), owner.into()];
        self.changed(self.orm(), &text, values).await.map(|_| ())
    }

    /// Cancels a run that waits or goes; false: it is over.
    ///
    /// # Errors
    /// The database failed.
    pub async fn run_cancel(&self, id: Uuid) -> Result<bool, StorageError> {
        let now = now_ms(self.backend());
        let text = format!("UPDATE job SET state = 4, updated_ms = {now} WHERE id = $1 AND kind = $2 AND state IN (0, 1)");
        Ok(self.changed(self.orm(), &text, vec![id.into(), KIND.into()]).await? > 0)
    }

    /// Takes away what runs that failed or were cancelled had written.
    ///
    /// # Errors
    /// The database failed.
    pub async fn runs_clear(&self) -> Result<(), StorageError> {
        let text = "SELECT id FROM job WHERE kind = $1 AND state IN (3, 4) AND cursor IS NOT NULL";
        for row in self.orm().query_all_raw(self.statement(text, vec![KIND.into()])).await? {
            let id: Uuid = row.try_get("", "id")?;
            let transaction = self.orm().begin().await?;
            self.changed(&transaction, "UPDATE job SET cursor = NULL WHERE id = $1", vec![id.into()]).await?;
            if self.backend() == DbBackend::Postgres {
                self.changed(&transaction, "SET LOCAL statement_timeout = 0", Vec::new()).await?;
            }
            self.changed(&transaction, "DELETE FROM attribution_credit WHERE run_id = $1", vec![id.into()]).await?;
            transaction.commit().await?;
        }
        Ok(())
    }

    /// What the groups of each of these runs that are done add up to, in order of source, campaign, rep or region.
    ///
    /// # Errors
    /// The database failed.
    pub async fn run_totals(
        &self,
        scope: &Scope,
        runs: &[Uuid],
        by: RunGrouping,
    ) -> Result<HashMap<Uuid, Vec<RunTotal>>, StorageError> {
        let mut totals: HashMap<Uuid, Vec<RunTotal>> = HashMap::new();
        if !scope.is_unrestricted() || runs.is_empty() {
            return Ok(totals);
        }
        let part = by.part();
        // The region is the opportunity's own, whoever earned it.
        let nobody = if by == RunGrouping::Region { "0" } else { "CASE WHEN source IS NULL THEN 1 ELSE 0 END" };
        let sum = |outcome: i16, name: &str| {
            format!("CAST(SUM(CASE WHEN outcome = {outcome} THEN credit_minor ELSE 0 END) AS BIGINT) AS {name}")
        };
        let text = format!(
            "SELECT run_id, part, nobody, {}, {}, {}, COUNT(DISTINCT opportunity_id) AS opportunities,
                COUNT(DISTINCT CASE WHEN remarks & {} <> 0 THEN opportunity_id END) AS provisional
             FROM (SELECT run_id, {part} AS part, {nobody} AS nobody, outcome, credit_minor, opportunity_id, remarks
                FROM attribution_credit WHERE run_id IN (SELECT id FROM job WHERE state = 2 AND id IN ({}))) AS credit
             GROUP BY run_id, part, nobody ORDER BY run_id, nobody, (part IS NULL), part",
            sum(0, "pipeline"),
            sum(1, "closed_acv"),
            sum(2, "lost_acv"),
            pipewright_plugin::Remarks::PROVISIONAL.bits(),
            marks(runs.len()),
        );
        self.count_statement();
        let ids = runs.iter().map(|id| Value::from(*id)).collect();
        for row in self.orm().query_all_raw(self.statement(&text, ids)).await? {
            let source: Option<i16> = if by.is_of_sources() { row.try_get("", "part")? } else { None };
            let entity: Option<Uuid> = if by.is_of_sources() { None } else { row.try_get("", "part")? };
            totals.entry(row.try_get("", "run_id")?).or_default().push(RunTotal {
                source: source.and_then(|code| u8::try_from(code).ok()).and_then(Source::from_code),
                entity,
                is_unattributed: row.try_get::<i32>("", "nobody")? != 0,
                pipeline: row.try_get("", "pipeline")?,
                closed_acv: row.try_get("", "closed_acv")?,
                lost_acv: row.try_get("", "lost_acv")?,
                opportunities: row.try_get("", "opportunities")?,
                provisional: row.try_get("", "provisional")?,
            });
        }
        Ok(totals)
    }

    /// Why nobody earned anything of how many opportunities, of each of these runs that are done.
    ///
    /// # Errors
    /// The database failed.
    pub async fn run_reasons(&self, scope: &Scope, runs: &[Uuid]) -> Result<HashMap<Uuid, Vec<(NoCredit, u64)>>, StorageError> {
        let mut reasons: HashMap<Uuid, Vec<(NoCredit, u64)>> = HashMap::new();
        if !scope.is_unrestricted() || runs.is_empty() {
            return Ok(reasons);
        }
        let text = format!(
            "SELECT run_id, no_credit, COUNT(DISTINCT opportunity_id) AS opportunities FROM attribution_credit
             WHERE no_credit IS NOT NULL AND run_id IN (SELECT id FROM job WHERE state = 2 AND id IN ({}))
             GROUP BY run_id, no_credit ORDER BY run_id, no_credit",
            marks(runs.len())
        );
        self.count_statement();
        let ids = runs.iter().map(|id| Value::from(*id)).collect();
        for row in self.orm().query_all_raw(self.statement(&text, ids)).await? {
            let code: i16 = row.try_get("", "no_credit")?;
            let opportunities: i64 = row.try_get("", "opportunities")?;
            let reason = u8::try_from(code).ok().and_then(NoCredit::from_code);
            let reason =
                reason.ok_or_else(|| StorageError::Failed(format!("no reason of no credit has the code {code}").into()))?;
            reasons.entry(row.try_get("", "run_id")?).or_default().push((reason, opportunities.unsigned_abs()));
        }
        Ok(reasons)
    }

    /// Shows the shares of two runs, some opportunities at a time, each list in order of opportunity.
    ///
    /// # Errors
    /// The database failed.
    pub async fn runs_side_by_side<T: Send + 'static>(
        &self,
        (a, b): (Uuid, Uuid),
        mut taken: T,
        take: impl Fn(&mut T, &[StoredShare], &[StoredShare]) + Send + 'static,
    ) -> Result<T, StorageError> {
        self.reading(move |reading| {
            let mut after = None;
            loop {
                let ids = next_opportunities(reading, [a, b], after)?;
                let Some((first, last)) = ids.first().zip(ids.last()) else { return Ok(taken) };
                let [from, to] = [first, last].map(|id| literals(reading, [id.0].into_iter()));
                let within = format!("opportunity_id >= {from} AND opportunity_id <= {to}");
                let one = shares(reading, a, &within)?;
                let other = shares(reading, b, &within)?;
                take(&mut taken, &one, &other);
                after = Some(*last);
            }
        })
        .await
    }

    /// The shares of these opportunities in two runs.
    ///
    /// # Errors
    /// The database failed.
    pub async fn shares_of(
        &self,
        scope: &Scope,
        (a, b): (Uuid, Uuid),
        opportunities: &[OpportunityId],
    ) -> Result<(Vec<StoredShare>, Vec<StoredShare>), StorageError> {
        if !scope.is_unrestricted() {
            return Ok((Vec::new(), Vec::new()));
        }
        self.count_statement();
        let ids: Vec<Uuid> = opportunities.iter().map(|id| id.0).collect();
        self.reading(move |reading| {
            let within = format!("opportunity_id IN ({})", literals(reading, ids.iter().copied()));
            Ok((shares(reading, a, &within)?, shares(reading, b, &within)?))
        })
        .await
    }
}

/// As many marks of values.
fn marks(count: usize) -> String {
    (1..=count).map(|mark| format!("${mark}")).collect::<Vec<_>>().join(", ")
}

/// One statement that inserts credits, counted on from `start`.
fn insert(run: Uuid, credits: &[RunCredit], start: i64) -> (String, Vec<Value>) {
    let mut text = String::from(
        "INSERT INTO attribution_credit (run_id, sequence, opportunity_id, touchpoint_id, origin, source, campaign_id, rep_id,
         region_id, outcome, weight, credit_minor, remarks, no_credit, journey) VALUES ",
    );
    let mut values: Vec<Value> = Vec::with_capacity(credits.len() * 15);
    for (credit, sequence) in credits.iter().zip(start..) {
        let first = values.len();
        let marks: Vec<String> = (1..=15).map(|mark| format!("${}", first + mark)).collect();
        text.push_str(if first == 0 { "(" } else { ", (" });
        text.push_str(&marks.join(", "));
        text.push(')');
        let code = |code: Option<u8>| Value::from(code.map(i16::from));
        values.extend([
            run.into(),
            sequence.into(),
            credit.opportunity.0.into(),
            credit.touchpoint.map(|id| id.0).into(),
            code(credit.origin.map(TouchKind::code)),
            code(credit.source.map(Source::code)),
            credit.campaign.map(|id| id.0).into(),
            credit.rep.map(|id| id.0).into(),
            credit.region.map(|id| id.0).into(),
            (credit.outcome as i16).into(),
            credit.weight.into(),
            credit.credit_minor.into(),
            i16::from(credit.remarks.bits()).into(),
            code(credit.no_credit.map(NoCredit::code)),
            credit.journey.cast_signed().into(),
        ]);
    }
    (text, values)
}

/// An opportunity of a run.
struct Credited(OpportunityId);

impl Read for Credited {
    const COLUMNS: &'static [(&'static str, Kind)] = &[("opportunity_id", Kind::Uuid)];
    fn read(cells: Cells<'_>) -> Result<Self, StorageError> {
        next(cells).map(Self)
    }
}

/// A share, its enums still in codes.
struct ShareRow(StoredShare);

impl Read for ShareRow {
    const COLUMNS: &'static [(&'static str, Kind)] = &[
        ("opportunity_id", Kind::Uuid),
        ("touchpoint_id", Kind::Uuid),
        ("origin", Kind::Small),
        ("source", Kind::Small),
        ("credit_minor", Kind::Big),
        ("journey", Kind::Big),
    ];
    fn read(cells: Cells<'_>) -> Result<Self, StorageError> {
        let (opportunity, touchpoint): (OpportunityId, Option<TouchpointId>) = (next(&mut *cells)?, next(&mut *cells)?);
        let origin = match cells(Kind::Small)? {
            super::value::Value::Small(code) => u8::try_from(code).ok().and_then(TouchKind::from_code),
            _ => None,
        };
        let (source, credit_minor): (Option<Source>, i64) = (next(&mut *cells)?, next(&mut *cells)?);
        let journey = next::<i64>(cells)?.cast_unsigned();
        Ok(Self(StoredShare { opportunity, touchpoint, origin, source, credit_minor, journey }))
    }
}

/// The next opportunities of either run, in order.
fn next_opportunities(
    reading: &mut Reading,
    runs: [Uuid; 2],
    after: Option<OpportunityId>,
) -> Result<Vec<OpportunityId>, StorageError> {
    let beyond = after.map_or_else(String::new, |id| format!("AND opportunity_id > {}", literals(reading, [id.0].into_iter())));
    let mut bound: Option<OpportunityId> = None;
    let mut all = std::collections::BTreeSet::new();
    for run in runs {
        let run = literals(reading, [run].into_iter());
        let rest = format!(
            "attribution_credit WHERE run_id = {run} {beyond} GROUP BY opportunity_id ORDER BY opportunity_id LIMIT {COMPARED}"
        );
        let mut own = Vec::new();
        reading.each(&rest, [0; 2], |row: Credited| own.push(row.0))?;
        // Beyond the last of a full list there may be more: the other run waits there.
        if let Some(last) = own.last().filter(|_| own.len() == COMPARED) {
            bound = Some(bound.map_or(*last, |bound| bound.min(*last)));
        }
        all.extend(own);
    }
    Ok(all.into_iter().filter(|id| bound.is_none_or(|bound| *id <= bound)).collect())
}

fn shares(reading: &mut Reading, run: Uuid, within: &str) -> Result<Vec<StoredShare>, StorageError> {
    let run = literals(reading, [run].into_iter());
    let rest = format!("attribution_credit WHERE run_id = {run} AND {within} ORDER BY opportunity_id, sequence");
    let mut shares = Vec::new();
    reading.each(&rest, [0; 2], |row: ShareRow| shares.push(row.0))?;
    Ok(shares)
}

impl RunRow {
    /// Which opportunities it credits.
    pub fn scope(&self, calendar: &pipewright_core::calendar::Calendar) -> RunScope {
        RunScope {
            period: calendar.period(self.period),
            filter: self.filter.clone(),
            as_of: self.as_of,
            data_version: self.data_version,
        }
    }
}
