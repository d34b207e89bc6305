//! Contents and their revisions.

mod texts;

pub use texts::*;

use super::connection::{DbConnection, DbError};
use super::matching;
use super::schema::content_revisions::dsl as revisions;
use super::schema::contents::dsl;
use crate::domain::clock::Timestamp;
use crate::domain::content::ReviewStatus;
use crate::domain::ids::*;
use diesel::prelude::*;

/// A content with its newest revision.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct ContentRow {
    pub id: ContentId,
    pub revision: i32,
    pub review_status: ReviewStatus,
    pub account_id: Option<AccountId>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub title: String,
    pub body: String,
    pub digest: Option<String>,
    pub author: Option<String>,
    pub cover: Option<String>,
    /// A JSON list; see [`read_tags`].
    pub tags: String,
    pub source_url: Option<String>,
}

/// What a revision holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    pub title: String,
    pub body: String,
    pub digest: Option<String>,
    pub author: Option<String>,
    pub cover: Option<String>,
    pub tags: Vec<String>,
    pub source_url: Option<String>,
}

/// Tags are kept as a JSON list that only we write.
pub fn read_tags(json: &str) -> Vec<String> {
    serde_json::from_str(json).unwrap_or_default()
}

fn write_tags(tags: &[String]) -> String {
    serde_json::Value::from(tags.to_vec()).to_string()
}

macro_rules! with_revision {
    () => {
        dsl::contents
            .inner_join(
                revisions::content_revisions
                    .on(revisions::content_id.eq(dsl::id).and(revisions::revision.eq(dsl::revision))),
            )
            .select((
                dsl::id,
                dsl::revision,
                dsl::review_status,
                dsl::account_id,
                dsl::created_at,
                dsl::updated_at,
                revisions::title,
                revisions::body,
                revisions::digest,
                revisions::author,
                revisions::cover,
                revisions::tags,
                revisions::source_url,
            ))
    };
}

pub fn get(conn: &mut DbConnection, id: ContentId) -> Result<Option<ContentRow>, DbError> {
    Ok(with_revision!().filter(dsl::id.eq(id.0)).first(conn).optional()?)
}

/// The same, and it stays so until the caller's transaction ends.
pub fn lock(conn: &mut DbConnection, id: ContentId) -> Result<Option<ContentRow>, DbError> {
    if let DbConnection::Postgres(inner) = conn {
        let row = dsl::contents.filter(dsl::id.eq(id.0)).select(dsl::id).for_no_key_update();
        row.load::<ContentId>(inner)?;
    }
    get(conn, id)
}

/// Which contents a list shows; what is none is not asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Part of the title.
    pub title: Option<String>,
    /// Whose own account it is.
    pub account: Option<AccountId>,
    pub review_status: Option<ReviewStatus>,
}

/// Newest first, with how many there are.
///
/// What is asked for is read off the index that begins with it, however rare or old it is: see
/// [`executions::list`](super::executions::list). A part of a title has no index: for that, contents are read until enough
/// are found, and all of them for the count.
pub fn list(
    conn: &mut DbConnection,
    filter: &Filter,
    limit: i64,
    offset: i64,
) -> Result<(Vec<ContentRow>, i64), DbError> {
    let is_postgres = matches!(conn, DbConnection::Postgres(_));
    let mut items = with_revision!().into_boxed();
    let mut total = dsl::contents.count().into_boxed();
    macro_rules! ask {
        ($column:expr, $value:expr) => {
            items = match is_postgres {
                true => items.filter($column.between($value, $value)).then_order_by($column.desc()),
                false => items.filter($column.eq($value)),
            };
            total = total.filter($column.eq($value));
        };
    }
    if let Some(account) = filter.account {
        ask!(dsl::account_id, account.0);
    }
    if let Some(review) = filter.review_status.map(ReviewStatus::as_str) {
        ask!(dsl::review_status, review);
    }
    if let Some(title) = &filter.title {
        let is_called = || revisions::title.like(matching::part(title)).escape(matching::ESCAPE);
        let newest = revisions::content_id.eq(dsl::id).and(revisions::revision.eq(dsl::revision));
        let called = revisions::content_revisions.filter(newest).filter(is_called());
        items = items.filter(is_called());
        total = total.filter(diesel::dsl::exists(called));
    }
    Ok((items.then_order_by(dsl::id.desc()).limit(limit).offset(offset).load(conn)?, total.get_result(conn)?))
}

/// Where a content goes by itself, as it is now; none where there is no such content.
pub fn account_of(conn: &mut DbConnection, id: ContentId) -> Result<Option<Option<AccountId>>, DbError> {
    Ok(dsl::contents.filter(dsl::id.eq(id.0)).select(dsl::account_id).first(conn).optional()?)
}

