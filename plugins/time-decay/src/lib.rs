//! The nearer to the conversion, the more: a touchpoint's weight halves with every so many days of its age.

use pipewright_plugin::{
    Domain, Explanation, FittedModel, Fitting, Journey, Manifest, Model, ModelError, NoCredit, Outcome, Parameter, Parameters,
    Remarks, Touch, Weights,
};

/// Milliseconds of a day.
const DAY_MS: f64 = 86_400_000.0;

/// `time-decay`: 2^(-age / half-life), the age to the conversion chosen; what comes after the conversion weighs nothing.
pub struct TimeDecay;

/// [`TimeDecay`] with its parameters.
struct Decay {
    half_life_ms: f64,
    conversion: Conversion,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Conversion {
    OpportunityCreation,
    Close,
}

impl Model for TimeDecay {
    fn manifest(&self) -> Manifest {
        Manifest {
            id: "time-decay".into(),
            name: "Time decay".into(),
            description:
                "The nearer a touchpoint is to the conversion, the more it takes: half as much for each half-life before it."
                    .into(),
            version: env!("CARGO_PKG_VERSION").into(),
            parameters: vec![
                Parameter {
                    name: "half_life_days".into(),
                    description: "A touchpoint that is so many days older than another takes half as much.".into(),
                    domain: Domain::Real { default: 30.0, min: 0.001, max: 36_500.0 },
                },
                Parameter {
                    name: "conversion".into(),
                    description:
                        "From when the age is counted back: the close (of an open opportunity, the date of the question), or \
                                  the opportunity's creation. Later touchpoints take nothing."
                            .into(),
                    domain: Domain::Choice {
                        default: "close".into(),
                        options: vec!["close".into(), "opportunityCreation".into()],
                    },
                },
            ],
            additive: true,
            origins: false,
            passes: 0,
            paths: false,
        }
    }

    fn fit(&self, parameters: &Parameters) -> Result<Fitting, ModelError> {
        let conversion = match parameters.choice("conversion")? {
            "opportunityCreation" => Conversion::OpportunityCreation,
            _ => Conversion::Close,
        };
        let half_life_ms = parameters.real("half_life_days")? * DAY_MS;
        Ok(Fitting::Ready(Box::new(Decay { half_life_ms, conversion })))
    }
}

impl FittedModel for Decay {
    fn weigh(&self, batch: &[Journey<'_>], out: &mut Weights) -> Result<(), ModelError> {
        for journey in batch {
            let counted = match self.counted(journey) {
                Ok(counted) => counted,
                Err(reason) => {
                    out.no_credit(reason);
                    continue;
                }
            };
            let weights = out.journey(journey.touches.len());
            let sum = self.decay(counted, weights);
            weights[..counted.len()].iter_mut().for_each(|weight| *weight /= sum);
            if self.conversion == Conversion::Close && journey.outcome == Outcome::Open {
                out.remark(Remarks::PROVISIONAL);
            }
        }
        Ok(())
    }

    fn explain(&self, journey: &Journey<'_>) -> Option<Explanation> {
        let counted = self.counted(journey).ok()?;
        let mut bases = vec![0.0; journey.touches.len()];
        let sum = self.decay(counted, &mut bases);
        Some(Explanation::unmoved(bases, 1.0 / sum))
    }
}

impl Decay {
    /// The touchpoints at or before the conversion, at least one.
    fn counted<'a>(&self, journey: &Journey<'a>) -> Result<&'a [Touch], NoCredit> {
        let touches = journey.touches;
        let end_ms = match self.conversion {
            Conversion::OpportunityCreation => journey.created_at_ms,
            Conversion::Close => journey.closed_at_ms.unwrap_or(journey.as_of_ms),
        };
        match touches.iter().rposition(|touch| touch.at_ms <= end_ms) {
            Some(last) => Ok(&touches[..=last]),
            None if touches.is_empty() => Err(NoCredit::NoTouchpoint),
            None => Err(NoCredit::NothingBeforeConversion),
        }
    }

    /// Writes what is left of each touchpoint, and answers with the sum. The age is taken to the latest that counts, whose
    /// weight is 1, and not to the conversion: the shares are the same, and no sum is ever 0.
    fn decay(&self, counted: &[Touch], weights: &mut [f64]) -> f64 {
        let latest_ms = counted.last().map_or(0, |touch| touch.at_ms);
        let (mut sum, mut lost) = (0.0_f64, 0.0_f64);
        let (mut previous_ms, mut left) = (latest_ms, 1.0);
        for (weight, touch) in weights.iter_mut().zip(counted).rev() {
            if touch.at_ms != previous_ms {
                previous_ms = touch.at_ms;
                left = libm::exp2(-(latest_ms.saturating_sub(touch.at_ms) as f64) / self.half_life_ms);
            }
            *weight = left;
            // What a plain sum would lose (Dekker): it holds as the first weight is 1 and none after it is greater than the sum.
            let next = sum + left;
            lost += (sum - next) + left;
            sum = next;
        }
        sum + lost
    }
}
