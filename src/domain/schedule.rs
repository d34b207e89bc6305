//! When a task fires.

use super::clock::Timestamp;
use super::cron::{CronExpression, Fire};
use super::fault::{Fault, TaskFault};
use super::field_error::FieldError;
use super::near::no_zone;
use chrono_tz::Tz;
use std::time::Duration;

/// One second, in seconds.
pub const INTERVAL_MIN_SECONDS: i64 = 1;
/// 366 days, in seconds.
pub const INTERVAL_MAX_SECONDS: i64 = 366 * 24 * 3600;

/// How a task is repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schedule {
    /// Every so often, counted from its anchor: neither drift nor restarts shift it.
    Interval { every: Duration, anchor: Timestamp },
    /// At the local times of a zone that an expression names.
    Cron { expression: Box<CronExpression>, zone: Tz },
    /// At one instant, and never again.
    Once { at: Timestamp },
    /// Whenever an entry is due; not by the clock.
    OnDue,
}

/// A schedule as it is written and kept: its type says which of the parts it has.
#[derive(Debug, Clone, Copy)]
pub struct Written<'a> {
    pub schedule_type: ScheduleType,
    pub interval_seconds: Option<i64>,
    pub cron: Option<&'a str>,
    pub run_at: Option<Timestamp>,
    pub timezone: &'a str,
    pub anchor: Timestamp,
}

impl Schedule {
    /// Reads one. What is missing, cannot be read or belongs to another type is told by field.
    pub fn read(written: Written<'_>) -> Result<Schedule, Vec<FieldError>> {
        let mut wrong = misplaced(&written);
        let mut tell = |field: &str, fault: Fault| wrong.push(FieldError::new(field, fault));
        let zone = written.timezone.parse::<Tz>();
        if zone.is_err() {
            let given = written.timezone;
            tell("timezone", no_zone(given).into());
        }
        let schedule = match written.schedule_type {
            ScheduleType::OnDue => Some(Schedule::OnDue),
            ScheduleType::Once => written.run_at.map(|at| Schedule::Once { at }),
            ScheduleType::Interval => written.interval_seconds.and_then(|seconds| {
                if !(INTERVAL_MIN_SECONDS..=INTERVAL_MAX_SECONDS).contains(&seconds) {
                    tell("interval_seconds", Fault::YearOfSeconds { least: 1, most: INTERVAL_MAX_SECONDS });
                }
                let every = Duration::from_secs(u64::try_from(seconds).ok()?);
                Some(Schedule::Interval { every, anchor: written.anchor })
            }),
            ScheduleType::Cron => written.cron.and_then(|text| {
                let read = text.parse::<CronExpression>();
                let read = read.map_err(|error| tell("cron", error.into()));
                Some(Schedule::Cron { expression: Box::new(read.ok()?), zone: zone.ok()? })
            }),
        };
        schedule.filter(|_| wrong.is_empty()).ok_or(wrong)
    }

    /// The first fire later than `now`; none where the clock does not decide, or it will never fire again.
    pub fn next_after(&self, now: Timestamp) -> Option<Timestamp> {
        self.next_fire(now).map(|fire| fire.at)
    }

    /// The same, and whether a clock change moves it.
    pub fn next_fire(&self, now: Timestamp) -> Option<Fire> {
        let unmoved = |at| Some(Fire { at, shifted: false });
        match self {
            Schedule::OnDue => None,
            Schedule::Once { at } => unmoved(*at).filter(|fire| fire.at > now),
            Schedule::Cron { expression, zone } => expression.next_fire(now, *zone),
            Schedule::Interval { anchor, .. } if now < *anchor => unmoved(*anchor),
            Schedule::Interval { every, anchor } => {
                let step = i64::try_from(every.as_micros()).unwrap_or(i64::MAX).max(1);
                let steps = (now.micros() - anchor.micros()) / step + 1;
                unmoved(Timestamp::from_micros(anchor.micros().saturating_add(steps.saturating_mul(step))))
            }
        }
    }

