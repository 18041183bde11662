//! The lists a company sells by: products, regions, segments, stages and forecast categories.

use crate::ids::{DataVersion, ProductId, RegionId, SegmentId, StageId};
use serde::{Deserialize, Serialize};

/// How sure a seller is of an opportunity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum ForecastCategory {
    /// Left out of every number while the opportunity is open.
    Omitted = 0,
    /// Early; in no forecast.
    Pipeline = 1,
    /// Could close if all goes well.
    BestCase = 2,
    /// Likely to close.
    MostLikely = 3,
    /// Promised ("Forecast" in Salesforce's API, "Commit" on its screen).
    Commit = 4,
    /// Closed won.
    Closed = 5,
}

/// Whether a stage is open, won or lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum StageKind {
    /// Still being sold.
    Open = 0,
    /// Closed and won.
    Won = 1,
    /// Closed and lost.
    Lost = 2,
}

/// A stage of the sales process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// Derived from the name.
    pub id: StageId,
    /// As the company calls it; unique.
    pub name: String,
    /// Place in the process, from 1; ties by name.
    pub position: i32,
    /// Open, won or lost.
    pub kind: StageKind,
    /// The category an opportunity takes on when it arrives here.
    pub forecast_category: ForecastCategory,
    /// Default probability in percent, 0 to 100.
    pub probability: Option<i32>,
    /// Whether new arrivals are expected.
    pub is_active: bool,
    /// The change that brought this state of the row.
    pub recorded: DataVersion,
}

/// A product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// Derived from the external id.
    pub id: ProductId,
    /// The source system's id.
    pub external_id: Option<String>,
    /// As the company calls it.
    pub name: String,
    /// The product's code.
    pub code: Option<String>,
    /// The family it belongs to.
    pub family: Option<String>,
    /// Whether it is still sold.
    pub is_active: bool,
    /// The change that brought this state of the row.
    pub recorded: DataVersion,
}

/// A sales region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Region {
    /// Derived from the name.
    pub id: RegionId,
    /// Unique.
    pub name: String,
    /// The change that brought this state of the row.
    pub recorded: DataVersion,
}

/// A market segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// Derived from the name.
    pub id: SegmentId,
    /// Unique.
    pub name: String,
    /// The change that brought this state of the row.
    pub recorded: DataVersion,
}
