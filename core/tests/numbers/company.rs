//! A small company of a test, and the questions that it is asked.

use chrono::{DateTime, Duration, NaiveDate, TimeZone, Utc};
use pipewright_core::attribution::{Credit, CreditError, CreditShares, Known};
use pipewright_core::calendar::{Calendar, Period, PeriodName, YearPattern};
use pipewright_core::catalog::{ForecastCategory, Stage, StageKind};
use pipewright_core::currency::{CurrencyCode, ExchangeRate};
use pipewright_core::dimension::{CellKey, Dimension, Filter};
use pipewright_core::facts::{Builder, LineFact, OpportunityFact, Point, Scan, Settings, Snapshot, SumsByKey, VersionFact, sums};
use pipewright_core::ids::{DataVersion, LineSetId, OpportunityId, ProductId, RepId, StageId, TouchpointId};
use pipewright_core::matrix::{
    Alignment, Comparison, Flow, FlowBucket, FlowQuery, FlowRow, GenerationBasis, Lens, Matrix, MatrixQuery, ModelChoice, RollUp,
    flow, matrix,
};
use pipewright_core::touchpoint::{Touchpoint, TouchpointKind};
use pipewright_core::viewer::Scope;
use uuid::Uuid;

/// Credits by a fixed rule, so that a split can be told beforehand: none for each third opportunity.
pub struct ByIndex;

impl Credit for ByIndex {
    fn weigh(&self, snapshot: &Snapshot, _: Known, opportunities: &[u32], out: &mut CreditShares) -> Result<(), CreditError> {
        for index in opportunities {
            match snapshot.opportunity_id(*index).0.as_u128() % 3 {
                0 => out.push(&[], &[]),
                1 => out.push(&[0, 6, 0], &[0.5, 0.25, 0.25]),
                _ => out.push(&[9, 2, 3], &[1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0]),
            }
        }
        Ok(())
    }
}

pub const OPEN: StageId = StageId(Uuid::from_u128(1001));
pub const WON: StageId = StageId(Uuid::from_u128(1002));
pub const LOST: StageId = StageId(Uuid::from_u128(1003));

pub fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
}

pub fn at(date: NaiveDate) -> DateTime<Utc> {
    Utc.from_utc_datetime(&date.and_hms_opt(12, 0, 0).unwrap())
}

/// FY2027-Q1: February to April 2026.
pub fn quarter() -> Period {
    Period { name: PeriodName::Quarter(2027, 1), start: day(2026, 2, 1), end: day(2026, 5, 1) }
}

pub fn settings() -> Settings {
    Settings {
        calendar: Calendar {
            first_month: 2,
            pattern: YearPattern::Calendar,
            time_zone: chrono_tz::UTC,
            holidays: std::collections::BTreeSet::new(),
        },
        reporting_currency: CurrencyCode::USD,
        entry_stage: None,
        green_from: 1.0,
        yellow_from: 0.85,
        column_thresholds: std::collections::BTreeMap::new(),
        journeys: pipewright_core::attribution::JourneyRules::default(),
        hygiene: Default::default(),
    }
}

/// An opportunity of a test: its creation and versions.
#[derive(Debug, Clone)]
pub struct Deal {
    pub id: u128,
    pub versions: Vec<VersionFact>,
}

