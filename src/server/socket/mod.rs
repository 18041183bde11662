//! Sockets: `graphql-transport-ws` on `/graphql`. Queries and mutations are answered here too.
//!
//! Whatever a client does, what is held for it is bounded: one message in, so many operations, so many messages out. A reader
//! that stops is let go.

mod message;
mod operations;
mod queue;

use super::headers::request_id;
use super::places::{OwnPlace, Place};
use super::{House, graphql_http};
use crate::config::LimitsConfig;
use crate::graphql::error::Code;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, RETRY_AFTER, SEC_WEBSOCKET_PROTOCOL, UPGRADE};
use actix_web::{HttpRequest, HttpResponse, web};
use actix_ws::{AggregatedMessage, AggregatedMessageStream, ProtocolError, Session};
use futures_util::FutureExt;
use message::{Closing, Said};
use operations::Operations;
use pipewright_core::viewer::Viewer;
use queue::{Queue, Waiting};
use serde_json::{Map, Value};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// The protocol spoken here.
const PROTOCOL: &str = "graphql-transport-ws";

/// Whether a request wants to become a socket.
pub(super) fn is_asked(request: &HttpRequest) -> bool {
    let upgrade = request.headers().get(UPGRADE).and_then(|upgrade| upgrade.to_str().ok());
    upgrade.is_some_and(|upgrade| upgrade.eq_ignore_ascii_case("websocket"))
}

/// Makes a socket of a request.
pub(super) fn open(request: &HttpRequest, payload: web::Payload, house: web::Data<House>) -> HttpResponse {
    let id = request_id(request);
    let limits = &house.config.server.limits;
    let Some(place) = house.places.take(limits) else {
        let text = "too many sockets are open: try again in a moment";
        let mut refusal = graphql_http::refusal(StatusCode::SERVICE_UNAVAILABLE, Code::Unavailable, text, &id);
        refusal.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        return refusal;
    };
    let offered = offered(request);
    let is_ours = offered.contains(&PROTOCOL);
    // A foreign protocol is taken too, so that its client can read why it is closed.
    let spoken = if is_ours { PROTOCOL } else { offered.first().copied().unwrap_or(PROTOCOL) };
    let (response, session, messages) = match actix_ws::handle_with_protocols(request, payload, &[spoken]) {
        Ok(opened) => opened,
        Err(_) => {
            let text = "this is no WebSocket handshake of version 13";
            return graphql_http::refusal(StatusCode::BAD_REQUEST, Code::BadUserInput, text, &id);
        }
    };
    let most = limits.socket_message_bytes;
    let messages = messages.max_frame_size(most).aggregate_continuations().max_continuation_size(most);
    actix_web::rt::spawn(live(house, session, messages, is_ours, place, id));
    response
}

/// The protocols that a client offers, the best first.
fn offered(request: &HttpRequest) -> Vec<&str> {
    let named = request.headers().get_all(SEC_WEBSOCKET_PROTOCOL).filter_map(|value| value.to_str().ok());
    named.flat_map(|value| value.split(',')).map(str::trim).filter(|name| !name.is_empty()).collect()
}

async fn live(
    house: web::Data<House>,
    session: Session,
    messages: AggregatedMessageStream,
    is_ours: bool,
    _place: Place,
    request_id: String,
) {
    let limits = house.config.server.limits.clone();
    let (queue, waiting) = Queue::new(limits.socket_queue, limits.response_bytes);
    let mut stopping = house.closing.subscribe();
    let closing = match is_ours {
        false => Some(Closing::Protocol),
        true => {
            let mut socket = Socket::new(house.clone(), queue);
            tokio::select! {
                closing = socket.listen(messages, session.clone()) => closing,
                closing = tell(waiting, session.clone(), &limits) => closing,
                _ = stopping.wait_for(|stopping| *stopping) => Some(Closing::Stopping),
            }
        }
    };
    tracing::info!(request_id, ?closing, "a socket is closed");
    if let Some(closing) = closing {
        // A reader that stopped may go on and read why; it is not waited for longer than it was before.
        let _ = tokio::time::timeout(Duration::from_secs(limits.stalled_s), session.close(Some(closing.reason()))).await;
    }
}

