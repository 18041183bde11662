//! The attribution models that can be asked for, and the one behind an answer.

use super::parameter::{ModelParameter, counted, given};
use super::plugin_file::PluginFile;
use super::question::Lens;
use super::scalars::Json;
use crate::app::attribution::{ModelUsed, json};
use crate::plugins::{ListedModel, PluginKind};
use async_graphql::{Context, Enum, Object, Result, SimpleObject};

/// Models that are listed at most.
const MOST_MODELS: usize = 100;
/// Touchpoints of the journey that every model is held to.
const GOLDEN: usize = 6;

/// The model behind an answer, with all that brings the answer again.
pub struct ModelUse(pub ModelUsed);

/// The model behind an answer, with all that brings the same answer again.
#[Object]
impl ModelUse {
    /// Its id, as `ModelInput.id` takes it.
    async fn id(&self) -> &str {
        &self.0.manifest.id
    }

    /// What people call it.
    async fn name(&self) -> &str {
        &self.0.manifest.name
    }

    /// The model's own version, as `ModelInput.version` takes it.
    async fn version(&self) -> &str {
        &self.0.manifest.version
    }

    /// Every parameter with its value, defaults among them: a JSON object, as `ModelInput.parameters` takes it.
    async fn parameters(&self) -> Json {
        Json(self.0.parameters.iter().map(|(name, given)| (name.clone(), json(given))).collect())
    }

    /// SHA-256 of `parameters` in hexadecimal, as JSON with its names in order, without spaces, whole numbers without a point
    /// (RFC 8785).
    async fn parameter_hash(&self) -> &str {
        &self.0.hash
    }

    /// Which touchpoints it saw.
    async fn lens(&self) -> Lens {
        self.0.lens.into()
    }

    /// Whether its shares add up to one amount. False for a model of influence, which is never summed.
    async fn is_additive(&self) -> bool {
        self.0.manifest.additive
    }
}

/// An attribution model.
pub struct AttributionModel(ListedModel);

/// An attribution model: a way to share the credit for an opportunity out among roles and channels.
#[Object]
impl AttributionModel {
    /// What questions call it: `ModelInput.id`.
    async fn id(&self) -> &str {
        &self.0.manifest.id
    }

    /// What people call it.
    async fn name(&self) -> &str {
        &self.0.manifest.name
    }

    /// Who gets the credit, in one sentence.
    async fn description(&self) -> &str {
        &self.0.manifest.description
    }

    /// The model's own version; a change of any weight is a new one.
    async fn version(&self) -> &str {
        &self.0.manifest.version
    }

    /// Whether its shares add up to one amount. False for a model of influence, which is never summed.
    async fn is_additive(&self) -> bool {
        self.0.manifest.additive
    }

    /// Whether it must see all journeys before it can weigh one.
    async fn is_trained(&self) -> bool {
        self.0.manifest.passes > 0
    }

    /// Whether it sees an opportunity's origins beside its touchpoints: creator, primary campaign, splits.
    async fn sees_origins(&self) -> bool {
        self.0.manifest.origins
    }

    /// Whether it also runs on plain paths of sources, without dates, kinds or positions.
    async fn runs_on_paths(&self) -> bool {
        self.0.manifest.paths
    }

    /// What can be turned, in the order in which people should see it.
    #[graphql(complexity = "given(first) * child_complexity + 1")]
    async fn parameters(
        &self,
        #[graphql(desc = "How many from the start, 1 to 100.", default = 12)] first: i32,
    ) -> Result<Vec<ModelParameter>> {
        Ok(self.0.manifest.parameters.iter().take(counted(first)?).cloned().map(Into::into).collect())
    }

    /// Whether it is used where a question names no model.
    async fn is_default(&self, ctx: &Context<'_>) -> bool {
        self.0.manifest.id == super::app(ctx).config.attribution.default_model
    }

    /// Where it comes from.
    async fn provenance(&self) -> ModelProvenance {
        match self.0.file.as_ref().map(|file| file.kind) {
            None => ModelProvenance::BuiltIn,
            Some(PluginKind::Declarative) => ModelProvenance::Declarative,
            Some(PluginKind::Wasm) => ModelProvenance::WebAssembly,
        }
    }

    /// The file that it comes from; null for one that comes with the server.
    async fn file(&self) -> Option<PluginFile> {
        self.0.file.clone().map(|file| PluginFile { file, refused_because: None })
    }

    /// Whether questions can name it now. False after three failures in a row, until its file is loaded again.
    async fn is_on(&self) -> bool {
        !self.0.is_off
    }

    /// Its conformance report: what it gives each of the six touchpoints of the journey that every model is held to, with
    /// default parameters; a model that learns has learnt from that journey alone. Empty where it gives nobody credit, as one
    /// that needs origins does.
    #[graphql(complexity = "GOLDEN * child_complexity + 1")]
    async fn golden_weights(&self) -> Vec<GoldenWeight> {
        let weights = self.0.golden.iter().flatten();
        (1..).zip(weights).map(|(touchpoint, weight)| GoldenWeight { touchpoint, weight: *weight }).collect()
    }
}

/// Where a model comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum ModelProvenance {
    /// It comes with the server.
    BuiltIn,
    /// A TOML file of weights over positions, in the folder of plug-ins.
    Declarative,
    /// A WebAssembly component in that folder, run in a sandbox.
    WebAssembly,
}

/// What a model gives one touchpoint of the journey that every model is held to.
#[derive(SimpleObject)]
pub struct GoldenWeight {
    /// Which touchpoint, from 1.
    pub touchpoint: i32,
    /// Its share, 0 to 1.
    pub weight: f64,
}

/// The models, asked for.
#[derive(Default)]
pub struct ModelQuery;

#[Object]
impl ModelQuery {
    /// Every attribution model that a question can name, in the order in which people should see them; the first 100.
    #[graphql(complexity = "MOST_MODELS * child_complexity + 1")]
    async fn attribution_models(&self, ctx: &Context<'_>) -> Vec<AttributionModel> {
        super::app(ctx).models.listed().into_iter().take(MOST_MODELS).map(AttributionModel).collect()
    }
}
