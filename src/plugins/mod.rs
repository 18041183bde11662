//! The registry of attribution models and the hosts that run them.

pub mod built_in;
#[cfg(test)]
mod contract;
mod registry;

pub use registry::Registry;
