//! Weights over the positions of a journey: the rule that the milestone models and declarative plug-ins share.

use crate::{Explanation, Journey, Moved, NoCredit, Outcome, Part, Positions, Remarks, Weights, Why};

/// Weights over positions; each finite and >= 0. They need not add up to anything: what is left of them is scaled to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// A weight for each milestone that has one.
    pub milestones: Vec<(Positions, f64)>,
    /// The weight that the middle touchpoints share evenly.
    pub middle: f64,
    /// Which touchpoints those are.
    pub middles: Middles,
}

/// Which touchpoints share the weight of the middle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Middles {
    /// Those that hold [`Positions::MIDDLE`].
    Anywhere,
    /// Those that hold [`Positions::MIDDLE`] at or before the opportunity's creation.
    BeforeCreation,
    /// Every touchpoint between those of two milestones, bare visits too; none where one of the two has none.
    Between(Positions, Positions),
}

/// The place of each milestone's touchpoint, in the order of [`Positions::MILESTONES`].
type Places = [Option<usize>; Positions::MILESTONES.len()];

impl Plan {
    /// Answers one journey.
    ///
    /// A milestone that is not reached is dropped and the others are scaled up. One that is reached but has no touchpoint of its
    /// own sits on the next reached milestone's; where there is none either, it is spread evenly over the positions held. So is
    /// the middle's weight where there is no middle touchpoint. The positions held are those that the plan gives weight to or,
    /// where none of them holds a touchpoint, all milestones on the journey.
    pub fn weigh(&self, journey: &Journey<'_>, out: &mut Weights) {
        match self.total(journey) {
            Err(reason) => out.no_credit(reason),
            Ok(total) => {
                let weights = out.journey(journey.touches.len());
                self.lay(journey, |place, weight, _| weights[place] += weight / total);
                out.remark(self.remarks(journey));
            }
        }
    }

    /// How the weights of one journey came about; `None` where there is no credit.
    pub fn explain(&self, journey: &Journey<'_>) -> Option<Explanation> {
        let total = self.total(journey).ok()?;
        let mut parts = vec![Part::default(); journey.touches.len()];
        self.lay(journey, |place, weight, why| match why {
            None => parts[place].base += weight,
            Some(why) => parts[place].moved.push(Moved { weight, why }),
        });
        Some(Explanation { parts, scale: 1.0 / total })
    }

    /// The weight that is left once the milestones not reached are dropped.
    fn total(&self, journey: &Journey<'_>) -> Result<f64, NoCredit> {
        if journey.without_origins().is_empty() {
            return Err(NoCredit::NoTouchpoint);
        }
        let kept: f64 = self.reached(journey).map(|(_, weight)| weight).sum();
        let total = kept + self.middle;
        if total > 0.0 { Ok(total) } else { Err(NoCredit::NoPositionReached) }
    }

    fn reached<'a>(&'a self, journey: &Journey<'_>) -> impl Iterator<Item = (Positions, f64)> + use<'a> {
        let reached = journey.reached;
        self.milestones.iter().copied().filter(move |(milestone, weight)| *weight > 0.0 && reached.holds(*milestone))
    }

    fn remarks(&self, journey: &Journey<'_>) -> Remarks {
        // Whether there is a lead is settled by the opportunity's creation: that one cannot come any more.
        let waits = |(milestone, weight): &(Positions, f64)| {
            *weight > 0.0 && *milestone != Positions::LEAD_CREATION && !journey.reached.holds(*milestone)
        };
        match journey.outcome == Outcome::Open && self.milestones.iter().any(waits) {
            true => Remarks::PROVISIONAL,
            false => Remarks::NONE,
        }
    }

