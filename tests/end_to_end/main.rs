//! End to end: the house, and the product as its users meet it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod architecture;
#[expect(dead_code, reason = "the tests that use it follow")]
mod support;
