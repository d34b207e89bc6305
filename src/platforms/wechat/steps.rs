//! The steps of a publish, as they are kept, and what they came to.

use super::pictures::Named;
use crate::domain::kept::message::KeptMessage;
use crate::domain::outcome::{Problem, Seen};
use serde_json::Value;
use std::fmt::Display;

/// Its result has what WeChat calls the pictures, article by article.
pub(super) const PICTURES: &str = "pictures";
/// Its result has the draft's `media_id`.
pub(super) const DRAFT: &str = "draft";
/// Its result has the `publish_id`, and `at`: when the attempt began that submitted it, in seconds since 1970.
pub(super) const SUBMIT: &str = "submit";

/// What a step kept as `media_id`.
///
/// # Errors
/// We wrote it ourselves; where it cannot be read, our own processing broke.
pub(super) fn media_id(result: &Value) -> Result<String, Seen> {
    kept(result, "media_id")
}

/// What the submission kept as `publish_id`.
///
/// # Errors
/// As [`media_id`].
pub(super) fn publish_id(result: &Value) -> Result<String, Seen> {
    kept(result, "publish_id")
}

/// What WeChat calls the pictures of each article.
///
/// # Errors
/// As [`media_id`].
pub(super) fn pictures(result: &Value) -> Result<Vec<Named>, Seen> {
    serde_json::from_value(result.clone()).map_err(|error| bad_step(&error))
}

fn kept(result: &Value, field: &str) -> Result<String, Seen> {
    let found = result.get(field).and_then(Value::as_str).map(str::to_owned);
    found.ok_or_else(|| bad_step(&format_args!("it has no {field}")))
}

fn bad_step(why: &dyn Display) -> Seen {
    let message = KeptMessage::NotWritten { why: format!("an earlier step cannot be read: {why}") };
    Seen::Broke { problem: Problem::new("bad_step", message), may_have_left: false }
}
