//! Webhooks after the Standard Webhooks specification (<https://www.standardwebhooks.com>): the same `webhook-id` on
//! every attempt, so that a receiver can ignore what it has already.

mod testing;

use super::http::{self, Answer, Request};
use super::outbound::Outbound;
use super::platform::{Credentials, FieldError, Platform, PublishCall, SecretField, TestCall};
use crate::domain::clock::Timestamp;
use crate::domain::delivery_class::DeliveryClass;
use crate::domain::fault::{AccountFault, Fault};
use crate::domain::ids::{AccountId, ContentId, EntryId, IdempotencyKey};
use crate::domain::json_input;
use crate::domain::kept::message::{Answered, KeptMessage};
use crate::domain::outcome::{Problem, Receipt, Seen};
use crate::domain::tested::Tested;
use crate::render;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use hmac::{Hmac, Mac};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::Sha256;
use std::sync::Arc;
use std::time::Duration;

/// What a secret begins with in the specification.
const SECRET_PREFIX: &str = "whsec_";
/// The longest `media_id` or `url` that is taken from an answer, in characters.
const RECEIPT_MAX_CHARS: usize = 2000;

/// What a webhook account is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Where posts are sent: an http or https address.
    url: String,
    /// Whether the receiver ignores a post whose `webhook-id` it has seen. If not, an attempt without an answer is
    /// not repeated: a person is asked.
    #[serde(default = "yes")]
    deduplicates: bool,
    /// How long one request may take in all, in seconds.
    #[serde(default = "half_a_minute")]
    #[schemars(range(min = 1, max = 120))]
    timeout_seconds: u64,
}

fn yes() -> bool {
    true
}

fn half_a_minute() -> u64 {
    30
}

/// The platform `webhook`.
#[derive(Debug)]
pub struct Webhook {
    outbound: Arc<Outbound>,
}

impl Webhook {
    /// Its requests go where `outbound` lets them.
    pub fn new(outbound: Arc<Outbound>) -> Self {
        Webhook { outbound }
    }
}

impl Platform for Webhook {
    fn name(&self) -> &'static str {
        "webhook"
    }

    fn about(&self) -> &'static str {
        "Sends each post as a signed JSON request to a URL of yours (Standard Webhooks)."
    }

    fn settings_schema(&self) -> Value {
        schemars::schema_for!(Settings).to_value()
    }

    fn secret_fields(&self) -> &'static [SecretField] {
        const FIELDS: [SecretField; 1] = [SecretField {
            name: "secret",
            required: false,
            about: "signs each request: whsec_ and base64; without it requests are not signed",
        }];
        &FIELDS
    }

    fn delivery_class(&self, settings: &Value) -> DeliveryClass {
        match settings.get("deduplicates").and_then(Value::as_bool) {
            Some(false) => DeliveryClass::Blind,
            Some(true) | None => DeliveryClass::Keyed,
        }
    }

    fn check(&self, settings: &Value, credentials: &Credentials) -> Result<(), Vec<FieldError>> {
        let mut wrong = Vec::new();
        match json_input::read::<Settings>(settings.clone(), "settings") {
            Err(error) => wrong.push(error),
            Ok(settings) => {
                if let Err(fault) = self.outbound.check_url(&settings.url) {
                    wrong.push(FieldError::new("settings.url", fault));
                }
                if !(1..=120).contains(&settings.timeout_seconds) {
                    wrong.push(FieldError::new(
                        "settings.timeout_seconds",
                        Fault::Range { least: 1, most: 120 },
                    ));
                }
            }
        }
        if credentials.get("secret").is_some_and(|secret| signing_key(secret).is_none()) {
            wrong.push(FieldError::new("credentials.secret", AccountFault::SigningSecret));
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    fn publish(&self, call: PublishCall) -> LocalBoxFuture<'static, Seen> {
        publish(self.outbound.clone(), call).boxed_local()
    }

    fn has_test(&self, _: &Value) -> bool {
        true
    }

    fn test(&self, call: TestCall) -> LocalBoxFuture<'static, Tested> {
        testing::test(self.outbound.clone(), call).boxed_local()
    }
}

fn signing_key(secret: &str) -> Option<Vec<u8>> {
    let key = BASE64.decode(secret.strip_prefix(SECRET_PREFIX)?).ok()?;
    (!key.is_empty()).then_some(key)
}

