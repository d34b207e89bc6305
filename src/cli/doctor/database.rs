//! The database: whether it is there, sound and up to date; and what it says of key, clock, tasks and nodes.

use super::Finding;
use crate::config::Settings;
use crate::db::check;
use crate::db::database_url::DatabaseUrl;
use crate::domain::clock::Timestamp;
use crate::domain::ids::AccountId;
use crate::domain::schedule::{Schedule, ScheduleType};
use crate::operations::OperationError;
use crate::operations::doctor::Examined;
use crate::words::errors::InChinese;
use crate::words::{Sentence, message};
use std::collections::HashSet;
use std::time::Duration;

/// As the engine: what is more is told, and with more than the second it publishes nothing.
const APART_TOLD: Duration = Duration::from_secs(2);
const APART_MAX: Duration = Duration::from_secs(10);

/// The database from outside; true where it can be looked into.
pub fn look(settings: &Settings) -> (Vec<Finding>, bool) {
    let url = settings.database.to_string();
    let named = |id| Sentence::new(id).with("database", url.clone());
    if let DatabaseUrl::Sqlite(path) = &settings.database
        && !path.exists()
    {
        let todo = Sentence::new(message("doctor-db-missing-do"));
        return (vec![Finding::warn("database", named(message("doctor-db-missing")), todo)], false);
    }
    let looked = match check::look(&settings.database) {
        Ok(looked) => looked,
        Err(error) => {
            let said = named(message("doctor-db-away")).with("error", error.value());
            return (
                vec![Finding::fail("database", said, Sentence::new(message("doctor-db-away-do")))],
                false,
            );
        }
    };
    let mut findings = vec![match looked.faults.first() {
        None => Finding::ok("database", named(message("doctor-db"))),
        Some(first) => {
            let said = named(message("doctor-db-unsound")).with("error", first.as_str());
            Finding::fail("database", said, Sentence::new(message("doctor-db-unsound-do")))
        }
    }];
    let version = looked.schema.applied.last().cloned().unwrap_or_else(|| "-".to_owned());
    let missing = looked.schema.missing.len();
    findings.push(match missing {
        0 => Finding::ok("schema", Sentence::new(message("doctor-schema")).with("version", version)),
        behind => {
            let said = Sentence::new(message("doctor-schema-behind")).with("version", version);
            let said = said.with("behind", behind.to_string());
            Finding::warn("schema", said, Sentence::new(message("doctor-schema-behind-do")))
        }
    });
    if let Some(error) = looked.read_only {
        let said = Sentence::new(message("doctor-read-only")).with("error", error.value());
        findings.push(Finding::fail("writable", said, Sentence::new(message("doctor-read-only-do"))));
        return (findings, false);
    }
    (findings, missing == 0)
}

/// What is in it.
pub fn inside(examined: &Examined) -> Vec<Finding> {
    let mut findings = vec![clock(examined)];
    findings.extend(tasks(examined));
    findings.push(nodes(examined));
    findings.extend(paused(examined));
    findings.extend(pool(examined));
    findings
}

/// Whether the database's credentials can be opened.
pub fn key(examined: &Examined) -> Finding {
    let said = |id| Sentence::new(id).with("key", examined.key.as_str());
    match &examined.sealed_with {
        None => Finding::ok("key", said(message("doctor-key-unused"))),
        Some(kept) if *kept == examined.key => Finding::ok("key", said(message("doctor-key"))),
        Some(kept) => {
            let said = said(message("doctor-key-other")).with("kept", kept.as_str());
            Finding::fail("key", said, Sentence::new(message("doctor-key-other-do")))
        }
    }
}

fn clock(examined: &Examined) -> Finding {
    let Examined { at, database_clock, newest, .. } = examined;
    let apart = at.since(*database_clock).max(database_clock.since(*at));
    let seconds = |span: Duration| format!("{:.1}", span.as_secs_f64());
    let todo = || Sentence::new(message("doctor-clock-do"));
    if apart > APART_TOLD {
        let said = Sentence::new(message("doctor-clock-apart")).with("seconds", seconds(apart));
        return match apart > APART_MAX {
            true => Finding::fail("clock", said, todo()),
            false => Finding::warn("clock", said, todo()),
        };
    }
    match newest.map(|newest| newest.since(*at)).filter(|ahead| *ahead > APART_TOLD) {
        Some(ahead) => {
            let said = Sentence::new(message("doctor-clock-behind")).with("seconds", seconds(ahead));
            Finding::warn("clock", said, todo())
        }
        None => Finding::ok("clock", Sentence::new(message("doctor-clock"))),
    }
}

