//! Watching the accountability performance matrix.

use crate::app::live;
use crate::graphql::apm::{Matrix, how};
use crate::graphql::cut::{Dimension, MatrixFilter};
use crate::graphql::error::{Code, broken};
use crate::graphql::question::{Alignment, Baseline, Comparison, GenerationBasis, ModelInput, RollUp, asked, refused};
use crate::graphql::scalars::{Change, Instant};
use crate::graphql::{app, caller};
use async_graphql::{Context, Result, Subscription};
use futures_util::{Stream, StreamExt, future, stream};

/// The matrix, watched.
#[derive(Default)]
pub struct ApmSubscription;

#[Subscription]
impl ApmSubscription {
    /// The accountability performance matrix as `apm` gives it: at once, and again whenever a number or a name of it is
    /// another. With neither `asOf` nor `period` it moves on with the clock. A later failure comes as an answer with errors;
    /// the next change is answered again.
    #[graphql(complexity = "child_complexity + 10")]
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the public field")]
    async fn apm_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A period's name, such as FY2027-Q4. Absent or null: the quarter in which `asOf` lies.")] period: Option<
            String,
        >,
        #[graphql(desc = "One to four dimensions, no two alike.")] by: Vec<Dimension>,
        #[graphql(desc = "The instant as of which facts are read. Absent or null: the instant of each answer.")] as_of: Option<
            Instant,
        >,
        #[graphql(desc = "Which opportunities count. Absent or null: all.")] filter: Option<MatrixFilter>,
        #[graphql(desc = "What it is compared with. Absent or null: the same period a year ago.")] comparison: Option<Comparison>,
        #[graphql(desc = "How the same point of the comparison period is found.", default_with = "Alignment::DayIndex")]
        alignment: Alignment,
        #[graphql(
            desc = "What share of the target should be reached by now. Absent or null: HISTORICAL where at least four past \
            periods exist, else LINEAR."
        )]
        baseline: Option<Baseline>,
        #[graphql(desc = "The roll-up of the forecast column.", default_with = "RollUp::Commit")] roll_up: RollUp,
        #[graphql(desc = "The generation column's value.", default_with = "GenerationBasis::AsGenerated")]
        generation: GenerationBasis,
        #[graphql(
            desc = "Whether opportunities that fail in hygiene (`OpportunityHygiene.isPassing` is false, as of the point read) count 0 in \
            open pipeline, its count, what of it is overdue, coverage, and their priors and win rates. Closed ACV, generation and \
            the forecast, a judgement of its own, stay as they are.",
            default = false
        )]
        hygiene_adjusted: bool,
        #[graphql(desc = "The attribution model that cuts by SOURCE. Absent or null: the configured one.")] model: Option<
            ModelInput,
        >,
        #[graphql(desc = "Only changes up to this one count, so that only names can change. Absent or null: all.")]
        data_version: Option<Change>,
    ) -> Result<impl Stream<Item = Result<Matrix>>> {
        let asked = asked(period, by, as_of, filter, model, data_version)?;
        let how = how(comparison, alignment, baseline, roll_up, generation, hygiene_adjusted);
        let mut watched = live::matrix::apm(app(ctx), caller(ctx), asked.clone(), how.clone());
        // What is wrong with the question ends the subscription before it begins.
        let ended = || broken(Code::Unavailable, "the server is stopping: subscribe again");
        let first = watched.next().await.ok_or_else(ended)?.map_err(refused)?;
        let all = stream::once(future::ready(Ok(first))).chain(super::each(watched));
        Ok(all.map(move |answer| answer.map(|answered| Matrix::new(answered, &asked, &how)).map_err(refused)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use async_graphql_parser::types::{FieldDefinition, TypeKind, TypeSystemDefinition};
    use std::collections::BTreeMap;

    /// The arguments of a root field, with their types and defaults.
    fn arguments(root: &str, field: &str) -> BTreeMap<String, String> {
        let document = async_graphql_parser::parse_schema(crate::graphql::sdl()).unwrap();
        let fields = document.definitions.iter().find_map(|definition| match definition {
            TypeSystemDefinition::Type(of) if of.node.name.node == root => match &of.node.kind {
                TypeKind::Object(object) => Some(&object.fields),
                _ => None,
            },
            _ => None,
        });
        let field: &FieldDefinition = fields.unwrap().iter().map(|own| &own.node).find(|own| own.name.node == field).unwrap();
        let written = |own: &async_graphql_parser::types::InputValueDefinition| {
            let default = own.default_value.as_ref().map(|default| default.node.to_string());
            (own.name.node.to_string(), format!("{} = {default:?}", own.ty.node))
        };
        field.arguments.iter().map(|own| written(&own.node)).collect()
    }

    #[test]
    fn what_is_asked_can_be_watched_with_the_same_arguments() {
        assert_eq!(arguments("Subscription", "apmChanged"), arguments("Query", "apm"));
    }
}
