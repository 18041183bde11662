//! What every built-in model keeps to, on journeys, amounts and parameters that nobody chose.

#![allow(clippy::unwrap_used)]

use super::built_in::models;
use pipewright_core::money;
use pipewright_plugin::{
    BadParameter, Domain, FittedModel, Journey, Journeys, Kind, Model, ModelError, Outcome, Parameter, Parameters, Positions,
    Source, TOLERANCE, Touch, Value, Weights, fit,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// The opportunity of every journey here is created on this day, and closed on this one if it is.
const CREATED_DAY: i64 = 20;
const CLOSED_DAY: i64 = 40;
const DAY_MS: i64 = 86_400_000;

/// A touchpoint as it is stored: its id is its place in the list.
#[derive(Debug, Clone, Copy)]
struct Row {
    id: usize,
    day: i64,
    source: u16,
    kind: u8,
}

/// An opportunity with its touchpoints and splits.
#[derive(Debug, Clone)]
struct Case {
    rows: Vec<Row>,
    outcome: Outcome,
    /// The days of arrival at stages of the company's own.
    stages: Vec<i64>,
    creator: Option<u16>,
    /// Source, whether overlay, millionths.
    splits: Vec<(u16, bool, u32)>,
}

/// What a model sees of a case.
struct Seen {
    touches: Vec<Touch>,
    outcome: Outcome,
    reached: Positions,
}

impl Seen {
    fn journey(&self) -> Journey<'_> {
        let closed_at_ms = (self.outcome != Outcome::Open).then_some((CLOSED_DAY + 1) * DAY_MS - 1);
        Journey {
            touches: &self.touches,
            created_at_ms: CREATED_DAY * DAY_MS,
            closed_at_ms,
            as_of_ms: 60 * DAY_MS,
            outcome: self.outcome,
            reached: self.reached,
            repeats: 1.0,
        }
    }
}

impl Case {
    /// Sorts by (instant, source, id) and finds the positions, straight from the words of the design.
    fn seen(&self, origins: bool) -> Seen {
        let mut rows = self.rows.clone();
        rows.sort_by_key(|row| (row.day, row.source, row.id));
        let touch = |at_day: i64, source: u16, kind, share_millionths| Touch {
            at_ms: at_day * DAY_MS,
            source: Source::new(source),
            kind,
            positions: Positions::NONE,
            share_millionths,
        };
        let mut touches: Vec<Touch> =
            rows.iter().map(|row| touch(row.day, row.source, Kind::from_code(row.kind).unwrap(), 0)).collect();
        let mut reached = Positions::FIRST.with(Positions::OPPORTUNITY_CREATION);
        let latest = |until: i64| rows.iter().rposition(|row| row.day <= until);
        let mut held = vec![(Positions::FIRST, (!rows.is_empty()).then_some(0))];
        held.push((Positions::OPPORTUNITY_CREATION, latest(CREATED_DAY)));
        if rows.iter().any(|row| row.day <= CREATED_DAY && row.kind == Kind::Response.code()) {
            let made_lead = |row: &Row| [Kind::Response.code(), Kind::Inclusion.code()].contains(&row.kind);
            held.push((Positions::LEAD_CREATION, rows.iter().position(made_lead)));
        }
        if self.outcome != Outcome::Open {
            held.push((Positions::CLOSED, latest(CLOSED_DAY)));
        }
        held.extend(self.stages.iter().enumerate().map(|(index, day)| (Positions::stage(index), latest(*day))));
        for (position, place) in held {
            reached = reached.with(position);
            if let Some(place) = place {
                touches[place].positions = touches[place].positions.with(position);
            }
        }
        for touch in touches.iter_mut().filter(|touch| touch.positions.is_empty() && touch.kind != Kind::BareVisit) {
            touch.positions = Positions::MIDDLE;
        }
        if origins {
            touches.extend(self.creator.map(|source| touch(CREATED_DAY, source, Kind::Creator, 0)));
            touches.extend(self.splits.iter().map(|(source, is_overlay, share)| {
                touch(CREATED_DAY, *source, if *is_overlay { Kind::OverlaySplit } else { Kind::Split }, *share)
            }));
        }
        Seen { touches, outcome: self.outcome, reached }
    }
}

