//! A copy is put back: what went out after it was made does not go out again unless its platform can tell, or a person
//! says so.

mod doubt;

use crate::support::app::*;
use crate::support::clock::SteppedClock;
use crate::support::command::{Cli, Server};
use crate::support::node::TestNode;
use crate::support::on_both;
use crate::support::played::{Calls, Played, What, answers};
use crate::support::stage::problem;
use contenthub::db::backup::{Place, Tools, back_up};
use contenthub::db::connection::connect;
use contenthub::db::database_url::DatabaseUrl;
use contenthub::domain::clock::Clock;
use contenthub::domain::delivery_class::DeliveryClass;
use contenthub::domain::execution::Trigger;
use contenthub::domain::outcome::{Receipt, Seen};
use contenthub::domain::question::LookedUp;
use contenthub::operations::execution::TriggerTask;
use contenthub::operations::pause::ResumePublishing;
use contenthub::operations::restored::RESTORED;
use contenthub::platforms::registry::Registry;
use contenthub::restore::{self, Refused, Restored};
use contenthub::{AccountId, App, EntryId, EntryStatus, TaskId};
use diesel::connection::SimpleConnection;
use futures_util::FutureExt;
use futures_util::future::pending;
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);

fn played(class: DeliveryClass) -> Played {
    Played::new(class, answers([Seen::Accepted(Receipt::default())]))
}

/// A database in use by one program after the other; what it was asked is counted anew for each.
struct Life {
    app: Arc<App>,
    calls: Arc<Calls>,
    task: TaskId,
}

impl Life {
    fn open(url: &DatabaseUrl, dir: &Path, played: Played, clock: &Arc<SteppedClock>) -> Self {
        let calls = played.calls();
        let registry = Registry::default().with(Arc::new(played));
        let app = App::open_with(settings(url, dir), registry, clock.clone()).expect("opened");
        let tasks = app.tasks().expect("tasks");
        let by_hand = tasks.iter().find(|task| task.name == "by hand").map(|task| task.id);
        let task = by_hand.unwrap_or_else(|| task(&app, "by hand"));
        for one in [first_task(&app), task] {
            app.disable_task(one).expect("disabled");
        }
        app.run(ResumePublishing { by: "whoever has looked".to_owned() }).expect("resumed");
        Life { app: Arc::new(app), calls, task }
    }

    fn account(&self) -> AccountId {
        account(&self.app, "stage", "played", json!({}))
    }

    /// Runs the task to its end on a node of its own.
    fn run(&self) {
        let node = TestNode::start(&self.app);
        let run = node.perform(TriggerTask { task: self.task, by: Trigger::Api }).expect("triggered");
        eventually("the run has ended", || {
            runs(&self.app, self.task).into_iter().find(|one| one.id == run)?.report
        });
        drop(node);
    }
}

fn copy_of(url: &DatabaseUrl, dir: &Path, clock: &SteppedClock) -> PathBuf {
    let place = Place::Folder { path: dir.join("copies"), keep: None };
    back_up(url, &place, &Tools::default(), clock.now()).expect("a copy").path
}

/// As a person does it: with `db restore` on SQLite, here on another machine, and with pg_restore and `db restore --after`
/// on PostgreSQL. Gives back where the database is now.
fn put_back(
    url: &DatabaseUrl,
    dir: &Path,
    copy: &Path,
    class: DeliveryClass,
    clock: &SteppedClock,
) -> Result<(DatabaseUrl, Restored), Refused> {
    let registry = Registry::default().with(Arc::new(played(class)));
    let by = "test".to_owned();
    match url {
        DatabaseUrl::Sqlite(_) => {
            let place = DatabaseUrl::Sqlite(dir.join("elsewhere.db"));
            let done = restore::from_file(&settings(&place, dir), registry, clock, copy, by)?;
            assert_eq!(done.kept, None);
            Ok((place, done))
        }
        DatabaseUrl::Postgres(text) => {
            let mut command = Command::new("pg_restore");
            command.args(["--clean", "--if-exists", "--no-owner", "--dbname", text]).arg(copy);
            let done = command.output().expect("pg_restore runs");
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
            let done = restore::after_other_means(&settings(url, dir), registry, clock, by)?;
            Ok((url.clone(), done))
        }
    }
}

