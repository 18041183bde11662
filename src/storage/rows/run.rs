//! Stored attribution runs and their credits. A credit is read only once its run is done.

use super::column::{Kind, columns};
use super::record::{Record, Row, broken};
use crate::storage::jobs::JobState;
use crate::storage::runs::{RunRow, StoredCredit};
use pipewright_core::attribution::RunCredit;
use pipewright_core::catalog::StageKind;
use pipewright_core::ids::{CampaignId, DataVersion, OpportunityId, RegionId, RepId, TouchpointId};
use pipewright_core::matrix::Lens;
use pipewright_core::touchpoint::Source;
use pipewright_plugin::{Kind as TouchKind, NoCredit, Remarks};
use sea_orm::DbErr;

const LENSES: [Lens; 3] = [Lens::All, Lens::Roles, Lens::Channels];
const OUTCOMES: [StageKind; 3] = [StageKind::Open, StageKind::Won, StageKind::Lost];

columns! {
    /// What runs are filtered and ordered by.
    RunColumn {
        Id "id" Id;
        Name "name" Text;
        Model "model" Text;
        State "state" Code;
        StartedAt "created_ms" Integer;
    }
}

impl Record for RunRow {
    type Column = RunColumn;
    const NOUN: &'static str = "AttributionRun";
    const SELECT: &'static str = "SELECT run.*, job.state, job.updated_ms, job.progress, job.report \
        FROM attribution_run run JOIN job ON job.id = run.id";

    fn decode(row: &Row<'_>) -> Result<Self, DbErr> {
        let json = |column: &str| {
            let text: Option<String> = row.get(column)?;
            text.map(|text| serde_json::from_str(&text).map_err(|_| broken(column))).transpose()
        };
        let state: i16 = row.get("state")?;
        Ok(Self {
            id: row.get("id")?,
            name: row.get("name")?,
            idempotency_key: row.get("idempotency_key")?,
            input: row.get("input")?,
            started_by: row.get("started_by")?,
            created_at: row.instant("created_ms")?,
            model: row.get("model")?,
            model_version: row.get("model_version")?,
            model_file: row.get("model_file")?,
            parameters: row.get("parameters")?,
            parameters_hash: row.get("parameters_hash")?,
            lens: row.code("lens", &LENSES)?,
            period: row.parsed("period")?,
            filter: serde_json::from_str(&row.get::<String>("filter")?).map_err(|_| broken("filter"))?,
            as_of: row.instant("as_of_ms")?,
            data_version: DataVersion(row.get("data_version")?),
            currency: row.parsed("currency")?,
            state: JobState::from_code(state).map_err(|_| broken("state"))?,
            updated_at: row.instant("updated_ms")?,
            progress: json("progress")?,
            report: json("report")?,
        })
    }
}

columns! {
    /// What credits are filtered and ordered by.
    CreditColumn {
        Run "run_id" Id;
        Sequence "sequence" Integer;
        Opportunity "opportunity_id" Id;
        Touchpoint "touchpoint_id" Id or none;
        Campaign "campaign_id" Id or none;
        Rep "rep_id" Id or none;
        Credit "credit_minor" Integer;
    }
}

impl Record for StoredCredit {
    type Column = CreditColumn;
    const NOUN: &'static str = "AttributionCredit";
    const SELECT: &'static str = "SELECT credit.*, run.currency FROM attribution_credit credit \
        JOIN attribution_run run ON run.id = credit.run_id JOIN job ON job.id = credit.run_id AND job.state = 2";
    const OWN: (&'static str, Kind) = ("sequence", Kind::Integer);

    fn decode(row: &Row<'_>) -> Result<Self, DbErr> {
        let small = |column: &str| row.get::<Option<i16>>(column).map(|code| code.and_then(|code| u8::try_from(code).ok()));
        Ok(Self {
            currency: row.parsed("currency")?,
            credit: RunCredit {
                opportunity: OpportunityId(row.get("opportunity_id")?),
                touchpoint: row.id("touchpoint_id", TouchpointId)?,
                origin: small("origin")?.and_then(TouchKind::from_code),
                source: small("source")?.and_then(Source::from_code),
                campaign: row.id("campaign_id", CampaignId)?,
                rep: row.id("rep_id", RepId)?,
                region: row.id("region_id", RegionId)?,
                outcome: row.code("outcome", &OUTCOMES)?,
                weight: row.get("weight")?,
                credit_minor: row.get("credit_minor")?,
                remarks: Remarks::from_bits(small("remarks")?.unwrap_or(0)),
                no_credit: small("no_credit")?.and_then(NoCredit::from_code),
                journey: row.get::<i64>("journey")?.cast_unsigned(),
            },
        })
    }
}
