//! The arrows between the rooms, and what each room never names.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Each room of `src/` with the rooms it may name.
const ROOMS: &[(&str, &[&str])] = &[
    ("config", &[]),
    ("storage", &["config", "clock"]),
    ("resident", &["config", "clock", "storage"]),
    ("intake", &["config", "clock", "storage"]),
    ("generate", &["config", "clock", "storage"]),
    ("plugins", &["config", "clock"]),
    ("app", &["config", "clock", "storage", "resident", "intake", "generate", "plugins"]),
    ("graphql", &["config", "clock", "app", "plugins", "storage"]),
    ("server", &["config", "clock", "app", "graphql"]),
    ("cli", &["config", "clock", "app", "graphql", "server", "intake", "generate", "plugins", "resident", "storage"]),
];

/// What a room never names, whatever the path.
const NEVER: &[(&str, &[&str])] = &[
    (
        "core/src",
        &[
            "tokio::",
            "sea_orm",
            "sqlx::",
            "rusqlite",
            "async_graphql",
            "actix_web",
            "Utc::now",
            "SystemTime",
            "std::fs",
            "std::net",
            "async fn",
        ],
    ),
    ("src/graphql", &["sea_orm", "sqlx::", "rusqlite"]),
    ("src/app", &["sea_orm", "sqlx::", "rusqlite", "async_graphql", "actix_web"]),
    ("src/storage", &["async_graphql", "actix_web"]),
    ("plugins/sdk/src", &["pipewright_core", "tokio::", "chrono::"]),
    ("plugins/markov/src", &["pipewright_core", "tokio::", "chrono::"]),
    ("plugins/positional/src", &["pipewright_core", "tokio::", "chrono::"]),
    ("plugins/shapley/src", &["pipewright_core", "tokio::", "chrono::"]),
    ("plugins/sourcing/src", &["pipewright_core", "tokio::", "chrono::"]),
];

/// The folders of the families of models under `plugins/`: every crate there but the contract.
fn families() -> Vec<String> {
    let entries = std::fs::read_dir(root().join("plugins")).unwrap();
    let crates = entries.map(|entry| entry.unwrap().path()).filter(|path| path.join("Cargo.toml").is_file());
    let names = crates.map(|path| path.file_name().unwrap().to_string_lossy().into_owned());
    names.filter(|name| name != "sdk").collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// The code of a file, line by line, less comments.
fn code(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The rooms that follow `crate::` in a text, also inside `use crate::{a::b, c}`.
fn rooms_named(code: &str) -> BTreeSet<String> {
    let word =
        |text: &str| text.chars().take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_').collect::<String>();
    let mut rooms = BTreeSet::new();
    for (start, found) in code.match_indices("crate::") {
        let rest = &code[start + found.len()..];
        let Some(group) = rest.strip_prefix('{') else {
            rooms.insert(word(rest));
            continue;
        };
        let mut depth = 0;
        let mut part = String::new();
        for letter in group.chars() {
            match letter {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    rooms.insert(word(part.trim()));
                    part.clear();
                }
                _ => part.push(letter),
            }
        }
        rooms.insert(word(part.trim()));
    }
    rooms
}

#[test]
fn each_room_names_only_the_rooms_that_its_arrows_allow() {
    let all: BTreeSet<&str> = ROOMS.iter().map(|(room, _)| *room).chain(["clock"]).collect();
    let mut wrong = Vec::new();
    for (room, allowed) in ROOMS {
        for path in rust_files(&root().join("src").join(room)) {
            for named in rooms_named(&code(&path)) {
                if named != *room && all.contains(named.as_str()) && !allowed.contains(&named.as_str()) {
                    wrong.push(format!("{} names crate::{named}", path.strip_prefix(root()).unwrap().display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "arrows that do not stand in the map:\n{}", wrong.join("\n"));
}

#[test]
fn every_folder_of_src_is_a_room_of_the_map() {
    for entry in std::fs::read_dir(root().join("src")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(!path.is_dir() || ROOMS.iter().any(|(room, _)| *room == name), "src/{name} is no room of the map");
    }
}

#[test]
fn no_room_names_what_it_never_may() {
    let mut wrong = Vec::new();
    for (folder, never) in NEVER {
        for path in rust_files(&root().join(folder)) {
            let code = code(&path);
            for name in never.iter().filter(|name| code.contains(**name)) {
                wrong.push(format!("{} names {name}", path.strip_prefix(root()).unwrap().display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_model_is_named_only_in_its_crate_and_in_the_one_list() {
    let names: Vec<String> = families().iter().map(|family| format!("pipewright_{}", family.replace('-', "_"))).collect();
    let listed = rust_files(&root().join("src"))
        .into_iter()
        .filter(|path| names.iter().any(|name| code(path).contains(name)))
        .collect::<Vec<_>>();
    assert_eq!(listed.len(), 1, "the built-in models are registered in one place: {listed:?}");
}

#[test]
fn the_crates_depend_only_inwards() {
    let own = |manifest: &str| {
        let text = std::fs::read_to_string(root().join(manifest)).unwrap();
        let table: toml::Table = text.parse().unwrap();
        let dependencies = table.get("dependencies").and_then(|value| value.as_table()).cloned().unwrap_or_default();
        dependencies.keys().filter(|name| name.starts_with("pipewright")).cloned().collect::<BTreeSet<_>>()
    };
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(own("plugins/sdk/Cargo.toml"), set(&[]));
    for family in families() {
        assert_eq!(own(&format!("plugins/{family}/Cargo.toml")), set(&["pipewright-plugin"]), "{family}");
    }
    assert_eq!(own("core/Cargo.toml"), set(&["pipewright-plugin"]));
    assert_eq!(own("migrations/Cargo.toml"), set(&[]));
    assert_eq!(own("web/Cargo.toml"), set(&[]));
}

#[test]
fn the_reader_of_arrows_sees_groups_and_paths() {
    let found = rooms_named("use crate::{storage::{Batch, Storage}, config::Config};\nlet x = crate::app::go();");
    assert_eq!(found.into_iter().collect::<Vec<_>>(), ["app", "config", "storage"]);
}
