//! Reading rows by noun: pages, pages for many parents, counts, and batches by id. Each is one statement.

use super::App;
use crate::storage::StorageError;
pub use crate::storage::rows::{
    AccountColumn, AdjustmentColumn, CampaignColumn, Column, ContactColumn, ContactRoleColumn, CreditColumn, ExchangeRateColumn,
    Filter, ForecastColumn, Found, Key, Kind, LeadColumn, LineColumn, NamedColumn, OpportunityColumn, OpportunityState, Order,
    Page, ProductColumn, Record, RepColumn, ReviewColumn, RunColumn, SplitColumn, StageColumn, TargetColumn, TenureColumn, Test,
    TouchpointColumn, Value, VersionColumn, Window,
};
use pipewright_core::rep::Role;
use pipewright_core::viewer::Viewer;
use std::collections::HashMap;
use uuid::Uuid;

/// One page of a noun.
///
/// # Errors
/// The database failed.
pub async fn page<R: Record>(
    app: &App,
    viewer: &Viewer,
    filter: &Filter<R::Column>,
    order: Order<R::Column>,
    window: &Window,
) -> Result<Page<R>, StorageError> {
    app.storage.page(viewer.scope(), filter, order, window).await
}

/// The same page of each of these parents; a parent without rows is left out.
///
/// # Errors
/// The database failed.
pub async fn pages_by<R: Record>(
    app: &App,
    viewer: &Viewer,
    parent: R::Column,
    parents: &[Uuid],
    filter: &Filter<R::Column>,
    order: Order<R::Column>,
    window: &Window,
) -> Result<HashMap<Uuid, Page<R>>, StorageError> {
    app.storage.pages_by(viewer.scope(), parent, parents, filter, order, window).await
}

/// How many rows fit.
///
/// # Errors
/// The database failed.
pub async fn count<R: Record>(app: &App, viewer: &Viewer, filter: &Filter<R::Column>) -> Result<i64, StorageError> {
    app.storage.count::<R>(viewer.scope(), filter).await
}

/// How many rows fit for each of these parents; a parent without rows is left out.
///
/// # Errors
/// The database failed.
pub async fn counts_by<R: Record>(
    app: &App,
    viewer: &Viewer,
    parent: R::Column,
    parents: &[Uuid],
    filter: &Filter<R::Column>,
) -> Result<HashMap<Uuid, i64>, StorageError> {
    app.storage.counts_by::<R>(viewer.scope(), parent, parents, filter).await
}

/// The rows with these ids; those that the viewer may not learn of are left out like those that do not exist.
///
/// # Errors
/// The database failed.
pub async fn by_ids<R: Record>(app: &App, viewer: &Viewer, ids: &[Uuid]) -> Result<HashMap<Uuid, R>, StorageError> {
    app.storage.by_ids(viewer.scope(), ids).await
}

/// How many active reps hold each selling role now; roles that nobody holds count 0. In order of the roles' codes.
///
/// # Errors
/// The database failed.
pub async fn head_counts(app: &App, viewer: &Viewer) -> Result<[i64; 5], StorageError> {
    let counted = app.storage.head_counts(viewer.scope(), app.clock.now()).await?;
    let mut heads = [0; 5];
    for (role, count) in counted {
        let place = Role::ALL.iter().position(|own| *own == role).expect("every role is in the list of all");
        heads[place] = count;
    }
    Ok(heads)
}
