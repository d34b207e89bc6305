//! ContentHub opened for use from Rust: accounts, contents, the pool, tasks, numbers and logs. The CLI and the server
//! stand on it too.

use crate::actors::system_clock::SystemClock;
use crate::background::BackgroundNode;
use crate::config::{ConfigError, Settings};
use crate::db::connection::{DbError, Patience};
use crate::db::database_url::DatabaseUrl;
use crate::db::kept::Kept;
use crate::db::migrations::{Migrated, migrate};
use crate::db::unusable::Unusable;
use crate::db::{entries, executions, publish_log};
use crate::domain::actor::{Actor, Place};
use crate::domain::clock::{Clock, Timestamp};
use crate::domain::ids::{EntryId, TaskId};
use crate::domain::pool_stats::PoolStats;
use crate::domain::report::Report;
use crate::domain::time_input::{self, TimeInputError};
use crate::domain::trust::lease_of_claims;
use crate::media::Store;
use crate::node::{Node, NodeSettings};
use crate::operations::account::CreateAccount;
use crate::operations::acting::{As, Change};
use crate::operations::broken::Broken;
use crate::operations::content::CreateContent;
use crate::operations::cycle::ClaimScope;
use crate::operations::execution::{ListExecutions, RunProgress};
use crate::operations::history::ListHistory;
use crate::operations::nodes::SeeNodes;
use crate::operations::pool::{AddToPool, AddedEntry, Addition, GetEntry, GetStats, ListEntries};
use crate::operations::task::{CreateTask, ListTasks, MakeFirstTask, UpdateTask};
use crate::operations::task_type::TaskTypes;
use crate::operations::{Context, Operation, OperationError, Page, Paging, perform};
use crate::os_user;
use crate::own_node::{FIRST_LOOK, Heed, LATER_LOOKS};
use crate::platforms::outbound::Outbound;
use crate::platforms::registry::Registry;
use crate::secrets::{Keyring, SecretError};
use crate::task_run::{self, Listener, Ran};
use crate::tasks;
use crate::views::{AccountView, ContentView, EntryView, ExecutionView, Here, LogView, TaskView};
use parking_lot::Mutex;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Why it cannot be opened. Nothing was changed but what could be made.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Settings(#[from] ConfigError),
    #[error("the data directory {path} cannot be used: {source}")]
    DataDir { path: PathBuf, source: std::io::Error },
    /// The key that a user gave is none: nothing was made.
    #[error("CONTENTHUB_SECRET_KEY: {0}")]
    KeySetting(#[source] SecretError),
    #[error(transparent)]
    KeyFile(SecretError),
    #[error("{}", place_and_reason(url, source))]
    Database { url: DatabaseUrl, source: DbError },
}

/// Names the database once: what SQLite says names it already.
fn place_and_reason(url: &DatabaseUrl, source: &DbError) -> String {
    let (place, reason) = (url.to_string(), source.to_string());
    if reason.contains(&place) { reason } else { format!("{place}: {reason}") }
}

/// Whoever runs a newer program on an older database should know, whatever they ran: there is no way back but the copy.
fn tell(migrated: &Migrated) {
    let Some(from) = &migrated.from else { return };
    let to = migrated.run.last().unwrap_or(from);
    match &migrated.backup {
        None => log::warn!("the database's schema was brought from {from} to {to}"),
        Some(path) => log::warn!(
            "the database's schema was brought from {from} to {to}; a copy of it as it was is at {}",
            path.display()
        ),
    }
}

/// Makes the data directory where there is none.
pub fn make_data_dir(settings: &Settings) -> Result<(), OpenError> {
    let path = &settings.data_dir;
    std::fs::create_dir_all(path).map_err(|source| OpenError::DataDir { path: path.clone(), source })
}

/// A database and what operations need to know, ready for use. Shared between threads by reference or in an `Arc`.
///
/// Each method is one transaction, waits for it, and blocks: from async code, call it on a blocking thread. What has
/// no method here is an [`Operation`], and [`App::run`] runs it. An `App` publishes nothing by itself: that is done by
/// [`App::run_task`], by [`App::start`], or by a server on the same database.
pub struct App {
    settings: Settings,
    cx: Arc<Context>,
    clock: Arc<dyn Clock>,
    conn: Mutex<Kept>,
    actor: Actor,
}

impl App {
    /// Opens a data directory with default settings, on SQLite.
    pub fn open_in(data_dir: impl Into<PathBuf>) -> Result<App, OpenError> {
        App::open(Settings::in_dir(data_dir)?)
    }

    /// Makes what is missing (data directory, key, database), migrates, and connects.
    pub fn open(settings: Settings) -> Result<App, OpenError> {
        let sites = settings.data_dir.join("sites");
        let outbound = Outbound::new(settings.outbound_allow.clone());
        App::open_with(settings, Registry::builtin_sending(&sites, &outbound), Arc::new(SystemClock::new()))
    }

    /// The same with platforms and a clock of one's own. Where requests may go is the platforms' affair then.
    pub fn open_with(
        settings: Settings,
        registry: Registry,
        clock: Arc<dyn Clock>,
    ) -> Result<App, OpenError> {
        App::open_for(settings, registry, tasks::builtin(), clock)
    }

    /// The same with kinds of tasks of one's own, too.
    pub fn open_for(
        settings: Settings,
        registry: Registry,
        task_types: TaskTypes,
        clock: Arc<dyn Clock>,
    ) -> Result<App, OpenError> {
        let given = settings.secret_key.as_ref().map(|text| Keyring::given(&text.0));
        let given = given.transpose().map_err(OpenError::KeySetting)?;
        make_data_dir(&settings)?;
        let keys = match given {
            Some(keys) => keys,
            None => Keyring::of_file(&settings.data_dir.join("secret.key")).map_err(OpenError::KeyFile)?,
        };
        let url = settings.database.clone();
        let failed = |source| OpenError::Database { url: url.clone(), source };
        let migrated = migrate(&settings.database).map_err(failed)?;
        tell(&migrated);
        let submitted_max = Duration::from_secs(3600 * settings.submitted_max_hours);
        let cx = Context::new(registry, keys, task_types, settings.review_required, settings.timezone)
            .with_submitted_max(submitted_max)
            .with_platform_pause(Duration::from_secs(settings.platform_pause_seconds))
            .with_media(Store::at(settings.data_dir.join("media")));
        let conn = Kept::new(&settings.database, Patience::Command);
        let actor = Actor::here(os_user::name(), Place::Library);
        let app = App { cx: Arc::new(cx), clock, conn: Mutex::new(conn), settings, actor };
        app.check_key().map_err(failed)?;
        app.run(MakeFirstTask).map_err(|error| match error {
            OperationError::Db(source) => failed(source),
            other => failed(DbError::Unusable(Unusable::Said(other.to_string()))),
        })?;
        Ok(app)
    }

    fn check_key(&self) -> Result<(), DbError> {
        use crate::db::meta;
        let kept = meta::get(self.conn.lock().get(|_| Ok(()))?, meta::SECRET_KEY_FINGERPRINT)?;
        if let Some(kept) = kept.filter(|kept| self.cx.keys.get(kept).is_none()) {
            self.cx.note_wrong_key(&kept);
        }
        Ok(())
    }

    /// Runs one operation and waits for it.
    pub fn run<O: Operation>(&self, operation: O) -> Result<O::Output, OperationError> {
        let mut kept = self.conn.lock();
        let result = perform(operation, kept.get(|_| Ok(()))?, &self.cx, self.clock.now());
        if let Err(OperationError::Db(_) | OperationError::Internal(_)) = &result {
            kept.give_up();
        }
        result
    }

    /// Runs one operation that changes something, and writes it into the audit: as the system's user, in a program.
    pub fn change<C: Change>(&self, change: C) -> Result<C::Output, OperationError> {
        self.run(As { actor: self.actor.clone(), change })
    }

    /// The same app for somebody else, as the audit is to tell it.
    pub fn acting_as(self, actor: Actor) -> Self {
        App { actor, ..self }
    }

    /// Makes an account: one destination on one platform.
    pub fn create_account(&self, account: CreateAccount) -> Result<AccountView, OperationError> {
        self.change(account).map(AccountView::from)
    }

    /// Makes a content: what is published.
    pub fn create_content(&self, content: CreateContent) -> Result<ContentView, OperationError> {
        self.change(content).map(ContentView::from)
    }

    /// Adds a content to the publish pool, to be published once on one account. `warnings` tells of another entry with the
    /// same text.
    pub fn add_to_pool(&self, addition: Addition) -> Result<EntryView, OperationError> {
        let AddedEntry { row, similar } = self.change(AddToPool(addition))?;
        Ok(self.entry_view(row, &self.here()).beside(similar))
    }

    /// One entry of the pool.
    pub fn entry(&self, id: EntryId) -> Result<EntryView, OperationError> {
        Ok(self.entry_view(self.run(GetEntry(id))?, &self.here()))
    }

    /// Entries of the pool, newest first. In a large pool `total` is at least how many there are: see
    /// [`ListEntries`].
    pub fn entries(
        &self,
        filter: entries::Filter,
        paging: Paging,
    ) -> Result<Page<EntryView>, OperationError> {
        let found = self.run(ListEntries::page(filter, paging))?;
        let here = self.here();
        Ok(found.page.map(|row| self.entry_view(row, &here)))
    }

    fn entry_view(&self, row: entries::EntryRow, here: &Here) -> EntryView {
        EntryView::new(row, self.now(), here)
    }

    /// What is known here of why entries wait. Blocks on the file system. Where it cannot be found out who publishes,
    /// somebody is taken to: what was asked for has gone well all the same.
    pub fn here(&self) -> Here {
        let can_decrypt = self.cx.can_decrypt();
        let seen = self.run(SeeNodes).and_then(|seen| Ok(seen.find_the_living(&self.settings.database)?));
        match seen {
            Ok(seen) => Here::beside(&seen.nodes, can_decrypt),
            Err(error) => {
                log::debug!("who publishes is not known: {error}");
                Here::server(can_decrypt, None)
            }
        }
    }

    /// The pool in numbers.
    pub fn stats(&self) -> Result<PoolStats, OperationError> {
        self.run(GetStats { account: None })
    }

    /// Makes a scheduled task. It runs by itself where a node runs: a server, or [`App::start`].
    pub fn create_task(&self, task: CreateTask) -> Result<TaskView, OperationError> {
        self.change(task).map(TaskView::from)
    }

    /// All tasks. Every database begins with one, `publish when due`.
    pub fn tasks(&self) -> Result<Vec<TaskView>, OperationError> {
        Ok(self.run(ListTasks)?.into_iter().map(TaskView::from).collect())
    }

    /// Lets a task run by itself.
    pub fn enable_task(&self, task: TaskId) -> Result<TaskView, OperationError> {
        self.change(UpdateTask { enabled: Some(true), ..UpdateTask::new(task) }).map(TaskView::from)
    }

    /// Keeps a task from running by itself; [`App::run_task`] still runs it.
    pub fn disable_task(&self, task: TaskId) -> Result<TaskView, OperationError> {
        self.change(UpdateTask { enabled: Some(false), ..UpdateTask::new(task) }).map(TaskView::from)
    }

    /// The runs of a task, newest first, each with its report once it has ended.
    pub fn executions(&self, task: TaskId, paging: Paging) -> Result<Page<ExecutionView>, OperationError> {
        let list = ListExecutions { of: Some(task), filter: executions::Filter::default(), paging };
        Ok(self.run(list)?.map(ExecutionView::from))
    }

    /// The publish log, newest first: one row for each attempt, kept for good.
    pub fn publish_log(
        &self,
        filter: publish_log::Filter,
        paging: Paging,
    ) -> Result<Page<LogView>, OperationError> {
        Ok(self.run(ListHistory { filter, paging })?.map(LogView::from))
    }

    /// Runs a task now and waits for its report. It works with and without a server: both publish, each entry once.
    pub fn run_task(&self, task: TaskId) -> Result<Report, OperationError> {
        self.run_and_tell(task, None)
    }

    /// The same for somebody who wants to know how far it is: `told` hears it at the start, now and then, and at the end.
    pub fn run_task_telling(
        &self,
        task: TaskId,
        mut told: impl FnMut(RunProgress) + Send,
    ) -> Result<Report, OperationError> {
        self.run_and_tell(task, Some(&mut told))
    }

    /// The same, and SIGTERM and Ctrl-C stop it in order.
    #[doc(hidden)]
    pub fn run_task_heeding_signals(
        &self,
        task: TaskId,
        mut told: impl FnMut(RunProgress) + Send,
    ) -> Result<Ran, OperationError> {
        task_run::run(self, task, Some(&mut told), Heed::Signals)
    }

    fn run_and_tell(&self, task: TaskId, told: Option<Listener<'_>>) -> Result<Report, OperationError> {
        match task_run::run(self, task, told, Heed::Nothing)? {
            Ran::Whole { report, .. } => Ok(report),
            Ran::Stopped { .. } | Ran::EndedAtOnce(_) => Err(Broken::StoppedBySignal.into()),
        }
    }

    /// Starts a whole node in the background: it fires tasks and publishes what is due until it is stopped or dropped.
    /// Beside a server, or another such node, each entry still goes out once.
    pub fn start(&self) -> Result<BackgroundNode, OperationError> {
        let settings = self.node_settings(ClaimScope::Everything);
        Ok(BackgroundNode::start(settings, self.cx.clone(), self.clock.clone(), self.grace())?)
    }

    /// Waits until `done` says so: true, or false where `limit` passes before.
    pub fn wait_for(
        &self,
        limit: Duration,
        mut done: impl FnMut(&App) -> Result<bool, OperationError>,
    ) -> Result<bool, OperationError> {
        let deadline = self.clock.monotonic() + limit;
        let mut pause = FIRST_LOOK;
        while !done(self)? {
            if self.clock.monotonic() >= deadline {
                return Ok(false);
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(LATER_LOOKS);
        }
        Ok(true)
    }

    /// Starts a node on the current actix system, for those who run one.
    #[doc(hidden)]
    pub async fn start_node(&self, scope: ClaimScope) -> Result<Node, DbError> {
        Node::start(self.node_settings(scope), self.cx.clone(), self.clock.clone()).await
    }

    fn node_settings(&self, scope: ClaimScope) -> NodeSettings {
        NodeSettings {
            data_dir: self.settings.data_dir.clone(),
            database: self.settings.database.clone(),
            slots: self.settings.concurrency,
            lease: lease_of_claims(self.settings.lease_seconds),
            scope,
        }
    }

    pub(crate) fn grace(&self) -> Duration {
        Duration::from_secs(self.settings.grace_seconds)
    }

    /// The time by the clock that everything here goes by. Add a `Duration` to it for a time to come.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A time as people write it: `2026-02-06T12:00:00Z`, or `2026-02-06 12:00:00` in the zone of the settings.
    pub fn time(&self, text: &str) -> Result<Timestamp, TimeInputError> {
        time_input::parse(text, self.settings.timezone)
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    #[doc(hidden)]
    pub fn context(&self) -> &Arc<Context> {
        &self.cx
    }

    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }
}
