//! Fake platforms, one a delivery class, with a ledger of their own of what was really posted, and under which key.

use crate::chance::Chance;
use crate::faults::{Faults, Kind};
use crate::store::{ACCOUNT_BROKEN, Step, UNREACHED, UNSEEN, WAIT, WRONG_ADDRESS, media_id};
use crate::time::{MILLISECOND, MINUTE, SECOND, at};
use contenthub::Timestamp;
use contenthub::domain::ids::{AccountId, EntryId};
use contenthub::domain::outcome::{Problem, Receipt, Seen};
use contenthub::domain::question::{LookedUp, Progress};
use std::time::Duration;

/// What is asked of a platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    Publish,
    Step(Step),
    LookUp,
    Ask,
}

/// What it answers, or what is seen in the place of an answer.
#[derive(Debug, Clone)]
pub enum Reply {
    /// A step that is no publish is done.
    StepDone,
    Seen(Seen),
    LookedUp(LookedUp),
    Progress(Progress),
}

/// What befalls a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Accepted,
    /// Accepted, and finished later.
    Submitted,
    NoConnection,
    AskedToWait(Option<u64>),
    Rejected,
    AccountBroken,
    WrongAddress,
    /// These four may come after the post was taken.
    ServerFault {
        taken: bool,
    },
    Reset {
        taken: bool,
    },
    Panic {
        taken: bool,
    },
    Garbage,
}

impl Fate {
    pub fn of(chance: &mut Chance, faults: &Faults, submits: u64) -> Fate {
        let taken = chance.happens(faults.taken);
        let wait = chance.one_of(&[None, Some(1), Some(7), Some(90), Some(300)]);
        let all = [
            (faults.no_connection, Fate::NoConnection),
            (faults.asked_to_wait, Fate::AskedToWait(wait)),
            (faults.server_fault, Fate::ServerFault { taken }),
            (faults.reset, Fate::Reset { taken }),
            (faults.garbage, Fate::Garbage),
            (faults.rejected, Fate::Rejected),
            (faults.account_broken, Fate::AccountBroken),
            (faults.wrong_address, Fate::WrongAddress),
            (faults.panic, Fate::Panic { taken }),
            (submits, Fate::Submitted),
        ];
        all.into_iter().find(|(rate, _)| chance.happens(*rate)).map_or(Fate::Accepted, |(_, fate)| fate)
    }

    /// Whether it reaches the platform at all.
    pub fn arrives(self) -> bool {
        self != Fate::NoConnection
    }
}

/// How long a request is under way, and its answer. Whatever a request makes can be looked up within 20 s, which is less
/// than the settle time of a platform, even where that is measured by two clocks of which each may be 20 s off.
pub fn way_there(chance: &mut Chance, faults: &Faults) -> u64 {
    if chance.happens(faults.slow) {
        chance.between(1, 10) * SECOND
    } else {
        chance.delay(20 * MILLISECOND, SECOND, 20)
    }
}

pub fn way_back(chance: &mut Chance, faults: &Faults) -> u64 {
    if chance.happens(faults.slow) {
        chance.between(1, 60) * SECOND
    } else {
        chance.delay(20 * MILLISECOND, SECOND, 20)
    }
}

/// A publication that a platform has accepted.
#[derive(Debug, Clone)]
pub struct Post {
    pub number: u32,
    pub entry: EntryId,
    pub lane: AccountId,
    pub key: String,
    pub attempt: i32,
    pub accepted_at: u64,
    /// When it is out, and whether it will be: a platform may refuse what it first accepted.
    pub out_at: u64,
    pub refused: bool,
    /// From then on a look-up finds it.
    pub visible_at: u64,
}

impl Post {
    pub fn is_out(&self, now: u64) -> bool {
        !self.refused && self.out_at <= now
    }
}

/// All platforms, and their ledger.
#[derive(Debug, Default)]
pub struct Platforms {
    pub posts: Vec<Post>,
}

impl Platforms {
    pub fn of(&self, entry: EntryId) -> impl DoubleEndedIterator<Item = &Post> {
        self.posts.iter().filter(move |post| post.entry == entry)
    }

