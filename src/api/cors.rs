//! Which sites' scripts may use the API from a browser: those that are named in `cors_origins`, and none where none is.
//!
//! Every answer says so, errors too: a script that may not read why it was refused cannot tell its user. No cookie is
//! ever involved, so that a browser has nothing of its own to send along.

use actix_web::HttpResponse;
use actix_web::dev::ServiceRequest;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderValue};

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PATCH, DELETE");
const REQUEST_HEADERS: HeaderValue = HeaderValue::from_static(
    "authorization, content-type, idempotency-key, if-match, if-none-match, last-event-id, accept-language",
);
const ANSWER_HEADERS: HeaderValue =
    HeaderValue::from_static("allow, etag, idempotency-replayed, location, retry-after");
/// How long a browser may go by this, in seconds.
const FOR_SECONDS: HeaderValue = HeaderValue::from_static("3600");

/// The origin of a request, where it is a site that may ask.
pub fn allowed(request: &ServiceRequest, origins: &[String]) -> Option<HeaderValue> {
    let origin = request.headers().get(header::ORIGIN)?;
    let is_named = origins.iter().any(|named| named.as_bytes() == origin.as_bytes());
    is_named.then(|| origin.clone())
}

/// The answer to a browser that asks whether a script may ask; none where the request is another.
pub fn asked_beforehand(request: &ServiceRequest) -> Option<HttpResponse> {
    let asks = request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    asks.then(|| {
        HttpResponse::NoContent()
            .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, METHODS))
            .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS))
            .insert_header((header::ACCESS_CONTROL_MAX_AGE, FOR_SECONDS))
            .finish()
    })
}

/// Lets the script read the answer. Where origins are named, an answer depends on who asks, also for caches.
pub fn allow(headers: &mut HeaderMap, origins: &[String], origin: Option<&HeaderValue>) {
    if origins.is_empty() {
        return;
    }
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, ANSWER_HEADERS);
    }
}
