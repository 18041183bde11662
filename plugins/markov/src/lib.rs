//! Credit by what would be lost without a source, on a Markov chain of order 1 to 3 that is learnt from all closed journeys.
//!
//! The states of the chain are the start and the last one to three sources of a journey; won journeys end in the conversion,
//! lost ones in null, and open ones teach nothing. Everything follows from linear systems that are solved, never simulated.
//! The idea, for order 1: Anderl, Becker, von Wangenheim and Schumann, "Mapping the customer journey", 2016.

mod chain;
mod removal;

use chain::{Chain, MOST_ORDER};
use pipewright_plugin::{
    Domain, Explanation, Figure, Findings, FittedModel, Fitting, Journey, Learner, Manifest, Model, ModelError, NoCredit,
    Parameter, Parameters, Remarks, Source, SourceCounts, Touch, Transition, Weights,
};

/// `markov`: each touchpoint by the removal effect of its source.
pub struct Markov;

impl Model for Markov {
    fn manifest(&self) -> Manifest {
        Manifest {
            id: "markov".into(),
            name: "Markov".into(),
            description:
                "Each source by the part of all conversions that would be lost without it, on a chain of how journeys go.".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            parameters: vec![Parameter {
                name: "order".into(),
                description: "How many of a journey's last sources decide what comes next.".into(),
                domain: Domain::Whole { default: 1, min: 1, max: MOST_ORDER },
            }],
            additive: true,
            origins: false,
            passes: 1,
            paths: true,
        }
    }

    fn fit(&self, parameters: &Parameters) -> Result<Fitting, ModelError> {
        let order = usize::try_from(parameters.whole("order")?).expect("the domain holds the order between 1 and 3");
        Ok(Fitting::Learning(Box::new(Chain::new(order))))
    }
}

impl Learner for Chain {
    fn learn(&mut self, _pass: u32, batch: &[Journey<'_>]) -> Result<(), ModelError> {
        batch.iter().for_each(|journey| self.add(journey));
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Box<dyn FittedModel>, ModelError> {
        let effects = removal::effects(&self)?;
        Ok(Box::new(Fitted { effects: BySource::new(&effects), findings: findings(&self, effects) }))
    }
}

fn findings(chain: &Chain, effects: Vec<(Source, f64)>) -> Findings {
    let total: f64 = effects.iter().map(|(_, effect)| effect).sum();
    let nothing_lost = total <= 0.0;
    Findings {
        shares: match nothing_lost {
            true => Vec::new(),
            false => effects.iter().map(|(source, effect)| (*source, effect / total)).collect(),
        },
        figures: vec![Figure { name: "removal_effect".into(), values: effects }],
        transitions: transitions(chain),
        remarks: if nothing_lost { Remarks::LINEAR_INSTEAD } else { Remarks::NONE },
    }
}

/// In order of where one stands, then of what comes next.
fn transitions(chain: &Chain) -> Vec<Transition> {
    let mut found: Vec<Transition> =
        chain.steps().map(|(from, to, probability)| Transition { from: chain.window(from).to_vec(), to, probability }).collect();
    found.sort_by(|one, other| (&one.from, one.to).cmp(&(&other.from, other.to)));
    found
}

/// Removal effects by the code of their source.
struct BySource(Vec<f64>);

impl BySource {
    fn new(effects: &[(Source, f64)]) -> Self {
        let codes = effects.iter().map(|(source, _)| usize::from(source.code()) + 1).max().unwrap_or(0);
        let mut by_code = vec![0.0; codes];
        effects.iter().for_each(|(source, effect)| by_code[usize::from(source.code())] = *effect);
        Self(by_code)
    }

    /// 0 for a source on no closed journey: nothing is known to be lost without it.
    fn of(&self, source: Source) -> f64 {
        self.0.get(usize::from(source.code())).copied().unwrap_or(0.0)
    }
}

/// The chain, solved.
struct Fitted {
    effects: BySource,
    findings: Findings,
}

impl FittedModel for Fitted {
    fn weigh(&self, batch: &[Journey<'_>], out: &mut Weights) -> Result<(), ModelError> {
        let mut counts = SourceCounts::default();
        for journey in batch {
            let touches = journey.touches;
            if touches.is_empty() {
                out.no_credit(NoCredit::NoTouchpoint);
                continue;
            }
            let weights = out.journey(touches.len());
            let sum = self.bases(touches, &mut counts, weights);
            if sum > 0.0 {
                weights.iter_mut().for_each(|weight| *weight /= sum);
            } else {
                weights.fill(1.0 / touches.len() as f64);
                out.remark(Remarks::LINEAR_INSTEAD);
            }
        }
        Ok(())
    }

    fn explain(&self, journey: &Journey<'_>) -> Option<Explanation> {
        if journey.touches.is_empty() {
            return None;
        }
        let mut bases = vec![0.0; journey.touches.len()];
        let mut sum = self.bases(journey.touches, &mut SourceCounts::default(), &mut bases);
        if sum <= 0.0 {
            bases.fill(1.0);
            sum = bases.len() as f64;
        }
        Some(Explanation::unmoved(bases, 1.0 / sum))
    }

    fn findings(&self) -> Findings {
        self.findings.clone()
    }
}

impl Fitted {
    /// Writes the removal effect of each touchpoint's source, shared evenly by that source's touchpoints; the sum over the
    /// journey's sources.
    fn bases(&self, touches: &[Touch], counts: &mut SourceCounts, bases: &mut [f64]) -> f64 {
        let mut sum = 0.0;
        for touch in touches {
            if counts.count(touch.source) == 1 {
                sum += self.effects.of(touch.source);
            }
        }
        for (base, touch) in bases.iter_mut().zip(touches) {
            *base = self.effects.of(touch.source) / f64::from(counts.of(touch.source));
        }
        counts.forget(touches);
        sum
    }
}
