//! GraphQL over HTTP, as the specification's draft says: media types, status codes, GET for queries only.

use super::headers::request_id;
use super::{House, Open, answering, event_stream, socket};
use crate::graphql::error::{Code, code_of, whole};
use actix_web::http::header::{ACCEPT, ALLOW, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, web};
use async_graphql::{Request, Response, Variables};
use async_graphql_parser::types::OperationType;
use futures_util::StreamExt;
use pipewright_core::viewer::Viewer;
use serde_json::{Map, Value};
use std::time::Duration;

/// Inside variables and extensions, at most.
const JSON_DEPTH: u32 = 64;

/// The methods of `/graphql`.
const METHODS: &str = "GET, POST, OPTIONS";

/// The two media types of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Media {
    /// `application/graphql-response+json`: the status says how the request went.
    Graphql,
    /// `application/json`: 200 for every well-formed request.
    Json,
}

impl Media {
    fn name(self) -> &'static str {
        match self {
            Self::Graphql => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }
}

/// How a request came, and what may answer it.
struct Accepted {
    is_get: bool,
    /// The answer as one body; `None` where only events are taken.
    media: Option<Media>,
    /// Answers as server-sent events.
    events: bool,
}

/// A request refused before its document was looked at: the same status in both media types.
pub(super) struct Refused(StatusCode, &'static str);

/// Every method of `/graphql`.
pub(super) async fn answer(request: HttpRequest, payload: web::Payload, house: web::Data<House>) -> HttpResponse {
    let id = request_id(&request);
    if request.method() == Method::OPTIONS {
        return HttpResponse::NoContent().insert_header((ALLOW, METHODS)).finish();
    }
    let how = Accepted { is_get: request.method() == Method::GET, media: media(&request), events: takes_events(&request) };
    if how.media.is_none() && !how.events {
        let text = "this answers application/graphql-response+json, application/json or text/event-stream: say one in Accept";
        return refusal(StatusCode::NOT_ACCEPTABLE, Code::BadUserInput, text, &id);
    }
    let Some(open) = house.open.get() else {
        let mut response =
            refusal(StatusCode::SERVICE_UNAVAILABLE, Code::Unavailable, "not ready yet: try again in a moment", &id);
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        return response;
    };
    if how.is_get && socket::is_asked(&request) {
        return socket::open(&request, payload, house.clone());
    }
    match read(&request, payload, &house).await {
        Ok(asked) => execute(asked, how, id, house.clone(), open).await,
        Err(Refused(status, text)) => {
            let mut response = refusal(status, Code::BadUserInput, text, &id);
            if status == StatusCode::METHOD_NOT_ALLOWED {
                response.headers_mut().insert(ALLOW, HeaderValue::from_static(METHODS));
            }
            response
        }
    }
}

/// A body with one error, for what is refused before there is a GraphQL answer.
pub(super) fn refusal(status: StatusCode, code: Code, text: &str, id: &str) -> HttpResponse {
    let extensions = serde_json::json!({ "code": code.as_str(), "requestId": id });
    let body = serde_json::json!({ "errors": [{ "message": text, "extensions": extensions }] });
    HttpResponse::build(status).content_type(Media::Json.name()).insert_header(("cache-control", "no-store")).json(body)
}

/// Whether `Accept` names server-sent events; `*/*` does not.
fn takes_events(request: &HttpRequest) -> bool {
    let named = request.headers().get_all(ACCEPT).filter_map(|value| value.to_str().ok());
    let mut ranges = named.flat_map(|value| value.split(','));
    ranges.any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let is_named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("text/event-stream"));
        is_named && parts.all(|part| part.strip_prefix("q=").and_then(|q| q.parse::<f32>().ok()) != Some(0.0))
    })
}

