//! Journeys from facts: look-back, close, as of, lens, one touchpoint for each person, campaign and day; then positions.

use super::{Known, View};
use crate::calendar::{Calendar, DAY_MS};
use crate::catalog::StageKind;
use crate::facts::Snapshot;
use crate::ids::TouchpointId;
use crate::matrix::Lens;
use crate::touchpoint::{Source, TouchpointKind};
use chrono::{DateTime, Days, NaiveDate};
use pipewright_plugin::{Journey, Kind, Outcome, Positions, Source as TouchSource, Touch};
use std::num::{NonZeroU32, NonZeroU64};

/// No day is longer in any time zone.
const LONGEST_DAY_MS: i64 = 26 * 3_600_000;

/// A batch ends at so many journeys,
const JOURNEYS: usize = 1_024;

/// or before it has more touchpoints than this, unless one journey alone has.
const TOUCHES: usize = 200_000;

/// The journeys of a batch: touchpoints in one flat list, its memory reused from batch to batch.
#[derive(Default)]
pub(super) struct Batch {
    touches: Vec<Touch>,
    entries: Vec<Entry>,
    /// Who met which campaign, for each touchpoint of the journey that is being added.
    visits: Vec<Option<Visit>>,
    /// Touchpoints of the journey that is being added that a later one of the same day stands in for.
    replaced: Vec<usize>,
    /// Where each touchpoint came from; `None` where nobody asks.
    traces: Option<Vec<Trace>>,
}

/// Where a touchpoint of a journey came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Trace {
    /// Which touchpoint; `None` for an origin.
    pub touchpoint: Option<TouchpointId>,
    /// Code of its campaign; 0 for none.
    pub(crate) campaign: u32,
    /// Code of its rep; 0 for none.
    pub(crate) rep: u32,
}

/// A person and a campaign.
type Visit = (NonZeroU64, NonZeroU32);

/// One journey of a batch.
struct Entry {
    opportunity: u32,
    /// One after its last touchpoint.
    end: usize,
    frame: Frame,
}

/// What bounds a journey.
#[derive(Clone, Copy)]
struct Frame {
    created_at_ms: i64,
    closed_at_ms: Option<i64>,
    as_of_ms: i64,
    outcome: Outcome,
    reached: Positions,
}

impl Frame {
    fn new(calendar: &Calendar, created_at_ms: i64, (kind, close_date): (StageKind, NaiveDate), as_of_ms: i64) -> Self {
        let outcome = match kind {
            StageKind::Open => Outcome::Open,
            StageKind::Won => Outcome::Won,
            StageKind::Lost => Outcome::Lost,
        };
        // The close is the end of the close date's day.
        let next_day = (outcome != Outcome::Open).then(|| close_date.checked_add_days(Days::new(1))).flatten();
        let closed_at_ms = next_day.map(|day| calendar.start_of_day(day).timestamp_millis() - 1);
        Self { created_at_ms, closed_at_ms, as_of_ms, outcome, reached: Positions::NONE }
    }

    /// The last instant that counts.
    fn end_ms(&self) -> i64 {
        self.closed_at_ms.unwrap_or(i64::MAX).min(self.as_of_ms)
    }
}

impl Batch {
    /// One that keeps where each touchpoint came from.
    pub(super) fn traced() -> Self {
        Self { traces: Some(Vec::new()), ..Self::default() }
    }

    fn push(&mut self, touch: Touch, trace: Trace) {
        self.touches.push(touch);
        if let Some(traces) = &mut self.traces {
            traces.push(trace);
        }
    }

    /// Whether it must be weighed before `touches` more can be added.
    pub(super) fn is_full_before(&self, touches: usize) -> bool {
        !self.entries.is_empty() && (self.entries.len() >= JOURNEYS || self.touches.len() + touches > TOUCHES)
    }

