//! What one account has submitted, and what came of it.

use super::articles::{Article, Content};
use super::behaviour::Behaviour;
use super::drafts::{Draft, Page};
use super::refusal::{INVALID_ARGS, INVALID_ARTICLE_ID, INVALID_ARTICLE_IDX, Refusal};
use contenthub::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// How a publication ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    Published,
    OriginalityRefused,
    Failed,
    AuditRefused,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Publishing,
    Ended,
    /// WeChat took all of it away again.
    Banned,
}

#[derive(Debug)]
pub struct Publication {
    pub publish_id: String,
    pub article_id: String,
    /// As it was submitted.
    pub draft: Draft,
    pub ends_at: Timestamp,
    end: End,
    stage: Stage,
    /// The places of articles that were deleted, from 0.
    deleted: Vec<usize>,
}

/// Oldest first.
#[derive(Debug, Default)]
pub struct Publications(Vec<Publication>);

impl Publications {
    pub fn submit(
        &mut self,
        publish_id: String,
        article_id: String,
        draft: Draft,
        end: End,
        ends_at: Timestamp,
    ) {
        let (stage, deleted) = (Stage::Publishing, Vec::new());
        self.0.push(Publication { publish_id, article_id, draft, ends_at, end, stage, deleted });
    }

    pub fn is_being_published(&self, media_id: &str) -> bool {
        self.0.iter().any(|one| one.stage == Stage::Publishing && one.draft.media_id == media_id)
    }

    /// Ends what is over by now; gives each with its end, in order.
    pub fn end_by(&mut self, now: Timestamp) -> Vec<(&Publication, End)> {
        let mut over: Vec<&mut Publication> =
            self.0.iter_mut().filter(|one| one.stage == Stage::Publishing && one.ends_at <= now).collect();
        over.sort_by_key(|one| one.ends_at);
        over.into_iter()
            .map(|one| {
                one.stage = Stage::Ended;
                let ended: &Publication = one;
                (ended, ended.end)
            })
            .collect()
    }

    /// `freepublish/get`.
    ///
    /// # Errors
    /// `invalid args` where there is none. What WeChat says then is not documented.
    pub fn status(&self, publish_id: &str) -> Result<Value, Refusal> {
        self.0.iter().find(|one| one.publish_id == publish_id).map(Publication::status).ok_or(INVALID_ARGS)
    }

    /// `freepublish/batchget`: what readers see or saw, newest first.
    pub fn page(&self, page: Page, behaviour: &Behaviour, now: Timestamp) -> Value {
        let is_listed = |one: &&Publication| one.is_there() && one.ends_at + behaviour.listed_after <= now;
        let mut listed: Vec<&Publication> = self.0.iter().filter(is_listed).collect();
        listed.sort_by_key(|one| std::cmp::Reverse(one.ends_at));
        page.of(&listed, |one| {
            json!({
                "article_id": one.article_id,
                "content": {"news_item": one.items(page.content)},
                "update_time": one.ends_at.micros() / 1_000_000,
            })
        })
    }

    /// `freepublish/getarticle`.
    ///
    /// # Errors
    /// `invalid article_id` where it is not there.
    pub fn article(&self, article_id: &str) -> Result<Value, Refusal> {
        let found = self.0.iter().find(|one| one.is_there() && one.article_id == article_id);
        found.map(|one| json!({"news_item": one.items(Content::Shown)})).ok_or(INVALID_ARTICLE_ID)
    }

    /// `freepublish/delete`: the article at this place, from 1, or all where it is 0.
    ///
    /// # Errors
    /// Where there is no such publication, or no such place in it.
    pub fn delete(&mut self, article_id: &str, place: u64) -> Result<(), Refusal> {
        let found = self.0.iter_mut().find(|one| one.is_there() && one.article_id == article_id);
        let publication = found.ok_or(INVALID_ARTICLE_ID)?;
        let count = publication.draft.articles.len();
        match usize::try_from(place) {
            Ok(0) => publication.deleted = (0..count).collect(),
            Ok(place) if place <= count => publication.deleted.push(place - 1),
            _ => return Err(INVALID_ARTICLE_IDX),
        }
        Ok(())
    }

    /// WeChat takes it away, whoever it was that complained.
    pub fn ban(&mut self, article_id: &str) -> bool {
        let found = self.0.iter_mut().find(|one| one.is_there() && one.article_id == article_id);
        found.map(|one| one.stage = Stage::Banned).is_some()
    }
}

impl Publication {
    pub fn url(&self, place: usize) -> String {
        format!("http://mp.weixin.qq.com/s?__biz=simulated&mid={}&idx={}", self.article_id, place + 1)
    }

    pub fn articles(&self) -> impl Iterator<Item = (usize, &Article)> {
        self.draft.articles.iter().enumerate()
    }

    /// It was published, and is not gone as a whole.
    fn is_there(&self) -> bool {
        self.stage == Stage::Ended && self.end == End::Published && !self.is_deleted()
    }

    fn is_deleted(&self) -> bool {
        self.articles().all(|(place, _)| self.deleted.contains(&place))
    }

    fn items(&self, content: Content) -> Vec<Value> {
        let item = |(place, article): (usize, &Article)| {
            let mut view = article.view(&self.url(place), content);
            view["is_deleted"] = json!(self.deleted.contains(&place));
            view
        };
        self.articles().map(item).collect()
    }

    fn status(&self) -> Value {
        let code = match (self.stage, self.end) {
            (Stage::Publishing, _) => 1,
            (Stage::Banned, _) => 6,
            (Stage::Ended, End::Published) if self.is_deleted() => 5,
            (Stage::Ended, End::Published) => 0,
            (Stage::Ended, End::OriginalityRefused) => 2,
            (Stage::Ended, End::Failed) => 3,
            (Stage::Ended, End::AuditRefused) => 4,
        };
        let mut status = json!({"publish_id": self.publish_id, "publish_status": code, "fail_idx": []});
        if code == 0 {
            let item = |(place, _)| json!({"idx": place + 1, "article_url": self.url(place)});
            let items: Vec<Value> = self.articles().map(item).collect();
            status["article_id"] = json!(self.article_id);
            status["article_detail"] = json!({ "count": items.len(), "item": items });
        }
        if (2..=4).contains(&code) {
            status["fail_idx"] = self.articles().map(|(place, _)| place + 1).collect();
        }
        status
    }
}
