//! Which models there are, by id.

use super::built_in;
use super::chosen::{Chosen, Registered};
use super::folder::{Folder, PluginFile, Unfit};
use arc_swap::ArcSwap;
use pipewright_core::attribution::CreditError;
use pipewright_core::matrix::ModelChoice;
use pipewright_plugin::Manifest;
use std::sync::Arc;
use uuid::Uuid;

/// Every model that can be asked for, by id: those that come with the server, and those of a folder, which may change while
/// questions are answered. A question keeps the models that it began with.
pub struct Registry {
    listing: ArcSwap<Listing>,
    folder: Option<Folder>,
    /// What runs that were started here began with.
    kept: moka::sync::Cache<Uuid, Chosen>,
}

/// How many runs' models are kept.
const KEPT_RUNS: u64 = 256;

/// The models at one moment.
#[derive(Default)]
struct Listing {
    /// In the order in which people see them: the built-in ones, then by file.
    models: Vec<Arc<Registered>>,
    refused: Vec<RefusedFile>,
}

/// A model, as people see it.
#[derive(Debug, Clone, PartialEq)]
pub struct ListedModel {
    /// What it says of itself.
    pub manifest: Manifest,
    /// The file it comes from; `None`: it comes with the server.
    pub file: Option<PluginFile>,
    /// What it gives each touchpoint of the journey that every model is held to, with default parameters; `None`: nobody earns
    /// anything of it. A model that learns has learnt from nothing else.
    pub golden: Option<Vec<f64>>,
    /// Whether it failed three times in a row and is off until its file is loaded again.
    pub is_off: bool,
}

/// A file of the folder that is not let in, and why. An older version of it may still serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedFile {
    /// Which.
    pub file: PluginFile,
    /// What is wrong with it.
    pub reason: Unfit,
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
        Self {
            listing: ArcSwap::from_pointee(Listing { models, refused: Vec::new() }),
            folder,
            kept: moka::sync::Cache::new(KEPT_RUNS),
        }
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
        let mut files = match folder.files() {
            Ok(files) => files,
            Err(error) => {
                tracing::warn!(folder = %folder.path().display(), %error, "the plug-ins cannot be looked at");
                return;
            }
        };
        // What serves keeps its id: a newcomer cannot take it by a name that comes first.
        files.sort_by_key(|(file, _)| before.unchanged(file).is_none());
        let mut next =
            Listing { models: before.models.iter().filter(|own| own.file.is_none()).cloned().collect(), ..Listing::default() };
        for (file, bytes) in files {
            next.admit(folder, &before, file, &bytes);
        }
        next.models.sort_by(|one, other| one.file_name().cmp(&other.file_name()));
        next.refused.sort_by(|one, other| one.file.name.cmp(&other.file.name));
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

    /// The model of a question. It is that one for the question's whole life, also when its file changes meanwhile.
    ///
    /// # Errors
    /// No such model; a parameter it does not have, or of a wrong value.
    pub fn choose(&self, choice: ModelChoice) -> Result<Chosen, CreditError> {
        let found = self.listing.load().models.iter().find(|registered| registered.manifest.id == choice.model).cloned();
        let found = found.ok_or_else(|| CreditError::UnknownModel { model: choice.model.chars().take(80).collect() })?;
        Chosen::new(found, choice)
    }

    /// Keeps the model that a run began with until [`Self::forget`]: its file may change before the run's turn comes.
    pub fn keep(&self, run: Uuid, model: Chosen) {
        self.kept.insert(run, model);
    }

    /// The model that a run began with; `None` where it was started elsewhere, or is over.
    pub fn kept(&self, run: Uuid) -> Option<Chosen> {
        self.kept.get(&run)
    }

    /// The run is over, or another server's.
    pub fn forget(&self, run: Uuid) {
        self.kept.invalidate(&run);
    }
}

impl Registered {
    fn file_name(&self) -> Option<&str> {
        self.file.as_ref().map(|file| file.name.as_str())
    }
}

impl Listing {
    /// The model that a file made before, if it is as it was and serves.
    fn unchanged(&self, file: &PluginFile) -> Option<&Arc<Registered>> {
        self.models.iter().find(|own| own.file.as_ref() == Some(file) && !own.is_off())
    }

    fn of_id(&self, id: &str) -> Option<&Arc<Registered>> {
        self.models.iter().find(|own| own.manifest.id == id)
    }

