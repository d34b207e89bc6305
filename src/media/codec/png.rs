//! PNG, row by row. Where its rows are mixed (interlaced), all of them have to be there before the first is whole.

use super::{CodecError, Head, MEMORY_MAX, Read, orientation};
use crate::media::shrink::{Colours, Shrink};
use png::{BitDepth, ColorType, Decoder, Info, Limits, Transformations};
use std::io::{BufRead, Seek};

fn decoder<File: BufRead + Seek>(file: File) -> Decoder<File> {
    // Of all but the rows: text and profiles that nobody asked for.
    let limits = Limits { bytes: usize::try_from(MEMORY_MAX).unwrap_or(usize::MAX) };
    let mut decoder = Decoder::new_with_limits(file, limits);
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    decoder.set_transformations(Transformations::normalize_to_color8());
    decoder
}

pub(super) fn head(file: impl BufRead + Seek) -> Result<Head, CodecError> {
    of(decoder(file).read_header_info().map_err(CodecError::said)?)
}

fn of(info: &Info<'_>) -> Result<Head, CodecError> {
    let head = Head::new(info.width, info.height)?;
    // They lie there with every colour, and what shines through.
    Ok(if info.interlaced { head.of_memory(4, 1) } else { head })
}

pub(super) fn read(file: impl BufRead + Seek, side: u32) -> Result<Read, CodecError> {
    let mut decoder = decoder(file);
    let info = decoder.read_header_info().map_err(CodecError::said)?;
    let (head, is_interlaced) = (of(info)?, info.interlaced);
    head.is_bearable()?;
    let mut reader = decoder.read_info().map_err(CodecError::said)?;
    let colours = match reader.output_color_type() {
        (ColorType::Grayscale, BitDepth::Eight) => Colours::Grey,
        (ColorType::GrayscaleAlpha, BitDepth::Eight) => Colours::GreyAlpha,
        (ColorType::Rgb, BitDepth::Eight) => Colours::Rgb,
        (ColorType::Rgba, BitDepth::Eight) => Colours::Rgba,
        other => return Err(CodecError(format!("its colours are {other:?}"))),
    };
    let mut shrink = Shrink::new((head.width, head.height), colours, side);
    if is_interlaced {
        let mut pixels = vec![0; reader.output_buffer_size().ok_or_else(CodecError::incomplete)?];
        let frame = reader.next_frame(&mut pixels).map_err(CodecError::said)?;
        pixels.chunks_exact(frame.line_size.max(1)).for_each(|row| shrink.row(row));
    } else {
        while let Some(row) = reader.next_row().map_err(CodecError::said)? {
            shrink.row(row.data());
        }
    }
    Ok((shrink, orientation(reader.info().exif_metadata.as_deref())))
}
