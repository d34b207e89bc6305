//! What tasks have put back into the pool, and what they may put back.

use super::connection::{DbConnection, DbError};
use super::contents::read_tags;
use super::entries::open_statuses;
use super::schema::content_revisions::dsl as revisions;
use super::schema::contents::dsl as contents;
use super::schema::publish_logs::dsl as logs;
use super::schema::publish_pool::dsl as pool;
use super::schema::published_contents::dsl as published;
use super::schema::recycled_contents::dsl;
use crate::domain::clock::Timestamp;
use crate::domain::content::ReviewStatus;
use crate::domain::ids::*;
use crate::domain::recycling::Candidate;
use crate::domain::settlement::LogStatus;
use diesel::dsl::max;
use diesel::prelude::*;
use std::collections::{HashMap, HashSet};

/// How many contents one statement asks for.
const CONTENTS_PER_QUESTION: usize = 500;

/// Lets only one run at a time choose, to the end of the caller's transaction.
pub fn lock(conn: &mut DbConnection) -> Result<(), DbError> {
    const LOCK: i64 = 0x0072_6563_7963_6c65; // “recycle”
    // SQLite has one writer anyway.
    if let DbConnection::Postgres(inner) = conn {
        diesel::sql_query(format!("SELECT pg_advisory_xact_lock({LOCK})")).execute(inner)?;
    }
    Ok(())
}

/// Contents whose newest revision has this tag, oldest first.
pub fn tagged(conn: &mut DbConnection, tag: &str) -> Result<Vec<ContentId>, DbError> {
    // A part of it that LIKE has no sign in; whether it is the tag is looked at here.
    let plain: String = tag.chars().take_while(|c| !"%_\\\"".contains(*c)).collect();
    let rows: Vec<(ContentId, String)> = contents::contents
        .inner_join(
            revisions::content_revisions
                .on(revisions::content_id.eq(contents::id).and(revisions::revision.eq(contents::revision))),
        )
        .filter(revisions::tags.like(format!("%{plain}%")))
        .order(contents::id)
        .select((contents::id, revisions::tags))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .filter(|(_, tags)| read_tags(tags).iter().any(|one| one == tag))
        .map(|(id, _)| id)
        .collect())
}

/// Those of the contents that are there, and whether they are approved.
pub fn reviewed(
    conn: &mut DbConnection,
    ids: &[ContentId],
) -> Result<HashMap<ContentId, ReviewStatus>, DbError> {
    let mut found = HashMap::new();
    for some in ids.chunks(CONTENTS_PER_QUESTION) {
        let some: Vec<i64> = some.iter().map(|id| id.0).collect();
        let rows: Vec<(ContentId, ReviewStatus)> = contents::contents
            .filter(contents::id.eq_any(some))
            .select((contents::id, contents::review_status))
            .load(conn)?;
        found.extend(rows);
    }
    Ok(found)
}

/// Those of the contents that were published on the account before, as they stand there for this task.
pub fn candidates(
    conn: &mut DbConnection,
    task: TaskId,
    account: AccountId,
    ids: &[ContentId],
) -> Result<Vec<Candidate>, DbError> {
    let mut found = Vec::new();
    for some in ids.chunks(CONTENTS_PER_QUESTION) {
        let some: Vec<i64> = some.iter().map(|id| id.0).collect();
        // First what is open: what closes meanwhile is in the log that is read after it.
        let open: Vec<ContentId> = pool::publish_pool
            .filter(pool::account_id.eq(account.0))
            .filter(pool::content_id.eq_any(&some))
            .filter(pool::status.eq_any(open_statuses()))
            .select(pool::content_id)
            .load(conn)?;
        let open: HashSet<ContentId> = open.into_iter().collect();
        let first: Vec<(ContentId, Timestamp)> = published::published_contents
            .filter(published::account_id.eq(account.0))
            .filter(published::content_id.eq_any(&some))
            .select((published::content_id, published::first_published_at))
            .load(conn)?;
        let last: Vec<(ContentId, Option<Timestamp>)> = logs::publish_logs
            .filter(logs::account_id.eq(account.0))
            .filter(logs::content_id.eq_any(&some))
            .filter(logs::status.eq(LogStatus::Published.as_str()))
            .group_by(logs::content_id)
            .select((logs::content_id, max(logs::finished_at)))
            .load(conn)?;
        let last: HashMap<ContentId, Option<Timestamp>> = last.into_iter().collect();
        let before: Vec<(ContentId, i32, Timestamp)> = dsl::recycled_contents
            .filter(dsl::task_id.eq(task.0))
            .filter(dsl::account_id.eq(account.0))
            .filter(dsl::content_id.eq_any(&some))
            .select((dsl::content_id, dsl::times, dsl::last_added_at))
            .load(conn)?;
        let before: HashMap<ContentId, (i32, Timestamp)> =
            before.into_iter().map(|(content, times, at)| (content, (times, at))).collect();
        found.extend(first.into_iter().map(|(content, first)| {
            let (times, added) = before.get(&content).map_or((0, None), |(times, at)| (*times, Some(*at)));
            let logged = last.get(&content).copied().flatten();
            let last = [Some(first), logged, added].into_iter().flatten().max().unwrap_or(first);
            Candidate { content, last, times, is_open: open.contains(&content) }
        }));
    }
    Ok(found)
}

/// Notes that a task has put a content back.
pub fn note(
    conn: &mut DbConnection,
    task: TaskId,
    content: ContentId,
    account: AccountId,
    now: Timestamp,
) -> Result<(), DbError> {
    let same = dsl::recycled_contents
        .filter(dsl::task_id.eq(task.0))
        .filter(dsl::content_id.eq(content.0))
        .filter(dsl::account_id.eq(account.0));
    let changed = diesel::update(same)
        .set((dsl::times.eq(dsl::times + 1), dsl::last_added_at.eq(now.micros())))
        .execute(conn)?;
    if changed == 0 {
        diesel::insert_into(dsl::recycled_contents)
            .values((
                dsl::task_id.eq(task.0),
                dsl::content_id.eq(content.0),
                dsl::account_id.eq(account.0),
                dsl::times.eq(1),
                dsl::last_added_at.eq(now.micros()),
            ))
            .execute(conn)?;
    }
    Ok(())
}