/// What adding a content to the pool needs to know of it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct ContentBrief {
    pub account_id: Option<AccountId>,
    pub review_status: ReviewStatus,
    /// None of what an earlier version of this program wrote.
    pub text_hash: Option<String>,
}

/// It stays so until the caller's transaction ends: an approval that is taken back meanwhile finds what was added.
pub fn brief(conn: &mut DbConnection, id: ContentId) -> Result<Option<ContentBrief>, DbError> {
    let columns = (dsl::account_id, dsl::review_status, dsl::text_hash);
    let brief = dsl::contents.filter(dsl::id.eq(id.0)).select(columns);
    Ok(match conn {
        DbConnection::Sqlite(inner) => brief.first(inner).optional()?,
        DbConnection::Postgres(inner) => brief.for_share().first(inner).optional()?,
    })
}

/// `text_hash`: what its words are told by; see `operations/texts.rs`.
pub fn insert(
    conn: &mut DbConnection,
    (text, text_hash): (&Text, &str),
    account: Option<AccountId>,
    review: ReviewStatus,
    now: Timestamp,
) -> Result<ContentId, DbError> {
    let id: ContentId = diesel::insert_into(dsl::contents)
        .values((
            dsl::revision.eq(1),
            dsl::review_status.eq(review.as_str()),
            dsl::account_id.eq(account.map(|id| id.0)),
            dsl::created_at.eq(now.micros()),
            dsl::updated_at.eq(now.micros()),
            dsl::text_hash.eq(text_hash),
        ))
        .returning(dsl::id)
        .get_result(conn)?;
    insert_revision(conn, id, 1, text, now)?;
    Ok(id)
}

/// Adds a revision and makes it the newest.
pub fn revise(
    conn: &mut DbConnection,
    id: ContentId,
    (text, text_hash): (&Text, &str),
    review: ReviewStatus,
    now: Timestamp,
) -> Result<i32, DbError> {
    let revision: i32 = diesel::update(dsl::contents.filter(dsl::id.eq(id.0)))
        .set((
            dsl::revision.eq(dsl::revision + 1),
            dsl::review_status.eq(review.as_str()),
            dsl::updated_at.eq(now.micros()),
            dsl::text_hash.eq(text_hash),
        ))
        .returning(dsl::revision)
        .get_result(conn)?;
    insert_revision(conn, id, revision, text, now)?;
    Ok(revision)
}

fn insert_revision(
    conn: &mut DbConnection,
    id: ContentId,
    revision: i32,
    text: &Text,
    now: Timestamp,
) -> Result<(), DbError> {
    diesel::insert_into(revisions::content_revisions)
        .values((
            revisions::content_id.eq(id.0),
            revisions::revision.eq(revision),
            revisions::title.eq(&text.title),
            revisions::body.eq(&text.body),
            revisions::digest.eq(text.digest.as_deref()),
            revisions::author.eq(text.author.as_deref()),
            revisions::cover.eq(text.cover.as_deref()),
            revisions::tags.eq(write_tags(&text.tags)),
            revisions::source_url.eq(text.source_url.as_deref()),
            revisions::created_at.eq(now.micros()),
        ))
        .execute(conn)?;
    Ok(())
}

pub fn set_review(
    conn: &mut DbConnection,
    id: ContentId,
    review: ReviewStatus,
    now: Timestamp,
) -> Result<(), DbError> {
    diesel::update(dsl::contents.filter(dsl::id.eq(id.0)))
        .set((dsl::review_status.eq(review.as_str()), dsl::updated_at.eq(now.micros())))
        .execute(conn)?;
    Ok(())
}

pub fn set_account(
    conn: &mut DbConnection,
    id: ContentId,
    account: Option<AccountId>,
    now: Timestamp,
) -> Result<(), DbError> {
    diesel::update(dsl::contents.filter(dsl::id.eq(id.0)))
        .set((dsl::account_id.eq(account.map(|id| id.0)), dsl::updated_at.eq(now.micros())))
        .execute(conn)?;
    Ok(())
}

/// Takes an account that goes from the contents that name it as theirs.
pub fn forget_account(conn: &mut DbConnection, account: AccountId, now: Timestamp) -> Result<(), DbError> {
    diesel::update(dsl::contents.filter(dsl::account_id.eq(account.0)))
        .set((dsl::account_id.eq(None::<i64>), dsl::updated_at.eq(now.micros())))
        .execute(conn)?;
    Ok(())
}

/// True where there was one. Its revisions go with it, and what is known of its files.
pub fn delete(conn: &mut DbConnection, id: ContentId) -> Result<bool, DbError> {
    Ok(diesel::delete(dsl::contents.filter(dsl::id.eq(id.0))).execute(conn)? == 1)
}
