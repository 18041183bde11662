//! Everyone takes the same.

use crate::manifest;
use pipewright_plugin::{
    Domain, Explanation, FittedModel, Fitting, Journey, Manifest, Model, ModelError, NoCredit, Parameter, Parameters,
    SourceCounts, Touch, Weights,
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
        let mut counts = SourceCounts::default();
        for journey in batch {
            let touches = journey.touches;
            if touches.is_empty() {
                out.no_credit(NoCredit::NoTouchpoint);
                continue;
            }
            let weights = out.journey(touches.len());
            match self {
                Self::Touch => weights.fill(1.0 / touches.len() as f64),
                Self::Source => {
                    let sources = f64::from(parts(&mut counts, touches, weights));
                    weights.iter_mut().for_each(|weight| *weight /= sources);
                }
            }
        }
        Ok(())
    }

    fn explain(&self, journey: &Journey<'_>) -> Option<Explanation> {
        let touches = journey.touches;
        if touches.is_empty() {
            return None;
        }
        let mut bases = vec![1.0; touches.len()];
        let sharing = match self {
            Self::Touch => touches.len() as f64,
            Self::Source => f64::from(parts(&mut SourceCounts::default(), touches, &mut bases)),
        };
        Some(Explanation::unmoved(bases, 1.0 / sharing))
    }
}

/// Writes the part of its own source that each touchpoint is, and answers with the number of sources.
fn parts(counts: &mut SourceCounts, touches: &[Touch], parts: &mut [f64]) -> u32 {
    let sources = touches.iter().map(|touch| u32::from(counts.count(touch.source) == 1)).sum();
    for (part, touch) in parts.iter_mut().zip(touches) {
        *part = 1.0 / f64::from(counts.of(touch.source));
    }
    counts.forget(touches);
    sources
}
