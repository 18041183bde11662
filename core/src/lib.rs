//! The domain of Pipewright, pure: no I/O, no clock, no async, no ORM, no GraphQL.
//!
//! Everything that decides is here as a function of its arguments; instants, ids and randomness are passed in.

pub mod attribution;
pub mod calendar;
pub mod campaign;
pub mod campaigns;
pub mod catalog;
pub mod change;
pub mod currency;
pub mod dimension;
pub mod facts;
pub mod forecast;
pub mod hygiene;
pub mod ids;
pub mod ledger;
pub mod matrix;
pub mod money;
pub mod opportunity;
pub mod party;
pub mod rep;
pub mod review;
pub mod roles;
pub mod target;
pub mod touchpoint;
pub mod vendor_credit;
pub mod viewer;
