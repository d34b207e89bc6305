//! The platform `wechat`, against the simulator: drafts, publications, tokens, and whatever goes wrong on the way. Whatever
//! that is, readers see no article twice.

mod accounts;
mod drafts;
mod extras;
mod faults;
mod figures;
mod many;
mod pictures;
mod publications;
mod served;
mod tokens;
mod unknown;

use crate::support::app::*;
use crate::support::clock::SteppedClock;
use crate::support::node::TestNode;
use crate::support::pictures::{drawn, png};
use crate::support::receiver::{Answer, Receiver};
use crate::support::wechat::interface::Interface;
use crate::support::wechat::{APPID, SECRET, WeChat};
use contenthub::actors::executor::Tick;
use contenthub::db::database_url::DatabaseUrl;
use contenthub::domain::execution::Trigger;
use contenthub::domain::outbound::OutboundAllow;
use contenthub::operations::execution::TriggerTask;
use contenthub::platforms::outbound::Outbound;
use contenthub::platforms::platform::Credentials;
use contenthub::platforms::registry::Registry;
use contenthub::platforms::wechat::Wechat;
use contenthub::{
    AccountId, Addition, App, CreateAccount, CreateContent, EntryId, EntryStatus, EntryView, LogView, Report,
    Settings, TaskId,
};
use image::ImageFormat;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// An account that publishes waits so long before it looks for what it may have published.
const SETTLES: u64 = 15 * 60;
/// And so long until it looks once more.
const LOOKS_AGAIN: u64 = SETTLES / 4;
/// Of an attempt that is to end well.
const LEASE_SECONDS: u64 = 20;

/// A node with an account at a simulated WeChat, both by one clock, which moves by the test's hand alone. Nothing is
/// published by itself: the test runs a task.
struct Room {
    app: Arc<App>,
    clock: Arc<SteppedClock>,
    wechat: WeChat,
    /// Where pictures are: `/cover.jpg`, and any other name that ends in `.png`.
    web: Receiver,
    account: AccountId,
    task: TaskId,
    node: TestNode,
}

impl Room {
    /// With these settings beside appid and address. An attempt has time enough, also where pictures are made to fit on a
    /// machine that is busy with other tests.
    fn open(url: &DatabaseUrl, dir: &Path, settings: Value) -> Self {
        Room::with_lease(url, dir, LEASE_SECONDS, settings)
    }

    /// On a claim of so many seconds, which is all the time that an attempt has.
    fn with_lease(url: &DatabaseUrl, dir: &Path, lease_seconds: u64, of_account: Value) -> Self {
        Room::with(Settings { lease_seconds, ..settings(url, dir) }, of_account)
    }

    /// Whose contents go out once somebody has approved them.
    fn reviewed(url: &DatabaseUrl, dir: &Path) -> Self {
        let lease_seconds = LEASE_SECONDS;
        Room::with(Settings { review_required: true, lease_seconds, ..settings(url, dir) }, json!({}))
    }

    fn with(settings: Settings, of_account: Value) -> Self {
        let clock = Arc::new(SteppedClock::standing());
        let wechat = WeChat::start_with(clock.clone());
        let outbound = Outbound::new(OutboundAllow::loopback());
        let registry = Registry::default().with(Arc::new(Wechat::new(outbound)));
        let app = Arc::new(App::open_with(settings, registry, clock.clone()).expect("opened"));
        let task = task(&app, "by hand");
        for one in [first_task(&app), task] {
            app.disable_task(one).expect("disabled");
        }
        let account = open_account(&app, &wechat, "wechat", of_account);
        let web = Receiver::start();
        web.rule(|post, _| {
            let ends = |end: &str| post.path.ends_with(end);
            let picture = |bytes: Vec<u8>| Some(Answer::status(200).body(bytes));
            match () {
                () if ends("/cover.jpg") => picture(cover()),
                // What stands behind a picture's end is nobody's to look at: each name has a file of its own.
                () if ends(".png") => picture([png(3, 2), post.path.as_bytes().to_vec()].concat()),
                () => Some(Answer::status(404)),
            }
        });
        let node = TestNode::start(&app);
        Room { app, clock, wechat, web, account, task, node }
    }

    /// An entry, due at once, whose content has a cover and, with it, what the test changes.
    fn add(&self, title: &str, change: impl FnOnce(CreateContent) -> CreateContent) -> EntryId {
        self.add_to(self.account, title, change)
    }

