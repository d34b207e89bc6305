//! A database that goes away in the middle of a run and comes back: nobody loses anything, nothing goes out twice, and
//! nobody has to be called.

mod postgres;
mod sqlite;

use crate::readiness::{failed, why};
use crate::support::app::{AddMany, eventually, settings};
use crate::support::command::{Cli, Response, Server};
use crate::support::product::{Product, id};
use crate::support::receiver::{Answer, Receiver};
use contenthub::db::database_url::DatabaseUrl;
use contenthub::{AccountId, App};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

const LEASE: Duration = Duration::from_secs(3);
/// What the lane may have on the wire at once.
const WIDTH: usize = 8;
/// How long a run may take to its end once the database is back, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server with one task and one lane, whose requests can be held on the wire, and the count of all that was added.
struct World {
    product: Product,
    /// Adds and counts past the server, and past whatever is between it and the database.
    app: App,
    account: AccountId,
    task: i64,
    holds: Arc<AtomicBool>,
    added: usize,
}

/// What became of all entries so far, from the database's side and from the receiver's.
#[derive(Debug, PartialEq, Eq)]
struct Verdict {
    /// Published in the database, and at the receiver.
    published: usize,
    /// Never arrived, or not published and not to be tried again.
    lost: usize,
    /// Arrived under more than one key, or more than once.
    double: usize,
    /// Waiting or on the wire at the end.
    stuck: usize,
}

impl World {
    /// `direct` is the database itself, `url` how the server reaches it.
    fn start(direct: &DatabaseUrl, url: &DatabaseUrl, dir: &Path) -> Self {
        Self::of_width(direct, url, dir, WIDTH)
    }

    fn of_width(direct: &DatabaseUrl, url: &DatabaseUrl, dir: &Path, width: usize) -> Self {
        let lease = LEASE.as_secs().to_string();
        let cli = Cli::on(dir, url).env("CONTENTHUB_LEASE_SECONDS", &lease);
        let product = Product::start_with(cli).by_hand();
        let account = AccountId(product.account_with("blog", json!({"concurrency": width})));
        let task = json!({"name": "run", "task_type": "publishing", "schedule_type": "interval",
                          "interval_seconds": 3600});
        let task = id(&product.post("/scheduler/tasks", &task, 201));
        let holds = Arc::new(AtomicBool::new(false));
        let held = holds.clone();
        product.receiver.rule(move |_, _| {
            let answer = Answer::status(200).after(Duration::from_millis(5));
            Some(if held.load(Ordering::SeqCst) { answer.held() } else { answer })
        });
        let app = App::open(settings(direct, dir)).expect("opened");
        World { product, app, account, task, holds, added: 0 }
    }

    fn server(&self) -> &Server {
        &self.product.server
    }

    fn receiver(&self) -> &Receiver {
        &self.product.receiver
    }

    /// Adds so many entries, due at once, and starts a run over them: its id.
    fn run_over(&mut self, count: usize) -> i64 {
        self.add(count);
        let begun = self.product.post(&format!("/scheduler/tasks/{}/trigger", self.task), &json!({}), 202);
        begun["execution_id"].as_i64().expect("an id")
    }

    fn add(&mut self, count: usize) {
        const AT_ONCE: usize = 10_000;
        for from in (0..count).step_by(AT_ONCE) {
            let add = AddMany { count: AT_ONCE.min(count - from), account: self.account, at: None };
            self.app.run(add).expect("added");
        }
        self.added += count;
    }

    /// From now on requests stay on the wire; returns when the lane is full of them.
    fn hold_the_wire(&self) {
        let out = || self.product.get("/publish-pool/stats")["publishing"].as_u64().expect("a count");
        self.holds.store(true, Ordering::SeqCst);
        let before = self.receiver().posts().len();
        let full = || out() == WIDTH as u64 && self.receiver().posts().len() >= before + WIDTH;
        self.eventually("the wire is full", full);
    }

    fn let_go(&self) {
        self.holds.store(false, Ordering::SeqCst);
        self.receiver().release();
    }

