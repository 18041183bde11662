//! What a query costs: every list by its size.

use crate::rows::{app, ask};
use crate::support::{Engine, Home};
use pipewright::app::App;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Lists without an argument for their size: the most they can hold.
const CAPS: &[(&str, &str, u64)] = &[
    ("Query", "attributionModels", 100),
    ("Query", "pluginFiles", 100),
    ("Query", "importJobs", 50),
    ("Query", "roles", 5),
    ("RolePerformance", "roles", 5),
    ("MatrixCell", "key", 4),
    ("OpportunityHygiene", "flags", 12),
    ("HygieneRow", "key", 1),
    ("HygieneFigures", "flags", 12),
    ("FlowRow", "key", 2),
    ("FlowRow", "bars", 12),
    ("TrendSeries", "key", 2),
    // Counted where `pipelineTrend` stands, which knows the period and the step.
    ("TrendSeries", "points", 1),
    ("AggregateRow", "key", 4),
    // Counted where `aggregate` stands, which knows the measures.
    ("AggregateRow", "values", 1),
    ("Target", "key", 10),
    ("Forecast", "key", 10),
    ("ForecastAdjustment", "key", 10),
    ("AttributionModel", "goldenWeights", 6),
    ("Attribution", "unattributedReasons", 8),
    ("AttributionRow", "key", 3),
    ("AttributionComparison", "models", 8),
    ("AttributionComparison", "pairs", 28),
    ("ComparedRow", "key", 3),
    ("ComparedRow", "amounts", 8),
    ("RankFlip", "aboveInFirst", 3),
    ("RankFlip", "aboveInSecond", 3),
    ("AttributionMove", "key", 3),
    ("AttributionMove", "amounts", 8),
    ("ExplainedTouchpoint", "positions", 11),
    ("ExplainedTouchpoint", "moved", 12),
    ("JourneyLeftOut", "suppressed", 64),
    ("AttributionScores", "models", 8),
    ("AttributionScores", "agreements", 28),
    ("ModelScore", "sources", 12),
    ("ModelFindings", "figures", 8),
    ("ModelFindings", "shares", 11),
    ("ModelFigure", "values", 11),
    ("ChainTransition", "from", 3),
    ("AttributionRunDiff", "sources", 12),
    ("AttributionRun", "unattributedReasons", 8),
];

const TYPES: &str = "{ __schema { types { name kind possibleTypes { name } enumValues { name } inputFields { name defaultValue type { ...T } } fields { name args { name defaultValue type { ...T } } type { ...T } } } } }
    fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";

struct Field {
    name: String,
    arguments: BTreeSet<String>,
    required: Vec<(String, String)>,
    is_list: bool,
    of: String,
    /// The objects of a union.
    one_of: Vec<String>,
}

/// The fields of every object that is not the language's own.
type Objects = BTreeMap<String, Vec<Field>>;

fn innermost(mut of: &Value) -> (&str, bool) {
    let mut is_list = false;
    while !of["ofType"].is_null() {
        is_list |= of["kind"] == "LIST";
        of = &of["ofType"];
    }
    (of["name"].as_str().unwrap(), is_list)
}

/// A value that an argument of this type can take; its meaning does not matter for what a query costs.
fn sample(types: &[Value], of: &Value) -> String {
    let (name, is_list) = innermost(of);
    let declared = types.iter().find(|own| own["name"] == name).unwrap();
    let one = match (name, declared["kind"].as_str().unwrap()) {
        ("DateTime", _) => "\"2026-11-01T00:00:00Z\"".to_owned(),
        ("Date", _) => "\"2026-11-01\"".to_owned(),
        ("Decimal", _) => "\"1\"".to_owned(),
        ("CurrencyCode", _) => "\"USD\"".to_owned(),
        ("Int" | "Float" | "DataVersion", _) => "1".to_owned(),
        ("Boolean", _) => "true".to_owned(),
        (_, "SCALAR") => "\"x\"".to_owned(),
        (_, "ENUM") => declared["enumValues"][0]["name"].as_str().unwrap().to_owned(),
        (_, "INPUT_OBJECT") => {
            let fields = declared["inputFields"].as_array().unwrap().iter().filter(|field| is_needed(field));
            let given = |field: &Value| format!("{}: {}", field["name"].as_str().unwrap(), sample(types, &field["type"]));
            format!("{{ {} }}", fields.map(given).collect::<Vec<_>>().join(", "))
        }
        (_, kind) => panic!("no sample of {kind} {name}"),
    };
    if is_list { format!("[{one}]") } else { one }
}

