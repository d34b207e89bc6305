//! The steps of a publish, as they are kept, and what they came to.

use crate::domain::kept::message::KeptMessage;
use crate::domain::outcome::{Problem, Seen};
use serde_json::Value;

/// Its result has the draft's `media_id`.
pub(super) const DRAFT: &str = "draft";
/// Its result has the `publish_id`.
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

fn kept(result: &Value, field: &str) -> Result<String, Seen> {
    let found = result.get(field).and_then(Value::as_str).map(str::to_owned);
    found.ok_or_else(|| {
        let why = format!("an earlier step cannot be read: it has no {field}");
        let message = KeptMessage::NotWritten { why };
        Seen::Broke { problem: Problem::new("bad_step", message), may_have_left: false }
    })
}
