//! The commands as people use them: the product's own binary, on both databases.

use crate::support::{ENGINES, Engine, Home};
use serde_json::json;
use std::process::Output;

const COMMANDS: [&str; 7] = ["serve", "import", "generate", "migrate", "schema", "config", "doctor"];
const COUNT: &str = "{ opportunities(first: 0) { totalCount } }";

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The line that starts with these words.
fn line(text: &str, start: &str) -> String {
    text.lines().find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("no line '{start}':\n{text}")).to_owned()
}

#[tokio::test]
async fn every_command_helps_with_examples_and_answers_an_unknown_flag_with_a_hint() {
    let home = Home::new(Engine::Sqlite).await;
    for command in COMMANDS {
        assert!(home.succeed(&[command, "--help"]).contains(&format!("pipewright {command}")), "{command}");
    }
    for (arguments, hint) in [
        (vec!["serve", "--smaple", "3"], "--sample"),
        (vec!["generate", "--oportunities", "3"], "--opportunities"),
        (vec!["import", "--dryrun", "x"], "--dry-run"),
        (vec!["confg"], "config"),
        (vec!["serve", "--database-ulr", "x"], "--database-url"),
    ] {
        let output = home.run(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(err(&output).contains(hint), "{arguments:?}: {}", err(&output));
    }
}

#[tokio::test]
async fn config_says_where_each_value_came_from_and_hides_passwords() {
    let home = Home::new(Engine::Sqlite).await;
    std::fs::write(home.path().join("pipewright.toml"), "[server]\ndrain_s = 7\nworkers = 3\n").unwrap();
    let mut command = home.command(&["config", "--listen", "127.0.0.1:18199"]);
    command.env("PIPEWRIGHT__SERVER__WORKERS", "2").env("PIPEWRIGHT__DATABASE__URL", "postgres://me:secret@host/db");
    let output = command.output().unwrap();
    let text = out(&output);
    assert!(output.status.success() && !text.contains("secret"), "{text}");
    for (start, origin) in [
        ("drain_s = 7", "# file pipewright.toml"),
        ("workers = 2", "# environment PIPEWRIGHT__SERVER__WORKERS"),
        ("listen = \"127.0.0.1:18199\"", "# flag"),
        ("url = \"postgres://me:***@host/db\"", "# environment PIPEWRIGHT__DATABASE__URL"),
        ("green_from = 1.0", "# default"),
        ("# entry_stage is absent", "# default"),
    ] {
        assert!(line(&text, start).ends_with(origin), "{start}: {text}");
    }
}

#[tokio::test]
async fn what_config_prints_is_a_file_that_says_the_same() {
    let home = Home::new(Engine::Sqlite).await;
    let first = home.succeed(&["config"]);
    std::fs::write(home.path().join("again.toml"), &first).unwrap();
    let again = home.succeed(&["config", "--config", "again.toml"]);
    let values = |text: &str| text.lines().map(|line| line.split("  #").next().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(values(&first), values(&again));
}

#[tokio::test]
async fn a_key_that_is_unknown_is_refused_with_the_nearest_that_is_known() {
    let home = Home::new(Engine::Sqlite).await;
    for (file, variable, hint) in [
        ("[databse]\nurl = 'x'\n", None, "file pipewright.toml: there is no key 'databse'; did you mean 'database'?"),
        ("[server.limits]\ndeph = 3\n", None, "did you mean 'server.limits.depth'?"),
        ("timezone = 'UTC'\n", None, "did you mean 'organisation.time_zone'?"),
        ("xyzzy = 1\n", None, "there is no key 'xyzzy'\n"),
        ("", Some("PIPEWRIGHT__SERVER__LISTN"), "environment PIPEWRIGHT__SERVER__LISTN: there is no key 'server.listn'"),
        ("[server]\ndrain_s = 'x'\n", None, "\"server.drain_s\""),
        ("[organisation]\nfiscal_first_month = 13\n", None, "organisation.fiscal_first_month = 13: expected a month"),
        ("[server]\nlisten = '0.0.0.0:8080'\n", None, "loopback"),
    ] {
        std::fs::write(home.path().join("pipewright.toml"), file).unwrap();
        let mut command = home.command(&["config"]);
        command.envs(variable.map(|name| (name, "x")));
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{file}");
        assert!(err(&output).contains(hint), "{file}: {}", err(&output));
    }
    let missing = home.run(&["config", "--config", "none.toml"]);
    assert!(missing.status.code() == Some(2) && err(&missing).contains("none.toml"), "{}", err(&missing));
}

#[tokio::test]
async fn migrate_says_what_it_did_and_schema_prints_the_file_that_is_checked_in() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        assert!(home.succeed(&["migrate"]).starts_with("applied m"), "{engine:?}");
        assert_eq!(home.succeed(&["migrate"]), "the schema is up to date\n");
    }
    let home = Home::new(Engine::Sqlite).await;
    let file = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/schema.graphql")).unwrap();
    assert!(home.succeed(&["schema"]) == file, "what is printed is schema.graphql");
    home.succeed(&["schema", "--out", "here.graphql"]);
    assert!(std::fs::read_to_string(home.path().join("here.graphql")).unwrap() == file);
}

