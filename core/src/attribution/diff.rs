//! Two stored runs side by side: which opportunities and touchpoints moved credit, by how much, and why.
//!
//! The changes of all sources add up to the difference of the totals, to the minor unit.

use crate::ids::{OpportunityId, TouchpointId};
use crate::touchpoint::Source;
use pipewright_plugin::Kind;
use std::collections::BTreeMap;

/// Why credit moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Reason {
    /// Another model.
    Model = 0,
    /// Another version of the model, or another file of it.
    ModelVersion = 1,
    /// Other parameters.
    Parameters = 2,
    /// Another lens.
    Lens = 3,
    /// Another period or filter: the opportunity is in one of the runs only.
    Scope = 4,
    /// It was known otherwise: its amount, its touchpoints, whether it counted, or what the model learnt from.
    Data = 5,
}

impl Reason {
    /// All six.
    pub const ALL: [Self; 6] = [Self::Model, Self::ModelVersion, Self::Parameters, Self::Lens, Self::Scope, Self::Data];
}

/// A set of reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reasons(u8);

impl Reasons {
    fn add(&mut self, reason: Reason) {
        self.0 |= 1 << reason as u8;
    }

    /// One by one, in order.
    pub fn iter(self) -> impl Iterator<Item = Reason> {
        Reason::ALL.into_iter().filter(move |reason| self.0 & (1 << *reason as u8) != 0)
    }
}

/// In what two runs differ beside the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Because {
    /// Two models.
    pub model: bool,
    /// Two versions, or two files, of one model.
    pub model_version: bool,
    /// Two sets of parameters of one model.
    pub parameters: bool,
    /// Two lenses.
    pub lens: bool,
    /// Two periods or filters.
    pub scope: bool,
}

/// A share as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredShare {
    /// Of which opportunity.
    pub opportunity: OpportunityId,
    /// Of which touchpoint; `None`: of an origin, or nobody's.
    pub touchpoint: Option<TouchpointId>,
    /// Of which origin; `None`: of a touchpoint, or nobody's.
    pub origin: Option<Kind>,
    /// Whose; `None`: nobody's.
    pub source: Option<Source>,
    /// Minor units.
    pub credit_minor: i64,
    /// Equal for the same journey under the same lens.
    pub journey: u64,
}

/// An opportunity that moved credit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    /// Which.
    pub opportunity: OpportunityId,
    /// Its amount in the first run, minor units; `None`: it is not in it.
    pub before: Option<i64>,
    /// Its amount in the second run, minor units; `None`: it is not in it.
    pub after: Option<i64>,
    /// The sum of what each of its shares changed by, signs dropped.
    pub moved: u64,
    /// Why; at least one.
    pub reasons: Reasons,
}

/// A touchpoint or origin of one opportunity that moved credit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MovedShare {
    /// Which touchpoint; `None`: an origin, or nobody.
    pub touchpoint: Option<TouchpointId>,
    /// Which origin; `None`: a touchpoint, or nobody.
    pub origin: Option<Kind>,
    /// Whose; `None`: nobody's.
    pub source: Option<Source>,
    /// Minor units in the first run.
    pub before: i64,
    /// Minor units in the second run.
    pub after: i64,
}

impl MovedShare {
    /// How much it moved, minor units.
    pub fn moved(&self) -> u64 {
        self.after.abs_diff(self.before)
    }
}

/// What one source has in both runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SourceMove {
    /// Minor units in the first run.
    pub before: i64,
    /// Minor units in the second run.
    pub after: i64,
}

/// Two runs compared.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Differences {
    /// The opportunities that moved credit: the one that moved most first, ties by id.
    pub opportunities: Vec<Moved>,
    /// By source, `None` for what nobody earned; without those that have nothing in either run.
    pub sources: BTreeMap<Option<Source>, SourceMove>,
    /// Over everything.
    pub total: SourceMove,
}

/// Compares two runs opportunity by opportunity.
#[derive(Debug, Default)]
pub struct Differ {
    because: Because,
    found: Differences,
}

impl Differ {
    /// `because` is in what the runs differ beside the data.
    pub fn new(because: Because) -> Self {
        Self { because, found: Differences::default() }
    }

