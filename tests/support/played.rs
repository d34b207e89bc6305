//! A platform that does as a test says, for what no receiver can do: panic, hang in our own code, refuse for good.

use contenthub::EntryId;
use contenthub::domain::delivery_class::DeliveryClass;
use contenthub::domain::outcome::Seen;
use contenthub::domain::question::{LookedUp, Progress};
use contenthub::domain::tested::Tested;
use contenthub::platforms::platform::{
    Credentials, FieldError, Platform, PublishCall, SecretField, TestCall,
};
use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, ready};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

type Play<T, C = PublishCall> = Box<dyn Fn(C) -> LocalBoxFuture<'static, T> + Send + Sync>;

/// The platform `played`, of the class that it is given.
pub struct Played {
    class: DeliveryClass,
    has_steps: bool,
    play: Play<Seen>,
    look_up: Option<Play<LookedUp>>,
    ask: Option<Play<Progress>>,
    test: Option<Play<Tested, TestCall>>,
    calls: Arc<Calls>,
}

impl Played {
    pub fn new(
        class: DeliveryClass,
        play: impl Fn(PublishCall) -> LocalBoxFuture<'static, Seen> + Send + Sync + 'static,
    ) -> Self {
        Played {
            class,
            has_steps: false,
            play: Box::new(play),
            look_up: None,
            ask: None,
            test: None,
            calls: Arc::default(),
        }
    }

    pub fn looked_up(
        self,
        play: impl Fn(PublishCall) -> LocalBoxFuture<'static, LookedUp> + Send + Sync + 'static,
    ) -> Self {
        Played { look_up: Some(Box::new(play)), ..self }
    }

    pub fn asked(
        self,
        play: impl Fn(PublishCall) -> LocalBoxFuture<'static, Progress> + Send + Sync + 'static,
    ) -> Self {
        Played { ask: Some(Box::new(play)), ..self }
    }

    pub fn tested(
        self,
        play: impl Fn(TestCall) -> LocalBoxFuture<'static, Tested> + Send + Sync + 'static,
    ) -> Self {
        Played { test: Some(Box::new(play)), ..self }
    }

    pub fn in_steps(self) -> Self {
        Played { has_steps: true, ..self }
    }

    /// What it is asked, as it is asked it.
    pub fn calls(&self) -> Arc<Calls> {
        self.calls.clone()
    }
}

/// Answers one after another; the last of them for ever.
pub fn answers<C: 'static, T: Clone + Send + 'static>(
    all: impl Into<Vec<T>>,
) -> impl Fn(C) -> LocalBoxFuture<'static, T> + Send + Sync + 'static {
    let left = Mutex::new(VecDeque::from(all.into()));
    move |_| {
        let mut left = left.lock().expect("nobody panics with it");
        let first = left.pop_front().expect("an answer");
        if left.is_empty() {
            left.push_back(first.clone());
        }
        ready(first).boxed_local()
    }
}

/// What a platform was asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Publish,
    LookUp,
    Ask,
    /// Of the account; about no entry.
    Test,
}

/// With which entry, key and revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub what: What,
    pub entry: EntryId,
    pub key: String,
    pub revision: i32,
}

#[derive(Debug, Default)]
pub struct Calls(Mutex<Vec<Asked>>);

impl Calls {
    fn note(&self, what: What, call: &PublishCall) {
        let (key, revision) = (call.key.0.clone(), call.article.revision);
        let asked = Asked { what, entry: call.entry, key, revision };
        self.0.lock().expect("nobody panics with it").push(asked);
    }

    fn note_test(&self) {
        let asked = Asked { what: What::Test, entry: EntryId(0), key: String::new(), revision: 0 };
        self.0.lock().expect("nobody panics with it").push(asked);
    }

    pub fn all(&self) -> Vec<Asked> {
        self.0.lock().expect("nobody panics with it").clone()
    }

    /// What it was asked about an entry, in order.
    pub fn of(&self, entry: EntryId) -> Vec<What> {
        self.all().iter().filter(|asked| asked.entry == entry).map(|asked| asked.what).collect()
    }

    pub fn count(&self, what: What) -> usize {
        self.all().iter().filter(|asked| asked.what == what).count()
    }
}

impl Platform for Played {
    fn name(&self) -> &'static str {
        "played"
    }

    fn about(&self) -> &'static str {
        "Does as a test says."
    }

    fn settings_schema(&self) -> Value {
        json!({"type": "object"})
    }

    fn secret_fields(&self) -> &'static [SecretField] {
        &[]
    }

    fn delivery_class(&self, _: &Value) -> DeliveryClass {
        self.class
    }

    fn check(&self, _: &Value, _: &Credentials) -> Result<(), Vec<FieldError>> {
        Ok(())
    }

    fn publish(&self, call: PublishCall) -> LocalBoxFuture<'static, Seen> {
        self.calls.note(What::Publish, &call);
        (self.play)(call)
    }

    fn has_steps(&self) -> bool {
        self.has_steps
    }

    fn look_up(&self, call: PublishCall) -> LocalBoxFuture<'static, LookedUp> {
        self.calls.note(What::LookUp, &call);
        self.look_up.as_ref().expect("it can be looked up")(call)
    }

    fn ask(&self, call: PublishCall) -> LocalBoxFuture<'static, Progress> {
        self.calls.note(What::Ask, &call);
        self.ask.as_ref().expect("it can be asked")(call)
    }

    fn has_test(&self, _: &Value) -> bool {
        self.test.is_some()
    }

    fn test(&self, call: TestCall) -> LocalBoxFuture<'static, Tested> {
        self.calls.note_test();
        self.test.as_ref().expect("it can be tested")(call)
    }
}
