//! What a model says of itself.

use crate::Parameter;

/// What a model says of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// What questions call it, such as `first-touch`: lower-case words joined by hyphens.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// One sentence: who gets the credit.
    pub description: String,
    /// The model's own version, such as `1.0.0`; a change of any weight is a new one.
    pub version: String,
    /// What can be turned, in the order in which people see it.
    pub parameters: Vec<Parameter>,
    /// Whether its weights share one amount out. False for a model of influence, which is never summed.
    pub additive: bool,
    /// Whether it sees the opportunity's origins (creator, primary campaign) after the touchpoints.
    pub origins: bool,
    /// Whether it must see all journeys before it can weigh one.
    pub trains: bool,
}
