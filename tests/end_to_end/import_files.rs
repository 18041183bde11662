//! What files may look like, and what an import says of those that it does not take.

use crate::support::{ENGINES, Engine, Home};
use serde_json::json;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Output, Stdio};
use zip::write::SimpleFileOptions;

const HEADER: &str = "Id,Name,StageName,Amount,CloseDate,CreatedDate";

fn row(number: u32, name: &str) -> String {
    format!("{},{name},Qualify,100,2026-12-01,2026-01-05T00:00:00.000Z", id(number))
}

fn id(number: u32) -> String {
    format!("006{number:012}")
}

fn run(home: &Home, arguments: &[&str]) -> (Output, String) {
    let output = home.run(arguments);
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output, text)
}

async fn names(home: &Home) -> Vec<String> {
    let query = "{ opportunities(first: 50) { edges { node { name owner { name } account { name } } } } }";
    let answer = home.serve().data(query, json!({})).await;
    let name = |node: &serde_json::Value| {
        let parts = [&node["name"], &node["owner"]["name"], &node["account"]["name"]];
        parts.into_iter().filter_map(|part| part.as_str()).collect::<Vec<_>>().join("/")
    };
    answer["opportunities"]["edges"].as_array().unwrap().iter().map(|edge| name(&edge["node"])).collect()
}

#[tokio::test]
async fn files_are_read_as_they_are_and_refused_with_the_reason() {
    let plain = |text: &str| format!("{HEADER}\n{text}\n").into_bytes();
    let one = row(1, "One");
    let account = ("Account.csv", "Id,Name\n001000000000001AAA,Acme\n".as_bytes().to_vec());
    let user = ("User.csv", "Id,Name\n005000000000001,Ada Byron\n".as_bytes().to_vec());
    let with = |column: &str, value: &str| format!("{HEADER},{column}\n{one},{value}\n").into_bytes();
    let windows = [HEADER.as_bytes(), b"\n", one.replace("One", "Gr\u{1}n").as_bytes()].concat();
    let windows = windows.into_iter().map(|byte| if byte == 1 { 0xFC } else { byte }).collect::<Vec<u8>>();
    // What the case is, its files, what is said, and the opportunities that are there then: none where it is refused.
    type Case = (&'static str, Vec<(&'static str, Vec<u8>)>, &'static str, Option<Vec<&'static str>>);
    let cases: Vec<Case> = vec![
        ("Windows-1252", vec![("Opportunity.csv", windows)], "1 rows, 0 rejected", Some(vec!["Gr\u{fc}n"])),
        (
            "a byte order mark, a header in capitals, everything quoted, a newline in a value",
            vec![(
                "OPPORTUNITY.CSV",
                format!(
                    "\u{feff}\"{}\"\r\n\"{}\"\r\n",
                    HEADER.to_uppercase().replace(',', "\",\""),
                    one.replace("One", "One\n\"\"Two\"\"").replace(',', "\",\"")
                )
                .into_bytes(),
            )],
            "1 rows, 0 rejected",
            Some(vec!["One\n\"Two\""]),
        ),
        (
            "an id of 15 characters names a record of 18",
            vec![("Opportunity.csv", with("AccountId", "001000000000001")), account.clone()],
            "0 rejected",
            Some(vec!["One/Acme"]),
        ),
        (
            "an owner by name",
            vec![("Opportunity.csv", with("Owner.Name", "Ada Byron")), user.clone()],
            "0 rejected",
            Some(vec!["One/Ada Byron"]),
        ),
        (
            "an owner by a name that nobody has",
            vec![("Opportunity.csv", with("Owner.Name", "Bo")), user.clone()],
            "Opportunity.OwnerId: 1, such as Bo",
            Some(vec!["One"]),
        ),
        (
            "an account by id through its relation",
            vec![("Opportunity.csv", with("Account.Id", "001000000000001")), account.clone()],
            "0 rejected",
            Some(vec!["One/Acme"]),
        ),
        (
            "a quote that is not closed takes its own row only",
            vec![("Opportunity.csv", plain(&format!("{}\n{}", row(2, "\"Two"), row(3, "Three"))))],
            "2 rows, 1 rejected",
            Some(vec!["Three"]),
        ),
        (
            "a NUL",
            vec![("Opportunity.csv", plain(&format!("{}\n{one}", row(2, "T\0wo"))))],
            "2 rows, 1 rejected",
            Some(vec!["One"]),
        ),
        (
            "a header and nothing else",
            vec![("Opportunity.csv", plain(&one)), ("Contact.csv", b"Id,Name\n".to_vec())],
            "Contact.csv (Contact): 0 rows",
            Some(vec!["One"]),
        ),
        (
            "a file of an object that is not known",
            vec![("Opportunity.csv", plain(&one)), ("Case.csv", b"Id\n500000000000001\n".to_vec())],
            "Case.csv: skipped, no known object",
            Some(vec!["One"]),
        ),
        (
            "a column twice",
            vec![("Opportunity.csv", format!("{HEADER},NAME\n{one},x\n").into_bytes())],
            "the header names NAME twice",
            None,
        ),
        ("an empty file", vec![("Opportunity.csv", plain(&one)), ("Account.csv", vec![])], "no readable header", None),
        ("UTF-16", vec![("Opportunity.csv", b"\xFF\xFEI\0d\0".to_vec())], "UTF-16", None),
        ("nothing known", vec![("Case.csv", b"Id\n".to_vec())], "none of the files is an object", None),
    ];
    for (name, files, said, expected) in cases {
        let home = Home::new(Engine::Sqlite).await;
        let folder = home.path().join("export");
        std::fs::create_dir(&folder).unwrap();
        for (file, bytes) in &files {
            std::fs::write(folder.join(file), bytes).unwrap();
        }
        let (output, text) = run(&home, &["import", "export"]);
        assert_eq!(output.status.code(), Some(i32::from(expected.is_none())), "{name}: {text}");
        assert!(text.contains(said), "{name}: {text}");
        assert_eq!(names(&home).await, expected.unwrap_or_default(), "{name}: {text}");
    }
}

