//! The simulated WeChat itself: each of its limits, and each of its switches. Whether it speaks WeChat's language is for
//! `tests/wechat_clients` to show.

mod articles;
mod drafts;
mod faults;
mod pictures;
mod publications;
mod quotas;
mod tokens;

use crate::support::wechat::asking::{Answered, Body, ask, call};
use crate::support::wechat::faults::Effect;
use crate::support::wechat::interface::Interface;
use crate::support::wechat::ledger::Told;
use crate::support::wechat::{APPID, SECRET, WeChat};
use contenthub::domain::clock::Clock;
use serde_json::{Value, json};
use std::io;
use std::time::Duration;

/// The least that is taken for a picture of each format: only the first bytes are looked at.
const JPEG: &[u8] = b"\xff\xd8\xff\xe0 a picture";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n a picture";

/// Whoever has a token of the first account.
struct Desk {
    wechat: WeChat,
    token: String,
}

impl Desk {
    fn open() -> Self {
        Desk::at(WeChat::start())
    }

    fn at(wechat: WeChat) -> Self {
        let token = stable_token(&wechat, APPID, false)["access_token"].as_str().expect("a token").to_owned();
        Desk { wechat, token }
    }

    fn try_ask(&self, interface: Interface, body: Body<'_>) -> io::Result<Value> {
        call(&self.wechat.url(), interface, &format!("access_token={}", self.token), body)
    }

    #[track_caller]
    fn ask(&self, interface: Interface, body: Value) -> Value {
        self.try_ask(interface, Body::Json(body)).expect("an answer")
    }

    #[track_caller]
    fn upload(&self, kind: &str, bytes: &[u8]) -> Value {
        let (interface, more) = match kind {
            "in article" => (Interface::UploadImg, String::new()),
            kind => (Interface::AddMaterial, format!("&type={kind}")),
        };
        let query = format!("access_token={}{more}", self.token);
        let file = Body::File { field: "media", name: Some("picture.bin"), bytes };
        call(&self.wechat.url(), interface, &query, file).expect("an answer")
    }

    #[track_caller]
    fn cover(&self) -> String {
        text(&self.upload("thumb", JPEG), "media_id")
    }

    /// An article with a cover of its own.
    #[track_caller]
    fn article(&self, title: &str) -> Value {
        let source = format!("https://example.com/{title}#ch-1");
        json!({
            "title": title,
            "content": "<p>Words.</p>",
            "content_source_url": source,
            "thumb_media_id": self.cover(),
        })
    }

    #[track_caller]
    fn draft_of(&self, articles: &[Value]) -> String {
        text(&self.ask(Interface::DraftAdd, json!({ "articles": articles })), "media_id")
    }

    #[track_caller]
    fn draft(&self, title: &str) -> String {
        self.draft_of(&[self.article(title)])
    }

    #[track_caller]
    fn submit(&self, media_id: &str) -> String {
        text(&self.ask(Interface::PublishSubmit, json!({ "media_id": media_id })), "publish_id")
    }

    #[track_caller]
    fn status(&self, publish_id: &str) -> Value {
        self.ask(Interface::PublishGet, json!({ "publish_id": publish_id }))
    }

    /// Publishes it; gives its article_id.
    #[track_caller]
    fn publish(&self, media_id: &str) -> String {
        let publish_id = self.submit(media_id);
        self.forward(5);
        text(&self.status(&publish_id), "article_id")
    }

    fn forward(&self, seconds: u64) {
        self.wechat.clock().forward(Duration::from_secs(seconds));
    }
}

#[track_caller]
fn text(answer: &Value, field: &str) -> String {
    answer[field].as_str().unwrap_or_else(|| panic!("no {field} in {answer}")).to_owned()
}

/// 0 where none is told.
fn code(answer: &Value) -> i64 {
    answer["errcode"].as_i64().unwrap_or_default()
}

#[track_caller]
fn is_refused(answer: &Value, expected: i64, message: &str) {
    let told = answer["errmsg"].as_str().unwrap_or_default();
    assert_eq!(code(answer), expected, "{answer}");
    assert!(told.starts_with(&format!("{message} rid: ")), "{answer}");
}

