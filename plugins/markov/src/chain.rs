//! The chain as it is counted: who went where from where, how often.

use pipewright_plugin::{Journey, Outcome, Source, Step};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// The highest order that the model takes.
pub(crate) const MOST_ORDER: i64 = 3;

/// The state in which every journey begins.
pub(crate) const START: usize = 0;

/// Counts of steps between states. A state is the last `order` steps; only those that occurred are there.
pub(crate) struct Chain {
    order: usize,
    /// The steps that each state stands for, the latest last.
    windows: Vec<Vec<Step>>,
    states: HashMap<Vec<Step>, u32>,
    edges: Vec<Edge>,
    /// The edge from a state by the code of the next source.
    edge_by_step: HashMap<u64, u32, BuildHasherDefault<Scatter>>,
    /// Journeys that were won, and that were lost, in each state.
    won: Vec<f64>,
    lost: Vec<f64>,
}

/// A step from one state to another.
pub(crate) struct Edge {
    pub(crate) from: u32,
    pub(crate) to: u32,
    /// How many journeys took it.
    pub(crate) count: f64,
}

impl Chain {
    pub(crate) fn new(order: usize) -> Self {
        let mut chain = Self {
            order,
            windows: Vec::new(),
            states: HashMap::new(),
            edges: Vec::new(),
            edge_by_step: HashMap::default(),
            won: Vec::new(),
            lost: Vec::new(),
        };
        chain.state(vec![Step::Start]);
        chain
    }

    /// Counts a journey; an open one has no end and counts for nothing.
    pub(crate) fn add(&mut self, journey: &Journey<'_>) {
        if journey.outcome == Outcome::Open || journey.touches.is_empty() {
            return;
        }
        let (mut state, mut latest) = (START as u32, None);
        for touch in journey.touches {
            if latest != Some(touch.source) {
                latest = Some(touch.source);
                state = self.step(state, touch.source, journey.repeats);
            }
        }
        let ended = if journey.outcome == Outcome::Won { &mut self.won } else { &mut self.lost };
        ended[state as usize] += journey.repeats;
    }

    /// Counts a step to a source; the state it leads to.
    fn step(&mut self, from: u32, source: Source, repeats: f64) -> u32 {
        let key = u64::from(from) << 16 | u64::from(source.code());
        let index = match self.edge_by_step.get(&key) {
            Some(index) => *index as usize,
            None => {
                let to = self.state_after(from, source);
                let index = self.edges.len();
                self.edge_by_step.insert(key, u32::try_from(index).expect("memory ends before 2^32 kinds of steps"));
                self.edges.push(Edge { from, to, count: 0.0 });
                index
            }
        };
        let edge = &mut self.edges[index];
        edge.count += repeats;
        edge.to
    }

    fn state_after(&mut self, from: u32, source: Source) -> u32 {
        let mut window = self.windows[from as usize].clone();
        window.push(Step::At(source));
        if window.len() > self.order {
            window.remove(0);
        }
        self.state(window)
    }

    fn state(&mut self, window: Vec<Step>) -> u32 {
        if let Some(state) = self.states.get(&window) {
            return *state;
        }
        let state = u32::try_from(self.windows.len()).expect("memory ends before 2^32 states");
        self.states.insert(window.clone(), state);
        self.windows.push(window);
        self.won.push(0.0);
        self.lost.push(0.0);
        state
    }

    /// How many states there are.
    pub(crate) fn len(&self) -> usize {
        self.windows.len()
    }

    /// The steps that a state stands for, the latest last.
    pub(crate) fn window(&self, state: usize) -> &[Step] {
        &self.windows[state]
    }

    /// The source at which one is in a state; `None` at the start.
    pub(crate) fn source(&self, state: usize) -> Option<Source> {
        match self.windows[state].last() {
            Some(Step::At(source)) => Some(*source),
            _ => None,
        }
    }

    pub(crate) fn edges(&self) -> &[Edge] {
        &self.edges
    }

    /// Journeys won in each state.
    pub(crate) fn won(&self) -> &[f64] {
        &self.won
    }

    /// How often each state was left, which is how often it was come to.
    pub(crate) fn totals(&self) -> Vec<f64> {
        let mut totals: Vec<f64> = self.won.iter().zip(&self.lost).map(|(won, lost)| won + lost).collect();
        self.edges.iter().for_each(|edge| totals[edge.from as usize] += edge.count);
        totals
    }

    /// Every step that occurred: from which state, to what, with which probability.
    pub(crate) fn steps(&self) -> impl Iterator<Item = (usize, Step, f64)> {
        let totals = self.totals();
        let part = move |state: usize, count: f64| count / totals[state];
        let ends = self.won.iter().map(|count| (Step::Conversion, *count)).enumerate();
        let ends = ends.chain(self.lost.iter().map(|count| (Step::Null, *count)).enumerate());
        let ends = ends.map(|(state, (end, count))| (state, end, count));
        let onwards = self.edges.iter().map(|edge| {
            let source = self.source(edge.to as usize).expect("no step leads to the start");
            (edge.from as usize, Step::At(source), edge.count)
        });
        let counted = onwards.chain(ends).filter(|(.., count)| *count > 0.0);
        counted.map(move |(from, to, count)| (from, to, part(from, count)))
    }
}

/// A hash for keys that nobody chooses to collide at a cost that matters: one multiplication, folded. The same on every run.
#[derive(Default)]
struct Scatter(u64);

impl Hasher for Scatter {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u64(&mut self, key: u64) {
        let product = (self.0 ^ key).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = product ^ (product >> 32);
    }
}
