//! Examples of what is asked and answered, by the names of their schemas: `examples.json`.

use schemars::Schema;
use serde_json::{Map, Value, json};

const PREFIX: &str = "#/components/schemas/";

/// All there are.
pub struct Examples(Map<String, Value>);

impl Examples {
    pub fn new() -> Self {
        // A test reads it, too.
        Examples(serde_json::from_str(include_str!("examples.json")).unwrap_or_default())
    }

    /// What a body holds: its schema, and an example where there is one.
    pub fn content(&self, schema: Schema) -> Value {
        let name = schema.get("$ref").and_then(Value::as_str).and_then(|it| it.strip_prefix(PREFIX));
        let example = name.and_then(|name| self.of(name));
        let mut content = json!({"schema": schema});
        if let Some(example) = example {
            content["example"] = example;
        }
        content
    }

    /// Lists are made of the examples of what they list.
    fn of(&self, name: &str) -> Option<Value> {
        if let Some(example) = self.0.get(name) {
            return Some(example.clone());
        }
        let item = |end: &str| name.strip_suffix(end).and_then(|item| self.of(item));
        let page = item("Page").map(|item| json!({"items": [item], "total": 1, "page": 1, "page_size": 20}));
        page.or_else(|| item("List").map(|item| json!({"items": [item]})))
    }
}
