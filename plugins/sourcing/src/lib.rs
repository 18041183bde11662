//! Who an opportunity is due to by what its record says: the event that sourced it, or its splits. All see origins.

mod sourced_by;
mod splits;

pub use sourced_by::SourcedBy;
pub use splits::Splits;

use pipewright_plugin::{Manifest, Parameter};

/// A model of this family says the same of itself but for its names and its parameters.
fn manifest(id: &str, name: &str, description: &str, parameters: Vec<Parameter>) -> Manifest {
    Manifest {
        id: id.into(),
        name: name.into(),
        description: description.into(),
        version: env!("CARGO_PKG_VERSION").into(),
        parameters,
        additive: true,
        origins: true,
        passes: 0,
        paths: false,
    }
}
