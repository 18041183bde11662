//! The ways a matrix can be cut, and the keys of its cells.

use crate::calendar::PeriodName;
use crate::touchpoint::Source;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A way to cut. A matrix is cut by one to four of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Dimension {
    /// By the product of each line; `(no product)` without lines.
    Product = 0,
    /// By sales region.
    Region = 1,
    /// By market segment.
    Segment = 2,
    /// By the role or channel an attribution model credits; `(unattributed)` for the rest.
    Source = 3,
    /// By the account's industry.
    Industry = 4,
    /// By the rep who owns the opportunity.
    Owner = 5,
    /// By the owner's manager at the time.
    Manager = 6,
    /// New business, renewal, ...
    OpportunityType = 7,
    /// By stage.
    Stage = 8,
    /// By the fiscal month of the column's own date: entry for generation, else close date.
    Month = 9,
}

impl Dimension {
    /// All ten, in the order in which finer targets are preferred.
    pub const ALL: [Self; 10] = [
        Self::Product,
        Self::Region,
        Self::Segment,
        Self::Source,
        Self::Industry,
        Self::Owner,
        Self::Manager,
        Self::OpportunityType,
        Self::Stage,
        Self::Month,
    ];
}

/// One value of a dimension.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum DimensionValue {
    /// No value: `(no product)`, `(unattributed)`, and so on.
    None,
    /// An entity: the id of a product, region, segment, rep or stage.
    Entity(Uuid),
    /// A role or channel.
    Source(Source),
    /// A text as the source system spells it: industry, opportunity type.
    Text(String),
    /// A fiscal month.
    Month(PeriodName),
}

/// The key of a cell: one value for each dimension it is cut by, in order of dimension. Empty: the total.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct CellKey(Vec<(Dimension, DimensionValue)>);

/// A dimension stands twice in one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} stands twice in one key")]
pub struct DuplicateDimension(pub Dimension);

impl CellKey {
    /// The key of the total.
    pub fn total() -> Self {
        Self(Vec::new())
    }

    /// Sorts the parts by dimension.
    ///
    /// # Errors
    /// A dimension that stands twice.
    pub fn new(mut parts: Vec<(Dimension, DimensionValue)>) -> Result<Self, DuplicateDimension> {
        parts.sort_by_key(|(dimension, _)| *dimension);
        match parts.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            Some(pair) => Err(DuplicateDimension(pair[0].0)),
            None => Ok(Self(parts)),
        }
    }

    /// The parts, in order of dimension.
    pub fn parts(&self) -> &[(Dimension, DimensionValue)] {
        &self.0
    }

    /// What it is cut by, in order.
    pub fn dimensions(&self) -> impl Iterator<Item = Dimension> + '_ {
        self.0.iter().map(|(dimension, _)| *dimension)
    }

    /// Whether it lies within `coarser`: it holds each of its parts. Every key refines itself and the total.
    pub fn refines(&self, coarser: &Self) -> bool {
        coarser.0.iter().all(|(dimension, value)| self.get(*dimension) == Some(value))
    }

    /// The value of `dimension`; `None` where the cell is a total over it.
    pub fn get(&self, dimension: Dimension) -> Option<&DimensionValue> {
        self.0.iter().find(|(own, _)| *own == dimension).map(|(_, value)| value)
    }
}

/// Which opportunities (for PRODUCT and SOURCE: which shares of them) a question is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Filter {
    /// All.
    #[default]
    Everything,
    /// Those whose value is one of these.
    In(Dimension, Vec<DimensionValue>),
    /// Those that fit each.
    And(Vec<Filter>),
    /// Those that fit at least one.
    Or(Vec<Filter>),
    /// Those that do not fit.
    Not(Box<Filter>),
}

impl Filter {
    /// How many values it names, all parts together.
    pub fn values(&self) -> usize {
        match self {
            Self::Everything => 0,
            Self::In(_, values) => values.len(),
            Self::And(parts) | Self::Or(parts) => parts.iter().map(Self::values).sum(),
            Self::Not(part) => part.values(),
        }
    }
}
