//! Bulk reads: every row of a query, one by one, from one moment of the database.

use super::table::{Cells, Read, next};
use super::value::Kind;
use super::{Engine, Storage, StorageError, postgres, sqlite};
use futures_util::TryStreamExt;
use pipewright_core::ids::DataVersion;
use pipewright_core::vendor_credit::VendorCredit;
use sqlx::{AssertSqlSafe, Postgres, Transaction};
use tokio::runtime::Handle;
use uuid::Uuid;

/// A read transaction: all its queries see the same moment. Blocks the thread it is used on.
pub(in crate::storage) enum Reading {
    Sqlite(rusqlite::Connection),
    Postgres(Transaction<'static, Postgres>, Handle),
}

impl Reading {
    /// Calls `visit` with each row of `SELECT (columns of R) FROM {rest}`. In `rest`, `:1` and `:2` stand for the numbers.
    pub(super) fn each<R: Read>(&mut self, rest: &str, numbers: [i64; 2], mut visit: impl FnMut(R)) -> Result<(), StorageError> {
        let names: Vec<&str> = R::COLUMNS.iter().map(|(name, _)| *name).collect();
        // Written out: they are whole numbers, and a bare number gives either planner more to go by.
        let rest = rest.replace(":1", &numbers[0].to_string()).replace(":2", &numbers[1].to_string());
        let statement = format!("SELECT {} FROM {rest}", names.join(", "));
        match self {
            Self::Sqlite(connection) => {
                let mut statement = connection.prepare(&statement)?;
                let mut rows = statement.query([])?;
                while let Some(row) = rows.next()? {
                    let mut index = 0;
                    visit(R::read(&mut |kind| {
                        index += 1;
                        sqlite::value(row, index - 1, kind)
                    })?);
                }
                Ok(())
            }
            Self::Postgres(transaction, handle) => handle.block_on(async {
                let mut rows = sqlx::query(AssertSqlSafe(statement)).fetch(&mut **transaction);
                while let Some(row) = rows.try_next().await? {
                    let mut index = 0;
                    visit(R::read(&mut |kind| {
                        index += 1;
                        postgres::value(&row, index - 1, kind)
                    })?);
                }
                Ok(())
            }),
        }
    }

    /// The number of the last change that this transaction sees; SQLite fixes the moment with it.
    fn last_change(&mut self) -> Result<Option<DataVersion>, StorageError> {
        let mut last = None;
        self.each("change_feed ORDER BY data_version DESC LIMIT 1", [0; 2], |row: Numbered| last = Some(row.0))?;
        Ok(last)
    }
}

/// The number of a change.
struct Numbered(DataVersion);

impl Read for Numbered {
    const COLUMNS: &'static [(&'static str, Kind)] = &[("data_version", Kind::Big)];
    fn read(cells: Cells<'_>) -> Result<Self, StorageError> {
        next(cells).map(Self)
    }
}

