//! A picture as users see it.

use crate::db::media::MediaRow;
use crate::domain::clock::Timestamp;
use crate::domain::ids::MediaId;
use crate::domain::media::{MediaAddress, MediaHash, MediaKind};
use schemars::JsonSchema;
use serde::Serialize;

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Media")]
pub struct MediaView {
    pub id: MediaId,
    /// What a text calls it: `![](media:…)`, or as its cover.
    pub address: String,
    /// Of the file, in hexadecimal digits.
    pub sha256: MediaHash,
    /// What it holds, whatever it was called.
    pub kind: MediaKind,
    /// Of the file.
    pub bytes: i64,
    /// In pixels.
    pub width: i32,
    pub height: i32,
    /// As the file was called where it came from first.
    pub name: Option<String>,
    /// Since when it is known that no content shows it; a task of type `prune` removes it some days later.
    pub unused_since: Option<Timestamp>,
    pub created_at: Timestamp,
}

impl From<MediaRow> for MediaView {
    fn from(row: MediaRow) -> Self {
        MediaView {
            id: row.id,
            address: MediaAddress::of(&row.sha256),
            sha256: row.sha256,
            kind: row.kind,
            bytes: row.bytes,
            width: row.width,
            height: row.height,
            name: row.name,
            unused_since: row.unused_since,
            created_at: row.created_at,
        }
    }
}