fn cases() -> impl Strategy<Value = Case> {
    let row = (0..=CLOSED_DAY, 0_u16..11, 0_u8..9);
    let outcome = prop_oneof![Just(Outcome::Open), Just(Outcome::Won), Just(Outcome::Lost)];
    let splits = prop_oneof![
        Just(vec![(0, false, 1_000_000)]),
        (0_u32..=1_000_000).prop_map(|share| vec![(0, false, share), (4, false, 1_000_000 - share), (3, true, share)]),
        vec((0_u16..5, any::<bool>(), 0_u32..=1_000_000), 0..4),
    ];
    (vec(row, 0..14), outcome, vec(0..=CLOSED_DAY, 0..=6), proptest::option::of(0_u16..5), splits).prop_map(
        |(rows, outcome, stages, creator, splits)| {
            let rows = rows.into_iter().enumerate().map(|(id, (day, source, kind))| Row { id, day, source, kind }).collect();
            Case { rows, outcome, stages, creator, splits }
        },
    )
}

fn amounts() -> impl Strategy<Value = i64> {
    prop_oneof![Just(0), Just(1), Just(-1), Just(i64::MAX), Just(i64::MIN), -1_000_000_i64..100_000_000, any::<i64>()]
}

/// The value of a parameter that lies at `part` of its range; 0 and 1 are its ends.
fn value(parameter: &Parameter, part: f64) -> Value {
    match &parameter.domain {
        Domain::Whole { min, max, .. } => Value::Whole(min + ((max - min) as f64 * part) as i64),
        Domain::Real { min, max, .. } => Value::Real(min + (max - min) * part),
        Domain::Choice { options, .. } => Value::Choice(options[((options.len() - 1) as f64 * part).round() as usize].clone()),
    }
}

struct Known<'a>(&'a [Seen]);