fn is_needed(argument: &Value) -> bool {
    argument["type"]["kind"] == "NON_NULL" && argument["defaultValue"].is_null()
}

async fn objects(app: &App) -> Objects {
    let types = ask(app, TYPES, json!({})).await.0.data.into_json().unwrap()["__schema"]["types"].take();
    let all = types.as_array().unwrap();
    let unions = all.iter().filter(|of| of["kind"] == "UNION");
    let names = |list: &Value| list.as_array().unwrap().iter().map(|of| of["name"].as_str().unwrap().to_owned()).collect();
    let unions: BTreeMap<&str, Vec<String>> =
        unions.map(|of| (of["name"].as_str().unwrap(), names(&of["possibleTypes"]))).collect();
    let own = |of: &&Value| of["kind"] == "OBJECT" && !of["name"].as_str().unwrap().starts_with("__");
    let field = |field: &Value| {
        let (of, is_list) = innermost(&field["type"]);
        let arguments = field["args"].as_array().unwrap();
        let needed = arguments.iter().filter(|one| is_needed(one));
        Field {
            name: field["name"].as_str().unwrap().to_owned(),
            arguments: arguments.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect(),
            required: needed.map(|one| (one["name"].as_str().unwrap().to_owned(), sample(all, &one["type"]))).collect(),
            is_list,
            one_of: unions.get(of).cloned().unwrap_or_default(),
            of: of.to_owned(),
        }
    };
    let fields = |of: &Value| of["fields"].as_array().unwrap().iter().map(field).collect();
    all.iter().filter(own).map(|of| (of["name"].as_str().unwrap().to_owned(), fields(of))).collect()
}

impl Field {
    fn is_connection(&self) -> bool {
        self.of.ends_with("Connection")
    }

    /// The field with the arguments it must have, and with a size where it takes one.
    fn call(&self, size: Option<usize>) -> String {
        let mut arguments = self.required.clone();
        if let Some(size) = size {
            if self.arguments.contains("ids") {
                arguments = vec![("ids".into(), format!("[{}]", "\"x\" ".repeat(size)))];
            } else if let Some(name) = ["first", "atMost"].into_iter().find(|name| self.arguments.contains(*name)) {
                arguments.push((name.into(), size.to_string()));
            }
        }
        let written: Vec<String> = arguments.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        if written.is_empty() { self.name.clone() } else { format!("{}({})", self.name, written.join(", ")) }
    }

    fn takes_a_size(&self) -> bool {
        ["first", "atMost", "ids"].iter().any(|name| self.arguments.contains(*name))
    }
}

/// A small selection on an object, with `@` where an alias can go, and how many fields it is.
fn leaf(objects: &Objects, of: &str) -> (String, u64) {
    let unions = objects.values().flatten().find(|field| field.of == of && !field.one_of.is_empty());
    if let Some(one) = unions.and_then(|field| field.one_of.first()) {
        let (inner, count) = leaf(objects, one);
        return (format!("... on {one} {{ {inner} }}"), count);
    }
    let Some(fields) = objects.get(of) else { return ("@id".into(), 1) };
    let plain = || fields.iter().filter(|field| !field.is_list && field.required.is_empty() && !field.is_connection());
    if let Some(field) = plain().find(|field| !objects.contains_key(&field.of) && field.of != "Node") {
        return (format!("@{}", field.name), 1);
    }
    let list = || fields.iter().find(|field| field.is_list && field.required.is_empty());
    let field = plain().next().or_else(list).unwrap_or_else(|| panic!("{of} has nothing to select"));
    let times = CAPS.iter().find(|(own, name, _)| *own == of && *name == field.name).map_or(1, |(.., cap)| *cap);
    let (inner, count) = leaf(objects, &field.of);
    (format!("@{} {{ {} }}", field.name, inner.replace('@', "")), times * count + 1)
}