    /// The first fires later than `from`, `count` at most, up to the last instant that can be written.
    pub fn fires_after(&self, from: Timestamp, count: usize) -> Vec<Fire> {
        let next = |fire: &Fire| self.next_fire(fire.at);
        let fires = std::iter::successors(self.next_fire(from), next);
        fires.take_while(|fire| fire.at <= Timestamp::MAX).take(count).collect()
    }

    /// The fire to wait for in the place of `next_run`, where that lies more than a period beyond the next one from now:
    /// then it was computed by a clock that has been stepped back since.
    pub fn sooner(&self, next_run: Timestamp, now: Timestamp) -> Option<Timestamp> {
        let next = self.next_after(now)?;
        let after = self.next_after(next)?;
        (next_run > after).then_some(next)
    }

    /// The same interval, counted from another instant. What is no interval stays as it is.
    pub fn counted_from(self, anchor: Timestamp) -> Self {
        match self {
            Schedule::Interval { every, .. } => Schedule::Interval { every, anchor },
            Schedule::Cron { .. } | Schedule::Once { .. } | Schedule::OnDue => self,
        }
    }
}

/// Parts that the type needs and that are missing, and parts that it has no use for.
fn misplaced(written: &Written<'_>) -> Vec<FieldError> {
    let parts = [
        ("interval_seconds", ScheduleType::Interval, written.interval_seconds.is_some()),
        ("cron", ScheduleType::Cron, written.cron.is_some()),
        ("run_at", ScheduleType::Once, written.run_at.is_some()),
    ];
    let given = written.schedule_type;
    let wrong = |(field, owner, is_given)| match (owner == given, is_given) {
        (true, false) => Some(FieldError::new(field, TaskFault::NeededFor(given))),
        (false, true) => Some(FieldError::new(field, TaskFault::NotFor(given))),
        (true, true) | (false, false) => None,
    };
    parts.into_iter().filter_map(wrong).collect()
}

