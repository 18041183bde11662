//! The state of an opportunity from an instant on.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "opportunity_version")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub opportunity_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub valid_from_ms: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub sequence: i32,
    pub name: String,
    pub stage_id: Uuid,
    pub forecast_category: i16,
    pub close_day: i32,
    pub currency: String,
    pub amount_minor: Option<i64>,
    pub acv_minor: Option<i64>,
    pub probability: Option<i32>,
    pub owner_id: Option<Uuid>,
    pub region_id: Option<Uuid>,
    pub segment_id: Option<Uuid>,
    pub opportunity_type: Option<String>,
    pub campaign_id: Option<Uuid>,
    pub next_step: Option<String>,
    pub line_set_id: Option<Uuid>,
    pub lines_known: bool,
    pub is_deleted: bool,
    pub recorded: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
