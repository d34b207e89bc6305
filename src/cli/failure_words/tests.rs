//! An error that is kept in a report is told later as it would have been told at once.

use crate::db::backup::{BackupError, ToolEnd, Unsound};
use crate::db::connection::DbError;
use crate::db::unusable::{Away, Unusable};
use crate::domain::fault::{Fault, LimitFault, MediaFault, PoolFault, TaskFault, TextFault, Unit};
use crate::domain::field_error::FieldError;
use crate::domain::media::MediaKind;
use crate::domain::outbound::OutboundAllow;
use crate::domain::time_input::{self, TimeInputError};
use crate::import::{FolderError, ImportFault, YamlFault};
use crate::operations::OperationError;
use crate::operations::broken::Broken;
use crate::operations::unready::Unready;
use crate::platforms::guarded::Panicked;
use crate::platforms::pictures::{FetchFault, NotReady};
use crate::secrets::SecretError;
use crate::words::errors::{InChinese, kept_in, kept_of_a_file};
use crate::words::{Language, Sentence};
use std::net::IpAddr;
use std::path::PathBuf;

type Tell = fn(&str, Language) -> Option<Sentence>;

#[track_caller]
fn alike(tell: Tell, all: &[&dyn InChinese]) {
    for error in all {
        let kept = error.to_string();
        let told = tell(&kept, Language::Zh).map(|said| said.say(Language::Zh));
        assert_eq!(told, Some(error.told(Language::Zh)), "{kept}");
    }
}

fn path() -> PathBuf {
    PathBuf::from("/srv/副本 a")
}

fn text() -> String {
    "/srv/副本 a".to_owned()
}

#[test]
fn why_a_job_failed_is_told_later_as_at_once() {
    let tool = |how| BackupError::ToolFailed { tool: "pg_dump", how };
    let lives_on = Some("no such process".to_owned());
    alike(
        kept_in,
        &[
            &TaskFault::NoFolder { path: text() },
            &TaskFault::NotAFolder { path: text() },
            &FolderError::NotAFolder(path()),
            &FolderError::Empty(path()),
            &FolderError::TooMany(path()),
            &FolderError::TooLarge(path()),
            &BackupError::Taken(path()),
            &BackupError::Busy(path()),
            &BackupError::NoRoom { folder: path(), needed: 7_500_000, free: 1_000_001 },
            &BackupError::Unsound(Unsound::OtherSchema),
            &BackupError::NoTool { tool: "pg_dump" },
            &tool(ToolEnd::NotStarted("not executable".to_owned())),
            &tool(ToolEnd::TooLong { seconds: 90, lives_on: None }),
            &tool(ToolEnd::TooLong { seconds: 90, lives_on }),
            &tool(ToolEnd::Lost("gone".to_owned())),
            &tool(ToolEnd::Failed { status: "exit status: 1".to_owned(), said: "error: a: b".to_owned() }),
            &tool(ToolEnd::Failed { status: "signal: 9 (SIGKILL)".to_owned(), said: "a: b".to_owned() }),
            &DbError::Away(Away::ConnectionLost),
            &DbError::Away(Away::NoConnection),
            &DbError::Away(Away::ThreadGone),
            &DbError::Away(Away::EarlierSession),
            &DbError::Away(Away::Said("FATAL: too many clients".to_owned())),
            &DbError::Moved(path()),
            &OperationError::Raced,
            &OperationError::Overloaded,
            &OperationError::Internal(Broken::Operation),
        ],
    );
}

