//! The registry of attribution models and the hosts that run them.

/// Every model that can be asked for, by id.
pub struct Registry {
    _being_written: (),
}
