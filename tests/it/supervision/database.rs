//! The database's threads, and the connection that listens for changes.

use super::{are_out, breakable, builtin, trigger};
use crate::support::app::*;
use crate::support::node::TestNode;
use crate::support::on_both;
use crate::support::product::Product;
use crate::support::receiver::Receiver;
use contenthub::db::connection::{DbConnection, connect};
use contenthub::domain::clock::Timestamp;
use contenthub::operations::account::{GetAccount, UpdateAccount};
use contenthub::operations::{Access, Context, Operation, OperationError};
use diesel::connection::SimpleConnection;
use std::panic::panic_any;
use std::time::Duration;

/// Panics in a way that even catching it does not survive: what it panicked with panics again when it is let go.
struct Bomb<const WRITES: bool>;

struct Shrapnel;

impl Drop for Shrapnel {
    fn drop(&mut self) {
        panic!("again, on purpose");
    }
}

impl<const WRITES: bool> Operation for Bomb<WRITES> {
    type Output = ();
    const ACCESS: Access = if WRITES { Access::Write } else { Access::Read };

    fn run(self, _: &mut DbConnection, _: &Context, _: Timestamp) -> Result<(), OperationError> {
        panic_any(Shrapnel)
    }
}

struct EngineBomb;

impl Operation for EngineBomb {
    type Output = ();
    const ACCESS: Access = Access::Engine;

    fn run(self, _: &mut DbConnection, _: &Context, _: Timestamp) -> Result<(), OperationError> {
        panic_any(Shrapnel)
    }
}

/// Panics as code does.
struct Stumble;

impl Operation for Stumble {
    type Output = ();
    const ACCESS: Access = Access::Write;

    fn run(self, _: &mut DbConnection, _: &Context, _: Timestamp) -> Result<(), OperationError> {
        panic!("on purpose")
    }
}

#[test]
fn a_thread_of_the_database_that_dies_has_a_successor() {
    on_both(|url, dir| {
        let (app, _) = breakable(url, dir, builtin(dir));
        let receiver = Receiver::start();
        let hook = webhook(&app, "hook", &receiver.url("/"));
        let node = TestNode::start(&app);
        for _ in 0..10 {
            let broke = node.perform(Stumble);
            assert!(matches!(broke, Err(OperationError::Internal(_))), "{broke:?}");
        }
        assert_eq!(node.restarts().database, 0, "a panic is caught");
        let bombs: [&dyn Fn() -> Result<(), OperationError>; 3] =
            [&|| node.perform(Bomb::<false>), &|| node.perform(Bomb::<true>), &|| node.perform(EngineBomb)];
        for (place, bomb) in bombs.into_iter().enumerate() {
            let broke = bomb().expect_err("it panics").code();
            assert_eq!(broke, "database_unavailable", "it may be asked again");
            eventually("the thread has a successor", || {
                (node.restarts().database == place as u64 + 1).then_some(())
            });
            node.perform(GetAccount(hook)).expect("read");
            node.perform(UpdateAccount::new(hook)).expect("written");
            let id = add(&app, &format!("after {place}"), hook);
            trigger(&app);
            are_out(&app, &[id]);
        }
    });
}

/// The connection that listens is ended by the server; what other processes write is heard again soon.
#[test]
fn a_change_feed_that_breaks_listens_again() {
    let dir = tempfile::tempdir().expect("a folder");
    let url = crate::support::postgres::fresh_database();
    let product = Product::start(&url, dir.path());
    product.account("blog");
    product.content("x");
    let mut conn = connect(&url).expect("connected");
    const END_IT: &str = "DO $$ BEGIN ASSERT (SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
        WHERE datname = current_database() AND query LIKE 'LISTEN%') = 1; END $$";
    conn.batch_execute(END_IT).expect("ended");
    // Added while nobody listens, and after: neither waits for the slow poll.
    for number in 1..=3 {
        product.cli.ok(&["publish-pool", "add", "1", "--again"]);
        product.receiver.wait_for(number, Duration::from_secs(8));
        product.entry_is(i64::try_from(number).expect("a few"), "published");
    }
}
