//! Models by id, and models made ready to credit.

use super::built_in;
use super::folder::{Folder, PluginFile};
use arc_swap::ArcSwap;
use pipewright_core::attribution::{Credit, CreditError, CreditShares, Known, ModelCredit, Training, View};
use pipewright_core::facts::Snapshot;
use pipewright_core::ids::DataVersion;
use pipewright_core::matrix::{Lens, ModelChoice};
use pipewright_plugin::conformance;
use pipewright_plugin::{FittedModel, Journeys, Manifest, Model, ModelError, Parameters, Value};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// How many fitted models are kept; beyond it, all are let go.
const KEPT: usize = 256;

/// After so many failures in a row, a plug-in is off until its file is loaded again.
const FAILURES: u32 = 3;

/// Every model that can be asked for, by id: those that come with the server, and those of a folder, which may change while
/// questions are answered. A question keeps the models that it began with.
pub struct Registry {
    listing: ArcSwap<Listing>,
    folder: Option<Folder>,
    fitted: Mutex<HashMap<Fitting, Arc<dyn FittedModel>>>,
}

/// The models at one moment.
#[derive(Default)]
struct Listing {
    /// In the order in which people see them.
    models: Vec<Arc<Registered>>,
    refused: Vec<RefusedFile>,
}

struct Registered {
    manifest: Manifest,
    model: Box<dyn Model>,
    /// `None`: it comes with the server.
    file: Option<PluginFile>,
    /// Failures in a row.
    failures: AtomicU32,
}

impl Registered {
    fn new(model: Box<dyn Model>, file: Option<PluginFile>) -> Arc<Self> {
        Arc::new(Self { manifest: model.manifest(), model, file, failures: AtomicU32::new(0) })
    }

    fn listed(&self) -> ListedModel {
        ListedModel { manifest: self.manifest.clone(), file: self.file.clone(), is_off: self.is_off() }
    }

    fn is_off(&self) -> bool {
        self.file.is_some() && self.failures.load(Ordering::Relaxed) >= FAILURES
    }
}

/// A model, as people see it.
#[derive(Debug, Clone, PartialEq)]
pub struct ListedModel {
    /// What it says of itself.
    pub manifest: Manifest,
    /// The file it comes from; `None`: it comes with the server.
    pub file: Option<PluginFile>,
    /// Whether it failed three times in a row and is off until its file is loaded again.
    pub is_off: bool,
}

/// A file of the folder that is not let in, and why. An older version of it may still serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedFile {
    /// Which.
    pub file: PluginFile,
    /// What is wrong with it.
    pub reason: String,
}

/// What a fitted model depends on.
#[derive(PartialEq, Eq, Hash)]
struct Fitting {
    model: String,
    /// The SHA-256 of its file; `None`: it comes with the server.
    file: Option<String>,
    /// Every parameter with its value, in the order declared.
    parameters: String,
    /// What it was trained on; `None` for a model that does not train.
    trained_on: Option<(Lens, DataVersion)>,
}

impl Registry {
    /// The models that come with the server.
    pub fn built_in() -> Self {
        Self::new(None)
    }

    /// Those, and the models of a folder as it is now.
    pub fn with_folder(folder: Folder) -> Self {
        let registry = Self::new(Some(folder));
        registry.rescan();
        registry
    }

    fn new(folder: Option<Folder>) -> Self {
        let models = built_in::models().into_iter().map(|model| Registered::new(model, None)).collect();
        let listing = ArcSwap::from_pointee(Listing { models, refused: Vec::new() });
        Self { listing, folder, fitted: Mutex::default() }
    }

    /// The folder that plug-ins come from, if there is one.
    pub fn folder(&self) -> Option<&Folder> {
        self.folder.as_ref()
    }

    /// Looks at the folder again. A good file appears, a file that is gone disappears, and one that is broken changes nothing:
    /// what it held before goes on. Slow where components are compiled: not for a thread that answers requests.
    pub fn rescan(&self) {
        let Some(folder) = &self.folder else { return };
        let before = self.listing.load_full();
        let files = match folder.files() {
            Ok(files) => files,
            Err(error) => {
                tracing::warn!(folder = %folder.path().display(), %error, "the plug-ins cannot be looked at");
                return;
            }
        };
        let mut next =
            Listing { models: before.models.iter().filter(|own| own.file.is_none()).cloned().collect(), ..Listing::default() };
        for (file, bytes) in files {
            admit(folder, &before, &mut next, file, &bytes);
        }
        self.listing.store(Arc::new(next));
    }

