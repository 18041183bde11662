//! Reps and their tenures.

use super::column::columns;
use super::record::{Record, Row};
use pipewright_core::ids::{DataVersion, RepId, TenureId};
use pipewright_core::rep::{Rep, Role, Tenure};
use sea_orm::DbErr;

columns! {
    /// What reps are filtered and ordered by.
    RepColumn {
        Id "id" Id;
        Name "name" Text;
        IsActive "is_active" Boolean;
        HiredOn "hired_day" Small or none;
        ExternalId "external_id" Text or none;
    }
}

impl Record for Rep {
    type Column = RepColumn;
    const NOUN: &'static str = "Rep";
    const SELECT: &'static str = "SELECT * FROM rep";

    fn decode(row: &Row<'_>) -> Result<Self, DbErr> {
        Ok(Self {
            id: RepId(row.get("id")?),
            external_id: row.get("external_id")?,
            name: row.get("name")?,
            email: row.get("email")?,
            is_active: row.get("is_active")?,
            hired_on: row.optional_day("hired_day")?,
            recorded: DataVersion(row.get("recorded")?),
        })
    }
}

columns! {
    /// What tenures are filtered and ordered by.
    TenureColumn {
        Id "id" Id;
        Rep "rep_id" Id;
        Role "role" Code or none;
        Manager "manager_id" Id or none;
        ValidFrom "valid_from_ms" Integer;
    }
}

impl Record for Tenure {
    type Column = TenureColumn;
    const NOUN: &'static str = "Tenure";
    const SELECT: &'static str = "SELECT * FROM tenure";

    fn decode(row: &Row<'_>) -> Result<Self, DbErr> {
        Ok(Self {
            id: TenureId(row.get("id")?),
            rep: RepId(row.get("rep_id")?),
            role: row.optional_code("role", &Role::ALL)?,
            manager: row.id("manager_id", RepId)?,
            valid_from: row.instant("valid_from_ms")?,
            recorded: DataVersion(row.get("recorded")?),
        })
    }
}