/// An entry that went out after the database was copied, and the database as the copy was put back.
struct PutBack {
    url: DatabaseUrl,
    clock: Arc<SteppedClock>,
    due: EntryId,
    /// Due an hour later.
    later: EntryId,
    key: String,
    restored: Restored,
}

impl PutBack {
    fn new(url: &DatabaseUrl, dir: &Path, class: DeliveryClass) -> Self {
        let clock = Arc::new(SteppedClock::standing());
        let life = Life::open(url, dir, played(class), &clock);
        let stage = life.account();
        let due = add(&life.app, "due", stage);
        let later = add_at(&life.app, "later", stage, clock.now() + HOUR);
        let copy = copy_of(url, dir, &clock);
        life.run();
        assert_eq!(entry(&life.app, due).status, EntryStatus::Published);
        let key = life.calls.all()[0].key.clone();
        let lost = add(&life.app, "added after the copy", stage);
        drop(life);
        let (url, restored) = put_back(url, dir, &copy, class, &clock).expect("restored");
        let app = Life::open(&url, dir, played(class), &clock).app;
        assert!(app.entry(lost).is_err(), "it is not in the copy");
        let said = attempts(&app, due).pop().expect("the guard's row");
        assert_eq!((said.error_code.as_deref(), said.said_by.as_deref()), (Some(RESTORED), Some("test")));
        assert!(attempts(&app, later).is_empty());
        PutBack { url, clock, due, later, key, restored }
    }
}

#[test]
fn a_platform_that_knows_our_key_sees_the_same_one() {
    on_both(|url, dir| {
        let PutBack { url, clock, due, later, key, restored } = PutBack::new(url, dir, DeliveryClass::Keyed);
        let counts = restored.guarded;
        assert_eq!((counts.uncertain, counts.unproven, counts.due_later), (0, 1, 1));
        let life = Life::open(&url, dir, played(DeliveryClass::Keyed), &clock);
        assert!(entry(&life.app, due).unproven);
        life.run();
        let asked = life.calls.all();
        assert_eq!(asked.len(), 1);
        assert_eq!(
            (asked[0].what, asked[0].entry, &asked[0].key, asked[0].revision),
            (What::Publish, due, &key, 1)
        );
        assert_eq!(entry(&life.app, due).status, EntryStatus::Published);
        assert_eq!(entry(&life.app, later).status, EntryStatus::Pending);
        clock.forward(HOUR);
        life.run();
        assert_eq!(entry(&life.app, later).status, EntryStatus::Published);
    });
}

#[test]
fn a_platform_that_can_be_asked_is_asked_before_anything_is_sent() {
    on_both(|url, dir| {
        let class = DeliveryClass::Detects;
        let PutBack { url, clock, due, restored, .. } = PutBack::new(url, dir, class);
        assert_eq!((restored.guarded.uncertain, restored.guarded.unproven), (0, 1));
        let there = played(class).looked_up(answers([LookedUp::There(Receipt::default())]));
        let life = Life::open(&url, dir, there, &clock);
        life.run();
        assert_eq!(life.calls.of(due), [], "what was sent last may not be found yet");
        clock.forward(Duration::from_secs(61));
        let node = TestNode::start(&life.app);
        eventually("it was looked up", || {
            (entry(&life.app, due).status == EntryStatus::Published).then_some(())
        });
        drop(node);
        assert_eq!(life.calls.of(due), [What::LookUp]);
    });
}

#[test]
fn of_a_platform_that_cannot_tell_a_person_is_asked() {
    on_both(|url, dir| {
        let PutBack { url, clock, due, later, restored, .. } = PutBack::new(url, dir, DeliveryClass::Blind);
        let counts = restored.guarded;
        assert_eq!((counts.uncertain, counts.unproven, counts.due_later), (1, 0, 1));
        let life = Life::open(&url, dir, played(DeliveryClass::Blind), &clock);
        clock.forward(HOUR);
        life.run();
        assert_eq!(life.calls.of(due), []);
        assert_eq!(life.calls.of(later), [What::Publish]);
        let due = entry(&life.app, due);
        assert_eq!(due.status, EntryStatus::Uncertain);
        assert!(due.last_error.is_some_and(|said| said.contains("a copy that was put back")));
    });
}

