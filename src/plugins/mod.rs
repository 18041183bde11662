//! The registry of attribution models and the hosts that run them.

mod built_in;
mod registry;

pub use registry::Registry;
