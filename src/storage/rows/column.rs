//! What rows are filtered and ordered by.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

/// How a column's values are kept and compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An id.
    Id,
    /// Text, compared by bytes.
    Text,
    /// A whole number of 64 bits.
    Integer,
    /// A whole number of 32 bits, a date among them.
    Small,
    /// The code of an enum.
    Code,
    /// True or false.
    Boolean,
}

/// A value that a column is compared with.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Value {
    /// An id.
    Id(Uuid),
    /// Text.
    Text(String),
    /// A whole number of 64 bits; of instants, milliseconds since 1970.
    Integer(i64),
    /// A whole number of 32 bits; of dates, days since 1970.
    Small(i32),
    /// The code of an enum.
    Code(i16),
    /// True or false.
    Boolean(bool),
}

impl Value {
    /// The column kind that it fits.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Id(_) => Kind::Id,
            Self::Text(_) => Kind::Text,
            Self::Integer(_) => Kind::Integer,
            Self::Small(_) => Kind::Small,
            Self::Code(_) => Kind::Code,
            Self::Boolean(_) => Kind::Boolean,
        }
    }
}

impl From<Uuid> for Value {
    fn from(id: Uuid) -> Self {
        Self::Id(id)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<DateTime<Utc>> for Value {
    fn from(instant: DateTime<Utc>) -> Self {
        Self::Integer(instant.timestamp_millis())
    }
}

impl From<NaiveDate> for Value {
    fn from(day: NaiveDate) -> Self {
        Self::Small(day.to_epoch_days())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<i32> for Value {
    fn from(number: i32) -> Self {
        Self::Small(number)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Boolean(truth)
    }
}

impl From<Value> for sea_orm::Value {
    fn from(value: Value) -> Self {
        match value {
            Value::Id(id) => id.into(),
            Value::Text(text) => text.into(),
            Value::Integer(number) => number.into(),
            Value::Small(number) => number.into(),
            Value::Code(code) => code.into(),
            Value::Boolean(truth) => truth.into(),
        }
    }
}

/// A column of one noun.
pub trait Column: Copy + Eq + std::hash::Hash + std::fmt::Debug + Send + Sync + 'static {
    /// Its name in the noun's rows.
    fn name(self) -> &'static str;
    /// How its values are compared.
    fn kind(self) -> Kind;
    /// Whether a row may lack it.
    fn nullable(self) -> bool;
    /// Number of the variant, which cursors carry; never reuse one.
    fn code(self) -> u8;
}

/// Declares the columns of a noun: `Variant "name" Kind` or `Variant "name" Kind or none` where a row may lack it.
macro_rules! columns {
    ($(#[$doc:meta])* $name:ident { $($variant:ident $column:literal $kind:ident $(or $null:ident)?;)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "each variant is the column it is named after")]
        #[repr(u8)]
        pub enum $name { $($variant,)* }

        impl crate::storage::rows::Column for $name {
            fn name(self) -> &'static str {
                match self { $(Self::$variant => $column,)* }
            }
            fn kind(self) -> crate::storage::rows::Kind {
                match self { $(Self::$variant => crate::storage::rows::Kind::$kind,)* }
            }
            fn nullable(self) -> bool {
                match self { $(Self::$variant => crate::storage::rows::column::is_nullable!($($null)?),)* }
            }
            fn code(self) -> u8 {
                self as u8
            }
        }
    };
}

macro_rules! is_nullable {
    () => {
        false
    };
    (none) => {
        true
    };
}

pub(super) use {columns, is_nullable};
