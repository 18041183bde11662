//! The same numbers on both databases, and computed a second way: by plain SQL on the rows.

use crate::support::{ENGINES, Engine, Home, Server, cents, without_zeros};
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const COMPANY: [&str; 7] = ["generate", "--opportunities", "1200", "--seed", "11", "--until", "2026-11-24"];

/// What asks for thousands of cells with every field costs more than a caller is let have by default.
pub const WIDE: [(&str, &str); 1] = [("PIPEWRIGHT__SERVER__LIMITS__COST", "10000000")];

const MATRIX: &str = "query Q($period: String!, $asOf: DateTime!, $by: [Dimension!]!, $model: ModelInput) {
  apm(period: $period, asOf: $asOf, by: $by, model: $model) {
    period { name start end } comparison { name start end } asOf comparisonAsOf elapsed
    cells(atMost: 5000) { ...Parts } subtotals(atMost: 5000) { ...Parts } total { ...Parts }
  }
}
fragment Parts on MatrixCell {
  key { dimension label }
  closedAcv { ...M } openPipeline { ...M } forecast { ...M } generation { ...M }
  coverage { value required gross winRate pipelineNeeded { amount } prior change yoy pace status statusReason }
  overdue { amount } reopened { amount } closedCount openCount generationCount
}
fragment M on MoneyColumn { value { amount } target { amount } attainment prior { amount } change { amount } yoy expected pace status statusReason }";

const FLOW: &str = "query F($period: String!, $from: DateTime!, $to: DateTime!, $by: [Dimension!]) {
  pipelineFlow(period: $period, from: $from, to: $to, by: $by) {
    rows { key { dimension label } start { amount } bars { bucket amount { amount } } end { amount } }
    total { start { amount } bars { bucket amount { amount } } end { amount } }
  }
}";

/// The labels of a cell's key.
fn labels(cell: &Value) -> Vec<String> {
    cell["key"].as_array().unwrap().iter().map(|part| part["label"].as_str().unwrap().to_owned()).collect()
}

fn days(text: &Value) -> i32 {
    let date: NaiveDate = text.as_str().unwrap().parse().unwrap();
    i32::try_from((date - NaiveDate::from_ymd_opt(1970, 1, 1).unwrap()).num_days()).unwrap()
}

/// Sums by (region, segment), by SQL alone.
async fn by_region_and_segment(home: &Home, sql: &str) -> BTreeMap<Vec<String>, i64> {
    let text = |value: Option<String>, missing: &str| value.unwrap_or_else(|| missing.to_owned());
    let rows: Vec<(Option<String>, Option<String>, i64)> = home.rows(sql).await;
    rows.into_iter()
        .map(|(region, segment, sum)| (vec![text(region, "(no region)"), text(segment, "(no segment)")], sum))
        .collect()
}

/// The versions valid at an instant, with their stage, filtered and summed.
fn as_of_sql(at: DateTime<Utc>, condition: &str) -> String {
    format!(
        "WITH known AS (SELECT v.*, ROW_NUMBER() OVER (PARTITION BY opportunity_id ORDER BY valid_from_ms DESC, sequence DESC) AS newest
                        FROM opportunity_version v WHERE valid_from_ms <= {})
         SELECT region.name, segment.name, CAST(SUM(COALESCE(known.acv_minor, 0)) AS BIGINT)
         FROM known JOIN stage ON stage.id = known.stage_id
         LEFT JOIN region ON region.id = known.region_id LEFT JOIN segment ON segment.id = known.segment_id
         WHERE newest = 1 AND NOT known.is_deleted AND {condition}
         GROUP BY region.name, segment.name",
        at.timestamp_millis()
    )
}

fn closed_sql(at: DateTime<Utc>, period: &Value) -> String {
    let day = at.timestamp().div_euclid(86_400);
    let (start, end) = (days(&period["start"]), days(&period["end"]));
    as_of_sql(at, &format!("stage.kind = 1 AND close_day >= {start} AND close_day < {end} AND close_day <= {day}"))
}

fn open_sql(at: DateTime<Utc>, period: &Value) -> String {
    let (start, end) = (days(&period["start"]), days(&period["end"]));
    as_of_sql(at, &format!("stage.kind = 0 AND known.forecast_category <> 0 AND close_day >= {start} AND close_day < {end}"))
}

