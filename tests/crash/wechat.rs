//! Nodes that publish in WeChat and are killed between any two steps: before a request, after its answer, or when that was
//! kept. Each article is to be visible to readers once, nothing is lost, no upload is repeated that was answered and kept, and
//! what is left over is no more than drafts.

use crate::node::{self, At, Work};
use crate::process::{Process, until, was_killed};
use crate::seeds::Rng;
use crate::support::clock::SteppedClock;
use crate::support::pictures::png;
use crate::support::postgres;
use crate::support::receiver::{Answer, Receiver};
use crate::support::wechat::{APPID, SECRET, WeChat};
use crate::world::{Database, LEASE};
use contenthub::db::database_url::DatabaseUrl;
use contenthub::platforms::platform::Credentials;
use contenthub::{
    AccountId, Addition, App, ContentId, CreateAccount, CreateContent, EntryFilter, EntryStatus, Paging,
};
use serde_json::json;
use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// The cases, by name.
pub const CASES: [(&str, Database); 2] =
    [("wechat-sqlite", Database::Sqlite), ("wechat-postgres", Database::Postgres)];
/// WeChat has no longer than this to show what it was given to publish.
pub const SETTLES: Duration = Duration::from_millis(800);
const PUBLICATION_TAKES: Duration = Duration::from_millis(200);
/// Where a node ends itself, and within how many passes.
const POINTS: [(&str, u64); 4] = [("wechat asks", 20), (ANSWERED, 20), ("upload kept", 6), ("step kept", 14)];
/// Here an upload is done that nobody knows of yet.
const ANSWERED: &str = "wechat answered";
/// How many kills there are for a case: there are two.
pub const KILLS: usize = 30;
/// Entries that are added before each start. One of them has several contents.
const FRESH: usize = 3;
const EXTRAS: usize = 2;
/// A node that does not come to its point by then has nothing more to do.
const PATIENCE: Duration = Duration::from_secs(8);
/// In the end all that is open comes to an end within this: WeChat is asked 5 s after it was given something.
const THE_REST: Duration = Duration::from_secs(120);

struct Stage {
    dir: TempDir,
    url: DatabaseUrl,
    app: App,
    account: AccountId,
    wechat: WeChat,
    web: Receiver,
    started: usize,
    added: usize,
    contents: usize,
}

/// Kills nodes so often, and judges what came of it.
///
/// # Errors
/// What is wrong, in words; and where logs and database are kept.
pub fn run(database: Database, mut rng: Rng, kills: usize) -> Result<String, String> {
    let mut stage = Stage::open(database);
    let (mut killed, mut killed_answered) = (0, 0);
    for round in 0..kills {
        stage.top_up();
        let (point, most) = POINTS[round % POINTS.len()];
        let at = At { point, pass: 1 + rng.below(most), signal: "KILL" };
        let mut process = stage.start(Some(at));
        match process.wait(PATIENCE) {
            Some(status) if was_killed(status) => {
                killed += 1;
                killed_answered += usize::from(point == ANSWERED);
            }
            Some(status) => {
                return Err(format!("it ended by itself ({status})\n    {}", process.last_words()));
            }
            None => process.kill(),
        }
    }
    let _node = stage.start(None);
    let is_over = |entries: &BTreeMap<EntryStatus, usize>| {
        !entries.contains_key(&EntryStatus::Pending) && !entries.contains_key(&EntryStatus::Publishing)
    };
    let over = until(THE_REST, || Some(stage.entries()).filter(is_over));
    let wrong = stage.judge(over.is_some(), killed_answered);
    let uploads: usize = stage.wechat.uploads_by_sha256(APPID).values().sum();
    let told = format!("{killed} kills, {} entries, {:?}, {uploads} uploads", stage.added, stage.entries());
    if killed == 0 {
        return Err(format!("nothing was killed, so this proved nothing: {told}"));
    }
    if wrong.is_empty() {
        return Ok(told);
    }
    let kept = stage.dir.keep();
    Err(format!("{told}: {}; logs and database are in {}", wrong.join("; "), kept.display()))
}

