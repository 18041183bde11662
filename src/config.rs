//! One documented tree of configuration: defaults < file < environment < flags. Unknown keys are refused.

use chrono::NaiveDate;
use chrono_tz::Tz;
use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use pipewright_core::calendar::{Calendar, YearPattern};
use pipewright_core::currency::CurrencyCode;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Read from the working folder where no other file is named.
const USUAL_FILE: &str = "pipewright.toml";

/// Everything that can be configured.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where rows are kept.
    pub database: DatabaseConfig,
    /// Where and how questions are answered.
    pub server: ServerConfig,
    /// Whose pipeline it is.
    pub organisation: OrganisationConfig,
    /// How numbers are judged.
    pub pipeline: PipelineConfig,
    /// How credit is given.
    pub attribution: AttributionConfig,
    /// What is logged.
    pub log: LogConfig,
}

/// Where rows are kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DatabaseConfig {
    /// `sqlite:PATH` or `postgres://USER:PASSWORD@HOST/DATABASE`.
    pub url: String,
    /// Connections at most.
    pub connections: u32,
    /// How long a request waits for a free connection, in milliseconds.
    pub wait_ms: u64,
    /// How long one statement of a request may take, in milliseconds.
    pub statement_ms: u64,
}

impl Default for DatabaseConfig {
    fn default() -> Self {
        Self { url: "sqlite:pipewright.sqlite".into(), connections: 8, wait_ms: 2_000, statement_ms: 8_000 }
    }
}

/// Where and how questions are answered.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServerConfig {
    /// Address and port; loopback only while no sign-in is configured.
    pub listen: SocketAddr,
    /// Worker threads; 0: one for each core.
    pub workers: usize,
    /// How long a stop waits for requests in flight, in seconds.
    pub drain_s: u64,
    /// Limits on what one request may ask.
    pub limits: LimitsConfig,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 8080)), workers: 0, drain_s: 30, limits: LimitsConfig::default() }
    }
}

/// Limits on what one request may ask.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsConfig {
    /// Bytes of a request's body.
    pub body_bytes: usize,
    /// Bytes of a request's URL.
    pub url_bytes: usize,
    /// How long a body may take to arrive, in seconds.
    pub body_s: u64,
    /// How long a query may take, in seconds.
    pub query_s: u64,
    /// Depth of a document, introspection counted apart.
    pub depth: u32,
    /// Tokens of a document.
    pub tokens: u32,
    /// Selections with fragments expanded.
    pub selections: u64,
    /// Aliases of a document.
    pub aliases: u32,
    /// Root fields of an operation, fragments expanded.
    pub root_fields: u32,
    /// Directives on one field.
    pub directives_per_field: u32,
    /// Directives in a document.
    pub directives: u32,
    /// Operations in a document.
    pub operations: u32,
    /// Fragments in a document.
    pub fragments: u32,
    /// Variables in a document.
    pub variables: u32,
    /// Cost of an operation: fields times page sizes.
    pub cost: u64,
    /// Errors in an answer.
    pub errors: usize,
    /// Bytes of an answer.
    pub response_bytes: usize,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            body_bytes: 1 << 20,
            url_bytes: 8 << 10,
            body_s: 30,
            query_s: 10,
            depth: 15,
            tokens: 10_000,
            selections: 5_000,
            aliases: 50,
            root_fields: 20,
            directives_per_field: 5,
            directives: 50,
            operations: 10,
            fragments: 100,
            variables: 100,
            cost: 20_000,
            errors: 20,
            response_bytes: 32 << 20,
        }
    }
}

/// Whose pipeline it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OrganisationConfig {
    /// Part of every derived id: never change it once rows are imported.
    pub name: String,
    /// Where a date becomes an instant; an IANA name.
    pub time_zone: Tz,
    /// What every sum is in.
    pub reporting_currency: CurrencyCode,
    /// First month of the fiscal year, 1 to 12.
    pub fiscal_first_month: u8,
    /// How a fiscal year falls into months.
    pub fiscal_pattern: YearPattern,
    /// Days that are no business days, beside Saturdays and Sundays.
    pub holidays: BTreeSet<NaiveDate>,
}

