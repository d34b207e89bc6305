//! Platforms for the harness alone: one that cannot know our key again but can be asked whether a post is there, and one
//! that publishes in three steps and takes its time over the last.

use crate::judge::{DRAFT, POST, SUBMIT, UPLOAD};
use contenthub::domain::delivery_class::DeliveryClass;
use contenthub::domain::outcome::{Problem, Receipt, Seen};
use contenthub::domain::question::{LookedUp, Progress};
use contenthub::platforms::platform::{Credentials, FieldError, Platform, PublishCall, SecretField};
use fail::fail_point;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};
use std::time::Duration;

/// Where the receiver is asked about a key: whether its post is there, and whether it is finished.
pub const THERE: &str = "/there/";
pub const FINISHED: &str = "/finished/";
/// Longer than the receiver hides a post that it has.
const SETTLE_TIME: Duration = Duration::from_millis(600);
const ASK_AFTER: Duration = Duration::from_secs(1);

thread_local! {
    static CLIENT: awc::Client = awc::Client::builder().disable_timeout().finish();
}

/// The platform `detecting`.
pub struct Detecting;

/// The platform `stepwise`. Nobody can tell it twice: after an unknown end of an irreversible step a person is asked.
pub struct Stepwise;

impl Platform for Detecting {
    fn name(&self) -> &'static str {
        "detecting"
    }

    fn about(&self) -> &'static str {
        "Posts twice when asked twice, and can say what it has."
    }

    fn settings_schema(&self) -> Value {
        json!({})
    }

    fn secret_fields(&self) -> &'static [SecretField] {
        &[]
    }

    fn delivery_class(&self, _: &Value) -> DeliveryClass {
        DeliveryClass::Detects
    }

    fn check(&self, _: &Value, _: &Credentials) -> Result<(), Vec<FieldError>> {
        Ok(())
    }

    fn publish(&self, call: PublishCall) -> LocalBoxFuture<'static, Seen> {
        async move {
            match send(&call, POST).await {
                Ok(_) => Seen::Accepted(receipt(&call)),
                Err(seen) => seen,
            }
        }
        .boxed_local()
    }

    fn settle_time(&self, _: &Value) -> Duration {
        SETTLE_TIME
    }

    fn look_up(&self, call: PublishCall) -> LocalBoxFuture<'static, LookedUp> {
        async move {
            match ask(&call, THERE).await {
                Ok(200) => LookedUp::There(receipt(&call)),
                Ok(404) => LookedUp::NotThere,
                other => LookedUp::Unknown { problem: unclear(other), retry_after: None },
            }
        }
        .boxed_local()
    }
}

impl Platform for Stepwise {
    fn name(&self) -> &'static str {
        "stepwise"
    }

    fn about(&self) -> &'static str {
        "Takes an upload, a draft and its submission, and is done with it later."
    }

    fn settings_schema(&self) -> Value {
        json!({})
    }

    fn secret_fields(&self) -> &'static [SecretField] {
        &[]
    }

    fn delivery_class(&self, _: &Value) -> DeliveryClass {
        DeliveryClass::Blind
    }

    fn check(&self, _: &Value, _: &Credentials) -> Result<(), Vec<FieldError>> {
        Ok(())
    }

    fn publish(&self, call: PublishCall) -> LocalBoxFuture<'static, Seen> {
        async move { publish_in_steps(&call).await.unwrap_or_else(|seen| seen) }.boxed_local()
    }

    fn has_steps(&self) -> bool {
        true
    }

    fn ask(&self, call: PublishCall) -> LocalBoxFuture<'static, Progress> {
        async move {
            fail_point!("asking");
            match ask(&call, FINISHED).await {
                Ok(200) => Progress::Published(receipt(&call)),
                Ok(202) => Progress::Working { ask_after: ASK_AFTER },
                other => Progress::Unknown { problem: unclear(other), retry_after: None },
            }
        }
        .boxed_local()
    }
}

/// Each step's points: when it is about to be asked for, when its answer has come, when that is kept.
async fn publish_in_steps(call: &PublishCall) -> Result<Seen, Seen> {
    let journal = &call.journal;
    let upload = async || {
        fail_point!("upload asked");
        let done = send(call, UPLOAD).await;
        fail_point!("upload answered");
        done
    };
    journal.repeatable("upload", upload).await?;
    fail_point!("upload kept");
    let draft = async || {
        fail_point!("draft asked");
        let done = send(call, DRAFT).await;
        fail_point!("draft answered");
        done
    };
    journal.irreversible("draft", draft).await?;
    fail_point!("draft kept");
    let submit = async || {
        fail_point!("submit asked");
        let done = send(call, SUBMIT).await;
        fail_point!("submit answered");
        done
    };
    journal.irreversible("submit", submit).await?;
    fail_point!("submit kept");
    Ok(Seen::Submitted { ask_after: ASK_AFTER })
}

/// Asks for one step. All that goes wrong may have gone wrong after it was done.
async fn send(call: &PublishCall, step: &str) -> Result<Value, Seen> {
    if !call.trust.may_send() {
        return Err(Seen::NotSent);
    }
    let body = json!({"data": {"content_id": call.article.content_id, "attempt": call.attempt}});
    let request = CLIENT.with(Clone::clone).post(url(call, step)).insert_header(("webhook-id", &*call.key.0));
    match tokio::time::timeout(call.trust.left(), request.send_body(body.to_string())).await {
        Ok(Ok(answer)) if answer.status().is_success() => Ok(json!(step)),
        other => Err(Seen::EndUnseen { problem: unclear(other), retry_after: None }),
    }
}

async fn ask(call: &PublishCall, about: &str) -> Result<u16, Problem> {
    let request = CLIENT.with(Clone::clone).get(format!("{}{}", url(call, about), call.key.0));
    match tokio::time::timeout(call.time_left, request.send()).await {
        Ok(Ok(answer)) => Ok(answer.status().as_u16()),
        other => Err(unclear(other.map(|answer| answer.map(|_| ())))),
    }
}

fn url(call: &PublishCall, path: &str) -> String {
    let base = call.destination.settings.get("url").and_then(Value::as_str);
    format!("{}{path}", base.unwrap_or_default())
}

fn receipt(call: &PublishCall) -> Receipt {
    Receipt { media_id: Some(call.key.0.clone()), url: None }
}

fn unclear(what: impl std::fmt::Debug) -> Problem {
    Problem::new("unclear", format!("{what:?}"))
}
