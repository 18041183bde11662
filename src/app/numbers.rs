//! The numbers: a request with its gaps filled becomes a question, and the question is answered from one snapshot.

use super::App;
use super::answers::{Answers, Kept, Source};
use super::work::at_work;
use crate::plugins::Chosen;
use chrono::{DateTime, Days, Utc};
use pipewright_core::attribution::{Credit, CreditError};
use pipewright_core::calendar::{Calendar, NotAPeriod, Period};
use pipewright_core::dimension::{CellKey, Dimension, Filter};
use pipewright_core::facts::{self, Snapshot};
use pipewright_core::ids::DataVersion;
use pipewright_core::matrix::{
    self, Aggregate, AggregateMeasure, AggregateQuery, Alignment, Baseline, CellMeasure, Comparison, Flow, FlowItem, FlowQuery,
    GenerationBasis, Lens, Matrix, MatrixQuery, ModelChoice, RollUp, Trend, TrendQuery,
};
use pipewright_core::viewer::{Scope, Viewer};
use std::collections::BTreeSet;
use std::hash::Hash;
use std::sync::Arc;

/// Points of one trend, at most.
pub const MOST_POINTS: usize = 400;

/// A number that could not be given.
#[derive(Debug, Clone, thiserror::Error)]
pub enum NumberError {
    /// The period is none.
    #[error("'period': {0}")]
    Period(#[from] NotAPeriod),
    /// A dimension stands twice in `by`.
    #[error("{0} stands twice in 'by'")]
    DuplicateDimension(&'static str),
    /// Too few or too many dimensions.
    #[error("'by' takes {least} to {most} dimensions, and was given {found}")]
    DimensionCount {
        /// How many were given.
        found: usize,
        /// At least.
        least: usize,
        /// At most.
        most: usize,
    },
    /// No measure, or one that stands twice.
    #[error("'measures' holds none, or one twice: name each once")]
    Measures,
    /// The window ends before it starts.
    #[error("'to' lies before 'from'")]
    Window,
    /// The trend has no points, or too many.
    #[error("{0} points were asked for: from 1 to {MOST_POINTS} go; take a longer step or a shorter period")]
    Points(usize),
    /// The data version lies ahead of what there is.
    #[error("data version {asked} does not exist yet: the last is {last}", asked = .asked.0, last = .last.0)]
    DataVersion {
        /// Asked for.
        asked: DataVersion,
        /// The last there is.
        last: DataVersion,
    },
    /// The model has another version here.
    #[error("model '{model}' is version {here} here, and {asked} was asked for: leave 'version' out, or install that one")]
    ModelVersion {
        /// Which model.
        model: String,
        /// Asked for.
        asked: String,
        /// The one there is.
        here: String,
    },
    /// The model is unknown, was given a wrong parameter, or failed.
    #[error(transparent)]
    Credit(#[from] CreditError),
    /// Too many computations go and wait already.
    #[error("too many questions are being answered: try again in a moment")]
    Busy,
    /// The computation panicked; the panic's text is in the log.
    #[error("the computation ended early")]
    Panicked(#[source] Arc<tokio::task::JoinError>),
}

/// What every request for numbers has in common; what is `None` is filled in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Asked {
    /// The period's name; `None`: the quarter of `as_of`.
    pub period: Option<String>,
    /// As known when; `None`: now.
    pub as_of: Option<DateTime<Utc>>,
    /// Which recorded changes count; `None`: all.
    pub data_version: Option<DataVersion>,
    /// The dimensions.
    pub by: Vec<Dimension>,
    /// Of which opportunities.
    pub filter: Filter,
    /// The model; `None`: the configured one.
    pub model: Option<ModelAsked>,
}

/// A model asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct ModelAsked {
    /// Its id; `None`: the configured one.
    pub id: Option<String>,
    /// Its version, to be refused where there is another; `None`: any.
    pub version: Option<String>,
    /// Values as JSON text, by name, in any order.
    pub parameters: Vec<(String, String)>,
    /// Which touchpoints it sees.
    pub lens: Lens,
}

/// How a matrix is read, beside what every request has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct MatrixAsked {
    /// Compared with what.
    pub comparison: ComparisonAsked,
    /// At which point of it.
    pub alignment: Alignment,
    /// `None`: HISTORICAL where there is history enough, else LINEAR.
    pub baseline: Option<Baseline>,
    /// The roll-up of the forecast column.
    pub roll_up: RollUp,
    /// The generation column's value.
    pub generation: GenerationBasis,
    /// Whether open pipeline, coverage and what follows from them count only what passes in hygiene.
    pub hygiene_adjusted: bool,
}

/// What a matrix is compared with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub enum ComparisonAsked {
    /// The same period a year ago.
    #[default]
    PriorYear,
    /// The period before.
    PriorPeriod,
    /// A period by name.
    Named(String),
}

