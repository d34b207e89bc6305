//! A publish, step by step: the pictures, the draft with all articles, and where the account publishes, its submission.
//! What each came to is kept, so that nothing is done twice.

use super::api::{Api, text};
use super::article::{News, Source};
use super::errors::NO_SUCH_MEDIA;
use super::pictures::{Uploads, blocking};
use super::settings::{Mode, Settings};
use super::{Wechat, steps};
use crate::domain::content::Article;
use crate::domain::kept::message::KeptMessage;
use crate::domain::outcome::{Problem, Receipt, Seen};
use crate::platforms::journal::repeated;
use crate::platforms::platform::PublishCall;
use crate::render::wechat::{self as rendering, ImageSource, Images, Options, Rendered};
use serde_json::{Value, json};
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

struct Publish<'a> {
    wechat: &'a Wechat,
    call: &'a PublishCall,
    settings: &'a Settings,
    api: &'a Api,
}

impl Publish<'_> {
    /// The draft's media_id.
    async fn draft(&self) -> Result<String, Seen> {
        if let Some(done) = self.call.journal.result(steps::DRAFT) {
            return steps::media_id(&done);
        }
        match self.try_draft().await {
            // Somebody deleted a cover at WeChat whose upload was remembered. No draft was made, so nothing is done twice.
            Err(Seen::Refused(problem)) if problem.code == gone() && self.forget_covers().await => {
                self.try_draft().await
            }
            ended => ended,
        }
    }

    async fn try_draft(&self) -> Result<String, Seen> {
        self.call.journal.may_go_on()?;
        // No step of its own: each upload is kept when it is answered, so whoever comes again finds all of them with one
        // question, and the draft has one commit less to wait for.
        let pictures = self.uploads().of(self.call.articles()).await.map_err(repeated)?;
        let mut articles = Vec::with_capacity(1 + self.call.extras.len());
        for ((article, _), names) in self.call.articles().zip(pictures) {
            let source = Source::of(article, self.settings, &self.call.key);
            articles.push(News::new(
                article,
                self.settings,
                source,
                &self.render(article, names.body).await?,
                names.cover,
            ));
        }
        let added = self.call.journal.irreversible(steps::DRAFT, || self.add_draft(&articles)).await?;
        steps::media_id(&added)
    }

    fn uploads(&self) -> Uploads<'_> {
        Uploads { api: self.api, outbound: &self.wechat.outbound, appid: &self.settings.appid }
    }

    /// False where that could not be kept: then the next try finds the same again.
    async fn forget_covers(&self) -> bool {
        let forgotten = self.uploads().forget_covers(self.call.articles()).await;
        if let Err(why) = &forgotten {
            log::warn!("entry {}: that a cover is gone was not kept: {why}", self.call.entry);
        }
        forgotten.is_ok()
    }

    async fn render(&self, article: &Article, pictures: HashMap<String, String>) -> Result<String, Seen> {
        let addresses: HashMap<ImageSource, String> =
            pictures.into_iter().map(|(source, address)| (ImageSource(source), address)).collect();
        let (settings, body) = (self.settings.clone(), article.body.clone());
        let rendered = blocking(move || {
            let css = settings.own_css();
            let images = Images::Uploaded(&addresses);
            rendering::render(&body, &Options { images, ..settings.options(css.as_ref()) })
        });
        let Rendered { html, .. } = rendered.await?;
        Ok(html)
    }

    async fn add_draft(&self, articles: &[News]) -> Result<Value, Seen> {
        const INTERFACE: &str = "draft/add";
        let asked = json!({ "articles": articles });
        let said = self.api.post(INTERFACE, &asked).await.map_err(|why| self.api.seen(why))?;
        Ok(json!({ "media_id": text(INTERFACE, &said, "media_id")? }))
    }

    async fn submit(&self, media_id: &str) -> Result<Value, Seen> {
        let was_begun = self.call.journal.is_open(steps::SUBMIT);
        let submitting = || self.send_off(media_id);
        match self.call.journal.irreversible(steps::SUBMIT, submitting).await {
            Err(Seen::Refused(problem)) if problem.code == gone() && !was_begun => {
                // It was never submitted, so somebody deleted it: whoever tries next makes another.
                self.forget_draft().await;
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
        Ok(json!({ "publish_id": publish_id }))
    }

    /// It is gone at WeChat.
    async fn forget_draft(&self) {
        if let Err(why) = self.call.journal.is_gone(steps::DRAFT).await {
            log::warn!("entry {}: that its draft is gone was not kept: {why}", self.call.entry);
        }
    }
}

fn gone() -> String {
    format!("wechat_{NO_SUCH_MEDIA}")
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
