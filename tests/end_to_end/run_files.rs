//! Runs by models from files: one that breaks the contract, and one whose file changes meanwhile.

use crate::build::component;
use crate::rows::app;
use crate::runs::{at_work, credits, data, finished, input, minor};
use crate::support::{ENGINES, Engine, Home};
use pipewright::app::App;
use pipewright::plugins::wasm::Limits;
use pipewright::plugins::{Folder, Registry};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The house with the models of a folder, and `batch` opportunities in a transaction of a run.
async fn house(home: &Home, folder: &Path, batch: usize) -> App {
    let app = app(home).await;
    let mut config = (*app.config).clone();
    config.jobs.batch = batch;
    let limits = Limits { fit_ms: 500, batch_ms: 500, fuel: 200_000_000, ..Limits::default() };
    let models = Registry::with_folder(Folder::new(folder.to_owned(), limits, None).unwrap());
    App { models: Arc::new(models), config: Arc::new(config), ..app }
}

const LIVE: &str = "query L($model: ModelInput) { attribution(model: $model, groupBy: [SOURCE],
    scope: { period: \"2015-01-01/2035-01-01\" }, asOf: \"2026-11-24T00:00:00Z\") { model { version }
    rows(first: 20) { nodes { key { source } amounts { total { amount } } } } } }";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_model_that_breaks_the_contract_fails_its_run_by_name_and_nothing_of_it_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("moody.wasm"), component("tests/plugins/components", "moody")).unwrap();
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let app = house(&home, folder.path(), 1).await;
        let work = at_work(&app);
        let run = |way: &str| input(way, json!({ "id": "moody", "parameters": { "way": way } }));
        for (way, expected) in [
            ("loop", "used up 200000000 units of fuel"),
            ("bomb", "it gave up"),
            ("recurse", "it recursed too deeply"),
            ("trap", "it gave up"),
            ("nan", "no finite number"),
            ("negative", "is negative"),
            ("short", "one for each touchpoint"),
            ("long", "one for each touchpoint"),
            ("part", "add up to 0.8"),
        ] {
            let failed = finished(&app, run(way)).await;
            assert_eq!(
                (&failed["state"], &failed["error"]["model"]),
                (&json!("FAILED"), &json!("moody")),
                "{engine:?}: {failed}"
            );
            let message = failed["error"]["message"].as_str().unwrap();
            assert!(
                message.contains("moody") && message.contains("on opportunity") && message.contains(expected),
                "{engine:?} {way}: {message}"
            );
            assert!(failed["failedOn"]["id"].is_string(), "{engine:?} {way}: an opportunity is named: {failed}");
            assert_eq!(failed["total"], Value::Null);
            assert!(failed["done"].as_i64() > Some(0), "{engine:?} {way}: some was written before: {failed}");
            while !credits(&home, way).await.is_empty() {}
            let query = "query C($id: ID!) { attributionRun(id: $id) { totals(by: SOURCE) { source } credits { totalCount } } }";
            let kept = data(&app, query, json!({ "id": failed["id"] })).await["attributionRun"].take();
            assert_eq!(kept, json!({ "totals": [], "credits": { "totalCount": 0 } }), "{engine:?} {way}");
            // A success in between: the model stays on.
            data(&app, LIVE, json!({ "model": { "id": "moody" } })).await;
        }
        let good = finished(&app, run("behave")).await;
        assert_eq!((&good["state"], &good["done"]), (&json!("DONE"), &good["opportunities"]), "{engine:?}: {good}");
        for number in 0..4 {
            let mut again = run("trap");
            again["name"] = json!(format!("trap {number}"));
            again["idempotencyKey"] = again["name"].clone();
            let failed = finished(&app, again).await;
            let is_off = failed["error"]["message"].as_str().unwrap().contains("off until its file is loaded again");
            assert_eq!(is_off, number == 3, "{engine:?}: off after three in a row: {failed}");
        }
        work.abort();
    }
}

fn doors(version: u32, position: &str) -> String {
    format!(
        "id = 'doors'\nname = 'Doors'\ndescription = 'Who opens doors.'\nversion = '{version}.0.0'\n[weights]\n{position} = 1\n"
    )
}

/// Amounts by source, without those of nothing.
fn amounts<'a>(rows: &'a Value, parts: impl Fn(&'a Value) -> (&'a Value, &'a Value)) -> Vec<(String, i64)> {
    let row = |row| (parts(row).0.to_string(), minor(parts(row).1));
    let mut rows: Vec<_> = rows.as_array().unwrap().iter().map(row).filter(|(_, amount)| *amount != 0).collect();
    rows.sort();
    rows
}

/// What the model gives now, and its version.
async fn live(app: &App) -> (String, Vec<(String, i64)>) {
    let answer = data(app, LIVE, json!({ "model": { "id": "doors" } })).await["attribution"].take();
    let rows = amounts(&answer["rows"]["nodes"], |row| (&row["key"][0]["source"], &row["amounts"]["total"]));
    (answer["model"]["version"].to_string(), rows)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn while_a_file_is_swapped_in_a_loop_each_run_and_each_answer_is_wholly_of_one_version() {
    for engine in ENGINES {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("doors.toml");
        let put = {
            let (file, spare) = (file.clone(), folder.path().join("doors.part"));
            move |text: &str| {
                std::fs::write(&spare, text).unwrap();
                std::fs::rename(&spare, &file).unwrap();
            }
        };
        put(&doors(1, "first"));
        let home = Home::new(engine).await;
        let app = house(&home, folder.path(), 25).await;
        let mut right = vec![live(&app).await];
        put(&doors(2, "opportunity_creation"));
        app.models.rescan();
        right.push(live(&app).await);
        assert!(right[0].0 != right[1].0 && right[0].1 != right[1].1, "the versions are told apart by what they give");
        let is_over = Arc::new(AtomicBool::new(false));
        let swapping = {
            let (models, is_over) = (app.models.clone(), is_over.clone());
            std::thread::spawn(move || {
                let texts = [doors(1, "first"), "id = ".to_owned(), doors(2, "opportunity_creation")];
                let mut swaps = 0;
                while !is_over.load(Ordering::Relaxed) {
                    put(&texts[swaps % 3]);
                    models.rescan();
                    swaps += 1;
                }
                swaps
            })
        };
        let work = at_work(&app);
        let runs = if engine == Engine::Sqlite { 12 } else { 8 };
        for number in 0..runs {
            assert!(right.contains(&live(&app).await), "{engine:?}");
            let run = finished(&app, input(&format!("run {number}"), json!({ "id": "doors" }))).await;
            assert_eq!(run["state"], "DONE", "{engine:?}: {run}");
            let query = "query T($id: ID!) { attributionRun(id: $id) { totals(by: SOURCE) { source total { amount } } } }";
            let totals = data(&app, query, json!({ "id": run["id"] })).await["attributionRun"]["totals"].take();
            let found = (run["modelVersion"].to_string(), amounts(&totals, |row| (&row["source"], &row["total"])));
            assert!(right.contains(&found), "{engine:?}: {found:?}");
        }
        is_over.store(true, Ordering::Relaxed);
        assert!(swapping.join().unwrap() > 3 * runs, "{engine:?}: it was swapped all the while");
        work.abort();
    }
}
