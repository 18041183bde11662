//! The other side of [`crate::export_model!`]: a model spoken to as a WebAssembly component, whose only state is itself.

/// Made from the WIT file.
#[allow(unsafe_code, missing_docs, clippy::all, clippy::unwrap_used)]
mod bindings {
    wit_bindgen::generate!({
        path: "wit",
        world: "model",
        pub_export_macro: true,
        export_macro_name: "export_component",
        default_bindings_module: "pipewright_plugin::component",
    });
}

pub use bindings::exports::pipewright::model::plugin::{self, Guest};
pub use bindings::{export_component, exports};

use crate::{
    BadParameter, Domain, FittedModel, Fitting, Journey, Kind, Learner, Model, ModelError, Outcome, Parameter, Parameters,
    Positions, Source, Step, Touch, Value, Weights,
};

/// Exports a model as the WebAssembly component that its crate is built into: `export_model!(MyModel);`, once in a crate of the
/// type `cdylib`. On any other target than WebAssembly it does nothing.
#[macro_export]
macro_rules! export_model {
    ($model:expr) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            struct Component;

            ::std::thread_local! {
                static FITTED: $crate::component::Fitted = $crate::component::Fitted::new(Box::new($model));
            }

            impl $crate::component::Guest for Component {
                fn describe() -> $crate::component::plugin::Manifest {
                    FITTED.with(|fitted| fitted.describe())
                }
                fn fit_start(
                    settings: Vec<$crate::component::plugin::Setting>,
                ) -> Result<(), $crate::component::plugin::Failure> {
                    FITTED.with(|fitted| fitted.fit_start(settings))
                }
                fn fit_batch(
                    pass: u32,
                    journeys: $crate::component::plugin::Batch,
                ) -> Result<(), $crate::component::plugin::Failure> {
                    FITTED.with(|fitted| fitted.fit_batch(pass, &journeys))
                }
                fn fit_end() -> Result<$crate::component::plugin::Findings, $crate::component::plugin::Failure> {
                    FITTED.with(|fitted| fitted.fit_end())
                }
                fn weigh(
                    journeys: $crate::component::plugin::Batch,
                ) -> Result<$crate::component::plugin::Weights, $crate::component::plugin::Failure> {
                    FITTED.with(|fitted| fitted.weigh(&journeys))
                }
                fn explain(
                    journeys: $crate::component::plugin::Batch,
                ) -> Result<Option<$crate::component::plugin::Explanation>, $crate::component::plugin::Failure> {
                    FITTED.with(|fitted| fitted.explain(&journeys))
                }
            }

            $crate::component::export_component! { Component with_types_in $crate::component }
        };
    };
}

/// A model on its way: the whole state of a component.
pub struct Fitted {
    model: Box<dyn Model>,
    stage: std::cell::RefCell<Stage>,
}

enum Stage {
    Unfitted,
    Learning(Box<dyn Learner>),
    Ready(Box<dyn FittedModel>),
}

impl Fitted {
    /// A model that has not been given its parameters.
    pub fn new(model: Box<dyn Model>) -> Self {
        Self { model, stage: std::cell::RefCell::new(Stage::Unfitted) }
    }

