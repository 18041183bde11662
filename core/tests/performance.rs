//! The performance of campaigns and roles, against worked examples and what must add up.
#![allow(clippy::unwrap_used)]

use chrono::{DateTime, NaiveDate, Utc};
use pipewright_core::attribution::{ModelCredit, View};
use pipewright_core::calendar::{Calendar, Period, YearPattern};
use pipewright_core::campaign::{Campaign, Channel};
use pipewright_core::campaigns::{
    CampaignFigures, CampaignPerformance, CampaignQuery, CampaignRow, CampaignRowKey, CampaignsBy, campaign_performance,
};
use pipewright_core::catalog::{ForecastCategory, Stage, StageKind};
use pipewright_core::currency::{CurrencyCode, ExchangeRate};
use pipewright_core::dimension::{CellKey, Dimension, DimensionValue, Filter};
use pipewright_core::facts::{Builder, LineFact, OpportunityFact, Point, Scan, Settings, Snapshot, Sums, VersionFact, sums};
use pipewright_core::ids::{
    AccountId, CampaignId, ContactId, DataVersion, LeadId, LineSetId, OpportunityId, ProductId, RepId, StageId, TenureId,
    TouchpointId,
};
use pipewright_core::matrix::Lens;
use pipewright_core::rep::{Rep, Role, Tenure};
use pipewright_core::roles::{
    Capacity, Expectations, RoleExpectation, RolePerformance, RoleQuery, conversion, median, role_performance, utilisation,
};
use pipewright_core::touchpoint::{Source, Touchpoint, TouchpointKind};
use pipewright_core::viewer::Scope;
use pipewright_plugin::{FittedModel, Journey, ModelError, Weights};
use proptest::prelude::*;
use std::sync::Arc;
use uuid::Uuid;

const NOON: &str = "2026-03-20T12:00:00Z";

/// Shares each opportunity out evenly.
struct Even;

