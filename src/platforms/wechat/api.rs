//! WeChat's API for one account: its token, which is renewed where it is refused, and answers that are read or turned into
//! what was seen.

use super::super::http::{self, Answer, Request};
use super::super::outbound::Outbound;
use super::super::platform::{Destination, PublishCall, TestCall};
use super::errors::Refusal;
use super::form::Form;
use super::settings::{SECRET, Settings};
use crate::domain::clock::Timestamp;
use crate::domain::kept::message::KeptMessage;
use crate::domain::outcome::{Problem, Seen};
use crate::domain::trust::Trust;
use crate::platforms::journal::repeated;
use crate::platforms::pictures::PictureFile;
use crate::platforms::tokens::{Fetched, Token, Tokens, Wanted};
use crate::secrets::sha256_hex;
use actix_web::web::Bytes;
use fail::fail_point;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use url::form_urlencoded;

/// What one request may take of an attempt's time.
const REQUEST_MAX: Duration = Duration::from_secs(30);
/// The same where a token is fetched. Twice that is less than others leave the turn to whoever fetches it.
const TOKEN_REQUEST_MAX: Duration = Duration::from_secs(5);
/// In bytes. A list of 20 drafts of 8 articles each, without their texts, has less.
const ANSWER_MAX_BYTES: usize = 1024 * 1024;
/// How long others are waited for who fetch the token.
const TOKEN_PATIENCE: Duration = Duration::from_secs(20);
/// What tells one purpose of a token from another begins so.
const PURPOSE: &str = "wechat stable_token";

/// Why there is no answer that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// WeChat says so.
    Refused(Refusal),
    /// Anything else.
    Seen(Seen),
}

impl From<Seen> for Trouble {
    fn from(seen: Seen) -> Self {
        Trouble::Seen(seen)
    }
}

/// The API, for one attempt or one test.
pub(super) struct Api {
    outbound: Arc<Outbound>,
    base: String,
    appid: String,
    secret: String,
    until: Instant,
    trust: Option<Trust>,
    /// When the attempt began, in seconds since 1970. None of a test, which has no clock.
    began: Option<i64>,
    tokens: Tokens,
    /// The one that the last request had.
    token: RefCell<Option<Token>>,
}

enum Body {
    /// A GET.
    None,
    Json(Bytes),
    Form(Form),
}

impl Api {
    /// # Errors
    /// Where the account has no secret.
    pub fn of_attempt(
        call: &PublishCall,
        settings: &Settings,
        outbound: &Arc<Outbound>,
    ) -> Result<Api, Seen> {
        let (time, tokens) = (call.time_left, call.tokens.clone());
        let api = Api::of(&call.destination, settings, outbound, time, tokens)?;
        Ok(Api { trust: Some(call.trust.clone()), began: Some(call.unix_seconds), ..api })
    }

    /// # Errors
    /// As [`Api::of_attempt`].
    pub fn of_test(call: &TestCall, settings: &Settings, outbound: &Arc<Outbound>) -> Result<Api, Seen> {
        Api::of(&call.destination, settings, outbound, call.time_left, Tokens::unkept())
    }

    fn of(
        destination: &Destination,
        settings: &Settings,
        outbound: &Arc<Outbound>,
        time: Duration,
        tokens: Tokens,
    ) -> Result<Api, Seen> {
        let Some(secret) = destination.credentials.get(SECRET) else {
            let problem = Problem::new("no_secret", KeptMessage::WeChatNoSecret);
            return Err(Seen::AccountBroken { problem, until: None });
        };
        Ok(Api {
            outbound: outbound.clone(),
            base: settings.base().to_owned(),
            appid: settings.appid.clone(),
            secret: secret.to_owned(),
            until: Instant::now() + time,
            trust: None,
            began: None,
            tokens,
            token: RefCell::new(None),
        })
    }

    /// When the attempt began, by which the ends of quotas are told.
    pub fn now(&self) -> Option<Timestamp> {
        self.began.map(|seconds| Timestamp::from_micros(seconds.saturating_mul(1_000_000)))
    }

    /// How long the attempt may still go on.
    pub fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// What was seen, in the words of every platform.
    pub fn seen(&self, trouble: Trouble) -> Seen {
        match trouble {
            Trouble::Refused(refusal) => refusal.seen(self.now()),
            Trouble::Seen(seen) => seen,
        }
    }

