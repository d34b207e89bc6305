//! The instants of an expression in a zone, where clocks are put forward (a gap) and back (a repeat).

use super::{CronExpression, Fire};
use crate::domain::clock::Timestamp;
use crate::domain::time_input;
use chrono::offset::LocalResult;
use chrono::{Duration, NaiveDateTime, TimeZone, Timelike};
use chrono_tz::Tz;

/// One fire for each local time. Where an instant stands in for it, several local times may share it: they are one fire.
pub(super) fn fixed(cron: &CronExpression, now: Timestamp, zone: Tz) -> Option<Fire> {
    // Of two local times the later one never fires sooner, so all up to that of now are past.
    let mut local = local_of(now, zone)?;
    loop {
        local = cron.next_local(local)?;
        let at = time_input::resolve(local, zone)?;
        // In the second half of a repeat, what follows on the clock was fired in the first.
        if at > now {
            return Some(Fire { at, shifted: local_of(at, zone)? != local });
        }
    }
}

/// A fire whenever the clocks show a time that it names.
pub(super) fn rhythm(cron: &CronExpression, now: Timestamp, zone: Tz) -> Option<Fire> {
    let local = local_of(now, zone)?;
    let ahead = first_shown(cron, local, now, zone);
    // In the first half of a repeat, the clocks will show again what they have shown.
    let begin = repeat_begins(local, now, zone);
    let again = begin.and_then(|begin| first_shown(cron, begin - Duration::seconds(1), now, zone));
    let at = ahead.into_iter().chain(again).min()?;
    Some(Fire { at, shifted: false })
}

/// The first instant after `now` at which the clocks show a time that it names and that is later than `after`.
fn first_shown(cron: &CronExpression, after: NaiveDateTime, now: Timestamp, zone: Tz) -> Option<Timestamp> {
    let mut local = after;
    loop {
        local = cron.next_local(local)?;
        let (first, second) = match zone.from_local_datetime(&local) {
            LocalResult::None => continue,
            LocalResult::Single(only) => (only, only),
            LocalResult::Ambiguous(first, second) => (first, second),
        };
        let shown = [first, second].map(|at| Timestamp::from_utc(at.to_utc()));
        if let Some(at) = shown.into_iter().find(|at| *at > now) {
            return Some(at);
        }
    }
}

/// What the clocks will show when they are put back, where `now`, at which they show `local`, is in the first half of a
/// repeat.
fn repeat_begins(local: NaiveDateTime, now: Timestamp, zone: Tz) -> Option<NaiveDateTime> {
    let LocalResult::Ambiguous(first, second) = zone.from_local_datetime(&local) else { return None };
    if now >= Timestamp::from_utc(second.to_utc()) {
        return None;
    }
    let change = time_input::offset_change(first.timestamp(), second.timestamp(), zone)?;
    local_of(Timestamp::from_micros(change.checked_mul(1_000_000)?), zone)
}

/// What the clocks of a zone show at an instant, to the second.
fn local_of(at: Timestamp, zone: Tz) -> Option<NaiveDateTime> {
    at.to_utc().with_timezone(&zone).naive_local().with_nanosecond(0)
}
