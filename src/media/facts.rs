//! What a file is, from its bytes alone.

use super::codec;
use crate::domain::fault::MediaFault;
use crate::domain::media::{FILE_MAX_BYTES, MediaFacts, MediaHash, MediaKind, PIXELS_MAX};
use sha2::{Digest, Sha256};

/// Reads what is kept of a file: its kind, its size in bytes and pixels, its hash. Only its head is read as a picture: a
/// file whose rest is damaged is found when it is made to fit. `picture` is what errors call it.
///
/// # Errors
/// Where it is none of the kinds that are taken, cannot be read as the kind that it begins as, or has more bytes or pixels
/// than are taken.
pub fn facts(picture: &str, bytes: &[u8]) -> Result<MediaFacts, MediaFault> {
    let picture = || picture.to_owned();
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if length > FILE_MAX_BYTES {
        return Err(MediaFault::TooManyBytes { picture: picture(), has: length, most: FILE_MAX_BYTES });
    }
    let kind = MediaKind::sniff(bytes).ok_or_else(|| MediaFault::UnknownKind { picture: picture() })?;
    let broken = |why: String| MediaFault::Broken { picture: picture(), kind, why };
    let (width, height) = codec::size(kind, bytes).map_err(|error| broken(error.to_string()))?;
    if width == 0 || height == 0 {
        return Err(broken("it has no pixels".to_owned()));
    }
    let facts = MediaFacts { sha256: hash(bytes), kind, bytes: length, width, height };
    match facts.pixels() {
        has if has > PIXELS_MAX => {
            Err(MediaFault::TooManyPixels { picture: picture(), has, most: PIXELS_MAX })
        }
        _ => Ok(facts),
    }
}

fn hash(bytes: &[u8]) -> MediaHash {
    MediaHash::of(Sha256::digest(bytes).into())
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
            assert_eq!(facts.sha256, facts_of(&bytes).sha256);
        }
        // echo -n '' | sha256sum
        assert!(hash(b"").as_str().starts_with("e3b0c44298fc1c14"));
    }

    fn facts_of(bytes: &[u8]) -> MediaFacts {
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
            MediaFault::TooManyPixels { picture: "a.gif".to_owned(), has: 500_010_000, most: PIXELS_MAX }
        );
    }
}
