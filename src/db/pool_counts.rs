//! How many entries each account has of what status, told by whoever changes one, in the same transaction: a million of them
//! are not counted each time that somebody asks.
//!
//! Pending and publishing count as one, so that a claim, which is half of what is written for a post, has nothing to tell;
//! what is publishing is counted in its own index, where it is few. On PostgreSQL each change is a row of its own, or all
//! who add for one account would wait for each other's commit; [`fold`] adds them up.

use super::connection::{DbConnection, DbError};
use super::statement::statement;
use crate::domain::clock::Timestamp;
use crate::domain::entry::EntryStatus;
use crate::domain::ids::AccountId;
use crate::domain::scope::Scope;
use diesel::pg::sql_types::Array;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use std::collections::BTreeMap;

/// What an entry of a status is counted as.
pub(super) fn counted_as(status: EntryStatus) -> &'static str {
    match status {
        EntryStatus::Pending | EntryStatus::Publishing => "open",
        EntryStatus::Published => "published",
        EntryStatus::Failed => "failed",
        EntryStatus::Uncertain => "uncertain",
        EntryStatus::Cancelled => "cancelled",
    }
}

const SQLITE_MORE: &str = "INSERT INTO pool_counts (account_id, status, entries) VALUES (?1, ?2, ?3) \
    ON CONFLICT (account_id, status) DO UPDATE SET entries = entries + excluded.entries";
const POSTGRES_MORE: &str = "INSERT INTO pool_counts (account_id, status, entries) VALUES ($1, $2, $3)";

/// One entry of an account has come to another status.
pub(super) fn moved(
    conn: &mut DbConnection,
    account: AccountId,
    (from, to): (EntryStatus, EntryStatus),
) -> Result<(), DbError> {
    let (from, to) = (counted_as(from), counted_as(to));
    if from != to {
        more(conn, account, from, -1)?;
        more(conn, account, to, 1)?;
    }
    Ok(())
}

/// So many pending entries were made.
pub(super) fn added(conn: &mut DbConnection, account: AccountId, entries: usize) -> Result<(), DbError> {
    more(conn, account, counted_as(EntryStatus::Pending), i64::try_from(entries).unwrap_or(i64::MAX))
}

fn more(conn: &mut DbConnection, account: AccountId, counted: &str, entries: i64) -> Result<(), DbError> {
    match conn {
        DbConnection::Sqlite(inner) => more_on_sqlite(inner, account, counted, entries)?,
        DbConnection::Postgres(inner) => {
            statement::<()>(POSTGRES_MORE)
                .bind::<BigInt, _>(account.0)
                .bind::<Text, _>(counted)
                .bind::<BigInt, _>(entries)
                .execute(inner)?;
        }
    }
    Ok(())
}

/// So many more entries of an account are counted as this; fewer, where that is negative.
pub(super) fn more_on_sqlite(
    conn: &mut SqliteConnection,
    account: AccountId,
    counted: &str,
    entries: i64,
) -> QueryResult<()> {
    statement::<()>(SQLITE_MORE)
        .bind::<BigInt, _>(account.0)
        .bind::<Text, _>(counted)
        .bind::<BigInt, _>(entries)
        .execute(conn)?;
    Ok(())
}

/// How many entries there are of each status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub pending: i64,
    pub publishing: i64,
    pub published: i64,
    pub failed: i64,
    pub uncertain: i64,
    pub cancelled: i64,
}

/// In one statement, so that all of it is of one moment.
macro_rules! counts_within {
    ($within:literal) => {
        concat!(
            "SELECT status, CAST(sum(entries) AS BIGINT) FROM pool_counts WHERE ",
            $within,
            " GROUP BY status UNION ALL \
             SELECT 'publishing', count(*) FROM publish_pool WHERE status = 'publishing' AND ",
            $within
        )
    };
}
const OF_ALL: &str = counts_within!("TRUE");
const SQLITE_OF_SOME: &str = counts_within!("account_id IN (SELECT value FROM json_each(?1))");
const POSTGRES_OF_SOME: &str = counts_within!("account_id = ANY($1)");

/// Counts the entries of these accounts together.
pub fn read(conn: &mut DbConnection, within: &Scope) -> Result<Counts, DbError> {
    type Row = (Text, BigInt);
    let rows: Vec<(String, i64)> = match (conn, ids(within)) {
        (DbConnection::Sqlite(inner), None) => statement::<Row>(OF_ALL).load(inner)?,
        (DbConnection::Postgres(inner), None) => statement::<Row>(OF_ALL).load(inner)?,
        (DbConnection::Sqlite(inner), Some(ids)) => {
            statement::<Row>(SQLITE_OF_SOME).bind::<Text, _>(as_json(&ids)).load(inner)?
        }
        (DbConnection::Postgres(inner), Some(ids)) => {
            statement::<Row>(POSTGRES_OF_SOME).bind::<Array<BigInt>, _>(ids).load(inner)?
        }
    };
    let mut counts = Counts::default();
    rows.iter().for_each(|(counted, entries)| counts.note(counted, *entries));
    Ok(counts)
}

