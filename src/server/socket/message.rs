//! What is said on a socket: `graphql-transport-ws`.

use crate::server::graphql_http::from_parameters;
use actix_ws::{CloseCode, CloseReason};
use async_graphql::{Request, Response, ServerError};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Characters of an operation's id, at most.
const LONGEST_ID: usize = 256;

/// Why a socket is closed by us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closing {
    /// The server stops.
    Stopping,
    /// Text that is no UTF-8.
    NotText,
    /// A message over the limit.
    TooLarge,
    /// The reader stopped, or there are too many sockets: try again later.
    Overloaded,
    /// The peer says nothing any more.
    Silent,
    /// What was said is none of the protocol's messages.
    BadMessage,
    /// An operation before the connection was acknowledged.
    Unauthorized,
    /// Another protocol was asked for.
    Protocol,
    /// The connection was not initialised in time.
    InitTimeout,
    /// An operation of this id goes on.
    SameId,
    /// The connection was initialised already.
    SecondInit,
}

impl Closing {
    /// Its number and its words.
    pub(super) fn reason(self) -> CloseReason {
        let (code, text) = match self {
            Self::Stopping => (1001, "the server is stopping: connect again"),
            Self::Silent => (1001, "nothing was heard for too long: connect again"),
            Self::NotText => (1007, "a text message is not UTF-8"),
            Self::TooLarge => (1009, "the message is too large"),
            Self::Overloaded => (1013, "too much waits to be read, or too many sockets are open: try again later"),
            Self::BadMessage => (4400, "this is no message of graphql-transport-ws"),
            Self::Unauthorized => (4401, "Unauthorized"),
            Self::Protocol => (4406, "Subprotocol not acceptable"),
            Self::InitTimeout => (4408, "Connection initialisation timeout"),
            Self::SameId => (4409, "an operation of this id goes on"),
            Self::SecondInit => (4429, "Too many initialisation requests"),
        };
        CloseReason { code: CloseCode::from(code), description: Some(text.to_owned()) }
    }
}

/// A message from the client.
#[derive(Debug)]
pub(super) enum Said {
    Init(Option<Map<String, Value>>),
    Ping(Option<Map<String, Value>>),
    Pong,
    Subscribe { id: String, request: Box<Request> },
    Complete { id: String },
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Received {
    ConnectionInit { payload: Option<Map<String, Value>> },
    Ping { payload: Option<Map<String, Value>> },
    Pong { payload: Option<Map<String, Value>> },
    Subscribe { id: String, payload: Map<String, Value> },
    Complete { id: String },
}

impl Said {
    /// The message that a text is.
    ///
    /// # Errors
    /// It is none that a client may send.
    pub(super) fn read(text: &str) -> Result<Self, Closing> {
        let is_id = |id: &str| !id.is_empty() && id.chars().count() <= LONGEST_ID;
        match serde_json::from_str(text).map_err(|_| Closing::BadMessage)? {
            Received::ConnectionInit { payload } => Ok(Self::Init(payload)),
            Received::Ping { payload } => Ok(Self::Ping(payload)),
            // Looked at no further.
            Received::Pong { payload } => {
                drop(payload);
                Ok(Self::Pong)
            }
            Received::Subscribe { id, payload } if is_id(&id) => {
                let request = from_parameters(payload).map_err(|_| Closing::BadMessage)?;
                Ok(Self::Subscribe { id, request: Box::new(request) })
            }
            Received::Complete { id } if is_id(&id) => Ok(Self::Complete { id }),
            Received::Subscribe { .. } | Received::Complete { .. } => Err(Closing::BadMessage),
        }
    }
}

#[derive(Serialize)]
struct Message<'a, P: Serialize> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<P>,
}

fn written<P: Serialize>(id: Option<&str>, kind: &'static str, payload: Option<P>) -> String {
    serde_json::to_string(&Message { id, kind, payload }).expect("a message can be written")
}

/// The connection may be used.
pub(super) fn ack() -> String {
    written::<()>(None, "connection_ack", None)
}

/// The answer to a ping, with what it held.
pub(super) fn pong(payload: Option<Map<String, Value>>) -> String {
    written(None, "pong", payload)
}

/// An answer, as its text.
pub(super) fn next(id: &str, answer: &str) -> String {
    // Not read again: it stands as it was written.
    let id = serde_json::to_string(id).expect("a text can be written");
    format!(r#"{{"id":{id},"type":"next","payload":{answer}}}"#)
}

/// Why an operation is not executed; it is over.
pub(super) fn error(id: &str, response: &Response) -> String {
    let errors: &[ServerError] = &response.errors;
    written(Some(id), "error", Some(errors))
}

/// An operation is over.
pub(super) fn complete(id: &str) -> String {
    written::<()>(Some(id), "complete", None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_may_not_say_is_no_message() {
        for text in [
            "",
            "{",
            "[]",
            "null",
            "1",
            "{}",
            r#"{"type":1}"#,
            r#"{"type":"start"}"#,
            r#"{"type":"connection_ack"}"#,
            r#"{"type":"next","id":"1","payload":{}}"#,
            r#"{"type":"connection_init","payload":"x"}"#,
            r#"{"type":"connection_init","payload":[]}"#,
            r#"{"type":"subscribe"}"#,
            r#"{"type":"subscribe","id":"1"}"#,
            r#"{"type":"subscribe","id":1,"payload":{"query":"{ a }"}}"#,
            r#"{"type":"subscribe","id":"","payload":{"query":"{ a }"}}"#,
            r#"{"type":"subscribe","id":"1","payload":{}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":1}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":"{ a }","variables":1}}"#,
            r#"{"type":"complete"}"#,
            &format!(r#"{{"type":"complete","id":"{}"}}"#, "x".repeat(257)),
            &format!(r#"{{"type":"ping","payload":{}}}"#, r#"{"a":"#.repeat(200)),
        ] {
            assert_eq!(Said::read(text).err(), Some(Closing::BadMessage), "{text}");
        }
    }

    #[test]
    fn what_a_client_says_is_read() {
        assert!(matches!(Said::read(r#"{"type":"connection_init"}"#), Ok(Said::Init(_))));
        assert!(matches!(Said::read(r#"{"type":"connection_init","payload":null}"#), Ok(Said::Init(_))));
        assert!(matches!(Said::read(r#"{"type":"ping","payload":{"a":1}}"#), Ok(Said::Ping(Some(_)))));
        assert!(matches!(Said::read(r#"{"type":"pong"}"#), Ok(Said::Pong)));
        let asked = r#"{"id":"1","type":"subscribe","payload":{"query":"{ a }","variables":null,"extensions":null}}"#;
        assert!(matches!(Said::read(asked), Ok(Said::Subscribe { id, .. }) if id == "1"));
        assert!(matches!(Said::read(r#"{"id":"1","type":"complete"}"#), Ok(Said::Complete { id }) if id == "1"));
    }

    #[test]
    fn an_answer_stands_in_its_message_as_it_was_written() {
        assert_eq!(next("1", r#"{"data":{"b":1,"a":2}}"#), r#"{"id":"1","type":"next","payload":{"data":{"b":1,"a":2}}}"#);
        assert_eq!(complete("1"), r#"{"id":"1","type":"complete"}"#);
        assert_eq!(ack(), r#"{"type":"connection_ack"}"#);
    }
}
