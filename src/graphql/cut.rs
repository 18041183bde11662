//! How questions for numbers are cut: dimensions, keys, filters, periods.

use super::error::{Code, broken};
use super::scalars::Day;
use super::source::Source;
use async_graphql::{Enum, InputObject, Object, Result, SimpleObject};
use pipewright_core::calendar;
use pipewright_core::dimension::{self, CellKey, DimensionValue, Filter};
use pipewright_core::facts::Snapshot;

const FILTER_DEPTH: u32 = 8;
const FILTER_NODES: u32 = 200;
const LONGEST_IN: usize = 1_000;

/// A way to cut a matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "dimension::Dimension")]
pub enum Dimension {
    /// By the product of each line; `(no product)` without lines. Amounts add up to the total; counts do not.
    Product,
    /// By sales region.
    Region,
    /// By market segment.
    Segment,
    /// By the role or channel that the attribution model credits; `(unattributed)` for the rest. Amounts add up to the total;
    /// counts do not.
    Source,
    /// By the account's industry.
    Industry,
    /// By the rep who owns the opportunity.
    Owner,
    /// By the owner's manager at the time.
    Manager,
    /// By the type of opportunity: new business, renewal, and so on.
    OpportunityType,
    /// By stage.
    Stage,
    /// By the fiscal month of the column's own date: the entry for `generation`, else the close date.
    Month,
}

impl Dimension {
    /// How many there are: the parts of a key, at most.
    pub const COUNT: usize = dimension::Dimension::ALL.len();
}

/// One part of a cell's key.
#[derive(SimpleObject)]
pub struct KeyPart {
    /// Which way of cutting.
    pub dimension: Dimension,
    /// The value, as `MatrixFilter.in` takes it: the UUID of a product, region, segment, rep or stage, the name of a role or
    /// channel (`AE`), a fiscal month (`FY2027-M01`), or the text itself. Null for rows without one, such as `(no product)`.
    pub value: Option<String>,
    /// What people call it: a region's name, `(no product)`, `(unattributed)`, `AE`.
    pub label: String,
}

/// The parts of a key, in order of dimension.
pub fn key(snapshot: &Snapshot, key: &CellKey) -> Vec<KeyPart> {
    let part = |(dimension, value): &(dimension::Dimension, DimensionValue)| KeyPart {
        dimension: (*dimension).into(),
        value: written(value),
        label: snapshot.label(*dimension, value),
    };
    key.parts().iter().map(part).collect()
}

pub(super) fn written(value: &DimensionValue) -> Option<String> {
    match value {
        DimensionValue::None => None,
        DimensionValue::Entity(id) => Some(id.to_string()),
        DimensionValue::Source(source) => Some(Source::from(*source).name()),
        DimensionValue::Text(text) => Some(text.clone()),
        DimensionValue::Month(month) => Some(month.to_string()),
    }
}

/// Which opportunities a question is about (for PRODUCT and SOURCE: which shares of them). Everything given must hold; an
/// empty filter holds always.
#[derive(Debug, Default, InputObject)]
pub struct MatrixFilter {
    /// The way of cutting that `in` is about.
    pub dimension: Option<Dimension>,
    /// The values that fit, as `KeyPart.value` gives them; null fits rows without a value. Needs `dimension`; at most 1,000.
    #[graphql(name = "in")]
    pub within: Option<Vec<Option<String>>>,
    /// Each of these holds.
    pub and: Option<Vec<MatrixFilter>>,
    /// At least one of these holds.
    pub or: Option<Vec<MatrixFilter>>,
    /// This does not hold.
    pub not: Option<Box<MatrixFilter>>,
}

/// The filter as the domain knows it.
///
/// # Errors
/// It is too deep or large, or names a value that cannot be one of its dimension.
pub fn filter(given: Option<MatrixFilter>) -> Result<Filter> {
    let mut nodes = 0;
    given.map_or(Ok(Filter::Everything), |given| decoded(given, 1, &mut nodes))
}

