//! Additions that wait at the same moment share a commit on SQLite; each has its own answer and its own error.

use crate::support::app::SOON;
use contenthub::actors::db::DbHandle;
use contenthub::actors::system_clock::SystemClock;
use contenthub::db::connection::{DbConnection, DbError, Patience};
use contenthub::db::database_url::DatabaseUrl;
use contenthub::db::kept::pool;
use contenthub::db::unusable::Away;
use contenthub::domain::clock::Timestamp;
use contenthub::domain::ids::ContentId;
use contenthub::operations::content::ListContents;
use contenthub::operations::pool::AddToPool;
use contenthub::operations::{Access, Context, Operation, OperationError};
use contenthub::{Addition, App, CreateAccount, CreateContent, EntryFilter, Paging, Settings};
use diesel::connection::SimpleConnection;
use futures_util::future::{join, join_all, join3, join4, join5};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

const CROWD: usize = 20;

/// Holds the only thread that writes, until it is told to go.
struct Held {
    here: Sender<()>,
    go: Receiver<()>,
}

impl Operation for Held {
    type Output = ();
    const ACCESS: Access = Access::Write;

    fn run(self, _: &mut DbConnection, _: &Context, _: Timestamp) -> Result<(), OperationError> {
        self.here.send(()).expect("somebody waits for it");
        self.go.recv_timeout(SOON).expect("it may go");
        Ok(())
    }
}

/// Writes a content, and then breaks.
struct Breaking(fn(&mut DbConnection) -> Result<(), OperationError>);

impl Operation for Breaking {
    type Output = ();
    const ACCESS: Access = Access::Write;
    const TOGETHER: bool = true;

    fn run(self, conn: &mut DbConnection, cx: &Context, now: Timestamp) -> Result<(), OperationError> {
        CreateContent::new("broken", "x").run(conn, cx, now)?;
        (self.0)(conn)
    }
}

struct World {
    app: App,
    db: DbHandle,
    content: ContentId,
    _dir: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let app = App::open(Settings::in_dir(dir.path()).expect("settings")).expect("opened");
        app.create_account(CreateAccount::new("blog", "folder")).expect("an account");
        let content = app.create_content(CreateContent::new("Hello", "x")).expect("a content").id;
        let url = DatabaseUrl::Sqlite(dir.path().join("contenthub.db"));
        let pool = pool(&url, DbHandle::CONNECTIONS, Patience::Server);
        let db = DbHandle::start(pool, app.context().clone(), Arc::new(SystemClock::new()), true);
        World { app, db, content, _dir: dir }
    }

    /// What is asked while the thread that writes is held waits together.
    async fn while_held<T>(&self, asked: impl Future<Output = T>) -> T {
        let ((here, came), (go, gone)) = (channel(), channel());
        let db = self.db.clone();
        let held = actix_rt::spawn(async move { db.perform(Held { here, go: gone }).await });
        while came.try_recv().is_err() {
            actix_rt::task::yield_now().await;
        }
        let free = async {
            // Each of the others has been asked by the time that this is.
            actix_rt::task::yield_now().await;
            go.send(()).expect("it waits");
        };
        let (answers, ()) = join(asked, free).await;
        held.await.expect("no panic").expect("written");
        answers
    }

    fn contents(&self) -> BTreeSet<String> {
        let paging = Paging::new(None, Some(200)).expect("a page");
        let page = self.app.run(ListContents { filter: Default::default(), paging }).expect("a list");
        page.items.into_iter().map(|content| content.title).collect()
    }
}

fn in_world(test: impl AsyncFnOnce(World)) {
    actix_rt::System::new().block_on(test(World::new()));
}

#[test]
fn what_waits_at_the_same_moment_shares_a_commit_and_each_has_its_own_answer() {
    in_world(async |world| {
        let add = |id| world.db.perform(AddToPool(Addition { again: true, ..Addition::of(id) }));
        let good = join_all(
            (0..CROWD).map(|number| world.db.perform(CreateContent::new(format!("content {number}"), "x"))),
        );
        let missing = add(ContentId(999));
        let first = add(world.content);
        let twice = add(world.content);
        let broken = world.db.perform(Breaking(|_| panic!("on purpose")));
        let late = world.db.perform(CreateContent::new("after all of them", "x"));
        let ((good, missing, first, twice, broken), late) =
            world.while_held(join(join5(good, missing, first, twice, broken), late)).await;
        let mut made = BTreeSet::new();
        for (number, content) in good.into_iter().enumerate() {
            let content = content.expect("made");
            assert_eq!(content.title, format!("content {number}"), "each has its own answer");
            made.insert(content.created_at);
        }
        made.insert(late.expect("made").created_at);
        made.insert(first.expect("added").row.due_at);
        assert_eq!(made.len(), 1, "they share a transaction, and its time");
        assert_eq!(missing.expect_err("refused").code(), "not_found");
        assert_eq!(twice.expect_err("refused").code(), "already_in_pool");
        assert!(matches!(broken, Err(OperationError::Internal(_))), "{broken:?}");
        let contents = world.contents();
        assert!(!contents.contains("broken"), "what broke is undone: {contents:?}");
        assert_eq!(contents.len(), CROWD + 2, "{contents:?}");
        let entries = world.app.entries(EntryFilter::default(), Paging::new(None, None).expect("a page"));
        assert_eq!(entries.expect("a list").total, 1);
    });
}

#[test]
fn where_the_database_fails_all_are_told_and_nothing_is_left() {
    in_world(async |world| {
        let before = world.contents();
        let full = |_: &mut DbConnection| {
            Err(DbError::Away(Away::Said("database or disk is full".to_owned())).into())
        };
        let make = |title: &str| world.db.perform(CreateContent::new(title, "x"));
        let refused = world.db.perform(AddToPool(Addition::of(ContentId(999))));
        let broken = world.db.perform(Breaking(full));
        let (one, refused, broken, other) =
            world.while_held(join4(make("one"), refused, broken, make("other"))).await;
        for failed in [one, other] {
            assert_eq!(failed.expect_err("undone").code(), "database_unavailable", "it may be asked again");
        }
        assert_eq!(refused.expect_err("refused").code(), "not_found", "its own fault stays its own");
        assert!(matches!(broken, Err(OperationError::Db(_))), "{broken:?}");
        assert_eq!(world.contents(), before);
        world.db.perform(CreateContent::new("afterwards", "x")).await.expect("the next are served");
    });
}

#[test]
fn a_statement_that_is_refused_is_the_fault_of_its_own_operation() {
    in_world(async |world| {
        let refuse = |conn: &mut DbConnection| {
            Ok(conn.batch_execute("SELECT * FROM no_such_table").map_err(DbError::from)?)
        };
        let make = |title: &str| world.db.perform(CreateContent::new(title, "x"));
        let broken = world.db.perform(Breaking(refuse));
        let (one, broken, other) = world.while_held(join3(make("one"), broken, make("other"))).await;
        assert!(matches!(broken, Err(OperationError::Db(DbError::Refused(_)))), "{broken:?}");
        for made in [one, other] {
            made.expect("made");
        }
        assert!(!world.contents().contains("broken"));
    });
}
