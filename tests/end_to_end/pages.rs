//! Pages as Relay wants them: forward and backward, true while rows come, counted only when asked.

use crate::rows::{app, ask};
use crate::support::{ENGINES, Engine, Home, cents};
use pipewright::app::App;
use pipewright::storage::Batch;
use pipewright_core::ids::{AccountId, DataVersion};
use pipewright_core::party::Account;
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

async fn data(app: &App, query: &str, variables: Value) -> Value {
    let (response, _) = ask(app, query, variables).await;
    assert!(response.errors.is_empty(), "{query}: {:?}", response.errors);
    response.data.into_json().unwrap()
}

async fn code(app: &App, query: &str) -> String {
    let (response, _) = ask(app, query, json!({})).await;
    let error = response.errors.first().unwrap_or_else(|| panic!("{query} was answered"));
    error.extensions.as_ref().unwrap().get("code").unwrap().clone().into_json().unwrap().as_str().unwrap().to_owned()
}

fn named(name: &str) -> Account {
    Account {
        id: AccountId(Uuid::now_v7()),
        external_id: None,
        name: name.into(),
        kind: None,
        parent: None,
        industry: None,
        region: None,
        segment: None,
        country: None,
        state: None,
        employees: None,
        annual_revenue_minor: Some(123_456),
        website: None,
        owner: None,
        created_at: None,
        is_deleted: false,
        recorded: DataVersion(0),
    }
}

const FORWARD: &str = "query($after: String) { list: accounts(first: 7, after: $after) {
    edges { cursor node { id name } } pageInfo { hasNextPage endCursor } } }";
const BACKWARD: &str = "query($before: String) { list: accounts(last: 7, before: $before) {
    edges { cursor node { id name } } pageInfo { hasPreviousPage startCursor } } }";

/// Every name, page by page; before each page but the first a row is written, named so that it stands at one end.
async fn walk(app: &App, backward: bool, written: Option<&str>) -> Vec<String> {
    let (query, more, cursor, variable) = match backward {
        false => (FORWARD, "hasNextPage", "endCursor", "after"),
        true => (BACKWARD, "hasPreviousPage", "startCursor", "before"),
    };
    let (mut names, mut at) = (Vec::new(), Value::Null);
    loop {
        let list = data(app, query, json!({ variable: at })).await["list"].take();
        let page = list["edges"].as_array().unwrap().iter().map(|edge| edge["node"]["name"].as_str().unwrap().to_owned());
        if backward {
            names = page.chain(names).collect();
        } else {
            names.extend(page);
        }
        if !list["pageInfo"][more].as_bool().unwrap() {
            return names;
        }
        at = list["pageInfo"][cursor].clone();
        if let Some(name) = written {
            app.storage.write(Batch { accounts: vec![named(name)], ..Batch::default() }, None).await.unwrap();
        }
    }
}

#[tokio::test]
async fn pages_read_forward_and_backward_are_the_same_rows_and_stay_true_while_rows_are_written() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let app = app(&home).await;
        let all = walk(&app, false, None).await;
        assert!(all.len() > 30, "{engine:?}: {}", all.len());
        assert_eq!(walk(&app, true, None).await, all, "{engine:?}");
        // Written before what was read already, whichever way: no row is seen twice, none is left out.
        assert_eq!(walk(&app, false, Some("!")).await, all, "{engine:?}");
        let with_first: Vec<String> = walk(&app, false, None).await;
        assert_eq!(walk(&app, true, Some("\u{7f}")).await, with_first, "{engine:?}");
    }
}