#[test]
fn what_was_on_the_wire_when_it_was_copied_is_in_doubt_too() {
    on_both(|url, dir| {
        for class in [DeliveryClass::Keyed, DeliveryClass::Blind] {
            let dir = &dir.join(format!("{class:?}"));
            fs::create_dir(dir).expect("a folder");
            let url = &match url {
                DatabaseUrl::Sqlite(_) => DatabaseUrl::in_data_dir(dir),
                DatabaseUrl::Postgres(_) => crate::support::postgres::fresh_database(),
            };
            let clock = Arc::new(SteppedClock::standing());
            let life = Life::open(url, dir, Played::new(class, |_| pending().boxed_local()), &clock);
            let id = add(&life.app, "hanging", life.account());
            let node = TestNode::start(&life.app);
            node.perform(TriggerTask { task: life.task, by: Trigger::Api }).expect("triggered");
            eventually("it is on the wire", || (life.calls.of(id) == [What::Publish]).then_some(()));
            let copy = copy_of(url, dir, &clock);
            drop(node);
            drop(life);
            let url = &match url {
                DatabaseUrl::Postgres(_) => {
                    // The copy says that its node was seen a moment ago.
                    let refused =
                        put_back(url, dir, &copy, class, &clock).expect_err("it may live").to_string();
                    assert!(refused.contains("was seen"), "{refused}");
                    connect(url)
                        .expect("connected")
                        .batch_execute("DELETE FROM nodes")
                        .expect("as time does");
                    let registry = Registry::default().with(Arc::new(played(class)));
                    let by = "test".to_owned();
                    restore::after_other_means(&settings(url, dir), registry, &*clock, by).expect("restored");
                    url.clone()
                }
                DatabaseUrl::Sqlite(_) => put_back(url, dir, &copy, class, &clock).expect("restored").0,
            };
            let life = Life::open(url, dir, played(class), &clock);
            let expected = match class {
                DeliveryClass::Blind => EntryStatus::Uncertain,
                DeliveryClass::Keyed | DeliveryClass::Detects => EntryStatus::Pending,
            };
            let found = entry(&life.app, id);
            assert_eq!((found.status, found.unproven), (expected, true), "{class:?}");
        }
    });
}

#[test]
fn what_was_not_approved_is_not_sent_by_itself() {
    on_both(|url, dir| {
        let class = DeliveryClass::Keyed;
        let clock = Arc::new(SteppedClock::standing());
        let life = Life::open(url, dir, played(class), &clock);
        let id = add(&life.app, "draft", life.account());
        let sql = "UPDATE publish_pool SET held = TRUE; UPDATE contents SET review_status = 'draft'";
        connect(url).expect("connected").batch_execute(sql).expect("a draft");
        let copy = copy_of(url, dir, &clock);
        drop(life);
        let (url, restored) = put_back(url, dir, &copy, class, &clock).expect("restored");
        assert_eq!(restored.guarded.uncertain, 1);
        let life = Life::open(&url, dir, played(class), &clock);
        life.run();
        assert_eq!((entry(&life.app, id).status, life.calls.all().len()), (EntryStatus::Uncertain, 0));
    });
}

/// A database in a data directory, with a copy of it.
fn copied(dir: &Path) -> (Cli, String) {
    let cli = Cli::in_dir(dir);
    cli.ok(&["account", "create", "site", "--platform", "folder"]);
    let copy = cli.json(&["db", "backup"])["path"].as_str().expect("a path").to_owned();
    (cli, copy)
}

