#![allow(clippy::unwrap_used)]

use super::company::{Company, Order};
use super::deal::{Sourcing, WON};
use super::journey::Actor;
use super::salesforce_id::{prefix, salesforce_id};
use super::timeline::{day, day_of};
use super::{GenerateError, write_database, write_export};
use chrono::NaiveDate;
use pipewright_core::calendar::{Calendar, YearPattern};
use pipewright_core::ids::OpportunityId;
use pipewright_core::rep::Role;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

fn calendar() -> Calendar {
    Calendar { first_month: 2, pattern: YearPattern::Calendar, time_zone: chrono_tz::Tz::UTC, holidays: BTreeSet::new() }
}

fn company(opportunities: u64, seed: u64) -> Company {
    let until = NaiveDate::from_ymd_opt(2026, 11, 24).unwrap();
    Company::found(Order { opportunities, seed, until }, &calendar())
}

fn export(seed: u64) -> BTreeMap<String, Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    write_export(&company(300, seed), folder.path(), |_| {}).unwrap();
    files(folder.path())
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries.map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap())).collect()
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_does_not() {
    let one = export(1);
    assert_eq!(one, export(1));
    assert_ne!(one["Opportunity.csv"], export(2)["Opportunity.csv"]);
}

#[test]
fn every_reference_of_an_export_names_a_row_of_it_and_no_id_stands_twice() {
    let files = export(3);
    let ids = |object: &str| -> BTreeSet<String> {
        let mut reader = csv::Reader::from_reader(&files[&format!("{object}.csv")][..]);
        let ids: Vec<String> = reader.records().map(|row| row.unwrap()[0].to_owned()).collect();
        let distinct: BTreeSet<String> = ids.iter().cloned().collect();
        assert_eq!(ids.len(), distinct.len(), "an id of {object} stands twice");
        distinct
    };
    let by_prefix: BTreeMap<&str, BTreeSet<String>> = [
        ("001", "Account"),
        ("003", "Contact"),
        ("00Q", "Lead"),
        ("006", "Opportunity"),
        ("005", "User"),
        ("00E", "UserRole"),
        ("701", "Campaign"),
        ("01t", "Product2"),
        ("00v", "CampaignMember"),
        ("026", "Period"),
        ("03V", "CampaignInfluenceModel"),
    ]
    .into_iter()
    .map(|(prefix, object)| (prefix, ids(object)))
    .collect();
    for object in [
        "OpportunityHistory",
        "OpportunityFieldHistory",
        "OpportunityLineItem",
        "CampaignMember",
        "Task",
        "Event",
        "ForecastingQuota",
        "ForecastingItem",
        "CampaignInfluence",
    ] {
        assert!(!ids(object).is_empty(), "{object} is empty");
    }
    for (name, bytes) in &files {
        let mut reader = csv::Reader::from_reader(&bytes[..]);
        let headers = reader.headers().unwrap().clone();
        for row in reader.records() {
            let row = row.unwrap();
            for (header, value) in headers.iter().zip(&row).filter(|(header, value)| header.ends_with("Id") && !value.is_empty())
            {
                if let Some(known) = by_prefix.get(&value[..3]) {
                    assert!(known.contains(value), "{name}: {header} {value} names nothing");
                }
            }
        }
    }
}

#[test]
fn a_life_is_ordered_begins_with_its_creation_and_ends_by_the_day_asked_for() {
    let company = company(3_000, 4);
    let horizon = company.timeline.horizon_ms;
    for index in 0..3_000 {
        let deal = company.deal(index);
        assert_eq!(deal, company.deal(index));
        assert_eq!(deal.states[0].at_ms, deal.created_ms);
        assert!(deal.states.windows(2).all(|pair| pair[0].at_ms < pair[1].at_ms));
        assert!(deal.last().at_ms <= horizon);
        assert!(deal.buyer.created_ms <= deal.created_ms);
        let journey = company.journey(&deal);
        assert!(journey.iter().all(|touch| touch.at_ms <= horizon));
        for touch in &journey {
            if let Actor::Campaign(number, channel) = touch.actor {
                assert_eq!(company.drives.all[number].channel, channel);
            }
        }
    }
    let last_quarter = day(company.timeline.quarters.last().unwrap().start);
    assert!(last_quarter < company.timeline.until);
    for number in 0..company.idle_leads {
        let lead = company.idle_lead(number);
        // Responses are known by day.
        let since = day_of(lead.created_ms);
        assert!(lead.created_ms <= horizon && lead.responses.iter().all(|(_, at)| day_of(*at) >= since && *at <= horizon));
    }
}

#[test]
fn lines_add_up_to_the_last_states_acv_where_there_are_any() {
    let company = company(2_000, 5);
    let mut without = 0;
    for index in 0..2_000 {
        let deal = company.deal(index);
        match deal.lines.iter().map(|line| line.acv_minor).sum::<i64>() {
            0 => without += 1,
            sum => assert_eq!(sum, deal.last().acv_minor),
        }
        assert!(deal.lines_hold(deal.states.len() - 1));
    }
    assert!((100..300).contains(&without), "{without} of 2000 have no lines");
}

