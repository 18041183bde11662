//! Targets, forecasts and their adjustments: dated rows of cells.

use super::column::columns;
use super::record::{Record, Row, broken};
use pipewright_core::dimension::CellKey;
use pipewright_core::forecast::{AdjustedBy, Adjustment, Judgement};
use pipewright_core::ids::{AdjustmentId, DataVersion, JudgementId, RepId, TargetId};
use pipewright_core::target::{Measure, Target};
use sea_orm::DbErr;

/// A cell's key is kept as JSON, made by serde.
fn cell_key(row: &Row<'_>) -> Result<CellKey, DbErr> {
    serde_json::from_str(&row.get::<String>("cell_key")?).map_err(|_| broken("cell_key"))
}

columns! {
    /// What targets are filtered and ordered by.
    TargetColumn {
        Id "id" Id;
        Measure "measure" Code;
        Period "period" Text;
        ValidFrom "valid_from_ms" Integer;
        Amount "amount_minor" Integer;
    }
}

impl Record for Target {
    type Column = TargetColumn;
    const NOUN: &'static str = "Target";
    const SELECT: &'static str = "SELECT * FROM target";

    fn decode(row: &Row<'_>) -> Result<Self, DbErr> {
        Ok(Self {
            id: TargetId(row.get("id")?),
            measure: row.code("measure", &Measure::ALL)?,
            period: row.parsed("period")?,
            key: cell_key(row)?,
            amount_minor: row.get("amount_minor")?,
            valid_from: row.instant("valid_from_ms")?,
            sequence: row.get("sequence")?,
            recorded: DataVersion(row.get("recorded")?),
        })
    }
}

columns! {
    /// What forecasts are filtered and ordered by.
    ForecastColumn {
        Id "id" Id;
        Period "period" Text;
        SubmittedBy "submitted_by_id" Id or none;
        ValidFrom "valid_from_ms" Integer;
        Amount "amount_minor" Integer;
    }
}

impl Record for Judgement {
    type Column = ForecastColumn;
    const NOUN: &'static str = "Forecast";
    const SELECT: &'static str = "SELECT * FROM judgement";

    fn decode(row: &Row<'_>) -> Result<Self, DbErr> {
        Ok(Self {
            id: JudgementId(row.get("id")?),
            period: row.parsed("period")?,
            key: cell_key(row)?,
            amount_minor: row.get("amount_minor")?,
            submitted_by: row.id("submitted_by_id", RepId)?,
            valid_from: row.instant("valid_from_ms")?,
            sequence: row.get("sequence")?,
            recorded: DataVersion(row.get("recorded")?),
        })
    }
}

columns! {
    /// What adjustments are filtered and ordered by.
    AdjustmentColumn {
        Id "id" Id;
        Period "period" Text;
        By "adjusted_by" Code;
        Author "author_id" Id or none;
        ValidFrom "valid_from_ms" Integer;
    }
}

impl Record for Adjustment {
    type Column = AdjustmentColumn;
    const NOUN: &'static str = "ForecastAdjustment";
    const SELECT: &'static str = "SELECT * FROM adjustment";

    fn decode(row: &Row<'_>) -> Result<Self, DbErr> {
        Ok(Self {
            id: AdjustmentId(row.get("id")?),
            period: row.parsed("period")?,
            key: cell_key(row)?,
            by: row.code("adjusted_by", &[AdjustedBy::Owner, AdjustedBy::Manager])?,
            amount_minor: row.get("amount_minor")?,
            note: row.get("note")?,
            author: row.id("author_id", RepId)?,
            valid_from: row.instant("valid_from_ms")?,
            sequence: row.get("sequence")?,
            recorded: DataVersion(row.get("recorded")?),
        })
    }
}
