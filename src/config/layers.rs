//! Where a configuration comes from: defaults < file < environment < flags, and what is wrong with it.

use super::Config;
use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use std::path::{Path, PathBuf};

/// Read from the working folder where no other file is named.
const USUAL_FILE: &str = "pipewright.toml";
/// What our variables of the environment begin with.
const PREFIX: &str = "PIPEWRIGHT__";

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said anything else.
    Default,
    /// This file.
    File(PathBuf),
    /// This variable of the environment.
    Environment(String),
    /// A flag of the command line.
    Flag,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::Flag => f.write_str("flag"),
        }
    }
}

/// A key with its value and where that came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// Dotted, such as `server.listen`.
    pub key: String,
    /// `None`: absent.
    pub value: Option<toml::Value>,
    /// Where the value came from.
    pub origin: Origin,
}

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// No such key.
    #[error("configuration: {place}: there is no key '{key}'{hint}")]
    UnknownKey {
        /// The file or variable.
        place: String,
        /// What stands there.
        key: String,
        /// The nearest key there is, as a sentence's end; empty where none is near.
        hint: String,
    },
    /// A value is of the wrong type; the text names key and source.
    #[error("configuration: {0}")]
    Unreadable(String),
    /// A value is out of its range.
    #[error("configuration: {key} = {value}: {expected}")]
    OutOfRange {
        /// Which key.
        key: &'static str,
        /// Its value.
        value: String,
        /// What would be right.
        expected: &'static str,
    },
    /// The file named is not there.
    #[error("configuration: there is no file {0}")]
    Missing(PathBuf),
}

/// The layers of a configuration, not yet read.
#[derive(Debug, Clone)]
pub struct Layers {
    file: Option<PathBuf>,
    beside_flags: Figment,
    flags: Vec<(&'static str, String)>,
}

impl Layers {
    /// Defaults, then `file` (or `pipewright.toml` in the working folder, where there is one), then the environment
    /// (`PIPEWRIGHT__DATABASE__URL` is `database.url`), then `flags` (dotted keys).
    ///
    /// # Errors
    /// There is no such file.
    pub fn new(file: Option<&Path>, flags: Vec<(&'static str, String)>) -> Result<Self, ConfigError> {
        let file = match file {
            Some(path) if !path.is_file() => return Err(ConfigError::Missing(path.to_owned())),
            Some(path) => Some(path.to_owned()),
            None => Some(PathBuf::from(USUAL_FILE)).filter(|path| path.is_file()),
        };
        let mut beside_flags = Figment::from(Serialized::defaults(Config::default()));
        if let Some(path) = &file {
            beside_flags = beside_flags.merge(Toml::file_exact(path));
        }
        Ok(Self { file, beside_flags: beside_flags.merge(Env::prefixed(PREFIX).split("__")), flags })
    }

    /// What is in force.
    ///
    /// # Errors
    /// Names the key that is unknown or wrong, and where it came from.
    pub fn read(&self) -> Result<Config, ConfigError> {
        let figment = self
            .flags
            .iter()
            .fold(self.beside_flags.clone(), |figment, (key, value)| figment.merge(Serialized::default(key, value)));
        let config: Config = figment.extract().map_err(|error| self.refusal(error))?;
        config.check()?;
        Ok(config)
    }

    /// Every key with its value in `config`, which was read from here, and where that came from.
    pub fn settings(&self, config: &Config) -> Vec<Setting> {
        let setting = |(key, value): (String, Option<toml::Value>)| Setting { origin: self.origin(&key), key, value };
        leaves(config).into_iter().map(setting).collect()
    }

    fn origin(&self, key: &str) -> Origin {
        if self.flags.iter().any(|(flag, _)| *flag == key) {
            return Origin::Flag;
        }
        let variable = variable(key);
        if std::env::vars_os().any(|(name, _)| name.to_string_lossy().eq_ignore_ascii_case(&variable)) {
            return Origin::Environment(variable);
        }
        let said = |path: &PathBuf| Figment::from(Toml::file_exact(path)).contains(key);
        self.file.clone().filter(said).map_or(Origin::Default, Origin::File)
    }

    /// The library's error, in words that name the way out.
    fn refusal(&self, error: figment::Error) -> ConfigError {
        let figment::error::Kind::UnknownField(name, _) = &error.kind else {
            // The library names its own profile in front of the key.
            return ConfigError::Unreadable(error.to_string().replacen("\"default.", "\"", 1));
        };
        let mut path = error.path.clone();
        if path.last() != Some(name) {
            path.push(name.clone());
        }
        let key = path.join(".");
        let is_file = error.metadata.as_ref().is_some_and(|metadata| metadata.source.is_some());
        let place = match (&self.file, is_file) {
            (Some(file), true) => format!("file {}", file.display()),
            _ => format!("environment {}", variable(&key)),
        };
        let hint = nearest(&key).map_or(String::new(), |known| format!("; did you mean '{known}'?"));
        ConfigError::UnknownKey { place, key, hint }
    }
}

/// The variable of the environment that says `key`.
fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "__").to_uppercase())
}

/// Every key with its value; `None` where it is absent.
fn leaves(config: &Config) -> Vec<(String, Option<toml::Value>)> {
    fn walk(path: &str, value: serde_json::Value, found: &mut Vec<(String, Option<toml::Value>)>) {
        match value {
            serde_json::Value::Object(fields) => {
                for (name, value) in fields {
                    walk(&if path.is_empty() { name } else { format!("{path}.{name}") }, value, found);
                }
            }
            // JSON knows an absent value as null, TOML does not.
            value => found.push((path.to_owned(), toml::Value::try_from(value).ok())),
        }
    }
    let mut found = Vec::new();
    walk("", serde_json::to_value(config).expect("a configuration can be written as JSON"), &mut found);
    found
}

/// The key or section that was probably meant: one of almost the same letters, or of the same name elsewhere in the tree.
fn nearest(key: &str) -> Option<String> {
    let last = |key: &str| key.rsplit('.').next().unwrap_or_default().to_owned();
    let likeness = |known: &str| strsim::jaro_winkler(key, known).max(0.98 * strsim::jaro_winkler(&last(key), &last(known)));
    let mut known: Vec<String> = leaves(&Config::default()).into_iter().map(|(key, _)| key).collect();
    let mut sections: Vec<String> = known.iter().filter_map(|key| Some(key.rsplit_once('.')?.0.to_owned())).collect();
    sections.dedup();
    known.extend(sections);
    let best = known.into_iter().map(|known| (likeness(&known), known)).max_by(|one, other| one.0.total_cmp(&other.0))?;
    (best.0 > 0.8).then_some(best.1)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn the_nearest_key_is_the_one_that_was_meant() {
        for (key, meant) in [
            ("databse", Some("database")),
            ("database.ulr", Some("database.url")),
            ("listen", Some("server.listen")),
            ("server.limits.deph", Some("server.limits.depth")),
            ("server.timezone", Some("organisation.time_zone")),
            ("xyzzy", None),
        ] {
            assert_eq!(nearest(key).as_deref(), meant, "{key}");
        }
    }
}
