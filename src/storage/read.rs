//! Bulk reads: every row of a query, one by one, from one moment of the database.

use super::table::Read;
use super::{Engine, Storage, StorageError, postgres, sqlite};
use futures_util::TryStreamExt;
use pipewright_core::ids::{DataVersion, OpportunityId};
use pipewright_core::opportunity::Version;
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
}

impl Storage {
    /// Runs `work` with a read transaction on a thread that may block.
    pub(super) async fn reading<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Reading) -> Result<T, StorageError> + Send + 'static,
    ) -> Result<T, StorageError> {
        let storage = self.clone();
        let postgres = match &*self.engine {
            Engine::Sqlite { .. } => None,
            Engine::Postgres { pool, .. } => {
                let mut transaction = pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
                sqlx::query("SET LOCAL statement_timeout = 0").execute(&mut *transaction).await?;
                Some(transaction)
            }
        };
        let handle = Handle::current();
        let work = move || match (&*storage.engine, postgres) {
            (Engine::Sqlite { path, .. }, _) => {
                let connection = sqlite::connect(path)?;
                connection.execute_batch("BEGIN")?;
                work(&mut Reading::Sqlite(connection))
            }
            (Engine::Postgres { .. }, transaction) => {
                let transaction = transaction.expect("it was begun above for this engine");
                work(&mut Reading::Postgres(transaction, handle))
            }
        };
        tokio::task::spawn_blocking(work).await.expect("a bulk read does not panic")
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

    /// All stored versions of these opportunities, in order of (opportunity, valid_from, sequence).
    ///
    /// # Errors
    /// The database failed.
    pub async fn versions_of(&self, opportunities: &[OpportunityId]) -> Result<Vec<Version>, StorageError> {
        let mut ids: Vec<OpportunityId> = opportunities.to_vec();
        ids.sort_unstable();
        ids.dedup();
        self.reading(move |reading| {
            let mut versions = Vec::new();
            for chunk in ids.chunks(500) {
                let list = literals(reading, chunk.iter().map(|id| id.0));
                let rest = format!(
                    "opportunity_version WHERE opportunity_id IN ({list}) ORDER BY opportunity_id, valid_from_ms, sequence"
                );
                reading.each(&rest, [0; 2], |version: Version| versions.push(version))?;
            }
            Ok(versions)
        })
        .await
    }
}

/// Ids as literals: only hexadecimal digits can stand in them.
pub(super) fn literals(reading: &Reading, ids: impl Iterator<Item = Uuid>) -> String {
    let one = |id: Uuid| match reading {
        Reading::Sqlite(_) => format!("x'{}'", id.simple()),
        Reading::Postgres(..) => format!("'{id}'::uuid"),
    };
    ids.map(one).collect::<Vec<_>>().join(", ")
}
