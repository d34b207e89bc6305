//! What the tests stand on: a private PostgreSQL, a receiver in place of the platforms, and the real program.
//!
//! Everything here waits for a condition until a deadline and says what it waited for; nothing sleeps for luck.

#![allow(dead_code, reason = "each test binary uses its own part of this")]

pub mod command;
pub mod postgres;
pub mod receiver;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// A database that ContentHub runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

impl Backend {
    pub const ALL: [Backend; 2] = [Backend::Sqlite, Backend::Postgres];

    /// The URL of an empty database of this kind; SQLite's file is to be made in `dir`.
    pub fn fresh_database(self, dir: &Path) -> String {
        match self {
            Backend::Sqlite => format!("sqlite:{}", dir.join("contenthub.db").display()),
            Backend::Postgres => postgres::fresh_database(),
        }
    }

    /// Runs `body` with an empty database of this kind and an empty directory; both are gone afterwards.
    pub fn run(self, body: impl FnOnce(&str, &Path)) {
        let dir = tempfile::tempdir().expect("a temporary directory for the test");
        let database_url = self.fresh_database(dir.path());
        let outcome = catch_unwind(AssertUnwindSafe(|| body(&database_url, dir.path())));
        if self == Backend::Postgres {
            postgres::drop_database(&database_url);
        }
        if let Err(panic) = outcome {
            eprintln!("the panic above was on {self:?}, {database_url}");
            std::panic::resume_unwind(panic);
        }
    }
}

/// Runs a test's body on each backend, with an empty database and an empty directory each time. A backend where it
/// panics does not keep the other one from its turn; the test then fails with the names of the backends.
pub fn on_both(body: impl Fn(&str, &Path)) {
    let failed: Vec<Backend> = Backend::ALL
        .into_iter()
        .filter(|backend| catch_unwind(AssertUnwindSafe(|| backend.run(&body))).is_err())
        .collect();
    assert!(failed.is_empty(), "failed on {failed:?}; each panic is printed above");
}
