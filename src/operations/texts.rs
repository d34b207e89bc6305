//! Texts by what they are told by: whether one was on an account lately, or waits for it, and the hashes of those that an
//! earlier version of this program wrote.

use super::content::text_of;
use super::{Access, Context, Operation, OperationError};
use crate::db::connection::DbConnection;
use crate::db::contents::{self, ContentBrief, Text};
use crate::db::entries;
use crate::domain::clock::Timestamp;
use crate::domain::ids::{AccountId, ContentId, EntryId};
use crate::domain::similar_text::{SIMILAR_WITHIN, Similar, normalised};
use crate::render;
use crate::secrets;

/// Of a longer body the marks of Markdown are not looked at, which most of them survive: they are punctuation.
const READ_MAX_BYTES: usize = 64 * 1024;
/// The most contents of the same text that are looked at, the newest.
const SAME_TEXT_MAX: i64 = 50;

/// The same for titles and bodies of the same words: see [`normalised`].
pub(super) fn text_hash(text: &Text) -> String {
    let body = match text.body.len() {
        0..=READ_MAX_BYTES => normalised(&render::words(&text.body)),
        _ => normalised(&text.body),
    };
    // Neither holds a line's end.
    secrets::sha256_hex(format!("{}\n{body}", normalised(&text.title)).as_bytes())
}

/// What is to go out on an account.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outgoing<'a> {
    pub content: ContentId,
    pub text_hash: Option<&'a str>,
    pub account: AccountId,
    /// An entry that is there already, and does not count.
    pub entry: Option<EntryId>,
    /// Whether other entries of the content itself count: it may have been there before.
    pub itself: bool,
}

/// The entry with the same text that was published on the account lately, or waits for it, if any: the newest. One look
/// into an index, where no other content has the text.
pub(super) fn similar(
    conn: &mut DbConnection,
    it: Outgoing<'_>,
    now: Timestamp,
) -> Result<Option<Similar>, OperationError> {
    let read;
    let hash = match it.text_hash {
        Some(hash) => hash,
        None => {
            let Some(row) = contents::get(conn, it.content)? else { return Ok(None) };
            read = text_hash(&text_of(&row));
            &read
        }
    };
    let mut same = contents::with_text(conn, hash, SAME_TEXT_MAX)?;
    same.retain(|content| *content != it.content);
    if it.itself {
        same.push(it.content);
    }
    if same.is_empty() {
        return Ok(None);
    }
    Ok(entries::similar(conn, &same, it.account, it.entry, now - SIMILAR_WITHIN)?)
}

impl<'a> Outgoing<'a> {
    /// A content that is to be added.
    pub fn new(content: ContentId, brief: &'a ContentBrief, account: AccountId) -> Self {
        Outgoing { content, text_hash: brief.text_hash.as_deref(), account, entry: None, itself: false }
    }
}

/// Texts that were read at once are few enough that nobody waits for the thread that reads them.
const PART: i64 = 200;
const PART_MAX_BYTES: usize = 1024 * 1024;

/// The hash of a revision of a content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextHash {
    pub content: ContentId,
    pub revision: i32,
    pub hash: String,
}

/// Reads some of the contents after this one that have no hash, and hashes them. Empty once there are no more.
#[derive(Debug, Clone, Copy)]
pub struct ReadOldTexts {
    pub after: ContentId,
}

impl Operation for ReadOldTexts {
    type Output = Vec<TextHash>;
    const ACCESS: Access = Access::Read;

    fn run(
        self,
        conn: &mut DbConnection,
        _: &Context,
        _: Timestamp,
    ) -> Result<Vec<TextHash>, OperationError> {
        let (mut read, mut bytes) = (Vec::new(), 0);
        for content in contents::unread(conn, self.after, PART)? {
            let Some(row) = contents::get(conn, content)? else { continue };
            bytes += row.body.len();
            read.push(TextHash { content, revision: row.revision, hash: text_hash(&text_of(&row)) });
            if bytes >= PART_MAX_BYTES {
                break;
            }
        }
        Ok(read)
    }
}

/// Notes hashes of contents that have none. What was changed meanwhile has one.
#[derive(Debug, Clone)]
pub struct NoteTextHashes(pub Vec<TextHash>);

impl Operation for NoteTextHashes {
    type Output = ();
    // Nobody needs to be told.
    const ACCESS: Access = Access::Engine;

    fn run(self, conn: &mut DbConnection, _: &Context, _: Timestamp) -> Result<(), OperationError> {
        conn.write(|conn| {
            for TextHash { content, revision, hash } in &self.0 {
                contents::note_text_hash(conn, *content, *revision, hash)?;
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(title: &str, body: &str) -> String {
        text_hash(&Text {
            title: title.to_owned(),
            body: body.to_owned(),
            digest: None,
            author: None,
            cover: None,
            tags: vec![],
            source_url: None,
        })
    }

    #[test]
    fn marks_of_markdown_make_no_other_text_and_where_a_link_leads_does() {
        let plain = hash("Hello, world", "Some words.\n\nMore of them.");
        assert_eq!(hash("HELLO WORLD!", "**Some** words\n\n> more *of* them"), plain);
        for (title, body) in [
            ("Hello, world", "Some words.\n\nMore of it."),
            ("Hello, you", "Some words.\n\nMore of them."),
            ("Hello, world Some", "words.\n\nMore of them."),
        ] {
            assert_ne!(hash(title, body), plain, "{title} {body}");
        }
        assert_ne!(hash("x", "[Listen](https://a.example/1)"), hash("x", "[Listen](https://a.example/2)"));
    }

    #[test]
    fn a_long_text_is_told_by_its_words_too() {
        let long = "Some more words. ".repeat(READ_MAX_BYTES / 10);
        assert_eq!(hash("x", &long), hash("X", &long.to_uppercase()));
        assert_ne!(hash("x", &long), hash("x", &format!("{long} And an end.")));
    }
}
