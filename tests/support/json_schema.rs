//! Whether a value fits a JSON Schema, as far as the API's document uses that language: a word that is not known here
//! ends the test.

use regex_lite::Regex;
use serde_json::{Map, Value};

/// Whether an object may have fields that its schema does not name, where the schema does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unnamed {
    Allowed,
    Refused,
}

/// A document with schemas in it.
pub struct Schemas<'a> {
    pub document: &'a Value,
    pub unnamed: Unnamed,
}

const SAY_NOTHING: &[&str] = &["title", "description", "default", "example", "examples", "deprecated"];

impl Schemas<'_> {
    /// What of a value does not fit, with its place.
    pub fn misfit(&self, schema: &Value, value: &Value, at: &str) -> Option<String> {
        let words = match schema {
            Value::Bool(true) => return None,
            Value::Object(words) => words,
            _ => return Some(format!("{at}: nothing fits the schema {schema}")),
        };
        words.iter().find_map(|(word, means)| self.word(words, word, means, value, at))
    }

    fn word(
        &self,
        words: &Map<String, Value>,
        word: &str,
        means: &Value,
        value: &Value,
        at: &str,
    ) -> Option<String> {
        let wrong = |fits: bool| (!fits).then(|| format!("{at}: {value} is not as {word} {means} says"));
        let number = || value.as_f64();
        let length = || value.as_str().map(|text| text.chars().count() as f64);
        let items = || value.as_array().map(|items| items.len() as f64);
        let bound = |given: Option<f64>, fits: fn(f64, f64) -> bool| {
            wrong(given.is_none_or(|given| fits(given, means.as_f64().expect("a bound"))))
        };
        match word {
            "$ref" => self.misfit(self.named(means.as_str().expect("a name")), value, at),
            "allOf" => list(means).iter().find_map(|part| self.misfit(part, value, at)),
            "anyOf" => wrong(self.fitting(means, value, at) > 0),
            "oneOf" => wrong(self.fitting(means, value, at) == 1),
            "type" => wrong(match means {
                Value::Array(kinds) => kinds.iter().any(|kind| is_of(kind, value)),
                kind => is_of(kind, value),
            }),
            "enum" => wrong(list(means).contains(value)),
            "const" => wrong(means == value),
            "minimum" => bound(number(), |given, least| given >= least),
            "maximum" => bound(number(), |given, most| given <= most),
            "minLength" => bound(length(), |given, least| given >= least),
            "maxLength" => bound(length(), |given, most| given <= most),
            "minItems" => bound(items(), |given, least| given >= least),
            "maxItems" => bound(items(), |given, most| given <= most),
            "pattern" => wrong(value.as_str().is_none_or(|text| {
                Regex::new(means.as_str().expect("a pattern")).expect("a pattern").is_match(text)
            })),
            "format" => wrong(match (means.as_str(), value) {
                (Some("date-time"), Value::String(text)) => {
                    chrono::DateTime::parse_from_rfc3339(text).is_ok()
                }
                (Some("date-time" | "int32" | "int64" | "uint" | "uint32" | "uint64" | "double"), _) => true,
                _ => panic!("{at}: the format {means} is not known to tests/support/json_schema.rs"),
            }),
            "required" => list(means).iter().find_map(|name| {
                let name = name.as_str().expect("a name");
                (value.is_object() && value.get(name).is_none()).then(|| format!("{at}: {name} is missing"))
            }),
            "properties" => self.fields(words, means, value, at),
            "additionalProperties" => self.other_fields(words, means, value, at),
            "items" => value
                .as_array()?
                .iter()
                .enumerate()
                .find_map(|(index, item)| self.misfit(means, item, &format!("{at}[{index}]"))),
            word if SAY_NOTHING.contains(&word) => None,
            word => panic!("{at}: the word {word} is not known to tests/support/json_schema.rs"),
        }
    }

    fn fields(&self, words: &Map<String, Value>, named: &Value, value: &Value, at: &str) -> Option<String> {
        let given = value.as_object()?;
        let closed = self.unnamed == Unnamed::Refused
            && words.contains_key("type")
            && !words.contains_key("additionalProperties");
        given.iter().find_map(|(name, field)| match named.get(name) {
            Some(schema) => self.misfit(schema, field, &format!("{at}.{name}")),
            None => closed.then(|| format!("{at}: {name} is not in the schema")),
        })
    }

    fn other_fields(
        &self,
        words: &Map<String, Value>,
        others: &Value,
        value: &Value,
        at: &str,
    ) -> Option<String> {
        let named = words.get("properties").and_then(Value::as_object);
        let mut given = value.as_object()?.iter();
        given.find_map(|(name, field)| match named.is_some_and(|named| named.contains_key(name)) {
            true => None,
            false => self.misfit(others, field, &format!("{at}.{name}")),
        })
    }

    fn fitting(&self, ways: &Value, value: &Value, at: &str) -> usize {
        list(ways).iter().filter(|way| self.misfit(way, value, at).is_none()).count()
    }

    /// What a reference names.
    pub fn named(&self, reference: &str) -> &Value {
        let found = reference.strip_prefix('#').and_then(|pointer| self.document.pointer(pointer));
        found.unwrap_or_else(|| panic!("the document has no {reference}"))
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn is_of(kind: &Value, value: &Value) -> bool {
    match kind.as_str().expect("a kind") {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        kind => panic!("there is no type {kind}"),
    }
}