pub fn version(from: NaiveDate, stage: StageId, acv: i64, close: NaiveDate) -> VersionFact {
    VersionFact {
        valid_from_ms: at(from).timestamp_millis(),
        sequence: 0,
        recorded: DataVersion(1),
        stage,
        forecast_category: ForecastCategory::Pipeline,
        close_date: close,
        currency: CurrencyCode::USD,
        acv_minor: Some(acv),
        owner: None,
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

pub fn add(builder: &mut Builder, deal: &Deal) {
    let fact = OpportunityFact {
        id: OpportunityId(Uuid::from_u128(deal.id)),
        account: None,
        created_at_ms: deal.versions[0].valid_from_ms,
        created_by: None,
        lead_source_maps_to: None,
        last_activity_on: None,
        has_contact_role: true,
    };
    builder.opportunity(fact, &deal.versions);
}

pub fn lists(builder: &mut Builder) {
    for (id, kind) in [(OPEN, StageKind::Open), (WON, StageKind::Won), (LOST, StageKind::Lost)] {
        builder.stage(&Stage {
            id,
            name: format!("{kind:?}"),
            position: 1,
            kind,
            forecast_category: ForecastCategory::Pipeline,
            probability: None,
            is_active: true,
            recorded: DataVersion(1),
        });
    }
    for set in (1..=12_u128).flat_map(|deal| (1..=3).map(move |size| 10 * deal + size)) {
        for position in 0..i32::try_from(set % 10).unwrap() {
            builder.line(LineFact {
                line_set: LineSetId(Uuid::from_u128(set)),
                position,
                product: (position < 2).then(|| ProductId(Uuid::from_u128(500 + position as u128))),
                acv_minor: 100 * i64::from(position) + 7,
            });
        }
    }
    builder.exchange_rate(&ExchangeRate {
        currency: "EUR".parse().unwrap(),
        valid_from: day(2020, 1, 1),
        rate: "1.1".parse().unwrap(),
        known_from: at(day(2020, 1, 1)),
        recorded: DataVersion(1),
    });
    builder.exchange_rate(&ExchangeRate {
        currency: "EUR".parse().unwrap(),
        valid_from: day(2026, 3, 1),
        rate: "1.2345".parse().unwrap(),
        known_from: at(day(2026, 3, 1)),
        recorded: DataVersion(1),
    });
}

pub fn snapshot(deals: &[Deal]) -> Snapshot {
    let mut builder = Builder::new(settings());
    lists(&mut builder);
    for deal in deals {
        add(&mut builder, deal);
    }
    builder.finish(DataVersion(10))
}

pub fn ask(snapshot: &Snapshot, by: &[Dimension], filter: &Filter, when: DateTime<Utc>, version: Option<i64>) -> SumsByKey {
    let scope = Scope::everything();
    let scan =
        Scan { scope: &scope, data_version: version.map(DataVersion), by, filter, hygiene_adjusted: false, credit: &ByIndex };
    sums(snapshot, &scan, &[Point { period: quarter(), at: when }]).unwrap().pop().unwrap()
}

pub fn ask_flow(snapshot: &Snapshot, by: &[Dimension], from: DateTime<Utc>, to: DateTime<Utc>) -> Flow {
    let query = FlowQuery {
        period: quarter(),
        from,
        to,
        data_version: None,
        by: by.to_vec(),
        filter: Filter::Everything,
        model: ModelChoice { model: "by-index".into(), parameters: vec![], lens: Lens::All },
    };
    flow(snapshot, &query, &Scope::everything(), &ByIndex).unwrap()
}

pub fn matrix_query(by: &[Dimension], period: Period, as_of: DateTime<Utc>) -> MatrixQuery {
    MatrixQuery {
        period,
        as_of,
        data_version: None,
        by: by.to_vec(),
        filter: Filter::Everything,
        comparison: Comparison::PriorPeriod,
        alignment: Alignment::DayIndex,
        baseline: None,
        roll_up: RollUp::Commit,
        generation: GenerationBasis::AsGenerated,
        hygiene_adjusted: false,
        model: ModelChoice { model: "by-index".into(), parameters: vec![], lens: Lens::All },
    }
}

pub fn ask_matrix(snapshot: &Snapshot, period: Period, as_of: DateTime<Utc>) -> Matrix {
    let query = matrix_query(&[Dimension::Region, Dimension::Product], period, as_of);
    matrix(snapshot, &query, &Scope::everything(), &ByIndex).unwrap()
}

pub fn bar(row: &FlowRow, bucket: FlowBucket) -> i64 {
    row.bars.iter().find(|bar| bar.bucket == bucket).unwrap().amount
}

pub fn instant(days: i64) -> DateTime<Utc> {
    at(day(2026, 1, 8)) + Duration::days(days)
}

/// Closed ACV by key.
pub fn closed(snapshot: &Snapshot, by: &[Dimension], when: DateTime<Utc>) -> std::collections::BTreeMap<CellKey, i64> {
    let full = |key: &CellKey| key.parts().len() == by.len();
    let sums = ask(snapshot, by, &Filter::Everything, when, None);
    sums.into_iter().filter(|(key, _)| full(key)).map(|(key, sums)| (key, sums.closed)).collect()
}

/// CLOSED_WON, the change of closed ACV, and what the flow says stands between them, of one key.
pub fn won_and_unwon(snapshot: &Snapshot, by: &[Dimension], from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<(CellKey, [i64; 3])> {
    let (flow, before, after) = (ask_flow(snapshot, by, from, to), closed(snapshot, by, from), closed(snapshot, by, to));
    let rows: Vec<&FlowRow> = if by.is_empty() { vec![&flow.total] } else { flow.rows.iter().collect() };
    let keys: std::collections::BTreeSet<&CellKey> =
        before.keys().chain(after.keys()).chain(rows.iter().map(|row| &row.key)).collect();
    let of = |key: &CellKey| {
        let row = rows.iter().find(|row| row.key == *key);
        let change = after.get(key).unwrap_or(&0) - before.get(key).unwrap_or(&0);
        [row.map_or(0, |row| -bar(row, FlowBucket::ClosedWon)), change, row.map_or(0, |row| row.unwon)]
    };
    keys.into_iter().map(|key| (key.clone(), of(key))).collect()
}

/// A rep's touchpoint, logged on opportunity 1, which has no account.
pub fn touch(id: u128, days: i64) -> Touchpoint {
    Touchpoint {
        id: TouchpointId(Uuid::from_u128(id)),
        external_id: None,
        at: instant(days),
        kind: TouchpointKind::Call,
        channel: None,
        rep: Some(RepId(Uuid::from_u128(900))),
        campaign: None,
        contact: None,
        lead: None,
        account: None,
        opportunity: Some(OpportunityId(Uuid::from_u128(1))),
        recorded: DataVersion(1),
    }
}
