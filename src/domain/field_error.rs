//! What is wrong with one field of what a user gave.

use super::fault::Fault;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use std::borrow::Cow;
use std::fmt;

/// `field` is a path such as `settings.url` or `items[3].priority`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(into = "Written")]
pub struct FieldError {
    pub field: String,
    pub fault: Fault,
}

impl FieldError {
    pub fn new(field: impl Into<String>, fault: impl Into<Fault>) -> Self {
        FieldError { field: field.into(), fault: fault.into() }
    }

    /// What is wrong, without the field.
    pub fn message(&self) -> String {
        self.fault.to_string()
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.fault)
    }
}

/// `field` is a path such as `settings.url` or `items[3].priority`.
#[derive(serde::Serialize, JsonSchema)]
struct Written {
    field: String,
    message: String,
}

impl From<FieldError> for Written {
    fn from(wrong: FieldError) -> Self {
        let message = wrong.message();
        Written { field: wrong.field, message }
    }
}

/// As it is written.
impl JsonSchema for FieldError {
    fn schema_name() -> Cow<'static, str> {
        "FieldError".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Written::json_schema(generator)
    }
}
