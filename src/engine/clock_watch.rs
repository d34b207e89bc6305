//! Whether the wall clock may be published by. It is compared with the clock that counts since boot, which no one sets and
//! which goes on while the machine sleeps, and with the database's, which all nodes see.
//!
//! A clock that runs an hour ahead publishes an hour early, and nobody can take that back; so a node whose clock leaps
//! forward waits a while whether somebody sets it right, and one that does not agree with the database waits until it does.

use crate::domain::clock::Timestamp;
use std::fmt;
use std::time::Duration;

/// A leap forward by more than this is waited for.
pub const FORWARD_MAX: Duration = Duration::from_secs(5 * 60);
/// For so long by the clock that counts since boot.
pub const HOLD: Duration = Duration::from_secs(60);
/// What a clock does in smaller steps between two looks is no step.
const SMALL: Duration = Duration::from_secs(1);
/// A difference to the database's clock is told from here on,
const DIFFERENCE_TOLD: Duration = Duration::from_secs(2);
/// and beyond this nothing is published: a post is to go out at its time, and one node may look up what another has sent,
/// which is not to be found before its platform has settled.
pub const DIFFERENCE_MAX: Duration = Duration::from_secs(10);

/// What both clocks said at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    pub wall: Timestamp,
    /// Since boot, or since some other moment that stays.
    pub boot: Duration,
}

impl Reading {
    /// Stays the same while nobody sets the clock.
    fn offset(self) -> i64 {
        self.wall.micros().saturating_sub(micros(self.boot))
    }
}

/// What keeps a node from publishing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// The clock was stepped forward by `by`; if that stands, it ends by itself.
    Stepped {
        by: Duration,
        left: Duration,
    },
    Differs(Difference),
    /// It was not compared with the database's yet.
    NotCompared,
}

/// How far this machine's clock is from the database's, in microseconds; negative where it is behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Difference(i64);

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact {
    SteppedForward {
        by: Duration,
    },
    /// `frees`: that ends the wait for a step forward.
    SteppedBack {
        by: Duration,
        frees: bool,
    },
    /// A step forward stands.
    Stands,
    DiffersSome(Difference),
    DiffersTooMuch(Difference),
    /// It agrees with the database's clock, at least nearly. `again`: it did not before.
    Agrees {
        again: bool,
    },
}

impl Fact {
    /// Whether what was held may go on, if nothing else holds it.
    pub fn frees(self) -> bool {
        match self {
            Fact::SteppedBack { frees, .. } => frees,
            Fact::Stands | Fact::DiffersSome(_) | Fact::Agrees { .. } => true,
            Fact::SteppedForward { .. } | Fact::DiffersTooMuch(_) => false,
        }
    }
}

/// The machine.
#[derive(Debug)]
pub struct ClockWatch {
    last: Option<Reading>,
    step: Option<Step>,
    agreement: Agreement,
}

/// A step forward that is waited for.
#[derive(Debug, Clone, Copy)]
struct Step {
    /// The offset before it.
    from: i64,
    /// Since boot.
    until: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Agreement {
    /// There is nothing to compare it with.
    NotAsked,
    Unknown,
    Agrees,
    Some,
    TooFar(Difference),
}

impl ClockWatch {
    /// Of a node that has nobody to agree with.
    pub fn alone() -> Self {
        ClockWatch { last: None, step: None, agreement: Agreement::NotAsked }
    }

    /// Of one that has to agree with the database's clock before it publishes.
    pub fn beside_a_database() -> Self {
        ClockWatch { agreement: Agreement::Unknown, ..ClockWatch::alone() }
    }

    /// To be asked every second or so: a step is what happened since the last look.
    pub fn look(&mut self, seen: Reading) -> Option<Fact> {
        let last = *self.last.get_or_insert(seen);
        // On another thread somebody has looked since.
        if seen.boot < last.boot {
            return None;
        }
        self.last = Some(seen);
        let (was, is) = (last.offset(), seen.offset());
        let moved = is.saturating_sub(was);
        let by = Duration::from_micros(moved.unsigned_abs());
        if by > SMALL && matches!(self.agreement, Agreement::Agrees | Agreement::Some) {
            // Who is set wrong must not mend by that what is right.
            self.agreement = Agreement::Unknown;
        }
        let from = match self.step {
            Some(step) if by <= SMALL => {
                return (seen.boot >= step.until).then(|| {
                    self.step = None;
                    Fact::Stands
                });
            }
            Some(step) => step.from,
            None => was,
        };
        let is_ahead = is.saturating_sub(from) > micros(FORWARD_MAX);
        if moved < -micros(SMALL) {
            let frees = self.step.is_some() && !is_ahead;
            self.step = self.step.filter(|_| is_ahead).map(|step| step.anew(seen.boot));
            return Some(Fact::SteppedBack { by, frees });
        }
        if is_ahead {
            self.step = Some(Step { from, until: seen.boot + HOLD });
            return Some(Fact::SteppedForward { by });
        }
        None
    }

