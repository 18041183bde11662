//! End to end: the house, and the product as its users meet it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod architecture;
mod import;
mod numbers;
mod support;
