//! Batches: whatever a page of objects asks of its neighbours is one statement per relation, whatever the page's size.

use super::Schema;
use super::batches::Batches;
use super::page::{Noun, failed};
use crate::app::{App, rows};
use crate::storage::StorageError;
use async_graphql::dataloader::{DataLoader, Loader};
use async_graphql::{Context, Request, Response, Result};
use chrono::{DateTime, Utc};
use futures_util::{Stream, StreamExt, stream};
use pipewright_core::opportunity::{ContactRole, Line, Split, Version};
use pipewright_core::rep::Tenure;
use pipewright_core::viewer::Viewer;
use rows::{Filter, Order, Page, Record, Window};
use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use uuid::Uuid;

/// The instant that all of one answer calls now, so that what it asks of many rows stays one question.
#[derive(Debug)]
pub struct Now(AtomicI64);

impl Now {
    /// That instant.
    pub fn at(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0.load(Ordering::Relaxed)).expect("it came from an instant")
    }

    /// Another answer to the same request begins.
    pub(super) fn begin(&self, at: DateTime<Utc>) {
        self.0.store(at.timestamp_millis(), Ordering::Relaxed);
    }
}

/// Rows by id.
pub struct ById<R> {
    app: App,
    viewer: Viewer,
    noun: PhantomData<fn() -> R>,
}

impl<R: Record> Loader<Uuid> for ById<R> {
    type Value = R;
    type Error = Arc<StorageError>;

    async fn load(&self, ids: &[Uuid]) -> std::result::Result<HashMap<Uuid, R>, Self::Error> {
        rows::by_ids(&self.app, &self.viewer, ids).await.map_err(Arc::new)
    }
}

/// What is asked of one parent; those alike in all but the parent go into one statement.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Ask<C> {
    /// Whose rows.
    pub parent: Uuid,
    /// The rest.
    pub question: Arc<Question<C>>,
}

/// What is asked of every parent alike.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Question<C> {
    /// The column that names the parent.
    pub column: C,
    /// Which of its rows.
    pub filter: Filter<C>,
    /// In which order.
    pub order: Order<C>,
    /// Which run of them; `None`: how many there are.
    pub window: Option<Window>,
}

/// A parent's page or count.
#[derive(Debug, Clone)]
pub enum Answer<R> {
    /// The page.
    Page(Page<R>),
    /// The count.
    Count(i64),
}

/// Pages and counts by parent.
pub struct ByParent<R> {
    app: App,
    viewer: Viewer,
    noun: PhantomData<fn() -> R>,
}

impl<R: Record> Loader<Ask<R::Column>> for ByParent<R> {
    type Value = Answer<R>;
    type Error = Arc<StorageError>;

    async fn load(&self, asks: &[Ask<R::Column>]) -> std::result::Result<HashMap<Ask<R::Column>, Answer<R>>, Self::Error> {
        let mut questions: HashMap<&Arc<Question<R::Column>>, Vec<Uuid>> = HashMap::new();
        for ask in asks {
            questions.entry(&ask.question).or_default().push(ask.parent);
        }
        let mut answers = HashMap::new();
        for (question, parents) in questions {
            let Question { column, filter, order, window } = question.as_ref();
            let ask = |parent| Ask { parent, question: question.clone() };
            match window {
                Some(window) => {
                    let pages = rows::pages_by(&self.app, &self.viewer, *column, &parents, filter, *order, window).await?;
                    answers.extend(pages.into_iter().map(|(parent, page)| (ask(parent), Answer::Page(page))));
                }
                None => {
                    let counts = rows::counts_by::<R>(&self.app, &self.viewer, *column, &parents, filter).await?;
                    answers.extend(counts.into_iter().map(|(parent, count)| (ask(parent), Answer::Count(count))));
                }
            }
        }
        Ok(answers)
    }
}

/// The row of a noun with this id; `None` where there is none for this viewer.
///
/// # Errors
/// The database failed.
pub async fn one<N: Noun>(ctx: &Context<'_>, id: Uuid) -> Result<Option<N>> {
    let loader = ctx.data_unchecked::<DataLoader<ById<N::Record>>>();
    Ok(loader.load_one(id).await.map_err(failed)?.map(N::wrap))
}

/// As [`one`], where the id itself may be missing.
///
/// # Errors
/// The database failed.
pub async fn maybe<N: Noun>(ctx: &Context<'_>, id: Option<Uuid>) -> Result<Option<N>> {
    match id {
        Some(id) => one(ctx, id).await,
        None => Ok(None),
    }
}

/// What is asked of one parent; `None` where it has no rows that fit.
///
/// # Errors
/// The database failed.
pub async fn of_parent<R: Record>(ctx: &Context<'_>, ask: Ask<R::Column>) -> Result<Option<Answer<R>>> {
    let loader = ctx.data_unchecked::<DataLoader<ByParent<R>>>();
    loader.load_one(ask).await.map_err(failed)
}

