//! A Salesforce export: which files and columns it has, and how its rows become records.

pub mod build;
pub mod history;
pub mod objects;
mod opportunities;
mod parties;
mod places;
mod stages;
mod touchpoints;
