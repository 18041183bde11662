//! What a model learnt of the sources from all journeys.

use super::cannot;
use crate::app::attribution::{self as cases, Attributed, Learnt};
use crate::graphql::models::ModelUse;
use crate::graphql::page::{self, Connection, DEFAULT, Listed, MOST, Paging};
use crate::graphql::question::{ModelInput, model};
use crate::graphql::scalars::Change;
use crate::graphql::scalars::count;
use crate::graphql::source::Source;
use async_graphql::{Context, Object, Result};
use pipewright_core::touchpoint;
use pipewright_plugin::{Figure, Remarks, Source as Earner, Step, Transition};

/// Figures that a model can publish, at most.
const MOST_FIGURES: usize = 8;
/// Steps that a state of a chain remembers, at most.
const MOST_STEPS: usize = 3;

fn source(earner: Earner) -> Option<Source> {
    u8::try_from(earner.code()).ok().and_then(touchpoint::Source::from_code).map(Into::into)
}

/// A number of one source.
pub struct SourceFigure(Source, f64);

/// A number of one source.
#[Object]
impl SourceFigure {
    /// The role or channel.
    async fn source(&self) -> Source {
        self.0
    }

    /// The number.
    async fn value(&self) -> f64 {
        self.1
    }
}

fn figures(values: &[(Earner, f64)]) -> Vec<SourceFigure> {
    values.iter().filter_map(|(earner, value)| Some(SourceFigure(source(*earner)?, *value))).collect()
}

/// A figure that a model has of every source.
pub struct ModelFigure(Figure);

/// A figure that a model has of every source, such as removal effects.
#[Object]
impl ModelFigure {
    /// What the model calls it, such as `removal_effect`.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Its value for each source.
    #[graphql(complexity = "touchpoint::Source::COUNT * child_complexity + 1")]
    async fn values(&self) -> Vec<SourceFigure> {
        figures(&self.0.values)
    }
}

/// A step of a journey, as a chain sees it.
pub struct ChainStep(Step);

/// A step of a journey, as a chain sees it.
#[Object]
impl ChainStep {
    /// The role or channel that touched; null for the start and the two ends.
    async fn source(&self) -> Option<Source> {
        match self.0 {
            Step::At(earner) => source(earner),
            Step::Start | Step::Conversion | Step::Null => None,
        }
    }

    /// `START`, `CONVERSION` (won), `NULL` (lost), or the name of the source.
    async fn label(&self) -> String {
        match self.0 {
            Step::Start => "START".to_owned(),
            Step::Conversion => "CONVERSION".to_owned(),
            Step::Null => "NULL".to_owned(),
            Step::At(earner) => source(earner).map_or_else(|| earner.code().to_string(), Source::name),
        }
    }
}

/// How likely a next step is.
pub struct ChainTransition(Transition);

impl Listed for ChainTransition {
    const NAME: &'static str = "ChainTransition";
}

/// How likely a next step is.
#[Object]
impl ChainTransition {
    /// Where one stands: a step, or the last few, the latest last.
    #[graphql(complexity = "MOST_STEPS * child_complexity + 1")]
    async fn from(&self) -> Vec<ChainStep> {
        self.0.from.iter().copied().map(ChainStep).collect()
    }

    /// What comes next.
    async fn to(&self) -> ChainStep {
        ChainStep(self.0.to)
    }

    /// 0 to 1; those from one state add up to 1.
    async fn probability(&self) -> f64 {
        self.0.probability
    }
}

/// What a model learnt.
pub struct ModelFindings(Attributed<Learnt>);

/// What a model learnt of the sources from all journeys, whatever a viewer may see.
#[Object]
impl ModelFindings {
    /// The model.
    async fn model(&self) -> ModelUse {
        ModelUse(self.0.models[0].clone())
    }

    /// The last change that it saw.
    async fn data_version(&self) -> Change {
        Change(self.0.answer.data_version)
    }

    /// Won journeys that it saw. Null for a model that learns nothing.
    async fn won_journey_count(&self) -> Option<i32> {
        self.0.answer.trained.map(|trained| count(trained.won))
    }

    /// Lost journeys that it saw. Null for a model that learns nothing.
    async fn lost_journey_count(&self) -> Option<i32> {
        self.0.answer.trained.map(|trained| count(trained.lost))
    }

    /// Its own figures of each source; none for a model that learns nothing.
    #[graphql(complexity = "MOST_FIGURES * child_complexity + 1")]
    async fn figures(&self) -> Vec<ModelFigure> {
        self.0.answer.findings.figures.iter().take(MOST_FIGURES).cloned().map(ModelFigure).collect()
    }

    /// The share of each source over all journeys, a ratio; they add up to 1. None for a model without global shares.
    #[graphql(complexity = "touchpoint::Source::COUNT * child_complexity + 1")]
    async fn shares(&self) -> Vec<SourceFigure> {
        figures(&self.0.answer.findings.shares)
    }

    /// How people go from step to step, where the model has such a matrix.
    #[graphql(complexity = "page::cost(first, last) * child_complexity + 1")]
    async fn transitions(
        &self,
        #[graphql(desc = "How many from the start, 0 to 500; 50 where neither `first` nor `last` is given.")] first: Option<i32>,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 500; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
    ) -> Result<Connection<ChainTransition>> {
        let placed: Vec<(usize, &Transition)> = self.0.answer.findings.transitions.iter().enumerate().collect();
        let paging = Paging { first, after, last, before };
        let wrap = |(_, transition): &(usize, &Transition)| ChainTransition((*transition).clone());
        page::of_list(&placed, "ModelFindings.transitions", |(place, _)| *place, wrap, &paging, (DEFAULT, MOST))
    }

    /// Whether it had nothing to tell the sources apart by.
    async fn is_linear_instead(&self) -> bool {
        self.0.answer.findings.remarks.holds(Remarks::LINEAR_INSTEAD)
    }

    /// Whether a negative value was set to zero and the others scaled.
    async fn is_clipped(&self) -> bool {
        self.0.answer.findings.remarks.holds(Remarks::NEGATIVE_SET_TO_ZERO)
    }
}

/// What models learnt, asked for.
#[derive(Default)]
pub struct FindingsQuery;

#[Object]
impl FindingsQuery {
    /// What a model learnt of the sources from all journeys: removal effects, Shapley values, global shares, and of how many.
    /// Only for those who may see every opportunity.
    #[graphql(complexity = "child_complexity + 10")]
    async fn attribution_findings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The model. Absent or null: the configured one.", name = "model")] chosen: Option<ModelInput>,
    ) -> Result<ModelFindings> {
        let (app, caller) = (crate::graphql::app(ctx), crate::graphql::caller(ctx));
        cases::findings(app, caller, model(chosen)?).await.map(ModelFindings).map_err(cannot)
    }
}
