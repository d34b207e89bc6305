//! The pictures of an article, for the code of a platform: which file each name of its text means, made to fit what the
//! platform takes, and what the platform was given already.
//!
//! A publish asks for all of its pictures ([`Pictures::of`]) before it sends anything: so what is missing, or cannot be made
//! to fit, is told while nothing is out. Then it uploads each that it has no answer for ([`Pictures::uploaded`]), and keeps
//! each answer at once ([`Pictures::note`]).

mod room;

pub use super::http::FetchFault;
pub use room::Room;

use super::http::{FetchLimits, fetch};
use super::outbound::Outbound;
use crate::domain::fault::MediaFault;
use crate::domain::media::{FILE_MAX_BYTES, MediaFacts, MediaHash, MediaKind, UploadAnswer, UploadPurpose};
use crate::domain::media_limits::MediaLimits;
use crate::domain::outcome::{Problem, Scope, Seen};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The longest that one picture is fetched for.
pub const FETCH_MAX: Duration = Duration::from_secs(30);
/// How much of a picture that is fetched is in memory.
const PART_BYTES: usize = 64 * 1024;

/// Where pictures are kept, for one article of one account.
pub trait Shelf: Send + Sync {
    /// What is known already of the article's pictures, and of their uploads at one place.
    fn known(&self, place: String) -> LocalBoxFuture<'static, Result<Vec<Known>, NotReady>>;

    /// The picture that the article calls `source`; none where it is not kept.
    fn find(&self, source: String) -> LocalBoxFuture<'static, Result<Option<MediaFacts>, NotReady>>;

    /// Begins to keep what is fetched of `source`.
    fn begin(&self, source: String) -> LocalBoxFuture<'static, Result<Box<dyn Coming>, NotReady>>;

    /// Whether the file of a picture is at hand. `source` is what errors call it.
    fn has(&self, source: String, facts: MediaFacts) -> LocalBoxFuture<'static, Result<(), NotReady>>;

    /// The file of a picture, made to fit. `source` is what errors call it.
    fn fitted(
        &self,
        source: String,
        facts: MediaFacts,
        limits: MediaLimits,
    ) -> LocalBoxFuture<'static, Result<PictureFile, NotReady>>;

    /// What the account's platform answered to an upload of this file.
    fn uploaded(&self, of: Upload) -> LocalBoxFuture<'static, Result<Option<UploadAnswer>, NotReady>>;

    /// Remembers an answer; none: forgets it.
    fn note(&self, of: Upload, answer: Option<UploadAnswer>)
    -> LocalBoxFuture<'static, Result<(), NotReady>>;
}

/// A picture that is kept as it comes. Dropped before its end, it leaves nothing.
pub trait Coming {
    /// Keeps the next bytes, and gives back what they were in.
    fn add(
        self: Box<Self>,
        part: Vec<u8>,
    ) -> LocalBoxFuture<'static, Result<(Box<dyn Coming>, Vec<u8>), NotReady>>;

    /// All of it has come.
    fn end(self: Box<Self>) -> LocalBoxFuture<'static, Result<MediaFacts, NotReady>>;
}

/// An upload, by what tells it from others of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    pub media: MediaHash,
    pub purpose: UploadPurpose,
    /// Where at the platform, in the words of the platform's code: for WeChat the app id. An account that is pointed at
    /// another place uploads anew.
    pub place: String,
}

/// A picture that is kept already, under a name that the article has for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    pub source: String,
    pub facts: MediaFacts,
    /// What the account's platform answered, by what it was given the file for.
    pub uploads: Vec<(UploadPurpose, UploadAnswer)>,
}

impl Known {
    pub fn uploaded(&self, purpose: UploadPurpose) -> Option<&UploadAnswer> {
        self.uploads.iter().find(|upload| upload.0 == purpose).map(|upload| &upload.1)
    }
}

/// A file as a platform is given it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PictureFile {
    pub kind: MediaKind,
    pub bytes: Vec<u8>,
}

impl PictureFile {
    /// In bytes: a file that is read is given so much more room, for what a platform has around it. To make room later may
    /// take as much as the file once more.
    pub const ROOM: usize = 1024;
}

/// Why a picture cannot be given to a platform. Nothing of the article has been sent for it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotReady {
    /// For good, until somebody changes the text or the picture.
    #[error(transparent)]
    Wrong(#[from] MediaFault),
    #[error("the picture “{picture}” could not be fetched: {fault}")]
    NotFetched { picture: String, fault: FetchFault },
    /// Our own database or disk, in words for people.
    #[error("the pictures are not at hand: {0}")]
    NotAtHand(String),
}

impl NotReady {
    /// What a publish saw that ends with it: nothing is out.
    pub fn seen(&self) -> Seen {
        let problem = |code| Problem::new(code, self);
        match self {
            NotReady::Wrong(_) => Seen::Refused(problem("picture")),
            NotReady::NotFetched { fault, .. } if fault.may_pass() => Seen::StepFailed {
                problem: problem("picture_not_fetched"),
                scope: Scope::Entry,
                retry_after: None,
            },
            NotReady::NotFetched { .. } => Seen::Refused(problem("picture_not_fetched")),
            NotReady::NotAtHand(_) => {
                Seen::NotKept { problem: problem("pictures_not_at_hand"), may_be_out: false }
            }
        }
    }
}

