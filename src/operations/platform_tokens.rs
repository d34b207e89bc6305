//! The token of an account, which all nodes share: kept sealed, and fetched anew by one at a time.

use super::broken::Broken;
use super::{Access, Context, Operation, OperationError};
use crate::db::connection::DbConnection;
use crate::db::meta;
use crate::db::platform_tokens::{self, NewToken, TokenRow};
use crate::domain::clock::Timestamp;
use crate::domain::ids::AccountId;
use crate::platforms::tokens::{Fetched, TURN_MAX, Token, Turn, Wanted};
use std::time::Duration;

/// No turn has longer to go, also where the clock of whoever took it is somewhat ahead. One that seems to was taken by a clock
/// that was set back since, and would keep the account waiting for as long as it was ahead.
const TURN_LEFT_MAX: Duration = Duration::from_secs(2 * TURN_MAX.as_secs());

/// Whose turn it is to fetch the token of an account. By the node's clock: where clocks differ, two may fetch one at the
/// same moment, and both are good.
#[derive(Debug, Clone)]
pub struct TakeTokenTurn {
    pub account: AccountId,
    /// Who asks; another name for each attempt.
    pub by: String,
    pub wanted: Wanted,
}

impl Operation for TakeTokenTurn {
    type Output = Turn;
    const ACCESS: Access = Access::Engine;

    fn run(self, conn: &mut DbConnection, cx: &Context, now: Timestamp) -> Result<Turn, OperationError> {
        // Nearly always it is good, and nothing is written.
        let row = platform_tokens::get(conn, self.account)?;
        if let Some(token) = row.filter(|row| now < row.renew_at).and_then(|row| self.good(&row, cx, now)) {
            return Ok(Turn::Good(token));
        }
        conn.write(|conn| {
            let Some(row) = platform_tokens::hold(conn, self.account)? else { return Ok(Turn::Wait) };
            let good = self.good(&row, cx, now);
            let is_taken = |until: Timestamp| now < until && until <= now + TURN_LEFT_MAX;
            let is_fetched =
                row.fetched_until.is_some_and(is_taken) && row.fetched_by.as_deref() != Some(&*self.by);
            match good {
                Some(token) if is_fetched || now < row.renew_at => Ok(Turn::Good(token)),
                None if is_fetched => Ok(Turn::Wait),
                old => {
                    platform_tokens::begin(conn, self.account, &self.by, now + TURN_MAX)?;
                    Ok(Turn::Yours { old })
                }
            }
        })
    }
}

impl TakeTokenTurn {
    /// The token that is kept, where the platform takes it still. One that cannot be opened is as good as none.
    fn good(&self, row: &TokenRow, cx: &Context, now: Timestamp) -> Option<Token> {
        if row.purpose != self.wanted.purpose || row.expires_at <= now {
            return None;
        }
        let plain = cx.keys.open(row.sealed.as_deref()?, &identity(self.account)).ok()?;
        let token = Token(String::from_utf8(plain).ok()?);
        (self.wanted.refused.as_ref() != Some(&token)).then_some(token)
    }
}

/// Keeps what was fetched, and ends the turn. False where it was somebody else's by then.
#[derive(Debug, Clone)]
pub struct KeepToken {
    pub account: AccountId,
    pub by: String,
    pub purpose: String,
    pub fetched: Fetched,
}

impl Operation for KeepToken {
    type Output = bool;
    const ACCESS: Access = Access::Engine;

    fn run(self, conn: &mut DbConnection, cx: &Context, now: Timestamp) -> Result<bool, OperationError> {
        conn.write(|conn| {
            // Held, so that a change of the key waits, or was waited for.
            let kept = meta::hold(conn, meta::SECRET_KEY_FINGERPRINT)?.unwrap_or_default();
            let key = cx.keys.get(&kept).ok_or(OperationError::WrongSecretKey)?;
            let sealed = key
                .seal(self.fetched.token.0.as_bytes(), &identity(self.account))
                .map_err(|error| OperationError::Internal(Broken::Sealing(error)))?;
            let token = NewToken {
                purpose: &self.purpose,
                sealed: &sealed,
                renew_at: now + self.fetched.renewed_after(),
                expires_at: now + self.fetched.lifetime,
            };
            Ok(platform_tokens::keep(conn, self.account, &self.by, token)?)
        })
    }
}

/// Ends a turn in which nothing was fetched.
#[derive(Debug, Clone)]
pub struct GiveTokenTurnBack {
    pub account: AccountId,
    pub by: String,
}

impl Operation for GiveTokenTurnBack {
    type Output = ();
    const ACCESS: Access = Access::Engine;

    fn run(self, conn: &mut DbConnection, _: &Context, _: Timestamp) -> Result<(), OperationError> {
        conn.write(|conn| Ok(platform_tokens::give_back(conn, self.account, &self.by)?))
    }
}

/// What a sealed token belongs to: it cannot be moved to another account.
fn identity(account: AccountId) -> String {
    format!("token:{account}")
}
