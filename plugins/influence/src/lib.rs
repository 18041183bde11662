//! Who touched an opportunity at all. Everyone who did has the whole of it, so their figures are never summed.

use pipewright_plugin::{Explanation, FittedModel, Fitting, Journey, Manifest, Model, ModelError, NoCredit, Parameters, Weights};

/// `influence`: 1 for every source that touched.
pub struct Influence;

/// [`Influence`], which has no parameters.
struct Touched;

impl Model for Influence {
    fn manifest(&self) -> Manifest {
        Manifest {
            id: "influence".into(),
            name: "Influence".into(),
            description:
                "Every source that touched the opportunity has all of it, so sources are counted beside each other and never \
                          summed."
                    .into(),
            version: env!("CARGO_PKG_VERSION").into(),
            parameters: Vec::new(),
            additive: false,
            origins: false,
            passes: 0,
            paths: true,
        }
    }

    fn fit(&self, _: &Parameters) -> Result<Fitting, ModelError> {
        Ok(Fitting::Ready(Box::new(Touched)))
    }
}

impl FittedModel for Touched {
    fn weigh(&self, batch: &[Journey<'_>], out: &mut Weights) -> Result<(), ModelError> {
        for journey in batch {
            if journey.touches.is_empty() {
                out.no_credit(NoCredit::NoTouchpoint);
            } else {
                out.journey(journey.touches.len()).fill(1.0);
            }
        }
        Ok(())
    }

    fn explain(&self, journey: &Journey<'_>) -> Option<Explanation> {
        let touches = journey.touches;
        (!touches.is_empty()).then(|| Explanation::unmoved(touches.iter().map(|_| 1.0), 1.0))
    }
}