/// A way from the root to an object: the fields that are opened, one inside the other.
type Way = Vec<String>;

fn query(way: &Way, inner: &str) -> String {
    let (kind, way) = match way.split_first() {
        Some((first, rest)) if first == "mutation" => ("mutation ", rest),
        _ => ("", way.as_slice()),
    };
    format!("{kind}{{ {}{inner}{} }}", way.iter().map(|step| format!("{step} {{ ")).collect::<String>(), " }".repeat(way.len()))
}

/// Of each object, the shortest way to one.
fn ways(objects: &Objects) -> BTreeMap<String, Way> {
    let mut ways = BTreeMap::from([("Query".to_owned(), Way::new()), ("Mutation".to_owned(), vec!["mutation".to_owned()])]);
    let mut open = VecDeque::from(["Query".to_owned(), "Mutation".to_owned()]);
    while let Some(of) = open.pop_front() {
        for field in &objects[&of] {
            for one in field.one_of.iter().filter(|one| !ways.contains_key(*one)).cloned().collect::<Vec<_>>() {
                let mut way = ways[&of].clone();
                way.extend([field.call(field.takes_a_size().then_some(1)), format!("... on {one}")]);
                ways.insert(one.clone(), way);
                open.push_back(one);
            }
            if !objects.contains_key(&field.of) {
                continue;
            }
            if !ways.contains_key(&field.of) {
                let mut way = ways[&of].clone();
                way.push(field.call(field.takes_a_size().then_some(1)));
                ways.insert(field.of.clone(), way);
                open.push_back(field.of.clone());
            }
        }
    }
    ways
}

async fn cost(app: &App, query: &str) -> u64 {
    let (response, _) = ask(app, query, json!({})).await;
    let cost = response.extensions.get("cost").cloned().unwrap_or_else(|| panic!("{query}: {:?}", response.errors));
    cost.into_json().unwrap().as_u64().unwrap()
}

/// How often what stands inside is counted.
async fn times(app: &App, way: &Way, (leaf, fields): &(String, u64)) -> u64 {
    let (plain, again) = (leaf.replace('@', ""), leaf.replace('@', "again: "));
    let once = cost(app, &query(way, &plain)).await;
    let twice = cost(app, &query(way, &format!("{plain} {again}"))).await;
    (twice - once) / fields
}

