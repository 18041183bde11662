//! Server-sent events.

use super::{OPEN, soon, storage, version, write};
use crate::support::{ENGINES, Engine, Home, Server};
use reqwest::Response;
use serde_json::{Value, json};

/// A stream of events being read.
struct Events {
    response: Response,
    text: String,
}

impl Events {
    async fn of(server: &Server, query: &str) -> Self {
        let request = reqwest::Client::new().post(format!("{}/graphql", server.address())).header("accept", "text/event-stream");
        let response = soon(request.json(&json!({ "query": query })).send()).await.unwrap();
        assert_eq!(response.status(), 200);
        assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/event-stream"));
        Self { response, text: String::new() }
    }

    /// The next event or comment, as it stands; `None` at the end.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.text.find("\n\n") {
                return Some(self.text.drain(..end + 2).collect());
            }
            let chunk = soon(self.response.chunk()).await.unwrap()?;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    async fn next(&mut self) -> Value {
        let block = self.block().await.expect("the stream goes on");
        serde_json::from_str(block.strip_prefix("event: next\ndata: ").unwrap_or_else(|| panic!("{block}"))).unwrap()
    }
}

const COMPLETE: &str = "event: complete\ndata: \n\n";

#[tokio::test]
async fn a_subscription_is_told_by_events_and_everything_else_in_one() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let server = home.serve();
        let storage = storage(&home).await;
        let mut events = Events::of(&server, OPEN).await;
        assert_eq!(events.next().await["data"]["apmChanged"]["total"]["openPipeline"]["value"]["amount"], "0.00");
        write(&storage, vec![version(1, 0, "A deal", 12_345)]).await;
        assert_eq!(events.next().await["data"]["apmChanged"]["total"]["openPipeline"]["value"]["amount"], "123.45");
        drop(events);

        let mut events = Events::of(&server, "{ viewer { name } }").await;
        assert_eq!(events.next().await["data"], json!({ "viewer": { "name": "local" } }));
        assert_eq!(events.block().await.as_deref(), Some(COMPLETE));
        assert_eq!(events.block().await, None);
        for query in ["{ nope }", "subscription { apmChanged(by: []) { elapsed } }", "subscription { ", "{ viewer { nope } }"] {
            let mut events = Events::of(&server, query).await;
            assert_eq!(events.next().await["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{query}");
            assert_eq!(events.block().await.as_deref(), Some(COMPLETE), "{query}");
        }
    }
}

#[tokio::test]
async fn whoever_takes_events_beside_json_has_them_for_subscriptions_only() {
    let home = Home::new(Engine::Sqlite).await;
    let server = home.serve();
    let client = reqwest::Client::new();
    let ask = async |accept: &str, query: &str| {
        let request = client.post(format!("{}/graphql", server.address())).header("accept", accept);
        let response = soon(request.json(&json!({ "query": query })).send()).await.unwrap();
        (response.status().as_u16(), response.headers()["content-type"].to_str().unwrap().to_owned(), response)
    };
    let both = "application/json, text/event-stream";
    let (_, media, _) = ask(both, "{ viewer { name } }").await;
    assert!(media.starts_with("application/json"), "{media}");
    let (_, media, _) = ask(both, OPEN).await;
    assert!(media.starts_with("text/event-stream"), "{media}");
    let (status, _, response) = ask("application/graphql-response+json", OPEN).await;
    let answer: Value = response.json().await.unwrap();
    let error = answer["errors"][0].clone();
    assert_eq!((status, &error["extensions"]["code"]), (400, &json!("BAD_USER_INPUT")), "{answer}");
    assert!(error["message"].as_str().unwrap().contains("text/event-stream"), "it says the way out: {error}");

    let coded: String = OPEN.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let request = client.get(format!("{}/graphql?query={coded}", server.address())).header("accept", "text/event-stream");
    let response = soon(request.send()).await.unwrap();
    assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/event-stream"), "also by GET");
}

#[tokio::test]
async fn a_stream_says_that_it_is_alive_ends_with_a_stop_and_is_one_of_so_many() {
    let home = Home::new(Engine::Sqlite).await;
    let limits = [("PIPEWRIGHT__SERVER__LIMITS__SOCKET_PING_S", "1"), ("PIPEWRIGHT__SERVER__LIMITS__SOCKETS_PER_VIEWER", "1")];
    let mut server = home.serve_with(&[], &limits);
    let mut events = Events::of(&server, OPEN).await;
    events.next().await;
    assert_eq!(events.block().await.as_deref(), Some(":\n\n"));
    let request = reqwest::Client::new().post(format!("{}/graphql", server.address())).header("accept", "text/event-stream");
    let refused = soon(request.json(&json!({ "query": OPEN })).send()).await.unwrap();
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.json::<Value>().await.unwrap()["errors"][0]["extensions"]["code"], "RATE_LIMITED");
    server.terminate();
    while events.block().await.is_some() {}
    assert_eq!(server.exit_code(), Some(0));
}

#[tokio::test]
async fn the_readmes_subscription_is_answered() {
    let readme = include_str!("../../../README.md");
    let (_, body) = readme.split_once("-d '").expect("the example sends a body");
    let body: Value = serde_json::from_str(body.split_once('\'').expect("it ends").0).unwrap();
    let home = Home::new(Engine::Sqlite).await;
    let server = home.serve();
    let mut events = Events::of(&server, body["query"].as_str().unwrap()).await;
    assert!(events.next().await["data"]["apmChanged"]["dataVersion"].is_number());
}
