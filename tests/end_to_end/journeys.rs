//! Journeys through storage, on both databases: splits, contact roles, milestones, as configuration says.

use crate::support::{ENGINES, Home};
use chrono::{DateTime, Utc};
use pipewright::config::Config;
use pipewright::plugins::Registry;
use pipewright::resident::Resident;
use pipewright::storage::{Batch, Storage};
use pipewright_core::attribution::{Credit, CreditShares, JourneyRules, Known, Linking};
use pipewright_core::campaign::Channel;
use pipewright_core::catalog::{ForecastCategory, Stage, StageKind};
use pipewright_core::currency::CurrencyCode;
use pipewright_core::facts::Settings;
use pipewright_core::ids::{
    AccountId, ContactId, ContactRoleId, DataVersion, OpportunityId, RepId, SplitId, StageId, TenureId, TouchpointId,
};
use pipewright_core::matrix::{Lens, ModelChoice};
use pipewright_core::opportunity::{ContactRole, Opportunity, Split, Version};
use pipewright_core::rep::{Rep, Role, Tenure};
use pipewright_core::touchpoint::{Source, Touchpoint, TouchpointKind};

const NEW: DataVersion = DataVersion(0);
const ABM: Source = Source::Channel(Channel::Abm);
const BRAND: Source = Source::Channel(Channel::Brand);
const EVENTS: Source = Source::Channel(Channel::Events);

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn deal() -> OpportunityId {
    OpportunityId::derived("o", "1")
}

fn account(number: u8) -> AccountId {
    AccountId::derived("o", &number.to_string())
}

fn contact(number: u8) -> ContactId {
    ContactId::derived("o", &number.to_string())
}

fn rep(role: Role) -> RepId {
    RepId::derived("o", &format!("{role:?}"))
}

fn split(role: Role, percentage_bp: i32, is_overlay: bool) -> Split {
    let (id, opportunity) = (SplitId::derived("o", &format!("{role:?}{is_overlay}")), deal());
    Split { id, opportunity, rep: rep(role), percentage_bp, is_overlay, is_deleted: false, recorded: NEW }
}

fn contact_role(number: u8) -> ContactRole {
    let (id, opportunity, contact) = (ContactRoleId::derived("o", &number.to_string()), deal(), contact(number));
    ContactRole { id, opportunity, contact, role: None, is_primary: true, is_deleted: false, recorded: NEW }
}

fn response(number: u8, channel: Channel) -> Touchpoint {
    Touchpoint {
        id: TouchpointId::derived("o", &number.to_string()),
        external_id: None,
        at: at("2026-01-01T00:00:00Z"),
        kind: TouchpointKind::Response,
        channel: Some(channel),
        rep: None,
        campaign: None,
        contact: Some(contact(number)),
        lead: None,
        account: Some(account(number)),
        opportunity: None,
        recorded: NEW,
    }
}

fn version(from: &str, stage: &str, acv_minor: i64) -> Version {
    Version {
        opportunity: deal(),
        valid_from: at(from),
        sequence: 0,
        name: "A deal".into(),
        stage: StageId::derived("o", stage),
        forecast_category: ForecastCategory::Commit,
        close_date: "2026-12-31".parse().unwrap(),
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
        recorded: NEW,
    }
}

/// A deal of account 1 with a response of contact 1 there, by ABM, and another by BRAND once it was qualified; and one of
/// contact 2 at account 2, by EVENTS.
fn batch() -> Batch {
    let stage = |name: &str| Stage {
        id: StageId::derived("o", name),
        name: name.into(),
        position: 1,
        kind: StageKind::Open,
        forecast_category: ForecastCategory::Commit,
        probability: None,
        is_active: true,
        recorded: NEW,
    };
    let roles = [Role::Ae, Role::Sdr, Role::Ecs];
    let one = |role: Role| Rep {
        id: rep(role),
        external_id: None,
        name: format!("{role:?}"),
        email: None,
        is_active: true,
        hired_on: None,
        recorded: NEW,
    };
    let tenure = |role: Role| Tenure {
        id: TenureId::derived("o", &format!("{role:?}")),
        rep: rep(role),
        role: Some(role),
        manager: None,
        valid_from: at("2020-01-01T00:00:00Z"),
        recorded: NEW,
    };
    let late = Touchpoint {
        at: at("2026-04-01T00:00:00Z"),
        contact: Some(contact(1)),
        account: Some(account(1)),
        ..response(3, Channel::Brand)
    };
    Batch {
        stages: ["Open", "Qualified"].map(stage).into(),
        reps: roles.map(one).into(),
        tenures: roles.map(tenure).into(),
        opportunities: vec![Opportunity {
            id: deal(),
            external_id: None,
            account: Some(account(1)),
            created_at: at("2026-02-01T00:00:00Z"),
            created_by: None,
            lead_source: None,
            lead_source_maps_to: None,
            last_activity_on: None,
            description: None,
            recorded: NEW,
        }],
        versions: vec![version("2026-02-01T00:00:00Z", "Open", 100), version("2026-03-01T00:00:00Z", "Qualified", 100)],
        touchpoints: vec![response(1, Channel::Abm), response(2, Channel::Events), late],
        splits: vec![split(Role::Ae, 7_000, false), split(Role::Sdr, 2_000, false), split(Role::Ecs, 15_000, true)],
        contact_roles: vec![contact_role(2)],
        ..Batch::default()
    }
}