#[tokio::test]
async fn one_object_may_span_several_zips() {
    let home = Home::new(Engine::Sqlite).await;
    for number in 1..=2 {
        let file = std::fs::File::create(home.path().join(format!("WE_00D_{number}.ZIP"))).unwrap();
        let mut zip = zip::ZipWriter::new(file);
        zip.start_file("Opportunity.csv", SimpleFileOptions::default()).unwrap();
        zip.write_all(format!("{HEADER}\n{}\n", row(number, &format!("Deal {number}"))).as_bytes()).unwrap();
        zip.finish().unwrap();
    }
    home.succeed(&["import", "WE_00D_1.ZIP", "WE_00D_2.ZIP"]);
    assert_eq!(names(&home).await, ["Deal 1", "Deal 2"]);
}

#[tokio::test]
async fn rejects_are_corrected_in_their_file_and_imported_again_and_strict_or_dry_writes_nothing() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let folder = home.path().join("export");
        std::fs::create_dir(&folder).unwrap();
        let bad = row(2, "\"Two, Ltd\"").replace(",100,", ",a lot,");
        let text = format!("{HEADER},CurrencyIsoCode\n{},USD\n{bad},ZZZ1\n", row(1, "One"));
        std::fs::write(folder.join("Opportunity.csv"), text).unwrap();

        let (output, text) = run(&home, &["import", "--dry-run", "export"]);
        assert!(output.status.success() && text.contains("2 rows, 1 rejected") && text.contains("regions: (none) (1)"), "{text}");
        assert!(text.contains("versions added: 1") && text.contains("nothing was written"), "{text}");
        let (output, text) = run(&home, &["import", "--strict", "export"]);
        assert!(output.status.code() == Some(1) && text.contains("nothing was written"), "{text}");
        assert_eq!(names(&home).await, [""; 0], "{engine:?}");

        home.succeed(&["import", "export"]);
        assert_eq!(names(&home).await, ["One"], "{engine:?}");
        let rejects = std::fs::read_to_string(home.path().join("rejects.csv")).unwrap();
        assert!(rejects.contains("Opportunity.csv,3,Amount,a lot,"), "{rejects}");
        std::fs::write(home.path().join("rejects.csv"), rejects.replace(",a lot,2026", ",250,2026").replace("ZZZ1", "EUR"))
            .unwrap();
        let report = home.succeed(&["import", "--strict", "rejects.csv"]);
        assert!(report.contains("1 rows, 0 rejected"), "{report}");
        assert_eq!(names(&home).await, ["One", "Two, Ltd"], "{engine:?}: {report}");

        let (_, text) = run(&home, &["import", "--dry-run", "rejects.csv"]);
        assert!(text.contains("versions added: 0"), "a dry run looks at the database: {text}");
    }
}

