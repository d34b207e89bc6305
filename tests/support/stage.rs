//! A node that publishes on a played platform, with a clock that moves only when a test turns it, and on which nothing
//! fires by itself: every task is disabled.

use super::app::{account, attempts, entry, eventually, first_task, runs, settings, task};
use super::clock::SteppedClock;
use super::node::TestNode;
use super::played::{Calls, Played, What};
use contenthub::actors::executor::Tick;
use contenthub::db::database_url::DatabaseUrl;
use contenthub::domain::execution::Trigger;
use contenthub::domain::outcome::Problem;
use contenthub::operations::execution::TriggerTask;
use contenthub::platforms::registry::Registry;
use contenthub::{AccountId, App, EntryId, EntryStatus, EntryView, Report, Settings, TaskId};
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// No lease runs out because a machine is busy, nor because a test turns the clock by a minute or two.
const LEASE: Duration = Duration::from_secs(60);

pub struct Stage {
    pub app: Arc<App>,
    pub clock: Arc<SteppedClock>,
    pub calls: Arc<Calls>,
    pub account: AccountId,
    pub task: TaskId,
    pub node: TestNode,
}

impl Stage {
    pub fn open(url: &DatabaseUrl, dir: &Path, played: Played) -> Self {
        Stage::with(url, dir, played, |settings| settings)
    }

    pub fn with(
        url: &DatabaseUrl,
        dir: &Path,
        played: Played,
        change: impl FnOnce(Settings) -> Settings,
    ) -> Self {
        let clock = Arc::new(SteppedClock::standing());
        let calls = played.calls();
        let registry = Registry::default().with(Arc::new(played));
        let settings = change(Settings { lease_seconds: LEASE.as_secs(), ..settings(url, dir) });
        let app = Arc::new(App::open_with(settings, registry, clock.clone()).expect("opened"));
        let task = task(&app, "by hand");
        for one in [first_task(&app), task] {
            app.disable_task(one).expect("disabled");
        }
        let account = account(&app, "stage", "played", json!({}));
        let node = TestNode::start(&app);
        Stage { app, clock, calls, account, task, node }
    }

    /// The same database under another node.
    pub fn restarted(self) -> Self {
        let Stage { app, clock, calls, account, task, node } = self;
        drop(node);
        let node = TestNode::start(&app);
        Stage { app, clock, calls, account, task, node }
    }

    /// Triggers a run, and gives back its report. Whatever was due for a question when it began is claimed by its end,
    /// which shows in the attempt's number.
    pub fn run(&self) -> Report {
        let id = self.node.perform(TriggerTask { task: self.task, by: Trigger::Api }).expect("triggered");
        eventually("the run has ended", || {
            runs(&self.app, self.task).into_iter().find(|run| run.id == id)?.report
        })
    }

    /// So much later, the node looks what there is to do.
    pub fn later(&self, seconds: u64) {
        self.clock.forward(Duration::from_secs(seconds));
        let _ = self.node.crew.executor().try_send(Tick);
    }

    /// What no operation does.
    #[track_caller]
    pub fn sql(&self, url: &DatabaseUrl, text: &str) {
        super::knows_better(url, text);
    }

    pub fn entry(&self, id: EntryId) -> EntryView {
        entry(&self.app, id)
    }

    /// Waits until it was asked so about the entry, and what came of it is written.
    #[track_caller]
    pub fn asked(&self, id: EntryId, all: &[What]) -> EntryView {
        eventually(&format!("entry {id} was asked {all:?}: {:?}", self.calls.of(id)), || {
            // What a person said is a row too, and no call.
            let rows = attempts(&self.app, id).into_iter().filter(|row| row.said_by.is_none());
            let is_written = rows.count() >= all.len();
            (self.calls.of(id).len() >= all.len() && is_written).then_some(())
        });
        assert_eq!(self.calls.of(id), all);
        self.entry(id)
    }
}

/// Status, whether it may be out, and the failures that count.
pub fn state(entry: &EntryView) -> (EntryStatus, bool, i32) {
    (entry.status, entry.unproven, entry.retry_count)
}

pub fn problem(code: &str) -> Problem {
    Problem::new(code, format!("{code}, on purpose"))
}
