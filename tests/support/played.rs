//! A platform that does as a test says, for what no receiver can do: panic, hang in our own code, refuse for good.

use contenthub::domain::delivery_class::DeliveryClass;
use contenthub::domain::outcome::Seen;
use contenthub::platforms::platform::{Credentials, FieldError, Platform, PublishCall, SecretField};
use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};

type Play = Box<dyn Fn(PublishCall) -> LocalBoxFuture<'static, Seen> + Send + Sync>;

/// The platform `played`, of the class that it is given.
pub struct Played {
    class: DeliveryClass,
    play: Play,
}

impl Played {
    pub fn new(
        class: DeliveryClass,
        play: impl Fn(PublishCall) -> LocalBoxFuture<'static, Seen> + Send + Sync + 'static,
    ) -> Self {
        Played { class, play: Box::new(play) }
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
        (self.play)(call)
    }
}
