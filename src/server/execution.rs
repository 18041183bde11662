//! Runs what was judged, apart from the thread that reads sockets: no panic and no slow answer reaches the connection.

use crate::graphql::error::{Code, whole};
use async_graphql::Response;
use std::time::Duration;
use tokio::runtime::Handle;
use tracing::Instrument;

/// The answer, or INTERNAL where a resolver panicked, or TIMEOUT where it took longer than `within`; work that can be
/// stopped is stopped then.
pub(super) async fn run<F>(runtime: &Handle, within: Duration, request_id: &str, answer: F) -> Response
where
    F: Future<Output = Response> + Send + 'static,
{
    let span = tracing::info_span!("graphql", request_id);
    // A set stops its tasks when it is dropped: so a client that leaves takes its query along.
    let mut task = tokio::task::JoinSet::new();
    task.spawn_on(answer.instrument(span), runtime);
    let ended_by_itself = async { task.join_next().await.expect("one task was put in") };
    match tokio::time::timeout(within, ended_by_itself).await {
        Ok(Ok(response)) => response,
        Ok(Err(panic)) => {
            tracing::error!(request_id, %panic, "a resolver panicked");
            ended(Code::Internal, "something failed on our side; the request id names it in the log")
        }
        Err(_) => ended(Code::Timeout, "the query took too long: ask for less"),
    }
}

/// Execution began and ended with nothing but this error.
fn ended(code: Code, text: &str) -> Response {
    let mut error = whole(code, text);
    error.path = Vec::new();
    Response::from_errors(vec![error])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::graphql::error::{code_of, settle};
    use async_graphql::{EmptyMutation, EmptySubscription, Object, Schema};

    struct Root;

    #[Object]
    impl Root {
        async fn good(&self) -> i32 {
            1
        }
        async fn panics(&self) -> i32 {
            "no number".parse().expect("the secret of the inside")
        }
        async fn never(&self) -> i32 {
            std::future::pending().await
        }
    }

    async fn asked(query: &'static str, within: Duration) -> Response {
        let schema = Schema::new(Root, EmptyMutation, EmptySubscription);
        let mut response = run(&Handle::current(), within, "the-id", async move { schema.execute(query).await }).await;
        settle(&mut response, "the-id", 20);
        response
    }

    #[tokio::test]
    async fn a_resolver_that_panics_answers_internal_with_the_request_id_and_nothing_of_the_inside() {
        let response = asked("{ good panics }", Duration::from_secs(60)).await;
        let text = serde_json::to_string(&response).unwrap();
        assert_eq!(code_of(&response.errors[0]), Some("INTERNAL"));
        assert!(text.contains("the-id") && !text.contains("secret"), "{text}");
    }

    #[tokio::test]
    async fn a_resolver_that_never_ends_answers_timeout() {
        let response = asked("{ good never }", Duration::from_millis(1)).await;
        assert_eq!(code_of(&response.errors[0]), Some("TIMEOUT"));
    }

    #[tokio::test]
    async fn what_ends_in_time_is_handed_on() {
        let response = asked("{ good }", Duration::from_secs(60)).await;
        assert_eq!(response.data.to_string(), "{good: 1}");
    }
}
