//! What configuration says of journeys: whose touchpoints make one, which of them count, and which stages are milestones.

use crate::ids::{CampaignId, RepId, StageId};
use crate::touchpoint::{Source, TouchpointKind};
use uuid::Uuid;

/// Which touchpoints make the journey of an opportunity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JourneyRules {
    /// Whose touchpoints are an opportunity's.
    pub linking: Linking,
    /// Days before creation from which touchpoints count.
    pub look_back_days: u32,
    /// Minutes without a touchpoint after which a session of one person with one source is over; 0: there are no sessions.
    pub session_minutes: u32,
    /// What no model sees, in the order in which it is asked; [`Self::MOST_SUPPRESSIONS`] at most.
    pub suppressions: Vec<Suppression>,
    /// The stages whose first arrival is a milestone, in order; [`pipewright_plugin::Positions::STAGES`] at most.
    pub milestones: Vec<StageId>,
    /// Touchpoints on one journey at most: an opportunity with more is unattributed.
    pub most_touchpoints: u32,
}

impl JourneyRules {
    /// Rules of suppression at most.
    pub const MOST_SUPPRESSIONS: usize = 64;
}

impl Default for JourneyRules {
    fn default() -> Self {
        Self {
            linking: Linking::default(),
            look_back_days: 365,
            session_minutes: 30,
            suppressions: Vec::new(),
            milestones: Vec::new(),
            most_touchpoints: 100_000,
        }
    }
}

/// Whose touchpoints are an opportunity's. Those logged on the opportunity itself are, whoever they are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Linking {
    /// Those of its account: of anybody there.
    #[default]
    ByAccount,
    /// Those of the contacts that have a role on it, whatever account they are of.
    ByContactRole,
    /// Those of its primary contact.
    ByPrimaryContact,
}

/// A rule that takes touchpoints out before any model sees them: those of which everything that it says holds. What it does
/// not say (an empty list, `None`) holds of all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Suppression {
    /// What people call the rule.
    pub name: String,
    /// One of these happened.
    pub kinds: Vec<TouchpointKind>,
    /// By one of these.
    pub sources: Vec<Source>,
    /// For one of these campaigns, or one of the names.
    pub campaigns: Vec<CampaignId>,
    /// For a campaign of one of these names, or one of the ids.
    pub campaign_names: Vec<NamePattern>,
    /// To one of these contacts or leads.
    pub people: Vec<Uuid>,
    /// Done by one of these.
    pub reps: Vec<RepId>,
    /// More than so many days before the opportunity's creation.
    pub older_than_days: Option<u32>,
    /// Less than so many days before the opportunity's creation, or after it.
    pub younger_than_days: Option<u32>,
}

impl Suppression {
    /// Whether it says nothing, and so would take out everything.
    pub fn says_nothing(&self) -> bool {
        *self == Self { name: self.name.clone(), ..Self::default() }
    }

    /// Whether it holds for campaigns of some kind only.
    pub(crate) fn names_campaigns(&self) -> bool {
        !self.campaigns.is_empty() || !self.campaign_names.is_empty()
    }

    /// Whether the campaign is one of those that it names.
    pub(crate) fn names(&self, campaign: CampaignId, name: &str) -> bool {
        self.campaigns.contains(&campaign) || self.campaign_names.iter().any(|pattern| pattern.matches(name))
    }
}

/// A name in which `*` stands for anything, of any length; capitals and small letters are the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamePattern {
    /// What stands between the stars, in small letters; one more than there are stars.
    parts: Vec<String>,
}

impl NamePattern {
    /// The pattern that is written so.
    pub fn new(text: &str) -> Self {
        Self { parts: text.to_lowercase().split('*').map(str::to_owned).collect() }
    }

    /// Whether a name is of this pattern.
    pub fn matches(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        let (first, rest) = self.parts.split_first().expect("there is one more part than there are stars");
        let Some((last, between)) = rest.split_last() else { return name == *first };
        let Some(mut left) = name.strip_prefix(first.as_str()) else { return false };
        // The earliest place of each part leaves the most for those after it.
        for part in between {
            let Some(at) = left.find(part.as_str()) else { return false };
            left = &left[at + part.len()..];
        }
        left.ends_with(last.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, name, expected) in [
            ("Webinar", "webinar", true),
            ("Webinar", "Webinar May", false),
            ("webinar*", "Webinar May", true),
            ("*webinar*", "The Webinar of May", true),
            ("*may", "Webinar May", true),
            ("w*r*y", "Webinar May", true),
            ("w*y*r", "Webinar May", false),
            ("a*a", "a", false),
            ("*", "", true),
            ("", "", true),
            ("", "Webinar", false),
        ] {
            assert_eq!(NamePattern::new(pattern).matches(name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn a_rule_that_names_nothing_is_told_from_one_that_does() {
        let named = Suppression { name: "all".into(), ..Suppression::default() };
        assert!(named.says_nothing());
        assert!(!Suppression { older_than_days: Some(0), ..named }.says_nothing());
    }
}
