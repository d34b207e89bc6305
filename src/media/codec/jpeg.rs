//! JPEG, made smaller while it is read: a block of 8 by 8 pixels becomes 4 by 4, 2 by 2, or one, before it is pixels at all.

use super::{CodecError, End, Head, Read, orientation};
use crate::domain::media_limits::within;
use crate::media::shrink::{Colours, Shrink};
use jpeg_decoder::{CodingProcess, Decoder, PixelFormat};
use std::io::{BufRead, Read as _, Seek, SeekFrom};

/// The bytes that end a file.
const END: &[u8] = &[0xff, 0xd9];
/// In bytes, of each number that stands for a part of a picture until all of them have come.
const COEFFICIENT_BYTES: u64 = 2;

pub(super) fn head(mut file: impl BufRead + Seek) -> Result<Head, CodecError> {
    let begin = file.stream_position().map_err(CodecError::said)?;
    let mut decoder = Decoder::new(&mut file);
    decoder.read_info().map_err(CodecError::said)?;
    let info = decoder.info().ok_or_else(CodecError::incomplete)?;
    let head = Head::new(info.width.into(), info.height.into())?;
    match info.coding_process {
        CodingProcess::DctSequential => Ok(head),
        // It comes in ever finer layers, of which each is for the whole picture.
        CodingProcess::DctProgressive => {
            file.seek(SeekFrom::Start(begin)).map_err(CodecError::said)?;
            let Coefficients { all, pixels } = coefficients(file)?;
            Ok(head.of_memory(all * COEFFICIENT_BYTES, pixels))
        }
        CodingProcess::Lossless => Err(CodecError("it is a JPEG without losses".to_owned())),
    }
}

/// How many numbers there are for so many pixels: most files have fewer for colours than for light.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Coefficients {
    all: u64,
    pixels: u64,
}

/// Four for a pixel: four components, each as fine as the others.
const MOST: Coefficients = Coefficients { all: 4, pixels: 1 };

fn coefficients(mut file: impl BufRead) -> Result<Coefficients, CodecError> {
    file.read_exact(&mut [0; 2]).map_err(CodecError::said)?;
    loop {
        let mut segment = [0; 4];
        file.read_exact(&mut segment).map_err(CodecError::said)?;
        let [0xff, marker, high, low] = segment else { return Ok(MOST) };
        let length = u64::from(u16::from_be_bytes([high, low])).saturating_sub(2);
        let mut body = Vec::new();
        file.by_ref().take(length).read_to_end(&mut body).map_err(CodecError::said)?;
        if matches!(marker, 0xc0..=0xc2) {
            return Ok(of_frame(&body).unwrap_or(MOST));
        }
    }
}

/// Of the segment that begins a frame: its precision, its size, and three bytes for each component, of which the second says
/// how fine it is, across and down.
fn of_frame(frame: &[u8]) -> Option<Coefficients> {
    let fineness = |component: &[u8]| {
        let both = component.get(1).copied().unwrap_or(0);
        (u64::from(both >> 4).max(1), u64::from(both & 0xf).max(1))
    };
    let components: Vec<(u64, u64)> = frame.get(6..)?.chunks_exact(3).map(fineness).collect();
    let across = components.iter().map(|it| it.0).max()?;
    let down = components.iter().map(|it| it.1).max()?;
    let all = components.iter().map(|it| it.0 * it.1).sum();
    Some(Coefficients { all, pixels: across * down })
}

pub(super) fn read(mut file: impl BufRead + Seek, side: u32, end: End) -> Result<Read, CodecError> {
    let begin = file.stream_position().map_err(CodecError::said)?;
    let head = head(&mut file)?;
    head.is_bearable()?;
    file.seek(SeekFrom::Start(begin)).map_err(CodecError::said)?;
    let added = match end {
        End::MayBeMissing => END,
        End::Needed => &[],
    };
    let mut decoder = Decoder::new(file.chain(added));
    let (width, height) = within(head.width, head.height, side);
    let wanted = |length: u32| u16::try_from(length).unwrap_or(u16::MAX);
    decoder.scale(wanted(width), wanted(height)).map_err(CodecError::said)?;
    let pixels = decoder.decode().map_err(CodecError::said)?;
    let info = decoder.info().ok_or_else(CodecError::incomplete)?;
    let colours = match info.pixel_format {
        PixelFormat::L8 => Colours::Grey,
        PixelFormat::RGB24 => Colours::Rgb,
        PixelFormat::CMYK32 => Colours::Cmyk,
        PixelFormat::L16 => return Err(CodecError("it has 16 bits a pixel".to_owned())),
    };
    let mut shrink = Shrink::new((info.width.into(), info.height.into()), colours, side);
    let row = usize::from(info.width) * colours.bytes();
    pixels.chunks_exact(row.max(1)).for_each(|row| shrink.row(row));
    Ok((shrink, orientation(decoder.exif_data())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_many_numbers_there_are_is_read_of_a_frame() {
        let read = |components: &[u8]| {
            let mut frame = vec![8, 0, 16, 0, 16, 0];
            for fineness in components {
                frame.extend([1, *fineness, 0]);
            }
            of_frame(&frame).map(|it| (it.all, it.pixels))
        };
        for (components, numbers) in [
            (&[0x11][..], Some((1, 1))),
            (&[0x22, 0x11, 0x11], Some((6, 4))),
            (&[0x21, 0x11, 0x11], Some((4, 2))),
            (&[0x11, 0x11, 0x11, 0x11], Some((4, 1))),
            (&[0x00], Some((1, 1))),
            (&[], None),
        ] {
            assert_eq!(read(components), numbers, "{components:x?}");
        }
        assert_eq!(of_frame(&[8, 0]), None);
    }
}
