//! The first and the last touchpoint take a part each, those between share theirs evenly.

use crate::manifest;
use pipewright_plugin::{
    BadParameter, Domain, Explanation, FittedModel, Fitting, Journey, Manifest, Model, ModelError, Moved, NoCredit, Parameter,
    Parameters, Part, Weights, Why,
};

/// `position-based`: 40 to the first, 40 to the last, 20 to the middle, or as its parameters say.
pub struct PositionBased;

/// `j-shaped` and its mirror: a heavy end, and a light one.
#[derive(Clone, Copy)]
pub struct JShaped {
    id: &'static str,
    name: &'static str,
    description: &'static str,
    first: f64,
    last: f64,
}

impl JShaped {
    /// `j-shaped`: 20 to the first, 20 to the middle, 60 to the last.
    pub const LATE: Self = Self {
        id: "j-shaped",
        name: "J-shaped",
        description: "The last touchpoint takes 60%, the first 20%, those between share 20%.",
        first: 20.0,
        last: 60.0,
    };

    /// `inverse-j-shaped`: 60 to the first, 20 to the middle, 20 to the last.
    pub const EARLY: Self = Self {
        id: "inverse-j-shaped",
        name: "Inverse J-shaped",
        description: "The first touchpoint takes 60%, the last 20%, those between share 20%.",
        first: 60.0,
        last: 20.0,
    };
}

/// Weights of the two ends and of all between, not all 0; scaled to 1.
struct Shape {
    first: f64,
    middle: f64,
    last: f64,
    fallback: Fallback,
}

/// Where the middle's weight goes when nothing is between the ends.
#[derive(Clone, Copy)]
enum Fallback {
    /// To the two ends as they weigh.
    Proportional,
    /// Half of it to each end.
    Equal,
}

impl Model for PositionBased {
    fn manifest(&self) -> Manifest {
        let weight = |name: &str, who: &str, default| Parameter {
            name: name.into(),
            description: format!("The weight of {who}; the three are scaled to 100%."),
            domain: Domain::Real { default, min: 0.0, max: 100.0 },
        };
        let parameters = vec![
            weight("first", "the first touchpoint", 40.0),
            weight("middle", "all touchpoints between, which share it evenly", 20.0),
            weight("last", "the last touchpoint", 40.0),
        ];
        let description = "The first and the last touchpoint take 40% each, those between share 20%.";
        manifest("position-based", "Position-based", description, parameters)
    }

    fn fit(&self, parameters: &Parameters) -> Result<Fitting, ModelError> {
        let (first, middle, last) = (parameters.real("first")?, parameters.real("middle")?, parameters.real("last")?);
        if first + middle + last <= 0.0 {
            let reason = "it is 0 as middle and last are, and one of the three must be above 0".into();
            return Err(BadParameter { parameter: "first".into(), reason }.into());
        }
        Ok(Fitting::Ready(Box::new(Shape { first, middle, last, fallback: Fallback::Proportional })))
    }
}

impl Model for JShaped {
    fn manifest(&self) -> Manifest {
        let fallback = Parameter {
            name: "middle_fallback".into(),
            description: "With two touchpoints, how they take the middle's 20%: proportional to their own, or in equal parts."
                .into(),
            domain: Domain::Choice { default: "proportional".into(), options: vec!["proportional".into(), "equal".into()] },
        };
        manifest(self.id, self.name, self.description, vec![fallback])
    }

    fn fit(&self, parameters: &Parameters) -> Result<Fitting, ModelError> {
        let fallback = match parameters.choice("middle_fallback")? {
            "equal" => Fallback::Equal,
            _ => Fallback::Proportional,
        };
        Ok(Fitting::Ready(Box::new(Shape { first: self.first, middle: 20.0, last: self.last, fallback })))
    }
}

impl FittedModel for Shape {
    fn weigh(&self, batch: &[Journey<'_>], out: &mut Weights) -> Result<(), ModelError> {
        let total = self.total();
        let [first, last] = self.two().map(|weight| weight / total);
        for journey in batch {
            match journey.touches.len() {
                0 => out.no_credit(NoCredit::NoTouchpoint),
                1 => out.journey(1)[0] = 1.0,
                2 => out.journey(2).copy_from_slice(&[first, last]),
                count => {
                    let weights = out.journey(count);
                    weights.fill(self.middle / total / (count - 2) as f64);
                    weights[0] = self.first / total;
                    weights[count - 1] = self.last / total;
                }
            }
        }
        Ok(())
    }

    fn explain(&self, journey: &Journey<'_>) -> Option<Explanation> {
        let moved = |base: f64, all: f64| {
            let part = Moved { weight: all - base, why: Why::NoMiddle };
            Part { base, moved: if self.middle > 0.0 { vec![part] } else { Vec::new() } }
        };
        let parts = match journey.touches.len() {
            0 => return None,
            1 => vec![moved(self.first + self.last, self.total())],
            2 => {
                let [first, last] = self.two();
                vec![moved(self.first, first), moved(self.last, last)]
            }
            count => {
                let kept = |base| Part { base, moved: Vec::new() };
                let mut parts = vec![kept(self.middle / (count - 2) as f64); count];
                parts[0] = kept(self.first);
                parts[count - 1] = kept(self.last);
                parts
            }
        };
        Some(Explanation { parts, scale: 1.0 / self.total() })
    }
}

impl Shape {
    fn total(&self) -> f64 {
        self.first + self.middle + self.last
    }

    /// What the ends weigh when nothing is between them.
    fn two(&self) -> [f64; 2] {
        let ends = self.first + self.last;
        let to_first = match self.fallback {
            Fallback::Proportional if ends > 0.0 => self.first / ends,
            Fallback::Proportional | Fallback::Equal => 0.5,
        };
        let first = self.first + self.middle * to_first;
        [first, self.total() - first]
    }
}
