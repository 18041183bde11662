//! Forecast judgements and adjustments: dated, append-only rows, never overwritten.

use crate::calendar::PeriodName;
use crate::dimension::CellKey;
use crate::ids::{AdjustmentId, DataVersion, JudgementId, RepId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The forecast submitted for a cell. The latest at or before T counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// Derived, or v7.
    pub id: JudgementId,
    /// For which period.
    pub period: PeriodName,
    /// For which cell.
    pub key: CellKey,
    /// Minor units of the reporting currency.
    pub amount_minor: i64,
    /// Who submitted it.
    pub submitted_by: Option<RepId>,
    /// From when it holds.
    pub valid_from: DateTime<Utc>,
    /// Orders rows of one instant.
    pub sequence: i32,
    /// The change that brought it.
    pub recorded: DataVersion,
}

/// Who adjusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum AdjustedBy {
    /// The owner, on their own roll-up.
    Owner = 0,
    /// The manager, above the owner's.
    Manager = 1,
}

/// An amount laid on top of a roll-up. The latest of each kind at or before T counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adjustment {
    /// Derived, or v7.
    pub id: AdjustmentId,
    /// For which period.
    pub period: PeriodName,
    /// For which cell.
    pub key: CellKey,
    /// Owner or manager.
    pub by: AdjustedBy,
    /// What is added to the roll-up; may be negative. Minor units of the reporting currency.
    pub amount_minor: i64,
    /// Why.
    pub note: Option<String>,
    /// Who.
    pub author: Option<RepId>,
    /// From when it holds.
    pub valid_from: DateTime<Utc>,
    /// Orders rows of one instant.
    pub sequence: i32,
    /// The change that brought it.
    pub recorded: DataVersion,
}