    /// Asks for a token and nothing else.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn only_token(&self) -> Result<(), Trouble> {
        self.token(None).await.map(drop)
    }

    /// `POST` of JSON.
    ///
    /// # Errors
    /// What WeChat says instead, or what was seen of it.
    pub async fn post(&self, interface: &'static str, body: &Value) -> Result<Value, Trouble> {
        self.call(interface, "", &Body::Json(body.to_string().into())).await
    }

    /// `GET`.
    ///
    /// # Errors
    /// As [`Api::post`].
    pub async fn get(&self, interface: &'static str) -> Result<Value, Trouble> {
        self.call(interface, "", &Body::None).await
    }

    /// `POST` of a form with a picture in its field `media`. `more` follows the token in the query.
    ///
    /// # Errors
    /// As [`Api::post`].
    pub async fn upload(
        &self,
        interface: &'static str,
        more: &str,
        picture: PictureFile,
    ) -> Result<Value, Trouble> {
        self.call(interface, more, &Body::Form(Form::of(picture))).await
    }

    /// With another token, once, where the first is refused: then nothing was done.
    async fn call(&self, interface: &'static str, more: &str, body: &Body) -> Result<Value, Trouble> {
        let token = self.token(None).await?;
        match self.once(interface, more, body, &token).await {
            Err(Trouble::Refused(refusal)) if refusal.wants_new_token() => {
                let another = self.token(Some(token)).await?;
                self.once(interface, more, body, &another).await
            }
            answered => answered,
        }
    }

    async fn once(
        &self,
        interface: &'static str,
        more: &str,
        body: &Body,
        token: &Token,
    ) -> Result<Value, Trouble> {
        let token: String = form_urlencoded::byte_serialize(token.0.as_bytes()).collect();
        let url = format!("{}/cgi-bin/{interface}?access_token={token}{more}", self.base);
        let (headers, written) = match body {
            Body::None => (Vec::new(), Bytes::new()),
            Body::Json(text) => (vec![("content-type", JSON.to_owned())], text.clone()),
            Body::Form(form) => (vec![("content-type", form.content_type.clone())], form.bytes.clone()),
        };
        let request = self.request(&url, headers, written, REQUEST_MAX)?;
        fail_point!("wechat asks");
        let answer = match body {
            Body::None => http::get(&self.outbound, request).await?,
            Body::Json(_) | Body::Form(_) => http::post(&self.outbound, request).await?,
        };
        fail_point!("wechat answered");
        read(interface, &answer)
    }

    fn request<'a>(
        &self,
        url: &'a str,
        headers: Vec<(&'static str, String)>,
        body: Bytes,
        most: Duration,
    ) -> Result<Request<'a>, Seen> {
        let time = self.left().min(most);
        if time.is_zero() {
            return Err(Seen::NotSent);
        }
        Ok(Request {
            url,
            headers,
            body,
            time,
            trust: self.trust.clone(),
            unix_seconds: self.began.unwrap_or(0),
            answer_max: ANSWER_MAX_BYTES,
        })
    }

    /// The account's token; another one than what was refused. That none comes is never a reason to think that anything
    /// is out.
    async fn token(&self, refused: Option<Token>) -> Result<Token, Trouble> {
        if refused.is_none()
            && let Some(token) = self.token.borrow().clone()
        {
            return Ok(token);
        }
        // A hash: neither the secret nor the address may be read where it is kept.
        let purpose = sha256_hex([PURPOSE, &self.base, &self.appid, &self.secret].join("\n").as_bytes());
        let wanted = Wanted { purpose, refused: refused.clone() };
        let patience = self.left().min(TOKEN_PATIENCE);
        let got = self.tokens.get(wanted, patience, || self.fetch(refused.as_ref())).await;
        let token = got.map_err(repeated)?;
        *self.token.borrow_mut() = Some(token.clone());
        Ok(token)
    }

    /// WeChat gives the same token again as long as it is good. Only where that was refused is it made to give another:
    /// it does so 20 times a day.
    async fn fetch(&self, refused: Option<&Token>) -> Result<Fetched, Seen> {
        let fetched = self.ask_for_token(false).await?;
        if refused == Some(&fetched.token) { self.ask_for_token(true).await } else { Ok(fetched) }
    }

    async fn ask_for_token(&self, force_refresh: bool) -> Result<Fetched, Seen> {
        const INTERFACE: &str = "stable_token";
        let url = format!("{}/cgi-bin/{INTERFACE}", self.base);
        let asked = json!({
            "grant_type": "client_credential",
            "appid": self.appid,
            "secret": self.secret,
            "force_refresh": force_refresh,
        });
        let headers = vec![("content-type", JSON.to_owned())];
        let request = self.request(&url, headers, asked.to_string().into(), TOKEN_REQUEST_MAX)?;
        let answer = http::post(&self.outbound, request).await?;
        let said = read(INTERFACE, &answer).map_err(|trouble| match trouble {
            Trouble::Refused(refusal) => refusal.seen_of_a_token(self.now()),
            Trouble::Seen(seen) => seen,
        })?;
        let token = text(INTERFACE, &said, "access_token")?;
        let lifetime = said.get("expires_in").and_then(Value::as_u64);
        let lifetime = lifetime.ok_or_else(|| lacks(INTERFACE, "expires_in"))?;
        Ok(Fetched { token: Token(token), lifetime: Duration::from_secs(lifetime) })
    }
}

