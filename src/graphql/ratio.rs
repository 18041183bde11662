//! Ratios that can be without a value, and then say why.

use async_graphql::{Enum, SimpleObject};
use pipewright_core::campaigns;

/// Why a ratio has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "campaigns::NoRatio")]
pub enum NoRatio {
    /// Nothing was spent in the period.
    NoCost,
    /// Nothing open is attributed.
    NoPipeline,
    /// No capacity is configured, or nobody has any.
    NoCapacity,
    /// Nothing was generated.
    NoGeneration,
    /// Nobody was handed on.
    NoHandOff,
    /// Nothing was won or lost.
    NothingClosed,
}

/// A ratio, or why there is none.
#[derive(Debug, Clone, Copy, SimpleObject)]
pub struct Ratio {
    /// The ratio, not a percentage. Null where there would be nothing to divide by.
    pub value: Option<f64>,
    /// Why `value` is null; null where it is not.
    pub reason: Option<NoRatio>,
}

impl From<Result<f64, campaigns::NoRatio>> for Ratio {
    fn from(ratio: Result<f64, campaigns::NoRatio>) -> Self {
        match ratio {
            Ok(value) => Self { value: Some(value), reason: None },
            Err(reason) => Self { value: None, reason: Some(reason.into()) },
        }
    }
}
