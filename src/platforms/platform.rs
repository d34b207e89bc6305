//! What every platform is to the rest of the program: a declaration, a check of settings, and one way to publish.

use crate::domain::account::CONCURRENCY_DEFAULT;
pub use crate::domain::content::Article;
use crate::domain::delivery_class::DeliveryClass;
pub use crate::domain::field_error::FieldError;
use crate::domain::ids::{AccountId, EntryId, IdempotencyKey};
use crate::domain::kept::message::KeptMessage;
use crate::domain::media_limits::PictureRules;
use crate::domain::outcome::{Problem, Seen};
use crate::domain::question::{LookedUp, Progress};
use crate::domain::tested::Tested;
use crate::domain::trust::Trust;
use crate::platforms::journal::Journal;
use crate::platforms::pictures::Pictures;
use crate::platforms::tokens::Tokens;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// One kind of destination. Later platforms fit here without touching the actors.
pub trait Platform: Send + Sync {
    /// As users write it, e.g. `webhook`.
    fn name(&self) -> &'static str;

    /// One sentence for people who choose a platform.
    fn about(&self) -> &'static str;

    /// JSON Schema of `settings`, with a description of each field.
    fn settings_schema(&self) -> Value;

    /// What is kept encrypted, in the order in which a person is asked for it.
    fn secret_fields(&self) -> &'static [SecretField];

    /// May depend on the settings: a webhook whose receiver does not deduplicate is blind.
    fn delivery_class(&self, settings: &Value) -> DeliveryClass;

    /// Checks settings and credentials before they are saved; what is wrong is told field by field.
    fn check(&self, settings: &Value, credentials: &Credentials) -> Result<(), Vec<FieldError>>;

    /// Whether it takes less of an article than every content may hold; see [`Platform::check_article`].
    fn has_limits(&self) -> bool {
        false
    }

    /// Says of an article, field by field, what the platform would refuse by rules that it has published. Asked when a
    /// content is approved, changed while it waits, and added, within a transaction: it is quick (milliseconds), sends
    /// nothing, and waits for nothing. Asked of those that have limits alone.
    fn check_article(&self, _settings: &Value, _article: &Article) -> Result<(), Vec<FieldError>> {
        Ok(())
    }

    /// How many attempts of an account are on the wire at once where nobody has said it, 1 to 1024.
    fn concurrency(&self) -> i32 {
        CONCURRENCY_DEFAULT
    }

    /// How many articles one post may have, at least 1: the content of its entry, and further ones beside it.
    fn articles_max(&self) -> usize {
        1
    }

    /// What it takes of an article's pictures, by rules that it has published; none: it is given none. Asked of those that have
    /// limits alone, when [`Platform::check_article`] is.
    fn picture_rules(&self, _settings: &Value) -> Option<PictureRules> {
        None
    }

    /// Publishes once. Ends within `call.time_left`; says what it saw and decides nothing. Runs on an async thread:
    /// blocking work goes to a thread pool.
    fn publish(&self, call: PublishCall) -> LocalBoxFuture<'static, Seen>;

    /// Whether a publish has several steps that are kept in [`PublishCall::journal`].
    fn has_steps(&self) -> bool {
        false
    }

    /// How long after a request whatever it made is certain to be found by a look-up.
    fn settle_time(&self, _settings: &Value) -> Duration {
        SETTLE_TIME_DEFAULT
    }

    /// Of class *detects*: says whether the post of an earlier attempt is there. Sends nothing that publishes.
    fn look_up(&self, _call: PublishCall) -> LocalBoxFuture<'static, LookedUp> {
        let problem = Problem::new("no_look_up", KeptMessage::NoLookUp { platform: self.name().to_owned() });
        std::future::ready(LookedUp::Unknown { problem, retry_after: None }).boxed_local()
    }

    /// Of one whose publish may end with `Submitted`: says what became of it. Sends nothing that publishes.
    fn ask(&self, _call: PublishCall) -> LocalBoxFuture<'static, Progress> {
        let problem = Problem::new("no_asking", KeptMessage::NoAsking { platform: self.name().to_owned() });
        std::future::ready(Progress::Unknown { problem, retry_after: None }).boxed_local()
    }

    /// Whether an account with these settings can be tested.
    fn has_test(&self, _settings: &Value) -> bool {
        false
    }

    /// Says whether an account works, as far as that shows without publishing. Sends nothing that a receiver could take
    /// for a post, and leaves nothing that a reader sees. Ends within `call.time_left`.
    fn test(&self, _call: TestCall) -> LocalBoxFuture<'static, Tested> {
        std::future::ready(Tested::Untestable).boxed_local()
    }
}

/// A process that stood still finds a time over before it has looked at its sockets, where the answer may lie since long.
pub const LAST_LOOK: Duration = Duration::from_millis(100);

/// Of platforms that say nothing else.
pub const SETTLE_TIME_DEFAULT: Duration = Duration::from_secs(60);

/// A secret that a platform needs: write-only for users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretField {
    pub name: &'static str,
    pub required: bool,
    pub about: &'static str,
}

/// Secrets by field name, in the clear. Never printed: its `Debug` shows names only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Credentials(pub BTreeMap<String, String>);

impl Credentials {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// The account that an attempt publishes on, ready for use; shared by the attempts of its lane.
#[derive(Debug, Clone)]
pub struct Destination {
    pub account_id: AccountId,
    pub account_name: String,
    pub settings: Value,
    pub credentials: Credentials,
}

/// One attempt, with all it needs.
#[derive(Debug, Clone)]
pub struct PublishCall {
    pub entry: EntryId,
    /// 1 for the first try.
    pub attempt: i32,
    /// The same on every attempt of an entry.
    pub key: IdempotencyKey,
    pub article: Article,
    pub destination: Arc<Destination>,
    /// The whole attempt must end within this; a platform's own time-out may only be shorter.
    pub time_left: Duration,
    /// Seconds since 1970 when the attempt began, by the node's clock.
    pub unix_seconds: i64,
    /// How long the platform has worked by then on what it accepted; zero where it is not asked about that. It is not counted
    /// by `unix_seconds`: a clock that is set back would make it less.
    pub worked: Duration,
    /// Until when a request may leave: asked anew before each.
    pub trust: Trust,
    /// What the steps of earlier attempts came to, and where this one's are kept.
    pub journal: Journal,
    /// Where the platform's tokens are kept, for those that give some for a secret.
    pub tokens: Tokens,
    /// The pictures that the article shows.
    pub pictures: Pictures,
    /// The further articles of the same post, in their order: none where the platform takes one
    /// ([`Platform::articles_max`]).
    pub extras: Vec<Extra>,
}

/// A further article of a post that has several.
#[derive(Debug, Clone)]
pub struct Extra {
    pub article: Article,
    pub pictures: Pictures,
}

impl PublishCall {
    /// All articles of the post, each with its pictures.
    pub fn articles(&self) -> impl Iterator<Item = (&Article, &Pictures)> {
        let extras = self.extras.iter().map(|extra| (&extra.article, &extra.pictures));
        std::iter::once((&self.article, &self.pictures)).chain(extras)
    }
}

/// One test of an account. It is about no entry.
#[derive(Debug, Clone)]
pub struct TestCall {
    pub destination: Arc<Destination>,
    /// The whole test must end within this.
    pub time_left: Duration,
}