fn stable_token(wechat: &WeChat, appid: &str, force_refresh: bool) -> Value {
    let body = json!({
        "grant_type": "client_credential",
        "appid": appid,
        "secret": SECRET,
        "force_refresh": force_refresh,
    });
    call(&wechat.url(), Interface::StableToken, "", Body::Json(body)).expect("an answer")
}

/// Lets time pass until a day begins in Beijing, where WeChat counts its days.
fn forward_to_midnight(wechat: &WeChat) {
    let seconds = wechat.clock().now().micros().div_euclid(1_000_000) + 8 * 3600;
    let left = u64::try_from(86_400 - seconds.rem_euclid(86_400)).expect("more than none");
    wechat.clock().forward(Duration::from_secs(left));
}

#[test]
fn what_is_no_request_is_refused_in_wechats_words() {
    let desk = Desk::open();
    let url = desk.wechat.url();
    let said = |target: &str, method: &str, body: &str| {
        let answer = ask(&url, target, method, Body::Raw(body)).expect("an answer");
        assert_eq!(answer.status, 200, "whatever is wrong, HTTP is well");
        answer.json()
    };
    let with_token = |path: &str| format!("/cgi-bin/{path}?access_token={}", desk.token);
    is_refused(&said("/cgi-bin/draft/nothing", "POST", "{}"), 40066, "invalid url");
    is_refused(&said("/draft/add", "POST", "{}"), 40066, "invalid url");
    is_refused(&said(&with_token("draft/add"), "GET", ""), 43002, "require POST method");
    is_refused(&said(&with_token("draft/count"), "POST", "{}"), 43001, "require GET method");
    is_refused(&said(&with_token("draft/get"), "POST", ""), 44002, "empty post data");
    is_refused(&said(&with_token("draft/get"), "POST", "{"), 47001, "data format error");
    is_refused(&said(&with_token("draft/get"), "POST", "[]"), 47001, "data format error");
    is_refused(&said(&with_token("draft/get"), "POST", "{}"), 41006, "media_id missing");
}

#[test]
fn it_keeps_who_called_what_with_which_token() {
    let desk = Desk::open();
    desk.ask(Interface::DraftGet, json!({"media_id": "nothing"}));
    let strange = call(&desk.wechat.url(), Interface::DraftCount, "access_token=strange", Body::None);
    is_refused(
        &strange.expect("an answer"),
        40001,
        "invalid credential, access_token is invalid or not latest",
    );
    let calls = desk.wechat.calls();
    let seen: Vec<_> = calls
        .iter()
        .map(|call| (call.interface, call.appid.as_deref(), call.token.as_deref(), call.effect, call.told))
        .collect();
    let token = Some(&*desk.token);
    assert_eq!(
        seen,
        [
            (Interface::StableToken, Some(APPID), None, Effect::Done, Told::Code(0)),
            (Interface::DraftGet, Some(APPID), token, Effect::NotDone, Told::Code(40007)),
            (Interface::DraftCount, None, Some("strange"), Effect::NotDone, Told::Code(40001)),
        ]
    );
    assert!(calls.iter().all(|call| call.peer.is_loopback()));
    assert_eq!(desk.wechat.calls_of(Interface::DraftGet).len(), 1);
}

#[test]
fn one_connection_takes_many_requests() {
    let desk = Desk::open();
    let address = desk.wechat.url().trim_start_matches("http://").parse().expect("an address");
    let mut connection = crate::support::raw::Raw::connect(address);
    for _ in 0..3 {
        let target = format!("/cgi-bin/draft/count?access_token={}", desk.token);
        connection.say(crate::support::raw::get(&target, ""));
        let answer = connection.answer().expect("an answer").expect("an answer");
        assert_eq!(answer.headers["content-type"], "application/json; encoding=utf-8");
        let answered = Answered { status: 200, body: answer.body };
        assert_eq!(answered.json(), json!({"total_count": 0}));
    }
}
