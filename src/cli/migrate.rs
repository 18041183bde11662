//! `pipewright migrate`: the database's schema, up to date.

use crate::config::Config;
use crate::storage::{Storage, StorageError};

/// Brings the database's schema up to date.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  pipewright migrate
  pipewright migrate --database-url postgres://me@localhost/pipewright

serve, import and generate do it by themselves; several at once wait for each other.")]
pub struct MigrateArgs {}

/// Migrates and says what was done.
///
/// # Errors
/// The database cannot be reached, or its schema is newer than this binary.
pub async fn run(_: MigrateArgs, config: &Config) -> Result<(), StorageError> {
    let applied = Storage::open(&config.database).await?.migrate().await?;
    match applied.as_slice() {
        [] => println!("the schema is up to date"),
        names => names.iter().for_each(|name| println!("applied {name}")),
    }
    Ok(())
}
