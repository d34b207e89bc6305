//! What texts in requests must look like, where their handlers read them on: for the document alone.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;

/// A date and a time without an offset.
const LOCAL: &str = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?$";

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident: $schema:tt),+ $(,)?) => {$(
        $(#[$doc])*
        pub struct $name;

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )+};
}

texts! {
    /// An instant.
    Time: {
        "type": "string",
        "anyOf": [{"format": "date-time"}, {"pattern": LOCAL}],
        "examples": ["2026-02-06T12:00:00Z", "2026-02-06 20:00:00"],
    },
    /// An instant, or the next free slot of an account.
    TimeOrSlot: {
        "type": "string",
        "anyOf": [{"format": "date-time"}, {"pattern": LOCAL}, {"const": "next_slot"}],
        "examples": ["2026-02-06T12:00:00Z", "2026-02-06 20:00:00", "next_slot"],
    },
    /// A span of time.
    Span: {
        "type": "string",
        "pattern": r"^\s*0*[1-9][0-9]*[smhdw]\s*$",
        "examples": ["30d"],
    },
}
