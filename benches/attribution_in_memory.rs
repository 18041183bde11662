//! How long models take that learn, from journeys in memory: every journey by itself, none folded into another. Run by
//! `benches/attribution`, which also makes the file; prints one line of JSON for each model.

use pipewright::intake::paths::Paths;
use pipewright::plugins::Registry;
use pipewright_core::matrix::{Lens, ModelChoice};
use pipewright_plugin::conformance::golden;
use pipewright_plugin::{Journey, Journeys, ModelError, Outcome, Source, Touch};
use std::time::{Duration, Instant};

/// Runs of each model; the best counts.
const RUNS: usize = 3;

/// Journeys that a model is shown at once.
const BATCH: usize = 1_024;

/// The journeys of a file, one by one: where the touchpoints of each end, and how it ended.
#[derive(Default)]
struct InMemory {
    touches: Vec<Touch>,
    journeys: Vec<(usize, usize, Outcome)>,
}

impl InMemory {
    fn of(paths: &Paths) -> Self {
        let mut made = Self::default();
        for (steps, totals) in paths.iter() {
            for (outcome, count) in [(Outcome::Won, totals.conversions), (Outcome::Lost, totals.null)] {
                for _ in 0..count as u64 {
                    let start = made.touches.len();
                    made.touches.extend(steps.iter().map(|code| Touch { source: Source::new(*code), ..golden().touches[0] }));
                    made.journeys.push((start, made.touches.len(), outcome));
                }
            }
        }
        made.mix();
        made
    }

    /// Puts journeys of the same path apart, as they come in life.
    fn mix(&mut self) {
        let mut chance = 1_u64;
        for place in (1..self.journeys.len()).rev() {
            chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            self.journeys.swap(place, (chance >> 33) as usize % (place + 1));
        }
        let mut touches = Vec::with_capacity(self.touches.len());
        for (start, end, _) in &mut self.journeys {
            let from = touches.len();
            touches.extend_from_slice(&self.touches[*start..*end]);
            (*start, *end) = (from, touches.len());
        }
        self.touches = touches;
    }
}

impl Journeys for InMemory {
    fn each_batch(&self, visit: &mut dyn FnMut(&[Journey<'_>]) -> Result<(), ModelError>) -> Result<(), ModelError> {
        for batch in self.journeys.chunks(BATCH) {
            let journeys: Vec<Journey<'_>> = (batch.iter())
                .map(|(start, end, outcome)| Journey { touches: &self.touches[*start..*end], outcome: *outcome, ..golden() })
                .collect();
            visit(&journeys)?;
        }
        Ok(())
    }
}

fn main() {
    // `cargo bench` passes flags of its own.
    let file = std::env::args().skip(1).find(|argument| !argument.starts_with("--")).expect("a file of journeys is named");
    let paths = Paths::read(std::fs::File::open(file).expect("the file can be opened")).expect("the file can be read");
    let (registry, journeys) = (Registry::built_in(), InMemory::of(&paths));
    for (model, parameter, value) in
        [("markov", "order", "1"), ("markov", "order", "2"), ("markov", "order", "3"), ("shapley", "value", "\"rate\"")]
    {
        let mut best = Duration::MAX;
        for _ in 0..RUNS {
            let began = Instant::now();
            let parameters = vec![(parameter.into(), value.into())];
            let choice = ModelChoice { model: model.into(), parameters, lens: Lens::All };
            let fitted = registry.choose(choice).and_then(|model| model.fit_on(&journeys)).expect("the model fits");
            assert!(!fitted.findings().figures.is_empty());
            best = best.min(began.elapsed());
        }
        println!("[\"{model} {parameter}={}\", {}, {}]", value.replace('"', ""), journeys.journeys.len(), best.as_secs_f64());
    }
}
