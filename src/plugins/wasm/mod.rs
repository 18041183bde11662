//! Models that are WebAssembly components: examined before anything compiles them, run with nothing linked in, and stopped by
//! fuel, by the clock and by the memory they ask for.
//!
//! A component has no imports, so there is nothing it could reach: no file, no network, no clock, no randomness.

mod admit;
mod apart;
mod convert;
mod host;
mod pack;

pub use crate::config::ComponentLimits as Limits;
pub use admit::{Refused, examine};
pub use apart::compile_apart;
pub use host::{Host, LoadError, WasmModel};
pub use pack::pack;

/// Made from the WIT file of the contract.
mod bindings {
    #![allow(missing_docs, clippy::all)]
    wasmtime::component::bindgen!({ path: "plugins/sdk/wit", world: "model" });
}
