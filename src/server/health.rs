//! Whether the process lives, and whether it can answer.

use super::House;
use actix_web::{HttpResponse, web};
use std::sync::atomic::Ordering;

/// Touches nothing.
pub(super) async fn live() -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({ "status": "live" }))
}

/// The database answers and no stop was asked for; the facts are loaded before the port answers at all.
pub(super) async fn ready(house: web::Data<House>) -> HttpResponse {
    if house.stopping.load(Ordering::Relaxed) {
        return not_ready("stopping");
    }
    match house.app.storage.ping().await {
        Ok(()) => HttpResponse::Ok().json(serde_json::json!({ "status": "ready" })),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            not_ready("the database does not answer")
        }
    }
}

fn not_ready(reason: &str) -> HttpResponse {
    HttpResponse::ServiceUnavailable()
        .insert_header(("retry-after", "1"))
        .json(serde_json::json!({ "status": "not ready", "reason": reason }))
}