#[test]
fn why_a_database_could_not_be_used_is_told_later_as_at_once() {
    let why = || "error: a (b): c".to_owned();
    let server = |pid| Unusable::OtherServer { pid, database: path() };
    for reason in [
        Unusable::NotThere(path()),
        Unusable::NotUtf8(path()),
        Unusable::NotSqlite(path()),
        Unusable::ManyNames(path()),
        Unusable::Mounted(path()),
        Unusable::ReadOnly(path()),
        Unusable::At { path: path(), said: why() },
        Unusable::BareSlash,
        Unusable::TwoAts,
        Unusable::NoTlsHere { said: why() },
        Unusable::EncryptedOnly { said: why() },
        Unusable::Newer("2026-11-30".to_owned()),
        Unusable::NotOurs,
        Unusable::NotMigrated(why()),
        Unusable::CopyNotMigrated(why()),
        Unusable::Migrations(why()),
        Unusable::ThousandCopies,
        Unusable::NoCopy { at: path(), why: why() },
        Unusable::Damaged(vec![why()]),
        server(Some(7)),
        server(None),
        Unusable::RunParams { why: "no JSON".to_owned(), params: why() },
        Unusable::Report(why()),
        Unusable::Pause(why()),
        Unusable::PauseNote { why: "no JSON".to_owned(), note: why() },
        Unusable::NoNodeThread(why()),
        Unusable::NodeThreadEnded,
        Unusable::NoPublisherThread(why()),
        Unusable::Said("disk I/O error".to_owned()),
    ] {
        // A job's copy that cannot be opened tells it within its own words.
        let of_the_copy = BackupError::Unsound(Unsound::Unreadable(DbError::Unusable(reason.clone())));
        alike(kept_in, &[&DbError::Unusable(reason), &of_the_copy]);
    }
}

#[test]
fn why_an_account_is_suspended_is_told_later_as_at_once() {
    let settings = || serde_json::from_str::<u8>("x").expect_err("no number");
    let refused = |host: &str| {
        OutboundAllow::default().judge(host, IpAddr::from([10, 0, 0, 1])).expect_err("a private address")
    };
    alike(
        kept_in,
        &[
            &Unready::NoPlatform("pigeon".to_owned()),
            &Unready::Settings(settings()),
            &Unready::Panicked(Panicked),
            &Unready::CredentialsUnreadable,
            &Unready::CredentialsClosed(SecretError::WrongKey),
            &Unready::CredentialsClosed(SecretError::Damaged),
            &refused("10.0.0.1"),
            &refused("nas.lan"),
        ],
    );
}

/// Its English is that of the errors, which the publish log keeps.
#[test]
fn why_a_picture_was_not_shown_is_told_in_chinese() {
    let picture = || "a.png".to_owned();
    let fetched = |fault| NotReady::NotFetched { picture: picture(), fault };
    for error in [
        NotReady::Wrong(MediaFault::Missing { picture: picture() }),
        NotReady::Wrong(MediaFault::FileGone { picture: picture() }),
        NotReady::Wrong(MediaFault::UnknownKind { picture: picture() }),
        NotReady::Wrong(MediaFault::Broken { picture: picture(), kind: MediaKind::Gif, why: "x".to_owned() }),
        NotReady::Wrong(MediaFault::TooManyBytes { picture: picture(), has: 3, most: 1 }),
        NotReady::Wrong(MediaFault::TooManyPixels { picture: picture(), has: 3, most: 1 }),
        NotReady::Wrong(MediaFault::StaysTooLarge { picture: picture(), platform: "wechat", most: 1 }),
        NotReady::Wrong(MediaFault::Ambiguous { picture: picture() }),
        NotReady::Wrong(MediaFault::NoAddress { picture: picture() }),
        NotReady::NotAtHand("x".to_owned()),
        fetched(FetchFault::Forbidden("x".to_owned())),
        fetched(FetchFault::Unanswered("the connection was refused".to_owned())),
        fetched(FetchFault::NoWebAddress),
        fetched(FetchFault::Status(404)),
        fetched(FetchFault::Redirects),
        fetched(FetchFault::TooLarge { most: 1 }),
        fetched(FetchFault::BrokeOff),
        fetched(FetchFault::Unreadable("x".to_owned())),
        fetched(FetchFault::TooSlow { seconds: 1 }),
    ] {
        let told = kept_in(&error.to_string(), Language::Zh).map(|said| said.say(Language::Zh));
        let told = told.unwrap_or_else(|| panic!("{error} has no Chinese"));
        let words = told.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| word.len() > 4).count();
        assert!(words <= 2, "{error} is told as {told}");
    }
}

