//! What readers may rely on.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::config::OrganisationConfig;
use crate::storage::Batch;
use crate::storage::testing::databases;
use chrono::{DateTime, NaiveDate, Utc};
use pipewright_core::attribution::{JourneyRules, Linking};
use pipewright_core::catalog::{ForecastCategory, Stage, StageKind};
use pipewright_core::currency::CurrencyCode;
use pipewright_core::hygiene::hygiene_of;
use pipewright_core::ids::{AccountId, ContactId, ContactRoleId, LeadId, OpportunityId, RepId, ReviewId, StageId, TouchpointId};
use pipewright_core::opportunity::{ContactRole, Opportunity, Version};
use pipewright_core::party::{Account, Contact, Lead};
use pipewright_core::review::{Changes, Review, Verdict};
use pipewright_core::touchpoint::{Touchpoint, TouchpointKind};
use pipewright_core::viewer::Scope;

fn settings() -> Settings {
    Settings {
        calendar: OrganisationConfig::default().calendar(),
        reporting_currency: CurrencyCode::USD,
        entry_stage: None,
        green_from: 1.0,
        yellow_from: 0.85,
        column_thresholds: std::collections::BTreeMap::new(),
        journeys: JourneyRules::default(),
        hygiene: Default::default(),
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

fn company(number: i64) -> Account {
    Account {
        id: AccountId::derived("o", &number.to_string()),
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
    }
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
        close_reason: None,
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
            reviews: vec![review(1, 15), review(8, 15)],
            ..Batch::default()
        },
        Batch {
            opportunities: vec![Opportunity { account: None, ..opportunity(4) }, opportunity(6)],
            versions: vec![version(6, 1, 3)],
            touchpoints: vec![touchpoint(1, -20)],
            ..Batch::default()
        },
        // Touchpoints of people whose account nobody knows yet, and one on an opportunity of another account,
        Batch {
            leads: vec![lead(1, None), lead(2, None)],
            contacts: vec![contact(1, None), contact(2, Some(0))],
            contact_roles: vec![contact_role(1, 1), contact_role(2, 2)],
            touchpoints: vec![
                of_person(1, None, Some(1)),
                of_person(2, None, Some(2)),
                of_person(3, Some(1), None),
                of_person(4, Some(2), None),
                Touchpoint { opportunity: Some(id(1)), ..of_person(5, Some(2), None) },
                Touchpoint { opportunity: Some(id(9)), ..of_person(6, None, None) },
            ],
            ..Batch::default()
        },
        // who become known, and move, and the opportunity whose touchpoint came before it.
        Batch {
            leads: vec![lead(1, Some(1))],
            contacts: vec![contact(1, Some(1))],
            reviews: vec![review(1, 12), review(2, 30)],
            ..Batch::default()
        },
        Batch { contacts: vec![contact(1, Some(2)), contact(2, None)], ..Batch::default() },
        Batch {
            leads: vec![lead(2, Some(2))],
            opportunities: vec![opportunity(9), Opportunity { account: opportunity(2).account, ..opportunity(1) }],
            versions: vec![version(9, 3, 4)],
            contact_roles: vec![ContactRole { is_deleted: true, ..contact_role(1, 1) }, contact_role(9, 2)],
            ..Batch::default()
        },
        Batch { touchpoints: vec![of_person(7, Some(1), None), of_person(8, None, Some(1))], ..Batch::default() },
    ]
}

fn account(number: i64) -> AccountId {
    AccountId::derived("o", &number.to_string())
}

fn contact(number: i64, account_number: Option<i64>) -> Contact {
    Contact {
        id: ContactId::derived("o", &number.to_string()),
        external_id: None,
        account: account_number.map(account),
        name: "Ada".into(),
        title: None,
        department: None,
        email: None,
        phone: None,
        lead_source: None,
        owner: None,
        created_at: None,
        is_deleted: false,
        recorded: DataVersion(0),
    }
}

/// A lead, and the number of the account and of the contact that it became.
fn lead(number: i64, became: Option<i64>) -> Lead {
    Lead {
        id: LeadId::derived("o", &number.to_string()),
        external_id: None,
        name: "Ada".into(),
        company: None,
        title: None,
        email: None,
        phone: None,
        status: None,
        lead_source: None,
        industry: None,
        owner: None,
        created_at: None,
        converted_on: None,
        converted_account: became.map(account),
        converted_contact: became.map(|number| contact(number, None).id),
        converted_opportunity: None,
        is_deleted: false,
        recorded: DataVersion(0),
    }
}