#[tokio::test]
async fn a_file_of_corrections_is_never_written_over() {
    let home = Home::new(Engine::Sqlite).await;
    let bad = [2, 3].map(|number| row(number, &format!("Deal {number}")).replace(",100,", ",a lot,"));
    std::fs::write(home.path().join("Opportunity.csv"), format!("{HEADER}\n{}\n", bad.join("\n"))).unwrap();
    let (output, text) = run(&home, &["import", "Opportunity.csv"]);
    assert!(output.status.success() && text.contains("Rejected rows are in rejects.csv"), "{text}");
    let read = |file: &str| std::fs::read_to_string(home.path().join(file)).unwrap();
    let corrected = read("rejects.csv").replacen(",a lot,2026", ",250,2026", 1);
    std::fs::write(home.path().join("rejects.csv"), &corrected).unwrap();
    let cases: [(&[&str], i32, &[&str]); 4] = [
        (&["import", "--dry-run", "rejects.csv"], 0, &[]),
        (&["import", "--strict", "./rejects.csv"], 1, &[]),
        (&["import", "--dry-run", "--strict", "--rejects", "./rejects.csv", "rejects.csv"], 1, &[]),
        (&["import", "rejects.csv"], 0, &["Deal 2"]),
    ];
    for (arguments, code, known) in cases {
        let (output, text) = run(&home, arguments);
        assert!(output.status.code() == Some(code) && text.contains("rejects.left.csv"), "{arguments:?}: {text}");
        assert_eq!(read("rejects.csv"), corrected, "{arguments:?}");
        let left = read("rejects.left.csv");
        assert!(left.contains("Deal 3") && !left.contains("Deal 2"), "{left}");
        assert_eq!(names(&home).await, known, "{arguments:?}");
    }
    let (_, text) = run(&home, &["import", "--dry-run", "rejects.csv", "rejects.left.csv"]);
    assert!(text.contains("rejects.left.left.csv"), "{text}");
}

#[tokio::test]
async fn corrected_parts_of_opportunities_need_their_export_beside_them() {
    let home = Home::new(Engine::Sqlite).await;
    let folder = home.path().join("export");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("Opportunity.csv"), format!("{HEADER}\n{}\n", row(1, "One"))).unwrap();
    let lines = format!("Id,OpportunityId,TotalPrice\n00k000000000001,{0},60\n00k000000000002,{0},much\n", id(1));
    std::fs::write(folder.join("OpportunityLineItem.csv"), lines).unwrap();
    home.succeed(&["import", "export"]);
    let rejects = home.path().join("rejects.csv");
    std::fs::write(&rejects, std::fs::read_to_string(&rejects).unwrap().replace(",much\n", ",40\n").replace(",much\"", ",40\""))
        .unwrap();
    let (output, text) = run(&home, &["import", "rejects.csv"]);
    assert!(output.status.code() == Some(1) && text.contains("pipewright import EXPORT rejects.csv"), "{text}");
    home.succeed(&["import", "export", "rejects.csv"]);
    let query = "{ opportunities(first: 1) { edges { node { lines { nodes { acv { amount } } } } } } }";
    let lines = home.serve().data(query, json!({})).await["opportunities"]["edges"][0]["node"]["lines"]["nodes"].take();
    assert_eq!(lines, json!([{ "acv": { "amount": "60.00" } }, { "acv": { "amount": "40.00" } }]));
}

fn spawn(home: &Home, arguments: &[&str]) -> std::process::Child {
    home.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[tokio::test]
async fn two_imports_at_once_lose_nothing_and_one_that_is_told_to_stop_goes_on_later() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        for (part, numbers) in [("a", 0..1_500_u32), ("b", 1_000..2_500)] {
            let folder = home.path().join(part);
            std::fs::create_dir(&folder).unwrap();
            let rows: Vec<String> = numbers.map(|number| row(number, &format!("Deal {number:05}"))).collect();
            std::fs::write(folder.join("Opportunity.csv"), format!("{HEADER}\n{}\n", rows.join("\n"))).unwrap();
        }
        let both: Vec<_> = ["a", "b", "a"].map(|part| spawn(&home, &["import", part])).into_iter().collect();
        for child in both {
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "{engine:?}: {}", String::from_utf8_lossy(&output.stderr));
        }
        let query = "{ opportunities(first: 1) { totalCount edges { node { history(first: 5) { totalCount } } } } }";
        let answer = home.serve().data(query, json!({})).await;
        assert_eq!(answer["opportunities"]["totalCount"], 2_500, "{engine:?}");
        assert_eq!(answer["opportunities"]["edges"][0]["node"]["history"]["totalCount"], 1, "{engine:?}");
    }
    let home = Home::new(Engine::Sqlite).await;
    home.succeed(&["generate", "--opportunities", "600", "--seed", "4", "--until", "2026-11-24", "--out", "export"]);
    let mut child = spawn(&home, &["import", "--log-every", "0", "export"]);
    let mut lines = BufReader::new(child.stderr.take().expect("stderr is piped")).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.contains("writing")), "it has begun to write");
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    let text: Vec<String> = lines.collect();
    let (text, status) = (text.join("\n"), child.wait().unwrap());
    assert!(status.code() == Some(1) && text.contains("goes on where it was"), "{status:?} {text}");
    home.succeed(&["import", "export"]);
    let answer = home.serve().data("{ opportunities(first: 1) { totalCount } }", json!({})).await;
    assert_eq!(answer["opportunities"]["totalCount"], 600);
}
