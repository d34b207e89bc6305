//! Pictures: what is taken, and what was uploaded.

use super::refusal::{
    EMPTY_MEDIA_DATA, INVALID_FILE_TYPE, INVALID_IMAGE_FORMAT, INVALID_IMAGE_SIZE, INVALID_MEDIA_TYPE,
    INVALID_THUMB_SIZE, Refusal,
};
use contenthub::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// Where uploaded pictures are. An article shows those from here, and no others.
pub const PICTURE_HOST: &str = "mmbiz.qpic.cn";

/// What a picture is uploaded as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Permanent material: a cover, or a picture of a post of pictures.
    Image,
    Thumb,
    /// Within an article: it has an address, but no media_id.
    InArticle,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Bmp,
    Gif,
    Jpeg,
    Png,
}

/// One file that was taken.
#[derive(Debug, Clone, Serialize)]
pub struct Upload {
    pub appid: String,
    pub purpose: Purpose,
    /// In hexadecimal digits.
    pub sha256: String,
    pub bytes: usize,
    pub media_id: Option<String>,
    /// What the client is told; a thumb has none.
    pub url: Option<String>,
    pub at: Timestamp,
}

impl Purpose {
    /// `type` of `add_material`. Voices and videos are not played.
    pub fn of_material(name: &str) -> Result<Self, Refusal> {
        match name {
            "image" => Ok(Purpose::Image),
            "thumb" => Ok(Purpose::Thumb),
            _ => Err(INVALID_MEDIA_TYPE),
        }
    }

    /// # Errors
    /// Where this file is not taken for this purpose: by its bytes, whatever its name is.
    pub fn check(self, bytes: &[u8]) -> Result<Format, Refusal> {
        if bytes.is_empty() {
            return Err(EMPTY_MEDIA_DATA);
        }
        let format = Format::of(bytes);
        match self {
            Purpose::Image if bytes.len() > 10 * 1024 * 1024 => Err(INVALID_IMAGE_SIZE),
            Purpose::Image => format.ok_or(INVALID_IMAGE_FORMAT),
            Purpose::Thumb if bytes.len() > 64 * 1024 => Err(INVALID_THUMB_SIZE),
            Purpose::Thumb => format.filter(|it| *it == Format::Jpeg).ok_or(INVALID_IMAGE_FORMAT),
            Purpose::InArticle if bytes.len() >= 1024 * 1024 => Err(INVALID_IMAGE_SIZE),
            Purpose::InArticle => {
                format.filter(|it| matches!(it, Format::Jpeg | Format::Png)).ok_or(INVALID_FILE_TYPE)
            }
        }
    }
}

impl Format {
    /// By the first bytes of a file.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let signatures: [(&[u8], Format); 5] = [
            (b"BM", Format::Bmp),
            (b"GIF87a", Format::Gif),
            (b"GIF89a", Format::Gif),
            (b"\xff\xd8\xff", Format::Jpeg),
            (b"\x89PNG\r\n\x1a\n", Format::Png),
        ];
        signatures.into_iter().find(|(begin, _)| bytes.starts_with(begin)).map(|(_, format)| format)
    }

    fn name(self) -> &'static str {
        match self {
            Format::Bmp => "bmp",
            Format::Gif => "gif",
            Format::Jpeg => "jpeg",
            Format::Png => "png",
        }
    }

    /// The address of a picture with this id.
    pub fn url(self, id: &str) -> String {
        let name = self.name();
        format!("http://{PICTURE_HOST}/mmbiz_{name}/{id}/0?wx_fmt={name}")
    }
}

pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
