//! API tokens: made, listed, revoked, recognised. The secret itself is shown once and never kept.

use super::{Access, Context, Operation, OperationError};
use crate::db::accounts;
use crate::db::connection::DbConnection;
use crate::db::tokens::{self, NewToken, TokenRow};
use crate::domain::clock::Timestamp;
use crate::domain::fault::{AccountFault, Fault};
use crate::domain::ids::{AccountId, TokenId};
use crate::domain::naming::unprintable;
use crate::domain::role::Role;
use crate::domain::scope::Scope;
use crate::domain::thing::Thing;
use crate::secrets;
use std::time::Duration;

/// What every token begins with, so that people and scanners know one when they see it.
pub const PREFIX: &str = "cht_";
/// Of a token: 256 bits.
const RANDOM_BYTES: usize = 32;
const NAME_MAX_CHARS: usize = 100;
/// The most accounts that a token may be for.
const ACCOUNTS_MAX: usize = 100;
/// How much later a use must be to be noted again.
pub const USES_APART: Duration = Duration::from_secs(60);

/// Whether a text can be a token at all, so that nobody has to look for it.
pub fn is_like_one(text: &str) -> bool {
    let random = text.strip_prefix(PREFIX).unwrap_or_default();
    random.len() == 2 * RANDOM_BYTES && random.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Until when a token can be used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Expiry {
    #[default]
    Never,
    At(Timestamp),
    /// So long from now.
    In(Duration),
}

#[derive(Debug, Clone)]
pub struct CreateToken {
    pub name: String,
    pub role: Role,
    /// The accounts that it is for; none: all.
    pub accounts: Option<Vec<AccountId>>,
    pub expiry: Expiry,
}

impl CreateToken {
    /// For all accounts, and for good.
    pub fn new(name: impl Into<String>, role: Role) -> Self {
        CreateToken { name: name.into(), role, accounts: None, expiry: Expiry::Never }
    }
}

impl Operation for CreateToken {
    /// The row, and the token to be shown once.
    type Output = (TokenRow, String);
    const ACCESS: Access = Access::Write;

    fn run(
        self,
        conn: &mut DbConnection,
        _: &Context,
        now: Timestamp,
    ) -> Result<(TokenRow, String), OperationError> {
        if self.name.trim().is_empty()
            || self.name.chars().count() > NAME_MAX_CHARS
            || self.name.contains('\0')
        {
            return Err(OperationError::invalid("name", Fault::Length { most: NAME_MAX_CHARS }));
        }
        if let Some(wrong) = unprintable(&self.name) {
            return Err(OperationError::Invalid(vec![wrong]));
        }
        let expires_at = match self.expiry {
            Expiry::Never => None,
            Expiry::In(span) => Some(now + span),
            Expiry::At(at) if at > now => Some(at),
            Expiry::At(at) => {
                return Err(OperationError::invalid("expires_at", Fault::Past(at)));
            }
        };
        let scope = scope_of(conn, self.accounts)?;
        let token = format!("{PREFIX}{}", secrets::random_hex(RANDOM_BYTES));
        let sha256 = secrets::sha256_hex(token.as_bytes());
        let new = NewToken { name: &self.name, sha256: &sha256, role: self.role, scope: &scope, expires_at };
        Ok((tokens::insert(conn, &new, now)?, token))
    }
}

fn scope_of(conn: &mut DbConnection, accounts: Option<Vec<AccountId>>) -> Result<Scope, OperationError> {
    let Some(accounts) = accounts else { return Ok(Scope::Everything) };
    if !(1..=ACCOUNTS_MAX).contains(&accounts.len()) {
        let fault = AccountFault::TokenAccounts { most: ACCOUNTS_MAX };
        return Err(OperationError::invalid("account_ids", fault));
    }
    for account in &accounts {
        if !accounts::exists(conn, *account)? {
            return Err(OperationError::not_found(Thing::Account, account));
        }
    }
    Ok(Scope::of(accounts))
}

#[derive(Debug, Clone, Copy)]
pub struct ListTokens;

impl Operation for ListTokens {
    type Output = Vec<TokenRow>;
    const ACCESS: Access = Access::Read;

    fn run(
        self,
        conn: &mut DbConnection,
        _: &Context,
        _: Timestamp,
    ) -> Result<Vec<TokenRow>, OperationError> {
        Ok(tokens::list(conn)?)
    }
}

#[derive(Debug, Clone, Copy)]
pub struct DeleteToken(pub TokenId);

impl Operation for DeleteToken {
    type Output = ();
    const ACCESS: Access = Access::Write;

    fn run(self, conn: &mut DbConnection, _: &Context, _: Timestamp) -> Result<(), OperationError> {
        if tokens::delete(conn, self.0)? {
            Ok(())
        } else {
            Err(OperationError::not_found(Thing::Token, self.0))
        }
    }
}

/// Who comes with this token; none where nobody does. Never cached: a revoked token is refused at once.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Recognise {
    pub token: String,
}

impl Operation for Recognise {
    type Output = Option<TokenRow>;
    const ACCESS: Access = Access::Read;

    fn run(
        self,
        conn: &mut DbConnection,
        _: &Context,
        _: Timestamp,
    ) -> Result<Option<TokenRow>, OperationError> {
        Ok(tokens::by_hash(conn, &secrets::sha256_hex(self.token.as_bytes()))?)
    }
}

/// Notes when tokens were used, all in one transaction. Of each, no use is noted that follows a noted one within
/// [`USES_APART`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteTokenUses(pub Vec<(TokenId, Timestamp)>);

impl Operation for NoteTokenUses {
    /// How many were noted.
    type Output = usize;
    // Nobody waits for it, and nobody needs to be told.
    const ACCESS: Access = Access::Engine;

    fn run(self, conn: &mut DbConnection, _: &Context, _: Timestamp) -> Result<usize, OperationError> {
        conn.write(|conn| {
            let mut noted = 0;
            for (id, at) in &self.0 {
                noted += usize::from(tokens::note_use(conn, *id, *at, USES_APART)?);
            }
            Ok(noted)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_a_token_is_looked_for() {
        let token = format!("{PREFIX}{}", secrets::random_hex(RANDOM_BYTES));
        assert!(is_like_one(&token));
        for wrong in [
            "",
            "cht_",
            "cht_0000",
            &token[4..],
            &token[..67],
            &format!("{token}0"),
            &token.replace("cht", "cha"),
        ] {
            assert!(!is_like_one(wrong), "{wrong}");
        }
        assert!(!is_like_one(&format!("{PREFIX}{}", "g".repeat(64))));
    }
}