fn tasks(examined: &Examined) -> Vec<Finding> {
    let enabled = examined.tasks.iter().filter(|task| task.enabled);
    let publishing = enabled.clone().filter(|task| task.task_type == "publishing").count();
    let mut findings = Vec::new();
    for task in enabled.clone() {
        let named = |id| Sentence::new(id).with("task", task.id.to_string()).with("name", task.name.as_str());
        let todo = || named(message("doctor-task-do"));
        match Schedule::read(task.written()) {
            Err(wrong) => {
                let said = named(message("doctor-task-unreadable"));
                let said = said.with("error", OperationError::Invalid(wrong).value());
                findings.push(Finding::fail("tasks", said, todo()));
            }
            Ok(schedule) if never_fires(&schedule, task.schedule_type, task.next_run, examined.at) => {
                findings.push(Finding::warn("tasks", named(message("doctor-task-never")), todo()));
            }
            Ok(_) => {}
        }
    }
    let count = Sentence::new(message("doctor-tasks")).with("count", enabled.count().to_string());
    findings.push(match publishing {
        0 => Finding::warn(
            "tasks",
            Sentence::new(message("doctor-no-task")),
            Sentence::new(message("doctor-no-task-do")),
        ),
        _ => Finding::ok("tasks", count.with("publishing", publishing.to_string())),
    });
    findings.extend((publishing > 0).then(|| left_alone(examined)).flatten());
    findings
}

/// Accounts that are in use, and that no task publishes on.
fn left_alone(examined: &Examined) -> Option<Finding> {
    let used: HashSet<AccountId> =
        examined.accounts.iter().filter(|account| account.enabled).map(|account| account.id).collect();
    let lanes = examined.status.lanes.iter().filter(|lane| !lane.has_task && used.contains(&lane.account));
    let names: Vec<&str> = lanes.map(|lane| lane.name.as_str()).collect();
    (!names.is_empty()).then(|| {
        let said = Sentence::new(message("doctor-no-task-for")).with("lanes", names.join(", "));
        Finding::warn("tasks", said, Sentence::new(message("doctor-no-task-for-do")))
    })
}

fn never_fires(schedule: &Schedule, kind: ScheduleType, next_run: Option<Timestamp>, now: Timestamp) -> bool {
    kind != ScheduleType::OnDue && next_run.is_none() && schedule.next_after(now).is_none()
}

fn nodes(examined: &Examined) -> Finding {
    let living = examined.status.nodes.iter().filter(|node| node.alive && node.row.fires).count();
    match living {
        0 => Finding::warn(
            "server",
            Sentence::new(message("doctor-no-server")),
            Sentence::new(message("doctor-no-server-do")),
        ),
        count => {
            Finding::ok("server", Sentence::new(message("doctor-servers")).with("count", count.to_string()))
        }
    }
}

/// Who paused publishing may have forgotten it.
fn paused(examined: &Examined) -> Option<Finding> {
    let paused = examined.status.paused.as_ref()?;
    let said = match &paused.reason {
        Some(reason) => Sentence::new(message("doctor-paused-because")).with("reason", reason.as_str()),
        None => message("doctor-paused").into(),
    };
    let said = said.with("since", paused.since).with("by", paused.by.as_str());
    Some(Finding::warn("publishing", said, Sentence::new(message("doctor-paused-do"))))
}

/// What only a person can settle.
fn pool(examined: &Examined) -> Option<Finding> {
    let uncertain = examined.status.uncertain;
    (uncertain > 0).then(|| {
        let said = Sentence::new(message("doctor-uncertain")).with("count", uncertain.to_string());
        Finding::warn("pool", said, Sentence::new(message("doctor-uncertain-do")))
    })
}
