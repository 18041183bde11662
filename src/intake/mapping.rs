//! Which column a value comes from, and which words stand for what: plain values, so that another system's export is another
//! mapping and not other code.

use super::IntakeError;
use super::dates::DayOrder;
use figment::Figment;
use figment::providers::{Format, Toml};
use pipewright_core::campaign::Channel;
use pipewright_core::rep::Role;
use pipewright_core::touchpoint::Source;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// The mapping that ships.
pub const SALESFORCE: &str = include_str!("salesforce/mapping.toml");

/// How an export becomes records.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// Where values come from.
    pub columns: Columns,
    /// What a quota or a forecast item is for, where it is no user's.
    pub cells: Cells,
    /// The `ForecastingTypeId` whose quotas and forecast items count; `None`: the one most of them have.
    #[serde(default)]
    pub forecasting_type: Option<String>,
    /// Segments by number of employees, smallest first.
    pub segments: Vec<SegmentBand>,
    /// Words of user roles and titles.
    pub roles: BTreeMap<String, Vec<String>>,
    /// Words of campaign types.
    pub channels: BTreeMap<String, Vec<String>>,
    /// Words of lead sources.
    pub lead_sources: BTreeMap<String, Vec<String>>,
    /// Words of tasks.
    pub activities: Activities,
    /// The order of day and month, by `Object.Column`.
    #[serde(default)]
    pub dates: BTreeMap<String, DayOrder>,
}

/// Where values come from: the first of `Object.Column` that is not empty.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Columns {
    /// Where an opportunity is sold.
    pub region: Vec<String>,
    /// To which segment.
    pub segment: Vec<String>,
    /// An opportunity's ACV; else its lines', else its amount.
    pub acv: Vec<String>,
    /// A line's ACV; else its price over its term.
    pub line_acv: Vec<String>,
    /// A line's term in months.
    pub line_term_months: Vec<String>,
}

/// What tasks stand for, by words of their type or subject.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Activities {
    /// A rep passed a person on to another role.
    pub hand_off: Vec<String>,
}

/// Columns of quotas and forecast items that say which cell they are for: the first of `Object.Column` that is not empty.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cells {
    /// A region's name.
    pub region: Vec<String>,
    /// A segment's name.
    pub segment: Vec<String>,
    /// A product's id, code or name.
    pub product: Vec<String>,
    /// A role or channel: `AE`, `EVENTS`, or words of a lead source.
    pub source: Vec<String>,
    /// An industry.
    pub industry: Vec<String>,
    /// An opportunity type.
    pub opportunity_type: Vec<String>,
    /// Which column of the matrix a quota is for; `closedAcv` where it says nothing.
    pub measure: Vec<String>,
    /// The id of the user who submitted a forecast.
    pub submitted_by: Vec<String>,
    /// Why a forecast was adjusted.
    pub note: Vec<String>,
}

/// A segment by size.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SegmentBand {
    /// What it is called.
    pub name: String,
    /// Employees it stays below; `None`: no bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub below: Option<i64>,
}

impl Mapping {
    /// The mapping that ships, with what `file` says on top.
    ///
    /// # Errors
    /// The file is missing or says what no mapping says.
    pub fn load(file: Option<&Path>) -> Result<Self, IntakeError> {
        let mut figment = Figment::from(Toml::string(SALESFORCE));
        if let Some(path) = file {
            if !path.is_file() {
                return Err(IntakeError::Missing(path.to_owned()));
            }
            figment = figment.merge(Toml::file_exact(path));
        }
        let mapping: Self = figment.extract().map_err(|error| IntakeError::BadMapping(error.to_string()))?;
        for name in mapping.roles.keys() {
            if !matches!(source_named(name), Some(Source::Role(_))) {
                return Err(IntakeError::BadMapping(format!(
                    "roles.{name} is no role: expected AE, BDR, SDR, ECS or CLOUD_SALES"
                )));
            }
        }
        for name in mapping.channels.keys() {
            if !matches!(source_named(name), Some(Source::Channel(_))) {
                return Err(IntakeError::BadMapping(format!(
                    "channels.{name} is no channel: expected BRAND, DEMAND_GENERATION, EVENTS, ABM, DIGITAL or ENABLEMENT"
                )));
            }
        }
        if let Some(name) = mapping.lead_sources.keys().find(|name| source_named(name).is_none()) {
            return Err(IntakeError::BadMapping(format!("lead_sources.{name} is neither a role nor a channel")));
        }
        Ok(mapping)
    }