fn settings(journeys: JourneyRules) -> Settings {
    let organisation = Config::default().organisation;
    Settings {
        calendar: organisation.calendar(),
        reporting_currency: CurrencyCode::USD,
        entry_stage: None,
        green_from: 1.0,
        yellow_from: 0.85,
        column_thresholds: std::collections::BTreeMap::new(),
        journeys,
        hygiene: Default::default(),
    }
}

/// What each source earns of the deal, in hundredths.
fn earned(resident: &Resident, model: &str, parameters: &[(&str, &str)], version: Option<DataVersion>) -> Vec<(Source, i64)> {
    let parameters = parameters.iter().map(|(name, json)| ((*name).to_owned(), (*json).to_owned())).collect();
    let choice = ModelChoice { model: model.into(), parameters, lens: Lens::All };
    let (snapshot, mut out) = (resident.snapshot(), CreditShares::default());
    let known = Known { at_ms: at("2026-06-01T00:00:00Z").timestamp_millis(), version };
    let model = Registry::built_in().choose(choice).unwrap().ready(&snapshot, version).unwrap();
    model.weigh(&snapshot, known, &[0], &mut out).unwrap();
    let (sources, weights) = out.entry(0);
    let part = |(code, weight): (&u8, &f64)| (Source::from_code(*code).unwrap(), (weight * 100.0).round() as i64);
    sources.iter().zip(weights).map(part).filter(|(_, part)| *part != 0).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn splits_of_the_database_are_credited_to_the_roles_held_at_the_creation() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let mut config = Config::default();
        config.database.url = home.url().to_owned();
        let storage = Storage::open(&config.database).await.unwrap();
        storage.migrate().await.unwrap();
        storage.write(batch(), None).await.unwrap();
        let resident = Resident::load(storage.clone(), settings(JourneyRules::default())).await.unwrap();
        assert_eq!(earned(&resident, "splits", &[], None), [], "{engine:?}: 90% are not the whole");
        let more = Batch { splits: vec![split(Role::Sdr, 3_000, false)], ..Batch::default() };
        let written = storage.write(more, None).await.unwrap();
        resident.catch_up(written.data_version).await.unwrap();
        let fresh = Resident::load(storage.clone(), settings(JourneyRules::default())).await.unwrap();
        for resident in [resident, fresh] {
            let parts = [(Source::Role(Role::Ae), 70), (Source::Role(Role::Sdr), 30)];
            assert_eq!(earned(&resident, "splits", &[], None), parts, "{engine:?}");
            assert_eq!(earned(&resident, "splits", &[], Some(DataVersion(1))), [], "{engine:?}: one came later");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn journeys_are_linked_and_have_milestones_as_configuration_says() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let mut config = Config::default();
        config.database.url = home.url().to_owned();
        let storage = Storage::open(&config.database).await.unwrap();
        storage.migrate().await.unwrap();
        storage.write(batch(), None).await.unwrap();
        let by_stage = [("first", "0"), ("lead_creation", "0"), ("opportunity_creation", "0"), ("closed", "0"), ("middle", "0")];
        let by_stage = [&by_stage[..], &[("stage_1", "1")]].concat();
        for (linking, linear, by_arrival) in [
            (Linking::ByAccount, vec![(ABM, 50), (BRAND, 50)], (ABM, 100)),
            (Linking::ByContactRole, vec![(EVENTS, 100)], (EVENTS, 100)),
            (Linking::ByPrimaryContact, vec![(EVENTS, 100)], (EVENTS, 100)),
        ] {
            let milestones = vec![StageId::derived("o", "Qualified")];
            let rules = JourneyRules { linking, milestones, ..JourneyRules::default() };
            let resident = Resident::load(storage.clone(), settings(rules)).await.unwrap();
            assert_eq!(earned(&resident, "linear", &[], None), linear, "{engine:?} {linking:?}");
            assert_eq!(earned(&resident, "custom", &by_stage, None), [by_arrival], "{engine:?} {linking:?}");
        }
    }
}
