//! Between the contract's values and those of a component.

use super::bindings::exports::pipewright::model::plugin as wit;
use pipewright_plugin::{
    BadParameter, Domain, Explanation, Figure, Findings, Journey, Manifest, ModelError, Moved, NoCredit, Parameter, Parameters,
    Part, Remarks, Source, Step, Transition, Value, Weights, Why,
};

/// The columns of a batch.
pub(super) fn batch(journeys: &[Journey<'_>]) -> wit::Batch {
    let touches: usize = journeys.iter().map(|journey| journey.touches.len()).sum();
    let mut batch = wit::Batch {
        ends: Vec::with_capacity(journeys.len()),
        created_at_ms: journeys.iter().map(|journey| journey.created_at_ms).collect(),
        closed_at_ms: journeys.iter().map(|journey| journey.closed_at_ms.unwrap_or(i64::MIN)).collect(),
        as_of_ms: journeys.iter().map(|journey| journey.as_of_ms).collect(),
        outcome: journeys.iter().map(|journey| journey.outcome.code()).collect(),
        reached: journeys.iter().map(|journey| journey.reached.bits()).collect(),
        repeats: journeys.iter().map(|journey| journey.repeats).collect(),
        at_ms: Vec::with_capacity(touches),
        source: Vec::with_capacity(touches),
        kind: Vec::with_capacity(touches),
        positions: Vec::with_capacity(touches),
        share_millionths: Vec::with_capacity(touches),
    };
    for journey in journeys {
        for touch in journey.touches {
            batch.at_ms.push(touch.at_ms);
            batch.source.push(touch.source.code());
            batch.kind.push(touch.kind.code());
            batch.positions.push(touch.positions.bits());
            batch.share_millionths.push(touch.share_millionths);
        }
        batch.ends.push(u32::try_from(batch.at_ms.len()).expect("a batch holds fewer than 2^32 touchpoints"));
    }
    batch
}

/// Writes a component's answer out; what is not whole is left to the check of the contract where it can be, else refused here.
pub(super) fn weights(answer: &wit::Weights, out: &mut Weights) -> Result<(), ModelError> {
    let torn = || ModelError::Failed("its answer is not whole: one end, reason and remark are needed for each journey".into());
    if answer.no_credit.len() != answer.ends.len() || answer.remarks.len() != answer.ends.len() {
        return Err(torn());
    }
    let mut start = 0;
    for (place, end) in answer.ends.iter().enumerate() {
        let own = answer.weights.get(start..*end as usize).ok_or_else(torn)?;
        start = *end as usize;
        match answer.no_credit[place] {
            0 => {
                out.journey(own.len()).copy_from_slice(own);
                out.remark(Remarks::from_bits(answer.remarks[place]));
            }
            code => out.no_credit(NoCredit::from_code(code).ok_or_else(|| {
                ModelError::Failed(format!("its reason {code} for no credit is none of those of the contract"))
            })?),
        }
    }
    if start == answer.weights.len() { Ok(()) } else { Err(torn()) }
}

/// How a component says that it failed.
pub(super) fn failure(failure: wit::Failure) -> ModelError {
    let clip = |text: String| text.chars().take(300).collect::<String>();
    match failure {
        wit::Failure::BadParameter(bad) => {
            ModelError::BadParameter(BadParameter { parameter: clip(bad.parameter), reason: clip(bad.reason) })
        }
        wit::Failure::Failed(reason) => ModelError::Failed(clip(reason)),
    }
}

/// What a component says of itself.
pub(super) fn manifest(manifest: wit::Manifest) -> Manifest {
    let parameter = |parameter: wit::Parameter| Parameter {
        name: parameter.name,
        description: parameter.description,
        domain: match parameter.domain {
            wit::Domain::Whole(own) => Domain::Whole { default: own.default, min: own.least, max: own.most },
            wit::Domain::Real(own) => Domain::Real { default: own.default, min: own.least, max: own.most },
            wit::Domain::Choice(own) => Domain::Choice { default: own.default, options: own.options },
        },
    };
    Manifest {
        id: manifest.id,
        name: manifest.name,
        description: manifest.description,
        version: manifest.version,
        parameters: manifest.parameters.into_iter().map(parameter).collect(),
        additive: manifest.additive,
        origins: manifest.origins,
        passes: manifest.passes,
        paths: manifest.paths,
    }
}

/// Every parameter with its value.
pub(super) fn settings(parameters: &Parameters) -> Vec<wit::Setting> {
    let value = |value: &Value| match value {
        Value::Whole(whole) => wit::Value::Whole(*whole),
        Value::Real(real) => wit::Value::Real(*real),
        Value::Choice(word) => wit::Value::Choice(word.clone()),
    };
    parameters.values().iter().map(|(name, own)| wit::Setting { name: name.clone(), value: value(own) }).collect()
}

/// How a component explains a journey of `touches` touchpoints; `None` where what it says does not fit the journey.
pub(super) fn explanation(said: wit::Explanation, touches: usize) -> Option<Explanation> {
    let mut parts: Vec<Part> = said.base.into_iter().map(|base| Part { base, moved: Vec::new() }).collect();
    for moved in said.moved {
        let why = Why::from_code(moved.why)?;
        parts.get_mut(moved.touch as usize)?.moved.push(Moved { weight: moved.weight, why });
    }
    (parts.len() == touches).then_some(Explanation { parts, scale: said.scale })
}

/// What a component learnt.
pub(super) fn findings(said: wit::Findings) -> Findings {
    let paired = |sources: Vec<u16>, values: Vec<f64>| sources.into_iter().map(Source::new).zip(values).collect();
    let step = |step: wit::Step| match step {
        wit::Step::Start => Step::Start,
        wit::Step::At(code) => Step::At(Source::new(code)),
        wit::Step::Conversion => Step::Conversion,
        wit::Step::Lost => Step::Null,
    };
    let transition = |own: wit::Transition| Transition {
        from: own.origin.into_iter().map(step).collect(),
        to: step(own.next),
        probability: own.probability,
    };
    Findings {
        figures: said.figures.into_iter().map(|own| Figure { name: own.name, values: paired(own.sources, own.values) }).collect(),
        shares: paired(said.share_sources, said.shares),
        transitions: said.transitions.into_iter().map(transition).collect(),
        remarks: Remarks::from_bits(said.remarks),
    }
}
