//! When there is work next, and what waits behind shut lanes.

use super::accounts::AccountRow;
use super::connection::{DbConnection, DbError};
use super::entries::Filter;
use super::statement::statement;
use crate::domain::account::shut_reason;
use crate::domain::clock::Timestamp;
use crate::domain::gates::{Rules, State, shut_gate};
use crate::domain::ids::{AccountId, ExecutionId};
use crate::domain::priority::Priority;
use crate::domain::report::Skipped;
use crate::domain::run_scope::RunScope;
use diesel::pg::sql_types::Array;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text};

/// Over the lanes, the least of the latest of "its first entry is due", "its suspension ends" and "its gates open".
const SQLITE_NEXT: &str = "SELECT min(max(coalesce(a.suspended_until, 0), a.opens_at, (SELECT min(p.due_at) FROM publish_pool AS p \
      WHERE p.account_id = a.id AND p.status = 'pending' AND NOT p.held))) FROM accounts AS a \
    WHERE a.enabled AND (a.suspended_reason IS NULL OR a.suspended_until IS NOT NULL) \
      AND (?1 OR a.credentials IS NULL) AND a.id NOT IN (SELECT value FROM json_each(?2))";
const POSTGRES_NEXT: &str = "SELECT min(greatest(coalesce(a.suspended_until, 0), a.opens_at, first.due_at)) FROM accounts AS a \
    CROSS JOIN LATERAL (SELECT min(p.due_at) AS due_at FROM publish_pool AS p \
      WHERE p.account_id = a.id AND p.status = 'pending' AND NOT p.held) AS first \
    WHERE a.enabled AND (a.suspended_reason IS NULL OR a.suspended_until IS NOT NULL) \
      AND ($1 OR a.credentials IS NULL) AND first.due_at IS NOT NULL AND a.id <> ALL ($2)";

/// The earliest instant at which an entry could be claimed, but on the lanes of `passed_over`; in the past where one can
/// be now.
pub fn next_due(
    conn: &mut DbConnection,
    can_decrypt: bool,
    passed_over: Vec<AccountId>,
) -> Result<Option<Timestamp>, DbError> {
    type Columns = Nullable<BigInt>;
    let passed_over: Vec<i64> = passed_over.into_iter().map(|account| account.0).collect();
    Ok(match conn {
        DbConnection::Sqlite(inner) => statement::<Columns>(SQLITE_NEXT)
            .bind::<Bool, _>(can_decrypt)
            .bind::<Text, _>(format!("{passed_over:?}"))
            .get_result(inner)?,
        DbConnection::Postgres(inner) => statement::<Columns>(POSTGRES_NEXT)
            .bind::<Bool, _>(can_decrypt)
            .bind::<Array<BigInt>, _>(passed_over)
            .get_result(inner)?,
    })
}

const SQLITE_LATER: &str = "SELECT min(CASE WHEN first > ?2 THEN first ELSE later END) FROM ( \
      SELECT max(coalesce(a.suspended_until, 0), a.opens_at, (SELECT min(p.due_at) FROM publish_pool AS p \
          WHERE p.account_id = a.id AND p.status = 'pending' AND NOT p.held)) AS first, \
        (SELECT min(p.due_at) FROM publish_pool AS p \
          WHERE p.account_id = a.id AND p.status = 'pending' AND NOT p.held AND p.due_at > ?2) AS later \
      FROM accounts AS a WHERE a.enabled AND (a.suspended_reason IS NULL OR a.suspended_until IS NOT NULL) \
        AND (?1 OR a.credentials IS NULL))";
const POSTGRES_LATER: &str = "SELECT min(CASE WHEN greatest(coalesce(a.suspended_until, 0), a.opens_at, first.due_at) > $2 \
      THEN greatest(coalesce(a.suspended_until, 0), a.opens_at, first.due_at) ELSE later.due_at END) \
    FROM accounts AS a CROSS JOIN LATERAL (SELECT min(p.due_at) AS due_at FROM publish_pool AS p \
      WHERE p.account_id = a.id AND p.status = 'pending' AND NOT p.held) AS first \
    CROSS JOIN LATERAL (SELECT min(p.due_at) AS due_at FROM publish_pool AS p \
      WHERE p.account_id = a.id AND p.status = 'pending' AND NOT p.held AND p.due_at > $2) AS later \
    WHERE a.enabled AND (a.suspended_reason IS NULL OR a.suspended_until IS NOT NULL) \
      AND ($1 OR a.credentials IS NULL) AND first.due_at IS NOT NULL";

