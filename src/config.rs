//! One documented tree of configuration: defaults < file < environment < flags. Unknown keys are refused.

use chrono::NaiveDate;
use chrono_tz::Tz;
use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use pipewright_core::calendar::{Calendar, YearPattern};
use pipewright_core::currency::CurrencyCode;
use pipewright_core::facts::Thresholds;
use pipewright_core::ids::RepId;
use pipewright_core::rep::Role;
use pipewright_core::roles::{Capacity, Expectations, RoleExpectation};
use pipewright_core::target::Measure;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Read from the working folder where no other file is named.
const USUAL_FILE: &str = "pipewright.toml";
/// What our variables of the environment begin with.
const PREFIX: &str = "PIPEWRIGHT__";

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
    /// Where attribution models of your own lie.
    pub plugins: PluginsConfig,
    /// What is logged.
    pub log: LogConfig,
}

/// Where attribution models of your own lie.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PluginsConfig {
    /// The folder of `.toml` and `.wasm` files; made when the server starts, and watched.
    pub folder: PathBuf,
    /// What a WebAssembly component may use.
    pub components: ComponentLimits,
}

impl Default for PluginsConfig {
    fn default() -> Self {
        Self { folder: "models".into(), components: ComponentLimits::default() }
    }
}

/// What a WebAssembly component may use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ComponentLimits {
    /// Bytes of its file.
    pub file_bytes: u64,
    /// Functions that it defines.
    pub functions: u32,
    /// Bytes of its memory.
    pub memory_bytes: usize,
    /// Elements of a table.
    pub table_elements: usize,
    /// Units of work for one call; about one for each instruction.
    pub fuel: u64,
    /// Milliseconds for one batch.
    pub batch_ms: u64,
    /// Milliseconds to learn all journeys.
    pub fit_ms: u64,
    /// Milliseconds to compile, in a process of its own.
    pub compile_ms: u64,
}

impl Default for ComponentLimits {
    fn default() -> Self {
        Self {
            file_bytes: 8 << 20,
            functions: 5_000,
            memory_bytes: 64 << 20,
            table_elements: 10_000,
            fuel: 2_000_000_000,
            batch_ms: 2_000,
            fit_ms: 60_000,
            compile_ms: 10_000,
        }
    }
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
    /// How long `/readyz` says that a stop was asked for before new connections are refused, in seconds: as long as what
    /// stands in front needs to notice.
    pub unready_s: u64,
    /// How long the facts may lag behind the change feed before `/readyz` says so, in seconds.
    pub ready_lag_s: u64,
    /// Limits on what one request may ask.
    pub limits: LimitsConfig,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            workers: 0,
            drain_s: 30,
            unready_s: 0,
            ready_lag_s: 5,
            limits: LimitsConfig::default(),
        }
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
    /// Computations that go at once; 0: one for each core.
    pub computations: usize,
    /// Computations that wait for their turn; further ones are refused as UNAVAILABLE.
    pub waiting: usize,
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
            computations: 0,
            waiting: 64,
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
    /// Thresholds of single columns.
    pub columns: ColumnsConfig,
    /// What is expected of each selling role.
    pub roles: RolesConfig,
    /// Reps with a capacity of their own, by their id in the source system, or here; what is absent is as for their role.
    pub reps: BTreeMap<String, CapacityConfig>,
    /// Days after a hand-off in which an opportunity counts as made of it.
    pub hand_off_days: u32,
}

/// What is expected of each selling role.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RolesConfig {
    /// Of account executives.
    pub ae: RoleConfig,
    /// Of business development reps.
    pub bdr: RoleConfig,
    /// Of sales development reps.
    pub sdr: RoleConfig,
    /// Of enterprise corporate specialists.
    pub ecs: RoleConfig,
    /// Of cloud sales.
    pub cloud_sales: RoleConfig,
}

/// What is expected of one selling role.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RoleConfig {
    /// What each fully ramped rep can carry in a quarter.
    pub capacity: CapacityConfig,
    /// The role's share of all pipeline generated, 0 to 1.
    pub expected_share: f64,
    /// Days in the role until a rep is fully ramped.
    pub ramp_days: u32,
}

