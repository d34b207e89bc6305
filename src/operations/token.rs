//! API tokens: made, listed, revoked, recognised. The secret itself is shown once and never kept.

use super::{Access, Context, Operation, OperationError};
use crate::db::connection::DbConnection;
use crate::db::tokens::{self, TokenRow};
use crate::domain::clock::Timestamp;
use crate::domain::ids::TokenId;
use crate::domain::role::Role;
use crate::secrets;

/// What every token begins with, so that people and scanners know one when they see it.
pub const PREFIX: &str = "cht_";

#[derive(Debug, Clone)]
pub struct CreateToken {
    pub name: String,
    pub role: Role,
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
        if self.name.trim().is_empty() || self.name.chars().count() > 100 || self.name.contains('\0') {
            return Err(OperationError::invalid("name", "must have 1 to 100 characters"));
        }
        let token = format!("{PREFIX}{}", secrets::random_hex(32));
        let row = tokens::insert(conn, &self.name, &secrets::sha256_hex(token.as_bytes()), self.role, now)?;
        Ok((row, token))
    }
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
        if tokens::delete(conn, self.0)? { Ok(()) } else { Err(OperationError::not_found("token", self.0)) }
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