#[test]
fn what_is_wrong_with_a_file_is_told_later_as_at_once() {
    let content = |field: &str, fault: Fault| ImportFault::Content(FieldError::new(field, fault));
    let time = |given: &str| -> TimeInputError {
        time_input::parse(given, chrono_tz::Asia::Shanghai).expect_err("no time")
    };
    alike(
        kept_of_a_file,
        &[
            &ImportFault::PathNotUtf8,
            &ImportFault::NotUtf8,
            &ImportFault::NotAFile,
            &ImportFault::TooLarge { most: 9 },
            &ImportFault::LinkToNothing("no such file".to_owned()),
            &ImportFault::LinkOut("/etc".to_owned()),
            &ImportFault::NoPicture("a.png".to_owned()),
            &ImportFault::PictureOut("../a.png".to_owned()),
            &ImportFault::PictureUnreadable {
                picture: "a.png".to_owned(),
                why: "permission denied".to_owned(),
            },
            &ImportFault::Picture(MediaFault::UnknownKind { picture: "a.svg".to_owned() }),
            &ImportFault::Picture(MediaFault::Broken {
                picture: "a.png".to_owned(),
                kind: MediaKind::Png,
                why: "unexpected end".to_owned(),
            }),
            &ImportFault::Picture(MediaFault::TooManyBytes { picture: "a".to_owned(), has: 3, most: 2 }),
            &ImportFault::Picture(MediaFault::TooManyPixels { picture: "a".to_owned(), has: 3, most: 2 }),
            &content("body", MediaFault::Missing { picture: "media:0123456789ab".to_owned() }.into()),
            &content("cover", MediaFault::Ambiguous { picture: "media:0123456789ab".to_owned() }.into()),
            &content("body", MediaFault::NoAddress { picture: "media:7".to_owned() }.into()),
            &ImportFault::Empty,
            &ImportFault::Nul,
            &ImportFault::NoEnd,
            &ImportFault::FrontMatter(YamlFault::Twice("title".to_owned())),
            &ImportFault::FrontMatter(YamlFault::NoLines),
            &ImportFault::FrontMatter(YamlFault::Colon("mapping values".to_owned())),
            &ImportFault::FrontMatter(YamlFault::Said("bad indentation".to_owned())),
            &ImportFault::Draft,
            &ImportFault::UnknownKey { given: "colour".to_owned(), known: &["title", "tags"] },
            &ImportFault::NotText { key: "title".to_owned() },
            &ImportFault::NotTexts { key: "tags".to_owned() },
            &ImportFault::NoName("12".to_owned()),
            &ImportFault::Priority("11".to_owned()),
            &ImportFault::Time(time("soon")),
            &ImportFault::Time(time("1969-01-01T00:00:00Z")),
            &ImportFault::NoAccount("blgo".to_owned()),
            &ImportFault::NoSlots("blog".to_owned()),
            &ImportFault::Account(PoolFault::NoEnabledAccount.into()),
            &content("title", TextFault::TooManyCharacters { has: 300, most: 200 }.into()),
            &content("body", TextFault::TooManyBytes { has: 300, most: 200 }.into()),
            &content(
                "title",
                LimitFault { has: 40, most: 32, unit: Unit::Characters, platform: "wechat" }.into(),
            ),
            &content("body", LimitFault { has: 9, most: 8, unit: Unit::Bytes, platform: "wechat" }.into()),
            &content("title", TextFault::LineTooLong { most: 200 }.into()),
            &content("tags", TextFault::TooManyTags { has: 300, most: 20 }.into()),
            &content("tags", TextFault::TagLength { most: 20 }.into()),
            &content("title", Fault::Length { most: 200 }),
            &content("title", Fault::Empty),
            &content("source_url", PoolFault::NoAddress.into()),
        ],
    );
}
