//! Many posts on several accounts at once, at a WeChat that takes its time.

use super::*;
use crate::support::wechat::account::Rights;
use crate::support::wechat::ledger::{Call, Told};
use contenthub::db::connection::DbConnection;
use contenthub::domain::media::MediaAddress;
use contenthub::operations::account::GetAccount;
use contenthub::operations::media::AddMedia;
use contenthub::operations::pool::{BatchAdd, GetStats, OnConflict};
use contenthub::operations::{Access, Context, Operation, OperationError};
use contenthub::{EntryFilter, Paging, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{scope, sleep};
use std::time::Instant;

const ACCOUNTS: usize = 5;
const EACH: usize = 200;
/// Of drafts a day, on the last of them.
const A_DAY: usize = 120;
const PATIENCE: Duration = Duration::from_secs(120);
/// How often time passes.
const TICK: Duration = Duration::from_millis(50);

/// So many posts for an account, in one transaction.
struct AddPosts {
    account: AccountId,
    /// What tells those of one account from others'.
    name: String,
    cover: String,
}

impl Operation for AddPosts {
    type Output = ();
    const ACCESS: Access = Access::Write;

    fn run(self, conn: &mut DbConnection, cx: &Context, now: Timestamp) -> Result<(), OperationError> {
        let mut items = Vec::with_capacity(EACH);
        for number in 0..EACH {
            let title = format!("{}-{number}", self.name);
            let mut content = CreateContent::new(title.clone(), "Words.");
            content.text.cover = Some(self.cover.clone());
            content.text.source_url = Some(format!("https://blog.example/{title}"));
            let content = content.run(conn, cx, now)?.id;
            items.push(Addition { account: Some(self.account), ..Addition::of(content) });
        }
        BatchAdd { items, on_conflict: OnConflict::Fail }.run(conn, cx, now).map(drop)
    }
}

/// Entries of an account that are published.
fn published(room: &Room, account: AccountId) -> usize {
    let stats = room.app.run(GetStats { account: Some(account) }).expect("counted");
    usize::try_from(stats.published).expect("a number")
}

/// Runs the task until as many are published on each.
fn run_until(room: &Room, accounts: &[AccountId], wanted: &[usize]) {
    let deadline = Instant::now() + PATIENCE;
    let is_done =
        || accounts.iter().zip(wanted).all(|(account, wanted)| published(room, *account) == *wanted);
    while !is_done() {
        let id = room.node.perform(TriggerTask { task: room.task, by: Trigger::Api }).expect("triggered");
        let has_ended =
            || runs(&room.app, room.task).into_iter().any(|run| run.id == id && run.report.is_some());
        while !has_ended() {
            let now: Vec<usize> = accounts.iter().map(|account| published(room, *account)).collect();
            assert!(Instant::now() < deadline, "{now:?} of {wanted:?}");
            sleep(Duration::from_millis(20));
        }
    }
}

/// How many drafts of an account were refused.
fn refused(wechat: &WeChat, appid: &str) -> usize {
    let is_refused = |call: &&Call| call.appid.as_deref() == Some(appid) && call.told != Told::Code(0);
    wechat.calls_of(Interface::DraftAdd).iter().filter(is_refused).count()
}

/// Says at its end that nothing goes on.
struct StopAtEnd<'a>(&'a AtomicBool);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

