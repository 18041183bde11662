//! The curves that are kept: which questions get one, who draws it, and what is forgotten first.

use super::Snapshot;
use super::curve::Curve;
use super::cut::Cut;
use super::scan::{Point, Scan};
use crate::calendar::Period;
use crate::dimension::{Dimension, Filter};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes of all curves of a snapshot.
const MOST_BYTES: usize = 192 << 20;

/// Questions that are remembered, with a curve or without.
const MOST_QUESTIONS: usize = 1_024;

/// With so many points of one period in one question, its curve is drawn at once.
const MANY_POINTS: usize = 16;

/// What a curve answers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Question {
    period: Period,
    by: Vec<Dimension>,
    filter: Filter,
}

enum State {
    /// Asked once: an answer by a scan is cheaper than a curve.
    Asked,
    Drawing,
    Drawn(Arc<Curve>),
    TooLarge,
}

struct Known {
    state: State,
    /// When it was last asked, counted in questions.
    asked: u64,
}

#[derive(Default)]
struct Kept {
    questions: HashMap<Question, Known>,
    count: u64,
}

impl Kept {
    fn bytes(&self) -> usize {
        self.questions.values().map(|known| if let State::Drawn(curve) = &known.state { curve.bytes() } else { 0 }).sum()
    }

    /// Forgets what was not asked for the longest while there is too much.
    fn make_room(&mut self) {
        while self.questions.len() > MOST_QUESTIONS || self.bytes() > MOST_BYTES {
            let is_busy = |known: &Known| matches!(known.state, State::Drawing);
            let idle = self.questions.iter().filter(|(_, known)| !is_busy(known)).min_by_key(|(_, known)| known.asked);
            let Some(oldest) = idle.map(|(question, _)| question.clone()) else { return };
            self.questions.remove(&oldest);
        }
    }
}

/// The curves of all snapshots that share a large segment, and all that curves depend on beside it.
#[derive(Default)]
pub(super) struct Curves(Mutex<Kept>);

