//! Whether the server lives, and whether it can work.

use super::Api;
use super::problem::{Answer, Problem};
use super::routes::Routes;
use crate::operations::pause::GetPause;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::Serialize;

pub fn routes(routes: &mut Routes) {
    routes.group("The server itself");
    routes.open("/healthz", healthz, "Does the server live?").ok::<HealthView>();
    routes.open("/readyz", readyz, "Can the server work?").ok::<HealthView>().refuses(&[
        "wrong_secret_key",
        "clock_held",
        "overloaded",
        "database_unavailable",
    ]);
}

/// All is well.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Health")]
struct HealthView {
    status: &'static str,
}

async fn healthz() -> HttpResponse {
    HttpResponse::Ok().json(HealthView { status: "ok" })
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
    Ok(HttpResponse::Ok().json(HealthView { status: "ready" }))
}
