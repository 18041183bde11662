//! Connections: pages of rows with cursors, forward and backward, at the root and below an object.

use super::filter::{self, FilterInput};
use super::loaders::{self, Answer, Ask, Question};
use crate::app::rows;
use crate::storage::StorageError;
use async_graphql::{Context, Error, Object, OutputType, Result, TypeName};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::BoxFuture;
use rows::{Column, Filter, Found, Key, Order, Page, Record, Window};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::borrow::Cow;
use std::sync::Arc;
use uuid::Uuid;

/// Rows of a page where a query names no size.
pub const DEFAULT: i32 = 50;
/// Rows of a page at most.
pub const MOST: i32 = 500;
/// Rows of a page below an object where a query names no size.
pub const NESTED_DEFAULT: i32 = 20;
/// Rows of a page below an object at most.
pub const NESTED_MOST: i32 = 100;

/// An error of the caller's making.
pub fn bad_input(message: impl Into<String>) -> Error {
    super::error::broken(super::error::Code::BadUserInput, message)
}

/// The database failed: one opaque error, logged with its chain.
pub fn failed(error: impl Into<Arc<StorageError>>) -> Error {
    super::error::failure(error.into().as_ref())
}

/// What can stand in a connection.
pub trait Listed: OutputType + Sized + 'static {
    /// The type's name, which its ids carry and its connections and edges are named after.
    const NAME: &'static str;
}

/// A noun of the schema over a noun of the database.
pub trait Noun: Listed {
    /// What it is read from.
    type Record: Record;
    /// How it is ordered where a query does not say.
    const ORDER: Order<<Self::Record as Record>::Column>;
    /// The noun over its row.
    fn wrap(record: Self::Record) -> Self;
}

/// What a noun is filtered and ordered by.
pub type ColumnOf<N> = <<N as Noun>::Record as Record>::Column;

/// The four arguments of a connection.
#[derive(Debug, Clone, Default)]
pub struct Paging {
    /// How many from the start.
    pub first: Option<i32>,
    /// Behind this cursor.
    pub after: Option<String>,
    /// How many from the end.
    pub last: Option<i32>,
    /// Before this cursor.
    pub before: Option<String>,
}

/// The page size that a root connection's cost is multiplied by. A size that will be refused counts as the largest.
pub fn cost(first: Option<i32>, last: Option<i32>) -> usize {
    size_of(first, last, DEFAULT, MOST)
}

/// The page size that the cost of a connection below an object is multiplied by.
pub fn nested_cost(first: Option<i32>, last: Option<i32>) -> usize {
    size_of(first, last, NESTED_DEFAULT, NESTED_MOST)
}

fn size_of(first: Option<i32>, last: Option<i32>, default: i32, most: i32) -> usize {
    usize::try_from(first.max(last).unwrap_or(default).clamp(1, most)).expect("page sizes are positive")
}

impl Paging {
    /// How many rows, and whether from the end.
    fn size(&self, default: i32, most: i32) -> Result<(u64, bool)> {
        let (size, backward) = match (self.first, self.last) {
            (Some(_), Some(_)) => return Err(bad_input("'first' and 'last' do not go together: name one of them")),
            (Some(first), None) => (first, false),
            (None, Some(last)) => (last, true),
            (None, None) => (default, false),
        };
        match u64::try_from(size) {
            Ok(size) if size <= u64::try_from(most).expect("page sizes are positive") => Ok((size, backward)),
            _ => Err(bad_input(format!("a page of {size} was asked for: a page here has 0 to {most}"))),
        }
    }

    fn window<R: Record>(&self, order: Order<R::Column>, default: i32, most: i32) -> Result<Window> {
        let (size, backward) = self.size(default, most)?;
        let key = |cursor: &Option<String>| cursor.as_deref().map(|cursor| read_cursor::<R>(cursor, order)).transpose();
        Ok(Window { size, backward, after: key(&self.after)?, before: key(&self.before)? })
    }
}

fn bytes(cursor: &str) -> Result<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(cursor).map_err(|_| bad_input("a cursor was not given out here"))
}

fn read_cursor<R: Record>(cursor: &str, order: Order<R::Column>) -> Result<Key> {
    Key::decode(&bytes(cursor)?, R::NOUN, order, R::OWN.1).map_err(|error| bad_input(error.to_string()))
}

type Count = Box<dyn for<'c> Fn(&'c Context<'_>) -> BoxFuture<'c, Result<i64>> + Send + Sync>;