#[tokio::test]
async fn every_list_costs_what_its_size_says_or_the_most_it_can_hold() {
    let home = Home::new(Engine::Sqlite).await;
    let app = app(&home).await;
    let objects = objects(&app).await;
    let ways = ways(&objects);
    let mut seen = BTreeSet::new();
    for (of, fields) in &objects {
        let lists: Vec<&Field> = fields.iter().filter(|field| field.is_list || field.is_connection()).collect();
        // What only a subscription tells of may have none.
        if lists.is_empty() {
            continue;
        }
        let way = ways.get(of).unwrap_or_else(|| panic!("{of} cannot be reached"));
        for field in lists {
            // What a connection holds is counted where the connection stands; a list of words costs as much as one.
            if of.ends_with("Connection") || !objects.contains_key(&field.of) {
                continue;
            }
            let outside = if way.is_empty() { 1 } else { times(&app, way, &leaf(&objects, of)).await };
            let inside = |size: Option<usize>| {
                let mut way = way.clone();
                way.push(field.call(size));
                if field.is_connection() {
                    way.push("nodes".into());
                }
                way
            };
            let node = if field.is_connection() { field.of.trim_end_matches("Connection") } else { &field.of };
            let leaf = leaf(&objects, node);
            if field.takes_a_size() {
                for size in [1, 3, 7] {
                    let counted = times(&app, &inside(Some(size)), &leaf).await / outside;
                    assert_eq!(counted, size as u64, "{of}.{} of size {size}", field.name);
                }
                continue;
            }
            // A mutation gives the first reason only.
            if of.ends_with("Payload") && field.name == "userErrors" {
                assert_eq!(times(&app, &inside(None), &leaf).await / outside, 1, "{of}");
                continue;
            }
            let cap = CAPS.iter().find(|(own, name, _)| own == of && *name == field.name);
            let (.., cap) = cap.unwrap_or_else(|| panic!("{of}.{} is a list without a size and without a cap", field.name));
            assert_eq!(times(&app, &inside(None), &leaf).await / outside, *cap, "{of}.{}", field.name);
            seen.insert((of.as_str(), field.name.as_str()));
        }
    }
    assert_eq!(seen.len(), CAPS.len(), "a cap of a list that is no more");
}

#[tokio::test]
async fn a_trend_is_costed_by_at_least_the_points_it_has() {
    let home = Home::new(Engine::Sqlite).await;
    let app = app(&home).await;
    for (period, steps) in [
        ("\"FY2026\"", ["DAY", "WEEK", "MONTH"]),
        ("\"FY2026-Q2\"", ["DAY", "WEEK", "MONTH"]),
        ("\"FY2026-M02\"", ["DAY", "WEEK", "MONTH"]),
        ("\"2025-03-05/2025-08-02\"", ["DAY", "WEEK", "MONTH"]),
        ("null", ["DAY", "WEEK", "MONTH"]),
    ] {
        for step in steps {
            let way = vec![format!("pipelineTrend(period: {period}, step: {step})"), "total".into(), "points".into()];
            let counted = times(&app, &way, &("@at".into(), 1)).await;
            let (response, _) = ask(&app, &query(&way, "at"), json!({})).await;
            assert!(response.errors.is_empty(), "{:?}", response.errors);
            let data = response.data.into_json().unwrap();
            let points = data["pipelineTrend"]["total"]["points"].as_array().unwrap().len() as u64;
            assert!(points <= counted && counted <= points.max(1) * 14, "{period} {step}: {points} points, counted as {counted}");
        }
    }
}

#[tokio::test]
async fn an_aggregate_is_costed_by_its_measures() {
    let home = Home::new(Engine::Sqlite).await;
    let app = app(&home).await;
    for (measures, expected) in [("CLOSED_ACV", 1), ("CLOSED_ACV, LOST_ACV, OPEN_COUNT", 3)] {
        let way = vec![format!("aggregate(measures: [{measures}])"), "total".into(), "values".into()];
        assert_eq!(times(&app, &way, &("@count".into(), 1)).await, expected, "{measures}");
    }
}

#[tokio::test]
async fn a_list_that_adds_up_is_refused_whole_rather_than_cut_short() {
    let home = Home::new(Engine::Sqlite).await;
    let app = app(&home).await;
    let way = vec!["apm(by: [REGION])".to_owned(), "cells(atMost: 1)".into()];
    let (response, _) = ask(&app, &query(&way, "closedCount"), json!({})).await;
    let error = &response.errors[0];
    assert!(error.message.contains("cells(atMost: "), "{}", error.message);
    for at_most in ["0", "-1", "10001"] {
        let way = vec!["apm(by: [REGION])".to_owned(), format!("cells(atMost: {at_most})")];
        let (response, _) = ask(&app, &query(&way, "closedCount"), json!({})).await;
        let code = response.errors[0].extensions.as_ref().unwrap().get("code").cloned();
        assert_eq!(code, Some(async_graphql::Value::from("BAD_USER_INPUT")), "{at_most}");
    }
}
