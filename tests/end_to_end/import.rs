//! A Salesforce export goes in: the same company whichever database, however often, however interrupted.

use crate::support::{ENGINES, Engine, Home};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

const QUESTION: &str = "query Q($asOf: DateTime!, $by: [Dimension!]!) {
  apm(period: \"FY2027-Q4\", asOf: $asOf, by: $by) {
    cells { key { dimension label } closedAcv { value { amount } prior { amount } target { amount } } openPipeline { value { amount } }
            generation { value { amount } } coverage { value } forecast { value { amount } } }
    total { closedAcv { value { amount } } openPipeline { value { amount } } }
  }
}";

/// Every row that counts, by way of the answers it leads to.
async fn answers(home: &Home) -> Vec<Value> {
    let server = home.serve();
    let mut answers = Vec::new();
    for as_of in ["2026-11-24T12:00:00.000Z", "2025-11-24T12:00:00.000Z"] {
        for by in [["REGION", "SEGMENT"], ["PRODUCT", "SOURCE"], ["OWNER", "MANAGER"], ["INDUSTRY", "STAGE"]] {
            answers.push(server.data(QUESTION, json!({ "asOf": as_of, "by": by })).await);
        }
    }
    answers
}

fn export(folder: &Path, home: &Home, opportunities: &str) -> String {
    let out = folder.join("export").display().to_string();
    home.succeed(&["generate", "--opportunities", opportunities, "--seed", "5", "--until", "2026-11-24", "--out", &out]);
    out
}

async fn opportunities(home: &Home) -> Value {
    let server = home.serve();
    server.data("{ opportunities(first: 1) { totalCount } }", json!({})).await["opportunities"]["totalCount"].take()
}

#[tokio::test]
async fn an_export_gives_the_same_answers_on_both_databases_and_a_second_import_changes_nothing() {
    let mut both = Vec::new();
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let export = export(home.path(), &home, "400");
        home.succeed(&["import", &export]);
        assert_eq!(opportunities(&home).await, 400, "{engine:?}");
        let first = answers(&home).await;
        assert!(first[0].to_string().contains("\"amount\""), "there are cells to compare");
        home.succeed(&["import", &export]);
        assert_eq!(answers(&home).await, first, "a second import changes nothing on {engine:?}");
        both.push(first);
    }
    assert_eq!(both[0], both[1]);
}

/// Every row of a table as text, `recorded` left out.
async fn rows(home: &Home, table: &str, columns: &[&str]) -> Vec<String> {
    let list = match home.engine() {
        Engine::Sqlite => columns.iter().map(|column| format!("quote({column})")).collect::<Vec<_>>().join(" || ',' || "),
        Engine::Postgres => format!("ROW({})::text", columns.join(", ")),
    };
    let rows: Vec<(String,)> = home.rows(&format!("SELECT {list} FROM {table} ORDER BY id")).await;
    rows.into_iter().map(|(row,)| row).collect()
}

/// Every judgement that people passed on the company, and what others credit.
async fn said(home: &Home) -> Vec<Vec<String>> {
    let target = ["id", "measure", "period", "cell_key", "amount_minor", "valid_from_ms", "sequence"];
    let judgement = ["id", "period", "cell_key", "amount_minor", "submitted_by_id", "valid_from_ms", "sequence"];
    let adjustment =
        ["id", "period", "cell_key", "adjusted_by", "amount_minor", "note", "author_id", "valid_from_ms", "sequence"];
    let credit = [
        "id",
        "external_id",
        "vendor",
        "opportunity_id",
        "campaign_id",
        "touchpoint_id",
        "contact_id",
        "share_ppm",
        "revenue_minor",
    ];
    vec![
        rows(home, "target", &target).await,
        rows(home, "judgement", &judgement).await,
        rows(home, "adjustment", &adjustment).await,
        rows(home, "vendor_credit", &credit).await,
    ]
}

/// The matrix by region and segment at several instants, colours and all.
async fn colours(home: &Home) -> Vec<String> {
    let server = home.serve_with(&[], &crate::numbers::WIDE);
    let mut all = Vec::new();
    for (period, as_of) in [
        ("FY2027-Q4", "2026-11-24T12:00:00.000Z"),
        ("FY2027-Q4", "2026-12-24T00:00:00.000Z"),
        ("FY2027-Q3", "2026-10-20T00:00:00.000Z"),
        ("FY2026-Q4", "2026-01-05T00:00:00.000Z"),
    ] {
        all.push(crate::numbers::matrix(&server, period, as_of, &["REGION", "SEGMENT"], None).await.to_string());
    }
    all
}

