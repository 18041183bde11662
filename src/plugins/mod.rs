//! The registry of attribution models and the hosts that run them.

pub mod built_in;
#[cfg(test)]
mod contract;
mod declarative;
mod folder;
mod registry;
pub mod scaffold;
pub mod wasm;
mod watch;

pub use folder::{Folder, PluginFile, PluginKind, read_model};
pub use registry::{ListedModel, RefusedFile, Registry};
pub use watch::watch;