const JSON: &str = "application/json; charset=utf-8";

/// What WeChat says: errors come with status 200, too.
fn read(interface: &'static str, answer: &Answer) -> Result<Value, Trouble> {
    let status = answer.status;
    if !(200..=299).contains(&status) {
        let message = KeptMessage::WeChatElsewhere { status };
        return Err(Seen::WrongAddress(Problem::new(format!("http_{status}"), message)).into());
    }
    let Some(said) = serde_json::from_slice::<Value>(&answer.body).ok().filter(Value::is_object) else {
        let message = KeptMessage::WeChatUnread { interface: interface.to_owned() };
        return Err(Seen::AcceptedUnread(Problem::new("wechat_unread", message)).into());
    };
    match said.get("errcode").and_then(Value::as_i64).unwrap_or(0) {
        0 => Ok(said),
        code => {
            let words = said.get("errmsg").and_then(Value::as_str).unwrap_or_default();
            Err(Trouble::Refused(Refusal::new(i32::try_from(code).unwrap_or(i32::MAX), words)))
        }
    }
}

/// A field of an answer that has to be there.
///
/// # Errors
/// Where it is not, WeChat may have done what it was asked all the same.
pub(super) fn text(interface: &'static str, said: &Value, field: &str) -> Result<String, Seen> {
    let found = match said.get(field) {
        Some(Value::String(text)) if !text.is_empty() => Some(text.clone()),
        // Ids that are numbers come in either form.
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    found.ok_or_else(|| lacks(interface, field))
}

fn lacks(interface: &str, field: &str) -> Seen {
    let message = KeptMessage::WeChatLacks { interface: interface.to_owned(), field: field.to_owned() };
    Seen::AcceptedUnread(Problem::new("wechat_unread", message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, body: &str) -> Result<Value, Trouble> {
        read("draft/add", &Answer { status, body: body.as_bytes().to_vec() })
    }

    #[test]
    fn an_error_comes_with_status_200_too() {
        assert_eq!(answered(200, r#"{"media_id":"m"}"#), Ok(json!({"media_id": "m"})));
        assert_eq!(
            answered(200, r#"{"errcode":0,"errmsg":"ok"}"#),
            Ok(json!({"errcode": 0, "errmsg": "ok"}))
        );
        let refused = Trouble::Refused(Refusal::new(45009, "reach max"));
        assert_eq!(answered(200, r#"{"errcode":45009,"errmsg":"reach max"}"#), Err(refused));
        for body in ["", "ok", "<html>", "[]", "{\"errcode\":"] {
            assert!(matches!(answered(200, body), Err(Trouble::Seen(Seen::AcceptedUnread(_)))), "{body}");
        }
        for status in [301, 403, 404] {
            let seen = answered(status, "{}");
            assert!(matches!(seen, Err(Trouble::Seen(Seen::WrongAddress(_)))), "{status}");
        }
    }

    #[test]
    fn ids_come_as_texts_or_numbers() {
        assert_eq!(text("x", &json!({"id": "7"}), "id"), Ok("7".to_owned()));
        assert_eq!(text("x", &json!({"id": 7}), "id"), Ok("7".to_owned()));
        for said in [json!({}), json!({"id": ""}), json!({"id": null}), json!({"id": [7]})] {
            assert!(matches!(text("x", &said, "id"), Err(Seen::AcceptedUnread(_))), "{said}");
        }
    }
}
