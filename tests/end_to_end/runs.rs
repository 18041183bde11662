//! Attribution runs: stored once, the same bytes whatever happens meanwhile, and two of them compared.

use crate::rows::{app, ask};
use crate::support::{ENGINES, Engine, Home, Server};
use chrono::{DateTime, TimeDelta, Utc};
use pipewright::app::App;
use pipewright::app::jobs::Worker;
use pipewright::storage::{Batch, JobState, RunCursor};
use pipewright_core::campaign::Channel;
use pipewright_core::ids::{AccountId, DataVersion, OpportunityId, TouchpointId};
use pipewright_core::touchpoint::{Touchpoint, TouchpointKind};
use serde_json::{Value, json};
use sqlx::{Connection, Row};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use uuid::Uuid;

pub const ALWAYS: &str = "2015-01-01/2035-01-01";

pub const START: &str = "mutation S($input: AttributionRunStartInput!) { attributionRunStart(input: $input) {
    run { id name state } userErrors { code message path } } }";

pub const READ: &str = "query R($id: ID!) { attributionRun(id: $id) {
    id name state done opportunities total { amount } error { model message } failedOn { id } model modelVersion parameters
    parametersHash startedBy endedAt dataVersion } }";

pub async fn data(app: &App, query: &str, variables: Value) -> Value {
    let (response, _) = ask(app, query, variables).await;
    assert!(response.errors.is_empty(), "{:?}", response.errors);
    response.data.into_json().unwrap()
}

pub fn input(name: &str, model: Value) -> Value {
    json!({ "name": name, "idempotencyKey": format!("key of {name}"), "model": model, "period": ALWAYS,
        "asOf": "2026-11-24T00:00:00Z" })
}

/// Starts a run and waits until it is over.
pub async fn finished(app: &App, input: Value) -> Value {
    let started = data(app, START, json!({ "input": input })).await;
    let id = started["attributionRunStart"]["run"]["id"].clone();
    assert!(id.is_string(), "{started}");
    loop {
        let run = data(app, READ, json!({ "id": id })).await["attributionRun"].take();
        if !["QUEUED", "RUNNING"].contains(&run["state"].as_str().unwrap()) {
            return run;
        }
        tokio::task::yield_now().await;
    }
}

/// The house with somebody who works at its runs.
pub fn at_work(app: &App) -> tokio::task::JoinHandle<()> {
    let worker = Worker::new(app.clone());
    tokio::spawn(async move { worker.work().await })
}

pub fn minor(money: &Value) -> i64 {
    money["amount"].as_str().unwrap().replace('.', "").parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_credits_of_a_run_add_up_to_its_scope_and_equal_the_live_numbers() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let app = app(&home).await;
        let work = at_work(&app);
        for model in ["first-touch", "linear", "sourced-by", "w-shaped", "full-path", "markov"] {
            let run = finished(&app, input(model, json!({ "id": model }))).await;
            assert_eq!((&run["state"], &run["startedBy"]), (&json!("DONE"), &json!("local")), "{engine:?} {model}: {run}");
            assert_eq!((&run["done"], run["parametersHash"].as_str().unwrap().len()), (&run["opportunities"], 64));
            let live = "query L($model: ModelInput) { aggregate(measures: [CLOSED_ACV, OPEN_PIPELINE, LOST_ACV], by: [SOURCE],
                period: \"2015-01-01/2035-01-01\", asOf: \"2026-11-24T00:00:00Z\", model: $model) {
                rows(first: 20) { nodes { key { value } values { money { amount } } } } } }";
            let live = data(&app, live, json!({ "model": { "id": model } })).await;
            let mut expected = BTreeMap::new();
            for row in live["aggregate"]["rows"]["nodes"].as_array().unwrap() {
                let values: Vec<i64> = row["values"].as_array().unwrap().iter().map(|value| minor(&value["money"])).collect();
                expected.insert(row["key"][0]["value"].to_string(), values);
            }
            let totals = "query T($id: ID!) { attributionRun(id: $id) {
                source: totals(by: SOURCE) { source closedAcv { amount } pipeline { amount } lostAcv { amount } total { amount } }
                campaign: totals(by: CAMPAIGN, atMost: 500) { campaign { id } total { amount } }
                rep: totals(by: REP, atMost: 500) { rep { id } total { amount } }
                region: totals(by: REGION) { region { name } total { amount } opportunityCount }
                credits(first: 5) { totalCount nodes { weight amount { amount } source opportunity { id } } } } }";
            let found = data(&app, totals, json!({ "id": run["id"] })).await["attributionRun"].take();
            let mut by_source = BTreeMap::new();
            for row in found["source"].as_array().unwrap() {
                by_source.insert(
                    row["source"].to_string(),
                    ["closedAcv", "pipeline", "lostAcv"].map(|name| minor(&row[name])).to_vec(),
                );
            }
            by_source.retain(|_, values| values.iter().any(|value| *value != 0));
            assert_eq!(by_source, expected, "{engine:?} {model}");
            for grouping in ["source", "campaign", "rep", "region"] {
                let sum: i64 = found[grouping].as_array().unwrap().iter().map(|row| minor(&row["total"])).sum();
                assert_eq!(sum, minor(&run["total"]), "{engine:?} {model} by {grouping}");
            }
            assert!(found["credits"]["totalCount"].as_i64() >= run["opportunities"].as_i64());
            for by in ["ROLE", "CHANNEL"] {
                assert_eq!(
                    stored_groups(&app, &run["id"], by).await,
                    live_groups(&app, model, by).await,
                    "{engine:?} {model} {by}"
                );
            }
        }
        work.abort();
    }
}

