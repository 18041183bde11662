//! Filter and order inputs, and the tests they stand for.

use super::error::{Code, broken};
use super::loaders::Now;
use super::node::parse_id;
use super::page::bad_input;
use super::rep::Role;
use super::scalars::{Currency, Day, DecimalText, Instant, units};
use crate::app::rows::{Column, Filter, Test, Value};
use async_graphql::{Context, Enum, ID, InputObject, InputType, Result};
use chrono::{DateTime, Utc};

/// How deep `and`, `or` and `not` nest.
const MOST_DEPTH: usize = 8;
/// Conditions in one filter.
const MOST_NODES: usize = 200;
/// Values in one `in`.
const MOST_VALUES: usize = 1_000;
/// Characters of one text.
const MOST_CHARACTERS: usize = 1_000;

/// What is left of a filter's size while it is read, and the instant that the request calls now.
pub struct Budget {
    left: usize,
    now: DateTime<Utc>,
}

/// A filter input of a noun with columns `C`.
pub trait FilterInput<C>: InputType {
    /// The condition it stands for.
    ///
    /// # Errors
    /// Too deep, too large, or a value that cannot be.
    fn read(self, depth: usize, budget: &mut Budget) -> Result<Filter<C>>;
}

/// The condition that an optional filter stands for.
///
/// # Errors
/// Too deep, too large, or a value that cannot be.
pub fn read<C, F: FilterInput<C>>(ctx: &Context<'_>, filter: Option<F>) -> Result<Filter<C>> {
    match filter {
        Some(filter) => filter.read(1, &mut Budget { left: MOST_NODES, now: ctx.data_unchecked::<Now>().at() }),
        None => Ok(Filter::everything()),
    }
}

impl Budget {
    /// Counts one condition at this depth.
    ///
    /// # Errors
    /// Too deep or too many.
    pub fn take(&mut self, depth: usize) -> Result<()> {
        if depth > MOST_DEPTH {
            return Err(broken(Code::QueryTooDeep, format!("the filter nests deeper than {MOST_DEPTH} levels")));
        }
        let too_many = || broken(Code::QueryTooComplex, format!("the filter has more than {MOST_NODES} conditions"));
        self.left = self.left.checked_sub(1).ok_or_else(too_many)?;
        Ok(())
    }
}

/// What operators must know beside their values.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// Which noun's ids they compare with; empty where they compare with none.
    pub noun: &'static str,
    /// The instant that the request calls now.
    pub now: DateTime<Utc>,
}

/// The operators on one field.
pub trait Operators {
    /// Adds the tests they stand for.
    ///
    /// # Errors
    /// A value that cannot be.
    fn tests(self, about: About, tests: &mut Vec<Test>) -> Result<()>;
}

/// Adds a field's tests to the conditions of its filter.
///
/// # Errors
/// A value that cannot be.
pub fn add<C: Column, O: Operators>(
    field: Option<O>,
    column: C,
    noun: &'static str,
    depth: usize,
    budget: &mut Budget,
    parts: &mut Vec<Filter<C>>,
) -> Result<()> {
    let Some(field) = field else { return Ok(()) };
    let mut tests = Vec::new();
    field.tests(About { noun, now: budget.now }, &mut tests)?;
    for test in tests {
        budget.take(depth)?;
        parts.push(Filter::Is(column, test));
    }
    Ok(())
}

fn text(text: String) -> Result<String> {
    if text.chars().count() > MOST_CHARACTERS || text.contains('\0') {
        return Err(bad_input(format!("a text in the filter is longer than {MOST_CHARACTERS} characters, or holds NUL")));
    }
    Ok(text)
}

fn list<T>(values: Vec<T>, each: impl Fn(T) -> Result<Value>) -> Result<Test> {
    if values.len() > MOST_VALUES {
        return Err(bad_input(format!("an 'in' has {} values: at most {MOST_VALUES}", values.len())));
    }
    Ok(Test::In(values.into_iter().map(each).collect::<Result<_>>()?))
}

/// Conditions on a text. Several hold together.
#[derive(InputObject, Default)]
pub struct TextFilter {
    /// Exactly this text.
    pub eq: Option<String>,
    /// One of these texts; at most 1,000.
    #[graphql(name = "in")]
    pub one_of: Option<Vec<String>>,
    /// A text that holds this one; capitals and small letters from A to Z count alike.
    pub contains: Option<String>,
    /// True: only where there is none. False: only where there is one.
    pub is_null: Option<bool>,
}

impl Operators for TextFilter {
    fn tests(self, _: About, tests: &mut Vec<Test>) -> Result<()> {
        if let Some(value) = self.eq {
            tests.push(Test::Eq(text(value)?.into()));
        }
        if let Some(values) = self.one_of {
            tests.push(list(values, |value| Ok(text(value)?.into()))?);
        }
        if let Some(part) = self.contains {
            tests.push(Test::Contains(text(part)?));
        }
        tests.extend(self.is_null.map(Test::Missing));
        Ok(())
    }
}