#[test]
fn pipeline_is_sourced_by_roles_in_the_shares_of_the_design() {
    let company = company(3_000, 6);
    let mut sums = [0_i64; 5];
    for index in 0..3_000 {
        let deal = company.deal(index);
        let day = super::timeline::day_of(deal.created_ms);
        let role = match deal.sourcing {
            Sourcing::Creator => company.people.role_on(deal.creator, day),
            Sourcing::Conversion(rep) => company.people.role_on(rep, day),
            Sourcing::HandOff(rep, at) => company.people.role_on(rep, super::timeline::day_of(at)),
        };
        assert_eq!(role, Some(deal.sourced_by));
        sums[deal.sourced_by as usize] += deal.states[0].acv_minor;
    }
    let total: i64 = sums.iter().sum();
    let share = |role: Role| sums[role as usize] as f64 / total as f64;
    assert!((0.50..0.68).contains(&share(Role::Ae)), "AE {}", share(Role::Ae));
    assert!((0.19..0.32).contains(&share(Role::Bdr)), "BDR {}", share(Role::Bdr));
    for role in [Role::Sdr, Role::Ecs, Role::CloudSales] {
        assert!((0.005..0.17).contains(&share(role)), "{role:?} {}", share(role));
    }
}

#[test]
fn the_company_looks_alive() {
    let company = company(3_000, 7);
    let deals: Vec<_> = (0..3_000).map(|index| company.deal(index)).collect();
    let states: usize = deals.iter().map(|deal| deal.states.len()).sum();
    let closed = deals.iter().filter(|deal| deal.last().stage >= WON).count();
    let won = deals.iter().filter(|deal| deal.last().stage == WON).count();
    let reopened = deals.iter().filter(|deal| deal.states.windows(2).any(|pair| pair[0].stage >= WON)).count();
    let mut lengths: Vec<usize> = deals.iter().map(|deal| company.journey(deal).len()).collect();
    lengths.sort_unstable();
    let open: Vec<_> = deals.iter().filter(|deal| deal.last().stage < WON).collect();
    let overdue = open.iter().filter(|deal| deal.last().close_day < company.timeline.until).count();
    let regions: BTreeSet<usize> = deals.iter().map(|deal| deal.buyer.region).collect();
    let segments: BTreeSet<usize> = deals.iter().map(|deal| deal.buyer.segment).collect();
    let industries: BTreeSet<&str> = deals.iter().map(|deal| deal.buyer.industry).collect();
    let story = format!(
        "{states} states, {closed} closed, {won} won, {reopened} reopened, {} open, {overdue} overdue, median journey {}, longest {}",
        open.len(),
        lengths[1_500],
        lengths[2_999]
    );
    assert!((4.0..6.0).contains(&(states as f64 / 3_000.0)), "{story}");
    assert!((0.20..0.31).contains(&(won as f64 / closed as f64)), "{story}");
    assert!((10..150).contains(&reopened), "{story}");
    assert!((4..=7).contains(&lengths[1_500]) && lengths[2_999] > 20, "{story}");
    assert!(open.len() > 100 && overdue > 3 && overdue * 4 < open.len(), "{story}");
    assert!(open.iter().any(|deal| deal.last().next_step.is_none()), "{story}");
    assert_eq!((regions.len(), segments.len(), industries.len() >= 12), (5, 4, true), "{story}");
}

#[test]
fn targets_stand_for_every_quarter_and_cell_and_some_are_missed() {
    let company = company(2_000, 8);
    let outlook = company.outlook();
    let quotas = company.quotas(&outlook);
    assert_eq!(quotas.len(), company.timeline.quarters.len() * super::targets::CELLS);
    assert!(quotas.iter().all(|quota| quota.closed_minor > 0 && quota.generation_minor > 0));
    assert!(quotas.iter().all(|quota| quota.at_ms <= company.timeline.horizon_ms));
    let calls = company.calls(&outlook);
    assert!(calls.iter().any(|call| call.note.is_some()) && calls.iter().any(|call| call.note.is_none()));
    assert!(calls.iter().all(|call| call.at_ms <= company.timeline.horizon_ms));
}

#[tokio::test]
async fn a_database_holds_the_company_that_was_made_and_takes_no_second_one() {
    for database in crate::storage::testing::databases().await {
        let storage = database.ready().await;
        let organisation = crate::config::OrganisationConfig::default();
        let company = company(200, 9);
        let made = write_database(&company, &storage, &organisation, |_| {}).await.unwrap();
        assert_eq!(made.opportunities, 200);
        for index in [0, 57, 199] {
            let deal = company.deal(index);
            let external_id = salesforce_id(prefix::OPPORTUNITY, index);
            let id = OpportunityId::derived(&organisation.name, &external_id);
            let versions = storage.versions_of(&[id]).await.unwrap();
            let stored: Vec<_> =
                versions.iter().map(|version| (version.valid_from.timestamp_millis(), version.acv_minor)).collect();
            let lived: Vec<_> = deal.states.iter().map(|state| (state.at_ms, Some(state.acv_minor))).collect();
            assert_eq!(stored, lived, "{}", database.engine);
        }
        let again = write_database(&company, &storage, &organisation, |_| {}).await;
        assert!(matches!(again, Err(GenerateError::DatabaseInUse)), "{}", database.engine);
        drop(storage);
        database.drop().await;
    }
}
