//! The libraries that read and write pictures, held within bounds. What strangers send is read here and nowhere else.
//!
//! A picture is small as a file and large when its pixels lie open. So they never all do: a JPEG is made smaller while it is
//! read, a PNG comes row by row. What its library reads only whole may have no more pixels than fit into [`MEMORY_MAX`].

mod jpeg;
mod png;
mod whole;
mod writing;

pub(super) use writing::{jpeg, png};

use super::shrink::Shrink;
use crate::domain::media::MediaKind;
use image::metadata::Orientation;
use image::{DynamicImage, RgbaImage};
use parking_lot::Mutex;
use std::io::{BufRead, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// In bytes, of all that reading one picture may take.
pub(super) const MEMORY_MAX: u64 = 80 * 1024 * 1024;

/// A process reads the pixels of one picture after another.
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

    fn incomplete() -> Self {
        CodecError("some of its rows are missing".to_owned())
    }
}

/// What the head of a file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub width: u32,
    pub height: u32,
    /// In bytes: what reading it takes of memory, beside a row and what it becomes. None where it comes row by row.
    memory: Option<u64>,
}

/// In pixels: a row must fit into memory, too. Of the four kinds only PNG knows longer sides.
const SIDE_MAX: u32 = 65_535;

impl Head {
    fn new(width: u32, height: u32) -> Result<Self, CodecError> {
        match (width, height) {
            (0, _) | (_, 0) => Err(CodecError("it has no pixels".to_owned())),
            (1..=SIDE_MAX, 1..=SIDE_MAX) => Ok(Head { width, height, memory: None }),
            _ => Err(CodecError(format!("a side of it has more than {SIDE_MAX} pixels"))),
        }
    }

    /// It is read whole, and takes so many bytes for so many pixels.
    fn of_memory(self, bytes: u64, pixels: u64) -> Self {
        Head { memory: Some((self.pixels() * bytes).div_ceil(pixels.max(1))), ..self }
    }

    pub fn pixels(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// The most pixels that such a file may have, where its pixels have to lie in memory.
    pub fn pixels_max(&self) -> Option<u64> {
        self.memory.map(|bytes| self.pixels() * MEMORY_MAX / bytes.max(1))
    }

    fn is_bearable(&self) -> Result<(), CodecError> {
        match self.pixels_max() {
            Some(most) if self.pixels() > most => {
                let has = self.pixels();
                Err(CodecError(format!("it has {has} pixels, and only {most} of this kind fit into memory")))
            }
            _ => Ok(()),
        }
    }
}

/// Whether a file without its end is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// As browsers show it: as far as it goes.
    MayBeMissing,
    Needed,
}

/// Width, height, and what it takes to read it.
pub(super) fn head(kind: MediaKind, file: impl BufRead + Seek) -> Result<Head, CodecError> {
    guarded(|| match kind {
        MediaKind::Png => png::head(file),
        MediaKind::Jpeg => jpeg::head(file),
        MediaKind::Gif | MediaKind::Webp => whole::head(kind, file),
    })
}

/// The picture, the right way up, and no side of it longer than this. No two are read at once.
///
/// # Errors
/// Where the file cannot be read, or wants more memory than [`MEMORY_MAX`].
pub(super) fn smaller(
    kind: MediaKind,
    file: impl BufRead + Seek,
    side: u32,
) -> Result<RgbaImage, CodecError> {
    read(kind, file, side, End::MayBeMissing)
}

/// Reads it to its end.
///
/// # Errors
/// As [`smaller`], and where it was cut short.
pub(super) fn check(kind: MediaKind, file: impl BufRead + Seek) -> Result<(), CodecError> {
    read(kind, file, 1, End::Needed).map(drop)
}

fn read(kind: MediaKind, file: impl BufRead + Seek, side: u32, end: End) -> Result<RgbaImage, CodecError> {
    let _turn = ONE_AT_A_TIME.lock();
    guarded(|| {
        let (shrink, orientation) = match kind {
            MediaKind::Png => png::read(file, side)?,
            MediaKind::Jpeg => jpeg::read(file, side, end)?,
            MediaKind::Gif | MediaKind::Webp => whole::read(kind, file, side)?,
        };
        let mut image = DynamicImage::ImageRgba8(shrink.end().ok_or_else(CodecError::incomplete)?);
        // How a camera was held is said beside the pixels, and is lost where they are written anew.
        image.apply_orientation(orientation);
        Ok(image.into_rgba8())
    })
}

/// What is read of a file: rows that became a smaller picture, and how that is held.
type Read = (Shrink, Orientation);

/// How a camera was held, by the data that it wrote beside the picture.
fn orientation(exif: Option<&[u8]>) -> Orientation {
    exif.and_then(Orientation::from_exif_chunk).unwrap_or(Orientation::NoTransforms)
}

/// Decoders of the libraries are known to panic on files that were made to harm them.
fn guarded<T>(work: impl FnOnce() -> Result<T, CodecError>) -> Result<T, CodecError> {
    let broke = |_| Err(CodecError("it broke what reads pictures".to_owned()));
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(broke)
}