    /// Lays every weight on its touchpoint, with the reason where it is not its own rule's.
    fn lay(&self, journey: &Journey<'_>, mut put: impl FnMut(usize, f64, Option<Why>)) {
        let places = places(journey);
        for (milestone, weight) in self.reached(journey) {
            let index = index_of(milestone);
            if let Some(place) = places[index] {
                put(place, weight, None);
            } else if let Some(place) = places[index + 1..].iter().flatten().next() {
                put(*place, weight, Some(Why::NextMilestone));
            } else {
                self.spread(journey, &places, weight, Why::NoLaterMilestone, &mut put);
            }
        }
        if self.middle > 0.0 {
            self.lay_middle(journey, &places, &mut put);
        }
    }

    fn lay_middle(&self, journey: &Journey<'_>, places: &Places, put: &mut impl FnMut(usize, f64, Option<Why>)) {
        let touches = journey.without_origins();
        let is_middle = |place: &usize| {
            let touch = &touches[*place];
            match self.middles {
                Middles::Anywhere => touch.positions.holds(Positions::MIDDLE),
                Middles::BeforeCreation => touch.positions.holds(Positions::MIDDLE) && touch.at_ms <= journey.created_at_ms,
                Middles::Between(one, other) => match (places[index_of(one)], places[index_of(other)]) {
                    (Some(one), Some(other)) => one.min(other) < *place && *place < one.max(other),
                    _ => false,
                },
            }
        };
        let count = (0..touches.len()).filter(is_middle).count();
        if count == 0 {
            return self.spread(journey, places, self.middle, Why::NoMiddle, put);
        }
        (0..touches.len()).filter(is_middle).for_each(|place| put(place, self.middle / count as f64, None));
    }

    /// Spreads a weight evenly over the positions held.
    fn spread(
        &self,
        journey: &Journey<'_>,
        places: &Places,
        weight: f64,
        why: Why,
        put: &mut impl FnMut(usize, f64, Option<Why>),
    ) {
        let own = || self.reached(journey).filter_map(|(milestone, _)| places[index_of(milestone)]);
        let count = own().count();
        if count > 0 {
            own().for_each(|place| put(place, weight / count as f64, Some(why)));
        } else {
            let count = places.iter().flatten().count();
            places.iter().flatten().for_each(|place| put(*place, weight / count as f64, Some(why)));
        }
    }
}

fn index_of(milestone: Positions) -> usize {
    Positions::MILESTONES.iter().position(|own| *own == milestone).expect("a plan weighs milestones, one by one")
}