/// The points of a trend.
#[derive(Debug, Clone)]
pub enum PointsAsked {
    /// These.
    Given(Vec<DateTime<Utc>>),
    /// The ends of the days, weeks or months of the period up to its as-of.
    Every(Step),
}

/// The distance between two points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A day.
    Day,
    /// Seven days.
    Week,
    /// A fiscal month.
    Month,
}

/// An answer, and the snapshot that names its keys.
#[derive(Clone)]
pub struct Answered<T> {
    /// The answer, shared by all who asked the same.
    pub answer: Arc<T>,
    /// Where labels come from.
    pub snapshot: Arc<Snapshot>,
}

/// The request with its gaps filled, on one snapshot.
pub(super) struct Ground {
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) period: Period,
    pub(super) as_of: DateTime<Utc>,
    /// Which recorded changes count; `None`: all of the snapshot.
    pub(super) data_version: Option<DataVersion>,
    pub(super) model: Chosen,
    /// Whether the instant was asked for, so that the same question can be asked again.
    is_dated: bool,
}

impl Ground {
    pub(super) fn of(app: &App, asked: &Asked, least: usize, most: usize) -> Result<Self, NumberError> {
        let found = asked.by.len();
        if !(least..=most).contains(&found) {
            return Err(NumberError::DimensionCount { found, least, most });
        }
        let mut seen = BTreeSet::new();
        if let Some(twice) = asked.by.iter().find(|dimension| !seen.insert(**dimension)) {
            return Err(NumberError::DuplicateDimension(name(*twice)));
        }
        let snapshot = app.resident.snapshot();
        let data_version = data_version(&snapshot, asked.data_version)?;
        let as_of = asked.as_of.unwrap_or_else(|| app.clock.now());
        let calendar = &snapshot.settings().calendar;
        let period = named(calendar, asked.period.as_deref(), as_of)?;
        let model = chosen(app, asked.model.clone())?.additive()?;
        Ok(Self { snapshot, period, as_of, data_version, model, is_dated: asked.as_of.is_some() })
    }
}

/// The data version asked for, if there is one so high.
pub(super) fn data_version(snapshot: &Snapshot, asked: Option<DataVersion>) -> Result<Option<DataVersion>, NumberError> {
    let last = snapshot.data_version();
    match asked.filter(|asked| *asked > last) {
        Some(asked) => Err(NumberError::DataVersion { asked, last }),
        None => Ok(asked),
    }
}

/// The model asked for (`None`: the configured one), if it is there and takes the parameters given.
pub(super) fn chosen(app: &App, asked: Option<ModelAsked>) -> Result<Chosen, NumberError> {
    let given = asked.unwrap_or_default();
    let mut parameters = given.parameters;
    parameters.sort();
    let id = given.id.unwrap_or_else(|| app.config.attribution.default_model.clone());
    let model = app.models.choose(ModelChoice { model: id, parameters, lens: given.lens })?;
    let manifest = model.manifest();
    match given.version.filter(|asked| *asked != manifest.version) {
        Some(asked) => {
            let (asked, here) = (asked.chars().take(40).collect(), manifest.version.clone());
            Err(NumberError::ModelVersion { model: manifest.id.clone(), asked, here })
        }
        None => Ok(model),
    }
}

/// The period of a name; `None`: the quarter of `as_of`.
pub(super) fn named(calendar: &Calendar, name: Option<&str>, as_of: DateTime<Utc>) -> Result<Period, NotAPeriod> {
    let name = match name {
        Some(text) => text.parse()?,
        None => calendar.quarter_of(calendar.day_of(as_of)),
    };
    Ok(calendar.period(name))
}

