//! Watching opportunities.

use crate::app::live::opportunity::{Told, changed};
use crate::graphql::filter;
use crate::graphql::node::global_id;
use crate::graphql::opportunity::{Opportunity, OpportunityFilter};
use crate::graphql::page::{bad_input, failed};
use crate::graphql::scalars::Change;
use crate::graphql::{app, caller};
use async_graphql::{Context, ID, Result, SimpleObject, Subscription};
use futures_util::{Stream, stream};

/// An opportunity that changed.
#[derive(SimpleObject)]
pub struct OpportunityChange {
    /// Which: the opportunity's id.
    pub id: ID,
    /// The opportunity as it stands. Null where it fitted the filter and does no more, or was deleted: take it off the list.
    pub opportunity: Option<Opportunity>,
    /// Every change up to this one was told, this message included: after a broken connection, pass it as `after` to miss
    /// nothing. Of several messages about changes that were looked at together only the last moves it on.
    pub data_version: Change,
}

impl From<Told> for OpportunityChange {
    fn from(told: Told) -> Self {
        Self {
            id: global_id("Opportunity", told.change.id.0),
            opportunity: told.change.state.map(Opportunity),
            data_version: Change(told.version),
        }
    }
}

/// Opportunities, watched.
#[derive(Default)]
pub struct OpportunitySubscription;

#[Subscription]
impl OpportunitySubscription {
    /// Each opportunity that fits and changes, itself, its contacts' parts, its splits or its reviews, and each that fitted and
    /// does no more. Nothing is told at first: to miss nothing, pass the data version of an answer as `after`. One that changes again
    /// before it is told is told once, as it stands by then.
    #[graphql(complexity = "child_complexity + 10")]
    async fn opportunity_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which opportunities are watched. Absent or null: all.")] filter: Option<OpportunityFilter>,
        #[graphql(desc = "Changes after this one are told. Absent or null: those from now on.")] after: Option<Change>,
    ) -> Result<impl Stream<Item = Result<OpportunityChange>>> {
        let filter = filter::read(ctx, filter)?;
        let (app, after) = (app(ctx), after.map(|change| change.0));
        let last = app.resident.snapshot().data_version();
        if let Some(after) = after.filter(|after| *after > last) {
            let text = format!("'after': data version {} does not exist yet: the last is {}", after.0, last.0);
            return Err(bad_input(text));
        }
        let watching = changed(app, caller(ctx), filter, after);
        Ok(stream::unfold(Some(watching), |watching| async move {
            let mut watching = watching?;
            match watching.next().await {
                Ok(told) => Some((Ok(told.into()), Some(watching))),
                Err(error) => Some((Err(failed(error)), None)),
            }
        }))
    }
}
