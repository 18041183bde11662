//! Attribution of a plain file of journeys: no database, no dates, and nothing of the company is read, so there is no viewer.

use crate::intake::paths::{Paths, PathsError, Totals};
use crate::plugins::Registry;
use pipewright_core::attribution::CreditError;
use pipewright_core::matrix::{Lens, ModelChoice};
use pipewright_plugin::{
    FittedModel, Journey, Journeys, Kind, Manifest, ModelError, Outcome, Positions, Remarks, Source, Step, Touch, Transition,
    Value, Weights,
};
use std::path::{Path, PathBuf};

/// The most journeys that a model is shown at once, and the most touchpoints; a longer path is shown alone.
const BATCH: (usize, usize) = (1_024, 200_000);

/// Whose credit nobody has.
const UNATTRIBUTED: &str = "(unattributed)";

/// What is asked.
#[derive(Debug, Clone)]
pub struct PathsRequest {
    /// The file.
    pub file: PathBuf,
    /// The model's id.
    pub model: String,
    /// Names with their values as JSON texts.
    pub parameters: Vec<(String, String)>,
    /// Credits journey by journey also where the model has one share of each source for all of them.
    pub per_journey: bool,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum PathsRefused {
    /// The file cannot be read.
    #[error("{file}: {source}")]
    File {
        /// Which.
        file: String,
        /// Why.
        source: PathsError,
    },
    /// No model has that id.
    #[error("no attribution model is called '{model}'; for a file of journeys there are {able}")]
    UnknownModel {
        /// The id.
        model: String,
        /// The ids of those that need no dates.
        able: String,
    },
    /// The model looks at more than a file of paths has.
    #[error(
        "model '{model}' needs dates, kinds or origins of touchpoints, which a file of journeys does not have; there are {able}"
    )]
    NeedsMore {
        /// The id.
        model: String,
        /// The ids of those that need no dates.
        able: String,
    },
    /// A parameter cannot be what was asked.
    #[error(transparent)]
    Parameter(CreditError),
    /// The model failed, or broke its contract.
    #[error("model '{model}': {reason}")]
    Failed {
        /// The id.
        model: String,
        /// What happened.
        reason: String,
    },
}

/// Who earned what.
#[derive(Debug)]
pub struct PathsCredit {
    /// The model.
    pub manifest: Manifest,
    /// Every parameter with its value, in the order declared.
    pub parameters: Vec<(String, Value)>,
    /// The names of the model's own figures, such as `removal_effect`.
    pub figures: Vec<String>,
    /// In order of name; what nobody earned stands last, as `(unattributed)`, where there is any.
    pub sources: Vec<SourceCredit>,
    /// From the last few steps, to what, with which probability; empty for a model without such a matrix.
    pub transitions: Vec<(Vec<String>, String, f64)>,
    /// What a reader should know.
    pub remarks: Remarks,
    /// All conversions in the file, and all their value.
    pub total: [f64; 2],
}

/// What one source earned.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceCredit {
    /// As the file has it.
    pub source: String,
    /// Of all conversions.
    pub conversions: f64,
    /// Of all their value.
    pub value: f64,
    /// In the order of the figures' names.
    pub figures: Vec<f64>,
}

/// Credits the sources of a file of journeys.
///
/// # Errors
/// The file cannot be read; there is no such model, or none for such a file; the model failed.
pub fn attribute(models: &Registry, request: &PathsRequest) -> Result<PathsCredit, PathsRefused> {
    allow(models, &request.model)?;
    let paths = read(&request.file)?;
    let choice = ModelChoice { model: request.model.clone(), parameters: request.parameters.clone(), lens: Lens::All };
    let model = models.choose(choice).map_err(|error| refused(&request.model, error))?;
    let fitted = model.fit_on(&Training(&paths)).map_err(|error| refused(&request.model, error))?;
    let (manifest, parameters) = (model.manifest().clone(), model.parameters());
    let findings = fitted.findings();
    let mut credit = Credit::new(paths.names().len());
    match findings.shares.is_empty() || request.per_journey {
        true => credit.by_journey(&paths, fitted.as_ref(), manifest.additive).map_err(|reason| failed(&request.model, reason))?,
        false => credit.by_share(&paths, &findings.shares),
    }
    let name = |source: &Source| paths.names()[usize::from(source.code())].clone();
    let mut sources: Vec<SourceCredit> = (paths.names().iter().zip(&credit.by_source).enumerate())
        .map(|(code, (name, [conversions, value]))| SourceCredit {
            source: name.clone(),
            conversions: conversions.total(),
            value: value.total(),
            figures: findings.figures.iter().map(|figure| figure_of(&figure.values, code)).collect(),
        })
        .collect();
    sources.sort_by(|one, other| one.source.cmp(&other.source));
    let [conversions, value] = credit.unattributed.each_ref().map(Sum::total);
    if conversions != 0.0 || value != 0.0 {
        let figures = vec![0.0; findings.figures.len()];
        sources.push(SourceCredit { source: UNATTRIBUTED.into(), conversions, value, figures });
    }
    Ok(PathsCredit {
        manifest,
        parameters: parameters.values().to_vec(),
        figures: findings.figures.iter().map(|figure| figure.name.clone()).collect(),
        sources,
        transitions: findings.transitions.iter().map(|transition| named(transition, &name)).collect(),
        remarks: findings.remarks.with(credit.remarks),
        total: total(&paths).map(|sum| sum.total()),
    })
}

