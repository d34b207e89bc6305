//! The judge. It sees the tables after each step, and the ledgers of the platforms; it knows nothing of how the engine
//! comes to what it does. The numbers are those of the list in `main.rs`.

mod gates;
mod ledger;
mod people;
mod tables;

use crate::faults::{LanePlan, Plan};
use crate::platform::Platforms;
use crate::store::*;
use contenthub::domain::ids::{EntryId, ExecutionId};
use contenthub::{EntryStatus, ExecutionStatus, Timestamp};
use gates::LaneKnown;

/// What must never be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    pub invariant: u8,
    pub what: String,
}

pub type Verdict = Result<(), Violation>;

/// Short for: this must be so.
fn must(invariant: u8, is_so: bool, what: impl FnOnce() -> String) -> Verdict {
    if is_so { Ok(()) } else { Err(Violation { invariant, what: what() }) }
}

/// Whose doing a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// A node's cycle, at this instant by its clock. `late`: some of what it wrote was of claims that were lost, or had been
    /// written before.
    Cycle {
        at: Timestamp,
        late: bool,
        /// It may go by its clock.
        sweeps: bool,
    },
    Person(Act),
    /// Anything else of the engine's.
    Engine,
}

/// What it remembers of the step before.
pub struct Judge {
    plan: Plan,
    rows: Vec<Row>,
    logs: Vec<LogRow>,
    runs: Vec<RunRow>,
    lanes: Vec<LaneRow>,
    steps: Vec<StepRow>,
    contents: Vec<ContentRow>,
    /// Lane by lane.
    gates: Vec<LaneKnown>,
    looks: u64,
    /// Entry by entry.
    known: Vec<Known>,
    /// Rows of the log that this step wrote.
    new_logs: Vec<LogRow>,
    scratch: Scratch,
}

/// What it knows of an entry besides its row.
#[derive(Debug, Clone, Default)]
struct Known {
    /// Posts that are out.
    posts: u32,
    /// A person asked for another try so often.
    asked: u32,
    /// True time, in microseconds, of its last change.
    changed_at: u64,
    /// When each step was done, and of which revision.
    done_at: [Option<(i32, u64)>; 3],
    deleted: bool,
    /// A person wants it out now.
    wanted_now: bool,
    /// Attempts that have their row in the log.
    logged: Vec<i32>,
    /// At which look, and at which true time, it was claimed last.
    claimed_in: u64,
    claimed_at: u64,
}

/// Kept for its memory alone.
#[derive(Default)]
struct Scratch {
    rows: Vec<Row>,
    logs: Vec<LogRow>,
}

impl Judge {
    pub fn new(plan: &Plan, store: &mut dyn Store) -> Self {
        let mut judge = Judge {
            plan: plan.clone(),
            gates: vec![LaneKnown::default(); plan.lanes.len()],
            looks: 0,
            rows: Vec::new(),
            logs: Vec::new(),
            runs: Vec::new(),
            lanes: Vec::new(),
            steps: Vec::new(),
            contents: Vec::new(),
            known: vec![Known::default(); plan.entries.len()],
            new_logs: Vec::new(),
            scratch: Scratch::default(),
        };
        store.rows(&mut judge.rows);
        store.contents(&mut judge.contents);
        judge
    }

    fn known(&mut self, entry: EntryId) -> &mut Known {
        &mut self.known[entry.0 as usize - 1]
    }

    /// The entries, as they were after the last step.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// How long ago, in microseconds, something last happened to an entry.
    pub fn quiet_for(&self, entry: EntryId, now: u64) -> u64 {
        now - self.known[entry.0 as usize - 1].changed_at
    }

    /// Whether a person has nothing left to wait for: nothing is on the wire, and nothing will be.
    pub fn is_at_rest(&self) -> bool {
        self.rows.iter().all(|row| match row.status {
            EntryStatus::Pending => self.cap_keeps(row) || self.is_not_approved(row),
            EntryStatus::Publishing => false,
            EntryStatus::Published
            | EntryStatus::Failed
            | EntryStatus::Uncertain
            | EntryStatus::Cancelled => true,
        })
    }

    fn lane_of(&self, row: &Row) -> &LanePlan {
        &self.plan.lanes[row.lane.0 as usize - 1]
    }

