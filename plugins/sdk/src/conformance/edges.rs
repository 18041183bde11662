//! Journeys at the edges: what the golden journey does not show.

use super::{CLOSED, CREATED, answer_one, golden, split, touch};
use crate::{Journey, Kind, Model, NoCredit, Outcome, Positions, Source, Touch, Value};

/// An edge. Each model's package says for every one of them what its model answers, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Edge {
    /// Won: one touchpoint before the creation, which is everything at once.
    OneTouchpoint,
    /// Won: a response that made the lead and the opportunity, and a call before the close.
    TwoTouchpoints,
    /// Won: a call and two responses, all at one instant before the creation.
    SameInstant,
    /// Won: a response, a bare visit, a meeting that made the opportunity, a call before the close.
    NoMiddle,
    /// The golden journey, lost.
    Lost,
    /// The golden journey, still open, so that its last touchpoint is one in the middle.
    Open,
    /// Won: a call and two responses, all after the creation.
    NothingBeforeCreation,
    /// Open, a stage reached: a call and a response, both after the creation and after the stage's date.
    MilestoneWithoutTouchpoint,
    /// Won: no touchpoint. Origins: an AE created it, EVENTS is its primary campaign, AE 60% and cloud sales 40% split it, and ECS
    /// has an overlay of 100%.
    OriginsOnly,
}

const FIRST: Positions = Positions::FIRST;
const LEAD: Positions = Positions::LEAD_CREATION;
const CREATION: Positions = Positions::OPPORTUNITY_CREATION;
const CLOSE: Positions = Positions::CLOSED;
const MIDDLE: Positions = Positions::MIDDLE;

const ONE: [Touch; 1] = [touch(20_200, Source::SDR, Kind::Response, FIRST.with(LEAD).with(CREATION).with(CLOSE))];

const TWO: [Touch; 2] =
    [touch(20_100, Source::ABM, Kind::Response, FIRST.with(LEAD).with(CREATION)), touch(20_260, Source::AE, Kind::Call, CLOSE)];

const SAME: [Touch; 3] = [
    touch(20_210, Source::AE, Kind::Call, FIRST),
    touch(20_210, Source::BRAND, Kind::Response, LEAD),
    touch(20_210, Source::DIGITAL, Kind::Response, CREATION.with(CLOSE)),
];

const NO_MIDDLE: [Touch; 4] = [
    touch(20_100, Source::DIGITAL, Kind::Response, FIRST.with(LEAD)),
    touch(20_150, Source::DIGITAL, Kind::BareVisit, Positions::NONE),
    touch(20_200, Source::AE, Kind::Meeting, CREATION),
    touch(20_260, Source::AE, Kind::Call, CLOSE),
];

const OPEN: [Touch; 6] = [
    super::TOUCHES[0],
    super::TOUCHES[1],
    super::TOUCHES[2],
    super::TOUCHES[3],
    super::TOUCHES[4],
    Touch { positions: MIDDLE, ..super::TOUCHES[5] },
];

const LATE: [Touch; 3] = [
    touch(20_220, Source::AE, Kind::Call, FIRST),
    touch(20_221, Source::BRAND, Kind::Response, MIDDLE),
    touch(20_230, Source::EVENTS, Kind::Response, CLOSE),
];

const STAGED: [Touch; 2] = [touch(20_220, Source::AE, Kind::Call, FIRST), touch(20_221, Source::BRAND, Kind::Response, MIDDLE)];

const ORIGINS: [Touch; 5] = [
    touch(20_216, Source::AE, Kind::Creator, Positions::NONE),
    touch(20_216, Source::EVENTS, Kind::PrimaryCampaign, Positions::NONE),
    split(Source::AE, Kind::Split, 600_000),
    split(Source::CLOUD_SALES, Kind::Split, 400_000),
    split(Source::ECS, Kind::OverlaySplit, 1_000_000),
];

impl Edge {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::OneTouchpoint,
        Self::TwoTouchpoints,
        Self::SameInstant,
        Self::NoMiddle,
        Self::Lost,
        Self::Open,
        Self::NothingBeforeCreation,
        Self::MilestoneWithoutTouchpoint,
        Self::OriginsOnly,
    ];

    /// Its journey, created and closed when the golden one is; the origins are there only for a model that asks for them.
    pub fn journey(self, origins: bool) -> Journey<'static> {
        let opened = FIRST.with(CREATION);
        let (touches, reached): (&'static [Touch], Positions) = match self {
            Self::OneTouchpoint => (&ONE, opened.with(LEAD)),
            Self::TwoTouchpoints => (&TWO, opened.with(LEAD)),
            Self::SameInstant => (&SAME, opened.with(LEAD)),
            Self::NoMiddle => (&NO_MIDDLE, opened.with(LEAD)),
            Self::Lost => (golden().touches, opened.with(LEAD)),
            Self::Open => (&OPEN, opened.with(LEAD)),
            Self::NothingBeforeCreation => (&LATE, opened),
            Self::MilestoneWithoutTouchpoint => (&STAGED, opened.with(Positions::stage(0))),
            Self::OriginsOnly => (if origins { &ORIGINS } else { &[] }, opened),
        };
        let outcome = match self {
            Self::Open | Self::MilestoneWithoutTouchpoint => Outcome::Open,
            Self::Lost => Outcome::Lost,
            _ => Outcome::Won,
        };
        let (closed_at_ms, reached) = match outcome {
            Outcome::Open => (None, reached),
            Outcome::Won | Outcome::Lost => (Some(CLOSED), reached.with(CLOSE)),
        };
        Journey { touches, created_at_ms: CREATED, closed_at_ms, as_of_ms: CLOSED + 1, outcome, reached, repeats: 1.0 }
    }
}

/// An edge, what a model answers there in percent, and why.
pub type AtEdge<'a> = (Edge, Result<&'a [f64], NoCredit>, &'a str);

/// Holds a model's answer at every edge against a table, for the tests of its package: the edges in the order of [`Edge::ALL`].
///
/// # Errors
/// The table leaves an edge out, or the model answers something else; the text says where, what and why not.
pub fn answers_at_edges(model: &dyn Model, given: &[(&str, Value)], table: &[AtEdge<'_>]) -> Result<(), String> {
    let manifest = model.manifest();
    if !table.iter().map(|(edge, ..)| *edge).eq(Edge::ALL) {
        return Err(format!("the table of {} does not say something of every edge, in their order", manifest.id));
    }
    for (edge, expected, reason) in table {
        let (found, _) = answer_one(model, given, edge.journey(manifest.origins)).map_err(|error| error.to_string())?;
        let is_right = match (&found, expected) {
            (Ok(found), Ok(expected)) => {
                found.len() == expected.len()
                    && found.iter().zip(*expected).all(|(one, other)| (one * 100.0 - other).abs() < 1e-9)
            }
            (found, expected) => found.as_ref().err() == expected.as_ref().err(),
        };
        if !is_right {
            return Err(format!("{} at {edge:?}: {found:?} is not {expected:?}: {reason}", manifest.id));
        }
    }
    Ok(())
}
