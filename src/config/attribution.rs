//! How credit is given, and which touchpoints make a journey.

use super::ConfigError;
use pipewright_core::attribution::{JourneyRules, Linking, NamePattern, Suppression};
use pipewright_core::campaign::Channel;
use pipewright_core::ids::{CampaignId, ContactId, LeadId, RepId, StageId};
use pipewright_core::rep::Role;
use pipewright_core::touchpoint::{Source, TouchpointKind};
use pipewright_plugin::Positions;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How credit is given.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AttributionConfig {
    /// The model where a question names none.
    pub default_model: String,
    /// Days before creation from which touchpoints count.
    pub look_back_days: u32,
    /// Whose touchpoints are an opportunity's, beside those logged on it.
    pub linking: LinkingName,
    /// Minutes without a touchpoint after which a session of one person with one source is over; of a session, what is of one
    /// kind counts once. 0: there are no sessions.
    pub session_minutes: u32,
    /// Names of the stages whose first arrival is a milestone of its own.
    pub milestones: Vec<String>,
    /// Touchpoints of one journey at most; an opportunity with more is unattributed.
    pub journey_touchpoints: u32,
    /// Touchpoints that no model sees.
    pub suppress: Vec<SuppressConfig>,
}

impl Default for AttributionConfig {
    fn default() -> Self {
        let JourneyRules { look_back_days, session_minutes, most_touchpoints, .. } = JourneyRules::default();
        Self {
            default_model: "sourced-by".into(),
            look_back_days,
            linking: LinkingName::ByAccount,
            session_minutes,
            milestones: Vec::new(),
            journey_touchpoints: most_touchpoints,
            suppress: Vec::new(),
        }
    }
}

/// Whose touchpoints are an opportunity's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkingName {
    /// Those of its account.
    ByAccount,
    /// Those of the contacts that have a role on it.
    ByContactRole,
    /// Those of its primary contact.
    ByPrimaryContact,
}

/// A rule that takes touchpoints out: those of which everything that it says holds.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SuppressConfig {
    /// What an explanation calls the rule; absent: by its number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// One of these happened.
    pub kinds: Vec<KindName>,
    /// By one of these roles or channels.
    pub sources: Vec<SourceName>,
    /// For the campaign of one of these external ids, or one of the names.
    pub campaigns: Vec<String>,
    /// For a campaign of one of these names, in which `*` stands for anything; or of one of the ids.
    pub campaign_names: Vec<String>,
    /// To the contact or lead of one of these external ids.
    pub people: Vec<String>,
    /// Done by the rep of one of these external ids.
    pub reps: Vec<String>,
    /// More than so many days before the opportunity's creation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub older_than_days: Option<u32>,
    /// Less than so many days before the opportunity's creation, or after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub younger_than_days: Option<u32>,
}

impl SuppressConfig {
    /// What an explanation calls the rule, which is the configuration's `number`-th.
    pub fn called(&self, number: usize) -> String {
        self.name.clone().unwrap_or_else(|| format!("rule {number}"))
    }

    fn rule(&self, organisation: &str, number: usize) -> Suppression {
        let person = |id: &String| [ContactId::derived(organisation, id).0, LeadId::derived(organisation, id).0];
        Suppression {
            name: self.called(number),
            kinds: self.kinds.iter().map(|kind| (*kind).into()).collect(),
            sources: self.sources.iter().map(|source| (*source).into()).collect(),
            campaigns: self.campaigns.iter().map(|id| CampaignId::derived(organisation, id)).collect(),
            campaign_names: self.campaign_names.iter().map(|name| NamePattern::new(name)).collect(),
            people: self.people.iter().flat_map(person).collect(),
            reps: self.reps.iter().map(|id| RepId::derived(organisation, id)).collect(),
            older_than_days: self.older_than_days,
            younger_than_days: self.younger_than_days,
        }
    }

