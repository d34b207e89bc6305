//! API tokens. Only their hashes are kept.

use super::connection::{DbConnection, DbError};
use super::schema::api_tokens::dsl;
use crate::domain::clock::Timestamp;
use crate::domain::ids::TokenId;
use crate::domain::role::Role;
use diesel::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct TokenRow {
    pub id: TokenId,
    pub name: String,
    pub role: Role,
    pub created_at: Timestamp,
}

const COLUMNS: (dsl::id, dsl::name, dsl::role, dsl::created_at) =
    (dsl::id, dsl::name, dsl::role, dsl::created_at);

pub fn by_hash(conn: &mut DbConnection, hash: &str) -> Result<Option<TokenRow>, DbError> {
    Ok(dsl::api_tokens.filter(dsl::token_hash.eq(hash)).select(COLUMNS).first(conn).optional()?)
}

pub fn list(conn: &mut DbConnection) -> Result<Vec<TokenRow>, DbError> {
    Ok(dsl::api_tokens.select(COLUMNS).order(dsl::id).load(conn)?)
}

pub fn insert(
    conn: &mut DbConnection,
    name: &str,
    hash: &str,
    role: Role,
    now: Timestamp,
) -> Result<TokenRow, DbError> {
    let id = diesel::insert_into(dsl::api_tokens)
        .values((
            dsl::name.eq(name),
            dsl::token_hash.eq(hash),
            dsl::role.eq(role.as_str()),
            dsl::created_at.eq(now.micros()),
        ))
        .returning(dsl::id)
        .get_result(conn)?;
    Ok(TokenRow { id, name: name.to_owned(), role, created_at: now })
}

/// True where there was one.
pub fn delete(conn: &mut DbConnection, id: TokenId) -> Result<bool, DbError> {
    Ok(diesel::delete(dsl::api_tokens.filter(dsl::id.eq(id.0))).execute(conn)? == 1)
}
