//! Declares what every noun has alike: its object with an id and the connections below it, and its root fields.

/// Declares a noun's object: its id, its own fields, the connections to those rows that name it in a column, and those of
/// them that are too few to be filtered.
macro_rules! object {
    (
        $(#[$doc:meta])*
        $object:ident, known by |$own:ident| $id:expr;
        fields { $($fields:tt)* }
        connections { $($(#[$many_doc:meta])* $many:ident: $noun:ident by $filter:ident, $order:ident through $column:expr;)* }
        parts { $($(#[$part_doc:meta])* $part:ident: $part_noun:ident through $part_column:expr;)* }
        $(lines of |$lines_own:ident| $version:expr;)?
        $(key |$key_own:ident| $key:expr;)?
    ) => {
        impl $object {
            fn uuid(&self) -> uuid::Uuid {
                let $own = &self.0;
                $id.0
            }
        }

        $(#[$doc])*
        #[async_graphql::Object]
        impl $object {
            /// Opaque, and unique across all types.
            pub async fn id(&self) -> async_graphql::ID {
                crate::graphql::node::global_id(<Self as crate::graphql::page::Listed>::NAME, self.uuid())
            }

            $($fields)*

            $(
                $(#[$many_doc])*
                #[graphql(complexity = "crate::graphql::page::nested_cost(first, last) * child_complexity + 1")]
                #[allow(clippy::too_many_arguments)]
                async fn $many(
                    &self,
                    ctx: &async_graphql::Context<'_>,
                    #[graphql(desc = "Which; all where absent or null.")] filter: Option<$filter>,
                    #[graphql(desc = "In which order. Absent or null: by name, or by time with the latest first where rows have one.")] order_by: Option<$order>,
                    #[graphql(desc = "How many from the start, 0 to 100; 20 where neither `first` nor `last` is given.")] first: Option<i32>,
                    #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
                    #[graphql(desc = "How many from the end, 0 to 100; not together with `first`.")] last: Option<i32>,
                    #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
                ) -> async_graphql::Result<crate::graphql::page::Connection<$noun>> {
                    let paging = crate::graphql::page::Paging { first, after, last, before };
                    crate::graphql::page::nested::<$noun>(ctx, $column, self.uuid(), filter, order_by, paging).await
                }
            )*

            $(
                $(#[$part_doc])*
                #[graphql(complexity = "crate::graphql::page::nested_cost(first, last) * child_complexity + 1")]
                async fn $part(
                    &self,
                    ctx: &async_graphql::Context<'_>,
                    #[graphql(desc = "How many from the start, 0 to 100; 20 where neither `first` nor `last` is given.")] first: Option<i32>,
                    #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
                    #[graphql(desc = "How many from the end, 0 to 100; not together with `first`.")] last: Option<i32>,
                    #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
                ) -> async_graphql::Result<crate::graphql::page::Connection<$part_noun>> {
                    let below = crate::graphql::page::Below {
                        column: $part_column,
                        parent: self.uuid(),
                        filter: crate::app::rows::Filter::everything(),
                        order: <$part_noun as crate::graphql::page::Noun>::ORDER,
                    };
                    let paging = crate::graphql::page::Paging { first, after, last, before };
                    below.page(ctx, paging, <$part_noun as crate::graphql::page::Noun>::wrap).await
                }
            )*

            $(
                /// The product lines in their order.
                #[graphql(complexity = "crate::graphql::page::nested_cost(first, last) * child_complexity + 1")]
                async fn lines(
                    &self,
                    ctx: &async_graphql::Context<'_>,
                    #[graphql(desc = "How many from the start, 0 to 100; 20 where neither `first` nor `last` is given.")] first: Option<i32>,
                    #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
                    #[graphql(desc = "How many from the end, 0 to 100; not together with `first`.")] last: Option<i32>,
                    #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
                ) -> async_graphql::Result<crate::graphql::page::Connection<crate::graphql::line::OpportunityLine>> {
                    let $lines_own = &self.0;
                    let paging = crate::graphql::page::Paging { first, after, last, before };
                    crate::graphql::line::of(ctx, $version, paging).await
                }
            )?

            $(
                /// For which cell: one value for each dimension it is cut by; none for the total.
                #[graphql(complexity = "crate::graphql::cut::Dimension::COUNT * child_complexity + 1")]
                async fn key(&self, ctx: &async_graphql::Context<'_>) -> Vec<crate::graphql::cut::KeyPart> {
                    let $key_own = &self.0;
                    crate::graphql::cut::key(&crate::graphql::app(ctx).resident.snapshot(), $key)
                }
            )?
        }
    };
}

/// Declares a noun's root fields: the connection and, by id, the one.
macro_rules! roots {
    ($(#[$doc:meta])* $query:ident { $(#[$many_doc:meta])* $many:ident, $($(#[$one_doc:meta])* $one:ident)?: $noun:ident by $filter:ident, $order:ident }) => {
        $(#[$doc])*
        #[derive(Default)]
        pub struct $query;

        #[async_graphql::Object]
        impl $query {
            $(#[$many_doc])*
            #[graphql(complexity = "crate::graphql::page::cost(first, last) * child_complexity + 1")]
            #[allow(clippy::too_many_arguments)]
            async fn $many(
                &self,
                ctx: &async_graphql::Context<'_>,
                #[graphql(desc = "Which; all where absent or null.")] filter: Option<$filter>,
                #[graphql(desc = "In which order. Absent or null: by name, or by time with the latest first where rows have one.")] order_by: Option<$order>,
                #[graphql(desc = "How many from the start, 0 to 500; 50 where neither `first` nor `last` is given.")] first: Option<i32>,
                #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
                #[graphql(desc = "How many from the end, 0 to 500; not together with `first`.")] last: Option<i32>,
                #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
            ) -> async_graphql::Result<crate::graphql::page::Connection<$noun>> {
                let paging = crate::graphql::page::Paging { first, after, last, before };
                crate::graphql::page::root::<$noun>(ctx, filter, order_by, paging).await
            }

            $(
                $(#[$one_doc])*
                async fn $one(
                    &self,
                    ctx: &async_graphql::Context<'_>,
                    #[graphql(desc = "Its id.")] id: async_graphql::ID,
                ) -> async_graphql::Result<Option<$noun>> {
                    let id = crate::graphql::node::parse_id(<$noun as crate::graphql::page::Listed>::NAME, &id)?;
                    crate::graphql::loaders::one::<$noun>(ctx, id).await
                }
            )?
        }
    };
}

/// Declares that a type is the noun over a row.
macro_rules! noun {
    ($noun:ident over $record:ty, $name:literal, by $column:expr, descending $descending:literal) => {
        impl crate::graphql::page::Listed for $noun {
            const NAME: &'static str = $name;
        }

        impl crate::graphql::page::Noun for $noun {
            type Record = $record;
            const ORDER: crate::app::rows::Order<crate::graphql::page::ColumnOf<Self>> =
                crate::app::rows::Order { column: $column, descending: $descending };
            fn wrap(record: $record) -> Self {
                Self(record)
            }
        }
    };
}

pub(super) use {noun, object, roots};
