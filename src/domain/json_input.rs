//! JSON as people and programs send it, read into types. What does not fit is told by field, in words for a person:
//! serde's own words name our types.

use super::fault::{Fault, Given, JsonFault, NoneOf, Wanted};
use super::field_error::FieldError;
use super::near::nearest;
use super::priority::PriorityOutOfRange;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// What a field error names where the whole does not fit, not one of its fields.
pub const THE_WHOLE: &str = "request";
/// The most of a wrong value that is repeated, in characters.
const GIVEN_MAX_CHARS: usize = 60;

/// Reads an object into a type. `within` is where it stands, such as `settings`; empty for a whole request.
pub fn read<T: DeserializeOwned>(value: Value, within: &str) -> Result<T, FieldError> {
    if !value.is_object() {
        // serde would take a list of values in the order of the fields.
        let given = match &value {
            Value::Array(_) => Given::List,
            // Where something else was meant to stand, nobody knows what it is: it may be a secret.
            Value::String(_) => Given::Text,
            other => Given::Value(short(&other.to_string())),
        };
        return Err(FieldError::new(whole_or(within), JsonFault::Kind { wanted: Wanted::Object, given }));
    }
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let path = if path == "." { String::new() } else { path };
        explained(&join(within, &path), &error.into_inner().to_string())
    })
}