impl Curves {
    /// For another segment: nothing but the memory of what was asked.
    pub(super) fn renewed(&self) -> Self {
        let kept = self.kept();
        let again =
            kept.questions.iter().map(|(question, known)| (question.clone(), Known { state: State::Asked, asked: known.asked }));
        Self(Mutex::new(Kept { questions: again.collect(), count: kept.count }))
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // A question that panicked left nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What there is of a curve. Of all who ask, one is told to draw it: the first who needs it `at_once`, else the second.
    fn find(&self, question: &Question, at_once: bool) -> Found {
        let mut kept = self.kept();
        kept.count += 1;
        let asked = kept.count;
        let before = kept.questions.get_mut(question).map(|known| {
            known.asked = asked;
            &mut known.state
        });
        match before {
            Some(State::Drawn(curve)) => return Found::Curve(curve.clone()),
            Some(State::Drawing | State::TooLarge) => return Found::Nothing,
            Some(state) => *state = State::Drawing,
            None => {
                let state = if at_once { State::Drawing } else { State::Asked };
                kept.questions.insert(question.clone(), Known { state, asked });
                kept.make_room();
                if !at_once {
                    return Found::Nothing;
                }
            }
        }
        Found::ToDraw
    }

    /// Keeps what `draw` makes of a question that was [`Found::ToDraw`]; where it panics, the question was never asked.
    fn keep(&self, question: Question, draw: impl FnOnce(&Question) -> Option<Curve>) -> Option<Arc<Curve>> {
        let drawn = catch_unwind(AssertUnwindSafe(|| draw(&question).map(Arc::new)));
        let mut kept = self.kept();
        match drawn {
            Ok(curve) => {
                let (state, asked) = (curve.clone().map_or(State::TooLarge, State::Drawn), kept.count);
                kept.questions.insert(question, Known { state, asked });
                kept.make_room();
                curve
            }
            Err(panic) => {
                kept.questions.remove(&question);
                drop(kept);
                resume_unwind(panic)
            }
        }
    }

    fn draw(&self, snapshot: &Snapshot, question: Question) -> Option<Arc<Curve>> {
        self.keep(question, |Question { period, by, filter }| Curve::draw(snapshot, &Cut::whole(snapshot, by, filter), *period))
    }
}

/// What there is of a curve.
enum Found {
    Curve(Arc<Curve>),
    /// None, for now or at all.
    Nothing,
    /// None, and nobody else draws it: it is for the caller to draw.
    ToDraw,
}

/// The curve if it is there, or can be drawn `at_once`; else it is drawn beside the answers that are given meanwhile.
fn curve_of(snapshot: &Snapshot, question: Question, at_once: bool) -> Option<Arc<Curve>> {
    match snapshot.curves.find(&question, at_once) {
        Found::Curve(curve) => return Some(curve),
        Found::Nothing => {}
        Found::ToDraw if at_once => return snapshot.curves.draw(snapshot, question),
        Found::ToDraw => {
            let snapshot = snapshot.clone();
            rayon::spawn(move || {
                // Whoever asks is answered by a scan, so that what fails here fails there, where it is told.
                let _ = catch_unwind(AssertUnwindSafe(|| snapshot.curves.draw(&snapshot, question)));
            });
        }
    }
    None
}

/// Whether curves can answer a scan: of everything that is recorded, by a cut that splits nothing, and not adjusted for hygiene,
/// which fails at instants that no version tells.
fn is_drawn(snapshot: &Snapshot, scan: &Scan<'_>, cut: &Cut<'_>) -> bool {
    let is_latest = scan.data_version.is_none_or(|version| version >= snapshot.data_version);
    is_latest && !scan.hygiene_adjusted && !cut.splits() && scan.scope.is_unrestricted()
}

/// The curve of each point, where there is one.
pub(super) fn curves_of(snapshot: &Snapshot, scan: &Scan<'_>, cut: &Cut<'_>, points: &[Point]) -> Vec<Option<Arc<Curve>>> {
    if !is_drawn(snapshot, scan, cut) {
        return vec![None; points.len()];
    }
    let periods: BTreeSet<Period> = points.iter().map(|point| point.period).collect();
    let of = |period: Period| {
        let question = Question { period, by: scan.by.to_vec(), filter: scan.filter.clone() };
        let count = points.iter().filter(|point| point.period == period).count();
        (period, curve_of(snapshot, question, count >= MANY_POINTS))
    };
    let curves: BTreeMap<Period, Option<Arc<Curve>>> = periods.into_iter().map(of).collect();
    points.iter().map(|point| curves[&point.period].clone()).collect()
}

/// Draws the curves of these periods now, so that the questions to come find them: every answer is the same with them and
/// without. Nothing is drawn for a cut that splits opportunities.
pub fn warm(snapshot: &Snapshot, by: &[Dimension], filter: &Filter, periods: &[Period]) {
    if Cut::whole(snapshot, by, filter).splits() {
        return;
    }
    for period in periods {
        let question = Question { period: *period, by: by.to_vec(), filter: filter.clone() };
        curve_of(snapshot, question, true);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::calendar::PeriodName;

    #[test]
    fn a_curve_is_drawn_by_one_at_a_time_and_asked_for_anew_where_that_ended_early() {
        let name: PeriodName = "2026-02-01/2026-05-01".parse().unwrap();
        let PeriodName::Range(start, end) = name else { panic!("a range of days") };
        let question = Question { period: Period { name, start, end }, by: vec![], filter: Filter::Everything };
        let curves = Curves::default();
        let is = |at_once: bool| match curves.find(&question, at_once) {
            Found::Curve(_) => "a curve",
            Found::Nothing => "nothing",
            Found::ToDraw => "to draw",
        };
        assert_eq!([is(false), is(false), is(false), is(true)], ["nothing", "to draw", "nothing", "nothing"]);
        let ended = catch_unwind(AssertUnwindSafe(|| curves.keep(question.clone(), |_| resume_unwind(Box::new(1)))));
        assert!(ended.is_err());
        assert_eq!([is(true), is(true), is(false)], ["to draw", "nothing", "nothing"]);
        curves.keep(question.clone(), |_| Some(Curve::default()));
        assert_eq!([is(true), is(false)], ["a curve", "a curve"]);
        curves.keep(question.clone(), |_| None);
        assert_eq!([is(true), is(false)], ["nothing", "nothing"], "too large");
    }
}
