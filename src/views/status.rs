//! How publishing stands: what `/scheduler/status` answers and `contenthub status` prints.

mod sentences;

pub use sentences::gate as gate_in_words;

use super::RestartsView;
use crate::db::status::{COUNTED_MAX, LaneStatus, NodeStatus, Status};
use crate::domain::alarms::{Alarm, LATE_AFTER, SILENT_LEASES, SILENT_MIN};
use crate::domain::clock::Timestamp;
use crate::domain::ids::*;
use crate::domain::lane_look::BreakerState;
use crate::domain::pause::Paused;
use crate::words::{Language, Sentence};
use schemars::JsonSchema;
use serde::Serialize;
use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Status")]
pub struct StatusView {
    /// Nothing is wrong.
    pub ok: bool,
    /// What is, the worst first.
    pub problems: Vec<AlarmView>,
    pub needs_a_person: bool,
    pub at: Timestamp,
    /// The one that answers; none from the command line.
    pub node: Option<NodeId>,
    /// Each node that runs was asked to end: nothing new is sent.
    pub stopping: bool,
    /// Attempts on the wire, of all nodes, of the most that there may be.
    pub in_flight: i64,
    pub concurrency: i64,
    pub open_executions: usize,
    pub restarts: RestartsView,
    /// All publishing is: by whom, since when and why.
    pub paused: Option<Paused>,
    /// On all lanes, also on those that are shut.
    pub due_now: i64,
    /// There are more than were counted.
    pub due_now_capped: bool,
    /// On lanes that are open: what to watch.
    pub oldest_due_seconds: Option<f64>,
    pub suspended_accounts: usize,
    pub uncertain_entries: i64,
    /// Of the last 24 hours.
    pub possible_duplicates: i64,
    pub nodes: Vec<NodeView>,
    pub lanes: Vec<LaneView>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Alarm")]
pub struct AlarmView {
    pub code: &'static str,
    pub message: String,
    pub needs_a_person: bool,
    /// The message, to be told in any language.
    #[serde(skip)]
    pub sentence: Sentence,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Node")]
pub struct NodeView {
    pub id: NodeId,
    /// `server`, or `command` of one that works for one task.
    pub kind: &'static str,
    pub host: String,
    pub pid: i64,
    pub version: String,
    pub alive: bool,
    pub stopping: bool,
    pub started_at: Timestamp,
    pub last_seen_at: Timestamp,
    pub in_flight: i64,
    pub concurrency: i32,
    pub restarts: RestartsView,
    /// What keeps it from publishing whatever is due, such as a clock that leapt.
    pub held: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Lane")]
pub struct LaneView {
    pub account_id: AccountId,
    pub name: String,
    pub platform: String,
    pub open: bool,
    /// What keeps it shut.
    pub gate: Option<String>,
    /// The same, to be told in any language.
    #[serde(skip)]
    pub why: Option<Sentence>,
    pub until: Option<Timestamp>,
    pub needs_a_person: bool,
    pub in_flight: i32,
    pub concurrency: i32,
    pub due_now: i64,
    pub due_now_capped: bool,
    pub oldest_due_seconds: Option<f64>,
    pub breaker: BreakerView,
    pub daily_cap: Option<CapView>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Breaker")]
pub struct BreakerView {
    pub state: BreakerState,
    /// Of the platform, in a row.
    pub failures: i32,
    pub since: Option<Timestamp>,
    pub next_probe_at: Option<Timestamp>,
    pub probes: i32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Cap")]
pub struct CapView {
    pub used: i32,
    pub cap: i32,
}

impl StatusView {
    /// `own`: the node that answers, if one does, and why it cannot write, if it cannot.
    pub fn new(status: &Status, own: Option<(NodeId, Option<String>)>) -> Self {
        let (own, unwritten) = own.map_or((None, None), |(node, unwritten)| (Some(node), unwritten));
        let alarms = alarms(status, unwritten);
        let nodes: Vec<NodeView> = status.nodes.iter().map(node_view).collect();
        let living = || nodes.iter().filter(|node| node.alive);
        let oldest = |lane: &LaneStatus| lane.oldest_due_at.map(|at| status.at.since(at));
        let open = status.lanes.iter().filter(|lane| lane.shut.is_none());
        let mut restarts = RestartsView::default();
        living().for_each(|node| restarts.add(&node.restarts));
        StatusView {
            ok: alarms.is_empty(),
            needs_a_person: alarms.iter().any(Alarm::needs_a_person),
            problems: alarms.iter().map(alarm_view).collect(),
            at: status.at,
            node: own,
            stopping: living().count() > 0 && living().all(|node| node.stopping),
            in_flight: status.on_the_wire.values().sum(),
            concurrency: living().map(|node| i64::from(node.concurrency)).sum(),
            open_executions: status.open_executions,
            restarts,
            paused: status.paused.clone(),
            due_now: status.lanes.iter().map(|lane| lane.due_now).sum(),
            due_now_capped: status.lanes.iter().any(|lane| lane.due_now >= COUNTED_MAX),
            oldest_due_seconds: open.filter_map(oldest).max().map(|span| span.as_secs_f64()),
            suspended_accounts: shut_for_good(status).count(),
            uncertain_entries: status.uncertain,
            possible_duplicates: status.possible_duplicates,
            lanes: status.lanes.iter().map(|lane| lane_view(lane, status.at)).collect(),
            nodes,
        }
    }
}

fn shut_for_good(status: &Status) -> impl Iterator<Item = &LaneStatus> {
    status.lanes.iter().filter(|lane| lane.shut.as_ref().is_some_and(|shut| shut.needs_a_person))
}

/// As PostgreSQL would say it to whoever writes.
const READ_ONLY: &str = "it is read-only";

/// What is wrong, the worst first.
fn alarms(status: &Status, unwritten: Option<String>) -> Vec<Alarm> {
    let mut alarms = Vec::new();
    if let Some(paused) = &status.paused {
        alarms.push(Alarm::Paused(paused.clone()));
    }
    let open_and_due = || {
        let lanes = status.lanes.iter().filter(|_| status.paused.is_none());
        lanes.filter(|lane| lane.shut.is_none() && lane.oldest_due_at.is_some())
    };
    if !status.nodes.iter().any(|node| node.alive) && open_and_due().next().is_some() {
        alarms.push(Alarm::NobodyPublishes);
    }
    for node in status.nodes.iter().filter(|node| !node.alive && node.in_flight > 0) {
        alarms.push(Alarm::NodeGone { node: node.row.id.clone(), in_flight: node.in_flight });
    }
    let living = || status.nodes.iter().filter(|node| node.alive);
    // By a clock that leapt, every lease is over.
    let clock_is_known = living().all(|node| node.row.held.is_none());
    for node in living().filter(|_| clock_is_known) {
        let id = || node.row.id.clone();
        if node.overdue > 0 {
            alarms.push(Alarm::NodeSilent { node: id(), overdue: node.overdue });
        } else if let Some(since) = node.silent_for.filter(|since| *since >= silent_after(node)) {
            alarms.push(Alarm::NodeUnheard { node: id(), since });
        }
    }
    let read_only = || status.is_read_only.then(|| READ_ONLY.to_owned());
    alarms.extend(unwritten.or_else(read_only).map(|why| Alarm::CannotWrite { why }));
    for node in living() {
        let held = node.row.held.clone();
        alarms.extend(held.map(|why| Alarm::ClockHeld { node: node.row.id.clone(), why }));
    }
    if !status.can_decrypt {
        alarms.push(Alarm::WrongSecretKey);
    }
    let names = |lanes: &mut dyn Iterator<Item = &LaneStatus>| -> Vec<String> {
        lanes.map(|lane| lane.name.clone()).collect()
    };
    let left_alone = names(&mut open_and_due().filter(|lane| !lane.has_task));
    if !left_alone.is_empty() {
        alarms.push(Alarm::NoTask { lanes: left_alone });
    }
    let late = open_and_due().filter(|lane| lane.has_task);
    let late = late.filter_map(|lane| Some((status.at.since(lane.oldest_due_at?), lane)));
    let late = late.max_by_key(|(span, _)| *span).filter(|(span, _)| *span >= LATE_AFTER);
    if let Some((oldest, lane)) = late.filter(|_| clock_is_known) {
        alarms.push(Alarm::Late { lane: lane.name.clone(), oldest });
    }
    let shut = names(&mut shut_for_good(status));
    if !shut.is_empty() {
        alarms.push(Alarm::Shut { lanes: shut });
    }
    if status.uncertain > 0 {
        let plus = if status.uncertain >= COUNTED_MAX { "+" } else { "" };
        let entries = format!("{}{plus}", status.uncertain);
        alarms.push(Alarm::Uncertain { entries, is_one: status.uncertain == 1 });
    }
    if status.possible_duplicates > 0 {
        alarms.push(Alarm::PossibleDuplicates { count: status.possible_duplicates });
    }
    let down = names(&mut status.lanes.iter().filter(|lane| lane.breaker != BreakerState::Closed));
    if !down.is_empty() {
        alarms.push(Alarm::PlatformDown { lanes: down });
    }
    for node in status.nodes.iter().filter(|node| node.alive) {
        let times = restarts(&node.row.restarts).total();
        if times > 0 {
            alarms.push(Alarm::BrokeDown { node: node.row.id.clone(), times });
        }
    }
    alarms
}

fn silent_after(node: &NodeStatus) -> Duration {
    let lease = Duration::from_secs(u64::try_from(node.row.lease_seconds).unwrap_or(0));
    (lease * SILENT_LEASES).max(SILENT_MIN)
}

fn alarm_view(alarm: &Alarm) -> AlarmView {
    let sentence = sentences::alarm(alarm);
    let message = sentence.say(Language::En);
    AlarmView { code: alarm.code(), message, needs_a_person: alarm.needs_a_person(), sentence }
}

/// What another version wrote, and this one cannot read, counts as none.
fn restarts(json: &str) -> RestartsView {
    serde_json::from_str(json).unwrap_or_default()
}

fn node_view(node: &NodeStatus) -> NodeView {
    let row = &node.row;
    NodeView {
        id: row.id.clone(),
        kind: if row.fires { "server" } else { "command" },
        host: row.host.clone(),
        pid: row.pid,
        version: row.version.clone(),
        alive: node.alive,
        stopping: row.stopping,
        started_at: row.started_at,
        last_seen_at: row.seen_at,
        in_flight: node.in_flight,
        concurrency: row.concurrency,
        restarts: restarts(&row.restarts),
        held: row.held.clone(),
    }
}

fn lane_view(lane: &LaneStatus, now: Timestamp) -> LaneView {
    let shut = lane.shut.clone();
    let tripped = lane.health.tripped;
    let seconds = |at: Timestamp| -> f64 { now.since(at).max(Duration::ZERO).as_secs_f64() };
    LaneView {
        account_id: lane.account,
        name: lane.name.clone(),
        platform: lane.platform.clone(),
        open: shut.is_none(),
        until: shut.as_ref().and_then(|shut| shut.until),
        needs_a_person: shut.as_ref().is_some_and(|shut| shut.needs_a_person),
        why: shut.as_ref().map(|shut| sentences::why(&shut.why)),
        gate: shut.map(|shut| shut.words),
        in_flight: lane.in_flight,
        concurrency: lane.concurrency,
        due_now: lane.due_now,
        due_now_capped: lane.due_now >= COUNTED_MAX,
        oldest_due_seconds: lane.oldest_due_at.map(seconds),
        breaker: BreakerView {
            state: lane.breaker,
            failures: lane.health.failures,
            since: tripped.map(|it| it.since),
            next_probe_at: tripped.map(|it| it.probe_at),
            probes: tripped.map_or(0, |it| it.probes),
        },
        daily_cap: lane.cap.map(|(used, cap)| CapView { used, cap }),
    }
}
