//! A plain file of journeys goes in, credit by source comes out: for people who have nothing else.

use crate::support::{Engine, Home};
use serde_json::Value;

const VECTOR: &str = "path,total_conversions,total_conversion_value,total_null\n\
    C1 > C2 > C3,1,30,0\n\
    C1,0,0,1\n\
    C2 > C3,0,0,1\n";

/// The file and the arguments behind it.
fn arguments<'a>(file: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["attribute", "--journeys", file][..], more].concat()
}

async fn home(text: &str) -> (Home, String) {
    let home = Home::new(Engine::Sqlite).await;
    let file = home.path().join("paths.csv");
    std::fs::write(&file, text).unwrap();
    let file = file.display().to_string();
    (home, file)
}

/// The CSV that is printed: its header, and for each source its numbers.
fn table(text: &str) -> (String, Vec<(String, Vec<f64>)>) {
    let mut lines = text.lines();
    let header = lines.next().unwrap().to_owned();
    let row = |line: &str| {
        let mut cells = line.split(',').map(str::to_owned);
        (cells.next().unwrap(), cells.map(|cell| cell.parse().unwrap()).collect())
    };
    (header, lines.map(row).collect())
}

fn near(found: &[(String, Vec<f64>)], expected: &[(&str, &[f64])]) {
    assert_eq!(
        found.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
        expected.iter().map(|(name, _)| *name).collect::<Vec<_>>()
    );
    for ((name, numbers), (_, expected)) in found.iter().zip(expected) {
        assert_eq!(numbers.len(), expected.len(), "{name}");
        for (one, other) in numbers.iter().zip(*expected) {
            assert!((one - other).abs() <= 1e-12, "{name}: {numbers:?}, not {expected:?}");
        }
    }
}

#[tokio::test]
async fn markov_credits_the_global_share_of_the_total_and_with_per_journey_the_sum_over_paths() {
    let more = "C1,3,9,0\n";
    let (home, file) = home(&format!("{VECTOR}{more}")).await;
    let global = home.succeed(&arguments(&file, &["--model", "markov", "--format", "csv"]));
    let (header, rows) = table(&global);
    assert_eq!(header, "source,conversions,value,removal_effect");
    // Start to C1 5/6, to C2 1/6. C1 converts 3/5, goes on 1/5; C2 goes on to C3, which converts 1/2. P = 4/6.
    let (all, without_c1, without_c2) = (4.0 / 6.0, 1.0 / 12.0, 0.5);
    let effects = [1.0 - without_c1 / all, 1.0 - without_c2 / all, 1.0 - without_c2 / all];
    let sum: f64 = effects.iter().sum();
    let expected: Vec<Vec<f64>> = effects.iter().map(|effect| vec![4.0 * effect / sum, 39.0 * effect / sum, *effect]).collect();
    near(&rows, &[("C1", &expected[0]), ("C2", &expected[1]), ("C3", &expected[2])]);
    let (_, by_path) = table(&home.succeed(&arguments(&file, &["--model", "markov", "--format", "csv", "--per-journey"])));
    let part = |source: usize| effects[source] / sum;
    near(
        &by_path,
        &[
            ("C1", &[3.0 + part(0), 9.0 + 30.0 * part(0), effects[0]]),
            ("C2", &[part(1), 30.0 * part(1), effects[1]]),
            ("C3", &[part(2), 30.0 * part(2), effects[2]]),
        ],
    );
}

#[tokio::test]
async fn the_vector_comes_out_as_csv_json_and_a_table_with_the_transition_matrix() {
    let (home, file) = home(VECTOR).await;
    let (_, rows) = table(&home.succeed(&arguments(&file, &["--model", "markov", "--format", "csv"])));
    near(&rows, &[("C1", &[0.2, 6.0, 0.5]), ("C2", &[0.4, 12.0, 1.0]), ("C3", &[0.4, 12.0, 1.0])]);
    let json: Value = serde_json::from_str(&home.succeed(&arguments(&file, &["--model", "markov", "--format", "json"]))).unwrap();
    assert_eq!((&json["model"], &json["parameters"]["order"]), (&"markov".into(), &1.into()));
    assert!((json["sources"][1]["removal_effect"].as_f64().unwrap() - 1.0).abs() <= 1e-12, "{json}");
    let steps: Vec<String> = (json["transitions"].as_array().unwrap().iter())
        .map(|step| format!("{} to {}: {}", step["from"][0].as_str().unwrap(), step["to"].as_str().unwrap(), step["probability"]))
        .collect();
    assert_eq!(steps.len(), 7);
    assert!(steps.contains(&"C3 to (conversion): 0.5".to_owned()) && steps.contains(&"C2 to C3: 1.0".to_owned()), "{steps:?}");
    let text = home.succeed(&arguments(&file, &["--model", "markov"]));
    assert!(text.starts_with("source") && text.contains("removal_effect") && text.contains("(start)"), "{text}");
}

