//! In which language whoever asks reads: `?lang=en` or `?lang=zh`, else the `Accept-Language` of the request.

use super::problem::Problem;
use super::reading::Reading;
use super::routes::Takes;
use crate::domain::fault::RequestFault;
use crate::domain::field_error::FieldError;
use crate::words::Language;
use actix_web::dev::Payload;
use actix_web::http::header::ACCEPT_LANGUAGE;
use actix_web::{FromRequest, HttpRequest};
use std::future::{Ready, ready};

/// The language of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reader(pub Language);

impl FromRequest for Reader {
    type Error = Problem;
    type Future = Ready<Result<Reader, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(asked(request).map(Reader).map_err(Problem::from))
    }
}

impl Takes for Reader {
    fn tell(reading: &mut Reading<'_>) {
        reading.language();
    }
}

fn asked(request: &HttpRequest) -> Result<Language, FieldError> {
    let mut query = url::form_urlencoded::parse(request.query_string().as_bytes());
    match query.find(|(name, tag)| name == "lang" && !tag.is_empty()) {
        Some((_, tag)) => Language::of_tag(&tag)
            .ok_or_else(|| FieldError::new("lang", RequestFault::NoLanguage(tag.into_owned()))),
        None => {
            let header = request.headers().get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
            Ok(Language::of_request(header))
        }
    }
}
