//! The library that reads and writes pictures, held within bounds. What strangers send is read here and nowhere else.

use crate::domain::media::{MediaKind, PIXELS_MAX};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use parking_lot::Mutex;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// In bytes, of all that reading one picture may take besides its file: 50 million pixels of four bytes.
const MEMORY_MAX: u64 = PIXELS_MAX * 4;

/// A picture is large when its pixels lie open: a process reads them one after another.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Why a picture cannot be read or written, in the words of the library.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct CodecError(String);

impl CodecError {
    fn said(error: impl std::fmt::Display) -> Self {
        // It ends up in one line on a terminal.
        CodecError(error.to_string().replace(char::is_control, " "))
    }
}

/// Width and height in pixels, as the head of the file says.
pub(super) fn size(kind: MediaKind, bytes: &[u8]) -> Result<(u32, u32), CodecError> {
    guarded(|| reader(kind, bytes).into_dimensions().map_err(CodecError::said))
}

/// Runs `work` with the pixels of a picture, the right way up. No two run at once, so that their pixels are in memory one
/// picture after another, and each without its file.
///
/// # Errors
/// Where the file cannot be read, or wants more memory than [`MEMORY_MAX`]; then `work` has not run.
pub(super) fn with_pixels<T>(
    kind: MediaKind,
    bytes: Vec<u8>,
    work: impl FnOnce(DynamicImage) -> Result<T, CodecError>,
) -> Result<T, CodecError> {
    let _turn = ONE_AT_A_TIME.lock();
    guarded(|| work(pixels(kind, bytes)?))
}

fn pixels(kind: MediaKind, bytes: Vec<u8>) -> Result<DynamicImage, CodecError> {
    let mut decoder = reader(kind, bytes).into_decoder().map_err(CodecError::said)?;
    // The decoder counts what it needs for itself, not what it writes into.
    let wanted = decoder.total_bytes();
    if wanted > MEMORY_MAX {
        return Err(CodecError(format!("it takes {wanted} bytes of memory, more than {MEMORY_MAX}")));
    }
    // How a camera was held is said beside the pixels, and is lost where they are written anew.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).map_err(CodecError::said)?;
    image.apply_orientation(orientation);
    Ok(image)
}

fn reader<Bytes: AsRef<[u8]>>(kind: MediaKind, bytes: Bytes) -> ImageReader<Cursor<Bytes>> {
    let mut limits = Limits::default();
    limits.max_alloc = Some(MEMORY_MAX);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format(kind));
    reader.limits(limits);
    reader
}

fn format(kind: MediaKind) -> ImageFormat {
    match kind {
        MediaKind::Png => ImageFormat::Png,
        MediaKind::Jpeg => ImageFormat::Jpeg,
        MediaKind::Gif => ImageFormat::Gif,
        MediaKind::Webp => ImageFormat::WebP,
    }
}

/// Decoders of the library are known to panic on files that were made to harm them.
fn guarded<T>(work: impl FnOnce() -> Result<T, CodecError>) -> Result<T, CodecError> {
    let broke = |_| Err(CodecError("it broke what reads pictures".to_owned()));
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(broke)
}

/// Written as JPEG; what shines through is white. `quality` is from 1 to 100.
pub(super) fn jpeg(image: &DynamicImage, quality: u8) -> Result<Vec<u8>, CodecError> {
    let mut bytes = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
    let opaque = DynamicImage::ImageRgb8(on_white(image));
    opaque.write_with_encoder(encoder).map_err(CodecError::said)?;
    Ok(bytes)
}

/// Written as PNG of eight bits a colour, with what shines through.
pub(super) fn png(image: &DynamicImage) -> Result<Vec<u8>, CodecError> {
    let mut bytes = Vec::new();
    let plain = match image.color().has_alpha() {
        true => DynamicImage::ImageRgba8(image.to_rgba8()),
        false => DynamicImage::ImageRgb8(image.to_rgb8()),
    };
    plain.write_with_encoder(PngEncoder::new(&mut bytes)).map_err(CodecError::said)?;
    Ok(bytes)
}

fn on_white(image: &DynamicImage) -> image::RgbImage {
    if !image.color().has_alpha() {
        return image.to_rgb8();
    }
    let shining = image.to_rgba8();
    let mut opaque = image::RgbImage::new(shining.width(), shining.height());
    for (from, to) in shining.pixels().zip(opaque.pixels_mut()) {
        let [red, green, blue, alpha] = from.0;
        let alpha = u32::from(alpha);
        let over = |colour: u8| {
            let mixed = (u32::from(colour) * alpha + 255 * (255 - alpha)) / 255;
            u8::try_from(mixed).unwrap_or(u8::MAX)
        };
        to.0 = [over(red), over(green), over(blue)];
    }
    opaque
}

/// Whether anything of a picture shines through: many that could have it have not.
pub(super) fn shines_through(image: &DynamicImage) -> bool {
    match image {
        DynamicImage::ImageRgba8(pixels) => pixels.pixels().any(|pixel| pixel.0[3] < u8::MAX),
        _ => image.color().has_alpha() && image.to_rgba8().pixels().any(|pixel| pixel.0[3] < u8::MAX),
    }
}
