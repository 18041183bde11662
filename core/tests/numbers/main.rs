//! The numbers, against the worked examples of the definitions and against a second, naive computation.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod company;
mod examples;
mod hygiene;
mod properties;
mod replay;
