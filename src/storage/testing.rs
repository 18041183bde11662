//! Databases for tests: a fresh SQLite file, and a fresh PostgreSQL database that is dropped again.

use super::Storage;
use crate::config::DatabaseConfig;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// Where a maintenance database of PostgreSQL answers.
const VARIABLE: &str = "PIPEWRIGHT_TEST_POSTGRES_URL";

/// A fresh, empty database.
pub(crate) struct TestDatabase {
    /// For messages: which engine.
    pub(crate) engine: &'static str,
    /// How to open it.
    pub(crate) config: DatabaseConfig,
    place: Place,
}

enum Place {
    File(tempfile::TempDir),
    Server { maintenance: String, name: String },
}

impl TestDatabase {
    /// Opens it; not migrated.
    pub(crate) async fn open(&self) -> Storage {
        Storage::open(&self.config).await.unwrap()
    }

    /// Opens and migrates it.
    pub(crate) async fn ready(&self) -> Storage {
        let storage = self.open().await;
        storage.migrate().await.unwrap();
        storage
    }

    /// Cuts the connections that listen, as a database that restarts would.
    pub(crate) async fn cut_listeners(&self) {
        let Place::Server { maintenance, name } = &self.place else { return };
        let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ILIKE 'LISTEN%' AND datname =";
        run(maintenance, format!("{cut} '{name}'")).await;
    }

    /// Takes it away.
    pub(crate) async fn drop(self) {
        match self.place {
            Place::File(folder) => folder.close().unwrap(),
            Place::Server { maintenance, name } => {
                run(&maintenance, format!("DROP DATABASE \"{name}\" WITH (FORCE)")).await;
            }
        }
    }
}

/// One fresh database of each engine.
pub(crate) async fn databases() -> Vec<TestDatabase> {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("test.sqlite").display());
    let sqlite = TestDatabase {
        engine: "SQLite",
        config: DatabaseConfig { url, connections: 3, ..DatabaseConfig::default() },
        place: Place::File(folder),
    };
    let maintenance = std::env::var(VARIABLE)
        .unwrap_or_else(|_| panic!("{VARIABLE} is not set: it names a PostgreSQL to test on; `make test` starts one"));
    let name = format!("pipewright_test_{}", uuid::Uuid::now_v7().simple());
    run(&maintenance, format!("CREATE DATABASE \"{name}\"")).await;
    let (server, _) = maintenance.rsplit_once('/').unwrap();
    let postgres = TestDatabase {
        engine: "PostgreSQL",
        config: DatabaseConfig { url: format!("{server}/{name}"), connections: 3, ..DatabaseConfig::default() },
        place: Place::Server { maintenance, name },
    };
    vec![sqlite, postgres]
}

async fn run(url: &str, statement: String) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}
