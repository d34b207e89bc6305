//! What WeChat is asked without sending anything new: what became of a publication, and whether a draft or an article is
//! there whose end was not seen.

use super::api::{Api, Trouble, text};
use super::article::{Source, marker};
use super::errors::NO_SUCH_MEDIA;
use super::publishing::ask_pause;
use super::settings::{Mode, Settings};
use super::{Wechat, steps};
use crate::domain::clock::Timestamp;
use crate::domain::kept::message::KeptMessage;
use crate::domain::kept::wechat::WeChatEnd;
use crate::domain::outcome::{Problem, Receipt, Seen};
use crate::domain::question::{LookedUp, Progress};
use crate::platforms::platform::PublishCall;
use serde_json::{Value, json};
use std::time::Duration;

/// How many are listed at once; WeChat's most.
const PAGE: usize = 20;
/// How many pages are looked through for a marker, newest first: what was made minutes ago is in the first.
const PAGES_MAX: usize = 5;
/// How soon it is asked again whether WeChat has finished what it works on.
const STILL_PUBLISHING: Duration = Duration::from_secs(30);

/// What became of a publication.
pub(super) async fn ask(wechat: Wechat, call: PublishCall) -> Progress {
    match progress(&wechat, &call).await {
        Ok(progress) => progress,
        Err(Unanswered::Broken { problem, until }) => Progress::AccountBroken { problem, until },
        Err(Unanswered::Unknown { problem, retry_after }) => Progress::Unknown { problem, retry_after },
    }
}

/// Whether what was begun is there.
pub(super) async fn look_up(wechat: Wechat, call: PublishCall) -> LookedUp {
    match looked_up(&wechat, &call).await {
        Ok(found) => found,
        Err(Unanswered::Broken { problem, until }) => LookedUp::AccountBroken { problem, until },
        Err(Unanswered::Unknown { problem, retry_after }) => LookedUp::Unknown { problem, retry_after },
    }
}

/// Why a question has no answer.
enum Unanswered {
    Broken { problem: Problem, until: Option<Timestamp> },
    Unknown { problem: Problem, retry_after: Option<Duration> },
}

impl From<Seen> for Unanswered {
    fn from(seen: Seen) -> Self {
        match seen {
            Seen::AccountBroken { problem, until } => Unanswered::Broken { problem, until },
            Seen::AskedToWait { problem, retry_after }
            | Seen::ServerFault { problem, retry_after }
            | Seen::EndUnseen { problem, retry_after }
            | Seen::StepFailed { problem, retry_after, .. } => Unanswered::Unknown { problem, retry_after },
            Seen::AcceptedUnread(problem)
            | Seen::NothingLeft(problem)
            | Seen::Refused(problem)
            | Seen::WrongAddress(problem)
            | Seen::NotRepeated(problem)
            | Seen::Broke { problem, .. }
            | Seen::NotKept { problem, .. } => Unanswered::Unknown { problem, retry_after: None },
            Seen::Accepted(_) | Seen::Submitted { .. } | Seen::NotSent => {
                let problem = Problem::new("not_asked", KeptMessage::NothingSentWithin { seconds: 0 });
                Unanswered::Unknown { problem, retry_after: None }
            }
        }
    }
}

async fn progress(wechat: &Wechat, call: &PublishCall) -> Result<Progress, Unanswered> {
    let settings = Settings::kept(&call.destination.settings)?;
    let api = Api::of_attempt(call, &settings, &wechat.outbound)?;
    let submitted = call.journal.result(steps::SUBMIT).unwrap_or_default();
    let publication = Publication::asked(&api, &submitted).await?;
    Ok(match publication {
        Publication::Out(receipt) => Progress::Published(receipt),
        Publication::UnderWay => Progress::Working { ask_after: ask_pause(call.worked) },
        Publication::Over(end) => Progress::Refused(refused(end, call)),
        Publication::Unknown(problem) => Progress::Unknown { problem, retry_after: None },
    })
}