async fn publish(outbound: Arc<Outbound>, call: PublishCall) -> Seen {
    let settings: Settings = match serde_json::from_value(call.destination.settings.clone()) {
        Ok(settings) => settings,
        Err(error) => {
            let message = KeptMessage::SettingsUnreadable { why: error.to_string() };
            return Seen::AccountBroken { problem: Problem::new("bad_settings", message), until: None };
        }
    };
    let body = match body(&call) {
        Ok(body) => body,
        Err(error) => {
            let problem = Problem::new("bad_body", KeptMessage::NotJson { why: error.to_string() });
            return Seen::Broke { problem, may_have_left: false };
        }
    };
    let id = call.key.0.clone();
    let timestamp = call.unix_seconds.to_string();
    let mut headers = vec![("content-type", "application/json".to_owned())];
    if let Some(key) = call.destination.credentials.get("secret").and_then(signing_key) {
        match sign(&key, &id, &timestamp, &body) {
            Some(signature) => headers.push(("webhook-signature", signature)),
            None => {
                let problem = Problem::new("bad_secret", KeptMessage::SecretUseless);
                return Seen::AccountBroken { problem, until: None };
            }
        }
    }
    headers.push(("webhook-id", id.clone()));
    headers.push(("webhook-timestamp", timestamp));
    let time = Duration::from_secs(settings.timeout_seconds).min(call.time_left);
    let request = Request {
        url: &settings.url,
        headers,
        body: body.into(),
        time,
        trust: Some(call.trust),
        unix_seconds: call.unix_seconds,
        answer_max: http::ANSWER_MAX_BYTES,
    };
    match http::post(&outbound, request).await {
        Ok(answer) => read(answer, id),
        Err(seen) => seen,
    }
}

/// What is sent, as the specification frames it.
#[derive(Serialize)]
struct Event<'a> {
    r#type: &'static str,
    timestamp: Timestamp,
    data: EventData<'a>,
}

#[derive(Serialize)]
struct EventData<'a> {
    pool_id: EntryId,
    content_id: ContentId,
    account_id: AccountId,
    attempt: i32,
    idempotency_key: &'a IdempotencyKey,
    title: &'a str,
    /// Markdown.
    body: &'a str,
    html: String,
    digest: Option<&'a str>,
    author: Option<&'a str>,
    cover: Option<&'a str>,
    tags: &'a [String],
    source_url: Option<&'a str>,
}

fn body(call: &PublishCall) -> Result<String, serde_json::Error> {
    let article = &call.article;
    serde_json::to_string(&Event {
        r#type: "content.publish",
        timestamp: Timestamp::from_micros(call.unix_seconds.saturating_mul(1_000_000)),
        data: EventData {
            pool_id: call.entry,
            content_id: article.content_id,
            account_id: call.destination.account_id,
            attempt: call.attempt,
            idempotency_key: &call.key,
            title: &article.title,
            body: &article.body,
            html: render::html(&article.body),
            digest: article.digest.as_deref(),
            author: article.author.as_deref(),
            cover: article.cover.as_deref(),
            tags: &article.tags,
            source_url: article.source_url.as_deref(),
        },
    })
}

/// `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`.
fn sign(key: &[u8], id: &str, timestamp: &str, body: &str) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    for part in [id, ".", timestamp, ".", body] {
        mac.update(part.as_bytes());
    }
    Some(format!("v1,{}", BASE64.encode(mac.finalize().into_bytes())))
}

fn read(answer: Answer, id: String) -> Seen {
    let status = answer.status;
    let problem = |message: KeptMessage| Problem::new(format!("http_{status}"), message);
    let means = |meaning| problem(KeptMessage::Answered { status, meaning });
    match status {
        200..=299 => Seen::Accepted(receipt(&answer.body, id)),
        401 => Seen::AccountBroken { problem: means(Answered::SignatureRefused), until: None },
        410 => Seen::AccountBroken { problem: means(Answered::WantsNoMore), until: None },
        403 | 404 | 300..=399 => Seen::WrongAddress(means(Answered::NobodyThere)),
        _ => Seen::Refused(problem(match quote(&answer.body) {
            said if said.is_empty() => KeptMessage::RefusedPlainly { status },
            said => KeptMessage::RefusedSaying { status, said },
        })),
    }
}

/// What a receiver says of the post, where it says anything that can be read.
fn receipt(body: &[u8], id: String) -> Receipt {
    let said: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |field: &str| {
        let text = match said.get(field)? {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
        };
        let fits = !text.is_empty() && text.chars().count() <= RECEIPT_MAX_CHARS && !text.contains('\0');
        fits.then_some(text)
    };
    Receipt { media_id: Some(text("media_id").unwrap_or(id)), url: text("url") }
}

