//! Journeys from facts: what is linked, within the look-back and the close, as known, behind the lens, less what is suppressed
//! and what repeats; then positions and origins.

use super::once::{Met, Once};
use super::positions::{Frame, find_positions};
use super::suppression::Suppressor;
use super::{Known, View};
use crate::calendar::DAY_MS;
use crate::facts::{LinkBuffers, Snapshot, TouchFact};
use crate::ids::TouchpointId;
use crate::matrix::Lens;
use crate::touchpoint::{Source, TouchpointKind};
use pipewright_plugin::{Journey, Kind, Positions, Source as TouchSource, Touch};
use std::num::{NonZeroU32, NonZeroU64};

/// Milliseconds of a minute.
const MINUTE_MS: i64 = 60_000;

/// A batch ends at so many journeys,
const JOURNEYS: usize = 1_024;

/// or before it has more touchpoints than this, unless one journey alone has.
const TOUCHES: usize = 200_000;

/// The journeys of a batch: touchpoints in one flat list, its memory reused from batch to batch.
pub(super) struct Batch<'a> {
    snapshot: &'a Snapshot,
    view: View,
    known: Known,
    suppressor: Suppressor,
    /// Codes of the stages that are milestones; 0 for one that nothing was ever in.
    milestones: Vec<u32>,
    touches: Vec<Touch>,
    entries: Vec<Entry>,
    once: Once,
    linked: LinkBuffers,
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

/// What was left out of a journey before a model saw it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LeftOut {
    /// Touchpoints that each rule of suppression took out, in the order of the rules; empty where none took any. One that
    /// several rules hold for is the first one's.
    pub suppressed: Vec<usize>,
    /// Touchpoints that another one of the same session, or of the same person, campaign and day, stands for.
    pub repeated: usize,
    /// How many touchpoints there would be, where they are more than the limit: then there is no journey.
    pub too_many: Option<usize>,
}

/// One journey of a batch.
struct Entry {
    opportunity: u32,
    /// One after its last touchpoint.
    end: usize,
    frame: Frame,
    left_out: LeftOut,
}

impl<'a> Batch<'a> {
    /// None yet, of opportunities of `snapshot` as far as they are `known`.
    pub(super) fn new(snapshot: &'a Snapshot, view: View, known: Known) -> Self {
        let rules = &snapshot.settings().journeys;
        Self {
            snapshot,
            view,
            known,
            suppressor: Suppressor::new(rules, snapshot),
            milestones: rules.milestones.iter().map(|stage| snapshot.stage_code(*stage)).collect(),
            touches: Vec::new(),
            entries: Vec::new(),
            once: Once::default(),
            linked: LinkBuffers::default(),
            traces: None,
        }
    }

    /// As [`Self::new`], keeping where each touchpoint came from.
    pub(super) fn traced(snapshot: &'a Snapshot, view: View, known: Known) -> Self {
        Self { traces: Some(Vec::new()), ..Self::new(snapshot, view, known) }
    }

    /// Whether it must be weighed before the journey of the opportunity at `index` can be added.
    pub(super) fn is_full_before(&mut self, index: u32) -> bool {
        let Self { snapshot, entries, touches, linked, .. } = self;
        let is_full = |own: usize| touches.len() + own > TOUCHES;
        !entries.is_empty() && (entries.len() >= JOURNEYS || is_full(snapshot.touchpoints_near(index, linked)))
    }

