//! The contract of the database in memory: what its tables hold, and what one transaction does to them. As plain as it
//! can be, so that a thousand runs take a second; what decides is the product's own (`domain/`).

mod claims;
mod cycle;
mod demands;
mod lanes;
mod lateness;
mod people;
mod recovery;
mod runs;
mod settling;

use crate::faults::{LanePlan, Plan, WINDOWS};
use crate::sabotage::Sabotage;
use crate::store::*;
use crate::time::at;
use contenthub::db::pool_counts::Miscount;
use contenthub::domain::delivery_class::DeliveryClass;
use contenthub::domain::execution::RunRule;
use contenthub::domain::gates;
use contenthub::domain::ids::*;
use contenthub::domain::outcome::{OnUnknownEnd, Rules};
use contenthub::domain::question::Question;
use contenthub::domain::retry::PLATFORM_PAUSE;
use contenthub::domain::schedule::Schedule;
use contenthub::domain::settlement::Standing;
use contenthub::domain::windows::Windows;
use contenthub::operations::cycle::{ClaimScope, Cycle};
use contenthub::operations::recovery::{Dead, Recovered};
use contenthub::{EntryStatus, ExecutionStatus, LogStatus, Timestamp};
use std::time::Duration;

/// An entry's row.
#[derive(Debug, Clone)]
struct Entry {
    row: Row,
    content: ContentId,
    key: String,
    /// When a person wanted it tried again.
    retried_at: Option<Timestamp>,
    /// How late it may be, by itself or else by its account.
    late_after: Option<Duration>,
    deleted: bool,
    /// A person wants it out now.
    wanted_now: bool,
    claimed_at: Timestamp,
    /// By the database's clock.
    lease_ends: Timestamp,
    /// By the same: when it was claimed.
    taken_at: Timestamp,
    /// When it was due before a failure of its platform put it off.
    pushed_from: Option<Timestamp>,
    question: Option<Question>,
    steps: Vec<(Step, i32, Option<String>)>,
    /// Places of its rows in the log.
    logs: Vec<usize>,
}

impl Entry {
    fn standing(&self) -> Standing {
        let Row { retry_count, max_retries, unproven, .. } = self.row;
        Standing { retry_count, max_retries, unproven }
    }

    /// What a node has claimed to publish it.
    fn is_sending(&self) -> bool {
        self.row.status == EntryStatus::Publishing && self.row.owner.is_some() && self.question.is_none()
    }

    fn is_due(&self, now: Timestamp) -> bool {
        self.row.status == EntryStatus::Pending && !self.row.held && self.row.due_at <= now
    }

    /// What waits for a look-up is held back; what may be out repeats what was approved then, and waits for nobody.
    fn ask(&mut self, question: Option<Question>, approved: bool) {
        let was_looked_up = matches!(self.question, Some(Question::LookUp { .. }));
        self.row.held = match question {
            Some(Question::LookUp { .. }) => true,
            Some(Question::Ask { .. }) | None if self.row.unproven => false,
            Some(Question::Ask { .. }) | None if was_looked_up => !approved,
            Some(Question::Ask { .. }) | None => self.row.held,
        };
        self.question = question;
        self.row.asks = match question {
            None => Asks::Nothing,
            Some(Question::LookUp { at, .. }) => Asks::LookUp(at),
            Some(Question::Ask { at, .. }) => Asks::Progress(at),
        };
    }
}

#[derive(Debug, Clone)]
struct Lane {
    account: Account,
    rules: gates::Rules,
    state: gates::State,
    suspended: Option<Option<Timestamp>>,
    wrong_address: Option<EntryId>,
    /// So long its entries wait for a platform that is down.
    patience: Duration,
}

impl Lane {
    fn is_open(&self, now: Timestamp) -> bool {
        self.suspended.is_none_or(|until| until.is_some_and(|until| until <= now))
    }
}

#[derive(Debug, Clone)]
struct Task {
    id: TaskId,
    schedule: Schedule,
    enabled: bool,
    next_run: Option<Timestamp>,
}

#[derive(Debug, Clone)]
struct Run {
    row: RunRow,
    rule: RunRule,
    started_at: Timestamp,
    claiming: bool,
    lease_ends: Option<Timestamp>,
    /// When an attempt of it last ended.
    last_work: Option<Timestamp>,
}

