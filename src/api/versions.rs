//! `ETag`, `If-Match` and `If-None-Match` (RFC 9110, section 13): what is answered says which state it shows, and what is
//! changed may be changed only where it is still in the state that its client has read.

use super::problem::Problem;
use super::reading::Reading;
use super::routes::Takes;
use crate::domain::version::{Expected, Version};
use crate::operations::versions::IfStill;
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use serde::Serialize;
use std::future::{Ready, ready};

/// In which state a change may be made, where its client says so.
pub struct IfMatch(Option<Expected>);

/// What the client has already, where it says so.
pub struct IfNoneMatch(Option<Expected>);

impl IfMatch {
    /// The same change, where what it changes is still in that state.
    pub fn of<C>(self, change: C) -> IfStill<C> {
        IfStill { expected: self.0, change }
    }
}

impl IfNoneMatch {
    /// 304 where the client has this version; else 200 with it. For what changes with its version and by nothing else.
    pub fn answer(&self, version: &Version, shown: impl Serialize) -> HttpResponse {
        match &self.0 {
            Some(has) if has.fits(version) => {
                HttpResponse::NotModified().insert_header((header::ETAG, quoted(version))).finish()
            }
            Some(_) | None => versioned(version, shown),
        }
    }
}

/// 200, which says which version it shows.
pub fn versioned(version: &Version, shown: impl Serialize) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::ETAG, quoted(version))).json(shown)
}

fn quoted(version: &Version) -> String {
    format!("\"{version}\"")
}

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(match given(request, header::IF_MATCH) {
            None => Ok(IfMatch(None)),
            Some(given) => {
                let expected = given.and_then(|text| read(&text, Weak::NeverFits));
                expected.map(|expected| IfMatch(Some(expected))).ok_or_else(unreadable)
            }
        })
    }
}

/// One that cannot be read is passed over: the whole answer is right then, too.
impl FromRequest for IfNoneMatch {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let given = given(request, header::IF_NONE_MATCH).flatten();
        ready(Ok(IfNoneMatch(given.and_then(|text| read(&text, Weak::Fits)))))
    }
}

impl Takes for IfMatch {
    fn tell(reading: &mut Reading<'_>) {
        reading.if_match();
    }
}

impl Takes for IfNoneMatch {
    fn tell(reading: &mut Reading<'_>) {
        reading.if_none_match();
    }
}

fn unreadable() -> Problem {
    let detail = "the header If-Match must be *, or entity tags in double quotes with commas between them";
    Problem::new(StatusCode::BAD_REQUEST, "bad_if_match", detail)
        .hint("Give it as the ETag of the answer that was read, with its quotes.")
}

/// All fields of this name as the one list that they are; none where there is none, and none within where it is no text.
fn given(request: &HttpRequest, name: HeaderName) -> Option<Option<String>> {
    let fields: Vec<_> = request.headers().get_all(name).collect();
    if fields.is_empty() {
        return None;
    }
    let texts: Result<Vec<&str>, _> = fields.into_iter().map(|field| field.to_str()).collect();
    Some(texts.ok().map(|texts| texts.join(",")))
}

/// What becomes of a tag that stands for answers which are alike, and need not be the same.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Weak {
    /// As a strong one.
    Fits,
    NeverFits,
}

/// Reads `*`, or a list of entity tags; none where it is neither.
fn read(text: &str, weak: Weak) -> Option<Expected> {
    if text.trim() == "*" {
        return Some(Expected::Any);
    }
    // Elements of a list may be empty.
    const BETWEEN: [char; 3] = [',', ' ', '\t'];
    let mut rest = text.trim_matches(BETWEEN);
    let mut versions = Vec::new();
    loop {
        let as_weak = rest.strip_prefix("W/");
        let (word, after) = as_weak.unwrap_or(rest).strip_prefix('"')?.split_once('"')?;
        if !word.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        if as_weak.is_none() || weak == Weak::Fits {
            versions.push(Version::new(word));
        }
        rest = after.trim_start_matches(BETWEEN);
        if rest.is_empty() {
            return Some(Expected::OneOf(versions));
        }
        after.trim_start().strip_prefix(',')?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_of(words: &[&str]) -> Option<Expected> {
        Some(Expected::OneOf(words.iter().map(|word| Version::new(*word)).collect()))
    }

    #[test]
    fn lists_of_tags_are_read() {
        for (text, if_match, if_none_match) in [
            ("*", Some(Expected::Any), Some(Expected::Any)),
            (" \"a\" ", one_of(&["a"]), one_of(&["a"])),
            ("\"a\", \"b,c\" ,, \"\"", one_of(&["a", "b,c", ""]), one_of(&["a", "b,c", ""])),
            ("W/\"a\",\"b\"", one_of(&["b"]), one_of(&["a", "b"])),
            ("W/\"a\"", one_of(&[]), one_of(&["a"])),
        ] {
            assert_eq!(read(text, Weak::NeverFits), if_match, "{text}");
            assert_eq!(read(text, Weak::Fits), if_none_match, "{text}");
        }
    }

    #[test]
    fn what_is_no_list_of_tags_is_refused() {
        for text in [
            "",
            "a",
            "\"a",
            "a\"",
            "'a'",
            "\"a\" \"b\"",
            "*, \"a\"",
            "\"a\", *",
            "w/\"a\"",
            "\"a b\"",
            "\"ä\"",
            ",",
        ] {
            assert_eq!(read(text, Weak::Fits), None, "{text}");
        }
    }
}
