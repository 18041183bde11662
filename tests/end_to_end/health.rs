//! When the server is ready, when it is not, and how it ends.

use crate::http::{GOOD, PATIENCE, connect};
use crate::support::{ENGINES, Engine, Home, Server};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use sqlx::Connection;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Status and reason of `/readyz`; `None` where no connection is had.
async fn readiness(server: &Server) -> Option<(u16, String)> {
    let client = Client::builder().pool_max_idle_per_host(0).build().unwrap();
    let response = client.get(format!("{}/readyz", server.address())).send().await.ok()?;
    let status = response.status().as_u16();
    let body: Value = response.json().await.ok()?;
    Some((status, body["reason"].as_str().unwrap_or_default().to_owned()))
}

/// Asks until the readiness is as it should be.
async fn until_ready_says(server: &Server, status: u16, reason: &str) {
    let started = Instant::now();
    loop {
        let said = readiness(server).await;
        if said.as_ref().is_some_and(|said| said.0 == status && said.1.contains(reason)) {
            return;
        }
        assert!(started.elapsed() < PATIENCE, "waited for {status} {reason}, and had {said:?}");
    }
}

/// Keeps the server from opening until it is dropped: on SQLite the migrations wait, on PostgreSQL the facts.
enum Obstacle {
    File(#[allow(dead_code, reason = "the lock is given back when it is dropped")] std::fs::File),
    Table(sqlx::PgConnection),
}

impl Obstacle {
    async fn put_before(home: &Home, engine: Engine) -> (Self, &'static str) {
        home.succeed(&["migrate"]);
        match engine {
            Engine::Sqlite => {
                let file = std::fs::File::open(home.path().join("test.sqlite.migrate-lock")).unwrap();
                file.lock().unwrap();
                (Self::File(file), "schema")
            }
            Engine::Postgres => {
                let mut connection = sqlx::PgConnection::connect(home.url()).await.unwrap();
                sqlx::query("BEGIN").execute(&mut connection).await.unwrap();
                sqlx::query("LOCK TABLE product IN ACCESS EXCLUSIVE MODE").execute(&mut connection).await.unwrap();
                (Self::Table(connection), "facts are being loaded")
            }
        }
    }

    async fn remove(self) {
        if let Self::Table(connection) = self {
            connection.close().await.unwrap();
        }
    }
}

#[tokio::test]
async fn until_the_facts_are_there_it_lives_but_is_not_ready() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let (obstacle, reason) = Obstacle::put_before(&home, engine).await;
        let server = home.serve_unopened(&[]);
        until_ready_says(&server, 503, reason).await;
        let live = reqwest::get(format!("{}/livez", server.address())).await.unwrap();
        assert_eq!(live.status(), StatusCode::OK);
        let early = server.ask("{ viewer { name } }", json!({})).await;
        assert_eq!(early["errors"][0]["extensions"]["code"], "UNAVAILABLE", "{early}");
        obstacle.remove().await;
        until_ready_says(&server, 200, "").await;
        server.data("{ viewer { name } }", json!({})).await;
    }
}

#[tokio::test]
async fn a_stop_while_it_starts_is_obeyed_at_once() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let (obstacle, reason) = Obstacle::put_before(&home, engine).await;
        let mut server = home.serve_unopened(&[]);
        until_ready_says(&server, 503, reason).await;
        server.terminate();
        assert_eq!(server.exit_code(), Some(0), "{engine:?}");
        obstacle.remove().await;
    }
}

/// Runs one statement beside the server.
async fn beside(home: &Home, engine: Engine, statement: &'static str) {
    match engine {
        Engine::Sqlite => {
            let mut connection = sqlx::SqliteConnection::connect(home.url()).await.unwrap();
            sqlx::query(statement).execute(&mut connection).await.unwrap();
        }
        Engine::Postgres => {
            let mut connection = sqlx::PgConnection::connect(home.url()).await.unwrap();
            sqlx::query(statement).execute(&mut connection).await.unwrap();
        }
    }
}

#[tokio::test]
async fn facts_that_lag_behind_the_change_feed_are_not_ready_until_they_have_caught_up() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let server = home.serve_with(&[], &[("PIPEWRIGHT__SERVER__READY_LAG_S", "1")]);
        until_ready_says(&server, 200, "").await;
        beside(&home, engine, "INSERT INTO change_feed (data_version, at_ms, kinds) VALUES (1, 0, 'no list')").await;
        until_ready_says(&server, 503, "change feed").await;
        server.data("{ viewer { name } }", json!({})).await;
        beside(&home, engine, "UPDATE change_feed SET kinds = '[]' WHERE data_version = 1").await;
        until_ready_says(&server, 200, "").await;
    }
}

/// Starts a request whose body is not whole yet, and which the server already reads.
fn half_asked(server: &Server) -> TcpStream {
    let mut socket = connect(server);
    let head = "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nexpect: 100-continue\r\n";
    socket.write_all(format!("{head}content-length: {}\r\n\r\n", GOOD.len()).as_bytes()).unwrap();
    let mut go_on = [0; 25];
    socket.read_exact(&mut go_on).unwrap();
    assert_eq!(String::from_utf8_lossy(&go_on), "HTTP/1.1 100 Continue\r\n\r\n");
    socket
}

#[tokio::test]
async fn a_stop_is_told_first_then_refuses_the_new_and_answers_what_was_begun() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let mut server = home.serve_with(&[], &[("PIPEWRIGHT__SERVER__UNREADY_S", "1")]);
        let mut begun = half_asked(&server);
        let idle = connect(&server);
        server.terminate();
        until_ready_says(&server, 503, "stopping").await;
        let started = Instant::now();
        while TcpStream::connect(server.place()).is_ok() {
            assert!(started.elapsed() < PATIENCE, "new connections are still taken");
        }
        begun.write_all(GOOD.as_bytes()).unwrap();
        let mut reply = String::new();
        begun.read_to_string(&mut reply).unwrap();
        assert!(reply.starts_with("HTTP/1.1 200 ") && reply.contains("local"), "{reply}");
        assert_eq!(server.exit_code(), Some(0), "{engine:?}");
        assert!(started.elapsed() < Duration::from_secs(20), "an idle connection holds nothing back");
        drop(idle);
    }
}

#[tokio::test]
async fn a_request_that_never_ends_holds_a_stop_back_no_longer_than_configured() {
    let home = Home::new(Engine::Sqlite).await;
    let mut server = home.serve_with(&[], &[("PIPEWRIGHT__SERVER__DRAIN_S", "1")]);
    let begun = half_asked(&server);
    let started = Instant::now();
    server.terminate();
    assert_eq!(server.exit_code(), Some(0));
    assert!(started.elapsed() < Duration::from_secs(20));
    drop(begun);
}