    /// What the model says of itself.
    pub fn describe(&self) -> plugin::Manifest {
        let manifest = self.model.manifest();
        plugin::Manifest {
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

    /// Gives the model its parameters.
    ///
    /// # Errors
    /// They do not fit it.
    pub fn fit_start(&self, settings: Vec<plugin::Setting>) -> Result<(), plugin::Failure> {
        let given = settings.into_iter().map(|setting| (setting.name, value(setting.value))).collect();
        let parameters = Parameters::new(&self.model.manifest().parameters, given).map_err(ModelError::from).map_err(failure)?;
        let stage = match self.model.fit(&parameters).map_err(failure)? {
            Fitting::Ready(fitted) => Stage::Ready(fitted),
            Fitting::Learning(learner) => Stage::Learning(learner),
        };
        *self.stage.borrow_mut() = stage;
        Ok(())
    }

    /// Shows it the next batch.
    ///
    /// # Errors
    /// It does not learn, or cannot learn from these.
    pub fn fit_batch(&self, pass: u32, batch: &plugin::Batch) -> Result<(), plugin::Failure> {
        let touches = touches(batch)?;
        let journeys = journeys(batch, &touches)?;
        match &mut *self.stage.borrow_mut() {
            Stage::Learning(learner) => learner.learn(pass, &journeys).map_err(failure),
            _ => Err(failed("it was shown journeys before it was given its parameters, or learns nothing")),
        }
    }

    /// Ends the learning, if there is any.
    ///
    /// # Errors
    /// It was not given its parameters, or could not learn.
    pub fn fit_end(&self) -> Result<plugin::Findings, plugin::Failure> {
        let mut stage = self.stage.borrow_mut();
        let fitted = match std::mem::replace(&mut *stage, Stage::Unfitted) {
            Stage::Unfitted => return Err(failed("it was not given its parameters")),
            Stage::Learning(learner) => learner.finish().map_err(failure)?,
            Stage::Ready(fitted) => fitted,
        };
        let found = findings(fitted.findings());
        *stage = Stage::Ready(fitted);
        Ok(found)
    }

    /// Weighs a batch.
    ///
    /// # Errors
    /// Those of the model.
    pub fn weigh(&self, batch: &plugin::Batch) -> Result<plugin::Weights, plugin::Failure> {
        let touches = touches(batch)?;
        let journeys = journeys(batch, &touches)?;
        let mut out = Weights::default();
        self.ready(|fitted| fitted.weigh(&journeys, &mut out))?;
        Ok(weights(&out))
    }

    /// Explains the one journey of a batch.
    ///
    /// # Errors
    /// It is not ready.
    pub fn explain(&self, batch: &plugin::Batch) -> Result<Option<plugin::Explanation>, plugin::Failure> {
        let touches = touches(batch)?;
        let journeys = journeys(batch, &touches)?;
        let [journey] = journeys.as_slice() else { return Err(failed("one journey is explained at a time")) };
        self.ready(|fitted| Ok(fitted.explain(journey).map(explanation)))
    }

    fn ready<T>(&self, ask: impl FnOnce(&dyn FittedModel) -> Result<T, ModelError>) -> Result<T, plugin::Failure> {
        match &*self.stage.borrow() {
            Stage::Ready(fitted) => ask(fitted.as_ref()).map_err(failure),
            _ => Err(failed("it was asked before it had learnt")),
        }
    }
}

fn failed(reason: &str) -> plugin::Failure {
    plugin::Failure::Failed(reason.into())
}

fn failure(error: ModelError) -> plugin::Failure {
    match error {
        ModelError::BadParameter(BadParameter { parameter, reason }) => {
            plugin::Failure::BadParameter(plugin::BadParameter { parameter, reason })
        }
        ModelError::Failed(reason) => plugin::Failure::Failed(reason),
    }
}

fn parameter(parameter: Parameter) -> plugin::Parameter {
    let domain = match parameter.domain {
        Domain::Whole { default, min, max } => plugin::Domain::Whole(plugin::Whole { default, least: min, most: max }),
        Domain::Real { default, min, max } => plugin::Domain::Real(plugin::Real { default, least: min, most: max }),
        Domain::Choice { default, options } => plugin::Domain::Choice(plugin::Choice { default, options }),
    };
    plugin::Parameter { name: parameter.name, description: parameter.description, domain }
}

fn value(value: plugin::Value) -> Value {
    match value {
        plugin::Value::Whole(whole) => Value::Whole(whole),
        plugin::Value::Real(real) => Value::Real(real),
        plugin::Value::Choice(word) => Value::Choice(word),
    }
}

fn touches(batch: &plugin::Batch) -> Result<Vec<Touch>, plugin::Failure> {
    let count = batch.at_ms.len();
    let columns = [batch.source.len(), batch.kind.len(), batch.positions.len(), batch.share_millionths.len()];
    if columns.iter().any(|column| *column != count) {
        return Err(failed("the columns of a batch are not of one length"));
    }
    let touch = |place: usize| {
        Some(Touch {
            at_ms: batch.at_ms[place],
            source: Source::new(batch.source[place]),
            kind: Kind::from_code(batch.kind[place])?,
            positions: Positions::from_bits(batch.positions[place]),
            share_millionths: batch.share_millionths[place],
        })
    };
    (0..count).map(touch).collect::<Option<Vec<_>>>().ok_or_else(|| failed("a touchpoint is of a kind that is not known"))
}

fn journeys<'a>(batch: &plugin::Batch, touches: &'a [Touch]) -> Result<Vec<Journey<'a>>, plugin::Failure> {
    let mut start = 0;
    let journey = |(place, end): (usize, &u32)| {
        let own = touches.get(start..*end as usize)?;
        start = *end as usize;
        let closed_at_ms = *batch.closed_at_ms.get(place)?;
        Some(Journey {
            touches: own,
            created_at_ms: *batch.created_at_ms.get(place)?,
            closed_at_ms: (closed_at_ms != i64::MIN).then_some(closed_at_ms),
            as_of_ms: *batch.as_of_ms.get(place)?,
            outcome: Outcome::from_code(*batch.outcome.get(place)?)?,
            reached: Positions::from_bits(*batch.reached.get(place)?),
            repeats: *batch.repeats.get(place)?,
        })
    };
    let found = batch.ends.iter().enumerate().map(journey).collect::<Option<Vec<_>>>();
    found.ok_or_else(|| failed("a batch is not whole"))
}

