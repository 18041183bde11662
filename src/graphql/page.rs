//! Connections: pages of rows with cursors, forward and backward, at the root and below an object.

use super::filter::{self, FilterInput};
use super::loaders::{self, Answer, Ask, Question};
use crate::app::{App, rows};
use crate::storage::StorageError;
use async_graphql::{Context, Error, Object, OutputType, Result, TypeName};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pipewright_core::viewer::Viewer;
use rows::{Filter, Found, Key, Order, Page, Record, Window};
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
pub fn failed(_ctx: &Context<'_>, error: impl Into<Arc<StorageError>>) -> Error {
    super::error::failure(error.into().as_ref())
}

/// A noun of the schema over a noun of the database.
pub trait Noun: OutputType + Sized + 'static {
    /// What it is read from.
    type Record: Record;
    /// The type's name, which its ids carry.
    const NAME: &'static str;
    /// How it is ordered where a query does not say.
    const ORDER: Order<ColumnOf<Self>>;
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

/// The page size that a connection's cost is multiplied by.
pub fn cost(first: Option<i32>, last: Option<i32>, default: i32) -> usize {
    usize::try_from(first.or(last).unwrap_or(default)).unwrap_or(1).max(1)
}

impl Paging {
    fn window<N: Noun>(&self, order: Order<ColumnOf<N>>, default: i32, most: i32) -> Result<Window> {
        let (size, backward) = match (self.first, self.last) {
            (Some(_), Some(_)) => return Err(bad_input("'first' and 'last' do not go together: name one of them")),
            (Some(first), None) => (first, false),
            (None, Some(last)) => (last, true),
            (None, None) => (default, false),
        };
        let size = u64::try_from(size).ok().filter(|size| *size <= u64::try_from(most).expect("page sizes are positive"));
        let size = size.ok_or_else(|| bad_input(format!("a page here has 0 to {most} rows")))?;
        let key = |cursor: &Option<String>| cursor.as_deref().map(|cursor| read_cursor::<N>(cursor, order)).transpose();
        Ok(Window { size, backward, after: key(&self.after)?, before: key(&self.before)? })
    }
}

fn cursor<N: Noun>(key: &Key, order: Order<ColumnOf<N>>) -> String {
    URL_SAFE_NO_PAD.encode(key.encode(N::Record::NOUN, order))
}

fn read_cursor<N: Noun>(cursor: &str, order: Order<ColumnOf<N>>) -> Result<Key> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| bad_input("a cursor was not given out here"))?;
    Key::decode(&bytes, N::Record::NOUN, order, N::Record::OWN.1).map_err(|error| bad_input(error.to_string()))
}

/// Below which object a connection hangs.
#[derive(Clone, Copy)]
struct Parent<C> {
    column: C,
    id: Uuid,
}

/// A page of objects, with cursors to read on from.
pub struct Connection<N: Noun> {
    rows: Vec<Found<N::Record>>,
    order: Order<ColumnOf<N>>,
    has_next: bool,
    has_previous: bool,
    filter: Filter<ColumnOf<N>>,
    parent: Option<Parent<ColumnOf<N>>>,
}

impl<N: Noun> Connection<N> {
    fn new(
        page: Page<N::Record>,
        window: &Window,
        order: Order<ColumnOf<N>>,
        filter: Filter<ColumnOf<N>>,
        parent: Option<Parent<ColumnOf<N>>>,
    ) -> Self {
        // A cursor stands for a row, so on its side of the page there was something.
        let (has_next, has_previous) =
            if window.backward { (window.before.is_some(), page.more) } else { (page.more, window.after.is_some()) };
        Self { rows: page.rows, order, has_next, has_previous, filter, parent }
    }
}

/// An object and its place in the list.
pub struct Edge<N: Noun> {
    node: N::Record,
    cursor: String,
}

impl<N: Noun> TypeName for Edge<N> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", N::NAME).into()
    }
}

/// An object and its place in the list.
#[Object(name_type)]
impl<N: Noun> Edge<N> {
    /// The object.
    async fn node(&self) -> N {
        N::wrap(self.node.clone())
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

impl<N: Noun> TypeName for Connection<N> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", N::NAME).into()
    }
}

/// A page of objects, with cursors to read on from. Reading on stays true while rows come and go.
#[Object(name_type)]
impl<N: Noun> Connection<N> {
    /// The objects with their cursors, in the order asked for.
    #[graphql(complexity = "child_complexity + 1")]
    async fn edges(&self) -> Vec<Edge<N>> {
        let edge = |found: &Found<N::Record>| Edge { node: found.record.clone(), cursor: cursor::<N>(&found.key, self.order) };
        self.rows.iter().map(edge).collect()
    }

    /// The objects alone, in the order asked for.
    #[graphql(complexity = "child_complexity + 1")]
    async fn nodes(&self) -> Vec<N> {
        self.rows.iter().map(|found| N::wrap(found.record.clone())).collect()
    }