    /// Looks at the tables after a step.
    pub fn look(&mut self, store: &mut dyn Store, platforms: &Platforms, cause: Cause, now: u64) -> Verdict {
        if let Cause::Person(Act::Retry(entry) | Act::SayTryAgain(entry)) = cause {
            self.known(entry).asked += 1;
        }
        self.hear_wish(cause);
        self.looks += 1;
        let mut after = std::mem::take(&mut self.scratch.rows);
        let mut logs = std::mem::take(&mut self.scratch.logs);
        store.rows(&mut after);
        self.put_back_deleted(&mut after, cause)?;
        store.contents(&mut self.contents);
        store.logs(0, &mut logs);
        store.runs(&mut self.runs);
        store.lanes(&mut self.lanes);
        self.look_at_steps(store, now);
        self.look_at_log(&logs, &after, platforms)?;
        self.lanes_hear(matches!(cause, Cause::Cycle { late: true, .. }), now);
        self.look_at_rows(&after, cause, now)?;
        self.look_at_lanes(&after, now)?;
        self.look_at_runs()?;
        if let Cause::Cycle { at, sweeps, .. } = cause {
            self.look_at_claims(&after, at)?;
            self.nobody_waits_in_vain(&after, at, sweeps, now)?;
        }
        self.scratch.rows = std::mem::replace(&mut self.rows, after);
        self.scratch.logs = std::mem::replace(&mut self.logs, logs);
        self.compare_with_ledger(now)
    }

    fn look_at_steps(&mut self, store: &mut dyn Store, now: u64) {
        if !self.plan.lanes.iter().any(|lane| lane.kind.in_steps()) {
            return;
        }
        store.steps(&mut self.steps);
        let mut done = vec![[None; 3]; self.known.len()];
        for step in self.steps.iter().filter(|step| step.done) {
            done[step.entry.0 as usize - 1][step.step as usize] = Some(step.revision);
        }
        for (known, done) in self.known.iter_mut().zip(done) {
            for (at, revision) in known.done_at.iter_mut().zip(done) {
                let same = |(of, _): &(i32, u64)| Some(*of) == revision;
                *at = at.filter(same).or(revision.map(|revision| (revision, now)));
            }
        }
    }

    /// A step of a long publish leaves. `claimed_at`: when its claim was committed.
    pub fn step_leaves(&self, (entry, revision): (EntryId, i32), step: Step, claimed_at: u64) -> Verdict {
        let done_at = self.known[entry.0 as usize - 1].done_at[step as usize];
        let is_other = |(of, done_at): (i32, u64)| of != revision || done_at > claimed_at;
        must(8, done_at.is_none_or(is_other), || {
            format!("entry {entry}: step {} is done, and is done again", step.name())
        })?;
        let keeps = |kept: &StepRow| (kept.entry, kept.step, kept.revision) == (entry, step, revision);
        let is_kept = step == Step::Cover || self.steps.iter().any(keeps);
        must(8, is_kept, || format!("entry {entry}: step {} begins, and that is not kept", step.name()))
    }

    /// All faults are over, and time enough has passed.
    pub fn end(&mut self, store: &mut dyn Store, platforms: &Platforms, now: u64) -> Verdict {
        self.look(store, platforms, Cause::Engine, now)?;
        for row in &self.rows {
            must(9, row.status != EntryStatus::Publishing, || format!("stuck: {row:?}"))?;
            let has_reason =
                row.status != EntryStatus::Pending || self.cap_keeps(row) || self.is_not_approved(row);
            must(9, has_reason, || format!("pending without a reason: {row:?}"))?;
        }
        let is_open = |run: &&RunRow| run.status == ExecutionStatus::Running;
        must(9, self.runs.iter().filter(is_open).count() <= 3, || "runs that nobody ends".to_owned())?;
        let miscounts = store.miscounts();
        must(10, miscounts.is_empty(), || format!("what is counted is not what is there: {miscounts:?}"))?;
        self.compare_at_rest(platforms, now)
    }

    fn ran(&self, id: Option<ExecutionId>) -> Option<&RunRow> {
        let id = id?;
        self.runs.iter().find(|run| run.id == id)
    }
}
