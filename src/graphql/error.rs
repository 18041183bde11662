//! What the top-level `errors` list says: a code of one closed list, a text of at most 300 characters, nothing of the inside.

use crate::storage::StorageError;
use async_graphql::{ErrorExtensionValues, Response, ServerError, Value};
use pipewright_core::attribution::CreditError;

/// What kind of error it is; `extensions.code` of every error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// The request cannot be right, whoever asks.
    BadUserInput,
    /// The caller may not.
    Forbidden,
    /// There is nothing of that id, or nothing that this caller may learn of.
    NotFound,
    /// The caller asks too often, or too much at once.
    RateLimited,
    /// It asks for too much.
    QueryTooComplex,
    /// It is nested too deep.
    QueryTooDeep,
    /// An attribution model failed.
    ModelFailed,
    /// It took longer than it may.
    Timeout,
    /// Try again later.
    Unavailable,
    /// Our fault.
    Internal,
}

impl Code {
    /// As it stands in `extensions.code`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadUserInput => "BAD_USER_INPUT",
            Self::Forbidden => "FORBIDDEN",
            Self::NotFound => "NOT_FOUND",
            Self::RateLimited => "RATE_LIMITED",
            Self::QueryTooComplex => "QUERY_TOO_COMPLEX",
            Self::QueryTooDeep => "QUERY_TOO_DEEP",
            Self::ModelFailed => "MODEL_FAILED",
            Self::Timeout => "TIMEOUT",
            Self::Unavailable => "UNAVAILABLE",
            Self::Internal => "INTERNAL",
        }
    }
}

const LONGEST_MESSAGE: usize = 300;
const INTERNAL_TEXT: &str = "something failed on our side; the request id names it in the log";

/// What a resolver returns for a broken client: the text names the thing and the way out.
pub fn broken(code: Code, message: impl Into<String>) -> async_graphql::Error {
    let mut extensions = ErrorExtensionValues::default();
    extensions.set("code", code.as_str());
    async_graphql::Error { message: message.into(), source: None, extensions: Some(extensions) }
}

/// What a resolver returns when the world said no: nothing of the inside; the chain of causes goes to the log, once.
pub fn failure(error: &(dyn std::error::Error + 'static)) -> async_graphql::Error {
    match error.downcast_ref::<StorageError>() {
        Some(StorageError::Unavailable(_)) => {
            log(error);
            return broken(Code::Unavailable, "the database cannot be reached: try again in a moment");
        }
        Some(StorageError::Timeout) => {
            log(error);
            return broken(Code::Timeout, "the database did not answer in time: ask for less, or try again");
        }
        _ => {}
    }
    match error.downcast_ref::<CreditError>() {
        Some(CreditError::UnknownModel { .. }) => {
            return broken(Code::BadUserInput, format!("{error}: attributionModels lists those there are"));
        }
        Some(CreditError::BadParameter { .. } | CreditError::NotAdditive { .. }) => {
            return broken(Code::BadUserInput, error.to_string());
        }
        Some(CreditError::ModelFailed { model, .. }) => {
            log(error);
            return broken(Code::ModelFailed, format!("attribution model '{model}' failed"));
        }
        None => {}
    }
    log(error);
    broken(Code::Internal, INTERNAL_TEXT)
}

/// One line with the whole chain; the request's span gives it its id.
fn log(error: &(dyn std::error::Error + 'static)) {
    let mut chain = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        chain.push_str(": ");
        chain.push_str(&next.to_string());
        cause = next.source();
    }
    tracing::error!(chain, "a request failed");
}

/// An error of the whole request.
pub fn whole(code: Code, message: impl Into<String>) -> ServerError {
    let error = broken(code, message);
    let mut whole = ServerError::new(error.message, None);
    whole.extensions = error.extensions;
    whole
}

/// The code of an error, where it has one.
pub fn code_of(error: &ServerError) -> Option<&str> {
    match error.extensions.as_ref()?.get("code")? {
        Value::String(code) => Some(code),
        _ => None,
    }
}

/// The one place that makes an answer's errors what clients are promised: each with a code, short, and few; those that are our
/// fault with the request's id.
pub fn settle(response: &mut Response, request_id: &str, most: usize) {
    response.errors.truncate(most);
    for error in &mut response.errors {
        if code_of(error).is_none() {
            let code = code_of_library(&error.message);
            error.extensions.get_or_insert_with(ErrorExtensionValues::default).set("code", code.as_str());
        }
        if let Some((end, _)) = error.message.char_indices().nth(LONGEST_MESSAGE) {
            error.message.truncate(end);
        }
        if code_of(error) == Some(Code::Internal.as_str())
            && let Some(extensions) = &mut error.extensions
        {
            extensions.set("requestId", request_id);
        }
    }
}

/// The library's own limits and validation carry no code. Resolvers of ours always do, so the rest is the client's.
fn code_of_library(message: &str) -> Code {
    match message {
        "Query is too complex." => Code::QueryTooComplex,
        "Query is nested too deep." => Code::QueryTooDeep,
        _ if message.starts_with("The recursion depth of the query") => Code::QueryTooDeep,
        _ if message.starts_with("The number of directives") => Code::QueryTooComplex,
        _ => Code::BadUserInput,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_failure_shows_nothing_of_the_inside() {
        let inside = StorageError::Failed("SELECT secret FROM /var/lib".into());
        let shown = failure(&inside);
        assert_eq!(shown.message, INTERNAL_TEXT);
        let away = failure(&StorageError::Unavailable("10.0.0.1:5432 refused".into()));
        assert!(!away.message.contains("10.0.0.1"));
    }

    #[test]
    fn an_answer_has_few_short_errors_each_with_a_code() {
        let long = "x".repeat(5_000);
        let mut response = Response::from_errors((0..500).map(|_| ServerError::new(long.clone(), None)).collect());
        settle(&mut response, "id", 20);
        assert_eq!(response.errors.len(), 20);
        assert!(response.errors.iter().all(|error| error.message.len() == 300 && code_of(error) == Some("BAD_USER_INPUT")));
    }
}
