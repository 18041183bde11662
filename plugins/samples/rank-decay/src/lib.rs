//! `rank-decay`: the latest touchpoint weighs most, and each one before it a fixed part of the one after it, however much time
//! lies between.

use pipewright_plugin::{
    Domain, FittedModel, Fitting, Journey, Manifest, Model, ModelError, NoCredit, Parameter, Parameters, Weights,
};

/// The model, before its parameter is known.
pub struct RankDecay;

/// The model with its parameter, 0 to 1.
struct Kept(f64);

impl Model for RankDecay {
    fn manifest(&self) -> Manifest {
        Manifest {
            id: "rank-decay".into(),
            name: "Rank decay".into(),
            description: "Each touchpoint is worth a fixed part of the one after it, however much time lies between.".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            parameters: vec![Parameter {
                name: "kept_percent".into(),
                description: "How much of its weight a touchpoint hands back to the one before it.".into(),
                domain: Domain::Real { default: 50.0, min: 0.0, max: 100.0 },
            }],
            additive: true,
            origins: false,
            passes: 0,
            paths: true,
        }
    }

    fn fit(&self, parameters: &Parameters) -> Result<Fitting, ModelError> {
        Ok(Fitting::Ready(Box::new(Kept(parameters.real("kept_percent")? / 100.0))))
    }
}

impl FittedModel for Kept {
    fn weigh(&self, batch: &[Journey<'_>], out: &mut Weights) -> Result<(), ModelError> {
        for journey in batch {
            if journey.touches.is_empty() {
                out.no_credit(NoCredit::NoTouchpoint);
                continue;
            }
            let weights = out.journey(journey.touches.len());
            let (mut weight, mut sum) = (1.0, 0.0);
            for own in weights.iter_mut().rev() {
                *own = weight;
                sum += weight;
                weight *= self.0;
            }
            weights.iter_mut().for_each(|own| *own /= sum);
        }
        Ok(())
    }
}

pipewright_plugin::export_model!(RankDecay);
