//! Credit by Shapley values: what a source adds to the others of a journey, averaged over every order in which they could have
//! come together. Shapley, "A value for n-person games", 1953. Exact, over every subset.

mod game;

use game::{Coalition, Game, MOST_SOURCES, Value, Worth};
use pipewright_plugin::{
    Domain, Figure, Findings, FittedModel, Fitting, Journey, Learner, Manifest, Model, ModelError, NoCredit, Outcome, Parameter,
    Parameters, Source, Touch, Weights,
};
use std::collections::HashMap;

/// Additions that are spent beforehand on the sets of sources seen in training.
const BEFOREHAND: usize = 1 << 26;

/// `shapley`: each source by its Shapley value among the sources of the journey, shared evenly by its touchpoints.
pub struct Shapley;

impl Model for Shapley {
    fn manifest(&self) -> Manifest {
        Manifest {
            id: "shapley".into(),
            name: "Shapley".into(),
            description: "Each source by what it adds to the others on its journey, over every order they could have come in."
                .into(),
            version: env!("CARGO_PKG_VERSION").into(),
            parameters: vec![Parameter {
                name: "value".into(),
                description:
                    "What a set of sources is worth: the conversion rate of the journeys with exactly these sources, or how \
                              many journeys with no others were won."
                        .into(),
                domain: Domain::Choice { default: "rate".into(), options: vec!["rate".into(), "reach".into()] },
            }],
            additive: true,
            origins: false,
            passes: 1,
            paths: true,
        }
    }

    fn fit(&self, parameters: &Parameters) -> Result<Fitting, ModelError> {
        let worth = if parameters.choice("value")? == "reach" { Worth::Reach } else { Worth::Rate };
        Ok(Fitting::Learning(Box::new(Tally { worth, known: Known::default(), counts: vec![[0.0; 2]] })))
    }
}

/// The sources that training saw, each with a place: its bit in a set.
#[derive(Default)]
struct Known {
    /// In the order in which they were seen.
    sources: Vec<Source>,
    /// For the code of each source: its place, plus 1; 0 if it was not seen.
    places: Vec<u8>,
}

impl Known {
    fn place(&self, source: Source) -> Option<usize> {
        match self.places.get(usize::from(source.code())) {
            None | Some(0) => None,
            Some(place) => Some(usize::from(*place) - 1),
        }
    }

    /// Gives a new source the next place.
    fn learn(&mut self, source: Source) -> Result<usize, ModelError> {
        if self.sources.len() == MOST_SOURCES {
            return Err(too_many());
        }
        let code = usize::from(source.code());
        if code >= self.places.len() {
            self.places.resize(code + 1, 0);
        }
        self.sources.push(source);
        self.places[code] = u8::try_from(self.sources.len()).expect("there are 20 at most");
        Ok(self.sources.len() - 1)
    }
}

fn too_many() -> ModelError {
    ModelError::Failed(format!(
        "it looks at every set of sources and takes {MOST_SOURCES} sources at most, and there are more: put some together"
    ))
}

/// Journeys won and lost by the set of their sources.
struct Tally {
    worth: Worth,
    known: Known,
    /// For each set: journeys won, journeys lost.
    counts: Vec<[f64; 2]>,
}

