//! A new plug-in, ready to be changed: a crate with the contract beside it, or a file of weights.

use std::io;
use std::path::{Path, PathBuf};

/// The contract's own files, put beside a new crate so that it needs nothing but a compiler.
const CONTRACT: &[(&str, &str)] = &[
    ("wit/model.wit", include_str!("../../../plugins/sdk/wit/model.wit")),
    ("src/lib.rs", include_str!("../../../plugins/sdk/src/lib.rs")),
    ("src/component.rs", include_str!("../../../plugins/sdk/src/component.rs")),
    ("src/conformance.rs", include_str!("../../../plugins/sdk/src/conformance.rs")),
    ("src/conformance/edges.rs", include_str!("../../../plugins/sdk/src/conformance/edges.rs")),
    ("src/explanation.rs", include_str!("../../../plugins/sdk/src/explanation.rs")),
    ("src/journey.rs", include_str!("../../../plugins/sdk/src/journey.rs")),
    ("src/manifest.rs", include_str!("../../../plugins/sdk/src/manifest.rs")),
    ("src/milestones.rs", include_str!("../../../plugins/sdk/src/milestones.rs")),
    ("src/model.rs", include_str!("../../../plugins/sdk/src/model.rs")),
    ("src/parameter.rs", include_str!("../../../plugins/sdk/src/parameter.rs")),
    ("src/source.rs", include_str!("../../../plugins/sdk/src/source.rs")),
    ("src/weights.rs", include_str!("../../../plugins/sdk/src/weights.rs")),
];

/// What the contract's crate is called in a new plug-in's folder.
const CONTRACT_FOLDER: &str = "pipewright-plugin";

/// Whether a plug-in can be called so: lower-case words joined by hyphens, beginning with a letter.
pub fn is_id(name: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    name.len() <= 64 && name.starts_with(|first: char| first.is_ascii_lowercase()) && name.split('-').all(is_word)
}

/// Writes a crate called `id` into a new folder of that name; where it is.
///
/// # Errors
/// The folder is there already, or cannot be written.
pub fn new_crate(parent: &Path, id: &str) -> io::Result<PathBuf> {
    let folder = parent.join(id);
    std::fs::create_dir(&folder)?;
    let named = |template: &str| template.replace("{{id}}", id).replace("{{crate}}", &id.replace('-', "_"));
    let own = [
        ("Cargo.toml", include_str!("crate.toml.txt")),
        ("README.md", include_str!("readme.md.txt")),
        ("src/lib.rs", include_str!("lib.rs.txt")),
        ("tests/contract.rs", include_str!("contract.rs.txt")),
    ];
    for (name, template) in own {
        write(&folder.join(name), &named(template))?;
    }
    let contract = folder.join(CONTRACT_FOLDER);
    write(&contract.join("Cargo.toml"), include_str!("contract.toml.txt"))?;
    for (name, text) in CONTRACT {
        write(&contract.join(name), text)?;
    }
    Ok(folder)
}

/// Writes a file of weights called `id`; where it is.
///
/// # Errors
/// The file is there already, or cannot be written.
pub fn new_file(parent: &Path, id: &str) -> io::Result<PathBuf> {
    let path = parent.join(format!("{id}.toml"));
    let mut file = std::fs::File::create_new(&path)?;
    io::Write::write_all(&mut file, include_str!("weights.toml.txt").replace("{{id}}", id).as_bytes())?;
    Ok(path)
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_contract_that_is_put_beside_a_new_crate_is_whole() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins/sdk");
        let mut found: Vec<String> = Vec::new();
        for folder in ["src", "src/conformance", "wit"] {
            for entry in std::fs::read_dir(root.join(folder)).unwrap() {
                let entry = entry.unwrap();
                if entry.file_type().unwrap().is_file() {
                    found.push(format!("{folder}/{}", entry.file_name().to_string_lossy()));
                }
            }
        }
        let mut carried: Vec<String> = CONTRACT.iter().map(|(name, _)| (*name).to_owned()).collect();
        found.sort();
        carried.sort();
        assert_eq!(carried, found);
    }

    #[test]
    fn a_file_of_weights_is_a_model_that_keeps_the_contract() {
        let folder = tempfile::tempdir().unwrap();
        let path = new_file(folder.path(), "our-own").unwrap();
        let model = crate::plugins::declarative::Declared::read(&std::fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!(pipewright_plugin::conformance::check(&model), Ok(()));
        assert_eq!(new_file(folder.path(), "our-own").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    }

    #[test]
    fn names_are_lower_case_words() {
        for (name, good) in
            [("our-own", true), ("w2", true), ("Our", false), ("a--b", false), ("2w", false), ("../x", false), ("", false)]
        {
            assert_eq!(is_id(name), good, "{name}");
        }
    }
}
