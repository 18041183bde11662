//! Attribution: who earned what, models side by side, one opportunity explained, models scored, and what they learnt.

use super::App;
use super::numbers::{ModelAsked, NumberError, chosen, data_version, named};
use super::work::at_work;
use crate::plugins::{Chosen, ReadyModel};
use chrono::{DateTime, Utc};
use pipewright_core::attribution::{
    self, Attribution, Compared, CreditError, Explained, Grouping, ModelCredit, Resampling, Scored, Trained, Training, View,
    Within,
};
use pipewright_core::calendar::NotAPeriod;
use pipewright_core::catalog::StageKind;
use pipewright_core::dimension::{Dimension, Filter};
use pipewright_core::facts::Snapshot;
use pipewright_core::ids::{DataVersion, OpportunityId};
use pipewright_core::matrix::Lens;
use pipewright_core::viewer::Viewer;
use pipewright_plugin::{Findings, Manifest, Value};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;

/// Ways to group by in one question, at most.
pub const MOST_GROUPINGS: usize = 3;
/// Models side by side, at most.
pub const MOST_MODELS: usize = 8;
/// Opportunities that a comparison names, at most.
pub const MOST_MOVERS: usize = 100;
/// Times that the won journeys are drawn anew, at most.
pub const MOST_RESAMPLES: u32 = 1_000;

/// An attribution that could not be given.
#[derive(Debug, thiserror::Error)]
pub enum AttributionError {
    /// As for any number.
    #[error(transparent)]
    Number(#[from] NumberError),
    /// The period of creation is none.
    #[error("'created': {0}")]
    Created(NotAPeriod),
    /// Too few or too many groupings.
    #[error("'groupBy' takes 1 to {MOST_GROUPINGS} ways, and was given {0}")]
    Groupings(usize),
    /// A grouping stands twice.
    #[error("{0:?} stands twice in 'groupBy'")]
    DuplicateGrouping(Grouping),
    /// Too few or too many models.
    #[error("'models' takes {least} to {MOST_MODELS} models, and was given {found}")]
    Models {
        /// At least.
        least: usize,
        /// How many were given.
        found: usize,
    },
    /// A model of influence where shares must add up.
    #[error(
        "'{0}' is a model of influence: its rows do not add up, so it is neither compared nor scored; ask for it alone, with attribution"
    )]
    Influence(String),
    /// Too many resamples.
    #[error("'resamples' is 0 to {MOST_RESAMPLES}")]
    Resamples,
    /// The caller does not see everything.
    #[error("what a model learnt is of all journeys, and is shown only to those who may see all of them")]
    NotUnscoped,
}

impl From<CreditError> for AttributionError {
    fn from(error: CreditError) -> Self {
        Self::Number(error.into())
    }
}

/// Which opportunities; what is `None` is filled in.
#[derive(Debug, Clone, Default)]
pub struct ScopeAsked {
    /// The period in which the close date lies; `None`: the quarter of `as_of`, or any where `created` is given.
    pub period: Option<String>,
    /// The period in which it was created; `None`: any time.
    pub created: Option<String>,
    /// Open, won or lost; `None`: any of them.
    pub outcome: Option<StageKind>,
    /// Of which.
    pub filter: Filter,
    /// As known when; `None`: now.
    pub as_of: Option<DateTime<Utc>>,
    /// Which recorded changes count; `None`: all.
    pub data_version: Option<DataVersion>,
}

/// The model behind an answer: whoever gives it back has the same answer again.
#[derive(Debug, Clone)]
pub struct ModelUsed {
    /// What it says of itself.
    pub manifest: Manifest,
    /// Every parameter with its value, in the order declared.
    pub parameters: Vec<(String, Value)>,
    /// SHA-256 of [`canonical`], in hexadecimal.
    pub hash: String,
    /// Which touchpoints it saw.
    pub lens: Lens,
}

/// An answer, what it is of, and the snapshot that names its keys.
pub struct Attributed<T> {
    /// The answer.
    pub answer: T,
    /// Which opportunities, with every gap filled.
    pub within: Within,
    /// In the order asked for.
    pub models: Vec<ModelUsed>,
    /// Where labels come from.
    pub snapshot: Arc<Snapshot>,
}

/// What a model learnt.
pub struct Learnt {
    /// Its figures, shares and transitions.
    pub findings: Findings,
    /// Of how many journeys; `None` for a model that learns nothing.
    pub trained: Option<Trained>,
    /// The last change that it saw.
    pub data_version: DataVersion,
}

/// Parameters as the hash takes them: a JSON object in order of name, without spaces, whole numbers without a point
/// (RFC 8785).
pub fn canonical(parameters: &[(String, Value)]) -> String {
    let mut sorted: Vec<&(String, Value)> = parameters.iter().collect();
    sorted.sort_by(|a, b| a.0.cmp(&b.0));
    let text = |value: &Value| match value {
        // Beyond 2^53 an f64 has no more whole digits to lose.
        Value::Real(value) if value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0 => format!("{}", *value as i64),
        value => json(value).to_string(),
    };
    let fields: Vec<String> =
        sorted.into_iter().map(|(name, value)| format!("{}:{}", serde_json::Value::from(name.as_str()), text(value))).collect();
    format!("{{{}}}", fields.join(","))
}