    /// Empties it and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.touches.clear();
        self.traces.iter_mut().for_each(Vec::clear);
        self.entries.clear();
    }

    /// Adds the journey of the opportunity at `index`, as far as it is `known`. One that does not exist then, or
    /// is deleted, has no touchpoint, so that no model learns from it.
    pub(super) fn add(&mut self, snapshot: &Snapshot, view: View, known: Known, index: u32) {
        let settings = snapshot.settings();
        let Known { at_ms: as_of_ms, version } = known;
        let created_at_ms = snapshot.created_at_ms(index);
        let Some(standing) = snapshot.standing_as_recorded(index, as_of_ms, version) else {
            let frame = Frame { created_at_ms, closed_at_ms: None, as_of_ms, outcome: Outcome::Open, reached: Positions::NONE };
            self.entries.push(Entry { opportunity: index, end: self.touches.len(), frame });
            return;
        };
        let mut frame = Frame::new(&settings.calendar, created_at_ms, standing, as_of_ms);
        let start = self.touches.len();
        self.visits.clear();
        let opens_ms = frame.created_at_ms.saturating_sub(i64::from(settings.look_back_days) * DAY_MS);
        for fact in snapshot.touchpoints_of(index).between(opens_ms, frame.end_ms()).iter() {
            if version.is_some_and(|version| fact.recorded > version) {
                continue;
            }
            let source = snapshot.source_as_recorded(&fact, version).filter(|source| passes(view.lens, *source));
            let Some(source) = source else { continue };
            let touch = Touch {
                at_ms: fact.at_ms,
                source: touch_source(source),
                kind: touch_kind(fact.kind),
                positions: Positions::NONE,
                share_millionths: 0,
            };
            let trace = Trace { touchpoint: Some(fact.id), campaign: fact.campaign.map_or(0, NonZeroU32::get), rep: fact.rep };
            self.add_touch(&settings.calendar, touch, trace, fact.person.zip(fact.campaign));
        }
        self.drop_replaced();
        frame.reached = find_positions(&mut self.touches[start..], &frame);
        if let Some(state) = view.origins.then(|| snapshot.state_as_recorded(index, as_of_ms, version)).flatten() {
            let origin = snapshot.origin(index);
            let creator =
                origin.created_by.and_then(|rep| snapshot.role_as_recorded(rep, origin.created_at_ms, version)).map(Source::Role);
            let channel = state.campaign.and_then(|campaign| snapshot.channel_of(campaign)).map(Source::Channel);
            let by_rep = Trace { rep: origin.created_by.map_or(0, |rep| snapshot.rep_code(rep)), ..Trace::default() };
            let by_campaign = Trace { campaign: state.campaign.map_or(0, |id| snapshot.campaign_code(id)), ..Trace::default() };
            self.add_origin(view.lens, &frame, Kind::Creator, creator, by_rep);
            self.add_origin(view.lens, &frame, Kind::PrimaryCampaign, channel.or(origin.lead_source_maps_to), by_campaign);
        }
        self.entries.push(Entry { opportunity: index, end: self.touches.len(), frame });
    }

    /// Adds a touchpoint, unless the same person met the same campaign on the same day: then what is more than a bare visit
    /// stays, else the earlier.
    fn add_touch(&mut self, calendar: &Calendar, touch: Touch, trace: Trace, visit: Option<Visit>) {
        if let Some(visit) = visit {
            let start = self.touches.len() - self.visits.len();
            // Touchpoints come in order, so only the latest of a visit can be of the same day.
            let recent = (start..self.touches.len()).rev();
            let mut recent = recent.take_while(|place| touch.at_ms - self.touches[*place].at_ms < LONGEST_DAY_MS);
            let latest = recent.find(|place| self.visits[place - start] == Some(visit));
            if let Some(latest) = latest.filter(|latest| same_day(calendar, self.touches[*latest].at_ms, touch.at_ms)) {
                if self.touches[latest].kind != Kind::BareVisit || touch.kind == Kind::BareVisit {
                    return;
                }
                self.replaced.push(latest);
            }
        }
        self.visits.push(visit);
        self.push(touch, trace);
    }

    /// Takes out what others stand in for.
    fn drop_replaced(&mut self) {
        self.replaced.sort_unstable();
        let (Some(&first), mut next) = (self.replaced.first(), 0) else { return };
        let mut kept = first;
        for place in first..self.touches.len() {
            if self.replaced.get(next) == Some(&place) {
                next += 1;
            } else {
                self.touches[kept] = self.touches[place];
                if let Some(traces) = &mut self.traces {
                    traces[kept] = traces[place];
                }
                kept += 1;
            }
        }
        self.touches.truncate(kept);
        self.traces.iter_mut().for_each(|traces| traces.truncate(kept));
        self.replaced.clear();
    }

    fn add_origin(&mut self, lens: Lens, frame: &Frame, kind: Kind, source: Option<Source>, trace: Trace) {
        if let Some(source) = source.filter(|source| passes(lens, *source)) {
            let source = touch_source(source);
            let touch = Touch { at_ms: frame.created_at_ms, source, kind, positions: Positions::NONE, share_millionths: 0 };
            self.push(touch, trace);
        }
    }

    /// Where each touchpoint came from, in the order of all touchpoints of [`Self::opportunities`]; empty where nobody asked.
    pub(super) fn traces(&self) -> &[Trace] {
        self.traces.as_deref().unwrap_or_default()
    }

    /// The opportunities with their touchpoints (and origins), in the order in which they were added.
    pub(super) fn opportunities(&self) -> impl Iterator<Item = (u32, &[Touch])> {
        let mut start = 0;
        self.entries.iter().map(move |entry| {
            let own = &self.touches[start..entry.end];
            start = entry.end;
            (entry.opportunity, own)
        })
    }

    /// The journeys that have a touchpoint, in the order in which they were added: a model never sees an empty one.
    pub(super) fn journeys(&self) -> Vec<Journey<'_>> {
        let with_touches = self.opportunities().zip(&self.entries).filter(|((_, touches), _)| !touches.is_empty());
        with_touches
            .map(|((_, touches), entry)| {
                let Frame { created_at_ms, closed_at_ms, as_of_ms, outcome, reached } = entry.frame;
                Journey { touches, created_at_ms, closed_at_ms, as_of_ms, outcome, reached, repeats: 1.0 }
            })
            .collect()
    }
}

