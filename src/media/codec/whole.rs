//! Kinds whose libraries give all pixels at once: GIF, of which the first picture is read, and WebP.

use super::{CodecError, Head, MEMORY_MAX, Read};
use crate::domain::media::MediaKind;
use crate::media::shrink::{Colours, Shrink};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use std::io::{BufRead, Seek, SeekFrom};

/// In bytes, for each pixel: where a picture lies within a larger one, both are there.
const GIF_PIXEL: u64 = 8;
/// A WebP with losses and nothing beside: light and colours, and what is made of them.
const WEBP_PLAIN_PIXEL: u64 = 5;
/// One without losses: it is read with what shines through, also where nothing does.
const WEBP_PIXEL: u64 = 8;
/// What shines through comes in a picture of its own; or it moves, and its pictures lie on each other.
const WEBP_LAYERED_PIXEL: u64 = 12;

pub(super) fn head(kind: MediaKind, mut file: impl BufRead + Seek) -> Result<Head, CodecError> {
    let pixel_bytes = match kind {
        MediaKind::Webp => of_webp(&mut file)?,
        MediaKind::Png | MediaKind::Jpeg | MediaKind::Gif => GIF_PIXEL,
    };
    let (width, height) = reader(kind, file).into_dimensions().map_err(CodecError::said)?;
    Ok(Head::new(width, height)?.of_memory(pixel_bytes, 1))
}

/// By the first 21 bytes of the file, at which it stays.
fn of_webp(file: &mut (impl BufRead + Seek)) -> Result<u64, CodecError> {
    const ALPHA_OR_MOVING: u8 = 0x12;
    let begin = file.stream_position().map_err(CodecError::said)?;
    let mut first = [0; 21];
    file.read_exact(&mut first).map_err(CodecError::said)?;
    file.seek(SeekFrom::Start(begin)).map_err(CodecError::said)?;
    Ok(match (&first[12..16], first[20]) {
        (b"VP8 ", _) => WEBP_PLAIN_PIXEL,
        (b"VP8X", flags) if flags & ALPHA_OR_MOVING != 0 => WEBP_LAYERED_PIXEL,
        _ => WEBP_PIXEL,
    })
}

pub(super) fn read(kind: MediaKind, mut file: impl BufRead + Seek, side: u32) -> Result<Read, CodecError> {
    let begin = file.stream_position().map_err(CodecError::said)?;
    head(kind, &mut file)?.is_bearable()?;
    file.seek(SeekFrom::Start(begin)).map_err(CodecError::said)?;
    let mut decoder = reader(kind, file).into_decoder().map_err(CodecError::said)?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let image = DynamicImage::from_decoder(decoder).map_err(CodecError::said)?;
    let (colours, row) = match &image {
        DynamicImage::ImageRgb8(_) => (Colours::Rgb, Colours::Rgb.bytes()),
        DynamicImage::ImageRgba8(_) => (Colours::Rgba, Colours::Rgba.bytes()),
        other => return Err(CodecError(format!("its colours are {:?}", other.color()))),
    };
    let mut shrink = Shrink::new((image.width(), image.height()), colours, side);
    let row = row * usize::try_from(image.width()).unwrap_or(0);
    image.as_bytes().chunks_exact(row.max(1)).for_each(|row| shrink.row(row));
    Ok((shrink, orientation))
}

fn reader<File: BufRead + Seek>(kind: MediaKind, file: File) -> ImageReader<File> {
    let mut limits = Limits::default();
    limits.max_alloc = Some(MEMORY_MAX);
    let mut reader = ImageReader::with_format(file, format(kind));
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