    /// Each model, in the order in which people see them.
    pub fn listed(&self) -> Vec<ListedModel> {
        self.listing.load().models.iter().map(|own| own.listed()).collect()
    }

    /// The files of the folder that are not let in.
    pub fn refused(&self) -> Vec<RefusedFile> {
        self.listing.load().refused.clone()
    }

    /// What each model says of itself, in the order in which people see them.
    pub fn manifests(&self) -> Vec<Manifest> {
        self.listing.load().models.iter().map(|registered| registered.manifest.clone()).collect()
    }

    /// The model of `choice`, ready to credit the opportunities of `snapshot`. Fitted once for the same parameters and, where
    /// it trains, the same data.
    ///
    /// # Errors
    /// No such model; a parameter it does not have, or of a wrong value; a model that cannot be fitted, or is off.
    pub fn credit(&self, choice: &ModelChoice, snapshot: &Arc<Snapshot>) -> Result<Arc<dyn Credit + Send + Sync>, CreditError> {
        let (registered, inner) = self.ready(choice, snapshot, None)?;
        Ok(Arc::new(Watched { inner, registered }))
    }

    /// As [`Self::credit`], to be asked also where each weight came from; its failures are counted by [`Self::watch`].
    ///
    /// # Errors
    /// As [`Self::credit`].
    pub fn model(&self, choice: &ModelChoice, snapshot: &Arc<Snapshot>) -> Result<Arc<ModelCredit>, CreditError> {
        Ok(Arc::new(self.ready(choice, snapshot, None)?.1))
    }

    /// As [`Self::model`], fitted to what was recorded up to `version`, and which model that is.
    ///
    /// # Errors
    /// As [`Self::credit`].
    pub fn model_as_recorded(
        &self,
        choice: &ModelChoice,
        snapshot: &Arc<Snapshot>,
        version: DataVersion,
    ) -> Result<(ListedModel, Arc<ModelCredit>), CreditError> {
        let (registered, credit) = self.ready(choice, snapshot, Some(version))?;
        Ok((registered.listed(), Arc::new(credit)))
    }

    /// Counts a failure of a model that [`Self::model`] gave, or that it did not fail.
    ///
    /// # Errors
    /// The result's own.
    pub fn watch<T>(&self, model: &str, result: Result<T, CreditError>) -> Result<T, CreditError> {
        match self.find(model) {
            Ok(registered) => registered.watched(result),
            Err(_) => result,
        }
    }

    fn ready(
        &self,
        choice: &ModelChoice,
        snapshot: &Arc<Snapshot>,
        version: Option<DataVersion>,
    ) -> Result<(Arc<Registered>, ModelCredit), CreditError> {
        let registered = self.find(&choice.model)?;
        let parameters = parameters(&registered.manifest, &choice.parameters)?;
        if registered.is_off() {
            let reason = format!("it failed {FAILURES} times in a row and is off until its file is loaded again");
            return Err(CreditError::ModelFailed { model: choice.model.clone(), opportunity: None, reason });
        }
        let view = View { lens: choice.lens, origins: registered.manifest.origins };
        let version = version.filter(|version| *version < snapshot.data_version());
        let fitted = registered.watched(self.fitted(&registered, &parameters, choice.lens, snapshot, version))?;
        let credit = ModelCredit::new(choice.model.clone(), fitted, registered.manifest.additive, view);
        Ok((registered, credit))
    }

    /// What the model of `choice` says of itself, and the value of each of its parameters.
    ///
    /// # Errors
    /// No such model; a parameter it does not have, or of a wrong value.
    pub fn resolve(&self, choice: &ModelChoice) -> Result<(Manifest, Parameters), CreditError> {
        let registered = self.find(&choice.model)?;
        Ok((registered.manifest.clone(), parameters(&registered.manifest, &choice.parameters)?))
    }

