//! Forms with a file (`multipart/form-data`): read once at the edge, with limits of their own on bytes, time, and how many
//! are read at once. A file goes to the disk as it comes, and is never whole in memory.

use super::Api;
use super::creating::{Keyed, keyed_by};
use super::input::{encoded, slow};
use super::problem::Problem;
use super::reading::Reading;
use super::routes::Takes;
use crate::config::Limits;
use crate::domain::fault::Fault;
use crate::domain::media::FILE_MAX_BYTES;
use crate::domain::request_key::RequestKey;
use crate::listening::Marks;
use crate::media::{Store, StoreError, Written};
use crate::operations::OperationError;
use crate::operations::broken::Broken;
use actix_multipart::{Field, Multipart};
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_ENCODING;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::future::LocalBoxFuture;
use futures_util::{FutureExt, StreamExt};
use std::rc::Rc;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

/// The field of the form that holds the file.
pub const FIELD: &str = "file";
/// So many files come at once, in a process.
const PLACES: usize = 4;
static PLACE: Semaphore = Semaphore::const_new(PLACES);
/// In bytes: so much of a file is written at once.
const PART_BYTES: usize = 256 * 1024;
/// Fields beside the file, which are passed over.
const OTHER_FIELDS_MAX: usize = 8;
/// In bytes, of each of these.
const OTHER_FIELD_MAX: usize = 64 * 1024;

/// The file of a form that makes something, what it was called, and the key of its request, where it has one.
pub struct FileForm {
    pub file: Written,
    pub name: String,
    pub request: Keyed,
    /// As long as there is anything to be done with the file.
    pub place: SemaphorePermit<'static>,
}

impl FromRequest for FileForm {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (http, form) = (request.clone(), Multipart::from_request(request, payload));
        let api = request.app_data::<web::Data<Api>>();
        let limits = api.map_or_else(Limits::default, |api| api.server.limits.clone());
        let store = api.map_or_else(Store::default, |api| api.cx.media.clone());
        async move {
            let encoding = http.headers().get(CONTENT_ENCODING);
            if let Some(encoding) = encoding.filter(|it| !it.as_bytes().eq_ignore_ascii_case(b"identity")) {
                return Err(encoded(encoding));
            }
            let form = form.await.map_err(|error| bad(&error))?;
            let place =
                timeout(limits.body_time, place()).await.map_err(|_| OperationError::Overloaded)??;
            let read = timeout(limits.body_time, read(form, &store)).await;
            let (file, name) = read.map_err(|_| slow(limits.body_time))??;
            if let Some(marks) = http.conn_data::<Rc<Marks>>() {
                marks.has_body();
            }
            let told = [name.as_bytes(), b"\n", file.sha256().as_str().as_bytes()].concat();
            let request = keyed_by(&http, &told)?;
            Ok(FileForm { file, name, request, place })
        }
        .boxed_local()
    }
}

impl Takes for FileForm {
    fn tell(reading: &mut Reading<'_>) {
        reading.form(FIELD, "The picture: PNG, JPEG, GIF or WebP, at most 20 MiB.");
        reading.key(RequestKey::MAX_CHARS);
    }
}

/// Whoever waits for a place holds nothing yet.
async fn place() -> Result<SemaphorePermit<'static>, Problem> {
    PLACE.acquire().await.map_err(|_| OperationError::Overloaded.into())
}

/// The file, and what it was called.
async fn read(mut form: Multipart, store: &Store) -> Result<(Written, String), Problem> {
    let mut found = None;
    let mut others = 0;
    while let Some(field) = form.next().await {
        let mut field = field.map_err(|error| bad(&error))?;
        if field.name() == Some(FIELD) {
            if found.is_some() {
                return Err(Problem::field(FIELD, Fault::GivenTwice));
            }
            let name = name_of(&field);
            found = Some((written(&mut field, store).await?, name));
            continue;
        }
        others += 1;
        passed_over(&mut field).await?;
        if others > OTHER_FIELDS_MAX {
            return Err(too_large());
        }
    }
    found.ok_or_else(|| Problem::field(FIELD, Fault::Missing))
}

/// Whatever a client says that the file is called; it is for people alone, and no path.
fn name_of(field: &Field) -> String {
    let name = field.content_disposition().and_then(|told| told.get_filename());
    name.unwrap_or_default().to_owned()
}

/// A field that goes to the disk.
async fn written(field: &mut Field, store: &Store) -> Result<Written, Problem> {
    let store = store.clone();
    let mut writing = blocking(move || store.write()).await?.map_err(OperationError::from)?;
    let (mut part, mut left) = (Vec::with_capacity(PART_BYTES), FILE_MAX_BYTES);
    loop {
        let chunk = field.next().await.transpose().map_err(|error| bad(&error))?;
        let is_last = chunk.is_none();
        let chunk = chunk.unwrap_or_default();
        let length = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        left = left.checked_sub(length).ok_or_else(too_large)?;
        part.extend_from_slice(&chunk);
        if part.len() >= PART_BYTES || (is_last && !part.is_empty()) {
            let added = blocking(move || {
                writing.add(&part)?;
                part.clear();
                Ok::<_, StoreError>((writing, part))
            });
            (writing, part) = added.await?.map_err(OperationError::from)?;
        }
        if is_last {
            return Ok(writing.end());
        }
    }
}

/// A field that nobody wants.
async fn passed_over(field: &mut Field) -> Result<(), Problem> {
    let mut left = OTHER_FIELD_MAX;
    while let Some(chunk) = field.next().await {
        let chunk = chunk.map_err(|error| bad(&error))?;
        left = left.checked_sub(chunk.len()).ok_or_else(too_large)?;
    }
    Ok(())
}

/// What waits for the disk is done on a thread that may.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, OperationError> {
    web::block(work).await.map_err(|error| Broken::Said(error.to_string()).into())
}

fn too_large() -> Problem {
    let detail =
        format!("the form is larger than is taken: {FILE_MAX_BYTES} bytes for the file, and little else");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail)
}

fn bad(error: &dyn std::fmt::Display) -> Problem {
    let detail = format!("the form could not be read: {error}");
    Problem::new(StatusCode::BAD_REQUEST, "bad_body", detail).hint(
        "Send it as multipart/form-data with the picture in the field `file`, as `curl -F file=@a.png` does.",
    )
}