fn decoded(given: MatrixFilter, depth: u32, nodes: &mut u32) -> Result<Filter> {
    *nodes += 1;
    if depth > FILTER_DEPTH {
        return Err(broken(Code::QueryTooDeep, format!("the filter is nested too deep: the limit is {FILTER_DEPTH}")));
    }
    if *nodes > FILTER_NODES {
        return Err(broken(Code::QueryTooComplex, format!("the filter has too many parts: the limit is {FILTER_NODES}")));
    }
    let mut parts = Vec::new();
    match (given.dimension, given.within) {
        (None, None) => {}
        (Some(dimension), Some(values)) if values.len() <= LONGEST_IN => {
            let dimension: dimension::Dimension = dimension.into();
            let values: Result<Vec<_>> = values.into_iter().map(|value| read(dimension, value)).collect();
            parts.push(Filter::In(dimension, values?));
        }
        (Some(_), Some(_)) => {
            return Err(broken(Code::QueryTooComplex, format!("'in' holds too many values: the limit is {LONGEST_IN}")));
        }
        _ => return Err(broken(Code::BadUserInput, "a filter takes 'dimension' and 'in' together")),
    }
    let mut all =
        |list: Vec<MatrixFilter>| list.into_iter().map(|part| decoded(part, depth + 1, nodes)).collect::<Result<Vec<_>>>();
    if let Some(list) = given.and {
        parts.push(Filter::And(all(list)?));
    }
    if let Some(list) = given.or {
        parts.push(Filter::Or(all(list)?));
    }
    if let Some(inner) = given.not {
        parts.push(Filter::Not(Box::new(decoded(*inner, depth + 1, nodes)?)));
    }
    Ok(match parts.len() {
        0 => Filter::Everything,
        1 => parts.remove(0),
        _ => Filter::And(parts),
    })
}

fn read(dimension: dimension::Dimension, value: Option<String>) -> Result<DimensionValue> {
    use dimension::Dimension as D;
    let Some(text) = value else { return Ok(DimensionValue::None) };
    let shown: String = text.chars().take(60).collect();
    let wrong = |expected: &str| broken(Code::BadUserInput, format!("'{shown}' is no value to filter by: expected {expected}"));
    match dimension {
        D::Product | D::Region | D::Segment | D::Owner | D::Manager | D::Stage => {
            uuid::Uuid::try_parse(&text).map(DimensionValue::Entity).map_err(|_| wrong("a UUID, as KeyPart.value gives it"))
        }
        D::Source => {
            let source = Source::named(&text).ok_or_else(|| wrong("a role or channel such as AE or EVENTS"))?;
            Ok(DimensionValue::Source(source.into()))
        }
        D::Month => match text.parse() {
            Ok(month @ calendar::PeriodName::Month(..)) => Ok(DimensionValue::Month(month)),
            _ => Err(wrong("a fiscal month such as FY2027-M01")),
        },
        D::Industry | D::OpportunityType => Ok(DimensionValue::Text(text)),
    }
}

/// A named, half-open run of days.
pub struct Period(pub calendar::Period);

/// A named, half-open run of days.
#[Object]
impl Period {
    /// `FY2027`, `FY2027-Q1`, `FY2027-M01`, or a range of dates `2026-11-02/2026-12-01` with the end exclusive. A fiscal year is
    /// named after the calendar year in which it ends.
    async fn name(&self) -> String {
        self.0.name.to_string()
    }

    /// First day.
    async fn start(&self) -> Day {
        self.0.start.into()
    }

    /// First day after it.
    async fn end(&self) -> Day {
        self.0.end.into()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_a_key_gives_a_filter_takes_back() {
        let month = "FY2027-M01".parse().unwrap();
        for (dimension, value) in [
            (dimension::Dimension::Region, DimensionValue::Entity(uuid::Uuid::nil())),
            (dimension::Dimension::Source, DimensionValue::Source(pipewright_core::touchpoint::Source::from_code(10).unwrap())),
            (dimension::Dimension::Industry, DimensionValue::Text("Banking".into())),
            (dimension::Dimension::Month, DimensionValue::Month(month)),
            (dimension::Dimension::Product, DimensionValue::None),
        ] {
            assert_eq!(read(dimension, written(&value)).unwrap(), value);
        }
        assert!(read(dimension::Dimension::Region, Some("EMEA' OR 1=1".into())).is_err());
    }

    #[test]
    fn a_filter_nine_deep_is_refused() {
        let nested = |depth: u32| {
            (1..depth).fold(MatrixFilter::default(), |inner, _| MatrixFilter { not: Some(Box::new(inner)), ..Default::default() })
        };
        assert!(filter(Some(nested(8))).is_ok());
        assert!(filter(Some(nested(9))).is_err());
    }
}
