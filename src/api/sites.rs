//! The sites of the folder platform, at `/demo/`. Pages are other people's words: they run nothing.

use super::Api;
use super::problem::{Answer, Problem};
use crate::operations::OperationError;
use crate::operations::broken::Broken;
use crate::platforms::folder;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{HttpResponse, web};
use std::path::{Component, Path};

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/demo").route(web::get().to(root)))
        .service(web::resource("/demo/{path:.*}").route(web::get().to(site)));
}

/// Links are relative to a folder.
async fn root() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((LOCATION, "/demo/")).finish()
}

/// A file of a site; without a name, the sites there are.
async fn site(api: web::Data<Api>, path: web::Path<String>) -> Answer {
    let path = path.into_inner();
    if path.is_empty() {
        return overview(api).await;
    }
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
    let (is_folder, file_of_folder) = (path.ends_with('/'), file.clone());
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
    Ok(shown(kind, bytes))
}

/// The sites there are.
async fn overview(api: web::Data<Api>) -> Answer {
    let sites = api.sites.clone();
    let page = web::block(move || folder::overview(&sites)).await;
    let page = page.map_err(|error| OperationError::from(Broken::Said(error.to_string())))?;
    Ok(shown("text/html; charset=utf-8", page.into_bytes()))
}

fn shown(kind: &'static str, bytes: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, kind))
        .insert_header((CONTENT_SECURITY_POLICY, "sandbox"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .body(bytes)
}