#[tokio::test]
async fn what_can_be_no_page_is_the_clients_mistake() {
    let home = Home::new(Engine::Sqlite).await;
    let app = app(&home).await;
    let variables = json!({});
    let found = data(&app, "{ accounts(first: 1) { nodes { id } pageInfo { endCursor } } }", variables).await["accounts"].take();
    let (account, cursor) = (found["nodes"][0]["id"].as_str().unwrap(), found["pageInfo"]["endCursor"].as_str().unwrap());
    let flow = "pipelineFlow(from: \"2026-11-01T00:00:00Z\")";
    for query in [
        "{ accounts(first: -1) { nodes { id } } }".to_owned(),
        "{ accounts(last: -1) { nodes { id } } }".into(),
        "{ accounts(first: 501) { nodes { id } } }".into(),
        "{ accounts(first: 10001) { nodes { id name } } }".into(),
        "{ accounts(last: 501) { nodes { id } } }".into(),
        "{ accounts(first: 2147483647) { nodes { id } } }".into(),
        "{ accounts(first: 2147483648) { nodes { id } } }".into(),
        "{ accounts(first: 1, last: 1) { nodes { id } } }".into(),
        "{ accounts(after: \"AAAA\") { nodes { id } } }".into(),
        "{ accounts(before: \"not base64!\") { nodes { id } } }".into(),
        "{ accounts(after: \"\") { nodes { id } } }".into(),
        format!("{{ contacts(after: \"{cursor}\") {{ nodes {{ id }} }} }}"),
        format!("{{ accounts(after: \"{cursor}\", orderBy: {{ field: NAME, direction: DESC }}) {{ nodes {{ id }} }} }}"),
        format!("{{ accounts(after: \"{cursor}A\") {{ nodes {{ id }} }} }}"),
        format!("{{ aggregate(measures: [OPEN_PIPELINE], by: [REGION]) {{ rows(after: \"{cursor}\") {{ totalCount }} }} }}"),
        format!("{{ {flow} {{ total {{ bars {{ items(after: \"{cursor}\") {{ totalCount }} }} }} }} }}"),
        format!("{{ {flow} {{ total {{ bars {{ items(first: 101) {{ totalCount }} }} }} }} }}"),
        "{ accounts(first: 1) { nodes { opportunities(first: 101) { nodes { id } } } } }".into(),
        "{ accounts(first: 1) { nodes { opportunities(first: -1) { nodes { id } } } } }".into(),
        "{ node(id: \"AAAA\") { id } }".into(),
        "{ nodes(ids: [\"AAAA\"]) { id } }".into(),
        format!("{{ nodes(ids: [{}]) {{ id }} }}", format!("\"{account}\" ").repeat(101)),
        "{ opportunities(filter: { owner: { eq: \"AAAA\" } }) { nodes { id } } }".into(),
        format!("{{ contact(id: \"{account}\") {{ id }} }}"),
        "{ opportunities(filter: { acv: { currency: \"USD\", gte: \"1.001\" } }) { nodes { id } } }".into(),
    ] {
        let (response, _) = ask(&app, &query, json!({})).await;
        let error = response.errors.first().unwrap_or_else(|| panic!("{query} was answered"));
        let code = error.extensions.as_ref().and_then(|extensions| extensions.get("code").cloned());
        // What does not even validate gets its code where the answer leaves the house.
        assert!(code.is_none_or(|code| code == async_graphql::Value::from("BAD_USER_INPUT")), "{query}: {}", error.message);
    }
    let nothing = data(&app, "{ accounts(first: 0) { edges { cursor } pageInfo { hasNextPage startCursor } } }", json!({})).await;
    assert_eq!(nothing["accounts"], json!({ "edges": [], "pageInfo": { "hasNextPage": true, "startCursor": null } }));
    let deep = (0..9).fold("{}".to_owned(), |inner, _| format!("{{ not: {inner} }}"));
    let deep = format!("{{ accounts(filter: {deep}) {{ nodes {{ id }} }} }}");
    assert_eq!(code(&app, &deep).await, "QUERY_TOO_DEEP");
}

