//! A Salesforce export: which files and columns it has, and how its rows become records.

pub mod build;
mod cells;
mod forecasts;
pub mod history;
mod influence;
pub mod objects;
mod opportunities;
mod parties;
mod places;
mod quotas;
mod rates;
mod stages;
pub(super) mod touchpoints;

#[cfg(test)]
mod tests;
