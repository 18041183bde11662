//! An unchanging view of everything, named by the last change it holds.

use super::{Origin, Settings, State, TouchFact};
use crate::campaign::Channel;
use crate::dimension::{Dimension, DimensionValue};
use crate::forecast::{Adjustment, Judgement};
use crate::ids::{CampaignId, DataVersion, OpportunityId, RepId};
use crate::rep::Role;
use crate::target::Target;

/// See the module.
pub struct Snapshot {
    _being_written: (),
}

impl Snapshot {
    /// The last change it holds.
    pub fn data_version(&self) -> DataVersion {
        unimplemented!()
    }

    /// What every number depends on beside the rows.
    pub fn settings(&self) -> &Settings {
        unimplemented!()
    }

    /// All target rows, in order of (valid_from, sequence).
    pub fn targets(&self) -> &[Target] {
        unimplemented!()
    }

    /// All judgement rows, in order of (valid_from, sequence).
    pub fn judgements(&self) -> &[Judgement] {
        unimplemented!()
    }

    /// All adjustment rows, in order of (valid_from, sequence).
    pub fn adjustments(&self) -> &[Adjustment] {
        unimplemented!()
    }

    /// What people call a value: a region's name, `(no product)`, `(unattributed)`, `AE`.
    pub fn label(&self, dimension: Dimension, value: &DimensionValue) -> String {
        let _ = (dimension, value);
        unimplemented!()
    }

    /// The instant of the first version, which bounds how much history there is; `None` when empty.
    pub fn first_instant_ms(&self) -> Option<i64> {
        unimplemented!()
    }

    /// How many opportunities there are; their indices are 0 up to this, and keep their meaning in snapshots built onto this one.
    pub fn opportunity_count(&self) -> usize {
        unimplemented!()
    }

    /// The id of the opportunity at `index`.
    pub fn opportunity_id(&self, index: u32) -> OpportunityId {
        let _ = index;
        unimplemented!()
    }

    /// Where an opportunity stands; `None` where the snapshot does not hold it.
    pub fn opportunity_index(&self, id: OpportunityId) -> Option<u32> {
        let _ = id;
        unimplemented!()
    }

    /// What never changes of the opportunity at `index`.
    pub fn origin(&self, index: u32) -> Origin {
        let _ = index;
        unimplemented!()
    }

    /// How the opportunity at `index` stood at an instant; `None` before its first version.
    pub fn state_at(&self, index: u32, at_ms: i64) -> Option<State> {
        let _ = (index, at_ms);
        unimplemented!()
    }

    /// The touchpoints of the opportunity's account (of itself, where it has none), in order of (instant, source, id).
    pub fn touchpoints_of(&self, index: u32) -> &[TouchFact] {
        let _ = index;
        unimplemented!()
    }

    /// The role that a rep held at an instant; `None` where none is known.
    pub fn role_at(&self, rep: RepId, at_ms: i64) -> Option<Role> {
        let _ = (rep, at_ms);
        unimplemented!()
    }

    /// The channel of a campaign; `None` where it has none or is not known.
    pub fn channel_of(&self, campaign: CampaignId) -> Option<Channel> {
        let _ = campaign;
        unimplemented!()
    }
}