    #[track_caller]
    fn eventually(&self, what: &str, mut look: impl FnMut() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !look() {
            assert!(Instant::now() < deadline, "{what}: not seen\n{}", self.server().stderr());
            sleep(Duration::from_millis(10));
        }
    }

    /// The run ends by itself, and says that all of it was published.
    #[track_caller]
    fn ends(&self, execution: i64, count: usize) {
        let mut last = Value::Null;
        self.eventually("the run's end", || {
            let path = format!("/api/v1/scheduler/executions/{execution}");
            let answer = self.server().get(&path);
            // Somebody may be told to come again while it comes back.
            last = if answer.status == 503 { Value::Null } else { answer.expect_status(200).body };
            !last["report"].is_null()
        });
        assert_eq!(last["status"], "succeeded", "{last:#}");
        let data = &last["report"]["data"];
        let counts = ["total_count", "success_count", "failed_count", "uncertain_count", "in_progress_count"];
        let counts = counts.map(|name| data[name].as_u64().expect("a count"));
        assert_eq!(counts, [count as u64, count as u64, 0, 0, 0], "{}", last["report"]["message"]);
    }

    fn verdict(&self) -> Verdict {
        let stats = self.app.stats().expect("numbers");
        let [published, pending, publishing] = [stats.published, stats.pending, stats.publishing]
            .map(|it| usize::try_from(it).expect("a count"));
        let mut keys: BTreeMap<i64, Vec<String>> = BTreeMap::new();
        for post in self.receiver().posts() {
            let entry = post.body.pointer("/data/pool_id").and_then(Value::as_i64).expect("an entry's id");
            keys.entry(entry).or_default().push(post.webhook_id().expect("a key").to_owned());
        }
        let distinct: BTreeSet<&String> = keys.values().flatten().collect();
        assert_eq!(distinct.len(), keys.values().map(|of| BTreeSet::from_iter(of).len()).sum::<usize>());
        Verdict {
            published,
            lost: self.added - keys.len().min(published + pending + publishing),
            double: keys.values().filter(|of| of.len() > 1).count(),
            stuck: pending + publishing,
        }
    }

    #[track_caller]
    fn is_whole(&self) {
        let whole = Verdict { published: self.added, lost: 0, double: 0, stuck: 0 };
        assert_eq!(self.verdict(), whole, "{}", self.server().stderr());
    }

    /// Both are told to come again, as long as the database is away.
    #[track_caller]
    fn nobody_is_served(&self) {
        thread::scope(|threads| {
            let read = threads.spawn(|| self.server().get("/api/v1/publish-pool/stats"));
            let written = write(self.server());
            is_told_to_come_again(&written);
            is_told_to_come_again(&read.join().expect("an answer"));
        });
    }

    /// Nor is it ready, and says that it is the database.
    #[track_caller]
    fn is_not_ready(&self) {
        let ready = self.server().get("/readyz");
        is_told_to_come_again(&ready);
        // For long enough, and nothing fires either.
        assert_eq!(failed(&ready.body)[0], "database", "{}", ready.text);
        assert_eq!(why(&ready.body, "database"), ready.body["detail"], "{}", ready.text);
    }

    #[track_caller]
    fn is_ready_again(&self) {
        self.eventually("it is ready", || self.server().get("/readyz").status == 200);
    }

    /// While `during` goes on, what is on the wire comes back, and nothing else leaves.
    fn nothing_leaves(&self, during: impl FnOnce()) {
        let before = self.receiver().posts().len();
        self.let_go();
        during();
        assert_eq!(self.receiver().posts().len(), before, "sent while the database was away");
    }
}

fn write(server: &Server) -> Response {
    server.post("/api/v1/contents", &json!({"title": "x", "body": "x"}))
}

#[track_caller]
fn is_told_to_come_again(answer: &Response) {
    assert_eq!(answer.status, 503, "{}", answer.text);
    assert!(answer.headers.contains_key("retry-after"), "{:?}", answer.headers);
    let code = answer.body["code"].as_str().unwrap_or_default();
    assert!(["overloaded", "database_unavailable"].contains(&code), "{}", answer.text);
}
