//! API tokens. Only their hashes are kept.

use super::connection::{DbConnection, DbError};
use super::schema::api_tokens::{self, dsl};
use crate::domain::clock::Timestamp;
use crate::domain::ids::TokenId;
use crate::domain::role::Role;
use crate::domain::scope::Scope;
use diesel::prelude::*;
use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = api_tokens)]
pub struct TokenRow {
    pub id: TokenId,
    pub name: String,
    pub role: Role,
    pub created_at: Timestamp,
    /// JSON: see [`TokenRow::scope`].
    pub account_ids: Option<String>,
    /// From when on it is refused; none: never.
    pub expires_at: Option<Timestamp>,
    /// To the minute; none: not yet.
    pub last_used_at: Option<Timestamp>,
}

impl TokenRow {
    pub fn scope(&self) -> Scope {
        Scope::read(self.account_ids.as_deref())
    }

    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }
}

/// A token to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken<'a> {
    pub name: &'a str,
    /// Of the token, in hex.
    pub sha256: &'a str,
    pub role: Role,
    pub scope: &'a Scope,
    pub expires_at: Option<Timestamp>,
}

pub fn by_hash(conn: &mut DbConnection, hash: &str) -> Result<Option<TokenRow>, DbError> {
    let found = dsl::api_tokens.filter(dsl::token_hash.eq(hash)).select(TokenRow::as_select());
    Ok(found.first(conn).optional()?)
}

pub fn get(conn: &mut DbConnection, id: TokenId) -> Result<Option<TokenRow>, DbError> {
    Ok(dsl::api_tokens.filter(dsl::id.eq(id.0)).select(TokenRow::as_select()).first(conn).optional()?)
}

pub fn list(conn: &mut DbConnection) -> Result<Vec<TokenRow>, DbError> {
    Ok(dsl::api_tokens.select(TokenRow::as_select()).order(dsl::id).load(conn)?)
}

pub fn insert(conn: &mut DbConnection, new: &NewToken<'_>, now: Timestamp) -> Result<TokenRow, DbError> {
    let id = diesel::insert_into(dsl::api_tokens)
        .values((
            dsl::name.eq(new.name),
            dsl::token_hash.eq(new.sha256),
            dsl::role.eq(new.role.as_str()),
            dsl::created_at.eq(now.micros()),
            dsl::account_ids.eq(new.scope.written()),
            dsl::expires_at.eq(new.expires_at.map(Timestamp::micros)),
        ))
        .returning(dsl::id)
        .get_result(conn)?;
    Ok(TokenRow {
        id,
        name: new.name.to_owned(),
        role: new.role,
        created_at: now,
        account_ids: new.scope.written(),
        expires_at: new.expires_at,
        last_used_at: None,
    })
}

/// Notes when a token was used, unless that was noted less than `apart` before, by whichever node. True where it was.
pub fn note_use(
    conn: &mut DbConnection,
    id: TokenId,
    at: Timestamp,
    apart: Duration,
) -> Result<bool, DbError> {
    let noted_before = dsl::last_used_at.is_null().or(dsl::last_used_at.le((at - apart).micros()));
    let stale = dsl::api_tokens.filter(dsl::id.eq(id.0)).filter(noted_before);
    Ok(diesel::update(stale).set(dsl::last_used_at.eq(at.micros())).execute(conn)? == 1)
}

/// True where there was one.
pub fn delete(conn: &mut DbConnection, id: TokenId) -> Result<bool, DbError> {
    Ok(diesel::delete(dsl::api_tokens.filter(dsl::id.eq(id.0))).execute(conn)? == 1)
}