    /// What lies beyond the page.
    async fn page_info(&self) -> PageInfo {
        let cursor = |found: &Found<N::Record>| cursor::<N>(&found.key, self.order);
        PageInfo {
            has_next_page: self.has_next,
            has_previous_page: self.has_previous,
            start_cursor: self.rows.first().map(cursor),
            end_cursor: self.rows.last().map(cursor),
        }
    }

    /// How many objects fit, whatever the page. Counted only when asked for; it can cost more than the page.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<i32> {
        let total = match self.parent {
            None => {
                let (app, viewer) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Viewer>());
                rows::count::<N::Record>(app, viewer, &self.filter).await.map_err(|error| failed(ctx, error))?
            }
            Some(Parent { column, id }) => {
                let question = Question { column, filter: self.filter.clone(), order: self.order, window: None };
                match loaders::of_parent::<N::Record>(ctx, Ask { parent: id, question: Arc::new(question) }).await? {
                    Some(Answer::Count(count)) => count,
                    _ => 0,
                }
            }
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
    let filter = filter::read(filter)?;
    let order = order.map_or(N::ORDER, Into::into);
    let window = paging.window::<N>(order, DEFAULT, MOST)?;
    let (app, viewer) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Viewer>());
    let page = rows::page(app, viewer, &filter, order, &window).await.map_err(|error| failed(ctx, error))?;
    Ok(Connection::new(page, &window, order, filter, None))
}

/// A page of the objects that belong to one, batched over all parents of the request.
///
/// # Errors
/// The arguments cannot be, or the database failed.
pub async fn nested<N: Noun>(
    ctx: &Context<'_>,
    column: ColumnOf<N>,
    id: Uuid,
    filter: Filter<ColumnOf<N>>,
    order: Option<impl Into<Order<ColumnOf<N>>>>,
    paging: Paging,
) -> Result<Connection<N>> {
    let order = order.map_or(N::ORDER, Into::into);
    let window = paging.window::<N>(order, NESTED_DEFAULT, NESTED_MOST)?;
    let question = Question { column, filter: filter.clone(), order, window: Some(window.clone()) };
    let page = match loaders::of_parent::<N::Record>(ctx, Ask { parent: id, question: Arc::new(question) }).await? {
        Some(Answer::Page(page)) => page,
        _ => Page { rows: Vec::new(), more: false },
    };
    Ok(Connection::new(page, &window, order, filter, Some(Parent { column, id })))
}

/// Declares a noun's root fields: the connection and, by id, the one.
macro_rules! roots {
    ($(#[$doc:meta])* $query:ident { $(#[$many_doc:meta])* $many:ident, $(#[$one_doc:meta])* $one:ident: $noun:ident by $filter:ident, $order:ident }) => {
        $(#[$doc])*
        #[derive(Default)]
        pub struct $query;

        #[async_graphql::Object]
        impl $query {
            $(#[$many_doc])*
            #[graphql(complexity = "crate::graphql::page::cost(first, last, crate::graphql::page::DEFAULT) * child_complexity + 1")]
            #[allow(clippy::too_many_arguments)]
            async fn $many(
                &self,
                ctx: &async_graphql::Context<'_>,
                #[graphql(desc = "Which; all where absent.")] filter: Option<$filter>,
                #[graphql(desc = "In which order.")] order_by: Option<$order>,
                #[graphql(desc = "How many from the start, 0 to 500; 50 where neither `first` nor `last` is given.")] first: Option<i32>,
                #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
                #[graphql(desc = "How many from the end, 0 to 500; not together with `first`.")] last: Option<i32>,
                #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
            ) -> async_graphql::Result<crate::graphql::page::Connection<$noun>> {
                let paging = crate::graphql::page::Paging { first, after, last, before };
                crate::graphql::page::root::<$noun>(ctx, filter, order_by, paging).await
            }

            $(#[$one_doc])*
            async fn $one(
                &self,
                ctx: &async_graphql::Context<'_>,
                #[graphql(desc = "Its id.")] id: async_graphql::ID,
            ) -> async_graphql::Result<Option<$noun>> {
                let id = crate::graphql::node::parse_id(<$noun as crate::graphql::page::Noun>::NAME, &id)?;
                crate::graphql::loaders::one::<$noun>(ctx, id).await
            }
        }
    };
}

/// Declares that a type is the noun over a row.
macro_rules! noun {
    ($noun:ident over $record:ty, $name:literal, by $column:expr, descending $descending:literal) => {
        impl crate::graphql::page::Noun for $noun {
            type Record = $record;
            const NAME: &'static str = $name;
            const ORDER: crate::app::rows::Order<crate::graphql::page::ColumnOf<Self>> =
                crate::app::rows::Order { column: $column, descending: $descending };
            fn wrap(record: $record) -> Self {
                Self(record)
            }
        }
    };
}

pub(super) use {noun, roots};
