//! The platforms there are.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

/// What a platform needs, and what it can do.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Platform")]
pub struct PlatformView {
    pub name: String,
    pub about: String,
    /// What becomes of an attempt whose end nobody saw: docs/delivery.md tells.
    pub delivery_class: String,
    /// The JSON Schema of an account's `settings`.
    #[schemars(with = "Map<String, Value>")]
    pub settings_schema: Value,
    pub credentials: Vec<SecretFieldView>,
}

/// A secret that an account of a platform has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "SecretField")]
pub struct SecretFieldView {
    pub name: String,
    pub required: bool,
    pub about: String,
}
