//! The tables of every record, the change feed and the jobs.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// SQLite can roll back DDL too, so a start that dies halfway leaves nothing behind.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let script = include_str!("m20261124_000001_records.sql");
        let translated = match manager.get_database_backend() {
            DbBackend::Sqlite => script.replace(" UUID", " BLOB").replace(") CLUSTERED", ") WITHOUT ROWID"),
            _ => script.replace(" TEXT", " TEXT COLLATE \"C\"").replace(") CLUSTERED", ")"),
        };
        manager.get_connection().execute_unprepared(&translated).await?;
        Ok(())
    }
}
