//! The attribution models that can be asked for.

use async_graphql::{Context, Object, SimpleObject};

/// An attribution model: a way to share the credit for an opportunity out among roles and channels.
#[derive(SimpleObject)]
pub struct AttributionModel {
    /// What questions call it: `ModelInput.id`.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Who gets the credit, in one sentence.
    pub description: String,
    /// The model's own version; a change of any weight is a new one.
    pub version: String,
    /// Whether its shares add up to one amount. False for a model of influence, which is never summed.
    pub is_additive: bool,
    /// Whether it must see all journeys before it can weigh one.
    pub is_trained: bool,
    /// Whether it is used where a question names no model.
    pub is_default: bool,
}

/// The models, asked for.
#[derive(Default)]
pub struct ModelQuery;

#[Object]
impl ModelQuery {
    /// Every attribution model that a question can name, in the order in which people should see them.
    #[graphql(complexity = "20 * child_complexity + 1")]
    async fn attribution_models(&self, ctx: &Context<'_>) -> Vec<AttributionModel> {
        let app = super::app(ctx);
        let default = &app.config.attribution.default_model;
        let shown = |manifest: pipewright_plugin::Manifest| AttributionModel {
            is_default: manifest.id == *default,
            id: manifest.id,
            name: manifest.name,
            description: manifest.description,
            version: manifest.version,
            is_additive: manifest.additive,
            is_trained: manifest.passes > 0,
        };
        app.models.manifests().into_iter().map(shown).collect()
    }
}
