//! Tokens that platforms gave for the secrets of accounts, sealed, and whose turn it is to fetch one anew.

use super::connection::{DbConnection, DbError};
use super::schema::platform_tokens::dsl;
use super::statement::statement;
use crate::domain::clock::Timestamp;
use crate::domain::ids::AccountId;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

/// What is known of an account's token.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct TokenRow {
    /// What it was fetched for; another purpose needs another one.
    pub purpose: String,
    pub sealed: Option<String>,
    /// From when on a new one is fetched, while this one is good still.
    pub renew_at: Timestamp,
    pub expires_at: Timestamp,
    /// Who fetches one now, and until when others leave that to it.
    pub fetched_by: Option<String>,
    pub fetched_until: Option<Timestamp>,
}

/// A token that was fetched.
#[derive(Debug, Clone, Copy)]
pub struct NewToken<'a> {
    pub purpose: &'a str,
    pub sealed: &'a str,
    pub renew_at: Timestamp,
    pub expires_at: Timestamp,
}

pub fn get(conn: &mut DbConnection, account: AccountId) -> Result<Option<TokenRow>, DbError> {
    let found = dsl::platform_tokens.filter(dsl::account_id.eq(account.0)).select((
        dsl::purpose,
        dsl::sealed,
        dsl::renew_at,
        dsl::expires_at,
        dsl::fetched_by,
        dsl::fetched_until,
    ));
    Ok(found.first(conn).optional()?)
}

const MAKE: &str = "INSERT INTO platform_tokens (account_id, purpose) VALUES ($1, '') ON CONFLICT DO NOTHING";

/// The same, and it stays so to the end of the caller's transaction. Where nothing is known, an empty row is made.
pub fn hold(conn: &mut DbConnection, account: AccountId) -> Result<Option<TokenRow>, DbError> {
    let make = statement::<()>(MAKE).bind::<BigInt, _>(account.0);
    match conn {
        DbConnection::Sqlite(inner) => make.execute(inner)?,
        DbConnection::Postgres(inner) => make.execute(inner)?,
    };
    // An update is what locks the row on either database.
    diesel::update(dsl::platform_tokens.filter(dsl::account_id.eq(account.0)))
        .set(dsl::account_id.eq(account.0))
        .execute(conn)?;
    get(conn, account)
}

/// It is this one's turn to fetch a token, until then.
pub fn begin(conn: &mut DbConnection, account: AccountId, by: &str, until: Timestamp) -> Result<(), DbError> {
    diesel::update(dsl::platform_tokens.filter(dsl::account_id.eq(account.0)))
        .set((dsl::fetched_by.eq(by), dsl::fetched_until.eq(until.micros())))
        .execute(conn)?;
    Ok(())
}

/// Keeps what was fetched, and ends the turn. False where it was somebody else's by then, and nothing is kept.
pub fn keep(
    conn: &mut DbConnection,
    account: AccountId,
    by: &str,
    token: NewToken<'_>,
) -> Result<bool, DbError> {
    let of_its_turn =
        dsl::platform_tokens.filter(dsl::account_id.eq(account.0)).filter(dsl::fetched_by.eq(by));
    let kept = diesel::update(of_its_turn)
        .set((
            dsl::purpose.eq(token.purpose),
            dsl::sealed.eq(token.sealed),
            dsl::renew_at.eq(token.renew_at.micros()),
            dsl::expires_at.eq(token.expires_at.micros()),
            dsl::fetched_by.eq(None::<String>),
            dsl::fetched_until.eq(None::<i64>),
        ))
        .execute(conn)?;
    Ok(kept == 1)
}

/// Ends a turn in which nothing was fetched.
pub fn give_back(conn: &mut DbConnection, account: AccountId, by: &str) -> Result<(), DbError> {
    let of_its_turn =
        dsl::platform_tokens.filter(dsl::account_id.eq(account.0)).filter(dsl::fetched_by.eq(by));
    diesel::update(of_its_turn)
        .set((dsl::fetched_by.eq(None::<String>), dsl::fetched_until.eq(None::<i64>)))
        .execute(conn)?;
    Ok(())
}

/// Forgets all of them: they are fetched again, and sealed with the key in use then.
pub fn forget_all(conn: &mut DbConnection) -> Result<(), DbError> {
    diesel::delete(dsl::platform_tokens).execute(conn)?;
    Ok(())
}
