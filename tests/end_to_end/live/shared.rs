//! Who watches the same shares what is computed, and what comes too fast is folded.

use super::{deal, soon, version, write};
use crate::rows::app;
use crate::support::{ENGINES, Home};
use async_graphql::{Request, Response};
use futures_util::stream::BoxStream;
use futures_util::{FutureExt, StreamExt};
use pipewright::app::App;
use pipewright::graphql::{loaders, schema};
use pipewright::storage::Batch;
use pipewright_core::ids::{DataVersion, RepId, SplitId};
use pipewright_core::opportunity::{Split, Version};
use pipewright_core::viewer::Viewer;
use serde_json::{Value, json};

const OPEN: &str = "subscription { apmChanged(by: [REGION], period: \"2024-01-01/2025-01-01\", asOf: \"2026-11-24T00:00:00Z\") {
    dataVersion total { openPipeline { value { amount } } } } }";

/// The deals whose names hold a word, from now on.
fn watched(app: &App) -> String {
    let after = app.resident.snapshot().data_version().0;
    format!(
        "subscription {{ opportunityChanged(after: {after}, filter: {{ name: {{ contains: \"live\" }} }}) {{
            id dataVersion opportunity {{ name acv {{ amount }} }} }} }}"
    )
}

fn watch(app: &App, query: &str) -> BoxStream<'static, Response> {
    loaders::execute_stream(&schema(app.clone()), Request::new(query), app, &Viewer::local()).boxed()
}

async fn next(stream: &mut BoxStream<'static, Response>) -> Value {
    let response = soon(stream.next()).await.expect("the subscription goes on");
    assert!(response.errors.is_empty(), "{:?}", response.errors);
    response.data.into_json().unwrap()
}

async fn change(app: &App, versions: Vec<Version>) -> i64 {
    let version = write(&app.storage, versions).await;
    app.resident.catch_up(version).await.unwrap();
    version.0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn equal_subscriptions_share_one_computation() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let app = app(&home).await;
        let mut watchers: Vec<_> = (0..20).map(|_| watch(&app, OPEN)).collect();
        let first = next(&mut watchers[0]).await;
        for watcher in &mut watchers[1..] {
            assert_eq!(next(watcher).await, first);
        }
        assert_eq!(app.live.computed(), 1, "{engine:?}: asked by twenty");
        for round in 1..4 {
            let written = change(&app, vec![version(1, round, "A live deal", round * 100)]).await;
            for watcher in &mut watchers {
                assert_eq!(next(watcher).await["apmChanged"]["dataVersion"], written);
            }
            assert_eq!(app.live.computed(), 1 + round.unsigned_abs(), "{engine:?}: once for each change");
        }
        let mut other = watch(&app, &OPEN.replace("REGION", "SEGMENT"));
        next(&mut other).await;
        assert_eq!(app.live.computed(), 5, "{engine:?}: another question");
        drop(watchers);
        let mut again = watch(&app, OPEN);
        next(&mut again).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_changes_nothing_that_is_seen_is_not_told() {
    let home = Home::new(ENGINES[0]).await;
    let app = app(&home).await;
    change(&app, vec![version(1, 0, "A live deal", 100)]).await;
    let mut watcher = watch(&app, OPEN);
    next(&mut watcher).await;
    let called = Version { next_step: Some("call".into()), ..version(1, 1, "A live deal", 100) };
    change(&app, vec![called]).await;
    let written = change(&app, vec![version(1, 2, "A live deal", 200)]).await;
    assert_eq!(next(&mut watcher).await["apmChanged"]["dataVersion"], written, "the first change is not told by itself");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_that_come_faster_than_answers_are_computed_are_folded() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let app = app(&home).await;
        let mut watcher = watch(&app, OPEN);
        next(&mut watcher).await;
        let places = [app.capacity.enter().await.unwrap(), app.capacity.enter().await.unwrap()];
        let mut written = 0;
        for round in 1..=10 {
            written = change(&app, vec![version(1, round, "A live deal", round * 100)]).await;
        }
        assert!(watcher.next().now_or_never().is_none(), "{engine:?}: no place to compute in");
        drop(places);
        let mut told = 0;
        loop {
            told += 1;
            if next(&mut watcher).await["apmChanged"]["dataVersion"] == written {
                break;
            }
        }
        assert!(told <= 2 && app.live.computed() <= 3, "{engine:?}: {told} told, {} computed", app.live.computed());
    }
}

