//! What every question for numbers takes beside its cut: how it compares, what it expects, and the attribution model.

use super::cut::{Dimension, MatrixFilter, filter};
use super::error::{Code, broken, failure};
use super::scalars::{Change, Instant, Json};
use crate::app::numbers::{Asked, ComparisonAsked, ModelAsked, NumberError};
use async_graphql::{Enum, InputObject, OneofObject, Result};
use pipewright_core::matrix;

/// How the same point of the comparison period is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "matrix::Alignment")]
pub enum Alignment {
    /// The same number of days in; the last day where that period is shorter.
    DayIndex,
    /// The same number of business days in: Monday to Friday less configured holidays.
    BusinessDay,
    /// The same weekday nearest to the same number of days in, the earlier on a tie.
    Weekday,
    /// The same share of the period elapsed.
    Fraction,
}

/// What share of the target should be reached by now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "matrix::Baseline")]
pub enum Baseline {
    /// The share of the period's days that has elapsed.
    Linear,
    /// The share of last year's final that was reached at the same point.
    PriorYear,
    /// The mean of that share over the last four periods.
    Historical,
}

/// The roll-up of open and won opportunities that stands as the forecast where none was submitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "matrix::RollUp")]
pub enum RollUp {
    /// Closed won only.
    Closed,
    /// Commit and closed.
    Commit,
    /// Most likely, commit and closed.
    MostLikely,
    /// Best case, most likely, commit and closed.
    BestCase,
}

/// Which ACV generation counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "matrix::GenerationBasis")]
pub enum GenerationBasis {
    /// As it was when the opportunity entered the pipeline, frozen.
    AsGenerated,
    /// As it is at the answer's `asOf`.
    AsNow,
}

/// A comparison that needs no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum RelativePeriod {
    /// The same period a year ago.
    PriorYear,
    /// The quarter (month, year) before.
    PriorPeriod,
}

/// What a matrix is compared with: exactly one of the two.
#[derive(Debug, OneofObject)]
pub enum Comparison {
    /// A period relative to the matrix's own.
    Relative(RelativePeriod),
    /// Any other period by name, such as `FY2025-Q4`.
    Period(String),
}

impl From<Comparison> for ComparisonAsked {
    fn from(comparison: Comparison) -> Self {
        match comparison {
            Comparison::Relative(RelativePeriod::PriorYear) => Self::PriorYear,
            Comparison::Relative(RelativePeriod::PriorPeriod) => Self::PriorPeriod,
            Comparison::Period(name) => Self::Named(name),
        }
    }
}

/// Which touchpoints a model sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "matrix::Lens")]
pub enum Lens {
    /// All eleven sources: five roles and six channels.
    All,
    /// Sales touchpoints only.
    Roles,
    /// Marketing touchpoints only.
    Channels,
}

/// An attribution model with its parameters. For the matrix it matters only where it is cut or filtered by SOURCE.
#[derive(Debug, InputObject)]
pub struct ModelInput {
    /// The model's id, as `attributionModels` lists it, such as `sourced-by`. Absent or null: the configured default.
    pub id: Option<String>,
    /// The model's version, as an answer names it, to be refused where another one is installed. Absent or null: whichever is.
    pub version: Option<String>,
    /// Parameters that differ from their defaults: a JSON object of numbers and strings by name.
    pub parameters: Option<Json>,
    /// Which touchpoints it sees. Absent or null: ALL.
    pub lens: Option<Lens>,
}

/// The model as the use case takes it.
///
/// # Errors
/// The parameters are no JSON object.
pub fn model(given: Option<ModelInput>) -> Result<Option<ModelAsked>> {
    let Some(given) = given else { return Ok(None) };
    let parameters = match given.parameters.map(|json| json.0) {
        None | Some(serde_json::Value::Null) => Vec::new(),
        Some(serde_json::Value::Object(fields)) => fields.into_iter().map(|(name, value)| (name, value.to_string())).collect(),
        Some(_) => return Err(broken(Code::BadUserInput, "'parameters' is a JSON object such as {\"window_days\": 90}")),
    };
    Ok(Some(ModelAsked {
        id: given.id,
        version: given.version,
        parameters,
        lens: given.lens.map(Into::into).unwrap_or_default(),
    }))
}

/// What every question for numbers has in common, decoded.
///
/// # Errors
/// The filter or the model's parameters cannot be right.
pub(super) fn asked(
    period: Option<String>,
    by: Vec<Dimension>,
    as_of: Option<Instant>,
    given: Option<MatrixFilter>,
    chosen: Option<ModelInput>,
    data_version: Option<Change>,
) -> Result<Asked> {
    Ok(Asked {
        period,
        as_of: as_of.map(|at| at.0),
        data_version: data_version.map(|version| version.0),
        by: by.into_iter().map(Into::into).collect(),
        filter: filter(given)?,
        model: model(chosen)?,
    })
}

/// A number that could not be given, as clients see it.
pub fn refused(error: NumberError) -> async_graphql::Error {
    match error {
        NumberError::Credit(error) => failure(&error),
        NumberError::Panicked(_) => failure(&error),
        NumberError::Busy => broken(Code::Unavailable, error.to_string()),
        _ => broken(Code::BadUserInput, error.to_string()),
    }
}

/// Answers of lists that are given whole: the most that a question may be ready for.
const MOST_WHOLE: i32 = 10_000;

/// What the cost of a list given whole is multiplied by.
pub fn whole_cost(at_most: i32) -> usize {
    usize::try_from(at_most.clamp(1, MOST_WHOLE)).expect("it is positive")
}

/// Lets a list through that is no longer than the caller is ready for: what adds up to a total is never cut short.
///
/// # Errors
/// It is longer, or `at_most` is not 1 to 10,000.
pub fn whole<'a, T>(list: &'a [T], what: &str, at_most: i32) -> Result<&'a [T]> {
    if !(1..=MOST_WHOLE).contains(&at_most) {
        return Err(broken(Code::BadUserInput, format!("'atMost' is 1 to {MOST_WHOLE}")));
    }
    let count = list.len();
    if count > usize::try_from(at_most).expect("it is positive") {
        let way_out = format!("ask for {what}(atMost: {count}), cut by fewer dimensions, or filter");
        return Err(broken(Code::BadUserInput, format!("there are {count} {what}, more than 'atMost' {at_most}: {way_out}")));
    }
    Ok(list)
}
