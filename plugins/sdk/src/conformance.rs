//! The check that every model must pass before it is let in, and the journey that every model's package tests itself on.

mod edges;

pub use edges::{AtEdge, Edge, answers_at_edges};

use crate::{
    Breach, Domain, FittedModel, Journey, Journeys, Kind, Model, ModelError, NoCredit, Outcome, Parameter, Parameters, Positions,
    Remarks, Source, Touch, Value, Weights, fit,
};

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// How many times a model may ask to see all journeys.
const MOST_PASSES: u32 = 8;

/// The amount of the golden journey's opportunity: 100,000.00 in minor units.
pub const GOLDEN_AMOUNT_MINOR: i64 = 10_000_000;

/// 2025-05-08, midnight UTC.
const CREATED: i64 = 20_216 * DAY_MS;

/// The last millisecond of 2025-07-03, UTC.
const CLOSED: i64 = 20_273 * DAY_MS - 1;

const fn touch(day: i64, source: Source, kind: Kind, positions: Positions) -> Touch {
    Touch { at_ms: day * DAY_MS, source, kind, positions, share_millionths: 0 }
}

/// T1 to T6: 2025-01-10, 02-14, 03-20, 05-06, 06-15 and 07-01, midnight UTC.
const TOUCHES: [Touch; 6] = [
    touch(20_098, Source::DIGITAL, Kind::BareVisit, Positions::FIRST),
    touch(20_133, Source::DEMAND_GENERATION, Kind::Response, Positions::LEAD_CREATION),
    touch(20_167, Source::DEMAND_GENERATION, Kind::Response, Positions::MIDDLE),
    touch(20_214, Source::EVENTS, Kind::Response, Positions::OPPORTUNITY_CREATION),
    touch(20_254, Source::ABM, Kind::Response, Positions::MIDDLE),
    touch(20_270, Source::ENABLEMENT, Kind::Response, Positions::CLOSED),
];

/// One instant, one source, and nothing but bare visits.
const VISITS: [Touch; 3] = [
    touch(20_210, Source::DIGITAL, Kind::BareVisit, Positions::FIRST),
    touch(20_210, Source::DIGITAL, Kind::BareVisit, Positions::NONE),
    touch(20_210, Source::DIGITAL, Kind::BareVisit, Positions::OPPORTUNITY_CREATION),
];

/// Nothing before the creation; open.
const LATE: [Touch; 2] =
    [touch(20_220, Source::AE, Kind::Call, Positions::FIRST), touch(20_221, Source::BRAND, Kind::Response, Positions::MIDDLE)];

/// A conversion and origins of each kind.
const ORIGINS: [Touch; 6] = [
    touch(20_215, Source::SDR, Kind::LeadConversion, Positions::FIRST.with(Positions::OPPORTUNITY_CREATION)),
    touch(20_216, Source::AE, Kind::Creator, Positions::NONE),
    touch(20_216, Source::EVENTS, Kind::PrimaryCampaign, Positions::NONE),
    split(Source::AE, Kind::Split, 600_000),
    split(Source::CLOUD_SALES, Kind::Split, 400_000),
    split(Source::ECS, Kind::OverlaySplit, 1_000_000),
];

const fn split(source: Source, kind: Kind, share_millionths: u32) -> Touch {
    Touch { share_millionths, ..touch(20_216, source, kind, Positions::NONE) }
}

/// What an open opportunity with a response before its creation has reached.
const OPEN: Positions = Positions::FIRST.with(Positions::LEAD_CREATION).with(Positions::OPPORTUNITY_CREATION);

/// The golden journey: 100,000.00, created 2025-05-08, won 2025-07-03, six touchpoints.
pub fn golden() -> Journey<'static> {
    won(&TOUCHES)
}

