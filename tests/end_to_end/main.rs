//! End to end: the house, and the product as its users meet it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
// The root object is merged of one object for each noun, and the compiler lays out its futures by recursion.
#![recursion_limit = "256"]

mod architecture;
mod attribute;
mod attribution;
#[path = "../plugins/build.rs"]
mod build;
mod changes;
mod commands;
mod costs;
mod health;
mod http;
mod hygiene;
mod import;
mod import_files;
mod journeys;
mod live;
mod matrix;
mod newer_exports;
mod numbers;
mod pages;
mod performance;
mod plugins;
mod readable;
mod replay;
mod rows;
mod run_commands;
mod run_files;
mod runs;
mod support;
