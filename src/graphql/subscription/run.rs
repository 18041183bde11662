//! Watching an attribution run.

use crate::app::live::progress::run_progress;
use crate::graphql::error::{Code, broken};
use crate::graphql::node::parse_id;
use crate::graphql::page::{Listed, failed};
use crate::graphql::run::AttributionRun;
use crate::graphql::{app, caller};
use async_graphql::{Context, ID, Result, Subscription};
use futures_util::{Stream, StreamExt};

/// Attribution runs, watched.
#[derive(Default)]
pub struct RunSubscription;

#[Subscription]
impl RunSubscription {
    /// How far an attribution run came: at once, and again whenever it moved, whichever server works at it. It is complete when
    /// the run has ended, well or not.
    #[graphql(complexity = "child_complexity + 10")]
    async fn attribution_run_progress(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which run, as `attributionRuns` names it.")] run: ID,
    ) -> Result<impl Stream<Item = AttributionRun>> {
        let id = parse_id(AttributionRun::NAME, &run)?;
        let watched = run_progress(app(ctx), caller(ctx), id).await.map_err(failed)?;
        let watched = watched.ok_or_else(|| broken(Code::NotFound, "there is no run of this id: attributionRuns lists them"))?;
        Ok(super::each(watched).map(AttributionRun))
    }
}
