//! The contract of the database, kept by the real operations on a real one: each statement of a node is one of them, run
//! to its end, at the time that its node takes for now.

mod setup;
mod tables;

use crate::faults::Plan;
use crate::store::*;
use crate::time::at;
use contenthub::Timestamp;
use contenthub::db::checkpoints::Fence;
use contenthub::db::connection::{DbConnection, connect};
use contenthub::db::database_url::DatabaseUrl;
use contenthub::db::leases::lease_clock;
use contenthub::db::migrations::migrate;
use contenthub::db::pool_counts::{self, Miscount};
use contenthub::domain::execution::Trigger;
use contenthub::domain::ids::*;
use contenthub::operations::account::{ResumeAccount, SuspendAccount};
use contenthub::operations::checkpoint;
use contenthub::operations::clock_steps::MendTimes;
use contenthub::operations::content::{ReviewContent, ReviewStep, UpdateContent};
use contenthub::operations::cycle::{ClaimScope, Cycle, CycleDone};
use contenthub::operations::entry::{
    CancelEntry, DeleteEntry, Resolution, ResolveEntry, RetryEntry, UpdateEntry,
};
use contenthub::operations::execution::TriggerTask;
use contenthub::operations::firing::FireDue;
use contenthub::operations::publish_now::PublishNow;
use contenthub::operations::recovery::{Dead, NodesWithClaims, Recover, Recovered, Renew};
use contenthub::operations::run_leases::{RenewRuns, TakeOverRuns};
use contenthub::operations::{Context, Operation, OperationError, perform};
use diesel::connection::SimpleConnection;
use std::time::Duration;

/// A database, used by one seed after another.
pub struct Database {
    conn: DbConnection,
}

impl Database {
    /// Made at `url`, and of no use to anybody else.
    pub fn open(url: &DatabaseUrl) -> Self {
        migrate(url).expect("migrated");
        let mut conn = connect(url).expect("connected");
        if let DbConnection::Sqlite(_) = conn {
            conn.batch_execute("PRAGMA synchronous = OFF").expect("nothing has to outlive us");
        }
        Database { conn }
    }

    /// Nothing is left of the seed before; this one's accounts, contents, entries and tasks are there.
    pub fn set_out(&mut self, plan: &Plan) -> Sql<'_> {
        setup::wipe(&mut self.conn);
        let cx = setup::context(plan);
        let mut sql = Sql { conn: &mut self.conn, cx, now: at(0), edits: 0, swept: 0 };
        setup::make(&mut sql, plan);
        sql
    }
}

/// The same, during one seed.
pub struct Sql<'a> {
    conn: &'a mut DbConnection,
    cx: Context,
    now: Timestamp,
    /// Texts that people have written.
    edits: u32,
    /// Entries that have ended because nobody waits for them.
    swept: usize,
}

/// What must not fail: the simulation makes its own failures.
#[track_caller]
fn good<T>(done: Result<T, OperationError>) -> T {
    done.unwrap_or_else(|error| panic!("the database does not do as it is told: {error}"))
}

impl Sql<'_> {
    fn run<O: Operation>(&mut self, operation: O, now: Timestamp) -> O::Output {
        good(perform(operation, self.conn, &self.cx, now))
    }

    /// PostgreSQL judges leases by its own clock, which nobody can turn: so the leases are turned instead, and turned
    /// back, so that between statements they are in virtual time.
    fn by_database_time<O: Operation>(
        &mut self,
        now: Timestamp,
        operation: impl FnOnce(i64) -> O,
    ) -> O::Output {
        if let DbConnection::Sqlite(_) = self.conn {
            return self.run(operation(0), now);
        }
        let clock = lease_clock(self.conn, now).expect("a clock");
        let ahead = clock.micros() - self.now.micros();
        self.shift_leases(ahead);
        let output = self.run(operation(ahead), now);
        self.shift_leases(-ahead);
        output
    }

    fn shift_leases(&mut self, by: i64) {
        for table in ["publish_pool", "executions"] {
            let shift = format!(
                "UPDATE {table} SET lease_expires_at = lease_expires_at + ({by}) \
                WHERE lease_expires_at IS NOT NULL"
            );
            self.conn.batch_execute(&shift).expect("shifted");
        }
    }

    /// False where it was refused as the product refuses people.
    fn asked<O: Operation>(&mut self, operation: O, now: Timestamp) -> bool {
        match perform(operation, self.conn, &self.cx, now) {
            Ok(_) => true,
            Err(
                OperationError::WrongState { .. }
                | OperationError::MaybePublished { .. }
                | OperationError::AlreadyPublished { .. }
                | OperationError::LaneUnready { .. }
                // It was deleted.
                | OperationError::NotFound { .. },
            ) => false,
            Err(error) => panic!("the database does not do as people tell it: {error}"),
        }
    }
}

