//! When two texts are the same to whoever reads them: in the same words, whatever their case, their marks, the space between
//! them, and the way in which Unicode writes them.

use super::clock::Timestamp;
use super::entry::EntryStatus;
use super::ids::{AccountId, ContentId, EntryId};
use caseless::Caseless;
use finl_unicode::categories::CharacterCategories;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;
use std::time::Duration;
use unicode_normalization::UnicodeNormalization;

/// Whoever posts the same text on the same account within this is told.
pub const SIMILAR_WITHIN: Duration = Duration::from_secs(30 * 24 * 3600);

/// What warnings of it are called, and the error of who is refused for it.
const SIMILAR_TEXT: &str = "similar_text";

/// A text by its words alone: in Unicode's compatible form, with its case folded, each run of white space and punctuation as
/// one space, and nothing that cannot be seen. Symbols stay; of a text without a word all does.
pub fn normalised(text: &str) -> String {
    let folded = text.nfd().default_case_fold().nfkc().default_case_fold().nfkc();
    let mut words = String::with_capacity(text.len());
    let mut is_between = false;
    for character in folded {
        if character.is_whitespace() || character.is_control() || character.is_punctuation() {
            is_between = true;
        } else if !character.is_format() {
            if is_between && !words.is_empty() {
                words.push(' ');
            }
            is_between = false;
            words.push(character);
        }
    }
    if words.is_empty() { text.trim().to_owned() } else { words }
}

/// An entry of an account with the text of another: it was published lately, or is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Similar {
    pub entry: EntryId,
    pub content: ContentId,
    pub account: AccountId,
    pub status: EntryStatus,
    /// When it was published; or else when it may be.
    pub at: Timestamp,
}

impl fmt::Display for Similar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Similar { entry, content, account, status, at } = self;
        write!(f, "entry {entry} (content {content}) has the same text, and ")?;
        match status {
            EntryStatus::Published => write!(f, "was published on account {account} at {at}"),
            waiting => write!(f, "waits for account {account}: {waiting}, due at {at}"),
        }
    }
}

/// What may be wrong with an addition that was made all the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "AdditionWarning")]
pub struct AdditionWarning {
    /// Stable: `similar_text`, where another entry of the account has the same text, and was published within 30 days, or
    /// waits.
    pub code: String,
    pub message: String,
    /// The other entry.
    pub entry_id: EntryId,
    pub content_id: ContentId,
    /// When that was published; or else when it may be.
    pub at: Timestamp,
}

impl From<Similar> for AdditionWarning {
    fn from(similar: Similar) -> Self {
        AdditionWarning {
            code: SIMILAR_TEXT.to_owned(),
            message: similar.to_string(),
            entry_id: similar.entry,
            content_id: similar.content,
            at: similar.at,
        }
    }
}

/// As the list of warnings that reports have.
pub fn as_warnings<S: Serializer>(similar: &Option<Similar>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(similar.map(AdditionWarning::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reads_the_same_is_the_same() {
        for (text, words) in [
            ("Hello, World!", "hello world"),
            ("  hello\u{a0}\n\tWORLD ", "hello world"),
            ("HELLO — “world”…", "hello world"),
            ("ｈｅｌｌｏ　ｗｏｒｌｄ", "hello world"),
            ("hel\u{ad}lo\u{200b} wor\u{2060}ld", "hello world"),
            ("Stra\u{df}e, ﬁne, Ⅳ, ①", "strasse fine iv 1"),
            ("e\u{301}te\u{301}", "\u{e9}t\u{e9}"),
            ("ΣΊΣΥΦΟΣ", "σίσυφοσ"),
            ("你好，世界。", "你好 世界"),
            ("你好,世界!", "你好 世界"),
            ("don't", "don t"),
        ] {
            assert_eq!(normalised(text), words, "{text}");
        }
    }

    #[test]
    fn what_reads_otherwise_is_another() {
        for (one, other) in [
            ("C++", "C"),
            ("5 €", "5 $"),
            ("Good morning 🌞", "Good morning 🌧"),
            ("a b", "ab"),
            ("1.5", "15"),
            ("!!!", "???"),
            ("", "…"),
        ] {
            assert_ne!(normalised(one), normalised(other), "{one} {other}");
        }
    }

    #[test]
    fn it_is_told_what_is_out_and_what_waits() {
        let out = Similar {
            entry: EntryId(5),
            content: ContentId(7),
            account: AccountId(1),
            status: EntryStatus::Published,
            at: Timestamp::MIN,
        };
        let waits = Similar { status: EntryStatus::Pending, ..out };
        let at = "1970-01-01T00:00:00.000000Z";
        assert_eq!(
            out.to_string(),
            format!("entry 5 (content 7) has the same text, and was published on account 1 at {at}")
        );
        assert_eq!(
            waits.to_string(),
            format!("entry 5 (content 7) has the same text, and waits for account 1: pending, due at {at}")
        );
    }
}