fn passes(lens: Lens, source: Source) -> bool {
    match lens {
        Lens::All => true,
        Lens::Roles => matches!(source, Source::Role(_)),
        Lens::Channels => matches!(source, Source::Channel(_)),
    }
}

fn same_day(calendar: &Calendar, one_ms: i64, other_ms: i64) -> bool {
    let day = |ms| DateTime::from_timestamp_millis(ms).map(|at| calendar.day_of(at));
    one_ms == other_ms || (other_ms - one_ms < LONGEST_DAY_MS && day(one_ms) == day(other_ms))
}

fn touch_source(source: Source) -> TouchSource {
    TouchSource::new(u16::from(source.code()))
}

fn touch_kind(kind: TouchpointKind) -> Kind {
    match kind {
        TouchpointKind::BareVisit => Kind::BareVisit,
        TouchpointKind::Response => Kind::Response,
        TouchpointKind::Inclusion => Kind::Inclusion,
        TouchpointKind::Call => Kind::Call,
        TouchpointKind::Email => Kind::Email,
        TouchpointKind::Meeting => Kind::Meeting,
        TouchpointKind::Task => Kind::Task,
        TouchpointKind::LeadConversion => Kind::LeadConversion,
        TouchpointKind::HandOff => Kind::HandOff,
    }
}

/// Finds the positions on a journey whose touchpoints, without origins, are in order and none after the close; answers with
/// the milestones that it has reached.
fn find_positions(touches: &mut [Touch], frame: &Frame) -> Positions {
    let mut reached = Positions::FIRST.with(Positions::OPPORTUNITY_CREATION);
    if frame.outcome != Outcome::Open {
        reached = reached.with(Positions::CLOSED);
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
    reached
}

fn hold(touch: &mut Touch, position: Positions) {
    touch.positions = touch.positions.with(position);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::Channel;
    use crate::rep::Role;
    use pipewright_plugin::conformance::golden;

    #[test]
    fn sources_have_the_same_codes_on_both_sides() {
        use TouchSource as S;
        let named = [
            (Source::Role(Role::Ae), S::AE),
            (Source::Role(Role::Bdr), S::BDR),
            (Source::Role(Role::Sdr), S::SDR),
            (Source::Role(Role::Ecs), S::ECS),
            (Source::Role(Role::CloudSales), S::CLOUD_SALES),
            (Source::Channel(Channel::Brand), S::BRAND),
            (Source::Channel(Channel::DemandGeneration), S::DEMAND_GENERATION),
            (Source::Channel(Channel::Events), S::EVENTS),
            (Source::Channel(Channel::Abm), S::ABM),
            (Source::Channel(Channel::Digital), S::DIGITAL),
            (Source::Channel(Channel::Enablement), S::ENABLEMENT),
        ];
        assert_eq!((named.len(), S::NAMED.len()), (Source::COUNT, Source::COUNT));
        for ((own, theirs), in_order) in named.into_iter().zip(S::NAMED) {
            assert_eq!((touch_source(own), theirs), (theirs, in_order), "{own:?}");
        }
    }

    fn found(touches: &[(i64, Kind)], outcome: Outcome) -> Vec<Positions> {
        let golden = golden();
        let frame = Frame {
            created_at_ms: golden.created_at_ms,
            closed_at_ms: golden.closed_at_ms,
            as_of_ms: golden.as_of_ms,
            outcome,
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