/// A value as JSON.
pub fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Whole(value) => (*value).into(),
        Value::Real(value) => (*value).into(),
        Value::Choice(text) => text.as_str().into(),
    }
}

/// SHA-256 of [`canonical`], in hexadecimal.
pub(super) fn hash(parameters: &[(String, Value)]) -> String {
    Sha256::digest(canonical(parameters)).iter().fold(String::with_capacity(64), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes all that is written");
        text
    })
}

fn used(model: &Chosen) -> ModelUsed {
    let parameters = model.parameters().values().to_vec();
    ModelUsed { hash: hash(&parameters), manifest: model.manifest().clone(), parameters, lens: model.choice().lens }
}

/// A request with its gaps filled, on one snapshot.
struct Ground {
    snapshot: Arc<Snapshot>,
    within: Within,
    models: Vec<Chosen>,
}

impl Ground {
    fn of(app: &App, asked: ScopeAsked, models: Vec<Option<ModelAsked>>) -> Result<Self, AttributionError> {
        let models: Vec<Chosen> = models.into_iter().map(|model| chosen(app, model)).collect::<Result<_, _>>()?;
        if names_source(&asked.filter) {
            models.iter().cloned().try_for_each(|model| model.additive().map(drop))?;
        }
        let snapshot = app.resident.snapshot();
        let data_version = data_version(&snapshot, asked.data_version)?;
        let as_of = asked.as_of.unwrap_or_else(|| app.clock.now());
        let calendar = &snapshot.settings().calendar;
        let period = |name: &str| named(calendar, Some(name), as_of);
        let created = asked.created.as_deref().map(period).transpose().map_err(AttributionError::Created)?;
        let closing = match (asked.period.as_deref(), created) {
            (None, Some(_)) => None,
            (name, _) => Some(named(calendar, name, as_of).map_err(NumberError::from)?),
        };
        let within = Within { closing, created, outcome: asked.outcome, filter: asked.filter, as_of, data_version };
        Ok(Self { snapshot, within, models })
    }

    fn additive(self) -> Result<Self, AttributionError> {
        match self.models.iter().find(|model| !model.manifest().additive) {
            Some(model) => Err(AttributionError::Influence(model.manifest().id.clone())),
            None => Ok(self),
        }
    }

    /// Computes where waiting for it stops nobody else.
    async fn compute<T, F>(self, app: &App, answer: F) -> Result<Attributed<T>, AttributionError>
    where
        T: Send + 'static,
        F: FnOnce(&Snapshot, &Within, &[&ModelCredit]) -> Result<T, CreditError> + Send + 'static,
    {
        let Self { snapshot, within, models } = self;
        at_work(app, move || {
            let ready = models.iter().map(|model| model.ready(&snapshot, within.data_version)).collect::<Result<Vec<_>, _>>()?;
            let credits: Vec<&ModelCredit> = ready.iter().map(ReadyModel::credit).collect();
            let answer = answer(&snapshot, &within, &credits);
            let answer = watched(&ready, answer)?;
            let models = models.iter().map(used).collect();
            Ok(Attributed { answer, within, models, snapshot })
        })
        .await
    }
}

/// Counts against the model that failed, else for all of them.
fn watched<T>(ready: &[ReadyModel], answer: Result<T, CreditError>) -> Result<T, CreditError> {
    let failed = match &answer {
        Err(CreditError::ModelFailed { model, .. }) => ready.iter().find(|own| own.id() == model),
        _ => None,
    };
    match failed {
        Some(model) => model.watch(answer),
        None => ready.iter().fold(answer, |answer, model| model.watch(answer)),
    }
}

/// Whether a filter tells sources apart.
fn names_source(filter: &Filter) -> bool {
    match filter {
        Filter::Everything => false,
        Filter::In(dimension, _) => *dimension == Dimension::Source,
        Filter::And(parts) | Filter::Or(parts) => parts.iter().any(names_source),
        Filter::Not(part) => names_source(part),
    }
}

fn grouped(group_by: &[Grouping]) -> Result<(), AttributionError> {
    if group_by.is_empty() || group_by.len() > MOST_GROUPINGS {
        return Err(AttributionError::Groupings(group_by.len()));
    }
    let mut seen = BTreeSet::new();
    match group_by.iter().find(|grouping| !seen.insert(**grouping)) {
        Some(twice) => Err(AttributionError::DuplicateGrouping(*twice)),
        None => Ok(()),
    }
}

fn counted(models: &[Option<ModelAsked>], least: usize) -> Result<(), AttributionError> {
    let found = models.len();
    if (least..=MOST_MODELS).contains(&found) { Ok(()) } else { Err(AttributionError::Models { least, found }) }
}