/// What a fully ramped rep can carry in a quarter; what is absent is not measured.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CapacityConfig {
    /// Opportunities owned.
    pub opportunities: Option<u32>,
    /// Meetings held.
    pub meetings: Option<u32>,
    /// Calls made.
    pub calls: Option<u32>,
}

impl Default for RolesConfig {
    fn default() -> Self {
        let role = |expected_share, ramp_days, opportunities, meetings, calls| RoleConfig {
            capacity: CapacityConfig { opportunities, meetings: Some(meetings), calls: Some(calls) },
            expected_share,
            ramp_days,
        };
        Self {
            ae: role(0.55, 180, Some(30), 120, 200),
            bdr: role(0.25, 90, None, 60, 1_500),
            sdr: role(0.10, 60, None, 60, 2_000),
            ecs: role(0.06, 120, Some(45), 90, 600),
            cloud_sales: role(0.04, 120, Some(25), 90, 300),
        }
    }
}

/// Thresholds by column of the matrix.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ColumnsConfig {
    /// Of closed ACV.
    pub closed_acv: ColumnConfig,
    /// Of open pipeline that has a target of its own; else it has the colour of coverage.
    pub open_pipeline: ColumnConfig,
    /// Of the forecast.
    pub forecast: ColumnConfig,
    /// Of generation.
    pub generation: ColumnConfig,
    /// Of coverage, by coverage / required coverage.
    pub coverage: ColumnConfig,
}

/// Thresholds of one column; what is absent is as in `pipeline`.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ColumnConfig {
    /// Pace at or above which a cell is GREEN.
    pub green_from: Option<f64>,
    /// Pace at or above which a cell is YELLOW.
    pub yellow_from: Option<f64>,
}

impl Default for PipelineConfig {
    fn default() -> Self {
        Self {
            entry_stage: None,
            green_from: 1.0,
            yellow_from: 0.85,
            columns: ColumnsConfig::default(),
            roles: RolesConfig::default(),
            reps: BTreeMap::new(),
            hand_off_days: 30,
        }
    }
}

impl PipelineConfig {
    /// What colours a column.
    pub fn thresholds(&self, column: Measure) -> Thresholds {
        let own = match column {
            Measure::ClosedAcv => self.columns.closed_acv,
            Measure::OpenPipeline => self.columns.open_pipeline,
            Measure::Forecast => self.columns.forecast,
            Measure::Generation => self.columns.generation,
            Measure::Coverage => self.columns.coverage,
        };
        Thresholds {
            green_from: own.green_from.unwrap_or(self.green_from),
            yellow_from: own.yellow_from.unwrap_or(self.yellow_from),
        }
    }
}

impl PipelineConfig {
    /// What is expected of the roles and reps of an organisation.
    pub fn expectations(&self, organisation: &str) -> Expectations {
        let expectation = |role| {
            let RoleConfig { capacity, expected_share, ramp_days } = *self.role(role);
            RoleExpectation { capacity: capacity.per_quarter(), share: expected_share, ramp_days }
        };
        let rep = |id: &String| id.parse().map_or_else(|_| RepId::derived(organisation, id), RepId);
        Expectations {
            roles: Role::ALL.map(expectation),
            reps: self.reps.iter().map(|(id, capacity)| (rep(id), capacity.per_quarter())).collect(),
            hand_off_days: self.hand_off_days,
        }
    }

    fn role(&self, role: Role) -> &RoleConfig {
        match role {
            Role::Ae => &self.roles.ae,
            Role::Bdr => &self.roles.bdr,
            Role::Sdr => &self.roles.sdr,
            Role::Ecs => &self.roles.ecs,
            Role::CloudSales => &self.roles.cloud_sales,
        }
    }
}

