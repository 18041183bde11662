//! How campaigns and roles perform.

use super::App;
use super::numbers::{Answered, Asked, Ground, NumberError, compute};
use chrono::{DateTime, Utc};
use pipewright_core::calendar::Period;
use pipewright_core::campaigns::{self, CampaignPerformance, CampaignQuery, CampaignsBy};
use pipewright_core::roles::{self, RolePerformance, RoleQuery};
use pipewright_core::viewer::Viewer;
use std::sync::Arc;

/// An answer, with the gaps of its request filled.
pub struct Performed<T> {
    /// For which period.
    pub period: Period,
    /// As known when.
    pub as_of: DateTime<Utc>,
    /// The answer, and the snapshot that names its rows.
    pub answered: Answered<T>,
}

/// What campaigns or channels cost and brought. `asked.by` is empty.
///
/// # Errors
/// The request names what does not exist, or the model failed.
pub async fn campaigns(
    app: &App,
    viewer: &Viewer,
    asked: Asked,
    by: CampaignsBy,
) -> Result<Performed<CampaignPerformance>, NumberError> {
    let Ground { snapshot, period, as_of, model } = Ground::of(app, &asked, 0, 0)?;
    let query = CampaignQuery { period, as_of, data_version: asked.data_version, filter: asked.filter, by };
    let scope = viewer.scope().clone();
    let models = app.models.clone();
    let place = app.capacity.enter().await.ok_or(NumberError::Busy)?;
    let computed = tokio::task::spawn_blocking(move || {
        let credit = models.model(&model, &snapshot)?;
        let answer = campaigns::campaign_performance(&snapshot, &query, &scope, &credit);
        let answer = models.watch(&model.model, answer)?;
        drop(place);
        Ok::<_, NumberError>(Answered { answer: Arc::new(answer), snapshot })
    });
    Ok(Performed { period, as_of, answered: computed.await.map_err(|error| NumberError::Panicked(Arc::new(error)))?? })
}

/// How the five roles perform. `asked.by` is empty.
///
/// # Errors
/// The request names what does not exist, or the model failed.
pub async fn roles(app: &App, viewer: &Viewer, asked: Asked) -> Result<Performed<RolePerformance>, NumberError> {
    let Ground { snapshot, period, as_of, model } = Ground::of(app, &asked, 0, 0)?;
    let expected = app.config.pipeline.expectations(&app.config.organisation.name);
    let query = RoleQuery { period, as_of, data_version: asked.data_version, filter: asked.filter, expected };
    let scope = viewer.scope().clone();
    let answered =
        compute(app, snapshot, model, move |snapshot, credit| roles::role_performance(snapshot, &query, &scope, credit)).await?;
    Ok(Performed { period, as_of, answered })
}