    /// Columns of `object` that the mapping asks for, beside those always read.
    pub fn columns_of(&self, object: &str) -> Vec<String> {
        let columns = &self.columns;
        let cells = &self.cells;
        let lists = [
            &columns.region,
            &columns.segment,
            &columns.acv,
            &columns.line_acv,
            &columns.line_term_months,
            &cells.region,
            &cells.segment,
            &cells.product,
            &cells.source,
            &cells.industry,
            &cells.opportunity_type,
            &cells.measure,
            &cells.submitted_by,
            &cells.note,
        ];
        let mut own: Vec<String> = Vec::new();
        for (named, column) in lists.iter().flat_map(|list| list.iter()).filter_map(|name| name.split_once('.')) {
            if named == object && !own.iter().any(|known| known == column) {
                own.push(column.to_owned());
            }
        }
        own
    }

    /// The role that a user role's name or a title stands for.
    pub fn role(&self, text: &str) -> Option<Role> {
        match best(&self.roles, text)? {
            Source::Role(role) => Some(role),
            Source::Channel(_) => None,
        }
    }

    /// The channel that a campaign's type stands for.
    pub fn channel(&self, text: &str) -> Option<Channel> {
        match best(&self.channels, text)? {
            Source::Channel(channel) => Some(channel),
            Source::Role(_) => None,
        }
    }

    /// The source that a lead source stands for.
    pub fn lead_source(&self, text: &str) -> Option<Source> {
        best(&self.lead_sources, text)
    }

    /// Whether a task's type or subject says that a person was passed on.
    pub fn hand_off(&self, text: &str) -> bool {
        let text = plain(text);
        self.activities.hand_off.iter().any(|words| text.contains(&plain(words)))
    }

    /// The source that a cell's column names: by its own name, else by the words of a lead source.
    pub fn cell_source(&self, text: &str) -> Option<Source> {
        source_named(&text.trim().replace([' ', '-'], "_")).or_else(|| self.lead_source(text))
    }

    /// The segment of a company of this size.
    pub fn segment_by_size(&self, employees: i64) -> Option<&str> {
        self.segments.iter().find(|band| band.below.is_none_or(|below| employees < below)).map(|band| band.name.as_str())
    }
}

fn source_named(name: &str) -> Option<Source> {
    Some(match name.to_ascii_uppercase().as_str() {
        "AE" => Source::Role(Role::Ae),
        "BDR" => Source::Role(Role::Bdr),
        "SDR" => Source::Role(Role::Sdr),
        "ECS" => Source::Role(Role::Ecs),
        "CLOUD_SALES" => Source::Role(Role::CloudSales),
        "BRAND" => Source::Channel(Channel::Brand),
        "DEMAND_GENERATION" => Source::Channel(Channel::DemandGeneration),
        "EVENTS" => Source::Channel(Channel::Events),
        "ABM" => Source::Channel(Channel::Abm),
        "DIGITAL" => Source::Channel(Channel::Digital),
        "ENABLEMENT" => Source::Channel(Channel::Enablement),
        _ => return None,
    })
}

