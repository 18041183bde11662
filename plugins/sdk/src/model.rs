//! The two traits: some models must see all journeys before they can weigh one.

use crate::{BadParameter, Journey, Manifest, Parameters, Weights};

/// A way to share credit out, before its parameters are known.
pub trait Model: Send + Sync {
    /// What it says of itself; the same at every call.
    fn manifest(&self) -> Manifest;

    /// Makes it ready to weigh journeys. `training` holds every journey the company has, whatever a viewer may see; a model
    /// whose manifest says `trains = false` leaves it alone.
    ///
    /// # Errors
    /// The parameters do not go together, or the journeys cannot be learnt from.
    fn fit(&self, parameters: &Parameters, training: &dyn Journeys) -> Result<Box<dyn FittedModel>, ModelError>;
}

/// A model with its parameters, ready to weigh.
pub trait FittedModel: Send + Sync {
    /// Weighs each journey of the batch (at most 1,024, or 200,000 touchpoints) in order: for each, one call of
    /// [`Weights::journey`] or [`Weights::no_credit`] on `out`, which comes empty.
    ///
    /// # Errors
    /// The model failed; nothing of the batch counts.
    fn weigh(&self, batch: &[Journey<'_>], out: &mut Weights) -> Result<(), ModelError>;
}

/// Every journey there is, to learn from.
pub trait Journeys {
    /// Shows them to `visit`, batch by batch, in the same order each time it is called.
    ///
    /// # Errors
    /// The first error of `visit`.
    fn each_batch(&self, visit: &mut dyn FnMut(&[Journey<'_>]) -> Result<(), ModelError>) -> Result<(), ModelError>;
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
