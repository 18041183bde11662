//! The opportunity's own splits, as people recorded them.

use crate::manifest;
use pipewright_plugin::{
    Explanation, FittedModel, Fitting, Journey, Kind, Manifest, Model, ModelError, NoCredit, Parameters, Touch, Weights,
};

/// A whole opportunity, in millionths.
const WHOLE: u64 = 1_000_000;

/// A model that takes over what the opportunity's splits say, by the role that each owner held.
#[derive(Clone, Copy)]
pub struct Splits {
    id: &'static str,
    name: &'static str,
    description: &'static str,
    /// Which splits.
    kind: Kind,
    /// Whether they must add up to the whole.
    whole: bool,
}

impl Splits {
    /// `splits`: the revenue splits, which must add up to 100%.
    pub const REVENUE: Self = Self {
        id: "splits",
        name: "Revenue splits",
        description: "Each role takes what the opportunity's revenue splits give its reps; they must add up to 100%.",
        kind: Kind::Split,
        whole: true,
    };

    /// `overlay-splits`: the overlay splits, as influence. They may add up to anything, and are never summed.
    pub const OVERLAY: Self = Self {
        id: "overlay-splits",
        name: "Overlay splits",
        description: "Each role has the part of the opportunity that its overlay splits name; roles are counted beside each other \
                      and never summed.",
        kind: Kind::OverlaySplit,
        whole: false,
    };

    fn check(&self, touches: &[Touch]) -> Result<(), NoCredit> {
        let (mut count, mut total) = (0, 0_u64);
        for touch in touches.iter().filter(|touch| touch.kind == self.kind) {
            count += 1;
            total += u64::from(touch.share_millionths);
        }
        match count {
            0 => Err(NoCredit::NoSplit),
            _ if self.whole && total != WHOLE => Err(NoCredit::SplitsNotWhole),
            _ => Ok(()),
        }
    }

    fn millionths(&self, touch: &Touch) -> f64 {
        if touch.kind == self.kind { f64::from(touch.share_millionths) } else { 0.0 }
    }
}

impl Model for Splits {
    fn manifest(&self) -> Manifest {
        Manifest { additive: self.whole, ..manifest(self.id, self.name, self.description, Vec::new()) }
    }

    fn fit(&self, _: &Parameters) -> Result<Fitting, ModelError> {
        Ok(Fitting::Ready(Box::new(*self)))
    }
}

impl FittedModel for Splits {
    fn weigh(&self, batch: &[Journey<'_>], out: &mut Weights) -> Result<(), ModelError> {
        for journey in batch {
            match self.check(journey.touches) {
                Err(reason) => out.no_credit(reason),
                Ok(()) => {
                    let weights = out.journey(journey.touches.len());
                    for (weight, touch) in weights.iter_mut().zip(journey.touches) {
                        *weight = self.millionths(touch) / WHOLE as f64;
                    }
                }
            }
        }
        Ok(())
    }

    fn explain(&self, journey: &Journey<'_>) -> Option<Explanation> {
        self.check(journey.touches).ok()?;
        let percent = |touch: &Touch| self.millionths(touch) / 10_000.0;
        Some(Explanation::unmoved(journey.touches.iter().map(percent), 0.01))
    }
}
