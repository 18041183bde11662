//! How campaigns and roles perform.

use super::App;
use super::numbers::{Answered, Asked, Ground, NumberError, compute};
use super::work::at_work;
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
    let ground = Ground::of(app, &asked, 0, 0)?;
    let (snapshot, period, as_of) = (ground.snapshot.clone(), ground.period, ground.as_of);
    let query = CampaignQuery { period, as_of, data_version: asked.data_version, filter: asked.filter, by };
    let scope = viewer.scope().clone();
    let performed = at_work(app, move || {
        let model = ground.model.ready(&ground.snapshot, ground.data_version)?;
        let answer = campaigns::campaign_performance(&ground.snapshot, &query, &scope, model.credit());
        Ok::<_, NumberError>(model.watch(answer)?)
    });
    Ok(Performed { period, as_of, answered: Answered { answer: Arc::new(performed.await?), snapshot } })
}

/// How the five roles perform. `asked.by` is empty.
///
/// # Errors
/// The request names what does not exist, or the model failed.
pub async fn roles(app: &App, viewer: &Viewer, asked: Asked) -> Result<Performed<RolePerformance>, NumberError> {
    let ground = Ground::of(app, &asked, 0, 0)?;
    let (period, as_of) = (ground.period, ground.as_of);
    let expected = app.config.pipeline.expectations(&app.config.organisation.name);
    let query = RoleQuery { period, as_of, data_version: asked.data_version, filter: asked.filter, expected };
    let scope = viewer.scope().clone();
    let answered =
        compute(app, ground, move |snapshot, credit| roles::role_performance(snapshot, &query, &scope, credit)).await?;
    Ok(Performed { period, as_of, answered })
}
