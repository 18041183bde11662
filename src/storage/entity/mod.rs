//! One file per table: its columns as they are stored. Private to this room.

#![allow(missing_docs, reason = "columns follow the records of core field by field")]

pub(in crate::storage) mod account;
pub(in crate::storage) mod adjustment;
pub(in crate::storage) mod campaign;
pub(in crate::storage) mod change_feed;
pub(in crate::storage) mod contact;
pub(in crate::storage) mod contact_role;
pub(in crate::storage) mod exchange_rate;
pub(in crate::storage) mod job;
pub(in crate::storage) mod judgement;
pub(in crate::storage) mod lead;
pub(in crate::storage) mod line_set;
pub(in crate::storage) mod opportunity;
pub(in crate::storage) mod opportunity_line;
pub(in crate::storage) mod opportunity_version;
pub(in crate::storage) mod product;
pub(in crate::storage) mod region;
pub(in crate::storage) mod rep;
pub(in crate::storage) mod segment;
pub(in crate::storage) mod split;
pub(in crate::storage) mod stage;
pub(in crate::storage) mod target;
pub(in crate::storage) mod tenure;
pub(in crate::storage) mod touchpoint;