/// How many there are, whatever the page.
enum Total {
    Known(usize),
    /// Counted only when asked for.
    Counted(Count),
}

/// A page of objects, with cursors to read on from.
pub struct Connection<N: Listed> {
    edges: Vec<Edge<N>>,
    has_next: bool,
    has_previous: bool,
    total: Total,
}

impl<N: Listed> Connection<N> {
    fn of_rows<R: Record>(page: Page<R>, window: &Window, order: Order<R::Column>, wrap: impl Fn(R) -> N, total: Count) -> Self {
        let edge = |found: Found<R>| {
            let cursor = URL_SAFE_NO_PAD.encode(found.key.encode(R::NOUN, order));
            Edge { node: wrap(found.record), cursor }
        };
        // A cursor stands for a row, so on its side of the page there was something.
        let (has_next, has_previous) =
            if window.backward { (window.before.is_some(), page.more) } else { (page.more, window.after.is_some()) };
        Self { edges: page.rows.into_iter().map(edge).collect(), has_next, has_previous, total: Total::Counted(total) }
    }
}

/// A page of a list that is whole in memory, in order of its items' places. A cursor holds the place of its item, so that
/// reading on stays true while items come and go; `list` keeps the cursors of different lists apart.
///
/// # Errors
/// The arguments cannot be.
pub fn of_list<T, P: Ord + Serialize + DeserializeOwned, N: Listed>(
    items: &[T],
    list: &'static str,
    place: impl Fn(&T) -> P,
    wrap: impl Fn(&T) -> N,
    paging: &Paging,
    (default, most): (i32, i32),
) -> Result<Connection<N>> {
    let (size, backward) = paging.size(default, most)?;
    let size = usize::try_from(size).expect("page sizes are at most 500");
    let read = |cursor: &Option<String>| cursor.as_deref().map(|cursor| read_place::<P>(cursor, list)).transpose();
    let (after, before) = (read(&paging.after)?, read(&paging.before)?);
    let start = after.as_ref().map_or(0, |after| items.partition_point(|item| place(item) <= *after));
    let end = before.as_ref().map_or(items.len(), |before| items.partition_point(|item| place(item) < *before)).max(start);
    let (from, to) = if backward { (end.saturating_sub(size).max(start), end) } else { (start, end.min(start + size)) };
    let edge = |item: &T| {
        let cursor = serde_json::to_vec(&(list, place(item))).expect("a place is a plain value");
        Edge { node: wrap(item), cursor: URL_SAFE_NO_PAD.encode(cursor) }
    };
    Ok(Connection {
        edges: items[from..to].iter().map(edge).collect(),
        has_next: if backward { before.is_some() } else { to < end },
        has_previous: if backward { from > start } else { after.is_some() },
        total: Total::Known(items.len()),
    })
}

fn read_place<P: DeserializeOwned>(cursor: &str, list: &str) -> Result<P> {
    let wrong = || bad_input("the cursor belongs to another list or another order");
    let (own, place): (String, P) = serde_json::from_slice(&bytes(cursor)?).map_err(|_| wrong())?;
    if own == list { Ok(place) } else { Err(wrong()) }
}

/// An object and its place in the list.
pub struct Edge<N: Listed> {
    node: N,
    cursor: String,
}

impl<N: Listed> TypeName for Edge<N> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", N::NAME).into()
    }
}

/// An object and its place in the list.
#[Object(name_type)]
impl<N: Listed> Edge<N> {
    /// The object.
    async fn node(&self) -> &N {
        &self.node
    }

    /// Its place, opaque: for `after` and `before`, with the same order.
    async fn cursor(&self) -> &str {
        &self.cursor
    }
}

/// What lies beyond a page.
#[derive(async_graphql::SimpleObject)]
pub struct PageInfo {
    /// Whether objects follow this page. Read backward, whether a `before` was given.
    pub has_next_page: bool,
    /// Whether objects precede this page. Read forward, whether an `after` was given.
    pub has_previous_page: bool,
    /// The first edge's cursor; null where the page is empty.
    pub start_cursor: Option<String>,
    /// The last edge's cursor; null where the page is empty.
    pub end_cursor: Option<String>,
}

impl<N: Listed> TypeName for Connection<N> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", N::NAME).into()
    }
}

/// A page of objects, with cursors to read on from. Reading on stays true while rows come and go.
#[Object(name_type)]
impl<N: Listed> Connection<N> {
    /// The objects with their cursors, in the order asked for.
    #[graphql(complexity = "child_complexity + 1")]
    async fn edges(&self) -> &[Edge<N>] {
        &self.edges
    }

