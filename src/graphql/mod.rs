//! The API: thin objects over domain values, one file per noun. Resolvers decode, call one function of `app`, and wrap.
//!
//! It never names the database's libraries, and no document is executed that [`guard`] has not judged.

pub mod account;
pub mod aggregate;
pub mod apm;
pub mod attribution;
mod batches;
pub mod campaign;
pub mod campaign_performance;
pub mod cell;
pub mod change;
pub mod contact;
pub mod contact_role;
pub mod cut;
mod declare;
pub mod error;
pub mod exchange_rate;
pub mod filter;
pub mod flow;
pub mod forecast;
pub mod guard;
pub mod hygiene;
pub mod import_job;
pub mod lead;
pub mod line;
pub mod loaders;
pub mod models;
pub mod node;
pub mod opportunity;
pub mod page;
pub mod parameter;
pub mod plugin_file;
pub mod product;
pub mod question;
pub mod ratio;
pub mod region;
pub mod rep;
pub mod review;
pub mod role_performance;
pub mod rows;
pub mod run;
pub mod run_diff;
pub mod scalars;
pub mod segment;
pub mod share;
pub mod source;
pub mod split;
pub mod stage;
pub mod subscription;
pub mod target;
pub mod touchpoint;
pub mod trend;
pub mod version;
pub mod viewer;

use crate::app::App;
use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute, NextValidation};
use async_graphql::{Context, MergedObject, Object, Response, SchemaBuilder, ServerError, ValidationResult};
use pipewright_core::viewer::Viewer;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Everything that can be asked.
#[derive(MergedObject, Default)]
pub struct Query(NumbersQuery, rows::RowsQuery);

/// Every root field that answers with numbers.
#[derive(MergedObject, Default)]
pub struct NumbersQuery(
    CallerQuery,
    apm::ApmQuery,
    flow::FlowQuery,
    trend::TrendQuery,
    aggregate::AggregateQuery,
    models::ModelQuery,
    plugin_file::PluginFileQuery,
    campaign_performance::CampaignPerformanceQuery,
    role_performance::RolePerformanceQuery,
    hygiene::HygieneQuery,
    import_job::ImportJobQuery,
    AttributionQueries,
);

/// Every root field about credit.
#[derive(MergedObject, Default)]
pub struct AttributionQueries(
    attribution::AttributionQuery,
    attribution::compare::CompareQuery,
    attribution::explain::ExplainQuery,
    attribution::score::ScoreQuery,
    attribution::findings::FindingsQuery,
    run_diff::DiffQuery,
);

/// Everything that can be changed.
#[derive(MergedObject, Default)]
pub struct Mutation(opportunity::changes::OpportunityMutation, run::RunMutation);

/// The schema.
pub type Schema = async_graphql::Schema<Query, Mutation, subscription::Subscription>;

/// Questions about the caller.
#[derive(Default)]
pub struct CallerQuery;

/// Everything that can be asked. All amounts are in the reporting currency unless a field says otherwise, and all numbers of
/// one answer are of one moment.
#[Object]
impl CallerQuery {
    /// The caller of this request.
    async fn viewer(&self, ctx: &Context<'_>) -> viewer::Viewer {
        viewer::Viewer(caller(ctx).clone())
    }
}

/// What use cases stand on.
pub fn app<'a>(ctx: &Context<'a>) -> &'a App {
    ctx.data_unchecked::<App>()
}

/// Who asks.
pub fn caller<'a>(ctx: &Context<'a>) -> &'a Viewer {
    ctx.data_unchecked::<Viewer>()
}

fn builder() -> SchemaBuilder<Query, Mutation, subscription::Subscription> {
    Schema::build(Query::default(), Mutation::default(), subscription::Subscription::default())
        .disable_suggestions()
        .extension(OfEachAnswer)
}

/// The schema over a running house.
pub fn schema(app: App) -> Schema {
    let limits = &app.config.server.limits;
    let cost = usize::try_from(limits.cost).unwrap_or(usize::MAX);
    // The guard has judged depth already, with introspection apart, which the library cannot tell apart.
    builder().limit_complexity(cost).limit_recursive_depth(256).data(app).finish()
}

/// The schema as text, as checked in at `schema.graphql`.
pub fn sdl() -> String {
    let options = async_graphql::SDLExportOptions::new().sorted_fields().sorted_arguments().sorted_enum_items();
    let text = builder().finish().sdl_with_options(options);
    format!("{}\n", text.trim_end())
}

/// Puts what an operation costs into `extensions.cost`, and begins the moment of each answer.
struct OfEachAnswer;

impl ExtensionFactory for OfEachAnswer {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Cost(AtomicU64::new(0)))
    }
}

struct Cost(AtomicU64);

#[async_graphql::async_trait::async_trait]
impl Extension for Cost {
    async fn execute(&self, ctx: &ExtensionContext<'_>, operation_name: Option<&str>, next: NextExecute<'_>) -> Response {
        if let (Some(now), Some(app)) = (ctx.data_opt::<loaders::Now>(), ctx.data_opt::<App>()) {
            now.begin(app.clock.now());
        }
        let response = next.run(ctx, operation_name).await;
        let cost = self.0.load(Ordering::Relaxed);
        if cost == 0 { response } else { response.extension("cost", cost.into()) }
    }

    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let result = next.run(ctx).await?;
        self.0.store(result.complexity as u64, Ordering::Relaxed);
        Ok(result)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use async_graphql_parser::types::{TypeKind, TypeSystemDefinition};

    #[test]
    fn the_schema_file_is_true() {
        let file = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/schema.graphql")).unwrap();
        assert!(file == sdl(), "schema.graphql is not what the code says: run `pipewright schema --out schema.graphql`");
    }

    #[test]
    fn every_element_of_the_schema_has_a_description() {
        let document = async_graphql_parser::parse_schema(sdl()).unwrap();
        let mut missing = Vec::new();
        for definition in &document.definitions {
            let TypeSystemDefinition::Type(definition) = definition else { continue };
            let (name, definition) = (definition.node.name.node.to_string(), &definition.node);
            let mut see = |what: String, described: bool| {
                if !described {
                    missing.push(what);
                }
            };
            see(name.clone(), definition.description.is_some());
            match &definition.kind {
                TypeKind::Object(async_graphql_parser::types::ObjectType { fields, .. })
                | TypeKind::Interface(async_graphql_parser::types::InterfaceType { fields, .. }) => {
                    for field in fields {
                        see(format!("{name}.{}", field.node.name.node), field.node.description.is_some());
                        for argument in &field.node.arguments {
                            let what = format!("{name}.{}({})", field.node.name.node, argument.node.name.node);
                            see(what, argument.node.description.is_some());
                        }
                    }
                }
                TypeKind::Enum(values) => {
                    values.values.iter().for_each(|value| {
                        see(format!("{name}.{}", value.node.value.node), value.node.description.is_some());
                    });
                }
                TypeKind::InputObject(input) => {
                    input.fields.iter().for_each(|field| {
                        see(format!("{name}.{}", field.node.name.node), field.node.description.is_some());
                    });
                }
                TypeKind::Scalar | TypeKind::Union(_) => {}
            }
        }
        assert!(missing.is_empty(), "without a description: {missing:#?}");
    }
}
