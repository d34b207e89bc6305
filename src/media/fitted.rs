//! Pictures made to fit what a platform takes: encoded as a kind that it knows, and made smaller where they have to be.

use super::codec::{self, CodecError};
use crate::domain::fault::MediaFault;
use crate::domain::media::{MediaFacts, MediaKind};
use crate::domain::media_limits::{MediaLimits, within};
use image::DynamicImage;
use image::imageops::FilterType;

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
    AsItIs(Vec<u8>),
    /// Of a moving picture this is its first.
    Anew { kind: MediaKind, bytes: Vec<u8> },
}

/// Makes a picture fit. What fits as it is is not touched. The same file is made the same each time. Takes up to some
/// seconds, and 200 MB for the largest picture that is kept; one picture after another in a process.
///
/// # Errors
/// [`MediaFault::Broken`] where the file cannot be read to its end, [`MediaFault::StaysTooLarge`] where it does not become
/// small enough. `picture` is what they call it.
pub fn fit(
    picture: &str,
    facts: &MediaFacts,
    bytes: Vec<u8>,
    limits: &MediaLimits,
) -> Result<Fitted, MediaFault> {
    if limits.fits(facts) {
        return Ok(Fitted::AsItIs(bytes));
    }
    let broken = |error: CodecError| MediaFault::Broken {
        picture: picture.to_owned(),
        kind: facts.kind,
        why: error.to_string(),
    };
    let made = codec::with_pixels(facts.kind, bytes, |image| smaller(image, limits)).map_err(broken)?;
    made.map(|(kind, bytes)| Fitted::Anew { kind, bytes }).ok_or_else(|| MediaFault::StaysTooLarge {
        picture: picture.to_owned(),
        platform: limits.platform,
        most: limits.bytes,
    })
}

/// Whether a file can be read to its end, which its head does not tell: one that came over a network may have been cut short.
///
/// # Errors
/// [`MediaFault::Broken`] where it cannot. `picture` is what that calls it.
pub fn check_whole(picture: &str, facts: &MediaFacts, bytes: Vec<u8>) -> Result<(), MediaFault> {
    codec::with_pixels(facts.kind, bytes, |_| Ok(())).map_err(|error| MediaFault::Broken {
        picture: picture.to_owned(),
        kind: facts.kind,
        why: error.to_string(),
    })
}

/// None where it does not become small enough.
fn smaller(
    mut image: DynamicImage,
    limits: &MediaLimits,
) -> Result<Option<(MediaKind, Vec<u8>)>, CodecError> {
    // What shines through stays so, where the platform takes that.
    let keeps_alpha = limits.kinds.contains(&MediaKind::Png) && codec::shines_through(&image);
    let mut side = limits.side.min(image.width().max(image.height()));
    loop {
        image = scaled(image, side);
        let fits = |bytes: &Vec<u8>| u64::try_from(bytes.len()).is_ok_and(|length| length <= limits.bytes);
        if keeps_alpha {
            let bytes = codec::png(&image)?;
            if fits(&bytes) {
                return Ok(Some((MediaKind::Png, bytes)));
            }
        } else {
            for quality in QUALITIES {
                let bytes = codec::jpeg(&image, quality)?;
                if fits(&bytes) {
                    return Ok(Some((MediaKind::Jpeg, bytes)));
                }
            }
        }
        let next = side * STEP_PERCENT / 100;
        if next < SIDE_LEAST {
            return Ok(None);
        }
        side = next;
    }
}

/// No side longer than this. A picture that is far too large is first made smaller by a way that takes no memory of its own.
fn scaled(image: DynamicImage, side: u32) -> DynamicImage {
    let (width, height) = within(image.width(), image.height(), side);
    if (width, height) == (image.width(), image.height()) {
        return image;
    }
    let (rough_width, rough_height) = (width.saturating_mul(2), height.saturating_mul(2));
    let is_far_too_large = image.width() > rough_width && image.height() > rough_height;
    let rough = if is_far_too_large {
        let rough = image.thumbnail_exact(rough_width, rough_height);
        // What comes now takes memory too.
        drop(image);
        rough
    } else {
        image
    };
    rough.resize_exact(width, height, FilterType::CatmullRom)
}

#[cfg(test)]
mod tests;
