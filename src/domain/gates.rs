//! What keeps a lane shut, and until when. A lane that is disabled or suspended is not looked at here: see `account.rs`.

use super::breaker::{Health, Tripped};
use super::clock::Timestamp;
use super::time_input;
use super::windows::Windows;
use chrono::{Days, NaiveTime};
use chrono_tz::Tz;
use std::fmt;
use std::time::Duration;

/// What an account's user wants of its lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Attempts that it may have in flight.
    pub concurrency: i32,
    pub timezone: Tz,
    pub windows: Windows,
    /// From the end of one send to the next; zero where it does not matter.
    pub spacing: Duration,
    /// Posts a day, in the account's zone.
    pub daily_cap: Option<i32>,
}

/// What is known of a lane.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct State {
    pub health: Health,
    pub sent_at: Option<Timestamp>,
    /// What the cap has counted.
    pub counted: Option<Counted>,
}

/// Posts of a day that are out, may be out, or are on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// The first instant of the day.
    pub day: Timestamp,
    pub posts: i32,
}

/// What keeps a lane shut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    AskedToWait,
    Breaker { since: Timestamp },
    Window,
    DailyCap(i32),
    Spacing(Duration),
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Gate::AskedToWait => f.write_str("the platform asks to wait"),
            Gate::Breaker { since } => {
                write!(f, "the platform has not answered since {since}, and one entry at a time tries it")
            }
            Gate::Window => f.write_str("outside the account's windows"),
            Gate::DailyCap(cap) => write!(f, "the account's daily cap of {cap} is reached"),
            Gate::Spacing(spacing) => write!(f, "the account's spacing of {} s", spacing.as_secs()),
        }
    }
}

/// A gate that is shut, and the instant from which no gate is, as far as is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shut {
    pub gate: Gate,
    /// None where no window ever opens.
    pub until: Option<Timestamp>,
}

impl fmt::Display for Shut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.until {
            Some(until) if matches!(self.gate, Gate::Breaker { .. }) => {
                write!(f, "{}; the next try is at {until}", self.gate)
            }
            Some(until) => write!(f, "{}, until {until}", self.gate),
            None => write!(f, "{}, and none of them ever opens", self.gate),
        }
    }
}

/// How a lane may be passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passage {
    Open {
        /// Attempts that it may have in flight.
        concurrency: i32,
        /// How many may be claimed beside those.
        more: i32,
    },
    /// One entry may go, to see whether the platform is up again; only one that may be out already, where the cap is
    /// reached.
    Probe {
        proven: bool,
    },
    /// The cap is reached: only what may be out already, and keeps its place in the cap, goes again.
    OnlyUnproven {
        concurrency: i32,
    },
    Shut(Shut),
}

/// Should nothing be heard of the end that a probe waits for, the lane is looked at again after this long.
pub const PROBE_PATIENCE: Duration = Duration::from_secs(1);

/// Looks at a lane's gates at `now`. `busy`: what it has in flight.
pub fn passage(rules: &Rules, state: &State, busy: i32, now: Timestamp) -> Passage {
    let left = cap_left(rules, state, busy, now);
    let is_down = state.health.tripped.is_some();
    let concurrency = if rules.spacing.is_zero() { rules.concurrency } else { 1 };
    let passage = match (shut(rules, state, left, now), shut(rules, state, None, now)) {
        (None, _) if is_down => Passage::Probe { proven: true },
        (None, _) => Passage::Open { concurrency, more: left.unwrap_or(i32::MAX) },
        // Only the cap keeps it shut.
        (Some(_), None) if is_down => Passage::Probe { proven: false },
        (Some(_), None) => Passage::OnlyUnproven { concurrency },
        (Some(shut), Some(_)) => Passage::Shut(shut),
    };
    match (passage, state.health.tripped) {
        // A probe needs a place, too: a spaced lane's may be taken by what was on the wire of a node that is dead now.
        (Passage::Probe { .. }, Some(Tripped { since, .. })) if busy >= concurrency => {
            Passage::Shut(Shut { gate: Gate::Breaker { since }, until: Some(now + PROBE_PATIENCE) })
        }
        (passage, _) => passage,
    }
}

/// The same for what a person wants out now, over window and spacing.
pub fn passage_on_demand(rules: &Rules, state: &State, busy: i32, now: Timestamp) -> Passage {
    passage(&on_demand(rules), state, busy, now)
}

/// The gate that keeps what a person wants out now, if one does.
pub fn shut_on_demand(rules: &Rules, state: &State, now: Timestamp) -> Option<Shut> {
    shut_gate(&on_demand(rules), state, now)
}

fn on_demand(rules: &Rules) -> Rules {
    Rules { windows: Windows::default(), spacing: Duration::ZERO, ..rules.clone() }
}

