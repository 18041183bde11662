//! Campaigns and roles on both databases: computed a second way by plain SQL, and against the matrix.

use crate::support::{ENGINES, Engine, Home, Server, cents, without_zeros};
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const COMPANY: [&str; 7] = ["generate", "--opportunities", "1200", "--seed", "17", "--until", "2026-11-24"];

/// What asks for hundreds of rows with every field costs more than a caller is let have by default.
const WIDE: [(&str, &str); 1] = [("PIPEWRIGHT__SERVER__LIMITS__COST", "10000000")];

const PERIODS: [(&str, &str); 3] = [
    ("FY2027-Q4", "2026-11-24T12:00:00.000Z"),
    ("FY2027-Q3", "2026-09-05T08:30:00.000Z"),
    ("FY2026", "2026-11-24T12:00:00.000Z"),
];

const CAMPAIGNS: &str = "query C($period: String!, $asOf: DateTime!, $by: CampaignsBy!, $model: ModelInput) {
  campaignPerformance(period: $period, asOf: $asOf, by: $by, model: $model) {
    period { start end }
    rows(first: 500) { totalCount nodes { kind label channel depth campaign { externalId } parent { externalId } own { ...F } total { ...F } } }
    total { ...F }
  }
}
fragment F on CampaignFigures {
  budgetedCost { amount } actualCost { amount } responses people opportunitiesInfluenced
  attributedPipeline { amount } attributedClosedAcv { amount } realisedAcv { amount }
  costPerPipelineDollar { value reason } simpleRoi { value reason } realisedRoi { value reason }
}";

const ROLES: &str = "query R($period: String!, $asOf: DateTime!, $model: ModelInput) {
  rolePerformance(period: $period, asOf: $asOf, model: $model) {
    period { start end }
    roles {
      role headCount rampedHeadCount opportunities { ...W } meetings { ...W } calls { ...W } generation { amount }
      generationShare { value reason } expectedShare shareGap { value } handOffsGiven handOffsTaken conversion { value reason }
      medianDaysToHandOff { value reason } winRate { value reason } averageAcv { amount }
    }
    generation { amount }
  }
}
fragment W on RoleWork { capacity load utilisation { value reason } }";

const MATRIX: &str = "query M($period: String!, $asOf: DateTime!, $model: ModelInput) {
  apm(period: $period, asOf: $asOf, by: [SOURCE], model: $model) {
    cells(atMost: 20) { key { value } generation { value { amount } } }
    total { closedAcv { value { amount } } openPipeline { value { amount } } generation { value { amount } } }
  }
}";

/// Numbers by text, by SQL alone.
async fn numbers(home: &Home, sql: &str) -> BTreeMap<String, i64> {
    home.rows(sql).await.into_iter().collect()
}

/// A period as SQL takes it: first day and first day after it, and its instants up to the as-of.
struct Span {
    days: (i32, i32),
    /// First day after those that are spent.
    spent_to: i32,
    instants: String,
    at_ms: i64,
}

fn span(period: &Value, as_of: &str) -> Span {
    let day = |text: &Value| {
        let date: NaiveDate = text.as_str().unwrap().parse().unwrap();
        i32::try_from((date - NaiveDate::from_ymd_opt(1970, 1, 1).unwrap()).num_days()).unwrap()
    };
    let days = (day(&period["start"]), day(&period["end"]));
    let at: DateTime<Utc> = as_of.parse().unwrap();
    let today = i32::try_from(at.timestamp().div_euclid(86_400)).unwrap();
    let ms = |day: i32| i64::from(day) * 86_400_000;
    let instants = format!("at_ms >= {} AND at_ms < {} AND at_ms <= {}", ms(days.0), ms(days.1), at.timestamp_millis());
    Span { days, spent_to: days.1.min(today + 1), instants, at_ms: at.timestamp_millis() }
}

