//! One run: a heap of events in virtual time, and whatever they move. Single-threaded; the seed decides everything.

use crate::attempt::Answer;
use crate::chance::Chance;
use crate::faults::{Faults, Plan};
use crate::invariants::{Cause, Judge, Verdict, Violation};
use crate::nodes::{Node, NodeEvent, Statement};
use crate::platform::{Call, Fate, Platforms, Post};
use crate::sabotage::Sabotage;
use crate::store::{Row, Store};
use crate::time::{HOUR, MINUTE, TrueTime};
use contenthub::Timestamp;
use contenthub::domain::ids::{AttemptId, EntryId, NodeId};
use contenthub::domain::retry::JitterSource;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;

/// So long after faults have stopped, everything has settled.
const SETTLED_AFTER: u64 = 3 * HOUR;
/// A run that goes on for longer than this goes round in circles.
const STEPS_MAX: u64 = 400_000;

/// What happens.
pub enum What {
    /// Something reaches a node, in one of its lives.
    Node {
        node: usize,
        life: u32,
        event: NodeEvent,
    },
    /// A statement reaches the database.
    Database {
        node: usize,
        life: u32,
        statement: Statement,
    },
    /// A request reaches a platform.
    Arrives(Request),
    /// A post is out.
    Out(u32),
    Starts(usize),
    PeopleAct,
    /// A command runs beside the servers.
    CommandRuns,
    /// Faults stop.
    Calms,
    PeopleHelp,
}

/// A request under way.
#[derive(Debug, Clone)]
pub struct Request {
    pub node: usize,
    pub life: u32,
    pub attempt: AttemptId,
    pub number: u32,
    pub call: Call,
    pub key: String,
    pub fate: Fate,
}

struct Event {
    at: u64,
    sequence: u64,
    /// Beside the heap, which moves its events about.
    what: Box<What>,
}

impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.sequence) == (other.at, other.sequence)
    }
}
impl Eq for Event {}
impl PartialOrd for Event {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Event {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.sequence).cmp(&(other.at, other.sequence))
    }
}

/// The world of one seed.
pub struct World<'a> {
    pub plan: Plan,
    pub chance: Chance,
    pub faults: Faults,
    pub time: TrueTime,
    pub store: &'a mut dyn Store,
    pub nodes: Vec<Node>,
    pub platforms: Platforms,
    pub judge: Judge,
    pub jitter: Arc<JitterSource>,
    pub sabotage: Option<Sabotage>,
    /// Nodes that there have been.
    pub node_count: u32,
    /// When nodes last said that they run, by the clock that leases are judged by.
    pub heard: HashMap<NodeId, Timestamp>,
    /// Requests to platforms, and posts to come, that are under way.
    pub under_way: usize,
    heap: BinaryHeap<Reverse<Event>>,
    sequence: u64,
    calm: bool,
    trace: Option<Vec<String>>,
}

/// What a run came to.
pub struct Ran {
    pub steps: u64,
    pub verdict: Verdict,
    /// How the entries ended, and what is out.
    pub rows: Vec<Row>,
    pub posts: Vec<Post>,
    pub trace: Vec<String>,
}

impl<'a> World<'a> {
    pub fn new(
        seed: u64,
        plan: Plan,
        chance: Chance,
        store: &'a mut dyn Store,
        sabotage: Option<Sabotage>,
        traced: bool,
    ) -> Self {
        let time = TrueTime::default();
        let judge = Judge::new(&plan, store);
        let mut world = World {
            faults: plan.faults,
            time,
            store,
            nodes: Vec::new(),
            platforms: Platforms::default(),
            judge,
            jitter: Arc::new(JitterSource::seeded(seed)),
            sabotage,
            node_count: 0,
            heard: HashMap::new(),
            under_way: 0,
            heap: BinaryHeap::new(),
            sequence: 0,
            calm: false,
            trace: traced.then(Vec::new),
            chance,
            plan,
        };
        world.set_out();
        world
    }

    fn set_out(&mut self) {
        let plan = format!("{:?}", self.plan);
        self.note(|| plan);
        for _ in 0..self.plan.nodes {
            let node = self.add_server();
            let after = self.chance.below(2 * crate::time::SECOND);
            self.after(after, What::Starts(node));
        }
        for at in self.plan.acts.clone() {
            let what = if self.chance.happens(300) { What::CommandRuns } else { What::PeopleAct };
            self.after(at, what);
        }
        self.after(self.plan.calm_at, What::Calms);
    }

    pub fn now(&self) -> u64 {
        self.time.micros()
    }

    pub fn after(&mut self, span: u64, what: What) {
        self.sequence += 1;
        let at = self.now().saturating_add(span);
        self.heap.push(Reverse(Event { at, sequence: self.sequence, what: Box::new(what) }));
    }

