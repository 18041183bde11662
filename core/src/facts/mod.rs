//! The column store: immutable segments of versions, lines and journeys, and the scans over them.
//!
//! A [`Snapshot`] never changes; a change makes a new one that shares all segments but the newest.

mod access;
mod build;
mod curve;
mod curves;
pub(crate) mod cut;
mod gathered;
pub(crate) mod hash;
pub(crate) mod hygiene;
mod input;
mod layered;
mod links;
mod places;
pub(crate) mod reading;
mod register;
pub(crate) mod scan;
mod segment;
mod snapshot;
mod standpoint;
mod touches;
mod walk;

pub use access::{Origin, State, TouchFact};
pub use build::Builder;
pub use curves::warm;
pub use gathered::GatheredTouches;
pub use input::*;
pub(crate) use links::LinkBuffers;
pub use scan::*;
pub use snapshot::Snapshot;
pub use touches::Touchpoints;