/// The part of a cost that falls on some days, spread evenly in whole cents.
fn cost_sql(engine: Engine, key: &str, cost: &str, (from, to): (i32, i32)) -> String {
    let (least, most) = if engine == Engine::Sqlite { ("MIN", "MAX") } else { ("LEAST", "GREATEST") };
    let days = "CAST(ends_day - starts_day + 1 AS BIGINT)";
    let up_to = |day: i32| format!("{cost} * {least}({most}({day} - starts_day, 0), {days}) / {days}");
    format!(
        "SELECT CAST({key} AS TEXT), CAST(SUM({} - {}) AS BIGINT) FROM campaign WHERE NOT is_deleted AND currency = 'USD' GROUP BY {key}",
        up_to(to),
        up_to(from)
    )
}

async fn campaigns(server: &Server, period: &str, as_of: &str, by: &str, model: &Value) -> Value {
    let variables = json!({ "period": period, "asOf": as_of, "by": by, "model": model });
    server.data(CAMPAIGNS, variables).await["campaignPerformance"].take()
}

/// One figure of each row, by external id or channel.
fn figures(answer: &Value, figure: impl Fn(&Value) -> i64) -> BTreeMap<String, i64> {
    let rows = answer["rows"]["nodes"].as_array().unwrap();
    assert_eq!(answer["rows"]["totalCount"], rows.len(), "one page holds them all");
    let key = |row: &Value| {
        let channels = ["BRAND", "DEMAND_GENERATION", "EVENTS", "ABM", "DIGITAL", "ENABLEMENT"];
        let channel = row["channel"].as_str().map(|own| channels.iter().position(|name| *name == own).unwrap().to_string());
        row["campaign"]["externalId"].as_str().map(str::to_owned).or(channel)
    };
    without_zeros(rows.iter().filter_map(|row| Some((key(row)?, figure(&row["own"])))).collect())
}

#[tokio::test]
async fn cost_responses_and_people_equal_plain_sql_on_both_databases() {
    let mut answers = Vec::new();
    for engine in ENGINES {
        let home = Home::new(engine).await;
        home.succeed(&COMPANY);
        let server = home.serve_with(&[], &WIDE);
        let mut texts = Vec::new();
        for (period, as_of) in PERIODS {
            for (by, of_campaign, of_touch) in [
                ("CAMPAIGN", "external_id", "(SELECT c.external_id FROM campaign c WHERE c.id = touchpoint.campaign_id)"),
                ("CHANNEL", "channel", "channel"),
            ] {
                let answer = campaigns(&server, period, as_of, by, &Value::Null).await;
                let span = span(&answer["period"], as_of);
                let what = format!("{period} as of {as_of} by {by} on {engine:?}");
                for (name, column, days) in [
                    ("budgetedCost", "budgeted_cost_minor", span.days),
                    ("actualCost", "actual_cost_minor", (span.days.0, span.spent_to)),
                ] {
                    let by_sql = numbers(&home, &cost_sql(engine, of_campaign, column, days)).await;
                    assert_eq!(figures(&answer, |own| cents(&own[name])), without_zeros(by_sql), "{name} of {what}");
                    assert!(cents(&answer["total"][name]) > 0, "the company spends: {name} of {what}");
                }
                let touched = format!("FROM touchpoint WHERE channel IS NOT NULL AND {} GROUP BY 1", span.instants);
                let responses =
                    format!("SELECT CAST({of_touch} AS TEXT), CAST(SUM(CASE WHEN kind = 1 THEN 1 ELSE 0 END) AS BIGINT)");
                let people = format!("SELECT CAST({of_touch} AS TEXT), COUNT(DISTINCT COALESCE(contact_id, lead_id))");
                for (name, select) in [("responses", responses), ("people", people)] {
                    let by_sql = without_zeros(numbers(&home, &format!("{select} {touched}")).await);
                    assert_eq!(figures(&answer, |own| own[name].as_i64().unwrap()), by_sql, "{name} of {what}");
                    assert!(!by_sql.is_empty(), "the company is alive: {name} of {what}");
                }
                let all = format!(
                    "SELECT 'all', COUNT(DISTINCT COALESCE(contact_id, lead_id)) FROM touchpoint WHERE channel IS NOT NULL AND {}",
                    span.instants
                );
                assert_eq!(answer["total"]["people"], numbers(&home, &all).await["all"], "people of {what}");
                texts.push(answer.to_string());
            }
        }
        answers.push(texts);
    }
    assert!(answers[0] == answers[1], "both databases answer with the same bytes");
}

