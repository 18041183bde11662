//! A fitted model behind a lens, and the journeys it learns from.

use super::{Credit, CreditError, CreditShares};
use crate::facts::Snapshot;
use crate::matrix::Lens;
use pipewright_plugin::{FittedModel, Journey, Journeys, ModelError};
use std::sync::Arc;

/// Which part of a journey a model sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct View {
    /// Touchpoints of which sources.
    pub lens: Lens,
    /// Whether the opportunity's origins follow its touchpoints.
    pub origins: bool,
}

/// A fitted model behind a lens.
pub struct ModelCredit {
    model: String,
    fitted: Arc<dyn FittedModel>,
    view: View,
}

impl ModelCredit {
    /// `model` is the id that errors name.
    pub fn new(model: String, fitted: Arc<dyn FittedModel>, view: View) -> Self {
        Self { model, fitted, view }
    }
}

impl Credit for ModelCredit {
    fn weigh(
        &self,
        snapshot: &Snapshot,
        as_of_ms: i64,
        opportunities: &[u32],
        out: &mut CreditShares,
    ) -> Result<(), CreditError> {
        let _ = (snapshot, as_of_ms, opportunities, out, &self.model, &self.fitted, self.view);
        unimplemented!()
    }
}

/// Every journey of a snapshot, as known at its end.
pub struct Training<'a> {
    /// Of which facts.
    pub snapshot: &'a Snapshot,
    /// Which part of each.
    pub view: View,
}

impl Journeys for Training<'_> {
    fn each_batch(&self, visit: &mut dyn FnMut(&[Journey<'_>]) -> Result<(), ModelError>) -> Result<(), ModelError> {
        let _ = visit;
        unimplemented!()
    }
}
