//! Everyone takes the same.

use crate::manifest;
use pipewright_plugin::{
    Domain, Explanation, FittedModel, Fitting, Journey, Manifest, Model, ModelError, NoCredit, Parameter, Parameters, Touch,
    Weights,
};

/// `linear`: the same to each touchpoint or, by its parameter, to each source.
pub struct Linear;

/// What takes the same share.
#[derive(Clone, Copy)]
enum Unit {
    Touch,
    Source,
}

/// How often each source touched, by its code; all 0 between two journeys.
#[derive(Default)]
struct Counts(Vec<u32>);

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
        let mut counts = Counts::default();
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
                    let sources = f64::from(counts.parts(touches, weights));
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
            Self::Source => f64::from(Counts::default().parts(touches, &mut bases)),
        };
        Some(Explanation::unmoved(bases, 1.0 / sharing))
    }
}

impl Counts {
    /// Writes the part of its own source that each touchpoint is, and answers with the number of sources.
    fn parts(&mut self, touches: &[Touch], parts: &mut [f64]) -> u32 {
        let mut sources = 0;
        for touch in touches {
            let code = usize::from(touch.source.code());
            if code >= self.0.len() {
                self.0.resize(code + 1, 0);
            }
            sources += u32::from(self.0[code] == 0);
            self.0[code] += 1;
        }
        for (part, touch) in parts.iter_mut().zip(touches) {
            *part = 1.0 / f64::from(self.0[usize::from(touch.source.code())]);
        }
        touches.iter().for_each(|touch| self.0[usize::from(touch.source.code())] = 0);
        sources
    }
}