/// The same, after `now`: where something is due that cannot be claimed.
pub fn next_due_after(
    conn: &mut DbConnection,
    can_decrypt: bool,
    now: Timestamp,
) -> Result<Option<Timestamp>, DbError> {
    macro_rules! ask {
        ($inner:expr, $sql:expr) => {
            statement::<Nullable<BigInt>>($sql)
                .bind::<Bool, _>(can_decrypt)
                .bind::<BigInt, _>(now.micros())
                .get_result($inner)?
        };
    }
    Ok(match conn {
        DbConnection::Sqlite(inner) => ask!(inner, SQLITE_LATER),
        DbConnection::Postgres(inner) => ask!(inner, POSTGRES_LATER),
    })
}

/// Lane by lane, by the index on due entries. Coalesce sends the planner to the few attempts of an entry, not to the many
/// of the run. A claim of which nothing was sent was no try.
const LEFT: &str = "SELECT count(*) FROM (SELECT 1 FROM accounts AS a \
    WHERE a.enabled AND a.opens_at <= $1 AND (a.suspended_reason IS NULL OR a.suspended_until <= $1) \
      AND ($2 OR a.credentials IS NULL) \
      AND (SELECT 1 FROM publish_pool AS p \
        WHERE p.account_id = a.id AND p.status = 'pending' AND NOT p.held AND p.due_at <= $3 \
          AND (p.attempt = 0 OR (SELECT 1 FROM publish_logs AS l \
            WHERE l.pool_id = p.id AND coalesce(l.execution_id, 0) = $4 AND l.status <> 'not_sent' \
            LIMIT 1) IS NULL) LIMIT 1) = 1 \
    LIMIT 1) AS one";

/// Whether an execution that began at `started_at` still has something to try that was due then.
pub fn is_left(
    conn: &mut DbConnection,
    execution: ExecutionId,
    started_at: Timestamp,
    now: Timestamp,
    can_decrypt: bool,
) -> Result<bool, DbError> {
    macro_rules! ask {
        ($inner:expr) => {
            statement::<BigInt>(LEFT)
                .bind::<BigInt, _>(now.micros())
                .bind::<Bool, _>(can_decrypt)
                .bind::<BigInt, _>(started_at.micros())
                .bind::<BigInt, _>(execution.0)
                .get_result::<i64>($inner)?
        };
    }
    let found = match conn {
        DbConnection::Sqlite(inner) => ask!(inner),
        DbConnection::Postgres(inner) => ask!(inner),
    };
    Ok(found > 0)
}

/// Each priority is looked for by itself: so the first of it is found by the index, however many others are due.
const SQLITE_LEFT_IN_PART: &str = "SELECT count(*) FROM (SELECT 1 FROM accounts AS a \
    WHERE a.enabled AND a.opens_at <= ?1 AND (a.suspended_reason IS NULL OR a.suspended_until <= ?1) \
      AND (?2 OR a.credentials IS NULL) AND (?5 IS NULL OR a.id IN (SELECT value FROM json_each(?5))) \
      AND (SELECT 1 FROM publish_pool AS p \
        WHERE p.account_id = a.id AND p.status = 'pending' AND NOT p.held AND p.due_at <= ?3 \
          AND p.priority IN (SELECT value FROM json_each(?6)) \
          AND (p.attempt = 0 OR (SELECT 1 FROM publish_logs AS l \
            WHERE l.pool_id = p.id AND coalesce(l.execution_id, 0) = ?4 AND l.status <> 'not_sent' \
            LIMIT 1) IS NULL) LIMIT 1) = 1 \
    LIMIT 1) AS one";