#[tokio::test]
async fn shapley_credits_each_path_among_its_own_sources_and_prints_the_values() {
    let text = "path,total_conversions,total_null\nA,2,8\nB,4,6\nB > A,8,2\n";
    let (home, file) = home(text).await;
    let (header, rows) = table(&home.succeed(&arguments(&file, &["--model", "shapley", "--format", "csv"])));
    assert_eq!(header, "source,conversions,value,shapley_value");
    near(&rows, &[("A", &[2.0 + 8.0 * 0.375, 0.0, 0.3]), ("B", &[4.0 + 8.0 * 0.625, 0.0, 0.5])]);
    let (_, rows) = table(&home.succeed(&arguments(&file, &["--model", "shapley", "--format", "csv", "--param", "value=reach"])));
    near(&rows, &[("A", &[2.0 + 8.0 * 6.0 / 14.0, 0.0, 6.0]), ("B", &[4.0 + 8.0 * 8.0 / 14.0, 0.0, 8.0])]);
}

#[tokio::test]
async fn models_that_need_no_dates_answer_and_the_totals_are_the_files() {
    let text = "total_null,path,TOTAL_CONVERSIONS,total_conversion_value\n\
        1,\"Paid, search > e-mail > Paid, search\",1.5,10\n\
        0,e-mail,0.25,-4\n\
        7,\"never \"\"won\"\"\",0,0\n";
    let (home, file) = home(text).await;
    for model in ["first-touch", "last-touch", "linear", "markov", "shapley"] {
        for more in [&[][..], &["--per-journey"]] {
            let arguments = arguments(&file, &[&["--model", model, "--format", "json"][..], more].concat());
            let json: Value = serde_json::from_str(&home.succeed(&arguments)).unwrap();
            let sources = json["sources"].as_array().unwrap();
            let names: Vec<&str> = sources.iter().map(|row| row["source"].as_str().unwrap()).collect();
            assert_eq!(names, ["Paid, search", "e-mail", "never \"won\""], "in order of name");
            let sum = |column: &str| sources.iter().map(|row| row[column].as_f64().unwrap()).sum::<f64>();
            assert!((sum("conversions") - 1.75).abs() <= 1e-12 && (sum("value") - 6.0).abs() <= 1e-12, "{model}: {json}");
        }
    }
    let csv = home.succeed(&arguments(&file, &["--model", "first-touch", "--format", "csv"]));
    assert_eq!(csv, "source,conversions,value\n\"Paid, search\",1.5,10\ne-mail,0.25,-4\n\"never \"\"won\"\"\",0,0\n");
}

#[tokio::test]
async fn a_file_in_which_nothing_converted_credits_nothing_and_says_so() {
    let (home, file) = home("path,total_conversions,total_null\nA > B,0,5\n").await;
    for model in ["markov", "shapley", "linear"] {
        let output = home.run(&arguments(&file, &["--model", model, "--format", "csv"]));
        assert!(output.status.success());
        let (_, rows) = table(&String::from_utf8_lossy(&output.stdout));
        assert!(rows.iter().all(|(_, numbers)| numbers.iter().all(|number| *number == 0.0)), "{model}: {rows:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("nothing in the file converted"));
    }
}

#[tokio::test]
async fn what_cannot_be_answered_is_refused_with_the_way_out() {
    let many: String = (0..21).map(|source| format!("s{source},1,0\n")).collect();
    let header = "path,total_conversions,total_null\n";
    let (good, many) = (format!("{header}A > B,1,0\n"), format!("{header}{many}"));
    let cases: [(&str, &[&str], &str); 9] = [
        (&good, &["--model", "markow"], "no attribution model is called 'markow'; for a file of journeys there are "),
        (&good, &["--model", "sourced-by"], "model 'sourced-by' needs dates"),
        (
            &good,
            &["--model", "markov", "--param", "order=4"],
            "parameter 'order' of model 'markov': 4 is no whole number from 1 to 3",
        ),
        (&good, &["--model", "shapley", "--param", "value=sum"], "\"sum\" is none of rate, reach"),
        (&many, &["--model", "shapley"], "20 sources at most"),
        ("path,total_conversions\nA,1\n\"B,1\n", &["--model", "linear"], "line 3: a quote is opened and never closed"),
        ("path,total_conversions\nA,nan\n", &["--model", "linear"], "line 2: total_conversions is 'nan'"),
        ("", &["--model", "linear"], "it is empty"),
        (header, &["--model", "linear"], "no row below it"),
    ];
    for (text, more, expected) in cases {
        let (home, file) = home(text).await;
        let output = home.run(&arguments(&file, more));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(expected), "{said}");
        assert!(output.stdout.is_empty());
    }
    let (home, file) = home(&good).await;
    let listed = String::from_utf8_lossy(&home.run(&arguments(&file, &["--model", "sourced-by"])).stderr).into_owned();
    assert!(listed.contains("linear") && listed.contains("markov") && listed.contains("shapley"), "{listed}");
    assert_eq!(home.run(&arguments(&file, &["--model", "linear", "--param", "unit"])).status.code(), Some(2));
}