/// The tables.
pub struct Model {
    now: Timestamp,
    entries: Vec<Entry>,
    lanes: Vec<Lane>,
    tasks: Vec<Task>,
    runs: Vec<Run>,
    logs: Vec<LogRow>,
    /// By the numbers of their entries.
    contents: Vec<ContentRow>,
    review: bool,
    sabotage: Option<Sabotage>,
}

/// The task that publishes when due, the one of an interval, and the one that people and commands start.
pub const ON_DUE: TaskId = TaskId(1);
pub const INTERVAL: TaskId = TaskId(2);
pub const BY_HAND: TaskId = TaskId(3);
/// Of a task that nobody waits for.
pub const SELDOM_SECONDS: u64 = 366 * 24 * 3600;

/// By what a platform's outcomes are judged.
pub fn rules(kind: crate::faults::Kind, submitted_max: Duration) -> Rules {
    use crate::faults::Kind;
    let class = match kind {
        Kind::Keyed => DeliveryClass::Keyed,
        Kind::Detects | Kind::StepsDetects => DeliveryClass::Detects,
        Kind::Blind | Kind::BlindRetry | Kind::StepsBlind => DeliveryClass::Blind,
    };
    let on_unknown = if kind == Kind::BlindRetry { OnUnknownEnd::TryAgain } else { OnUnknownEnd::AskAPerson };
    let settle_time = Duration::from_secs(60);
    Rules { class, on_unknown, settle_time, submitted_max, platform_pause: PLATFORM_PAUSE }
}

/// What its user wants of a lane.
fn lane_rules(lane: &LanePlan) -> gates::Rules {
    let windows = if lane.windowed { Windows::read(&WINDOWS).expect("windows") } else { Windows::default() };
    gates::Rules {
        concurrency: lane.concurrency,
        timezone: chrono_tz::Tz::UTC,
        windows,
        spacing: Duration::from_secs(lane.spacing),
        daily_cap: lane.cap,
    }
}

impl Model {
    pub fn new(plan: &Plan, sabotage: Option<Sabotage>) -> Self {
        let lanes = plan.lanes.iter().enumerate().map(|(place, lane)| Lane {
            account: Account {
                id: AccountId(place as i64 + 1),
                rules: rules(lane.kind, plan.submitted_max),
                in_steps: lane.kind.in_steps(),
                version: 1,
            },
            rules: lane_rules(lane),
            state: gates::State::default(),
            suspended: None,
            wrong_address: None,
            patience: Duration::from_secs(lane.give_up_after),
        });
        let entries = plan.entries.iter().enumerate().map(|(place, entry)| Entry {
            row: Row {
                entry: EntryId(place as i64 + 1),
                lane: AccountId(entry.lane as i64 + 1),
                priority: entry.priority,
                status: EntryStatus::Pending,
                attempt: 0,
                due_at: at(entry.after),
                retry_count: 0,
                max_retries: entry.max_retries,
                unproven: false,
                held: false,
                asks: Asks::Nothing,
                owner: None,
                execution: None,
                recoveries: 0,
                revision: None,
                scheduled_at: Some(at(entry.after)),
                late_at: None,
            },
            content: ContentId(place as i64 + 1),
            key: format!("k{place}"),
            retried_at: None,
            late_after: entry.late_after.or(plan.lanes[entry.lane].late_after).map(Duration::from_secs),
            deleted: false,
            wanted_now: false,
            claimed_at: at(0),
            lease_ends: at(0),
            taken_at: at(0),
            pushed_from: None,
            question: None,
            steps: Vec::new(),
            logs: Vec::new(),
        });
        let every = |seconds| Schedule::Interval {
            every: Duration::from_secs(seconds),
            anchor: at(0) + Duration::from_secs(seconds),
        };
        let task = |id, schedule: Schedule, enabled: bool| Task {
            next_run: schedule.next_after(at(0)).filter(|_| enabled),
            id,
            schedule,
            enabled,
        };
        let mut entries: Vec<Entry> = entries.collect();
        entries.iter_mut().for_each(Entry::compute_late);
        Model {
            now: at(0),
            contents: vec![ContentRow { revision: 1, approved: true }; entries.len()],
            review: plan.review,
            entries,
            lanes: lanes.collect(),
            tasks: vec![
                task(ON_DUE, Schedule::OnDue, plan.on_due),
                task(INTERVAL, every(plan.interval.unwrap_or(SELDOM_SECONDS)), plan.interval.is_some()),
                task(BY_HAND, every(SELDOM_SECONDS), true),
            ],
            runs: Vec::new(),
            logs: Vec::new(),
            sabotage,
        }
    }