const POSTGRES_LEFT_IN_PART: &str = "SELECT count(*) FROM (SELECT 1 FROM accounts AS a \
    WHERE a.enabled AND a.opens_at <= $1 AND (a.suspended_reason IS NULL OR a.suspended_until <= $1) \
      AND ($2 OR a.credentials IS NULL) AND ($5::bigint[] IS NULL OR a.id = ANY ($5)) \
      AND EXISTS (SELECT 1 FROM unnest($6::integer[]) AS level (priority) CROSS JOIN LATERAL ( \
        SELECT 1 FROM publish_pool AS p \
        WHERE p.account_id = a.id AND p.status = 'pending' AND NOT p.held AND p.due_at <= $3 \
          AND p.priority = level.priority \
          AND (p.attempt = 0 OR (SELECT 1 FROM publish_logs AS l \
            WHERE l.pool_id = p.id AND coalesce(l.execution_id, 0) = $4 AND l.status <> 'not_sent' \
            LIMIT 1) IS NULL) LIMIT 1) AS first) \
    LIMIT 1) AS one";

/// The same of what a run of this scope takes.
pub fn is_left_in_part(
    conn: &mut DbConnection,
    execution: ExecutionId,
    scope: &RunScope,
    started_at: Timestamp,
    now: Timestamp,
    can_decrypt: bool,
) -> Result<bool, DbError> {
    macro_rules! ask {
        ($sql:expr) => {
            statement::<BigInt>($sql)
                .bind::<BigInt, _>(now.micros())
                .bind::<Bool, _>(can_decrypt)
                .bind::<BigInt, _>(started_at.micros())
                .bind::<BigInt, _>(execution.0)
        };
    }
    let found: i64 = match conn {
        DbConnection::Sqlite(inner) => ask!(SQLITE_LEFT_IN_PART)
            .bind::<Nullable<Text>, _>(accounts_of(scope).map(|ids| format!("{ids:?}")))
            .bind::<Text, _>(format!("{:?}", levels_of(scope)))
            .get_result(inner)?,
        DbConnection::Postgres(inner) => ask!(POSTGRES_LEFT_IN_PART)
            .bind::<Nullable<Array<BigInt>>, _>(accounts_of(scope))
            .bind::<Array<Integer>, _>(levels_of(scope))
            .get_result(inner)?,
    };
    Ok(found > 0)
}

const SQLITE_NEXT_IN_PART: &str = "SELECT min(max(coalesce(a.suspended_until, 0), a.opens_at, (SELECT min(first.due_at) FROM ( \
      SELECT (SELECT p.due_at FROM publish_pool AS p WHERE p.account_id = a.id AND p.status = 'pending' AND NOT p.held \
        AND p.priority = level.value ORDER BY p.due_at LIMIT 1) AS due_at FROM json_each(?3) AS level) AS first))) \
    FROM accounts AS a WHERE a.enabled AND (a.suspended_reason IS NULL OR a.suspended_until IS NOT NULL) \
      AND (?1 OR a.credentials IS NULL) AND (?2 IS NULL OR a.id IN (SELECT value FROM json_each(?2)))";
const POSTGRES_NEXT_IN_PART: &str = "SELECT min(greatest(coalesce(a.suspended_until, 0), a.opens_at, first.due_at)) \
    FROM accounts AS a CROSS JOIN unnest($3::integer[]) AS level (priority) CROSS JOIN LATERAL ( \
      SELECT p.due_at FROM publish_pool AS p WHERE p.account_id = a.id AND p.status = 'pending' AND NOT p.held \
        AND p.priority = level.priority ORDER BY p.due_at LIMIT 1) AS first \
    WHERE a.enabled AND (a.suspended_reason IS NULL OR a.suspended_until IS NOT NULL) \
      AND ($1 OR a.credentials IS NULL) AND ($2::bigint[] IS NULL OR a.id = ANY ($2))";