fn places(journey: &Journey<'_>) -> Places {
    let mut places = Places::default();
    for (place, touch) in journey.without_origins().iter().enumerate() {
        if touch.positions.is_empty() || touch.positions == Positions::MIDDLE {
            continue;
        }
        for (own, milestone) in places.iter_mut().zip(Positions::MILESTONES) {
            if touch.positions.holds(milestone) {
                *own = Some(place);
            }
        }
    }
    places
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::conformance::golden;
    use crate::{Kind, Source, Touch};

    fn plan(first: f64, lead: f64, created: f64, closed: f64, middle: f64) -> Plan {
        let milestones = vec![
            (Positions::FIRST, first),
            (Positions::LEAD_CREATION, lead),
            (Positions::OPPORTUNITY_CREATION, created),
            (Positions::CLOSED, closed),
        ];
        Plan { milestones, middle, middles: Middles::Anywhere }
    }

    fn weighed(plan: &Plan, journey: &Journey<'_>) -> (Vec<f64>, Remarks) {
        let mut out = Weights::default();
        plan.weigh(journey, &mut out);
        (out.entry(0).unwrap().to_vec(), out.remarks(0))
    }

    fn near(found: &[f64], expected: &[f64]) {
        let close = |(one, other): (&f64, &f64)| (one - other).abs() < 1e-12;
        assert!(found.len() == expected.len() && found.iter().zip(expected).all(close), "{found:?} is not {expected:?}");
    }

    #[test]
    fn the_golden_journey_takes_each_weight_on_its_own_touchpoint() {
        let (weights, remarks) = weighed(&plan(22.5, 22.5, 22.5, 22.5, 10.0), &golden());
        near(&weights, &[0.225, 0.225, 0.05, 0.225, 0.05, 0.225]);
        assert_eq!(remarks, Remarks::NONE);
    }

    #[test]
    fn a_milestone_not_reached_is_dropped_and_the_credit_is_provisional() {
        let touches = &golden().touches[..4];
        let reached = Positions::FIRST.with(Positions::LEAD_CREATION).with(Positions::OPPORTUNITY_CREATION);
        let open = Journey { touches, outcome: Outcome::Open, closed_at_ms: None, reached, ..golden() };
        let (weights, remarks) = weighed(&plan(20.0, 20.0, 20.0, 40.0, 0.0), &open);
        near(&weights, &[1.0 / 3.0, 1.0 / 3.0, 0.0, 1.0 / 3.0]);
        assert_eq!(remarks, Remarks::PROVISIONAL);
        let without_lead = Journey { reached: Positions::FIRST.with(Positions::OPPORTUNITY_CREATION), ..open };
        let (_, remarks) = weighed(&plan(20.0, 20.0, 20.0, 0.0, 0.0), &without_lead);
        assert_eq!(remarks, Remarks::NONE, "a lead that was not made before the creation never comes");
    }

    #[test]
    fn a_milestone_without_a_touchpoint_sits_on_the_next_one_else_on_the_positions_held() {
        let touch = |days: i64, positions| Touch {
            at_ms: golden().created_at_ms + days * 86_400_000,
            source: Source::ABM,
            kind: Kind::Response,
            positions,
            share_millionths: 0,
        };
        let won = [touch(1, Positions::FIRST), touch(2, Positions::CLOSED)];
        let reached = Positions::FIRST.with(Positions::OPPORTUNITY_CREATION).with(Positions::CLOSED);
        let late = Journey { touches: &won, reached, ..golden() };
        near(&weighed(&plan(30.0, 0.0, 70.0, 0.0, 0.0), &late).0, &[0.3, 0.7]);
        let why = plan(30.0, 0.0, 70.0, 0.0, 0.0).explain(&late).unwrap().parts[1].moved[0];
        assert_eq!(why, Moved { weight: 70.0, why: Why::NextMilestone });

        let alone = [touch(1, Positions::FIRST), touch(2, Positions::MIDDLE)];
        let reached = Positions::FIRST.with(Positions::OPPORTUNITY_CREATION);
        let open = Journey { touches: &alone, reached, outcome: Outcome::Open, closed_at_ms: None, ..golden() };
        near(&weighed(&plan(0.0, 0.0, 1.0, 0.0, 0.0), &open).0, &[1.0, 0.0]);
        near(&weighed(&plan(0.0, 0.0, 0.0, 0.0, 1.0), &open).0, &[0.0, 1.0]);
    }

    #[test]
    fn what_is_explained_adds_up_to_the_weights() {
        let plans = [plan(22.5, 22.5, 22.5, 22.5, 10.0), plan(0.0, 0.0, 0.0, 0.0, 3.0), plan(1.0, 0.0, 2.0, 0.0, 0.0)];
        for plan in plans {
            let Explanation { parts, scale } = plan.explain(&golden()).unwrap();
            let explained = |part: &Part| (part.base + part.moved.iter().map(|moved| moved.weight).sum::<f64>()) * scale;
            near(&parts.iter().map(explained).collect::<Vec<_>>(), &weighed(&plan, &golden()).0);
        }
    }

    #[test]
    fn nothing_reached_is_no_credit() {
        let open = Journey { reached: Positions::FIRST, outcome: Outcome::Open, ..golden() };
        let mut out = Weights::default();
        plan(0.0, 0.0, 0.0, 1.0, 0.0).weigh(&open, &mut out);
        assert_eq!(out.entry(0), Err(NoCredit::NoPositionReached));
    }
}
