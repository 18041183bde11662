//! An amount laid on top of a roll-up.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "adjustment")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub period: String,
    pub cell_key: String,
    pub adjusted_by: i16,
    pub amount_minor: i64,
    pub note: Option<String>,
    pub author_id: Option<Uuid>,
    pub valid_from_ms: i64,
    pub sequence: i32,
    pub recorded: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