    /// Takes all shares of some opportunities, each list in order of opportunity.
    pub fn take(&mut self, before: &[StoredShare], after: &[StoredShare]) {
        let (mut before, mut after) = (before, after);
        loop {
            let next = before.first().into_iter().chain(after.first()).map(|share| share.opportunity).min();
            let Some(next) = next else { return };
            let own = |shares: &mut &[StoredShare]| shares.iter().take_while(|share| share.opportunity == next).count();
            let ((one, rest), (other, others)) = (before.split_at(own(&mut before)), after.split_at(own(&mut after)));
            self.take_one(next, one, other);
            (before, after) = (rest, others);
        }
    }

    fn take_one(&mut self, opportunity: OpportunityId, before: &[StoredShare], after: &[StoredShare]) {
        for (shares, side) in [(before, 0), (after, 1)] {
            for share in shares {
                for sums in [self.found.sources.entry(share.source).or_default(), &mut self.found.total] {
                    *(if side == 0 { &mut sums.before } else { &mut sums.after }) += share.credit_minor;
                }
            }
        }
        let moved: u64 = moved_shares(before, after).iter().map(MovedShare::moved).sum();
        if moved > 0 {
            let reasons = self.reasons(before, after);
            let amount = |shares: &[StoredShare]| (!shares.is_empty()).then(|| shares.iter().map(|own| own.credit_minor).sum());
            let (before, after) = (amount(before), amount(after));
            self.found.opportunities.push(Moved { opportunity, before, after, moved, reasons });
        }
    }

    fn reasons(&self, before: &[StoredShare], after: &[StoredShare]) -> Reasons {
        let Because { model, model_version, parameters, lens, scope } = self.because;
        let mut reasons = Reasons::default();
        let (Some(one), Some(other)) = (before.first(), after.first()) else {
            reasons.add(if scope { Reason::Scope } else { Reason::Data });
            return reasons;
        };
        let differing = [
            (model, Reason::Model),
            (model_version, Reason::ModelVersion),
            (parameters, Reason::Parameters),
            (lens, Reason::Lens),
        ];
        differing.into_iter().filter(|(differs, _)| *differs).for_each(|(_, reason)| reasons.add(reason));
        let amount = |shares: &[StoredShare]| shares.iter().map(|share| share.credit_minor).sum::<i64>();
        // Under two lenses the same journey looks different.
        let other_journey = !lens && one.journey != other.journey;
        if other_journey || amount(before) != amount(after) || reasons == Reasons::default() {
            reasons.add(Reason::Data);
        }
        reasons
    }

    /// What was found.
    pub fn finish(mut self) -> Differences {
        self.found.opportunities.sort_unstable_by(|a, b| b.moved.cmp(&a.moved).then(a.opportunity.cmp(&b.opportunity)));
        self.found
    }
}

