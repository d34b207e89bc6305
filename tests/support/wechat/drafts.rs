//! The drafts of one account.

use super::articles::{Article, Content};
use super::refusal::{INVALID_ARGS, INVALID_MEDIA_ID, Refusal};
use contenthub::Timestamp;
use serde_json::{Value, json};
use std::time::Duration;

const ARTICLES_MAX: usize = 8;
/// The most that a list gives at once.
const PAGE_MAX: u64 = 20;

#[derive(Debug, Clone)]
pub struct Draft {
    pub media_id: String,
    pub articles: Vec<Article>,
    pub updated_at: Timestamp,
    pub added_at: Timestamp,
}

/// Oldest first.
#[derive(Debug, Default)]
pub struct Drafts(Vec<Draft>);

impl Drafts {
    pub fn put(&mut self, draft: Draft) {
        self.0.push(draft);
    }

    /// # Errors
    /// `invalid media_id` where there is none.
    pub fn get(&self, media_id: &str) -> Result<&Draft, Refusal> {
        self.0.iter().find(|draft| draft.media_id == media_id).ok_or(INVALID_MEDIA_ID)
    }

    /// # Errors
    /// `invalid media_id` where there is none.
    pub fn get_mut(&mut self, media_id: &str) -> Result<&mut Draft, Refusal> {
        self.0.iter_mut().find(|draft| draft.media_id == media_id).ok_or(INVALID_MEDIA_ID)
    }

    /// Takes it out, if it is there.
    pub fn take(&mut self, media_id: &str) -> Option<Draft> {
        let place = self.0.iter().position(|draft| draft.media_id == media_id)?;
        Some(self.0.remove(place))
    }

    pub fn all(&self) -> &[Draft] {
        &self.0
    }

    /// `draft/batchget`: newest first. Those that came `hidden` ago or later are not in it yet.
    pub fn page(&self, page: Page, hidden: Duration, now: Timestamp) -> Value {
        let mut listed: Vec<&Draft> = self.0.iter().filter(|draft| draft.added_at + hidden <= now).collect();
        listed.sort_by_key(|draft| std::cmp::Reverse(draft.updated_at));
        page.of(&listed, |draft| {
            json!({
                "media_id": draft.media_id,
                "content": {"news_item": draft.items(page.content)},
                "update_time": draft.updated_at.micros() / 1_000_000,
            })
        })
    }
}

impl Draft {
    pub fn items(&self, content: Content) -> Vec<Value> {
        // Only the account's people may look at it there.
        let url = format!("http://mp.weixin.qq.com/s?__biz=simulated&tempkey={}", self.media_id);
        self.articles.iter().map(|article| article.view(&url, content)).collect()
    }
}

/// How many articles one draft may have.
pub fn has_too_many(articles: &[Value]) -> bool {
    articles.len() > ARTICLES_MAX
}

/// Which part of a list is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    offset: usize,
    count: usize,
    pub content: Content,
}

impl Page {
    /// # Errors
    /// `invalid args` where a number is none, or `count` is not in 1 to 20.
    pub fn read(body: &Value) -> Result<Self, Refusal> {
        let number = |name: &str| body.get(name).and_then(Value::as_u64);
        let offset = number("offset").ok_or(INVALID_ARGS)?;
        let count = number("count").filter(|count| (1..=PAGE_MAX).contains(count)).ok_or(INVALID_ARGS)?;
        let content = match body.get("no_content").map_or(Some(0), Value::as_u64) {
            Some(0) => Content::Shown,
            Some(1) => Content::LeftOut,
            _ => return Err(INVALID_ARGS),
        };
        let number = |it: u64| usize::try_from(it).map_err(|_| INVALID_ARGS);
        Ok(Page { offset: number(offset)?, count: number(count)?, content })
    }

    pub fn of<T>(self, all: &[T], view: impl Fn(&T) -> Value) -> Value {
        let items: Vec<Value> = all.iter().skip(self.offset).take(self.count).map(view).collect();
        json!({ "total_count": all.len(), "item_count": items.len(), "item": items })
    }
}
