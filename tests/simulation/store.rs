//! The contract of the database, as the engine uses it. Kept by the model (`model.rs`), which is quick, and by the real
//! operations on the real databases (`sql.rs`), which are right.

use contenthub::db::claim::Claim;
use contenthub::db::pool_counts::Miscount;
use contenthub::db::transitions::Written;
use contenthub::domain::ids::{AccountId, AttemptId, ContentId, EntryId, ExecutionId, NodeId, TaskId};
use contenthub::domain::lateness::{GAVE_UP, TOO_LATE};
use contenthub::domain::outcome::Rules;
use contenthub::domain::settlement::LogStatus;
use contenthub::operations::cycle::{ClaimScope, Cycle};
use contenthub::operations::recovery::{Dead, Recovered};
use contenthub::platforms::journal::Mark;
use contenthub::{EntryStatus, ExecutionStatus, Timestamp};
use std::time::Duration;

/// What a cycle came to, as far as a node uses it.
pub struct Done {
    pub written: Vec<Written>,
    pub claims: Vec<(Claim, Account)>,
    pub closed: Vec<ExecutionId>,
    pub open: usize,
    /// So many entries ended because they were too late, or given up.
    pub swept: usize,
    pub again: bool,
    pub look_again: Option<Timestamp>,
    pub looked_at: Timestamp,
}

/// What an attempt needs to know of its account.
#[derive(Debug, Clone, Copy)]
pub struct Account {
    pub id: AccountId,
    pub rules: Rules,
    pub in_steps: bool,
    pub version: i64,
}

/// What the scheduler hears.
#[derive(Debug, Clone, Copy)]
pub struct Fired {
    pub any: bool,
    pub executor_is_wanted: bool,
    pub next: Option<Timestamp>,
}

/// A mark of a step of a long publish.
#[derive(Debug, Clone)]
pub struct KeepStep {
    pub node: NodeId,
    pub attempt: AttemptId,
    pub revision: i32,
    pub step: &'static str,
    pub mark: Mark,
}

/// What people do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    Cancel(EntryId),
    Retry(EntryId),
    /// Over its schedule, and over window and spacing of its lane.
    PublishNow(EntryId),
    /// They have looked, and say so: the number of the post, if it is out.
    SayPublished(EntryId, u32),
    SayTryAgain(EntryId),
    SayGiveUp(EntryId),
    /// They trigger a task.
    Trigger(TaskId),
    /// They put an account right, and resume it.
    Resume(AccountId),
    Suspend(AccountId),
    /// They write a content anew; where there is review, it has to be approved again.
    Edit(ContentId),
    Approve(ContentId),
    /// At another time, or now.
    Reschedule(EntryId, Option<Timestamp>),
    Delete(EntryId),
}

/// One database.
pub trait Store {
    /// True time goes on; whatever the database judges by its own clock goes by it.
    fn set_time(&mut self, now: Timestamp);

    /// The clock that leases are judged by.
    fn lease_clock(&mut self) -> Timestamp;

    fn cycle(&mut self, cycle: &Cycle, now: Timestamp) -> Done;
    fn renew(&mut self, node: &NodeId, entries: &[EntryId], lease: Duration, now: Timestamp);
    /// Other nodes that hold claims.
    fn holders(&mut self, by: &NodeId) -> Vec<NodeId>;
    fn recover(&mut self, by: &NodeId, dead: Dead, now: Timestamp) -> Recovered;
    fn take_over_runs(&mut self, scope: ClaimScope, lease: Duration, now: Timestamp);
    fn renew_runs(&mut self, scope: ClaimScope, lease: Duration, now: Timestamp);
    fn fire(&mut self, now: Timestamp) -> Fired;
    /// False where the claim is lost.
    fn keep_step(&mut self, step: &KeepStep, now: Timestamp) -> bool;
    /// A node's clock was stepped back.
    fn mend_times(&mut self, now: Timestamp);
    /// False where it was refused.
    fn act(&mut self, act: Act, now: Timestamp) -> bool;

    /// Entries, in order of their ids; those that were deleted are not there.
    fn rows(&mut self, into: &mut Vec<Row>);
    /// Rows of the log, in order, from this place on.
    fn logs(&mut self, from: usize, into: &mut Vec<LogRow>);
    fn runs(&mut self, into: &mut Vec<RunRow>);
    fn lanes(&mut self, into: &mut Vec<LaneRow>);
    /// All contents, in order of their ids.
    fn contents(&mut self, into: &mut Vec<ContentRow>);
    /// Steps that are done, with what they came to; or begun, with none.
    fn steps(&mut self, into: &mut Vec<StepRow>);
    /// Where what is counted of the pool is not what is in it.
    fn miscounts(&mut self) -> Vec<Miscount>;
}