/// The better of the two that `Accept` names; `application/json` where it names none or anything.
fn media(request: &HttpRequest) -> Option<Media> {
    let mut named = request.headers().get_all(ACCEPT).filter_map(|value| value.to_str().ok()).peekable();
    if named.peek().is_none() {
        return Some(Media::Json);
    }
    let mut best: Option<(u32, Media)> = None;
    for range in named.flat_map(|value| value.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let media = match parts.next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "application/graphql-response+json" => Media::Graphql,
            "application/json" | "application/*" | "*/*" => Media::Json,
            _ => continue,
        };
        let quality = parts.find_map(|part| part.strip_prefix("q=")).map_or(1.0, |q| q.parse::<f32>().unwrap_or(0.0));
        let quality = (quality.clamp(0.0, 1.0) * 1000.0) as u32;
        let better = best.is_none_or(|(held, other)| quality > held || quality == held && other == Media::Json);
        if quality > 0 && better {
            best = Some((quality, media));
        }
    }
    best.map(|(_, media)| media)
}

async fn read(request: &HttpRequest, payload: web::Payload, house: &House) -> Result<Request, Refused> {
    let limits = &house.config.server.limits;
    let url = request.uri().path_and_query().map_or(0, |url| url.as_str().len());
    if url > limits.url_bytes {
        return Err(Refused(StatusCode::URI_TOO_LONG, "the URL is too long: use POST"));
    }
    match *request.method() {
        Method::GET => from_url(request.query_string()),
        Method::POST => {
            right_type(request)?;
            let body = body(request, payload, limits.body_bytes, Duration::from_secs(limits.body_s)).await?;
            from_body(&body)
        }
        _ => Err(Refused(StatusCode::METHOD_NOT_ALLOWED, "ask by POST, or queries by GET")),
    }
}

fn right_type(request: &HttpRequest) -> Result<(), Refused> {
    let wrong = Refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send application/json, in UTF-8, not compressed");
    let Some(named) = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return Err(wrong) };
    let mut parts = named.split(';').map(|part| part.trim().to_ascii_lowercase());
    let is_json = parts.next().as_deref() == Some("application/json");
    let is_utf8 = parts.all(|part| match part.strip_prefix("charset=") {
        Some(charset) => charset.trim_matches('"') == "utf-8",
        None => true,
    });
    let is_plain = request.headers().get(CONTENT_ENCODING).is_none_or(|encoding| encoding == "identity");
    if is_json && is_utf8 && is_plain { Ok(()) } else { Err(wrong) }
}

/// The whole body, counted as it arrives, so that a chunked one is cut as well.
async fn body(request: &HttpRequest, mut payload: web::Payload, most: usize, within: Duration) -> Result<Vec<u8>, Refused> {
    let too_large = Refused(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large");
    let declared = request.headers().get("content-length").and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > most) {
        return Err(too_large);
    }
    let collect = async {
        let mut body = Vec::with_capacity(declared.unwrap_or(0));
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|_| Refused(StatusCode::BAD_REQUEST, "the body broke off"))?;
            if body.len() + chunk.len() > most {
                return Err(too_large);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    };
    match tokio::time::timeout(within, collect).await {
        Ok(read) => read,
        Err(_) => Err(Refused(StatusCode::REQUEST_TIMEOUT, "the body took too long to arrive")),
    }
}

fn bad(text: &'static str) -> Refused {
    Refused(StatusCode::BAD_REQUEST, text)
}

fn from_body(body: &[u8]) -> Result<Request, Refused> {
    let parsed: Value = serde_json::from_slice(body).map_err(|_| bad("the body is not valid JSON"))?;
    match parsed {
        Value::Object(parameters) => from_parameters(parameters),
        Value::Array(_) => Err(bad("the body is a list: send one request at a time")),
        _ => Err(bad("the body is not a JSON object")),
    }
}

fn from_url(query: &str) -> Result<Request, Refused> {
    let pairs = web::Query::<Vec<(String, String)>>::from_query(query).map_err(|_| bad("the URL's parameters cannot be read"))?;
    let mut parameters = Map::new();
    for (name, value) in pairs.into_inner() {
        let value = match name.as_str() {
            "query" | "operationName" => Value::String(value),
            "variables" | "extensions" if value.is_empty() => Value::Null,
            "variables" | "extensions" => {
                serde_json::from_str(&value).map_err(|_| bad("'variables' and 'extensions' are JSON in the URL"))?
            }
            _ => continue,
        };
        if parameters.insert(name, value).is_some() {
            return Err(bad("a parameter stands twice in the URL"));
        }
    }
    from_parameters(parameters)
}