/// The gate that is shut for longest, if one is; what is in flight aside.
pub fn shut_gate(rules: &Rules, state: &State, now: Timestamp) -> Option<Shut> {
    shut(rules, state, cap_left(rules, state, 0, now), now)
}

fn shut(rules: &Rules, state: &State, cap_left: Option<i32>, now: Timestamp) -> Option<Shut> {
    let health = &state.health;
    let mut gates: Vec<(Timestamp, Gate)> = Vec::with_capacity(4);
    gates.extend(health.wait_until.map(|until| (until, Gate::AskedToWait)));
    gates.extend(health.tripped.map(|it| (it.probe_at, Gate::Breaker { since: it.since })));
    if !rules.spacing.is_zero() {
        gates.extend(state.sent_at.map(|at| (at + rules.spacing, Gate::Spacing(rules.spacing))));
    }
    if let (Some(cap), Some(0)) = (rules.daily_cap, cap_left) {
        gates.push((day_end(now, rules.timezone), Gate::DailyCap(cap)));
    }
    let longest = gates.into_iter().filter(|(until, _)| *until > now).max_by_key(|(until, _)| *until);
    let from = longest.map_or(now, |(until, _)| until);
    match (rules.windows.opens_at(from, rules.timezone), longest) {
        (Some(at), Some((_, gate))) if at == from => Some(Shut { gate, until: Some(at) }),
        (Some(at), None) if at == from => None,
        (until, _) => Some(Shut { gate: Gate::Window, until }),
    }
}

/// How many more posts the cap allows today; none where there is no cap.
fn cap_left(rules: &Rules, state: &State, busy: i32, now: Timestamp) -> Option<i32> {
    let cap = rules.daily_cap?;
    let counted = counted_today(state, busy, day_start(now, rules.timezone));
    Some((cap - counted.posts).max(0))
}

/// Posts that the cap has counted today.
pub fn posts_today(rules: &Rules, state: &State, busy: i32, now: Timestamp) -> i32 {
    counted_today(state, busy, day_start(now, rules.timezone)).posts
}

/// At the turn of a day what is on the wire counts for the new one: it may arrive in it. A clock that was stepped back
/// over midnight begins no day anew.
fn counted_today(state: &State, busy: i32, today: Timestamp) -> Counted {
    match state.counted {
        Some(counted) if counted.day >= today => counted,
        Some(_) | None => Counted { day: today, posts: busy },
    }
}

impl State {
    /// Entries were claimed: `new` of them take a place in the cap. `busy` is what was in flight before.
    pub fn sent(&mut self, rules: &Rules, new: i32, busy: i32, now: Timestamp) {
        if !rules.spacing.is_zero() {
            self.sent_at = Some(now);
        }
        if rules.daily_cap.is_some() {
            let counted = counted_today(self, busy, day_start(now, rules.timezone));
            self.counted = Some(Counted { posts: counted.posts.saturating_add(new), ..counted });
        }
    }

    /// An attempt ended that had a place. `is_out`: it is, or may be.
    pub fn ended(&mut self, rules: &Rules, now: Timestamp, was_sent: bool, is_out: bool) {
        if !rules.spacing.is_zero() && was_sent {
            // Posts arrive as far apart as they were sent only if the next is claimed after this one's end.
            self.sent_at = self.sent_at.max(Some(now));
        }
        if let Some(counted) = &mut self.counted
            && !is_out
        {
            // Also of the day that began meanwhile: what was on the wire then was counted for it.
            counted.posts = (counted.posts - 1).max(0);
        }
    }

    /// Instants that no clock could have given are cut: it was stepped back.
    pub fn mend(&mut self, now: Timestamp, pause: Duration) {
        self.health.mend(now, pause);
        self.sent_at = self.sent_at.map(|at| at.min(now));
    }
}

/// Whether anything of a lane has to be looked at before its entries are claimed.
pub fn are_any(rules: &Rules, state: &State, now: Timestamp) -> bool {
    let health = &state.health;
    !rules.windows.is_always()
        || !rules.spacing.is_zero()
        || rules.daily_cap.is_some()
        || health.awaits_answer
        || health.tripped.is_some()
        || health.wait_until.is_some_and(|until| until > now)
}

/// The first instant of the local day that `now` is in.
pub fn day_start(now: Timestamp, zone: Tz) -> Timestamp {
    let date = now.to_utc().with_timezone(&zone).date_naive();
    time_input::resolve(date.and_time(NaiveTime::MIN), zone).unwrap_or(now)
}

/// The first instant of the local day after the one that `now` is in.
fn day_end(now: Timestamp, zone: Tz) -> Timestamp {
    let date = now.to_utc().with_timezone(&zone).date_naive();
    let next = date.checked_add_days(Days::new(1)).map(|date| date.and_time(NaiveTime::MIN));
    next.and_then(|midnight| time_input::resolve(midnight, zone)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
