//! Whether the server lives, and whether it can work.

use super::Api;
use super::problem::{Answer, Problem};
use crate::operations::pause::GetPause;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde_json::json;

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/healthz").route(web::get().to(healthz)).route(web::head().to(healthz)))
        .service(web::resource("/readyz").route(web::get().to(readyz)).route(web::head().to(readyz)));
}

async fn healthz() -> HttpResponse {
    HttpResponse::Ok().json(json!({"status": "ok"}))
}

async fn readyz(api: web::Data<Api>) -> Answer {
    // Anything that has to be read of the database.
    api.db.perform(GetPause).await?;
    api.cx.look_for_key();
    if !api.cx.can_decrypt() {
        let detail = "the credentials in this database were sealed with another key";
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "wrong_secret_key", detail));
    }
    if let Some(hold) = api.crew.hold() {
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "clock_held", hold.to_string()));
    }
    Ok(HttpResponse::Ok().json(json!({"status": "ready"})))
}
