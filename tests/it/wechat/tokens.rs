//! Tokens: one for all attempts and all nodes, renewed in time, and once where WeChat refuses it.

use super::*;
use crate::support::on_both;
use crate::support::wechat::behaviour::Behaviour;
use crate::support::wechat::faults::{Effect, Fault};
use crate::support::wechat::refusal::{
    ACCESS_TOKEN_EXPIRED, INVALID_ACCESS_TOKEN, INVALID_CREDENTIAL, Refusal,
};
use contenthub::db::connection::connect;
use contenthub::db::platform_tokens;
use contenthub::operations::account::UpdateAccount;
use contenthub::operations::platform_tokens::{GiveTokenTurnBack, KeepToken, TakeTokenTurn};
use contenthub::platforms::tokens::{Fetched, TURN_MAX, Token, Turn, Wanted};
use std::collections::BTreeSet;

impl Room {
    fn on_sqlite(dir: &Path) -> Self {
        Room::open(&DatabaseUrl::in_data_dir(dir), dir, json!({}))
    }

    /// Publishes a post; gives how often a token was fetched so far.
    #[track_caller]
    fn publishes(&self, title: &str) -> usize {
        let id = self.add(title, |content| content);
        self.run();
        let seen = self.settled(id);
        assert_eq!((seen.status, seen.retry_count), (EntryStatus::Published, 0), "{:#?}", self.log(id));
        self.asked(Interface::StableToken)
    }
}

#[test]
fn all_attempts_share_a_token_that_is_kept_sealed() {
    on_both(|url, dir| {
        let room = Room::open(url, dir, json!({}));
        // Many at once.
        let wide = UpdateAccount { concurrency: Some(8), ..UpdateAccount::new(room.account) };
        room.app.change(wide).expect("widened");
        room.wechat.behave(|behaviour| behaviour.latency = Duration::from_millis(50));
        let ids: Vec<EntryId> = (0..8).map(|number| room.add(&number.to_string(), |it| it)).collect();
        assert_eq!(room.run().data.success_count, 8, "{:#?}", room.log(ids[0]));
        assert_eq!(room.asked(Interface::StableToken), 1);
        let tokens: BTreeSet<_> = room.wechat.calls().into_iter().filter_map(|call| call.token).collect();
        let [token] = &Vec::from_iter(tokens)[..] else { panic!("one token") };
        let row = platform_tokens::get(&mut connect(url).expect("connected"), room.account);
        let row = row.expect("read").expect("a row");
        let sealed = row.sealed.expect("a token");
        assert!(sealed.starts_with("v1.") && !sealed.contains(&token[..20]), "{sealed}");
        assert!(![APPID, SECRET].iter().any(|known| row.purpose.contains(known)), "{}", row.purpose);
        assert_eq!((row.fetched_by, row.fetched_until), (None, None));
    });
}

#[test]
fn a_token_is_renewed_before_it_ends() {
    let dir = tempfile::tempdir().expect("a folder");
    let room = Room::on_sqlite(dir.path());
    let refused = |room: &Room| room.wechat.calls().iter().any(|call| call.told != told_well());
    for (later, fetched) in [(0, 1), (6899, 1), (1, 2), (6899, 2), (1, 3)] {
        room.later(later);
        assert_eq!(room.publishes(&format!("{later} {fetched}")), fetched, "{later} s later");
    }
    // One that lives shorter is renewed in its last half.
    room.wechat.behave(|behaviour: &mut Behaviour| behaviour.token_lifetime = Duration::from_secs(60));
    for (later, fetched) in [(7200, 4), (29, 4), (1, 5), (61, 6)] {
        room.later(later);
        assert_eq!(room.publishes(&format!("{later} {fetched}")), fetched, "{later} s later");
    }
    assert!(!refused(&room), "{:#?}", room.wechat.calls());
}

fn told_well() -> crate::support::wechat::ledger::Told {
    crate::support::wechat::ledger::Told::Code(0)
}

#[test]
fn a_token_that_is_refused_is_fetched_anew_once() {
    let dir = tempfile::tempdir().expect("a folder");
    let room = Room::on_sqlite(dir.path());
    assert_eq!(room.publishes("first"), 1);
    room.wechat.revoke_tokens(APPID);
    assert_eq!(room.publishes("second"), 2);
    // Whatever WeChat calls it. It gives the same one again as long as that is good, so it is made to give another.
    for (number, refusal) in
        [INVALID_CREDENTIAL, INVALID_ACCESS_TOKEN, ACCESS_TOKEN_EXPIRED].into_iter().enumerate()
    {
        let before = room.asked(Interface::StableToken);
        room.wechat.plan(Interface::DraftAdd, 1, Fault::refusal(refusal.clone()));
        assert_eq!(room.publishes(&format!("{number}")), before + 2, "{refusal:?}");
        room.later(31);
    }
    // One that is refused again and again is nobody's but the platform's fault.
    room.wechat.plan(Interface::DraftAdd, 2, Fault::refusal(INVALID_CREDENTIAL));
    let id = room.add("x", |content| content);
    room.run();
    let seen = room.settled(id);
    assert_eq!((seen.status, seen.unproven, seen.retry_count), (EntryStatus::Pending, false, 0));
    assert_eq!(room.wechat.faults_left(), 0);
    assert_eq!(room.log(id)[0].error_code.as_deref(), Some("wechat_40001"));
    room.later(30);
    room.run();
    assert_eq!(room.settled(id).status, EntryStatus::Published);
}

