//! Every record of the domain can be read, whole.

use crate::rows::{app, ask};
use crate::support::{ENGINES, Engine, Home};
use chrono::{DateTime, NaiveDate, Utc};
use pipewright::app::App;
use pipewright::app::rows::*;
use pipewright::storage::Batch;
use pipewright_core::currency::ExchangeRate;
use pipewright_core::dimension::{CellKey, Dimension, DimensionValue};
use pipewright_core::forecast::{AdjustedBy, Adjustment, Judgement};
use pipewright_core::ids::{AdjustmentId, DataVersion, JudgementId, OpportunityId, RepId, ReviewId, SplitId};
use pipewright_core::opportunity::{ContactRole, Line, Split, Version};
use pipewright_core::rep::{Rep, Tenure};
use pipewright_core::review::{Changed, Review, Verdict};
use pipewright_core::viewer::Scope;
use pipewright_core::{campaign, catalog, party, target, touchpoint};
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Fields that the schema calls otherwise, by (noun or `*`, field).
const OTHERWISE: [(&str, &str, &str); 11] = [
    ("*", "recorded", "recordedIn"),
    ("*", "quantity_milli", "quantity"),
    ("*", "percentage_bp", "percentage"),
    ("*", "opportunity_type", "type"),
    ("*", "line_set", "lines"),
    ("*", "lines_known", "areLinesKnown"),
    ("*", "amount_minor", "amount"),
    ("*", "acv_minor", "acv"),
    ("Opportunity", "valid_from", "changedAt"),
    ("ForecastAdjustment", "by", "adjustedBy"),
    ("OpportunityVersion", "opportunity", ""),
];

/// What no reader needs: order among rows of one instant, places in a list that is given in order, rows that are shown only
/// while they are not deleted.
const LEFT_OUT: [(&str, &str); 11] = [
    ("*", "sequence"),
    ("OpportunityLine", "position"),
    ("OpportunityLine", "line_set"),
    ("Account", "is_deleted"),
    ("Contact", "is_deleted"),
    ("Lead", "is_deleted"),
    ("Campaign", "is_deleted"),
    ("ContactRole", "is_deleted"),
    ("OpportunitySplit", "is_deleted"),
    ("Opportunity", "is_deleted"),
    ("Opportunity", "opportunity"),
];

fn camel(snake: &str) -> String {
    let mut words = snake.trim_end_matches("_minor").split('_');
    let first = words.next().unwrap().to_owned();
    words.fold(first, |text, word| text + &word[..1].to_uppercase() + &word[1..])
}

fn shown(noun: &str, field: &str) -> Option<String> {
    let is = |(of, name): (&str, &str)| (of == "*" || of == noun) && name == field;
    if LEFT_OUT.into_iter().any(is) {
        return None;
    }
    let otherwise = OTHERWISE.into_iter().find(|(of, name, _)| is((of, name)));
    let name = otherwise.map_or_else(|| camel(field), |(.., name)| name.to_owned());
    (!name.is_empty()).then_some(name)
}

async fn first<R: Record>(app: &App, column: R::Column) -> R {
    let window = Window { size: 1, backward: false, after: None, before: None };
    let order = Order { column, descending: false };
    let page = app.storage.page::<R>(&Scope::everything(), &Filter::everything(), order, &window).await.unwrap();
    page.rows.into_iter().next().unwrap_or_else(|| panic!("the company has no {}", R::NOUN)).record
}