    /// For whoever has to understand what went wrong.
    pub fn note(&mut self, text: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            let micros = self.time.micros();
            trace.push(format!("{:>6}.{:06} {}", micros / 1_000_000, micros % 1_000_000, text()));
        }
    }

    pub fn note_of(&mut self, n: usize, text: impl FnOnce() -> String) {
        let number = self.nodes[n].number;
        self.note(|| format!("n{number} {}", text()));
    }

    /// Runs to its end.
    pub fn run(mut self) -> Ran {
        let mut steps = 0;
        let verdict = loop {
            match self.step() {
                Ok(true) => steps += 1,
                Ok(false) => {
                    let now = self.now();
                    break self.judge.end(self.store, &self.platforms, now);
                }
                Err(violation) => break Err(violation),
            }
            if steps > STEPS_MAX {
                let what = format!("{STEPS_MAX} steps, and no end");
                break Err(Violation { invariant: 9, what });
            }
        };
        let rows = self.judge.rows().to_vec();
        Ran { steps, verdict, rows, posts: self.platforms.posts, trace: self.trace.unwrap_or_default() }
    }

    /// The next event. False where all has settled, or had time enough to.
    fn step(&mut self) -> Result<bool, Violation> {
        if self.calm && self.under_way == 0 && self.judge.is_at_rest() {
            return Ok(false);
        }
        let Some(Reverse(event)) = self.heap.pop() else { return Ok(false) };
        if event.at > self.plan.calm_at + SETTLED_AFTER {
            return Ok(false);
        }
        self.time.set(event.at);
        self.store.set_time(self.time.now());
        match *event.what {
            What::Node { node, life, event } => self.node_event(node, life, event)?,
            What::Database { node, life, statement } => self.database(node, life, statement)?,
            What::Arrives(request) => self.arrives(request)?,
            What::Out(post) => {
                self.under_way -= 1;
                let post = self.platforms.posts[post as usize].clone();
                self.note(|| format!("OUT post {} of entry {}", post.number, post.entry));
                self.judge.posted(&post, event.at)?;
            }
            What::Starts(node) => self.start(node)?,
            What::PeopleAct => self.people_act()?,
            What::CommandRuns => self.command_runs()?,
            What::Calms => self.calms()?,
            What::PeopleHelp => self.people_help()?,
        }
        Ok(true)
    }

    fn calms(&mut self) -> Verdict {
        self.note(|| "faults stop".to_owned());
        (self.calm, self.faults) = (true, self.plan.faults.over());
        for node in 0..self.nodes.len() {
            self.set_clock(node, 0);
            self.nodes[node].paused_until = 0;
            if !self.nodes[node].is_alive() && self.nodes[node].is_server() {
                self.after(1, What::Starts(node));
            }
        }
        self.people_help()
    }

    pub fn is_calm(&self) -> bool {
        self.calm
    }

    /// The tables are looked at after each step that may have changed them.
    pub fn look(&mut self, cause: Cause) -> Verdict {
        let now = self.now();
        self.judge.look(self.store, &self.platforms, cause, now)
    }

    pub fn kind_of(&self, entry: EntryId) -> crate::faults::Kind {
        let lane = self.judge.rows()[entry.0 as usize - 1].lane;
        self.plan.lanes[lane.0 as usize - 1].kind
    }

    /// A request is sent: its fate is known to nobody but us.
    pub fn send(&mut self, request: Request, time: u64) {
        let lane = self.judge.rows()[request.attempt.entry.0 as usize - 1].lane;
        let submits = match request.call {
            Call::Publish | Call::Step(crate::store::Step::Send) => {
                self.plan.lanes[lane.0 as usize - 1].submits
            }
            Call::Step(_) | Call::LookUp | Call::Ask => 0,
        };
        let fate = self.fate(&request, submits);
        let (node, life, attempt, number) = (request.node, request.life, request.attempt, request.number);
        self.note(|| format!("n{node} sends {:?} of {attempt}: {fate:?}", request.call));
        if fate.arrives() {
            let there = crate::platform::way_there(&mut self.chance, &self.faults);
            self.under_way += 1;
            self.after(there, What::Arrives(Request { fate, ..request }));
        } else {
            let reply = crate::platform::unreachable(request.call);
            let event = NodeEvent::Answer { attempt, number, answer: Answer::Reply(reply) };
            let back = self.chance.delay(1000, 5_000_000, 10);
            self.after(back, What::Node { node, life, event });
        }
        let event = NodeEvent::Answer { attempt, number, answer: Answer::TimedOut };
        self.after(time, What::Node { node, life, event });
    }

    fn fate(&mut self, request: &Request, submits: u64) -> Fate {
        let (entry, now) = (request.attempt.entry, self.now());
        let lane = self.judge.rows()[entry.0 as usize - 1].lane;
        let asks = matches!(request.call, Call::LookUp | Call::Ask);
        if let Some((from, to, fate)) = self.plan.lanes[lane.0 as usize - 1].outage
            && (from..to).contains(&now)
        {
            return fate;
        }
        if self.plan.entries[entry.0 as usize - 1].poison && !asks {
            return Fate::Reset { taken: false };
        }
        Fate::of(&mut self.chance, &self.faults, submits)
    }

    fn arrives(&mut self, request: Request) -> Verdict {
        self.under_way -= 1;
        let Request { node, life, attempt, number, call, key, fate } = request;
        let (entry, now) = (attempt.entry, self.now());
        let lane = self.judge.rows()[entry.0 as usize - 1].lane;
        let arrived = crate::platform::Arrived {
            call,
            kind: self.kind_of(entry),
            entry,
            lane,
            attempt: attempt.number,
            key: &key,
        };
        let (reply, made) = self.platforms.take(&arrived, fate, &mut self.chance, now);
        if let Some((post, out_at)) = made {
            self.under_way += 1;
            self.after(out_at - now, What::Out(post));
        }
        self.note(|| format!("{call:?} of {attempt} arrives, makes {made:?}, is answered {reply:?}"));
        let back = crate::platform::way_back(&mut self.chance, &self.faults);
        let event = NodeEvent::Answer { attempt, number, answer: Answer::Reply(reply) };
        self.after(back, What::Node { node, life, event });
        Ok(())
    }

    /// People look after what only they can mend, now and again every ten minutes.
    pub fn again_later(&mut self) {
        self.after(10 * MINUTE, What::PeopleHelp);
    }
}
