//! What was answered to requests that their clients had given a key.

use super::connection::{DbConnection, DbError};
use super::schema::idempotency_keys::dsl;
use crate::domain::clock::Timestamp;
use crate::domain::ids::TokenId;
use crate::domain::request_key::RequestKey;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};

/// An answer that is kept, sealed.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct KeptAnswer {
    pub sealed: String,
    pub created_at: Timestamp,
}

/// Lets only one request with this key at a time go on, to the end of the caller's transaction.
pub fn lock(conn: &mut DbConnection, token: TokenId, key: &RequestKey) -> Result<(), DbError> {
    const CLASS: i32 = 0x6964_656d; // “idem”
    // SQLite has one writer anyway.
    if let DbConnection::Postgres(inner) = conn {
        diesel::sql_query("SELECT pg_advisory_xact_lock($1, hashtext($2))")
            .bind::<Integer, _>(CLASS)
            .bind::<Text, _>(format!("{token}:{key}"))
            .execute(inner)?;
    }
    Ok(())
}

pub fn find(
    conn: &mut DbConnection,
    token: TokenId,
    key: &RequestKey,
) -> Result<Option<KeptAnswer>, DbError> {
    Ok(dsl::idempotency_keys
        .find((token.0, key.as_str()))
        .select((dsl::sealed_answer, dsl::created_at))
        .first(conn)
        .optional()?)
}

/// Keeps an answer, in the place of one that was kept before.
pub fn put(
    conn: &mut DbConnection,
    token: TokenId,
    key: &RequestKey,
    sealed: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    diesel::delete(dsl::idempotency_keys.find((token.0, key.as_str()))).execute(conn)?;
    diesel::insert_into(dsl::idempotency_keys)
        .values((
            dsl::token_id.eq(token.0),
            dsl::idempotency_key.eq(key.as_str()),
            dsl::sealed_answer.eq(sealed),
            dsl::created_at.eq(now.micros()),
        ))
        .execute(conn)?;
    Ok(())
}

/// At most so many answers after the one with this token and key: token, key, and what is sealed.
pub fn after(
    conn: &mut DbConnection,
    (token, key): &(TokenId, String),
    at_most: i64,
) -> Result<Vec<(TokenId, String, String)>, DbError> {
    let later = dsl::token_id.gt(token.0).or(dsl::token_id.eq(token.0).and(dsl::idempotency_key.gt(key)));
    Ok(dsl::idempotency_keys
        .filter(later)
        .order((dsl::token_id, dsl::idempotency_key))
        .limit(at_most)
        .select((dsl::token_id, dsl::idempotency_key, dsl::sealed_answer))
        .load(conn)?)
}

pub fn seal_anew(conn: &mut DbConnection, token: TokenId, key: &str, sealed: &str) -> Result<(), DbError> {
    diesel::update(dsl::idempotency_keys.find((token.0, key)))
        .set(dsl::sealed_answer.eq(sealed))
        .execute(conn)?;
    Ok(())
}

/// Removes at most so many answers that are older than that, oldest first. Gives back how many went.
pub fn forget(conn: &mut DbConnection, before: Timestamp, at_most: i64) -> Result<usize, DbError> {
    let old: Vec<(i64, String)> = dsl::idempotency_keys
        .filter(dsl::created_at.lt(before.micros()))
        .order(dsl::created_at)
        .limit(at_most)
        .select((dsl::token_id, dsl::idempotency_key))
        .load(conn)?;
    for (token, key) in &old {
        diesel::delete(dsl::idempotency_keys.find((token, key))).execute(conn)?;
    }
    Ok(old.len())
}