/// Who earned what, by one model (`None`: the configured one).
///
/// # Errors
/// The request names what does not exist, or the model failed.
pub async fn attribute(
    app: &App,
    viewer: &Viewer,
    asked: ScopeAsked,
    group_by: Vec<Grouping>,
    model: Option<ModelAsked>,
) -> Result<Attributed<Attribution>, AttributionError> {
    grouped(&group_by)?;
    let scope = viewer.scope().clone();
    let answer = move |snapshot: &Snapshot, within: &Within, models: &[&ModelCredit]| {
        attribution::attribute(snapshot, within, &group_by, &scope, models[0])
    };
    Ground::of(app, asked, vec![model])?.compute(app, answer).await
}

/// Two to eight models side by side.
///
/// # Errors
/// The request names what does not exist or a model of influence, or a model failed.
pub async fn compare(
    app: &App,
    viewer: &Viewer,
    asked: ScopeAsked,
    group_by: Vec<Grouping>,
    models: Vec<Option<ModelAsked>>,
) -> Result<Attributed<Compared>, AttributionError> {
    grouped(&group_by)?;
    counted(&models, 2)?;
    let scope = viewer.scope().clone();
    let answer = move |snapshot: &Snapshot, within: &Within, models: &[&ModelCredit]| {
        attribution::compare(snapshot, within, &group_by, &scope, models, MOST_MOVERS)
    };
    Ground::of(app, asked, models)?.additive()?.compute(app, answer).await
}

/// How the credit of one opportunity came about; the answer is `None` where there is none for this viewer.
///
/// # Errors
/// The request names what does not exist, or the model failed.
pub async fn explain(
    app: &App,
    viewer: &Viewer,
    opportunity: OpportunityId,
    (as_of, data_version): (Option<DateTime<Utc>>, Option<DataVersion>),
    model: Option<ModelAsked>,
) -> Result<Attributed<Option<Explained>>, AttributionError> {
    let scope = viewer.scope().clone();
    let answer = move |snapshot: &Snapshot, within: &Within, models: &[&ModelCredit]| {
        attribution::explain(snapshot, opportunity, (within.as_of, within.data_version), &scope, models[0])
    };
    let asked = ScopeAsked { as_of, data_version, ..ScopeAsked::default() };
    Ground::of(app, asked, vec![model])?.compute(app, answer).await
}

/// Which of one to eight models deserves trust, by the closed opportunities of a scope.
///
/// # Errors
/// The request names what does not exist or a model of influence, or a model failed.
pub async fn score(
    app: &App,
    viewer: &Viewer,
    asked: ScopeAsked,
    models: Vec<Option<ModelAsked>>,
    resampling: Resampling,
) -> Result<Attributed<Scored>, AttributionError> {
    counted(&models, 1)?;
    if resampling.resamples > MOST_RESAMPLES {
        return Err(AttributionError::Resamples);
    }
    let scope = viewer.scope().clone();
    let answer = move |snapshot: &Snapshot, within: &Within, models: &[&ModelCredit]| {
        attribution::score(snapshot, within, &scope, models, resampling)
    };
    Ground::of(app, asked, models)?.additive()?.compute(app, answer).await
}

/// What a model learnt of the sources from all journeys.
///
/// # Errors
/// The caller does not see everything; the request names what does not exist, or the model failed.
pub async fn findings(app: &App, viewer: &Viewer, model: Option<ModelAsked>) -> Result<Attributed<Learnt>, AttributionError> {
    if !viewer.scope().is_unrestricted() {
        return Err(AttributionError::NotUnscoped);
    }
    let ground = Ground::of(app, ScopeAsked::default(), vec![model])?;
    let model = &ground.models[0];
    let view = View { lens: model.choice().lens, origins: model.manifest().origins };
    let view = (model.manifest().passes > 0).then_some(view);
    let answer = move |snapshot: &Snapshot, _: &Within, models: &[&ModelCredit]| {
        let trained = view.map(|view| Training { snapshot, view, version: None }.counts());
        Ok(Learnt { findings: models[0].findings(), trained, data_version: snapshot.data_version() })
    };
    ground.compute(app, answer).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_have_one_canonical_text_whatever_their_order() {
        let pair = |name: &str, value| (name.to_owned(), value);
        let one = [
            pair("window_days", Value::Whole(30)),
            pair("half_life_days", Value::Real(30.0)),
            pair("unit", Value::Choice("a\"b".into())),
        ];
        let other = [one[2].clone(), one[1].clone(), one[0].clone()];
        assert_eq!(canonical(&one), r#"{"half_life_days":30,"unit":"a\"b","window_days":30}"#);
        assert_eq!(canonical(&one), canonical(&other));
        assert_eq!(canonical(&[pair("x", Value::Real(0.5))]), r#"{"x":0.5}"#);
        // `printf '{}' | sha256sum`
        assert_eq!(hash(&[]), "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
    }
}
