//! `graphql-transport-ws`: what each breach of it, and each limit, ends with.

use super::{Client, OPEN, PROTOCOL, storage, version, write};
use crate::support::{Engine, Home};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

fn init() -> Message {
    Message::text(r#"{"type":"connection_init"}"#)
}

fn subscribe(id: &str, query: &str) -> Message {
    Message::text(json!({ "type": "subscribe", "id": id, "payload": { "query": query } }).to_string())
}

fn part(text: &str, code: Data, is_last: bool) -> Message {
    Message::Frame(Frame::message(text.to_owned().into_bytes(), OpCode::Data(code), is_last))
}

#[tokio::test]
async fn a_client_that_breaks_the_protocol_is_closed_with_the_code_that_says_how() {
    let home = Home::new(Engine::Sqlite).await;
    let server = home.serve_with(&[], &[("PIPEWRIGHT__SERVER__LIMITS__SOCKET_INIT_S", "1")]);
    let large = |bytes: usize| {
        let (start, end) = (r#"{"type":"ping","payload":{"a":""#, r#""}}"#);
        format!("{start}{}{end}", "x".repeat(bytes - start.len() - end.len()))
    };
    let halves =
        vec![init(), part(&"x".repeat(200 << 10), Data::Text, false), part(&"x".repeat(100 << 10), Data::Continue, true)];
    let viewer = "{ viewer { name } }";
    let cases: Vec<(&str, &str, Vec<Message>, u16)> = vec![
        ("nothing is said", PROTOCOL, vec![], 4408),
        ("only pings", PROTOCOL, vec![Message::text(r#"{"type":"ping"}"#)], 4408),
        ("an operation first", PROTOCOL, vec![subscribe("1", viewer)], 4401),
        ("a second init", PROTOCOL, vec![init(), init()], 4429),
        ("an id twice", PROTOCOL, vec![init(), subscribe("1", OPEN), subscribe("1", viewer)], 4409),
        ("no JSON", PROTOCOL, vec![init(), Message::text("{")], 4400),
        ("no JSON, before the init", PROTOCOL, vec![Message::text("hello")], 4400),
        ("an unknown type", PROTOCOL, vec![init(), Message::text(r#"{"type":"start","id":"1"}"#)], 4400),
        ("a message of ours", PROTOCOL, vec![init(), Message::text(r#"{"type":"connection_ack"}"#)], 4400),
        ("no query", PROTOCOL, vec![init(), Message::text(r#"{"type":"subscribe","id":"1","payload":{}}"#)], 4400),
        ("bytes", PROTOCOL, vec![init(), Message::binary(br#"{"type":"ping"}"#.to_vec())], 4400),
        (
            "text that is none",
            PROTOCOL,
            vec![init(), Message::Frame(Frame::message(vec![0xff], OpCode::Data(Data::Text), true))],
            1007,
        ),
        ("a message too large", PROTOCOL, vec![init(), Message::text(large((256 << 10) + 1))], 1009),
        ("a message too large in parts", PROTOCOL, halves, 1009),
        ("another protocol", "graphql-ws", vec![init()], 4406),
        ("no protocol", "", vec![init()], 4406),
    ];
    for (name, protocol, said, code) in cases {
        let mut client = Client::dial(&server, protocol).await;
        for message in said {
            client.send(message).await;
        }
        assert_eq!(client.closed().await, code, "{name}");
    }
    let mut client = Client::dial(&server, "graphql-ws, graphql-transport-ws").await;
    client.send(init()).await;
    client.send(Message::text(large(256 << 10))).await;
    assert_eq!(client.hear().await["type"], "connection_ack", "ours is among those offered");
    assert_eq!(client.hear().await["type"], "pong", "at the limit it is served");
}

#[tokio::test]
async fn what_is_wrong_with_one_operation_leaves_the_socket_and_its_others() {
    let home = Home::new(Engine::Sqlite).await;
    let server = home.serve_with(&[], &[("PIPEWRIGHT__SERVER__LIMITS__SOCKET_OPERATIONS", "3")]);
    let mut client = Client::known(&server).await;
    client.subscribe("watch", OPEN).await;
    client.data("watch").await;
    let deep = format!("{}{}", "{ a ".repeat(16), "}".repeat(16));
    let costly = "subscription { apmChanged(by: [REGION]) { cells(atMost: 10000) { openPipeline { value { amount } } } } }";
    for (query, code) in [
        ("{ viewer { ", "BAD_USER_INPUT"),
        ("{ viewer { nope } }", "BAD_USER_INPUT"),
        ("subscription { nope }", "BAD_USER_INPUT"),
        ("subscription { apmChanged(by: []) { elapsed } }", "BAD_USER_INPUT"),
        ("subscription { apmChanged(by: [REGION], period: \"Q9\") { elapsed } }", "BAD_USER_INPUT"),
        ("subscription { apmChanged(by: [REGION]) { elapsed } importProgress(job: \"x\") { id } }", "BAD_USER_INPUT"),
        ("subscription { opportunityChanged(after: 1000) { id } }", "BAD_USER_INPUT"),
        ("subscription { importProgress(job: \"x\") { id } }", "BAD_USER_INPUT"),
        (&deep, "QUERY_TOO_DEEP"),
        (costly, "QUERY_TOO_COMPLEX"),
    ] {
        client.subscribe("wrong", query).await;
        let message = client.hear().await;
        assert_eq!((&message["type"], &message["id"]), (&json!("error"), &json!("wrong")), "{query}: {message}");
        assert_eq!(message["payload"][0]["extensions"]["code"], code, "{query}: {message}");
    }
    client.subscribe("ask", "query A { viewer { name } }").await;
    assert_eq!(client.data("ask").await, json!({ "viewer": { "name": "local" } }));
    assert_eq!(client.hear().await, json!({ "type": "complete", "id": "ask" }));
    client.subscribe("ask", "mutation { attributionRunCancel(input: { id: \"x\" }) { userErrors { code } } }").await;
    let done = client.hear().await;
    assert_ne!(done["type"], "error", "an act is carried out: {done}");
    assert_eq!(client.hear().await, json!({ "type": "complete", "id": "ask" }));
    client.say(json!({ "type": "ping", "payload": { "a": 1 } })).await;
    assert_eq!(client.hear().await, json!({ "type": "pong", "payload": { "a": 1 } }));

    for id in ["second", "third"] {
        client.subscribe(id, OPEN).await;
        client.data(id).await;
    }
    client.subscribe("fourth", OPEN).await;
    let refused = client.hear().await;
    assert_eq!((&refused["type"], &refused["id"]), (&json!("error"), &json!("fourth")), "{refused}");
    assert_eq!(refused["payload"][0]["extensions"]["code"], "RATE_LIMITED");
    client.say(json!({ "type": "complete", "id": "second" })).await;
    client.subscribe("fourth", OPEN).await;
    client.data("fourth").await;
    let storage = storage(&home).await;
    write(&storage, vec![version(1, 0, "A deal", 100)]).await;
    let mut told: Vec<Value> = Vec::new();
    for _ in 0..3 {
        told.push(client.hear().await["id"].take());
    }
    told.sort_by_key(Value::to_string);
    assert_eq!(told, [json!("fourth"), json!("third"), json!("watch")], "the second was completed");
}

#[tokio::test]
async fn a_reader_that_stops_is_let_go_and_reads_why() {
    let home = Home::new(Engine::Sqlite).await;
    let limits = [("PIPEWRIGHT__SERVER__LIMITS__STALLED_S", "1"), ("PIPEWRIGHT__SERVER__LIMITS__SOCKETS_PER_VIEWER", "1")];
    let server = home.serve_with(&[], &limits);
    let mut client = Client::try_dial(&server, PROTOCOL, Some(4 << 10)).await.unwrap();
    client.send(init()).await;
    let all = "{ __schema { types { name description fields { name description args { name description } } } } }";
    for number in 0..50 {
        client.subscribe(&number.to_string(), all).await;
    }
    // It is let go when its viewer may have another socket.
    loop {
        let mut other = Client::dial(&server, PROTOCOL).await;
        other.send(init()).await;
        match other.frame().await {
            Message::Close(Some(frame)) => assert_eq!(u16::from(frame.code), 1013, "one socket too many"),
            _ => break,
        }
    }
    assert_eq!(client.closed().await, 1013);
}

#[tokio::test]
async fn more_sockets_than_there_may_be_are_refused_and_a_silent_one_is_closed() {
    let home = Home::new(Engine::Sqlite).await;
    let limits = [("PIPEWRIGHT__SERVER__LIMITS__SOCKETS", "1"), ("PIPEWRIGHT__SERVER__LIMITS__SOCKET_SILENT_S", "1")];
    let server = home.serve_with(&[], &limits);
    let mut client = Client::known(&server).await;
    assert_eq!(Client::try_dial(&server, PROTOCOL, None).await.err(), Some(503));
    assert_eq!(client.closed().await, 1001);
    let again = loop {
        if let Ok(client) = Client::try_dial(&server, PROTOCOL, None).await {
            break client;
        }
    };
    drop(again);
}

#[tokio::test]
async fn a_socket_is_asked_whether_it_is_there() {
    let home = Home::new(Engine::Sqlite).await;
    let server = home.serve_with(&[], &[("PIPEWRIGHT__SERVER__LIMITS__SOCKET_PING_S", "1")]);
    let mut client = Client::known(&server).await;
    assert!(matches!(client.frame().await, Message::Ping(_)));
}

#[tokio::test]
async fn a_stop_closes_sockets_at_once() {
    let home = Home::new(Engine::Sqlite).await;
    let mut server = home.serve();
    let mut client = Client::known(&server).await;
    client.subscribe("1", OPEN).await;
    client.data("1").await;
    server.terminate();
    assert_eq!(client.closed().await, 1001);
    assert_eq!(server.exit_code(), Some(0));
}
