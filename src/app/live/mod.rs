//! What watchers are told: each function gives what the same viewer's question would, again whenever it changes.
//!
//! Who watches the same shares one computation. Changes that come faster than answers are folded: a watcher is told the
//! latest, never a backlog.

pub mod matrix;
pub mod opportunity;
pub mod progress;
mod shared;

pub use shared::Watched;

use super::numbers::{Answered, NumberError};
use super::runs::RunRow;
use crate::storage::Job;
use pipewright_core::matrix::Matrix;
use pipewright_core::viewer::Scope;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Semaphore;
use uuid::Uuid;

/// What is watched in this process.
#[derive(Clone)]
pub struct Live {
    matrices: shared::Shared<matrix::Question, Result<Answered<Matrix>, NumberError>>,
    imports: shared::Shared<Uuid, Job>,
    runs: shared::Shared<(Scope, Uuid), RunRow>,
    changes: opportunity::Changes,
    computed: Arc<AtomicU64>,
    /// One turn for each core: a change that a thousand questions are computed anew for leaves room for those who ask.
    turns: Arc<Semaphore>,
}

impl Default for Live {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            matrices: shared::Shared::default(),
            imports: shared::Shared::default(),
            runs: shared::Shared::default(),
            changes: opportunity::Changes::default(),
            computed: Arc::default(),
            turns: Arc::new(Semaphore::new(cores)),
        }
    }
}

impl Live {
    /// How many answers were computed for watchers.
    pub fn computed(&self) -> u64 {
        self.computed.load(Ordering::Relaxed)
    }

    fn count(&self) {
        self.computed.fetch_add(1, Ordering::Relaxed);
    }
}
