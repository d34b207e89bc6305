//! Whether the server lives, and whether it can work.

use super::Api;
use super::problem::{Answer, Problem};
use super::routes::Routes;
use crate::operations::credentials::LookForKey;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use std::time::Duration;

/// Whoever asks whether the server is ready does not wait longer for the database.
const DATABASE_ANSWERS_WITHIN: Duration = Duration::from_secs(3);

pub fn routes(routes: &mut Routes) {
    routes.group("The server itself");
    routes.open("/healthz", healthz, "Does the server live?").ok::<HealthView>();
    routes
        .open("/readyz", readyz, "Can the server work?")
        .about("What was looked at is in `checks`, also where the answer is a problem: that of the first that failed.")
        .ok::<ReadinessView>()
        .refuses(&[
            "database_unavailable",
            "overloaded",
            "wrong_secret_key",
            "clock_held",
            "ticks_stopped",
            "part_down",
        ]);
}

/// All is well.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Health")]
struct HealthView {
    status: &'static str,
}

/// The server can work.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Readiness")]
struct ReadinessView {
    status: &'static str,
    checks: Vec<CheckView>,
}

/// Something that was looked at.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Check")]
struct CheckView {
    name: &'static str,
    ok: bool,
    /// What is wrong.
    why: Option<String>,
}

async fn healthz() -> HttpResponse {
    HttpResponse::Ok().json(HealthView { status: "ok" })
}

type Checked = Result<(), Problem>;

async fn readyz(api: web::Data<Api>) -> Answer {
    let checks: [(&'static str, Checked); 5] = [
        ("database", database(&api).await),
        ("secret_key", secret_key(&api)),
        ("clock", clock(&api)),
        ("ticks", ticks(&api)),
        ("actors", actors(&api)),
    ];
    let view = |(name, checked): &(&'static str, Checked)| {
        let why = checked.as_ref().err().map(|problem| problem.detail().to_owned());
        CheckView { name, ok: why.is_none(), why }
    };
    let told: Vec<CheckView> = checks.iter().map(view).collect();
    match checks.into_iter().find_map(|(_, checked)| checked.err()) {
        None => Ok(HttpResponse::Ok().json(ReadinessView { status: "ready", checks: told })),
        Some(first) => Err(first.with("checks", json!(told))),
    }
}

/// Anything that has to be read of it, such as what the next check is of.
async fn database(api: &Api) -> Checked {
    let db = api.db.clone();
    // Waited for to its end by somebody in any case: that a thread does not answer is found out so.
    let asked = actix_rt::spawn(async move { db.perform(LookForKey).await });
    match tokio::time::timeout(DATABASE_ANSWERS_WITHIN, asked).await {
        Ok(Ok(Ok(_))) => api.crew.unwritten().map_or(Ok(()), |why| {
            let detail = format!("the database takes no writes: {why}");
            Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "database_unavailable", detail))
        }),
        Ok(Ok(Err(error))) => Err(error.into()),
        Ok(Err(_)) | Err(_) => {
            let seconds = DATABASE_ANSWERS_WITHIN.as_secs();
            let detail = format!("the database has not answered within {seconds} s");
            Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "database_unavailable", detail))
        }
    }
}

/// As the database was last seen.
fn secret_key(api: &Api) -> Checked {
    api.cx.look_for_key();
    if api.cx.can_decrypt() {
        return Ok(());
    }
    let detail = "the credentials in this database were sealed with another key";
    Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "wrong_secret_key", detail))
}

fn clock(api: &Api) -> Checked {
    let held = api.crew.hold().map(|hold| hold.to_string());
    held.map_or(Ok(()), |why| Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "clock_held", why)))
}

fn ticks(api: &Api) -> Checked {
    let Some(silent) = api.crew.ticks_missing() else { return Ok(()) };
    let detail = format!("the scheduler has not looked for what is due for {} s", silent.as_secs());
    Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "ticks_stopped", detail))
}

fn actors(api: &Api) -> Checked {
    let down = api.crew.down();
    if down.is_empty() {
        return Ok(());
    }
    let detail = format!("again and again this breaks down, or cannot be made anew: {}", down.join(", "));
    Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "part_down", detail))
}