/// Hands what waits to the client, one message after the other.
async fn tell(mut waiting: mpsc::Receiver<Waiting>, mut session: Session, limits: &LimitsConfig) -> Option<Closing> {
    let patience = Duration::from_secs(limits.stalled_s);
    while let Some(Waiting { text, .. }) = waiting.recv().await {
        match tokio::time::timeout(patience, session.text(text)).await {
            Ok(Ok(())) => {}
            // The connection is gone.
            Ok(Err(_)) => return None,
            Err(_) => return Some(Closing::Overloaded),
        }
    }
    None
}

/// A socket, as far as what the client says goes.
struct Socket {
    house: web::Data<House>,
    queue: Queue,
    /// Once the client has said who it is.
    known: Option<Known>,
}

/// What a socket has once the client is known.
struct Known {
    operations: Operations,
    _place: OwnPlace,
}

impl Socket {
    fn new(house: web::Data<House>, queue: Queue) -> Self {
        Self { house, queue, known: None }
    }

    /// Does as it is told, until it is to be closed; `None` where the client left.
    async fn listen(&mut self, mut messages: AggregatedMessageStream, mut session: Session) -> Option<Closing> {
        let limits = self.house.config.server.limits.clone();
        let silent = Duration::from_secs(limits.socket_silent_s);
        let init_until = Instant::now() + Duration::from_secs(limits.socket_init_s);
        let mut heard = Instant::now();
        let mut pings = tokio::time::interval(Duration::from_secs(limits.socket_ping_s.max(1)));
        pings.reset();
        loop {
            let message = tokio::select! {
                message = messages.recv() => message?,
                () = tokio::time::sleep_until(init_until), if self.known.is_none() => return Some(Closing::InitTimeout),
                () = tokio::time::sleep_until(heard + silent) => return Some(Closing::Silent),
                _ = pings.tick() => {
                    // Where there is no room for it, there is enough to be read.
                    if let Some(Err(_)) = session.ping(b"").now_or_never() {
                        return None;
                    }
                    continue;
                }
            };
            heard = Instant::now();
            let said = match message {
                Ok(AggregatedMessage::Text(text)) => Said::read(&text),
                Ok(AggregatedMessage::Binary(_)) => Err(Closing::BadMessage),
                Ok(AggregatedMessage::Ping(bytes)) => {
                    let _ = session.pong(&bytes).now_or_never();
                    continue;
                }
                Ok(AggregatedMessage::Pong(_)) => continue,
                Ok(AggregatedMessage::Close(reason)) => {
                    // Its own word back, as the handshake of a close wants it.
                    let _ = session.close(reason).now_or_never();
                    return None;
                }
                Err(ProtocolError::Overflow) => Err(Closing::TooLarge),
                Err(ProtocolError::Io(error)) if error.kind() == std::io::ErrorKind::InvalidData => Err(Closing::NotText),
                // The parts of a message are too large together, or the connection is gone and hears no reason.
                Err(ProtocolError::Io(_)) => Err(Closing::TooLarge),
                Err(_) => Err(Closing::BadMessage),
            };
            let done = match said {
                Ok(said) => self.act(said).await,
                Err(closing) => Err(closing),
            };
            if let Err(closing) = done {
                return Some(closing);
            }
        }
    }

    async fn act(&mut self, said: Said) -> Result<(), Closing> {
        match said {
            Said::Init(payload) => self.init(payload).await,
            Said::Ping(payload) => {
                self.queue.put(message::pong(payload)).await;
                Ok(())
            }
            Said::Pong => Ok(()),
            Said::Subscribe { id, request } => {
                let known = self.known.as_ref().ok_or(Closing::Unauthorized)?;
                known.operations.begin(id, *request).await
            }
            Said::Complete { id } => {
                if let Some(known) = &self.known {
                    known.operations.complete(&id);
                }
                Ok(())
            }
        }
    }

    async fn init(&mut self, payload: Option<Map<String, Value>>) -> Result<(), Closing> {
        if self.known.is_some() {
            return Err(Closing::SecondInit);
        }
        let viewer = viewer(payload);
        let places = &self.house.places;
        let place = places.take_own(viewer.name(), &self.house.config.server.limits).ok_or(Closing::Overloaded)?;
        let operations = Operations::new(self.house.clone(), viewer, self.queue.clone());
        self.known = Some(Known { operations, _place: place });
        self.queue.put(message::ack()).await;
        Ok(())
    }
}

/// Who a client is, by what `connection_init` held. While no sign-in is configured, every caller is the local one; where there
/// is one, a bad token closes the socket with 4403.
fn viewer(_payload: Option<Map<String, Value>>) -> Viewer {
    Viewer::local()
}
