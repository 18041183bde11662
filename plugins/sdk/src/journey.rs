//! A journey as a model sees it.

use crate::Source;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    /// A page was opened and nothing more.
    BareVisit = 0,
    /// A form, an answer, an attendance: a person gave something.
    Response = 1,
    /// A person was put into a campaign without answering.
    Inclusion = 2,
    /// A rep called.
    Call = 3,
    /// A rep wrote.
    Email = 4,
    /// A rep met someone.
    Meeting = 5,
    /// Another task of a rep.
    Task = 6,
    /// A lead became a contact and, mostly, an opportunity.
    LeadConversion = 7,
    /// A rep passed a person on to another role.
    HandOff = 8,
    /// An origin: the opportunity's creator, by the role held at its creation.
    Creator = 9,
    /// An origin: the channel of the opportunity's primary campaign, or what its lead source maps to in its stead.
    PrimaryCampaign = 10,
    /// An origin: a revenue split of the opportunity, by the role that its owner held at its creation.
    Split = 11,
    /// An origin: an overlay split, which is reported as influence and never summed.
    OverlaySplit = 12,
}

impl Kind {
    /// Whether it is an origin of the opportunity: seen only by models whose manifest says so, and holding no position.
    pub fn is_origin(self) -> bool {
        matches!(self, Self::Creator | Self::PrimaryCampaign | Self::Split | Self::OverlaySplit)
    }

    /// All of them, in the order of their codes.
    pub const ALL: [Self; 13] = [
        Self::BareVisit,
        Self::Response,
        Self::Inclusion,
        Self::Call,
        Self::Email,
        Self::Meeting,
        Self::Task,
        Self::LeadConversion,
        Self::HandOff,
        Self::Creator,
        Self::PrimaryCampaign,
        Self::Split,
        Self::OverlaySplit,
    ];

    /// 0 to 12.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The inverse of [`Self::code`]; `None` above 12.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }
}

/// A set of positions: those that one touchpoint holds, or those that a journey has reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Positions(u16);

impl Positions {
    /// None; so it is for origins, and for bare visits in between.
    pub const NONE: Self = Self(0);
    /// The earliest touchpoint. Always reached.
    pub const FIRST: Self = Self(1);
    /// The first response or inclusion. Reached if there is a response at or before the opportunity's creation.
    pub const LEAD_CREATION: Self = Self(2);
    /// The latest touchpoint at or before the opportunity's creation. Always reached, though no touchpoint may hold it.
    pub const OPPORTUNITY_CREATION: Self = Self(4);
    /// The latest touchpoint at or before the close. Reached once won or lost.
    pub const CLOSED: Self = Self(8);
    /// Any other touchpoint that is more than a bare visit.
    pub const MIDDLE: Self = Self(16);

    /// How many stages of a company's own can be milestones.
    pub const STAGES: usize = 6;

    /// The milestones in the order in which a journey reaches them.
    pub const MILESTONES: [Self; 10] = [
        Self::FIRST,
        Self::LEAD_CREATION,
        Self::OPPORTUNITY_CREATION,
        Self::stage(0),
        Self::stage(1),
        Self::stage(2),
        Self::stage(3),
        Self::stage(4),
        Self::stage(5),
        Self::CLOSED,
    ];

    /// The latest touchpoint at or before the first arrival at a stage that configuration names, `index` from 0 to 5. Reached
    /// at that arrival.
    pub const fn stage(index: usize) -> Self {
        assert!(index < Self::STAGES, "there are six stages of a company's own at most");
        Self(32 << index)
    }

    /// The positions of a set of bits, as [`Self::bits`] gives it; bits beyond the positions are left out.
    pub const fn from_bits(bits: u16) -> Self {
        Self(bits & 0x07ff)
    }

    /// One bit for each position, in the order FIRST, LEAD_CREATION, OPPORTUNITY_CREATION, CLOSED, MIDDLE, the six stages.
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// Whether all of `positions` are held.
    pub fn holds(self, positions: Self) -> bool {
        self.0 & positions.0 == positions.0
    }

    /// Whether none is held.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Both.
    #[must_use]
    pub const fn with(self, positions: Self) -> Self {
        Self(self.0 | positions.0)
    }
}

/// One touchpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Touch {
    /// Milliseconds since 1970, UTC.
    pub at_ms: i64,
    /// Who would earn the credit.
    pub source: Source,
    /// What happened.
    pub kind: Kind,
    /// What it is on this journey.
    pub positions: Positions,
    /// The part of the opportunity that a split assigns, in millionths of the whole; 0 for anything that is no split.
    pub share_millionths: u32,
}

/// How the opportunity stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Outcome {
    /// Still being sold.
    Open = 0,
    /// Closed and won.
    Won = 1,
    /// Closed and lost.
    Lost = 2,
}

impl Outcome {
    /// 0 to 2.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The inverse of [`Self::code`]; `None` above 2.
    pub fn from_code(code: u8) -> Option<Self> {
        [Self::Open, Self::Won, Self::Lost].get(usize::from(code)).copied()
    }
}

/// The journey of one opportunity as known at an instant.
#[derive(Debug, Clone, Copy)]
pub struct Journey<'a> {
    /// The touchpoints, at least one: ordered by (instant, source, id), none after the close or after `as_of_ms`. Then, for
    /// models that ask for them, the origins at `created_at_ms`: the creator, the primary campaign, the splits.
    pub touches: &'a [Touch],
    /// When the opportunity was created: milliseconds since 1970, UTC.
    pub created_at_ms: i64,
    /// The last millisecond of the day on which it closed, by the organisation's time zone; `None` while it is open. May lie
    /// after `as_of_ms`, on the day of the close itself.
    pub closed_at_ms: Option<i64>,
    /// As known when: milliseconds since 1970, UTC.
    pub as_of_ms: i64,
    /// How it stands at `as_of_ms`.
    pub outcome: Outcome,
    /// The milestones reached by `as_of_ms`, whether or not a touchpoint holds them.
    pub reached: Positions,
    /// How many journeys like this one there were: 1 for an opportunity, a count for a row of a file of paths. Above 0, finite.
    pub repeats: f64,
}

impl<'a> Journey<'a> {
    /// The touchpoints without the origins.
    pub fn without_origins(&self) -> &'a [Touch] {
        let origins = self.touches.iter().rev().take_while(|touch| touch.kind.is_origin()).count();
        &self.touches[..self.touches.len() - origins]
    }
}