    /// The database's clock said `database` at some moment of the `round_trip` that ended at `answered`.
    pub fn compared(&mut self, answered: Reading, round_trip: Duration, database: Timestamp) -> Option<Fact> {
        let error = micros(round_trip / 2);
        let apart = answered.wall.micros().saturating_sub(error).saturating_sub(database.micros());
        let (least, most) = (apart.saturating_abs() - error, apart.saturating_abs().saturating_add(error));
        let was = self.agreement;
        self.agreement = match was {
            Agreement::NotAsked => return None,
            _ if least > micros(DIFFERENCE_MAX) => Agreement::TooFar(Difference(apart)),
            // An answer that was long in coming proves nothing.
            _ if most > micros(DIFFERENCE_MAX) => was,
            _ if least > micros(DIFFERENCE_TOLD) => Agreement::Some,
            Agreement::Some if most > micros(DIFFERENCE_TOLD) => was,
            Agreement::Unknown | Agreement::Agrees | Agreement::Some | Agreement::TooFar(_) => {
                Agreement::Agrees
            }
        };
        match (was, self.agreement) {
            (Agreement::TooFar(_), Agreement::TooFar(_)) => None,
            (_, Agreement::TooFar(by)) => Some(Fact::DiffersTooMuch(by)),
            (was, is) if was == is => None,
            (_, Agreement::Some) => Some(Fact::DiffersSome(Difference(apart))),
            (Agreement::Unknown, _) => Some(Fact::Agrees { again: false }),
            _ => Some(Fact::Agrees { again: true }),
        }
    }

    /// What keeps the node from publishing now, as far as the last look knows.
    pub fn hold(&self) -> Option<Hold> {
        match (self.agreement, self.step, self.last) {
            (Agreement::TooFar(by), _, _) => Some(Hold::Differs(by)),
            (_, Some(step), Some(last)) => Some(Hold::Stepped {
                by: Duration::from_micros(last.offset().saturating_sub(step.from).unsigned_abs()),
                left: step.until.saturating_sub(last.boot),
            }),
            (Agreement::Unknown, _, _) => Some(Hold::NotCompared),
            (Agreement::NotAsked | Agreement::Agrees | Agreement::Some, _, _) => None,
        }
    }
}

impl Step {
    /// It has not stood, so it has to stand from now on.
    fn anew(self, boot: Duration) -> Self {
        Step { until: boot + HOLD, ..self }
    }
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

/// To the nearest one.
fn seconds(span: Duration) -> u64 {
    (span + Duration::from_millis(500)).as_secs()
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = if self.0 < 0 { "behind" } else { "ahead of" };
        write!(f, "{} s {way}", seconds(Duration::from_micros(self.0.unsigned_abs())))
    }
}

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Hold::Stepped { by, left } => write!(
                f,
                "this machine's clock was stepped forward by {} s: nothing is published for {} s more, and then what is due \
                 by the new time. If that is wrong, set the clock right before",
                seconds(*by),
                left.as_secs() + u64::from(left.subsec_nanos() > 0),
            ),
            Hold::Differs(by) => write!(
                f,
                "this machine's clock is {by} the database's: nothing is published from here until they agree. Set right \
                 the one that is wrong; the best is a time service (NTP) on both machines"
            ),
            Hold::NotCompared => {
                f.write_str("this machine's clock could not be compared with the database's yet: nothing is published before")
            }
        }
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fact::SteppedForward { by } => Hold::Stepped { by: *by, left: HOLD }.fmt(f),
            Fact::SteppedBack { by, frees: false } => write!(
                f,
                "this machine's clock was stepped back by {} s: nothing is published twice, and what waits for a time \
                 waits by the new one",
                seconds(*by)
            ),
            Fact::SteppedBack { by, frees: true } => {
                write!(f, "this machine's clock was set back by {} s: publishing goes on", seconds(*by))
            }
            Fact::Stands => f.write_str("this machine's clock stands as it was set: publishing goes on"),
            Fact::DiffersSome(by) => write!(
                f,
                "this machine's clock is {by} the database's: what is published from here is as early or late. From {} s \
                 on nothing would be",
                DIFFERENCE_MAX.as_secs()
            ),
            Fact::DiffersTooMuch(by) => Hold::Differs(*by).fmt(f),
            Fact::Agrees { .. } => f.write_str("this machine's clock agrees with the database's"),
        }
    }
}

#[cfg(test)]
mod tests;