fn name(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Product => "PRODUCT",
        Dimension::Region => "REGION",
        Dimension::Segment => "SEGMENT",
        Dimension::Source => "SOURCE",
        Dimension::Industry => "INDUSTRY",
        Dimension::Owner => "OWNER",
        Dimension::Manager => "MANAGER",
        Dimension::OpportunityType => "OPPORTUNITY_TYPE",
        Dimension::Stage => "STAGE",
        Dimension::Month => "MONTH",
    }
}

/// As [`computed`], with the snapshot.
pub(super) async fn compute<T, F>(app: &App, ground: Ground, answer: F) -> Result<Answered<T>, NumberError>
where
    T: Send + 'static,
    F: FnOnce(&Snapshot, &dyn Credit) -> Result<T, CreditError> + Send + 'static,
{
    let snapshot = ground.snapshot.clone();
    Ok(Answered { answer: Arc::new(computed(app, ground, answer).await?), snapshot })
}

/// The answer by the model of the question, which learnt from nothing that the question leaves out.
async fn computed<T, F>(app: &App, ground: Ground, answer: F) -> Result<T, NumberError>
where
    T: Send + 'static,
    F: FnOnce(&Snapshot, &dyn Credit) -> Result<T, CreditError> + Send + 'static,
{
    let Ground { snapshot, data_version, model, .. } = ground;
    at_work(app, move || Ok(answer(&snapshot, &model.ready(&snapshot, data_version)?)?)).await
}

/// The answer from memory where it is there or under way, else computed. What a viewer may not see whole is not kept, nor what
/// was asked as of the moment, which nobody asks again.
pub(super) async fn kept<Q, T>(
    app: &App,
    viewer: &Viewer,
    ground: Ground,
    kept: fn(&Answers) -> &Kept<Q, T>,
    query: Q,
    answer: fn(&Snapshot, &Q, &Scope, &dyn Credit) -> Result<T, CreditError>,
) -> Result<Answered<T>, NumberError>
where
    Q: Clone + Hash + Eq + Send + Sync + 'static,
    T: Send + Sync + 'static,
{
    let snapshot = ground.snapshot.clone();
    let scope = viewer.scope().clone();
    if !scope.is_unrestricted() || !ground.is_dated {
        return compute(app, ground, move |snapshot, credit| answer(snapshot, &query, &scope, credit)).await;
    }
    let file = ground.model.file().map(|file| file.sha256.clone());
    let source = Source { version: snapshot.data_version(), file };
    let app = app.clone();
    // On its own: an answer that comes after its asker left is there for the next.
    let going = tokio::spawn(async move {
        let asked = query.clone();
        let going = computed(&app, ground, move |snapshot, credit| answer(snapshot, &asked, &scope, credit));
        kept(&app.answers).or_compute(source, query, going).await
    });
    let answer = going.await.map_err(|error| NumberError::Panicked(Arc::new(error)))??;
    Ok(Answered { answer, snapshot })
}

fn question(ground: &Ground, asked: Asked, how: MatrixAsked) -> Result<MatrixQuery, NumberError> {
    let calendar = &ground.snapshot.settings().calendar;
    let comparison = match how.comparison {
        ComparisonAsked::PriorYear => Comparison::PriorYear,
        ComparisonAsked::PriorPeriod => Comparison::PriorPeriod,
        ComparisonAsked::Named(name) => Comparison::Named(named(calendar, Some(&name), ground.as_of)?),
    };
    Ok(MatrixQuery {
        period: ground.period,
        as_of: ground.as_of,
        data_version: asked.data_version,
        by: asked.by,
        filter: asked.filter,
        comparison,
        alignment: how.alignment,
        baseline: how.baseline,
        roll_up: how.roll_up,
        generation: how.generation,
        hygiene_adjusted: how.hygiene_adjusted,
        model: ground.model.choice().clone(),
    })
}

/// The matrix, cut by one to four dimensions.
///
/// # Errors
/// The request names what does not exist, or the model failed.
pub async fn apm(app: &App, viewer: &Viewer, asked: Asked, how: MatrixAsked) -> Result<Answered<Matrix>, NumberError> {
    let ground = Ground::of(app, &asked, 1, 4)?;
    let query = question(&ground, asked, how)?;
    kept(app, viewer, ground, |answers| &answers.matrices, query, matrix::matrix).await
}

