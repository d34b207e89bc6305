//! `/media`: pictures that contents show.

use super::form::{FileForm, blocking};
use super::problem::Answer;
use super::query::Query;
use super::roles::{Caller, Concern};
use super::routes::Routes;
use super::{Api, PageQuery, input, page};
use crate::domain::ids::MediaId;
use crate::domain::media::MediaKind;
use crate::domain::role::Role;
use crate::media::{Received, Store, Written};
use crate::operations::OperationError;
use crate::operations::media::{AddMedia, DeleteMedia, GetMedia, ListMedia, RemoveFile};
use crate::views::{MediaView, PageView};
use actix_web::body::{MessageBody, SizedStream};
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, web};
use futures_util::{Stream, stream};
use serde_json::json;
use std::fs::File;
use std::io::{self, Read};

const KINDS: &[&str] = &["image/png", "image/jpeg", "image/gif", "image/webp"];

/// In bytes, of a file that is sent.
const PART_BYTES: u64 = 256 * 1024;

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
    let FileForm { file, name, request, place } = form;
    let store = api.cx.media.clone();
    let received = blocking(move || receive(&store, &name, file)).await??;
    drop(place);
    let add = caller.does(AddMedia(received));
    request.once(&api, StatusCode::CREATED, add, |added, _, _| json!(MediaView::from(added.row))).await
}

/// What has no name is called by its field.
fn receive(store: &Store, name: &str, file: Written) -> Result<Received, OperationError> {
    let name = if name.is_empty() { super::form::FIELD } else { name };
    Ok(store.end(file, name)?)
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
    let (store, kind) = (api.cx.media.clone(), row.kind);
    let file = blocking(move || store.open(&row.sha256)).await?.map_err(OperationError::from)?;
    let length = u64::try_from(row.bytes).unwrap_or(0);
    Ok(shown(kind, SizedStream::new(length, parts(file, length))))
}

fn shown(kind: MediaKind, file: impl MessageBody + 'static) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, kind.mime()))
        .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CACHE_CONTROL, "private, max-age=31536000, immutable"))
        .body(file)
}

/// The file as it is sent: a part of it is in memory.
fn parts(file: File, length: u64) -> impl Stream<Item = Result<Bytes, io::Error>> {
    stream::try_unfold((file, length), |(mut file, left)| async move {
        if left == 0 {
            return Ok(None);
        }
        let read = blocking(move || {
            let mut part = Vec::new();
            Read::take(&mut file, left.min(PART_BYTES)).read_to_end(&mut part)?;
            Ok::<_, io::Error>((file, part))
        });
        let (file, part) = read.await.map_err(io::Error::other)??;
        match u64::try_from(part.len()).unwrap_or(u64::MAX) {
            // It was cut short on the disk. Whoever asked is told by an answer that is cut short, too.
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            length => Ok(Some((Bytes::from(part), (file, left.saturating_sub(length))))),
        }
    })
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
