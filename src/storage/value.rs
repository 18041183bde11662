//! How one field of a record is stored: the same five kinds of value on both databases.

use super::StorageError;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use pipewright_core::calendar::PeriodName;
use pipewright_core::campaign::Channel;
use pipewright_core::catalog::{ForecastCategory, StageKind};
use pipewright_core::currency::CurrencyCode;
use pipewright_core::dimension::CellKey;
use pipewright_core::forecast::AdjustedBy;
use pipewright_core::ids::*;
use pipewright_core::rep::Role;
use pipewright_core::review::{Changes, Verdict};
use pipewright_core::target::Measure;
use pipewright_core::touchpoint::{Source, TouchpointKind};
use rust_decimal::Decimal;
use uuid::Uuid;

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Uuid,
    Text,
    Big,
    Int,
    Small,
    Bool,
}

/// What stands in one column of one row.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Value {
    Null,
    Uuid(Uuid),
    Text(String),
    Big(i64),
    Int(i32),
    Small(i16),
    Bool(bool),
}

/// A stored value that no record can hold: the file was changed by something else.
#[derive(Debug, thiserror::Error)]
#[error("the database holds {value:?}, which is no {expected}")]
pub(super) struct Unreadable {
    value: Value,
    expected: &'static str,
}

impl From<Unreadable> for StorageError {
    fn from(error: Unreadable) -> Self {
        Self::Failed(Box::new(error))
    }
}

/// A type that one column can hold.
pub(super) trait Stored: Sized {
    const KIND: Kind;
    fn store(&self) -> Value;
    fn load(value: Value) -> Result<Self, Unreadable>;
}

fn refuse<T>(value: Value) -> Result<T, Unreadable> {
    Err(Unreadable { value, expected: std::any::type_name::<T>() })
}

impl<T: Stored> Stored for Option<T> {
    const KIND: Kind = T::KIND;
    fn store(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::store)
    }
    fn load(value: Value) -> Result<Self, Unreadable> {
        match value {
            Value::Null => Ok(None),
            value => T::load(value).map(Some),
        }
    }
}

macro_rules! plain {
    ($($type:ty => $kind:ident;)*) => {$(
        impl Stored for $type {
            const KIND: Kind = Kind::$kind;
            fn store(&self) -> Value {
                Value::$kind(self.clone())
            }
            fn load(value: Value) -> Result<Self, Unreadable> {
                match value {
                    Value::$kind(plain) => Ok(plain),
                    value => refuse(value),
                }
            }
        }
    )*};
}
plain! { i64 => Big; i32 => Int; bool => Bool; }

/// PostgreSQL can hold every character but NUL: it is stored as the replacement character on both, so that a stray one
/// never stops a batch, and both databases hold the same.
impl Stored for String {
    const KIND: Kind = Kind::Text;
    fn store(&self) -> Value {
        Value::Text(if self.contains('\0') { self.replace('\0', "\u{fffd}") } else { self.clone() })
    }
    fn load(value: Value) -> Result<Self, Unreadable> {
        match value {
            Value::Text(text) => Ok(text),
            value => refuse(value),
        }
    }
}

macro_rules! ids {
    ($($id:ident)*) => {$(
        impl Stored for $id {
            const KIND: Kind = Kind::Uuid;
            fn store(&self) -> Value {
                Value::Uuid(self.0)
            }
            fn load(value: Value) -> Result<Self, Unreadable> {
                match value {
                    Value::Uuid(id) => Ok(Self(id)),
                    value => refuse(value),
                }
            }
        }
    )*};
}
ids! {
    AccountId ContactId LeadId OpportunityId LineSetId ContactRoleId SplitId RepId TenureId CampaignId TouchpointId ProductId
    RegionId SegmentId StageId TargetId JudgementId AdjustmentId VendorCreditId ReviewId
}