/// The request that an object of parameters is, wherever it came from.
pub(super) fn from_parameters(mut parameters: Map<String, Value>) -> Result<Request, Refused> {
    let Some(Value::String(query)) = parameters.remove("query") else {
        return Err(bad("'query' is missing, or is not a string"));
    };
    let mut request = Request::new(query);
    request.operation_name = match parameters.remove("operationName") {
        None | Some(Value::Null) => None,
        Some(Value::String(name)) => Some(name).filter(|name| !name.is_empty()),
        Some(_) => return Err(bad("'operationName' is not a string")),
    };
    match parameters.remove("variables") {
        None | Some(Value::Null) => {}
        Some(variables @ Value::Object(_)) if !is_deeper(&variables, JSON_DEPTH) => {
            request.variables = Variables::from_json(variables);
        }
        Some(Value::Object(_)) => return Err(bad("'variables' are nested too deep")),
        Some(_) => return Err(bad("'variables' is not an object")),
    }
    match parameters.remove("extensions") {
        None | Some(Value::Null | Value::Object(_)) => Ok(request),
        Some(_) => Err(bad("'extensions' is not an object")),
    }
}

fn is_deeper(value: &Value, left: u32) -> bool {
    match value {
        Value::Array(items) => left == 0 || items.iter().any(|item| is_deeper(item, left - 1)),
        Value::Object(fields) => left == 0 || fields.values().any(|field| is_deeper(field, left - 1)),
        _ => false,
    }
}

async fn execute(request: Request, how: Accepted, id: String, house: web::Data<House>, open: &Open) -> HttpResponse {
    let judged = answering::judged(request, id.clone(), Viewer::local(), &house);
    let operation = judged.as_ref().map_or(OperationType::Query, |asked| asked.operation);
    let is_watched = operation == OperationType::Subscription;
    let media = match how.media {
        Some(media) if !(is_watched && how.events) => media,
        _ if how.is_get && operation == OperationType::Mutation => Media::Json,
        _ => return event_stream::answer(judged, &id, house),
    };
    let asked = match judged {
        Ok(asked) => asked,
        Err(error) => return written(Response::from_errors(vec![error]), media, &id, &house),
    };
    if how.is_get && operation != OperationType::Query {
        let mut response =
            refusal(StatusCode::METHOD_NOT_ALLOWED, Code::BadUserInput, "only queries are asked by GET: use POST", &id);
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
        return response;
    }
    if is_watched {
        let text = "a subscription is answered over a socket (graphql-transport-ws at this path), or as text/event-stream: say so in Accept";
        return written(Response::from_errors(vec![whole(Code::BadUserInput, text)]), media, &id, &house);
    }
    written(answering::answered(asked, &house, open).await, media, &id, &house)
}

fn written(response: Response, media: Media, id: &str, house: &House) -> HttpResponse {
    let limits = &house.config.server.limits;
    let response = answering::settled(response, id, house);
    let is_request_error = answering::is_request_error(&response);
    let is_away = response.errors.iter().any(|error| code_of(error) == Some("UNAVAILABLE"));
    let status = match media {
        _ if is_away => StatusCode::SERVICE_UNAVAILABLE,
        Media::Graphql if is_request_error => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    };
    // Written as it stands: an answer's fields come in the order of the question's.
    let text = if is_request_error {
        serde_json::to_string(&serde_json::json!({ "errors": response.errors, "extensions": response.extensions }))
    } else {
        serde_json::to_string(&response)
    };
    let Ok(body) = text else {
        return refusal(StatusCode::INTERNAL_SERVER_ERROR, Code::Internal, "the answer could not be written", id);
    };
    if body.len() > limits.response_bytes {
        let text = "the answer is too large: ask for fewer rows or fields";
        return refusal(StatusCode::OK, Code::QueryTooComplex, text, id);
    }
    let mut answer = HttpResponse::build(status);
    if is_away {
        answer.insert_header((RETRY_AFTER, "1"));
    }
    answer.content_type(media.name()).insert_header(("cache-control", "no-store")).body(body)
}
