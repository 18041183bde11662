//! Where attribution models of your own lie, and what they may use.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Where attribution models of your own lie.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PluginsConfig {
    /// The folder of `.toml` and `.wasm` files; made when the server starts, and watched.
    pub folder: PathBuf,
    /// What a WebAssembly component may use.
    pub components: ComponentLimits,
}

impl Default for PluginsConfig {
    fn default() -> Self {
        Self { folder: "models".into(), components: ComponentLimits::default() }
    }
}

/// What a WebAssembly component may use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ComponentLimits {
    /// Bytes of its file.
    pub file_bytes: u64,
    /// Functions that it defines.
    pub functions: u32,
    /// Bytes of its memory.
    pub memory_bytes: usize,
    /// Elements of a table.
    pub table_elements: usize,
    /// Units of work for one call; about one for each instruction.
    pub fuel: u64,
    /// Milliseconds for one batch.
    pub batch_ms: u64,
    /// Milliseconds to learn all journeys.
    pub fit_ms: u64,
    /// Milliseconds to compile, in a process of its own.
    pub compile_ms: u64,
}

impl Default for ComponentLimits {
    fn default() -> Self {
        Self {
            file_bytes: 8 << 20,
            functions: 5_000,
            memory_bytes: 64 << 20,
            table_elements: 10_000,
            fuel: 2_000_000_000,
            batch_ms: 2_000,
            fit_ms: 60_000,
            compile_ms: 10_000,
        }
    }
}
