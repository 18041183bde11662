//! The rules of suppression against the codes of one snapshot.

use super::JourneyRules;
use crate::calendar::DAY_MS;
use crate::facts::{Snapshot, TouchFact};
use crate::touchpoint::{Source, TouchpointKind};
use uuid::Uuid;

/// All rules of suppression.
#[derive(Default)]
pub(super) struct Suppressor {
    rules: Vec<Rule>,
}

/// A rule in bits and codes; an empty list holds of all.
struct Rule {
    /// One bit for each kind.
    kinds: u16,
    /// One bit for each source.
    sources: u16,
    /// Whether the campaign must be one that the rule names.
    by_campaign: bool,
    people: Vec<u64>,
    /// `None`: whoever did it.
    reps: Option<Vec<u32>>,
    /// Milliseconds before creation: more than the first, less than the second.
    ages_ms: (i64, i64),
}

impl Suppressor {
    pub(super) fn new(rules: &JourneyRules, snapshot: &Snapshot) -> Self {
        let rules = rules.suppressions.iter().map(|rule| {
            let bits = |codes: &mut dyn Iterator<Item = u8>| match codes.fold(0_u16, |bits, code| bits | 1 << code) {
                0 => u16::MAX,
                bits => bits,
            };
            Rule {
                kinds: bits(&mut rule.kinds.iter().map(|kind| *kind as u8)),
                sources: bits(&mut rule.sources.iter().map(|source| source.code())),
                by_campaign: rule.names_campaigns(),
                people: rule.people.iter().map(|id: &Uuid| snapshot.person(*id)).collect(),
                reps: (!rule.reps.is_empty())
                    .then(|| rule.reps.iter().map(|rep| snapshot.rep_code(*rep)).filter(|code| *code != 0).collect()),
                ages_ms: (
                    rule.older_than_days.map_or(i64::MIN, |days| i64::from(days) * DAY_MS),
                    rule.younger_than_days.map_or(i64::MAX, |days| i64::from(days) * DAY_MS),
                ),
            }
        });
        Self { rules: rules.collect() }
    }

    /// How many rules there are.
    pub(super) fn len(&self) -> usize {
        self.rules.len()
    }

    /// The first rule that takes the touchpoint out of the journey of an opportunity created then.
    pub(super) fn rule_for(&self, snapshot: &Snapshot, fact: &TouchFact, source: Source, created_at_ms: i64) -> Option<usize> {
        if self.rules.is_empty() {
            return None;
        }
        let (named, age_ms) = (snapshot.rules_naming(fact.campaign), created_at_ms.saturating_sub(fact.at_ms));
        let holds = |at: usize, rule: &Rule| {
            rule.kinds & kind_bit(fact.kind) != 0
                && rule.sources & 1 << source.code() != 0
                && (!rule.by_campaign || named & 1 << at != 0)
                && (rule.people.is_empty() || fact.person.is_some_and(|person| rule.people.contains(&person.get())))
                && rule.reps.as_ref().is_none_or(|reps| reps.contains(&fact.rep))
                && rule.ages_ms.0 < age_ms
                && age_ms < rule.ages_ms.1
        };
        self.rules.iter().enumerate().find(|(at, rule)| holds(*at, rule)).map(|(at, _)| at)
    }
}

fn kind_bit(kind: TouchpointKind) -> u16 {
    1 << kind as u8
}