/// The words of a text, in small letters, with one space before and after each.
fn plain(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { ' ' }).collect();
    format!(" {} ", spaced.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The source with the longest words that stand in the text as whole words.
fn best(lists: &BTreeMap<String, Vec<String>>, text: &str) -> Option<Source> {
    let text = plain(text);
    let fits = lists.iter().flat_map(|(name, words)| words.iter().map(move |words| (name, plain(words))));
    let (_, name) = fits.filter(|(_, words)| text.contains(words.as_str())).map(|(name, words)| (words.len(), name)).max()?;
    source_named(name)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn words_stand_for_roles_channels_and_sources() {
        let mapping = Mapping::load(None).unwrap();
        let roles = [
            ("Account Executive - West", Some(Role::Ae)),
            ("Business Development Representative", Some(Role::Bdr)),
            ("Sales Development Rep", Some(Role::Sdr)),
            ("Enterprise Corporate Specialist - East", Some(Role::Ecs)),
            ("Cloud Sales AE", Some(Role::CloudSales)),
            ("VP of Sales", None),
            ("Michael", None),
        ];
        for (text, expected) in roles {
            assert_eq!(mapping.role(text), expected, "{text}");
        }
        let channels = [
            ("Brand Awareness", Some(Channel::Brand)),
            ("Content Syndication", Some(Channel::DemandGeneration)),
            ("Trade Show", Some(Channel::Events)),
            ("1:1 Account-Based Marketing", Some(Channel::Abm)),
            ("Target Account Program", Some(Channel::Abm)),
            ("Paid Search", Some(Channel::Digital)),
            ("Sales Enablement", Some(Channel::Enablement)),
            ("Other", None),
        ];
        for (text, expected) in channels {
            assert_eq!(mapping.channel(text), expected, "{text}");
        }
        let (role, channel) = (|role| Some(Source::Role(role)), |channel| Some(Source::Channel(channel)));
        let lead_sources = [
            ("AE Prospecting", role(Role::Ae)),
            ("Sales Generated", role(Role::Ae)),
            ("Cold Call", role(Role::Bdr)),
            ("Outbound - BDR", role(Role::Bdr)),
            ("Phone Inquiry", role(Role::Sdr)),
            ("Website Chat", role(Role::Sdr)),
            ("Enterprise Corporate Sales", role(Role::Ecs)),
            ("Cloud Sales", role(Role::CloudSales)),
            ("Advertisement", channel(Channel::Brand)),
            ("Purchased List", channel(Channel::DemandGeneration)),
            ("Trade Show", channel(Channel::Events)),
            ("Seminar - Partner", channel(Channel::Events)),
            ("Account-Based Marketing", channel(Channel::Abm)),
            ("ABM Play", channel(Channel::Abm)),
            ("Target account", channel(Channel::Abm)),
            ("Web", channel(Channel::Digital)),
            ("Partner Referral", channel(Channel::Enablement)),
            ("Other", None),
        ];
        for (text, expected) in lead_sources {
            assert_eq!(mapping.lead_source(text), expected, "{text}");
        }
        let named = [
            ("cloud sales", role(Role::CloudSales)),
            ("Demand Generation", channel(Channel::DemandGeneration)),
            ("trade show", channel(Channel::Events)),
            ("nobody", None),
        ];
        for (text, expected) in named {
            assert_eq!(mapping.cell_source(text), expected, "{text}");
        }
        let hand_offs = [("Hand-off", true), ("Handover to AE: Ada", true), ("Follow up", false), ("Call", false)];
        for (text, expected) in hand_offs {
            assert_eq!(mapping.hand_off(text), expected, "{text}");
        }
        assert_eq!(
            [199, 200, 2000].map(|count| mapping.segment_by_size(count)),
            [Some("Small Business"), Some("Mid-Market"), Some("Enterprise")]
        );
        let quota = mapping.columns_of("ForecastingQuota");
        assert!(
            ["Region__c", "Segment__c", "Measure__c"].iter().all(|name| quota.iter().any(|known| known == name)),
            "{quota:?}"
        );
        assert_eq!(mapping.columns_of("Account"), ["Region__c", "BillingCountry", "BillingState", "Segment__c"]);
    }

    #[test]
    fn every_role_and_channel_has_words_in_every_list_of_its_kind() {
        let mapping = Mapping::load(None).unwrap();
        for code in 0..Source::COUNT {
            let source = Source::from_code(u8::try_from(code).unwrap()).unwrap();
            let own = if matches!(source, Source::Role(_)) { &mapping.roles } else { &mapping.channels };
            for list in [own, &mapping.lead_sources] {
                let words = list.iter().find(|(name, _)| source_named(name) == Some(source)).map(|(_, words)| words.len());
                assert!(words.is_some_and(|count| count > 1), "{source:?} has no words in {list:?}");
            }
        }
    }
}
