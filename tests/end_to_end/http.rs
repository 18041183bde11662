//! The server over real sockets: statuses and media types, and what is refused at what cost.

use crate::support::{Engine, Home, Server};
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const GRAPHQL: &str = "application/graphql-response+json";
const JSON: &str = "application/json";
/// A body that is answered.
pub const GOOD: &str = r#"{"query":"{ viewer { name } }"}"#;
/// Nothing that is waited for takes longer.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A request and what it must be answered with.
struct Case {
    name: &'static str,
    method: &'static str,
    path: String,
    headers: Vec<(&'static str, &'static str)>,
    body: Vec<u8>,
    status: u16,
    media: &'static str,
    code: Option<&'static str>,
}

impl Case {
    fn post(name: &'static str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("content-type", JSON), ("accept", GRAPHQL)];
        let path = "/graphql".to_owned();
        Self { name, method: "POST", path, headers, body: body.into(), status: 200, media: GRAPHQL, code: None }
    }

    fn query(name: &'static str, query: &str) -> Self {
        Self::post(name, json!({ "query": query }).to_string())
    }

    fn get(name: &'static str, path: impl Into<String>) -> Self {
        Self { method: "GET", path: path.into(), headers: vec![("accept", GRAPHQL)], ..Self::post(name, "") }
    }

    /// With this header in place of the one of its name.
    fn with(mut self, header: &'static str, value: &'static str) -> Self {
        self.headers.retain(|(name, _)| *name != header);
        if !value.is_empty() {
            self.headers.push((header, value));
        }
        self
    }

    fn by(self, method: &'static str) -> Self {
        Self { method, ..self }
    }

    /// A refusal within the media type asked for.
    fn refused(self, code: &'static str) -> Self {
        Self { status: 400, code: Some(code), ..self }
    }

    /// A refusal before the media type matters.
    fn stopped(self, status: u16) -> Self {
        Self { status, media: JSON, code: Some("BAD_USER_INPUT"), ..self }
    }

    fn answered(self, media: &'static str) -> Self {
        Self { media, ..self }
    }

    async fn check(&self, client: &Client, address: &str) {
        let method = Method::from_bytes(self.method.as_bytes()).unwrap();
        let mut request = client.request(method, format!("{address}{}", self.path)).body(self.body.clone());
        for (name, value) in &self.headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let media = header(&response, "content-type");
        assert!(!header(&response, "x-request-id").is_empty(), "{}: a request id", self.name);
        assert_eq!(header(&response, "x-content-type-options"), "nosniff", "{}", self.name);
        let text = response.text().await.unwrap();
        assert_eq!(status, self.status, "{}: {text}", self.name);
        if self.method == "HEAD" || self.method == "OPTIONS" {
            return;
        }
        assert!(media.starts_with(self.media), "{}: {media}", self.name);
        let body: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{}: {text}", self.name));
        match self.code {
            None => assert!(body.get("errors").is_none() && body["data"].is_object(), "{}: {body}", self.name),
            Some(code) => {
                assert_eq!(body["errors"][0]["extensions"]["code"], code, "{}: {body}", self.name);
                let id = [&body["extensions"]["requestId"], &body["errors"][0]["extensions"]["requestId"]];
                assert!(id.iter().any(|id| id.is_string()), "{}: {body}", self.name);
                assert!(body.get("data").is_none_or(Value::is_null), "{}: nothing was executed: {body}", self.name);
            }
        }
    }
}

fn header(response: &Response, name: &str) -> String {
    response.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
}

fn url(query: &str) -> String {
    let coded: String = query.bytes().map(|byte| format!("%{byte:02X}")).collect();
    format!("/graphql?query={coded}")
}

async fn check(server: &Server, cases: Vec<Case>) {
    let client = Client::new();
    for case in cases {
        case.check(&client, server.address()).await;
        Case::post("the next request", GOOD).check(&client, server.address()).await;
    }
}

