//! The first answer to a request that may be sent twice.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "act")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub viewer: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub request_key: String,
    pub at_ms: i64,
    pub fingerprint: String,
    pub object: Uuid,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