const BY_ACCOUNT: &str = "SELECT account_id, status, CAST(sum(entries) AS BIGINT) FROM pool_counts \
      GROUP BY account_id, status \
    UNION ALL SELECT account_id, 'publishing', count(*) FROM publish_pool WHERE status = 'publishing' GROUP BY account_id";

/// Counts the entries of each account that has, or had, any.
pub fn by_account(conn: &mut DbConnection) -> Result<BTreeMap<AccountId, Counts>, DbError> {
    let asked = statement::<(BigInt, Text, BigInt)>(BY_ACCOUNT);
    let rows: Vec<(i64, String, i64)> = match conn {
        DbConnection::Sqlite(inner) => asked.load(inner)?,
        DbConnection::Postgres(inner) => asked.load(inner)?,
    };
    let mut counts: BTreeMap<AccountId, Counts> = BTreeMap::new();
    for (account, counted, entries) in rows {
        counts.entry(AccountId(account)).or_default().note(&counted, entries);
    }
    Ok(counts)
}

impl Counts {
    /// `publishing` is counted among the open ones, too.
    fn note(&mut self, counted: &str, entries: i64) {
        match counted {
            "open" => self.pending += entries,
            "publishing" => {
                self.publishing += entries;
                self.pending -= entries;
            }
            "published" => self.published += entries,
            "failed" => self.failed += entries,
            "uncertain" => self.uncertain += entries,
            "cancelled" => self.cancelled += entries,
            other => log::error!("{entries} entries are counted as {other:?}, which is no status"),
        }
    }

    /// All of them.
    pub fn total(&self) -> i64 {
        self.all().iter().map(|(_, entries)| entries).sum()
    }

    /// Those of a status.
    pub fn of(&self, status: EntryStatus) -> i64 {
        self.all().iter().filter(|(it, _)| *it == status).map(|(_, entries)| entries).sum()
    }

    /// Each status with how many have it.
    pub fn all(&self) -> [(EntryStatus, i64); 6] {
        [
            (EntryStatus::Pending, self.pending),
            (EntryStatus::Publishing, self.publishing),
            (EntryStatus::Published, self.published),
            (EntryStatus::Failed, self.failed),
            (EntryStatus::Uncertain, self.uncertain),
            (EntryStatus::Cancelled, self.cancelled),
        ]
    }
}

fn ids(within: &Scope) -> Option<Vec<i64>> {
    within.accounts().map(|accounts| accounts.iter().map(|account| account.0).collect())
}

/// Numbers alone, so nothing in it needs to be escaped.
fn as_json(ids: &[i64]) -> String {
    format!("{ids:?}")
}

/// Of an account: those that are due, or those that wait for their time, by the index of what may be claimed.
macro_rules! claimable {
    ($what:literal, $when:literal) => {
        concat!(
            "(SELECT ",
            $what,
            " FROM publish_pool AS p WHERE p.account_id = c.account_id AND p.status = 'pending' AND NOT p.held \
              AND p.due_at ",
            $when
        )
    };
}

/// As many as a look counts of what is due, and of what is not, before it counts all of the former.
macro_rules! some_claimable {
    ($when:literal) => {
        concat!("(SELECT count(*) FROM ", claimable!("1", $when), " ORDER BY p.due_at LIMIT 1001) AS looked)")
    };
}

/// How many of an account are due is counted where they are few; where the others are few they are taken from all, whose
/// number is known; or else all that are due are counted.
macro_rules! due_within {
    ($within:literal) => {
        concat!(
            "SELECT CAST(coalesce(sum(CASE WHEN ",
            some_claimable!("<= $1"),
            " <= 1000 THEN ",
            some_claimable!("<= $1"),
            " WHEN ",
            some_claimable!("> $1"),
            " <= 1000 THEN c.entries \
              - (SELECT count(*) FROM publish_pool AS p WHERE p.account_id = c.account_id AND p.status = 'publishing') \
              - (SELECT count(*) FROM publish_pool AS p \
                 WHERE p.account_id = c.account_id AND p.status = 'pending' AND p.held) - ",
            some_claimable!("> $1"),
            " ELSE ",
            claimable!("count(*)", "<= $1)"),
            " END), 0) AS BIGINT), min(",
            claimable!("min(p.due_at)", "<= $1)"),
            ") FROM (SELECT account_id, CAST(sum(entries) AS BIGINT) AS entries FROM pool_counts \
              WHERE status = 'open' AND ",
            $within,
            " GROUP BY account_id) AS c WHERE c.entries > 0"
        )
    };
}
const DUE_OF_ALL: &str = due_within!("TRUE");
const SQLITE_DUE_OF_SOME: &str = due_within!("account_id IN (SELECT value FROM json_each($2))");
const POSTGRES_DUE_OF_SOME: &str = due_within!("account_id = ANY($2)");