    /// Lets a file in: as it was before where it did not change, else when it is good, else as it was before it was broken.
    fn admit(&mut self, folder: &Folder, before: &Self, file: PluginFile, bytes: &[u8]) {
        if let Some(same) = before.unchanged(&file) {
            return self.models.push(same.clone());
        }
        let known = before.refused.iter().find(|refused| refused.file == file).map(|refused| &refused.reason);
        let loaded = match known {
            Some(reason @ Unfit::Always(_)) => Err(reason.clone()),
            Some(Unfit::Now(_)) | None => folder.load(&file, bytes),
        };
        let loaded = loaded.and_then(|model| match self.of_id(&model.manifest().id) {
            Some(taken) => {
                let whose = taken.file_name().unwrap_or("a model that comes with the server");
                Err(Unfit::Now(format!("its id '{}' is that of {whose}", taken.manifest.id)))
            }
            None => Ok(model),
        });
        match loaded {
            Ok(model) => {
                tracing::info!(file = file.name, model = model.manifest().id, "a plug-in is let in");
                self.models.push(Registered::new(model, Some(file)));
            }
            Err(reason) => {
                if known != Some(&reason) {
                    tracing::warn!(file = file.name, %reason, "a plug-in is not let in");
                }
                let older = before.models.iter().find(|own| own.file_name() == Some(&file.name));
                self.models.extend(older.filter(|older| self.of_id(&older.manifest.id).is_none()).cloned());
                self.refused.push(RefusedFile { file, reason });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use chrono::{DateTime, NaiveDate, TimeDelta};
    use pipewright_core::attribution::{Credit, CreditShares, Known};
    use pipewright_core::calendar::{Calendar, YearPattern};
    use pipewright_core::campaign::Channel;
    use pipewright_core::catalog::ForecastCategory;
    use pipewright_core::currency::CurrencyCode;
    use pipewright_core::facts::Snapshot;
    use pipewright_core::facts::{Builder, OpportunityFact, Settings, VersionFact};
    use pipewright_core::ids::DataVersion;
    use pipewright_core::ids::{AccountId, OpportunityId, StageId, TouchpointId};
    use pipewright_core::matrix::Lens;
    use pipewright_core::rep::Role;
    use pipewright_core::touchpoint::{Source, Touchpoint, TouchpointKind};
    use pipewright_plugin::conformance;
    use std::collections::BTreeSet;

    fn choice(model: &str, parameters: &[(&str, &str)]) -> ModelChoice {
        let parameters = parameters.iter().map(|(name, json)| ((*name).to_string(), (*json).to_string())).collect();
        ModelChoice { model: model.into(), parameters, lens: Lens::All }
    }

    #[test]
    fn every_built_in_model_passes_the_conformance_check_under_an_id_of_its_own() {
        let registry = Registry::built_in();
        let ids: BTreeSet<String> = registry.manifests().into_iter().map(|manifest| manifest.id).collect();
        let models = built_in::models();
        assert_eq!(ids.len(), models.len());
        for model in models {
            assert_eq!(conformance::check(model.as_ref()), Ok(()), "{}", model.manifest().id);
        }
    }

    #[test]
    fn the_model_that_configuration_names_by_default_is_registered() {
        let shipped = crate::config::Config::default().attribution.default_model;
        assert!(Registry::built_in().choose(choice(&shipped, &[])).and_then(Chosen::additive).is_ok());
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
            let refused = registry.choose(choice).and_then(Chosen::additive).err().unwrap();
            assert_eq!(refused.to_string(), expected);
        }
        assert!(registry.choose(choice("linear", &[("unit", "\"source\"")])).is_ok());
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
            journeys: pipewright_core::attribution::JourneyRules::default(),
            hygiene: Default::default(),
        });
        let account = Some(AccountId::derived("test", "1"));
        let opportunity = OpportunityFact {
            id: OpportunityId::derived("test", "1"),
            account,
            created_at_ms: day(100).timestamp_millis(),
            created_by: None,
            lead_source_maps_to: Some(Source::Role(Role::Ae)),
            last_activity_on: None,
            has_contact_role: true,
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
            has_next_step: true,
            has_amount: true,
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
            let ready = registry.choose(choice.clone()).unwrap().ready(&snapshot, None).unwrap();
            ready.weigh(&snapshot, known, &[0], &mut out).unwrap();
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
    }
}
