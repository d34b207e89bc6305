//! What waits for the database's threads has a bound, however many come: who was refused has left nothing behind that
//! waits in his place. So a crowd costs time, and never memory.

use crate::support::app::SOON;
use contenthub::actors::db::DbHandle;
use contenthub::actors::system_clock::SystemClock;
use contenthub::db::connection::{DbConnection, Patience};
use contenthub::db::database_url::DatabaseUrl;
use contenthub::db::kept::pool;
use contenthub::domain::clock::Timestamp;
use contenthub::operations::{Access, Context, Operation, OperationError};
use contenthub::{App, Settings};
use futures_util::future::join_all;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// As many operations of people may wait or run at once, of each kind; and as many of the engine's.
const OF_PEOPLE: usize = 256;
const OF_THE_ENGINE: usize = 64;
const CROWD: usize = 300;

/// Whoever comes through it waits until it is open.
#[derive(Default)]
struct Door {
    came: AtomicUsize,
    is_open: Mutex<bool>,
    opened: Condvar,
}

impl Door {
    fn open(&self) {
        *self.is_open.lock().expect("nobody panics with it") = true;
        self.opened.notify_all();
    }

    fn pass(&self) {
        self.came.fetch_add(1, Ordering::SeqCst);
        let is_open = self.is_open.lock().expect("nobody panics with it");
        let waited = self.opened.wait_timeout_while(is_open, SOON, |is_open| !*is_open);
        assert!(!waited.expect("nobody panics with it").1.timed_out(), "the door stayed shut");
    }
}

const READS: u8 = 0;
const WRITES: u8 = 1;
const WORKS: u8 = 2;

/// Lives as long as anybody keeps it.
struct Guest<const KIND: u8>(Arc<Door>);

impl<const KIND: u8> Operation for Guest<KIND> {
    type Output = ();
    const ACCESS: Access = match KIND {
        READS => Access::Read,
        WRITES => Access::Write,
        _ => Access::Engine,
    };

    fn run(self, _: &mut DbConnection, _: &Context, _: Timestamp) -> Result<(), OperationError> {
        self.0.pass();
        Ok(())
    }
}

type Asked = actix_rt::task::JoinHandle<Result<(), OperationError>>;

struct Inn {
    db: DbHandle,
    door: Arc<Door>,
}

impl Inn {
    /// On the current actix system, for as long as `dir` is there.
    fn open(dir: &tempfile::TempDir) -> Self {
        let app = App::open(Settings::in_dir(dir.path()).expect("settings")).expect("opened");
        let pool = pool(
            &DatabaseUrl::Sqlite(dir.path().join("contenthub.db")),
            DbHandle::CONNECTIONS,
            Patience::Server,
        );
        let db = DbHandle::start(pool, app.context().clone(), Arc::new(SystemClock::new()), true);
        Inn { db, door: Arc::default() }
    }

    fn ask<const KIND: u8>(&self, count: usize) -> Vec<Asked> {
        let ask = |_| {
            let (db, guest) = (self.db.clone(), Guest::<KIND>(self.door.clone()));
            actix_rt::spawn(async move { db.perform(guest).await })
        };
        (0..count).map(ask).collect()
    }

    /// Until all threads of a kind are at the door.
    async fn are_held(&self, threads: usize) {
        self.until(|inn| inn.door.came.load(Ordering::SeqCst) == threads).await;
    }

    async fn until(&self, is_so: impl Fn(&Inn) -> bool) {
        let deadline = Instant::now() + SOON;
        while !is_so(self) {
            assert!(Instant::now() < deadline, "it did not come to that");
            actix_rt::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// The groups that have turned somebody away, and how many.
    fn refused(&self) -> Vec<(&'static str, usize)> {
        let all = self.db.loads().into_iter();
        let all = all.map(|(group, load)| (group, usize::try_from(load.refused.get()).expect("a count")));
        all.filter(|(_, count)| *count > 0).collect()
    }

    /// Operations that somebody keeps: a thread, or the queue before it.
    fn kept(&self) -> usize {
        Arc::strong_count(&self.door) - 1
    }
}

async fn ends(asked: Vec<Asked>) -> (usize, usize) {
    let ends = actix_rt::time::timeout(SOON, join_all(asked)).await.expect("everybody is told in time");
    let mut counts = (0, 0);
    for end in ends {
        match end.expect("nobody panics") {
            Ok(()) => counts.0 += 1,
            Err(OperationError::Overloaded) => counts.1 += 1,
            Err(other) => panic!("{other}"),
        }
    }
    counts
}

async fn a_crowd_leaves_no_more_behind_than_there_are_permits<const KIND: u8>(threads: usize) {
    let dir = tempfile::tempdir().expect("a folder");
    let inn = Inn::open(&dir);
    let held = inn.ask::<KIND>(threads);
    inn.are_held(threads).await;
    for wave in 1..=2 {
        assert_eq!(ends(inn.ask::<KIND>(CROWD)).await, (0, CROWD), "everybody is told, while nothing moves");
        assert_eq!(inn.kept(), OF_PEOPLE, "after wave {wave}");
        let group = if KIND == READS { "readers" } else { "writers" };
        assert_eq!(inn.refused(), [(group, wave * CROWD)]);
    }
    inn.door.open();
    assert_eq!(ends(held).await, (threads, 0));
    // Those who have gone are not served, and hold up nobody.
    assert_eq!(ends(inn.ask::<KIND>(1)).await, (1, 0));
    inn.until(|inn| inn.kept() == 0).await;
    assert_eq!(inn.door.came.load(Ordering::SeqCst), threads + 1);
}

#[test]
fn a_crowd_of_people_leaves_no_more_behind_than_there_are_permits() {
    actix_rt::System::new().block_on(async {
        // Two threads read. One writes, on SQLite.
        a_crowd_leaves_no_more_behind_than_there_are_permits::<READS>(2).await;
        a_crowd_leaves_no_more_behind_than_there_are_permits::<WRITES>(1).await;
    });
}

/// What has a permit waits for its turn, however long: nobody else does the engine's work. The rest is told soon.
#[test]
fn of_the_engine_as_many_wait_as_there_are_permits_and_the_rest_is_told() {
    actix_rt::System::new().block_on(async {
        let dir = tempfile::tempdir().expect("a folder");
        let inn = Inn::open(&dir);
        let held = inn.ask::<WORKS>(1);
        inn.are_held(1).await;
        let mut crowd = inn.ask::<WORKS>(CROWD);
        // They ask one after the other, so that the first get the permits.
        let rest = crowd.split_off(OF_THE_ENGINE - 1);
        assert_eq!(ends(rest).await, (0, CROWD - OF_THE_ENGINE + 1));
        assert_eq!(inn.kept(), OF_THE_ENGINE);
        assert_eq!(inn.refused(), [("engine", CROWD - OF_THE_ENGINE + 1)]);
        inn.door.open();
        assert_eq!(ends(held).await, (1, 0));
        assert_eq!(ends(crowd).await, (OF_THE_ENGINE - 1, 0));
    });
}
