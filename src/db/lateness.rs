//! When entries are too late, and which of them nobody waits for any longer. `late_at` is kept beside each entry, so that
//! a claim and the sweep need no arithmetic; what it depends on changes seldom, and then it is computed anew here.

use super::connection::{DbConnection, DbError};
use super::statement::statement;
use crate::domain::clock::Timestamp;
use crate::domain::ids::*;
use crate::domain::lateness::{Missed, Why};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text};
use std::time::Duration;

/// When an entry is too late: since when it is wanted, plus how late it may be, by itself or else by its account.
macro_rules! late_from {
    ($latest:literal, $entry:literal) => {
        concat!(
            $latest,
            "(coalesce(",
            $entry,
            ".scheduled_at, 0), ",
            $entry,
            ".added_at, coalesce(",
            $entry,
            ".retried_at, 0)) + CAST(coalesce(",
            $entry,
            ".late_after_seconds, (SELECT a.late_after_seconds FROM accounts AS a WHERE a.id = ",
            $entry,
            ".account_id)) AS BIGINT) * 1000000"
        )
    };
}
pub(super) use late_from;

macro_rules! set_late {
    ($latest:literal) => {
        concat!("UPDATE publish_pool SET late_at = ", late_from!($latest, "publish_pool"), " WHERE ")
    };
}
const SQLITE_OF_ACCOUNT: &str =
    concat!(set_late!("max"), "account_id = ?1 AND late_after_seconds IS NULL AND status = 'pending'");
const POSTGRES_OF_ACCOUNT: &str =
    concat!(set_late!("greatest"), "account_id = $1 AND late_after_seconds IS NULL AND status = 'pending'");
const SQLITE_OF_ENTRY: &str = concat!(set_late!("max"), "id = ?1");
const POSTGRES_OF_ENTRY: &str = concat!(set_late!("greatest"), "id = $1");

/// An account's `late_after_seconds` was changed: computes anew when its entries are too late that wait, but for those that
/// have one of their own. What is on the wire is its node's to write, and keeps its instant for that attempt.
pub fn recompute_late(conn: &mut DbConnection, account: AccountId) -> Result<(), DbError> {
    match conn {
        DbConnection::Sqlite(inner) => {
            statement::<()>(SQLITE_OF_ACCOUNT).bind::<BigInt, _>(account.0).execute(inner)?
        }
        DbConnection::Postgres(inner) => {
            statement::<()>(POSTGRES_OF_ACCOUNT).bind::<BigInt, _>(account.0).execute(inner)?
        }
    };
    Ok(())
}

/// The same of one entry, of which something changed that its `late_at` depends on.
pub(super) fn recompute_late_of(conn: &mut DbConnection, entry: EntryId) -> Result<(), DbError> {
    match conn {
        DbConnection::Sqlite(inner) => {
            statement::<()>(SQLITE_OF_ENTRY).bind::<BigInt, _>(entry.0).execute(inner)?
        }
        DbConnection::Postgres(inner) => {
            statement::<()>(POSTGRES_OF_ENTRY).bind::<BigInt, _>(entry.0).execute(inner)?
        }
    };
    Ok(())
}

/// A lane whose platform is taken to be down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Away {
    pub account: AccountId,
    pub since: Timestamp,
    /// For so long its entries wait.
    pub patience: Duration,
}

impl Away {
    pub(super) fn of(account: i64, since: i64, patience_seconds: i64) -> Self {
        Away {
            account: AccountId(account),
            since: Timestamp::from_micros(since),
            patience: Duration::from_secs(u64::try_from(patience_seconds).unwrap_or(0)),
        }
    }

    /// Before this none of its entries is given up.
    pub fn patient_until(&self) -> Timestamp {
        self.since + self.patience
    }
}

/// What time will do to pending entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ahead {
    /// When the next one is too late, or has missed its slot; in the past where one has now.
    pub next_late: Option<Timestamp>,
    pub away: Vec<Away>,
}

/// What waits for a look-up is left to that first: it may be out, in time.
const NEXT_LATE: &str = "SELECT p.late_at FROM publish_pool AS p \
    WHERE p.status = 'pending' AND p.late_at IS NOT NULL AND p.look_up_at IS NULL ORDER BY p.late_at LIMIT 1";
