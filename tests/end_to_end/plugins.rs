//! A file that is put into the folder of a running server appears, and a broken one changes nothing.

use crate::support::{ENGINES, Home, Server};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const WEIGHTS: &str =
    "id = 'doors'\nname = 'Doors'\ndescription = 'Who opens doors.'\nversion = '1.0.0'\n[weights]\nfirst = 3\nmiddle = 1\n";

/// Asks for the models until the one called `doors` has this version (`None`: until it is gone).
async fn until_doors_are(server: &Server, version: Option<&str>) {
    let begun = Instant::now();
    loop {
        let models = server.data("{ attributionModels { id version } }", Value::Null).await;
        let models = models["attributionModels"].as_array().unwrap().clone();
        let doors = models.iter().find(|model| model["id"] == "doors").map(|model| model["version"].as_str().unwrap().to_owned());
        if doors.as_deref() == version {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "doors are {doors:?}, not {version:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_in_the_folder_of_a_running_server_appears_changes_and_goes() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        home.succeed(&["generate", "--opportunities", "60", "--seed", "3"]);
        let server = home.serve();
        let file = home.path().join("models/doors.toml");
        std::fs::write(&file, WEIGHTS).unwrap();
        until_doors_are(&server, Some("1.0.0")).await;
        let query = "query ($model: ModelInput!) { apm(period: \"FY2027\", by: [SOURCE], model: $model) { total { closedAcv { value { amount } } } } }";
        let answer = server.ask(query, json!({ "model": { "id": "doors", "parameters": { "middle": 0 } } })).await;
        assert!(answer.get("errors").is_none(), "{answer:#}");
        std::fs::write(&file, "id = ").unwrap();
        std::fs::write(home.path().join("models/windows.toml"), WEIGHTS.replace("doors", "windows")).unwrap();
        std::fs::write(&file, WEIGHTS.replace("1.0.0", "1.1.0")).unwrap();
        until_doors_are(&server, Some("1.1.0")).await;
        std::fs::remove_file(&file).unwrap();
        until_doors_are(&server, None).await;
    }
}
