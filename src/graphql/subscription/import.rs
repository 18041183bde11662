//! Watching an import.

use crate::app::live::progress::import_progress;
use crate::graphql::error::{Code, broken};
use crate::graphql::import_job::ImportJob;
use crate::graphql::node::parse_id;
use crate::graphql::page::failed;
use crate::graphql::{app, caller};
use async_graphql::{Context, ID, Result, Subscription};
use futures_util::{Stream, StreamExt};

/// Imports, watched.
#[derive(Default)]
pub struct ImportSubscription;

#[Subscription]
impl ImportSubscription {
    /// How far an import came: at once, and again whenever it moved, whichever process works at it. It is complete when the
    /// import has ended, well or not.
    #[graphql(complexity = "child_complexity + 10")]
    async fn import_progress(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which import, as `importJobs` names it.")] job: ID,
    ) -> Result<impl Stream<Item = ImportJob>> {
        let id = parse_id(ImportJob::NAME, &job)?;
        let watched = import_progress(app(ctx), caller(ctx), id).await.map_err(failed)?;
        let watched = watched.ok_or_else(|| broken(Code::NotFound, "there is no import of this id: importJobs lists them"))?;
        Ok(super::each(watched).map(ImportJob))
    }
}