    /// Empties it and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.touches.clear();
        self.traces.iter_mut().for_each(Vec::clear);
        self.entries.clear();
    }

    /// Adds the journey of the opportunity at `index`. One that does not exist as far as is known, or is deleted, has no
    /// touchpoint, so that no model learns from it.
    pub(super) fn add(&mut self, index: u32) {
        let (settings, Known { at_ms, version }) = (self.snapshot.settings(), self.known);
        let created_at_ms = self.snapshot.created_at_ms(index);
        let mut left_out = LeftOut::default();
        let frame = match self.snapshot.standing_as_recorded(index, at_ms, version) {
            None => Frame::before(created_at_ms, at_ms),
            Some(standing) => {
                let arrivals = self.snapshot.first_arrivals(index, &self.milestones, self.known);
                let mut frame = Frame::new(&settings.calendar, created_at_ms, standing, at_ms, arrivals);
                let start = self.touches.len();
                self.add_linked(index, &frame, &mut left_out);
                left_out.repeated = self.drop_repeats(start);
                let count = self.touches.len() - start;
                if count > settings.journeys.most_touchpoints as usize {
                    left_out.too_many = Some(count);
                    self.touches.truncate(start);
                    self.traces.iter_mut().for_each(|traces| traces.truncate(start));
                } else {
                    frame.reached = find_positions(&mut self.touches[start..], &frame);
                    if self.view.origins {
                        self.add_origins(index);
                    }
                }
                frame
            }
        };
        self.entries.push(Entry { opportunity: index, end: self.touches.len(), frame, left_out });
    }

    /// Adds what is linked to the opportunity, behind the lens and not suppressed.
    fn add_linked(&mut self, index: u32, frame: &Frame, left_out: &mut LeftOut) {
        let Self { snapshot, view, known, suppressor, touches, once, linked, traces, .. } = self;
        let opens_ms = frame.created_at_ms.saturating_sub(i64::from(snapshot.settings().journeys.look_back_days) * DAY_MS);
        once.met.clear();
        snapshot.each_linked(index, *known, opens_ms..=frame.end_ms(), linked, |fact| {
            let Some(source) = fact.source.filter(|source| passes(view.lens, *source)) else { return };
            if let Some(rule) = suppressor.rule_for(snapshot, fact, source, frame.created_at_ms) {
                left_out.suppressed.resize(suppressor.len(), 0);
                left_out.suppressed[rule] += 1;
                return;
            }
            touches.push(touch(fact, source));
            let campaign = fact.campaign.map_or(0, NonZeroU32::get);
            once.met.push(Met { person: fact.person.map_or(0, NonZeroU64::get), campaign });
            if let Some(traces) = traces {
                traces.push(Trace { touchpoint: Some(fact.id), campaign, rep: fact.rep });
            }
        });
    }

    /// Takes out what counts once and was there before, from `start` on; how many.
    fn drop_repeats(&mut self, start: usize) -> usize {
        let settings = self.snapshot.settings();
        let session_ms = Some(i64::from(settings.journeys.session_minutes) * MINUTE_MS).filter(|session_ms| *session_ms > 0);
        let found = self.once.find(&settings.calendar, session_ms, &self.touches[start..]);
        if found > 0 {
            let mut gone = self.once.gone.iter();
            let mut stays = |_: usize| !gone.next().copied().unwrap_or(false);
            let mut kept = start;
            for place in start..self.touches.len() {
                if stays(place) {
                    self.touches[kept] = self.touches[place];
                    if let Some(traces) = &mut self.traces {
                        traces[kept] = traces[place];
                    }
                    kept += 1;
                }
            }
            self.touches.truncate(kept);
            self.traces.iter_mut().for_each(|traces| traces.truncate(kept));
        }
        found
    }

    /// Adds the creator, the primary campaign and the splits, behind the lens.
    fn add_origins(&mut self, index: u32) {
        let (snapshot, Known { at_ms, version }) = (self.snapshot, self.known);
        let origin = snapshot.origin(index);
        let primary = snapshot.state_as_recorded(index, at_ms, version).and_then(|state| state.campaign);
        let role = |rep| snapshot.role_as_recorded(rep, origin.created_at_ms, version);
        let creator = origin.created_by.and_then(role).map(Source::Role);
        let by_rep = Trace { rep: origin.created_by.map_or(0, |rep| snapshot.rep_code(rep)), ..Trace::default() };
        self.add_origin(origin.created_at_ms, Kind::Creator, creator, 0, by_rep);
        let channel = primary.and_then(|campaign| snapshot.channel_of(campaign)).map(Source::Channel);
        let by_campaign = Trace { campaign: primary.map_or(0, |id| snapshot.campaign_code(id)), ..Trace::default() };
        self.add_origin(origin.created_at_ms, Kind::PrimaryCampaign, channel.or(origin.lead_source_maps_to), 0, by_campaign);
        for split in snapshot.splits_of(index, version) {
            let kind = if split.is_overlay { Kind::OverlaySplit } else { Kind::Split };
            let by_rep = Trace { rep: split.rep, ..Trace::default() };
            self.add_origin(origin.created_at_ms, kind, Some(split.source), split.share_millionths, by_rep);
        }
    }

    fn add_origin(&mut self, at_ms: i64, kind: Kind, source: Option<Source>, share_millionths: u32, trace: Trace) {
        if let Some(source) = source.filter(|source| passes(self.view.lens, *source)) {
            let source = touch_source(source);
            self.touches.push(Touch { at_ms, source, kind, positions: Positions::NONE, share_millionths });
            self.traces.iter_mut().for_each(|traces| traces.push(trace));
        }
    }

    /// Where each touchpoint came from, in the order of all touchpoints of [`Self::opportunities`]; empty where nobody asked.
    pub(super) fn traces(&self) -> &[Trace] {
        self.traces.as_deref().unwrap_or_default()
    }

    /// What was left out of each journey, in the order in which they were added.
    pub(super) fn left_out(&self) -> impl Iterator<Item = &LeftOut> {
        self.entries.iter().map(|entry| &entry.left_out)
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
                let Frame { created_at_ms, closed_at_ms, as_of_ms, outcome, reached, .. } = entry.frame;
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

fn touch(fact: &TouchFact, source: Source) -> Touch {
    Touch {
        at_ms: fact.at_ms,
        source: touch_source(source),
        kind: touch_kind(fact.kind),
        positions: Positions::NONE,
        share_millionths: 0,
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::Channel;
    use crate::rep::Role;

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
}
