//! Pictures that contents show: files which are known by what they hold, and never by their names.

use super::fault::MediaFault;
use super::text_enum;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt;
use std::str::FromStr;

/// In bytes: a larger file is not taken in, wherever it comes from.
pub const FILE_MAX_BYTES: u64 = 20 * 1024 * 1024;
/// A picture with more of them is not taken in. What can be read only whole may have fewer, by what that takes of memory:
/// `media::facts` knows.
pub const PIXELS_MAX: u64 = 50_000_000;
/// In characters, of the name that a file had where it came from. It is for people alone.
pub const NAME_MAX_CHARS: usize = 200;
/// In bytes: what names a picture in a text and is longer is no name of one.
pub const SOURCE_MAX_BYTES: usize = 2000;

text_enum! {
    /// The kinds of pictures that are kept.
    MediaKind {
        Png = "png",
        Jpeg = "jpeg",
        Gif = "gif",
        Webp = "webp",
    }
}

impl MediaKind {
    /// How much of a file tells its kind.
    pub const HEAD_BYTES: usize = 12;

    /// By the first [`MediaKind::HEAD_BYTES`] of a file. None where it is none of them.
    pub fn sniff(head: &[u8]) -> Option<Self> {
        match head {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(MediaKind::Png),
            [0xff, 0xd8, 0xff, ..] => Some(MediaKind::Jpeg),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(MediaKind::Gif),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(MediaKind::Webp),
            _ => None,
        }
    }

    /// As HTTP calls it.
    pub fn mime(self) -> &'static str {
        match self {
            MediaKind::Png => "image/png",
            MediaKind::Jpeg => "image/jpeg",
            MediaKind::Gif => "image/gif",
            MediaKind::Webp => "image/webp",
        }
    }
}

text_enum! {
    /// What a platform was given a picture for: platforms keep those apart.
    UploadPurpose {
        /// Within the text.
        Body = "body",
        Cover = "cover",
    }
}

/// What a platform answered to an upload: at least one of the two.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UploadAnswer {
    /// For WeChat the `media_id` of a cover.
    pub platform_id: Option<String>,
    /// For WeChat the address of a picture within a text.
    pub url: Option<String>,
}

/// The SHA-256 of a file: 64 hexadecimal digits, in small letters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct MediaHash(String);

/// A text that is no hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 64 hexadecimal digits in small letters")]
pub struct NoHash;

impl MediaHash {
    pub const DIGITS: usize = 64;

    /// As digits, of what was reckoned.
    pub fn of(digest: [u8; 32]) -> Self {
        MediaHash(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MediaHash {
    type Err = NoHash;

    fn from_str(text: &str) -> Result<Self, NoHash> {
        match text.len() == Self::DIGITS && are_digits(text) {
            true => Ok(MediaHash(text.to_owned())),
            false => Err(NoHash),
        }
    }
}

impl fmt::Display for MediaHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn are_digits(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// What is known of a file from its bytes alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaFacts {
    pub sha256: MediaHash,
    pub kind: MediaKind,
    /// At most [`FILE_MAX_BYTES`].
    pub bytes: u64,
    /// In pixels, as the file says; at least 1, and no more than [`PIXELS_MAX`] of them together.
    pub width: u32,
    pub height: u32,
}

impl MediaFacts {
    pub fn pixels(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }
}

/// How a text names a picture that is kept: `media:` and the first digits of its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaAddress {
    digits: String,
}

impl MediaAddress {
    pub const SCHEME: &'static str = "media:";
    /// So many digits are enough for any number of pictures that a person has.
    const DIGITS_LEAST: usize = 12;
    const DIGITS_SHOWN: usize = 16;

    /// None where a text names something else, such as a file or an address on the web.
    pub fn read(source: &str) -> Option<Result<MediaAddress, MediaFault>> {
        let digits = source.strip_prefix(Self::SCHEME)?;
        let is_one = (Self::DIGITS_LEAST..=MediaHash::DIGITS).contains(&digits.len()) && are_digits(digits);
        Some(match is_one {
            true => Ok(MediaAddress { digits: digits.to_owned() }),
            // Whatever somebody wrote is shown, but for what is too long to be shown.
            false => Err(MediaFault::NoAddress { picture: source.chars().take(100).collect() }),
        })
    }

    /// As a person copies it into a text.
    pub fn of(hash: &MediaHash) -> String {
        let digits = hash.0.get(..Self::DIGITS_SHOWN).unwrap_or(&hash.0);
        format!("{}{digits}", Self::SCHEME)
    }

    /// What its hash begins with.
    pub fn digits(&self) -> &str {
        &self.digits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_it_begins_with() {
        for (head, kind) in [
            (&b"\x89PNG\r\n\x1a\n0000"[..], Some(MediaKind::Png)),
            (b"\xff\xd8\xff\xe0", Some(MediaKind::Jpeg)),
            (b"GIF89a", Some(MediaKind::Gif)),
            (b"GIF87a", Some(MediaKind::Gif)),
            (b"RIFF\x01\x02\x03\x04WEBPVP8 ", Some(MediaKind::Webp)),
            (b"RIFF\x01\x02\x03\x04WAVEfmt ", None),
            (b"<svg xmlns=", None),
            (b"BM\x00\x00", None),
            (b"\x89PNG", None),
            (b"", None),
        ] {
            assert_eq!(MediaKind::sniff(head), kind, "{head:?}");
        }
    }

    #[test]
    fn a_hash_is_64_small_digits() {
        assert!("0123456789abcdef".repeat(4).parse::<MediaHash>().is_ok());
        for none in ["", "0123456789abcdef", &"0123456789ABCDEF".repeat(4), &"g".repeat(64), &"é".repeat(32)]
        {
            assert_eq!(none.parse::<MediaHash>(), Err(NoHash), "{none}");
        }
    }

    #[test]
    fn an_address_is_told_from_what_is_none() {
        let hash: MediaHash = "0123456789abcdef".repeat(4).parse().expect("a hash");
        assert_eq!(MediaAddress::of(&hash), "media:0123456789abcdef");
        let digits = |source: &str| MediaAddress::read(source).map(|read| read.map(|it| it.digits));
        assert_eq!(digits("media:0123456789ab"), Some(Ok("0123456789ab".to_owned())));
        assert_eq!(digits(&format!("media:{hash}")), Some(Ok(hash.to_string())));
        for other in ["a.png", "https://a.example/media:0123456789ab", "Media:0123456789ab", ""] {
            assert_eq!(digits(other), None, "{other}");
        }
        for wrong in
            ["media:", "media:7", "media:0123456789a", "media:0123456789aB", "media:0123456789ab.png"]
        {
            let fault = MediaFault::NoAddress { picture: wrong.to_owned() };
            assert_eq!(digits(wrong), Some(Err(fault)), "{wrong}");
        }
        let long = format!("media:{}", "x".repeat(5000));
        let Some(Err(fault)) = MediaAddress::read(&long) else { panic!("it is none") };
        assert!(fault.to_string().len() < 300, "{fault}");
    }
}
