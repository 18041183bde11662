//! Use cases, shared by GraphQL, the command line and exports: one function for one thing a person does.
//!
//! Every function takes the [`App`] and a [`pipewright_core::viewer::Viewer`].

pub mod answers;
pub mod attribution;
pub mod capacity;
pub mod change;
pub mod hygiene;
pub mod import;
pub mod jobs;
pub mod live;
pub mod numbers;
pub mod paths;
pub mod performance;
pub mod rows;
pub mod runs;
mod work;

use crate::clock::Clock;
use crate::config::Config;
use crate::plugins::Registry;
use crate::resident::Resident;
use crate::storage::Storage;
use std::sync::Arc;

/// What use cases stand on.
#[derive(Clone)]
pub struct App {
    /// What was configured.
    pub config: Arc<Config>,
    /// The database.
    pub storage: Storage,
    /// The facts.
    pub resident: Arc<Resident>,
    /// The attribution models.
    pub models: Arc<Registry>,
    /// What time it is.
    pub clock: Clock,
    /// How many computations go at once.
    pub capacity: capacity::Capacity,
    /// What was computed before.
    pub answers: answers::Answers,
    /// What is watched.
    pub live: live::Live,
}
