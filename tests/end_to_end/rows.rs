//! Rows over GraphQL: what a page costs the database.

use crate::support::{ENGINES, Home};
use chrono::NaiveDate;
use pipewright::app::App;
use pipewright::app::answers::Answers;
use pipewright::app::capacity::Capacity;
use pipewright::app::live::Live;
use pipewright::clock::Clock;
use pipewright::config::Config;
use pipewright::generate::{Company, Order, write_database};
use pipewright::graphql::{loaders, schema};
use pipewright::plugins::Registry;
use pipewright::resident::Resident;
use pipewright::storage::Storage;
use pipewright_core::facts::Settings;
use pipewright_core::viewer::Viewer;
use std::sync::Arc;

const PAGE: &str = "query Page($first: Int!) { opportunities(first: $first) { nodes { id name account { name } owner { name } \
    lines { nodes { acv { amount } } } campaign { name } \
    hygiene { score flags { code since } } reviews { nodes { verdict } } } } }";

/// The house over an empty database of `home`, filled with a company of 300 opportunities.
pub async fn app(home: &Home) -> App {
    let mut config = Config::default();
    config.database.url = home.url().to_owned();
    let storage = Storage::open(&config.database).await.unwrap();
    storage.migrate().await.unwrap();
    let (organisation, pipeline) = (&config.organisation, &config.pipeline);
    let order = Order { opportunities: 300, seed: 7, until: NaiveDate::from_ymd_opt(2026, 11, 24).unwrap() };
    let company = Company::found(order, &organisation.calendar());
    write_database(&company, &storage, organisation, |_| {}).await.unwrap();
    let settings = Settings {
        calendar: organisation.calendar(),
        reporting_currency: organisation.reporting_currency,
        entry_stage: None,
        green_from: pipeline.green_from,
        yellow_from: pipeline.yellow_from,
        column_thresholds: std::collections::BTreeMap::new(),
        journeys: config.attribution.journeys(&organisation.name),
        hygiene: Default::default(),
    };
    let resident = Resident::load(storage.clone(), settings).await.unwrap();
    let (config, models) = (Arc::new(config), Arc::new(Registry::built_in()));
    let (clock, capacity) = (Clock::System, Capacity::new(2, 8));
    App { config, storage, resident, models, clock, capacity, answers: Answers::default(), live: Live::default() }
}

/// The answer, and how many statements it took.
pub async fn ask(app: &App, query: &str, variables: serde_json::Value) -> (async_graphql::Response, u64) {
    let request = async_graphql::Request::new(query).variables(async_graphql::Variables::from_json(variables));
    let before = app.storage.statements();
    let response = loaders::execute(&schema(app.clone()), request, app, &Viewer::local()).await;
    (response, app.storage.statements() - before)
}

#[tokio::test]
async fn a_page_of_opportunities_with_its_neighbours_takes_as_many_statements_whatever_its_size() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let app = app(&home).await;
        for first in [10, 50] {
            let (response, statements) = ask(&app, PAGE, serde_json::json!({ "first": first })).await;
            assert!(response.errors.is_empty(), "{:?}", response.errors);
            let data = response.data.into_json().unwrap();
            assert_eq!(data["opportunities"]["nodes"].as_array().unwrap().len(), first);
            assert_eq!(
                statements, 6,
                "{engine:?} {first}: page, accounts, owners, lines, campaigns, reviews; hygiene takes none"
            );
        }
    }
}