/// What a run has by group: amount, opportunities, those that are provisional; and of all, the reasons of no credit.
type Groups = (BTreeMap<String, (i64, Value, Value)>, Value, Value);

async fn stored_groups(app: &App, id: &Value, by: &str) -> Groups {
    let query = "query T($id: ID!, $by: AttributionRunGrouping!) { attributionRun(id: $id) { provisionalCount
        unattributedReasons { reason opportunityCount }
        totals(by: $by) { source isUnattributed total { amount } opportunityCount provisionalCount } } }";
    let mut run = data(app, query, json!({ "id": id, "by": by })).await["attributionRun"].take();
    let groups = run["totals"].as_array().unwrap().iter().map(|row| {
        let key = format!("{} {}", row["source"], row["isUnattributed"]);
        (key, (minor(&row["total"]), row["opportunityCount"].clone(), row["provisionalCount"].clone()))
    });
    (groups.collect(), run["provisionalCount"].take(), run["unattributedReasons"].take())
}

async fn live_groups(app: &App, model: &str, by: &str) -> Groups {
    let query = "query L($model: ModelInput, $by: AttributionGroup!) { attribution(model: $model, groupBy: [$by],
        scope: { period: \"2015-01-01/2035-01-01\" }, asOf: \"2026-11-24T00:00:00Z\") {
        total { provisionalCount } unattributedReasons { reason opportunityCount }
        rows(first: 20) { nodes { key { value isUnattributed } amounts { total { amount } opportunityCount provisionalCount } } } } }";
    let mut live = data(app, query, json!({ "model": { "id": model }, "by": by })).await["attribution"].take();
    let groups = live["rows"]["nodes"].as_array().unwrap().iter().map(|row| {
        let (key, amounts) = (&row["key"][0], &row["amounts"]);
        let key = format!("{} {}", key["value"], key["isUnattributed"]);
        (key, (minor(&amounts["total"]), amounts["opportunityCount"].clone(), amounts["provisionalCount"].clone()))
    });
    (groups.collect(), live["total"]["provisionalCount"].take(), live["unattributedReasons"].take())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_worked_at_by_one_server_at_a_time_and_who_lost_it_writes_nothing() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let app = app(&home).await;
        for number in 0..8 {
            let answer = data(&app, START, json!({ "input": input(&format!("n{number}"), json!({ "id": "linear" })) })).await;
            assert_eq!(answer["attributionRunStart"]["run"]["state"], "QUEUED", "{answer}");
        }
        let claimed = Arc::new(Mutex::new(Vec::new()));
        let servers = (0..6).map(|server| {
            let (storage, claimed) = (app.storage.clone(), claimed.clone());
            tokio::spawn(async move {
                while claimed.lock().unwrap().len() < 8 {
                    if let Some(run) = storage.run_claim(&format!("server {server}"), Duration::from_secs(600)).await.unwrap() {
                        claimed.lock().unwrap().push(run.id);
                    }
                }
            })
        });
        for server in servers.collect::<Vec<_>>() {
            server.await.unwrap();
        }
        let all = claimed.lock().unwrap().clone();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 8, "{engine:?}: a run was claimed twice: {all:?}");
        let last = data(&app, START, json!({ "input": input("last", json!({ "id": "linear" })) })).await;
        assert_eq!(last["attributionRunStart"]["run"]["state"], "QUEUED");
        let (short, long) = (Duration::ZERO, Duration::from_secs(600));
        let run = app.storage.run_claim("first", short).await.unwrap().unwrap().id;
        while app.storage.run_claim("second", long).await.unwrap().is_none() {}
        let cursor = RunCursor { after: OpportunityId(Uuid::nil()), credits: 0, done: 1, total_minor: 0, provisional: 0 };
        assert!(!app.storage.run_renew(run, "first", long).await.unwrap(), "{engine:?}: it is another's");
        assert!(!app.storage.run_write(run, ("first", long), &[], (0, cursor), 1).await.unwrap(), "{engine:?}");
        app.storage.run_finish(run, "first", JobState::Done, &json!({})).await.unwrap();
        let read = data(&app, "{ attributionRun(name: \"last\") { state done } }", Value::Null).await;
        assert_eq!(read["attributionRun"], json!({ "state": "RUNNING", "done": 0 }), "{engine:?}");
        assert!(app.storage.run_write(run, ("second", long), &[], (0, cursor), 1).await.unwrap(), "{engine:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_started_once_for_each_key_and_refused_in_order_of_precedence() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let app = app(&home).await;
        let good = input("one", json!({ "id": "linear" }));
        let first = data(&app, START, json!({ "input": good })).await;
        let again = data(&app, START, json!({ "input": good })).await;
        assert!(first["attributionRunStart"]["run"]["id"].is_string(), "{first}");
        assert_eq!(first, again, "{engine:?}");
        let with = |changes: Value| {
            let mut input = good.clone();
            changes.as_object().unwrap().iter().for_each(|(name, value)| input[name] = value.clone());
            input
        };
        let cases = [
            (json!({ "period": "FY2026" }), "CONFLICT"),
            (json!({ "idempotencyKey": " ", "model": { "id": "none" } }), "BAD_TEXT"),
            (json!({ "idempotencyKey": "b", "model": { "id": "none" }, "period": "x" }), "UNKNOWN_MODEL"),
            (json!({ "idempotencyKey": "b", "model": { "id": "linear", "parameters": { "unit": 1 } } }), "BAD_PARAMETER"),
            (json!({ "idempotencyKey": "b", "model": { "id": "influence" } }), "NOT_ADDITIVE"),
            (json!({ "idempotencyKey": "b", "period": "x" }), "BAD_PERIOD"),
            (json!({ "idempotencyKey": "b", "filter": { "dimension": "SOURCE", "in": [null] } }), "BAD_FILTER"),
            (json!({ "idempotencyKey": "b" }), "NAME_TAKEN"),
        ];
        for (changes, code) in cases {
            let answer = data(&app, START, json!({ "input": with(changes) })).await["attributionRunStart"].take();
            assert_eq!((&answer["run"], &answer["userErrors"][0]["code"]), (&Value::Null, &json!(code)), "{engine:?}: {answer}");
        }
        for waiting in 1..20 {
            let input = with(json!({ "name": format!("n{waiting}"), "idempotencyKey": format!("k{waiting}") }));
            let answer = data(&app, START, json!({ "input": input })).await;
            assert_eq!(answer["attributionRunStart"]["run"]["state"], "QUEUED", "{answer}");
        }
        let last = with(json!({ "name": "n20", "idempotencyKey": "k20" }));
        let answer = data(&app, START, json!({ "input": last })).await;
        assert_eq!(answer["attributionRunStart"]["userErrors"][0]["code"], "TOO_MANY_QUEUED", "{answer}");
    }
}

