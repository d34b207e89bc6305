//! The pictures of a post: all of them are looked for before the first is sent, and each is uploaded once for an account.
//!
//! What was uploaded is remembered by the file, so that no attempt, entry or revision uploads it again; see
//! [`Pictures`](crate::platforms::pictures).

use super::super::outbound::Outbound;
use super::api::{Api, text};
use crate::domain::content::Article;
use crate::domain::ids::ContentId;
use crate::domain::kept::message::KeptMessage;
use crate::domain::media::{MediaFacts, MediaHash, UploadAnswer, UploadPurpose};
use crate::domain::media_limits::{MediaLimits, PictureRules, WECHAT_BODY, WECHAT_COVER};
use crate::domain::outcome::{Problem, Seen};
use crate::platforms::pictures::{Known, NotReady, PictureFile, Pictures, Room, Upload};
use crate::render::wechat::{self as rendering, ImageSource};
use fail::fail_point;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// What finding one picture may take of an attempt's time.
const PICTURE_MAX: Duration = Duration::from_secs(20);
/// In bytes, of files that were encoded anew and are kept in memory between the look at all pictures and their uploads. What
/// is more is made to fit once more.
const HELD_MAX_BYTES: usize = 4 * 1024 * 1024;

/// What WeChat takes of an article's pictures.
pub(super) const RULES: PictureRules =
    PictureRules { body: WECHAT_BODY, cover: WECHAT_COVER, needs_cover: true };

/// What WeChat calls the pictures of one article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    /// The cover's `media_id`.
    pub cover: String,
    /// The addresses of the text's pictures, by what the text calls them.
    pub body: HashMap<String, String>,
}

/// Where an attempt finds pictures, and where it uploads them.
pub(super) struct Uploads<'a> {
    pub api: &'a Api,
    pub outbound: &'a Arc<Outbound>,
    /// Uploads of another one are unknown to this one.
    pub appid: &'a str,
}

/// A picture as an article names it.
struct Picture<'a> {
    /// The number of its article.
    article: usize,
    pictures: &'a Pictures,
    source: String,
    upload: Upload,
    limits: MediaLimits,
    facts: MediaFacts,
    state: State,
}

/// What is known of a picture before anything is sent.
enum State {
    /// What WeChat calls it.
    Uploaded(String),
    /// It can be uploaded as it is kept.
    Fits,
    /// It can be made to fit; with what it became, where there was room for that.
    MadeToFit(Option<(PictureFile, Room)>),
}

