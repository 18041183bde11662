//! Entries that follow from versions: one signed entry for each change of what stands in the pipeline.
//!
//! Amounts are in each opportunity's own currency. The sum of all entries up to an instant equals the state as of it.

use crate::catalog::{ForecastCategory, StageKind};
use crate::currency::CurrencyCode;
use crate::facts::State;
use crate::ids::{RepId, StageId};
use chrono::NaiveDate;

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryKind {
    /// The first version.
    Created,
    /// It arrived in a stage that means won.
    Won,
    /// It arrived in a stage that means lost.
    Lost,
    /// It came back from closed.
    Reopened,
    /// Deleted, or left out of every number while open.
    Removed,
    /// Back from deleted or left out.
    Restored,
    /// The close date moved.
    Moved,
    /// The ACV or its currency changed.
    Resized,
    /// Something else changed.
    Changed,
}

/// What an opportunity contributes from an instant on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Posting {
    /// Open, won or lost.
    pub kind: StageKind,
    /// The stage.
    pub stage: StageId,
    /// How sure the seller is.
    pub forecast_category: ForecastCategory,
    /// Decides the period.
    pub close_date: NaiveDate,
    /// Who owns it.
    pub owner: Option<RepId>,
    /// The currency of the amount.
    pub currency: CurrencyCode,
    /// ACV, minor units of `currency`.
    pub acv_minor: i64,
}

/// One change of one opportunity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Milliseconds since 1970, UTC.
    pub at_ms: i64,
    /// What changed; of several, the first in the order of the kinds.
    pub kind: EntryKind,
    /// What is taken back; `None` where nothing counted before.
    pub before: Option<Posting>,
    /// What is put in its place; `None` where nothing counts from here on.
    pub after: Option<Posting>,
}

impl Posting {
    /// What a version contributes; `None` where it counts nowhere.
    pub fn of(state: &State) -> Option<Self> {
        let omitted = state.stage_kind == StageKind::Open && state.forecast_category == ForecastCategory::Omitted;
        (!state.is_deleted && !omitted).then_some(Self {
            kind: state.stage_kind,
            stage: state.stage,
            forecast_category: state.forecast_category,
            close_date: state.close_date,
            owner: state.owner,
            currency: state.currency,
            acv_minor: state.acv_minor,
        })
    }
}

/// The entries of one opportunity, from its versions in order. A version that changes nothing that is posted has none.
pub fn entries(versions: &[State]) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut before = None;
    for (position, version) in versions.iter().enumerate() {
        let after = Posting::of(version);
        if position == 0 || before != after {
            let kind = if position == 0 { EntryKind::Created } else { kind(before, after) };
            entries.push(Entry { at_ms: version.valid_from_ms, kind, before, after });
        }
        before = after;
    }
    entries
}

fn kind(before: Option<Posting>, after: Option<Posting>) -> EntryKind {
    let Some(after) = after else { return EntryKind::Removed };
    let was_closed = before.map(|before| before.kind != StageKind::Open);
    match (before, after.kind) {
        (Some(before), StageKind::Won) if before.kind != StageKind::Won => EntryKind::Won,
        (Some(before), StageKind::Lost) if before.kind != StageKind::Lost => EntryKind::Lost,
        (_, StageKind::Open) if was_closed == Some(true) => EntryKind::Reopened,
        (None, _) => EntryKind::Restored,
        (Some(before), _) if before.close_date != after.close_date => EntryKind::Moved,
        (Some(before), _) if (before.acv_minor, before.currency) != (after.acv_minor, after.currency) => EntryKind::Resized,
        (Some(_), _) => EntryKind::Changed,
    }
}