fn id(number: i64) -> Value {
    json!(pipewright::graphql::node::global_id("Opportunity", deal(number).0).to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_opportunity_that_changes_is_told_and_one_that_ceases_to_fit_is_told_away() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let app = app(&home).await;
        let query = watched(&app);
        let mut watchers: Vec<_> = (0..5).map(|_| watch(&app, &query)).collect();
        for watcher in &mut watchers {
            assert!(watcher.next().now_or_never().is_none(), "nothing is told at first");
        }
        let deleted = Version { is_deleted: true, ..version(2, 3, "another live one", 0) };
        let steps = [
            (vec![version(1, 1, "a live deal", 100), version(9, 1, "unseen", 1)], vec![(1, Some(("a live deal", "1.00")))]),
            (vec![version(1, 2, "a live deal", 250), version(9, 2, "unseen", 2)], vec![(1, Some(("a live deal", "2.50")))]),
            (vec![version(2, 1, "another live one", 0)], vec![(2, Some(("another live one", "0.00")))]),
            (vec![version(1, 3, "renamed", 250)], vec![(1, None)]),
            (vec![version(1, 4, "renamed again", 250), deleted], vec![(2, None)]),
            (vec![version(1, 5, "live again", 250)], vec![(1, Some(("live again", "2.50")))]),
        ];
        for (round, (versions, expected)) in steps.into_iter().enumerate() {
            let written = change(&app, versions).await;
            for watcher in &mut watchers {
                for (number, state) in &expected {
                    let state = state.map(|(name, amount)| json!({ "name": name, "acv": { "amount": amount } }));
                    let told = json!({ "id": id(*number), "dataVersion": written, "opportunity": state });
                    assert_eq!(next(watcher).await["opportunityChanged"], told, "{engine:?} {round}");
                }
            }
            assert_eq!(app.live.computed(), round as u64 + 1, "{engine:?}: read once for all");
        }
        // Whoever was away asks for what it missed, and has each once, as it stands.
        let mut late = watch(&app, &query);
        let told = next(&mut late).await["opportunityChanged"].take();
        assert_eq!((&told["id"], &told["opportunity"]["name"]), (&id(1), &json!("live again")), "{engine:?} {told}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_many_is_told_page_by_page_and_only_its_end_moves_on() {
    let home = Home::new(ENGINES[0]).await;
    let app = app(&home).await;
    let mut watcher = watch(&app, &watched(&app));
    assert!(watcher.next().now_or_never().is_none());
    let before = app.resident.snapshot().data_version().0;
    let written = change(&app, (0..250).map(|number| version(number, 0, "live", 1)).collect()).await;
    let mut ids = std::collections::BTreeSet::new();
    for number in 0..250 {
        let told = next(&mut watcher).await["opportunityChanged"].take();
        assert_eq!(told["dataVersion"], if number == 249 { written } else { before }, "{number}");
        ids.insert(told["id"].to_string());
    }
    assert_eq!(ids.len(), 250);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_belongs_to_an_opportunity_changes_it_too() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let app = app(&home).await;
        let mut watcher = watch(&app, &watched(&app));
        change(&app, vec![version(1, 0, "a live deal", 100)]).await;
        next(&mut watcher).await;
        let split = Split {
            id: SplitId::derived("live", "1"),
            opportunity: deal(1),
            rep: RepId::derived("live", "1"),
            percentage_bp: 10_000,
            is_overlay: false,
            is_deleted: false,
            recorded: DataVersion(0),
        };
        let batch = Batch { splits: vec![split], ..Batch::default() };
        let written = app.storage.write(batch, None).await.unwrap().data_version;
        app.resident.catch_up(written).await.unwrap();
        let told = next(&mut watcher).await["opportunityChanged"].take();
        assert_eq!((&told["id"], &told["dataVersion"]), (&id(1), &json!(written.0)), "{engine:?} {told}");
    }
}