/// Conditions on a reference to another object. Several hold together.
#[derive(InputObject, Default)]
pub struct IdFilter {
    /// Exactly this object.
    pub eq: Option<ID>,
    /// One of these objects; at most 1,000.
    #[graphql(name = "in")]
    pub one_of: Option<Vec<ID>>,
    /// True: only where there is none. False: only where there is one.
    pub is_null: Option<bool>,
}

impl Operators for IdFilter {
    fn tests(self, About { noun, .. }: About, tests: &mut Vec<Test>) -> Result<()> {
        if let Some(id) = self.eq {
            tests.push(Test::Eq(parse_id(noun, &id)?.into()));
        }
        if let Some(ids) = self.one_of {
            tests.push(list(ids, |id| Ok(parse_id(noun, &id)?.into()))?);
        }
        tests.extend(self.is_null.map(Test::Missing));
        Ok(())
    }
}

/// Conditions on a date. Several hold together.
#[derive(InputObject, Default)]
pub struct DateFilter {
    /// Exactly this day.
    pub eq: Option<Day>,
    /// This day or later.
    pub gte: Option<Day>,
    /// Before this day.
    pub lt: Option<Day>,
    /// True: only where there is none. False: only where there is one.
    pub is_null: Option<bool>,
}

impl Operators for DateFilter {
    fn tests(self, _: About, tests: &mut Vec<Test>) -> Result<()> {
        tests.extend(self.eq.map(|day| Test::Eq(day.0.into())));
        tests.extend(self.gte.map(|day| Test::Gte(day.0.into())));
        tests.extend(self.lt.map(|day| Test::Lt(day.0.into())));
        tests.extend(self.is_null.map(Test::Missing));
        Ok(())
    }
}

/// Conditions on an instant. Several hold together.
#[derive(InputObject, Default)]
pub struct DateTimeFilter {
    /// This instant or later.
    pub gte: Option<Instant>,
    /// Before this instant.
    pub lt: Option<Instant>,
    /// True: only where there is none. False: only where there is one.
    pub is_null: Option<bool>,
}

impl Operators for DateTimeFilter {
    fn tests(self, _: About, tests: &mut Vec<Test>) -> Result<()> {
        tests.extend(self.gte.map(|at| Test::Gte(at.0.into())));
        tests.extend(self.lt.map(|at| Test::Lt(at.0.into())));
        tests.extend(self.is_null.map(Test::Missing));
        Ok(())
    }
}

/// Conditions on a yes or no.
#[derive(InputObject, Default)]
pub struct BooleanFilter {
    /// Exactly this.
    pub eq: Option<bool>,
}

impl Operators for BooleanFilter {
    fn tests(self, _: About, tests: &mut Vec<Test>) -> Result<()> {
        tests.extend(self.eq.map(|truth| Test::Eq(truth.into())));
        Ok(())
    }
}

/// Conditions on a number. Several hold together.
#[derive(InputObject, Default)]
pub struct IntFilter {
    /// Exactly this number.
    pub eq: Option<i32>,
    /// This number or more.
    pub gte: Option<i32>,
    /// Less than this number.
    pub lt: Option<i32>,
}

impl Operators for IntFilter {
    fn tests(self, _: About, tests: &mut Vec<Test>) -> Result<()> {
        tests.extend(self.eq.map(|number| Test::Eq(number.into())));
        tests.extend(self.gte.map(|number| Test::Gte(number.into())));
        tests.extend(self.lt.map(|number| Test::Lt(number.into())));
        Ok(())
    }
}

/// Conditions on an amount of money. Only what is in `currency` fits; several conditions hold together.
#[derive(InputObject)]
pub struct MoneyFilter {
    /// The currency of the amounts. What is in another one does not fit: nothing is converted.
    pub currency: Currency,
    /// Exactly this amount.
    pub eq: Option<DecimalText>,
    /// This amount or more.
    pub gte: Option<DecimalText>,
    /// Less than this amount.
    pub lt: Option<DecimalText>,
}

impl Operators for MoneyFilter {
    fn tests(self, _: About, tests: &mut Vec<Test>) -> Result<()> {
        let minor = |amount: DecimalText| {
            let decimals = self.currency.0.decimals();
            let minor = units(amount.0, decimals).map(Value::Integer);
            let wrong = || format!("{} is no amount of {}: it has {decimals} decimals", amount.0, self.currency.0);
            minor.ok_or_else(|| bad_input(wrong()))
        };
        tests.extend(self.eq.map(minor).transpose()?.map(Test::Eq));
        tests.extend(self.gte.map(minor).transpose()?.map(Test::Gte));
        tests.extend(self.lt.map(minor).transpose()?.map(Test::Lt));
        Ok(())
    }
}

/// Adds the condition that an amount is in the currency that its filter names.
pub fn add_currency<C: Column>(field: &Option<MoneyFilter>, column: C, parts: &mut Vec<Filter<C>>) {
    let code = field.as_ref().map(|field| Value::Text(field.currency.0.to_string()));
    parts.extend(code.map(|code| Filter::Is(column, Test::Eq(code))));
}