    /// A model made ready on journeys that are not the company's own, with what it says of itself and all its parameters. It is
    /// not kept.
    ///
    /// # Errors
    /// No such model; a parameter it does not have, or of a wrong value; a model that cannot be fitted.
    pub fn fit_on(
        &self,
        model: &str,
        given: &[(String, String)],
        training: &dyn Journeys,
    ) -> Result<(Manifest, Parameters, Box<dyn FittedModel>), CreditError> {
        let registered = self.find(model)?;
        let parameters = parameters(&registered.manifest, given)?;
        let fitted = pipewright_plugin::fit(registered.model.as_ref(), &parameters, training);
        let fitted = fitted.map_err(|error| failure(&registered.manifest.id, error))?;
        Ok((registered.manifest.clone(), parameters, fitted))
    }

    /// What a model gives each touchpoint of the journey that every model is held to, with default parameters; `None`: nobody
    /// earns anything of it. A model that learns has learnt from nothing else.
    ///
    /// # Errors
    /// No such model, or it failed.
    pub fn on_golden(&self, model: &str) -> Result<Option<Vec<f64>>, CreditError> {
        let registered = self.find(model)?;
        conformance::weigh_one(registered.model.as_ref(), &[], conformance::golden()).map_err(|error| failure(model, error))
    }

    /// Whether `choice` names a model whose credit adds up and parameters that fit it, without making it ready.
    ///
    /// # Errors
    /// No such model; one of influence; a parameter it does not have, or of a wrong value.
    pub fn validate(&self, choice: &ModelChoice) -> Result<(), CreditError> {
        let registered = self.find(&choice.model)?;
        let manifest = &registered.manifest;
        if !manifest.additive {
            return Err(CreditError::NotAdditive { model: manifest.id.clone() });
        }
        parameters(manifest, &choice.parameters).map(|_| ())
    }

    /// The SHA-256 of the file that a model comes from; `None` where it comes with the server, or there is none of that id.
    pub fn file_of(&self, model: &str) -> Option<String> {
        self.find(model).ok()?.file.as_ref().map(|file| file.sha256.clone())
    }

    fn find(&self, id: &str) -> Result<Arc<Registered>, CreditError> {
        let found = self.listing.load().models.iter().find(|registered| registered.manifest.id == id).cloned();
        found.ok_or_else(|| CreditError::UnknownModel { model: id.chars().take(80).collect() })
    }

    fn fitted(
        &self,
        registered: &Registered,
        parameters: &Parameters,
        lens: Lens,
        snapshot: &Snapshot,
        version: Option<DataVersion>,
    ) -> Result<Arc<dyn FittedModel>, CreditError> {
        let Manifest { id, passes, origins, .. } = &registered.manifest;
        let fitting = Fitting {
            model: id.clone(),
            file: registered.file.as_ref().map(|file| file.sha256.clone()),
            parameters: parameters.values().iter().map(|(name, value)| format!("{name}={value};")).collect(),
            trained_on: (*passes > 0).then(|| (lens, version.unwrap_or_else(|| snapshot.data_version()))),
        };
        // A fitted model is whole before it is put in, so a panic elsewhere leaves nothing half behind.
        if let Some(fitted) = self.fitted.lock().unwrap_or_else(PoisonError::into_inner).get(&fitting) {
            return Ok(fitted.clone());
        }
        let training = Training { snapshot, view: View { lens, origins: *origins }, version };
        let fitted =
            pipewright_plugin::fit(registered.model.as_ref(), parameters, &training).map_err(|error| failure(id, error))?;
        let fitted: Arc<dyn FittedModel> = Arc::from(fitted);
        let mut kept = self.fitted.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(fitting, fitted.clone());
        Ok(fitted)
    }
}

/// Lets a file in: as it was before where it did not change, else when it is good, else as it was before it was broken.
fn admit(folder: &Folder, before: &Listing, next: &mut Listing, file: PluginFile, bytes: &[u8]) {
    let older = before.models.iter().find(|own| own.file.as_ref().is_some_and(|own| own.name == file.name));
    if let Some(same) = older.filter(|own| own.file.as_ref() == Some(&file) && !own.is_off()) {
        return next.models.push(same.clone());
    }
    let known = before.refused.iter().find(|refused| refused.file == file);
    let loaded = match known {
        Some(refused) => Err(refused.reason.clone()),
        None => folder.load(&file, bytes),
    };
    let loaded = loaded.and_then(|model| {
        let id = model.manifest().id;
        match next.models.iter().find(|own| own.manifest.id == id) {
            Some(taken) => Err(format!(
                "its id '{id}' is that of {}",
                taken.file.as_ref().map_or("a model that comes with the server", |own| &own.name)
            )),
            None => Ok(model),
        }
    });
    match loaded {
        Ok(model) => {
            tracing::info!(file = file.name, model = model.manifest().id, "a plug-in is let in");
            next.models.push(Registered::new(model, Some(file)));
        }
        Err(reason) => {
            if known.is_none() {
                tracing::warn!(file = file.name, reason, "a plug-in is not let in");
            }
            let taken = |older: &Arc<Registered>| next.models.iter().any(|own| own.manifest.id == older.manifest.id);
            next.models.extend(older.filter(|older| !taken(older)).cloned());
            next.refused.push(RefusedFile { file, reason });
        }
    }
}