impl FittedModel for Even {
    fn weigh(&self, batch: &[Journey<'_>], out: &mut Weights) -> Result<(), ModelError> {
        for journey in batch {
            let count = journey.touches.len();
            out.journey(count).fill(1.0 / count as f64);
        }
        Ok(())
    }
}

fn even() -> ModelCredit {
    ModelCredit::new("even".into(), Arc::new(Even), true, View { lens: Lens::All, origins: false })
}

fn at(text: &str) -> DateTime<Utc> {
    format!("2026-{text}T12:00:00Z").parse().unwrap()
}

fn day(text: &str) -> NaiveDate {
    format!("2026-{text}").parse().unwrap()
}

fn calendar() -> Calendar {
    Calendar { first_month: 2, pattern: YearPattern::Calendar, time_zone: chrono_tz::UTC, holidays: Default::default() }
}

fn period(name: &str) -> Period {
    calendar().period(name.parse().unwrap())
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn stage(kind: StageKind) -> StageId {
    StageId(id(1000 + kind as u128))
}

const SDR: RepId = RepId(Uuid::from_u128(301));
const AE: RepId = RepId(Uuid::from_u128(302));

fn campaign(number: u128, parent: Option<u128>, channel: Option<Channel>) -> Campaign {
    Campaign {
        id: CampaignId(id(number)),
        external_id: None,
        name: format!("Campaign {number}"),
        parent: parent.map(|parent| CampaignId(id(parent))),
        channel,
        kind: None,
        status: None,
        starts_on: None,
        ends_on: None,
        currency: CurrencyCode::USD,
        budgeted_cost_minor: None,
        actual_cost_minor: None,
        is_active: true,
        is_deleted: false,
        recorded: DataVersion(1),
    }
}

fn touch(number: u128, instant: &str, kind: TouchpointKind) -> Touchpoint {
    Touchpoint {
        id: TouchpointId(id(number)),
        external_id: None,
        at: at(instant),
        kind,
        channel: None,
        rep: None,
        campaign: None,
        contact: None,
        lead: None,
        account: Some(AccountId(id(50))),
        opportunity: None,
        recorded: DataVersion(1),
    }
}

fn response(number: u128, instant: &str, campaign: u128, channel: Channel, contact: u128) -> Touchpoint {
    Touchpoint {
        campaign: Some(CampaignId(id(campaign))),
        channel: Some(channel),
        contact: Some(ContactId(id(contact))),
        ..touch(number, instant, TouchpointKind::Response)
    }
}

fn version(from: DateTime<Utc>, kind: StageKind, acv: i64, close: NaiveDate) -> VersionFact {
    VersionFact {
        valid_from_ms: from.timestamp_millis(),
        sequence: 0,
        recorded: DataVersion(1),
        stage: stage(kind),
        forecast_category: ForecastCategory::Pipeline,
        close_date: close,
        currency: CurrencyCode::USD,
        acv_minor: Some(acv),
        owner: Some(AE),
        region: None,
        segment: None,
        opportunity_type: None,
        campaign: None,
        line_set: None,
        has_next_step: true,
        has_amount: true,
        is_deleted: false,
    }
}

fn add_deal(builder: &mut Builder, number: u128, account: u128, created: DateTime<Utc>, versions: &[VersionFact]) {
    let fact = OpportunityFact {
        id: OpportunityId(id(number)),
        account: Some(AccountId(id(account))),
        created_at_ms: created.timestamp_millis(),
        created_by: Some(AE),
        lead_source_maps_to: None,
        last_activity_on: None,
        has_contact_role: true,
    };
    builder.opportunity(fact, versions);
}

fn builder() -> Builder {
    let mut builder = Builder::new(Settings {
        calendar: calendar(),
        reporting_currency: CurrencyCode::USD,
        entry_stage: None,
        green_from: 1.0,
        yellow_from: 0.85,
        column_thresholds: Default::default(),
        journeys: pipewright_core::attribution::JourneyRules::default(),
        hygiene: Default::default(),
    });
    for kind in [StageKind::Open, StageKind::Won, StageKind::Lost] {
        builder.stage(&Stage {
            id: stage(kind),
            name: format!("{kind:?}"),
            position: 1,
            kind,
            forecast_category: ForecastCategory::Pipeline,
            probability: None,
            is_active: true,
            recorded: DataVersion(1),
        });
    }
    for (rep, role, from, is_active) in [
        (SDR, Role::Sdr, "02-03", true),
        (AE, Role::Ae, "01-01", true),
        (RepId(id(303)), Role::Sdr, "01-01", true),
        (RepId(id(304)), Role::Sdr, "01-01", false),
    ] {
        let recorded = DataVersion(1);
        let (name, external_id, email) = (rep.to_string(), None, None);
        builder.rep(&Rep { id: rep, external_id, name, email, is_active, hired_on: None, recorded });
        let valid_from = at(from);
        builder.tenure(&Tenure { id: TenureId(rep.0), rep, role: Some(role), manager: None, valid_from, recorded });
    }
    builder.exchange_rate(&ExchangeRate {
        currency: "EUR".parse().unwrap(),
        valid_from: day("01-01"),
        rate: "1.1".parse().unwrap(),
        known_from: at("01-01"),
        recorded: DataVersion(1),
    });
    builder
}

/// A programme of events (1) over a dinner (2) and an advertisement in euro (3); an account that met both, was called and handed
/// on by an SDR; two deals of it, one open and one won.
fn company() -> Snapshot {
    let mut builder = builder();
    builder.campaign(&campaign(1, None, Some(Channel::Events)));
    builder.campaign(&Campaign {
        starts_on: Some(day("02-01")),
        ends_on: Some(day("02-28")),
        budgeted_cost_minor: Some(200_000),
        actual_cost_minor: Some(100_000),
        ..campaign(2, Some(1), Some(Channel::Events))
    });
    builder.campaign(&Campaign {
        starts_on: Some(day("01-27")),
        ends_on: Some(day("02-05")),
        currency: "EUR".parse().unwrap(),
        actual_cost_minor: Some(10_000),
        ..campaign(3, Some(1), Some(Channel::Digital))
    });
    builder.campaign(&Campaign {
        starts_on: Some(day("03-16")),
        ends_on: Some(day("03-25")),
        actual_cost_minor: Some(10_000),
        budgeted_cost_minor: Some(10_000),
        ..campaign(4, None, None)
    });
    builder.touchpoint(&response(10, "02-10", 2, Channel::Events, 71));
    builder.touchpoint(&response(11, "02-12", 3, Channel::Digital, 72));
    builder.touchpoint(&response(17, "02-13", 3, Channel::Digital, 71));
    let by_sdr = |touch: Touchpoint| Touchpoint { rep: Some(SDR), contact: Some(ContactId(id(71))), ..touch };
    builder.touchpoint(&by_sdr(touch(12, "02-15", TouchpointKind::Call)));
    builder.touchpoint(&by_sdr(touch(13, "02-19", TouchpointKind::HandOff)));
    // Nobody's account yet; answered the programme itself.
    let idle = response(14, "02-20", 1, Channel::Events, 0);
    builder.touchpoint(&Touchpoint { contact: None, lead: Some(LeadId(id(80))), account: None, ..idle });
    // Handed on, and nothing came of it; and a response of tomorrow.
    builder.touchpoint(&Touchpoint { account: Some(AccountId(id(51))), ..by_sdr(touch(15, "03-01", TouchpointKind::HandOff)) });
    builder.touchpoint(&response(16, "03-21", 2, Channel::Events, 73));
    let created = at("02-20");
    add_deal(&mut builder, 1, 50, created, &[version(created, StageKind::Open, 10_000, day("04-10"))]);
    let won = [version(created, StageKind::Open, 9_000, day("03-05")), version(at("03-01"), StageKind::Won, 9_000, day("03-01"))];
    add_deal(&mut builder, 2, 50, created, &won);
    builder.finish(DataVersion(10))
}

fn campaigns(snapshot: &Snapshot, name: &str, by: CampaignsBy, filter: Filter) -> CampaignPerformance {
    let query = CampaignQuery { period: period(name), as_of: NOON.parse().unwrap(), data_version: None, filter, by };
    campaign_performance(snapshot, &query, &Scope::everything(), &even()).unwrap()
}

/// Budget, cost, responses, people, influenced, pipeline, closed, realised.
fn row(figures: CampaignFigures) -> [i64; 8] {
    [
        figures.budgeted_cost_minor,
        figures.actual_cost_minor,
        figures.responses as i64,
        figures.people as i64,
        figures.opportunities_influenced as i64,
        figures.attributed_pipeline_minor,
        figures.attributed_closed_minor,
        figures.realised_minor,
    ]
}

#[test]
fn the_worked_example_of_campaigns_holds() {
    let answer = campaigns(&company(), "FY2027-Q1", CampaignsBy::Campaign, Filter::Everything);
    let of = |number| CampaignRowKey::Campaign(CampaignId(id(number)));
    let expected = [
        // Three people answered three campaigns; the whole opportunity is touched once, however many campaigns touched it.
        (of(1), 0, [0, 0, 1, 1, 0, 0, 0, 0], [200_000, 105_500, 4, 3, 2, 6_000, 5_400, 5_400]),
        (of(2), 1, [200_000, 100_000, 1, 1, 2, 2_000, 1_800, 1_800], [200_000, 100_000, 1, 1, 2, 2_000, 1_800, 1_800]),
        // Half of the ten days of 110.00 lie in the quarter.
        (of(3), 1, [0, 5_500, 2, 2, 2, 4_000, 3_600, 3_600], [0, 5_500, 2, 2, 2, 4_000, 3_600, 3_600]),
        // Five of its ten days are over at noon of 20 March.
        (of(4), 0, [10_000, 5_000, 0, 0, 0, 0, 0, 0], [10_000, 5_000, 0, 0, 0, 0, 0, 0]),
        (CampaignRowKey::Elsewhere, 0, [0; 8], [0; 8]),
        (CampaignRowKey::Roles, 0, [0, 0, 0, 0, 2, 4_000, 3_600, 3_600], [0, 0, 0, 0, 2, 4_000, 3_600, 3_600]),
        (CampaignRowKey::Unattributed, 0, [0; 8], [0; 8]),
    ];
    for (key, depth, own, total) in expected {
        let found = answer.rows.iter().find(|row| row.key == key).unwrap_or_else(|| panic!("no row {key:?}"));
        assert_eq!((found.depth, row(found.own), row(found.total)), (depth, own, total), "{key:?}");
    }
    assert_eq!(answer.rows.len(), expected.len());
    assert_eq!(row(answer.total), [210_000, 110_500, 4, 3, 2, 10_000, 9_000, 9_000]);
}

#[test]
fn channels_hold_what_their_campaigns_do_and_roles_and_nobody_stand_apart() {
    let answer = campaigns(&company(), "FY2027-Q1", CampaignsBy::Channel, Filter::Everything);
    for (key, expected) in [
        (CampaignRowKey::Channel(Channel::Events), [200_000, 100_000, 2, 2, 2, 2_000, 1_800, 1_800]),
        (CampaignRowKey::Channel(Channel::Digital), [0, 5_500, 2, 2, 2, 4_000, 3_600, 3_600]),
        (CampaignRowKey::Channel(Channel::Brand), [0; 8]),
        (CampaignRowKey::Elsewhere, [10_000, 5_000, 0, 0, 0, 0, 0, 0]),
        (CampaignRowKey::Roles, [0, 0, 0, 0, 2, 4_000, 3_600, 3_600]),
    ] {
        let found = answer.rows.iter().find(|row| row.key == key).unwrap();
        assert_eq!((row(found.own), row(found.total)), (expected, expected), "{key:?}");
    }
}

#[test]
fn what_a_rep_did_is_no_marketing_also_without_a_role() {
    let mut builder = builder();
    builder.campaign(&campaign(1, None, None));
    let asked = Touchpoint { channel: None, ..response(10, "02-10", 1, Channel::Events, 71) };
    builder.touchpoint(&asked);
    let newcomer = Some(RepId(id(999)));
    let kind = TouchpointKind::Call;
    builder.touchpoint(&Touchpoint { rep: newcomer, kind, contact: Some(ContactId(id(72))), ..with_id(&asked, 11) });
    builder.touchpoint(&Touchpoint { rep: newcomer, contact: Some(ContactId(id(73))), ..with_id(&asked, 12) });
    let total = campaigns(&builder.finish(DataVersion(10)), "FY2027-Q1", CampaignsBy::Campaign, Filter::Everything).total;
    assert_eq!((total.responses, total.people), (1, 1));
}

fn with_id(touch: &Touchpoint, number: u128) -> Touchpoint {
    Touchpoint { id: TouchpointId(id(number)), ..touch.clone() }
}

#[test]
fn what_february_touched_is_realised_in_march() {
    let snapshot = company();
    for (name, closed, realised) in [("FY2027-M01", 0, 9_000), ("FY2027-M02", 9_000, 0), ("FY2026-M12", 0, 0)] {
        let total = campaigns(&snapshot, name, CampaignsBy::Channel, Filter::Everything).total;
        assert_eq!((total.attributed_closed_minor, total.realised_minor), (closed, realised), "{name}");
    }
}

fn roles(snapshot: &Snapshot, as_of: &str) -> RolePerformance {
    let capacity = Capacity { opportunities: Some(4), meetings: None, calls: Some(100) };
    let role = RoleExpectation { capacity, share: 0.2, ramp_days: 90 };
    let own = Capacity { calls: Some(10), ..Capacity::default() };
    let query = RoleQuery {
        period: period("FY2027-Q1"),
        as_of: as_of.parse().unwrap(),
        data_version: None,
        filter: Filter::Everything,
        expected: Expectations { roles: [role; 5], reps: [(SDR, own)].into(), hand_off_days: 30 },
    };
    role_performance(snapshot, &query, &Scope::everything(), &even()).unwrap()
}

#[test]
fn the_worked_example_of_roles_holds() {
    let answer = roles(&company(), NOON);
    let of = |role: Role| &answer.roles[role as usize];
    let sdr = of(Role::Sdr);
    // One of them left; one has been there since 3 February: 45 of 90 days; the other for 78.
    assert_eq!((sdr.head_count, sdr.ramped_head_count), (2, 0));
    assert_eq!((sdr.capacity.opportunities, sdr.capacity.meetings), (Some(4.0 * 0.5 + 4.0 * 78.0 / 90.0), None));
    assert_eq!(sdr.capacity.calls, Some(10.0 * 0.5 + 100.0 * (78.0 / 90.0)));
    assert_eq!((sdr.load.calls, sdr.load.meetings, sdr.load.opportunities), (1, 0, 0));
    assert_eq!(utilisation(of(Role::Ae).load.opportunities, of(Role::Ae).capacity.opportunities), Ok(2.0 / (4.0 * 78.0 / 90.0)));
    // Two of five touchpoints were the SDR's.
    assert_eq!((sdr.generation_minor, answer.generation_minor), (7_600, 19_000));
    assert_eq!((sdr.given, sdr.converted, sdr.taken), (2, 1, 0));
    assert_eq!((conversion(sdr), median(sdr)), (Ok(0.5), Ok(9.0)));
    assert_eq!((of(Role::Ae).given, of(Role::Ae).taken), (0, 1));
    assert_eq!((sdr.won_minor, sdr.lost_minor, sdr.won), (3_600, 0, 1));
    let earlier = roles(&company(), "2026-02-18T12:00:00Z");
    let sdr = &earlier.roles[Role::Sdr as usize];
    assert_eq!((sdr.head_count, sdr.given, sdr.generation_minor, sdr.load.calls), (2, 0, 0, 1));
}

#[test]
fn an_older_data_version_knows_no_later_response_call_or_role() {
    let mut builder = builder();
    builder.campaign(&campaign(1, None, Some(Channel::Events)));
    let later = DataVersion(5);
    builder.touchpoint(&response(10, "02-10", 1, Channel::Events, 71));
    builder.touchpoint(&Touchpoint { recorded: later, ..response(11, "02-11", 1, Channel::Events, 72) });
    builder.touchpoint(&Touchpoint { rep: Some(SDR), ..touch(12, "02-15", TouchpointKind::Call) });
    builder.touchpoint(&Touchpoint { rep: Some(SDR), recorded: later, ..touch(13, "02-16", TouchpointKind::Call) });
    let promoted =
        Tenure { id: TenureId(id(900)), rep: SDR, role: Some(Role::Ae), manager: None, valid_from: at("02-14"), recorded: later };
    builder.tenure(&promoted);
    let snapshot = builder.finish(DataVersion(10));
    let (scope, as_of) = (Scope::everything(), NOON.parse().unwrap());
    for (version, reached, sdr, ae) in [(Some(4), (1, 1), (2, 1), (1, 0)), (None, (2, 2), (1, 0), (2, 2))] {
        let (period, data_version) = (period("FY2027-Q1"), version.map(DataVersion));
        let query = CampaignQuery { period, as_of, data_version, filter: Filter::Everything, by: CampaignsBy::Channel };
        let total = campaign_performance(&snapshot, &query, &scope, &even()).unwrap().total;
        assert_eq!((total.responses, total.people), reached, "{version:?}");
        let role = RoleExpectation { capacity: Capacity::default(), share: 0.2, ramp_days: 90 };
        let expected = Expectations { roles: [role; 5], reps: Default::default(), hand_off_days: 30 };
        let query = RoleQuery { period, as_of, data_version, filter: Filter::Everything, expected };
        let answer = role_performance(&snapshot, &query, &scope, &even()).unwrap();
        let of = |role: Role| (answer.roles[role as usize].head_count, answer.roles[role as usize].load.calls);
        assert_eq!((of(Role::Sdr), of(Role::Ae)), (sdr, ae), "heads and calls of {version:?}");
    }
}

/// (account, kind, ACV, close day of March to May, lines) of a deal.
type Deal = (u128, u8, i64, u8, u8);
/// (account, campaign or rep, day of January to April, person).
type Touch = (u128, u8, u8, u128);

/// `above`: the campaigns above the first two, which may be those below them; 0 for none.
fn drawn(deals: &[Deal], touches: &[Touch], above: [u128; 2]) -> Snapshot {
    let mut builder = builder();
    for number in 1..=6_u128 {
        let channel = (number != 5).then(|| Channel::ALL[number as usize - 1]);
        let parent = [above[0], above[1], 1, 2, 3, 3][number as usize - 1];
        let parent = (parent > 0).then_some(parent);
        builder.campaign(&Campaign {
            starts_on: Some(day("01-10")),
            ends_on: Some(day("03-10")),
            actual_cost_minor: Some(997 * number as i64),
            ..campaign(number, parent, channel)
        });
    }
    for size in 1..=3_i32 {
        for position in 0..size {
            builder.line(LineFact {
                line_set: LineSetId(id(size as u128)),
                position,
                product: Some(ProductId(id(500 + position as u128))),
                acv_minor: 100 * i64::from(position) + 7,
            });
        }
    }
    let date = |number: u8, first: NaiveDate| first + chrono::Duration::days(i64::from(number));
    for (number, (account, actor, on, person)) in touches.iter().enumerate() {
        let campaign = u128::from(*actor);
        let at = date(*on, day("01-01")).and_hms_opt(9, 0, 0).unwrap().and_utc();
        let channel = Channel::ALL[usize::from(actor % 6)];
        let made = match actor {
            0 => Touchpoint { rep: Some(SDR), ..touch(0, "01-01", TouchpointKind::Call) },
            7 => Touchpoint { campaign: None, ..response(0, "01-01", 1, channel, *person) },
            _ => response(0, "01-01", campaign, channel, *person),
        };
        let account = (*account > 0).then(|| AccountId(id(50 + *account)));
        builder.touchpoint(&Touchpoint { id: TouchpointId(id(9000 + number as u128)), at, account, ..made });
    }
    for (number, (account, kind, acv, close, lines)) in deals.iter().enumerate() {
        let kind = [StageKind::Open, StageKind::Won, StageKind::Lost][usize::from(*kind)];
        let line_set = (*lines > 0).then(|| LineSetId(id(u128::from(*lines))));
        let version = VersionFact { line_set, ..version(at("02-15"), kind, *acv, date(*close, day("02-20"))) };
        add_deal(&mut builder, 100 + number as u128, 50 + *account, at("02-15"), &[version]);
    }
    builder.finish(DataVersion(10))
}

/// Whether a campaign is that of a row, or comes when one goes up from it, however long.
fn stands_over(rows: &[CampaignRow], over: CampaignId, row: &CampaignRow) -> bool {
    let parent = |at: &CampaignId| rows.iter().find(|row| row.key == CampaignRowKey::Campaign(*at))?.parent;
    let CampaignRowKey::Campaign(own) = row.key else { return false };
    std::iter::successors(Some(own), parent).take(rows.len()).any(|at| at == over)
}

fn matrix_sums(snapshot: &Snapshot, by: &[Dimension], filter: &Filter) -> std::collections::BTreeMap<CellKey, Sums> {
    let (scope, model) = (Scope::everything(), even());
    let scan = Scan { scope: &scope, data_version: None, by, filter, hygiene_adjusted: false, credit: &model };
    sums(snapshot, &scan, &[Point { period: period("FY2027-Q1"), at: NOON.parse().unwrap() }]).unwrap().pop().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn credits_add_up_over_channels_campaigns_and_the_campaigns_above_them(
        deals in prop::collection::vec((1..4_u128, 0..3_u8, -5_000..90_000_i64, 0..90_u8, 0..4_u8), 0..12),
        touches in prop::collection::vec((0..4_u128, 0..8_u8, 0..100_u8, 1..5_u128), 0..25),
        (by_product, one, two) in (any::<bool>(), 0..7_u128, 0..7_u128),
    ) {
        let snapshot = drawn(&deals, &touches, [one, two]);
        let product = |number| DimensionValue::Entity(id(number));
        let filter = match by_product {
            true => Filter::In(Dimension::Product, vec![product(500), product(501)]),
            false => Filter::Everything,
        };
        let by_source = matrix_sums(&snapshot, &[Dimension::Source], &filter);
        let whole = by_source[&CellKey::total()];
        let both = [CampaignsBy::Channel, CampaignsBy::Campaign].map(|by| campaigns(&snapshot, "FY2027-Q1", by, filter.clone()));
        for answer in &both {
            prop_assert_eq!(answer.total.attributed_pipeline_minor, whole.open);
            prop_assert_eq!(answer.total.attributed_closed_minor, whole.closed);
            let sum = |of: fn(&CampaignFigures) -> i64| answer.rows.iter().map(|row| of(&row.own)).sum::<i64>();
            prop_assert_eq!(sum(|own| own.attributed_pipeline_minor), whole.open);
            prop_assert_eq!(sum(|own| own.attributed_closed_minor), whole.closed);
            prop_assert_eq!(sum(|own| own.realised_minor), answer.total.realised_minor);
            prop_assert_eq!(sum(|own| own.actual_cost_minor), answer.total.actual_cost_minor);
            prop_assert_eq!(sum(|own| own.responses as i64), answer.total.responses as i64);
        }
        prop_assert_eq!(row(both[0].total), row(both[1].total), "however it is cut");
        for found in &both[0].rows {
            if let CampaignRowKey::Channel(channel) = found.key {
                let key = CellKey::new(vec![(Dimension::Source, DimensionValue::Source(Source::Channel(channel)))]).unwrap();
                let cell = by_source.get(&key).copied().unwrap_or_default();
                prop_assert_eq!((found.own.attributed_pipeline_minor, found.own.attributed_closed_minor), (cell.open, cell.closed));
            }
        }
        let amounts = |figures: CampaignFigures| {
            let [budget, cost, responses, _, _, pipeline, closed, realised] = row(figures);
            [budget, cost, responses, pipeline, closed, realised]
        };
        for found in &both[1].rows {
            let CampaignRowKey::Campaign(own) = found.key else { continue };
            let mut expected = [0; 6];
            for other in both[1].rows.iter().filter(|other| stands_over(&both[1].rows, own, other)) {
                expected.iter_mut().zip(amounts(other.own)).for_each(|(sum, part)| *sum += part);
                prop_assert!(other.total.people <= found.total.people);
                prop_assert!(other.total.opportunities_influenced <= found.total.opportunities_influenced);
            }
            prop_assert_eq!(amounts(found.total), expected, "{:?}", own);
        }
    }

    #[test]
    fn the_generation_of_the_roles_is_that_of_the_matrix_by_source(
        deals in prop::collection::vec((1..4_u128, 0..3_u8, -5_000..90_000_i64, 0..90_u8, 0..4_u8), 0..12),
        touches in prop::collection::vec((0..4_u128, 0..8_u8, 0..100_u8, 1..5_u128), 0..25),
    ) {
        let snapshot = drawn(&deals, &touches, [0, 0]);
        let by_source = matrix_sums(&snapshot, &[Dimension::Source], &Filter::Everything);
        let answer = roles(&snapshot, NOON);
        prop_assert_eq!(answer.generation_minor, by_source[&CellKey::total()].generation_as_generated);
        for figures in &answer.roles {
            let key = CellKey::new(vec![(Dimension::Source, DimensionValue::Source(Source::Role(figures.role)))]).unwrap();
            let cell = by_source.get(&key).copied().unwrap_or_default();
            prop_assert_eq!((figures.generation_minor, figures.won_minor), (cell.generation_as_generated, cell.closed));
        }
    }
}
