//! The library's public face as tests use it: an app on either database, contents by the dozen, and waiting without
//! sleeping for luck.

use super::clock::SteppedClock;
use contenthub::db::claim::{self, Claim, Claimant};
use contenthub::db::connection::{DbConnection, DbError};
use contenthub::db::database_url::DatabaseUrl;
use contenthub::operations::pool::{BatchAdd, GetStats, OnConflict};
use contenthub::operations::{Access, Context, Operation, OperationError};
use contenthub::platforms::registry::Registry;
use contenthub::{
    AccountId, Addition, App, CreateAccount, CreateContent, EntryFilter, EntryId, EntryView, ExecutionId,
    ExecutionView, LogFilter, LogView, Paging, Report, Settings, TaskId, Timestamp,
};
use diesel::connection::SimpleConnection;
use serde_json::{Value, json};
use std::io::{Write, stderr};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

/// How long a test waits for what must come.
pub const SOON: Duration = Duration::from_secs(20);

/// Default settings but for short leases, so that what hangs is given up within a test's patience.
pub fn settings(url: &DatabaseUrl, dir: &Path) -> Settings {
    let defaults = Settings::in_dir(dir.join("data")).expect("default settings");
    Settings { database: url.clone(), lease_seconds: 2, grace_seconds: 10, secret_key: None, ..defaults }
}

/// An app whose `publish when due` is off: only what a test starts is published.
pub fn by_hand(url: &DatabaseUrl, dir: &Path) -> (App, Arc<SteppedClock>) {
    let sites = dir.join("data/sites");
    let clock = Arc::new(SteppedClock::new());
    let app = App::open_with(settings(url, dir), Registry::builtin(&sites), clock.clone()).expect("opened");
    let first = first_task(&app);
    app.disable_task(first).expect("disabled");
    (app, clock)
}

/// The task `publish when due`.
pub fn first_task(app: &App) -> TaskId {
    app.tasks().expect("tasks").first().expect("the first task").id
}

/// A task that a test triggers itself; by itself it would run in an hour.
pub fn task(app: &App, name: &str) -> TaskId {
    app.create_task(contenthub::CreateTask::every(name, 3600)).expect("a task").id
}

pub fn account(app: &App, name: &str, platform: &str, settings: Value) -> AccountId {
    let create = CreateAccount { settings, ..CreateAccount::new(name, platform) };
    app.create_account(create).expect("an account").id
}

/// A webhook account that asks one request at a time, so that a script meets entries in order.
pub fn one_by_one(app: &App, name: &str, settings: Value) -> AccountId {
    let create = CreateAccount { settings, concurrency: Some(1), ..CreateAccount::new(name, "webhook") };
    app.create_account(create).expect("an account").id
}

/// A webhook account that any number of nodes may ask at once.
pub fn wide(app: &App, name: &str, url: &str) -> AccountId {
    let create = CreateAccount {
        settings: json!({"url": url}),
        concurrency: Some(1024),
        ..CreateAccount::new(name, "webhook")
    };
    app.create_account(create).expect("an account").id
}

pub fn webhook(app: &App, name: &str, url: &str) -> AccountId {
    account(app, name, "webhook", json!({"url": url}))
}

/// A content of this title, due at once on the account.
pub fn add(app: &App, title: &str, account: AccountId) -> EntryId {
    add_as(app, title, account, |addition| addition)
}

pub fn add_at(app: &App, title: &str, account: AccountId, at: Timestamp) -> EntryId {
    add_as(app, title, account, |addition| Addition { scheduled_at: Some(at), ..addition })
}

pub fn add_as(
    app: &App,
    title: &str,
    account: AccountId,
    change: impl FnOnce(Addition) -> Addition,
) -> EntryId {
    let content = app.create_content(CreateContent::new(title, "# x")).expect("a content");
    let addition = change(Addition { account: Some(account), ..Addition::of(content.id) });
    app.add_to_pool(addition).expect("an entry").id
}