/// Makes the matrix that people open first, the quarter's by region and segment, as quick at once as it is when it was asked
/// before.
pub async fn warm(app: &App) {
    let (snapshot, now) = (app.resident.snapshot(), app.clock.now());
    let warmed = tokio::task::spawn_blocking(move || {
        let calendar = &snapshot.settings().calendar;
        let quarter = calendar.period(calendar.quarter_of(calendar.day_of(now)));
        let periods: Vec<Period> = (0..=matrix::PAST_PERIODS).map(|count| calendar.earlier(quarter, count)).collect();
        facts::warm(&snapshot, &[Dimension::Region, Dimension::Segment], &Filter::Everything, &periods);
    });
    // What fails here fails where the question is asked, and is told there.
    let _ = warmed.await;
}

/// The opportunities behind one amount of a cell of the matrix that the same request gives, the largest part first.
///
/// # Errors
/// The request names what does not exist, or the model failed.
pub async fn behind(
    app: &App,
    viewer: &Viewer,
    asked: Asked,
    how: MatrixAsked,
    key: CellKey,
    measure: CellMeasure,
) -> Result<Vec<FlowItem>, NumberError> {
    let ground = Ground::of(app, &asked, 1, 4)?;
    let query = question(&ground, asked, how)?;
    let scope = viewer.scope().clone();
    let answer = move |snapshot: &Snapshot, credit: &dyn Credit| matrix::behind(snapshot, &query, &key, measure, &scope, credit);
    computed(app, ground, answer).await
}

