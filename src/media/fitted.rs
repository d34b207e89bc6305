//! Pictures made to fit what a platform takes: encoded as a kind that it knows, and made smaller where they have to be.

use super::codec::{self, CodecError};
use super::shrink::shrunk;
use crate::domain::fault::MediaFault;
use crate::domain::media::{MediaFacts, MediaKind};
use crate::domain::media_limits::MediaLimits;
use image::{RgbImage, RgbaImage};
use std::io::{BufRead, Seek};

/// From the best: the first that fits is taken.
const QUALITIES: [u8; 3] = [88, 78, 66];
/// Each time that no quality fits, a picture becomes so much smaller, in hundredths of its sides.
const STEP_PERCENT: u32 = 75;
/// In pixels: below this nobody sees what it shows.
const SIDE_LEAST: u32 = 64;

/// A picture as a platform is given it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fitted {
    /// The file as it is kept.
    AsItIs,
    Anew(Anew),
}

/// A picture that was encoded anew. Of a moving one this is its first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anew {
    pub kind: MediaKind,
    pub bytes: Vec<u8>,
}

/// Makes a picture fit. What fits as it is is not read. The same file is made the same each time. Takes up to some seconds,
/// and the memory that `codec` is bound to; one picture after another in a process.
///
/// # Errors
/// [`MediaFault::Broken`] where the file cannot be read, [`MediaFault::StaysTooLarge`] where it does not become small enough.
/// `picture` is what they call it.
pub fn fit(
    picture: &str,
    facts: &MediaFacts,
    file: impl BufRead + Seek,
    limits: &MediaLimits,
) -> Result<Fitted, MediaFault> {
    if limits.fits(facts) {
        return Ok(Fitted::AsItIs);
    }
    let broken = |error: CodecError| MediaFault::Broken {
        picture: picture.to_owned(),
        kind: facts.kind,
        why: error.to_string(),
    };
    let image = codec::smaller(facts.kind, file, limits.side).map_err(broken)?;
    let made = encoded(image, limits).map_err(broken)?;
    made.map(Fitted::Anew).ok_or_else(|| MediaFault::StaysTooLarge {
        picture: picture.to_owned(),
        platform: limits.platform,
        most: limits.bytes,
    })
}

/// Whether a file can be read to its end, which its head does not tell: one that came over a network may have been cut short.
///
/// # Errors
/// [`MediaFault::Broken`] where it cannot. `picture` is what that calls it.
pub fn check_whole(picture: &str, facts: &MediaFacts, file: impl BufRead + Seek) -> Result<(), MediaFault> {
    codec::check(facts.kind, file).map_err(|error| MediaFault::Broken {
        picture: picture.to_owned(),
        kind: facts.kind,
        why: error.to_string(),
    })
}

/// The largest that has few enough bytes. None where none has.
fn encoded(mut image: RgbaImage, limits: &MediaLimits) -> Result<Option<Anew>, CodecError> {
    // What shines through stays so, where the platform takes that.
    let keeps_alpha = limits.kinds.contains(&MediaKind::Png) && shines_through(&image);
    let fits = |bytes: &Vec<u8>| u64::try_from(bytes.len()).is_ok_and(|length| length <= limits.bytes);
    loop {
        if keeps_alpha {
            let bytes = codec::png(&image)?;
            if fits(&bytes) {
                return Ok(Some(Anew { kind: MediaKind::Png, bytes }));
            }
        } else {
            let opaque = on_white(&image);
            for quality in QUALITIES {
                let bytes = codec::jpeg(&opaque, quality)?;
                if fits(&bytes) {
                    return Ok(Some(Anew { kind: MediaKind::Jpeg, bytes }));
                }
            }
        }
        let side = image.width().max(image.height()) * STEP_PERCENT / 100;
        match shrunk(&image, side) {
            Some(smaller) if side >= SIDE_LEAST => image = smaller,
            _ => return Ok(None),
        }
    }
}

/// Whether anything of a picture shines through: many that could have it have not.
fn shines_through(image: &RgbaImage) -> bool {
    image.pixels().any(|pixel| pixel.0[3] < u8::MAX)
}

fn on_white(image: &RgbaImage) -> RgbImage {
    let mut opaque = RgbImage::new(image.width(), image.height());
    for (from, to) in image.pixels().zip(opaque.pixels_mut()) {
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

#[cfg(test)]
mod tests;