#[tokio::test]
async fn rows_are_counted_only_when_the_count_is_asked_for() {
    let home = Home::new(Engine::Sqlite).await;
    let app = app(&home).await;
    for (query, expected) in [
        ("{ accounts(first: 5) { nodes { id } pageInfo { hasNextPage } } }", 1),
        ("{ accounts(first: 5) { nodes { id } totalCount } }", 2),
        ("{ accounts(first: 5) { nodes { opportunities { nodes { id } } } } }", 2),
        ("{ accounts(first: 5) { nodes { opportunities { nodes { id } totalCount } } } }", 3),
    ] {
        let (response, statements) = ask(&app, query, json!({})).await;
        assert!(response.errors.is_empty(), "{:?}", response.errors);
        assert_eq!(statements, expected, "{query}");
    }
}

#[tokio::test]
async fn nodes_come_in_the_order_of_their_ids_with_null_for_what_is_not_there() {
    let home = Home::new(Engine::Sqlite).await;
    let app = app(&home).await;
    let found = data(&app, "{ accounts(first: 2) { nodes { id } } reps(first: 1) { nodes { id } } }", json!({})).await;
    let [a, b] = [0, 1].map(|at| found["accounts"]["nodes"][at]["id"].clone());
    let rep = found["reps"]["nodes"][0]["id"].clone();
    let missing = {
        use base64::Engine;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(format!("Account:{}", Uuid::from_u128(1)))
    };
    let ids = json!([b, missing, rep, a, b]);
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { id __typename } }";
    let (response, statements) = ask(&app, query, json!({ "ids": ids })).await;
    let nodes = response.data.into_json().unwrap()["nodes"].take();
    assert_eq!(
        nodes,
        json!([{ "id": b, "__typename": "Account" }, null, { "id": rep, "__typename": "Rep" }, { "id": a, "__typename": "Account" },
               { "id": b, "__typename": "Account" }])
    );
    assert_eq!(statements, 2, "one for each noun");
}

#[tokio::test]
async fn pages_of_an_aggregate_are_its_rows_one_after_the_other() {
    let home = Home::new(Engine::Sqlite).await;
    let app = app(&home).await;
    let query = "query($first: Int, $after: String, $last: Int, $before: String) {
        aggregate(measures: [OPEN_PIPELINE, OPEN_COUNT], by: [REGION, STAGE], asOf: \"2026-11-24T00:00:00Z\") {
            rows(first: $first, after: $after, last: $last, before: $before) {
                totalCount nodes { key { label } values { money { amount } count } }
                pageInfo { startCursor endCursor hasNextPage hasPreviousPage } } } }";
    let page = async |variables: Value| data(&app, query, variables).await["aggregate"]["rows"].take();
    let all = page(json!({ "first": 100 })).await;
    let all_rows = all["nodes"].as_array().unwrap().clone();
    assert!(all_rows.len() > 5 && all["totalCount"] == all_rows.len());
    let (mut forward, mut backward, mut after, mut before) = (Vec::new(), Vec::new(), Value::Null, Value::Null);
    while forward.len() < all_rows.len() {
        let read = page(json!({ "first": 3, "after": after })).await;
        forward.extend(read["nodes"].as_array().unwrap().clone());
        assert_eq!(read["pageInfo"]["hasNextPage"], forward.len() < all_rows.len());
        after = read["pageInfo"]["endCursor"].clone();
    }
    while backward.len() < all_rows.len() {
        let read = page(json!({ "last": 3, "before": before })).await;
        backward.splice(0..0, read["nodes"].as_array().unwrap().clone());
        assert_eq!(read["pageInfo"]["hasPreviousPage"], backward.len() < all_rows.len());
        before = read["pageInfo"]["startCursor"].clone();
    }
    assert_eq!((&forward, &backward), (&all_rows, &all_rows));
}

/// What a list of `nodes { amount }` adds up to.
fn sum(list: &Value) -> i64 {
    list["nodes"].as_array().unwrap().iter().map(|node| cents(&node["amount"])).sum()
}

