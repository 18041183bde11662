//! The dashboard and GraphiQL, from the files embedded in the binary.

use super::graphql_http::refusal;
use super::headers::request_id;
use crate::graphql::error::Code;
use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse};

/// The board at `/`, GraphiQL at `/graphiql`, and what they load.
pub(super) async fn page(request: HttpRequest) -> HttpResponse {
    let path = match request.path() {
        "/" => "index.html",
        "/graphiql" | "/graphiql/" => "graphiql.html",
        path => path.trim_start_matches('/'),
    };
    let Some((bytes, media_type)) = pipewright_web::file(path) else {
        return refusal(StatusCode::NOT_FOUND, Code::BadUserInput, "there is nothing at this path", &request_id(&request));
    };
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return only_read(request).await;
    }
    // The names of assets hold a hash of what is in them; pages name them.
    let kept = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    HttpResponse::Ok().content_type(media_type).insert_header(("cache-control", kept)).body(bytes)
}

/// The answer to every method but GET and HEAD.
pub(super) async fn only_read(request: HttpRequest) -> HttpResponse {
    let text = "this path is only read: use GET";
    let mut response = refusal(StatusCode::METHOD_NOT_ALLOWED, Code::BadUserInput, text, &request_id(&request));
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    response
}
