//! A publish, step by step: the cover, the pictures of the text, the draft, and where the account publishes, its submission.
//! What each came to is kept, so that nothing is done twice.

use super::api::{Api, Trouble, text};
use super::article::{News, Source};
use super::errors::NO_SUCH_MEDIA;
use super::pictures::{Found, Purpose};
use super::settings::{Mode, Settings};
use super::{Wechat, steps};
use crate::domain::kept::message::KeptMessage;
use crate::domain::outcome::{Problem, Receipt, Seen};
use crate::platforms::platform::PublishCall;
use crate::render::wechat::{self as rendering, ImageSource, Images, Options, Rendered};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::time::Duration;

/// When a publication that was just submitted is asked for.
const FIRST_ASK: Duration = Duration::from_secs(5);
/// What WeChat lets nobody wait for in vain: the pauses between questions grow to this.
const ASK_PAUSE_MAX: Duration = Duration::from_secs(600);

/// Does what is not done yet.
///
/// # Errors
/// What kept it from being done.
pub(super) async fn publish(wechat: Wechat, call: PublishCall) -> Result<Seen, Seen> {
    let settings = Settings::kept(&call.destination.settings)?;
    let api = Api::of_attempt(&call, &settings, &wechat.outbound)?;
    let publish = Publish { wechat: &wechat, call: &call, settings: &settings, api: &api };
    let media_id = publish.draft().await?;
    match settings.mode {
        Mode::Draft => Ok(Seen::Accepted(Receipt { media_id: Some(media_id), url: None })),
        Mode::Publish => {
            publish.submit(&media_id).await?;
            Ok(Seen::Submitted { ask_after: FIRST_ASK })
        }
    }
}

/// How long until WeChat is asked again about what it has worked on for so long: half as long, within bounds.
pub(super) fn ask_pause(worked: Duration) -> Duration {
    (worked / 2).clamp(FIRST_ASK, ASK_PAUSE_MAX)
}

/// What finding one picture may take of an attempt's time.
const PICTURE_MAX: Duration = Duration::from_secs(20);

struct Publish<'a> {
    wechat: &'a Wechat,
    call: &'a PublishCall,
    settings: &'a Settings,
    api: &'a Api,
}

