//! `/media`: pictures that contents show.

use super::form::{FileForm, place};
use super::problem::Answer;
use super::query::Query;
use super::roles::{Caller, Concern};
use super::routes::Routes;
use super::{Api, PageQuery, input, page};
use crate::domain::ids::MediaId;
use crate::domain::media::MediaKind;
use crate::domain::role::Role;
use crate::media::{Received, Store, StoreError};
use crate::operations::OperationError;
use crate::operations::broken::Broken;
use crate::operations::media::{AddMedia, DeleteMedia, GetMedia, ListMedia, RemoveFile};
use crate::views::{MediaView, PageView};
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpResponse, web};
use serde_json::json;

const KINDS: &[&str] = &["image/png", "image/jpeg", "image/gif", "image/webp"];

pub fn routes(routes: &mut Routes) {
    let (viewer, editor) = ((Role::Viewer, Concern::Own), (Role::Editor, Concern::Own));
    routes.group("Media");
    routes
        .route((Method::GET, "/media"), viewer, list, "List pictures")
        .about("The newest first. A picture belongs to no account: whoever reads contents sees all of them.")
        .ok::<PageView<MediaView>>();
    routes
        .route((Method::POST, "/media"), editor, create, "Upload a picture")
        .about(
            "A form (`multipart/form-data`) with the picture in its field `file`: PNG, JPEG, GIF or WebP by what it holds, \
             at most 20 MiB and 50 million pixels. The same file again is the same picture, and makes nothing. A text shows \
             it by its `address`.",
        )
        .created::<MediaView>();
    routes.route((Method::GET, "/media/{id}"), viewer, get, "Show a picture's data").ok::<MediaView>();
    routes
        .route((Method::GET, "/media/{id}/file"), viewer, file, "Show a picture")
        .about("The file as it was uploaded. It never changes.")
        .file(KINDS);
    routes
        .route((Method::DELETE, "/media/{id}"), (Role::Editor, Concern::All), delete, "Delete a picture")
        .about("Refused as long as a content shows it, be it in an earlier revision.")
        .no_content()
        .refuses(&["wrong_state"]);
}

async fn create(api: web::Data<Api>, caller: Caller, form: FileForm) -> Answer {
    let FileForm { bytes, name, request, place } = form;
    let store = api.cx.media.clone();
    let received = blocking(move || receive(&store, &name, &bytes)).await??;
    drop(place);
    let add = caller.does(AddMedia(received));
    request.once(&api, StatusCode::CREATED, add, |added, _, _| json!(MediaView::from(added.row))).await
}

/// What has no name is called by its field.
fn receive(store: &Store, name: &str, bytes: &[u8]) -> Result<Received, OperationError> {
    let name = if name.is_empty() { super::form::FIELD } else { name };
    Ok(store.receive(name, bytes)?)
}

async fn list(api: web::Data<Api>, query: Query<PageQuery>) -> Answer {
    let found = api.db.perform(ListMedia(query.0.paging()?)).await?;
    Ok(HttpResponse::Ok().json(page(found, MediaView::from)))
}

async fn get(api: web::Data<Api>, path: web::Path<String>) -> Answer {
    let row = api.db.perform(GetMedia(input::id("picture", &path)?)).await?;
    Ok(HttpResponse::Ok().json(MediaView::from(row)))
}

/// A browser shows it as what it is and runs nothing of it, whatever it holds.
async fn file(api: web::Data<Api>, path: web::Path<String>) -> Answer {
    let id: MediaId = input::id("picture", &path)?;
    let row = api.db.perform(GetMedia(id)).await?;
    let place = place().await?;
    let (store, kind) = (api.cx.media.clone(), row.kind);
    let read: Result<Vec<u8>, StoreError> = blocking(move || store.read(&row.sha256)).await?;
    drop(place);
    Ok(shown(kind, read.map_err(OperationError::from)?))
}

fn shown(kind: MediaKind, bytes: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, kind.mime()))
        .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CACHE_CONTROL, "private, max-age=31536000, immutable"))
        .body(bytes)
}

async fn delete(api: web::Data<Api>, caller: Caller, path: web::Path<String>) -> Answer {
    let id: MediaId = input::id("picture", &path)?;
    let gone = api.db.perform(caller.does(DeleteMedia(id))).await?;
    // What is asked for is done; a file that stays is swept.
    if let Err(error) = api.db.perform(RemoveFile(gone.0)).await {
        log::warn!("the file of picture {id}, which was deleted, stays for now: {error}");
    }
    Ok(HttpResponse::NoContent().finish())
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, OperationError> {
    web::block(work).await.map_err(|error| Broken::Said(error.to_string()).into())
}
