//! Server-sent events: one operation on one request, as the GraphQL-SSE protocol's distinct connections do it.

use super::answering::{Asked, answered, settled, text, watched};
use super::places::{OwnPlace, Place};
use super::{House, graphql_http};
use crate::graphql::error::Code;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_ENCODING, HeaderValue, RETRY_AFTER};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, web};
use async_graphql::{Response, ServerError};
use async_graphql_parser::types::OperationType;
use futures_util::stream;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Events that wait to be read.
const QUEUE: usize = 4;

/// What is sent where there is nothing to tell, so that nobody in between takes the connection for dead.
const ALIVE: &str = ":\n\n";

const COMPLETE: &str = "event: complete\ndata: \n\n";

fn next(response: Response, id: &str, house: &House) -> String {
    // JSON as we write it has no line breaks.
    format!("event: next\ndata: {}\n\n", text(&settled(response, id, house), id, house))
}

/// The places that a stream holds.
struct Held {
    _place: Place,
    _own: OwnPlace,
}

/// Answers with a stream of events.
pub(super) fn answer(asked: Result<Asked, ServerError>, id: &str, house: web::Data<House>) -> HttpResponse {
    let asked = match asked {
        Ok(asked) => asked,
        Err(error) => return streaming(once(next(Response::from_errors(vec![error]), id, &house))),
    };
    let limits = &house.config.server.limits;
    let Some(place) = house.places.take(limits) else {
        return too_many(StatusCode::SERVICE_UNAVAILABLE, Code::Unavailable, "too many event streams are open", id);
    };
    let Some(own) = house.places.take_own(asked.viewer.name(), limits) else {
        return too_many(StatusCode::TOO_MANY_REQUESTS, Code::RateLimited, "you have too many event streams open", id);
    };
    let held = Held { _place: place, _own: own };
    let (sender, receiver) = mpsc::channel(QUEUE);
    house.runtime.spawn(run(asked, sender, house.clone().into_inner(), held));
    streaming(receiver)
}

fn too_many(status: StatusCode, code: Code, text: &str, id: &str) -> HttpResponse {
    let mut refusal = graphql_http::refusal(status, code, &format!("{text}: try again in a moment"), id);
    refusal.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    refusal
}

fn once(event: String) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel(1);
    sender.try_send(event + COMPLETE).expect("there is room for one");
    receiver
}

/// Whatever is received, sent at once: what compresses would wait for more.
fn streaming(receiver: mpsc::Receiver<String>) -> HttpResponse {
    let events = stream::unfold(receiver, |mut receiver| async move {
        let event = receiver.recv().await?;
        Some((Ok::<_, Infallible>(Bytes::from(event)), receiver))
    });
    HttpResponse::Ok()
        .content_type("text/event-stream; charset=utf-8")
        .insert_header(("cache-control", "no-store"))
        .insert_header((CONTENT_ENCODING, "identity"))
        .streaming(events)
}

async fn run(asked: Asked, sender: mpsc::Sender<String>, house: Arc<House>, _held: Held) {
    let mut stopping = house.closing.subscribe();
    tokio::select! {
        () = tell(asked, &sender, &house) => {}
        () = stay_alive(&sender, Duration::from_secs(house.config.server.limits.socket_ping_s.max(1))) => {}
        () = sender.closed() => {}
        _ = stopping.wait_for(|stopping| *stopping) => {}
    }
}

async fn stay_alive(sender: &mpsc::Sender<String>, every: Duration) {
    let mut ticks = tokio::time::interval(every);
    ticks.reset();
    loop {
        ticks.tick().await;
        // Where there is no room for it, there is enough to be read.
        let _ = sender.try_send(ALIVE.into());
    }
}

async fn tell(asked: Asked, sender: &mpsc::Sender<String>, house: &House) {
    let Some(open) = house.open.get() else { return };
    let id = asked.id.clone();
    if asked.operation == OperationType::Subscription {
        let mut watching = watched(asked, open);
        while let Some(response) = watching.next().await {
            let is_refused = watching.is_refused(&response);
            if !send(sender, next(response, &id, house), house).await {
                return;
            }
            // What cannot begin has one answer, which says why.
            if is_refused {
                break;
            }
        }
    } else {
        let response = answered(asked, house, open).await;
        send(sender, next(response, &id, house), house).await;
    }
    send(sender, COMPLETE.into(), house).await;
}

/// Waits until it can be handed on; whether anybody reads.
async fn send(sender: &mpsc::Sender<String>, event: String, house: &House) -> bool {
    let patience = Duration::from_secs(house.config.server.limits.stalled_s);
    matches!(tokio::time::timeout(patience, sender.send(event)).await, Ok(Ok(())))
}