fn contact_role(opportunity: i64, person: i64) -> ContactRole {
    ContactRole {
        id: ContactRoleId::derived("o", &format!("{opportunity}/{person}")),
        opportunity: id(opportunity),
        contact: contact(person, None).id,
        role: None,
        is_primary: person == 1,
        is_deleted: false,
        recorded: DataVersion(0),
    }
}

fn review(number: i64, ms: i64) -> Review {
    Review {
        id: ReviewId::derived("o", &format!("{number}/{ms}")),
        opportunity: id(number),
        reviewer: RepId::derived("o", "manager"),
        verdict: Verdict::Confirmed,
        changes: Changes::default(),
        note: None,
        at: at(ms),
        recorded: DataVersion(0),
    }
}

/// A touchpoint of a contact or lead that names no account.
fn of_person(number: i64, person: Option<i64>, as_lead: Option<i64>) -> Touchpoint {
    Touchpoint {
        contact: person.map(|number| contact(number, None).id),
        lead: as_lead.map(|number| lead(number, None).id),
        account: None,
        opportunity: None,
        ..touchpoint(100 + number, -number)
    }
}

/// What a snapshot says of every opportunity, at every instant that matters.
fn told(snapshot: &Snapshot) -> Vec<String> {
    (0..10)
        .map(|number| {
            let Some(index) = snapshot.opportunity_index(id(number)) else { return "unknown".to_owned() };
            let states: Vec<_> = [0, 1, 5, 10, 20].map(|ms| snapshot.state_at(index, at(ms).timestamp_millis())).into();
            let touchpoints: Vec<_> = snapshot.touchpoints_of(index).iter().map(|touch| (touch.at_ms, touch.id)).collect();
            let week = 7 * 86_400_000;
            let hygiene = [20, 10 + week, 16 + week].map(|ms| hygiene_of(snapshot, &[id(number)], at(ms), &Scope::everything()));
            format!("{:?} {states:?} {touchpoints:?} {hygiene:?}", snapshot.origin(index))
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_that_caught_up_tells_what_a_fresh_load_tells() {
    for linking in [Linking::ByAccount, Linking::ByContactRole, Linking::ByPrimaryContact] {
        let settings = || Settings { journeys: JourneyRules { linking, ..JourneyRules::default() }, ..settings() };
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
                assert_eq!(told(&caught_up), told(&fresh), "{} {linking:?} {:?}", database.engine, written);
            }
            let told = told(&resident.snapshot());
            assert_eq!(told.iter().filter(|line| *line == "unknown").count(), 2, "7 and 8 never came");
            database.drop().await;
        }
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
        let written = storage.write(Batch { accounts: vec![company(0)], ..Batch::default() }, None).await.unwrap();
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
        let mut versions = resident.versions();
        let seen = versions.wait_for(|version| *version >= written.data_version);
        tokio::time::timeout(Duration::from_secs(20), seen).await.unwrap().unwrap();
        assert_eq!(resident.snapshot().data_version(), written.data_version, "told when it can be read");
        following.abort();
        database.drop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bell_rings_when_another_writes_and_a_new_one_when_its_connection_was_cut() {
    for database in databases().await {
        let (storage, elsewhere) = (database.ready().await, database.open().await);
        let write = async |number| {
            let batch = Batch { accounts: vec![company(number)], ..Batch::default() };
            elsewhere.write(batch, None).await.unwrap()
        };
        let Some(mut bell) = storage.bell().await.unwrap() else {
            assert_eq!(database.engine, "SQLite");
            database.drop().await;
            continue;
        };
        write(1).await;
        tokio::time::timeout(Duration::from_secs(20), bell.rung()).await.unwrap().unwrap();
        let resident = Resident::load(storage, settings()).await.unwrap();
        let following = tokio::spawn(resident.clone().follow());
        let mut versions = resident.versions();
        for number in 2..4 {
            database.cut_listeners().await;
            let written = write(number).await;
            let seen = versions.wait_for(|version| *version >= written.data_version);
            tokio::time::timeout(Duration::from_secs(20), seen).await.unwrap().unwrap();
        }
        following.abort();
        database.drop().await;
    }
}
