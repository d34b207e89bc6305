//! How nodes are made to die: at random moments, at named points of the engine's cycle, or not at all, but standing
//! still for longer than their lease.

use crate::node::{At, Work};
use crate::process::{Process, until, was_killed};
use crate::world::{Database, Held, LEASE, World};
use std::fmt::Display;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// A process that does nothing for this long, though there is work, is stuck.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// A kill comes at most this long after the start, or after the node is at work.
const SOON: Duration = Duration::from_millis(300);
/// How long an arrival is waited for before something else is looked at.
const LOOK: Duration = Duration::from_millis(100);
/// In per cent: kills that do not wait until the node is at work.
const HASTY: u64 = 30;
/// In per cent: both of two processes are killed at once.
const BOTH: u64 = 25;

/// A point at which a node can end itself, and within how many passes it does.
pub type Point = (&'static str, u64);

/// The points of the engine's cycle and of an attempt.
pub const POINTS: &[Point] =
    &[("claiming", 12), ("claimed", 12), ("sending", 150), ("sent", 150), ("settling", 12), ("settled", 12)];
/// Those before, between and after the steps of a publish in three.
pub const STEPS: &[Point] = &[
    ("upload asked", 60),
    ("upload answered", 60),
    ("upload kept", 60),
    ("draft asked", 60),
    ("draft answered", 60),
    ("draft kept", 60),
    ("submit asked", 60),
    ("submit answered", 60),
    ("submit kept", 60),
    ("asking", 30),
];
/// Where a node that stands still may hold what nobody can take from it.
const STOPS: [Option<(&str, u64)>; 5] =
    [Some(("claimed", 10)), Some(("sending", 100)), None, Some(("claiming", 10)), Some(("sent", 100))];

/// What is counted on the way.
#[derive(Debug, Default)]
pub struct Figures {
    pub kills: usize,
    /// What was on the wire at all kills together.
    pub caught: usize,
    /// The longest from a start, with everybody else dead and work waiting, to the first arrival.
    pub first: Duration,
    /// The longest until all that the dead had held was back in work: from the restart; where another node lived on
    /// PostgreSQL, for which the lease says who is dead, from the kill.
    pub back: Duration,
}

/// Who is at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crew {
    OneServer,
    TwoServers,
    /// A server, and a command beside it.
    ServerAndCommand,
}

impl Crew {
    fn work(self, world: &World) -> Vec<Work> {
        match self {
            Crew::OneServer => vec![Work::Serve],
            Crew::TwoServers => vec![Work::Serve, Work::Serve],
            Crew::ServerAndCommand => vec![Work::Serve, world.by_hand()],
        }
    }
}

/// Kills at random moments, again and again, then lets everything come to its end.
pub fn random(world: &mut World, crew: Crew, kills: usize) -> Result<Figures, String> {
    let mut figures = Figures::default();
    let mut places: Vec<(Work, Option<Process>)> =
        crew.work(world).into_iter().map(|work| (work, None)).collect();
    let mut dead = Dead::default();
    world.top_up(1);
    while figures.kills < kills {
        if world.rng.happens(HASTY) {
            start_missing(world, &mut places);
            world.top_up(1);
        } else {
            restart(world, &dead, &mut places, &mut figures)?;
        }
        sleep(world.rng.span(SOON));
        never_robbed(world)?;
        let killed_at = Instant::now();
        let turn = figures.kills;
        for (number, (work, place)) in places.iter_mut().enumerate() {
            let chosen = number == turn % crew.work(world).len() || world.rng.happens(BOTH);
            let Some(process) = place else { continue };
            if let Some(status) = process.ended() {
                let is_done = matches!(work, Work::Trigger(_)) && matches!(status.code(), Some(0 | 3));
                if !is_done {
                    return Err(told(format!("a process ended by itself ({status})"), process));
                }
                *place = None;
            } else if chosen {
                process.kill();
                *place = None;
                figures.kills += 1;
            }
        }
        dead = Dead { held: world.held(), killed_at: Some(killed_at) };
        figures.caught += dead.held.len();
    }
    restart(world, &dead, &mut places, &mut figures)?;
    end(world, &mut places[0])?;
    Ok(figures)
}

/// Nobody may take back what a living node holds.
fn never_robbed(world: &mut World) -> Result<(), String> {
    let robbed = world.robbed();
    if robbed.is_empty() { Ok(()) } else { Err(format!("living nodes were robbed: {robbed:?}")) }
}

/// What was held when the last one was killed.
#[derive(Default)]
struct Dead {
    held: Held,
    killed_at: Option<Instant>,
}

fn start_missing(world: &mut World, places: &mut [(Work, Option<Process>)]) {
    for (work, place) in places {
        if place.is_none() {
            *place = Some(world.start(*work, None));
        }
    }
}