/// The shares of one opportunity that changed: the one that moved most first, ties by touchpoint, origin and source.
pub fn moved_shares(before: &[StoredShare], after: &[StoredShare]) -> Vec<MovedShare> {
    let mut shares: BTreeMap<_, (i64, i64)> = BTreeMap::new();
    let key = |share: &StoredShare| (share.touchpoint, share.origin.map(Kind::code), share.source);
    before.iter().for_each(|share| shares.entry(key(share)).or_default().0 += share.credit_minor);
    after.iter().for_each(|share| shares.entry(key(share)).or_default().1 += share.credit_minor);
    let changed = shares.into_iter().filter(|(_, (before, after))| before != after);
    let mut changed: Vec<MovedShare> = changed
        .map(|((touchpoint, origin, source), (before, after))| {
            let origin = origin.and_then(Kind::from_code);
            MovedShare { touchpoint, origin, source, before, after }
        })
        .collect();
    // The sort is stable: ties stay in order of key.
    changed.sort_by_key(|share| std::cmp::Reverse(share.moved()));
    changed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::Channel;
    use crate::rep::Role;
    use proptest::prelude::*;
    use uuid::Uuid;

    const AE: Source = Source::Role(Role::Ae);
    const EVENTS: Source = Source::Channel(Channel::Events);

    fn share(opportunity: u128, touchpoint: u128, source: Source, credit_minor: i64, journey: u64) -> StoredShare {
        StoredShare {
            opportunity: OpportunityId(Uuid::from_u128(opportunity)),
            touchpoint: Some(TouchpointId(Uuid::from_u128(touchpoint))),
            origin: None,
            source: Some(source),
            credit_minor,
            journey,
        }
    }

    fn reasons(because: Because, before: &[StoredShare], after: &[StoredShare]) -> Vec<Reason> {
        let mut differ = Differ::new(because);
        differ.take(before, after);
        let found = differ.finish();
        found.opportunities.iter().flat_map(|moved| moved.reasons.iter().collect::<Vec<_>>()).collect()
    }

    #[test]
    fn each_move_has_the_reasons_that_the_stored_facts_give() {
        let parameters = Because { parameters: true, ..Because::default() };
        let scope = Because { scope: true, ..Because::default() };
        let lens = Because { lens: true, ..Because::default() };
        let (first, last) = ([share(1, 1, AE, 100, 7)], [share(1, 2, EVENTS, 100, 7)]);
        let (longer, more) = ([share(1, 2, EVENTS, 100, 8)], [share(1, 1, AE, 150, 7)]);
        type Case<'a> = (&'a str, Because, &'a [StoredShare], &'a [StoredShare], &'a [Reason]);
        let cases: [Case<'_>; 8] = [
            ("nothing moved", parameters, &first, &first, &[]),
            ("other parameters", parameters, &first, &last, &[Reason::Parameters]),
            ("another touchpoint", Because::default(), &first, &longer, &[Reason::Data]),
            ("both", parameters, &first, &longer, &[Reason::Parameters, Reason::Data]),
            ("another amount", Because::default(), &first, &more, &[Reason::Data]),
            ("what the model learnt", Because::default(), &first, &last, &[Reason::Data]),
            ("another period", scope, &first, &[], &[Reason::Scope]),
            ("a lens makes another journey", lens, &first, &longer, &[Reason::Lens]),
        ];
        for (case, because, before, after, expected) in cases {
            assert_eq!(reasons(because, before, after), expected, "{case}");
        }
    }

    #[test]
    fn the_largest_move_comes_first_and_its_shares_likewise() {
        let before = [share(1, 1, AE, 10, 1), share(2, 2, AE, 900, 1), share(2, 3, AE, 100, 1)];
        let after = [share(1, 1, AE, 11, 1), share(2, 2, AE, 400, 1), share(2, 4, EVENTS, 600, 1)];
        let mut differ = Differ::new(Because::default());
        differ.take(&before, &after);
        let found = differ.finish();
        let moved: Vec<_> = found.opportunities.iter().map(|own| (own.opportunity.0.as_u128(), own.moved)).collect();
        assert_eq!(moved, [(2, 1_200), (1, 1)]);
        let shares: Vec<_> = moved_shares(&before[1..], &after[1..]).iter().map(|own| (own.before, own.after)).collect();
        assert_eq!(shares, [(0, 600), (900, 400), (100, 0)]);
    }

    fn run() -> impl Strategy<Value = Vec<StoredShare>> {
        let one = (0..6_u128, 0..4_u128, 0..11_u8, -1_000..1_000_i64, 0..2_u64);
        prop::collection::vec(one, 0..30).prop_map(|mut all| {
            all.sort_unstable();
            let source = |code| Source::from_code(code).expect("codes go from 0 to 10");
            all.into_iter().map(|(own, touch, code, credit, journey)| share(own, touch, source(code), credit, journey)).collect()
        })
    }

    proptest! {
        #[test]
        fn the_changes_of_the_sources_and_of_the_opportunities_add_up_to_that_of_the_totals(before in run(), after in run()) {
            let mut differ = Differ::new(Because::default());
            differ.take(&before, &after);
            let found = differ.finish();
            let total = |shares: &[StoredShare]| shares.iter().map(|share| share.credit_minor).sum::<i64>();
            prop_assert_eq!((found.total.before, found.total.after), (total(&before), total(&after)));
            let change = found.total.after - found.total.before;
            prop_assert_eq!(found.sources.values().map(|own| own.after - own.before).sum::<i64>(), change);
            let of = |moved: &Moved| moved.after.unwrap_or(0) - moved.before.unwrap_or(0);
            prop_assert_eq!(found.opportunities.iter().map(of).sum::<i64>(), change);
            prop_assert!(found.opportunities.iter().all(|moved| moved.reasons.iter().next().is_some()));
        }
    }
}
