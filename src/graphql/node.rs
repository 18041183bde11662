//! Opaque ids that are unique across nouns, and reading anything by one.

use super::account::Account;
use super::campaign::Campaign;
use super::contact::Contact;
use super::forecast::{Forecast, ForecastAdjustment};
use super::lead::Lead;
use super::loaders;
use super::opportunity::Opportunity;
use super::page::{Listed, Noun, bad_input};
use super::product::Product;
use super::region::Region;
use super::rep::Rep;
use super::review::OpportunityReview;
use super::run::AttributionRun;
use super::segment::Segment;
use super::stage::Stage;
use super::target::Target;
use super::touchpoint::Touchpoint;
use async_graphql::{Context, ID, Interface, Object, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

/// Ids in one `nodes`.
const MOST_IDS: usize = 100;

/// The id of a noun's row as clients see it.
pub fn global_id(noun: &str, id: Uuid) -> ID {
    ID(URL_SAFE_NO_PAD.encode(format!("{noun}:{id}")))
}

/// The noun and the row that an id names; `None` where it is none of ours.
fn parse_any(id: &ID) -> Option<(String, Uuid)> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(id.as_bytes()).ok()?).ok()?;
    let (noun, uuid) = text.split_once(':')?;
    let uuid = Uuid::try_parse(uuid).ok()?;
    // One spelling for one row: braces, capitals and the like were not made here.
    (global_id(noun, uuid) == *id).then(|| (noun.to_owned(), uuid))
}

/// The row of `noun` that an id names.
///
/// # Errors
/// The id is none of ours, or names another noun.
pub fn parse_id(noun: &str, id: &ID) -> Result<Uuid> {
    match parse_any(id) {
        Some((own, uuid)) if own == noun => Ok(uuid),
        _ => Err(bad_input(format!("'{}' is no id of {noun}", short(id)))),
    }
}

fn short(id: &ID) -> String {
    id.chars().take(80).collect()
}

/// Anything that has an id of its own.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Opaque, and unique across all types."))]
#[expect(missing_docs, reason = "each variant is the noun it is named after")]
pub enum Node {
    Opportunity(Opportunity),
    Account(Account),
    Contact(Contact),
    Lead(Lead),
    Rep(Rep),
    Campaign(Campaign),
    Product(Product),
    Region(Region),
    Segment(Segment),
    OpportunityReview(OpportunityReview),
    Stage(Stage),
    Touchpoint(Touchpoint),
    Target(Target),
    Forecast(Forecast),
    ForecastAdjustment(ForecastAdjustment),
    AttributionRun(AttributionRun),
}

async fn load<N: Noun + Into<Node>>(ctx: &Context<'_>, id: Uuid) -> Result<Option<Node>> {
    Ok(loaders::one::<N>(ctx, id).await?.map(Into::into))
}

async fn node(ctx: &Context<'_>, id: &ID) -> Result<Option<Node>> {
    let Some((noun, uuid)) = parse_any(id) else {
        return Err(bad_input(format!("'{}' is no id that was given out here", short(id))));
    };
    match noun.as_str() {
        Opportunity::NAME => load::<Opportunity>(ctx, uuid).await,
        Account::NAME => load::<Account>(ctx, uuid).await,
        Contact::NAME => load::<Contact>(ctx, uuid).await,
        Lead::NAME => load::<Lead>(ctx, uuid).await,
        Rep::NAME => load::<Rep>(ctx, uuid).await,
        Campaign::NAME => load::<Campaign>(ctx, uuid).await,
        Product::NAME => load::<Product>(ctx, uuid).await,
        Region::NAME => load::<Region>(ctx, uuid).await,
        Segment::NAME => load::<Segment>(ctx, uuid).await,
        OpportunityReview::NAME => load::<OpportunityReview>(ctx, uuid).await,
        Stage::NAME => load::<Stage>(ctx, uuid).await,
        Touchpoint::NAME => load::<Touchpoint>(ctx, uuid).await,
        Target::NAME => load::<Target>(ctx, uuid).await,
        Forecast::NAME => load::<Forecast>(ctx, uuid).await,
        ForecastAdjustment::NAME => load::<ForecastAdjustment>(ctx, uuid).await,
        AttributionRun::NAME => load::<AttributionRun>(ctx, uuid).await,
        _ => Err(bad_input(format!("'{}' is no id that was given out here", short(id)))),
    }
}

/// Reading anything by its id.
#[derive(Default)]
pub struct NodeQuery;

#[Object]
impl NodeQuery {
    /// The object with this id; null where there is none.
    async fn node(&self, ctx: &Context<'_>, #[graphql(desc = "An id that this API gave out.")] id: ID) -> Result<Option<Node>> {
        node(ctx, &id).await
    }

    /// The objects with these ids, in the same order; null where there is none.
    #[graphql(complexity = "ids.len().min(MOST_IDS) * child_complexity + 1")]
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Ids that this API gave out; at most 100.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<Node>>> {
        if ids.len() > MOST_IDS {
            return Err(bad_input(format!("{} ids were asked for: at most {MOST_IDS} go in one request", ids.len())));
        }
        futures_util::future::try_join_all(ids.iter().map(|id| node(ctx, id))).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_comes_back_as_it_went_out_and_only_for_its_own_noun() {
        let uuid = Uuid::from_u128(7);
        let id = global_id("Account", uuid);
        assert_eq!(parse_any(&id), Some(("Account".to_owned(), uuid)));
        assert!(parse_id("Account", &id).is_ok());
        assert!(parse_id("Contact", &id).is_err());
    }

    #[test]
    fn forged_ids_are_none_of_ours() {
        for text in ["", "QWNjb3VudDo", "!!!", "QWNjb3VudDp7MDAwMDAwMDB9", "é"] {
            assert_eq!(parse_any(&ID(text.to_owned())), None, "{text}");
        }
    }
}
