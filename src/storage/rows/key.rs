//! Where a row stands in an order: what a cursor carries.

use super::column::{Column, Kind, Value};
use super::query::Order;
use uuid::Uuid;

/// The place of a row in an order: the value it is ordered by (`None` where it lacks one) and its own key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// What it is ordered by.
    pub value: Option<Value>,
    /// What tells rows of one value apart.
    pub own: Value,
}

/// The bytes are no key of this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cursor belongs to another list or another order")]
pub struct BadKey;

impl Key {
    /// As bytes, with the order it belongs to.
    pub fn encode<C: Column>(&self, noun: &str, order: Order<C>) -> Vec<u8> {
        let mut bytes = vec![noun.len() as u8];
        bytes.extend_from_slice(noun.as_bytes());
        bytes.extend_from_slice(&[order.column.code(), u8::from(order.descending)]);
        match &self.value {
            None => bytes.push(0),
            Some(value) => {
                bytes.push(1);
                put(value, &mut bytes);
            }
        }
        put(&self.own, &mut bytes);
        bytes
    }

    /// The inverse of [`Self::encode`].
    ///
    /// # Errors
    /// The bytes were not made by it for this noun and order.
    pub fn decode<C: Column>(bytes: &[u8], noun: &str, order: Order<C>, own: Kind) -> Result<Self, BadKey> {
        let mut head = vec![noun.len() as u8];
        head.extend_from_slice(noun.as_bytes());
        head.extend_from_slice(&[order.column.code(), u8::from(order.descending)]);
        let mut rest = bytes.strip_prefix(head.as_slice()).ok_or(BadKey)?;
        let value = match take(&mut rest, 1)?[0] {
            0 if order.column.nullable() => None,
            1 => Some(get(&mut rest, order.column.kind())?),
            _ => return Err(BadKey),
        };
        let own = get(&mut rest, own)?;
        if rest.is_empty() { Ok(Self { value, own }) } else { Err(BadKey) }
    }
}

fn put(value: &Value, bytes: &mut Vec<u8>) {
    match value {
        Value::Id(id) => bytes.extend_from_slice(id.as_bytes()),
        Value::Integer(number) => bytes.extend_from_slice(&number.to_be_bytes()),
        Value::Small(number) => bytes.extend_from_slice(&number.to_be_bytes()),
        Value::Code(code) => bytes.extend_from_slice(&code.to_be_bytes()),
        Value::Boolean(truth) => bytes.push(u8::from(*truth)),
        Value::Text(text) => {
            bytes.extend_from_slice(&(text.len() as u32).to_be_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
    }
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Result<&'a [u8], BadKey> {
    let (taken, left) = rest.split_at_checked(count).ok_or(BadKey)?;
    *rest = left;
    Ok(taken)
}

fn array<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], BadKey> {
    take(rest, N)?.try_into().map_err(|_| BadKey)
}

fn get(rest: &mut &[u8], kind: Kind) -> Result<Value, BadKey> {
    Ok(match kind {
        Kind::Id => Value::Id(Uuid::from_bytes(array(rest)?)),
        Kind::Integer => Value::Integer(i64::from_be_bytes(array(rest)?)),
        Kind::Small => Value::Small(i32::from_be_bytes(array(rest)?)),
        Kind::Code => Value::Code(i16::from_be_bytes(array(rest)?)),
        Kind::Boolean => Value::Boolean(take(rest, 1)?[0] != 0),
        Kind::Text => {
            let length = u32::from_be_bytes(array(rest)?) as usize;
            let text = std::str::from_utf8(take(rest, length)?).map_err(|_| BadKey)?;
            // PostgreSQL refuses NUL in text, and no stored text holds one.
            if text.contains('\0') {
                return Err(BadKey);
            }
            Value::Text(text.to_owned())
        }
    })
}