/// The pictures of one article, and of the account that it is published on.
#[derive(Clone)]
pub struct Pictures(Arc<dyn Shelf>);

impl fmt::Debug for Pictures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pictures")
    }
}

impl Pictures {
    pub fn on(shelf: Arc<dyn Shelf>) -> Self {
        Pictures(shelf)
    }

    /// None at all: for tests, and for platforms that show none.
    pub fn none() -> Self {
        Pictures(Arc::new(Nothing))
    }

    /// What is known already of the article's pictures, and of what the platform was given of them at one place: one
    /// question for all. What is not there is to be asked for with [`Pictures::of`] and [`Pictures::uploaded`].
    pub async fn known(&self, place: &str) -> Result<Vec<Known>, NotReady> {
        self.0.known(place.to_owned()).await
    }

    /// The picture that the article calls `source`. One of the web that is not kept yet is fetched, within `time` at most,
    /// and kept, so that it is fetched once for a content. Whether it fits is not looked at.
    pub async fn of(
        &self,
        outbound: &Arc<Outbound>,
        source: &str,
        time: Duration,
    ) -> Result<MediaFacts, NotReady> {
        if let Some(known) = self.0.find(source.to_owned()).await? {
            return Ok(known);
        }
        let limits = FetchLimits { bytes: FILE_MAX_BYTES, time: time.min(FETCH_MAX) };
        let not_fetched = |fault| not_fetched(source, fault);
        let mut file = fetch(outbound, source, limits).await.map_err(not_fetched)?;
        let mut coming = self.0.begin(source.to_owned()).await?;
        // All accounts fetch at once, so none of them holds more of a picture than this.
        let mut part = Vec::with_capacity(PART_BYTES);
        while let Some(bytes) = file.next().await.map_err(not_fetched)? {
            part.extend_from_slice(&bytes);
            if part.len() >= PART_BYTES {
                (coming, part) = coming.add(part).await?;
                part.clear();
            }
        }
        let (coming, _) = coming.add(part).await?;
        coming.end().await
    }

    /// Whether the file of a picture is at hand, which is not read for it.
    pub async fn has(&self, source: &str, facts: &MediaFacts) -> Result<(), NotReady> {
        self.0.has(source.to_owned(), facts.clone()).await
    }

    /// The file of a picture, made to fit these limits: as it is where it fits, else encoded anew or made smaller. Takes up to
    /// seconds, on a thread of its own.
    pub async fn fitted(
        &self,
        source: &str,
        facts: &MediaFacts,
        limits: &MediaLimits,
    ) -> Result<PictureFile, NotReady> {
        self.0.fitted(source.to_owned(), facts.clone(), *limits).await
    }

    /// What the platform answered to an upload of this file; none: it was not uploaded.
    pub async fn uploaded(&self, of: &Upload) -> Result<Option<UploadAnswer>, NotReady> {
        self.0.uploaded(of.clone()).await
    }

    /// Remembers what the platform answered, before anything else is sent.
    pub async fn note(&self, of: &Upload, answer: UploadAnswer) -> Result<(), NotReady> {
        self.0.note(of.clone(), Some(answer)).await
    }

    /// Forgets an upload that the platform says it has no more.
    pub async fn forget(&self, of: &Upload) -> Result<(), NotReady> {
        self.0.note(of.clone(), None).await
    }
}

fn not_fetched(source: &str, fault: FetchFault) -> NotReady {
    let picture = source.to_owned();
    match fault {
        // A path beside a text that was never imported from a folder.
        FetchFault::NoWebAddress => MediaFault::Missing { picture }.into(),
        FetchFault::TooLarge { most } => MediaFault::TooManyBytes { picture, has: most + 1, most }.into(),
        fault => NotReady::NotFetched { picture, fault },
    }
}

/// A shelf with nothing on it, and no room.
struct Nothing;

impl Nothing {
    fn at_hand<T: 'static>() -> LocalBoxFuture<'static, Result<T, NotReady>> {
        std::future::ready(Err(NotReady::NotAtHand("none are kept".to_owned()))).boxed_local()
    }
}

impl Shelf for Nothing {
    fn known(&self, _: String) -> LocalBoxFuture<'static, Result<Vec<Known>, NotReady>> {
        std::future::ready(Ok(Vec::new())).boxed_local()
    }

    fn find(&self, _: String) -> LocalBoxFuture<'static, Result<Option<MediaFacts>, NotReady>> {
        std::future::ready(Ok(None)).boxed_local()
    }

    fn begin(&self, _: String) -> LocalBoxFuture<'static, Result<Box<dyn Coming>, NotReady>> {
        Nothing::at_hand()
    }

    fn has(&self, _: String, _: MediaFacts) -> LocalBoxFuture<'static, Result<(), NotReady>> {
        Nothing::at_hand()
    }

    fn fitted(
        &self,
        _: String,
        _: MediaFacts,
        _: MediaLimits,
    ) -> LocalBoxFuture<'static, Result<PictureFile, NotReady>> {
        Nothing::at_hand()
    }

    fn uploaded(&self, _: Upload) -> LocalBoxFuture<'static, Result<Option<UploadAnswer>, NotReady>> {
        std::future::ready(Ok(None)).boxed_local()
    }

    fn note(&self, _: Upload, _: Option<UploadAnswer>) -> LocalBoxFuture<'static, Result<(), NotReady>> {
        Nothing::at_hand()
    }
}

#[cfg(test)]
mod tests;