#[tokio::test]
async fn credits_add_up_to_the_matrix_under_every_model_and_ratios_follow() {
    let home = Home::new(Engine::Sqlite).await;
    home.succeed(&COMPANY);
    let server = home.serve_with(&[], &WIDE);
    let (period, as_of) = PERIODS[0];
    for model in [json!({ "id": "sourced-by" }), json!({ "id": "linear" }), json!({ "id": "linear", "lens": "CHANNELS" })] {
        let whole = server.data(MATRIX, json!({ "period": period, "asOf": as_of, "model": model })).await["apm"]["total"].take();
        for by in ["CHANNEL", "CAMPAIGN"] {
            let answer = campaigns(&server, period, as_of, by, &model).await;
            let rows = answer["rows"]["nodes"].as_array().unwrap();
            for (own, column) in [("attributedPipeline", "openPipeline"), ("attributedClosedAcv", "closedAcv")] {
                let sum: i64 = rows.iter().map(|row| cents(&row["own"][own])).sum();
                assert_eq!(sum, cents(&whole[column]["value"]), "{own} by {by} under {model}");
                assert_eq!(sum, cents(&answer["total"][own]), "{own} by {by} under {model}");
            }
            for (row, part) in rows.iter().flat_map(|row| [(row, "own"), (row, "total")]) {
                let figures = &row[part];
                for (ratio, over, under, reason) in [
                    ("costPerPipelineDollar", "actualCost", "attributedPipeline", "NO_PIPELINE"),
                    ("simpleRoi", "attributedClosedAcv", "actualCost", "NO_COST"),
                    ("realisedRoi", "realisedAcv", "actualCost", "NO_COST"),
                ] {
                    let (over, under) = (cents(&figures[over]), cents(&figures[under]));
                    let expected = (under != 0).then(|| over as f64 / under as f64);
                    let found = figures[ratio]["value"].as_f64();
                    let alike = found
                        .zip(expected)
                        .is_none_or(|(found, expected)| (found - expected).abs() < 1e-9 * expected.abs().max(1.0));
                    assert!(alike && found.is_some() == expected.is_some(), "{ratio} {expected:?} of {row}");
                    assert_eq!(figures[ratio]["reason"].as_str(), expected.is_none().then_some(reason), "{ratio} of {row}");
                }
            }
            let earned = |kind: &str| {
                let rows = rows.iter().filter(|row| row["kind"] == kind);
                rows.map(|row| cents(&row["own"]["attributedPipeline"])).sum::<i64>()
            };
            assert_eq!(earned("ROLES") == 0, model["lens"] == "CHANNELS", "roles by {by} under {model}");
            assert!(model["id"] == "sourced-by" || earned(by) > 0, "by {by} under {model}");
            if by == "CAMPAIGN" {
                assert!(rows.iter().any(|row| row["depth"] == 1 && row["parent"]["externalId"].is_string()), "a tree");
            }
        }
    }
}

