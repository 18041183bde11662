//! What stands on every answer, and the one line that the log has of every request.

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest};
use std::time::Instant;

/// Our own scripts and workers only; GraphiQL's editor makes its workers from blobs and writes styles into its elements.
const POLICY: &str = "default-src 'self'; script-src 'self'; worker-src 'self' blob:; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'";

const FIXED: [(&str, &str); 5] = [
    ("content-security-policy", POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// The id of a request, made here: what a client sends is not believed.
#[derive(Clone)]
pub(super) struct RequestId(pub(super) String);

/// The id of this request.
pub(super) fn request_id(request: &HttpRequest) -> String {
    request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default()
}

pub(super) async fn on_every_answer<B: MessageBody>(request: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<B>, Error> {
    let started = Instant::now();
    let id = uuid::Uuid::now_v7().simple().to_string();
    let (method, path) = (request.method().clone(), request.path().to_owned());
    request.extensions_mut().insert(RequestId(id.clone()));
    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    for (name, value) in FIXED {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(HeaderName::from_static("x-request-id"), value);
    }
    let ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let path: String = path.chars().take(100).collect();
    tracing::info!(request_id = id, %method, path, status = response.status().as_u16(), ms, "answered");
    Ok(response)
}