fn fields(record: &impl Serialize) -> Vec<String> {
    serde_json::to_value(record).unwrap().as_object().unwrap().keys().cloned().collect()
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// One row of each noun that the generated company has none of.
fn rare() -> Batch {
    let region = CellKey::new(vec![(Dimension::OpportunityType, DimensionValue::Text("Renewal".into()))]).unwrap();
    let period = "FY2027-Q4".parse().unwrap();
    let adjustment = Adjustment {
        id: AdjustmentId(Uuid::from_u128(77)),
        period,
        key: region.clone(),
        by: AdjustedBy::Manager,
        amount_minor: -12_345,
        note: Some("two deals will slip".into()),
        author: None,
        valid_from: at("2030-01-01T00:00:00Z"),
        sequence: 0,
        recorded: DataVersion(0),
    };
    let judgement = Judgement {
        id: JudgementId(Uuid::from_u128(78)),
        period,
        key: region,
        amount_minor: 100,
        submitted_by: None,
        valid_from: at("2030-01-01T00:00:00Z"),
        sequence: 0,
        recorded: DataVersion(0),
    };
    let rate = |currency: &str, day, rate| ExchangeRate {
        currency: currency.parse().unwrap(),
        valid_from: NaiveDate::from_ymd_opt(2026, 1, day).unwrap(),
        rate: Decimal::new(rate, 4),
        known_from: at("2026-01-01T00:00:00Z"),
        recorded: DataVersion(0),
    };
    let exchange_rates = vec![rate("XTS", 1, 10_412), rate("XTS", 2, 10_500), rate("XXX", 2, 65)];
    let split = Split {
        id: SplitId(Uuid::from_u128(79)),
        opportunity: OpportunityId(Uuid::from_u128(80)),
        rep: RepId(Uuid::from_u128(81)),
        percentage_bp: 10_000,
        is_overlay: false,
        is_deleted: false,
        recorded: DataVersion(0),
    };
    let review = Review {
        id: ReviewId(Uuid::from_u128(82)),
        opportunity: OpportunityId(Uuid::from_u128(80)),
        reviewer: RepId(Uuid::from_u128(81)),
        verdict: Verdict::Corrected,
        changes: [Changed::CloseDate, Changed::NextStep].into_iter().collect(),
        note: Some("the board meets in May".into()),
        at: at("2026-11-01T00:00:00Z"),
        recorded: DataVersion(0),
    };
    Batch {
        splits: vec![split],
        adjustments: vec![adjustment],
        judgements: vec![judgement],
        exchange_rates,
        reviews: vec![review],
        ..Batch::default()
    }
}

async fn data(app: &App, query: &str) -> Value {
    let (response, _) = ask(app, query, json!({})).await;
    assert!(response.errors.is_empty(), "{query}: {:?}", response.errors);
    response.data.into_json().unwrap()
}

#[tokio::test]
async fn every_field_of_every_record_is_in_the_schema() {
    let home = Home::new(Engine::Sqlite).await;
    let app = app(&home).await;
    app.storage.write(rare(), None).await.unwrap();
    let state = first::<OpportunityState>(&app, OpportunityColumn::Id).await;
    let mut opportunity = fields(&state.opportunity);
    opportunity.extend(fields(&state.version));
    let records = [
        ("Opportunity", opportunity),
        ("OpportunityVersion", fields(&first::<Version>(&app, VersionColumn::ValidFrom).await)),
        ("OpportunityLine", fields(&first::<Line>(&app, LineColumn::Position).await)),
        ("ContactRole", fields(&first::<ContactRole>(&app, ContactRoleColumn::Id).await)),
        ("OpportunitySplit", fields(&first::<Split>(&app, SplitColumn::Id).await)),
        ("OpportunityReview", fields(&first::<Review>(&app, ReviewColumn::At).await)),
        ("Account", fields(&first::<party::Account>(&app, AccountColumn::Id).await)),
        ("Contact", fields(&first::<party::Contact>(&app, ContactColumn::Id).await)),
        ("Lead", fields(&first::<party::Lead>(&app, LeadColumn::Id).await)),
        ("Rep", fields(&first::<Rep>(&app, RepColumn::Id).await)),
        ("Tenure", fields(&first::<Tenure>(&app, TenureColumn::Id).await)),
        ("Campaign", fields(&first::<campaign::Campaign>(&app, CampaignColumn::Id).await)),
        ("Touchpoint", fields(&first::<touchpoint::Touchpoint>(&app, TouchpointColumn::Id).await)),
        ("Product", fields(&first::<catalog::Product>(&app, ProductColumn::Id).await)),
        ("Region", fields(&first::<catalog::Region>(&app, NamedColumn::Id).await)),
        ("Segment", fields(&first::<catalog::Segment>(&app, NamedColumn::Id).await)),
        ("Stage", fields(&first::<catalog::Stage>(&app, StageColumn::Id).await)),
        ("Target", fields(&first::<target::Target>(&app, TargetColumn::Id).await)),
        ("Forecast", fields(&first::<Judgement>(&app, ForecastColumn::Id).await)),
        ("ForecastAdjustment", fields(&first::<Adjustment>(&app, AdjustmentColumn::Id).await)),
        ("ExchangeRate", fields(&first::<ExchangeRate>(&app, ExchangeRateColumn::Currency).await)),
    ];
    let types = data(&app, "{ __schema { types { name fields { name } } } }").await["__schema"]["types"].take();
    let names =
        |list: &Value| list.as_array().into_iter().flatten().map(|one| one["name"].as_str().unwrap().to_owned()).collect();
    let types: BTreeMap<String, BTreeSet<String>> =
        types.as_array().unwrap().iter().map(|of| (of["name"].as_str().unwrap().to_owned(), names(&of["fields"]))).collect();
    let mut missing = Vec::new();
    for (noun, fields) in records {
        let own = &types[noun];
        let lacking = fields.iter().filter_map(|field| shown(noun, field)).filter(|name| !own.contains(name));
        // The tenure's own id names nothing that can be asked for; the same of parts of an opportunity.
        let has_node = !["Tenure", "ContactRole", "OpportunitySplit"].contains(&noun);
        missing.extend(lacking.filter(|name| has_node || name != "id").map(|name| format!("{noun}.{name}")));
    }
    assert!(missing.is_empty(), "{missing:?}");
}

#[tokio::test]
async fn reps_are_found_by_the_role_they_hold_at_an_instant() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let app = app(&home).await;
        let roles = data(&app, "{ roles { role headCount } reps(first: 500) { nodes { name role isActive } } }").await;
        let reps = roles["reps"]["nodes"].as_array().unwrap();
        for role in roles["roles"].as_array().unwrap() {
            let name = role["role"].as_str().unwrap();
            let query =
                format!("{{ reps(first: 500, filter: {{ role: {{ eq: {name} }} }}) {{ totalCount nodes {{ name role }} }} }}");
            let found = data(&app, &query).await["reps"].take();
            let expected = reps.iter().filter(|rep| rep["role"] == name).count();
            assert_eq!(found["totalCount"], expected, "{engine:?} {name}");
            assert!(found["nodes"].as_array().unwrap().iter().all(|rep| rep["role"] == name));
            let active = reps.iter().filter(|rep| rep["role"] == name && rep["isActive"] == true).count();
            assert_eq!(role["headCount"], active, "{engine:?} {name}");
        }
        let never =
            "{ reps(filter: { role: { in: [AE, BDR, SDR, ECS, CLOUD_SALES], asOf: \"1990-01-01T00:00:00Z\" } }) { totalCount } }";
        assert_eq!(data(&app, never).await["reps"]["totalCount"], 0, "{engine:?}");
        let none = "{ reps(filter: { role: { in: [] } }) { totalCount } }";
        assert_eq!(data(&app, none).await["reps"]["totalCount"], 0, "{engine:?}");
    }
}

