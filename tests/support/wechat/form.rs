//! Files in a form (`multipart/form-data`), read by the library that goes with actix-web.

use super::pictures::sha256;
use super::refusal::{MEDIA_DATA_MISSING, Refusal};
use actix_multipart::Multipart;
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use actix_web::web::Bytes;
use futures_util::{FutureExt, StreamExt, stream};

/// More than any file that is taken.
const FILE_MAX_BYTES: usize = 32 * 1024 * 1024;
/// The library keeps a bounded buffer.
const CHUNK_BYTES: usize = 16 * 1024;

#[derive(Debug, Clone)]
pub struct File {
    pub bytes: Bytes,
    /// In hexadecimal digits.
    pub sha256: String,
}

/// The file in this field of the form.
///
/// # Errors
/// `media data missing` where the body is no form, or has no such field, or the field has no file name: that is how WeChat
/// knows a file.
pub fn file(content_type: &str, body: &[u8], field: &str) -> Result<File, Refusal> {
    let content_type = HeaderValue::from_str(content_type).map_err(|_| MEDIA_DATA_MISSING)?;
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, content_type);
    let chunks: Vec<Result<Bytes, PayloadError>> =
        body.chunks(CHUNK_BYTES).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
    let form = Multipart::new(&headers, stream::iter(chunks));
    // All of it is there, so nothing in it waits.
    find(form, field).now_or_never().flatten().ok_or(MEDIA_DATA_MISSING)
}

async fn find(mut form: Multipart, wanted: &str) -> Option<File> {
    while let Some(Ok(mut field)) = form.next().await {
        let has_name = field.content_disposition().is_some_and(|told| told.get_filename().is_some());
        let is_wanted = field.name() == Some(wanted);
        let bytes = field.bytes(FILE_MAX_BYTES).await.ok()?.ok()?;
        if is_wanted {
            return has_name.then(|| File { sha256: sha256(&bytes), bytes });
        }
    }
    None
}
