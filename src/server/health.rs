//! Whether the process lives, and whether it can answer.

use super::House;
use actix_web::{HttpResponse, web};
use std::time::Duration;

/// How long the database may take to say that it is there.
const PING: Duration = Duration::from_secs(2);

/// Touches nothing.
pub(super) async fn live() -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({ "status": "live" }))
}

/// The schema is up to date and the facts are loaded, no stop was asked for, the database answers, and the facts are in step
/// with the change feed.
pub(super) async fn ready(house: web::Data<House>) -> HttpResponse {
    match unready(&house).await {
        None => HttpResponse::Ok().json(serde_json::json!({ "status": "ready" })),
        Some(reason) => HttpResponse::ServiceUnavailable()
            .insert_header(("retry-after", "1"))
            .json(serde_json::json!({ "status": "not ready", "reason": reason })),
    }
}

async fn unready(house: &House) -> Option<String> {
    if house.is_stopping() {
        return Some("the server is stopping".into());
    }
    let Some(open) = house.open.get() else { return Some(house.step().into()) };
    match tokio::time::timeout(PING, open.app.storage.ping()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::warn!(%error, "not ready");
            return Some("the database does not answer".into());
        }
        Err(_) => return Some(format!("the database did not answer within {} seconds", PING.as_secs())),
    }
    let (lag, most) = (open.app.resident.lag(), Duration::from_secs(house.config.server.ready_lag_s));
    (lag > most).then(|| {
        let (lag, most) = (lag.as_secs(), most.as_secs());
        format!(
            "the facts were last in step with the change feed {lag} seconds ago: at most {most} are allowed (server.ready_lag_s)"
        )
    })
}
