//! Models that give weights to the milestones of an opportunity: the first touchpoint, what made the lead, what made the
//! opportunity, the close, a company's own stages, and the middle between them. None of them sees origins, and none trains.
//!
//! All are [`pipewright_plugin::milestones::Plan`]s, so one rule says what happens to the weight of a milestone that is not
//! reached, or that has no touchpoint of its own.

mod custom;
mod fixed;
mod u_shaped;

pub use custom::Custom;
pub use fixed::Fixed;
pub use u_shaped::UShaped;

use pipewright_plugin::milestones::Plan;
use pipewright_plugin::{Explanation, FittedModel, Journey, Manifest, ModelError, NoCredit, Parameter, Weights};

/// A model of this family says the same of itself but for its names and its parameters.
fn manifest(id: &str, name: &str, description: &str, parameters: Vec<Parameter>) -> Manifest {
    Manifest {
        id: id.into(),
        name: name.into(),
        description: description.into(),
        version: env!("CARGO_PKG_VERSION").into(),
        parameters,
        additive: true,
        origins: false,
        passes: 0,
        paths: false,
    }
}

/// A plan, ready to weigh.
struct Planned {
    plan: Plan,
    /// Whether it credits only what led to the opportunity's creation, so that a journey which begins later earns nobody
    /// anything.
    before_creation: bool,
}

impl Planned {
    fn begins_late(&self, journey: &Journey<'_>) -> bool {
        self.before_creation && journey.touches.first().is_some_and(|first| first.at_ms > journey.created_at_ms)
    }
}

impl FittedModel for Planned {
    fn weigh(&self, batch: &[Journey<'_>], out: &mut Weights) -> Result<(), ModelError> {
        for journey in batch {
            if self.begins_late(journey) {
                out.no_credit(NoCredit::NothingBeforeCreation);
            } else {
                self.plan.weigh(journey, out);
            }
        }
        Ok(())
    }

    fn explain(&self, journey: &Journey<'_>) -> Option<Explanation> {
        if self.begins_late(journey) { None } else { self.plan.explain(journey) }
    }
}