/// Closed enums, by their codes.
macro_rules! codes {
    ($($enum:ident { $($variant:ident)* })*) => {$(
        impl Stored for $enum {
            const KIND: Kind = Kind::Small;
            fn store(&self) -> Value {
                Value::Small(*self as i16)
            }
            fn load(value: Value) -> Result<Self, Unreadable> {
                match value {
                    $(Value::Small(code) if code == $enum::$variant as i16 => Ok($enum::$variant),)*
                    value => refuse(value),
                }
            }
        }
    )*};
}
codes! {
    Channel { Brand DemandGeneration Events Abm Digital Enablement }
    Role { Ae Bdr Sdr Ecs CloudSales }
    StageKind { Open Won Lost }
    ForecastCategory { Omitted Pipeline BestCase MostLikely Commit Closed }
    TouchpointKind { BareVisit Response Inclusion Call Email Meeting Task LeadConversion HandOff }
    Measure { ClosedAcv OpenPipeline Forecast Generation Coverage }
    AdjustedBy { Owner Manager }
    Verdict { Confirmed Corrected Doubted }
}

impl Stored for Source {
    const KIND: Kind = Kind::Small;
    fn store(&self) -> Value {
        Value::Small(i16::from(self.code()))
    }
    fn load(value: Value) -> Result<Self, Unreadable> {
        match value {
            Value::Small(code) => match u8::try_from(code).ok().and_then(Self::from_code) {
                Some(source) => Ok(source),
                None => refuse(Value::Small(code)),
            },
            value => refuse(value),
        }
    }
}

impl Stored for Changes {
    const KIND: Kind = Kind::Int;
    fn store(&self) -> Value {
        Value::Int(self.bits())
    }
    fn load(value: Value) -> Result<Self, Unreadable> {
        let bits = i32::load(value)?;
        Self::from_bits(bits).map_or_else(|| refuse(Value::Int(bits)), Ok)
    }
}

impl Stored for DataVersion {
    const KIND: Kind = Kind::Big;
    fn store(&self) -> Value {
        Value::Big(self.0)
    }
    fn load(value: Value) -> Result<Self, Unreadable> {
        i64::load(value).map(Self)
    }
}

impl Stored for DateTime<Utc> {
    const KIND: Kind = Kind::Big;
    fn store(&self) -> Value {
        Value::Big(self.timestamp_millis())
    }
    fn load(value: Value) -> Result<Self, Unreadable> {
        let ms = i64::load(value)?;
        Self::from_timestamp_millis(ms).map_or_else(|| refuse(Value::Big(ms)), Ok)
    }
}

impl Stored for NaiveDate {
    const KIND: Kind = Kind::Int;
    fn store(&self) -> Value {
        let days = self.signed_duration_since(Self::default()).num_days();
        Value::Int(i32::try_from(days).expect("chrono's dates lie within 100 million days of 1970"))
    }
    fn load(value: Value) -> Result<Self, Unreadable> {
        let days = i32::load(value)?;
        let date = TimeDelta::try_days(i64::from(days)).and_then(|days| Self::default().checked_add_signed(days));
        date.map_or_else(|| refuse(Value::Int(days)), Ok)
    }
}

/// Types that are stored as the text they parse from.
macro_rules! texts {
    ($($type:ty)*) => {$(
        impl Stored for $type {
            const KIND: Kind = Kind::Text;
            fn store(&self) -> Value {
                Value::Text(self.to_string())
            }
            fn load(value: Value) -> Result<Self, Unreadable> {
                let text = String::load(value)?;
                text.parse().map_or_else(|_| refuse(Value::Text(text)), Ok)
            }
        }
    )*};
}
texts! { CurrencyCode PeriodName Decimal }

impl Stored for CellKey {
    const KIND: Kind = Kind::Text;
    fn store(&self) -> Value {
        Value::Text(serde_json::to_string(self).expect("a key of a cell is plain JSON"))
    }
    fn load(value: Value) -> Result<Self, Unreadable> {
        let text = String::load(value)?;
        serde_json::from_str(&text).map_or_else(|_| refuse(Value::Text(text)), Ok)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_an_enum_comes_back_as_it_went() {
        for channel in Channel::ALL {
            assert_eq!(Channel::load(channel.store()).expect("a channel"), channel);
        }
        for code in 0..11 {
            let source = Source::from_code(code).expect("eleven sources");
            assert_eq!(Source::load(source.store()).expect("a source"), source);
        }
        assert!(Role::load(Value::Small(9)).is_err());
        assert!(NaiveDate::load(Value::Int(i32::MAX)).is_err());
    }
}
