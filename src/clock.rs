//! The one place that knows what time it is; everything else is told.

use chrono::{DateTime, SubsecRound, Utc};

/// Where instants come from.
#[derive(Debug, Clone, Copy)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// Always this instant: for tests and for looking at old data as if it were new.
    Fixed(DateTime<Utc>),
}

impl Clock {
    /// The instant it is, to the millisecond.
    pub fn now(self) -> DateTime<Utc> {
        match self {
            Self::System => Utc::now().trunc_subsecs(3),
            Self::Fixed(at) => at,
        }
    }
}
