//! Pictures drawn here, made to fit, and read again.

use super::*;
use crate::domain::media_limits::{WECHAT_BODY, WECHAT_COVER, WECHAT_THUMB};
use crate::media::facts;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
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
    let made = match fit("a", &before, Cursor::new(bytes), limits).expect("fitting") {
        Fitted::AsItIs => bytes.to_vec(),
        Fitted::Anew(Anew { kind, bytes }) => {
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
        assert_eq!(fit("a", &facts, Cursor::new(bytes), limits), Ok(Fitted::AsItIs), "{format:?}");
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
    let fault = fit("a.webp", &before, Cursor::new(cut), &WECHAT_BODY).expect_err("damaged");
    assert!(matches!(&fault, MediaFault::Broken { picture, .. } if picture == "a.webp"), "{fault}");
    assert_eq!(check_whole("a.webp", &before, Cursor::new(cut)), Err(fault));
    assert_eq!(check_whole("a.webp", &facts("a", &whole).expect("a picture"), Cursor::new(&whole)), Ok(()));
    let tiny = MediaLimits { bytes: 100, ..WECHAT_THUMB };
    let before = facts("a.webp", &whole).expect("a picture");
    let fault = fit("a.webp", &before, Cursor::new(whole), &tiny).expect_err("too large");
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

/// What a library reads whole may have no more pixels than fit into memory, and is refused by its head.
#[test]
fn what_takes_more_memory_than_there_is_for_it_is_refused_when_it_comes() {
    let image = DynamicImage::new_rgb8(16, 16);
    let (gif, webp) = (written(image.clone(), ImageFormat::Gif), written(image, ImageFormat::WebP));
    // Sizes lie where the formats have them.
    let sized = |bytes: &[u8], at: usize, size: &[u8]| {
        let mut bytes = bytes.to_vec();
        bytes[at..at + size.len()].copy_from_slice(size);
        bytes
    };
    let four_thousand = [0xa0, 0x0f, 0xa0, 0x0f];
    let refused = |bytes: &[u8]| match facts("a", bytes).expect_err("too large") {
        MediaFault::TooManyPixels { has, most, .. } => (has, most),
        other => panic!("{other}"),
    };
    assert_eq!(refused(&sized(&gif, 6, &four_thousand)), (16_000_000, 10_485_760));
    // Without losses: 14 bits for each side, less one.
    let lossless = u32::to_le_bytes(3999 | (3999 << 14));
    let head = sized(&webp, 21, &[lossless[0], lossless[1], lossless[2], lossless[3]]);
    assert_eq!(refused(&head), (16_000_000, 10_485_760));
    // Row by row it may have as many as are taken at all.
    let large = written(DynamicImage::new_luma8(7000, 7000), ImageFormat::Png);
    assert_eq!(facts("a", &large).expect("49 million").pixels(), 49_000_000);
}

/// Files of other programs, each left half red (220, 30, 40) and right half blue (20, 60, 200), 24 by 16 pixels.
const FILES: [(&str, &[u8]); 6] = [
    ("in layers", include_bytes!("files/progressive.jpg")),
    ("in layers, with fine colours", include_bytes!("files/progressive-fine.jpg")),
    ("as it is printed", include_bytes!("files/cmyk.jpg")),
    ("with mixed rows", include_bytes!("files/interlaced.png")),
    ("of few colours", include_bytes!("files/palette.png")),
    ("of few colours, one of them clear", include_bytes!("files/palette-clear.png")),
];

#[test]
fn what_other_programs_write_has_its_colours() {
    for (name, file) in FILES {
        let before = facts(name, file).expect("a picture");
        assert_eq!((before.width, before.height), (24, 16), "{name}");
        let image = codec::smaller(before.kind, Cursor::new(file), 24).expect("read");
        assert_eq!(image.dimensions(), (24, 16), "{name}");
        let (red, blue) = (image.get_pixel(3, 8).0, image.get_pixel(20, 8).0);
        let near = |seen: [u8; 4], wanted: [u8; 3]| {
            seen.iter().zip(wanted).all(|(seen, wanted)| seen.abs_diff(wanted) <= 12)
        };
        assert!(near(blue, [20, 60, 200]) && blue[3] == 255, "{name}: {blue:?}");
        let is_clear = name.ends_with("clear");
        assert!(if is_clear { red[3] == 0 } else { near(red, [220, 30, 40]) }, "{name}: {red:?}");
        let halved = codec::smaller(before.kind, Cursor::new(file), 12).expect("read");
        assert_eq!(halved.dimensions(), (12, 8), "{name}");
        assert!(near(halved.get_pixel(10, 4).0, [20, 60, 200]), "{name}: {:?}", halved.get_pixel(10, 4));
        assert_eq!(check_whole(name, &before, Cursor::new(file)), Ok(()));
        let cut = &file[..file.len() - file.len() / 3];
        assert!(check_whole(name, &before, Cursor::new(cut)).is_err(), "{name}");
    }
    let grey = |file: &[u8]| {
        let before = facts("grey", file).expect("a picture");
        codec::smaller(before.kind, Cursor::new(file), 24).expect("read").get_pixel(3, 8).0
    };
    assert_eq!(grey(include_bytes!("files/grey16.png")), [156, 156, 156, 255]);
    let [red, green, blue, _] = grey(include_bytes!("files/grey.jpg"));
    assert!(red == green && green == blue && red.abs_diff(88) <= 4, "{red}");
}

/// Cameras leave off the last bytes at times, and browsers show what there is. What was cut short on its way is another thing.
#[test]
fn a_jpeg_without_its_end_is_read_where_it_is_kept_and_not_taken_from_the_web() {
    let whole = written(noise(64, 48), ImageFormat::Jpeg);
    let open = &whole[..whole.len() - 2];
    let before = facts("a", open).expect("a picture");
    assert_eq!(codec::smaller(before.kind, Cursor::new(open), 64).expect("read").dimensions(), (64, 48));
    assert!(check_whole("a", &before, Cursor::new(open)).is_err());
    assert_eq!(check_whole("a", &before, Cursor::new(&whole)), Ok(()));
}