/// The first rows of a parent in an order: for lists that are short by nature.
///
/// # Errors
/// The database failed.
pub async fn list<R: Record>(
    ctx: &Context<'_>,
    column: R::Column,
    parent: Uuid,
    filter: Filter<R::Column>,
    order: Order<R::Column>,
    size: u64,
) -> Result<Vec<R>> {
    let window = Window { size, backward: false, after: None, before: None };
    let question = Question { column, filter, order, window: Some(window) };
    Ok(match of_parent::<R>(ctx, Ask { parent, question: Arc::new(question) }).await? {
        Some(Answer::Page(page)) => page.rows.into_iter().map(|found| found.record).collect(),
        _ => Vec::new(),
    })
}

/// Answers a request: its resolvers read the viewer, the instant, and loaders that live as long as it does.
pub async fn execute(schema: &Schema, request: Request, app: &App, viewer: &Viewer) -> Response {
    let batches = Batches::default();
    let request = install(request, app, viewer, &batches);
    batches.run(schema.execute(request)).await
}

/// Answers a subscription, once for each that it is told of.
pub fn execute_stream(
    schema: &Schema,
    request: Request,
    app: &App,
    viewer: &Viewer,
) -> impl Stream<Item = Response> + Send + use<> {
    let batches = Batches::default();
    let request = install(request, app, viewer, &batches);
    let answers = schema.execute_stream(request);
    stream::unfold((answers, batches), |(mut answers, batches)| async move {
        let answer = batches.run(answers.next()).await?;
        Some((answer, (answers, batches)))
    })
}

fn install(request: Request, app: &App, viewer: &Viewer, batches: &Batches) -> Request {
    let now = Now(AtomicI64::new(app.clock.now().timestamp_millis()));
    let request = request.data(app.clone()).data(viewer.clone()).data(now);
    let request = super::hygiene::install(request, app, viewer, batches);
    let request = noun::<pipewright_core::party::Account>(request, app, viewer, batches);
    let request = noun::<pipewright_core::party::Contact>(request, app, viewer, batches);
    let request = noun::<pipewright_core::party::Lead>(request, app, viewer, batches);
    let request = noun::<rows::OpportunityState>(request, app, viewer, batches);
    let request = noun::<Version>(request, app, viewer, batches);
    let request = noun::<Line>(request, app, viewer, batches);
    let request = noun::<ContactRole>(request, app, viewer, batches);
    let request = noun::<Split>(request, app, viewer, batches);
    let request = noun::<pipewright_core::rep::Rep>(request, app, viewer, batches);
    let request = noun::<Tenure>(request, app, viewer, batches);
    let request = noun::<pipewright_core::campaign::Campaign>(request, app, viewer, batches);
    let request = noun::<pipewright_core::touchpoint::Touchpoint>(request, app, viewer, batches);
    let request = noun::<pipewright_core::catalog::Product>(request, app, viewer, batches);
    let request = noun::<pipewright_core::catalog::Region>(request, app, viewer, batches);
    let request = noun::<pipewright_core::catalog::Segment>(request, app, viewer, batches);
    let request = noun::<pipewright_core::catalog::Stage>(request, app, viewer, batches);
    let request = noun::<pipewright_core::target::Target>(request, app, viewer, batches);
    let request = noun::<pipewright_core::review::Review>(request, app, viewer, batches);
    let request = noun::<pipewright_core::currency::ExchangeRate>(request, app, viewer, batches);
    let request = noun::<pipewright_core::forecast::Judgement>(request, app, viewer, batches);
    let request = noun::<pipewright_core::forecast::Adjustment>(request, app, viewer, batches);
    let request = noun::<crate::app::runs::RunRow>(request, app, viewer, batches);
    let request = noun::<crate::app::runs::StoredCredit>(request, app, viewer, batches);
    let request = with(request, super::run::TotalsOf { app: app.clone(), viewer: viewer.clone() }, batches);
    let request = with(request, super::run::ReasonsOf { app: app.clone(), viewer: viewer.clone() }, batches);
    with(request, super::run_diff::MovedIn { app: app.clone(), viewer: viewer.clone() }, batches)
}

/// With a loader of one kind of its own.
fn with<L: Send + Sync + 'static>(request: Request, loader: L, batches: &Batches) -> Request {
    let batches = batches.clone();
    request.data(DataLoader::new(loader, move |batch| batches.wait(batch)).delay(Duration::ZERO))
}

fn noun<R: Record>(request: Request, app: &App, viewer: &Viewer, batches: &Batches) -> Request {
    let spawner = || {
        let batches = batches.clone();
        move |batch| batches.wait(batch)
    };
    let by_id = ById::<R> { app: app.clone(), viewer: viewer.clone(), noun: PhantomData };
    let by_parent = ByParent::<R> { app: app.clone(), viewer: viewer.clone(), noun: PhantomData };
    let by_id = DataLoader::new(by_id, spawner()).delay(Duration::ZERO);
    let by_parent = DataLoader::new(by_parent, spawner()).delay(Duration::ZERO);
    request.data(by_id).data(by_parent)
}
