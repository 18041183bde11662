//! Companies drawn at random, and their numbers by looking at each version.

use crate::company::*;
use chrono::{DateTime, Duration, Utc};
use pipewright_core::calendar::PeriodName;
use pipewright_core::catalog::ForecastCategory;
use pipewright_core::currency::{CurrencyCode, ExchangeRate};
use pipewright_core::dimension::{CellKey, Dimension, DimensionValue};
use pipewright_core::facts::{AccountFact, Builder, OpportunityFact, Snapshot, Sums, VersionFact};
use pipewright_core::ids::{AccountId, DataVersion, LineSetId, OpportunityId, RegionId, RepId, TargetId, TenureId};
use pipewright_core::rep::Tenure;
use pipewright_core::target::{Measure, Target};
use proptest::prelude::*;
use uuid::Uuid;

pub fn a_version() -> impl Strategy<Value = VersionFact> {
    let times = (0..120_i64, 0..4_i64, 0..150_i64, 0..10_000_i64);
    (times, 0..6_u8, 0..6_u8, 0..3_u128, 0..4_u128, any::<bool>(), 1..10_i64).prop_map(
        |((from, hours, close, acv), stage, category, region, set, euro, recorded)| {
            let mut fact = version(day(2026, 1, 10), OPEN, acv, day(2026, 1, 1) + Duration::days(close));
            fact.valid_from_ms += from * 86_400_000 + hours * 3_600_000;
            fact.stage = [OPEN, OPEN, OPEN, OPEN, WON, LOST][usize::from(stage)];
            fact.forecast_category = [
                ForecastCategory::Omitted,
                ForecastCategory::Pipeline,
                ForecastCategory::BestCase,
                ForecastCategory::MostLikely,
                ForecastCategory::Commit,
                ForecastCategory::Closed,
            ][usize::from(category)];
            fact.region = (region > 0).then(|| RegionId(Uuid::from_u128(700 + region)));
            fact.line_set = (set > 0).then(|| LineSetId(Uuid::from_u128(set)));
            fact.currency = if euro { "EUR".parse().unwrap() } else { CurrencyCode::USD };
            fact.recorded = DataVersion(recorded);
            fact.is_deleted = recorded == 7 && hours == 0;
            fact
        },
    )
}

/// Companies of up to a dozen deals. Ids differ between deals.
pub fn a_company() -> impl Strategy<Value = Vec<Deal>> {
    prop::collection::vec(prop::collection::vec(a_version(), 1..6), 1..12).prop_map(|deals| {
        let deals = deals.into_iter().enumerate().map(|(number, mut versions)| {
            versions.sort_by_key(|version| version.valid_from_ms);
            for (sequence, version) in versions.iter_mut().enumerate() {
                version.sequence = i32::try_from(sequence).unwrap();
                // A set of lines belongs to one opportunity.
                version.line_set =
                    version.line_set.map(|set| LineSetId(Uuid::from_u128(10 * (number as u128 + 1) + set.0.as_u128())));
            }
            Deal { id: number as u128 + 1, versions }
        });
        deals.collect()
    })
}

/// The last version at or before an instant, found by looking at each.
pub fn replayed(deal: &Deal, when: DateTime<Utc>, recorded: i64) -> Option<&VersionFact> {
    let mut known = deal.versions.iter().filter(|version| version.recorded.0 <= recorded);
    known.rfind(|version| version.valid_from_ms <= when.timestamp_millis())
}

pub fn dollars(version: &VersionFact, when: DateTime<Utc>) -> i64 {
    let acv = version.acv_minor.unwrap();
    if version.currency == CurrencyCode::USD {
        return acv;
    }
    // The later rate is known, and in force, from noon of 1 March on.
    let later = version.close_date.min(when.date_naive()) >= day(2026, 3, 1) && when >= at(day(2026, 3, 1));
    let ten_thousandths = acv * if later { 12_345 } else { 11_000 };
    (ten_thousandths + 5_000) / 10_000
}

/// Closed, open and generation, by a replay of each deal's versions.
pub fn replay(deals: &[Deal], when: DateTime<Utc>, recorded: i64) -> Sums {
    let mut sums = Sums::default();
    for deal in deals {
        let Some(now) = replayed(deal, when, recorded) else { continue };
        let omitted = now.stage == OPEN && now.forecast_category == ForecastCategory::Omitted;
        if now.is_deleted || omitted {
            continue;
        }
        let acv = dollars(now, when);
        let in_quarter = quarter().start <= now.close_date && now.close_date < quarter().end;
        let past = now.close_date <= when.date_naive();
        if in_quarter && now.stage == OPEN {
            sums.open += acv;
            sums.open_count += 1;
        }
        if in_quarter && past && now.stage == WON {
            sums.closed += acv;
            sums.closed_count += 1;
        }
        let created = DateTime::from_timestamp_millis(deal.versions[0].valid_from_ms).unwrap();
        let entered = quarter().start <= created.date_naive() && created.date_naive() < quarter().end;
        if entered && created <= when {
            sums.generation_as_now += acv;
            sums.generation_count += 1;
        }
    }
    sums
}

