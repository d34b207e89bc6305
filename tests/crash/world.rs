//! One case's world: a database, a receiver, an account between the two, and entries enough to keep any node busy.

use crate::judge::{self, Class, Entry, POST, TakenBack, Verdict};
use crate::node::{self, At, Work};
use crate::process::{Process, until};
use crate::receiver::Receiver;
use crate::seeds::Rng;
use crate::support::app::AddMany;
use crate::support::postgres;
use contenthub::db::connection::{DbConnection, connect};
use contenthub::db::database_url::DatabaseUrl;
use contenthub::{AccountId, App, CreateAccount, CreateTask, TaskId, Timestamp};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Nullable, Text};
use serde_json::json;
use std::collections::HashSet;
use std::fs::{File, TryLockError};
use std::path::PathBuf;
use std::process::Command;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// So many entries wait at the least when a node is started.
const BACKLOG: usize = 1000;
/// The same where an entry takes three requests and five commits.
const BACKLOG_OF_STEPS: usize = 150;
/// Of these as many have not been begun: a node that is to die at a step gets there.
const FRESH: usize = 75;
/// As long as nothing at all changes, the end of a case is waited for.
const STANDSTILL: Duration = Duration::from_secs(60);
/// Leases are the shortest there are.
pub const LEASE: Duration = Duration::from_secs(2);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    Sqlite,
    Postgres,
}

/// Which program plays the node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// `contenthub`, as users run it.
    Product,
    /// This one: it knows the test platforms, and can end itself at a named point.
    Ours,
}

pub struct World {
    pub database: Database,
    pub receiver: Receiver,
    pub rng: Rng,
    /// What was taken back from nodes that stood still.
    pub taken_back: TakenBack,
    class: Class,
    program: Program,
    dir: TempDir,
    url: DatabaseUrl,
    app: App,
    conn: DbConnection,
    account: AccountId,
    by_hand: TaskId,
    added: usize,
    started: usize,
}

#[derive(QueryableByName)]
struct EntryRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = BigInt)]
    content_id: i64,
    #[diesel(sql_type = Text)]
    idempotency_key: String,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = Nullable<Text>)]
    error_code: Option<String>,
}

#[derive(QueryableByName)]
struct HeldRow {
    #[diesel(sql_type = Text)]
    idempotency_key: String,
    #[diesel(sql_type = Integer)]
    attempt: i32,
}

#[derive(QueryableByName)]
struct Lost {
    #[diesel(sql_type = Text)]
    message: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// A fire of a task.
#[derive(Debug, Clone, Copy)]
pub struct Firing {
    task: TaskId,
    due: Timestamp,
}

/// Attempts that some node holds: key and number.
pub type Held = HashSet<(String, i64)>;

impl World {
    pub fn new(database: Database, class: Class, program: Program, rng: Rng) -> Self {
        let dir = tempfile::Builder::new().prefix("contenthub-crash-").tempdir().expect("a folder");
        let url = match database {
            Database::Sqlite => DatabaseUrl::in_data_dir(dir.path()),
            Database::Postgres => postgres::fresh_database(),
        };
        let receiver = Receiver::start();
        let app = node::open(dir.path(), &url, LEASE.as_secs());
        let (platform, settings) = match class {
            Class::Keyed => ("webhook", json!({"url": receiver.url(POST)})),
            Class::Blind => ("webhook", json!({"url": receiver.url(POST), "deduplicates": false})),
            Class::Detects => ("detecting", json!({"url": receiver.url("")})),
            Class::Steps => ("stepwise", json!({"url": receiver.url("")})),
        };
        let concurrency = Some(1024);
        let account = CreateAccount { settings, concurrency, ..CreateAccount::new("receiver", platform) };
        let account = app.create_account(account).expect("an account").id;
        let by_hand = app.create_task(CreateTask::every("by hand", 3600)).expect("a task").id;
        let conn = connect(&url).expect("a connection");
        let (added, started, taken_back) = (0, 0, TakenBack::new());
        World {
            database,
            receiver,
            rng,
            taken_back,
            class,
            program,
            dir,
            url,
            app,
            conn,
            account,
            by_hand,
            added,
            started,
        }
    }

