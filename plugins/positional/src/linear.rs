//! Everyone takes the same.

use crate::manifest;
use pipewright_plugin::{
    Domain, FittedModel, Fitting, Journey, Manifest, Model, ModelError, NoCredit, Parameter, Parameters, Source, Touch, Weights,
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

    fn fit(&self, parameters: &Parameters) -> Result<Fitting, ModelError> {
        let unit = if parameters.choice("unit")? == "source" { Unit::Source } else { Unit::Touch };
        Ok(Fitting::Ready(Box::new(unit)))
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
    let mut counts: Vec<(Source, f64)> = Vec::new();
    for touch in touches {
        match counts.iter_mut().find(|(source, _)| *source == touch.source) {
            Some((_, count)) => *count += 1.0,
            None => counts.push((touch.source, 1.0)),
        }
    }
    for (weight, touch) in weights.iter_mut().zip(touches) {
        let (_, count) = counts.iter().find(|(source, _)| *source == touch.source).expect("every source was counted");
        *weight = 1.0 / (counts.len() as f64 * count);
    }
}
