//! A marketing campaign.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "campaign")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub external_id: Option<String>,
    pub name: String,
    pub parent_id: Option<Uuid>,
    pub channel: Option<i16>,
    pub kind: Option<String>,
    pub status: Option<String>,
    pub starts_day: Option<i32>,
    pub ends_day: Option<i32>,
    pub currency: String,
    pub budgeted_cost_minor: Option<i64>,
    pub actual_cost_minor: Option<i64>,
    pub is_active: bool,
    pub is_deleted: bool,
    pub recorded: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