super::text_enum! {
    /// A schedule's kind, as it is written.
    ScheduleType {
        Interval = "interval",
        Cron = "cron",
        Once = "once",
        OnDue = "on_due",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn an_interval_keeps_to_its_anchor() {
        let schedule = Schedule::Interval { every: Duration::from_secs(300), anchor: at(1000) };
        for (now, next) in
            [(0, 1000), (999, 1000), (1000, 1300), (1299, 1300), (1300, 1600), (10_000, 10_300)]
        {
            assert_eq!(schedule.next_after(at(now)), Some(at(next)), "after {now}");
        }
    }

    #[test]
    fn the_next_fire_is_always_later_and_never_more_than_a_step_away() {
        for every in [1, 7, 60, INTERVAL_MAX_SECONDS] {
            let schedule =
                Schedule::Interval { every: Duration::from_secs(every.unsigned_abs()), anchor: at(50) };
            for now in (50..5000).step_by(37) {
                let next = schedule.next_after(at(now)).expect("an interval always fires again");
                assert!(next > at(now) && next <= at(now + every));
            }
        }
    }

    #[test]
    fn on_due_waits_for_entries_not_for_the_clock() {
        assert_eq!(Schedule::OnDue.next_after(at(0)), None);
    }

    #[test]
    fn a_single_time_fires_once() {
        let schedule = Schedule::Once { at: at(100) };
        assert_eq!(schedule.next_after(at(99)), Some(at(100)));
        assert_eq!(schedule.next_after(at(100)), None);
        assert_eq!(schedule.next_after(at(101)), None);
    }

    #[test]
    fn who_would_sleep_for_more_than_a_period_fires_sooner() {
        let interval = Schedule::Interval { every: Duration::from_secs(300), anchor: at(1000) };
        for (next_run, now, sooner) in [
            (10_000, 9_999, None),
            (10_000, 9_701, None),
            (10_000, 9_400, None),
            (10_000, 9_399, Some(9_400)),
            (10_000, 6_400, Some(6_700)),
            (1_000_000_000, 6_400, Some(6_700)),
            // It has not begun: somebody asked for it.
            (1_000, 0, None),
        ] {
            let found = interval.sooner(at(next_run), at(now));
            assert_eq!(found, sooner.map(at), "fires at {next_run}, seen at {now}");
        }
        let daily = Schedule::read(Written { cron: Some("0 9 * * *"), ..written(ScheduleType::Cron) });
        let daily = daily.expect("it can be read");
        let (one, day) = (3600, 24 * 3600);
        assert_eq!(daily.sooner(at(one + day), at(one - 1800)), None, "it has fired today");
        assert_eq!(daily.sooner(at(one + 3 * day), at(one - 1800)), Some(at(one)));
        assert_eq!(Schedule::Once { at: at(9000) }.sooner(at(9000), at(1)), None);
        assert_eq!(Schedule::OnDue.sooner(at(9000), at(1)), None);
        assert_eq!(interval.clone().counted_from(at(7)).next_after(at(8)), Some(at(307)));
        assert_eq!(daily.clone().counted_from(at(7)), daily);
    }

    fn written(schedule_type: ScheduleType) -> Written<'static> {
        Written {
            schedule_type,
            interval_seconds: None,
            cron: None,
            run_at: None,
            timezone: "Asia/Shanghai",
            anchor: at(0),
        }
    }

    #[test]
    fn each_type_has_parts_of_its_own() {
        use ScheduleType::{Cron, Interval, OnDue, Once};
        let whole = |schedule_type| {
            let bare = written(schedule_type);
            match schedule_type {
                Interval => Written { interval_seconds: Some(60), ..bare },
                Cron => Written { cron: Some("0 9 * * *"), ..bare },
                Once => Written { run_at: Some(at(100)), ..bare },
                OnDue => bare,
            }
        };
        for &schedule_type in ScheduleType::ALL {
            let read = Schedule::read(whole(schedule_type)).expect("it is whole");
            let nine_in_shanghai = Some(at(3600));
            match schedule_type {
                Interval => assert_eq!(read.next_after(at(0)), Some(at(60))),
                Cron => assert_eq!(read.next_after(at(0)), nine_in_shanghai),
                Once => assert_eq!(read, Schedule::Once { at: at(100) }),
                OnDue => assert_eq!(read, Schedule::OnDue),
            }
            for &other in ScheduleType::ALL.iter().filter(|&&other| other != schedule_type) {
                let of_other = Written { schedule_type, ..whole(other) };
                let wrong = Schedule::read(of_other).err().unwrap_or_default();
                let told = |field: &str| wrong.iter().any(|error| error.field == field);
                let own = |kind| match kind {
                    Interval => Some("interval_seconds"),
                    Cron => Some("cron"),
                    Once => Some("run_at"),
                    OnDue => None,
                };
                assert!(own(other).is_none_or(told), "{other} parts with {schedule_type}: {wrong:?}");
                assert!(own(schedule_type).is_none_or(told), "{schedule_type} without its part: {wrong:?}");
            }
        }
    }

    #[test]
    fn parts_that_cannot_be_read_are_told_by_field() {
        let interval =
            |seconds| Written { interval_seconds: Some(seconds), ..written(ScheduleType::Interval) };
        let cron = |text| Written { cron: Some(text), ..written(ScheduleType::Cron) };
        for (given, fields) in [
            (interval(0), "interval_seconds"),
            (interval(-1), "interval_seconds"),
            (interval(INTERVAL_MAX_SECONDS + 1), "interval_seconds"),
            (cron("61 * * * *"), "cron"),
            (Written { timezone: "Mars", ..cron("0 9 * * *") }, "timezone"),
            (Written { timezone: "Mars", ..cron("61 * * * *") }, "timezone cron"),
            (Written { timezone: "Mars", ..written(ScheduleType::OnDue) }, "timezone"),
        ] {
            let wrong = Schedule::read(given).expect_err("it cannot be read");
            let told: Vec<&str> = wrong.iter().map(|error| error.field.as_str()).collect();
            assert_eq!(told.join(" "), fields, "{wrong:?}");
        }
    }
}
