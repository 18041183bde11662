//! How a journey's weights came about, and what a model learnt of the sources.

use crate::{Remarks, Source};

/// How the weights of one journey came about: the weight of a touchpoint is (its base + what was moved to it) times `scale`.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// One for each touchpoint, in order.
    pub parts: Vec<Part>,
    /// What every sum of parts is multiplied by so that the weights add up to 1.
    pub scale: f64,
}

impl Explanation {
    /// Nothing was moved: each touchpoint keeps what the model's own rule gives it.
    pub fn unmoved(bases: impl IntoIterator<Item = f64>, scale: f64) -> Self {
        let part = |base| Part { base, moved: Vec::new() };
        Self { parts: bases.into_iter().map(part).collect(), scale }
    }

    /// Of `count` touchpoints, the one at place `taker` takes all.
    pub fn all_to(taker: usize, count: usize) -> Self {
        Self::unmoved((0..count).map(|place| if place == taker { 1.0 } else { 0.0 }), 1.0)
    }
}

/// What one touchpoint got.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Part {
    /// By the model's own rule.
    pub base: f64,
    /// From elsewhere, with the reasons.
    pub moved: Vec<Moved>,
}

impl Part {
    /// All of it, before scaling.
    pub fn weight(&self) -> f64 {
        self.base + self.moved.iter().map(|moved| moved.weight).sum::<f64>()
    }
}

/// A weight that its rule's touchpoint could not take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moved {
    /// How much, before scaling.
    pub weight: f64,
    /// Why it came here.
    pub why: Why,
}

/// Why a weight was moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Why {
    /// A milestone was reached with no touchpoint of its own: it sits on the next reached milestone's.
    NextMilestone = 1,
    /// A milestone was reached with no touchpoint of its own, nor has a later one: it is spread over the positions held.
    NoLaterMilestone = 2,
    /// There is no middle touchpoint: the middle's weight is spread over the positions held.
    NoMiddle = 3,
}

impl Why {
    /// 1 to 3.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The inverse of [`Self::code`].
    pub fn from_code(code: u8) -> Option<Self> {
        [Self::NextMilestone, Self::NoLaterMilestone, Self::NoMiddle].into_iter().find(|why| why.code() == code)
    }
}

/// What a model learnt of the sources from all journeys.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Findings {
    /// Its own figures of each source, such as removal effects.
    pub figures: Vec<Figure>,
    /// The share of each source over all journeys, adding up to 1, where the model has a global one; in order of source.
    pub shares: Vec<(Source, f64)>,
    /// How people go from step to step, where the model has such a matrix.
    pub transitions: Vec<Transition>,
    /// What a reader should know of them.
    pub remarks: Remarks,
}

/// One figure of each source.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Lower-case words joined by underscores, such as `removal_effect`.
    pub name: String,
    /// In order of source.
    pub values: Vec<(Source, f64)>,
}

/// The probability of a next step.
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    /// Where one stands: a step, or the last few, the latest last.
    pub from: Vec<Step>,
    /// What comes next.
    pub to: Step,
    /// 0 to 1; those from one state add up to 1.
    pub probability: f64,
}

/// A step of a journey, as a chain sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Before the first touchpoint.
    Start,
    /// A touchpoint of a source.
    At(Source),
    /// Won.
    Conversion,
    /// Lost.
    Null,
}
