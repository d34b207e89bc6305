//! Whether the server lives, whether it can work, and the sites of the folder platform.

use super::Api;
use super::problem::{Answer, Problem};
use crate::operations::task::ListTasks;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{HttpResponse, web};
use serde_json::json;
use std::path::{Component, Path};

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/healthz").route(web::get().to(healthz)).route(web::head().to(healthz)))
        .service(web::resource("/readyz").route(web::get().to(readyz)).route(web::head().to(readyz)))
        .service(web::resource("/demo/{path:.*}").route(web::get().to(site)));
}

async fn healthz() -> HttpResponse {
    HttpResponse::Ok().json(json!({"status": "ok"}))
}

async fn readyz(api: web::Data<Api>) -> Answer {
    api.db.perform(ListTasks).await?;
    if !api.cx.can_decrypt() {
        let detail = "the credentials in this database were sealed with another key";
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "wrong_secret_key", detail));
    }
    Ok(HttpResponse::Ok().json(json!({"status": "ready"})))
}

/// A file of a site. Pages are other people's words: they run nothing.
async fn site(api: web::Data<Api>, path: web::Path<String>) -> Answer {
    let path = path.into_inner();
    let missing = || Problem::new(StatusCode::NOT_FOUND, "not_found", "there is no such page");
    let relative = Path::new(&path);
    let is_plain = relative.components().all(|part| match part {
        Component::Normal(name) => !name.to_string_lossy().starts_with('.'),
        _ => false,
    });
    if !is_plain {
        return Err(missing());
    }
    let mut file = api.sites.join(relative);
    let (is_folder, file_of_folder) = (path.is_empty() || path.ends_with('/'), file.clone());
    if !is_folder && web::block(move || file_of_folder.is_dir()).await.unwrap_or(false) {
        // The links of a page are relative to its folder.
        return Ok(HttpResponse::PermanentRedirect()
            .insert_header((LOCATION, format!("/demo/{path}/")))
            .finish());
    }
    let found = web::block(move || {
        if is_folder {
            file = file.join("index.html");
        }
        let kind = match file.extension().and_then(|extension| extension.to_str()) {
            Some("html") => "text/html; charset=utf-8",
            Some("xml") => "application/atom+xml; charset=utf-8",
            Some("md") => "text/markdown; charset=utf-8",
            _ => return None,
        };
        Some((kind, std::fs::read(file).ok()?))
    });
    let (kind, bytes) = found.await.ok().flatten().ok_or_else(missing)?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, kind))
        .insert_header((CONTENT_SECURITY_POLICY, "sandbox"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .body(bytes))
}