    /// What is wrong with it; `None`: nothing.
    fn fault(&self) -> Option<&'static str> {
        if self.rule("", 0).says_nothing() {
            return Some(
                "expected at least one of kinds, sources, campaigns, campaign_names, people, reps, older_than_days, \
                 younger_than_days: a rule that says nothing would take out everything",
            );
        }
        let (older, younger) = (self.older_than_days, self.younger_than_days);
        older
            .zip(younger)
            .filter(|(older, younger)| older >= younger)
            .map(|_| "expected older_than_days below younger_than_days: nothing is both older and younger than that")
    }
}

impl AttributionConfig {
    /// Which touchpoints make a journey.
    pub fn journeys(&self, organisation: &str) -> JourneyRules {
        JourneyRules {
            linking: match self.linking {
                LinkingName::ByAccount => Linking::ByAccount,
                LinkingName::ByContactRole => Linking::ByContactRole,
                LinkingName::ByPrimaryContact => Linking::ByPrimaryContact,
            },
            look_back_days: self.look_back_days,
            session_minutes: self.session_minutes,
            suppressions: self.suppress.iter().enumerate().map(|(at, rule)| rule.rule(organisation, at + 1)).collect(),
            milestones: self.milestones.iter().map(|stage| StageId::derived(organisation, stage)).collect(),
            most_touchpoints: self.journey_touchpoints,
        }
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let refuse = |key, value: String, expected| Err(ConfigError::OutOfRange { key, value, expected });
        let stages: BTreeSet<&String> = self.milestones.iter().collect();
        if self.milestones.len() > Positions::STAGES || stages.len() < self.milestones.len() {
            return refuse("attribution.milestones", self.milestones.join(", "), "expected six stages at most, each once");
        }
        if self.session_minutes > 1_440 {
            let value = self.session_minutes.to_string();
            return refuse("attribution.session_minutes", value, "expected minutes of a day at most, 0 to 1440");
        }
        if !(1..=1_000_000).contains(&self.journey_touchpoints) {
            let value = self.journey_touchpoints.to_string();
            return refuse("attribution.journey_touchpoints", value, "expected a number, 1 to 1000000");
        }
        if self.suppress.len() > JourneyRules::MOST_SUPPRESSIONS {
            return refuse("attribution.suppress", format!("{} rules", self.suppress.len()), "expected 64 rules at most");
        }
        for (at, rule) in self.suppress.iter().enumerate() {
            if let Some(expected) = rule.fault() {
                return refuse("attribution.suppress", rule.called(at + 1), expected);
            }
        }
        Ok(())
    }
}

/// What happened, as configuration spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "each is what the kind of its name in the domain is")]
pub enum KindName {
    BareVisit,
    Response,
    Inclusion,
    Call,
    Email,
    Meeting,
    Task,
    LeadConversion,
    HandOff,
}

impl From<KindName> for TouchpointKind {
    fn from(name: KindName) -> Self {
        match name {
            KindName::BareVisit => Self::BareVisit,
            KindName::Response => Self::Response,
            KindName::Inclusion => Self::Inclusion,
            KindName::Call => Self::Call,
            KindName::Email => Self::Email,
            KindName::Meeting => Self::Meeting,
            KindName::Task => Self::Task,
            KindName::LeadConversion => Self::LeadConversion,
            KindName::HandOff => Self::HandOff,
        }
    }
}

/// A role or channel, as configuration spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "each is what the role or channel of its name in the domain is")]
pub enum SourceName {
    Ae,
    Bdr,
    Sdr,
    Ecs,
    CloudSales,
    Brand,
    DemandGeneration,
    Events,
    Abm,
    Digital,
    Enablement,
}

