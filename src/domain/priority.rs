//! How urgent an entry is.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// 1 (first) to 10 (last).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "i32", into = "i32")]
pub struct Priority(i32);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("priority must be from 1 (first) to 10 (last), not {0}")]
pub struct PriorityOutOfRange(pub i32);

impl Priority {
    pub const FIRST: Priority = Priority(1);
    pub const LAST: Priority = Priority(10);

    pub fn get(self) -> i32 {
        self.0
    }
}

impl Default for Priority {
    fn default() -> Self {
        Priority(5)
    }
}

impl TryFrom<i32> for Priority {
    type Error = PriorityOutOfRange;
    fn try_from(number: i32) -> Result<Self, Self::Error> {
        if (1..=10).contains(&number) { Ok(Priority(number)) } else { Err(PriorityOutOfRange(number)) }
    }
}

impl JsonSchema for Priority {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Priority".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let (first, last) = (Priority::FIRST, Priority::LAST);
        json_schema!({"type": "integer", "format": "int32", "minimum": first, "maximum": last})
    }
}

impl From<Priority> for i32 {
    fn from(priority: Priority) -> i32 {
        priority.0
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_to_ten_are_priorities() {
        for number in -1000..=1000 {
            assert_eq!(Priority::try_from(number).is_ok(), (1..=10).contains(&number), "{number}");
        }
        assert_eq!(Priority::default().get(), 5);
        assert!(Priority::FIRST < Priority::LAST);
    }
}
