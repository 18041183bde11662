//! Products, regions, segments and stages.

use super::column::columns;
use super::opportunity::category;
use super::record::{Record, Row};
use pipewright_core::catalog::{Product, Region, Segment, Stage, StageKind};
use pipewright_core::ids::{DataVersion, ProductId, RegionId, SegmentId, StageId};
use sea_orm::DbErr;

columns! {
    /// What products are filtered and ordered by.
    ProductColumn {
        Id "id" Id;
        Name "name" Text;
        Code "code" Text or none;
        Family "family" Text or none;
        IsActive "is_active" Boolean;
        ExternalId "external_id" Text or none;
    }
}

impl Record for Product {
    type Column = ProductColumn;
    const NOUN: &'static str = "Product";
    const SELECT: &'static str = "SELECT * FROM product";

    fn decode(row: &Row<'_>) -> Result<Self, DbErr> {
        Ok(Self {
            id: ProductId(row.get("id")?),
            external_id: row.get("external_id")?,
            name: row.get("name")?,
            code: row.get("code")?,
            family: row.get("family")?,
            is_active: row.get("is_active")?,
            recorded: DataVersion(row.get("recorded")?),
        })
    }
}

columns! {
    /// What regions and segments are filtered and ordered by.
    NamedColumn {
        Id "id" Id;
        Name "name" Text;
    }
}

impl Record for Region {
    type Column = NamedColumn;
    const NOUN: &'static str = "Region";
    const SELECT: &'static str = "SELECT * FROM region";

    fn decode(row: &Row<'_>) -> Result<Self, DbErr> {
        Ok(Self { id: RegionId(row.get("id")?), name: row.get("name")?, recorded: DataVersion(row.get("recorded")?) })
    }
}

impl Record for Segment {
    type Column = NamedColumn;
    const NOUN: &'static str = "Segment";
    const SELECT: &'static str = "SELECT * FROM segment";

    fn decode(row: &Row<'_>) -> Result<Self, DbErr> {
        Ok(Self { id: SegmentId(row.get("id")?), name: row.get("name")?, recorded: DataVersion(row.get("recorded")?) })
    }
}

columns! {
    /// What stages are filtered and ordered by.
    StageColumn {
        Id "id" Id;
        Name "name" Text;
        Position "position" Small;
        Kind "kind" Code;
        IsActive "is_active" Boolean;
    }
}

impl Record for Stage {
    type Column = StageColumn;
    const NOUN: &'static str = "Stage";
    const SELECT: &'static str = "SELECT * FROM stage";

    fn decode(row: &Row<'_>) -> Result<Self, DbErr> {
        Ok(Self {
            id: StageId(row.get("id")?),
            name: row.get("name")?,
            position: row.get("position")?,
            kind: row.code("kind", &[StageKind::Open, StageKind::Won, StageKind::Lost])?,
            forecast_category: category(row)?,
            probability: row.get("probability")?,
            is_active: row.get("is_active")?,
            recorded: DataVersion(row.get("recorded")?),
        })
    }
}
