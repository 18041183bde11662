//! A journey as a model sees it.

/// Who or what earns credit: one of the five roles or of the six marketing channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Source {
    /// Account executive.
    Ae = 0,
    /// Business development rep: outbound.
    Bdr = 1,
    /// Sales development rep: inbound.
    Sdr = 2,
    /// Enterprise corporate specialist.
    Ecs = 3,
    /// Cloud sales.
    CloudSales = 4,
    /// Brand awareness.
    Brand = 5,
    /// Demand generation.
    DemandGeneration = 6,
    /// Events.
    Events = 7,
    /// Account-based marketing.
    Abm = 8,
    /// Digital.
    Digital = 9,
    /// Enablement.
    Enablement = 10,
}

impl Source {
    /// How many there are.
    pub const COUNT: usize = 11;

    /// All eleven, in the order of their codes: the roles, then the channels.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Ae,
        Self::Bdr,
        Self::Sdr,
        Self::Ecs,
        Self::CloudSales,
        Self::Brand,
        Self::DemandGeneration,
        Self::Events,
        Self::Abm,
        Self::Digital,
        Self::Enablement,
    ];

    /// 0 to 10.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The inverse of [`Self::code`]; `None` above 10.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }
}

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
}

impl Kind {
    /// Whether it is an origin of the opportunity: seen only by models whose manifest says so, and holding no position.
    pub fn is_origin(self) -> bool {
        matches!(self, Self::Creator | Self::PrimaryCampaign)
    }
}

/// The positions that one touchpoint holds: none, one or several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Positions(u8);

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
}

/// How the opportunity stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Still being sold.
    Open,
    /// Closed and won.
    Won,
    /// Closed and lost.
    Lost,
}

/// The journey of one opportunity as known at an instant.
#[derive(Debug, Clone, Copy)]
pub struct Journey<'a> {
    /// The touchpoints, at least one: ordered by (instant, source, id), none after the close or after `as_of_ms`. Then, for
    /// models that ask for them, the origins: the creator before the primary campaign, both at `created_at_ms`.
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
}

impl<'a> Journey<'a> {
    /// The touchpoints without the origins.
    pub fn without_origins(&self) -> &'a [Touch] {
        let origins = self.touches.iter().rev().take_while(|touch| touch.kind.is_origin()).count();
        &self.touches[..self.touches.len() - origins]
    }
}