fn allow(models: &Registry, id: &str) -> Result<(), PathsRefused> {
    let manifests = models.manifests();
    let able = || {
        let ids: Vec<&str> = manifests.iter().filter(|manifest| manifest.paths).map(|manifest| manifest.id.as_str()).collect();
        ids.join(", ")
    };
    match manifests.iter().find(|manifest| manifest.id == id) {
        None => Err(PathsRefused::UnknownModel { model: id.chars().take(80).collect(), able: able() }),
        Some(manifest) if !manifest.paths => Err(PathsRefused::NeedsMore { model: id.to_owned(), able: able() }),
        Some(_) => Ok(()),
    }
}

fn read(file: &Path) -> Result<Paths, PathsRefused> {
    let refused = |source| PathsRefused::File { file: file.display().to_string(), source };
    let opened = std::fs::File::open(file).map_err(|error| refused(error.into()))?;
    Paths::read(opened).map_err(refused)
}

fn refused(model: &str, error: CreditError) -> PathsRefused {
    match error {
        CreditError::ModelFailed { reason, .. } => failed(model, reason),
        other => PathsRefused::Parameter(other),
    }
}

fn failed(model: &str, reason: String) -> PathsRefused {
    PathsRefused::Failed { model: model.to_owned(), reason }
}

/// 0 where the model has no figure of a source: the file has it only on rows that count for nothing.
fn figure_of(values: &[(Source, f64)], code: usize) -> f64 {
    let found = values.binary_search_by_key(&code, |(source, _)| usize::from(source.code()));
    found.map_or(0.0, |place| values[place].1)
}

fn named(transition: &Transition, name: &impl Fn(&Source) -> String) -> (Vec<String>, String, f64) {
    let step = |step: &Step| match step {
        Step::Start => "(start)".to_owned(),
        Step::At(source) => name(source),
        Step::Conversion => "(conversion)".to_owned(),
        Step::Null => "(null)".to_owned(),
    };
    (transition.from.iter().map(step).collect(), step(&transition.to), transition.probability)
}

fn total(paths: &Paths) -> [Sum; 2] {
    let mut total = [Sum::default(); 2];
    for (_, totals) in paths.iter() {
        total[0].add(totals.conversions);
        total[1].add(totals.value);
    }
    total
}

/// What models learn from: each path as often as it was won, and as often as it was lost.
struct Training<'a>(&'a Paths);

