//! Tokens: how long they live, and what ends them.

use super::{Desk, forward_to_midnight, is_refused, stable_token, text};
use crate::support::wechat::account::Rights;
use crate::support::wechat::asking::{Body, call};
use crate::support::wechat::interface::Interface;
use crate::support::wechat::{APPID, SECRET, WeChat};
use serde_json::{Value, json};
use std::net::IpAddr;
use std::time::Duration;

const REPLACED: &str = "invalid credential, access_token is invalid or not latest";

fn count(wechat: &WeChat, token: &str) -> Value {
    let query = format!("access_token={token}");
    call(&wechat.url(), Interface::DraftCount, &query, Body::None).expect("an answer")
}

#[track_caller]
fn is_good(wechat: &WeChat, token: &str) {
    assert_eq!(count(wechat, token)["total_count"], 0);
}

fn ordinary_token(wechat: &WeChat) -> String {
    let query = format!("grant_type=client_credential&appid={APPID}&secret={SECRET}");
    let answer = call(&wechat.url(), Interface::Token, &query, Body::None).expect("an answer");
    assert_eq!(answer["expires_in"], 7200);
    text(&answer, "access_token")
}

fn forward(wechat: &WeChat, seconds: u64) {
    wechat.clock().forward(Duration::from_secs(seconds));
}

#[test]
fn a_stable_token_stays_the_same_until_its_last_five_minutes() {
    let wechat = WeChat::start();
    let first = stable_token(&wechat, APPID, false);
    let token = text(&first, "access_token");
    assert_eq!((token.len(), &first["expires_in"]), (512, &json!(7200)));
    forward(&wechat, 6899);
    let again = stable_token(&wechat, APPID, false);
    assert_eq!((text(&again, "access_token"), &again["expires_in"]), (token.clone(), &json!(301)));
    forward(&wechat, 1);
    let next = stable_token(&wechat, APPID, false);
    assert_ne!(text(&next, "access_token"), token);
    assert_eq!(next["expires_in"], 7200);
    forward(&wechat, 299);
    is_good(&wechat, &token);
    is_good(&wechat, &text(&next, "access_token"));
    forward(&wechat, 1);
    is_refused(&count(&wechat, &token), 42001, "access_token expired");
    is_good(&wechat, &text(&next, "access_token"));
}

#[test]
fn a_token_with_a_short_life_is_replaced_in_its_last_half() {
    let wechat = WeChat::start();
    wechat.behave(|behaviour| behaviour.token_lifetime = Duration::from_secs(60));
    let first = stable_token(&wechat, APPID, false);
    assert_eq!(first["expires_in"], 60);
    forward(&wechat, 29);
    assert_eq!(stable_token(&wechat, APPID, false)["access_token"], first["access_token"]);
    forward(&wechat, 1);
    assert_ne!(stable_token(&wechat, APPID, false)["access_token"], first["access_token"]);
}

#[test]
fn a_forced_refresh_ends_the_token_before_it() {
    let wechat = WeChat::start();
    let first = text(&stable_token(&wechat, APPID, false), "access_token");
    let second = text(&stable_token(&wechat, APPID, true), "access_token");
    assert_ne!(first, second);
    is_refused(&count(&wechat, &first), 40001, REPLACED);
    is_good(&wechat, &second);
    forward(&wechat, 29);
    assert_eq!(text(&stable_token(&wechat, APPID, true), "access_token"), second, "too soon after the last");
    forward(&wechat, 1);
    assert_ne!(text(&stable_token(&wechat, APPID, true), "access_token"), second);
}

#[test]
fn refreshes_are_forced_twenty_times_a_day() {
    let wechat = WeChat::start();
    forward_to_midnight(&wechat);
    for _ in 0..20 {
        assert_eq!(stable_token(&wechat, APPID, true)["expires_in"], 7200);
        forward(&wechat, 30);
    }
    is_refused(&stable_token(&wechat, APPID, true), 45009, "reach max api daily quota limit");
    assert!(stable_token(&wechat, APPID, false)["access_token"].is_string(), "the usual way goes on");
    forward(&wechat, 86_400);
    assert_eq!(stable_token(&wechat, APPID, true)["expires_in"], 7200);
}

