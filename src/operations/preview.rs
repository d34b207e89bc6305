//! When a task will fire, saved or not: by its schedule alone, whether it is enabled or not, and whatever was missed.

use super::task::{anchor, check_next_run, get, instant, next_fire};
use super::{Access, Context, Operation, OperationError};
use crate::db::connection::DbConnection;
use crate::domain::clock::Timestamp;
use crate::domain::cron::Fire;
use crate::domain::fault::Fault;
use crate::domain::ids::TaskId;
use crate::domain::schedule::{Schedule, ScheduleType, Written};
use crate::domain::time_input::{self, AskedTime};
use chrono_tz::Tz;

/// How many fires are shown where nobody says how many.
pub const COUNT_DEFAULT: i64 = 5;
/// How many at most.
pub const COUNT_MAX: i64 = 1000;

/// The coming fires of a schedule.
#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    pub schedule: Schedule,
    pub zone: Tz,
    /// None of a schedule that does not go by the clock, and of a single time that has passed.
    pub fires: Vec<Fire>,
}

/// From when, and how many: from now, and five, where it is not said. Fires are later than `from`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Span {
    pub from: Option<AskedTime>,
    pub count: Option<i64>,
}

impl Span {
    fn read(&self, zone: &str, now: Timestamp) -> Result<(Timestamp, usize), OperationError> {
        let from = instant("from", self.from.as_ref(), zone)?.unwrap_or(now);
        let count = self.count.unwrap_or(COUNT_DEFAULT);
        let fitting = usize::try_from(count).ok().filter(|_| (1..=COUNT_MAX).contains(&count));
        let count = fitting.ok_or_else(|| {
            OperationError::invalid("count", Fault::Count { most: COUNT_MAX, given: count })
        })?;
        Ok((from, count))
    }
}

/// What a task that is not saved would do.
#[derive(Debug, Clone, PartialEq)]
pub struct PreviewSchedule {
    pub schedule_type: ScheduleType,
    pub interval_seconds: Option<i64>,
    pub cron: Option<String>,
    pub run_at: Option<AskedTime>,
    /// None: that of the settings.
    pub timezone: Option<String>,
    /// The first fire of an interval; none: one interval from `from`.
    pub next_run: Option<AskedTime>,
    pub span: Span,
}

impl Operation for PreviewSchedule {
    type Output = Preview;
    const ACCESS: Access = Access::Read;

    fn run(self, _: &mut DbConnection, cx: &Context, now: Timestamp) -> Result<Preview, OperationError> {
        let timezone = self.timezone.unwrap_or_else(|| cx.timezone.to_string());
        let (from, count) = self.span.read(&timezone, now)?;
        let first = instant("next_run", self.next_run.as_ref(), &timezone)?;
        check_next_run(self.schedule_type, first)?;
        let schedule = Schedule::read(Written {
            schedule_type: self.schedule_type,
            interval_seconds: self.interval_seconds,
            cron: self.cron.as_deref(),
            run_at: instant("run_at", self.run_at.as_ref(), &timezone)?,
            timezone: &timezone,
            anchor: anchor(self.interval_seconds, first, from),
        })
        .map_err(OperationError::Invalid)?;
        // As when it is saved: what never fires is refused.
        next_fire(&schedule, from)?;
        let zone = timezone.parse().unwrap_or(Tz::UTC);
        let mut fires = schedule.fires_after(from, count);
        if let (Schedule::Once { .. }, Some(AskedTime::Written(text))) = (&schedule, &self.run_at) {
            fires.iter_mut().for_each(|fire| fire.shifted = time_input::is_shifted(text, zone));
        }
        if let (Schedule::Interval { anchor, .. }, Some(AskedTime::Written(text))) =
            (&schedule, &self.next_run)
        {
            // The others are so long after it.
            let first = fires.iter_mut().find(|fire| fire.at == *anchor);
            first.into_iter().for_each(|fire| fire.shifted = time_input::is_shifted(text, zone));
        }
        Ok(Preview { schedule, zone, fires })
    }
}

/// What a saved task will do, or would if it were enabled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviewTask {
    pub task: TaskId,
    pub span: Span,
}

impl Operation for PreviewTask {
    type Output = Preview;
    const ACCESS: Access = Access::Read;

    fn run(self, conn: &mut DbConnection, _: &Context, now: Timestamp) -> Result<Preview, OperationError> {
        let row = get(conn, self.task)?;
        let (from, count) = self.span.read(&row.timezone, now)?;
        let schedule = Schedule::read(row.written()).map_err(OperationError::Invalid)?;
        let fires = schedule.fires_after(from, count);
        Ok(Preview { schedule, zone: row.timezone.parse().unwrap_or(Tz::UTC), fires })
    }
}