#[tokio::test]
async fn what_stands_behind_a_cell_and_a_bar_adds_up_to_it() {
    let home = Home::new(Engine::Sqlite).await;
    let mut app = app(&home).await;
    Arc::make_mut(&mut app.config).server.limits.cost = 10_000_000;
    let share = "totalCount nodes { opportunityId amount { amount } opportunity { id name } }";
    for by in ["[REGION]", "[PRODUCT]", "[SOURCE, SEGMENT]"] {
        let cells = format!(
            "{{ key {{ label }} closedCount openCount closedAcv {{ value {{ amount }} }} openPipeline {{ value {{ amount }} }} \
               asNow {{ amount }} closed: opportunities(measure: CLOSED_ACV, first: 100) {{ {share} }} \
               open: opportunities(measure: OPEN_PIPELINE, first: 100) {{ {share} }} \
               generated: opportunities(measure: GENERATION_AS_NOW, first: 100) {{ {share} }} }}"
        );
        let query = format!("{{ apm(by: {by}, asOf: \"2026-11-24T00:00:00Z\") {{ cells(atMost: 60) {cells} }} }}");
        let answer = data(&app, &query, json!({})).await;
        let mut open = 0;
        for cell in answer["apm"]["cells"].as_array().unwrap() {
            assert_eq!(sum(&cell["closed"]), cents(&cell["closedAcv"]["value"]), "{by} {cell}");
            assert_eq!(sum(&cell["open"]), cents(&cell["openPipeline"]["value"]), "{by} {cell}");
            assert_eq!(sum(&cell["generated"]), cents(&cell["asNow"]), "{by} {cell}");
            assert_eq!((&cell["closed"]["totalCount"], &cell["open"]["totalCount"]), (&cell["closedCount"], &cell["openCount"]));
            for node in cell["open"]["nodes"].as_array().unwrap() {
                assert_eq!(node["opportunity"]["id"], node["opportunityId"], "the id is the one that `node` takes");
            }
            open += sum(&cell["open"]);
        }
        assert!(open > 0, "{by}");
    }
    let query = format!(
        "{{ pipelineFlow(from: \"2026-11-01T00:00:00Z\", to: \"2026-11-24T00:00:00Z\") {{ total {{ bars {{ bucket \
           amount {{ amount }} items(first: 100) {{ {share} }} }} }} }} }}"
    );
    let answer = data(&app, &query, json!({})).await;
    let bars = answer["pipelineFlow"]["total"]["bars"].as_array().unwrap();
    assert_eq!(bars.len(), 12);
    for bar in bars {
        assert_eq!(sum(&bar["items"]), cents(&bar["amount"]), "{bar}");
    }
}

#[tokio::test]
async fn what_stands_behind_a_cell_is_read_page_by_page() {
    let home = Home::new(Engine::Sqlite).await;
    let app = app(&home).await;
    let query = "query($first: Int, $after: String) { apm(by: [REGION], asOf: \"2026-11-24T00:00:00Z\") { total {
        opportunities(measure: OPEN_PIPELINE, first: $first, after: $after) { nodes { opportunityId amount { amount } }
            totalCount pageInfo { endCursor hasNextPage } } } } }";
    let page = async |first: u32, after: Value| {
        data(&app, query, json!({ "first": first, "after": after })).await["apm"]["total"]["opportunities"].take()
    };
    let all = page(100, Value::Null).await;
    let all_rows = all["nodes"].as_array().unwrap();
    assert!(all_rows.len() > 5);
    let (mut read, mut after) = (Vec::new(), Value::Null);
    loop {
        let list = page(4, after).await;
        read.extend(list["nodes"].as_array().unwrap().clone());
        after = list["pageInfo"]["endCursor"].clone();
        if list["pageInfo"]["hasNextPage"] == false || read.len() >= all_rows.len() {
            break;
        }
    }
    assert_eq!(read[..all_rows.len()], all_rows[..]);
}
