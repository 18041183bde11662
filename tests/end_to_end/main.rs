//! End to end: the house, and the product as its users meet it.

mod architecture;
#[expect(dead_code, reason = "the tests that use it follow")]
mod support;
