//! The accountability performance matrix: the question, the answer, and how one follows from the other.

mod answer;
mod question;

pub use answer::*;
pub use question::*;
