//! Reads that several ask for at once are answered together, and never with what was read before one of them asked.

use crate::support::app::SOON;
use contenthub::actors::db::DbHandle;
use contenthub::actors::shared_reads::SharedReads;
use contenthub::actors::system_clock::SystemClock;
use contenthub::db::connection::{DbConnection, Patience};
use contenthub::db::database_url::DatabaseUrl;
use contenthub::db::kept::pool;
use contenthub::domain::clock::Timestamp;
use contenthub::operations::broken::Broken;
use contenthub::operations::{Access, Context, Operation, OperationError};
use contenthub::{App, Settings};
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

/// A read that is held until the test lets it go; its answer is its number.
#[derive(Clone)]
struct Held(Arc<Gate>);

struct Gate {
    reads: AtomicUsize,
    began: Sender<usize>,
    go: Mutex<Receiver<bool>>,
}

impl PartialEq for Held {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Held {}

impl Hash for Held {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl Operation for Held {
    type Output = usize;
    const ACCESS: Access = Access::Read;

    fn run(self, _: &mut DbConnection, _: &Context, _: Timestamp) -> Result<usize, OperationError> {
        let number = self.0.reads.fetch_add(1, Ordering::SeqCst) + 1;
        self.0.began.send(number).expect("the test listens");
        let well = self.0.go.lock().expect("held").recv_timeout(SOON).expect("let go");
        if well { Ok(number) } else { Err(Broken::Said("as the test wants it".to_owned()).into()) }
    }
}

#[test]
fn who_asks_during_a_read_waits_for_the_next_one_and_shares_it() {
    let dir = tempfile::tempdir().expect("a directory");
    let app = App::open(Settings::in_dir(dir.path()).expect("settings")).expect("opened");
    let (began, begins) = channel();
    let (let_go, go) = channel();
    let held = Held(Arc::new(Gate { reads: AtomicUsize::new(0), began, go: Mutex::new(go) }));
    actix_rt::System::new().block_on(async {
        let url = DatabaseUrl::Sqlite(dir.path().join("contenthub.db"));
        let pool = pool(&url, DbHandle::CONNECTIONS, Patience::Server);
        let db = DbHandle::start(pool, app.context().clone(), Arc::new(SystemClock::new()), true);
        let reads = SharedReads::new(db);
        let ask = || {
            let (reads, held) = (reads.clone(), held.clone());
            actix_rt::spawn(async move { reads.ask(held).await.map(|number| *number).ok() })
        };
        let begun = |number: usize| {
            let got = begins.recv_timeout(SOON).expect("a read begins");
            assert_eq!(got, number);
        };
        let first = ask();
        // On this thread tasks run in turn: after these both are inside.
        actix_rt::task::yield_now().await;
        begun(1);
        let others = [ask(), ask(), ask()];
        actix_rt::task::yield_now().await;
        let_go.send(true).expect("a read");
        assert_eq!(first.await.expect("ended"), Some(1));
        begun(2);
        let_go.send(true).expect("a read");
        for other in others {
            assert_eq!(other.await.expect("ended"), Some(2), "shared by those who came during the first");
        }
        // A failure is one asker's; the other reads on his own, and nobody is left waiting.
        let [one, other] = [ask(), ask()];
        actix_rt::task::yield_now().await;
        begun(3);
        let_go.send(false).expect("a read");
        let_go.send(true).expect("a read");
        assert_eq!([one.await.expect("ended"), other.await.expect("ended")], [None, Some(4)]);
        let last = ask();
        let_go.send(true).expect("a read");
        assert_eq!(last.await.expect("ended"), Some(5));
    });
}
