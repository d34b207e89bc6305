//! What can be wrong with a picture: with the file, with how a text names it, or with what a platform takes.

use crate::domain::media::MediaKind;

/// `picture` is what the text calls it, or else the name of its file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MediaFault {
    #[error("the picture “{picture}” is not kept here; upload it, or import it together with its text")]
    Missing { picture: String },
    /// Its row is there, its file is not.
    #[error(
        "the file of the picture “{picture}” is not in the media folder of this server any more; add the same file again, or \
         put the folder back from a copy, and retry the entry"
    )]
    FileGone { picture: String },
    #[error(
        "“{picture}” is no address of a picture: media: and 12 to 64 hexadecimal digits in small letters"
    )]
    NoAddress { picture: String },
    #[error("“{picture}” may be one of several pictures; write more of its digits")]
    Ambiguous { picture: String },
    #[error("the picture “{picture}” is none: PNG, JPEG, GIF and WebP are taken")]
    UnknownKind { picture: String },
    /// With the words of the library that reads pictures.
    #[error("the picture “{picture}” begins as {kind} and cannot be read as one: {why}")]
    Broken { picture: String, kind: MediaKind, why: String },
    #[error("the picture “{picture}” has {has} bytes, {} more than are taken (at most {most})", self.excess())]
    TooManyBytes { picture: String, has: u64, most: u64 },
    #[error("the picture “{picture}” has {has} pixels, {} more than are taken (at most {most})", self.excess())]
    TooManyPixels { picture: String, has: u64, most: u64 },
    #[error(
        "the picture “{picture}” cannot be made as small as {platform} wants it (at most {most} bytes); upload a smaller \
         one"
    )]
    StaysTooLarge { picture: String, platform: &'static str, most: u64 },
}

impl MediaFault {
    /// How much has to go, of what there is too much of; 0 where it is nothing of that kind.
    pub fn excess(&self) -> u64 {
        match self {
            MediaFault::TooManyBytes { has, most, .. } | MediaFault::TooManyPixels { has, most, .. } => {
                has.saturating_sub(*most)
            }
            MediaFault::Missing { .. }
            | MediaFault::FileGone { .. }
            | MediaFault::NoAddress { .. }
            | MediaFault::Ambiguous { .. }
            | MediaFault::UnknownKind { .. }
            | MediaFault::Broken { .. }
            | MediaFault::StaysTooLarge { .. } => 0,
        }
    }
}
