//! Models that look only at where a touchpoint stands on its journey. None of them sees origins, and none trains.

mod linear;
mod shaped;
mod single;

pub use linear::Linear;
pub use shaped::{JShaped, PositionBased};
pub use single::Single;

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
        origins: false,
        passes: 0,
        paths: true,
    }
}