impl Registered {
    /// Counts failures in a row.
    fn watched<T>(&self, result: Result<T, CreditError>) -> Result<T, CreditError> {
        match &result {
            Ok(_) => self.failures.store(0, Ordering::Relaxed),
            Err(CreditError::ModelFailed { .. }) => {
                self.failures.fetch_add(1, Ordering::Relaxed);
            }
            Err(_) => {}
        }
        result
    }
}

/// A model whose failures are counted.
struct Watched {
    inner: ModelCredit,
    registered: Arc<Registered>,
}

impl Credit for Watched {
    fn weigh(&self, snapshot: &Snapshot, known: Known, opportunities: &[u32], out: &mut CreditShares) -> Result<(), CreditError> {
        self.registered.watched(self.inner.weigh(snapshot, known, opportunities, out))
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

fn failure(model: &str, error: ModelError) -> CreditError {
    match error {
        ModelError::BadParameter(bad) => {
            CreditError::BadParameter { model: model.into(), parameter: bad.parameter, reason: bad.reason }
        }
        ModelError::Failed(reason) => CreditError::ModelFailed { model: model.into(), opportunity: None, reason },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use chrono::{DateTime, NaiveDate, TimeDelta};
    use pipewright_core::calendar::{Calendar, YearPattern};
    use pipewright_core::campaign::Channel;
    use pipewright_core::catalog::ForecastCategory;
    use pipewright_core::currency::CurrencyCode;
    use pipewright_core::facts::{Builder, OpportunityFact, Settings, VersionFact};
    use pipewright_core::ids::{AccountId, OpportunityId, StageId, TouchpointId};
    use pipewright_core::rep::Role;
    use pipewright_core::touchpoint::{Source, Touchpoint, TouchpointKind};
    use std::collections::BTreeSet;

    fn choice(model: &str, parameters: &[(&str, &str)]) -> ModelChoice {
        let parameters = parameters.iter().map(|(name, json)| ((*name).to_string(), (*json).to_string())).collect();
        ModelChoice { model: model.into(), parameters, lens: Lens::All }
    }

    #[test]
    fn every_built_in_model_passes_the_conformance_check_under_an_id_of_its_own() {
        let registry = Registry::built_in();
        let ids: BTreeSet<String> = registry.manifests().into_iter().map(|manifest| manifest.id).collect();
        let listing = registry.listing.load();
        assert_eq!(ids.len(), listing.models.len());
        for registered in &listing.models {
            assert_eq!(conformance::check(registered.model.as_ref()), Ok(()), "{}", registered.manifest.id);
        }
    }

    #[test]
    fn the_model_that_configuration_names_by_default_is_registered() {
        let shipped = crate::config::Config::default().attribution.default_model;
        assert_eq!(Registry::built_in().validate(&choice(&shipped, &[])), Ok(()));
    }

    #[test]
    fn a_choice_that_cannot_be_is_refused_by_name() {
        let cases = [
            (choice("markow", &[]), "no attribution model is called 'markow'"),
            (
                choice("influence", &[]),
                "model 'influence' counts the same amount for several sources, so its rows would not add up: choose a model that \
                 shares it out",
            ),
            (
                choice("linear", &[("unit", "\"person\"")]),
                "parameter 'unit' of model 'linear': \"person\" is none of touch, source",
            ),
            (choice("linear", &[("unit", "[]")]), "parameter 'unit' of model 'linear': its value is neither a number nor a text"),
            (
                choice("sourced-by", &[("window_days", "-1")]),
                "parameter 'window_days' of model 'sourced-by': -1 is no whole number from 0 to 3650",
            ),
            (
                choice("first-touch", &[("window_days", "1")]),
                "parameter 'window_days' of model 'first-touch': the model has no parameters",
            ),
        ];
        let registry = Registry::built_in();
        for (choice, expected) in cases {
            assert_eq!(registry.validate(&choice).unwrap_err().to_string(), expected);
        }
        assert_eq!(registry.validate(&choice("linear", &[("unit", "\"source\"")])), Ok(()));
    }

    /// One opportunity, created on day 100, its lead source an AE's; responses of ABM on day 98 and of EVENTS on day 99.
    fn snapshot() -> Arc<Snapshot> {
        let day = |day| DateTime::UNIX_EPOCH + TimeDelta::days(day);
        let mut builder = Builder::new(Settings {
            calendar: Calendar {
                first_month: 2,
                pattern: YearPattern::Calendar,
                time_zone: chrono_tz::Tz::UTC,
                holidays: BTreeSet::new(),
            },
            reporting_currency: CurrencyCode::USD,
            entry_stage: None,
            green_from: 1.0,
            yellow_from: 0.85,
            column_thresholds: std::collections::BTreeMap::new(),
            look_back_days: 365,
        });
        let account = Some(AccountId::derived("test", "1"));
        let opportunity = OpportunityFact {
            id: OpportunityId::derived("test", "1"),
            account,
            created_at_ms: day(100).timestamp_millis(),
            created_by: None,
            lead_source_maps_to: Some(Source::Role(Role::Ae)),
        };
        let version = VersionFact {
            valid_from_ms: day(100).timestamp_millis(),
            sequence: 0,
            recorded: DataVersion(1),
            stage: StageId::derived("test", "open"),
            forecast_category: ForecastCategory::Pipeline,
            close_date: NaiveDate::from_ymd_opt(1970, 12, 31).unwrap(),
            currency: CurrencyCode::USD,
            acv_minor: Some(1),
            owner: None,
            region: None,
            segment: None,
            opportunity_type: None,
            campaign: None,
            line_set: None,
            is_deleted: false,
        };
        builder.opportunity(opportunity, &[version]);
        for (at, channel) in [(day(98), Channel::Abm), (day(99), Channel::Events)] {
            builder.touchpoint(&Touchpoint {
                id: TouchpointId::derived("test", &at.to_string()),
                external_id: None,
                at,
                kind: TouchpointKind::Response,
                channel: Some(channel),
                rep: None,
                campaign: None,
                contact: None,
                lead: None,
                account,
                opportunity: None,
                recorded: DataVersion(1),
            });
        }
        Arc::new(builder.finish(DataVersion(1)))
    }

    #[test]
    fn a_registered_model_credits_the_opportunities_of_a_snapshot() {
        let (registry, snapshot) = (Registry::built_in(), snapshot());
        let weighed = |choice: &ModelChoice| {
            let mut out = CreditShares::default();
            let known = Known { at_ms: i64::MAX, version: None };
            registry.credit(choice, &snapshot).unwrap().weigh(&snapshot, known, &[0], &mut out).unwrap();
            let (sources, weights) = out.entry(0);
            sources.iter().map(|code| Source::from_code(*code).unwrap()).zip(weights.iter().copied()).collect::<Vec<_>>()
        };
        let (abm, events) = (Source::Channel(Channel::Abm), Source::Channel(Channel::Events));
        let cases = [
            (choice("first-touch", &[]), vec![(abm, 1.0), (events, 0.0)]),
            (choice("last-touch", &[]), vec![(abm, 0.0), (events, 1.0)]),
            (choice("linear", &[]), vec![(abm, 0.5), (events, 0.5)]),
            (choice("linear", &[("unit", "\"source\"")]), vec![(abm, 0.5), (events, 0.5)]),
            // Origins are shown to the one model that asks for them.
            (choice("sourced-by", &[]), vec![(abm, 0.0), (events, 0.0), (Source::Role(Role::Ae), 1.0)]),
            (ModelChoice { lens: Lens::Channels, ..choice("sourced-by", &[]) }, vec![]),
        ];
        for (choice, expected) in &cases {
            assert_eq!(&weighed(choice), expected, "{choice:?}");
            assert_eq!(&weighed(choice), expected, "asked again: {choice:?}");
        }
        // One for each model and its parameters; a lens makes no other where nothing is learnt.
        assert_eq!(registry.fitted.lock().unwrap().len(), 5);
    }
}
