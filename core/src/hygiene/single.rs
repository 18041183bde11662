//! The hygiene of one opportunity.

use super::Flag;
use super::answer::is_open;
use crate::facts::Snapshot;
use crate::facts::hygiene::Judge;
use crate::facts::reading::Reading;
use crate::ids::OpportunityId;
use crate::viewer::Scope;
use chrono::{DateTime, Utc};

/// A flag that is raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Raised {
    /// Which.
    pub flag: Flag,
    /// Since when, milliseconds since 1970, UTC; `None` where that is not recorded.
    pub since_ms: Option<i64>,
}

/// The hygiene of one opportunity as of T.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpportunityHygiene {
    /// See [`super::score`].
    pub score: u8,
    /// Whether it counts in numbers that are adjusted for hygiene.
    pub passes: bool,
    /// The flags that are raised, in the order of their codes.
    pub raised: Vec<Raised>,
}

/// The hygiene of each of these opportunities as of T; `None` for one that is not open then, or open and left out.
pub fn hygiene_of(
    snapshot: &Snapshot,
    opportunities: &[OpportunityId],
    as_of: DateTime<Utc>,
    scope: &Scope,
) -> Vec<Option<OpportunityHygiene>> {
    if !scope.is_unrestricted() {
        return vec![None; opportunities.len()];
    }
    let reading = Reading::new(snapshot, as_of, None);
    let judge = Judge::new(&reading);
    let of = |id: &OpportunityId| {
        let held = reading.held(snapshot.opportunity_index(*id)?).filter(|held| is_open(&reading, held))?;
        let (life, beside) = judge.look(&reading, &held);
        let (rules, calendar) = (judge.rules(), &snapshot.settings().calendar);
        let flags = life.flags(&beside, rules);
        let raised = |flag| Raised { flag, since_ms: life.since_ms(flag, &beside, rules, calendar) };
        Some(OpportunityHygiene { score: flags.score(), passes: rules.passes(flags), raised: flags.iter().map(raised).collect() })
    };
    opportunities.iter().map(of).collect()
}