/// The beginning of an answer.
fn quote(body: &[u8]) -> String {
    let text: String =
        String::from_utf8_lossy(body).chars().filter(|it| !it.is_control()).take(200).collect();
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::outbound::OutboundAllow;
    use serde_json::json;

    fn webhook(allow: OutboundAllow) -> Webhook {
        Webhook::new(Outbound::new(allow))
    }

    #[test]
    fn the_signature_is_the_one_of_the_specification() {
        // The example of the specification's reference libraries.
        let key = signing_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("a key");
        let signature = sign(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", "{\"test\": 2432232314}");
        assert_eq!(signature.as_deref(), Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
    }

    #[test]
    fn settings_are_checked_field_by_field() {
        let fields = |settings: Value, secret: Option<&str>| {
            let secrets = secret.map(|secret| ("secret".to_owned(), secret.to_owned()));
            let result = webhook(OutboundAllow::default())
                .check(&settings, &Credentials(secrets.into_iter().collect()));
            result.err().unwrap_or_default().into_iter().map(|error| error.field).collect::<Vec<_>>()
        };
        assert_eq!(fields(json!({"url": "https://a.example/x"}), Some("whsec_AAAA")), [""; 0]);
        assert_eq!(fields(json!({}), None), ["settings.url"]);
        assert_eq!(fields(json!([]), None), ["settings"]);
        assert_eq!(fields(json!({"url": "https://a/", "color": 1}), None), ["settings.color"]);
        assert_eq!(
            fields(json!({"url": "https://a/", "timeout_seconds": 0}), None),
            ["settings.timeout_seconds"]
        );
        assert_eq!(fields(json!({"url": "https://a/"}), Some("guess")), ["credentials.secret"]);
        for url in ["", "a.example", "ftp://a/", "https://", "http://user:pw@a/"] {
            assert_eq!(fields(json!({"url": url}), None), ["settings.url"], "{url}");
        }
    }

    /// The rest is in `domain/outbound`: what is certain of an address is told when it is given.
    #[test]
    fn an_address_that_is_never_called_is_refused_with_the_line_that_allows_it() {
        let told = |allow, url: &str| {
            let settings = json!({"url": url});
            let told = webhook(allow).check(&settings, &Credentials::default()).err().unwrap_or_default();
            told.into_iter().map(|error| (error.field.clone(), error.message())).collect::<Vec<_>>()
        };
        for url in [
            "http://127.0.0.1:9/",
            "https://2130706433/x",
            "http://0177.0.0.1/",
            "http://[::ffff:127.1.2.3]/",
        ] {
            let wrong = told(OutboundAllow::default(), url);
            assert!(
                matches!(&wrong[..], [(field, message)]
                if field == "settings.url" && message.contains("outbound_allow = [\"127.")),
                "{url}: {wrong:?}"
            );
            assert_eq!(told(OutboundAllow::loopback(), url), [], "{url}");
        }
        assert_eq!(told(OutboundAllow::default(), "http://nas.lan/"), [], "nobody has looked it up yet");
    }

    #[test]
    fn a_receiver_that_does_not_deduplicate_is_blind() {
        let webhook = webhook(OutboundAllow::default());
        assert_eq!(webhook.delivery_class(&json!({"url": "x"})), DeliveryClass::Keyed);
        assert_eq!(webhook.delivery_class(&json!({"deduplicates": false})), DeliveryClass::Blind);
    }

    #[test]
    fn an_answer_is_read_as_the_design_says() {
        let seen = |status, body: &str| {
            let body = body.as_bytes().to_vec();
            read(Answer { status, body }, "key".to_owned())
        };
        let plain = Receipt { media_id: Some("key".into()), url: None };
        for body in ["", "ok", "{", "[]", "{\"media_id\":null}", "{\"media_id\":\"\"}"] {
            assert_eq!(seen(204, body), Seen::Accepted(plain.clone()), "{body}");
        }
        let full = Receipt { media_id: Some("7".into()), url: Some("https://x/7".into()) };
        assert_eq!(seen(201, r#"{"media_id":7,"url":"https://x/7"}"#), Seen::Accepted(full));
        for (status, right) in [
            (401, "AccountBroken"),
            (410, "AccountBroken"),
            (403, "WrongAddress"),
            (404, "WrongAddress"),
            (301, "WrongAddress"),
            (308, "WrongAddress"),
            (400, "Refused"),
            (413, "Refused"),
            (422, "Refused"),
        ] {
            assert!(format!("{:?}", seen(status, "no")).starts_with(right), "{status}");
        }
    }
}