/// The waterfall of a window, for each key of up to two dimensions.
///
/// # Errors
/// The request names what does not exist, or the model failed.
pub async fn flow(
    app: &App,
    viewer: &Viewer,
    asked: Asked,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Answered<Flow>, NumberError> {
    if to < from {
        return Err(NumberError::Window);
    }
    let ground = Ground::of(app, &asked, 0, 2)?;
    let query = FlowQuery {
        period: ground.period,
        from,
        to,
        data_version: asked.data_version,
        by: asked.by,
        filter: asked.filter,
        model: ground.model.choice().clone(),
    };
    let scope = viewer.scope().clone();
    compute(app, ground, move |snapshot, credit| matrix::flow(snapshot, &query, &scope, credit)).await
}

/// How the columns stood at several points, each as known then.
///
/// # Errors
/// The request names what does not exist, asks for too many points, or the model failed.
pub async fn trend(
    app: &App,
    viewer: &Viewer,
    asked: Asked,
    how: MatrixAsked,
    points: PointsAsked,
) -> Result<Answered<Trend>, NumberError> {
    let ground = Ground::of(app, &asked, 0, 2)?;
    let calendar = &ground.snapshot.settings().calendar;
    let mut points = match points {
        PointsAsked::Given(points) => points,
        PointsAsked::Every(step) => every(calendar, &ground.period, ground.as_of, step),
    };
    points.sort();
    points.dedup();
    if points.is_empty() || points.len() > MOST_POINTS {
        return Err(NumberError::Points(points.len()));
    }
    let query = TrendQuery { matrix: question(&ground, asked, how)?, points };
    kept(app, viewer, ground, |answers| &answers.trends, query, matrix::trend).await
}

/// The last instant of each step of the period that is over at `as_of`, and `as_of` itself where the period is not over then.
/// Weeks are counted from the period's first day; its last may be shorter.
fn every(calendar: &Calendar, period: &Period, as_of: DateTime<Utc>, step: Step) -> Vec<DateTime<Utc>> {
    let mut points = Vec::new();
    let mut day = period.start;
    while day < period.end && points.len() <= MOST_POINTS {
        let next = match step {
            Step::Day => day.checked_add_days(Days::new(1)),
            Step::Week => day.checked_add_days(Days::new(7)),
            Step::Month => Some(calendar.period(calendar.month_of(day)).end),
        };
        let Some(next) = next.map(|next| next.min(period.end)) else { break };
        let end = calendar.start_of_day(next) - chrono::TimeDelta::milliseconds(1);
        points.push(end.min(as_of));
        if end >= as_of {
            break;
        }
        day = next;
    }
    points
}

/// A free group-by over the additive measures.
///
/// # Errors
/// The request names what does not exist, or the model failed.
pub async fn aggregate(
    app: &App,
    viewer: &Viewer,
    asked: Asked,
    measures: Vec<AggregateMeasure>,
) -> Result<Answered<Aggregate>, NumberError> {
    let distinct: BTreeSet<_> = measures.iter().collect();
    if measures.is_empty() || distinct.len() < measures.len() {
        return Err(NumberError::Measures);
    }
    let ground = Ground::of(app, &asked, 0, 4)?;
    let query = AggregateQuery {
        measures,
        by: asked.by,
        filter: asked.filter,
        period: ground.period,
        as_of: ground.as_of,
        data_version: asked.data_version,
        model: ground.model.choice().clone(),
    };
    kept(app, viewer, ground, |answers| &answers.aggregates, query, matrix::aggregate).await
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use pipewright_core::calendar::YearPattern;

    #[test]
    fn a_trend_has_a_point_at_the_end_of_each_step_and_at_its_own_instant() {
        let in_zone =
            |time_zone| Calendar { first_month: 2, pattern: YearPattern::Calendar, time_zone, holidays: BTreeSet::new() };
        let (utc, new_york) = (in_zone(chrono_tz::UTC), in_zone(chrono_tz::America::New_York));
        let weeks = Calendar { pattern: YearPattern::FourFourFive, ..utc.clone() };
        for (calendar, period, as_of, step, expected) in [
            (
                &utc,
                "FY2027-Q4",
                "2026-11-15T12:00:00Z",
                Step::Week,
                vec!["11-07T23:59:59.999", "11-14T23:59:59.999", "11-15T12:00:00"],
            ),
            (&utc, "FY2027-Q4", "2026-11-14T23:59:59.999Z", Step::Week, vec!["11-07T23:59:59.999", "11-14T23:59:59.999"]),
            (&utc, "FY2027-Q4", "2026-11-02T01:00:00Z", Step::Day, vec!["11-01T23:59:59.999", "11-02T01:00:00"]),
            (
                &utc,
                "FY2027-Q3",
                "2026-12-31T00:00:00Z",
                Step::Month,
                vec!["08-31T23:59:59.999", "09-30T23:59:59.999", "10-31T23:59:59.999"],
            ),
            (&utc, "FY2027-Q4", "2026-10-15T00:00:00Z", Step::Month, vec!["10-15T00:00:00"]),
            (&utc, "2026-11-02/2026-11-12", "2026-12-01T00:00:00Z", Step::Week, vec!["11-08T23:59:59.999", "11-11T23:59:59.999"]),
            (
                &weeks,
                "FY2027-Q1",
                "2026-06-01T00:00:00Z",
                Step::Month,
                vec!["03-01T23:59:59.999", "03-29T23:59:59.999", "05-03T23:59:59.999"],
            ),
            // The clocks go back on 1 November.
            (
                &new_york,
                "2026-10-31/2026-11-03",
                "2026-12-01T00:00:00Z",
                Step::Day,
                vec!["11-01T03:59:59.999", "11-02T04:59:59.999", "11-03T04:59:59.999"],
            ),
        ] {
            let points = every(calendar, &calendar.period(period.parse().unwrap()), as_of.parse().unwrap(), step);
            let expected: Vec<DateTime<Utc>> = expected.iter().map(|point| format!("2026-{point}Z").parse().unwrap()).collect();
            assert_eq!(points, expected, "{period} as of {as_of} by {step:?}");
        }
    }

    #[test]
    fn a_year_has_no_more_days_than_a_trend_has_points() {
        let calendar =
            Calendar { first_month: 2, pattern: YearPattern::FourFourFive, time_zone: chrono_tz::UTC, holidays: BTreeSet::new() };
        let (year, after) = (calendar.period("FY2025".parse().unwrap()), "2026-01-01T00:00:00Z".parse().unwrap());
        assert_eq!(every(&calendar, &year, after, Step::Day).len(), 371);
        let decade = calendar.period("2014-01-01/2024-01-01".parse().unwrap());
        assert!(every(&calendar, &decade, after, Step::Day).len() > MOST_POINTS, "more are refused, not cut off");
    }
}
