//! What can be turned about an attribution model.

use super::page::bad_input;
use async_graphql::{Object, Result, SimpleObject, Union};
use pipewright_plugin::{Domain, Parameter};

/// Entries of a short list, at most.
const MOST_ENTRIES: usize = 100;

/// What a short list costs.
pub(super) fn given(first: i32) -> usize {
    usize::try_from(first).unwrap_or_default().min(MOST_ENTRIES)
}

/// How many of a short list are asked for.
pub(super) fn counted(first: i32) -> Result<usize> {
    let wrong = || bad_input(format!("'first' is 1 to {MOST_ENTRIES}, and was given {first}"));
    usize::try_from(first).ok().filter(|count| (1..=MOST_ENTRIES).contains(count)).ok_or_else(wrong)
}

/// A parameter that is a whole number.
#[derive(SimpleObject)]
pub struct WholeParameter {
    /// Its name in `ModelInput.parameters`, the unit last: `window_days`.
    pub name: String,
    /// What it does, in one sentence.
    pub description: String,
    /// What it is where nobody says.
    pub default: i32,
    /// The least that it can be.
    pub least: i32,
    /// The most that it can be.
    pub most: i32,
}

/// A parameter that is a number.
#[derive(SimpleObject)]
pub struct RealParameter {
    /// Its name in `ModelInput.parameters`, the unit last: `half_life_days`.
    pub name: String,
    /// What it does, in one sentence.
    pub description: String,
    /// What it is where nobody says.
    pub default: f64,
    /// The least that it can be.
    pub least: f64,
    /// The most that it can be.
    pub most: f64,
}

/// A word that a parameter can be.
#[derive(SimpleObject)]
pub struct ParameterOption {
    /// The word, as `ModelInput.parameters` takes it.
    pub word: String,
}

/// A parameter that is one of a few words.
pub struct ChoiceParameter {
    name: String,
    description: String,
    default: String,
    options: Vec<String>,
}

/// A parameter that is one of a few words.
#[Object]
impl ChoiceParameter {
    /// Its name in `ModelInput.parameters`.
    async fn name(&self) -> &str {
        &self.name
    }

    /// What it does, in one sentence.
    async fn description(&self) -> &str {
        &self.description
    }

    /// What it is where nobody says.
    async fn default(&self) -> &str {
        &self.default
    }

    /// All that it can be.
    #[graphql(complexity = "given(first) * child_complexity + 1")]
    async fn options(
        &self,
        #[graphql(desc = "How many from the start, 1 to 100.", default = 12)] first: i32,
    ) -> Result<Vec<ParameterOption>> {
        Ok(self.options.iter().take(counted(first)?).cloned().map(|word| ParameterOption { word }).collect())
    }
}

/// Something about a model that can be turned.
#[derive(Union)]
pub enum ModelParameter {
    /// A whole number.
    Whole(WholeParameter),
    /// A number.
    Real(RealParameter),
    /// One of a few words.
    Choice(ChoiceParameter),
}

impl From<Parameter> for ModelParameter {
    fn from(Parameter { name, description, domain }: Parameter) -> Self {
        let whole = |value: i64| i32::try_from(value).unwrap_or(if value < 0 { i32::MIN } else { i32::MAX });
        match domain {
            Domain::Whole { default, min, max } => {
                Self::Whole(WholeParameter { name, description, default: whole(default), least: whole(min), most: whole(max) })
            }
            Domain::Real { default, min, max } => Self::Real(RealParameter { name, description, default, least: min, most: max }),
            Domain::Choice { default, options } => Self::Choice(ChoiceParameter { name, description, default, options }),
        }
    }
}
