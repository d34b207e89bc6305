//! What a file is, from its bytes alone.

use super::codec;
use crate::domain::fault::MediaFault;
use crate::domain::media::{FILE_MAX_BYTES, MediaFacts, MediaHash, MediaKind, PIXELS_MAX};
use sha2::{Digest, Sha256};
use std::io::{self, BufRead, Cursor, Read, Seek, SeekFrom};

/// A file by its bytes: how many, and their hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sum {
    pub bytes: u64,
    pub sha256: MediaHash,
}

/// The bytes of a file, counted and hashed as they come.
#[derive(Debug, Clone, Default)]
pub(super) struct Summing {
    bytes: u64,
    hash: Sha256,
}

impl Summing {
    pub fn add(&mut self, part: &[u8]) {
        self.bytes += u64::try_from(part.len()).unwrap_or(u64::MAX);
        self.hash.update(part);
    }

    pub fn end(self) -> Sum {
        Sum { bytes: self.bytes, sha256: MediaHash::of(self.hash.finalize().into()) }
    }
}

/// Reads what is kept of a file: its kind, its size in bytes and pixels, its hash. Only its head is read as a picture: a
/// file whose rest is damaged is found when it is made to fit. `picture` is what errors call it.
///
/// # Errors
/// Where it is none of the kinds that are taken, cannot be read as the kind that it begins as, or has more bytes or pixels
/// than are taken.
pub fn facts(picture: &str, bytes: &[u8]) -> Result<MediaFacts, MediaFault> {
    let mut summing = Summing::default();
    summing.add(bytes);
    facts_of(picture, &summing.end(), Cursor::new(bytes))
}

/// The same of a file that is not in memory.
pub(super) fn facts_of(
    picture: &str,
    sum: &Sum,
    mut file: impl BufRead + Seek,
) -> Result<MediaFacts, MediaFault> {
    let picture = || picture.to_owned();
    if sum.bytes > FILE_MAX_BYTES {
        return Err(MediaFault::TooManyBytes { picture: picture(), has: sum.bytes, most: FILE_MAX_BYTES });
    }
    // What cannot be read now is found to be no picture: so it is as far as anybody can see.
    let kind = sniffed(&mut file).ok().flatten();
    let kind = kind.ok_or_else(|| MediaFault::UnknownKind { picture: picture() })?;
    let head = codec::head(kind, file).map_err(|error| MediaFault::Broken {
        picture: picture(),
        kind,
        why: error.to_string(),
    })?;
    let most = head.pixels_max().map_or(PIXELS_MAX, |most| most.min(PIXELS_MAX));
    match head.pixels() {
        has if has > most => Err(MediaFault::TooManyPixels { picture: picture(), has, most }),
        _ => Ok(MediaFacts {
            sha256: sum.sha256.clone(),
            kind,
            bytes: sum.bytes,
            width: head.width,
            height: head.height,
        }),
    }
}

/// Leaves the file at its beginning.
fn sniffed(file: &mut (impl BufRead + Seek)) -> io::Result<Option<MediaKind>> {
    file.seek(SeekFrom::Start(0))?;
    let mut head = Vec::with_capacity(MediaKind::HEAD_BYTES);
    let most = u64::try_from(MediaKind::HEAD_BYTES).unwrap_or(u64::MAX);
    Read::take(&mut *file, most).read_to_end(&mut head)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(MediaKind::sniff(&head))
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{DynamicImage, ImageFormat};
    use std::io::Cursor;

    fn drawn(format: ImageFormat, width: u32, height: u32) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        DynamicImage::new_rgb8(width, height).write_to(&mut bytes, format).expect("drawn");
        bytes.into_inner()
    }

    #[test]
    fn each_kind_is_known_with_its_size() {
        for (format, kind) in [
            (ImageFormat::Png, MediaKind::Png),
            (ImageFormat::Jpeg, MediaKind::Jpeg),
            (ImageFormat::Gif, MediaKind::Gif),
            (ImageFormat::WebP, MediaKind::Webp),
        ] {
            let bytes = drawn(format, 31, 17);
            let facts = facts("a", &bytes).expect("a picture");
            assert_eq!((facts.kind, facts.width, facts.height), (kind, 31, 17));
            assert_eq!(facts.bytes, u64::try_from(bytes.len()).expect("a length"));
            assert_eq!(facts.sha256, called_otherwise(&bytes).sha256);
        }
        // echo -n '' | sha256sum
        assert!(Summing::default().end().sha256.as_str().starts_with("e3b0c44298fc1c14"));
    }

    fn called_otherwise(bytes: &[u8]) -> MediaFacts {
        facts("another name", bytes).expect("a picture")
    }

    #[test]
    fn what_is_no_picture_is_told_why() {
        let told = |bytes: &[u8]| facts("a.png", bytes).expect_err("none").to_string();
        assert_eq!(told(b"<svg/>"), "the picture “a.png” is none: PNG, JPEG, GIF and WebP are taken");
        assert_eq!(told(b""), told(b"<svg/>"));
        let cut = told(&drawn(ImageFormat::Png, 9, 9)[..20]);
        assert!(cut.starts_with("the picture “a.png” begins as png and cannot be read as one: "), "{cut}");
        let over = usize::try_from(FILE_MAX_BYTES + 2).expect("a length");
        let large = told(&vec![0; over]);
        assert!(large.contains("20971522 bytes, 2 more than are taken"), "{large}");
    }

    /// A few bytes that say they are 50,001 by 10,000 pixels: nothing of the size of these may be taken for it.
    #[test]
    fn a_picture_that_says_it_is_huge_is_refused_by_its_head() {
        let mut bytes = drawn(ImageFormat::Gif, 1, 1);
        bytes[6..10].copy_from_slice(&[0x51, 0xc3, 0x10, 0x27]);
        let fault = facts("a.gif", &bytes).expect_err("too large");
        assert_eq!(
            fault,
            MediaFault::TooManyPixels { picture: "a.gif".to_owned(), has: 500_010_000, most: 10_485_760 }
        );
    }
}
