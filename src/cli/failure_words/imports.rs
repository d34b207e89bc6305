//! In Chinese, what is wrong with a folder that is to be imported, and with its files.

use crate::import::{FILES_MAX, FolderError, ImportFault, TOTAL_BYTES_MAX, YamlFault};
use crate::operations::import::{Became, EntryNote, FileNote};
use crate::words::Sentence;
use crate::words::errors::{InChinese, chinese, listed, quoted};

impl InChinese for FolderError {
    fn in_chinese(&self) -> Sentence {
        match self {
            FolderError::Unreadable { path, source } => {
                chinese("failure-file").with("path", path.as_path()).with("why", source.to_string())
            }
            FolderError::NotAFolder(path) => chinese("import-not-a-folder").with("path", path.as_path()),
            FolderError::Empty(path) => chinese("import-no-files").with("path", path.as_path()),
            FolderError::TooMany(path) => {
                chinese("import-too-many").with("path", path.as_path()).with("most", FILES_MAX)
            }
            FolderError::TooLarge(path) => chinese("import-too-large")
                .with("path", path.as_path())
                .with("most", TOTAL_BYTES_MAX / (1024 * 1024)),
        }
    }
}

impl InChinese for ImportFault {
    fn in_chinese(&self) -> Sentence {
        match self {
            ImportFault::PathNotUtf8 => chinese("import-path-not-utf8"),
            ImportFault::NotUtf8 => chinese("import-not-utf8"),
            ImportFault::NotAFile => chinese("import-not-a-file"),
            ImportFault::TooLarge { most } => chinese("import-file-too-large").with("most", most.to_string()),
            ImportFault::LinkToNothing(why) => chinese("import-link-to-nothing").with("why", why.as_str()),
            ImportFault::LinkOut(target) => chinese("import-link-out").with("target", target.as_str()),
            ImportFault::Unreadable(said) => quoted(said),
            ImportFault::NoPicture(picture) => chinese("import-no-picture").with("picture", picture.as_str()),
            ImportFault::PictureOut(picture) => {
                chinese("import-picture-out").with("picture", picture.as_str())
            }
            ImportFault::PictureUnreadable { picture, why } => chinese("import-picture-unreadable")
                .with("picture", picture.as_str())
                .with("why", why.as_str()),
            ImportFault::Picture(fault) => fault.in_chinese(),
            ImportFault::Empty => chinese("import-empty"),
            ImportFault::Nul => chinese("fault-nul"),
            ImportFault::NoEnd => chinese("import-no-end"),
            ImportFault::FrontMatter(fault) => {
                chinese("import-front-matter").with("what", fault.in_chinese())
            }
            ImportFault::Draft => chinese("import-draft"),
            ImportFault::UnknownKey { given, known } => {
                chinese("import-unknown-key").with("given", given.as_str()).with("known", listed(*known))
            }
            ImportFault::NotText { key } => chinese("import-not-text").with("key", key.as_str()),
            ImportFault::NotTexts { key } => chinese("import-not-texts").with("key", key.as_str()),
            ImportFault::NoName(given) => chinese("import-no-name").with("given", given.as_str()),
            ImportFault::Priority(given) => chinese("import-priority").with("given", given.as_str()),
            ImportFault::Time(error) => chinese("import-time").with("what", error.in_chinese()),
            ImportFault::Content(wrong) => wrong.in_chinese(),
            ImportFault::NoAccount(name) => chinese("import-no-account").with("name", name.as_str()),
            ImportFault::NoSlots(account) => chinese("import-no-slots").with("account", account.as_str()),
            ImportFault::Account(fault) => chinese("import-account").with("what", fault.in_chinese()),
        }
    }
}

impl InChinese for FileNote {
    fn in_chinese(&self) -> Sentence {
        match self {
            FileNote::Draft => chinese("import-note-draft"),
            FileNote::Deleted => chinese("import-note-deleted"),
            FileNote::OldCopy(path) => chinese("import-note-old-copy").with("path", path.as_str()),
            FileNote::Moved(path) => chinese("import-note-moved").with("path", path.as_str()),
            FileNote::SameAs(path) => chinese("import-note-same-as").with("path", path.as_str()),
        }
    }
}

impl InChinese for EntryNote {
    fn in_chinese(&self) -> Sentence {
        match self {
            EntryNote::Again(revision) => chinese("import-note-again").with("revision", *revision),
            EntryNote::Keeps { status, revision } => {
                chinese("import-note-keeps").with("status", status.as_str()).with("revision", *revision)
            }
            EntryNote::SameText(path) => chinese("import-note-same-text").with("path", path.as_str()),
        }
    }
}

impl InChinese for Became {
    fn in_chinese(&self) -> Sentence {
        match self {
            Became::Added => chinese("import-became-added"),
            Became::Updated => chinese("import-became-updated"),
            Became::WaitingAlready => chinese("import-became-waiting"),
            Became::AlreadyPublished => chinese("import-became-published"),
            Became::UpdatedNotRepublished => chinese("import-became-stale"),
            Became::Refused => chinese("import-became-refused"),
            Became::FailedBefore => chinese("import-became-failed"),
            Became::CancelledBefore => chinese("import-became-cancelled"),
        }
    }
}

impl InChinese for YamlFault {
    fn in_chinese(&self) -> Sentence {
        match self {
            YamlFault::Twice(key) => chinese("yaml-twice").with("key", key.as_str()),
            YamlFault::NoLines => chinese("yaml-no-lines"),
            YamlFault::Colon(said) => chinese("yaml-colon").with("said", said.as_str()),
            YamlFault::Said(said) => quoted(said),
        }
    }
}
