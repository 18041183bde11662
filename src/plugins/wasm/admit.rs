//! What is looked at before a compiler sees a component.

use super::Limits;
use wasmparser::{Encoding, Parser, Payload, Validator, WasmFeatures};

/// A file is no component that may be run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is too big.
    #[error("the file has {bytes} bytes, and {most} is the most")]
    TooBig {
        /// How many it has.
        bytes: u64,
        /// How many it may have.
        most: u64,
    },
    /// It is not WebAssembly.
    #[error("the file is not WebAssembly: {reason}")]
    NotWasm {
        /// What the parser says.
        reason: String,
    },
    /// It is a core module.
    #[error("the file is a core module, not a component: run `pipewright plugin pack` on its crate")]
    CoreModule,
    /// It defines too many functions.
    #[error("it defines {functions} functions, and {most} is the most")]
    TooManyFunctions {
        /// How many it defines.
        functions: u32,
        /// How many it may define.
        most: u32,
    },
    /// It wants something from its host.
    #[error("it imports '{name}', and a model may import nothing")]
    Imports {
        /// What.
        name: String,
    },
    /// It is WebAssembly that breaks WebAssembly's own rules.
    #[error("the component is not valid: {reason}")]
    Invalid {
        /// What the validator says.
        reason: String,
    },
}

/// Holds the bytes of a component against the limits, in one pass and without compiling anything.
///
/// # Errors
/// The first thing found that a component may not be.
pub fn examine(bytes: &[u8], limits: &Limits) -> Result<(), Refused> {
    if bytes.len() as u64 > limits.file_bytes {
        return Err(Refused::TooBig { bytes: bytes.len() as u64, most: limits.file_bytes });
    }
    let (mut functions, mut depth) = (0_u32, 0_u32);
    let mut is_component = None;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(|error| Refused::NotWasm { reason: error.message().into() })? {
            Payload::Version { encoding, .. } if is_component.is_none() => is_component = Some(encoding == Encoding::Component),
            Payload::FunctionSection(section) => {
                functions = functions.saturating_add(section.count());
                if functions > limits.functions {
                    return Err(Refused::TooManyFunctions { functions, most: limits.functions });
                }
            }
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            // What is nested is given its imports from inside the file.
            Payload::ComponentImportSection(section) if depth == 0 => {
                if let Some(import) = section.into_iter().next() {
                    let import = import.map_err(|error| Refused::NotWasm { reason: error.message().into() })?;
                    return Err(Refused::Imports { name: import.name.name.into() });
                }
            }
            _ => {}
        }
    }
    if is_component == Some(false) {
        return Err(Refused::CoreModule);
    }
    let mut validator = Validator::new_with_features(WasmFeatures::default());
    validator.validate_all(bytes).map(|_| ()).map_err(|error| Refused::Invalid { reason: error.message().into() })
}
