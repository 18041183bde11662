//! How numbers are judged, and what is expected of roles and reps.

use super::ConfigError;
use pipewright_core::facts::Thresholds;
use pipewright_core::hygiene::Rules;
use pipewright_core::ids::RepId;
use pipewright_core::rep::Role;
use pipewright_core::roles::{Capacity, Expectations, RoleExpectation};
use pipewright_core::target::Measure;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
    /// What open opportunities are measured by.
    pub hygiene: HygieneConfig,
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
            hygiene: HygieneConfig::default(),
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

    pub(super) fn role(&self, role: Role) -> &RoleConfig {
        match role {
            Role::Ae => &self.roles.ae,
            Role::Bdr => &self.roles.bdr,
            Role::Sdr => &self.roles.sdr,
            Role::Ecs => &self.roles.ecs,
            Role::CloudSales => &self.roles.cloud_sales,
        }
    }
}

/// What open opportunities are measured by.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HygieneConfig {
    /// Percent of the median stay in a stage beyond which an opportunity is too old in it.
    pub stage_age_percent: u32,
    /// Stays in a stage that must have ended for it to have a median; where fewer did, nothing is too old in it.
    pub least_stays: u32,
    /// Moves of the close date into a later calendar month from which on an opportunity is pushed often; 1 or more.
    pub pushes: u32,
    /// Days without activity that are still all right.
    pub activity_days: u32,
    /// Days that a manager's review counts; 1 or more.
    pub review_days: u32,
    /// The score, 0 to 100, below which an opportunity fails: it counts 0 where numbers are adjusted for hygiene.
    pub passing_score: u8,
}

impl Default for HygieneConfig {
    fn default() -> Self {
        let Rules { stage_age_percent, least_stays, pushes, activity_days, review_days, passing_score } = Rules::default();
        Self { stage_age_percent, least_stays, pushes, activity_days, review_days, passing_score }
    }
}

impl HygieneConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let refuse = |key, value: u32, expected| Err(ConfigError::OutOfRange { key, value: value.to_string(), expected });
        if self.pushes == 0 {
            return refuse("pipeline.hygiene.pushes", 0, "expected at least 1");
        }
        if !(1..=366).contains(&self.review_days) {
            return refuse("pipeline.hygiene.review_days", self.review_days, "expected 1 to 366 days");
        }
        if self.activity_days > 3_660 {
            return refuse("pipeline.hygiene.activity_days", self.activity_days, "expected 3,660 days at most");
        }
        if self.passing_score > 100 {
            return refuse("pipeline.hygiene.passing_score", self.passing_score.into(), "expected a percentage, 0 to 100");
        }
        Ok(())
    }

    /// The rules that follow.
    pub fn rules(&self) -> Rules {
        let Self { stage_age_percent, least_stays, pushes, activity_days, review_days, passing_score } = *self;
        Rules { stage_age_percent, least_stays, pushes, activity_days, review_days, passing_score }
    }
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

impl CapacityConfig {
    fn per_quarter(&self) -> Capacity {
        let Self { opportunities, meetings, calls } = *self;
        Capacity { opportunities, meetings, calls }
    }
}