fn won(touches: &'static [Touch]) -> Journey<'static> {
    let has_lead = touches.iter().any(|touch| touch.positions.holds(Positions::LEAD_CREATION));
    let opened = if has_lead { OPEN } else { Positions::FIRST.with(Positions::OPPORTUNITY_CREATION) };
    let reached = opened.with(Positions::CLOSED);
    let (created_at_ms, closed_at_ms) = (CREATED, Some(CLOSED));
    Journey { touches, created_at_ms, closed_at_ms, as_of_ms: CLOSED + 1, outcome: Outcome::Won, reached, repeats: 1.0 }
}

fn open(touches: &'static [Touch]) -> Journey<'static> {
    let won = won(touches);
    let reached = Positions::from_bits(won.reached.bits() & !Positions::CLOSED.bits());
    Journey { closed_at_ms: None, outcome: Outcome::Open, reached, ..won }
}

fn lost(touches: &'static [Touch]) -> Journey<'static> {
    Journey { outcome: Outcome::Lost, ..won(touches) }
}

/// A model was refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refused {
    /// What it says of itself cannot be.
    #[error("the manifest: {0}")]
    Manifest(String),
    /// It failed on the check's own journeys.
    #[error("with {parameters}: {error}")]
    Failed {
        /// The parameters it ran with.
        parameters: String,
        /// What happened.
        error: ModelError,
    },
    /// It broke the contract on the check's own journeys.
    #[error("with {parameters}: {breach}")]
    Broke {
        /// The parameters it ran with.
        parameters: String,
        /// What happened.
        breach: Breach,
    },
}

/// Runs a model over the golden journey and a few at the edges, with its defaults and with each parameter at each end of
/// its range, and holds every answer against the contract.
///
/// # Errors
/// What the model says of itself cannot be, or it failed, or it broke the contract.
pub fn check(model: &dyn Model) -> Result<(), Refused> {
    let manifest = model.manifest();
    check_words(&manifest.id, '-', "id")?;
    let mut batch = vec![golden(), won(&VISITS), lost(&LATE), open(&LATE)];
    let edges = Edge::ALL.into_iter().map(|edge| edge.journey(manifest.origins));
    batch.extend(edges.filter(|journey| !journey.touches.is_empty()));
    if manifest.origins {
        batch.extend([won(&ORIGINS), open(&ORIGINS[..2])]);
    }
    if manifest.passes > MOST_PASSES {
        return Err(Refused::Manifest(format!("it asks for {} passes, and {MOST_PASSES} is the most", manifest.passes)));
    }
    for given in settings(&manifest.parameters)? {
        let shown = format!("{given:?}");
        let parameters = Parameters::new(&manifest.parameters, given).map_err(|bad| Refused::Manifest(bad.to_string()))?;
        check_once(model, &parameters, &batch).map_err(|stopped| match stopped {
            Stopped::Failed(error) => Refused::Failed { parameters: shown, error },
            Stopped::Broke(breach) => Refused::Broke { parameters: shown, breach },
        })?;
    }
    Ok(())
}

enum Stopped {
    Failed(ModelError),
    Broke(Breach),
}

fn check_once(model: &dyn Model, parameters: &Parameters, batch: &[Journey<'static>]) -> Result<(), Stopped> {
    let training = Known { batch: batch.to_vec() };
    let additive = model.manifest().additive;
    let weighed = || weigh(fit(model, parameters, &training).map_err(Stopped::Failed)?.as_ref(), additive, batch);
    let (first, again) = (weighed()?, weighed()?);
    let bits = |weights: &Weights, index| weights.entry(index).map(|own| own.iter().map(|w| w.to_bits()).collect::<Vec<_>>());
    match (0..batch.len()).any(|index| bits(&first, index) != bits(&again, index)) {
        true => Err(Stopped::Broke(Breach::Unsteady)),
        false => Ok(()),
    }
}

fn weigh(fitted: &dyn FittedModel, additive: bool, batch: &[Journey<'_>]) -> Result<Weights, Stopped> {
    let mut out = Weights::default();
    fitted.weigh(batch, &mut out).map_err(Stopped::Failed)?;
    if out.len() != batch.len() {
        return Err(Stopped::Broke(Breach::Journeys { expected: batch.len(), found: out.len() }));
    }
    for (index, journey) in batch.iter().enumerate() {
        out.check(index, journey.touches.len(), additive).map_err(Stopped::Broke)?;
    }
    Ok(out)
}

/// The defaults, then each parameter alone at each end of its range.
fn settings(declared: &[Parameter]) -> Result<Vec<Vec<(String, Value)>>, Refused> {
    let mut settings = vec![Vec::new()];
    for parameter in declared {
        check_words(&parameter.name, '_', "parameter")?;
        let mut values = vec![parameter.domain.default()];
        match &parameter.domain {
            Domain::Whole { min, max, .. } => values.extend([Value::Whole(*min), Value::Whole(*max)]),
            Domain::Real { min, max, .. } => values.extend([Value::Real(*min), Value::Real(*max)]),
            Domain::Choice { options, .. } => values.extend(options.iter().cloned().map(Value::Choice)),
        }
        settings.extend(values.into_iter().map(|value| vec![(parameter.name.clone(), value)]));
    }
    Ok(settings)
}

fn check_words(text: &str, joint: char, what: &str) -> Result<(), Refused> {
    let is_word = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    match text.split(joint).all(is_word) {
        true => Ok(()),
        false => Err(Refused::Manifest(format!("{what} '{text}' is not lower-case words joined by '{joint}'"))),
    }
}

/// A handful of journeys that stand ready.
struct Known {
    batch: Vec<Journey<'static>>,
}

impl Journeys for Known {
    fn each_batch(&self, visit: &mut dyn FnMut(&[Journey<'_>]) -> Result<(), ModelError>) -> Result<(), ModelError> {
        visit(&self.batch)
    }
}

/// The weights of one journey under a model's own parameters, for the tests of its package. `None`: no credit.
///
/// # Errors
/// As for the model.
pub fn weigh_one(model: &dyn Model, given: &[(&str, Value)], journey: Journey<'_>) -> Result<Option<Vec<f64>>, ModelError> {
    answer_one(model, given, journey).map(|(weights, _)| weights.ok())
}

/// As [`weigh_one`], with the reason where there is no credit, and what is remarked on.
///
/// # Errors
/// As for the model.
pub fn answer_one(
    model: &dyn Model,
    given: &[(&str, Value)],
    journey: Journey<'_>,
) -> Result<(Result<Vec<f64>, NoCredit>, Remarks), ModelError> {
    let given = given.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let parameters = Parameters::new(&model.manifest().parameters, given)?;
    let fitted = fit(model, &parameters, &Known { batch: vec![golden()] })?;
    let mut out = Weights::default();
    fitted.weigh(&[journey], &mut out)?;
    Ok((out.entry(0).map(<[f64]>::to_vec), out.remarks(0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Fitting, Manifest};

    struct Crooked(fn(&mut [f64]));

    impl Model for Crooked {
        fn manifest(&self) -> Manifest {
            Manifest {
                id: "crooked".into(),
                name: "Crooked".into(),
                description: "Breaks the contract.".into(),
                version: "1.0.0".into(),
                parameters: Vec::new(),
                additive: true,
                origins: false,
                passes: 0,
                paths: true,
            }
        }

        fn fit(&self, _: &Parameters) -> Result<Fitting, ModelError> {
            Ok(Fitting::Ready(Box::new(Self(self.0))))
        }
    }

    impl FittedModel for Crooked {
        fn weigh(&self, batch: &[Journey<'_>], out: &mut Weights) -> Result<(), ModelError> {
            batch.iter().for_each(|journey| self.0(out.journey(journey.touches.len())));
            Ok(())
        }
    }

    #[test]
    fn a_model_that_breaks_the_contract_is_refused_and_one_that_keeps_it_is_not() {
        assert_eq!(check(&Crooked(|weights| weights[0] = 1.0)), Ok(()));
        let half = check(&Crooked(|weights| weights[0] = 0.5));
        assert_eq!(half, Err(Refused::Broke { parameters: "[]".into(), breach: Breach::Sum { sum: 0.5 } }));
        assert!(matches!(check(&Crooked(|weights| weights.fill(f64::NAN))), Err(Refused::Broke { .. })));
    }

    #[test]
    fn the_golden_dates_are_those_of_the_design() {
        // 2025-01-01 is day 20,089.
        let january_first = 20_089;
        let offsets: Vec<i64> = TOUCHES.iter().map(|touch| touch.at_ms / DAY_MS - january_first).collect();
        assert_eq!(offsets, [9, 44, 78, 125, 165, 181]);
        assert_eq!((CREATED / DAY_MS - january_first, (CLOSED + 1) / DAY_MS - january_first), (127, 184));
    }
}
