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
    /// Whether its weights share one amount out. False for a model of influence: a group's influence is the sum of its own
    /// touchpoints' weights, 1 at most, and groups are never summed.
    pub additive: bool,
    /// Whether it sees the opportunity's origins (creator, primary campaign, splits) after the touchpoints.
    pub origins: bool,
    /// How many times it must see all journeys before it can weigh one; 0 for a model that learns nothing, 8 at most.
    pub passes: u32,
    /// Whether it looks at nothing but the order of sources and the outcome, so that it also runs on plain paths without dates,
    /// kinds or positions.
    pub paths: bool,
}
