//! What people do here: close reasons, first answers, the audit log.

use crate::dialect::translated;
use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::ConnectionTrait;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// SQLite can roll back DDL too, so a start that dies halfway leaves nothing behind.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let script = translated(include_str!("m20261124_000005_acts.sql"), manager.get_database_backend());
        manager.get_connection().execute_unprepared(&script).await?;
        Ok(())
    }
}
