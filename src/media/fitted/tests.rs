//! Pictures drawn here, made to fit, and read again.

use super::*;
use crate::domain::media_limits::{WECHAT_BODY, WECHAT_COVER, WECHAT_THUMB};
use crate::media::facts;
use image::{ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use std::io::Cursor;

fn written(image: DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).expect("drawn");
    bytes.into_inner()
}

/// What no encoder makes small: each pixel is unlike those beside it.
fn noise(width: u32, height: u32) -> DynamicImage {
    let mut state = 0x2545_f491_u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()
    };
    DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, |_, _| {
        let [red, green, blue, _] = next();
        Rgb([red, green, blue])
    }))
}

/// What a file becomes, read again.
#[track_caller]
fn fitted(bytes: &[u8], limits: &MediaLimits) -> (MediaFacts, Vec<u8>) {
    let before = facts("a", bytes).expect("a picture");
    let made = match fit("a", &before, bytes.to_vec(), limits).expect("fitting") {
        Fitted::AsItIs(bytes) => bytes,
        Fitted::Anew { kind, bytes } => {
            assert_eq!(facts("made", &bytes).expect("a picture").kind, kind);
            bytes
        }
    };
    let after = facts("made", &made).expect("a picture");
    assert!(limits.fits(&after), "{after:?}");
    (after, made)
}

#[test]
fn what_fits_is_not_touched() {
    for (format, limits) in [
        (ImageFormat::Png, &WECHAT_BODY),
        (ImageFormat::Jpeg, &WECHAT_BODY),
        (ImageFormat::Gif, &WECHAT_COVER),
        (ImageFormat::Jpeg, &WECHAT_THUMB),
    ] {
        let bytes = written(DynamicImage::new_rgb8(40, 30), format);
        let facts = facts("a", &bytes).expect("a picture");
        assert_eq!(fit("a", &facts, bytes.clone(), limits), Ok(Fitted::AsItIs(bytes)), "{format:?}");
    }
}

#[test]
fn a_kind_that_is_not_taken_becomes_one_that_is() {
    for format in [ImageFormat::WebP, ImageFormat::Gif] {
        let bytes = written(DynamicImage::new_rgb8(64, 40), format);
        let (facts, _) = fitted(&bytes, &WECHAT_BODY);
        assert_eq!((facts.kind, facts.width, facts.height), (MediaKind::Jpeg, 64, 40), "{format:?}");
    }
}

#[test]
fn what_is_too_large_becomes_small_enough_and_keeps_its_shape() {
    let large = written(noise(2000, 1000), ImageFormat::Png);
    assert!(large.len() > 5_000_000, "{}", large.len());
    for limits in [&WECHAT_BODY, &WECHAT_THUMB] {
        let (facts, made) = fitted(&large, limits);
        assert_eq!(facts.kind, MediaKind::Jpeg);
        assert!(facts.width <= limits.side && facts.width.abs_diff(facts.height * 2) <= 2, "{facts:?}");
        assert_eq!(fitted(&large, limits).1, made, "the same file is made the same each time");
    }
}

#[test]
fn what_shines_through_stays_so_where_that_is_taken_and_is_white_where_not() {
    let half = RgbaImage::from_fn(80, 80, |x, _| Rgba([200, 0, 0, if x < 40 { 0 } else { 255 }]));
    let webp = written(DynamicImage::ImageRgba8(half), ImageFormat::WebP);
    let (kept, bytes) = fitted(&webp, &WECHAT_BODY);
    assert_eq!(kept.kind, MediaKind::Png);
    let read = image::load_from_memory(&bytes).expect("a PNG").to_rgba8();
    assert_eq!((read.get_pixel(5, 5).0[3], read.get_pixel(75, 5).0), (0, [200, 0, 0, 255]));
    let (flat, bytes) = fitted(&webp, &WECHAT_THUMB);
    assert_eq!(flat.kind, MediaKind::Jpeg);
    let read = image::load_from_memory(&bytes).expect("a JPEG").to_rgb8();
    assert!(read.get_pixel(5, 5).0.iter().all(|colour| *colour > 245), "{:?}", read.get_pixel(5, 5));
}

#[test]
fn what_is_damaged_or_stays_too_large_is_told() {
    let whole = written(noise(200, 200), ImageFormat::WebP);
    let cut = &whole[..whole.len() / 2];
    let before = facts("a.webp", cut).expect("its head is whole");
    let fault = fit("a.webp", &before, cut.to_vec(), &WECHAT_BODY).expect_err("damaged");
    assert!(matches!(&fault, MediaFault::Broken { picture, .. } if picture == "a.webp"), "{fault}");
    assert_eq!(check_whole("a.webp", &before, cut.to_vec()), Err(fault));
    assert_eq!(check_whole("a.webp", &facts("a", &whole).expect("a picture"), whole.clone()), Ok(()));
    let tiny = MediaLimits { bytes: 100, ..WECHAT_THUMB };
    let before = facts("a.webp", &whole).expect("a picture");
    let fault = fit("a.webp", &before, whole, &tiny).expect_err("too large");
    let wanted = MediaFault::StaysTooLarge { picture: "a.webp".to_owned(), platform: "wechat", most: 100 };
    assert_eq!(fault, wanted);
}

/// A JPEG that says that the camera was held upright: pixels that are written anew must be turned.
#[test]
fn a_picture_is_the_right_way_up() {
    let lying = written(noise(1600, 800), ImageFormat::Jpeg);
    // After the first marker: Exif of one field, the orientation 6, in big-endian order.
    let exif: &[u8] =
        b"\xff\xe1\x00\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let turned = [&lying[..2], exif, &lying[2..]].concat();
    let (facts, _) = fitted(&turned, &WECHAT_THUMB);
    assert!(facts.height > facts.width, "{facts:?}");
}
