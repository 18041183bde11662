//! Which model deserves trust.

use super::compare::MOST_PAIRS;
use super::{AnsweredScope, AttributionScope, cannot, scope};
use crate::app::attribution::{self as cases, Attributed, MOST_MODELS, ModelUsed};
use crate::graphql::models::ModelUse;
use crate::graphql::question::{ModelInput, model};
use crate::graphql::scalars::count;
use crate::graphql::scalars::{Change, Instant};
use crate::graphql::source::Source;
use async_graphql::{Context, Object, Result};
use pipewright_core::attribution::{self, Resampling};
use pipewright_core::touchpoint;

/// The sources, and what nobody earned.
const PLACES: usize = touchpoint::Source::COUNT + 1;

/// A source under one model.
pub struct SourceScore(attribution::SourceScore);

/// A source under one model.
#[Object]
impl SourceScore {
    /// The role or channel; null for what nobody earned.
    async fn source(&self) -> Option<Source> {
        self.0.source.map(Into::into)
    }

    /// Its credit on won opportunities / its credit on closed ones, a ratio. Null where it has none on closed ones.
    async fn rate(&self) -> Option<f64> {
        self.0.rate
    }

    /// Its part of the credit on won opportunities, a ratio. Null where nothing was won.
    async fn share(&self) -> Option<f64> {
        self.0.share
    }

    /// The lower end of the interval in which `share` lies in 95% of the resamples. Null where nothing was won, or nothing
    /// resampled.
    async fn share_low(&self) -> Option<f64> {
        self.0.interval.map(|(low, _)| low)
    }

    /// The upper end of that interval. Null where nothing was won, or nothing resampled.
    async fn share_high(&self) -> Option<f64> {
        self.0.interval.map(|(_, high)| high)
    }
}

/// One model, scored.
pub struct ModelScore {
    score: attribution::ModelScore,
    model: ModelUsed,
}

/// One model, scored.
#[Object]
impl ModelScore {
    /// The model.
    async fn model(&self) -> ModelUse {
        ModelUse(self.model.clone())
    }

    /// The mean of -ln of the probability that it gave to what happened, on held-out journeys: less is better, and 0.693 is a
    /// coin. Null where there are too few closed journeys with money on them.
    async fn log_loss(&self) -> Option<f64> {
        self.score.log_loss
    }

    /// The chance, on held-out journeys, that a won one was given a higher probability than a lost one: 1 is perfect, 0.5 a
    /// coin. Null where nothing was won, or nothing lost.
    async fn auc(&self) -> Option<f64> {
        self.score.auc
    }

    /// 1 for the model with the least log loss; equal ones share a rank. Null without a log loss.
    async fn rank(&self) -> Option<i32> {
        self.score.rank.map(|rank| i32::try_from(rank).unwrap_or(i32::MAX))
    }

    /// Each source with credit on a closed opportunity: roles, channels, and then what nobody earned.
    #[graphql(complexity = "PLACES * child_complexity + 1")]
    async fn sources(&self) -> Vec<SourceScore> {
        self.score.sources.iter().copied().map(SourceScore).collect()
    }
}

/// How far two models agree.
pub struct ModelAgreement(attribution::Agreement);

/// How far two models agree.
#[Object]
impl ModelAgreement {
    /// The first: its place in `models`, from 0.
    async fn first_index(&self) -> i32 {
        i32::try_from(self.0.first).expect("models are few")
    }

    /// The second: its place in `models`, from 0.
    async fn second_index(&self) -> i32 {
        i32::try_from(self.0.second).expect("models are few")
    }

    /// Kendall's tau-b of the order in which they put the sources, by share: 1 is the same order, -1 the opposite. Null where
    /// one of them tells no two sources apart.
    async fn kendall_tau(&self) -> Option<f64> {
        self.0.tau
    }
}

/// Models, scored.
pub struct AttributionScores(Attributed<attribution::Scored>);

/// Models, scored on the closed opportunities of one scope. A source's rate is its credit on won opportunities over its credit
/// on closed ones; a journey is foretold by the mean of its sources' rates by weight, from 0.001 to 0.999, from the four fifths
/// of the opportunities that it is not in. What nobody earned counts as a source of its own. Amounts below 0 count as 0.
#[Object]
impl AttributionScores {
    /// The models, in the order asked for.
    #[graphql(complexity = "MOST_MODELS * child_complexity + 1")]
    async fn models(&self) -> Vec<ModelScore> {
        let scored = self.0.answer.models.iter().zip(&self.0.models);
        scored.map(|(score, model)| ModelScore { score: score.clone(), model: model.clone() }).collect()
    }

    /// How far each two of them agree.
    #[graphql(complexity = "MOST_PAIRS * child_complexity + 1")]
    async fn agreements(&self) -> Vec<ModelAgreement> {
        self.0.answer.agreements.iter().copied().map(ModelAgreement).collect()
    }

    /// Of which opportunities; those still open are left out.
    async fn scope(&self) -> AnsweredScope {
        AnsweredScope(self.0.within.clone())
    }

    /// The last change that the answer holds. Give it as `dataVersion` to have the same answer again.
    async fn data_version(&self) -> Change {
        Change(self.0.answer.data_version)
    }

    /// Closed opportunities in scope.
    async fn closed_count(&self) -> i32 {
        count(self.0.answer.journeys)
    }

    /// Of them, won.
    async fn won_count(&self) -> i32 {
        count(self.0.answer.won)
    }
}

/// The scores, asked for.
#[derive(Default)]
pub struct ScoreQuery;

#[Object]
impl ScoreQuery {
    /// Which of one to eight additive models deserves trust: how well what each credits foretells what is won, how steady its
    /// shares are, and how far each two agree.
    #[graphql(complexity = "child_complexity + 50 * models.len().max(1)")]
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the public field")]
    async fn score_attribution(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "One to eight models; one model with different parameters counts as two.")] models: Vec<ModelInput>,
        #[graphql(
            desc = "On which opportunities. Absent or null: close date in the quarter of `asOf`; a longer period scores better.",
            name = "scope"
        )]
        within: Option<AttributionScope>,
        #[graphql(desc = "The instant as of which facts are read. Absent or null: now.")] as_of: Option<Instant>,
        #[graphql(desc = "Only changes up to this one count, to have an old answer again. Absent or null: all.")]
        data_version: Option<Change>,
        #[graphql(desc = "How many times the won opportunities are drawn anew for the intervals, 0 to 1,000.", default = 200)]
        resamples: i32,
        #[graphql(desc = "The same seed draws the same.", default = 1)] seed: i32,
    ) -> Result<AttributionScores> {
        let asked = scope(within, as_of, data_version)?;
        let models = models.into_iter().map(|one| model(Some(one))).collect::<Result<Vec<_>>>()?;
        let resampling =
            Resampling { resamples: u32::try_from(resamples).unwrap_or(u32::MAX), seed: u64::from(seed.cast_unsigned()) };
        let (app, caller) = (crate::graphql::app(ctx), crate::graphql::caller(ctx));
        cases::score(app, caller, asked, models, resampling).await.map(AttributionScores).map_err(cannot)
    }
}
