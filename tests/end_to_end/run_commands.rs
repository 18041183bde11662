//! Runs from the command line.

use crate::runs::{ALWAYS, credits};
use crate::support::{ENGINES, Home, cents};
use serde_json::{Value, json};

/// `attribute` with the period of everything.
fn run<'a>(name: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["attribute", "run", name, "--period", ALWAYS, "--as-of", "2026-11-24T00:00:00Z"][..], more].concat()
}

fn refused(home: &Home, arguments: &[&str]) -> String {
    let output = home.run(arguments);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_started_listed_shown_compared_watched_and_cancelled_from_the_command_line() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        home.succeed(&["generate", "--opportunities", "300", "--seed", "5", "--until", "2026-11-24"]);
        let first = home.succeed(&run("by touch", &["--model", "linear"]));
        assert!(first.starts_with("source") && first.contains("(total)"), "{first}");
        let stored = credits(&home, "by touch").await;
        assert_eq!(home.succeed(&run("by touch", &["--model", "linear"])), first, "{engine:?}: the same command, the same run");
        assert_eq!(credits(&home, "by touch").await, stored, "{engine:?}");
        let other = refused(&home, &run("by touch", &["--model", "first-touch"]));
        assert!(other.contains("another run is called 'by touch': take another name"), "{other}");
        home.succeed(&run("by source", &["--model", "linear", "--param", "unit=source"]));
        let diff = home.succeed(&["attribute", "diff", "by touch", "by source", "--top", "3"]);
        assert!(diff.contains("opportunities moved credit") && diff.contains("parameters"), "{diff}");
        let diff = parsed(&home.succeed(&["attribute", "diff", "by touch", "by source", "--format", "json"]));
        assert_eq!((&diff["a"]["name"], &diff["opportunities"][0]["because"]), (&json!("by touch"), &json!("parameters")));
        let detached = home.succeed(&run("later", &["--model", "w-shaped", "--detach"]));
        assert_eq!(detached, "run 'later' is queued\n");
        assert!(refused(&home, &["attribute", "show", "later"]).contains("run 'later' is queued and has no result"));
        assert!(refused(&home, &["attribute", "diff", "by touch", "later"]).contains("run 'later' is not done"));
        home.succeed(&run("never", &["--detach"]));
        assert_eq!(home.succeed(&["attribute", "cancel", "never"]), "run 'never' is cancelled\n");
        assert!(refused(&home, &["attribute", "cancel", "never"]).contains("the run has ended already"));
        assert!(refused(&home, &["attribute", "watch", "never"]).contains("run 'never' was cancelled"));
        assert!(refused(&home, &["attribute", "watch", "none"]).contains("no run is called 'none'"));
        let server = home.serve();
        let watched = home.succeed(&["attribute", "watch", "later"]);
        assert!(watched.contains("(total)"), "{watched}");
        let listed = parsed(&home.succeed(&["attribute", "runs", "--format", "json"]));
        let states: Vec<_> = listed.as_array().unwrap().iter().map(|run| (&run["name"], &run["state"])).collect();
        let expected = [("never", "cancelled"), ("later", "done"), ("by source", "done"), ("by touch", "done")];
        assert_eq!(json!(states), json!(expected), "{engine:?}: the latest first");
        let shown = parsed(&home.succeed(&["attribute", "show", "later", "--group-by", "channel", "--format", "json"]));
        let answer = server
            .data("{ attributionRun(name: \"later\") { total { amount } parametersHash provisionalCount } }", Value::Null)
            .await;
        let answer = &answer["attributionRun"];
        assert_eq!(
            cents(&json!({ "amount": shown["total"]["total"] })),
            cents(&answer["total"]),
            "{engine:?}: as the API has it"
        );
        assert_eq!(shown["run"]["parameter_hash"], answer["parametersHash"]);
        assert_eq!(shown["run"]["report"]["provisional"], answer["provisionalCount"]);
    }
}
