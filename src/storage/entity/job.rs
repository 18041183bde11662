//! Work in the background; request, cursor, progress and report are JSON.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "job")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub kind: String,
    pub state: i16,
    pub created_ms: i64,
    pub updated_ms: i64,
    pub request: String,
    pub cursor: Option<String>,
    pub progress: Option<String>,
    pub report: Option<String>,
    pub lease_until_ms: Option<i64>,
    pub lease_owner: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
