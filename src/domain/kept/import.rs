//! What was wrong with the files of a folder, as the report of its import says it. The errors have these words as their
//! own; a test holds them to it.

use super::template::kept_texts;

kept_texts! {
    /// Of one file, or a line of it.
    KeptImport {
        PathNotUtf8 = "its path is not UTF-8",
        NotUtf8 = "is not UTF-8",
        NotAFile = "is not a regular file",
        TooLarge { most: u64 } = "is larger than {most} bytes",
        LinkToNothing { why: String } = "a link to nothing: {why}",
        LinkOut { target: String } = "a link that leads out of the folder, to {target}",
        NoPicture { picture: String } = "the picture “{picture}” is not there",
        PictureOut { picture: String } = "the picture “{picture}” is outside the folder",
        PictureUnreadable { picture: String, why: String } = "the picture “{picture}” cannot be read: {why}",
        PictureKind { picture: String } = "the picture “{picture}” is none: PNG, JPEG, GIF and WebP are taken",
        PictureBroken { picture: String, kind: String, why: String } =
            "the picture “{picture}” begins as {kind} and cannot be read as one: {why}",
        PictureTooLarge { picture: String, has: u64, excess: u64, most: u64 } =
            "the picture “{picture}” has {has} bytes, {excess} more than are taken (at most {most})",
        PictureTooManyPixels { picture: String, has: u64, excess: u64, most: u64 } =
            "the picture “{picture}” has {has} pixels, {excess} more than are taken (at most {most})",
        PictureNotKept { field: String, picture: String } =
            "{field} the picture “{picture}” is not kept here; upload it, or import it together with its text",
        PictureAmbiguous { field: String, picture: String } =
            "{field} “{picture}” may be one of several pictures; write more of its digits",
        PictureNoAddress { field: String, picture: String } =
            "{field} “{picture}” is no address of a picture: media: and 12 to 64 hexadecimal digits in small letters",
        Empty = "is empty",
        Nul = "holds the character U+0000, which cannot be kept",
        NoEnd = "the front matter that begins here has no end: a line of --- alone",
        KeyTwice { key: String } = "front matter: the key “{key}” is there twice",
        NoLines = "front matter: it is not made of lines of “key: value”",
        Colon { said: String } = "front matter: {said}; a text with a colon in it must stand in quotes",
        FrontMatter { said: String } = "front matter: {said}",
        Draft = "draft must be true or false",
        UnknownKey { given: String, known: String } = "there is no key “{given}”; the keys are {known}",
        NotTexts { key: String } = "{key} must be a text or a list of texts",
        NotText { key: String } = "{key} must be a text",
        NoName { given: String } = "“{given}” is no name of an account",
        Priority { given: String } = "priority must be from 1 (first) to 10 (last), not “{given}”",
        NoTime { given: String, zone: String } =
            "scheduled_at: “{given}” is no time; write it like 2026-02-06T12:00:00Z, or 2026-02-06 12:00:00 (in {zone})",
        TimeOutOfRange { given: String } = "scheduled_at: “{given}” lies outside the years 1970 to 9999",
        NoAccount { name: String } = "there is no account “{name}”",
        NoSlots { account: String, again: String } =
            "scheduled_at: account “{account}” has no posting slots; set them with `contenthub account update {again} --slots \"mon-fri 09:00,18:00\"`",
        NoEnabledAccount = "account: there is no enabled account; create one first",
        WhichAccount { accounts: String } = "account: say which account: {accounts}",
        Account { what: String } = "account: {what}",
        CharactersOverLimit { field: String, has: u64, excess: u64, platform: String, most: u64 } =
            "{field} has {has} characters, {excess} more than {platform} takes (at most {most})",
        BytesOverLimit { field: String, has: u64, excess: u64, platform: String, most: u64 } =
            "{field} has {has} bytes, {excess} more than {platform} takes (at most {most})",
        TooManyCharacters { field: String, has: u64, most: u64 } =
            "{field} has {has} characters; at most {most} are possible",
        TooManyBytes { field: String, has: u64, most: u64 } =
            "{field} has {has} bytes; at most {most} are possible",
        LineTooLong { field: String, most: u64 } = "{field} is longer than {most} characters",
        TooManyTags { field: String, has: u64, most: u64 } =
            "{field} are {has}; at most {most} are possible",
        TagLength { field: String, most: u64 } = "{field} must each have 1 to {most} characters",
        Length { field: String, most: u64 } = "{field} must have 1 to {most} characters",
        NoAddress { field: String } = "{field} must be an address, e.g. https://example.com/post",
        FieldEmpty { field: String } = "{field} must not be empty",
    }
}
