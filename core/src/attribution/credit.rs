//! A fitted model behind a lens, held to its contract, and the journeys it learns from.

use super::journey::Batch;
use super::{Credit, CreditError, CreditShares, Known};
use crate::facts::Snapshot;
use crate::matrix::Lens;
use pipewright_plugin::{Breach, FittedModel, Journey, Journeys, ModelError, Source, Weights};
use std::sync::Arc;

/// Which part of a journey a model sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct View {
    /// Touchpoints of which sources.
    pub lens: Lens,
    /// Whether the opportunity's origins follow its touchpoints.
    pub origins: bool,
}

/// A fitted model behind a lens, held to its contract.
pub struct ModelCredit {
    model: String,
    fitted: Arc<dyn FittedModel>,
    additive: bool,
    view: View,
}

impl ModelCredit {
    /// `model` is the id that errors name; `additive` is what its manifest says.
    pub fn new(model: String, fitted: Arc<dyn FittedModel>, additive: bool, view: View) -> Self {
        Self { model, fitted, additive, view }
    }

    /// Weighs the batch, and pushes one entry for each of its opportunities, in order.
    fn weigh_batch(&self, snapshot: &Snapshot, buffers: &mut Buffers, out: &mut CreditShares) -> Result<(), CreditError> {
        let Buffers { batch, weights, sources } = buffers;
        let failed = |opportunity: Option<u32>, reason: String| CreditError::ModelFailed {
            model: self.model.clone(),
            opportunity: opportunity.map(|index| snapshot.opportunity_id(index)),
            reason,
        };
        let journeys = batch.journeys();
        weights.clear();
        let weighed = if journeys.is_empty() { Ok(()) } else { self.fitted.weigh(&journeys, weights) };
        if let Err(error) = weighed {
            return Err(failed(self.culprit(batch), error.to_string()));
        }
        if weights.len() != journeys.len() {
            let breach = Breach::Journeys { expected: journeys.len(), found: weights.len() };
            return Err(failed(self.culprit(batch), breach.to_string()));
        }
        let mut answer = 0;
        for (opportunity, touches) in batch.opportunities() {
            if touches.is_empty() {
                out.push(&[], &[]);
                continue;
            }
            weights
                .check(answer, touches.len(), self.additive)
                .map_err(|breach| failed(Some(opportunity), breach.to_string()))?;
            match weights.entry(answer) {
                Ok(own) => {
                    sources.clear();
                    sources.extend(touches.iter().map(|touch| source_code(touch.source)));
                    out.push(sources, own);
                }
                Err(_) => out.push(&[], &[]),
            }
            answer += 1;
        }
        Ok(())
    }

    /// The first opportunity on which the model fails when it is asked for one at a time; `None`: on none of them.
    fn culprit(&self, batch: &Batch) -> Option<u32> {
        let with_touches = batch.opportunities().filter(|(_, touches)| !touches.is_empty());
        let mut alone = Weights::default();
        let mut fails = |journey: &Journey<'_>| {
            alone.clear();
            self.fitted.weigh(std::slice::from_ref(journey), &mut alone).is_err() || alone.len() != 1
        };
        with_touches.zip(batch.journeys()).find(|(_, journey)| fails(journey)).map(|((opportunity, _), _)| opportunity)
    }
}

fn source_code(source: Source) -> u8 {
    u8::try_from(source.code()).expect("the sources of opportunities are eleven")
}

/// What is reused from batch to batch.
#[derive(Default)]
struct Buffers {
    batch: Batch,
    weights: Weights,
    sources: Vec<u8>,
}

impl Credit for ModelCredit {
    fn weigh(&self, snapshot: &Snapshot, known: Known, opportunities: &[u32], out: &mut CreditShares) -> Result<(), CreditError> {
        let mut buffers = Buffers::default();
        for &opportunity in opportunities {
            if buffers.batch.is_full_before(snapshot.touchpoints_of(opportunity).len()) {
                self.weigh_batch(snapshot, &mut buffers, out)?;
                buffers.batch.clear();
            }
            buffers.batch.add(snapshot, self.view, known, opportunity);
        }
        self.weigh_batch(snapshot, &mut buffers, out)
    }
}

/// All that a snapshot holds.
const END_OF_TIME: Known = Known { at_ms: i64::MAX, version: None };

/// Every journey of a snapshot, as known at its end.
pub struct Training<'a> {
    /// Of which facts.
    pub snapshot: &'a Snapshot,
    /// Which part of each.
    pub view: View,
}

impl Journeys for Training<'_> {
    fn each_batch(&self, visit: &mut dyn FnMut(&[Journey<'_>]) -> Result<(), ModelError>) -> Result<(), ModelError> {
        let mut batch = Batch::default();
        let count = u32::try_from(self.snapshot.opportunity_count()).expect("a snapshot holds fewer than 2^32 opportunities");
        for opportunity in 0..count {
            if batch.is_full_before(self.snapshot.touchpoints_of(opportunity).len()) {
                visit(&batch.journeys())?;
                batch.clear();
            }
            batch.add(self.snapshot, self.view, END_OF_TIME, opportunity);
        }
        visit(&batch.journeys())
    }
}
