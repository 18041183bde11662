//! A database of each kind for a test alone, and the product's own binary run against it.

use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Connection, FromRow};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use tempfile::TempDir;

/// Which database a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// One file.
    Sqlite,
    /// The server named by `PIPEWRIGHT_TEST_POSTGRES_URL`.
    Postgres,
}

/// Both.
pub const ENGINES: [Engine; 2] = [Engine::Sqlite, Engine::Postgres];

/// An amount of USD in cents.
pub fn cents(money: &serde_json::Value) -> i64 {
    let text = money["amount"].as_str().unwrap_or_else(|| panic!("no money: {money}"));
    let (whole, fraction) = text.split_once('.').unwrap_or_else(|| panic!("USD has two decimals: {text}"));
    assert_eq!(fraction.len(), 2, "{text}");
    format!("{whole}{fraction}").parse().unwrap()
}

/// Sums as answers have them: what comes to nothing is left out.
pub fn without_zeros<K: Ord>(sums: BTreeMap<K, i64>) -> BTreeMap<K, i64> {
    sums.into_iter().filter(|(_, sum)| *sum != 0).collect()
}

/// A folder and an empty database; both go with it.
pub struct Home {
    folder: TempDir,
    engine: Engine,
    url: String,
    /// Kept so that the database is dropped when the test ends.
    dropped_at_end: Option<(String, String)>,
}

impl Home {
    /// Makes an empty database.
    pub async fn new(engine: Engine) -> Self {
        let folder = tempfile::tempdir().unwrap();
        match engine {
            Engine::Sqlite => {
                let url = format!("sqlite:{}", folder.path().join("test.sqlite").display());
                Self { folder, engine, url, dropped_at_end: None }
            }
            Engine::Postgres => {
                let server = std::env::var("PIPEWRIGHT_TEST_POSTGRES_URL")
                    .expect("PIPEWRIGHT_TEST_POSTGRES_URL names a PostgreSQL server; `make test` starts one");
                let name = format!("e2e_{}", uuid::Uuid::now_v7().simple());
                let mut connection = sqlx::PgConnection::connect(&server).await.unwrap();
                let create = format!("CREATE DATABASE {name} TEMPLATE template0");
                sqlx::query(sqlx::AssertSqlSafe(create)).execute(&mut connection).await.unwrap();
                let (base, _) = server.rsplit_once('/').expect("the URL ends with a database's name");
                Self { folder, engine, url: format!("{base}/{name}"), dropped_at_end: Some((server.clone(), name)) }
            }
        }
    }

    /// Where a test may write files.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Which database it is.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// The rows of a query, read from the database itself; each is a tuple of the columns' values.
    pub async fn rows<T>(&self, sql: &str) -> Vec<T>
    where
        T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        match self.engine {
            Engine::Sqlite => {
                let mut connection = sqlx::SqliteConnection::connect(&self.url).await.unwrap();
                sqlx::query_as(sql).fetch_all(&mut connection).await.unwrap()
            }
            Engine::Postgres => {
                let mut connection = sqlx::PgConnection::connect(&self.url).await.unwrap();
                sqlx::query_as(sql).fetch_all(&mut connection).await.unwrap()
            }
        }
    }

    /// The database's address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The binary, set to this database.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pipewright"));
        command.args(arguments).current_dir(self.path()).env("PIPEWRIGHT__DATABASE__URL", &self.url).stdin(Stdio::null());
        command
    }

    /// Runs the binary to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs the binary to its end, which must be a good one; what it printed.
    pub fn succeed(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "pipewright {arguments:?} on {}: {}\n{out}\n{err}", self.url, output.status);
        out.into_owned()
    }

    /// Starts the server on a free port and waits until it answers questions.
    pub fn serve(&self) -> Server {
        self.serve_with(&[], &[])
    }

    /// As [`Self::serve`], with more arguments and variables of the environment.
    pub fn serve_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Server {
        let mut child = self.serving(arguments, environment).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().expect("stdout is piped")).lines();
        let address = lines
            .by_ref()
            .map(|line| line.expect("stdout is text"))
            .find_map(|line| {
                line.split_whitespace().find(|word| word.starts_with("http://")).map(|word| word.trim_end_matches('/').to_owned())
            })
            .expect("the server prints its address");
        std::thread::spawn(move || lines.for_each(drop));
        Server { child, address }
    }

    /// Starts the server on a free port and waits only until it listens.
    pub fn serve_unopened(&self, environment: &[(&str, &str)]) -> Server {
        let mut child = self.serving(&[], environment).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().expect("stderr is piped")).lines();
        let address = lines
            .by_ref()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(&line.expect("the log is text")).ok())
            .find(|line| line["message"] == "listening")
            .map(|line| format!("http://{}", line["address"].as_str().expect("an address is text")))
            .expect("the server logs its address");
        std::thread::spawn(move || lines.for_each(drop));
        Server { child, address }
    }

    fn serving(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Command {
        let mut command = self.command(&["serve", "--listen", "127.0.0.1:0"]);
        command.args(arguments).envs(environment.iter().copied());
        command
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let Some((server, name)) = self.dropped_at_end.take() else { return };
        let drop_it = async move {
            if let Ok(mut connection) = sqlx::PgConnection::connect(&server).await {
                let statement = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                let _ = sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await;
            }
        };
        let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be made");
        let _ = std::thread::spawn(move || runtime().block_on(drop_it)).join();
    }
}

/// The product, serving; killed when dropped.
pub struct Server {
    child: Child,
    address: String,
}

impl Server {
    /// `http://127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// `127.0.0.1:PORT`.
    pub fn place(&self) -> &str {
        self.address.trim_start_matches("http://")
    }

    /// The process's id.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        assert!(Command::new("kill").args(["-TERM", &self.process().to_string()]).status().unwrap().success());
    }

    /// Waits for the process to end by itself; its exit code.
    pub fn exit_code(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    /// Asks over HTTP; the whole answer.
    pub async fn ask(&self, query: &str, variables: serde_json::Value) -> serde_json::Value {
        let body = serde_json::json!({ "query": query, "variables": variables });
        let response = reqwest::Client::new()
            .post(format!("{}/graphql", self.address))
            .header("accept", "application/graphql-response+json")
            .json(&body)
            .send()
            .await
            .unwrap();
        response.json().await.unwrap()
    }

    /// Asks over HTTP; the answer's data, which must have come without errors.
    pub async fn data(&self, query: &str, variables: serde_json::Value) -> serde_json::Value {
        let mut answer = self.ask(query, variables).await;
        assert!(answer.get("errors").is_none(), "{answer:#}");
        answer["data"].take()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
