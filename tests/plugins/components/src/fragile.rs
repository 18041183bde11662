//! A model that learns, keeps the contract, and breaks down on an opportunity created before 1970-04-01.

use pipewright_plugin::{FittedModel, Fitting, Journey, Learner, Manifest, Model, ModelError, Parameters, Weights};

/// The model.
pub struct Fragile;

/// Milliseconds of the day from which it stands.
const FROM_MS: i64 = 90 * 86_400_000;

impl Model for Fragile {
    fn manifest(&self) -> Manifest {
        Manifest {
            id: "fragile".into(),
            name: "Fragile".into(),
            description: "Breaks down on an old opportunity.".into(),
            version: "1.0.0".into(),
            parameters: Vec::new(),
            additive: true,
            origins: false,
            passes: 1,
            paths: false,
        }
    }

    fn fit(&self, _: &Parameters) -> Result<Fitting, ModelError> {
        Ok(Fitting::Learning(Box::new(Self)))
    }
}

impl Learner for Fragile {
    fn learn(&mut self, _: u32, _: &[Journey<'_>]) -> Result<(), ModelError> {
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Box<dyn FittedModel>, ModelError> {
        Ok(self)
    }
}

impl FittedModel for Fragile {
    fn weigh(&self, batch: &[Journey<'_>], out: &mut Weights) -> Result<(), ModelError> {
        for journey in batch {
            assert!(journey.created_at_ms >= FROM_MS, "too old");
            let touches = journey.touches.len();
            out.journey(touches).fill(1.0 / touches as f64);
        }
        Ok(())
    }
}