const AWAY: &str = "SELECT l.account_id, l.tripped_at, CAST(a.give_up_after_seconds AS BIGINT) FROM lanes AS l \
    JOIN accounts AS a ON a.id = l.account_id WHERE l.tripped_at IS NOT NULL";

/// When the next entry is too late.
pub fn next_late(conn: &mut DbConnection) -> Result<Option<Timestamp>, DbError> {
    let next = statement::<BigInt>(NEXT_LATE);
    Ok(match conn {
        DbConnection::Sqlite(inner) => next.get_result(inner).optional()?,
        DbConnection::Postgres(inner) => next.get_result(inner).optional()?,
    })
}

/// The lanes whose platform is taken to be down.
pub fn away(conn: &mut DbConnection) -> Result<Vec<Away>, DbError> {
    let away = statement::<(BigInt, BigInt, BigInt)>(AWAY);
    let rows: Vec<(i64, i64, i64)> = match conn {
        DbConnection::Sqlite(inner) => away.load(inner)?,
        DbConnection::Postgres(inner) => away.load(inner)?,
    };
    Ok(rows.into_iter().map(|(account, since, patience)| Away::of(account, since, patience)).collect())
}

pub fn ahead(conn: &mut DbConnection) -> Result<Ahead, DbError> {
    Ok(Ahead { next_late: next_in_time(conn)?, away: away(conn)? })
}

/// When time next does something to an entry: it is too late, or has missed its slot.
pub fn next_in_time(conn: &mut DbConnection) -> Result<Option<Timestamp>, DbError> {
    Ok([next_late(conn)?, super::slots::next_missed(conn)?].into_iter().flatten().min())
}

/// An entry that is tried no more. On PostgreSQL it is locked to the end of the transaction that found it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overdue {
    pub entry: EntryId,
    pub account: AccountId,
    pub content: ContentId,
    /// The one that may be out, or else the one that would have gone out.
    pub revision: i32,
    /// The number of its last attempt.
    pub attempt: i32,
    pub missed: Missed,
}

/// What an earlier sweep said is no reason for this one.
macro_rules! overdue {
    ($latest:literal) => {
        concat!(
            "SELECT p.id, p.account_id, p.content_id, \
               CASE WHEN p.unproven THEN coalesce(p.revision, c.revision) ELSE c.revision END, p.attempt, p.unproven, \
               p.held, ",
            $latest,
            "(coalesce(p.scheduled_at, 0), p.added_at, coalesce(p.retried_at, 0)), p.late_at, l.error_message \
             FROM publish_pool AS p JOIN contents AS c ON c.id = p.content_id \
               LEFT JOIN publish_logs AS l ON l.id = p.log_id \
                 AND coalesce(l.error_code, '') NOT IN ('too_late', 'gave_up') WHERE p.status = 'pending' AND "
        )
    };
}
const SQLITE_LATE: &str = concat!(
    overdue!("max"),
    "p.late_at IS NOT NULL AND p.late_at <= ?1 AND p.look_up_at IS NULL ORDER BY p.late_at LIMIT ?2"
);
const POSTGRES_LATE: &str = concat!(
    overdue!("greatest"),
    "p.late_at IS NOT NULL AND p.late_at <= $1 AND p.look_up_at IS NULL ORDER BY p.late_at LIMIT $2 \
     FOR NO KEY UPDATE OF p SKIP LOCKED"
);
const SQLITE_GIVEN_UP: &str = concat!(
    overdue!("max"),
    "NOT p.held AND p.account_id = ?1 AND p.due_at <= ?2 \
       AND max(coalesce(p.scheduled_at, 0), p.added_at, coalesce(p.retried_at, 0)) <= ?3 ORDER BY p.due_at LIMIT ?4"
);
const POSTGRES_GIVEN_UP: &str = concat!(
    overdue!("greatest"),
    "NOT p.held AND p.account_id = $1 AND p.due_at <= $2 \
       AND greatest(coalesce(p.scheduled_at, 0), p.added_at, coalesce(p.retried_at, 0)) <= $3 \
     ORDER BY p.due_at LIMIT $4 FOR NO KEY UPDATE OF p SKIP LOCKED"
);

