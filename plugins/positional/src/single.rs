//! One touchpoint takes all.

use crate::manifest;
use pipewright_plugin::{FittedModel, Fitting, Journey, Manifest, Model, ModelError, NoCredit, Parameters, Touch, Weights};

/// A model that gives everything to one touchpoint.
#[derive(Clone, Copy)]
pub struct Single {
    id: &'static str,
    name: &'static str,
    description: &'static str,
    /// The place of the touchpoint that takes all; `None` where there is none.
    choose: fn(&[Touch]) -> Option<usize>,
}

impl Single {
    /// `first-touch`: the earliest touchpoint.
    pub const FIRST: Self = Self {
        id: "first-touch",
        name: "First touch",
        description: "The earliest touchpoint takes all.",
        choose: |touches| (!touches.is_empty()).then_some(0),
    };

    /// `last-touch`: the latest touchpoint.
    pub const LAST: Self = Self {
        id: "last-touch",
        name: "Last touch",
        description: "The latest touchpoint takes all.",
        choose: |touches| touches.len().checked_sub(1),
    };
}

impl Model for Single {
    fn manifest(&self) -> Manifest {
        manifest(self.id, self.name, self.description, Vec::new())
    }

    fn fit(&self, _: &Parameters) -> Result<Fitting, ModelError> {
        Ok(Fitting::Ready(Box::new(*self)))
    }
}

impl FittedModel for Single {
    fn weigh(&self, batch: &[Journey<'_>], out: &mut Weights) -> Result<(), ModelError> {
        for journey in batch {
            match (self.choose)(journey.touches) {
                Some(place) => out.journey(journey.touches.len())[place] = 1.0,
                None => out.no_credit(NoCredit::NoTouchpoint),
            }
        }
        Ok(())
    }
}