/// Starts who is missing, and waits until something new arrives and nothing is held by the dead any more. Entries are
/// added meanwhile, which takes a while: that is not the nodes' time.
fn restart(
    world: &mut World,
    dead: &Dead,
    places: &mut [(Work, Option<Process>)],
    figures: &mut Figures,
) -> Result<(), String> {
    let alone = places.iter().all(|(_, place)| place.is_none());
    let (arrived, waiting) = (world.receiver.count(), world.waiting());
    let released = world.watch_release(&dead.held, PATIENCE);
    let at = Instant::now();
    start_missing(world, places);
    world.top_up(1);
    let first = until(PATIENCE, || match world.receiver.first_after(arrived, LOOK) {
        // Somebody else, who was alive, has done it all meanwhile.
        None if !alone && world.open() == 0 => Some(None),
        first => first.map(Some),
    });
    let first = first.ok_or_else(|| format!("nothing arrived within {PATIENCE:?} after a restart"))?;
    if let Some(first) = first
        && alone
        && waiting > 0
    {
        figures.first = figures.first.max(first.duration_since(at));
    }
    let Some(released) = released.join().expect("the watch goes on") else {
        return Err(format!("what the dead held was not taken back within {PATIENCE:?}"));
    };
    let since = match world.database {
        Database::Postgres if !alone => dead.killed_at,
        Database::Sqlite | Database::Postgres => Some(at),
    };
    if let Some(since) = since
        && !dead.held.is_empty()
    {
        figures.back = figures.back.max(released.duration_since(since));
    }
    Ok(())
}

/// Lets everything come to its end, and looks for what does not.
fn end(world: &mut World, server: &mut (Work, Option<Process>)) -> Result<(), String> {
    world.wait_until_done();
    never_robbed(world)?;
    let Some(process) = &mut server.1 else { return Err("there is no server".to_owned()) };
    if let Some(status) = process.ended() {
        return Err(told(format!("a server ended by itself ({status})"), process));
    }
    match world.open_runs() {
        0 => Ok(()),
        open => Err(told(format!("{open} runs stay open with nothing left to do"), process)),
    }
}

/// Nodes kill themselves at each named point in turn.
pub fn points(world: &mut World, points: &'static [Point], kills: usize) -> Result<Figures, String> {
    let mut figures = Figures::default();
    for (point, passes) in points.iter().cycle().take(kills.max(points.len())) {
        world.top_up(1);
        let pass = 1 + world.rng.below(*passes);
        let mut node = world.start(Work::Serve, Some(At { point, pass, signal: "KILL" }));
        match node.wait(PATIENCE) {
            Some(status) if was_killed(status) => figures.kills += 1,
            ended => {
                let what = format!("a node did not kill itself at pass {pass} of “{point}”: {ended:?}");
                return Err(told(what, &node));
            }
        }
        figures.caught += world.held().len();
    }
    let dead = Dead { held: world.held(), killed_at: Some(Instant::now()) };
    let mut places = [(Work::Serve, None)];
    restart(world, &dead, &mut places, &mut figures)?;
    end(world, &mut places[0])?;
    Ok(figures)
}

/// Nodes stand still for longer than their lease while another one works, then go on for a moment before they die.
pub fn stops(world: &mut World, kills: usize) -> Result<Figures, String> {
    let mut figures = Figures::default();
    let mut places = [(Work::Serve, None)];
    start_missing(world, &mut places);
    for stop in STOPS.iter().cycle().take(kills.max(STOPS.len())) {
        world.top_up(2);
        let mut node = stand_still(world, *stop)?;
        let stopped_at = Instant::now();
        let held = world.held();
        figures.caught += held.len();
        let arrived = world.receiver.count();
        let limit = LEASE * 3;
        let Some(released) = world.watch_release(&held, limit).join().expect("the watch goes on") else {
            return Err(told(
                format!("what a node that stands still at {stop:?} held was not taken back within {limit:?}"),
                &node,
            ));
        };
        figures.back = figures.back.max(released.duration_since(stopped_at));
        world.top_up(1);
        world.receiver.first_after(arrived, PATIENCE).ok_or("the other node does nothing")?;
        let taken = Instant::now();
        world.taken_back.extend(held.into_iter().map(|attempt| (attempt, taken)));
        node.go_on();
        sleep(SOON + world.rng.span(SOON));
        if let Some(status) = node.ended() {
            return Err(told(format!("a node that went on ended by itself ({status})"), &node));
        }
        node.kill();
        figures.kills += 1;
    }
    end(world, &mut places[0])?;
    Ok(figures)
}

/// A node that stands still: at a point, or at any moment.
fn stand_still(world: &mut World, stop: Option<Point>) -> Result<Process, String> {
    let at = stop.map(|(point, passes)| At { point, pass: 1 + world.rng.below(passes), signal: "STOP" });
    let mut node = world.start(Work::Serve, at);
    if at.is_none() {
        sleep(SOON + world.rng.span(SOON));
        node.stop();
    }
    match node.wait_stopped(PATIENCE) {
        Some(()) => Ok(node),
        None => Err(told(format!("a node did not stop itself at {at:?}"), &node)),
    }
}

/// An error with the end of the process' log.
pub fn told(what: impl Display, process: &Process) -> String {
    format!("{what}; its log ends:\n    {}", process.last_words())
}
