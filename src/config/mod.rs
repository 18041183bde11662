//! One documented tree of configuration: defaults < file < environment < flags. Unknown keys are refused.

mod attribution;
mod jobs;
mod layers;
mod pipeline;
mod plugins;
mod server;

pub use attribution::{AttributionConfig, KindName, LinkingName, SourceName, SuppressConfig};
pub use jobs::JobsConfig;
pub use layers::{ConfigError, Layers, Origin, Setting};
pub use pipeline::{CapacityConfig, ColumnConfig, ColumnsConfig, HygieneConfig, PipelineConfig, RoleConfig, RolesConfig};
pub use plugins::{ComponentLimits, PluginsConfig};
pub use server::{LimitsConfig, ServerConfig};

use chrono::NaiveDate;
use chrono_tz::Tz;
use pipewright_core::calendar::{Calendar, YearPattern};
use pipewright_core::currency::CurrencyCode;
use pipewright_core::facts::Thresholds;
use pipewright_core::rep::Role;
use pipewright_core::target::Measure;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::PathBuf;

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
    /// Work in the background.
    pub jobs: JobsConfig,
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

impl DatabaseConfig {
    /// The file of a SQLite database; `None` for any other.
    pub fn sqlite_path(&self) -> Option<PathBuf> {
        let path = self.url.strip_prefix("sqlite:")?;
        Some(PathBuf::from(path.strip_prefix("//").unwrap_or(path)))
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
        self.attribution.check()?;
        self.pipeline.hygiene.check()?;
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
    use super::{CapacityConfig, ColumnConfig, ColumnsConfig, Config, HygieneConfig, PipelineConfig};
    use pipewright_core::ids::RepId;
    use pipewright_core::rep::Role;
    use pipewright_core::target::Measure;
    use std::collections::BTreeSet;

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
    fn hygiene_is_measured_by_rules_that_can_hold() {
        assert_eq!(Config::default().pipeline.hygiene.rules(), pipewright_core::hygiene::Rules::default());
        let is_right = |change: fn(&mut HygieneConfig)| {
            let mut config = Config::default();
            change(&mut config.pipeline.hygiene);
            config.check().is_ok()
        };
        assert!(is_right(|rules| (rules.pushes, rules.review_days, rules.activity_days) = (1, 366, 0)));
        assert!(is_right(|rules| (rules.passing_score, rules.stage_age_percent, rules.least_stays) = (100, 0, 0)));
        let wrong: [fn(&mut HygieneConfig); 5] = [
            |rules| rules.pushes = 0,
            |rules| rules.review_days = 0,
            |rules| rules.review_days = 367,
            |rules| rules.activity_days = 3_661,
            |rules| rules.passing_score = 101,
        ];
        assert!(wrong.into_iter().all(|change| !is_right(change)));
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