impl Uploads<'_> {
    /// What WeChat calls the pictures of these articles, uploaded where they were not.
    ///
    /// # Errors
    /// Where one of them is missing or cannot be made to fit, and then nothing was sent; or why one could not be uploaded.
    pub async fn of<'a>(
        &self,
        articles: impl Iterator<Item = (&'a Article, &'a Pictures)>,
    ) -> Result<Vec<Named>, Seen> {
        let (mut named, mut found) = (Vec::new(), Vec::new());
        let mut room = HELD_MAX_BYTES;
        for (number, (article, pictures)) in articles.enumerate() {
            named.push(Named { cover: String::new(), body: HashMap::new() });
            let known = pictures.known(self.appid).await.map_err(|error| error.seen())?;
            for (purpose, source) in sources(article).await? {
                let known = known.iter().find(|picture| picture.source == source);
                found.push(self.find(number, pictures, (purpose, source), known, &mut room).await?);
            }
        }
        // Articles of one post may show the same file.
        let mut known: HashMap<(MediaHash, UploadPurpose), String> = HashMap::new();
        for mut picture in found {
            let key = (picture.upload.media.clone(), picture.upload.purpose);
            let name = match known.get(&key) {
                Some(name) => name.clone(),
                None => known.entry(key).or_insert(self.name(&mut picture).await?).clone(),
            };
            let Some(names) = named.get_mut(picture.article) else { continue };
            match picture.upload.purpose {
                UploadPurpose::Cover => names.cover = name,
                UploadPurpose::Body => {
                    names.body.insert(picture.source, name);
                }
            }
        }
        Ok(named)
    }

    /// Forgets the covers of these articles, one of which WeChat says it has no longer.
    ///
    /// # Errors
    /// Where that could not be kept.
    pub async fn forget_covers<'a>(
        &self,
        articles: impl Iterator<Item = (&'a Article, &'a Pictures)>,
    ) -> Result<(), NotReady> {
        for (article, pictures) in articles {
            let Some(source) = cover_of(article) else { continue };
            let facts = pictures.of(self.outbound, source, self.time()).await?;
            pictures.forget(&self.upload(facts.sha256, UploadPurpose::Cover)).await?;
        }
        Ok(())
    }

    fn time(&self) -> Duration {
        self.api.left().min(PICTURE_MAX)
    }

    fn upload(&self, media: MediaHash, purpose: UploadPurpose) -> Upload {
        Upload { media, purpose, place: self.appid.to_owned() }
    }

    /// `known` is what is known of it already, and `room` how many bytes of files may still be kept in memory.
    async fn find<'a>(
        &self,
        article: usize,
        pictures: &'a Pictures,
        (purpose, source): (UploadPurpose, String),
        known: Option<&Known>,
        room: &mut usize,
    ) -> Result<Picture<'a>, Seen> {
        let seen = |error: NotReady| error.seen();
        let limits = match purpose {
            UploadPurpose::Cover => RULES.cover,
            UploadPurpose::Body => RULES.body,
        };
        let facts = match known {
            Some(known) => known.facts.clone(),
            None => pictures.of(self.outbound, &source, self.time()).await.map_err(seen)?,
        };
        let upload = self.upload(facts.sha256.clone(), purpose);
        let answer = match known {
            Some(known) => known.uploaded(purpose).cloned(),
            None => pictures.uploaded(&upload).await.map_err(seen)?,
        };
        let state = match answer.and_then(|it| name_in(it, purpose)) {
            Some(name) => State::Uploaded(name),
            None if limits.fits(&facts) => {
                pictures.has(&source, &facts).await.map_err(seen)?;
                State::Fits
            }
            None => {
                let file = pictures.fitted(&source, &facts, &limits).await.map_err(seen)?;
                let length = file.bytes.len();
                let kept = if length <= *room { Room::to_wait(length) } else { None };
                *room -= if kept.is_some() { length } else { 0 };
                State::MadeToFit(kept.map(|kept| (file, kept)))
            }
        };
        Ok(Picture { article, pictures, source, upload, limits, facts, state })
    }

    async fn name(&self, picture: &mut Picture<'_>) -> Result<String, Seen> {
        let Picture { pictures, source, upload, limits, facts, state, .. } = picture;
        let seen = |error: NotReady| error.seen();
        let (held, most) = match state {
            State::Uploaded(name) => return Ok(name.clone()),
            State::Fits => (None, facts.bytes),
            // What it becomes is not known before it is there.
            State::MadeToFit(made) => (made.take(), limits.bytes),
        };
        // Until the upload is answered.
        let (file, _room) = match held {
            Some(held) => held,
            None => {
                let room = Room::to_go(most, self.api.left()).await.ok_or(Seen::NotSent)?;
                (pictures.fitted(source, facts, limits).await.map_err(seen)?, room)
            }
        };
        let (interface, more, field) = match upload.purpose {
            UploadPurpose::Cover => ("material/add_material", "&type=image", "media_id"),
            UploadPurpose::Body => ("media/uploadimg", "", "url"),
        };
        let said = self.api.upload(interface, more, file).await.map_err(|why| self.api.seen(why))?;
        let name = text(interface, &said, field)?;
        // Before anything else is sent: an upload is not repeated because of what comes after it.
        pictures.note(upload, answer(name.clone(), upload.purpose)).await.map_err(seen)?;
        fail_point!("upload kept");
        Ok(name)
    }
}

fn answer(name: String, purpose: UploadPurpose) -> UploadAnswer {
    match purpose {
        UploadPurpose::Cover => UploadAnswer { platform_id: Some(name), url: None },
        UploadPurpose::Body => UploadAnswer { platform_id: None, url: Some(name) },
    }
}

fn name_in(answer: UploadAnswer, purpose: UploadPurpose) -> Option<String> {
    match purpose {
        UploadPurpose::Cover => answer.platform_id,
        UploadPurpose::Body => answer.url,
    }
}

/// What an article calls its pictures: its cover, and those of its text.
async fn sources(article: &Article) -> Result<Vec<(UploadPurpose, String)>, Seen> {
    let cover = cover_of(article).ok_or_else(|| no_cover(article.content_id))?.to_owned();
    let body = article.body.clone();
    let images = blocking(move || rendering::images(&body)).await?;
    let body = images.into_iter().map(|ImageSource(source)| (UploadPurpose::Body, source));
    Ok(std::iter::once((UploadPurpose::Cover, cover)).chain(body).collect())
}

fn cover_of(article: &Article) -> Option<&str> {
    article.cover.as_deref().map(str::trim).filter(|cover| !cover.is_empty())
}

fn no_cover(content: ContentId) -> Seen {
    Seen::Refused(Problem::new("no_cover", KeptMessage::WeChatNoCover { content: content.0 }))
}

/// What takes time is done on a thread that may block.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Seen> {
    actix_rt::task::spawn_blocking(work).await.map_err(|error| {
        let message = KeptMessage::NotWritten { why: error.to_string() };
        Seen::Broke { problem: Problem::new("rendering", message), may_have_left: false }
    })
}