/// A touchpoint before all others of an account that has an opportunity.
async fn earlier_touch(app: &App) -> (Touchpoint, String) {
    let query = "{ opportunities(first: 50) { nodes { id createdAt account { id } amount { amount } stage { kind } } } }";
    let page = data(app, query, json!({})).await;
    let nodes = page["opportunities"]["nodes"].as_array().unwrap();
    let opportunity = nodes.iter().find(|node| node["account"]["id"].is_string()).unwrap();
    let snapshot = app.resident.snapshot();
    let named = |id: &Value| {
        use base64::Engine as _;
        let text = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(id.as_str().unwrap()).unwrap();
        String::from_utf8(text).unwrap().split_once(':').unwrap().1.parse::<Uuid>().unwrap()
    };
    let created: DateTime<Utc> = opportunity["createdAt"].as_str().unwrap().parse().unwrap();
    let days = i64::from(snapshot.settings().journeys.look_back_days) - 1;
    let touch = Touchpoint {
        id: TouchpointId(Uuid::now_v7()),
        external_id: None,
        at: created - TimeDelta::days(days),
        kind: TouchpointKind::Response,
        channel: Some(Channel::Brand),
        rep: None,
        campaign: None,
        contact: None,
        lead: None,
        account: Some(AccountId(named(&opportunity["account"]["id"]))),
        opportunity: None,
        recorded: DataVersion(0),
    };
    (touch, opportunity["id"].as_str().unwrap().to_owned())
}

