//! One official account, and what it answers to whoever has its token.

use super::articles::{Article, Content};
use super::behaviour::{Behaviour, DraftLeaves, Resubmission};
use super::drafts::{Draft, Drafts, Page, has_too_many};
use super::interface::Interface;
use super::ledger::Visible;
use super::numbers::Numbers;
use super::pictures::{Purpose, Upload};
use super::publications::{End, Publications};
use super::quotas::Quotas;
use super::refusal::{
    API_UNAUTHORIZED, ARTICLE_COUNT, DRAFT_NOT_PASSED, EMPTY_NEWS_DATA, INVALID_ARGS, INVALID_INDEX,
    MEDIA_ID_MISSING, Refusal,
};
use super::request::Request;
use super::tokens::Tokens;
use contenthub::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::VecDeque;

/// What an account may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rights {
    /// Of a verified company.
    Publishing,
    /// Every other: `freepublish` is not for it.
    Drafts,
}

#[derive(Debug)]
pub struct Account {
    pub appid: String,
    pub secret: String,
    pub rights: Rights,
    pub tokens: Tokens,
    pub quotas: Quotas,
    pub uploads: Vec<Upload>,
    pub drafts: Drafts,
    pub publications: Publications,
}

/// What an account needs to know of the world around it.
pub struct Around<'a> {
    pub behaviour: &'a Behaviour,
    pub numbers: &'a mut Numbers,
    /// How the next submissions end.
    pub ends: &'a mut VecDeque<End>,
    pub now: Timestamp,
}

impl Account {
    pub fn new(appid: &str, secret: &str, rights: Rights) -> Self {
        Account {
            appid: appid.to_owned(),
            secret: secret.to_owned(),
            rights,
            tokens: Tokens::default(),
            quotas: Quotas::default(),
            uploads: Vec::new(),
            drafts: Drafts::default(),
            publications: Publications::default(),
        }
    }

    /// Answers whoever showed a token that is good.
    ///
    /// # Errors
    /// What WeChat says instead.
    pub fn answer(&mut self, request: &Request, around: &mut Around<'_>) -> Result<Value, Refusal> {
        if request.interface.is_of_publishing() && self.rights == Rights::Drafts {
            return Err(API_UNAUTHORIZED);
        }
        self.quotas.take(request.interface, around.now)?;
        match request.interface {
            // The world answers these: nobody has a token yet.
            Interface::StableToken | Interface::Token => Err(INVALID_ARGS),
            Interface::AddMaterial => {
                let purpose = request.query.get("type").map(String::as_str).unwrap_or_default();
                self.upload(request, Purpose::of_material(purpose)?, around)
            }
            Interface::UploadImg => self.upload(request, Purpose::InArticle, around),
            Interface::DraftAdd => self.add(request.json()?, around),
            Interface::DraftGet => {
                let draft = self.drafts.get(&media_id(request.json()?)?)?;
                Ok(json!({"news_item": draft.items(Content::Shown)}))
            }
            Interface::DraftDelete => {
                let media_id = media_id(request.json()?)?;
                self.drafts.get(&media_id)?;
                self.drafts.take(&media_id);
                Ok(done())
            }
            Interface::DraftBatchGet => {
                let page = Page::read(request.json()?)?;
                Ok(self.drafts.page(page, around.behaviour.listed_after, around.now))
            }
            Interface::DraftUpdate => self.update(request.json()?, around),
            Interface::DraftCount => Ok(json!({"total_count": self.drafts.all().len()})),
            Interface::PublishSubmit => self.submit(request.json()?, around),
            Interface::PublishGet => {
                self.publications.status(&text_or_number(request.json()?, "publish_id")?)
            }
            Interface::PublishBatchGet => {
                let page = Page::read(request.json()?)?;
                Ok(self.publications.page(page, around.behaviour, around.now))
            }
            Interface::PublishGetArticle => {
                self.publications.article(&text_or_number(request.json()?, "article_id")?)
            }
            Interface::PublishDelete => {
                let body = request.json()?;
                let place = body.get("index").map_or(Some(0), Value::as_u64).ok_or(INVALID_ARGS)?;
                self.publications.delete(&text_or_number(body, "article_id")?, place)?;
                Ok(done())
            }
        }
    }

    /// Ends the publications that are over; gives what readers see by them.
    pub fn settle(&mut self, now: Timestamp) -> Vec<Visible> {
        let mut visible = Vec::new();
        for (publication, end) in self.publications.end_by(now) {
            let draft = &publication.draft;
            match end {
                End::Published => {
                    self.drafts.take(&draft.media_id);
                    visible.extend(publication.articles().map(|(place, article)| Visible {
                        appid: self.appid.clone(),
                        article_id: publication.article_id.clone(),
                        index: place + 1,
                        title: article.title.clone(),
                        content_source_url: article.content_source_url.clone(),
                        url: publication.url(place),
                        at: publication.ends_at,
                    }));
                }
                // Where it had left the drafts, it is there again.
                End::OriginalityRefused | End::Failed | End::AuditRefused => {
                    if self.drafts.get(&draft.media_id).is_err() {
                        self.drafts.put(draft.clone());
                    }
                }
            }
        }
        visible
    }

