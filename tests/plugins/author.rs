//! The way of an author, from nothing to a file that the server takes, with the real binary.

use crate::build::{BUILDING, target};
use std::path::Path;
use std::process::{Command, Output};

fn pipewright(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pipewright"));
    command.args(arguments).current_dir(folder).env("CARGO_TARGET_DIR", target()).env_remove("CARGO_ENCODED_RUSTFLAGS");
    command.output().unwrap()
}

fn succeed(folder: &Path, arguments: &[&str]) -> String {
    let output = pipewright(folder, arguments);
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "pipewright {arguments:?}\n{out}\n{err}");
    out.into_owned()
}

fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = pipewright(folder, arguments);
    assert_eq!(output.status.code(), Some(1), "pipewright {arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_new_crate_is_packed_tested_and_listed() {
    let folder = tempfile::tempdir().unwrap();
    succeed(folder.path(), &["plugin", "new", "our-own"]);
    let again = refused(folder.path(), &["plugin", "new", "our-own"]);
    assert!(again.contains("'our-own' is there already"), "{again}");
    let packed = {
        let _one = BUILDING.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        succeed(folder.path(), &["plugin", "pack", "our-own"])
    };
    assert!(packed.contains("It keeps the contract"), "{packed}");
    assert_eq!(packed.matches("16666.6").count(), 6, "{packed}");
    let models = folder.path().join("models");
    std::fs::create_dir(&models).unwrap();
    std::fs::copy(folder.path().join("our-own/our-own.wasm"), models.join("our-own.wasm")).unwrap();
    let listed = succeed(folder.path(), &["plugin", "list"]);
    assert!(listed.contains("our-own.wasm") && listed.contains("built in"), "{listed}");
}

#[test]
fn a_file_of_weights_is_tested_and_what_is_wrong_with_it_is_said() {
    let folder = tempfile::tempdir().unwrap();
    succeed(folder.path(), &["plugin", "new", "doors", "--weights"]);
    let tested = succeed(folder.path(), &["plugin", "test", "doors.toml"]);
    assert!(tested.contains("It keeps the contract") && tested.contains("first = 50"), "{tested}");
    let text = std::fs::read_to_string(folder.path().join("doors.toml")).unwrap();
    let cases = [
        ("worse.toml", text.replace("first = 50", "last = 50"), "weights.last: there is no such position"),
        ("noise.wasm", "noise".into(), "not WebAssembly"),
        ("notes.txt", text, "a plug-in is a .wasm or a .toml file"),
    ];
    for (name, text, expected) in cases {
        std::fs::write(folder.path().join(name), text).unwrap();
        let error = refused(folder.path(), &["plugin", "test", name]);
        assert!(error.contains(name) && error.contains(expected), "{error}");
    }
    let name = refused(folder.path(), &["plugin", "new", "Our Own"]);
    assert!(name.contains("lower-case words joined by hyphens"), "{name}");
}
