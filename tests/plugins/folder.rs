//! The folder of plug-ins, as the registry sees it change.

use crate::build::component;
use pipewright::plugins::wasm::Limits;
use pipewright::plugins::{Folder, Registry};
use std::path::Path;

const WEIGHTS: &str =
    "id = 'doors'\nname = 'Doors'\ndescription = 'Who opens doors.'\nversion = '1.0.0'\n[weights]\nfirst = 3\nmiddle = 1\n";

fn registry(path: &Path, compiler: bool) -> Registry {
    let program = compiler.then(|| env!("CARGO_BIN_EXE_pipewright").into());
    Registry::with_folder(Folder::new(path.to_owned(), Limits::default(), program).unwrap())
}

/// Ids and versions of the models that are files.
fn from_files(registry: &Registry) -> Vec<(String, String)> {
    let listed = registry.listed().into_iter().filter(|model| model.file.is_some());
    listed.map(|model| (model.manifest.id, model.manifest.version)).collect()
}

fn named(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(id, version)| ((*id).into(), (*version).into())).collect()
}

/// What happens, what the file holds then, which models are there, and why the file is not let in.
type Step<'a> = (&'a str, Option<&'a str>, &'a [(&'a str, &'a str)], Option<&'a str>);

#[test]
fn a_good_file_appears_and_a_broken_one_leaves_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("doors.toml");
    let registry = registry(&folder.path().join("."), false);
    let built_in = registry.listed().len();
    assert!(from_files(&registry).is_empty());

    let steps: [Step<'_>; 5] = [
        ("a good file appears", Some(WEIGHTS), &[("doors", "1.0.0")], None),
        ("a broken one changes nothing and says why", Some("id = "), &[("doors", "1.0.0")], Some("TOML parse error")),
        (
            "so does one that takes another's id",
            Some(&WEIGHTS.replace("'doors'", "'linear'")),
            &[("doors", "1.0.0")],
            Some("its id 'linear' is that of a model that comes with the server"),
        ),
        ("a mended one takes over", Some(&WEIGHTS.replace("1.0.0", "1.1.0")), &[("doors", "1.1.0")], None),
        ("a file that is gone is gone", None, &[], None),
    ];
    for (what, text, expected, reason) in steps {
        match text {
            Some(text) => std::fs::write(&path, text).unwrap(),
            None => std::fs::remove_file(&path).unwrap(),
        }
        registry.rescan();
        assert_eq!(from_files(&registry), named(expected), "{what}");
        let refused: Vec<String> = registry.refused().into_iter().map(|refused| refused.reason.to_string()).collect();
        assert_eq!(refused.len(), usize::from(reason.is_some()), "{what}: {refused:?}");
        assert!(reason.is_none_or(|reason| refused[0].contains(reason)), "{what}: {refused:?}");
    }
    assert_eq!(registry.listed().len(), built_in);
}

#[test]
fn components_are_compiled_apart_and_hostile_ones_are_never_let_in() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("rank-decay.wasm"), component("plugins/samples/rank-decay", "")).unwrap();
    std::fs::write(folder.path().join("hostile.wasm"), component("tests/plugins/components", "hostile")).unwrap();
    std::fs::write(folder.path().join("noise.wasm"), [7; 4_096]).unwrap();
    std::fs::write(folder.path().join("notes.txt"), "no plug-in").unwrap();
    let registry = registry(folder.path(), true);
    assert_eq!(from_files(&registry), named(&[("rank-decay", "1.0.0")]));
    let refused: Vec<(String, String)> =
        registry.refused().into_iter().map(|refused| (refused.file.name, refused.reason.to_string())).collect();
    let reason = |file: &str| refused.iter().find(|(name, _)| name == file).map(|(_, reason)| reason.as_str()).unwrap();
    assert!(reason("hostile.wasm").contains("it does not keep the contract"), "{refused:?}");
    assert!(reason("noise.wasm").contains("not WebAssembly"), "{refused:?}");
    assert_eq!(refused.len(), 2);
}

#[test]
fn a_sample_of_each_kind_is_let_in() {
    let folder = tempfile::tempdir().unwrap();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins/samples");
    std::fs::copy(samples.join("doors-first.toml"), folder.path().join("doors-first.toml")).unwrap();
    std::fs::write(folder.path().join("rank-decay.wasm"), component("plugins/samples/rank-decay", "")).unwrap();
    let registry = registry(folder.path(), false);
    assert_eq!(from_files(&registry), named(&[("doors-first", "1.0.0"), ("rank-decay", "1.0.0")]), "{:?}", registry.refused());
}

#[test]
fn a_newcomer_cannot_take_an_id_and_is_let_in_once_it_is_free() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("b.toml"), WEIGHTS).unwrap();
    let registry = registry(folder.path(), false);
    std::fs::write(folder.path().join("a.toml"), WEIGHTS.replace("1.0.0", "2.0.0")).unwrap();
    registry.rescan();
    assert_eq!(from_files(&registry), named(&[("doors", "1.0.0")]));
    assert!(registry.refused()[0].reason.to_string().contains("its id 'doors' is that of b.toml"));
    std::fs::remove_file(folder.path().join("b.toml")).unwrap();
    registry.rescan();
    assert_eq!(from_files(&registry), named(&[("doors", "2.0.0")]), "{:?}", registry.refused());
}
