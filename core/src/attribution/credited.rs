//! The touchpoints of journeys with what a model gives each, and where each came from.

use super::credit::{ModelCredit, source_code};
use super::{CreditError, Known};
use crate::facts::Snapshot;

/// One touchpoint of a journey, or an origin of its opportunity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Credited {
    /// [`crate::touchpoint::Source::code`].
    pub(crate) source: u8,
    /// Its share; 0 where nobody earns anything.
    pub(crate) weight: f64,
    /// When, milliseconds since 1970, UTC; of an origin: the opportunity's creation.
    pub(crate) at_ms: i64,
    /// Code of its campaign; 0 for none.
    pub(crate) campaign: u32,
}

/// Shows the journey of each of `opportunities` (indices of the snapshot), in order, as far as it is `known`.
///
/// # Errors
/// The model broke its contract, or failed.
pub(crate) fn each_credited(
    model: &ModelCredit,
    snapshot: &Snapshot,
    known: Known,
    opportunities: &[u32],
    mut each: impl FnMut(&[Credited]),
) -> Result<(), CreditError> {
    let mut journey = Vec::new();
    model.trace(snapshot, known, opportunities, &mut |weighed| {
        let weights = weighed.weights.unwrap_or_default();
        journey.clear();
        journey.extend(weighed.touches.iter().zip(weighed.traces).enumerate().map(|(at, (touch, trace))| Credited {
            source: source_code(touch.source),
            weight: weights.get(at).copied().unwrap_or(0.0),
            at_ms: touch.at_ms,
            campaign: trace.campaign,
        }));
        each(&journey);
    })
}
