//! One touchpoint takes all.

use crate::manifest;
use pipewright_plugin::{
    Explanation, FittedModel, Fitting, Journey, Kind, Manifest, Model, ModelError, NoCredit, Parameters, Touch, Weights,
};

/// A model that gives everything to one touchpoint.
#[derive(Clone, Copy)]
pub struct Single {
    id: &'static str,
    name: &'static str,
    description: &'static str,
    /// Whether it tells touchpoints apart by their order alone.
    paths: bool,
    /// The place of the touchpoint that takes all; `None` where there is none.
    choose: fn(&[Touch]) -> Option<usize>,
}

impl Single {
    /// `first-touch`: the earliest touchpoint.
    pub const FIRST: Self = Self {
        id: "first-touch",
        name: "First touch",
        description: "The earliest touchpoint takes all.",
        paths: true,
        choose: |touches| (!touches.is_empty()).then_some(0),
    };

    /// `last-touch`: the latest touchpoint.
    pub const LAST: Self = Self {
        id: "last-touch",
        name: "Last touch",
        description: "The latest touchpoint takes all.",
        paths: true,
        choose: |touches| touches.len().checked_sub(1),
    };

    /// `last-non-direct`: the latest touchpoint that is more than a bare visit; if all are bare visits, the latest.
    pub const LAST_NON_DIRECT: Self = Self {
        id: "last-non-direct",
        name: "Last non-direct touch",
        description: "The latest touchpoint that is more than a bare direct visit takes all; if all are such visits, the latest.",
        paths: false,
        choose: |touches| {
            let latest = touches.iter().rposition(|touch| touch.kind != Kind::BareVisit);
            latest.or(touches.len().checked_sub(1))
        },
    };
}

impl Model for Single {
    fn manifest(&self) -> Manifest {
        Manifest { paths: self.paths, ..manifest(self.id, self.name, self.description, Vec::new()) }
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

    fn explain(&self, journey: &Journey<'_>) -> Option<Explanation> {
        let taker = (self.choose)(journey.touches)?;
        Some(Explanation::all_to(taker, journey.touches.len()))
    }
}