#[test]
fn the_file_that_was_there_is_kept_whole() {
    let dir = tempfile::tempdir().expect("a folder");
    let (cli, copy) = copied(dir.path());
    cli.ok(&["account", "create", "later", "--platform", "folder"]);
    let told = cli.json(&["db", "restore", &copy]);
    let names = |cli: &Cli| {
        let list = cli.json(&["account", "list"]);
        let items = list["items"].as_array().cloned().unwrap_or_default();
        items.iter().map(|it| it["name"].as_str().unwrap_or("?").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&cli), ["site"]);
    assert_eq!(told["entries"]["tasks_disabled"], json!([]));
    assert!(cli.ok(&["status"]).contains("publishing is paused"));
    assert!(cli.ok(&["scheduler", "resume"]).starts_with("Publishing goes on"));
    let kept = dir.path().join(told["kept"].as_str().expect("kept"));
    let before = cli.clone().env("CONTENTHUB_DATABASE_URL", &format!("sqlite:{}", kept.display()));
    let mut both = names(&before);
    both.sort();
    assert_eq!(both, ["later", "site"]);
    let left: Vec<String> = fs::read_dir(dir.path().join("data"))
        .expect("a folder")
        .flatten()
        .map(|it| it.file_name().to_string_lossy().into_owned())
        .filter(|name| name.contains("restoring"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_damaged_file_is_replaced_and_kept() {
    let dir = tempfile::tempdir().expect("a folder");
    let (cli, copy) = copied(dir.path());
    let database = dir.path().join("data/contenthub.db");
    fs::write(&database, "not a database at all").expect("damaged");
    fs::write(dir.path().join("data/contenthub.db-journal"), "nor its journal").expect("written");
    let told = cli.json(&["db", "restore", &copy]);
    let kept = dir.path().join(told["kept"].as_str().expect("kept"));
    assert_eq!(fs::read_to_string(&kept).expect("kept"), "not a database at all");
    assert!(!dir.path().join("data/contenthub.db-journal").exists());
    cli.ok(&["db", "check"]);
}

#[test]
fn it_is_refused_while_anybody_is_there() {
    let dir = tempfile::tempdir().expect("a folder");
    let (cli, copy) = copied(dir.path());
    let before = fs::read(dir.path().join("data/contenthub.db")).expect("read");
    let server = Server::start(&cli, &[]);
    let told = cli.run(&["db", "restore", &copy]).expect_code(1).stderr;
    assert!(told.contains("nothing was changed") && told.contains("contenthub serve` (pid "), "{told}");
    drop(server);
    let url = DatabaseUrl::Sqlite(dir.path().join("data/contenthub.db"));
    let mut conn = connect(&url).expect("connected");
    conn.batch_execute("SELECT 1 FROM meta").expect("open");
    let told = cli.run(&["db", "restore", &copy]).expect_code(1).stderr;
    assert!(told.contains("another command or program has it open"), "{told}");
    drop(conn);
    assert!(!before.is_empty());
    cli.ok(&["db", "restore", &copy]);
}

#[test]
fn what_does_not_fit_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let (cli, copy) = copied(dir.path());
    let refused = |cli: &Cli, file: &str, says: &str| {
        let told = cli.run(&["db", "restore", file]).expect_code(1).stderr;
        assert!(told.contains(says), "{file}: {told}");
    };
    fs::write(dir.path().join("text"), "x".repeat(100)).expect("written");
    refused(&cli, "text", "it is not a SQLite database");
    refused(&cli, "nowhere", "No such file");
    refused(&cli, "data/contenthub.db", "it is the database itself");
    let sqlite = |name: &str, sql: &str| {
        let path = dir.path().join(name);
        fs::copy(dir.path().join(&copy), &path).expect("copied");
        let mut conn = connect(&DatabaseUrl::Sqlite(path)).expect("connected");
        conn.batch_execute(sql).expect(sql);
    };
    sqlite("newer", "INSERT INTO __diesel_schema_migrations (version) VALUES ('99991231000000')");
    refused(&cli, "newer", "is newer than this program knows");
    sqlite("other-key", "INSERT INTO meta (key, value) VALUES ('secret_key_fingerprint', 'abcd')");
    refused(&cli, "other-key", "sealed with another key (fingerprint abcd)");
    let key = dir.path().join("data/secret.key");
    fs::rename(&key, dir.path().join("key")).expect("moved");
    refused(&cli, "other-key", "put the secret.key of that installation into data");
    assert!(!key.exists(), "none was made");
    cli.ok(&["db", "restore", &copy]);
}