impl Journeys for Training<'_> {
    fn each_batch(&self, visit: &mut dyn FnMut(&[Journey<'_>]) -> Result<(), ModelError>) -> Result<(), ModelError> {
        let mut batch = Batch::default();
        for (steps, totals) in self.0.iter() {
            let ended = [(Outcome::Won, totals.conversions), (Outcome::Lost, totals.null)];
            let ended = ended.into_iter().filter(|(_, repeats)| *repeats > 0.0);
            if batch.is_full_for(steps) {
                batch.show(&mut *visit)?;
            }
            batch.push(steps, ended);
        }
        batch.show(visit)
    }
}

/// Paths on their way to a model, as journeys. Memory is used again.
#[derive(Default)]
struct Batch {
    touches: Vec<Touch>,
    /// From where to where the touchpoints of each journey go, how it ended, and how often.
    journeys: Vec<(usize, usize, Outcome, f64)>,
}

impl Batch {
    fn push(&mut self, steps: &[u16], ended: impl Iterator<Item = (Outcome, f64)>) {
        let (start, end) = (self.touches.len(), self.touches.len() + steps.len());
        let known = self.journeys.len();
        self.journeys.extend(ended.map(|(outcome, repeats)| (start, end, outcome, repeats)));
        if self.journeys.len() > known {
            let last = steps.len() - 1;
            self.touches.extend(steps.iter().enumerate().map(|(place, code)| touch(place, last, *code)));
        }
    }

    /// Whether a path must wait for the next batch.
    fn is_full_for(&self, steps: &[u16]) -> bool {
        // A path that was won and lost is two journeys.
        self.journeys.len() + 2 > BATCH.0 || self.touches.len() + steps.len() > BATCH.1
    }

    /// Shows what there is, and empties.
    fn show<E>(&mut self, visit: impl FnOnce(&[Journey<'_>]) -> Result<(), E>) -> Result<(), E> {
        if self.journeys.is_empty() {
            return Ok(());
        }
        let journey = |(start, end, outcome, repeats): &(usize, usize, Outcome, f64)| Journey {
            touches: &self.touches[*start..*end],
            created_at_ms: 0,
            closed_at_ms: Some((end - start) as i64),
            as_of_ms: (end - start) as i64,
            outcome: *outcome,
            reached: Positions::FIRST.with(Positions::CLOSED),
            repeats: *repeats,
        };
        let journeys: Vec<Journey<'_>> = self.journeys.iter().map(journey).collect();
        let answered = visit(&journeys);
        self.touches.clear();
        self.journeys.clear();
        answered
    }
}

/// What is known of a step: its place and its source. Instants only say the order.
fn touch(place: usize, last: usize, code: u16) -> Touch {
    let first = if place == 0 { Positions::FIRST } else { Positions::NONE };
    let closed = if place == last { Positions::CLOSED } else { Positions::NONE };
    let positions = if place > 0 && place < last { Positions::MIDDLE } else { first.with(closed) };
    Touch { at_ms: place as i64, source: Source::new(code), kind: Kind::Response, positions, share_millionths: 0 }
}

/// Conversions and value by the code of their source.
struct Credit {
    by_source: Vec<[Sum; 2]>,
    unattributed: [Sum; 2],
    remarks: Remarks,
}

impl Credit {
    fn new(sources: usize) -> Self {
        Self { by_source: vec![[Sum::default(); 2]; sources], unattributed: [Sum::default(); 2], remarks: Remarks::NONE }
    }

    /// The same share of all for every source, whatever its journeys.
    fn by_share(&mut self, paths: &Paths, shares: &[(Source, f64)]) {
        let total = total(paths).map(|sum| sum.total());
        for (source, share) in shares {
            let earned = &mut self.by_source[usize::from(source.code())];
            earned.iter_mut().zip(total).for_each(|(sum, total)| sum.add(share * total));
        }
    }

    /// Each path by its own weights. The error is the model's failure, or its breach of the contract.
    fn by_journey(&mut self, paths: &Paths, fitted: &dyn FittedModel, is_additive: bool) -> Result<(), String> {
        let (mut batch, mut worth, mut weights) = (Batch::default(), Vec::new(), Weights::default());
        for (steps, totals) in paths.iter().filter(|(_, totals)| totals.conversions != 0.0 || totals.value != 0.0) {
            if batch.is_full_for(steps) {
                batch.show(|journeys| self.add(journeys, &worth, fitted, is_additive, &mut weights))?;
                worth.clear();
            }
            batch.push(steps, std::iter::once((Outcome::Won, repeats(totals))));
            worth.push([totals.conversions, totals.value]);
        }
        batch.show(|journeys| self.add(journeys, &worth, fitted, is_additive, &mut weights))
    }

    fn add(
        &mut self,
        journeys: &[Journey<'_>],
        worth: &[[f64; 2]],
        fitted: &dyn FittedModel,
        is_additive: bool,
        weights: &mut Weights,
    ) -> Result<(), String> {
        weights.clear();
        fitted.weigh(journeys, weights).map_err(|error| error.to_string())?;
        if weights.len() != journeys.len() {
            return Err(format!("{} journeys were asked and {} answered", journeys.len(), weights.len()));
        }
        for (index, (journey, worth)) in journeys.iter().zip(worth).enumerate() {
            weights.check(index, journey.touches.len(), is_additive).map_err(|breach| breach.to_string())?;
            self.remarks = self.remarks.with(weights.remarks(index));
            match weights.entry(index) {
                Err(_) => self.unattributed.iter_mut().zip(worth).for_each(|(sum, worth)| sum.add(*worth)),
                Ok(weights) => {
                    for (touch, weight) in journey.touches.iter().zip(weights) {
                        let earned = &mut self.by_source[usize::from(touch.source.code())];
                        earned.iter_mut().zip(worth).for_each(|(sum, worth)| sum.add(weight * worth));
                    }
                }
            }
        }
        Ok(())
    }
}

/// How often a path that is worth something was won: once where the file has a value and no count.
fn repeats(totals: &Totals) -> f64 {
    if totals.conversions > 0.0 { totals.conversions } else { 1.0 }
}

/// Neumaier's sum: what a long addition would lose is carried along.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    sum: f64,
    lost: f64,
}

impl Sum {
    fn add(&mut self, term: f64) {
        let next = self.sum + term;
        self.lost += if self.sum.abs() >= term.abs() { (self.sum - next) + term } else { (term - next) + self.sum };
        self.sum = next;
    }

    fn total(&self) -> f64 {
        self.sum + self.lost
    }
}
