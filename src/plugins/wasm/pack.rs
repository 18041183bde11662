//! From the core module that a compiler makes to the component that the host runs.

use wit_component::ComponentEncoder;

/// Wraps a core module, built for `wasm32-unknown-unknown` with `export_model!`, into a component without imports.
///
/// # Errors
/// It is no module, or was not made with `export_model!`; the text says which.
pub fn pack(module: &[u8]) -> Result<Vec<u8>, String> {
    let mut encoder = ComponentEncoder::default().validate(true).module(module).map_err(|error| format!("{error:#}"))?;
    encoder.encode().map_err(|error| format!("{error:#}"))
}