/// The earliest instant at which an entry that a run of this scope takes could be claimed.
pub fn next_due_in_part(
    conn: &mut DbConnection,
    scope: &RunScope,
    can_decrypt: bool,
) -> Result<Option<Timestamp>, DbError> {
    type Columns = Nullable<BigInt>;
    Ok(match conn {
        DbConnection::Sqlite(inner) => statement::<Columns>(SQLITE_NEXT_IN_PART)
            .bind::<Bool, _>(can_decrypt)
            .bind::<Nullable<Text>, _>(accounts_of(scope).map(|ids| format!("{ids:?}")))
            .bind::<Text, _>(format!("{:?}", levels_of(scope)))
            .get_result(inner)?,
        DbConnection::Postgres(inner) => statement::<Columns>(POSTGRES_NEXT_IN_PART)
            .bind::<Bool, _>(can_decrypt)
            .bind::<Nullable<Array<BigInt>>, _>(accounts_of(scope))
            .bind::<Array<Integer>, _>(levels_of(scope))
            .get_result(inner)?,
    })
}

fn accounts_of(scope: &RunScope) -> Option<Vec<i64>> {
    scope.account_ids.as_ref().map(|ids| ids.iter().map(|id| id.0).collect())
}

/// The priorities that it takes.
fn levels_of(scope: &RunScope) -> Vec<i32> {
    (Priority::FIRST.get()..=scope.least_urgent().get()).collect()
}

/// Whether anything that was due at `due_by` may be tried now, by a run that has tried nothing yet.
pub fn is_any_left(
    conn: &mut DbConnection,
    due_by: Timestamp,
    now: Timestamp,
    can_decrypt: bool,
) -> Result<bool, DbError> {
    /// Ids begin at 1.
    const NO_RUN: ExecutionId = ExecutionId(-1);
    is_left(conn, NO_RUN, due_by, now, can_decrypt)
}

/// Due entries of shut lanes that a run of this scope would take, lane by lane, with the reason.
pub fn skipped(
    conn: &mut DbConnection,
    scope: &RunScope,
    now: Timestamp,
    can_decrypt: bool,
) -> Result<Vec<Skipped>, DbError> {
    let mut skipped = Vec::new();
    let lanes = super::lanes::all(conn)?;
    for account in super::accounts::list(conn)?.into_iter().filter(|account| scope.covers(account.id)) {
        let lane = lanes.get(&account.id);
        let Some(reason) = why_shut(&account, lane, now, can_decrypt) else { continue };
        let count = count_due(conn, account.id, scope, now)?;
        if count > 0 {
            skipped.push(Skipped { account_id: account.id, reason, count });
        }
    }
    Ok(skipped)
}

/// What keeps a lane shut, in words; none where it is open. `lane`: see [`lanes::all`](super::lanes::all).
pub fn why_shut(
    account: &AccountRow,
    lane: Option<&(Rules, State)>,
    now: Timestamp,
    can_decrypt: bool,
) -> Option<String> {
    let gate =
        shut_reason(account.enabled, account.suspended_reason.as_deref(), account.suspended_until, now);
    let wrong_key = (!can_decrypt && account.credentials.is_some())
        .then(|| "its credentials were sealed with another key".to_owned());
    let shut = || {
        let (rules, state) = lane?;
        Some(shut_gate(rules, state, now)?.to_string())
    };
    gate.map(|closed| closed.to_string()).or(wrong_key).or_else(shut)
}

/// How many entries that a run of this scope would take are due on each lane that has some.
pub fn all_due(
    conn: &mut DbConnection,
    scope: &RunScope,
    now: Timestamp,
) -> Result<Vec<(AccountId, i64)>, DbError> {
    let mut all = Vec::new();
    for account in super::accounts::list(conn)?.into_iter().filter(|account| scope.covers(account.id)) {
        let count = count_due(conn, account.id, scope, now)?;
        all.extend((count > 0).then_some((account.id, count)));
    }
    Ok(all)
}

fn count_due(
    conn: &mut DbConnection,
    account: AccountId,
    scope: &RunScope,
    now: Timestamp,
) -> Result<i64, DbError> {
    let filter = Filter {
        account: Some(account),
        due_at: Some(now),
        least_urgent: scope.max_priority,
        ..Filter::default()
    };
    super::entries::count(conn, &filter)
}