impl Learner for Tally {
    fn learn(&mut self, _pass: u32, batch: &[Journey<'_>]) -> Result<(), ModelError> {
        for journey in batch {
            let ended = match journey.outcome {
                Outcome::Open => continue,
                Outcome::Won => 0,
                Outcome::Lost => 1,
            };
            let mut set = 0_usize;
            for touch in journey.touches {
                let place = match self.known.place(touch.source) {
                    Some(place) => place,
                    None => {
                        let place = self.known.learn(touch.source)?;
                        self.counts.resize(self.counts.len() * 2, [0.0; 2]);
                        place
                    }
                };
                set |= 1 << place;
            }
            self.counts[set][ended] += journey.repeats;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Box<dyn FittedModel>, ModelError> {
        if !self.counts.iter().flatten().sum::<f64>().is_finite() {
            return Err(ModelError::Failed("the counts of the journeys add up to more than a number can hold".into()));
        }
        let game = Game::new(self.worth, &self.counts);
        let findings = findings(&game, &self.known.sources);
        let values = beforehand(&game, &self.counts);
        Ok(Box::new(Fitted { game, known: self.known, values, findings }))
    }
}

/// The value of each source among all of them.
fn findings(game: &Game, sources: &[Source]) -> Findings {
    let value = game.value(Coalition { set: (1 << sources.len()) - 1, strangers: 0 });
    let mut values: Vec<(Source, f64)> = sources.iter().copied().zip(value.phi.iter().copied()).collect();
    values.sort_by_key(|(source, _)| *source);
    Findings {
        figures: vec![Figure { name: "shapley_value".into(), values }],
        // A share is a matter of one journey's sources; over all journeys it is what those add up to.
        shares: Vec::new(),
        transitions: Vec::new(),
        remarks: value.remarks(),
    }
}

/// The values of the sets that training saw, the smallest first, as far as the time goes.
fn beforehand(game: &Game, counts: &[[f64; 2]]) -> HashMap<Coalition, Value> {
    let mut sets: Vec<usize> = (1..counts.len()).filter(|set| counts[*set] != [0.0; 2]).collect();
    sets.sort_by_key(|set| (set.count_ones(), *set));
    let mut spent = 0;
    let affordable = sets.into_iter().take_while(|set| {
        spent += (set.count_ones() as usize) << set.count_ones();
        spent <= BEFOREHAND
    });
    affordable.map(|set| Coalition { set, strangers: 0 }).map(|coalition| (coalition, game.value(coalition))).collect()
}

/// The game, and what was worked out of it beforehand.
struct Fitted {
    game: Game,
    known: Known,
    values: HashMap<Coalition, Value>,
    findings: Findings,
}

impl FittedModel for Fitted {
    fn weigh(&self, batch: &[Journey<'_>], out: &mut Weights) -> Result<(), ModelError> {
        let (mut members, mut found) = (Members::default(), HashMap::new());
        for journey in batch {
            if journey.touches.is_empty() {
                out.no_credit(NoCredit::NoTouchpoint);
                continue;
            }
            let coalition = members.gather(&self.known, journey.touches)?;
            let value = match self.values.get(&coalition) {
                Some(value) => value,
                None => &*found.entry(coalition).or_insert_with(|| self.game.value(coalition)),
            };
            members.weigh(&self.known, value, journey.touches, out.journey(journey.touches.len()));
            out.remark(value.remarks());
        }
        Ok(())
    }

    fn findings(&self) -> Findings {
        self.findings.clone()
    }
}

/// Who takes part in a journey, and with how many touchpoints.
#[derive(Default)]
struct Members {
    coalition: Coalition,
    /// By place.
    counts: [u32; MOST_SOURCES],
    /// Sources that training did not see, with the number of their touchpoints.
    strangers: Vec<(Source, u32)>,
}

impl Members {
    fn gather(&mut self, known: &Known, touches: &[Touch]) -> Result<Coalition, ModelError> {
        *self = Self { strangers: std::mem::take(&mut self.strangers), ..Self::default() };
        self.strangers.clear();
        for touch in touches {
            match known.place(touch.source) {
                Some(place) => {
                    self.coalition.set |= 1 << place;
                    self.counts[place] += 1;
                }
                None => match self.strangers.iter_mut().find(|(source, _)| *source == touch.source) {
                    Some((_, count)) => *count += 1,
                    None => self.strangers.push((touch.source, 1)),
                },
            }
            if self.coalition.set.count_ones() as usize + self.strangers.len() > MOST_SOURCES {
                return Err(too_many());
            }
        }
        self.coalition.strangers = self.strangers.len();
        Ok(self.coalition)
    }

    /// Writes the share of each touchpoint's source, shared evenly by that source's touchpoints.
    fn weigh(&self, known: &Known, value: &Value, touches: &[Touch], weights: &mut [f64]) {
        let Some(shares) = &value.shares else {
            return weights.fill(1.0 / touches.len() as f64);
        };
        for (weight, touch) in weights.iter_mut().zip(touches) {
            let (member, count) = match known.place(touch.source) {
                Some(place) => (self.coalition.rank(place), self.counts[place]),
                None => {
                    let stranger = self.strangers.iter().position(|(source, _)| *source == touch.source);
                    let stranger = stranger.expect("every touchpoint was gathered");
                    (self.coalition.known() + stranger, self.strangers[stranger].1)
                }
            };
            *weight = shares[member] / f64::from(count);
        }
    }
}
