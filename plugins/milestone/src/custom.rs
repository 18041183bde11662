//! Any weights over any positions.

use crate::{Planned, manifest};
use pipewright_plugin::milestones::{Middles, Plan};
use pipewright_plugin::{BadParameter, Domain, Fitting, Manifest, Model, ModelError, Parameter, Parameters, Positions};

/// `custom`: a weight for each milestone, for the middle, and for each of up to six stages of the company's own.
pub struct Custom;

/// The parameter of each milestone, its default, and what it stands for.
const MILESTONES: [(&str, f64, Positions, &str); 10] = [
    ("first", 22.5, Positions::FIRST, "the first touchpoint"),
    ("lead_creation", 22.5, Positions::LEAD_CREATION, "the touchpoint that made the lead"),
    ("opportunity_creation", 22.5, Positions::OPPORTUNITY_CREATION, "the latest touchpoint before the opportunity was created"),
    ("closed", 22.5, Positions::CLOSED, "the latest touchpoint before the close"),
    ("stage_1", 0.0, Positions::stage(0), "the latest touchpoint before the first of the stages configured"),
    ("stage_2", 0.0, Positions::stage(1), "the latest touchpoint before the second of the stages configured"),
    ("stage_3", 0.0, Positions::stage(2), "the latest touchpoint before the third of the stages configured"),
    ("stage_4", 0.0, Positions::stage(3), "the latest touchpoint before the fourth of the stages configured"),
    ("stage_5", 0.0, Positions::stage(4), "the latest touchpoint before the fifth of the stages configured"),
    ("stage_6", 0.0, Positions::stage(5), "the latest touchpoint before the sixth of the stages configured"),
];

/// In the order in which people see the parameters, the middle follows so many milestones.
const BEFORE_MIDDLE: usize = 4;

impl Model for Custom {
    fn manifest(&self) -> Manifest {
        let weight = |name: &str, default, who: &str| Parameter {
            name: name.into(),
            description: format!("The weight of {who}; all are scaled to 100%."),
            domain: Domain::Real { default, min: 0.0, max: 100.0 },
        };
        let mut parameters: Vec<Parameter> =
            MILESTONES.iter().map(|(name, default, _, who)| weight(name, *default, who)).collect();
        parameters.insert(BEFORE_MIDDLE, weight("middle", 10.0, "all other touchpoints but bare visits, which share it evenly"));
        let description =
            "Any weights over the milestones, the middle and up to six stages; as the full path where nothing is said.";
        manifest("custom", "Custom weights", description, parameters)
    }

    fn fit(&self, parameters: &Parameters) -> Result<Fitting, ModelError> {
        let middle = parameters.real("middle")?;
        let mut milestones = Vec::with_capacity(MILESTONES.len());
        for (name, _, milestone, _) in MILESTONES {
            let weight = parameters.real(name)?;
            if weight > 0.0 {
                milestones.push((milestone, weight));
            }
        }
        if milestones.is_empty() && middle <= 0.0 {
            let reason = "it is 0 as all the other weights are, and one of them must be above 0".into();
            return Err(BadParameter { parameter: "first".into(), reason }.into());
        }
        let plan = Plan { milestones, middle, middles: Middles::Anywhere };
        Ok(Fitting::Ready(Box::new(Planned { plan, before_creation: false })))
    }
}
