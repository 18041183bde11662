//! A company that buys, or may.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub external_id: Option<String>,
    pub name: String,
    pub kind: Option<String>,
    pub parent_id: Option<Uuid>,
    pub industry: Option<String>,
    pub region_id: Option<Uuid>,
    pub segment_id: Option<Uuid>,
    pub country: Option<String>,
    pub state: Option<String>,
    pub employees: Option<i64>,
    pub annual_revenue_minor: Option<i64>,
    pub website: Option<String>,
    pub owner_id: Option<Uuid>,
    pub created_at_ms: Option<i64>,
    pub is_deleted: bool,
    pub recorded: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
