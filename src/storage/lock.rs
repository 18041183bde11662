//! One import at a time for each database: two that go on at once would build on states that the other is changing.

use super::{Engine, Storage, StorageError};
use sqlx::{PgConnection, PgPool};
use std::fs::{File, TryLockError};
use std::path::Path;

/// The advisory lock of imports; any number that nothing else of ours takes.
const IMPORTER: i64 = 0x7069_7065_696d_706f;

/// Held while an import goes on; let go when dropped, and by the system when its process dies.
pub struct ImportLock(#[expect(dead_code, reason = "holding it is what it is for")] Held);

#[expect(dead_code, reason = "holding them is what they are for")]
enum Held {
    File(File),
    Connection(PgConnection),
}

impl Storage {
    /// Takes the lock of imports into this database; `None` where another import holds it.
    ///
    /// # Errors
    /// The database failed.
    pub async fn import_lock(&self) -> Result<Option<ImportLock>, StorageError> {
        let held = match &*self.engine {
            Engine::Sqlite { path, .. } => lock_file(path)?.map(Held::File),
            Engine::Postgres { pool, .. } => lock_server(pool).await?.map(Held::Connection),
        };
        Ok(held.map(ImportLock))
    }
}

/// Opens the file beside the database that a lock is taken on. It stays when the lock is gone: who removed it could remove it
/// under another that has just opened it.
pub(super) fn file_beside(database: &Path, ending: &str) -> Result<File, StorageError> {
    let mut path = database.as_os_str().to_owned();
    path.push(ending);
    let open = File::options().create(true).truncate(false).write(true).open(&path);
    open.map_err(|error| StorageError::Unavailable(format!("{}: {error}", Path::new(&path).display())))
}

fn lock_file(database: &Path) -> Result<Option<File>, StorageError> {
    let file = file_beside(database, ".lock")?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(StorageError::Failed(Box::new(error))),
    }
}

/// The connection that took it leaves the pool: the lock lives as long as it does.
async fn lock_server(pool: &PgPool) -> Result<Option<PgConnection>, StorageError> {
    let mut connection = pool.acquire().await?;
    let taken: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)").bind(IMPORTER).fetch_one(&mut *connection).await?;
    Ok(taken.then(|| connection.detach()))
}
