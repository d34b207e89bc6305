//! Pictures written, as the two kinds that are taken everywhere.

use super::CodecError;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{RgbImage, RgbaImage};

/// Written as JPEG. `quality` is from 1 to 100.
pub(in crate::media) fn jpeg(image: &RgbImage, quality: u8) -> Result<Vec<u8>, CodecError> {
    let mut bytes = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
    image.write_with_encoder(encoder).map_err(CodecError::said)?;
    Ok(bytes)
}

/// Written as PNG, with what shines through.
pub(in crate::media) fn png(image: &RgbaImage) -> Result<Vec<u8>, CodecError> {
    let mut bytes = Vec::new();
    image.write_with_encoder(PngEncoder::new(&mut bytes)).map_err(CodecError::said)?;
    Ok(bytes)
}