/// Why it is not out, with the draft that a person may want to correct or delete.
fn refused(end: WeChatEnd, call: &PublishCall) -> Problem {
    let code = match end {
        WeChatEnd::OriginalityRefused => "wechat_originality",
        WeChatEnd::Failed => "wechat_publish_failed",
        WeChatEnd::AuditRefused => "wechat_audit",
        WeChatEnd::Deleted => "wechat_deleted",
        WeChatEnd::Banned => "wechat_banned",
    };
    let message = KeptMessage::WeChatNotPublished { end };
    let draft = call.journal.result(steps::DRAFT).and_then(|done| steps::media_id(&done).ok());
    match (end, draft) {
        (WeChatEnd::OriginalityRefused | WeChatEnd::Failed | WeChatEnd::AuditRefused, Some(draft)) => {
            Problem::new(code, KeptMessage::WeChatDraftStays { said: message.to_string(), draft })
        }
        (_, _) => Problem::new(code, message),
    }
}

/// How far a publication is.
enum Publication {
    Out(Receipt),
    UnderWay,
    Over(WeChatEnd),
    Unknown(Problem),
}

impl Publication {
    /// `freepublish/get`: <https://developers.weixin.qq.com/doc/offiaccount/Publish/Get_status.html>.
    async fn asked(api: &Api, submitted: &Value) -> Result<Publication, Unanswered> {
        let asked = json!({ "publish_id": steps::publish_id(submitted)? });
        let said = api.post("freepublish/get", &asked).await.map_err(|why| api.seen(why))?;
        let status = said.get("publish_status").and_then(Value::as_i64).unwrap_or(-1);
        Ok(match status {
            0 => Publication::Out(Receipt {
                media_id: said.get("article_id").and_then(Value::as_str).map(str::to_owned),
                url: said
                    .pointer("/article_detail/item/0/article_url")
                    .and_then(Value::as_str)
                    .map(str::to_owned),
            }),
            1 => Publication::UnderWay,
            2 => Publication::Over(WeChatEnd::OriginalityRefused),
            3 => Publication::Over(WeChatEnd::Failed),
            4 => Publication::Over(WeChatEnd::AuditRefused),
            5 => Publication::Over(WeChatEnd::Deleted),
            6 => Publication::Over(WeChatEnd::Banned),
            status => {
                Publication::Unknown(Problem::new("wechat_unread", KeptMessage::WeChatEndUnknown { status }))
            }
        })
    }
}

async fn looked_up(wechat: &Wechat, call: &PublishCall) -> Result<LookedUp, Unanswered> {
    let settings = Settings::kept(&call.destination.settings)?;
    let api = Api::of_attempt(call, &settings, &wechat.outbound)?;
    let look = LookUp { call, settings: &settings, api: &api };
    let journal = &call.journal;
    if let Some(submitted) = journal.result(steps::SUBMIT) {
        return look.submitted(&submitted).await;
    }
    let Some(draft) = journal.result(steps::DRAFT) else { return look.draft(settings.mode).await };
    let media_id = steps::media_id(&draft)?;
    match settings.mode {
        // Also where the account's mode was another then.
        _ if journal.is_open(steps::SUBMIT) => look.in_submission(&media_id).await,
        Mode::Draft => Ok(LookedUp::There(Receipt { media_id: Some(media_id), url: None })),
        Mode::Publish => Ok(LookedUp::NotThere),
    }
}

struct LookUp<'a> {
    call: &'a PublishCall,
    settings: &'a Settings,
    api: &'a Api,
}

