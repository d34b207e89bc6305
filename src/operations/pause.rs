//! All publishing is paused, and resumed. While it is, no run begins and none claims; what is on the wire ends as it would,
//! platforms are asked what they were to be asked, and what a dead node held is taken back.

use super::cancelling::stop_task;
use super::{Access, Context, Operation, OperationError};
use crate::db::connection::DbConnection;
use crate::db::executions::PUBLISHING;
use crate::db::{change_feed, due, executions, pause, tasks};
use crate::domain::clock::Timestamp;
use crate::domain::fault::AccountFault;
use crate::domain::pause::Paused;
use crate::domain::report::Skipped;
use crate::domain::run_scope::RunScope;
use crate::domain::schedule::{Schedule, ScheduleType};

const REASON_CHARS_MAX: usize = 500;

/// Whether publishing is paused.
#[derive(Debug, Clone, Copy)]
pub struct GetPause;

impl Operation for GetPause {
    type Output = Option<Paused>;
    const ACCESS: Access = Access::Read;

    fn run(
        self,
        conn: &mut DbConnection,
        _: &Context,
        _: Timestamp,
    ) -> Result<Option<Paused>, OperationError> {
        Ok(pause::get(conn)?)
    }
}

/// Nothing new is sent from now on, by any node. Open runs end with what they have. Paused already, it stays as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PausePublishing {
    pub by: String,
    pub reason: Option<String>,
}

/// A cycle that ends a run, and looks then whether it may begin the next, goes the other way: on PostgreSQL one of the two
/// is undone, and tries again.
const TRIES: usize = 5;

impl Operation for PausePublishing {
    type Output = Paused;
    const ACCESS: Access = Access::Engine;

    fn run(self, conn: &mut DbConnection, cx: &Context, now: Timestamp) -> Result<Paused, OperationError> {
        self.pause_and(conn, cx, now, |_, _, _| Ok(()))
    }
}

impl PausePublishing {
    /// Pauses, and does what goes with it in the same transaction: it is told the pause that there was, and the one that
    /// there is.
    pub(super) fn pause_and(
        self,
        conn: &mut DbConnection,
        cx: &Context,
        now: Timestamp,
        also: impl Fn(&mut DbConnection, Option<&Paused>, &Paused) -> Result<(), OperationError>,
    ) -> Result<Paused, OperationError> {
        let once = |conn: &mut DbConnection| -> Result<Paused, OperationError> {
            conn.write(|conn| {
                let before = pause::hold_to_change(conn)?;
                let paused = self.clone().pause(conn, cx, now)?;
                also(conn, before.as_ref(), &paused)?;
                Ok(paused)
            })
        };
        for _ in 1..TRIES {
            match once(conn) {
                Err(OperationError::Db(error)) if error.is_race() => {}
                ended => return ended,
            }
        }
        once(conn)
    }

    fn pause(self, conn: &mut DbConnection, cx: &Context, now: Timestamp) -> Result<Paused, OperationError> {
        let is_unfit = |it: &str| it.chars().count() > REASON_CHARS_MAX || it.contains('\0');
        if self.reason.as_deref().is_some_and(is_unfit) {
            return Err(OperationError::invalid(
                "reason",
                AccountFault::ReasonTooLong { most: REASON_CHARS_MAX },
            ));
        }
        let reason = self.reason.filter(|reason| !reason.trim().is_empty());
        if let Some(paused) = pause::hold_to_change(conn)? {
            return Ok(paused);
        }
        let paused = Paused { since: now, by: self.by, reason };
        begin(conn, cx, &paused, now)?;
        change_feed::announce(conn)?;
        // Whoever pauses knows it; a server, to whom it was done, tells its log.
        log::info!("{paused}");
        Ok(paused)
    }
}

/// Notes the pause, in the place of any other, and ends what publishes.
pub(super) fn begin(
    conn: &mut DbConnection,
    cx: &Context,
    paused: &Paused,
    now: Timestamp,
) -> Result<(), OperationError> {
    pause::set(conn, Some(paused))?;
    // What waits is told at once, so that of thousands of tasks only those that run are stopped one by one.
    tasks::forget_all_catching_up(conn, PUBLISHING)?;
    executions::cancel_all_queued(conn, PUBLISHING, now)?;
    for run in executions::open(conn)? {
        // Of tasks that are gone, too.
        if tasks::get(conn, run.task)?.is_none_or(|task| task.task_type == PUBLISHING) {
            stop_task(conn, cx, run.task, now)?;
        }
    }
    Ok(())
}

/// Publishing goes on. What should have gone out meanwhile is due; tasks fire at their next times from now, and one that
/// was to run once, and did not, runs now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResumePublishing {
    pub by: String,
}

impl Operation for ResumePublishing {
    /// The pause that ends; none where there was none.
    type Output = Option<Paused>;
    const ACCESS: Access = Access::Write;

    fn run(
        self,
        conn: &mut DbConnection,
        _: &Context,
        now: Timestamp,
    ) -> Result<Option<Paused>, OperationError> {
        let Some(paused) = pause::hold_to_change(conn)? else { return Ok(None) };
        pause::set(conn, None)?;
        let past = tasks::due(conn, None, now, None)?.into_iter().filter(|task| task.task_type == PUBLISHING);
        for task in past.filter(|task| task.schedule_type != ScheduleType::Once) {
            // One that cannot be read is told where it fires.
            if let Ok(schedule) = Schedule::read(task.written()) {
                tasks::reschedule(conn, &task, task.anchor, schedule.next_after(now))?;
            }
        }
        log::info!(
            "publishing was resumed by {}; it was paused since {} by {}",
            self.by,
            paused.since,
            paused.by
        );
        Ok(Some(paused))
    }
}

/// All that is due, lane by lane, as what a run that begins during a pause skips.
pub(super) fn skipped(
    conn: &mut DbConnection,
    cx: &Context,
    scope: &RunScope,
    paused: &Paused,
    now: Timestamp,
) -> Result<Vec<Skipped>, OperationError> {
    let shut = due::skipped(conn, scope, now, cx.can_decrypt())?;
    let of_open = |account| !shut.iter().any(|lane| lane.account_id == account);
    let mut all: Vec<Skipped> = due::all_due(conn, scope, now)?
        .into_iter()
        .filter(|(account, _)| of_open(*account))
        .map(|(account_id, count)| Skipped { account_id, reason: format!("paused: {paused}"), count })
        .collect();
    all.extend(shut);
    all.sort_by_key(|lane| lane.account_id);
    Ok(all)
}
