//! What was wrong with the files of a folder.

use super::super::{InChinese, chinese};
use crate::domain::kept::import::KeptImport;
use crate::words::Sentence;

impl InChinese for KeptImport {
    fn in_chinese(&self) -> Sentence {
        use KeptImport as K;
        let field =
            |name: &str, what: Sentence| chinese("error-field").with("field", name).with("what", what);
        let front_matter = |what: Sentence| chinese("import-front-matter").with("what", what);
        let time = |what: Sentence| chinese("import-time").with("what", what);
        let account = |what: Sentence| chinese("import-account").with("what", what);
        match self {
            K::PathNotUtf8 => chinese("import-path-not-utf8"),
            K::NotUtf8 => chinese("import-not-utf8"),
            K::NotAFile => chinese("import-not-a-file"),
            K::TooLarge { most } => chinese("import-file-too-large").with("most", most.to_string()),
            K::LinkToNothing { why } => chinese("import-link-to-nothing").with("why", why.as_str()),
            K::LinkOut { target } => chinese("import-link-out").with("target", target.as_str()),
            K::NoPicture { picture } => chinese("import-no-picture").with("picture", picture.as_str()),
            K::PictureOut { picture } => chinese("import-picture-out").with("picture", picture.as_str()),
            K::PictureUnreadable { picture, why } => chinese("import-picture-unreadable")
                .with("picture", picture.as_str())
                .with("why", why.as_str()),
            K::PictureKind { picture } => chinese("media-unknown-kind").with("picture", picture.as_str()),
            K::PictureBroken { picture, kind, why } => chinese("media-broken")
                .with("picture", picture.as_str())
                .with("kind", kind.as_str())
                .with("why", why.as_str()),
            K::PictureTooLarge { picture, has, excess, most } => chinese("media-too-many-bytes")
                .with("picture", picture.as_str())
                .with("has", has.to_string())
                .with("excess", excess.to_string())
                .with("most", most.to_string()),
            K::PictureTooManyPixels { picture, has, excess, most } => chinese("media-too-many-pixels")
                .with("picture", picture.as_str())
                .with("has", has.to_string())
                .with("excess", excess.to_string())
                .with("most", most.to_string()),
            K::PictureNotKept { field: name, picture } => {
                field(name, chinese("media-missing").with("picture", picture.as_str()))
            }
            K::PictureAmbiguous { field: name, picture } => {
                field(name, chinese("media-ambiguous").with("picture", picture.as_str()))
            }
            K::PictureNoAddress { field: name, picture } => {
                field(name, chinese("media-no-address").with("picture", picture.as_str()))
            }
            K::Empty => chinese("import-empty"),
            K::Nul => chinese("fault-nul"),
            K::NoEnd => chinese("import-no-end"),
            K::KeyTwice { key } => front_matter(chinese("yaml-twice").with("key", key.as_str())),
            K::NoLines => front_matter(chinese("yaml-no-lines")),
            K::Colon { said } => front_matter(chinese("yaml-colon").with("said", said.as_str())),
            K::FrontMatter { said } => chinese("import-front-matter").with("what", said.as_str()),
            K::Draft => chinese("import-draft"),
            K::UnknownKey { given, known } => chinese("import-unknown-key")
                .with("given", given.as_str())
                .with("known", known.replace(", ", "、")),
            K::NotTexts { key } => chinese("import-not-texts").with("key", key.as_str()),
            K::NotText { key } => chinese("import-not-text").with("key", key.as_str()),
            K::NoName { given } => chinese("import-no-name").with("given", given.as_str()),
            K::Priority { given } => chinese("import-priority").with("given", given.as_str()),
            K::NoTime { given, zone } => {
                time(chinese("time-unreadable").with("given", given.as_str()).with("zone", zone.as_str()))
            }
            K::TimeOutOfRange { given } => time(chinese("time-out-of-range").with("given", given.as_str())),
            K::NoAccount { name } => chinese("import-no-account").with("name", name.as_str()),
            K::NoSlots { account, again: _ } => chinese("import-no-slots").with("account", account.as_str()),
            K::NoEnabledAccount => account(chinese("pool-no-enabled-account")),
            K::WhichAccount { accounts } => {
                account(chinese("pool-which-account").with("accounts", accounts.as_str()))
            }
            K::Account { what } => chinese("import-account").with("what", what.as_str()),
            K::CharactersOverLimit { field: name, has, excess, platform, most } => {
                field(name, limit(chinese("limit-characters"), [has, excess, most], platform))
            }
            K::BytesOverLimit { field: name, has, excess, platform, most } => {
                field(name, limit(chinese("limit-bytes"), [has, excess, most], platform))
            }
            K::TooManyCharacters { field: name, has, most } => field(
                name,
                chinese("text-too-many-characters")
                    .with("has", has.to_string())
                    .with("most", most.to_string()),
            ),
            K::TooManyBytes { field: name, has, most } => field(
                name,
                chinese("text-too-many-bytes").with("has", has.to_string()).with("most", most.to_string()),
            ),
            K::LineTooLong { field: name, most } => {
                field(name, chinese("text-line-too-long").with("most", most.to_string()))
            }
            K::TooManyTags { field: name, has, most } => field(
                name,
                chinese("text-too-many-tags").with("has", has.to_string()).with("most", most.to_string()),
            ),
            K::TagLength { field: name, most } => {
                field(name, chinese("text-tag-length").with("most", most.to_string()))
            }
            K::Length { field: name, most } => {
                field(name, chinese("fault-length").with("most", most.to_string()))
            }
            K::NoAddress { field: name } => field(name, chinese("pool-no-address")),
            K::FieldEmpty { field: name } => field(name, chinese("fault-empty")),
        }
    }
}

fn limit(unit: Sentence, [has, excess, most]: [&u64; 3], platform: &str) -> Sentence {
    chinese("limit-exceeded")
        .with("has", has.to_string())
        .with("unit", unit)
        .with("excess", excess.to_string())
        .with("platform", platform)
        .with("most", most.to_string())
}
