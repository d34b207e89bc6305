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

use contenthub::db::database_url::DatabaseUrl;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;

/// Runs a test on a SQLite file and on a PostgreSQL database, each new. Says which of them a failure is of.
pub fn on_both(test: impl Fn(&DatabaseUrl, &Path)) {
    let dir = tempfile::tempdir().expect("a folder");
    let sqlite = DatabaseUrl::in_data_dir(dir.path());
    named("SQLite", || test(&sqlite, dir.path()));
    let dir = tempfile::tempdir().expect("a folder");
    let postgres = postgres::fresh_database();
    named("PostgreSQL", || test(&postgres, dir.path()));
}

pub fn named(backend: &str, test: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(test)) {
        eprintln!("this failed on {backend}");
        resume_unwind(panic);
    }
}
