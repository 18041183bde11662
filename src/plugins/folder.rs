//! The folder of plug-ins: what each of its files is, and what is wrong with it.

use super::declarative::Declared;
use super::wasm::{Host, Limits};
use pipewright_plugin::{Model, conformance};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// Where plug-ins lie, and what they may use.
pub struct Folder {
    path: PathBuf,
    components: Components,
}

/// What runs components.
struct Components {
    host: Host,
    limits: Limits,
    /// The program that compiles a component first, in a process that can be stopped; `None`: this process alone.
    compiler: Option<PathBuf>,
}

/// A file of the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginFile {
    /// Its name in the folder.
    pub name: String,
    /// Of what it holds, in hexadecimal.
    pub sha256: String,
    /// What kind of plug-in it is.
    pub kind: PluginKind,
}

/// The kinds of plug-in that are files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PluginKind {
    /// TOML with weights over positions.
    Declarative,
    /// A WebAssembly component.
    Wasm,
}

impl PluginFile {
    /// Whether it is a WebAssembly component.
    pub(super) fn is_component(&self) -> bool {
        self.kind == PluginKind::Wasm
    }
}

/// Why a file is not let in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// For what it holds: until that changes, it is not tried again.
    #[error("{0}")]
    Always(String),
    /// For what is around it: it is tried again whenever the folder is looked at.
    #[error("{0}")]
    Now(String),
}

impl From<String> for Unfit {
    fn from(reason: String) -> Self {
        Self::Always(reason)
    }
}

impl PluginKind {
    fn of(name: &str) -> Option<Self> {
        match name.rsplit_once('.')?.1 {
            "toml" => Some(Self::Declarative),
            "wasm" => Some(Self::Wasm),
            _ => None,
        }
    }
}

impl Folder {
    /// A folder that need not be there yet. `compiler` is the program, with `plugin compile`, that tries components first.
    ///
    /// # Errors
    /// This machine cannot run WebAssembly.
    pub fn new(path: PathBuf, limits: Limits, compiler: Option<PathBuf>) -> Result<Self, String> {
        let host = Host::new(limits.clone())?;
        Ok(Self { path, components: Components { host, limits, compiler } })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The plug-ins' files in order of name, with what they hold; none where there is no folder.
    ///
    /// # Errors
    /// The folder or a file of it cannot be read.
    pub(super) fn files(&self) -> std::io::Result<Vec<(PluginFile, Vec<u8>)>> {
        let entries = match std::fs::read_dir(&self.path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut files = Vec::new();
        for entry in entries {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let Some(kind) = PluginKind::of(&name).filter(|_| !name.starts_with('.')) else { continue };
            let bytes = match read_at_most(&entry.path(), self.most_bytes()) {
                Ok(Some(bytes)) => bytes,
                Ok(None) => continue,
                // A file that went between the listing and the reading is as one that was never there.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            let sha256 = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
            files.push((PluginFile { name, sha256, kind }, bytes));
        }
        files.sort_by(|(one, _), (other, _)| one.name.cmp(&other.name));
        Ok(files)
    }

    /// One byte more than the largest file that is taken, so that a larger one is seen to be.
    fn most_bytes(&self) -> u64 {
        self.components.limits.file_bytes + 1
    }

    /// Makes a model of a file, and holds it against the contract.
    ///
    /// # Errors
    /// Why it cannot be let in.
    pub(super) fn load(&self, file: &PluginFile, bytes: &[u8]) -> Result<Box<dyn Model>, Unfit> {
        let model: Box<dyn Model> = match file.kind {
            PluginKind::Declarative => read_declared(bytes)?,
            PluginKind::Wasm => self.load_component(bytes)?,
        };
        conformance::check(model.as_ref()).map_err(|refused| format!("it does not keep the contract: {refused}"))?;
        Ok(model)
    }

    fn load_component(&self, bytes: &[u8]) -> Result<Box<dyn Model>, Unfit> {
        let Components { host, limits, compiler } = &self.components;
        super::wasm::examine(bytes, limits).map_err(|refused| refused.to_string())?;
        if let Some(compiler) = compiler {
            super::wasm::compile_apart(compiler, bytes, limits)?;
        }
        Ok(Box::new(host.load(bytes).map_err(|error| error.to_string())?))
    }
}

/// Makes a model of a file that lies in no folder, without holding it against the contract.
///
/// # Errors
/// Why it is none.
pub fn read_model(path: &Path, bytes: &[u8], limits: &Limits) -> Result<Box<dyn Model>, String> {
    match path.file_name().and_then(|name| PluginKind::of(name.to_str()?)) {
        Some(PluginKind::Declarative) => read_declared(bytes),
        Some(PluginKind::Wasm) => {
            let host = Host::new(limits.clone())?;
            Ok(Box::new(host.load(bytes).map_err(|error| error.to_string())?))
        }
        None => Err("a plug-in is a .wasm or a .toml file".into()),
    }
}

fn read_declared(bytes: &[u8]) -> Result<Box<dyn Model>, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "the file is not UTF-8".to_owned())?;
    Ok(Box::new(Declared::read(text)?))
}

/// The first `most` bytes of a file; `None` where it is no file.
fn read_at_most(path: &Path, most: u64) -> std::io::Result<Option<Vec<u8>>> {
    use std::io::Read;
    // Looked at before it is opened: a pipe would keep whoever opens it waiting.
    if !std::fs::metadata(path)?.is_file() {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}
