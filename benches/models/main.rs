//! How many touchpoints a second each model weighs, on one core: `cargo bench --bench models`.
//!
//! Journeys are made up from a fixed seed and stand ready before the clock starts. Each model runs with its defaults over the
//! same batches, as the host calls it; the best of a few rounds counts, as it is the least disturbed. A model that learns is fitted
//! beforehand, and its fitting is timed beside it. Files of plug-ins are measured beside the built-in ones:
//! `cargo bench --bench models -- our-own.wasm`.

use pipewright::config::ComponentLimits;
use pipewright::plugins::{built_in, read_model};
use pipewright_plugin::{
    FittedModel, Journey, Journeys, Kind, Model, ModelError, Outcome, Parameters, Positions, Source, Touch, Weights, fit,
};
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

const DAY_MS: i64 = 86_400_000;

/// Journeys of a batch, as the host forms it.
const BATCH: usize = 1_024;

const BATCHES: usize = 64;

const ROUNDS: usize = 12;

/// A model and what runs it.
struct Subject {
    host: &'static str,
    model: Box<dyn Model>,
}

/// Every model that is measured: the built-in ones, then the files that are named.
fn subjects() -> Vec<Subject> {
    let native = built_in::models().into_iter().map(|model| Subject { host: "native", model });
    // `cargo bench` passes flags of its own.
    let files = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let from_file = |file: String| {
        let bytes = std::fs::read(&file).expect("the plug-in can be read");
        let model = read_model(Path::new(&file), &bytes, &ComponentLimits::default()).expect("the plug-in is one");
        Subject { host: if file.ends_with(".wasm") { "wasm" } else { "toml" }, model }
    };
    native.chain(files.map(from_file)).collect()
}

fn main() {
    let lives = Lives::new(BATCHES * BATCH);
    let journeys = lives.journeys();
    let touches: usize = journeys.iter().map(|journey| journey.touches.len()).sum();
    println!("{} journeys, {touches} touchpoints; batches of {BATCH}; one core", journeys.len());
    println!("{:<8} {:<22} {:>14} {:>12}", "host", "model", "M touches/s", "fit in ms");
    for Subject { host, model } in subjects() {
        let manifest = model.manifest();
        let parameters = Parameters::new(&manifest.parameters, Vec::new()).expect("defaults fit");
        let started = Instant::now();
        let fitted = fit(model.as_ref(), &parameters, &Shown(&journeys)).expect("the model can be fitted");
        let fitting = started.elapsed();
        let best = (0..ROUNDS).map(|_| round(fitted.as_ref(), &journeys)).min().expect("there are rounds");
        let speed = touches as f64 / best.as_secs_f64() / 1e6;
        println!("{host:<8} {:<22} {speed:>14.1} {:>12.1}", manifest.id, fitting.as_secs_f64() * 1e3);
    }
}

fn round(fitted: &dyn FittedModel, journeys: &[Journey<'_>]) -> Duration {
    let mut out = Weights::default();
    let started = Instant::now();
    for batch in journeys.chunks(BATCH) {
        out.clear();
        fitted.weigh(black_box(batch), &mut out).expect("the model weighs");
        black_box(&out);
    }
    started.elapsed()
}

struct Shown<'a>(&'a [Journey<'a>]);

impl Journeys for Shown<'_> {
    fn each_batch(&self, visit: &mut dyn FnMut(&[Journey<'_>]) -> Result<(), ModelError>) -> Result<(), ModelError> {
        self.0.chunks(BATCH).try_for_each(visit)
    }
}

/// Made-up journeys: touchpoints in one list, and where each journey ends in it.
struct Lives {
    touches: Vec<Touch>,
    ends: Vec<(usize, Outcome, Positions)>,
}

const CREATED_DAY: i64 = 365;
const CLOSED_DAY: i64 = 450;

impl Lives {
    /// 1 to 24 touchpoints each, over 450 days; a third each is open, won and lost.
    fn new(count: usize) -> Self {
        let mut random = Random(20_250_508);
        let mut lives = Self { touches: Vec::new(), ends: Vec::with_capacity(count) };
        for _ in 0..count {
            let mut days: Vec<i64> = (0..=random.below(24)).map(|_| random.below(CLOSED_DAY as u64) as i64).collect();
            days.sort_unstable();
            let outcome = [Outcome::Open, Outcome::Won, Outcome::Lost][random.below(3) as usize];
            let start = lives.touches.len();
            for day in days {
                let kind = Kind::ALL[random.below(9) as usize];
                let source = Source::new(random.below(11) as u16);
                let at_ms = day * DAY_MS;
                lives.touches.push(Touch { at_ms, source, kind, positions: Positions::NONE, share_millionths: 0 });
            }
            let reached = hold(&mut lives.touches[start..], outcome);
            lives.ends.push((lives.touches.len(), outcome, reached));
        }
        lives
    }

    fn journeys(&self) -> Vec<Journey<'_>> {
        let mut start = 0;
        let each = self.ends.iter().map(|(end, outcome, reached)| {
            let touches = &self.touches[start..*end];
            start = *end;
            Journey {
                touches,
                created_at_ms: CREATED_DAY * DAY_MS,
                closed_at_ms: (*outcome != Outcome::Open).then_some((CLOSED_DAY + 1) * DAY_MS - 1),
                as_of_ms: 500 * DAY_MS,
                outcome: *outcome,
                reached: *reached,
                repeats: 1.0,
            }
        });
        each.collect()
    }
}

/// Gives a journey its positions; answers with the milestones reached.
fn hold(touches: &mut [Touch], outcome: Outcome) -> Positions {
    let before = touches.partition_point(|touch| touch.at_ms <= CREATED_DAY * DAY_MS);
    let mut held = vec![(Positions::FIRST, Some(0)), (Positions::OPPORTUNITY_CREATION, before.checked_sub(1))];
    if touches[..before].iter().any(|touch| touch.kind == Kind::Response) {
        let lead = touches.iter().position(|touch| matches!(touch.kind, Kind::Response | Kind::Inclusion));
        held.push((Positions::LEAD_CREATION, lead));
    }
    if outcome != Outcome::Open {
        held.push((Positions::CLOSED, touches.len().checked_sub(1)));
    }
    let mut reached = Positions::NONE;
    for (position, place) in held {
        reached = reached.with(position);
        if let Some(place) = place {
            touches[place].positions = touches[place].positions.with(position);
        }
    }
    for touch in touches.iter_mut().filter(|touch| touch.positions.is_empty() && touch.kind != Kind::BareVisit) {
        touch.positions = Positions::MIDDLE;
    }
    reached
}

/// Knuth's 64-bit linear congruential generator: the same journeys on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}
