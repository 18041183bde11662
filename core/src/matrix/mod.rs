//! The accountability performance matrix: the question, the answer, and how one follows from the other.

mod aggregate;
mod alignment;
mod answer;
mod apm;
mod behind;
mod columns;
mod flow;
mod forecasts;
mod question;
mod targets;
mod trend;

pub use aggregate::aggregate;
pub use alignment::{elapsed, same_point};
pub use answer::*;
pub use apm::matrix;
pub use behind::behind;
pub use columns::PAST_PERIODS;
pub use flow::flow;
pub use question::*;
pub use trend::trend;