    fn add_to(
        &self,
        account: AccountId,
        title: &str,
        change: impl FnOnce(CreateContent) -> CreateContent,
    ) -> EntryId {
        let content = self.app.create_content(change(self.content(title))).expect("a content").id;
        let addition = Addition { account: Some(account), ..Addition::of(content) };
        self.app.add_to_pool(addition).expect("an entry").id
    }

    /// With a cover, and an address that readers are led to.
    fn content(&self, title: &str) -> CreateContent {
        let mut content = CreateContent::new(title, "Words.");
        content.text.cover = Some(self.web.url("/cover.jpg"));
        content.text.source_url = Some(format!("https://blog.example/{title}"));
        content
    }

    /// Triggers a run, and gives back its report.
    fn run(&self) -> Report {
        let id = self.node.perform(TriggerTask { task: self.task, by: Trigger::Api }).expect("triggered");
        eventually("the run has ended", || {
            runs(&self.app, self.task).into_iter().find(|run| run.id == id)?.report
        })
    }

    /// So much later, the node looks what there is to do.
    fn later(&self, seconds: u64) {
        self.clock.forward(Duration::from_secs(seconds));
        let _ = self.node.crew.executor().try_send(Tick);
    }

    /// The entry once so many attempts of it, questions with them, are in the log.
    #[track_caller]
    fn after(&self, id: EntryId, attempts_made: usize) -> EntryView {
        eventually(&format!("entry {id} had {attempts_made} attempts: {:#?}", self.log(id)), || {
            (self.log(id).len() >= attempts_made).then_some(())
        });
        let log = self.log(id);
        assert_eq!(log.len(), attempts_made, "{log:#?}");
        entry(&self.app, id)
    }

    /// Its attempts and the questions about it; what a person said is a row too, and none of them.
    fn log(&self, id: EntryId) -> Vec<LogView> {
        attempts(&self.app, id).into_iter().filter(|row| row.said_by.is_none()).collect()
    }

    /// The same under another node.
    fn restarted(self) -> Self {
        let Room { app, clock, wechat, web, account, task, node } = self;
        drop(node);
        let node = TestNode::start(&app);
        Room { app, clock, wechat, web, account, task, node }
    }

    /// Runs the task, and lets time pass, until it is out; gives the entry then.
    #[track_caller]
    fn until_out(&self, id: EntryId) -> EntryView {
        for _ in 0..10 {
            self.run();
            let seen = self.settled(id);
            match seen.status {
                EntryStatus::Published => return seen,
                EntryStatus::Pending | EntryStatus::Publishing => self.later(SETTLES),
                other => panic!("it is {other:?}: {:#?}", self.log(id)),
            }
        }
        panic!("it is not out: {:#?}\n{:#?}", self.log(id), self.wechat.calls())
    }

    /// The entry once what came of each of its attempts is written.
    #[track_caller]
    fn settled(&self, id: EntryId) -> EntryView {
        eventually(&format!("the attempts of entry {id} have ended"), || {
            let seen = entry(&self.app, id);
            let last = attempts(&self.app, id).last().map_or(0, |row| row.attempt);
            (seen.attempt == last).then_some(seen)
        })
    }

    /// How often WeChat was asked this.
    fn asked(&self, interface: Interface) -> usize {
        self.wechat.calls_of(interface).len()
    }

    /// Readers see each article once.
    #[track_caller]
    fn nothing_is_visible_twice(&self) {
        let visible = self.wechat.visible_by_source_url();
        assert!(visible.values().all(|times| *times == 1), "{visible:?}");
    }
}

/// The file of every cover.
fn cover() -> Vec<u8> {
    drawn(ImageFormat::Jpeg, 8, 5)
}

/// An account of the simulated WeChat's first one.
fn open_account(app: &App, wechat: &WeChat, name: &str, more: Value) -> AccountId {
    let mut settings = json!({"appid": APPID, "api_base_url": wechat.url()});
    more.as_object().into_iter().flatten().for_each(|(field, value)| settings[field] = value.clone());
    let create =
        CreateAccount { settings, credentials: secret(SECRET), ..CreateAccount::new(name, "wechat") };
    app.create_account(create).expect("an account").id
}

fn secret(text: &str) -> Credentials {
    Credentials([("app_secret".to_owned(), text.to_owned())].into())
}
