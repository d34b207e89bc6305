//! A row of the audit as users see it.

use super::json;
use crate::db::audit::AuditRow;
use crate::domain::clock::Timestamp;
use crate::domain::ids::{AuditId, TokenId};
use crate::domain::resource::Resource;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Audit")]
pub struct AuditView {
    pub id: AuditId,
    pub at: Timestamp,
    /// The name of a token, or of a user of the system.
    pub who: String,
    pub token_id: Option<TokenId>,
    /// An address, or `cli`, or `library`.
    pub from: String,
    /// Such as `content.approve`.
    pub action: String,
    pub resource: Resource,
    pub resource_id: Option<i64>,
    /// The fields that are other now; null of what was made.
    #[schemars(with = "Option<Map<String, Value>>")]
    pub before: Option<Value>,
    /// The same as they are now; null of what is gone.
    #[schemars(with = "Option<Map<String, Value>>")]
    pub after: Option<Value>,
}

impl From<AuditRow> for AuditView {
    fn from(row: AuditRow) -> Self {
        AuditView {
            id: row.id,
            at: row.at,
            who: row.who,
            token_id: row.token_id,
            from: row.place,
            action: row.action,
            resource: row.resource,
            resource_id: row.resource_id,
            before: row.state_before.as_deref().map(json),
            after: row.state_after.as_deref().map(json),
        }
    }
}