#[tokio::test]
async fn doctor_looks_and_changes_nothing() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let fresh = home.succeed(&["doctor"]);
        match engine {
            Engine::Sqlite => {
                assert!(line(&fresh, "WARN  file").contains("pipewright migrate"), "{fresh}");
                assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0, "no file was made");
                line(&fresh, "OK    disk");
            }
            Engine::Postgres => assert!(line(&fresh, "WARN  migrations").contains("pipewright migrate"), "{fresh}"),
        }
        line(&fresh, "OK    clock");
        line(&fresh, "OK    models");
        assert!(home.succeed(&["migrate"]).starts_with("applied"), "{engine:?}: doctor had migrated");
        let empty = home.succeed(&["doctor"]);
        assert!(line(&empty, "WARN  facts").contains("pipewright import"), "{empty}");
        home.succeed(&["generate", "--opportunities", "30"]);
        let full = home.succeed(&["doctor"]);
        assert!(line(&full, "OK    facts").contains("30 opportunities of "), "{full}");
        assert!(!full.contains("WARN  file") && !full.contains("FAIL"), "{full}");
    }
}

#[tokio::test]
async fn doctor_fails_on_what_would_stop_the_server_and_says_the_way_out() {
    let home = Home::new(Engine::Sqlite).await;
    std::fs::create_dir(home.path().join("folder.sqlite")).unwrap();
    std::fs::write(home.path().join("damaged.sqlite"), "this is no database, whatever its name says".repeat(100)).unwrap();
    for (arguments, start, way_out) in [
        (vec!["--database-url", "postgres://me:secret@127.0.0.1:1/x", "doctor"], "FAIL  database", "database.url"),
        (vec!["--database-url", "mysql://x/y", "doctor"], "FAIL  database", "sqlite:PATH"),
        (vec!["--database-url", "sqlite:none/a.sqlite", "doctor"], "FAIL  file", "make it"),
        (vec!["--database-url", "sqlite:folder.sqlite", "doctor"], "FAIL  file", "cannot be written"),
        (vec!["--database-url", "sqlite:damaged.sqlite", "doctor"], "FAIL  database", "not a database"),
    ] {
        let output = home.run(&arguments);
        let text = out(&output);
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(line(&text, start).contains(way_out) && !text.contains("secret"), "{text}");
    }
    let mut command = home.command(&["doctor"]);
    let output = command.env("PIPEWRIGHT__ATTRIBUTION__DEFAULT_MODEL", "nope").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(line(&out(&output), "FAIL  models").contains("linear"), "{}", out(&output));
}

#[tokio::test]
async fn sample_data_never_joins_rows_that_are_there() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        home.succeed(&["generate", "--opportunities", "20"]);
        let server = home.serve_with(&["--sample", "30"], &[]);
        assert_eq!(server.data(COUNT, json!({})).await["opportunities"]["totalCount"], 20, "{engine:?}");
        let again = home.run(&["generate", "--opportunities", "10"]);
        assert_eq!(again.status.code(), Some(1));
        assert!(err(&again).contains("--database-url"), "{}", err(&again));
    }
}

#[tokio::test]
async fn the_demo_serves_its_own_data_and_refuses_any_other() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        for _ in 0..2 {
            let server = home.serve_with(&["--demo"], &[]);
            assert_eq!(server.data(COUNT, json!({})).await["opportunities"]["totalCount"], 2_000, "{engine:?}");
        }
        let other = Home::new(engine).await;
        other.succeed(&["generate", "--opportunities", "20"]);
        let output = other.run(&["serve", "--demo", "--listen", "127.0.0.1:0"]);
        assert_eq!(output.status.code(), Some(1), "{engine:?}");
        assert!(err(&output).contains("--demo: the database holds rows that are no demo data"), "{}", err(&output));
    }
}

#[tokio::test]
async fn a_demo_that_was_cut_short_says_so() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        home.succeed(&["generate", "--opportunities", "20"]);
        // As a kill leaves it: some rows, and a job that never ended.
        let job = "INSERT INTO job (id, kind, state, created_ms, updated_ms, request)";
        let (id, request) = ("00000000-0000-7000-8000-000000000001", r#"{"opportunities":2000}"#);
        let id = if engine == Engine::Sqlite { format!("x'{}'", id.replace('-', "")) } else { format!("'{id}'") };
        home.rows::<(i64,)>(&format!("{job} VALUES ({id}, 'sample', 0, 0, 0, '{request}') RETURNING created_ms")).await;
        let output = home.run(&["serve", "--demo", "--listen", "127.0.0.1:0"]);
        assert_eq!(output.status.code(), Some(1), "{engine:?}");
        assert!(err(&output).contains("was cut short") && err(&output).contains("--database-url"), "{}", err(&output));
    }
}

#[tokio::test]
async fn serve_takes_loopback_addresses_only_and_says_so_when_a_port_is_taken() {
    let home = Home::new(Engine::Sqlite).await;
    let outside = home.run(&["serve", "--listen", "0.0.0.0:0"]);
    assert_eq!(outside.status.code(), Some(2));
    assert!(err(&outside).contains("loopback"), "{}", err(&outside));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = home.run(&["serve", "--listen", &address]);
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains(&format!("{address} cannot be listened on")), "{}", err(&output));
}
