//! What goes wrong: each switch, with the effect and without it.

use super::{Desk, JPEG, is_refused, stable_token, text};
use crate::support::wechat::account::Rights;
use crate::support::wechat::asking::{Body, ask};
use crate::support::wechat::faults::{Effect, Fault};
use crate::support::wechat::interface::Interface;
use crate::support::wechat::ledger::Told;
use crate::support::wechat::refusal::Refusal;
use crate::support::wechat::{APPID, SECRET};
use serde_json::json;
use std::io::ErrorKind;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(30);

impl Desk {
    /// Adds a draft while this goes wrong; gives how many drafts there are then, and what the client saw.
    fn add_with_fault(&self, fault: Fault) -> (usize, std::io::Result<serde_json::Value>) {
        let article = self.article("Title");
        self.wechat.plan(Interface::DraftAdd, 1, fault);
        let seen = self.try_ask(Interface::DraftAdd, Body::Json(json!({ "articles": [article] })));
        (self.wechat.drafts(APPID).len(), seen)
    }
}

#[test]
fn a_connection_is_reset_before_or_after_the_effect() {
    let desk = Desk::open();
    for (effect, drafts) in [(Effect::NotDone, 0), (Effect::Done, 1)] {
        let (there, seen) = desk.add_with_fault(Fault::reset(effect));
        assert_eq!(seen.expect_err("no answer").kind(), ErrorKind::ConnectionReset);
        assert_eq!(there, drafts);
    }
    let told: Vec<_> =
        desk.wechat.calls_of(Interface::DraftAdd).iter().map(|call| (call.effect, call.told)).collect();
    assert_eq!(told, [(Effect::NotDone, Told::Nothing), (Effect::Done, Told::Nothing)]);
}

#[test]
fn a_request_hangs_before_or_after_the_effect() {
    let desk = Desk::open();
    for (effect, drafts) in [(Effect::NotDone, 0), (Effect::Done, 1)] {
        std::thread::scope(|threads| {
            let asked = threads.spawn(|| desk.add_with_fault(Fault::hangs(effect)));
            desk.wechat.wait_for_hanging(1, SOON);
            let (is_over, there) = (asked.is_finished(), desk.wechat.drafts(APPID).len());
            let others = desk.try_ask(Interface::DraftCount, Body::None);
            // A panic before this would wait for it for ever.
            desk.wechat.release();
            let (_, seen) = asked.join().expect("no panic");
            assert_eq!(seen.expect_err("no answer").kind(), ErrorKind::UnexpectedEof);
            assert_eq!((is_over, there), (false, drafts));
            assert_eq!(others.expect("others are answered meanwhile")["total_count"], drafts);
        });
    }
}

#[test]
fn what_hangs_ends_with_the_simulator() {
    let desk = Desk::open();
    desk.wechat.plan(Interface::DraftCount, 1, Fault::hangs(Effect::NotDone));
    let (url, token) = (desk.wechat.url(), desk.token.clone());
    let asked = std::thread::spawn(move || {
        ask(&url, &format!("/cgi-bin/draft/count?access_token={token}"), "GET", Body::None)
    });
    desk.wechat.wait_for_hanging(1, SOON);
    drop(desk);
    assert!(asked.join().expect("no panic").is_err());
}

#[test]
fn a_system_error_says_nothing_of_the_effect() {
    let desk = Desk::open();
    for (effect, drafts) in [(Effect::NotDone, 0), (Effect::Done, 1)] {
        let (there, seen) = desk.add_with_fault(Fault::system_error(effect));
        is_refused(&seen.expect("an answer"), -1, "system error");
        assert_eq!(there, drafts);
    }
}

#[test]
fn a_gateway_answers_in_wechats_place() {
    let desk = Desk::open();
    let media_id = desk.draft("Title");
    desk.wechat.plan(Interface::PublishSubmit, 1, Fault::bad_gateway(Effect::Done));
    let target = format!("/cgi-bin/freepublish/submit?access_token={}", desk.token);
    let body = Body::Json(json!({ "media_id": media_id }));
    let answer = ask(&desk.wechat.url(), &target, "POST", body).expect("an answer");
    assert_eq!(answer.status, 502);
    assert!(answer.body.starts_with(b"<html>"));
    desk.forward(5);
    assert_eq!(desk.wechat.visible().len(), 1);
}

