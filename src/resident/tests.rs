//! What readers may rely on.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::config::OrganisationConfig;
use crate::storage::Batch;
use crate::storage::testing::databases;
use chrono::{DateTime, NaiveDate, Utc};
use pipewright_core::catalog::{ForecastCategory, Stage, StageKind};
use pipewright_core::currency::CurrencyCode;
use pipewright_core::ids::{AccountId, OpportunityId, StageId, TouchpointId};
use pipewright_core::opportunity::{Opportunity, Version};
use pipewright_core::party::Account;
use pipewright_core::touchpoint::{Touchpoint, TouchpointKind};

fn settings() -> Settings {
    Settings {
        calendar: OrganisationConfig::default().calendar(),
        reporting_currency: CurrencyCode::USD,
        entry_stage: None,
        green_from: 1.0,
        yellow_from: 0.85,
        column_thresholds: std::collections::BTreeMap::new(),
        look_back_days: 365,
    }
}

fn at(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_700_000_000_000 + ms).unwrap()
}

fn stage() -> Stage {
    Stage {
        id: StageId::derived("o", "Prospecting"),
        name: "Prospecting".into(),
        position: 1,
        kind: StageKind::Open,
        forecast_category: ForecastCategory::Pipeline,
        probability: None,
        is_active: true,
        recorded: DataVersion(0),
    }
}

fn id(number: i64) -> OpportunityId {
    OpportunityId::derived("o", &number.to_string())
}

fn opportunity(number: i64) -> Opportunity {
    Opportunity {
        id: id(number),
        external_id: None,
        account: Some(AccountId::derived("o", &(number % 3).to_string())),
        created_at: at(0),
        created_by: None,
        lead_source: None,
        lead_source_maps_to: None,
        last_activity_on: None,
        description: None,
        recorded: DataVersion(0),
    }
}

fn version(number: i64, ms: i64, acv_minor: i64) -> Version {
    Version {
        opportunity: id(number),
        valid_from: at(ms),
        sequence: 0,
        name: "A deal".into(),
        stage: stage().id,
        forecast_category: ForecastCategory::Commit,
        close_date: NaiveDate::from_ymd_opt(2024, 3, 1).unwrap(),
        currency: CurrencyCode::USD,
        amount_minor: None,
        acv_minor: Some(acv_minor),
        probability: None,
        owner: None,
        region: None,
        segment: None,
        opportunity_type: None,
        campaign: None,
        next_step: None,
        line_set: None,
        lines_known: true,
        is_deleted: false,
        recorded: DataVersion(0),
    }
}

fn touchpoint(number: i64, ms: i64) -> Touchpoint {
    Touchpoint {
        id: TouchpointId::derived("o", &format!("{number}/{ms}")),
        external_id: None,
        at: at(ms),
        kind: TouchpointKind::Call,
        channel: None,
        rep: None,
        campaign: None,
        contact: None,
        lead: None,
        account: opportunity(number).account,
        opportunity: Some(id(number)),
        recorded: DataVersion(0),
    }
}

/// Steps that leave the feed in states a reader meets: versions before their opportunity, history that comes late.
fn steps() -> Vec<Batch> {
    vec![
        Batch {
            stages: vec![stage()],
            opportunities: (0..5).map(opportunity).collect(),
            versions: (0..6).map(|number| version(number, 10, 100 * number)).collect(),
            ..Batch::default()
        },
        Batch {
            opportunities: vec![opportunity(5)],
            versions: vec![version(1, 20, 7), version(2, 5, 9)],
            touchpoints: (0..4).map(|number| touchpoint(number, -10)).collect(),
            ..Batch::default()
        },
        Batch {
            opportunities: vec![Opportunity { account: None, ..opportunity(4) }, opportunity(6)],
            versions: vec![version(6, 1, 3)],
            touchpoints: vec![touchpoint(1, -20)],
            ..Batch::default()
        },
    ]
}

/// What a snapshot says of every opportunity, at every instant that matters.
fn told(snapshot: &Snapshot) -> Vec<String> {
    (0..7)
        .map(|number| {
            let Some(index) = snapshot.opportunity_index(id(number)) else { return "unknown".to_owned() };
            let states: Vec<_> = [0, 1, 5, 10, 20].map(|ms| snapshot.state_at(index, at(ms).timestamp_millis())).into();
            let touchpoints: Vec<_> = snapshot.touchpoints_of(index).iter().map(|touch| (touch.at_ms, touch.id)).collect();
            format!("{:?} {states:?} {touchpoints:?}", snapshot.origin(index))
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_that_caught_up_tells_what_a_fresh_load_tells() {
    for database in databases().await {
        let storage = database.ready().await;
        let resident = Resident::load(storage.clone(), settings()).await.unwrap();
        for batch in steps() {
            let written = storage.write(batch, None).await.unwrap();
            resident.catch_up(written.data_version).await.unwrap();
            let caught_up = resident.snapshot();
            let fresh = Resident::load(storage.clone(), settings()).await.unwrap().snapshot();
            assert_eq!(caught_up.data_version(), written.data_version, "{}", database.engine);
            assert_eq!(fresh.data_version(), written.data_version, "{}", database.engine);
            assert_eq!(told(&caught_up), told(&fresh), "{} {:?}", database.engine, written);
        }
        assert!(told(&resident.snapshot()).iter().all(|line| line != "unknown"));
        database.drop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_answered_is_visible_to_the_next_read_whoever_else_catches_up() {
    for database in databases().await {
        let storage = database.ready().await;
        let resident = Resident::load(storage.clone(), settings()).await.unwrap();
        storage.write(Batch { stages: vec![stage()], ..Batch::default() }, None).await.unwrap();
        let writes = (0..7).map(|number| {
            let (storage, resident) = (storage.clone(), resident.clone());
            tokio::spawn(async move {
                let batch =
                    Batch { opportunities: vec![opportunity(number)], versions: vec![version(number, 0, 1)], ..Batch::default() };
                let written = storage.write(batch, None).await.unwrap();
                resident.catch_up(written.data_version).await.unwrap();
                resident.snapshot().opportunity_index(id(number)).is_some()
            })
        });
        for write in writes.collect::<Vec<_>>() {
            assert!(write.await.unwrap(), "{}", database.engine);
        }
        database.drop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_alone_is_a_change_too() {
    for database in databases().await {
        let storage = database.ready().await;
        let resident = Resident::load(storage.clone(), settings()).await.unwrap();
        let account = Account {
            id: AccountId::derived("o", "0"),
            external_id: None,
            name: "Acme".into(),
            kind: None,
            parent: None,
            industry: Some("Banking".into()),
            region: None,
            segment: None,
            country: None,
            state: None,
            employees: None,
            annual_revenue_minor: None,
            website: None,
            owner: None,
            created_at: None,
            is_deleted: false,
            recorded: DataVersion(0),
        };
        let written = storage.write(Batch { accounts: vec![account], ..Batch::default() }, None).await.unwrap();
        resident.catch_up(written.data_version).await.unwrap();
        assert_eq!(resident.snapshot().data_version(), DataVersion(1), "{}", database.engine);
        database.drop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_sees_what_another_server_wrote() {
    for database in databases().await {
        let storage = database.ready().await;
        let resident = Resident::load(storage.clone(), settings()).await.unwrap();
        let following = tokio::spawn(resident.clone().follow());
        let elsewhere = database.open().await;
        let written = elsewhere.write(Batch { stages: vec![stage()], ..Batch::default() }, None).await.unwrap();
        let seen = async {
            while resident.snapshot().data_version() < written.data_version {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), seen).await.unwrap();
        following.abort();
        database.drop().await;
    }
}
