//! The simulator in a process of its own, with its switches turned from outside, as a crash harness does.

use crate::support::wechat::account::Rights;
use crate::support::wechat::asking::{Body, ask, call};
use crate::support::wechat::behaviour::{Counted, DraftLeaves, Resubmission};
use crate::support::wechat::control::{Change, Command, PATH};
use crate::support::wechat::faults::{Effect, Fault, Planned};
use crate::support::wechat::interface::Interface;
use crate::support::wechat::own_process::OwnProcess;
use crate::support::wechat::publications::End;
use serde_json::{Value, json};
use std::io::ErrorKind;
use std::thread;
use std::time::{Duration, Instant};

const APPID: &str = "wx-from-outside";
const SOON: Duration = Duration::from_secs(30);

/// Each switch has its effect.
///
/// # Panics
/// Where one has not.
pub fn work_from_outside() {
    let wechat = OwnProcess::start();
    let told = ask(wechat.url(), PATH, "POST", Body::Raw(r#"{"nothing": {}}"#)).expect("an answer").json();
    assert!(told["error"].is_string(), "{told}");
    let account = |rights| Command::Account { appid: APPID.to_owned(), secret: "secret".to_owned(), rights };
    wechat.command(&account(Rights::Publishing));
    let publication = publication_ends(&wechat);
    let faults = faults_come(&wechat);
    quotas_and_tokens_end(&wechat);
    let counted = wechat.counted();
    let calls = counted["calls"].as_array().expect("calls").iter();
    let with = |token: &str| calls.clone().filter(|call| call["token"] == token).count();
    assert_eq!((with(&publication), with(&faults)), (7, 3), "{counted}");
    assert_eq!(counted["visible"].as_array().map(Vec::len), Some(0), "{counted}");
}

/// Gives the token that was used.
fn publication_ends(wechat: &OwnProcess) -> String {
    wechat.command(&Command::Behave(Change {
        token_lifetime_seconds: Some(100_000),
        publication_takes_seconds: Some(3000),
        listed_after_seconds: Some(10_000),
        latency_ms: Some(1),
        resubmission: Some(Resubmission::Refused),
        draft_leaves: Some(DraftLeaves::WhenPublished),
        counted: Some(Counted::Text),
    }));
    let token = token(wechat, 100_000);
    let asked = |interface, body| answer(wechat, &token, interface, Body::Json(body));
    let file = Body::File { field: "media", name: Some("a.jpg"), bytes: b"\xff\xd8\xff" };
    let query = format!("access_token={token}&type=thumb");
    let cover =
        call(wechat.url(), Interface::AddMaterial, &query, file).expect("an answer")["media_id"].clone();
    // Not too long where only its text counts.
    let content = format!("<p title=\"{}\">x</p>", "x".repeat(30_000));
    let article = json!({"title": "Title", "content": content, "thumb_media_id": cover});
    let draft = asked(Interface::DraftAdd, json!({"articles": [article]}))["media_id"].clone();
    wechat.command(&Command::End { times: 1, end: End::AuditRefused });
    let submitted = asked(Interface::PublishSubmit, json!({ "media_id": draft }));
    let again = asked(Interface::PublishSubmit, json!({ "media_id": draft }));
    assert_eq!(again["errcode"], 53503, "{again}");
    let status = || {
        asked(Interface::PublishGet, json!({"publish_id": submitted["publish_id"]}))["publish_status"].clone()
    };
    // Its clock goes on by itself, too.
    wechat.command(&Command::Forward { seconds: 2000 });
    assert_eq!(status(), 1);
    wechat.command(&Command::Forward { seconds: 1000 });
    assert_eq!(status(), 4);
    let listed = asked(Interface::DraftBatchGet, json!({"offset": 0, "count": 1}));
    assert_eq!(listed["total_count"], 0, "{listed}");
    token
}

/// Gives the token that was used.
fn faults_come(wechat: &OwnProcess) -> String {
    wechat.command(&Command::Behave(Change { token_lifetime_seconds: Some(200_000), ..Change::default() }));
    let token = token(wechat, 200_000);
    let plan = |fault| {
        let (interface, appid) = (Interface::DraftCount, Some(APPID.to_owned()));
        wechat.command(&Command::Fault(Planned { interface, appid, times: 1, fault }));
    };
    let query = format!("access_token={token}");
    let count = || call(wechat.url(), Interface::DraftCount, &query, Body::None);
    plan(Fault::reset(Effect::NotDone));
    assert_eq!(count().expect_err("no answer").kind(), ErrorKind::ConnectionReset);
    plan(Fault::hangs(Effect::NotDone));
    thread::scope(|threads| {
        let asked = threads.spawn(count);
        let began = Instant::now();
        while wechat.counted()["hanging"] == 0 && began.elapsed() < SOON {
            thread::yield_now();
        }
        wechat.command(&Command::Release);
        let ended = asked.join().expect("no panic").expect_err("no answer");
        assert_eq!(ended.kind(), ErrorKind::UnexpectedEof, "it was not released");
    });
    assert_eq!(count().expect("an answer")["total_count"], 1);
    token
}

fn quotas_and_tokens_end(wechat: &OwnProcess) {
    let token = token(wechat, 200_000);
    let delete = || answer(wechat, &token, Interface::DraftDelete, Body::Json(json!({"media_id": "x"})));
    wechat.command(&Command::Quota { appid: APPID.to_owned(), interface: Interface::DraftDelete, times: 0 });
    assert_eq!(delete()["errcode"], 45009);
    wechat.command(&Command::RevokeTokens { appid: APPID.to_owned() });
    assert_eq!(delete()["errcode"], 40001);
}

fn answer(wechat: &OwnProcess, token: &str, interface: Interface, body: Body<'_>) -> Value {
    call(wechat.url(), interface, &format!("access_token={token}"), body).expect("an answer")
}

/// One of its own for each call, with so long a life.
fn token(wechat: &OwnProcess, seconds: u64) -> String {
    let query = format!("grant_type=client_credential&appid={APPID}&secret=secret");
    let given = call(wechat.url(), Interface::Token, &query, Body::None).expect("an answer");
    assert_eq!(given["expires_in"], seconds, "{given}");
    given["access_token"].as_str().expect("a token").to_owned()
}