    /// A request arrives, and is answered. Gives back the new post, if it made one, and when that is out.
    pub fn take(
        &mut self,
        arrived: &Arrived<'_>,
        fate: Fate,
        chance: &mut Chance,
        now: u64,
    ) -> (Reply, Option<(u32, u64)>) {
        match arrived.call {
            Call::LookUp => (Reply::LookedUp(self.look_up(arrived, fate, now)), None),
            Call::Ask => (Reply::Progress(self.ask(arrived, fate, now)), None),
            Call::Step(Step::Cover | Step::Draft) => (step_done(fate), None),
            Call::Publish | Call::Step(Step::Send) => self.publish(arrived, fate, chance, now),
        }
    }

    fn publish(
        &mut self,
        arrived: &Arrived<'_>,
        fate: Fate,
        chance: &mut Chance,
        now: u64,
    ) -> (Reply, Option<(u32, u64)>) {
        let (is_taken, submits) = match fate {
            Fate::Accepted | Fate::Garbage => (true, false),
            Fate::Submitted => (true, true),
            Fate::ServerFault { taken } | Fate::Reset { taken } | Fate::Panic { taken } => (taken, false),
            Fate::NoConnection
            | Fate::AskedToWait(_)
            | Fate::Rejected
            | Fate::AccountBroken
            | Fate::WrongAddress => (false, false),
        };
        if !is_taken {
            return (Reply::Seen(not_taken(fate)), None);
        }
        let known = self.posts.iter().position(|post| {
            arrived.kind == Kind::Keyed
                && post.entry == arrived.entry
                && post.key == arrived.key
                && !post.refused
        });
        let (place, is_new) = match known {
            Some(place) => (place, false),
            None => (self.accept(arrived, submits, chance, now), true),
        };
        let post = &self.posts[place];
        let seen = match fate {
            Fate::Accepted | Fate::Submitted if post.out_at > now || post.refused => {
                Seen::Submitted { ask_after: Duration::from_secs(chance.between(1, 120)) }
            }
            Fate::Accepted | Fate::Submitted => Seen::Accepted(receipt(post)),
            // What it works on still is no publication yet, whatever it says.
            Fate::Garbage if post.out_at > now || post.refused => end_unseen(),
            Fate::Garbage => Seen::AcceptedUnread(problem("garbage")),
            other => not_taken(other),
        };
        let made = (is_new && !post.refused).then_some((post.number, post.out_at));
        (Reply::Seen(seen), made)
    }

    fn accept(&mut self, arrived: &Arrived<'_>, submits: bool, chance: &mut Chance, now: u64) -> usize {
        // Where a look-up decides, what a lost answer would have told is over before the look-up.
        let longest = match arrived.kind {
            Kind::Detects | Kind::StepsDetects => 5 * SECOND,
            Kind::Keyed | Kind::Blind | Kind::BlindRetry | Kind::StepsBlind => 20 * MINUTE,
        };
        let out_at = if submits { now + chance.between(1, longest) } else { now };
        self.posts.push(Post {
            number: self.posts.len() as u32,
            entry: arrived.entry,
            lane: arrived.lane,
            key: arrived.key.to_owned(),
            attempt: arrived.attempt,
            accepted_at: now,
            out_at,
            // Where nothing knows a key again, what becomes of one submission says nothing of another.
            refused: submits && chance.happens(100),
            visible_at: out_at + chance.below(5 * SECOND),
        });
        self.posts.len() - 1
    }

    fn look_up(&self, arrived: &Arrived<'_>, fate: Fate, now: u64) -> LookedUp {
        let found = self.of(arrived.entry).find(|post| post.is_out(now) && post.visible_at <= now);
        match fate {
            Fate::NoConnection | Fate::ServerFault { .. } | Fate::Reset { .. } | Fate::Panic { .. } => {
                LookedUp::Unknown { problem: problem("unknown"), retry_after: None }
            }
            Fate::AskedToWait(wait) => {
                LookedUp::Unknown { problem: problem("unknown"), retry_after: wait.map(Duration::from_secs) }
            }
            Fate::AccountBroken => {
                LookedUp::AccountBroken { problem: problem(ACCOUNT_BROKEN), until: until(now) }
            }
            Fate::Accepted | Fate::Submitted | Fate::Rejected | Fate::WrongAddress | Fate::Garbage => {
                found.map_or(LookedUp::NotThere, |post| LookedUp::There(receipt(post)))
            }
        }
    }

