//! ContentHub: a self-hosted publishing engine. It puts each post on the right platform, at the right moment, exactly
//! once.
//!
//! The program `contenthub` is a server and a command line. This library is the same engine for Rust programs: open an
//! [`App`], make accounts and contents, add them to the publish pool, and either run a task and read its [`Report`],
//! or start a node that publishes in the background. It works on the same database as the program, beside it or alone.
//!
//! ```
//! use contenthub::{Addition, App, CreateAccount, CreateContent, CreateTask, EntryFilter, LogFilter, Paging, Priority};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let dir = tempfile::tempdir()?;
//! # let dir = dir.path();
//! // Makes database, key and folders where they are missing.
//! let app = App::open_in(dir)?;
//! let site = app.create_account(CreateAccount::new("my site", "folder"))?;
//! let hello = app.create_content(CreateContent::new("Hello", "# Hello, world"))?;
//!
//! // Into the pool: 1 is the most urgent, 5 the default, and without a time it is due at once.
//! let entry = app.add_to_pool(Addition { priority: Priority::FIRST, ..Addition::of(hello.id) })?;
//! for entry in app.entries(EntryFilter::default(), Paging::default())?.items {
//!     println!("entry {}: content {}, {}, priority {}", entry.id, entry.content_id, entry.status, entry.priority);
//! }
//!
//! // A task takes what is due, by itself where a node runs, or now.
//! let task = app.create_task(CreateTask::every("auto publish", 300))?;
//! let report = app.run_task(task.id)?;
//! assert_eq!(report.message, "Publishing completed: 1 succeeded, 0 failed");
//! assert_eq!(app.stats()?.published, 1);
//!
//! // What became of each attempt.
//! let log = app.publish_log(LogFilter { content: Some(hello.id), ..LogFilter::default() }, Paging::default())?;
//! println!("{}: {:?}", log.items[0].status, log.items[0].url);
//! # assert_eq!((entry.account_id, log.items[0].account_id, log.total), (site.id, site.id, 1));
//! # Ok(())
//! # }
//! ```
//!
//! `examples/` holds the common cases as small programs: publishing every so often, at a quiet hour, the urgent first,
//! many at once, and finding out why something was not published.
//!
//! # What is yours to use
//!
//! - Everything that this page names, and what their methods take and give.
//! - [`App::run`] with any public operation of [`operations`], but for those that say that the engine uses them
//!   ([`Access::Engine`](operations::Access::Engine)): they move entries about, and are no business of a caller's.
//! - [`App::change`] with those that change something for a person: it writes them into the audit, too.
//! - [`platforms`], to bring a platform of your own: implement [`Platform`](platforms::platform::Platform), and open
//!   the app with [`App::open_with`].
//! - [`domain`] and [`views`], the values that the above are made of.
//!
//! All other modules are the program's inside. They are public for its own tests and tools alone, they are not in
//! these pages, and they change without notice. Nobody but this program may write into its database.
//!
//! Settings are values ([`Settings`]); the library reads no file and no variable, but for the key that seals
//! credentials (`CONTENTHUB_SECRET_KEY`), so that it and the program agree on it. It logs through the crate `log`.

pub mod domain;

#[doc(hidden)]
pub mod media;

#[doc(hidden)]
pub mod import;

#[doc(hidden)]
pub mod engine;
#[doc(hidden)]
pub mod metrics;

#[doc(hidden)]
pub mod words;

#[doc(hidden)]
pub mod render;
#[doc(hidden)]
pub mod secrets;

pub mod platforms;

#[doc(hidden)]
pub mod db;

pub mod operations;

#[doc(hidden)]
pub mod actors;

#[doc(hidden)]
pub mod node;
mod os_user;

#[doc(hidden)]
pub mod app;
#[doc(hidden)]
pub mod background;
#[doc(hidden)]
pub mod config;

#[doc(hidden)]
pub mod own_node;
#[doc(hidden)]
pub mod publishing_now;
#[doc(hidden)]
pub mod signals;
#[doc(hidden)]
pub mod task_run;
pub mod tasks;

#[doc(hidden)]
pub mod bench;
#[doc(hidden)]
pub mod demo;
#[doc(hidden)]
pub mod key_rotation;
#[doc(hidden)]
pub mod logging;
#[doc(hidden)]
pub mod restore;
#[doc(hidden)]
pub mod server;

#[doc(hidden)]
pub mod cli;

#[doc(hidden)]
pub mod api;
#[doc(hidden)]
pub mod error_codes;
#[doc(hidden)]
pub mod listening;
pub mod views;

#[doc(inline)]
pub use app::{App, OpenError};
#[doc(inline)]
pub use background::{BackgroundNode, Drained};
#[doc(inline)]
pub use config::Settings;
#[doc(inline)]
pub use db::{
    contents::Text, database_url::DatabaseUrl, entries::Filter as EntryFilter,
    publish_log::Filter as LogFilter,
};
#[doc(inline)]
pub use domain::{
    account::OnSimilar,
    clock::Timestamp,
    entry::EntryStatus,
    execution::ExecutionStatus,
    ids::{AccountId, ContentId, EntryId, ExecutionId, LogId, TaskId},
    lane_settings::LaneChanges,
    pool_stats::PoolStats,
    posting_slots::{MissedSlot, PostingSlots},
    priority::Priority,
    report::{Report, ResultStatus},
    settlement::LogStatus,
    similar_text::AdditionWarning,
    time_input::AskedTime,
    windows::Windows,
};
#[doc(inline)]
pub use operations::{
    OperationError, Page, Paging,
    account::CreateAccount,
    content::CreateContent,
    execution::RunProgress,
    pool::{Addition, BatchAdd, OnConflict},
    task::CreateTask,
};
#[doc(inline)]
pub use views::{AccountView, ContentView, EntryView, ExecutionView, LogView, TaskView};
