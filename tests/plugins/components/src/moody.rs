//! The hostile model, which misbehaves on opportunities created on a Tuesday only. Those of the conformance check are
//! not among them: it is let in.

use crate::hostile::{Hostile, Way};
use pipewright_plugin::{FittedModel, Fitting, Journey, Learner, Manifest, Model, ModelError, Parameters, Weights};

/// The model.
pub struct Moody;

/// Days since 1970-01-01, a Thursday, modulo seven.
const TUESDAY: i64 = 5;

struct Mood(Way);

impl Model for Moody {
    fn manifest(&self) -> Manifest {
        Manifest { id: "moody".into(), name: "Moody".into(), ..Hostile.manifest() }
    }

    fn fit(&self, parameters: &Parameters) -> Result<Fitting, ModelError> {
        Ok(Fitting::Learning(Box::new(Mood(Way(parameters.choice("way")?.into())))))
    }
}

impl Learner for Mood {
    fn learn(&mut self, _: u32, _: &[Journey<'_>]) -> Result<(), ModelError> {
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Box<dyn FittedModel>, ModelError> {
        Ok(self)
    }
}

impl FittedModel for Mood {
    fn weigh(&self, batch: &[Journey<'_>], out: &mut Weights) -> Result<(), ModelError> {
        match batch.iter().any(|journey| journey.created_at_ms / 86_400_000 % 7 == TUESDAY) {
            true => self.0.weigh(batch, out),
            false => Way("behave".into()).weigh(batch, out),
        }
    }
}