/// How many entries of these accounts are due at `now`, and since when the oldest is.
pub fn due(
    conn: &mut DbConnection,
    within: &Scope,
    now: Timestamp,
) -> Result<(i64, Option<Timestamp>), DbError> {
    type Row = (BigInt, Nullable<BigInt>);
    macro_rules! due {
        ($sql:expr) => {
            statement::<Row>($sql).bind::<BigInt, _>(now.micros())
        };
    }
    Ok(match (conn, ids(within)) {
        (DbConnection::Sqlite(inner), None) => due!(DUE_OF_ALL).get_result(inner)?,
        (DbConnection::Postgres(inner), None) => due!(DUE_OF_ALL).get_result(inner)?,
        (DbConnection::Sqlite(inner), Some(ids)) => {
            due!(SQLITE_DUE_OF_SOME).bind::<Text, _>(as_json(&ids)).get_result(inner)?
        }
        (DbConnection::Postgres(inner), Some(ids)) => {
            due!(POSTGRES_DUE_OF_SOME).bind::<Array<BigInt>, _>(ids).get_result(inner)?
        }
    })
}

/// What a group of entries is counted as.
macro_rules! counted {
    () => {
        "CASE WHEN status = 'pending' OR status = 'publishing' THEN 'open' ELSE status END"
    };
}
pub(super) use counted;

const FOLD: &str = "WITH gone AS (DELETE FROM pool_counts RETURNING account_id, status, entries) \
    INSERT INTO pool_counts (account_id, status, entries) \
    SELECT account_id, status, sum(entries) FROM gone GROUP BY account_id, status HAVING sum(entries) <> 0";
const IS_FOLDED: &str = "SELECT count(*) FROM (SELECT 1 FROM pool_counts GROUP BY account_id, status \
    HAVING count(*) > 1 LIMIT 1) AS looked";

/// Adds up what was told since. Whoever reads or tells meanwhile is not kept waiting, and two who do this at once add up
/// different rows.
pub fn fold(conn: &mut DbConnection) -> Result<(), DbError> {
    if let DbConnection::Postgres(inner) = conn {
        let in_parts: i64 = statement::<BigInt>(IS_FOLDED).get_result(inner)?;
        if in_parts > 0 {
            statement::<()>(FOLD).execute(inner)?;
        }
    }
    Ok(())
}

/// What is missing in a count, or too much where it is negative.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Miscount {
    pub account: AccountId,
    pub counted: String,
    pub missing: i64,
}

/// In one statement, so that what is counted and what was told are of one moment.
const MISCOUNTS: &str = concat!(
    "SELECT account_id, counted, CAST(sum(many) AS BIGINT) FROM ( \
       SELECT account_id, ",
    counted!(),
    " AS counted, count(*) AS many FROM publish_pool GROUP BY 1, 2 \
       UNION ALL SELECT account_id, status, -sum(entries) FROM pool_counts GROUP BY 1, 2) AS held_against \
     GROUP BY 1, 2 HAVING sum(many) <> 0 ORDER BY 1, 2"
);

/// Goes through the whole pool, and holds what was told against it.
pub fn miscounts(conn: &mut DbConnection) -> Result<Vec<Miscount>, DbError> {
    let asked = statement::<(BigInt, Text, BigInt)>(MISCOUNTS);
    let rows: Vec<(i64, String, i64)> = match conn {
        DbConnection::Sqlite(inner) => asked.load(inner)?,
        DbConnection::Postgres(inner) => asked.load(inner)?,
    };
    let miscount = |(account, counted, missing)| Miscount { account: AccountId(account), counted, missing };
    Ok(rows.into_iter().map(miscount).collect())
}

/// Any number that nothing else locks by.
const CORRECTING: i64 = 0x706f_6f6c_636e_7473;

/// Corrects what is wrong, and gives it back. In the caller's transaction, and never by two at once, who would each add what
/// is missing.
pub fn correct(conn: &mut DbConnection) -> Result<Vec<Miscount>, DbError> {
    if let DbConnection::Postgres(inner) = conn {
        statement::<()>("SELECT pg_advisory_xact_lock($1)").bind::<BigInt, _>(CORRECTING).execute(inner)?;
    }
    let wrong = miscounts(conn)?;
    for Miscount { account, counted, missing } in &wrong {
        more(conn, *account, counted, *missing)?;
    }
    Ok(wrong)
}