#[test]
fn where_no_token_can_be_had_nothing_is_in_doubt() {
    let dir = tempfile::tempdir().expect("a folder");
    let room = Room::on_sqlite(dir.path());
    for (fault, code) in [
        (Fault::system_error(Effect::NotDone), "wechat_busy"),
        (Fault::reset(Effect::Done), "connection_lost"),
        (Fault::bad_gateway(Effect::Done), "http_502"),
        (Fault::refusal(Refusal::new(77777, "new")), "wechat_77777"),
    ] {
        room.later(7200);
        room.wechat.plan(Interface::StableToken, 1, fault);
        let id = room.add(code, |content| content);
        room.run();
        let seen = room.settled(id);
        assert_eq!((seen.status, seen.unproven), (EntryStatus::Pending, false), "{code}");
        assert_eq!(room.log(id)[0].error_code.as_deref(), Some(code));
        room.later(60);
        room.run();
        assert_eq!(room.settled(id).status, EntryStatus::Published, "{code}");
    }
    // While the old one is good, nobody notices.
    room.later(7000);
    room.wechat.plan(Interface::StableToken, 1, Fault::system_error(Effect::NotDone));
    room.publishes("still good");
    assert_eq!(room.wechat.faults_left(), 0);
}

#[test]
fn a_turn_does_not_outlast_a_clock_that_was_ahead() {
    let dir = tempfile::tempdir().expect("a folder");
    let room = Room::on_sqlite(dir.path());
    let account = room.account;
    let turn = |by: &str| {
        let wanted = Wanted { purpose: "p".to_owned(), refused: None };
        room.node.perform(TakeTokenTurn { account, by: by.to_owned(), wanted }).expect("a turn")
    };
    assert_eq!((turn("dies"), turn("waits")), (Turn::Yours { old: None }, Turn::Wait));
    room.clock.set_by(-3600);
    assert_eq!(turn("waits"), Turn::Yours { old: None });
}

#[test]
fn one_at_a_time_fetches_a_token_and_who_dies_with_the_turn_is_overtaken() {
    on_both(|url, dir| {
        let room = Room::open(url, dir, json!({}));
        let account = room.account;
        let turn = |by: &str, refused: Option<&str>| {
            let refused = refused.map(|text| Token(text.to_owned()));
            let wanted = Wanted { purpose: "p".to_owned(), refused };
            room.node.perform(TakeTokenTurn { account, by: by.to_owned(), wanted }).expect("a turn")
        };
        let keep = |by: &str, token: &str| {
            let fetched = Fetched { token: Token(token.to_owned()), lifetime: Duration::from_secs(7200) };
            let keep = KeepToken { account, by: by.to_owned(), purpose: "p".to_owned(), fetched };
            room.node.perform(keep).expect("kept")
        };
        let good = |text: &str| Turn::Good(Token(text.to_owned()));
        assert_eq!(turn("a", None), Turn::Yours { old: None });
        assert_eq!((turn("b", None), turn("a", None)), (Turn::Wait, Turn::Yours { old: None }));
        assert!(!keep("b", "stolen") && keep("a", "t1"));
        assert_eq!((turn("b", None), turn("c", None)), (good("t1"), good("t1")));
        // What was refused is fetched again by one; the others have it meanwhile as long as nobody refuses it to them.
        assert_eq!(turn("b", Some("t1")), Turn::Yours { old: None });
        assert_eq!((turn("c", Some("t1")), turn("c", Some("t0"))), (Turn::Wait, good("t1")));
        room.node.perform(GiveTokenTurnBack { account, by: "b".to_owned() }).expect("given back");
        assert_eq!(turn("c", Some("t1")), Turn::Yours { old: None });
        room.clock.forward(TURN_MAX);
        assert_eq!(turn("d", Some("t1")), Turn::Yours { old: None }, "c has died");
        assert!(!keep("c", "late") && keep("d", "t2"));
        assert_eq!(turn("c", Some("t1")), good("t2"));
        // In its last minutes one fetches another, and has the old one if that fails.
        room.clock.forward(Duration::from_secs(6900));
        assert_eq!(turn("e", None), Turn::Yours { old: Some(Token("t2".to_owned())) });
        assert_eq!(turn("f", None), good("t2"));
        room.clock.forward(Duration::from_secs(300));
        assert_eq!(turn("f", None), Turn::Yours { old: None }, "it has ended");
        // Another address, name or secret has another token.
        keep("f", "t3");
        let other = Wanted { purpose: "q".to_owned(), refused: None };
        let asked = TakeTokenTurn { account, by: "g".to_owned(), wanted: other };
        assert_eq!(room.node.perform(asked).expect("a turn"), Turn::Yours { old: None });
    });
}
