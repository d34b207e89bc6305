//! What a seed picks: the work, and what goes wrong. Some faults are wholly off in each seed, so that those that are on
//! are not always drowned by the others.

use crate::chance::Chance;
use crate::platform::Fate;
use crate::time::{HOUR, MINUTE, SECOND};
use std::time::Duration;

/// How often what goes wrong, in a thousand times; spans in microseconds.
#[derive(Debug, Clone, Copy, Default)]
pub struct Faults {
    // Of nodes, for each of the moments at which one can be hit.
    pub crash: u64,
    pub pause: u64,
    pub drain: u64,
    pub clock_step: u64,
    /// So far may a clock be off, either way.
    pub skew: u64,
    // Of the database, for each statement.
    pub refused: u64,
    pub unseen: u64,
    pub slow_commit: u64,
    // Of a platform, for each request.
    pub no_connection: u64,
    pub asked_to_wait: u64,
    pub server_fault: u64,
    pub reset: u64,
    pub slow: u64,
    pub garbage: u64,
    pub rejected: u64,
    pub account_broken: u64,
    pub wrong_address: u64,
    pub panic: u64,
    /// Of those faults that leave it open, so many come after the post was taken.
    pub taken: u64,
    // Of notices between processes.
    pub notice_lost: u64,
    pub duplicate_tick: u64,
}

/// The settle time before a look-up is measured by the clocks of nodes: the one that saw no end, and the one that looks.
/// Where they are a minute apart, a look-up comes before anything can be there.
const LOOK_UP_SKEW_MAX: u64 = 20 * SECOND;

impl Faults {
    fn pick(chance: &mut Chance) -> Self {
        let skews = [0, 0, 5 * SECOND, 15 * SECOND, 20 * MINUTE, HOUR];
        let skew = chance.one_of(&skews);
        let mut rate = |most: u64| if chance.happens(500) { 0 } else { chance.between(1, most) };
        Faults {
            crash: rate(30),
            pause: rate(30),
            drain: rate(10),
            clock_step: rate(20),
            skew,
            refused: rate(100),
            unseen: rate(100),
            slow_commit: rate(50),
            no_connection: rate(200),
            asked_to_wait: rate(200),
            server_fault: rate(200),
            reset: rate(250),
            slow: rate(150),
            garbage: rate(100),
            rejected: rate(60),
            account_broken: rate(30),
            wrong_address: rate(15),
            panic: rate(50),
            taken: 500,
            notice_lost: rate(500),
            duplicate_tick: rate(200),
        }
    }

    /// Whether platforms may fail so often that they seem to be down.
    pub fn may_trip(&self) -> bool {
        self.no_connection + self.asked_to_wait + self.reset + self.slow > 0
    }

    /// Nothing goes wrong any more.
    pub fn over(self) -> Self {
        Faults::default()
    }
}

/// What a platform makes of a post that it may have got already, and of what cannot be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Knows a key again.
    Keyed,
    /// Can be looked at.
    Detects,
    /// Neither.
    Blind,
    /// The same, on an account that would rather post twice than never.
    BlindRetry,
    /// In three steps, and can be looked at.
    StepsDetects,
    /// In three steps, and cannot.
    StepsBlind,
}

impl Kind {
    pub const ALL: [Kind; 6] =
        [Kind::Keyed, Kind::Detects, Kind::Blind, Kind::BlindRetry, Kind::StepsDetects, Kind::StepsBlind];

    pub fn in_steps(self) -> bool {
        matches!(self, Kind::StepsDetects | Kind::StepsBlind)
    }

    pub fn is_looked_up(self) -> bool {
        matches!(self, Kind::Detects | Kind::StepsDetects)
    }

    /// The platform's name; an account has one of them.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Keyed => "keyed",
            Kind::Detects => "detects",
            Kind::Blind | Kind::BlindRetry => "blind",
            Kind::StepsDetects => "steps_detects",
            Kind::StepsBlind => "steps_blind",
        }
    }
}

/// By what it is known that a node is dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Death {
    /// The kernel frees its lock (SQLite).
    LockFreed,
    /// Its lease runs out by the database's clock (PostgreSQL).
    LeaseExpired,
}

/// One minute after the beginning to the fifth, and from the seventh on.
pub const WINDOWS: [&str; 2] = ["23:58-00:02", "00:04-12:00"];

#[derive(Debug, Clone, Copy)]
pub struct LanePlan {
    pub kind: Kind,
    pub concurrency: i32,
    /// So many of a thousand posts are accepted first, and finished later.
    pub submits: u64,
    /// In seconds, from one send to the next.
    pub spacing: u64,
    /// Posts a day.
    pub cap: Option<i32>,
    /// Open only at the times of [`WINDOWS`].
    pub windowed: bool,
    /// From when to when nothing reaches the platform, or whatever does comes to no seen end.
    pub outage: Option<(u64, u64, Fate)>,
    /// In seconds, as its entries may be late where they do not say so themselves.
    pub late_after: Option<u64>,
    /// For so many seconds its entries wait for a platform that is down.
    pub give_up_after: u64,
}

/// A day, as an account has it that says nothing.
pub const PATIENT: u64 = 24 * 3600;

