//! The hygiene of open opportunities, and what managers have to review.

use super::App;
use super::numbers::{Answered, Asked, Ground, NumberError, kept};
use super::work::at_work;
use chrono::{DateTime, NaiveDate, Utc};
use pipewright_core::hygiene::{self, Flag, Hygiene, HygieneBy, HygieneQuery, OpportunityHygiene, ReviewsDue};
use pipewright_core::ids::{OpportunityId, RepId};
use pipewright_core::matrix::FlowItem;
use pipewright_core::viewer::Viewer;
use std::ops::Range;
use std::sync::Arc;

/// How tidy the open opportunities are, by owner, manager or region. `asked.by` is empty, and its period of no account.
///
/// # Errors
/// The request names what does not exist, or the model failed.
pub async fn hygiene(app: &App, viewer: &Viewer, asked: Asked, by: HygieneBy) -> Result<Answered<Hygiene>, NumberError> {
    let ground = Ground::of(app, &asked, 0, 0)?;
    let query = HygieneQuery {
        as_of: ground.as_of,
        data_version: asked.data_version,
        by,
        filter: asked.filter,
        model: ground.model.choice().clone(),
    };
    kept(app, viewer, ground, |answers| &answers.hygienes, query, hygiene::hygiene).await
}

/// The opportunities behind a number of an answer, as [`Hygiene::behind`] has them.
///
/// # Errors
/// Too many computations go and wait already.
pub async fn behind(
    app: &App,
    answer: Arc<Hygiene>,
    row: Option<usize>,
    flag: Option<Flag>,
) -> Result<Vec<FlowItem>, NumberError> {
    at_work(app, move || Ok(answer.behind(row, flag))).await
}

/// The hygiene of each of these opportunities as of an instant; `None` for one that is not open then.
///
/// # Errors
/// Too many computations go and wait already.
pub async fn of_opportunities(
    app: &App,
    viewer: &Viewer,
    opportunities: Vec<OpportunityId>,
    as_of: DateTime<Utc>,
) -> Result<Vec<Option<OpportunityHygiene>>, NumberError> {
    let (snapshot, scope) = (app.resident.snapshot(), viewer.scope().clone());
    at_work(app, move || Ok(hygiene::hygiene_of(&snapshot, &opportunities, as_of, &scope))).await
}

/// What a manager has to review in the week in which a day lies (`None`: today), and the days of the week, the last one
/// exclusive.
///
/// # Errors
/// Too many computations go and wait already.
pub async fn reviews_due(
    app: &App,
    viewer: &Viewer,
    manager: RepId,
    day: Option<NaiveDate>,
) -> Result<(Range<NaiveDate>, ReviewsDue), NumberError> {
    let (snapshot, scope, now) = (app.resident.snapshot(), viewer.scope().clone(), app.clock.now());
    let week = hygiene::week_of(day.unwrap_or_else(|| snapshot.settings().calendar.day_of(now)));
    let days = week.clone();
    let due = at_work(app, move || Ok::<_, NumberError>(hygiene::reviews_due(&snapshot, manager, &days, now, &scope)));
    Ok((week, due.await?))
}
