//! Typed parameters with defaults and ranges.

/// Something that can be turned.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Lower-case words joined by underscores, the unit last: `window_days`.
    pub name: String,
    /// One sentence.
    pub description: String,
    /// What it can be.
    pub domain: Domain,
}

/// What a parameter can be, and what it is when nobody says.
#[derive(Debug, Clone, PartialEq)]
pub enum Domain {
    /// A whole number.
    Whole {
        /// When nobody says.
        default: i64,
        /// The least.
        min: i64,
        /// The most.
        max: i64,
    },
    /// A number.
    Real {
        /// When nobody says.
        default: f64,
        /// The least.
        min: f64,
        /// The most.
        max: f64,
    },
    /// One of a few words.
    Choice {
        /// When nobody says; one of `options`.
        default: String,
        /// All of them.
        options: Vec<String>,
    },
}

/// What a parameter is.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A whole number.
    Whole(i64),
    /// A number.
    Real(f64),
    /// A word.
    Choice(String),
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Whole(value) => value.fmt(f),
            Self::Real(value) => value.fmt(f),
            Self::Choice(value) => write!(f, "\"{value}\""),
        }
    }
}

impl Domain {
    /// What the parameter is when nobody says.
    pub fn default(&self) -> Value {
        match self {
            Self::Whole { default, .. } => Value::Whole(*default),
            Self::Real { default, .. } => Value::Real(*default),
            Self::Choice { default, .. } => Value::Choice(default.clone()),
        }
    }

    /// Takes a value if it fits; a whole number also stands for a number. The error says what would be right.
    fn admit(&self, value: Value) -> Result<Value, String> {
        match (self, value) {
            (Self::Whole { min, max, .. }, Value::Whole(value)) if (*min..=*max).contains(&value) => Ok(Value::Whole(value)),
            (Self::Whole { min, max, .. }, value) => Err(format!("{value} is no whole number from {min} to {max}")),
            (Self::Real { min, max, .. }, Value::Real(value)) if (*min..=*max).contains(&value) => Ok(Value::Real(value)),
            (Self::Real { min, max, .. }, Value::Whole(value)) if (*min..=*max).contains(&(value as f64)) => {
                Ok(Value::Real(value as f64))
            }
            (Self::Real { min, max, .. }, value) => Err(format!("{value} is no number from {min} to {max}")),
            (Self::Choice { options, .. }, Value::Choice(value)) if options.contains(&value) => Ok(Value::Choice(value)),
            (Self::Choice { options, .. }, value) => Err(format!("{value} is none of {}", options.join(", "))),
        }
    }
}

/// A parameter does not exist, or cannot be what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("parameter '{parameter}': {reason}")]
pub struct BadParameter {
    /// Which.
    pub parameter: String,
    /// What is wrong and what would be right.
    pub reason: String,
}

/// A value for each parameter that a model declares, each within its domain.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Parameters(Vec<(String, Value)>);

impl Parameters {
    /// Takes the values given, and the defaults for the rest.
    ///
    /// # Errors
    /// A name that is not declared or is given twice; a value of the wrong type or out of its range.
    pub fn new(declared: &[Parameter], given: Vec<(String, Value)>) -> Result<Self, BadParameter> {
        let mut values: Vec<(String, Option<Value>)> = declared.iter().map(|parameter| (parameter.name.clone(), None)).collect();
        for (name, value) in given {
            let Some(place) = declared.iter().position(|parameter| parameter.name == name) else {
                return Err(BadParameter { reason: unknown(declared), parameter: name });
            };
            if values[place].1.is_some() {
                return Err(BadParameter { parameter: name, reason: "it is given twice".into() });
            }
            match declared[place].domain.admit(value) {
                Ok(value) => values[place].1 = Some(value),
                Err(reason) => return Err(BadParameter { parameter: name, reason }),
            }
        }
        let complete = values.into_iter().zip(declared);
        Ok(Self(complete.map(|((name, value), own)| (name, value.unwrap_or_else(|| own.domain.default()))).collect()))
    }

    /// Every parameter with its value, in the order declared.
    pub fn values(&self) -> &[(String, Value)] {
        &self.0
    }

    /// A whole number.
    ///
    /// # Errors
    /// The model did not declare it so.
    pub fn whole(&self, name: &str) -> Result<i64, BadParameter> {
        match self.get(name) {
            Some(Value::Whole(value)) => Ok(*value),
            _ => Err(undeclared(name)),
        }
    }

    /// A number.
    ///
    /// # Errors
    /// The model did not declare it so.
    pub fn real(&self, name: &str) -> Result<f64, BadParameter> {
        match self.get(name) {
            Some(Value::Real(value)) => Ok(*value),
            _ => Err(undeclared(name)),
        }
    }

    /// A word.
    ///
    /// # Errors
    /// The model did not declare it so.
    pub fn choice(&self, name: &str) -> Result<&str, BadParameter> {
        match self.get(name) {
            Some(Value::Choice(value)) => Ok(value),
            _ => Err(undeclared(name)),
        }
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| value)
    }
}

fn unknown(declared: &[Parameter]) -> String {
    if declared.is_empty() {
        return "the model has no parameters".into();
    }
    let names: Vec<&str> = declared.iter().map(|parameter| parameter.name.as_str()).collect();
    format!("the model has no such parameter, only {}", names.join(", "))
}

fn undeclared(name: &str) -> BadParameter {
    BadParameter { parameter: name.into(), reason: "the model reads it as a type that its manifest does not declare".into() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn declared() -> Vec<Parameter> {
        let parameter = |name: &str, domain| Parameter { name: name.into(), description: String::new(), domain };
        vec![
            parameter("window_days", Domain::Whole { default: 30, min: 0, max: 90 }),
            parameter("half_life_days", Domain::Real { default: 30.0, min: 0.5, max: 1_000.0 }),
            parameter("unit", Domain::Choice { default: "touch".into(), options: vec!["touch".into(), "source".into()] }),
        ]
    }

    #[test]
    fn what_is_not_given_keeps_its_default_and_a_whole_number_stands_for_a_number() {
        let parameters = Parameters::new(&declared(), vec![("half_life_days".into(), Value::Whole(7))]).unwrap();
        assert_eq!(parameters.whole("window_days"), Ok(30));
        assert_eq!(parameters.real("half_life_days"), Ok(7.0));
        assert_eq!(parameters.choice("unit"), Ok("touch"));
        assert!(parameters.choice("window_days").is_err());
    }

    #[test]
    fn what_does_not_fit_is_refused_and_the_reason_says_what_would_fit() {
        let cases = [
            ("window_days", Value::Whole(91), "91 is no whole number from 0 to 90"),
            ("window_days", Value::Real(1.5), "1.5 is no whole number from 0 to 90"),
            ("half_life_days", Value::Whole(0), "0 is no number from 0.5 to 1000"),
            ("half_life_days", Value::Real(f64::NAN), "NaN is no number from 0.5 to 1000"),
            ("unit", Value::Choice("person".into()), "\"person\" is none of touch, source"),
            ("units", Value::Whole(1), "the model has no such parameter, only window_days, half_life_days, unit"),
        ];
        for (name, value, reason) in cases {
            let refused = Parameters::new(&declared(), vec![(name.into(), value)]).unwrap_err();
            assert_eq!(refused, BadParameter { parameter: name.into(), reason: reason.into() });
        }
        let twice = vec![("unit".into(), Value::Choice("touch".into())), ("unit".into(), Value::Choice("touch".into()))];
        assert_eq!(Parameters::new(&declared(), twice).unwrap_err().reason, "it is given twice");
    }
}