/// Conditions on the selling role that a rep holds. Several hold together.
#[derive(InputObject, Default)]
pub struct HeldRoleFilter {
    /// Exactly this role.
    pub eq: Option<Role>,
    /// One of these roles.
    #[graphql(name = "in")]
    pub one_of: Option<Vec<Role>>,
    /// At which instant. Absent or null: now.
    pub as_of: Option<Instant>,
}

impl Operators for HeldRoleFilter {
    fn tests(self, about: About, tests: &mut Vec<Test>) -> Result<()> {
        let at = self.as_of.map_or(about.now, |at| at.0);
        let held = |roles: Vec<Role>| Test::HoldsRole { roles: roles.into_iter().map(Into::into).collect(), at };
        tests.extend(self.eq.map(|role| held(vec![role])));
        tests.extend(self.one_of.map(held));
        Ok(())
    }
}

/// Declares the filter on an enum, and that its values are kept by their codes.
macro_rules! enum_filter {
    ($(#[$doc:meta])* $name:ident of $enum:ident as $core:ty) => {
        $(#[$doc])*
        #[derive(async_graphql::InputObject, Default)]
        pub struct $name {
            /// Exactly this value.
            pub eq: Option<$enum>,
            /// One of these values.
            #[graphql(name = "in")]
            pub one_of: Option<Vec<$enum>>,
            /// True: only where there is none. False: only where there is one.
            pub is_null: Option<bool>,
        }

        impl crate::graphql::filter::Operators for $name {
            fn tests(
                self,
                _: crate::graphql::filter::About,
                tests: &mut Vec<crate::app::rows::Test>,
            ) -> async_graphql::Result<()> {
                use crate::app::rows::{Test, Value};
                let code = |value: $enum| Value::Code(<$core>::from(value) as i16);
                tests.extend(self.eq.map(|value| Test::Eq(code(value))));
                tests.extend(self.one_of.map(|values| Test::In(values.into_iter().map(code).collect())));
                tests.extend(self.is_null.map(Test::Missing));
                Ok(())
            }
        }
    };
}

/// Declares a noun's filter: each field with its operators and its column, and `of` which noun its ids are.
macro_rules! filter_input {
    ($(#[$doc:meta])* $name:ident on $columns:ident { $($(#[$field_doc:meta])* $field:ident: $operators:ident => $column:ident $(of $noun:literal)? $(in $currency:ident)?;)* }) => {
        $(#[$doc])*
        #[derive(async_graphql::InputObject, Default)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: Option<$operators>,)*
            /// Each of these holds.
            pub and: Option<Vec<$name>>,
            /// At least one of these holds; with none, nothing fits.
            pub or: Option<Vec<$name>>,
            /// This does not hold.
            pub not: Option<Box<$name>>,
        }

        impl crate::graphql::filter::FilterInput<$columns> for $name {
            fn read(
                self,
                depth: usize,
                budget: &mut crate::graphql::filter::Budget,
            ) -> async_graphql::Result<crate::app::rows::Filter<$columns>> {
                use crate::app::rows::Filter;
                budget.take(depth)?;
                let mut parts = Vec::new();
                $(
                    #[allow(unused_mut, unused_assignments)]
                    let mut noun = "";
                    $(noun = $noun;)?
                    $(crate::graphql::filter::add_currency(&self.$field, $columns::$currency, &mut parts);)?
                    crate::graphql::filter::add(self.$field, $columns::$column, noun, depth, budget, &mut parts)?;
                )*
                for part in self.and.into_iter().flatten() {
                    parts.push(part.read(depth + 1, budget)?);
                }
                if let Some(choices) = self.or {
                    let choices = choices.into_iter().map(|part| part.read(depth + 1, budget));
                    parts.push(Filter::Any(choices.collect::<async_graphql::Result<_>>()?));
                }
                if let Some(part) = self.not {
                    parts.push(Filter::Not(Box::new(part.read(depth + 1, budget)?)));
                }
                Ok(Filter::All(parts))
            }
        }
    };
}

/// Which end comes first.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum OrderDirection {
    /// Smallest, earliest or A first. Rows without a value come last.
    Asc,
    /// Greatest, latest or Z first. Rows without a value come last.
    Desc,
}

/// Declares a noun's order: an enum of fields and the input that pairs one with a direction.
macro_rules! order_input {
    ($(#[$doc:meta])* $name:ident, $(#[$enum_doc:meta])* $enum:ident on $columns:ident { $($(#[$field_doc:meta])* $field:ident;)* }) => {
        $(#[$enum_doc])*
        #[derive(async_graphql::Enum, Clone, Copy, PartialEq, Eq)]
        pub enum $enum {
            $($(#[$field_doc])* $field,)*
        }

        $(#[$doc])*
        #[derive(async_graphql::InputObject)]
        pub struct $name {
            /// By which field. Rows alike in it keep one fixed order.
            pub field: $enum,
            /// Which end comes first.
            pub direction: crate::graphql::filter::OrderDirection,
        }

        impl From<$name> for crate::app::rows::Order<$columns> {
            fn from(order: $name) -> Self {
                let column = match order.field { $($enum::$field => $columns::$field,)* };
                Self { column, descending: order.direction == crate::graphql::filter::OrderDirection::Desc }
            }
        }
    };
}

pub(super) use {enum_filter, filter_input, order_input};