impl Journeys for Known<'_> {
    fn each_batch(&self, visit: &mut dyn FnMut(&[Journey<'_>]) -> Result<(), ModelError>) -> Result<(), ModelError> {
        let journeys: Vec<Journey<'_>> = self.0.iter().filter(|seen| !seen.touches.is_empty()).map(Seen::journey).collect();
        visit(&journeys)
    }
}

/// The model with its parameters at `parts` of their ranges, or with its defaults where those do not go together.
fn ready(model: &dyn Model, parts: &[f64], training: &[Seen]) -> Box<dyn FittedModel> {
    let declared = model.manifest().parameters;
    let given = declared.iter().zip(parts.iter().cycle()).map(|(own, part)| (own.name.clone(), value(own, *part))).collect();
    let parameters = Parameters::new(&declared, given).unwrap();
    match fit(model, &parameters, &Known(training)) {
        Err(ModelError::BadParameter(BadParameter { .. })) => {
            fit(model, &Parameters::new(&declared, Vec::new()).unwrap(), &Known(training)).unwrap()
        }
        fitted => fitted.unwrap(),
    }
}

fn weighed(fitted: &dyn FittedModel, seen: &Seen) -> Weights {
    let mut out = Weights::default();
    fitted.weigh(&[seen.journey()], &mut out).unwrap();
    out
}

/// What each source takes of an amount, by code.
fn by_source(seen: &Seen, weights: &Weights, amount: i64) -> [i128; 11] {
    let mut taken = [0; 11];
    if let Ok(weights) = weights.entry(0) {
        for (touch, part) in seen.touches.iter().zip(money::split(amount, weights)) {
            taken[usize::from(touch.source.code())] += i128::from(part);
        }
    }
    taken
}

/// What each source takes of the whole, by code.
fn shares(seen: &Seen, weights: &Weights) -> [f64; 11] {
    let mut taken = [0.0; 11];
    if let Ok(weights) = weights.entry(0) {
        for (touch, weight) in seen.touches.iter().zip(weights) {
            taken[usize::from(touch.source.code())] += weight;
        }
    }
    taken
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn weights_keep_the_contract_and_money_adds_up_to_the_cent(
        case in cases(), others in vec(cases(), 0..6), parts in vec(prop_oneof![Just(0.0), Just(1.0), 0.0..1.0], 11), amount in amounts(),
    ) {
        for model in models() {
            let manifest = model.manifest();
            let training: Vec<Seen> = others.iter().map(|other| other.seen(manifest.origins)).collect();
            let (fitted, seen) = (ready(model.as_ref(), &parts, &training), case.seen(manifest.origins));
            if seen.touches.is_empty() {
                continue;
            }
            let out = weighed(fitted.as_ref(), &seen);
            prop_assert_eq!(out.check(0, seen.touches.len(), manifest.additive), Ok(()), "{}", manifest.id);
            if manifest.additive && out.entry(0).is_ok() {
                prop_assert_eq!(by_source(&seen, &out, amount).iter().sum::<i128>(), i128::from(amount), "{}", manifest.id);
            }
        }
    }

    #[test]
    fn the_same_journey_gives_the_same_bytes_alone_or_in_a_batch(case in cases(), others in vec(cases(), 1..6)) {
        for model in models() {
            let manifest = model.manifest();
            let training: Vec<Seen> = others.iter().map(|other| other.seen(manifest.origins)).collect();
            let seen = case.seen(manifest.origins);
            if seen.touches.is_empty() {
                continue;
            }
            let bits = |out: &Weights, index: usize| out.entry(index).map(|own| own.iter().map(|w| w.to_bits()).collect::<Vec<_>>());
            let alone = weighed(ready(model.as_ref(), &[0.5], &training).as_ref(), &seen);
            let with_touches = training.iter().filter(|other| !other.touches.is_empty());
            let mut batch: Vec<Journey<'_>> = with_touches.map(Seen::journey).collect();
            batch.push(seen.journey());
            let mut together = Weights::default();
            ready(model.as_ref(), &[0.5], &training).weigh(&batch, &mut together).unwrap();
            prop_assert_eq!(bits(&alone, 0), bits(&together, batch.len() - 1), "{}", manifest.id);
        }
    }

    #[test]
    fn what_is_explained_adds_up_to_the_weights(case in cases(), parts in vec(prop_oneof![Just(0.0), Just(1.0), 0.0..1.0], 11)) {
        for model in models() {
            let manifest = model.manifest();
            let seen = case.seen(manifest.origins);
            if seen.touches.is_empty() {
                continue;
            }
            let fitted = ready(model.as_ref(), &parts, &[case.seen(manifest.origins)]);
            let out = weighed(fitted.as_ref(), &seen);
            let explained = fitted.explain(&seen.journey());
            prop_assert!(out.entry(0).is_ok() || explained.is_none(), "{} explains credit that nobody has", manifest.id);
            if let (Ok(weights), Some(explained)) = (out.entry(0), explained) {
                prop_assert_eq!(explained.parts.len(), weights.len());
                for (part, weight) in explained.parts.iter().zip(weights) {
                    prop_assert!((part.weight() * explained.scale - weight).abs() < TOLERANCE, "{}: {part:?}", manifest.id);
                }
            }
        }
    }

    #[test]
    fn the_order_of_the_rows_changes_no_source(case in cases(), seed in any::<u64>()) {
        let mut shuffled = case.clone();
        for place in (1..shuffled.rows.len()).rev() {
            shuffled.rows.swap(place, (seed.rotate_left(place as u32) % (place as u64 + 1)) as usize);
        }
        for model in models() {
            let manifest = model.manifest();
            let (one, other) = (case.seen(manifest.origins), shuffled.seen(manifest.origins));
            if one.touches.is_empty() {
                continue;
            }
            let fitted = ready(model.as_ref(), &[0.5], &[case.seen(manifest.origins)]);
            let (before, after) = (weighed(fitted.as_ref(), &one), weighed(fitted.as_ref(), &other));
            prop_assert_eq!(shares(&one, &before).map(f64::to_bits), shares(&other, &after).map(f64::to_bits), "{}", manifest.id);
            prop_assert_eq!(by_source(&one, &before, 9_999_999), by_source(&other, &after, 9_999_999), "{}", manifest.id);
        }
    }
}