#[test]
fn an_ordinary_token_replaces_the_one_before_it() {
    let wechat = WeChat::start();
    let stable = text(&stable_token(&wechat, APPID, false), "access_token");
    let [first, second, third] = [(); 3].map(|()| ordinary_token(&wechat));
    is_refused(&count(&wechat, &first), 40001, REPLACED);
    is_good(&wechat, &second);
    is_good(&wechat, &third);
    forward(&wechat, 300);
    is_refused(&count(&wechat, &second), 40001, REPLACED);
    is_good(&wechat, &third);
    is_good(&wechat, &stable);
    forward(&wechat, 6900);
    is_refused(&count(&wechat, &third), 42001, "access_token expired");
}

#[test]
fn a_token_is_of_one_account_alone() {
    let desk = Desk::open();
    desk.wechat.add_account("wx2", SECRET, Rights::Drafts);
    desk.draft("Mine");
    let other = text(&stable_token(&desk.wechat, "wx2", false), "access_token");
    assert_eq!(count(&desk.wechat, &desk.token)["total_count"], 1);
    assert_eq!(count(&desk.wechat, &other)["total_count"], 0);
}

#[test]
fn a_token_that_is_none_is_refused() {
    let wechat = WeChat::start();
    is_refused(&count(&wechat, ""), 41001, "access_token missing");
    is_refused(&count(&wechat, "none"), 40001, REPLACED);
    is_refused(&count(&wechat, &"x".repeat(513)), 40014, "invalid access_token");
}

#[test]
fn revoked_tokens_are_good_no_more() {
    let desk = Desk::open();
    is_good(&desk.wechat, &desk.token);
    desk.wechat.revoke_tokens(APPID);
    is_refused(&count(&desk.wechat, &desk.token), 40001, REPLACED);
    let next = text(&stable_token(&desk.wechat, APPID, false), "access_token");
    assert_ne!(next, desk.token);
    is_good(&desk.wechat, &next);
}

#[test]
fn whoever_asks_for_a_token_has_to_be_known() {
    let wechat = WeChat::start();
    let given = |grant_type: &str, appid: Option<&str>, secret: Option<&str>| {
        let body = json!({"grant_type": grant_type, "appid": appid, "secret": secret});
        call(&wechat.url(), Interface::StableToken, "", Body::Json(body)).expect("an answer")
    };
    let credential = "client_credential";
    is_refused(&given("password", Some(APPID), Some(SECRET)), 40002, "invalid grant_type");
    is_refused(&given(credential, None, Some(SECRET)), 41002, "appid missing");
    is_refused(&given(credential, Some(APPID), None), 41004, "appsecret missing");
    is_refused(&given(credential, Some("wx9"), Some(SECRET)), 40013, "invalid appid");
    is_refused(&given(credential, Some(APPID), Some("wrong")), 40125, "invalid appsecret");
    assert!(given(credential, Some(APPID), Some(SECRET))["access_token"].is_string());
}

#[test]
fn whoever_asks_for_a_token_has_to_be_in_the_whitelist() {
    let wechat = WeChat::start();
    let here: IpAddr = "127.0.0.1".parse().expect("an address");
    let elsewhere: IpAddr = "192.0.2.7".parse().expect("an address");
    wechat.behave(|behaviour| behaviour.whitelist = Some(vec![elsewhere]));
    let words = "invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist";
    is_refused(&stable_token(&wechat, APPID, false), 40164, words);
    wechat.behave(|behaviour| behaviour.whitelist = Some(vec![elsewhere, here]));
    assert!(stable_token(&wechat, APPID, false)["access_token"].is_string());
}