    /// The objects alone, in the order asked for.
    #[graphql(complexity = "child_complexity + 1")]
    async fn nodes(&self) -> Vec<&N> {
        self.edges.iter().map(|edge| &edge.node).collect()
    }

    /// What lies beyond the page.
    async fn page_info(&self) -> PageInfo {
        PageInfo {
            has_next_page: self.has_next,
            has_previous_page: self.has_previous,
            start_cursor: self.edges.first().map(|edge| edge.cursor.clone()),
            end_cursor: self.edges.last().map(|edge| edge.cursor.clone()),
        }
    }

    /// How many objects fit, whatever the page. Counted only when asked for; it can cost more than the page.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<i32> {
        let total = match &self.total {
            Total::Known(count) => i64::try_from(*count).unwrap_or(i64::MAX),
            Total::Counted(count) => count(ctx).await?,
        };
        Ok(i32::try_from(total).unwrap_or(i32::MAX))
    }
}

/// A page of all objects of a noun.
///
/// # Errors
/// The arguments cannot be, or the database failed.
pub async fn root<N: Noun>(
    ctx: &Context<'_>,
    filter: Option<impl FilterInput<ColumnOf<N>>>,
    order: Option<impl Into<Order<ColumnOf<N>>>>,
    paging: Paging,
) -> Result<Connection<N>> {
    let filter = filter::read(ctx, filter)?;
    let order = order.map_or(N::ORDER, Into::into);
    let window = paging.window::<N::Record>(order, DEFAULT, MOST)?;
    let page = rows::page(super::app(ctx), super::caller(ctx), &filter, order, &window).await.map_err(failed)?;
    let count: Count = Box::new(move |ctx| {
        let filter = filter.clone();
        Box::pin(async move { rows::count::<N::Record>(super::app(ctx), super::caller(ctx), &filter).await.map_err(failed) })
    });
    Ok(Connection::of_rows(page, &window, order, N::wrap, count))
}

/// A page of the objects that belong to one, batched over all parents of the request.
///
/// # Errors
/// The arguments cannot be, or the database failed.
pub async fn nested<N: Noun>(
    ctx: &Context<'_>,
    column: ColumnOf<N>,
    parent: Uuid,
    filter: Option<impl FilterInput<ColumnOf<N>>>,
    order: Option<impl Into<Order<ColumnOf<N>>>>,
    paging: Paging,
) -> Result<Connection<N>> {
    let filter = filter::read(ctx, filter)?;
    let below = Below { column, parent, filter, order: order.map_or(N::ORDER, Into::into) };
    below.page(ctx, paging, N::wrap).await
}

/// Which rows belong to an object, and in which order.
pub struct Below<C> {
    /// The column that names the object.
    pub column: C,
    /// The object.
    pub parent: Uuid,
    /// Which of its rows.
    pub filter: Filter<C>,
    /// In which order.
    pub order: Order<C>,
}

impl<C: Column> Below<C> {
    /// A page of them, batched over all parents of the request.
    ///
    /// # Errors
    /// The arguments cannot be, or the database failed.
    pub async fn page<R: Record<Column = C>, N: Listed>(
        self,
        ctx: &Context<'_>,
        paging: Paging,
        wrap: impl Fn(R) -> N,
    ) -> Result<Connection<N>> {
        let Self { column, parent, filter, order } = self;
        let window = paging.window::<R>(order, NESTED_DEFAULT, NESTED_MOST)?;
        let question = Question { column, filter: filter.clone(), order, window: Some(window.clone()) };
        let page = match loaders::of_parent::<R>(ctx, Ask { parent, question: Arc::new(question) }).await? {
            Some(Answer::Page(page)) => page,
            _ => Page { rows: Vec::new(), more: false },
        };
        let count: Count = Box::new(move |ctx| {
            let question = Question { column, filter: filter.clone(), order, window: None };
            Box::pin(async move {
                match loaders::of_parent::<R>(ctx, Ask { parent, question: Arc::new(question) }).await? {
                    Some(Answer::Count(count)) => Ok(count),
                    _ => Ok(0),
                }
            })
        });
        Ok(Connection::of_rows(page, &window, order, wrap, count))
    }
}

/// A page without rows, for an object that can have none.
pub fn nothing<N: Listed>() -> Connection<N> {
    Connection { edges: Vec::new(), has_next: false, has_previous: false, total: Total::Known(0) }
}
