//! A component that breaks down on some opportunities: what becomes of it, and of the questions that come after.

use crate::build::component;
use chrono::{DateTime, NaiveDate, TimeDelta};
use pipewright::plugins::wasm::Limits;
use pipewright::plugins::{Folder, Registry};
use pipewright_core::attribution::{Credit, CreditError, CreditShares, Known};
use pipewright_core::calendar::{Calendar, YearPattern};
use pipewright_core::campaign::Channel;
use pipewright_core::catalog::ForecastCategory;
use pipewright_core::currency::CurrencyCode;
use pipewright_core::facts::{Builder, OpportunityFact, Settings, Snapshot, VersionFact};
use pipewright_core::ids::{AccountId, DataVersion, OpportunityId, StageId, TouchpointId};
use pipewright_core::matrix::{Lens, ModelChoice};
use pipewright_core::touchpoint::{Touchpoint, TouchpointKind};
use std::collections::{BTreeMap, BTreeSet};

/// Opportunities created on days 50 and 100 of 1970, each with a response on the day before.
fn snapshot() -> Snapshot {
    let day = |day| DateTime::UNIX_EPOCH + TimeDelta::days(day);
    let calendar =
        Calendar { first_month: 2, pattern: YearPattern::Calendar, time_zone: chrono_tz::Tz::UTC, holidays: BTreeSet::new() };
    let mut builder = Builder::new(Settings {
        calendar,
        reporting_currency: CurrencyCode::USD,
        entry_stage: None,
        green_from: 1.0,
        yellow_from: 0.85,
        column_thresholds: BTreeMap::new(),
        journeys: pipewright_core::attribution::JourneyRules::default(),
        hygiene: Default::default(),
    });
    for created in [50, 100] {
        let account = Some(AccountId::derived("test", &created.to_string()));
        let opportunity = OpportunityFact {
            id: OpportunityId::derived("test", &created.to_string()),
            account,
            created_at_ms: day(created).timestamp_millis(),
            created_by: None,
            lead_source_maps_to: None,
            last_activity_on: None,
            has_contact_role: true,
        };
        let version = VersionFact {
            valid_from_ms: day(created).timestamp_millis(),
            sequence: 0,
            recorded: DataVersion(1),
            stage: StageId::derived("test", "open"),
            forecast_category: ForecastCategory::Pipeline,
            close_date: NaiveDate::from_ymd_opt(1970, 12, 31).unwrap(),
            currency: CurrencyCode::USD,
            acv_minor: Some(1),
            owner: None,
            region: None,
            segment: None,
            opportunity_type: None,
            campaign: None,
            line_set: None,
            has_next_step: true,
            has_amount: true,
            is_deleted: false,
        };
        builder.opportunity(opportunity, &[version]);
        builder.touchpoint(&Touchpoint {
            id: TouchpointId::derived("test", &created.to_string()),
            external_id: None,
            at: day(created - 1),
            kind: TouchpointKind::Response,
            channel: Some(Channel::Abm),
            rep: None,
            campaign: None,
            contact: None,
            lead: None,
            account,
            opportunity: None,
            recorded: DataVersion(1),
        });
    }
    builder.finish(DataVersion(1))
}

/// The weights of one opportunity under the fragile model.
fn weigh(registry: &Registry, snapshot: &Snapshot, created: i64) -> Result<Vec<f64>, CreditError> {
    let choice = ModelChoice { model: "fragile".into(), parameters: Vec::new(), lens: Lens::All };
    let index = (0..2).find(|index| snapshot.opportunity_id(*index) == OpportunityId::derived("test", &created.to_string()));
    let mut out = CreditShares::default();
    let known = Known { at_ms: i64::MAX, version: None };
    registry.choose(choice)?.ready(snapshot, None)?.weigh(snapshot, known, &[index.unwrap()], &mut out)?;
    Ok(out.entry(0).1.to_vec())
}

#[test]
fn a_component_that_was_stopped_learns_anew_and_three_failures_in_a_row_switch_it_off() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = component("tests/plugins/components", "fragile");
    std::fs::write(folder.path().join("fragile.wasm"), &bytes).unwrap();
    let registry = Registry::with_folder(Folder::new(folder.path().to_owned(), Limits::default(), None).unwrap());
    let snapshot = snapshot();
    let good = || assert_eq!(weigh(&registry, &snapshot, 100), Ok(vec![1.0]));
    let bad = || match weigh(&registry, &snapshot, 50) {
        Err(CreditError::ModelFailed { model, reason, .. }) if model == "fragile" => reason,
        other => panic!("{other:?}"),
    };
    good();
    for _ in 0..2 {
        assert!(bad().contains("it gave up"));
    }
    good();
    for _ in 0..3 {
        assert!(bad().contains("it gave up"), "a success in between began the count anew");
    }
    assert!(bad().contains("off until its file is loaded again"));
    assert!(registry.listed().iter().any(|model| model.is_off));
    registry.rescan();
    good();
}
