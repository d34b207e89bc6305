//! The tables, as the judge sees them.

use crate::store::*;
use contenthub::db::connection::DbConnection;
use contenthub::db::schema::{
    accounts, contents, executions, publish_checkpoints, publish_logs, publish_pool,
};
use contenthub::domain::content::ReviewStatus;
use contenthub::domain::execution::RunRule;
use contenthub::domain::ids::*;
use contenthub::{EntryStatus, ExecutionStatus, LogStatus, Timestamp};
use diesel::prelude::*;

pub(super) fn rows(conn: &mut DbConnection, into: &mut Vec<Row>) {
    type Read = (
        (EntryId, AccountId, i32, EntryStatus, i32, Timestamp, i32, i32),
        (bool, bool, Option<Timestamp>, Option<Timestamp>, Option<String>, Option<ExecutionId>, i32),
        (Option<i32>, Option<Timestamp>, Option<Timestamp>),
    );
    use publish_pool::dsl;
    let read: Vec<Read> = dsl::publish_pool
        .select((
            (
                dsl::id,
                dsl::account_id,
                dsl::priority,
                dsl::status,
                dsl::attempt,
                dsl::due_at,
                dsl::retry_count,
                dsl::max_retries,
            ),
            (
                dsl::unproven,
                dsl::held,
                dsl::look_up_at,
                dsl::check_at,
                dsl::claimed_by,
                dsl::execution_id,
                dsl::recoveries,
            ),
            (dsl::revision, dsl::scheduled_at, dsl::late_at),
        ))
        .order(dsl::id)
        .load(conn)
        .expect("entries");
    into.clear();
    into.extend(read.into_iter().map(|(first, second, (revision, scheduled_at, late_at))| {
        let (entry, lane, priority, status, attempt, due_at, retry_count, max_retries) = first;
        let (unproven, held, look_up_at, check_at, owner, execution, recoveries) = second;
        let asks = match (look_up_at, check_at) {
            (Some(at), _) => Asks::LookUp(at),
            (None, Some(at)) => Asks::Progress(at),
            (None, None) => Asks::Nothing,
        };
        Row {
            entry,
            lane,
            priority,
            status,
            attempt,
            due_at,
            retry_count,
            max_retries,
            unproven,
            held,
            asks,
            owner: owner.map(|id| node_number(&id)),
            execution,
            recoveries,
            revision,
            scheduled_at,
            late_at,
        }
    }));
}

pub(super) fn logs(conn: &mut DbConnection, from: usize, into: &mut Vec<LogRow>) {
    type Read = (
        (EntryId, i32, Option<ExecutionId>, bool, LogStatus),
        (Option<String>, Option<String>, Option<String>, Timestamp),
    );
    use publish_logs::dsl;
    let read: Vec<Read> = dsl::publish_logs
        .select((
            (dsl::pool_id, dsl::attempt, dsl::execution_id, dsl::on_demand, dsl::status),
            (dsl::media_id, dsl::error_code, dsl::said_by, dsl::finished_at),
        ))
        .order(dsl::id)
        .offset(i64::try_from(from).expect("few rows"))
        .load(conn)
        .expect("the log");
    into.clear();
    into.extend(read.into_iter().map(
        |((entry, attempt, execution, on_demand, status), (media_id, code, said_by, finished_at))| {
            let said_by_a_person = said_by.is_some();
            let code = if said_by_a_person { Code::Other } else { Code::read(code.as_deref()) };
            let media = media_id.as_deref().map(post_number);
            LogRow {
                entry,
                attempt,
                execution,
                on_demand,
                status,
                media,
                code,
                finished_at,
                said_by_a_person,
            }
        },
    ));
}

/// Rows of the log that say that nobody waits for an entry any longer.
pub(super) fn swept(conn: &mut DbConnection) -> usize {
    use contenthub::domain::lateness::{GAVE_UP, TOO_LATE};
    use publish_logs::dsl;
    let rows = dsl::publish_logs.filter(dsl::error_code.eq_any([TOO_LATE, GAVE_UP]));
    let count: i64 = rows.count().get_result(conn).expect("the log");
    usize::try_from(count).expect("a count")
}

pub(super) fn runs(conn: &mut DbConnection, into: &mut Vec<RunRow>) {
    type Read = (ExecutionId, TaskId, RunRule, ExecutionStatus, Option<Timestamp>);
    use executions::dsl;
    let read: Vec<Read> = dsl::executions
        .select((dsl::id, dsl::task_id, dsl::rule, dsl::status, dsl::fire_time))
        .order(dsl::id)
        .load(conn)
        .expect("runs");
    into.clear();
    into.extend(read.into_iter().map(|(id, task, rule, status, fire_time)| RunRow {
        id,
        task,
        on_due: rule == RunRule::OnDue,
        status,
        fire_time,
    }));
}

pub(super) fn lanes(conn: &mut DbConnection, into: &mut Vec<LaneRow>) {
    type Read = (AccountId, Option<String>, Option<Timestamp>);
    use accounts::dsl;
    let read: Vec<Read> = dsl::accounts
        .select((dsl::id, dsl::suspended_reason, dsl::suspended_until))
        .order(dsl::id)
        .load(conn)
        .expect("accounts");
    into.clear();
    into.extend(
        read.into_iter().map(|(lane, reason, until)| LaneRow { lane, suspended: reason.map(|_| until) }),
    );
}

pub(super) fn all_contents(conn: &mut DbConnection, into: &mut Vec<ContentRow>) {
    use contents::dsl;
    let read: Vec<(i32, ReviewStatus)> = dsl::contents
        .select((dsl::revision, dsl::review_status))
        .order(dsl::id)
        .load(conn)
        .expect("contents");
    into.clear();
    into.extend(
        read.into_iter()
            .map(|(revision, status)| ContentRow { revision, approved: status == ReviewStatus::Approved }),
    );
}

pub(super) fn steps(conn: &mut DbConnection, into: &mut Vec<StepRow>) {
    use publish_checkpoints::dsl;
    let read: Vec<(EntryId, String, i32, Option<String>)> = dsl::publish_checkpoints
        .select((dsl::pool_id, dsl::step, dsl::revision, dsl::result))
        .order((dsl::pool_id, dsl::step))
        .load(conn)
        .expect("steps");
    into.clear();
    into.extend(read.into_iter().map(|(entry, step, revision, result)| StepRow {
        entry,
        step: Step::read(&step),
        revision,
        done: result.is_some(),
    }));
}