impl Storage {
    /// Runs `work` with a read transaction on a thread that may block.
    pub(super) async fn reading<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Reading) -> Result<T, StorageError> + Send + 'static,
    ) -> Result<T, StorageError> {
        let storage = self.clone();
        let transaction = match &*self.engine {
            Engine::Sqlite { .. } => None,
            Engine::Postgres { pool, .. } => Some(snapshot_of(pool, None).await?),
        };
        let handle = Handle::current();
        let work = move || work(&mut storage.opened(transaction, handle)?);
        tokio::task::spawn_blocking(work).await.expect("a bulk read does not panic")
    }

    /// As [`Self::reading`], with a second transaction that sees the same moment, so that two threads can read; `None`
    /// where there is no connection to spare for it.
    pub(super) async fn reading_by_two<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Reading, Option<&mut Reading>) -> Result<T, StorageError> + Send + 'static,
    ) -> Result<T, StorageError> {
        let storage = self.clone();
        let (mut first, mut second) = (None, None);
        if let Engine::Postgres { pool, .. } = &*self.engine {
            let mut transaction = snapshot_of(pool, None).await?;
            if pool.options().get_max_connections() > 1 {
                let moment: String = sqlx::query_scalar("SELECT pg_export_snapshot()").fetch_one(&mut *transaction).await?;
                // One reads as well as two, more slowly: that no second connection came free is no failure.
                second = snapshot_of(pool, Some(&moment)).await.ok();
            }
            first = Some(transaction);
        }
        let handle = Handle::current();
        let work = move || match (&*storage.engine, second) {
            (Engine::Postgres { .. }, None) => work(&mut storage.opened(first, handle)?, None),
            (Engine::Postgres { .. }, second) => {
                let mut second = storage.opened(second, handle.clone())?;
                work(&mut storage.opened(first, handle)?, Some(&mut second))
            }
            (Engine::Sqlite { .. }, _) => loop {
                // Every change to what is read comes with a new number: the same last number is the same moment.
                let (mut first, mut second) = (storage.opened(None, handle.clone())?, storage.opened(None, handle.clone())?);
                if first.last_change()? == second.last_change()? {
                    return work(&mut first, Some(&mut second));
                }
            },
        };
        tokio::task::spawn_blocking(work).await.expect("a bulk read does not panic")
    }

    fn opened(&self, transaction: Option<Transaction<'static, Postgres>>, handle: Handle) -> Result<Reading, StorageError> {
        match (&*self.engine, transaction) {
            (Engine::Sqlite { path, .. }, _) => {
                let connection = sqlite::connect(path)?;
                connection.execute_batch("BEGIN")?;
                Ok(Reading::Sqlite(connection))
            }
            (Engine::Postgres { .. }, transaction) => {
                Ok(Reading::Postgres(transaction.expect("one was begun for this engine"), handle))
            }
        }
    }

    /// The last committed change.
    ///
    /// # Errors
    /// The database failed.
    pub async fn data_version(&self) -> Result<DataVersion, StorageError> {
        use sea_orm::{EntityTrait, QueryOrder};
        let last = super::entity::change_feed::Entity::find()
            .order_by_desc(super::entity::change_feed::Column::DataVersion)
            .one(self.orm())
            .await?;
        Ok(DataVersion(last.map_or(0, |row| row.data_version)))
    }

    /// What other systems credit, all of it, in order of (vendor, opportunity, external id).
    ///
    /// # Errors
    /// The database failed.
    pub async fn vendor_credits(&self) -> Result<Vec<VendorCredit>, StorageError> {
        self.reading(|reading| {
            let mut credits = Vec::new();
            let rest = "vendor_credit ORDER BY vendor, opportunity_id, external_id";
            reading.each(rest, [0; 2], |credit: VendorCredit| credits.push(credit))?;
            Ok(credits)
        })
        .await
    }
}

/// A transaction that sees one moment: that of the exported snapshot, or its own.
async fn snapshot_of(pool: &sqlx::PgPool, exported: Option<&str>) -> Result<Transaction<'static, Postgres>, StorageError> {
    let mut transaction = pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    if let Some(exported) = exported {
        // The server made the name: digits, letters and dashes.
        sqlx::query(AssertSqlSafe(format!("SET TRANSACTION SNAPSHOT '{exported}'"))).execute(&mut *transaction).await?;
    }
    sqlx::query("SET LOCAL statement_timeout = 0").execute(&mut *transaction).await?;
    Ok(transaction)
}

/// Ids as literals: only hexadecimal digits can stand in them.
pub(super) fn literals(reading: &Reading, ids: impl Iterator<Item = Uuid>) -> String {
    let one = |id: Uuid| match reading {
        Reading::Sqlite(_) => format!("x'{}'", id.simple()),
        Reading::Postgres(..) => format!("'{id}'::uuid"),
    };
    ids.map(one).collect::<Vec<_>>().join(", ")
}