/// First versions of what was created in the period up to `at` and is not deleted then.
fn generation_sql(at: DateTime<Utc>, period: &Value) -> String {
    let (start, end) = (i64::from(days(&period["start"])) * 86_400_000, i64::from(days(&period["end"])) * 86_400_000);
    let at = at.timestamp_millis();
    format!(
        "WITH ordered AS (SELECT v.*, ROW_NUMBER() OVER (PARTITION BY opportunity_id ORDER BY valid_from_ms, sequence) AS oldest
                          FROM opportunity_version v WHERE valid_from_ms <= {at}),
              known AS (SELECT v.*, ROW_NUMBER() OVER (PARTITION BY opportunity_id ORDER BY valid_from_ms DESC, sequence DESC) AS newest
                        FROM opportunity_version v WHERE valid_from_ms <= {at})
         SELECT region.name, segment.name, CAST(SUM(COALESCE(ordered.acv_minor, 0)) AS BIGINT)
         FROM ordered JOIN known ON known.opportunity_id = ordered.opportunity_id AND newest = 1
         JOIN opportunity ON opportunity.id = ordered.opportunity_id
         LEFT JOIN region ON region.id = known.region_id LEFT JOIN segment ON segment.id = known.segment_id
         WHERE oldest = 1 AND NOT known.is_deleted
           AND created_at_ms >= {start} AND created_at_ms < {end} AND created_at_ms <= {at}
         GROUP BY region.name, segment.name"
    )
}

fn column(matrix: &Value, name: &str, part: &str) -> BTreeMap<Vec<String>, i64> {
    let cells = matrix["cells"].as_array().unwrap();
    cells.iter().map(|cell| (labels(cell), cents(&cell[name][part]))).filter(|(_, sum)| *sum != 0).collect()
}

/// The matrix of a period as of an instant, with every number and no id.
pub async fn matrix(server: &Server, period: &str, as_of: &str, by: &[&str], model: Option<&str>) -> Value {
    let model = model.map(|id| json!({ "id": id }));
    let variables = json!({ "period": period, "asOf": as_of, "by": by, "model": model });
    server.data(MATRIX, variables).await["apm"].take()
}

#[tokio::test]
async fn the_matrix_equals_plain_sql_cell_by_cell_on_both_databases() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        home.succeed(&COMPANY);
        let server = home.serve_with(&[], &WIDE);
        for (period, as_of) in [
            ("FY2027-Q4", "2026-11-24T12:00:00.000Z"),
            ("FY2027-Q3", "2026-11-24T12:00:00.000Z"),
            ("FY2027-Q4", "2026-09-05T00:00:00.000Z"),
            ("FY2026", "2025-11-24T12:00:00.000Z"),
            ("FY2026-M07", "2025-08-15T08:30:00.000Z"),
        ] {
            let answer = matrix(&server, period, as_of, &["REGION", "SEGMENT"], None).await;
            let at: DateTime<Utc> = as_of.parse().unwrap();
            let then: DateTime<Utc> = answer["comparisonAsOf"].as_str().unwrap().parse().unwrap();
            for (name, now, before) in [
                ("closedAcv", closed_sql(at, &answer["period"]), closed_sql(then, &answer["comparison"])),
                ("openPipeline", open_sql(at, &answer["period"]), open_sql(then, &answer["comparison"])),
                ("generation", generation_sql(at, &answer["period"]), generation_sql(then, &answer["comparison"])),
            ] {
                let by_sql = without_zeros(by_region_and_segment(&home, &now).await);
                assert_eq!(column(&answer, name, "value"), by_sql, "{name} of {period} as of {as_of} on {engine:?}");
                let prior = without_zeros(by_region_and_segment(&home, &before).await);
                assert_eq!(column(&answer, name, "prior"), prior, "{name} a year before {period} as of {as_of} on {engine:?}");
            }
        }
        let live = matrix(&server, "FY2027-Q4", "2026-11-24T12:00:00.000Z", &["REGION"], None).await;
        for name in ["closedAcv", "openPipeline", "generation"] {
            assert!(cents(&live["total"][name]["value"]) > 0, "the company is alive: {name}");
        }
    }
}