/// What a platform is to be asked about an entry, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Asks {
    #[default]
    Nothing,
    LookUp(Timestamp),
    Progress(Timestamp),
}

/// An entry, as the judge sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    pub entry: EntryId,
    pub lane: AccountId,
    pub priority: i32,
    pub status: EntryStatus,
    pub attempt: i32,
    pub due_at: Timestamp,
    pub retry_count: i32,
    pub max_retries: i32,
    pub unproven: bool,
    pub held: bool,
    pub asks: Asks,
    /// The number of the node that has claimed it.
    pub owner: Option<u32>,
    pub execution: Option<ExecutionId>,
    pub recoveries: i32,
    /// Of its last attempt.
    pub revision: Option<i32>,
    /// As people want it; none: at once.
    pub scheduled_at: Option<Timestamp>,
    /// It is not published from then on.
    pub late_at: Option<Timestamp>,
}

/// A row of the log, as the judge sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogRow {
    pub entry: EntryId,
    pub attempt: i32,
    pub execution: Option<ExecutionId>,
    /// A try without a run, because a person wanted it out now.
    pub on_demand: bool,
    pub status: LogStatus,
    /// The number of the post.
    pub media: Option<u32>,
    pub code: Code,
    pub finished_at: Timestamp,
    pub said_by_a_person: bool,
}

/// Why, as far as the judge needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    None,
    AccountBroken,
    WrongAddress,
    /// Nothing of the request left.
    Unreached,
    /// The platform asked to wait for so many seconds.
    Wait(u64),
    /// Its end was not seen.
    Unseen,
    /// Our own doing.
    Silent,
    /// It was not out in time.
    TooLate,
    /// Its platform was away for too long.
    GaveUp,
    Other,
}

impl Code {
    pub fn read(code: Option<&str>) -> Code {
        match code {
            None => Code::None,
            Some(ACCOUNT_BROKEN) => Code::AccountBroken,
            Some(WRONG_ADDRESS) => Code::WrongAddress,
            Some(UNREACHED) => Code::Unreached,
            Some(UNSEEN) => Code::Unseen,
            Some(TOO_LATE) => Code::TooLate,
            Some(GAVE_UP) => Code::GaveUp,
            Some(code) if SILENT.contains(&code) => Code::Silent,
            Some(code) if code.starts_with(WAIT) => Code::Wait(code[WAIT.len()..].parse().unwrap_or(0)),
            Some(_) => Code::Other,
        }
    }
}

pub const ACCOUNT_BROKEN: &str = "account_broken";
pub const WRONG_ADDRESS: &str = "wrong_address";
pub const UNREACHED: &str = "unreached";
pub const UNSEEN: &str = "end_unseen";
/// Followed by the seconds.
pub const WAIT: &str = "wait_";
/// What says nothing about a platform.
pub const SILENT: [&str; 5] = ["panic", "node_lost", "unknown", "recovered_too_often", "checkpoint_not_kept"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunRow {
    pub id: ExecutionId,
    pub task: TaskId,
    pub on_due: bool,
    pub status: ExecutionStatus,
    pub fire_time: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaneRow {
    pub lane: AccountId,
    /// Shut by a person or by the machine, until then or for good.
    pub suspended: Option<Option<Timestamp>>,
}

/// A content: the number of its entry is its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContentRow {
    pub revision: i32,
    pub approved: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepRow {
    pub entry: EntryId,
    pub step: Step,
    pub revision: i32,
    pub done: bool,
}

/// The steps of the platform that has three.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Uploads; may be done again.
    Cover,
    /// Makes a draft; must not be done twice.
    Draft,
    /// Publishes it; must not be done twice.
    Send,
}

impl Step {
    pub const ALL: [Step; 3] = [Step::Cover, Step::Draft, Step::Send];

    pub fn name(self) -> &'static str {
        match self {
            Step::Cover => "cover",
            Step::Draft => "draft",
            Step::Send => "send",
        }
    }

    pub fn read(name: &str) -> Step {
        Step::ALL.into_iter().find(|step| step.name() == name).expect("a step of the platform")
    }
}

/// Nodes are numbered, and are called by their numbers.
pub fn node_id(number: u32) -> NodeId {
    NodeId(format!("n{number}"))
}

pub fn node_number(id: &str) -> u32 {
    id.trim_start_matches('n').parse().expect("a node of the simulation")
}

/// A post's name on its platform is its number in the ledger.
pub fn media_id(post: u32) -> String {
    format!("m{post}")
}

pub fn post_number(media_id: &str) -> u32 {
    media_id.trim_start_matches('m').parse().expect("a post of the simulation")
}
