//! Components, built from their source for the target that has nothing around it.

use pipewright::plugins::wasm::pack;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

/// One build at a time: they share a target folder.
pub static BUILDING: Mutex<()> = Mutex::new(());

/// Where components are built.
pub fn target() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("components")
}

/// The component of a crate of this repository, built with `features`.
pub fn component(folder: &str, features: &str) -> Vec<u8> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = target();
    let _one = BUILDING.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--locked", "--release", "--target", "wasm32-unknown-unknown", "--features", features])
        .arg("--manifest-path")
        .arg(root.join(folder).join("Cargo.toml"))
        .arg("--target-dir")
        .arg(&target)
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .status()
        .unwrap();
    assert!(built.success(), "{folder} is built for wasm32-unknown-unknown (`rustup target add wasm32-unknown-unknown`)");
    let name = root.join(folder).file_name().unwrap().to_string_lossy().replace('-', "_");
    let module = std::fs::read(target.join("wasm32-unknown-unknown/release").join(format!("{name}.wasm"))).unwrap();
    pack(&module).unwrap()
}
