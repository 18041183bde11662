//! An unchanging view of everything, named by the last change it holds.

use super::Settings;
use crate::dimension::{Dimension, DimensionValue};
use crate::forecast::{Adjustment, Judgement};
use crate::ids::DataVersion;
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
}