#[test]
fn a_thousand_posts_on_five_accounts_go_out_though_tokens_and_a_quota_end_on_the_way() {
    let dir = tempfile::tempdir().expect("a folder");
    let room = Room::open(&DatabaseUrl::in_data_dir(dir.path()), dir.path(), json!({}));
    room.wechat.behave(|behaviour| {
        behaviour.latency = Duration::from_millis(20);
        behaviour.token_lifetime = Duration::from_secs(120);
    });
    let received = room.app.context().media.receive("cover.jpg", &cover()[..]).expect("received");
    let cover = MediaAddress::of(&room.app.run(AddMedia(received)).expect("added").row.sha256);
    let appids: Vec<String> = (0..ACCOUNTS).map(|number| format!("wx{number:016}")).collect();
    let accounts: Vec<AccountId> = (0..)
        .zip(&appids)
        .map(|(number, appid)| {
            room.wechat.add_account(appid, SECRET, Rights::Publishing);
            let mode = if number == 0 { "publish" } else { "draft" };
            let settings = json!({"appid": appid, "mode": mode});
            let account = open_account(&room.app, &room.wechat, appid, settings);
            let add = AddPosts { account, name: number.to_string(), cover: cover.clone() };
            room.app.run(add).expect("added");
            account
        })
        .collect();
    let (last, others) = (ACCOUNTS - 1, ACCOUNTS - 1);
    room.wechat.limit_a_day(&appids[last], Interface::DraftAdd, u64::try_from(A_DAY).expect("a number"));

    let (goes_on, clock, wechat) = (AtomicBool::new(true), &room.clock, &room.wechat);
    scope(|scope| {
        // Five seconds pass by the clock of all, again and again; once somebody takes tokens that are good.
        scope.spawn(|| {
            for tick in 0.. {
                if !goes_on.load(Ordering::Relaxed) {
                    break;
                }
                clock.forward(Duration::from_secs(5));
                sleep(TICK);
                // No time passes until somebody has met with that: or the token is renewed before.
                while tick == 20 && refused(wechat, &appids[1]) == 0 && goes_on.load(Ordering::Relaxed) {
                    wechat.revoke_tokens(&appids[1]);
                    sleep(TICK);
                }
            }
        });
        // Also where this fails: whoever waits for the thread would wait for good.
        let _stop = StopAtEnd(&goes_on);
        let wanted = [&[EACH; ACCOUNTS - 1][..], &[A_DAY]].concat();
        run_until(&room, &accounts, &wanted);
    });
    let account = room.app.run(GetAccount(accounts[last])).expect("an account");
    assert!(account.suspended_reason.as_ref().is_some_and(|why| why.contains("45009")), "{account:?}");
    for account in &accounts[..others] {
        assert_eq!(room.app.run(GetAccount(*account)).expect("an account").suspended_reason, None);
    }
    // The next day in China, by itself.
    room.clock
        .forward(account.suspended_until.expect("until then").since(room.app.now()) + Duration::from_secs(1));
    run_until(&room, &accounts, &[EACH; ACCOUNTS]);

    let titles =
        |number: usize| -> BTreeSet<String> { (0..EACH).map(|post| format!("{number}-{post}")).collect() };
    for (number, appid) in appids.iter().enumerate().skip(1) {
        let drafts = room.wechat.drafts(appid);
        let made: BTreeSet<String> = drafts.iter().map(|draft| draft.articles[0].title.clone()).collect();
        assert_eq!((drafts.len(), made), (EACH, titles(number)), "{number}");
    }
    let visible = room.wechat.visible_by_title();
    assert!(visible.values().all(|times| *times == 1), "{visible:?}");
    assert_eq!(visible.into_keys().collect::<BTreeSet<_>>(), titles(0));
    // Tokens ended for all of them, and one was refused; nobody paid for it. Each cover was uploaded once.
    let mut tokens: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for call in room.wechat.calls() {
        if let (Some(appid), Some(token)) = (call.appid, call.token) {
            tokens.entry(appid).or_default().insert(token);
        }
    }
    assert!(appids.iter().all(|appid| tokens[appid].len() > 1), "{tokens:?}");
    let [of_token, of_quota] = [1, last].map(|number| refused(wechat, &appids[number]));
    assert!((1..=2).contains(&of_token) && of_quota == 1, "a token, and the quota: {of_token}, {of_quota}");
    assert_eq!(room.asked(Interface::AddMaterial), ACCOUNTS);
    for page in 1..=5 {
        let paging = Paging::new(Some(page), Some(200)).expect("a page");
        let entries = room.app.entries(EntryFilter::default(), paging).expect("entries").items;
        assert!(entries.len() == 200 && entries.iter().all(|entry| entry.retry_count == 0));
    }
}