    fn upload(
        &mut self,
        request: &Request,
        purpose: Purpose,
        around: &mut Around<'_>,
    ) -> Result<Value, Refusal> {
        let file = request.media()?;
        let format = purpose.check(&file.bytes)?;
        let media_id = (purpose != Purpose::InArticle).then(|| around.numbers.id("material"));
        let url = (purpose != Purpose::Thumb).then(|| format.url(&around.numbers.id("picture")));
        self.uploads.push(Upload {
            appid: self.appid.clone(),
            purpose,
            sha256: file.sha256.clone(),
            bytes: file.bytes.len(),
            media_id: media_id.clone(),
            url: url.clone(),
            at: around.now,
        });
        Ok(match (media_id, url) {
            (Some(media_id), Some(url)) => json!({"media_id": media_id, "url": url, "item": []}),
            (Some(media_id), None) => json!({"media_id": media_id, "item": []}),
            (None, url) => json!({"url": url, "errcode": 0, "errmsg": "ok"}),
        })
    }

    fn add(&mut self, body: &Value, around: &mut Around<'_>) -> Result<Value, Refusal> {
        let given = body.get("articles").and_then(Value::as_array).ok_or(EMPTY_NEWS_DATA)?;
        if given.is_empty() {
            return Err(EMPTY_NEWS_DATA);
        }
        if has_too_many(given) {
            return Err(ARTICLE_COUNT);
        }
        let articles: Result<Vec<Article>, Refusal> =
            given.iter().map(|article| self.article(article, around)).collect();
        let draft = Draft {
            media_id: around.numbers.id("draft"),
            articles: articles?,
            updated_at: around.now,
            added_at: around.now,
        };
        let media_id = draft.media_id.clone();
        self.drafts.put(draft);
        Ok(json!({"media_id": media_id, "item": []}))
    }

    fn update(&mut self, body: &Value, around: &Around<'_>) -> Result<Value, Refusal> {
        let media_id = media_id(body)?;
        self.drafts.get(&media_id)?;
        let article = self.article(body.get("articles").ok_or(EMPTY_NEWS_DATA)?, around)?;
        let index = body.get("index").and_then(Value::as_u64).ok_or(INVALID_INDEX)?;
        let draft = self.drafts.get_mut(&media_id)?;
        let index = usize::try_from(index).map_err(|_| INVALID_INDEX)?;
        *draft.articles.get_mut(index).ok_or(INVALID_INDEX)? = article;
        draft.updated_at = around.now;
        Ok(done())
    }

    fn submit(&mut self, body: &Value, around: &mut Around<'_>) -> Result<Value, Refusal> {
        let media_id = media_id(body)?;
        let draft = self.drafts.get(&media_id)?.clone();
        let Behaviour { resubmission, draft_leaves, publication_takes, .. } = around.behaviour;
        if self.publications.is_being_published(&media_id) && *resubmission == Resubmission::Refused {
            return Err(DRAFT_NOT_PASSED);
        }
        if *draft_leaves == DraftLeaves::WhenSubmitted {
            self.drafts.take(&media_id);
        }
        let (publish_id, article_id) = (around.numbers.number(), around.numbers.id("article"));
        let end = around.ends.pop_front().unwrap_or(End::Published);
        self.publications.submit(publish_id.clone(), article_id, draft, end, around.now + *publication_takes);
        Ok(json!({
            "errcode": 0,
            "errmsg": "ok",
            "publish_id": publish_id,
            "msg_data_id": around.numbers.number(),
        }))
    }

    fn article(&self, given: &Value, around: &Around<'_>) -> Result<Article, Refusal> {
        let is_material = |id: &str| self.uploads.iter().any(|it| it.media_id.as_deref() == Some(id));
        Article::read(given, around.behaviour.counted, is_material)
    }
}

fn done() -> Value {
    json!({"errcode": 0, "errmsg": "ok"})
}

fn media_id(body: &Value) -> Result<String, Refusal> {
    let given = body.get("media_id").and_then(Value::as_str).filter(|id| !id.is_empty());
    given.map(str::to_owned).ok_or(MEDIA_ID_MISSING)
}

/// Clients send ids that are numbers in either form.
fn text_or_number(body: &Value, name: &str) -> Result<String, Refusal> {
    match body.get(name) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Number(number)) => Ok(number.to_string()),
        _ => Err(INVALID_ARGS),
    }
}