    pub fn by_hand(&self) -> Work {
        Work::Trigger(self.by_hand)
    }

    pub fn added(&self) -> usize {
        self.added
    }

    /// Keeps the logs and the database of a case that went wrong.
    pub fn keep(self) -> PathBuf {
        self.dir.keep()
    }

    /// Starts a process; with `at`, one that ends itself there.
    pub fn start(&mut self, work: Work, at: Option<At>) -> Process {
        let lease = LEASE.as_secs();
        let command = if self.program == Program::Ours || at.is_some() {
            let mut command = Command::new(std::env::current_exe().expect("this program"));
            command.args(node::arguments(work, self.dir.path(), &self.url, lease, at));
            command
        } else {
            let mut command = Command::new(env!("CARGO_BIN_EXE_contenthub"));
            match work {
                Work::Serve => command.args(["serve", "--listen", "127.0.0.1:0"]),
                Work::Trigger(task) => {
                    command.args(["scheduler", "trigger", &task.to_string(), "--output", "json"])
                }
            };
            command.arg("--data-dir").arg(self.dir.path());
            command.args([
                "--database-url",
                &node::text_of(&self.url),
                "--lease-seconds",
                &lease.to_string(),
            ]);
            command
        };
        self.started += 1;
        Process::start(command, &self.dir.path().join(format!("process-{:03}.log", self.started)))
    }

    /// Adds entries until `times` the usual backlog waits.
    pub fn top_up(&mut self, times: usize) {
        let waiting = self.waiting();
        let (backlog, fresh) = match self.class {
            Class::Steps => (BACKLOG_OF_STEPS, FRESH),
            _ => (BACKLOG, 0),
        };
        // Of those that were begun the first step may be done.
        let begun_none = "SELECT count(*) FROM publish_pool WHERE status = 'pending' AND attempt = 0";
        let too_few_fresh = fresh - self.count(begun_none).min(fresh);
        let count = (backlog * times).saturating_sub(waiting).max(too_few_fresh);
        if count > 0 {
            let many = AddMany { count, account: self.account, at: None };
            self.app.run(many).expect("entries");
            self.added += count;
        }
    }

    /// A task that fires once an hour, and is due.
    pub fn due_task(&mut self, name: String) -> Firing {
        let due = self.app.now();
        let task = CreateTask { next_run: Some(due.into()), ..CreateTask::every(name, 3600) };
        Firing { task: self.app.create_task(task).expect("a task").id, due }
    }

    /// Whether it has still to fire.
    pub fn is_to_come(&mut self, firing: Firing) -> bool {
        let Firing { task, due } = firing;
        self.count(&format!(
            "SELECT count(*) FROM scheduled_tasks WHERE id = {task} AND next_run = {}",
            due.micros()
        )) == 1
    }

    /// The runs of its task: all, those that are for this fire, and of these those that are over.
    pub fn runs(&mut self, firing: Firing) -> [usize; 3] {
        let Firing { task, due } = firing;
        let all = format!("SELECT count(*) FROM executions WHERE task_id = {task}");
        let own = format!("{all} AND fire_time = {}", due.micros());
        let over = format!("{own} AND status IN ('succeeded', 'interrupted')");
        [all, own, over].map(|select| self.count(&select))
    }

    /// What is claimed now, by whomever.
    pub fn held(&mut self) -> Held {
        held(&mut self.conn)
    }