/// Many contents with an entry each, in one transaction.
pub struct AddMany {
    pub count: usize,
    pub account: AccountId,
    pub at: Option<Timestamp>,
}

impl Operation for AddMany {
    type Output = ();
    const ACCESS: Access = Access::Write;

    fn run(self, conn: &mut DbConnection, cx: &Context, now: Timestamp) -> Result<(), OperationError> {
        let mut items = Vec::with_capacity(self.count);
        for number in 0..self.count {
            let content = CreateContent::new(format!("Post {number}"), "# x").run(conn, cx, now)?;
            items.push(Addition {
                account: Some(self.account),
                scheduled_at: self.at,
                ..Addition::of(content.id)
            });
        }
        BatchAdd { items, on_conflict: OnConflict::Fail }.run(conn, cx, now).map(drop)
    }
}

pub fn entry(app: &App, id: EntryId) -> EntryView {
    app.entry(id).expect("an entry")
}

/// The newest 200 entries.
pub fn entries(app: &App) -> Vec<EntryView> {
    let paging = Paging::new(None, Some(200)).expect("a page");
    app.entries(EntryFilter::default(), paging).expect("entries").items
}

/// The attempts of an entry, oldest first.
pub fn attempts(app: &App, id: EntryId) -> Vec<LogView> {
    let paging = Paging::new(None, Some(200)).expect("a page");
    let filter = LogFilter { entry: Some(id), ..LogFilter::default() };
    let mut rows = app.publish_log(filter, paging).expect("a log").items;
    rows.reverse();
    rows
}

/// The run that played claims are for.
pub const PLAYED_RUN: ExecutionId = ExecutionId(1_000_000);

/// Claims an entry by hand. Its run is open only meanwhile: nothing of it calls a node to work.
pub fn played_claims(conn: &mut DbConnection, who: Claimant<'_>, entry: EntryId) -> Vec<Claim> {
    const OPEN: &str = "INSERT INTO executions (id, task_id, rule, triggered_by, status, created_at, started_at) \
        VALUES (1000000, 1000000, 'by_hand', 'api', 'running', 0, 0) \
        ON CONFLICT (id) DO UPDATE SET status = 'running', claiming = TRUE";
    const CLOSED: &str = "UPDATE executions SET status = 'succeeded', claiming = FALSE WHERE id = 1000000";
    let taken = conn.write(|conn| {
        conn.batch_execute(OPEN)?;
        let taken = claim::take(conn, who, &[(entry, Some(PLAYED_RUN))])?;
        conn.batch_execute(CLOSED)?;
        Ok::<_, DbError>(taken)
    });
    taken.expect("claimed")
}

/// The runs of a task, oldest first.
pub fn runs(app: &App, task: TaskId) -> Vec<ExecutionView> {
    let paging = Paging::new(None, Some(200)).expect("a page");
    let mut rows = app.executions(task, paging).expect("runs").items;
    rows.reverse();
    rows
}

/// Runs a task now, in this process. A run that does not end ends the test program: there is no other way out of it.
pub fn report_of(app: &App, task: TaskId) -> Report {
    let (ended, waiting) = mpsc::channel::<()>();
    let watchdog = thread::spawn(move || {
        if waiting.recv_timeout(3 * SOON) == Err(RecvTimeoutError::Timeout) {
            // Not by `eprintln`, which a test keeps to itself until its end.
            let _ = writeln!(stderr(), "a run of task {task} did not end within {:?}", 3 * SOON);
            std::process::abort();
        }
    });
    let report = app.run_task(task);
    drop(ended);
    watchdog.join().expect("the watchdog");
    report.expect("a report")
}

/// Nothing is on the wire.
#[track_caller]
pub fn nothing_is_publishing(app: &App) {
    let stats = app.run(GetStats { account: None }).expect("numbers");
    assert_eq!(stats.publishing, 0, "{stats:?}");
}

/// Waits until `look` finds something; panics with `what` where it does not in time.
#[track_caller]
pub fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + SOON;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "within {SOON:?} it was not seen that {what}");
        sleep(Duration::from_millis(5));
    }
}
