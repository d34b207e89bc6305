//! A content: what is published. Limits hold for every platform; a platform may have tighter ones.

use super::ids::ContentId;
use super::text_enum;

/// In characters.
pub const TITLE_MAX_CHARS: usize = 300;
/// In bytes: 2 MiB of Markdown.
pub const BODY_MAX_BYTES: usize = 2 * 1024 * 1024;
/// In characters, for digest, author, cover and source_url each.
pub const LINE_MAX_CHARS: usize = 2000;
/// How many tags a content may have.
pub const TAGS_MAX: usize = 50;
/// In characters.
pub const TAG_MAX_CHARS: usize = 100;

text_enum! {
    /// Where a content's newest revision stands with its reviewers.
    ReviewStatus {
        Draft = "draft",
        PendingReview = "pending_review",
        Approved = "approved",
        Rejected = "rejected",
    }
}

/// One revision of a content: what an attempt publishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Article {
    pub content_id: ContentId,
    pub revision: i32,
    pub title: String,
    /// Markdown.
    pub body: String,
    pub digest: Option<String>,
    pub author: Option<String>,
    pub cover: Option<String>,
    pub tags: Vec<String>,
    pub source_url: Option<String>,
}