    fn entry(&mut self, id: EntryId) -> &mut Entry {
        &mut self.entries[id.0 as usize - 1]
    }

    /// Of an entry.
    fn content(&self, id: EntryId) -> ContentRow {
        self.contents[id.0 as usize - 1]
    }

    fn lane(&self, id: AccountId) -> &Lane {
        &self.lanes[id.0 as usize - 1]
    }

    /// Whether a run has tried an entry; a claim of which nothing was sent was no try.
    fn was_tried_by(&self, entry: &Entry, run: ExecutionId) -> bool {
        let rows = entry.logs.iter().map(|place| &self.logs[*place]);
        rows.into_iter().any(|row| row.execution == Some(run) && row.status != LogStatus::NotSent)
    }

    fn running(&self) -> impl Iterator<Item = &Run> {
        self.runs.iter().filter(|run| run.row.status == ExecutionStatus::Running)
    }

    fn run(&mut self, id: ExecutionId) -> &mut Run {
        &mut self.runs[id.0 as usize - 1]
    }
}

impl Store for Model {
    fn set_time(&mut self, now: Timestamp) {
        self.now = now;
    }

    fn lease_clock(&mut self) -> Timestamp {
        self.now
    }

    fn cycle(&mut self, cycle: &Cycle, now: Timestamp) -> Done {
        cycle::run(self, cycle, now)
    }

    fn renew(&mut self, node: &NodeId, entries: &[EntryId], lease: Duration, _: Timestamp) {
        let owner = Some(node_number(&node.0));
        let until = self.now + lease;
        for id in entries {
            let entry = self.entry(*id);
            if entry.row.owner == owner {
                entry.lease_ends = until;
            }
        }
    }

    fn holders(&mut self, by: &NodeId) -> Vec<NodeId> {
        let own = node_number(&by.0);
        let mut all: Vec<u32> =
            self.entries.iter().filter_map(|entry| entry.row.owner).filter(|owner| *owner != own).collect();
        all.sort_unstable();
        all.dedup();
        all.into_iter().map(node_id).collect()
    }

    fn recover(&mut self, by: &NodeId, dead: Dead, now: Timestamp) -> Recovered {
        recovery::run(self, by, &dead, now)
    }

    fn take_over_runs(&mut self, scope: ClaimScope, lease: Duration, now: Timestamp) {
        runs::take_over(self, scope, lease, now);
    }

    fn renew_runs(&mut self, scope: ClaimScope, lease: Duration, _: Timestamp) {
        runs::renew(self, scope, lease);
    }

    fn fire(&mut self, now: Timestamp) -> Fired {
        runs::fire(self, now)
    }

    fn keep_step(&mut self, kept: &KeepStep, _: Timestamp) -> bool {
        settling::keep_step(self, kept)
    }

    fn mend_times(&mut self, now: Timestamp) {
        runs::mend_times(self, now);
    }

    fn act(&mut self, act: Act, now: Timestamp) -> bool {
        people::act(self, act, now)
    }

    fn rows(&mut self, into: &mut Vec<Row>) {
        into.clear();
        into.extend(self.entries.iter().filter(|entry| !entry.deleted).map(|entry| entry.row));
    }

    fn logs(&mut self, from: usize, into: &mut Vec<LogRow>) {
        into.clear();
        into.extend(self.logs[from..].iter().copied());
    }

    fn runs(&mut self, into: &mut Vec<RunRow>) {
        into.clear();
        into.extend(self.runs.iter().map(|run| run.row));
    }

    fn lanes(&mut self, into: &mut Vec<LaneRow>) {
        into.clear();
        into.extend(
            self.lanes.iter().map(|lane| LaneRow { lane: lane.account.id, suspended: lane.suspended }),
        );
    }

    fn contents(&mut self, into: &mut Vec<ContentRow>) {
        into.clone_from(&self.contents);
    }

    fn steps(&mut self, into: &mut Vec<StepRow>) {
        into.clear();
        for entry in &self.entries {
            into.extend(entry.steps.iter().map(|(step, revision, result)| StepRow {
                entry: entry.row.entry,
                step: *step,
                revision: *revision,
                done: result.is_some(),
            }));
        }
    }

    /// It counts nothing.
    fn miscounts(&mut self) -> Vec<Miscount> {
        Vec::new()
    }
}