#[tokio::test]
async fn heads_work_and_hand_offs_equal_plain_sql_and_generation_the_matrix_on_both_databases() {
    let names = ["AE", "BDR", "SDR", "ECS", "CLOUD_SALES"];
    let mut answers = Vec::new();
    for engine in ENGINES {
        let home = Home::new(engine).await;
        home.succeed(&COMPANY);
        let server = home.serve_with(&[], &WIDE);
        let mut texts = Vec::new();
        for ((period, as_of), model) in PERIODS.iter().zip(["sourced-by", "linear", "sourced-by"]) {
            let variables = json!({ "period": period, "asOf": as_of, "model": { "id": model } });
            let answer = server.data(ROLES, variables.clone()).await["rolePerformance"].take();
            let roles = answer["roles"].as_array().unwrap();
            let span = span(&answer["period"], as_of);
            let of = |figure: &dyn Fn(&Value) -> i64| -> BTreeMap<String, i64> {
                let place = |role: &Value| names.iter().position(|name| role["role"] == *name).unwrap().to_string();
                without_zeros(roles.iter().map(|role| (place(role), figure(role))).collect())
            };
            let what = format!("{period} as of {as_of} on {engine:?}");
            let heads = format!(
                "SELECT CAST(t.role AS TEXT), COUNT(*) FROM rep r JOIN tenure t ON t.rep_id = r.id
                 WHERE r.is_active AND t.role IS NOT NULL AND t.valid_from_ms =
                   (SELECT MAX(w.valid_from_ms) FROM tenure w WHERE w.rep_id = r.id AND w.valid_from_ms <= {}) GROUP BY t.role",
                span.at_ms
            );
            assert_eq!(of(&|role| role["headCount"].as_i64().unwrap()), numbers(&home, &heads).await, "heads of {what}");
            let acts = |kinds: &str| {
                format!(
                    "SELECT CAST(t.role AS TEXT), COUNT(*) FROM touchpoint p JOIN tenure t ON t.rep_id = p.rep_id
                     WHERE p.kind IN ({kinds}) AND t.role IS NOT NULL AND {} AND t.valid_from_ms =
                       (SELECT MAX(w.valid_from_ms) FROM tenure w WHERE w.rep_id = p.rep_id AND w.valid_from_ms <= p.at_ms)
                     GROUP BY t.role",
                    span.instants
                )
            };
            let (calls, meetings) = (numbers(&home, &acts("3")).await, numbers(&home, &acts("5")).await);
            assert_eq!(of(&|role| role["calls"]["load"].as_i64().unwrap()), calls, "calls of {what}");
            assert_eq!(of(&|role| role["meetings"]["load"].as_i64().unwrap()), meetings, "meetings of {what}");
            let given = numbers(&home, &acts("7, 8")).await;
            assert_eq!(of(&|role| role["handOffsGiven"].as_i64().unwrap()), given, "hand-offs of {what}");
            assert!(!calls.is_empty() && !meetings.is_empty() && !given.is_empty(), "the company is alive: {what}");
            let matrix = server.data(MATRIX, variables).await["apm"].take();
            let cells = matrix["cells"].as_array().unwrap();
            for role in roles {
                let cell = cells.iter().find(|cell| cell["key"][0]["value"] == role["role"]);
                let generated = cell.map_or(0, |cell| cents(&cell["generation"]["value"]));
                assert_eq!(cents(&role["generation"]), generated, "generation of {role} in {what}");
                let taken: i64 = role["handOffsTaken"].as_i64().unwrap();
                assert!(taken >= 0 && role["conversion"]["value"].as_f64().is_none_or(|rate| (0.0..=1.0).contains(&rate)));
            }
            assert_eq!(cents(&answer["generation"]), cents(&matrix["total"]["generation"]["value"]), "generation of {what}");
            texts.push(answer.to_string());
        }
        answers.push(texts);
    }
    assert!(answers[0] == answers[1], "both databases answer with the same bytes");
}

#[tokio::test]
async fn an_old_data_version_has_its_answer_again_and_one_to_come_is_refused() {
    let home = Home::new(Engine::Sqlite).await;
    home.succeed(&COMPANY);
    let server = home.serve_with(&[], &WIDE);
    for field in ["campaignPerformance", "rolePerformance"] {
        let at_none = server.data(&format!("{{ {field}(dataVersion: 0) {{ dataVersion }} }}"), json!({})).await;
        assert_eq!(at_none[field]["dataVersion"], 0);
        let answer = server.ask(&format!("{{ {field}(dataVersion: 999999) {{ dataVersion }} }}"), json!({})).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{answer}");
    }
    let at_none = "{ campaignPerformance(dataVersion: 0) { total { responses people attributedPipeline { amount } } } }";
    let total = server.data(at_none, json!({})).await["campaignPerformance"]["total"].take();
    assert_eq!(total, json!({ "responses": 0, "people": 0, "attributedPipeline": { "amount": "0.00" } }));
}
