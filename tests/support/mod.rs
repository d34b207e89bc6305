//! What tests stand on.

#![allow(dead_code, reason = "each test program uses its own part of this")]

pub mod app;
pub mod clock;
pub mod command;
pub mod documented;
pub mod http_message;
pub mod in_process;
pub mod json_schema;
pub mod metrics;
pub mod node;
pub mod peer;
pub mod pictures;
pub mod played;
pub mod postgres;
pub mod process;
pub mod product;
pub mod pty;
pub mod raw;
pub mod receiver;
pub mod secrets;
pub mod stage;
pub mod tcp_cut;
pub mod tls_client;
pub mod wechat;

use contenthub::db::connection::connect;
use contenthub::db::database_url::DatabaseUrl;
use contenthub::db::pool_counts;
use diesel::connection::SimpleConnection;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;

/// Runs a test on a SQLite file and on a PostgreSQL database, each new. Says which of them a failure is of.
pub fn on_both(test: impl Fn(&DatabaseUrl, &Path)) {
    let dir = tempfile::tempdir().expect("a folder");
    let sqlite = DatabaseUrl::in_data_dir(dir.path());
    named("SQLite", || {
        test(&sqlite, dir.path());
        counts_are_right(&sqlite);
    });
    let dir = tempfile::tempdir().expect("a folder");
    let postgres = postgres::fresh_database();
    named("PostgreSQL", || {
        test(&postgres, dir.path());
        counts_are_right(&postgres);
    });
}

/// Somebody changes the tables by hand, who knows nothing of the pool's counts. They were right until then.
pub fn knows_better(url: &DatabaseUrl, sql: &str) {
    let mut conn = connect(url).expect("connected");
    assert_eq!(pool_counts::miscounts(&mut conn).expect("counted"), [], "before {sql}");
    conn.batch_execute(sql).expect(sql);
    conn.write(pool_counts::correct).expect("corrected");
}

/// Whatever a test has done to the pool, what is counted of it is what is there. A test may have left no database, or one
/// that is older than the counts.
fn counts_are_right(url: &DatabaseUrl) {
    if let Ok(mut conn) = connect(url)
        && let Ok(miscounts) = pool_counts::miscounts(&mut conn)
    {
        assert_eq!(miscounts, [], "the pool's counts");
    }
}

pub fn named(backend: &str, test: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(test)) {
        eprintln!("this failed on {backend}");
        resume_unwind(panic);
    }
}
