//! What comes in: bodies, ids and queries, read once at the edge into types.

use super::problem::Problem;
use crate::domain::clock::Timestamp;
use crate::domain::time_input;
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use std::str::FromStr;

/// A JSON body. Not JSON is a 400; JSON that does not fit is a 422 that names the field.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let bytes = Bytes::from_request(request, payload);
        async move {
            let bytes = bytes.await.map_err(unread)?;
            read(&bytes).map(Body)
        }
        .boxed_local()
    }
}

fn unread(error: actix_web::Error) -> Problem {
    let too_large = matches!(error.as_error::<PayloadError>(), Some(PayloadError::Overflow))
        || error.as_response_error().status_code() == StatusCode::PAYLOAD_TOO_LARGE;
    if too_large {
        let limit = super::BODY_MAX_BYTES;
        let detail = format!("the body is larger than {limit} bytes");
        return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail);
    }
    Problem::new(StatusCode::BAD_REQUEST, "bad_body", format!("the body could not be read: {error}"))
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let bad = |detail: String| Problem::new(StatusCode::BAD_REQUEST, "not_json", detail);
    let text = std::str::from_utf8(bytes).map_err(|error| bad(format!("the body is not UTF-8: {error}")))?;
    let text = if text.trim().is_empty() { "{}" } else { text };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value: T = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let field = match error.path().to_string() {
            path if path == "." => String::new(),
            path => path,
        };
        let inner = error.into_inner();
        match inner.classify() {
            serde_json::error::Category::Data => Problem::field(field, plain(&inner)),
            _ => bad(format!("the body is not JSON: {inner}")),
        }
    })?;
    deserializer.end().map_err(|error| bad(format!("the body is not JSON: {error}")))?;
    Ok(value)
}

/// serde's message without the place, which `errors[].field` tells.
fn plain(error: &serde_json::Error) -> String {
    let message = error.to_string();
    message.split(" at line ").next().unwrap_or_default().to_owned()
}

/// An id in a path; what is no number is not there.
pub fn id<T: FromStr>(what: &str, text: &str) -> Result<T, Problem> {
    text.parse()
        .map_err(|_| Problem::new(StatusCode::NOT_FOUND, "not_found", format!("there is no {what} {text}")))
}

/// Tells a field that is null from one that is missing.
pub fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// A time as users write it, in the configured zone where it has no offset.
pub fn time(field: &str, text: &str, zone: chrono_tz::Tz) -> Result<Timestamp, Problem> {
    time_input::parse(text, zone).map_err(|error| Problem::field(field, error.to_string()))
}

/// The same, where there may be none.
pub fn optional_time(
    field: &str,
    text: Option<&str>,
    zone: chrono_tz::Tz,
) -> Result<Option<Timestamp>, Problem> {
    text.map(|text| time(field, text, zone)).transpose()
}

/// A query string. What does not fit is a 422.
pub fn query<T: DeserializeOwned>(request: &HttpRequest) -> Result<T, Problem> {
    actix_web::web::Query::<T>::from_query(request.query_string())
        .map(actix_web::web::Query::into_inner)
        .map_err(|error| Problem::field("query", error.to_string()))
}