#[derive(Debug, Clone, Copy)]
pub struct EntryPlan {
    /// Its place among the lanes.
    pub lane: usize,
    pub priority: i32,
    /// Scheduled so long after the beginning.
    pub after: u64,
    pub max_retries: i32,
    /// Whenever it is sent, no end of it is seen.
    pub poison: bool,
    /// In seconds, so late may it go out.
    pub late_after: Option<u64>,
}

/// Everything that is settled before a run begins.
#[derive(Debug, Clone)]
pub struct Plan {
    pub nodes: usize,
    pub slots: usize,
    pub lease: Duration,
    pub death: Death,
    pub submitted_max: Duration,
    pub lanes: Vec<LanePlan>,
    pub entries: Vec<EntryPlan>,
    /// An interval's seconds, of a task beside the one that publishes when due.
    pub interval: Option<u64>,
    /// The task that publishes when due is there.
    pub on_due: bool,
    /// What people have changed has to be approved before it goes out.
    pub review: bool,
    /// When people and commands act.
    pub acts: Vec<u64>,
    pub faults: Faults,
    /// When faults stop.
    pub calm_at: u64,
}

impl Plan {
    /// What this seed picks. `death` is what the database can tell, where it is a real one.
    pub fn of(chance: &mut Chance, death: Option<Death>) -> Plan {
        // Most are short, so that there are many; what takes its time is for the others.
        let is_short = chance.happens(750);
        let calm_at = if is_short { chance.between(5, 60) * SECOND } else { chance.between(1, 6) * MINUTE };
        let (lanes_max, least, most) = if is_short { (2, 2, 8) } else { (4, 10, 45) };
        let lanes: Vec<LanePlan> = (0..chance.between(1, lanes_max))
            .map(|_| LanePlan {
                kind: chance.one_of(&Kind::ALL),
                concurrency: chance.one_of(&[1, 1, 2, 3, 64]),
                submits: chance.one_of(&[0, 0, 300]),
                spacing: chance.one_of(&[0, 0, 0, 5]),
                cap: chance.one_of(&[None, None, None, Some(3)]),
                windowed: chance.happens(200),
                outage: an_outage(chance, calm_at),
                late_after: chance.one_of(&[None, None, Some(30), Some(120)]),
                give_up_after: chance.one_of(&[PATIENT, PATIENT, 60, 300]),
            })
            .collect();
        let spread = chance.one_of(&[0, calm_at.min(MINUTE), calm_at]);
        let entries = (0..chance.between(least, most))
            .map(|_| EntryPlan {
                lane: chance.below(lanes.len() as u64) as usize,
                priority: chance.one_of(&[1, 3, 5, 5, 5, 10]),
                after: chance.below(spread + 1),
                max_retries: chance.one_of(&[0, 1, 2, 3]),
                poison: false,
                late_after: chance.one_of(&[None, None, None, Some(10), Some(300)]),
            })
            .collect();
        let mut faults = Faults::pick(chance);
        let picked = chance.one_of(&[Death::LockFreed, Death::LeaseExpired]);
        let death = death.unwrap_or(picked);
        // Where nodes are compared with a database, none publishes that is further off than ten seconds.
        if death == Death::LockFreed && lanes.iter().any(|lane| lane.kind.is_looked_up()) {
            faults.skew = faults.skew.min(LOOK_UP_SKEW_MAX);
        }
        let on_due = chance.happens(850);
        Plan {
            nodes: chance.between(1, 3) as usize,
            slots: chance.one_of(&[1, 2, 8, 64]),
            lease: Duration::from_secs(chance.one_of(&[3, 10, 20, 30, 60, 60])),
            death,
            submitted_max: Duration::from_secs(15 * 60),
            entries,
            interval: (!on_due || chance.happens(300)).then(|| chance.between(5, 90)),
            on_due,
            review: chance.happens(500),
            acts: (0..chance.below(16)).map(|_| chance.below(calm_at)).collect(),
            faults,
            calm_at,
            lanes,
        }
    }
}

/// Of one lane in eight the receiver is away for a while.
fn an_outage(chance: &mut Chance, calm_at: u64) -> Option<(u64, u64, Fate)> {
    if !chance.happens(125) {
        return None;
    }
    let (from, span) = (chance.below(calm_at), chance.between(MINUTE, 20 * MINUTE));
    let fate = chance.one_of(&[Fate::NoConnection, Fate::Reset { taken: false }]);
    Some((from, from + span, fate))
}

impl Plan {
    /// A healthy lane beside one that is hit; nothing else goes wrong.
    pub fn of_two_lanes(kind: Kind, entries: usize) -> Plan {
        let lane = LanePlan {
            kind,
            concurrency: 4,
            submits: 0,
            spacing: 0,
            cap: None,
            windowed: false,
            outage: None,
            late_after: None,
            give_up_after: PATIENT,
        };
        let entry = |place: usize| EntryPlan {
            lane: place % 2,
            priority: 1 + (place / 2 % 10) as i32,
            after: 0,
            max_retries: 1,
            poison: false,
            late_after: None,
        };
        Plan {
            nodes: 2,
            slots: 8,
            lease: Duration::from_secs(30),
            death: Death::LeaseExpired,
            submitted_max: Duration::from_secs(15 * 60),
            lanes: vec![lane, lane],
            entries: (0..2 * entries).map(entry).collect(),
            interval: None,
            on_due: true,
            review: false,
            acts: Vec::new(),
            faults: Faults::default(),
            calm_at: MINUTE,
        }
    }
}