#[tokio::test]
async fn every_cut_adds_up_to_the_same_total_under_every_model() {
    let home = Home::new(Engine::Sqlite).await;
    home.succeed(&COMPANY);
    let server = home.serve_with(&[], &WIDE);
    let as_of = "2026-11-24T12:00:00.000Z";
    let whole = matrix(&server, "FY2027-Q4", as_of, &["REGION"], None).await["total"].take();
    let mut rows_by_model = Vec::new();
    for (by, model) in [
        (vec!["SEGMENT", "PRODUCT"], None),
        (vec!["SOURCE"], Some("sourced-by")),
        (vec!["SOURCE"], Some("linear")),
        (vec!["SOURCE"], Some("first-touch")),
        (vec!["SOURCE"], Some("last-touch")),
        (vec!["PRODUCT", "SOURCE"], Some("linear")),
        (vec!["REGION", "PRODUCT", "SOURCE", "STAGE"], Some("linear")),
        (vec!["MONTH", "OWNER"], None),
        (vec!["INDUSTRY", "MANAGER", "OPPORTUNITY_TYPE"], None),
    ] {
        let answer = matrix(&server, "FY2027-Q4", as_of, &by, model).await;
        for name in ["closedAcv", "openPipeline", "generation"] {
            let sum: i64 = answer["cells"].as_array().unwrap().iter().map(|cell| cents(&cell[name]["value"])).sum();
            assert_eq!(sum, cents(&whole[name]["value"]), "{name} by {by:?} under {model:?}");
            assert_eq!(sum, cents(&answer["total"][name]["value"]), "{name} by {by:?} under {model:?}");
        }
        if by == ["SOURCE"] {
            rows_by_model.push(column(&answer, "generation", "value"));
        }
    }
    rows_by_model.dedup();
    assert!(rows_by_model.len() >= 3, "the models differ: {rows_by_model:?}");
}

#[tokio::test]
async fn both_databases_answer_with_the_same_bytes() {
    let mut answers = Vec::new();
    for engine in ENGINES {
        let home = Home::new(engine).await;
        home.succeed(&COMPANY);
        let server = home.serve_with(&[], &WIDE);
        let mut texts = Vec::new();
        for by in [vec!["REGION", "SEGMENT"], vec!["SOURCE"], vec!["PRODUCT", "OWNER"], vec!["INDUSTRY", "MONTH"]] {
            texts.push(matrix(&server, "FY2027-Q4", "2026-11-24T12:00:00.000Z", &by, None).await.to_string());
        }
        let variables = json!({ "period": "FY2027-Q4", "from": "2026-11-01T00:00:00.000Z", "to": "2026-11-24T00:00:00.000Z", "by": ["REGION"] });
        texts.push(server.data(FLOW, variables).await.to_string());
        answers.push(texts);
    }
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn the_flow_balances_and_meets_the_matrix_at_both_ends() {
    let home = Home::new(Engine::Sqlite).await;
    home.succeed(&COMPANY);
    let server = home.serve_with(&[], &WIDE);
    let (from, to) = ("2026-11-03T00:00:00.000Z", "2026-11-24T00:00:00.000Z");
    let variables = json!({ "period": "FY2027-Q4", "from": from, "to": to, "by": ["REGION"] });
    let flow = server.data(FLOW, variables).await["pipelineFlow"].take();
    let rows = flow["rows"].as_array().unwrap();
    for row in rows.iter().chain([&flow["total"]]) {
        let bars: i64 = row["bars"].as_array().unwrap().iter().map(|bar| cents(&bar["amount"])).sum();
        assert_eq!(cents(&row["start"]) + bars, cents(&row["end"]), "{row}");
    }
    for (end, at) in [("start", from), ("end", to)] {
        let matrix = matrix(&server, "FY2027-Q4", at, &["REGION"], None).await;
        assert_eq!(cents(&flow["total"][end]), cents(&matrix["total"]["openPipeline"]["value"]), "{end}");
        let open = column(&matrix, "openPipeline", "value");
        let flow: BTreeMap<_, _> = rows.iter().map(|row| (labels(row), cents(&row[end]))).filter(|(_, sum)| *sum != 0).collect();
        assert_eq!(flow, open, "{end}");
    }
}
