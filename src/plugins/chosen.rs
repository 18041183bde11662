//! One model of the registry, from the choice of a question to what credits: pinned, whatever happens to its file meanwhile.

use super::folder::PluginFile;
use super::registry::ListedModel;
use pipewright_core::attribution::{Credit, CreditError, CreditShares, Known, ModelCredit, Training, View};
use pipewright_core::facts::Snapshot;
use pipewright_core::ids::DataVersion;
use pipewright_core::matrix::{Lens, ModelChoice};
use pipewright_plugin::conformance::{golden, weigh_one};
use pipewright_plugin::{FittedModel, Journeys, Manifest, Model, ModelError, Parameters, Value};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// How many fits of one built-in or declarative model are kept.
const KEPT: u64 = 64;

/// How many fits of one component are kept: each holds a memory of its own.
const KEPT_COMPONENTS: u64 = 8;

/// A fit that nobody asked for again for so long is let go.
const IDLE: Duration = Duration::from_secs(600);

/// After so many failures in a row, a plug-in is off until its file is loaded again.
const FAILURES: u32 = 3;

/// A model that can be asked for.
pub(super) struct Registered {
    pub(super) manifest: Manifest,
    model: Box<dyn Model>,
    /// `None`: it comes with the server.
    pub(super) file: Option<PluginFile>,
    /// What it gives each touchpoint of the golden journey; `None`: nobody earns anything of it.
    golden: Option<Vec<f64>>,
    /// Failures in a row.
    failures: AtomicU32,
    /// What it became for parameters and data. A failure empties it: what failed is made anew.
    fitted: moka::sync::Cache<Fitting, Arc<dyn FittedModel>>,
}

/// What a fitted model depends on beside the model.
#[derive(PartialEq, Eq, Hash)]
struct Fitting {
    /// Every parameter with its value, in the order declared.
    parameters: String,
    /// What it was trained on; `None` for a model that does not train.
    trained_on: Option<(Lens, DataVersion)>,
}

impl Registered {
    pub(super) fn new(model: Box<dyn Model>, file: Option<PluginFile>) -> Arc<Self> {
        let most = if file.as_ref().is_some_and(PluginFile::is_component) { KEPT_COMPONENTS } else { KEPT };
        let fitted = moka::sync::Cache::builder().max_capacity(most).time_to_idle(IDLE).build();
        let golden = weigh_one(model.as_ref(), &[], golden()).ok().flatten();
        Arc::new(Self { manifest: model.manifest(), model, file, golden, failures: AtomicU32::new(0), fitted })
    }

    pub(super) fn listed(&self) -> ListedModel {
        ListedModel {
            manifest: self.manifest.clone(),
            file: self.file.clone(),
            golden: self.golden.clone(),
            is_off: self.is_off(),
        }
    }

    pub(super) fn is_off(&self) -> bool {
        self.file.is_some() && self.failures.load(Ordering::Relaxed) >= FAILURES
    }

    /// Counts failures in a row.
    fn watch<T>(&self, result: Result<T, CreditError>) -> Result<T, CreditError> {
        match &result {
            Ok(_) => self.failures.store(0, Ordering::Relaxed),
            Err(CreditError::ModelFailed { .. }) => {
                self.failures.fetch_add(1, Ordering::Relaxed);
                self.fitted.invalidate_all();
            }
            Err(_) => {}
        }
        result
    }

    fn failed(&self, error: ModelError) -> CreditError {
        let model = self.manifest.id.clone();
        match error {
            ModelError::BadParameter(bad) => CreditError::BadParameter { model, parameter: bad.parameter, reason: bad.reason },
            ModelError::Failed(reason) => CreditError::ModelFailed { model, opportunity: None, reason },
        }
    }
}

/// The model of a question with its parameters.
#[derive(Clone)]
pub struct Chosen {
    registered: Arc<Registered>,
    parameters: Parameters,
    choice: ModelChoice,
}

impl Chosen {
    /// # Errors
    /// A parameter that the model does not have, or of a wrong value.
    pub(super) fn new(registered: Arc<Registered>, choice: ModelChoice) -> Result<Self, CreditError> {
        let parameters = parameters(&registered.manifest, &choice.parameters)?;
        Ok(Self { registered, parameters, choice })
    }

