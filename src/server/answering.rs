//! From a request to answers, whatever carries them: judged, executed apart, settled, written.

use super::{House, Open, execution};
use crate::graphql::change::RequestId;
use crate::graphql::error::{Code, code_of, settle, whole};
use crate::graphql::{guard, loaders};
use async_graphql::{Request, Response, ServerError};
use async_graphql_parser::types::OperationType;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt, StreamExt};
use pipewright_core::viewer::Viewer;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};
use tracing::Instrument;

/// A request that may be executed.
pub(super) struct Asked {
    request: Request,
    /// What it does.
    pub(super) operation: OperationType,
    /// Its id, in its answers and in the log.
    pub(super) id: String,
    /// Who asks.
    pub(super) viewer: Viewer,
}

/// Judges the document before anything is executed.
///
/// # Errors
/// As [`guard::judge`].
pub(super) fn judged(mut request: Request, id: String, viewer: Viewer, house: &House) -> Result<Asked, ServerError> {
    let judged = guard::judge(&request.query, request.operation_name.as_deref(), &house.config.server.limits)?;
    request.set_parsed_query(judged.document);
    request = request.data(RequestId(id.clone()));
    Ok(Asked { request, operation: judged.operation, id, viewer })
}

/// Answers a query or a mutation.
pub(super) async fn answered(asked: Asked, house: &House, open: &Open) -> Response {
    let started = Instant::now();
    let Asked { request, id, viewer, operation: kind } = asked;
    let operation = shown(&request);
    let name = viewer.name().to_owned();
    let (schema, app) = (open.schema.clone(), open.app.clone());
    let answer = async move { loaders::execute(&schema, request, &app, &viewer).await };
    let limits = &house.config.server.limits;
    let within = if kind == OperationType::Mutation { limits.mutation_s } else { limits.query_s };
    let within = Duration::from_secs(within);
    let response = execution::run(&house.runtime, within, &id, answer).await;
    let code = response.errors.first().and_then(code_of).map(str::to_owned);
    let cost = response.extensions.get("cost").map(ToString::to_string);
    let ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::info!(request_id = id, operation, viewer = name, code, ms, cost, "executed");
    response
}

/// The answers to a subscription, for as long as it is held.
pub(super) struct Watching {
    answers: BoxStream<'static, Response>,
    id: String,
    operation: Option<String>,
    told: u64,
    has_panicked: bool,
}

/// Begins a subscription.
pub(super) fn watched(asked: Asked, open: &Open) -> Watching {
    let Asked { request, id, viewer, .. } = asked;
    let operation = shown(&request);
    tracing::info!(request_id = id, operation, viewer = viewer.name(), "subscribed");
    let answers = loaders::execute_stream(&open.schema, request, &open.app, &viewer).boxed();
    Watching { answers, id, operation, told: 0, has_panicked: false }
}

impl Watching {
    /// The next answer; `None` where no more will come.
    pub(super) async fn next(&mut self) -> Option<Response> {
        if self.has_panicked {
            return None;
        }
        let span = tracing::info_span!("graphql", request_id = self.id);
        let response = match AssertUnwindSafe(self.answers.next().instrument(span)).catch_unwind().await {
            Ok(response) => response?,
            Err(_) => {
                self.has_panicked = true;
                tracing::error!(request_id = self.id, "a resolver panicked");
                let text = "something failed on our side; the request id names it in the log";
                Response::from_errors(vec![whole(Code::Internal, text)])
            }
        };
        self.told += 1;
        Some(response)
    }

    /// Whether this first answer says that nothing could begin.
    pub(super) fn is_refused(&self, response: &Response) -> bool {
        self.told == 1 && response.data == async_graphql::Value::Null
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        tracing::info!(request_id = self.id, operation = self.operation, told = self.told, "unsubscribed");
    }
}

fn shown(request: &Request) -> Option<String> {
    request.operation_name.as_deref().map(|name| name.chars().take(80).collect())
}

/// Whether nothing was executed: the request itself was at fault.
pub(super) fn is_request_error(response: &Response) -> bool {
    let never_begun = |error: &ServerError| {
        let code = code_of(error);
        error.path.is_empty() && !matches!(code, Some("INTERNAL" | "TIMEOUT" | "UNAVAILABLE"))
    };
    response.data == async_graphql::Value::Null && !response.errors.is_empty() && response.errors.iter().all(never_begun)
}

/// The answer as clients are promised it, with the request's id.
pub(super) fn settled(mut response: Response, id: &str, house: &House) -> Response {
    settle(&mut response, id, house.config.server.limits.errors);
    response.extensions.insert("requestId".into(), id.into());
    response
}

/// The answer's text; what is too large, or cannot be written, is answered with an error.
pub(super) fn text(response: &Response, id: &str, house: &House) -> String {
    let text = serde_json::to_string(response).ok();
    let most = house.config.server.limits.response_bytes;
    let error = match text {
        Some(text) if text.len() <= most => return text,
        Some(_) => whole(Code::QueryTooComplex, "the answer is too large: ask for fewer rows or fields"),
        None => whole(Code::Internal, "the answer could not be written"),
    };
    let response = settled(Response::from_errors(vec![error]), id, house);
    serde_json::to_string(&response).expect("an error of ours can be written")
}
