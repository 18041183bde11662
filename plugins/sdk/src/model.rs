//! What a model is. Some must see all journeys before they can weigh one: they learn first.

use crate::{BadParameter, Explanation, Findings, Journey, Manifest, Parameters, Weights};

/// A way to share credit out, before its parameters are known.
pub trait Model: Send + Sync {
    /// What it says of itself; the same at every call.
    fn manifest(&self) -> Manifest;

    /// Takes its parameters. A model whose manifest says `passes = 0` is ready at once; any other answers with a learner.
    ///
    /// # Errors
    /// The parameters do not go together.
    fn fit(&self, parameters: &Parameters) -> Result<Fitting, ModelError>;
}

/// How far a model is once its parameters are known.
pub enum Fitting {
    /// It learns nothing.
    Ready(Box<dyn FittedModel>),
    /// It must be shown every journey first.
    Learning(Box<dyn Learner>),
}

/// A model that is being shown every journey the company has, whatever a viewer may see, as many times as its manifest asks.
/// The journeys are pushed, so that the same source runs where nothing can be pulled.
pub trait Learner: Send {
    /// Sees the next batch of the pass, counted from 0. Batches come in the same order in each pass.
    ///
    /// # Errors
    /// The journeys cannot be learnt from.
    fn learn(&mut self, pass: u32, batch: &[Journey<'_>]) -> Result<(), ModelError>;

    /// Has seen all.
    ///
    /// # Errors
    /// The journeys cannot be learnt from.
    fn finish(self: Box<Self>) -> Result<Box<dyn FittedModel>, ModelError>;
}

/// A model with its parameters, ready to weigh.
pub trait FittedModel: Send + Sync {
    /// Weighs each journey of the batch (at most 1,024, or 200,000 touchpoints) in order: for each, one call of
    /// [`Weights::journey`] or [`Weights::no_credit`] on `out`, which comes empty.
    ///
    /// # Errors
    /// The model failed; nothing of the batch counts.
    fn weigh(&self, batch: &[Journey<'_>], out: &mut Weights) -> Result<(), ModelError>;

    /// How the weights of one journey came about; `None` where the weights are all there is to say, or there is no credit.
    fn explain(&self, _journey: &Journey<'_>) -> Option<Explanation> {
        None
    }

    /// What it learnt of the sources; empty for a model that learns nothing.
    fn findings(&self) -> Findings {
        Findings::default()
    }
}

/// Every journey there is, to learn from.
pub trait Journeys {
    /// Shows them to `visit`, batch by batch, in the same order each time it is called.
    ///
    /// # Errors
    /// The first error of `visit`.
    fn each_batch(&self, visit: &mut dyn FnMut(&[Journey<'_>]) -> Result<(), ModelError>) -> Result<(), ModelError>;
}

/// Makes a model ready: gives it its parameters, and shows it `training` as many times as it asks.
///
/// # Errors
/// Those of the model.
pub fn fit(model: &dyn Model, parameters: &Parameters, training: &dyn Journeys) -> Result<Box<dyn FittedModel>, ModelError> {
    match model.fit(parameters)? {
        Fitting::Ready(fitted) => Ok(fitted),
        Fitting::Learning(mut learner) => {
            for pass in 0..model.manifest().passes {
                training.each_batch(&mut |batch| learner.learn(pass, batch))?;
            }
            learner.finish()
        }
    }
}

/// A model could not do its work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// A parameter cannot be what it is.
    #[error(transparent)]
    BadParameter(#[from] BadParameter),
    /// It failed, for a reason of its own.
    #[error("{0}")]
    Failed(String),
}