impl Publish<'_> {
    /// The draft's media_id.
    async fn draft(&self) -> Result<String, Seen> {
        let journal = &self.call.journal;
        if let Some(done) = journal.result(steps::DRAFT) {
            return steps::media_id(&done);
        }
        let cover_at = self.call.article.cover.as_deref().filter(|cover| !cover.trim().is_empty());
        let Some(cover_at) = cover_at else {
            return Err(Seen::Refused(Problem::new("no_cover", KeptMessage::WeChatNoCover)));
        };
        let cover = journal.repeatable(steps::COVER, || self.cover(cover_at)).await?;
        let cover = steps::media_id(&cover)?;
        let pictures = journal.repeatable(steps::PICTURES, || self.pictures()).await?;
        let html = self.render(&pictures).await?;
        let source = Source::of(&self.call.article, self.settings, &self.call.key);
        let news = News::new(&self.call.article, self.settings, &source, &html, &cover);
        let added = journal.irreversible(steps::DRAFT, || self.add_draft(&news, cover_at)).await?;
        steps::media_id(&added)
    }

    async fn cover(&self, at: &str) -> Result<Value, Seen> {
        let media_id = self.uploaded(at, Purpose::Cover).await?;
        Ok(json!({ "media_id": media_id }))
    }

    /// The addresses of the text's pictures, by what the text calls them.
    async fn pictures(&self) -> Result<Value, Seen> {
        let body = self.call.article.body.clone();
        let wanted = blocking(move || rendering::images(&body)).await?;
        let mut addresses = Map::with_capacity(wanted.len());
        for ImageSource(source) in wanted {
            let address = self.uploaded(&source, Purpose::Body).await?;
            addresses.insert(source, Value::from(address));
        }
        Ok(Value::Object(addresses))
    }

    /// What WeChat calls a picture, uploaded where it was not.
    async fn uploaded(&self, source: &str, purpose: Purpose) -> Result<String, Seen> {
        let pictures = &self.wechat.pictures;
        let time = self.api.left().min(PICTURE_MAX);
        let picture = match pictures.find(self.call, source, purpose, time).await? {
            Found::Uploaded(name) => return Ok(name),
            Found::New(picture) => picture,
        };
        let (interface, more, field) = match purpose {
            Purpose::Cover => ("material/add_material", "&type=image", "media_id"),
            Purpose::Body => ("media/uploadimg", "", "url"),
        };
        let said = self.api.upload(interface, more, &picture).await.map_err(|why| self.api.seen(why))?;
        let name = text(interface, &said, field)?;
        pictures.uploaded(self.call, source, purpose, &name).await;
        Ok(name)
    }

    /// Takes time, so it is done on a thread that may block.
    async fn render(&self, pictures: &Value) -> Result<String, Seen> {
        let addresses: HashMap<ImageSource, String> = pictures
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(source, address)| Some((ImageSource(source.clone()), address.as_str()?.to_owned())))
            .collect();
        let (settings, body) = (self.settings.clone(), self.call.article.body.clone());
        let rendered = blocking(move || {
            let css = settings.own_css();
            let images = Images::Uploaded(&addresses);
            rendering::render(&body, &Options { images, ..settings.options(css.as_ref()) })
        });
        let Rendered { html, .. } = rendered.await?;
        Ok(html)
    }

    async fn add_draft(&self, news: &News<'_>, cover_at: &str) -> Result<Value, Seen> {
        const INTERFACE: &str = "draft/add";
        let said = match self.api.post(INTERFACE, &json!({ "articles": [news] })).await {
            Ok(said) => said,
            Err(trouble) => {
                if is_gone(&trouble) {
                    // Somebody deleted it: it is uploaded again by whoever tries next.
                    self.wechat.pictures.is_gone(self.call, cover_at, Purpose::Cover).await;
                    self.forget(steps::COVER).await;
                }
                return Err(self.api.seen(trouble));
            }
        };
        Ok(json!({ "media_id": text(INTERFACE, &said, "media_id")? }))
    }

    async fn submit(&self, media_id: &str) -> Result<Value, Seen> {
        let was_begun = self.call.journal.is_open(steps::SUBMIT);
        let submitting = || self.send_off(media_id);
        match self.call.journal.irreversible(steps::SUBMIT, submitting).await {
            Err(Seen::Refused(problem)) if problem.code == gone() && !was_begun => {
                // It was never submitted, so somebody deleted it: whoever tries next makes another.
                self.forget(steps::DRAFT).await;
                Err(Seen::Refused(problem))
            }
            Err(Seen::Refused(problem)) => {
                let (said, draft) = (problem.message, media_id.to_owned());
                let message = KeptMessage::WeChatDraftStays { said, draft };
                Err(Seen::Refused(Problem::new(problem.code, message)))
            }
            other => other,
        }
    }

    async fn send_off(&self, media_id: &str) -> Result<Value, Seen> {
        const INTERFACE: &str = "freepublish/submit";
        let asked = json!({ "media_id": media_id });
        let said = self.api.post(INTERFACE, &asked).await.map_err(|why| self.api.seen(why))?;
        let publish_id = text(INTERFACE, &said, "publish_id")?;
        Ok(json!({ "publish_id": publish_id, "at": self.call.unix_seconds }))
    }

    /// A step whose work is gone at WeChat. Where that cannot be kept, the next try finds the same again.
    async fn forget(&self, step: &'static str) {
        if let Err(why) = self.call.journal.is_gone(step).await {
            log::warn!("entry {}: that its {step} is gone was not kept: {why}", self.call.entry);
        }
    }
}

fn is_gone(trouble: &Trouble) -> bool {
    matches!(trouble, Trouble::Refused(refusal) if refusal.code == NO_SUCH_MEDIA)
}

fn gone() -> String {
    format!("wechat_{NO_SUCH_MEDIA}")
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Seen> {
    actix_rt::task::spawn_blocking(work).await.map_err(|error| {
        let message = KeptMessage::NotWritten { why: error.to_string() };
        Seen::Broke { problem: Problem::new("rendering", message), may_have_left: false }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_wechat_works_the_longer_it_is_left_alone() {
        let pause = |worked| ask_pause(Duration::from_secs(worked)).as_secs();
        assert_eq!([0, 5, 10, 60, 600, 1200, 86_400].map(pause), [5, 5, 5, 30, 300, 600, 600]);
    }
}