impl LookUp<'_> {
    /// WeChat has taken it, and says what became of it.
    async fn submitted(&self, submitted: &Value) -> Result<LookedUp, Unanswered> {
        Ok(match Publication::asked(self.api, submitted).await? {
            Publication::Out(receipt) => LookedUp::There(receipt),
            Publication::UnderWay => LookedUp::Unknown {
                problem: Problem::new("still_publishing", KeptMessage::WeChatStillPublishing),
                retry_after: Some(STILL_PUBLISHING),
            },
            // The next attempt hears so, and says why.
            Publication::Over(_) => LookedUp::NotThere,
            Publication::Unknown(problem) => LookedUp::Unknown { problem, retry_after: None },
        })
    }

    /// Nobody saw whether it was taken. An article is found by its marker. Where there is none, or the draft is gone and
    /// no article has come of it, only a person can tell.
    async fn in_submission(&self, media_id: &str) -> Result<LookedUp, Unanswered> {
        let draft = media_id.to_owned();
        if !self.is_marked() {
            let problem = Problem::new("no_marker", KeptMessage::WeChatNoMarker { draft });
            return Ok(LookedUp::CannotTell(problem));
        }
        // Asked before the list, or it could leave the drafts for the list in between.
        let is_draft = self.is_draft(media_id).await?;
        if let Some(article) = self.find("freepublish/batchget").await? {
            let url = article.pointer("/content/news_item/0/url").and_then(Value::as_str).map(str::to_owned);
            let media_id = article.get("article_id").and_then(Value::as_str).map(str::to_owned);
            return Ok(LookedUp::There(Receipt { media_id, url }));
        }
        if is_draft {
            return Ok(LookedUp::NotThere);
        }
        let problem = Problem::new("draft_gone", KeptMessage::WeChatDraftGone { draft });
        Ok(LookedUp::CannotTell(problem))
    }

    /// Nobody saw whether the draft was made. One that is found is used; readers see none of them.
    async fn draft(&self, mode: Mode) -> Result<LookedUp, Unanswered> {
        const INTERFACE: &str = "draft/batchget";
        let (call, account) = (self.call, &self.call.destination.account_name);
        if !call.journal.is_open(steps::DRAFT) {
            return Ok(LookedUp::NotThere);
        }
        if !self.is_marked() {
            let title = &call.article.title;
            log::warn!(
                "entry {}: it was not seen whether its draft was made. Among the drafts of {account} may be two named \
                 “{title}”; one of them can be deleted by hand",
                call.entry
            );
            return Ok(LookedUp::NotThere);
        }
        let Some(found) = self.find(INTERFACE).await? else { return Ok(LookedUp::NotThere) };
        let media_id = text(INTERFACE, &found, "media_id")?;
        match mode {
            Mode::Draft => Ok(LookedUp::There(Receipt { media_id: Some(media_id), url: None })),
            Mode::Publish => {
                let kept = call.journal.found(steps::DRAFT, json!({ "media_id": media_id })).await;
                if let Err(why) = kept {
                    log::warn!(
                        "entry {}: its draft {media_id} on {account} was found, and that was not kept: {why}. Another \
                         may be made; then this one can be deleted by hand",
                        call.entry
                    );
                }
                Ok(LookedUp::NotThere)
            }
        }
    }

    /// Whether any of its articles can be told by its marker: they come in one draft, and are found together.
    fn is_marked(&self) -> bool {
        let source = |article| Source::of(article, self.settings, &self.call.key);
        self.call.articles().any(|(article, _)| source(article).is_marked())
    }

    async fn is_draft(&self, media_id: &str) -> Result<bool, Unanswered> {
        match self.api.post("draft/get", &json!({ "media_id": media_id })).await {
            Ok(_) => Ok(true),
            Err(Trouble::Refused(refusal)) if refusal.code == NO_SUCH_MEDIA => Ok(false),
            Err(trouble) => Err(self.api.seen(trouble).into()),
        }
    }

    /// The newest item of a list that has the entry's marker.
    async fn find(&self, interface: &'static str) -> Result<Option<Value>, Unanswered> {
        let mark = marker(&self.call.key);
        let is_ours = |item: &&Value| {
            let articles = item.pointer("/content/news_item").and_then(Value::as_array);
            let source =
                |article: &Value| Some(article.get("content_source_url")?.as_str()?.ends_with(&mark));
            articles.is_some_and(|articles| articles.iter().any(|article| source(article) == Some(true)))
        };
        for page in 0..PAGES_MAX {
            let asked = json!({ "offset": page * PAGE, "count": PAGE, "no_content": 1 });
            let said = self.api.post(interface, &asked).await.map_err(|why| self.api.seen(why))?;
            let items = said.get("item").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            if let Some(found) = items.iter().find(is_ours) {
                return Ok(Some(found.clone()));
            }
            if items.len() < PAGE {
                break;
            }
        }
        Ok(None)
    }
}
