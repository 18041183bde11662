//! Work in the background.

use serde::{Deserialize, Serialize};

/// Work in the background.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JobsConfig {
    /// Attribution runs that one server works at, at once.
    pub at_once: usize,
    /// Attribution runs of one caller that may wait.
    pub queued: u32,
    /// How long a run stays with a server that says nothing more, in milliseconds; then another goes on with it.
    pub lease_ms: u64,
    /// Opportunities whose credits are written in one transaction.
    pub batch: usize,
}

impl Default for JobsConfig {
    fn default() -> Self {
        Self { at_once: 2, queued: 20, lease_ms: 10_000, batch: 2_000 }
    }
}