pub fn region(number: u128) -> DimensionValue {
    DimensionValue::Entity(Uuid::from_u128(700 + number))
}

/// Targets of closed ACV for the quarter, for two regions and in total, some of them for its months, from some day on.
pub fn some_targets() -> impl Strategy<Value = Vec<Target>> {
    prop::collection::vec((0..3_u128, 0..4_u8, 0..100_000_i64, 0..100_i64), 0..8).prop_map(|rows| {
        let mut targets: Vec<Target> = rows
            .into_iter()
            .enumerate()
            .map(|(number, (region_number, month, amount, from))| Target {
                id: TargetId(Uuid::from_u128(number as u128 + 1)),
                measure: Measure::ClosedAcv,
                period: if month == 0 { quarter().name } else { PeriodName::Month(2027, month) },
                key: match region_number {
                    0 => CellKey::total(),
                    number => CellKey::new(vec![(Dimension::Region, region(number))]).unwrap(),
                },
                amount_minor: amount,
                valid_from: instant(from),
                sequence: i32::try_from(number).unwrap(),
                recorded: DataVersion(1),
            })
            .collect();
        targets.sort_by_key(|target| (target.valid_from, target.sequence));
        targets
    })
}

pub fn planned(deals: &[Deal], targets: &[Target]) -> Snapshot {
    let mut builder = Builder::onto(&snapshot(deals));
    targets.iter().for_each(|target| builder.target(target.clone()));
    builder.finish(DataVersion(10))
}

/// A snapshot of deals with owners and accounts, in a time zone, onto another where there is one.
pub fn staffed(onto: Option<&Snapshot>, deals: &[Deal], changes: &Changes, time_zone: chrono_tz::Tz) -> Snapshot {
    let mut settings = settings();
    settings.calendar.time_zone = time_zone;
    let mut builder = onto.map_or_else(|| Builder::new(settings), Builder::onto);
    if onto.is_none() {
        lists(&mut builder);
    }
    for (number, from) in &changes.tenures {
        builder.tenure(&Tenure {
            id: TenureId(Uuid::from_u128(2000 + number)),
            rep: RepId(Uuid::from_u128(900)),
            role: None,
            manager: Some(RepId(Uuid::from_u128(910 + number % 3))),
            valid_from: instant(*from),
            recorded: DataVersion(1),
        });
    }
    for (number, industry) in &changes.industries {
        let id = AccountId(Uuid::from_u128(3000 + number));
        builder.account(AccountFact { id, industry: (*industry > 0).then(|| format!("industry {industry}")) });
    }
    for from in &changes.rates {
        builder.exchange_rate(&ExchangeRate {
            currency: "EUR".parse().unwrap(),
            valid_from: day(2026, 1, 10) + Duration::days(*from),
            rate: rust_decimal::Decimal::new(100 + from, 2),
            known_from: instant(from + 3),
            recorded: DataVersion(1),
        });
    }
    for deal in deals {
        let fact = OpportunityFact {
            id: OpportunityId(Uuid::from_u128(deal.id)),
            account: (deal.id % 3 > 0).then(|| AccountId(Uuid::from_u128(3000 + deal.id % 3))),
            created_at_ms: deal.versions[0].valid_from_ms + i64::from(deal.id % 2 == 0) * 3_600_000,
            created_by: None,
            lead_source_maps_to: None,
            last_activity_on: None,
            has_contact_role: true,
        };
        let owned = |version: &VersionFact| {
            let owner = (version.acv_minor.unwrap() % 2 == 0).then_some(RepId(Uuid::from_u128(900)));
            VersionFact { owner, ..version.clone() }
        };
        builder.opportunity(fact, &deal.versions.iter().map(owned).collect::<Vec<_>>());
    }
    builder.finish(DataVersion(11))
}

/// What else may change than deals.
#[derive(Debug, Clone)]
pub struct Changes {
    pub tenures: Vec<(u128, i64)>,
    pub industries: Vec<(u128, u8)>,
    pub rates: Vec<i64>,
}

pub fn some_changes() -> impl Strategy<Value = Changes> {
    let tenures = prop::collection::vec((0..6_u128, 0..140_i64), 0..4);
    let industries = prop::collection::vec((1..3_u128, 0..3_u8), 0..3);
    (tenures, industries, prop::collection::vec(0..140_i64, 0..3)).prop_map(|(tenures, industries, rates)| Changes {
        tenures,
        industries,
        rates,
    })
}
