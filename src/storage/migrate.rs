//! Bringing the schema up to date under a lock, so that any number of servers can start at once.

use super::lock::file_beside;
use super::{Engine, Storage, StorageError};
use pipewright_migrations::{Migrator, MigratorTrait};
use sea_orm::{DatabaseConnection, DbErr, SqlxPostgresConnector};
use sqlx::ConnectOptions;
use sqlx::postgres::PgPoolOptions;
use std::path::Path;

/// The advisory lock of migrations, PostgreSQL; any number that nothing else of ours takes.
const LOCK: i64 = 0x7069_7065_6d69_6772;

impl Storage {
    /// Brings the schema up to date, under a lock that other processes wait for; returns the names of the migrations applied.
    ///
    /// # Errors
    /// The schema is newer than this binary, or the database failed.
    pub async fn migrate(&self) -> Result<Vec<String>, StorageError> {
        match &*self.engine {
            Engine::Sqlite { path, orm, .. } => {
                let lock = lock_file(path).await?;
                let applied = bring_up(orm).await;
                drop(lock);
                forget_the_old_schema(orm).await?;
                applied
            }
            Engine::Postgres { pool, .. } => {
                // Waiting for the lock, and an index over many rows, may take longer than a request's statement.
                let options = pool.connect_options().as_ref().clone().options([("statement_timeout", "0")]);
                let mut lock = options.connect().await?;
                sqlx::query("SELECT pg_advisory_lock($1)").bind(LOCK).execute(&mut lock).await?;
                let own = PgPoolOptions::new().max_connections(1).connect_with(options).await?;
                let applied = bring_up(&SqlxPostgresConnector::from_sqlx_postgres_pool(own.clone())).await;
                own.close().await;
                // The lock ends with its connection.
                sqlx::Connection::close(lock).await?;
                applied
            }
        }
    }
}

impl Storage {
    /// The migrations that are still to be applied, in order; looks and changes nothing.
    ///
    /// # Errors
    /// The schema is newer than this binary, or the database failed.
    pub async fn pending(&self) -> Result<Vec<String>, StorageError> {
        match Migrator::get_pending_migrations_read_only(self.orm()).await {
            Ok(pending) => Ok(pending.iter().map(|migration| migration.name().to_owned()).collect()),
            // Of its own the library says so only of applied migrations that it does not know, the name in quotes.
            Err(DbErr::Custom(text)) => Err(StorageError::SchemaTooNew(text.split('\'').nth(1).unwrap_or(&text).to_owned())),
            Err(error) => Err(error.into()),
        }
    }
}

/// A lock held until the file is dropped.
async fn lock_file(database: &Path) -> Result<std::fs::File, StorageError> {
    let file = file_beside(database, ".migrate-lock")?;
    let locked = move || file.lock().map(|()| file);
    let locked = tokio::task::spawn_blocking(locked).await.expect("taking a file lock does not panic");
    locked.map_err(|error| StorageError::Failed(Box::new(error)))
}

/// A connection of SQLite that read the schema before it changed would go on with columns that are no longer all: let it go.
async fn forget_the_old_schema(orm: &DatabaseConnection) -> Result<(), StorageError> {
    let pool = orm.get_sqlite_connection_pool();
    while let Some(connection) = pool.try_acquire() {
        connection.close().await?;
    }
    Ok(())
}

async fn bring_up(orm: &DatabaseConnection) -> Result<Vec<String>, StorageError> {
    let known: Vec<String> = Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();
    let applied: Vec<String> = Migrator::get_migration_models(orm).await?.into_iter().map(|row| row.version).collect();
    if let Some(unknown) = applied.iter().find(|name| !known.contains(name)) {
        return Err(StorageError::SchemaTooNew(unknown.clone()));
    }
    Migrator::up(orm, None).await?;
    Ok(known.into_iter().filter(|name| !applied.contains(name)).collect())
}