fn weights(out: &Weights) -> plugin::Weights {
    let mut columns = plugin::Weights { ends: Vec::new(), weights: Vec::new(), no_credit: Vec::new(), remarks: Vec::new() };
    for index in 0..out.len() {
        match out.entry(index) {
            Ok(own) => {
                columns.weights.extend_from_slice(own);
                columns.no_credit.push(0);
            }
            Err(reason) => columns.no_credit.push(reason.code()),
        }
        columns.ends.push(u32::try_from(columns.weights.len()).unwrap_or(u32::MAX));
        columns.remarks.push(out.remarks(index).bits());
    }
    columns
}

fn explanation(explanation: crate::Explanation) -> plugin::Explanation {
    let moved = explanation.parts.iter().zip(0_u32..).flat_map(|(part, touch)| {
        part.moved.iter().map(move |moved| plugin::Moved { touch, weight: moved.weight, why: moved.why.code() })
    });
    let moved = moved.collect();
    plugin::Explanation { base: explanation.parts.iter().map(|part| part.base).collect(), moved, scale: explanation.scale }
}

fn findings(found: crate::Findings) -> plugin::Findings {
    let codes = |values: &[(Source, f64)]| values.iter().map(|(source, _)| source.code()).collect();
    let numbers = |values: &[(Source, f64)]| values.iter().map(|(_, value)| *value).collect();
    let figure = |figure: crate::Figure| plugin::Figure {
        sources: codes(&figure.values),
        values: numbers(&figure.values),
        name: figure.name,
    };
    let transition = |transition: crate::Transition| plugin::Transition {
        origin: transition.from.into_iter().map(step).collect(),
        next: step(transition.to),
        probability: transition.probability,
    };
    plugin::Findings {
        share_sources: codes(&found.shares),
        shares: numbers(&found.shares),
        figures: found.figures.into_iter().map(figure).collect(),
        transitions: found.transitions.into_iter().map(transition).collect(),
        remarks: found.remarks.bits(),
    }
}

fn step(step: Step) -> plugin::Step {
    match step {
        Step::Start => plugin::Step::Start,
        Step::At(source) => plugin::Step::At(source.code()),
        Step::Conversion => plugin::Step::Conversion,
        Step::Null => plugin::Step::Lost,
    }
}