impl From<SourceName> for Source {
    fn from(name: SourceName) -> Self {
        match name {
            SourceName::Ae => Self::Role(Role::Ae),
            SourceName::Bdr => Self::Role(Role::Bdr),
            SourceName::Sdr => Self::Role(Role::Sdr),
            SourceName::Ecs => Self::Role(Role::Ecs),
            SourceName::CloudSales => Self::Role(Role::CloudSales),
            SourceName::Brand => Self::Channel(Channel::Brand),
            SourceName::DemandGeneration => Self::Channel(Channel::DemandGeneration),
            SourceName::Events => Self::Channel(Channel::Events),
            SourceName::Abm => Self::Channel(Channel::Abm),
            SourceName::Digital => Self::Channel(Channel::Digital),
            SourceName::Enablement => Self::Channel(Channel::Enablement),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::config::Layers;

    fn read(section: &str) -> Result<AttributionConfig, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipewright.toml");
        std::fs::write(&path, format!("[attribution]\n{section}")).unwrap();
        let read = Layers::new(Some(&path), Vec::new()).unwrap().read();
        read.map(|config| config.attribution).map_err(|error| error.to_string().replace(&path.display().to_string(), "FILE"))
    }

    #[test]
    fn every_part_of_a_journeys_rules_can_be_said() {
        let config = read(
            "look_back_days = 90\nlinking = \"by_contact_role\"\nsession_minutes = 0\nmilestones = [\"Qualified\"]\n\
             journey_touchpoints = 500\n\
             [[attribution.suppress]]\nname = \"staff\"\npeople = [\"003A\"]\nreps = [\"005A\"]\n\
             [[attribution.suppress]]\nkinds = [\"BARE_VISIT\"]\nsources = [\"DIGITAL\", \"CLOUD_SALES\"]\ncampaigns = [\"701A\"]\n\
             campaign_names = [\"*test*\"]\nolder_than_days = 10\nyounger_than_days = 20\n",
        );
        let staff = Suppression {
            name: "staff".into(),
            people: vec![ContactId::derived("o", "003A").0, LeadId::derived("o", "003A").0],
            reps: vec![RepId::derived("o", "005A")],
            ..Suppression::default()
        };
        let second = Suppression {
            name: "rule 2".into(),
            kinds: vec![TouchpointKind::BareVisit],
            sources: vec![Source::Channel(Channel::Digital), Source::Role(Role::CloudSales)],
            campaigns: vec![CampaignId::derived("o", "701A")],
            campaign_names: vec![NamePattern::new("*TEST*")],
            older_than_days: Some(10),
            younger_than_days: Some(20),
            ..Suppression::default()
        };
        let expected = JourneyRules {
            linking: Linking::ByContactRole,
            look_back_days: 90,
            session_minutes: 0,
            suppressions: vec![staff, second],
            milestones: vec![StageId::derived("o", "Qualified")],
            most_touchpoints: 500,
        };
        assert_eq!(config.unwrap().journeys("o"), expected);
        assert_eq!(read("").unwrap().journeys("o"), JourneyRules::default());
    }

    #[test]
    fn what_cannot_be_meant_is_refused_by_name() {
        for (section, expected) in [
            (
                "milestones = [\"1\", \"2\", \"3\", \"4\", \"5\", \"6\", \"7\"]",
                "attribution.milestones = 1, 2, 3, 4, 5, 6, 7: expected six",
            ),
            ("milestones = [\"1\", \"1\"]", "attribution.milestones = 1, 1: expected six stages at most, each once"),
            ("session_minutes = 1441", "attribution.session_minutes = 1441: expected minutes"),
            ("journey_touchpoints = 0", "attribution.journey_touchpoints = 0: expected a number, 1 to 1000000"),
            ("linking = \"by_magic\"", "`by_account`, `by_contact_role`"),
            ("[[attribution.suppress]]\nname = \"all\"", "attribution.suppress = all: expected at least one of kinds"),
            (
                "[[attribution.suppress]]\nolder_than_days = 5\nyounger_than_days = 5",
                "attribution.suppress = rule 1: expected older_than_days below",
            ),
            ("[[attribution.suppress]]\nkinds = [\"VISIT\"]", "`BARE_VISIT`"),
            ("[[attribution.suppress]]\nsources = [\"MARKETING\"]", "`CLOUD_SALES`"),
            ("[[attribution.suppress]]\nchannel = \"DIGITAL\"", "FILE: there is no key 'attribution.suppress.0.channel'"),
        ] {
            let refused = read(section).unwrap_err();
            assert!(refused.contains(expected), "{section}: {refused}");
        }
        let rules: String = (0..65).map(|_| "[[attribution.suppress]]\nkinds = [\"CALL\"]\n").collect();
        assert!(read(&rules).unwrap_err().contains("65 rules: expected 64 rules at most"));
    }
}
