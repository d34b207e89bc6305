//! Accounts: what is wrong with one is told when it is written, and `account test` says what it may do.

use super::*;
use crate::support::wechat::account::Rights;
use crate::support::wechat::faults::Fault;
use contenthub::domain::tested::{Checked, Tested};
use contenthub::operations::OperationError;
use contenthub::operations::account::UpdateAccount;
use contenthub::operations::account_test::GetTestable;

fn tested(room: &Room, account: AccountId) -> Tested {
    let testable = room.app.run(GetTestable(account)).expect("an account");
    actix_rt::System::new().block_on(testable.test())
}

#[test]
fn an_account_is_checked_when_it_is_written() {
    let dir = tempfile::tempdir().expect("a folder");
    let room = Room::open(&DatabaseUrl::in_data_dir(dir.path()), dir.path(), json!({}));
    let wrong = |settings: Value, secret: Credentials| {
        let create = CreateAccount { settings, credentials: secret, ..CreateAccount::new("x", "wechat") };
        let Err(OperationError::Invalid(wrong)) = room.app.create_account(create) else { panic!("refused") };
        wrong.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let told = wrong(json!({"appid": "x", "mode": "publish"}), Credentials::default());
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(told[0], "credentials.app_secret: is missing");
    assert!(told[1].starts_with("settings.appid: must be as mp.weixin.qq.com shows it"), "{told:?}");
    let told = wrong(json!({"appid": APPID, "mode": "sent"}), secret(SECRET));
    assert!(told[0].contains("settings.mode") && told[0].contains("draft, publish"), "{told:?}");
    let told = wrong(json!({"appid": APPID, "css": "p {"}), secret(SECRET));
    assert_eq!(told, ["settings.css: opens in line 1 what is never closed"]);
}

#[test]
fn a_test_says_what_the_account_may_do_and_makes_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let room = Room::open(&DatabaseUrl::in_data_dir(dir.path()), dir.path(), json!({}));
    let fine = |drafts, may_publish| Tested::Fine {
        checked: Checked::WeChat { drafts, may_publish },
        warning: None,
    };
    assert_eq!(tested(&room, room.account), fine(0, true));
    room.add("x", |content| content);
    room.run();
    assert_eq!(tested(&room, room.account), fine(1, true));
    let appid = "wx00000000000000cc";
    room.wechat.add_account(appid, SECRET, Rights::Drafts);
    let narrow = open_account(&room.app, &room.wechat, "narrow", json!({"appid": appid}));
    assert_eq!(tested(&room, narrow), fine(0, false));
    let settings = json!({"appid": appid, "mode": "publish", "api_base_url": room.wechat.url()});
    room.app
        .change(UpdateAccount { settings: Some(settings), ..UpdateAccount::new(narrow) })
        .expect("changed");
    let Tested::AccountBroken { problem, .. } = tested(&room, narrow) else { panic!("it may not publish") };
    assert!(problem.message.contains("mode to draft"), "{}", problem.message);
    assert_eq!((room.wechat.drafts(APPID).len(), room.wechat.visible().len()), (1, 0));
}

#[test]
fn a_test_says_what_keeps_an_account_from_working() {
    let dir = tempfile::tempdir().expect("a folder");
    let room = Room::open(&DatabaseUrl::in_data_dir(dir.path()), dir.path(), json!({}));
    room.wechat.plan(Interface::StableToken, 1, Fault::not_in_whitelist());
    let Tested::AccountBroken { problem, .. } = tested(&room, room.account) else { panic!("the whitelist") };
    assert!(problem.message.contains("address 127.0.0.1 to the IP whitelist"), "{}", problem.message);
    let other = secret("ffffffffffffffffffffffffffffffff");
    let update = UpdateAccount { credentials: Some(other), ..UpdateAccount::new(room.account) };
    room.app.change(update).expect("changed");
    let Tested::AccountBroken { problem, .. } = tested(&room, room.account) else { panic!("the secret") };
    assert_eq!(problem.code, "wechat_40125");
    assert!(problem.message.contains("app_secret anew"), "{}", problem.message);
    let settings = json!({"appid": APPID, "api_base_url": room.web.url("/nothing")});
    let update = UpdateAccount { settings: Some(settings), ..UpdateAccount::new(room.account) };
    room.app.change(update).expect("changed");
    let Tested::PlatformFailed(problem) = tested(&room, room.account) else { panic!("the address") };
    assert!(problem.message.contains("api_base_url"), "{}", problem.message);
}
