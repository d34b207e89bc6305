//! Quotas: by account, by interface, by the day in Beijing.

use super::{Desk, forward_to_midnight, is_refused, stable_token, text};
use crate::support::wechat::account::Rights;
use crate::support::wechat::asking::Body;
use crate::support::wechat::interface::Interface;
use crate::support::wechat::{APPID, SECRET};
use serde_json::json;
use std::time::Duration;

#[test]
fn an_interface_has_so_many_requests_a_day() {
    let desk = Desk::open();
    // At noon in Beijing, where it is another time of day than in UTC.
    forward_to_midnight(&desk.wechat);
    desk.forward(43_200);
    let token = text(&stable_token(&desk.wechat, APPID, false), "access_token");
    let desk = Desk { token, ..desk };
    desk.wechat.limit_a_day(APPID, Interface::DraftCount, 3);
    let count = || desk.try_ask(Interface::DraftCount, Body::None).expect("an answer");
    for _ in 0..3 {
        assert_eq!(count(), json!({"total_count": 0}));
    }
    is_refused(&count(), 45009, "reach max api daily quota limit");
    desk.ask(Interface::DraftBatchGet, json!({"offset": 0, "count": 1}))["item"]
        .as_array()
        .expect("others go on");
    desk.wechat.behave(|behaviour| behaviour.token_lifetime = Duration::from_secs(1_000_000));
    let token = text(&stable_token(&desk.wechat, APPID, true), "access_token");
    let desk = Desk { token, ..desk };
    let count = || desk.try_ask(Interface::DraftCount, Body::None).expect("an answer");
    desk.forward(43_199);
    is_refused(&count(), 45009, "reach max api daily quota limit");
    desk.forward(1);
    assert_eq!(count(), json!({"total_count": 0}));
}

#[test]
fn each_account_has_quotas_of_its_own() {
    let desk = Desk::open();
    desk.wechat.add_account("wx2", SECRET, Rights::Publishing);
    desk.wechat.limit_a_day(APPID, Interface::DraftCount, 0);
    let token = text(&stable_token(&desk.wechat, "wx2", false), "access_token");
    let refused = desk.try_ask(Interface::DraftCount, Body::None).expect("an answer");
    is_refused(&refused, 45009, "reach max api daily quota limit");
    let other = Desk { token, ..desk };
    assert_eq!(
        other.try_ask(Interface::DraftCount, Body::None).expect("an answer"),
        json!({"total_count": 0})
    );
}

#[test]
fn tokens_have_a_quota_of_a_minute() {
    let desk = Desk::open();
    desk.wechat.limit_a_minute(APPID, Interface::StableToken, 2);
    desk.forward(60);
    for _ in 0..2 {
        assert!(stable_token(&desk.wechat, APPID, false)["access_token"].is_string());
    }
    let words = "api minute-quota reach limit must slower retry next minute";
    is_refused(&stable_token(&desk.wechat, APPID, false), 45011, words);
    desk.forward(60);
    assert!(stable_token(&desk.wechat, APPID, false)["access_token"].is_string());
}