#[test]
fn whatever_wechat_may_say_can_be_had() {
    let desk = Desk::open();
    let local = "invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist";
    for (fault, code, message) in [
        (Fault::busy(), 45011, "api minute-quota reach limit must slower retry next minute"),
        (Fault::quota(), 45009, "reach max api daily quota limit"),
        (Fault::not_in_whitelist(), 40164, local),
        (Fault::refusal(Refusal::new(53500, "publish is banned")), 53500, "publish is banned"),
    ] {
        let (there, seen) = desk.add_with_fault(fault);
        is_refused(&seen.expect("an answer"), code, message);
        assert_eq!(there, 0);
    }
}

#[test]
fn the_whitelist_refuses_whoever_asks_for_a_token() {
    let desk = Desk::open();
    desk.wechat.plan(Interface::StableToken, 1, Fault::not_in_whitelist());
    let local = "invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist";
    is_refused(&stable_token(&desk.wechat, APPID, false), 40164, local);
    assert!(stable_token(&desk.wechat, APPID, false)["access_token"].is_string());
}

#[test]
fn a_fault_is_of_the_next_requests_of_one_interface() {
    let desk = Desk::open();
    desk.wechat.plan(Interface::DraftCount, 2, Fault::busy());
    desk.wechat.plan(Interface::DraftCount, 1, Fault::quota());
    let count = || desk.try_ask(Interface::DraftCount, Body::None).expect("an answer");
    desk.draft("Others are well");
    let codes: Vec<_> = (0..4).map(|_| super::code(&count())).collect();
    assert_eq!(codes, [45011, 45011, 45009, 0]);
    desk.wechat.plan(Interface::DraftCount, 9, Fault::busy());
    assert_eq!(desk.wechat.faults_left(), 9);
    desk.wechat.mend();
    assert_eq!((desk.wechat.faults_left(), super::code(&count())), (0, 0));
}

#[test]
fn a_fault_may_be_of_one_account() {
    let desk = Desk::open();
    desk.wechat.add_account("wx2", SECRET, Rights::Publishing);
    for interface in [Interface::DraftCount, Interface::StableToken] {
        desk.wechat.plan_for("wx2", interface, 1, Fault::busy());
    }
    assert_eq!(super::code(&stable_token(&desk.wechat, APPID, false)), 0);
    assert_eq!(super::code(&stable_token(&desk.wechat, "wx2", false)), 45011);
    let token = text(&stable_token(&desk.wechat, "wx2", false), "access_token");
    let count =
        |desk: &Desk| super::code(&desk.try_ask(Interface::DraftCount, Body::None).expect("an answer"));
    assert_eq!(count(&desk), 0);
    assert_eq!(count(&Desk { token, ..desk }), 45011);
}

#[test]
fn each_interface_can_go_wrong() {
    let desk = Desk::open();
    for interface in Interface::ALL {
        desk.wechat.plan(interface, 1, Fault::reset(Effect::NotDone));
        let seen = desk.try_ask(interface, Body::Json(json!({})));
        assert_eq!(seen.expect_err("no answer").kind(), ErrorKind::ConnectionReset, "{interface}");
    }
}

#[test]
fn answers_take_their_time() {
    let desk = Desk::open();
    let latency = Duration::from_millis(50);
    desk.wechat.behave(|behaviour| behaviour.latency = latency);
    let began = std::time::Instant::now();
    desk.upload("image", JPEG);
    assert!(began.elapsed() >= latency);
}

#[test]
fn calls_can_be_waited_for() {
    let desk = Desk::open();
    std::thread::scope(|threads| {
        threads.spawn(|| desk.try_ask(Interface::DraftCount, Body::None));
        desk.wechat.wait_for(Interface::DraftCount, 1, SOON);
    });
    assert_eq!(desk.wechat.calls_of(Interface::DraftCount).len(), 1);
}