impl Store for Sql<'_> {
    fn set_time(&mut self, now: Timestamp) {
        self.now = now;
    }

    fn lease_clock(&mut self) -> Timestamp {
        self.now
    }

    fn cycle(&mut self, cycle: &Cycle, now: Timestamp) -> Done {
        let done = self.by_database_time(now, |_| cycle.clone());
        let swept = tables::swept(self.conn);
        let swept_now = swept - std::mem::replace(&mut self.swept, swept);
        let CycleDone {
            written,
            claims,
            accounts,
            closed,
            open,
            again,
            look_again,
            looked_at,
            the_entrys_fault: _,
            missed: _,
        } = done;
        let with_account = |claim: contenthub::db::claim::Claim| {
            let ready = accounts.get(&claim.account).expect("each claim comes with its account");
            let account = Account {
                id: claim.account,
                rules: ready.rules,
                in_steps: ready.in_steps,
                version: ready.version,
            };
            (claim, account)
        };
        Done {
            written,
            claims: claims.into_iter().map(with_account).collect(),
            closed: closed.into_iter().map(|(id, _)| id).collect(),
            open,
            swept: swept_now,
            again,
            look_again,
            looked_at,
        }
    }

    fn renew(&mut self, node: &NodeId, entries: &[EntryId], lease: Duration, now: Timestamp) {
        self.by_database_time(now, |_| Renew { node: node.clone(), entries: entries.to_vec(), lease });
    }

    fn holders(&mut self, by: &NodeId) -> Vec<NodeId> {
        self.run(NodesWithClaims { by: by.clone() }, self.now)
    }

    fn recover(&mut self, by: &NodeId, dead: Dead, now: Timestamp) -> Recovered {
        let by = by.clone();
        self.by_database_time(now, |ahead| match &dead {
            Dead::LeaseExpiredBy(at) => {
                let at = Timestamp::from_micros(at.micros() + ahead);
                Recover { by: by.clone(), dead: Dead::LeaseExpiredBy(at) }
            }
            Dead::LeaseExpired | Dead::Nodes(_) => Recover { by: by.clone(), dead: dead.clone() },
        })
    }

    fn take_over_runs(&mut self, scope: ClaimScope, lease: Duration, now: Timestamp) {
        self.by_database_time(now, |_| TakeOverRuns { scope, lease });
    }

    fn renew_runs(&mut self, scope: ClaimScope, lease: Duration, now: Timestamp) {
        self.by_database_time(now, |_| RenewRuns { scope, lease });
    }

    fn fire(&mut self, now: Timestamp) -> Fired {
        let fired = self.run(FireDue, now);
        Fired {
            any: !fired.executions.is_empty(),
            executor_is_wanted: fired.executor_is_wanted,
            next: fired.next,
        }
    }

    fn keep_step(&mut self, kept: &KeepStep, now: Timestamp) -> bool {
        let KeepStep { node, attempt, revision, step, mark } = kept.clone();
        self.run(checkpoint::KeepStep { fence: Fence { node, attempt }, revision, step, mark }, now)
    }

    fn mend_times(&mut self, now: Timestamp) {
        self.run(MendTimes, now);
    }

    fn act(&mut self, act: Act, now: Timestamp) -> bool {
        let by = || "a person".to_owned();
        let say = |id, resolution| ResolveEntry { id, resolution, by: by() };
        match act {
            Act::Cancel(id) => self.asked(CancelEntry(id), now),
            Act::Retry(id) => self.asked(RetryEntry { id, by: by() }, now),
            Act::PublishNow(id) => self.asked(PublishNow { ids: vec![id], by: by() }, now),
            Act::SayPublished(id, post) => {
                let media_id = Some(media_id(post));
                self.asked(say(id, Resolution::Published { url: None, media_id }), now)
            }
            Act::SayTryAgain(id) => self.asked(say(id, Resolution::TryAgain), now),
            Act::SayGiveUp(id) => self.asked(say(id, Resolution::GiveUp), now),
            Act::Trigger(task) => self.asked(TriggerTask { task, by: Trigger::Cli }, now),
            Act::Resume(lane) => self.asked(ResumeAccount(lane), now),
            Act::Edit(id) => {
                self.edits += 1;
                let title = Some(format!("edited {}", self.edits));
                self.asked(UpdateContent { title, ..UpdateContent::new(id) }, now)
            }
            Act::Approve(id) => self.asked(ReviewContent { id, step: ReviewStep::Approve }, now),
            Act::Reschedule(id, at) => {
                self.asked(UpdateEntry { scheduled_at: Some(at), ..UpdateEntry::of(id) }, now)
            }
            Act::Delete(id) => self.asked(DeleteEntry(id), now),
            Act::Suspend(id) => {
                self.asked(SuspendAccount { id, reason: "on holiday".to_owned(), until: None }, now)
            }
        }
    }

    fn rows(&mut self, into: &mut Vec<Row>) {
        tables::rows(self.conn, into);
    }

    fn logs(&mut self, from: usize, into: &mut Vec<LogRow>) {
        tables::logs(self.conn, from, into);
    }

    fn runs(&mut self, into: &mut Vec<RunRow>) {
        tables::runs(self.conn, into);
    }

    fn lanes(&mut self, into: &mut Vec<LaneRow>) {
        tables::lanes(self.conn, into);
    }

    fn contents(&mut self, into: &mut Vec<ContentRow>) {
        tables::all_contents(self.conn, into);
    }

    fn steps(&mut self, into: &mut Vec<StepRow>) {
        tables::steps(self.conn, into);
    }

    fn miscounts(&mut self) -> Vec<Miscount> {
        pool_counts::miscounts(self.conn).expect("counted")
    }
}