    /// Nodes whose claims were taken back though they are alive: their lock is held (SQLite).
    pub fn robbed(&mut self) -> Vec<String> {
        let DatabaseUrl::Sqlite(path) = &self.url else { return Vec::new() };
        let select =
            "SELECT DISTINCT error_message AS message FROM publish_logs WHERE error_code = 'node_lost'";
        let rows: Vec<Lost> = diesel::sql_query(select).load(&mut self.conn).expect("what was lost");
        let mut nodes: Vec<String> =
            rows.iter().filter_map(|row| row.message.split(' ').nth(1)).map(str::to_owned).collect();
        nodes.retain(|node| {
            let lock = format!("{}.nodes/{node}.lock", path.display());
            File::open(lock).is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
        });
        nodes
    }

    /// Looks beside everything else until nothing of `before` is held any more, and gives back when that was seen; none
    /// where something still is after `limit`.
    pub fn watch_release(&self, before: &Held, limit: Duration) -> JoinHandle<Option<Instant>> {
        let (url, before) = (self.url.clone(), before.clone());
        std::thread::spawn(move || {
            let mut conn = connect(&url).expect("a connection");
            until(limit, || held(&mut conn).is_disjoint(&before).then(Instant::now))
        })
    }

    /// How many entries wait to be claimed.
    pub fn waiting(&mut self) -> usize {
        self.count("SELECT count(*) FROM publish_pool WHERE status = 'pending'")
    }

    /// How many entries have not found their end.
    pub fn open(&mut self) -> usize {
        self.count("SELECT count(*) FROM publish_pool WHERE status IN ('pending', 'publishing')")
    }

    /// Waits until each entry has found its end, as long as there is any progress.
    pub fn wait_until_done(&mut self) {
        let (mut open, mut changed) = (self.open(), Instant::now());
        while open > 0 && changed.elapsed() < STANDSTILL {
            std::thread::sleep(Duration::from_millis(20));
            let now = self.open();
            if now != open {
                (open, changed) = (now, Instant::now());
            }
        }
    }

    /// Runs that somebody asked for and that are open though nothing is left to do. They get a while to be closed.
    pub fn open_runs(&mut self) -> usize {
        const OPEN: &str =
            "SELECT count(*) FROM executions WHERE status IN ('queued', 'running') AND rule <> 'on_due'";
        until(Duration::from_secs(20), || (self.count(OPEN) == 0).then_some(()));
        self.count(OPEN)
    }

    fn count(&mut self, select: &str) -> usize {
        let select = select.replace("count(*)", "count(*) AS count");
        let count: Count = diesel::sql_query(select).get_result(&mut self.conn).expect("a number");
        usize::try_from(count.count).expect("a number of rows")
    }

    /// The database's word against the receiver's.
    pub fn judge(&mut self) -> Verdict {
        let select = "SELECT p.id, p.content_id, p.idempotency_key, p.status, l.error_code \
            FROM publish_pool AS p LEFT JOIN publish_logs AS l ON l.id = p.log_id";
        let rows: Vec<EntryRow> = diesel::sql_query(select).load(&mut self.conn).expect("entries");
        let entry = |row: EntryRow| Entry {
            id: row.id,
            content: row.content_id,
            key: row.idempotency_key,
            status: row.status,
            error_code: row.error_code,
        };
        let entries: Vec<Entry> = rows.into_iter().map(entry).collect();
        let arrivals = self.receiver.arrivals();
        let mut verdict = judge::judge(self.class, self.added, &entries, &arrivals, &self.taken_back);
        let remembered = self.count("SELECT count(*) FROM published_contents");
        let published = entries.iter().filter(|entry| entry.status == "published").count();
        if remembered != published {
            verdict.lost += remembered.abs_diff(published);
            verdict.faults.push(format!("lost: {published} are published, {remembered} remembered"));
        }
        verdict
    }
}

fn held(conn: &mut DbConnection) -> Held {
    let select = "SELECT idempotency_key, attempt FROM publish_pool \
        WHERE status = 'publishing' AND claimed_by IS NOT NULL";
    let rows: Vec<HeldRow> = diesel::sql_query(select).load(conn).expect("what is held");
    rows.into_iter().map(|row| (row.idempotency_key, i64::from(row.attempt))).collect()
}
