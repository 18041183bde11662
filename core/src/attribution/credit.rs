//! A fitted model behind a lens, held to its contract, and the journeys it learns from.

use super::journey::{Batch, LeftOut, Trace};
use super::{Credit, CreditError, CreditShares, Known};
use crate::facts::Snapshot;
use crate::ids::DataVersion;
use crate::matrix::Lens;
use pipewright_plugin::{
    Breach, Explanation, Findings, FittedModel, Journey, Journeys, ModelError, NoCredit, Outcome, Remarks, Source, Touch, Weights,
};
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

    /// Whether its weights share one amount out.
    pub fn is_additive(&self) -> bool {
        self.additive
    }

    /// What it learnt of the sources; empty where it learns nothing.
    pub fn findings(&self) -> Findings {
        self.fitted.findings()
    }

    /// Weighs the batch, and shows each of its opportunities to `each`, in order.
    fn weigh_batch(
        &self,
        snapshot: &Snapshot,
        batch: &Batch<'_>,
        weights: &mut Weights,
        each: &mut dyn FnMut(&Weighed<'_>),
    ) -> Result<(), CreditError> {
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
        let (mut answer, mut start) = (0, 0);
        for ((opportunity, touches), left_out) in batch.opportunities().zip(batch.left_out()) {
            let own = start..start + touches.len();
            start = own.end;
            let traces = batch.traces().get(own).unwrap_or_default();
            if touches.is_empty() {
                let weights = Err(left_out.too_many.map_or(NoCredit::NoTouchpoint, |_| NoCredit::TooManyTouchpoints));
                each(&Weighed { touches, traces, left_out, journey: None, weights, remarks: Remarks::NONE });
                continue;
            }
            weights
                .check(answer, touches.len(), self.additive)
                .map_err(|breach| failed(Some(opportunity), breach.to_string()))?;
            let (entry, remarks) = (weights.entry(answer), weights.remarks(answer));
            let journey = Some(journeys[answer]);
            each(&Weighed { touches, traces, left_out, journey, weights: entry, remarks });
            answer += 1;
        }
        Ok(())
    }

    /// Weighs the journeys of `opportunities` (indices of the snapshot), and shows each, in order.
    fn weigh_each(
        &self,
        snapshot: &Snapshot,
        opportunities: &[u32],
        mut batch: Batch<'_>,
        each: &mut dyn FnMut(&Weighed<'_>),
    ) -> Result<(), CreditError> {
        let mut weights = Weights::default();
        for &opportunity in opportunities {
            if batch.is_full_before(opportunity) {
                self.weigh_batch(snapshot, &batch, &mut weights, each)?;
                batch.clear();
            }
            batch.add(opportunity);
        }
        self.weigh_batch(snapshot, &batch, &mut weights, each)
    }

    /// As [`Credit::weigh`], with all there is to say of each journey and where each touchpoint came from.
    ///
    /// # Errors
    /// The model broke its contract, or failed.
    pub(super) fn trace(
        &self,
        snapshot: &Snapshot,
        known: Known,
        opportunities: &[u32],
        each: &mut dyn FnMut(&Weighed<'_>),
    ) -> Result<(), CreditError> {
        self.weigh_each(snapshot, opportunities, Batch::traced(snapshot, self.view, known), each)
    }

    /// How the weights of a journey came about; `None` where the weights are all there is to say, or there is no credit.
    pub(super) fn explanation(&self, journey: &Journey<'_>) -> Option<Explanation> {
        self.fitted.explain(journey)
    }

    /// The first opportunity on which the model fails when it is asked for one at a time; `None`: on none of them.
    fn culprit(&self, batch: &Batch<'_>) -> Option<u32> {
        let with_touches = batch.opportunities().filter(|(_, touches)| !touches.is_empty());
        let mut alone = Weights::default();
        let mut fails = |journey: &Journey<'_>| {
            alone.clear();
            self.fitted.weigh(std::slice::from_ref(journey), &mut alone).is_err() || alone.len() != 1
        };
        with_touches.zip(batch.journeys()).find(|(_, journey)| fails(journey)).map(|((opportunity, _), _)| opportunity)
    }
}

pub(super) fn source_code(source: Source) -> u8 {
    u8::try_from(source.code()).expect("the sources of opportunities are eleven")
}

/// One opportunity, weighed.
pub(super) struct Weighed<'a> {
    /// Its touchpoints, and the origins for models that see them.
    pub(super) touches: &'a [Touch],
    /// One for each touchpoint, where they were asked for.
    pub(super) traces: &'a [Trace],
    /// What was left out before the model saw it.
    pub(super) left_out: &'a LeftOut,
    /// What the model saw; `None` where there is no touchpoint.
    pub(super) journey: Option<Journey<'a>>,
    /// One for each touchpoint, or why nobody earns anything.
    pub(super) weights: Result<&'a [f64], NoCredit>,
    /// What a reader should know of them.
    pub(super) remarks: Remarks,
}

impl Credit for ModelCredit {
    fn weigh(&self, snapshot: &Snapshot, known: Known, opportunities: &[u32], out: &mut CreditShares) -> Result<(), CreditError> {
        let mut sources = Vec::new();
        let batch = Batch::new(snapshot, self.view, known);
        self.weigh_each(snapshot, opportunities, batch, &mut |weighed| match weighed.weights {
            Ok(weights) => {
                sources.clear();
                sources.extend(weighed.touches.iter().map(|touch| source_code(touch.source)));
                out.push(&sources, weights);
            }
            Err(_) => out.push(&[], &[]),
        })
    }
}

/// Every journey of a snapshot, as known at its end.
pub struct Training<'a> {
    /// Of which facts.
    pub snapshot: &'a Snapshot,
    /// Which part of each.
    pub view: View,
    /// From what was recorded up to this change; `None`: everything.
    pub version: Option<DataVersion>,
}

/// How many journeys a model learns from: those with a touchpoint under its lens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Trained {
    /// Won.
    pub won: u64,
    /// Lost.
    pub lost: u64,
    /// Still open; whether a model learns from these is its own affair.
    pub open: u64,
}

impl Training<'_> {
    /// How many journeys there are to learn from.
    pub fn counts(&self) -> Trained {
        let mut trained = Trained::default();
        let counted = self.each_batch(&mut |batch| {
            for journey in batch {
                *match journey.outcome {
                    Outcome::Won => &mut trained.won,
                    Outcome::Lost => &mut trained.lost,
                    Outcome::Open => &mut trained.open,
                } += 1;
            }
            Ok(())
        });
        debug_assert_eq!(counted, Ok(()), "nothing but the visitor can fail");
        trained
    }
}

impl Journeys for Training<'_> {
    fn each_batch(&self, visit: &mut dyn FnMut(&[Journey<'_>]) -> Result<(), ModelError>) -> Result<(), ModelError> {
        let known = Known { at_ms: i64::MAX, version: self.version };
        let mut batch = Batch::new(self.snapshot, self.view, known);
        let count = u32::try_from(self.snapshot.opportunity_count()).expect("a snapshot holds fewer than 2^32 opportunities");
        for opportunity in 0..count {
            if batch.is_full_before(opportunity) {
                visit(&batch.journeys())?;
                batch.clear();
            }
            batch.add(opportunity);
        }
        visit(&batch.journeys())
    }
}