const DIFF: &str = "query D($a: ID!, $b: ID!) { diffAttributionRuns(a: $a, b: $b) {
    total { before { amount } after { amount } change { amount } } sources { source change { amount } }
    opportunities(first: 10) { totalCount nodes { opportunity { id } reasons moved { amount } before { amount } after { amount }
        shares(first: 100) { nodes { touchpoint { id } source before { amount } after { amount } change { amount } } } } } } }";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_runs_compared_say_what_a_parameter_and_what_a_new_touchpoint_changed() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let app = app(&home).await;
        let work = at_work(&app);
        let by_touch = finished(&app, input("by touch", json!({ "id": "linear" }))).await;
        let by_source = finished(&app, input("by source", json!({ "id": "linear", "parameters": { "unit": "source" } }))).await;
        let (touch, opportunity) = earlier_touch(&app).await;
        let written = app.storage.write(Batch { touchpoints: vec![touch], ..Batch::default() }, None).await.unwrap();
        app.resident.catch_up(written.data_version).await.unwrap();
        let later = finished(&app, input("later", json!({ "id": "linear" }))).await;
        for (one, other, reason) in [(&by_touch, &by_source, "PARAMETERS"), (&by_touch, &later, "DATA")] {
            let diff = data(&app, DIFF, json!({ "a": one["id"], "b": other["id"] })).await["diffAttributionRuns"].take();
            let (before, after) = (minor(&diff["total"]["before"]), minor(&diff["total"]["after"]));
            assert_eq!((before, after), (minor(&one["total"]), minor(&other["total"])), "{engine:?} {reason}");
            let changes: i64 = diff["sources"].as_array().unwrap().iter().map(|row| minor(&row["change"])).sum();
            assert_eq!(changes, after - before);
            let moves = diff["opportunities"]["nodes"].as_array().unwrap();
            assert!(!moves.is_empty(), "{engine:?} {reason}");
            let moved: Vec<i64> = moves.iter().map(|own| minor(&own["moved"])).collect();
            assert!(moved.is_sorted_by(|a, b| a >= b), "{moved:?}");
            for own in moves {
                assert_eq!(own["reasons"], json!([reason]), "{engine:?}: {own}");
                let shares = own["shares"]["nodes"].as_array().unwrap();
                assert_eq!(shares.iter().map(|share| minor(&share["change"]).abs()).sum::<i64>(), minor(&own["moved"]), "{own}");
            }
            if reason == "DATA" {
                assert!(moves.iter().any(|own| own["opportunity"]["id"] == opportunity.as_str()), "{engine:?}");
            }
        }
        work.abort();
    }
}

async fn started(server: &Server, name: &str) -> Value {
    let input = input(name, json!({ "id": "linear" }));
    server.data(START, json!({ "input": input })).await["attributionRunStart"]["run"]["id"].clone()
}

/// Asks until the run is as wished.
async fn until(server: &Server, id: &Value, wished: impl Fn(&Value) -> bool) -> Value {
    loop {
        let run = server.data(READ, json!({ "id": id })).await["attributionRun"].take();
        if wished(&run) {
            return run;
        }
        assert_ne!(run["state"], "FAILED", "{run}");
    }
}

