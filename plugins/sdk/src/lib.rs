//! The contract between Pipewright and an attribution model.
//!
//! A model takes the journey of one opportunity and says which share of it each touchpoint earned. It returns shares; the
//! host splits money, exactly. Whatever a model needs to know of an opportunity stands in its [`Journey`]: already
//! filtered, ordered by (instant, source, id), with every [`Positions`] found. The crate does no I/O, knows no clock, starts
//! no thread, and depends on almost nothing, so that the same source also compiles to WebAssembly.
//!
//! What every model keeps to, and what [`conformance`] and the host check:
//! - one weight for each touchpoint, finite, >= 0, adding up to 1 within [`TOLERANCE`]; or no credit, with a reason;
//! - the same input gives the same bytes.

#[cfg(feature = "component")]
pub mod component;
pub mod conformance;
mod explanation;
mod journey;
mod manifest;
pub mod milestones;
mod model;
mod parameter;
mod source;
mod weights;

pub use explanation::{Explanation, Figure, Findings, Moved, Part, Step, Transition, Why};
pub use journey::{Journey, Kind, Outcome, Positions, Touch};
pub use manifest::Manifest;
pub use model::{FittedModel, Fitting, Journeys, Learner, Model, ModelError, fit};
pub use parameter::{BadParameter, Domain, Parameter, Parameters, Value};
pub use source::{Source, SourceCounts};
pub use weights::{Breach, NoCredit, Remarks, TOLERANCE, Weights};
