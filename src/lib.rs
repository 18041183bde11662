//! Pipewright: a company's sales pipeline as a ledger, answered over GraphQL. `ARCHITECTURE.md` is the map.

// The root object is merged of one object for each noun, and the compiler lays out its futures by recursion.
#![recursion_limit = "256"]

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod generate;
pub mod graphql;
pub mod intake;
pub mod plugins;
pub mod resident;
pub mod server;
pub mod storage;
