//! Models without a program: a TOML file with weights over positions.

use pipewright_plugin::milestones::{Middles, Plan};
use pipewright_plugin::{
    Domain, Explanation, FittedModel, Fitting, Journey, Manifest, Model, ModelError, Parameter, Parameters, Positions, Weights,
};
use serde::Deserialize;

/// The largest weight that a file can give.
const MOST: f64 = 1_000_000.0;

/// The weights of a file, by the names that they and the model's parameters have, in the order in which people see them.
const WEIGHTS: [(&str, &str); 11] = [
    ("first", "Weight of the earliest touchpoint."),
    ("lead_creation", "Weight of the first form fill, response or inclusion."),
    ("opportunity_creation", "Weight of the latest touchpoint at or before the opportunity's creation."),
    ("closed", "Weight of the latest touchpoint at or before the close."),
    ("middle", "Weight that every other touchpoint that is more than a bare visit shares evenly."),
    ("stage_1", "Weight of the latest touchpoint at or before the arrival at the first configured stage."),
    ("stage_2", "Weight of the latest touchpoint at or before the arrival at the second configured stage."),
    ("stage_3", "Weight of the latest touchpoint at or before the arrival at the third configured stage."),
    ("stage_4", "Weight of the latest touchpoint at or before the arrival at the fourth configured stage."),
    ("stage_5", "Weight of the latest touchpoint at or before the arrival at the fifth configured stage."),
    ("stage_6", "Weight of the latest touchpoint at or before the arrival at the sixth configured stage."),
];

/// The file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    id: String,
    name: String,
    description: String,
    version: String,
    #[serde(default)]
    middles: Between,
    weights: std::collections::BTreeMap<String, f64>,
}

/// Which touchpoints share the weight of the middle.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Between {
    #[default]
    Anywhere,
    BeforeCreation,
}

/// A model that a file describes. Each of its weights is a parameter, with the file's as its default.
pub struct Declared {
    file: File,
}

impl Declared {
    /// Reads a file.
    ///
    /// # Errors
    /// What is wrong with it, by line or by name.
    pub fn read(text: &str) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())?;
        for (name, weight) in &file.weights {
            if !WEIGHTS.iter().any(|(known, _)| known == name) {
                let known: Vec<&str> = WEIGHTS.iter().map(|(known, _)| *known).collect();
                return Err(format!("weights.{name}: there is no such position, only {}", known.join(", ")));
            }
            if !(0.0..=MOST).contains(weight) {
                return Err(format!("weights.{name}: {weight} is no number from 0 to {MOST}"));
            }
        }
        match file.weights.values().any(|weight| *weight > 0.0) {
            true => Ok(Self { file }),
            false => Err("weights: one at least must be above 0".into()),
        }
    }
}

impl Model for Declared {
    fn manifest(&self) -> Manifest {
        let File { id, name, description, version, weights, .. } = self.file.clone();
        let parameter = |(name, description): &(&str, &str)| {
            let default = *weights.get(*name)?;
            let domain = Domain::Real { default, min: 0.0, max: MOST };
            Some(Parameter { name: (*name).into(), description: (*description).into(), domain })
        };
        let parameters = WEIGHTS.iter().filter_map(parameter).collect();
        Manifest { id, name, description, version, parameters, additive: true, origins: false, passes: 0, paths: false }
    }

    fn fit(&self, parameters: &Parameters) -> Result<Fitting, ModelError> {
        let mut plan = Plan { milestones: Vec::new(), middle: 0.0, middles: Middles::Anywhere };
        if matches!(self.file.middles, Between::BeforeCreation) {
            plan.middles = Middles::BeforeCreation;
        }
        for name in self.file.weights.keys() {
            let weight = parameters.real(name)?;
            match milestone(name) {
                Some(milestone) => plan.milestones.push((milestone, weight)),
                None => plan.middle = weight,
            }
        }
        Ok(Fitting::Ready(Box::new(Laid(plan))))
    }
}

/// The milestone of a weight's name; `None` for the middle.
fn milestone(name: &str) -> Option<Positions> {
    match name {
        "first" => Some(Positions::FIRST),
        "lead_creation" => Some(Positions::LEAD_CREATION),
        "opportunity_creation" => Some(Positions::OPPORTUNITY_CREATION),
        "closed" => Some(Positions::CLOSED),
        "middle" => None,
        stage => stage.strip_prefix("stage_").and_then(|number| number.parse::<usize>().ok()).map(|n| Positions::stage(n - 1)),
    }
}

/// A file's weights, ready to be laid on journeys.
struct Laid(Plan);

impl FittedModel for Laid {
    fn weigh(&self, batch: &[Journey<'_>], out: &mut Weights) -> Result<(), ModelError> {
        batch.iter().for_each(|journey| self.0.weigh(journey, out));
        Ok(())
    }

    fn explain(&self, journey: &Journey<'_>) -> Option<Explanation> {
        self.0.explain(journey)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use pipewright_core::money;
    use pipewright_plugin::Value;
    use pipewright_plugin::conformance::{GOLDEN_AMOUNT_MINOR, check, golden, weigh_one};

    const HEAD: &str = "id = 'doors'\nname = 'Doors'\ndescription = 'Who opens doors.'\nversion = '1.0.0'\n";

    #[test]
    fn a_file_credits_the_golden_journey_and_its_weights_can_be_turned() {
        let text = format!(
            "{HEAD}[weights]\nfirst = 22.5\nlead_creation = 22.5\nopportunity_creation = 22.5\nclosed = 22.5\nmiddle = 10\n"
        );
        let model = Declared::read(&text).unwrap();
        assert_eq!(check(&model), Ok(()));
        let cents =
            |given: &[(&str, Value)]| money::split(GOLDEN_AMOUNT_MINOR, &weigh_one(&model, given, golden()).unwrap().unwrap());
        assert_eq!(cents(&[]), [2_250_000, 2_250_000, 500_000, 2_250_000, 500_000, 2_250_000]);
        let turned = [("first", Value::Whole(0)), ("middle", Value::Whole(0))];
        assert_eq!(cents(&turned), [0, 3_333_334, 0, 3_333_333, 0, 3_333_333]);
    }

    #[test]
    fn a_file_that_cannot_be_read_says_where_and_why() {
        let cases = [
            ("id = 'doors'\n".to_owned(), "missing field `name`"),
            (format!("{HEAD}[weights]\nfirst = 'much'\n"), "invalid type: string"),
            (format!("{HEAD}[weights]\nfirst = 1\n[more]\n"), "unknown field `more`"),
            (format!("{HEAD}[weights]\nlast = 1\n"), "weights.last: there is no such position, only first, lead_creation"),
            (format!("{HEAD}[weights]\nfirst = -1\n"), "weights.first: -1 is no number from 0 to 1000000"),
            (format!("{HEAD}[weights]\nfirst = nan\n"), "weights.first: NaN is no number"),
            (format!("{HEAD}[weights]\nfirst = 0\n"), "weights: one at least must be above 0"),
            (format!("{HEAD}[weights\n"), "TOML parse error at line 5"),
        ];
        for (text, expected) in cases {
            let error = Declared::read(&text).err().unwrap();
            assert!(error.contains(expected), "{text}\n{error}");
        }
    }
}
