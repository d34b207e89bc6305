//! `recycle`: chosen evergreen contents go back into the pool, never one of them again within a set time.

use super::params;
use crate::db::connection::DbConnection;
use crate::db::contents;
use crate::domain::clock::Timestamp;
use crate::domain::fault::{Fault, TaskFault};
use crate::domain::field_error::FieldError;
use crate::domain::ids::{AccountId, ContentId};
use crate::domain::kept::failure::KeptFailure;
use crate::domain::recycling::Rule;
use crate::domain::report::JobDone;
use crate::domain::thing::Thing;
use crate::domain::time_input;
use crate::operations::recycle::{Chosen, Recycle, Recycled};
use crate::operations::task_type::{Job, JobError, TaskType};
use crate::operations::{Context, OperationError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;

const DAY: u64 = 86_400;

pub const TYPE: TaskType = TaskType {
    name: "recycle",
    about: "Puts evergreen contents that were published before back into the pool, never one again within a set time.",
    params_schema: || schemars::schema_for!(Params).to_value(),
    check,
    feeds_pool: true,
    work: Some(work),
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    /// Which contents: these, or else those with the tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Vec<i64>>", length(min = 1))]
    content_ids: Option<Vec<ContentId>>,
    /// Which contents: those that have this tag at the time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tag: Option<String>,
    /// On which accounts. By default on all that are enabled and had the content before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Vec<i64>>", length(min = 1))]
    account_ids: Option<Vec<AccountId>>,
    /// How many for each account and run.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 1000))]
    count: u32,
    /// No content goes to an account again within so many days.
    #[serde(default = "a_month")]
    #[schemars(range(min = 1, max = 3660))]
    pub(super) pause_days: u32,
    /// Each content goes back to an account so often; after that the task switches itself off. By default for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    times_max: Option<i32>,
    /// From this time on nothing is put back, and the task switches itself off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<String>,
}

fn one() -> u32 {
    1
}

fn a_month() -> u32 {
    30
}

fn check(params: Value, conn: &mut DbConnection, cx: &Context) -> Result<Value, OperationError> {
    let mut params: Params = params::read(params)?;
    let mut wrong = Vec::new();
    match (&mut params.content_ids, &params.tag) {
        (Some(ids), None) => check_contents(conn, ids, &mut wrong)?,
        (None, Some(tag)) if !tag.trim().is_empty() => {}
        (None, Some(_)) => wrong.push(FieldError::new("params.tag", Fault::Empty)),
        (Some(_), Some(_)) => {
            wrong.push(FieldError::new("params.tag", TaskFault::TagBesideContents));
        }
        (None, None) => {
            wrong.push(FieldError::new("params.tag", TaskFault::NoContents));
        }
    }
    if let Some(ids) = &mut params.account_ids {
        params::check_accounts(conn, ids, &mut wrong)?;
    }
    wrong.extend(params::check_range("count", params.count.into(), 1, 1000));
    wrong.extend(params::check_range("pause_days", params.pause_days.into(), 1, 3660));
    wrong.extend(params.times_max.and_then(|it| params::check_range("times_max", it.into(), 1, 1_000_000)));
    if let Some(until) = &mut params.until {
        match time_input::parse(until, cx.timezone) {
            Ok(at) => *until = at.to_string(),
            Err(error) => wrong.push(FieldError::new("params.until", error)),
        }
    }
    params::unless(wrong, &params)
}

fn check_contents(
    conn: &mut DbConnection,
    ids: &mut Vec<ContentId>,
    wrong: &mut Vec<FieldError>,
) -> Result<(), OperationError> {
    if ids.is_empty() {
        wrong.push(FieldError::new("params.content_ids", TaskFault::NamesNoContent));
    }
    ids.sort();
    ids.dedup();
    for id in ids.iter() {
        if contents::get(conn, *id)?.is_none() {
            wrong.push(FieldError::new(
                "params.content_ids",
                Fault::NoSuch { thing: Thing::Content, id: id.0 },
            ));
        }
    }
    Ok(())
}

fn work(job: &mut Job<'_>) -> Result<JobDone, JobError> {
    let params: Params = params::kept(job.params)?;
    let until = params.until.as_deref().map(|text| time_input::parse(text, job.cx.timezone)).transpose();
    let until: Option<Timestamp> = until.map_err(|error| {
        JobError::Failed(KeptFailure::EndUnreadable { why: error.to_string() }.to_string())
    })?;
    let chosen = match (params.content_ids, params.tag) {
        (Some(ids), _) => Chosen::Contents(ids),
        (None, tag) => Chosen::Tag(tag.unwrap_or_default()),
    };
    let rule = Rule {
        count: usize::try_from(params.count).unwrap_or(usize::MAX),
        pause: Duration::from_secs(u64::from(params.pause_days) * DAY),
        times_max: params.times_max,
    };
    let accounts = params.account_ids.unwrap_or_default();
    Ok(done(job.perform(Recycle { task: job.task, chosen, accounts, rule, until })?))
}

fn done(recycled: Recycled) -> JobDone {
    let Recycled { added, notes, next_at, over } = recycled;
    let mut message = match (added.len(), next_at) {
        (0, Some(at)) => format!("Nothing is to be put back before {at}"),
        (0, None) => "Nothing is to be put back".to_owned(),
        (1, _) => "Put one content back into the pool".to_owned(),
        (count, _) => format!("Put {count} contents back into the pool"),
    };
    if let Some(why) = &over {
        message.push_str(&format!("; the task has switched itself off: {why}"));
    }
    let entries: Vec<Value> = added
        .iter()
        .map(|one| json!({"pool_id": one.entry, "content_id": one.content, "account_id": one.account}))
        .collect();
    JobDone {
        message,
        succeeded: i64::try_from(added.len()).unwrap_or(i64::MAX),
        failed: 0,
        details: Some(json!({"added": entries, "notes": notes, "next_at": next_at, "over": over})),
    }
}
