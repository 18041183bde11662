//! An opportunity, and the columns of its latest version (null until it has one).

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "opportunity")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub external_id: Option<String>,
    pub account_id: Option<Uuid>,
    pub created_at_ms: i64,
    pub created_by_id: Option<Uuid>,
    pub lead_source: Option<String>,
    pub lead_source_maps_to: Option<i16>,
    pub last_activity_day: Option<i32>,
    pub description: Option<String>,
    pub recorded: i64,
    pub name: Option<String>,
    pub stage_id: Option<Uuid>,
    pub forecast_category: Option<i16>,
    pub close_day: Option<i32>,
    pub currency: Option<String>,
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
    pub lines_known: Option<bool>,
    pub is_deleted: Option<bool>,
    pub last_valid_from_ms: Option<i64>,
    pub last_sequence: Option<i32>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
