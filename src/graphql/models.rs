//! The attribution models that can be asked for.

use async_graphql::{Context, Object};
use pipewright_plugin::Manifest;

/// Models that are listed at most.
const MOST_MODELS: usize = 100;

/// An attribution model.
pub struct AttributionModel(Manifest);

/// An attribution model: a way to share the credit for an opportunity out among roles and channels.
#[Object]
impl AttributionModel {
    /// What questions call it: `ModelInput.id`.
    async fn id(&self) -> &str {
        &self.0.id
    }

    /// What people call it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Who gets the credit, in one sentence.
    async fn description(&self) -> &str {
        &self.0.description
    }

    /// The model's own version; a change of any weight is a new one.
    async fn version(&self) -> &str {
        &self.0.version
    }

    /// Whether its shares add up to one amount. False for a model of influence, which is never summed.
    async fn is_additive(&self) -> bool {
        self.0.additive
    }

    /// Whether it must see all journeys before it can weigh one.
    async fn is_trained(&self) -> bool {
        self.0.passes > 0
    }

    /// Whether it is used where a question names no model.
    async fn is_default(&self, ctx: &Context<'_>) -> bool {
        self.0.id == super::app(ctx).config.attribution.default_model
    }
}

/// The models, asked for.
#[derive(Default)]
pub struct ModelQuery;

#[Object]
impl ModelQuery {
    /// Every attribution model that a question can name, in the order in which people should see them; the first 100.
    #[graphql(complexity = "MOST_MODELS * child_complexity + 1")]
    async fn attribution_models(&self, ctx: &Context<'_>) -> Vec<AttributionModel> {
        super::app(ctx).models.manifests().into_iter().take(MOST_MODELS).map(AttributionModel).collect()
    }
}