#[tokio::test]
async fn every_request_gets_the_status_and_the_media_type_of_the_draft() {
    let home = Home::new(Engine::Sqlite).await;
    let server = home.serve();
    let two = "query A { viewer { name } } query B { viewer { id: name } }";
    check(
        &server,
        vec![
            Case::post("asked by the media type of GraphQL", GOOD),
            Case::post("asked by JSON", GOOD).with("accept", JSON).answered(JSON),
            Case::post("no Accept", GOOD).with("accept", "").answered(JSON),
            Case::post("anything goes", GOOD).with("accept", "*/*").answered(JSON),
            Case::post("the better of two", GOOD).with("accept", "application/json;q=0.5, application/graphql-response+json"),
            Case::post("the worse is refused", GOOD)
                .with("accept", "application/json, application/graphql-response+json;q=0")
                .answered(JSON),
            Case::post("neither", GOOD).with("accept", "text/html").stopped(406),
            Case::post("a charset", GOOD).with("content-type", "application/json; charset=UTF-8"),
            Case::post("text", GOOD).with("content-type", "text/plain").stopped(415),
            Case::post("a form", GOOD).with("content-type", "application/x-www-form-urlencoded").stopped(415),
            Case::post("multipart", GOOD).with("content-type", "multipart/form-data; boundary=x").stopped(415),
            Case::post("no type", GOOD).with("content-type", "").stopped(415),
            Case::post("another charset", GOOD).with("content-type", "application/json; charset=latin1").stopped(415),
            Case::post("compressed", GOOD).with("content-encoding", "gzip").stopped(415),
            Case::get("a query by GET", url("{ viewer { name } }")),
            Case::get("an operation by GET", format!("{}&operationName=B", url(two))),
            Case::get("no operation named", url(two)).refused("BAD_USER_INPUT"),
            Case::get("an unknown operation", format!("{}&operationName=C", url(two))).refused("BAD_USER_INPUT"),
            Case::get("GET without a query", "/graphql").stopped(400),
            Case::get("variables that are no JSON", format!("{}&variables=x", url("{ viewer { name } }"))).stopped(400),
            Case::get("a parameter twice", format!("{}&query=x", url("{ viewer { name } }"))).stopped(400),
            Case::get("a mutation by GET", url("mutation { x }")).stopped(405),
            Case::get("a subscription by GET", url("subscription { x }")).stopped(405),
            Case::get("a long URL", url(&"#".repeat(3_000))).stopped(414),
            Case::post("PUT", GOOD).by("PUT").stopped(405),
            Case::post("DELETE", GOOD).by("DELETE").stopped(405),
            Case::post("PATCH", GOOD).by("PATCH").stopped(405),
            Case::get("HEAD", url("{ viewer { name } }")).by("HEAD").stopped(405),
            Case { status: 204, ..Case::get("OPTIONS", "/graphql").by("OPTIONS") },
            Case::get("nothing there", "/nothing").stopped(404),
            Case::post("a page by POST", "").stopped(404),
            Case::get("health by POST", "/livez").by("POST").stopped(405),
            Case::get("readiness by PUT", "/readyz").by("PUT").stopped(405),
        ]
        .into_iter()
        .map(|case| if case.name == "a page by POST" { Case { path: "/".into(), ..case.stopped(405) } } else { case })
        .collect(),
    )
    .await;
}

