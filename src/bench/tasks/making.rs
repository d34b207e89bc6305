//! The tasks of the bench: many that wait, some that are due in the same second, some that tick.

use super::FAR;
use crate::db::connection::DbConnection;
use crate::domain::clock::Timestamp;
use crate::domain::ids::TaskId;
use crate::operations::task::CreateTask;
use crate::operations::{Access, Context, Operation, OperationError};
use chrono::{Datelike, Timelike};
use chrono_tz::Tz;
use std::time::Duration;

/// Tasks have their schedules in these, in turn.
const ZONES: [&str; 5] = ["UTC", "Europe/Berlin", "Asia/Shanghai", "America/New_York", "Australia/Lord_Howe"];
/// Makes tasks in one transaction.
pub struct CreateMany(pub Vec<CreateTask>);

impl Operation for CreateMany {
    type Output = Vec<TaskId>;
    const ACCESS: Access = Access::Write;

    fn run(
        self,
        conn: &mut DbConnection,
        cx: &Context,
        now: Timestamp,
    ) -> Result<Vec<TaskId>, OperationError> {
        self.0.into_iter().map(|task| task.run(conn, cx, now).map(|row| row.id)).collect()
    }
}

/// A task that fires in two months at the earliest; by interval, by cron, or once.
pub fn waiting(number: usize, now: Timestamp) -> CreateTask {
    let name = format!("waiting {number}");
    let spread = Duration::from_secs(u64::try_from(number).unwrap_or(0));
    match number % 3 {
        0 => {
            let every = CreateTask::every(name, i64::try_from(7200 + number).unwrap_or(7200));
            CreateTask { next_run: Some((now + FAR + spread).into()), ..every }
        }
        1 => {
            // Once a year, in half a year.
            let month = (now.to_utc().month() + 5) % 12 + 1;
            let expression = format!("{} {} {} {month} *", number % 60, number % 24, number % 28 + 1);
            CreateTask { timezone: zone(number / 3), ..CreateTask::cron(name, expression) }
        }
        _ => CreateTask::once(name, now + FAR + spread),
    }
}

/// A task that fires at this instant, which is a whole second; by interval, by cron, or once.
pub fn due_at(number: usize, at: Timestamp) -> CreateTask {
    let name = format!("due {number}");
    match number % 3 {
        0 => CreateTask { next_run: Some(at.into()), ..CreateTask::every(name, 86_400) },
        1 => {
            let zone = zone(number / 3);
            let read: Option<Tz> = zone.as_deref().and_then(|name| name.parse().ok());
            let local = at.to_utc().with_timezone(&read.unwrap_or(Tz::UTC));
            let expression = format!("{} {} {} * * *", local.second(), local.minute(), local.hour());
            CreateTask { timezone: zone, ..CreateTask::cron(name, expression) }
        }
        _ => CreateTask::once(name, at),
    }
}

/// Tasks that fire every second: by intervals, a tenth of a second after each other, and by cron, on the second.
pub fn ticking(from: Timestamp) -> Vec<CreateTask> {
    const INTERVALS: u32 = 10;
    let intervals = (0..INTERVALS).map(|number| {
        let first = from + Duration::from_secs(1) * number / INTERVALS;
        CreateTask { next_run: Some(first.into()), ..CreateTask::every(format!("tick {number}"), 1) }
    });
    let crons = (0..ZONES.len()).map(|number| CreateTask {
        timezone: zone(number),
        ..CreateTask::cron(format!("cron tick {number}"), "* * * * * *")
    });
    intervals.chain(crons).collect()
}

fn zone(place: usize) -> Option<String> {
    Some(ZONES[place % ZONES.len()].to_owned())
}
