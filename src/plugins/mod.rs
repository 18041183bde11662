//! The registry of attribution models and the hosts that run them.

pub mod built_in;
mod chosen;
#[cfg(test)]
mod contract;
mod declarative;
mod folder;
mod registry;
pub mod scaffold;
pub mod wasm;
mod watch;

pub use chosen::{Chosen, ReadyModel};
pub use folder::{Folder, PluginFile, PluginKind, Unfit, read_model};
pub use registry::{ListedModel, RefusedFile, Registry};
pub use watch::watch;