impl Stage {
    fn open(database: Database) -> Self {
        let dir = tempfile::Builder::new().prefix("contenthub-crash-").tempdir().expect("a folder");
        let url = match database {
            Database::Sqlite => DatabaseUrl::in_data_dir(dir.path()),
            Database::Postgres => postgres::fresh_database(),
        };
        let wechat = WeChat::start_with(Arc::new(SteppedClock::new()));
        wechat.behave(|behaviour| behaviour.publication_takes = PUBLICATION_TAKES);
        let web = Receiver::start();
        web.rule(|post, _| {
            Some(Answer::status(200).body([png(3, 2), post.path.as_bytes().to_vec()].concat()))
        });
        let app = node::open(dir.path(), &url, LEASE.as_secs());
        let create = CreateAccount {
            settings: json!({"appid": APPID, "api_base_url": wechat.url(), "mode": "publish"}),
            credentials: Credentials([("app_secret".to_owned(), SECRET.to_owned())].into()),
            ..CreateAccount::new("wechat", "wechat")
        };
        let account = app.create_account(create).expect("an account").id;
        Stage { dir, url, app, account, wechat, web, started: 0, added: 0, contents: 0 }
    }

    fn top_up(&mut self) {
        for number in 0..FRESH {
            self.added += 1;
            let content = self.content();
            let extras = (0..if number == 0 { EXTRAS } else { 0 }).map(|_| self.content()).collect();
            let addition = Addition { account: Some(self.account), extras, ..Addition::of(content) };
            self.app.add_to_pool(addition).expect("an entry");
        }
    }

    /// With a cover that others have, and a picture that no other has.
    fn content(&mut self) -> ContentId {
        self.contents += 1;
        let number = self.contents;
        let picture = self.web.url(&format!("/{number}.png"));
        let mut content = CreateContent::new(format!("Post {number}"), format!("Words. ![x]({picture})"));
        content.text.cover = Some(self.web.url("/cover.jpg"));
        content.text.source_url = Some(format!("https://blog.example/{number}"));
        self.app.create_content(content).expect("a content").id
    }

    fn start(&mut self, at: Option<At>) -> Process {
        self.started += 1;
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command.args(node::arguments(Work::Serve, self.dir.path(), &self.url, LEASE.as_secs(), at));
        Process::start(command, &self.dir.path().join(format!("process-{:03}.log", self.started)))
    }

    fn entries(&self) -> BTreeMap<EntryStatus, usize> {
        let mut counts = BTreeMap::new();
        for page in 1.. {
            let paging = Paging::new(Some(page), Some(200)).expect("a page");
            let found = self.app.entries(EntryFilter::default(), paging).expect("entries").items;
            for entry in &found {
                *counts.entry(entry.status).or_insert(0) += 1;
            }
            if found.len() < 200 {
                break;
            }
        }
        counts
    }

    /// What is wrong.
    fn judge(&self, is_over: bool, killed_answered: usize) -> Vec<String> {
        let mut wrong = Vec::new();
        if !is_over {
            wrong.push(format!("not all came to an end: {:?}", self.entries()));
        }
        let visible = self.wechat.visible_by_title();
        wrong.extend(
            visible.iter().filter(|it| *it.1 != 1).map(|(title, times)| format!("{title}: {times} times")),
        );
        let published = self.entries().get(&EntryStatus::Published).copied().unwrap_or(0);
        if (published, visible.len()) != (self.added, self.contents) {
            let (added, contents) = (self.added, self.contents);
            wrong.push(format!(
                "{published} are published of {added}, and {} visible of {contents}",
                visible.len()
            ));
        }
        // What was answered and not kept is done again, once for each kill there, and nothing else is.
        let uploads = self.wechat.uploads_by_sha256(APPID);
        let again: usize = uploads.values().map(|times| times - 1).sum();
        if again > killed_answered || uploads.len() != self.contents + 1 {
            wrong.push(format!("{again} uploads were repeated of {} files: {uploads:?}", uploads.len()));
        }
        // A draft that was made and not heard of is found, and used.
        let left = self.wechat.drafts(APPID).len();
        if left > 0 {
            wrong.push(format!("{left} drafts are left over"));
        }
        wrong
    }
}