impl CapacityConfig {
    fn per_quarter(&self) -> Capacity {
        let Self { opportunities, meetings, calls } = *self;
        Capacity { opportunities, meetings, calls }
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

impl Config {
    fn check(&self) -> Result<(), ConfigError> {
        let refuse = |key, value: String, expected| Err(ConfigError::OutOfRange { key, value, expected });
        let month = self.organisation.fiscal_first_month;
        if !(1..=12).contains(&month) {
            return refuse("organisation.fiscal_first_month", month.to_string(), "expected a month, 1 to 12");
        }
        for column in Measure::ALL {
            let Thresholds { green_from, yellow_from } = self.pipeline.thresholds(column);
            if !(yellow_from > 0.0 && yellow_from <= green_from && green_from.is_finite()) {
                let value = format!("{yellow_from} (with green_from = {green_from}, for {column:?})");
                return refuse(
                    "pipeline.yellow_from",
                    value,
                    "expected 0 < yellow_from <= green_from, in each of pipeline.columns too",
                );
            }
        }
        let shares = Role::ALL.map(|role| self.pipeline.role(role).expected_share);
        if !shares.iter().all(|share| (0.0..=1.0).contains(share)) || shares.iter().sum::<f64>() > 1.0 + 1e-9 {
            let value = format!("{shares:?} (of AE, BDR, SDR, ECS and cloud sales)");
            return refuse("pipeline.roles.*.expected_share", value, "expected shares of 0 to 1 that come to 1 at most");
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

#[cfg(test)]
mod tests {
    use super::{CapacityConfig, ColumnConfig, ColumnsConfig, Config, PipelineConfig, nearest};
    use pipewright_core::ids::RepId;
    use pipewright_core::rep::Role;
    use pipewright_core::target::Measure;
    use std::collections::BTreeSet;

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

    #[test]
    fn what_is_expected_of_roles_and_reps_is_configured_and_shares_come_to_one_at_most() {
        let config = Config::default();
        let expected = config.pipeline.expectations("acme");
        assert!(expected.roles[Role::Ae as usize].share > 0.5, "as shipped, AE over one half");
        assert_eq!(expected.roles[Role::Bdr as usize].share, 0.25);
        let (born_here, calls) = (uuid::Uuid::from_u128(7), CapacityConfig { calls: Some(9), ..CapacityConfig::default() });
        let mut config = Config::default();
        config.pipeline.reps = [("0055".to_owned(), calls), (born_here.to_string(), calls)].into();
        let own = config.pipeline.expectations("acme").reps;
        assert_eq!(own.keys().copied().collect::<BTreeSet<_>>(), [RepId::derived("acme", "0055"), RepId(born_here)].into());
        assert!(own.values().all(|capacity| capacity.calls == Some(9) && capacity.meetings.is_none()));
        for (share, is_right) in [(0.0, true), (0.55, true), (0.56, false), (-0.1, false), (1.1, false), (f64::NAN, false)] {
            config.pipeline.roles.ae.expected_share = share;
            assert_eq!(config.check().is_ok(), is_right, "{share}");
        }
    }

    #[test]
    fn a_column_takes_its_own_thresholds_else_those_of_all() {
        let with = |green_from, yellow_from| {
            let columns = ColumnsConfig { coverage: ColumnConfig { green_from, yellow_from }, ..ColumnsConfig::default() };
            Config { pipeline: PipelineConfig { columns, ..PipelineConfig::default() }, ..Config::default() }
        };
        for (green_from, yellow_from, expected) in [
            (None, None, Some((1.0, 0.85))),
            (Some(1.2), None, Some((1.2, 0.85))),
            (None, Some(0.5), Some((1.0, 0.5))),
            (Some(0.9), Some(0.9), Some((0.9, 0.9))),
            (Some(0.8), None, None),
            (None, Some(1.1), None),
            (None, Some(0.0), None),
        ] {
            let config = with(green_from, yellow_from);
            let found = config.pipeline.thresholds(Measure::Coverage);
            let found = config.check().is_ok().then_some((found.green_from, found.yellow_from));
            assert_eq!(found, expected, "{green_from:?} {yellow_from:?}");
            assert!(config.pipeline.thresholds(Measure::ClosedAcv).green_from == 1.0, "the other columns are as they were");
        }
    }
}
