//! The first touchpoint and the lead's creation.

use crate::{Planned, manifest};
use pipewright_plugin::milestones::{Middles, Plan};
use pipewright_plugin::{Domain, Fitting, Manifest, Model, ModelError, Parameter, Parameters, Positions};

/// `u-shaped`: half to the first touchpoint, half to the lead's creation, less what its parameter gives to those between.
pub struct UShaped;

impl Model for UShaped {
    fn manifest(&self) -> Manifest {
        let middle = Parameter {
            name: "middle".into(),
            description: "The percentage that the touchpoints between the two share; the two take half of the rest each.".into(),
            domain: Domain::Real { default: 0.0, min: 0.0, max: 100.0 },
        };
        let description = "The first touchpoint and the one that made the lead take 50% each.";
        manifest("u-shaped", "U-shaped", description, vec![middle])
    }

    fn fit(&self, parameters: &Parameters) -> Result<Fitting, ModelError> {
        let middle = parameters.real("middle")?;
        let each = (100.0 - middle) / 2.0;
        let plan = Plan {
            milestones: vec![(Positions::FIRST, each), (Positions::LEAD_CREATION, each)],
            middle,
            middles: Middles::Between(Positions::FIRST, Positions::LEAD_CREATION),
        };
        Ok(Fitting::Ready(Box::new(Planned { plan, before_creation: false })))
    }
}