    /// What the model says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.registered.manifest
    }

    /// The value of each of its parameters.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// How the question named it.
    pub fn choice(&self) -> &ModelChoice {
        &self.choice
    }

    /// The file it comes from; `None`: it comes with the server.
    pub fn file(&self) -> Option<&PluginFile> {
        self.registered.file.as_ref()
    }

    /// Itself, if its shares add up.
    ///
    /// # Errors
    /// It is a model of influence.
    pub fn additive(self) -> Result<Self, CreditError> {
        match self.manifest().additive {
            true => Ok(self),
            false => Err(CreditError::NotAdditive { model: self.registered.manifest.id.clone() }),
        }
    }

    /// Makes it ready to credit the opportunities of `snapshot`, learning from what was recorded up to `version` (`None`: all).
    /// Fitted once for the same parameters and, where it trains, the same data, also for those who ask at the same time.
    ///
    /// # Errors
    /// It cannot be fitted, or is off.
    pub fn ready(&self, snapshot: &Snapshot, version: Option<DataVersion>) -> Result<ReadyModel, CreditError> {
        let registered = &self.registered;
        if registered.is_off() {
            let reason = format!("it failed {FAILURES} times in a row and is off until its file is loaded again");
            return Err(CreditError::ModelFailed { model: registered.manifest.id.clone(), opportunity: None, reason });
        }
        let view = View { lens: self.choice.lens, origins: registered.manifest.origins };
        let version = version.filter(|version| *version < snapshot.data_version());
        let fitting = Fitting {
            parameters: self.parameters.values().iter().map(|(name, value)| format!("{name}={value};")).collect(),
            trained_on: (registered.manifest.passes > 0).then(|| (view.lens, snapshot.version_of(version))),
        };
        let fit = || {
            let training = Training { snapshot, view, version };
            let fitted = pipewright_plugin::fit(registered.model.as_ref(), &self.parameters, &training);
            fitted.map(Arc::from).map_err(|error| registered.failed(error))
        };
        // That a model can be fitted says nothing of whether it weighs: only a failure is counted here.
        let fitted = registered.fitted.try_get_with(fitting, fit);
        let fitted = fitted.or_else(|error| registered.watch(Err(Arc::unwrap_or_clone(error))))?;
        let credit = ModelCredit::new(registered.manifest.id.clone(), fitted, registered.manifest.additive, view);
        Ok(ReadyModel { registered: registered.clone(), credit })
    }

    /// Makes it ready on journeys that are not the company's own; that is not kept.
    ///
    /// # Errors
    /// It cannot be fitted.
    pub fn fit_on(&self, training: &dyn Journeys) -> Result<Box<dyn FittedModel>, CreditError> {
        let fitted = pipewright_plugin::fit(self.registered.model.as_ref(), &self.parameters, training);
        fitted.map_err(|error| self.registered.failed(error))
    }
}

/// A model ready to credit, whose failures are counted.
pub struct ReadyModel {
    registered: Arc<Registered>,
    credit: ModelCredit,
}

impl ReadyModel {
    /// To be asked for more than shares. What comes of it is to be shown to [`Self::watch`].
    pub fn credit(&self) -> &ModelCredit {
        &self.credit
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.registered.manifest.id
    }

    /// Counts a failure of this model, or that it did not fail.
    ///
    /// # Errors
    /// The result's own.
    pub fn watch<T>(&self, result: Result<T, CreditError>) -> Result<T, CreditError> {
        self.registered.watch(result)
    }
}

impl Credit for ReadyModel {
    fn weigh(&self, snapshot: &Snapshot, known: Known, opportunities: &[u32], out: &mut CreditShares) -> Result<(), CreditError> {
        self.watch(self.credit.weigh(snapshot, known, opportunities, out))
    }
}

/// The values of a question, as JSON texts, against what the model declares.
fn parameters(manifest: &Manifest, given: &[(String, String)]) -> Result<Parameters, CreditError> {
    let bad = |parameter: String, reason: String| CreditError::BadParameter { model: manifest.id.clone(), parameter, reason };
    let mut values = Vec::with_capacity(given.len());
    for (name, json) in given {
        match value(json) {
            Some(value) => values.push((name.clone(), value)),
            None => return Err(bad(name.clone(), "its value is neither a number nor a text".into())),
        }
    }
    Parameters::new(&manifest.parameters, values).map_err(|refused| bad(refused.parameter, refused.reason))
}

fn value(json: &str) -> Option<Value> {
    match serde_json::from_str(json).ok()? {
        serde_json::Value::Number(number) => number.as_i64().map(Value::Whole).or_else(|| number.as_f64().map(Value::Real)),
        serde_json::Value::String(text) => Some(Value::Choice(text)),
        _ => None,
    }
}
