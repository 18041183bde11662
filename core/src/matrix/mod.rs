//! The accountability performance matrix: the question, the answer, and how one follows from the other.

mod alignment;
mod answer;
mod apm;
mod columns;
mod forecasts;
mod question;
mod targets;
mod trend;

pub use alignment::{elapsed, end_of, same_point};
pub use answer::*;
pub use apm::matrix;
pub use question::*;
pub use trend::trend;