#[tokio::test]
async fn what_is_no_request_is_refused_in_both_media_types() {
    let home = Home::new(Engine::Sqlite).await;
    let server = home.serve();
    let deep = format!(r#"{{"query":"{{ viewer {{ name }} }}","variables":{{"v":{}1{}}}}}"#, "[".repeat(200), "]".repeat(200));
    let bodies: Vec<(&str, Vec<u8>)> = vec![
        ("cut short", br#"{"query":"{ viewer"#.to_vec()),
        ("empty", Vec::new()),
        ("not UTF-8", b"{\"query\":\"\xff\"}".to_vec()),
        ("a lone surrogate", br#"{"query":"\ud800"}"#.to_vec()),
        ("variables 200 deep", deep.into_bytes()),
        ("a number beyond all", br#"{"query":"{ viewer { name } }","variables":{"v":1e400}}"#.to_vec()),
        ("a batch", format!("[{GOOD},{GOOD}]").into_bytes()),
        ("an empty batch", b"[]".to_vec()),
        ("no query", b"{}".to_vec()),
        ("a query that is no text", br#"{"query":1}"#.to_vec()),
        ("variables that are no object", br#"{"query":"{ viewer { name } }","variables":"x"}"#.to_vec()),
        ("extensions that are no object", br#"{"query":"{ viewer { name } }","extensions":[]}"#.to_vec()),
        ("an operation that is no text", br#"{"query":"{ viewer { name } }","operationName":1}"#.to_vec()),
    ];
    let mut cases = Vec::new();
    for (name, body) in bodies {
        cases.push(Case::post(name, body.clone()).stopped(400));
        cases.push(Case::post(name, body).with("accept", JSON).stopped(400));
    }
    check(&server, cases).await;
}

#[tokio::test]
async fn a_document_that_is_not_valid_is_400_by_the_media_type_of_graphql_and_200_by_json() {
    let home = Home::new(Engine::Sqlite).await;
    let server = home.serve();
    let nested = |levels: usize| format!("{}{}", "{ a ".repeat(levels), "}".repeat(levels));
    let fields = |count: usize, text: &str| format!("{{ viewer {{ {} }} }}", text.repeat(count));
    let aliases: String = (0..51).map(|index| format!("a{index}: name ")).collect();
    let variables: String = (0..101).map(|index| format!("$v{index}: Int ")).collect();
    let pages =
        "{ accounts(first: 500) { nodes { opportunities(first: 100) { nodes { touchpoints(first: 100) { nodes { id } } } } } } }";
    let (input, deep, complex) = ("BAD_USER_INPUT", "QUERY_TOO_DEEP", "QUERY_TOO_COMPLEX");
    let documents = vec![
        ("a syntax error", "{ viewer { ".to_owned(), input),
        ("an empty document", String::new(), input),
        ("NUL", "{ viewer { name\0 } }".to_owned(), input),
        ("an unknown field", "{ viewer { nope } }".to_owned(), input),
        ("an unknown argument", "{ viewer(a: 1) { name } }".to_owned(), input),
        ("a cycle", "{ ...A } fragment A on Query { ...A }".to_owned(), input),
        ("an Int beyond 32 bits", "{ accounts(first: 3000000000) { totalCount } }".to_owned(), input),
        ("depth 16", nested(16), deep),
        ("10,000 deep", nested(10_000), deep),
        ("10,000 lists", format!("{{ viewer(a: {}{}) {{ name }} }}", "[".repeat(10_000), "]".repeat(10_000)), deep),
        ("51 aliases", format!("{{ viewer {{ {aliases} }} }}"), complex),
        ("6 directives", fields(1, &format!("name {}", "@skip(if: false) ".repeat(6))), complex),
        ("101 variables", format!("query Q({variables}) {{ viewer {{ name }} }}"), complex),
        ("a field 9,000 times", fields(9_000, "name "), complex),
        ("a field 100,000 times", fields(100_000, "name "), complex),
        ("pages of pages of pages", pages.to_owned(), complex),
    ];
    let mut cases = Vec::new();
    for (name, document, code) in &documents {
        cases.push(Case::query(name, document).refused(code));
        let by_json = Case::query(name, document).with("accept", JSON).answered(JSON).refused(code);
        cases.push(Case { status: 200, ..by_json });
    }
    check(&server, cases).await;
}

#[tokio::test]
async fn only_our_own_names_are_answered_to() {
    let home = Home::new(Engine::Sqlite).await;
    let server = home.serve();
    let port = server.place().rsplit_once(':').unwrap().1.to_owned();
    for (host, origin, status) in [
        (format!("localhost:{port}"), None, 200),
        (format!("127.0.0.1:{port}"), Some(format!("http://localhost:{port}")), 200),
        ("evil.example".to_owned(), None, 403),
        (format!("localhost:{port}"), Some("https://evil.example".to_owned()), 403),
        (format!("localhost:{port}"), Some("null".to_owned()), 403),
        ("localhost.evil.example".to_owned(), None, 403),
    ] {
        let origin = origin.map_or(String::new(), |origin| format!("origin: {origin}\r\n"));
        let reply = raw(&server, &format!("GET /readyz HTTP/1.1\r\nhost: {host}\r\n{origin}connection: close\r\n\r\n"));
        assert!(reply.starts_with(&format!("HTTP/1.1 {status} ")), "{host} {origin}: {reply}");
        let upgrade = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
            sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: graphql-ws\r\n";
        let mut socket = connect(&server);
        socket.write_all(format!("GET /graphql HTTP/1.1\r\nhost: {host}\r\n{origin}{upgrade}\r\n").as_bytes()).unwrap();
        let mut start = [0; 13];
        socket.read_exact(&mut start).unwrap();
        let status = if status == 200 { 101 } else { status };
        assert_eq!(String::from_utf8_lossy(&start), format!("HTTP/1.1 {status} "), "a socket: {host} {origin}");
    }
}

/// Sends this and reads until the server closes.
fn raw(server: &Server, request: &str) -> String {
    let mut socket = connect(server);
    socket.write_all(request.as_bytes()).unwrap();
    let mut reply = String::new();
    socket.read_to_string(&mut reply).unwrap();
    reply
}

/// A connection of its own.
pub fn connect(server: &Server) -> TcpStream {
    let socket = TcpStream::connect(server.place()).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

#[tokio::test]
async fn a_body_that_is_too_large_or_too_slow_is_cut() {
    let home = Home::new(Engine::Sqlite).await;
    let server = home.serve_with(&[], &[("PIPEWRIGHT__SERVER__LIMITS__BODY_S", "1")]);
    let head = "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nconnection: close\r\n";
    let declared = raw(&server, &format!("{head}content-length: 1048577\r\n\r\n"));
    assert!(declared.starts_with("HTTP/1.1 413 "), "{declared}");
    let chunk = format!("{:x}\r\n{}\r\n", 1 << 16, " ".repeat(1 << 16));
    let mut socket = connect(&server);
    socket.write_all(format!("{head}transfer-encoding: chunked\r\n\r\n").as_bytes()).unwrap();
    // The server may stop reading, and reset, before all is written.
    let _ = (0..17).try_for_each(|_| socket.write_all(chunk.as_bytes()));
    let mut start = [0; 13];
    socket.read_exact(&mut start).unwrap();
    assert_eq!(String::from_utf8_lossy(&start), "HTTP/1.1 413 ");
    let slow = raw(&server, &format!("{head}content-length: 100\r\n\r\n{{"));
    assert!(slow.starts_with("HTTP/1.1 408 ") && slow.contains("BAD_USER_INPUT"), "{slow}");
    Case::post("the next request", GOOD).check(&Client::new(), server.address()).await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn no_document_costs_more_than_100_ms_before_it_is_refused() {
    let home = Home::new(Engine::Sqlite).await;
    let server = home.serve();
    let client = Client::new();
    let bomb = |levels: usize| {
        let fragments: String =
            (0..levels).map(|level| format!(" fragment F{level} on Query {{ ...F{0} ...F{0} }}", level + 1)).collect();
        format!("{{ ...F0 }}{fragments} fragment F{levels} on Query {{ viewer {{ name }} }}")
    };
    let flood: String = (0..20_000).map(|index| format!("a{index}: name ")).collect();
    let unused: String = (0..20_000).map(|index| format!("fragment F{index} on Query {{ viewer {{ name }} }} ")).collect();
    let secret = format!("{{ viewer {{ {} secret ) }} }}", "name ".repeat(4_000));
    for (name, document) in [
        ("2^22 by fragments", bomb(22)),
        ("2^98 by fragments", bomb(98)),
        ("2^200 by fragments", bomb(200)),
        ("20,000 aliases", format!("{{ viewer {{ {flood} }} }}")),
        ("20,000 unused fragments", format!("{{ viewer {{ name }} }} {unused}")),
        ("directives without end", format!("{{ viewer {{ name {} }} }}", "@skip(if: false) ".repeat(5_000))),
        ("a syntax error after 20 kB", secret),
        ("unclosed braces", "{ a ".repeat(50_000)),
        ("unclosed lists", format!("{{ viewer(a: {}", "[".repeat(100_000))),
    ] {
        let before = cpu_ticks(&server);
        let body = json!({ "query": document }).to_string();
        let request = client.post(format!("{}/graphql", server.address())).header("content-type", JSON).header("accept", GRAPHQL);
        let response = request.body(body).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{name}");
        let text = response.text().await.unwrap();
        assert!(!text.contains("secret") && text.len() < 10_000, "{name}: {text}");
        let ticks = cpu_ticks(&server) - before;
        assert!(ticks <= 10, "{name}: {ticks} hundredths of a second");
    }
}

/// What the server has had of the processor, in hundredths of a second.
#[cfg(target_os = "linux")]
fn cpu_ticks(server: &Server) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", server.process())).unwrap();
    let after_name = stat.rsplit_once(')').unwrap().1;
    after_name.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum()
}

#[tokio::test]
async fn an_answer_is_compressed_where_it_is_asked_for() {
    let home = Home::new(Engine::Sqlite).await;
    let server = home.serve();
    let sdl = json!({ "query": "{ __schema { types { name description } } }" });
    let ask = |encoding: &'static str| {
        let request = Client::new().post(format!("{}/graphql", server.address())).json(&sdl);
        request.header("accept-encoding", encoding).send()
    };
    let (plain, packed) = (ask("identity").await.unwrap(), ask("gzip, br").await.unwrap());
    assert_eq!((header(&plain, "content-encoding").as_str(), header(&packed, "content-encoding").as_str()), ("", "gzip"));
    assert!(header(&packed, "vary").contains("accept-encoding"));
    let (plain, packed) = (plain.bytes().await.unwrap(), packed.bytes().await.unwrap());
    assert!(packed.len() * 2 < plain.len(), "{} of {}", packed.len(), plain.len());
}

#[tokio::test]
async fn a_question_that_cannot_be_answered_names_its_argument_and_leaves_the_rest_alone() {
    let home = Home::new(Engine::Sqlite).await;
    let server = home.serve();
    for (field, named, way_out) in [
        ("apm(by: [REGION], period: \"Q9\") { elapsed }", "'period'", "FY2027-Q1"),
        ("apm(by: []) { elapsed }", "'by'", "1 to 4"),
        ("apm(by: [REGION, SEGMENT, PRODUCT, STAGE, OWNER]) { elapsed }", "'by'", "1 to 4"),
        ("apm(by: [REGION, REGION]) { elapsed }", "'by'", "twice"),
        ("apm(by: [SOURCE], model: { id: \"nope\" }) { elapsed }", "'nope'", "attributionModels"),
        ("apm(by: [SOURCE], model: { id: \"linear\", parameters: { x: 1 } }) { elapsed }", "'x'", "only"),
    ] {
        let answer = server.ask(&format!("query {{ viewer {{ name }} apm: {field} }}"), json!({})).await;
        let error = &answer["errors"][0];
        let message = error["message"].as_str().unwrap();
        assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT", "{field}: {answer}");
        assert_eq!(error["path"], json!(["apm"]), "{field}: {answer}");
        assert!(message.contains(named) && message.contains(way_out), "{field}: {message}");
    }
}

#[tokio::test]
async fn a_full_house_refuses_the_excess_and_serves_the_rest() {
    let home = Home::new(Engine::Sqlite).await;
    home.succeed(&["generate", "--opportunities", "400"]);
    let environment = [("PIPEWRIGHT__SERVER__LIMITS__COMPUTATIONS", "1"), ("PIPEWRIGHT__SERVER__LIMITS__WAITING", "1")];
    let server = home.serve_with(&[], &environment);
    let client = Client::new();
    let body = json!({ "query": "{ apm(by: [REGION, SEGMENT, PRODUCT, SOURCE], model: { id: \"linear\" }) { elapsed } }" });
    let ask = || async {
        let request = client.post(format!("{}/graphql", server.address())).header("accept", GRAPHQL);
        let response = request.json(&body).send().await.unwrap();
        let (status, again) = (response.status(), header(&response, "retry-after"));
        (status, again, response.json::<Value>().await.unwrap())
    };
    let answers = futures_util::future::join_all((0..40).map(|_| ask())).await;
    let (good, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|(status, ..)| *status == StatusCode::OK);
    assert!(!good.is_empty() && !refused.is_empty(), "{} served, {} refused", good.len(), refused.len());
    for (status, again, answer) in refused {
        assert_eq!((status, again.as_str()), (StatusCode::SERVICE_UNAVAILABLE, "1"), "{answer}");
        assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAVAILABLE", "{answer}");
    }
    assert_eq!(ask().await.0, StatusCode::OK, "and then it serves again");
}