#[tokio::test]
async fn a_companys_export_imports_to_its_own_targets_forecasts_and_colours() {
    let mut both = Vec::new();
    for engine in ENGINES {
        let (born, brought) = (Home::new(engine).await, Home::new(engine).await);
        born.succeed(&["generate", "--opportunities", "400", "--seed", "5", "--until", "2026-11-24"]);
        let export = export(brought.path(), &brought, "400");
        let dry = brought.succeed(&["import", "--dry-run", &export]);
        let report = brought.succeed(&["import", &export]);
        let expected = said(&born).await;
        assert!(expected.iter().all(|rows| !rows.is_empty()), "there is something to compare");
        assert_eq!(said(&brought).await, expected, "{engine:?}");
        for (place, what) in ["targets", "forecast judgements", "forecast adjustments", "vendor credits"].into_iter().enumerate()
        {
            let line = format!("  {what}: {}\n", expected[place].len());
            assert!(report.contains(&line) && dry.contains(&line), "{line}{report}{dry}");
        }
        let colours_expected = colours(&born).await;
        for status in ["GREEN", "YELLOW", "RED"] {
            assert!(colours_expected.iter().any(|matrix| matrix.contains(status)), "some cell is {status}");
        }
        assert_eq!(colours(&brought).await, colours_expected, "{engine:?}");
        let again = brought.succeed(&["import", &export]);
        assert!(again.contains("Rows inserted: 0, changed: 0, rejected: 0; versions added: 0"), "{again}");
        both.push(colours_expected);
    }
    assert_eq!(both[0], both[1]);
}

#[tokio::test]
async fn an_import_killed_anywhere_goes_on_to_the_same_answers() {
    for engine in ENGINES {
        let calm = Home::new(engine).await;
        let export = export(calm.path(), &calm, "400");
        calm.succeed(&["import", &export]);
        let expected = answers(&calm).await;
        let home = Home::new(engine).await;
        // Two while the files are read, the rest while rows are written; one that goes on need not read again.
        for (step, number) in [("reading", 1), ("reading", 12), ("writing", 2), ("writing", 4), ("writing", 3)] {
            let mut command = home.command(&["import", "--log-every", "0", &export]);
            let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
            let lines = BufReader::new(child.stderr.take().expect("stderr is piped")).lines().map(Result::unwrap);
            let seen = lines.filter(|line| line.contains(step)).take(number).count();
            child.kill().unwrap();
            let killed = child.wait().unwrap().code().is_none();
            assert!(seen == number && killed, "{engine:?}: it was killed after {number} lines of {step}");
        }
        home.succeed(&["import", &export]);
        assert_eq!(answers(&home).await, expected, "{engine:?}");
    }
}

/// Every touchpoint, as a text of its columns.
async fn touchpoints(home: &Home) -> Vec<String> {
    let hex = |column: &str| match home.engine() {
        Engine::Sqlite => format!("lower(hex({column}))"),
        Engine::Postgres => format!("replace({column}::text, '-', '')"),
    };
    let ids: Vec<String> =
        ["id", "rep_id", "campaign_id", "contact_id", "lead_id", "account_id", "opportunity_id"].map(hex).to_vec();
    let ids = ids.iter().map(|id| format!("coalesce({id}, '-')")).collect::<Vec<_>>().join(" || ' ' || ");
    let sql = format!(
        "SELECT {ids} || ' ' || CAST(at_ms AS TEXT) || ' ' || CAST(kind AS TEXT) || ' ' || coalesce(CAST(channel AS TEXT), '-')
         FROM touchpoint"
    );
    let rows: Vec<(String,)> = home.rows(&sql).await;
    let mut rows: Vec<String> = rows.into_iter().map(|(row,)| row).collect();
    rows.sort_unstable();
    rows
}

