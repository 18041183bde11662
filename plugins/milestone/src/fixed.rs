//! Weights that stand.

use crate::{Planned, manifest};
use pipewright_plugin::milestones::{Middles, Plan};
use pipewright_plugin::{Fitting, Manifest, Model, ModelError, Parameters, Positions};

/// A model whose weights over milestones cannot be turned.
#[derive(Clone, Copy)]
pub struct Fixed {
    id: &'static str,
    name: &'static str,
    description: &'static str,
    milestones: &'static [(Positions, f64)],
    middle: f64,
    before_creation: bool,
}

impl Fixed {
    /// `lead-creation`: all to what made the lead.
    pub const LEAD_CREATION: Self = Self {
        id: "lead-creation",
        name: "Lead creation",
        description: "The touchpoint that made the lead takes all.",
        milestones: &[(Positions::LEAD_CREATION, 100.0)],
        middle: 0.0,
        before_creation: false,
    };

    /// `opportunity-creation`: all to the latest touchpoint at or before the opportunity's creation.
    pub const OPPORTUNITY_CREATION: Self = Self {
        id: "opportunity-creation",
        name: "Opportunity creation",
        description: "The latest touchpoint before the opportunity was created takes all.",
        milestones: &[(Positions::OPPORTUNITY_CREATION, 100.0)],
        middle: 0.0,
        before_creation: false,
    };

    /// `w-shaped`: 30 each to the first touchpoint, the lead's creation and the opportunity's creation, 10 to the middle before it.
    pub const W_SHAPED: Self = Self {
        id: "w-shaped",
        name: "W-shaped",
        description: "The first touchpoint, the lead's creation and the opportunity's creation take 30% each, those between share \
                      10%; what came after the creation takes nothing.",
        milestones: &[(Positions::FIRST, 30.0), (Positions::LEAD_CREATION, 30.0), (Positions::OPPORTUNITY_CREATION, 30.0)],
        middle: 10.0,
        before_creation: true,
    };

    /// `full-path`: 22.5 to each of the four milestones, 10 to the middle up to the close.
    pub const FULL_PATH: Self = Self {
        id: "full-path",
        name: "Full path",
        description: "The first touchpoint, the lead's creation, the opportunity's creation and the close take 22.5% each, those \
                      between share 10%.",
        milestones: &[
            (Positions::FIRST, 22.5),
            (Positions::LEAD_CREATION, 22.5),
            (Positions::OPPORTUNITY_CREATION, 22.5),
            (Positions::CLOSED, 22.5),
        ],
        middle: 10.0,
        before_creation: false,
    };
}

impl Model for Fixed {
    fn manifest(&self) -> Manifest {
        manifest(self.id, self.name, self.description, Vec::new())
    }

    fn fit(&self, _: &Parameters) -> Result<Fitting, ModelError> {
        let middles = if self.before_creation { Middles::BeforeCreation } else { Middles::Anywhere };
        let plan = Plan { milestones: self.milestones.to_vec(), middle: self.middle, middles };
        Ok(Fitting::Ready(Box::new(Planned { plan, before_creation: self.before_creation })))
    }
}