/// All that is stored of a run's credits, but whose they are.
pub async fn credits(home: &Home, name: &str) -> Vec<String> {
    let shown = "CAST(c.sequence AS TEXT) || ' ' || CAST(c.credit_minor AS TEXT) || ' ' || CAST(c.weight AS TEXT) || ' ' ||
        CAST(c.journey AS TEXT) || ' ' || COALESCE(CAST(c.source AS TEXT), '-') || ' ' || ";
    let ids = ["opportunity_id", "touchpoint_id", "campaign_id", "rep_id", "region_id"];
    let is_sqlite = home.url().starts_with("sqlite:");
    let id = |column: &str| match is_sqlite {
        true => format!("COALESCE(hex(c.{column}), '-')"),
        false => format!("COALESCE(CAST(c.{column} AS TEXT), '-')"),
    };
    let sql = format!(
        "SELECT {shown}{} FROM attribution_credit c JOIN attribution_run r ON r.id = c.run_id WHERE r.name = '{name}' ORDER BY c.sequence",
        ids.map(id).join(" || ' ' || ")
    );
    let sql = sqlx::AssertSqlSafe(sql);
    if is_sqlite {
        let mut connection = sqlx::SqliteConnection::connect(home.url()).await.unwrap();
        sqlx::query(sql).fetch_all(&mut connection).await.unwrap().iter().map(|row| row.get(0)).collect()
    } else {
        let mut connection = sqlx::PgConnection::connect(home.url()).await.unwrap();
        sqlx::query(sql).fetch_all(&mut connection).await.unwrap().iter().map(|row| row.get(0)).collect()
    }
}

/// One opportunity in a transaction, so that a run takes its time; and a short lease.
const SLOW: [(&str, &str); 2] = [("PIPEWRIGHT__JOBS__BATCH", "1"), ("PIPEWRIGHT__JOBS__LEASE_MS", "1000")];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_whose_server_is_killed_goes_on_elsewhere_and_gives_the_same_bytes() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        home.succeed(&["generate", "--opportunities", "2000", "--seed", "5", "--until", "2026-11-24"]);
        let first = home.serve_with(&[], &SLOW);
        let disturbed = started(&first, "disturbed").await;
        until(&first, &disturbed, |run| run["done"].as_i64() > Some(0)).await;
        // PostgreSQL has the second server beside the first; SQLite, after it.
        let second = match engine {
            Engine::Postgres => {
                let second = home.serve_with(&[], &[]);
                let run = first.data(READ, json!({ "id": disturbed })).await;
                assert_eq!(run["attributionRun"]["state"], "RUNNING", "it ended before its server was killed: {run}");
                drop(first);
                second
            }
            Engine::Sqlite => {
                drop(first);
                home.serve_with(&[], &[])
            }
        };
        let run = until(&second, &disturbed, |run| run["state"] == "DONE").await;
        assert_eq!(run["done"], run["opportunities"]);
        let undisturbed = started(&second, "undisturbed").await;
        until(&second, &undisturbed, |run| run["state"] == "DONE").await;
        let (one, other) = (credits(&home, "disturbed").await, credits(&home, "undisturbed").await);
        assert!(!one.is_empty() && one == other, "{engine:?}: {} and {} credits", one.len(), other.len());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_run_stops_and_keeps_nothing() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        home.succeed(&["generate", "--opportunities", "1500", "--seed", "5", "--until", "2026-11-24"]);
        let server = home.serve_with(&[], &SLOW);
        let id = started(&server, "stopped").await;
        until(&server, &id, |run| run["done"].as_i64() > Some(0)).await;
        let cancel = "mutation C($id: ID!) { attributionRunCancel(input: { id: $id }) { run { state total { amount } } userErrors { code } } }";
        let answer = server.data(cancel, json!({ "id": id })).await["attributionRunCancel"].take();
        assert_eq!(answer, json!({ "run": { "state": "CANCELLED", "total": null }, "userErrors": [] }), "{engine:?}");
        let again = server.data(cancel, json!({ "id": id })).await["attributionRunCancel"].take();
        assert_eq!(again, json!({ "run": null, "userErrors": [{ "code": "ENDED" }] }), "{engine:?}");
        while !credits(&home, "stopped").await.is_empty() {}
        let other = started(&server, "other").await;
        until(&server, &other, |run| run["state"] == "RUNNING" || run["state"] == "DONE").await;
    }
}
