//! Targets: dated, append-only rows per measure, period and set of dimension values.

use crate::calendar::PeriodName;
use crate::dimension::CellKey;
use crate::ids::{DataVersion, TargetId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The five columns of the accountability performance matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Measure {
    /// ACV of opportunities won, close date in the period and not after T.
    ClosedAcv = 0,
    /// ACV of open opportunities with close date in the period.
    OpenPipeline = 1,
    /// The submitted judgement, else the roll-up.
    Forecast = 2,
    /// ACV of opportunities whose entry lies in the period and not after T.
    Generation = 3,
    /// Open pipeline over what is left to close.
    Coverage = 4,
}

impl Measure {
    /// All five, in the order of the matrix.
    pub const ALL: [Self; 5] = [Self::ClosedAcv, Self::OpenPipeline, Self::Forecast, Self::Generation, Self::Coverage];
}

/// What a cell should reach. The latest row at or before T with the same (measure, period, key) counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Derived, or v7.
    pub id: TargetId,
    /// Of which column.
    pub measure: Measure,
    /// For which period.
    pub period: PeriodName,
    /// For which cell.
    pub key: CellKey,
    /// Minor units of the reporting currency.
    pub amount_minor: i64,
    /// From when it holds.
    pub valid_from: DateTime<Utc>,
    /// Orders rows of one instant.
    pub sequence: i32,
    /// The change that brought it.
    pub recorded: DataVersion,
}