#[tokio::test]
async fn opportunities_are_found_by_their_amounts_in_one_currency() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let app = app(&home).await;
        let count = async |filter: &str| {
            let query = format!("{{ opportunities(filter: {filter}) {{ totalCount nodes {{ acv {{ amount currency }} }} }} }}");
            data(&app, &query).await["opportunities"].take()
        };
        let all = count("{ acv: { currency: \"USD\" } }").await["totalCount"].as_i64().unwrap();
        let large = count("{ acv: { currency: \"USD\", gte: \"50000\" } }").await;
        let small = count("{ acv: { currency: \"USD\", lt: \"50000.00\" } }").await["totalCount"].as_i64().unwrap();
        let amounts = large["nodes"].as_array().unwrap().iter().map(|node| node["acv"]["amount"].as_str().unwrap());
        assert!(amounts.map(|amount| amount.parse::<f64>().unwrap()).all(|amount| amount >= 50_000.0));
        let missing = "{ acv: { currency: \"USD\" }, not: { or: [{ acv: { currency: \"USD\", gte: \"0\" } }, { acv: { currency: \"USD\", lt: \"0\" } }] } }";
        let missing = count(missing).await["totalCount"].as_i64().unwrap();
        assert_eq!(large["totalCount"].as_i64().unwrap() + small + missing, all, "{engine:?}");
        assert!(small > 0 && large["totalCount"] != 0, "{engine:?}");
        assert_eq!(count("{ amount: { currency: \"JPY\", gte: \"0\" } }").await["totalCount"], 0, "{engine:?}");
    }
}

#[tokio::test]
async fn dated_rows_say_for_which_cell_and_rates_for_which_day() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let app = app(&home).await;
        app.storage.write(rare(), None).await.unwrap();
        let answer = data(
            &app,
            "{ targets(first: 1) { nodes { key { dimension value label } } }
               forecasts(first: 1) { nodes { id key { dimension value label } amount { amount } } }
               forecastAdjustments(first: 1) { nodes { id adjustedBy note amount { amount currency } key { label } } }
               exchangeRates(filter: { currency: { in: [\"XTS\", \"XXX\"] } }, orderBy: { field: CURRENCY, direction: ASC }) { nodes { currency validFrom rate knownFrom } } }",
        )
        .await;
        assert!(!answer["targets"]["nodes"][0]["key"].as_array().unwrap().is_empty(), "{engine:?}");
        let part = json!({ "dimension": "OPPORTUNITY_TYPE", "value": "Renewal", "label": "Renewal" });
        assert_eq!(answer["forecasts"]["nodes"][0]["key"], json!([part]));
        let adjustments = &answer["forecastAdjustments"];
        assert_eq!(adjustments["nodes"][0]["amount"], json!({ "amount": "-123.45", "currency": "USD" }));
        assert_eq!(adjustments["nodes"][0]["adjustedBy"], "MANAGER", "{engine:?}");
        let rates: Vec<_> = answer["exchangeRates"]["nodes"].as_array().unwrap().iter().map(|rate| &rate["rate"]).collect();
        assert_eq!(rates, ["1.0412", "1.0500", "0.0065"], "{engine:?}");
        for page in ["first: 1, after", "last: 1, before"] {
            let all = data(&app, "{ exchangeRates(filter: { currency: { contains: \"X\" } }) { edges { cursor } } }").await;
            let cursor = all["exchangeRates"]["edges"][1]["cursor"].as_str().unwrap();
            let one = data(&app, &format!("{{ exchangeRates(filter: {{ currency: {{ contains: \"X\" }} }}, {page}: \"{cursor}\") {{ nodes {{ rate }} }} }}")).await;
            assert_eq!(one["exchangeRates"]["nodes"].as_array().unwrap().len(), 1, "{engine:?} {page}");
        }
        let id = adjustments["nodes"][0]["id"].as_str().unwrap();
        let node = data(&app, &format!("{{ node(id: \"{id}\") {{ __typename }} }}")).await;
        assert_eq!(node["node"]["__typename"], "ForecastAdjustment");
    }
}
