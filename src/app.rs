//! ContentHub opened for use from Rust: the pool, tasks, numbers and logs. The CLI stands on it too.

use crate::actors::system_clock::SystemClock;
use crate::config::Settings;
use crate::db::connection::{DbConnection, DbError, connect};
use crate::db::database_url::DatabaseUrl;
use crate::db::migrations::migrate;
use crate::domain::clock::Clock;
use crate::domain::execution::{ExecutionStatus, Trigger};
use crate::domain::ids::TaskId;
use crate::domain::report::Report;
use crate::node::{Node, NodeSettings};
use crate::operations::cycle::ClaimScope;
use crate::operations::execution::{GetExecution, TriggerTask};
use crate::operations::task::MakeFirstTask;
use crate::operations::{Context, Operation, OperationError, perform};
use crate::platforms::registry::Registry;
use crate::secrets::{SecretError, SecretKey};
use parking_lot::Mutex;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Why it cannot be opened. Nothing was changed but what could be made.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the data directory {path} cannot be used: {source}")]
    DataDir { path: PathBuf, source: std::io::Error },
    #[error(transparent)]
    Key(#[from] SecretError),
    #[error("{url}: {source}")]
    Database { url: DatabaseUrl, source: DbError },
}

/// A database and what operations need to know, ready for use in this thread.
pub struct App {
    settings: Settings,
    cx: Arc<Context>,
    clock: Arc<dyn Clock>,
    conn: Mutex<DbConnection>,
}

impl App {
    /// Makes what is missing (data directory, key, database), migrates, and connects.
    pub fn open(settings: Settings) -> Result<App, OpenError> {
        let sites = settings.data_dir.join("sites");
        Self::open_with(Registry::builtin(&sites), settings)
    }

    /// The same with platforms of one's own.
    pub fn open_with(registry: Registry, settings: Settings) -> Result<App, OpenError> {
        let data_dir = &settings.data_dir;
        std::fs::create_dir_all(data_dir)
            .map_err(|source| OpenError::DataDir { path: data_dir.clone(), source })?;
        let key = match &settings.secret_key {
            Some(text) => SecretKey::parse(&text.0)?,
            None => SecretKey::load_or_create(&data_dir.join("secret.key"))?,
        };
        let url = settings.database.clone();
        let failed = |source| OpenError::Database { url: url.clone(), source };
        let migrated = migrate(&settings.database).map_err(failed)?;
        if let Some(backup) = migrated.backup {
            log::info!("the database was migrated; a copy of it as it was is at {}", backup.display());
        }
        let cx = Context::new(registry, key, settings.review_required, settings.timezone);
        let conn = connect(&settings.database).map_err(failed)?;
        let app =
            App { cx: Arc::new(cx), clock: Arc::new(SystemClock::new()), conn: Mutex::new(conn), settings };
        app.check_key().map_err(failed)?;
        app.run(MakeFirstTask).map_err(|error| match error {
            OperationError::Db(source) => failed(source),
            other => failed(DbError::Unusable(other.to_string())),
        })?;
        Ok(app)
    }

    fn check_key(&self) -> Result<(), DbError> {
        use crate::db::meta;
        let kept = meta::get(&mut self.conn.lock(), meta::SECRET_KEY_FINGERPRINT)?;
        if kept.is_some_and(|kept| kept != self.cx.key.fingerprint()) {
            self.cx.note_wrong_key();
            log::warn!("this database's credentials were sealed with another key: their accounts stay shut");
        }
        Ok(())
    }

    /// Runs one operation and waits for it.
    pub fn run<O: Operation>(&self, operation: O) -> Result<O::Output, OperationError> {
        perform(operation, &mut self.conn.lock(), &self.cx, self.clock.now())
    }

    /// Runs a task now and waits for its report. It works with and without a server: both publish, each entry once.
    pub fn run_task(&self, task: TaskId) -> Result<Report, OperationError> {
        let execution = self.run(TriggerTask { task, by: Trigger::Cli })?;
        let system = actix_rt::System::new();
        system.block_on(async {
            let node = self.start_node(ClaimScope::Task(task)).await?;
            let mut pause = Duration::from_millis(2);
            let row = loop {
                let row = node.db.perform(GetExecution(execution)).await?;
                if !matches!(row.status, ExecutionStatus::Queued | ExecutionStatus::Running) {
                    break row;
                }
                self.clock.sleep(pause).await;
                pause = (pause * 2).min(Duration::from_millis(100));
                if pause >= Duration::from_millis(100) {
                    node.wake();
                }
            };
            node.stop(Duration::from_secs(self.settings.grace_seconds)).await;
            let report = row.report.as_deref().map(serde_json::from_str::<Report>);
            match report {
                Some(Ok(report)) => Ok(report),
                Some(Err(error)) => {
                    Err(OperationError::Internal(format!("the report cannot be read: {error}")))
                }
                None => Err(OperationError::WrongState {
                    what: format!("execution {execution}"),
                    state: row.status.to_string(),
                    wanted: "it ended without a report",
                }),
            }
        })
    }

    /// Starts a node on the current actix system.
    pub async fn start_node(&self, scope: ClaimScope) -> Result<Node, DbError> {
        let settings = NodeSettings {
            database: self.settings.database.clone(),
            slots: self.settings.concurrency,
            lease: Duration::from_secs(self.settings.lease_seconds),
            scope,
        };
        Node::start(settings, self.cx.clone(), self.clock.clone()).await
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    pub fn context(&self) -> &Arc<Context> {
        &self.cx
    }

    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }
}