    fn ask(&self, arrived: &Arrived<'_>, fate: Fate, now: u64) -> Progress {
        match fate {
            Fate::NoConnection | Fate::ServerFault { .. } | Fate::Reset { .. } | Fate::Panic { .. } => {
                return Progress::Unknown { problem: problem("unknown"), retry_after: None };
            }
            Fate::AskedToWait(wait) => {
                let retry_after = wait.map(Duration::from_secs);
                return Progress::Unknown { problem: problem("unknown"), retry_after };
            }
            Fate::AccountBroken => {
                return Progress::AccountBroken { problem: problem(ACCOUNT_BROKEN), until: until(now) };
            }
            Fate::Accepted | Fate::Submitted | Fate::Rejected | Fate::WrongAddress | Fate::Garbage => {}
        }
        match self.of(arrived.entry).next_back() {
            None => Progress::Unknown { problem: problem("unknown"), retry_after: None },
            Some(post) if post.out_at > now => Progress::Working { ask_after: Duration::from_secs(30) },
            Some(post) if post.refused => Progress::Refused(problem("refused")),
            Some(post) => Progress::Published(receipt(post)),
        }
    }
}

/// A request, as the platform gets it.
#[derive(Debug, Clone, Copy)]
pub struct Arrived<'a> {
    pub call: Call,
    pub kind: Kind,
    pub entry: EntryId,
    pub lane: AccountId,
    pub attempt: i32,
    pub key: &'a str,
}

fn step_done(fate: Fate) -> Reply {
    match fate {
        Fate::Accepted | Fate::Submitted => Reply::StepDone,
        Fate::Garbage => Reply::Seen(Seen::AcceptedUnread(problem("garbage"))),
        other => Reply::Seen(not_taken(other)),
    }
}

/// What is seen of a request that was not taken, or whose taking was not told.
pub fn not_taken(fate: Fate) -> Seen {
    let seconds = |wait: Option<u64>| wait.map(Duration::from_secs);
    match fate {
        Fate::NoConnection => Seen::NothingLeft(problem(UNREACHED)),
        Fate::AskedToWait(wait) => Seen::AskedToWait {
            problem: problem(&format!("{WAIT}{}", wait.unwrap_or(0))),
            retry_after: seconds(wait),
        },
        Fate::ServerFault { .. } => Seen::ServerFault { problem: problem("http_500"), retry_after: None },
        Fate::Reset { .. } => end_unseen(),
        Fate::Panic { .. } => Seen::Broke { problem: problem("panic"), may_have_left: true },
        Fate::Rejected => Seen::Refused(problem("rejected")),
        Fate::AccountBroken => Seen::AccountBroken { problem: problem(ACCOUNT_BROKEN), until: None },
        Fate::WrongAddress => Seen::WrongAddress(problem(WRONG_ADDRESS)),
        Fate::Accepted | Fate::Submitted | Fate::Garbage => unreachable!("it was taken, and told so"),
    }
}

/// No answer came, or none in time.
pub fn end_unseen() -> Seen {
    Seen::EndUnseen { problem: problem(UNSEEN), retry_after: None }
}

pub fn problem(code: &str) -> Problem {
    Problem::new(code, "")
}

fn receipt(post: &Post) -> Receipt {
    Receipt { media_id: Some(media_id(post.number)), url: None }
}

/// An account that is broken is so for a while.
fn until(now: u64) -> Option<Timestamp> {
    Some(at(now + 2 * MINUTE))
}

/// What is seen where nothing of a request left.
pub fn unreachable(call: Call) -> Reply {
    match call {
        Call::Publish | Call::Step(_) => Reply::Seen(not_taken(Fate::NoConnection)),
        Call::LookUp => Reply::LookedUp(LookedUp::Unknown { problem: problem("unknown"), retry_after: None }),
        Call::Ask => Reply::Progress(Progress::Unknown { problem: problem("unknown"), retry_after: None }),
    }
}