type Columns =
    ((BigInt, BigInt, BigInt, Integer, Integer), (Bool, Bool, BigInt, Nullable<BigInt>, Nullable<Text>));
type Row =
    ((EntryId, AccountId, ContentId, i32, i32), (bool, bool, Timestamp, Option<Timestamp>, Option<String>));

fn overdue(((entry, account, content, revision, attempt), late): Row, why: Why) -> Overdue {
    let (unproven, held, wanted_at, _, last_error) = late;
    let missed = Missed { why, wanted_at, unproven, held, last_error };
    Overdue { entry, account, content, revision, attempt, missed }
}

/// Entries that are too late at `now`, first the one that is so for longest. What somebody else has locked is left out.
pub fn late(conn: &mut DbConnection, now: Timestamp, limit: i64) -> Result<Vec<Overdue>, DbError> {
    macro_rules! ask {
        ($inner:expr, $sql:expr) => {
            statement::<Columns>($sql)
                .bind::<BigInt, _>(now.micros())
                .bind::<BigInt, _>(limit)
                .load::<Row>($inner)?
        };
    }
    let rows = match conn {
        DbConnection::Sqlite(inner) => ask!(inner, SQLITE_LATE),
        DbConnection::Postgres(inner) => ask!(inner, POSTGRES_LATE),
    };
    let too_late = |row: Row| {
        let late_at = row.1.3.unwrap_or(now);
        overdue(row, Why::TooLate { late_at })
    };
    Ok(rows.into_iter().map(too_late).collect())
}

/// Due entries of a lane whose platform has been down for as long as the lane waits, that were wanted for as long too.
pub fn given_up(
    conn: &mut DbConnection,
    lane: Away,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<Overdue>, DbError> {
    macro_rules! ask {
        ($inner:expr, $sql:expr) => {
            statement::<Columns>($sql)
                .bind::<BigInt, _>(lane.account.0)
                .bind::<BigInt, _>(now.micros())
                .bind::<BigInt, _>((now - lane.patience).micros())
                .bind::<BigInt, _>(limit)
                .load::<Row>($inner)?
        };
    }
    let rows = match conn {
        DbConnection::Sqlite(inner) => ask!(inner, SQLITE_GIVEN_UP),
        DbConnection::Postgres(inner) => ask!(inner, POSTGRES_GIVEN_UP),
    };
    let why = Why::GaveUp { away_since: lane.since, patience: lane.patience };
    Ok(rows.into_iter().map(|row| overdue(row, why)).collect())
}

const SQLITE_NEXT_GIVEN_UP: &str = "SELECT min(max(coalesce(p.scheduled_at, 0) + ?3, p.added_at + ?3, \
      coalesce(p.retried_at, 0) + ?3, p.due_at)) FROM publish_pool AS p \
    WHERE p.account_id = ?1 AND p.status = 'pending' AND NOT p.held AND p.due_at <= ?2";
const POSTGRES_NEXT_GIVEN_UP: &str = "SELECT min(greatest(coalesce(p.scheduled_at, 0) + $3, p.added_at + $3, \
      coalesce(p.retried_at, 0) + $3, p.due_at)) FROM publish_pool AS p \
    WHERE p.account_id = $1 AND p.status = 'pending' AND NOT p.held AND p.due_at <= $2";

/// When the next entry of such a lane is given up, of those that are due by `until`.
pub fn next_given_up(
    conn: &mut DbConnection,
    lane: Away,
    until: Timestamp,
) -> Result<Option<Timestamp>, DbError> {
    macro_rules! ask {
        ($inner:expr, $sql:expr) => {
            statement::<Nullable<BigInt>>($sql)
                .bind::<BigInt, _>(lane.account.0)
                .bind::<BigInt, _>(until.micros())
                .bind::<BigInt, _>(i64::try_from(lane.patience.as_micros()).unwrap_or(i64::MAX))
                .get_result::<Option<Timestamp>>($inner)?
        };
    }
    Ok(match conn {
        DbConnection::Sqlite(inner) => ask!(inner, SQLITE_NEXT_GIVEN_UP),
        DbConnection::Postgres(inner) => ask!(inner, POSTGRES_NEXT_GIVEN_UP),
    })
}
