//! WeChat Official Accounts: Markdown becomes a draft, or a published article.
//!
//! Reading order: `settings.rs` → `publishing.rs` (the steps) → `pictures.rs` → `questions.rs` (what is asked afterwards) → `errors.rs` (what
//! WeChat's codes mean, as a table) → `api.rs` (its protocol). The protocol is WeChat's own:
//! <https://developers.weixin.qq.com/doc/offiaccount/Draft_Box/Add_draft.html>,
//! <https://developers.weixin.qq.com/doc/offiaccount/Publish/Publish.html>.
//!
//! WeChat knows no keys: nothing keeps it from publishing a draft twice. So what may have been taken is looked up, by a
//! marker in the article's address of the original, and is never sent again before that has found nothing twice.

mod api;
mod article;
mod errors;
mod form;
mod pictures;
mod publishing;
mod questions;
mod settings;
mod steps;
mod testing;

use super::article_rules;
use super::outbound::Outbound;
use super::platform::{
    Article, Credentials, FieldError, Platform, PublishCall, SETTLE_TIME_DEFAULT, SecretField, TestCall,
};
use crate::domain::delivery_class::DeliveryClass;
use crate::domain::media_limits::PictureRules;
use crate::domain::outcome::Seen;
use crate::domain::question::{LookedUp, Progress};
use crate::domain::tested::Tested;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde_json::Value;
use settings::{Mode, SECRET, Settings, mode_of, read_by_people};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// How long an account that publishes waits before it looks for an article of which it was not seen whether WeChat took
/// it. What WeChat works on is neither in its lists nor told apart from a draft, and it works for minutes.
const PUBLISHING_SETTLES: Duration = Duration::from_secs(15 * 60);

/// The platform `wechat`.
#[derive(Clone)]
pub struct Wechat {
    outbound: Arc<Outbound>,
    publishing_settles: Duration,
}

impl Wechat {
    /// Its requests go where `outbound` lets them.
    pub fn new(outbound: Arc<Outbound>) -> Self {
        Wechat { outbound, publishing_settles: PUBLISHING_SETTLES }
    }

    /// The same for a WeChat that works no longer than this on what it was given to publish.
    pub fn with_settle_time(self, publishing_settles: Duration) -> Self {
        Wechat { publishing_settles, ..self }
    }
}

impl fmt::Debug for Wechat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wechat").field("publishing_settles", &self.publishing_settles).finish_non_exhaustive()
    }
}

impl Platform for Wechat {
    fn name(&self) -> &'static str {
        "wechat"
    }

    fn about(&self) -> &'static str {
        "Makes a draft of each post in a WeChat Official Account, or publishes it there."
    }

    fn settings_schema(&self) -> Value {
        schemars::schema_for!(Settings).to_value()
    }

    fn secret_fields(&self) -> &'static [SecretField] {
        const FIELDS: [SecretField; 1] = [SecretField {
            name: SECRET,
            required: true,
            about: "the account's AppSecret: 32 letters and digits, which mp.weixin.qq.com shows once",
        }];
        &FIELDS
    }

    fn delivery_class(&self, _: &Value) -> DeliveryClass {
        DeliveryClass::Detects
    }

    fn check(&self, settings: &Value, credentials: &Credentials) -> Result<(), Vec<FieldError>> {
        let wrong = settings::check(settings, credentials, &self.outbound);
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    fn has_limits(&self) -> bool {
        true
    }

    fn check_article(&self, settings: &Value, article: &Article) -> Result<(), Vec<FieldError>> {
        // Settings that cannot be read are told when it is published, of the account.
        let Ok(settings) = Settings::kept(settings) else { return Ok(()) };
        let css = settings.own_css();
        let mut wrong = article_rules::wechat(article, &settings.options(css.as_ref()));
        if let Some(Err(fault)) = article.source_url.as_deref().map(read_by_people) {
            wrong.push(FieldError::new("source_url", fault));
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    /// <https://developers.weixin.qq.com/doc/offiaccount/Draft_Box/Add_draft.html>: one to eight.
    fn articles_max(&self) -> usize {
        8
    }

    fn picture_rules(&self, _: &Value) -> Option<PictureRules> {
        Some(pictures::RULES)
    }

    /// One: WeChat answers many at once with errors, and its quotas are by the minute.
    fn concurrency(&self) -> i32 {
        1
    }

    fn publish(&self, call: PublishCall) -> LocalBoxFuture<'static, Seen> {
        publishing::publish(self.clone(), call).map(|seen| seen.unwrap_or_else(|seen| seen)).boxed_local()
    }

    fn has_steps(&self) -> bool {
        true
    }

    fn settle_time(&self, settings: &Value) -> Duration {
        match mode_of(settings) {
            Mode::Draft => SETTLE_TIME_DEFAULT,
            Mode::Publish => self.publishing_settles,
        }
    }

    fn look_up(&self, call: PublishCall) -> LocalBoxFuture<'static, LookedUp> {
        questions::look_up(self.clone(), call).boxed_local()
    }

    fn ask(&self, call: PublishCall) -> LocalBoxFuture<'static, Progress> {
        questions::ask(self.clone(), call).boxed_local()
    }

    fn has_test(&self, _: &Value) -> bool {
        true
    }

    fn test(&self, call: TestCall) -> LocalBoxFuture<'static, Tested> {
        testing::test(self.clone(), call).boxed_local()
    }
}
