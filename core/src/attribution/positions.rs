//! What bounds a journey, and the positions on it.

use crate::calendar::Calendar;
use crate::catalog::StageKind;
use chrono::{Days, NaiveDate};
use pipewright_plugin::{Kind, Outcome, Positions, Touch};

/// When an opportunity first arrived at each of the stages that are milestones.
pub(crate) type Arrivals = [Option<i64>; Positions::STAGES];

/// What bounds a journey.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    pub(super) created_at_ms: i64,
    pub(super) closed_at_ms: Option<i64>,
    pub(super) as_of_ms: i64,
    pub(super) outcome: Outcome,
    pub(super) arrivals: Arrivals,
    pub(super) reached: Positions,
}

impl Frame {
    /// Of an opportunity that does not exist yet.
    pub(super) fn before(created_at_ms: i64, as_of_ms: i64) -> Self {
        Self {
            created_at_ms,
            closed_at_ms: None,
            as_of_ms,
            outcome: Outcome::Open,
            arrivals: Arrivals::default(),
            reached: Positions::NONE,
        }
    }

    pub(super) fn new(
        calendar: &Calendar,
        created_at_ms: i64,
        (kind, close_date): (StageKind, NaiveDate),
        as_of_ms: i64,
        arrivals: Arrivals,
    ) -> Self {
        let outcome = match kind {
            StageKind::Open => Outcome::Open,
            StageKind::Won => Outcome::Won,
            StageKind::Lost => Outcome::Lost,
        };
        // The close is the end of the close date's day.
        let next_day = (outcome != Outcome::Open).then(|| close_date.checked_add_days(Days::new(1))).flatten();
        let closed_at_ms = next_day.map(|day| calendar.start_of_day(day).timestamp_millis() - 1);
        Self { closed_at_ms, outcome, arrivals, ..Self::before(created_at_ms, as_of_ms) }
    }

    /// The last instant that counts.
    pub(super) fn end_ms(&self) -> i64 {
        self.closed_at_ms.unwrap_or(i64::MAX).min(self.as_of_ms)
    }
}

/// Finds the positions on a journey whose touchpoints, without origins, are in order and none after the close; answers with
/// the milestones that it has reached.
pub(super) fn find_positions(touches: &mut [Touch], frame: &Frame) -> Positions {
    let mut reached = Positions::FIRST.with(Positions::OPPORTUNITY_CREATION);
    if frame.outcome != Outcome::Open {
        reached = reached.with(Positions::CLOSED);
    }
    for (stage, _) in frame.arrivals.iter().enumerate().filter(|(_, arrival)| arrival.is_some()) {
        reached = reached.with(Positions::stage(stage));
    }
    let Some(last) = touches.len().checked_sub(1) else { return reached };
    let before = touches.partition_point(|touch| touch.at_ms <= frame.created_at_ms);
    hold(&mut touches[0], Positions::FIRST);
    if touches[..before].iter().any(|touch| touch.kind == Kind::Response) {
        reached = reached.with(Positions::LEAD_CREATION);
        let first = touches.iter_mut().find(|touch| matches!(touch.kind, Kind::Response | Kind::Inclusion));
        hold(first.expect("a response was found"), Positions::LEAD_CREATION);
    }
    if let Some(latest) = before.checked_sub(1) {
        hold(&mut touches[latest], Positions::OPPORTUNITY_CREATION);
    }
    if frame.outcome != Outcome::Open {
        hold(&mut touches[last], Positions::CLOSED);
    }
    for touch in touches.iter_mut().filter(|touch| touch.positions.is_empty() && touch.kind != Kind::BareVisit) {
        hold(touch, Positions::MIDDLE);
    }
    // After the middle: what a company calls a milestone of its own changes nothing for the models that do not weigh it.
    for (stage, arrival) in frame.arrivals.iter().enumerate() {
        let Some(arrived_ms) = arrival else { continue };
        let by_then = touches.partition_point(|touch| touch.at_ms <= *arrived_ms);
        if let Some(latest) = by_then.checked_sub(1) {
            hold(&mut touches[latest], Positions::stage(stage));
        }
    }
    reached
}

fn hold(touch: &mut Touch, position: Positions) {
    touch.positions = touch.positions.with(position);
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipewright_plugin::Source as TouchSource;
    use pipewright_plugin::conformance::golden;

    const DAY_MS: i64 = 86_400_000;

    fn found(touches: &[(i64, Kind)], outcome: Outcome) -> Vec<Positions> {
        let golden = golden();
        let frame = Frame {
            created_at_ms: golden.created_at_ms,
            closed_at_ms: golden.closed_at_ms,
            as_of_ms: golden.as_of_ms,
            outcome,
            arrivals: Arrivals::default(),
            reached: Positions::NONE,
        };
        let touch = |(days, kind): &(i64, Kind)| Touch {
            at_ms: golden.created_at_ms + days * DAY_MS,
            source: TouchSource::ABM,
            kind: *kind,
            positions: Positions::NONE,
            share_millionths: 0,
        };
        let mut touches: Vec<Touch> = touches.iter().map(touch).collect();
        find_positions(&mut touches, &frame);
        touches.iter().map(|touch| touch.positions).collect()
    }

    #[test]
    fn the_golden_journey_holds_the_positions_of_the_design() {
        let golden = golden();
        let bare = |touch: &Touch| ((touch.at_ms - golden.created_at_ms) / DAY_MS, touch.kind);
        let touches: Vec<(i64, Kind)> = golden.touches.iter().map(bare).collect();
        let expected: Vec<Positions> = golden.touches.iter().map(|touch| touch.positions).collect();
        assert_eq!(found(&touches, Outcome::Won), expected);
    }

    #[test]
    fn positions_are_found_as_the_design_says() {
        use Kind::{BareVisit, Call, Inclusion, Response};
        use Positions as P;
        type Case = (&'static str, Vec<(i64, Kind)>, Outcome, Vec<Positions>);
        let lone = P::FIRST.with(P::LEAD_CREATION).with(P::OPPORTUNITY_CREATION);
        let cases: Vec<Case> = vec![
            ("nothing", vec![], Outcome::Won, vec![]),
            ("one touchpoint may hold them all", vec![(-1, Response)], Outcome::Lost, vec![lone.with(P::CLOSED)]),
            ("an open one has no close", vec![(-1, Response)], Outcome::Open, vec![lone]),
            (
                "a response after the creation made no lead, and nothing before it made the opportunity",
                vec![(1, Response), (2, Response)],
                Outcome::Open,
                vec![P::FIRST, P::MIDDLE],
            ),
            (
                "an inclusion counts once there is a response",
                vec![(-9, Inclusion), (-8, Response), (-7, Call)],
                Outcome::Open,
                vec![P::FIRST.with(P::LEAD_CREATION), P::MIDDLE, P::OPPORTUNITY_CREATION],
            ),
            (
                "an inclusion alone makes no lead",
                vec![(-9, Call), (-8, Inclusion), (0, Call)],
                Outcome::Open,
                vec![P::FIRST, P::MIDDLE, P::OPPORTUNITY_CREATION],
            ),
            (
                "a bare visit is never in the middle",
                vec![(-9, Call), (-8, BareVisit), (-7, Call), (1, Call), (2, BareVisit)],
                Outcome::Won,
                vec![P::FIRST, P::NONE, P::OPPORTUNITY_CREATION, P::MIDDLE, P::CLOSED],
            ),
        ];
        for (reason, touches, outcome, expected) in cases {
            assert_eq!(found(&touches, outcome), expected, "{reason}");
        }
    }
}
