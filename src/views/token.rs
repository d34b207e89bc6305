//! A token as users see it.

use crate::db::tokens::TokenRow;
use crate::domain::clock::Timestamp;
use crate::domain::ids::{AccountId, TokenId};
use crate::domain::role::Role;
use schemars::JsonSchema;
use serde::Serialize;

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Token")]
pub struct TokenView {
    pub id: TokenId,
    pub name: String,
    pub role: Role,
    /// Null: all accounts.
    pub account_ids: Option<Vec<AccountId>>,
    /// Null: never.
    pub expires_at: Option<Timestamp>,
    /// To the minute; null: not yet.
    pub last_used_at: Option<Timestamp>,
    pub created_at: Timestamp,
    /// Shown once, when it is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

impl TokenView {
    pub fn new(row: TokenRow, token: Option<String>) -> Self {
        TokenView {
            account_ids: row.scope().accounts(),
            id: row.id,
            name: row.name,
            role: row.role,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
            created_at: row.created_at,
            token,
        }
    }
}
