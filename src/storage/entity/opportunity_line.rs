//! One line of a set.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "opportunity_line")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub line_set_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    pub product_id: Option<Uuid>,
    pub quantity_milli: Option<i64>,
    pub amount_minor: i64,
    pub acv_minor: i64,
    pub term_months: Option<i32>,
    pub recorded: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
