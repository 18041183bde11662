//! Everyone takes the same.

use crate::manifest;
use pipewright_plugin::{
    Domain, FittedModel, Journey, Journeys, Manifest, Model, ModelError, NoCredit, Parameter, Parameters, Source, Touch, Weights,
};

/// `linear`: the same to each touchpoint or, by its parameter, to each source.
pub struct Linear;

/// What takes the same share.
#[derive(Clone, Copy)]
enum Unit {
    Touch,
    Source,
}

impl Model for Linear {
    fn manifest(&self) -> Manifest {
        let unit = Parameter {
            name: "unit".into(),
            description: "What takes the same share: each touch, or each source, which shares evenly among its touches.".into(),
            domain: Domain::Choice { default: "touch".into(), options: vec!["touch".into(), "source".into()] },
        };
        manifest("linear", "Linear", "Every touchpoint takes the same.", vec![unit])
    }

    fn fit(&self, parameters: &Parameters, _: &dyn Journeys) -> Result<Box<dyn FittedModel>, ModelError> {
        let unit = if parameters.choice("unit")? == "source" { Unit::Source } else { Unit::Touch };
        Ok(Box::new(unit))
    }
}

impl FittedModel for Unit {
    fn weigh(&self, batch: &[Journey<'_>], out: &mut Weights) -> Result<(), ModelError> {
        for journey in batch {
            let touches = journey.touches;
            if touches.is_empty() {
                out.no_credit(NoCredit::NoTouchpoint);
                continue;
            }
            let weights = out.journey(touches.len());
            match self {
                Self::Touch => weights.fill(1.0 / touches.len() as f64),
                Self::Source => by_source(touches, weights),
            }
        }
        Ok(())
    }
}

fn by_source(touches: &[Touch], weights: &mut [f64]) {
    let mut counts = [0_u32; Source::COUNT];
    touches.iter().for_each(|touch| counts[usize::from(touch.source.code())] += 1);
    let sources = counts.iter().filter(|count| **count > 0).count() as f64;
    for (weight, touch) in weights.iter_mut().zip(touches) {
        *weight = 1.0 / (sources * f64::from(counts[usize::from(touch.source.code())]));
    }
}