/// Whether everybody of the company has held one role only: an export cannot tell earlier ones.
async fn nobody_changed_role(home: &Home) -> bool {
    let reps = home.serve().data("{ reps(first: 100) { edges { node { tenures { nodes { role } } } } } }", json!({})).await;
    reps["reps"]["edges"].as_array().unwrap().iter().all(|rep| rep["node"]["tenures"]["nodes"].as_array().unwrap().len() == 1)
}

#[tokio::test]
async fn a_company_written_directly_and_by_way_of_an_export_has_the_same_touchpoints_and_sources() {
    const BY_SOURCE: &str = "query Q($model: String!) { apm(period: \"FY2027-Q3\", asOf: \"2026-11-20T00:00:00.000Z\", by: [SOURCE], model: { id: $model }) {
        cells { key { label } closedAcv { value { amount } prior { amount } } openPipeline { value { amount } } generation { value { amount } } } } }";
    for engine in ENGINES {
        let mut seed = 0;
        let direct = loop {
            seed += 1;
            let home = Home::new(engine).await;
            home.succeed(&["generate", "--opportunities", "300", "--seed", &seed.to_string(), "--until", "2026-11-24"]);
            if nobody_changed_role(&home).await {
                break home;
            }
        };
        let imported = Home::new(engine).await;
        let out = imported.path().join("export").display().to_string();
        imported.succeed(&[
            "generate",
            "--opportunities",
            "300",
            "--seed",
            &seed.to_string(),
            "--until",
            "2026-11-24",
            "--out",
            &out,
        ]);
        imported.succeed(&["import", &out]);
        let (expected, found) = (touchpoints(&direct).await, touchpoints(&imported).await);
        assert!(expected.iter().any(|row| row.split(' ').nth(8) == Some("8")), "there are hand-offs");
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(found, expected, "{engine:?}");
        }
        let (direct, imported) = (direct.serve(), imported.serve());
        for model in ["first-touch", "last-touch", "linear", "sourced-by"] {
            let question = json!({ "model": model });
            let expected = direct.data(BY_SOURCE, question.clone()).await.to_string();
            assert!(expected.contains("BDR"), "{expected}");
            assert_eq!(imported.data(BY_SOURCE, question).await.to_string(), expected, "{engine:?}: {model}");
        }
    }
}

#[tokio::test]
async fn a_bad_row_is_set_aside_and_the_rest_comes_in() {
    let home = Home::new(Engine::Sqlite).await;
    let folder = home.path().join("small");
    std::fs::create_dir(&folder).unwrap();
    let rows = "Id,Name,StageName,Amount,CloseDate,CreatedDate,IsClosed,IsWon\n\
        006000000000001,One,Prospecting,100.00,2026-12-01,2026-11-01T00:00:00.000Z,false,false\n\
        006000000000002,Two,Prospecting,a lot,2026-12-01,2026-11-01T00:00:00.000Z,false,false\n\
        006000000000003,Three,Closed Won,300.50,2026-11-20,2026-11-01T00:00:00.000Z,true,true\n";
    std::fs::write(folder.join("Opportunity.csv"), rows).unwrap();
    home.succeed(&["import", &folder.display().to_string()]);
    let server = home.serve();
    let names = server.data("{ opportunities(first: 10) { totalCount edges { node { name } } } }", json!({})).await;
    assert!(names.to_string().contains("Three"), "{names}");
    let open = server.data(QUESTION, json!({ "asOf": "2026-11-24T00:00:00.000Z", "by": ["STAGE"] })).await;
    assert_eq!(open["apm"]["total"]["openPipeline"]["value"]["amount"], "100.00");
    assert_eq!(open["apm"]["total"]["closedAcv"]["value"]["amount"], "300.50");
}

#[tokio::test]
async fn a_file_without_a_needed_column_is_refused_by_the_columns_name_before_anything_is_written() {
    let home = Home::new(Engine::Sqlite).await;
    let folder = home.path().join("small");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(
        folder.join("Opportunity.csv"),
        "Id,Name,Amount,CloseDate,CreatedDate\n006000000000001,One,1,2026-12-01,2026-11-01\n",
    )
    .unwrap();
    let output = home.run(&["import", &folder.display().to_string()]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(text.contains("StageName") && text.contains("Opportunity.csv"), "{text}");
    assert_eq!(opportunities(&home).await, 0);
}