impl Default for OrganisationConfig {
    fn default() -> Self {
        Self {
            name: "default".into(),
            time_zone: Tz::UTC,
            reporting_currency: CurrencyCode::USD,
            fiscal_first_month: 2,
            fiscal_pattern: YearPattern::Calendar,
            holidays: BTreeSet::new(),
        }
    }
}

impl OrganisationConfig {
    /// The fiscal calendar that follows.
    pub fn calendar(&self) -> Calendar {
        Calendar {
            first_month: self.fiscal_first_month,
            pattern: self.fiscal_pattern,
            time_zone: self.time_zone,
            holidays: self.holidays.clone(),
        }
    }
}

/// How numbers are judged.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PipelineConfig {
    /// The stage whose first arrival is an opportunity's entry; absent: its creation.
    pub entry_stage: Option<String>,
    /// Pace at or above which a cell is GREEN.
    pub green_from: f64,
    /// Pace at or above which a cell is YELLOW.
    pub yellow_from: f64,
}

impl Default for PipelineConfig {
    fn default() -> Self {
        Self { entry_stage: None, green_from: 1.0, yellow_from: 0.85 }
    }
}

/// How credit is given.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AttributionConfig {
    /// The model where a question names none.
    pub default_model: String,
    /// Days before creation from which touchpoints count.
    pub look_back_days: u32,
}

impl Default for AttributionConfig {
    fn default() -> Self {
        Self { default_model: "sourced-by".into(), look_back_days: 365 }
    }
}

/// What is logged.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    /// A filter such as `info` or `pipewright=debug,warn`.
    pub filter: String,
    /// JSON lines (true), or lines for people (false); absent: people on a terminal, JSON elsewhere.
    pub json: Option<bool>,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { filter: "info".into(), json: None }
    }
}

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A key is unknown, or a value of the wrong type; the text names key and source.
    #[error("configuration: {0}")]
    Unreadable(#[from] Box<figment::Error>),
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

impl Config {
    /// Reads defaults, then `file` (or `pipewright.toml` in the working folder, where there is one), then the environment
    /// (`PIPEWRIGHT__DATABASE__URL` is `database.url`), then `flags` (dotted keys).
    ///
    /// # Errors
    /// Names the key that is unknown or wrong, and where it came from.
    pub fn load(file: Option<&Path>, flags: &[(&str, String)]) -> Result<Self, ConfigError> {
        let mut figment = Figment::from(Serialized::defaults(Self::default()));
        match file {
            Some(path) if !path.is_file() => return Err(ConfigError::Missing(path.to_owned())),
            Some(path) => figment = figment.merge(Toml::file_exact(path)),
            None if Path::new(USUAL_FILE).is_file() => figment = figment.merge(Toml::file_exact(USUAL_FILE)),
            None => {}
        }
        figment = figment.merge(Env::prefixed("PIPEWRIGHT__").split("__"));
        for (key, value) in flags {
            figment = figment.merge(Serialized::default(key, value));
        }
        let config: Self = figment.extract().map_err(Box::new)?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), ConfigError> {
        let refuse = |key, value: String, expected| Err(ConfigError::OutOfRange { key, value, expected });
        let month = self.organisation.fiscal_first_month;
        if !(1..=12).contains(&month) {
            return refuse("organisation.fiscal_first_month", month.to_string(), "expected a month, 1 to 12");
        }
        let (green, yellow) = (self.pipeline.green_from, self.pipeline.yellow_from);
        if !(yellow > 0.0 && yellow <= green && green.is_finite()) {
            return refuse("pipeline.yellow_from", yellow.to_string(), "expected 0 < yellow_from <= green_from");
        }
        if self.organisation.name.is_empty() {
            return refuse("organisation.name", String::new(), "expected a name");
        }
        if self.database.connections == 0 {
            return refuse("database.connections", "0".into(), "expected at least 1");
        }
        if !self.server.listen.ip().is_loopback() {
            return refuse(
                "server.listen",
                self.server.listen.to_string(),
                "expected a loopback address such as 127.0.0.1:8080 while no sign-in is configured",
            );
        }
        Ok(())
    }
}