/// The place of a U+0000 in a value, which no database of ours can keep.
pub fn find_nul(value: &Value, within: &str) -> Option<FieldError> {
    let told = |path: &str| Some(FieldError::new(whole_or(path), Fault::Nul));
    match value {
        Value::String(text) if text.contains('\0') => told(within),
        Value::Array(items) => {
            let mut items = items.iter().enumerate();
            items.find_map(|(index, item)| find_nul(item, &format!("{within}[{index}]")))
        }
        Value::Object(fields) => fields.iter().find_map(|(name, field)| match name.contains('\0') {
            true => told(within),
            false => find_nul(field, &join(within, name)),
        }),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

fn join(path: &str, field: &str) -> String {
    match (path.is_empty(), field.is_empty()) {
        (true, _) => field.to_owned(),
        (_, true) => path.to_owned(),
        (false, false) => format!("{path}.{field}"),
    }
}

fn whole_or(path: &str) -> &str {
    if path.is_empty() { THE_WHOLE } else { path }
}

/// serde's message for people. `path` is where it stopped, as far as that is known.
pub fn explained(path: &str, message: &str) -> FieldError {
    let named = |before: &str| message.strip_prefix(before).and_then(|rest| rest.split_once('`'));
    let at = |field: &str| {
        // serde may have stopped at the field itself, or at what holds it.
        let known = path == field || path.ends_with(&format!(".{field}"));
        if known { path.to_owned() } else { join(path, field) }
    };
    if let Some((field, _)) = named("missing field `") {
        return FieldError::new(at(field), Fault::Missing);
    }
    if let Some((field, rest)) = named("unknown field `") {
        let known: Vec<String> = names(rest).map(str::to_owned).collect();
        let near = nearest(field, names(rest)).map(str::to_owned);
        return FieldError::new(at(field), JsonFault::Unknown { known, near });
    }
    if let Some((field, _)) = named("duplicate field `") {
        return FieldError::new(at(field), Fault::GivenTwice);
    }
    let field = whole_or(path);
    if message.starts_with("invalid length ") {
        return FieldError::new(field, JsonFault::Kind { wanted: Wanted::Object, given: Given::List });
    }
    if let Some((word, rest)) = named("unknown variant `") {
        return FieldError::new(field, NoneOf { given: short(word), ..NoneOf::new(word, names(rest)) });
    }
    let wrong = message.strip_prefix("invalid type: ").or_else(|| message.strip_prefix("invalid value: "));
    match wrong.and_then(|wrong| wrong.rsplit_once(", expected ")) {
        Some((given, expected)) => {
            let given = if is_secret(path) { kind(given) } else { shown(given) };
            FieldError::new(field, JsonFault::Kind { wanted: wanted(expected), given })
        }
        None => match priority(message) {
            Some(fault) => FieldError::new(field, fault),
            None => FieldError::new(field, JsonFault::Said(message.to_owned())),
        },
    }
}

/// What a priority says of itself, which comes through serde as words.
fn priority(message: &str) -> Option<PriorityOutOfRange> {
    let number = message.rsplit_once(' ').and_then(|(_, number)| number.parse().ok())?;
    Some(PriorityOutOfRange(number)).filter(|fault| fault.to_string() == message)
}

/// Whether what stands there is never repeated, not even to whoever has just sent it: answers are logged on the way.
fn is_secret(path: &str) -> bool {
    path.split('.').any(|field| field == "credentials")
}

/// The names between backticks.
fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// What serde calls a type, as people call it.
fn wanted(expected: &str) -> Wanted {
    match expected {
        "i32" => Wanted::SmallNumber,
        "i8" | "i16" | "i64" | "isize" | "u8" | "u16" | "u32" | "u64" | "usize" => Wanted::WholeNumber,
        "f32" | "f64" => Wanted::Number,
        "a string" | "string" | "path string" | "a character" | "string or map" | "variant identifier" => {
            Wanted::Text
        }
        "a boolean" => Wanted::Truth,
        "a sequence" => Wanted::List,
        "unit" => Wanted::Null,
        _ => Wanted::Object,
    }
}

/// What serde says of a value that was given.
fn shown(given: &str) -> Given {
    let quoted = given.split_once('`').map(|(_, rest)| rest.trim_end_matches('`'));
    match given.split(' ').next().unwrap_or_default() {
        "string" => Given::Quoted(short(given.trim_start_matches("string ").trim_matches('"'))),
        "sequence" => Given::List,
        "map" => Given::Object,
        "null" | "unit" => Given::Null,
        _ => Given::Value(short(quoted.unwrap_or(given))),
    }
}

/// What kind of value serde says was given, without the value.
fn kind(given: &str) -> Given {
    match given.split(' ').next().unwrap_or_default() {
        "string" => Given::Text,
        "sequence" => Given::List,
        "map" => Given::Object,
        "null" | "unit" => Given::Null,
        "integer" | "floating" => Given::Number,
        _ => Given::AnotherKind,
    }
}

/// As much of what was given as is repeated to its giver.
pub(super) fn short(text: &str) -> String {
    let mut shown: String = text.chars().take(GIVEN_MAX_CHARS).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::priority::Priority;
    use crate::domain::role::Role;
    use serde::Deserialize;
    use serde_json::json;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Sample {
        id: i64,
        priority: Option<Priority>,
        role: Option<Role>,
        again: Option<bool>,
        tags: Option<Vec<String>>,
        inner: Option<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only read")]
    struct WithSecrets {
        credentials: std::collections::BTreeMap<String, String>,
    }

    #[test]
    fn a_secret_that_does_not_fit_is_not_repeated() {
        for (value, field) in [
            (json!({"credentials": "hush"}), "credentials"),
            (json!({"credentials": ["hush"]}), "credentials"),
            (json!({"credentials": {"secret": {"hush": 1}}}), "credentials.secret"),
            (json!({"credentials": {"secret": 5_550_123}}), "credentials.secret"),
            (json!("hush"), "request"),
        ] {
            let told = read::<WithSecrets>(value.clone(), "").expect_err("it does not fit");
            assert!(told.field == field && told.message().starts_with("must be "), "{value}: {told}");
            assert!(!told.message().contains("hush") && !told.message().contains("555"), "{value}: {told}");
        }
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Inner {
        n: i32,
    }

    #[test]
    fn what_does_not_fit_is_told_by_field_in_plain_words() {
        for (value, field, says) in [
            (json!({}), "id", "is missing"),
            (
                json!({"id": 1, "ido": 2}),
                "ido",
                "is not known here; there are id, priority, role, again, tags, inner; did you mean “id”?",
            ),
            (json!({"id": "x"}), "id", "must be a whole number, not “x”"),
            (json!({"id": 1.5}), "id", "must be a whole number, not 1.5"),
            (json!({"id": null}), "id", "must be a whole number, not null"),
            (json!({"id": 1e20}), "id", "must be a whole number, not 1e+20"),
            (
                json!({"id": 1, "priority": 0}),
                "priority",
                "priority must be from 1 (first) to 10 (last), not 0",
            ),
            (json!({"id": 1, "priority": 1i64 << 40}), "priority", "must be a whole number from -2147483648"),
            (
                json!({"id": 1, "role": "boss"}),
                "role",
                "“boss” is not one of viewer, editor, operator, admin",
            ),
            (json!({"id": 1, "role": "admn"}), "role", "operator, admin; did you mean “admin”?"),
            (json!({"id": 1, "role": 7}), "role", "must be text, not 7"),
            (json!({"id": 1, "role": {}}), "role", "must be "),
            (json!({"id": 1, "role": {"admin": null}}), "role", "must be text, not an object"),
            (json!({"id": 1, "again": "yes"}), "again", "must be true or false, not “yes”"),
            (json!({"id": 1, "tags": "a"}), "tags", "must be a list, not “a”"),
            (json!({"id": 1, "tags": ["a", 5]}), "tags[1]", "must be text, not 5"),
            (json!({"id": 1, "inner": {"n": true}}), "inner.n", "must be a whole number from"),
            (json!({"id": 1, "inner": {"m": 1}}), "inner.m", "is not known here; there are n"),
            (json!({"id": 1, "inner": {}}), "inner.n", "is missing"),
            (json!({"id": 1, "inner": []}), "inner", "must be an object, not a list"),
            (json!({"id": 1, "inner": 3}), "inner", "must be an object, not 3"),
            (json!("x"), "request", "must be an object, not text"),
            (json!([1]), "request", "must be an object, not a list"),
            (json!(null), "request", "must be an object, not null"),
        ] {
            let error = read::<Sample>(value.clone(), "").expect_err("does not fit");
            assert_eq!(error.field, field, "{value}: {error}");
            assert!(error.message().contains(says), "{value}: {error}");
        }
        let within = read::<Inner>(json!({"n": "x".repeat(100)}), "settings").expect_err("does not fit");
        assert_eq!(within.field, "settings.n");
        assert!(within.message().chars().count() < 150, "{within}");
    }

    #[test]
    fn a_nul_is_found_wherever_it_is() {
        for (value, field) in [
            (json!("a\0"), "request"),
            (json!({"a": ["x", {"b": "\0"}]}), "a[1].b"),
            (json!({"a": {"\0": 1}}), "a"),
        ] {
            assert_eq!(find_nul(&value, "").map(|error| error.field).as_deref(), Some(field), "{value}");
        }
        assert_eq!(find_nul(&json!({"a": ["u0000", 0, null]}), ""), None);
    }
}
