//! Only our own names are answered to, against DNS rebinding and other sites' scripts.

use super::headers::request_id;
use crate::graphql::error::Code;
use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{HOST, HeaderValue, ORIGIN};
use actix_web::middleware::Next;

pub(super) async fn own_names_only<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let refused = match (host, request.headers().get(ORIGIN)) {
        (Some(host), _) if !is_own(host) => Some("Host"),
        (None, _) => Some("Host"),
        (_, Some(origin)) if !is_own_origin(origin) => Some("Origin"),
        _ => None,
    };
    match refused {
        None => Ok(next.call(request).await?.map_into_boxed_body()),
        Some(header) => {
            let id = request_id(request.request());
            let text = format!("the {header} header names another host: use localhost or 127.0.0.1");
            let body = super::graphql_http::refusal(StatusCode::FORBIDDEN, Code::Forbidden, &text, &id);
            Ok(request.into_response(body))
        }
    }
}

fn is_own_origin(origin: &HeaderValue) -> bool {
    let origin = origin.to_str().unwrap_or_default();
    origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://")).is_some_and(is_own)
}

/// A loopback name with or without a port.
fn is_own(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    };
    name.eq_ignore_ascii_case("localhost") || matches!(name, "127.0.0.1" | "[::1]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_names_are_ours() {
        for host in ["localhost", "LOCALHOST:8080", "127.0.0.1:1", "[::1]", "[::1]:8080"] {
            assert!(is_own(host), "{host}");
        }
        for host in ["", "evil.example", "localhost.evil.example", "127.0.0.1.evil", "localhost:80@evil", "[::2]:80"] {
            assert!(!is_own(host), "{host}");
        }
        assert!(is_own_origin(&HeaderValue::from_static("http://localhost:3000")));
        assert!(!is_own_origin(&HeaderValue::from_static("null")));
    }
}
