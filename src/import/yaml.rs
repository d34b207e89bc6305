//! YAML as front matter needs it: keys with simple values, in order, each with the line that it stands on.
//!
//! Numbers, dates and words such as `yes` keep the spelling of the file: what a value means depends on its key alone.

use super::{Problem, YamlFault};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{MergeKeyPolicy, MessageFormatter, NonFiniteFloatPolicy, Spanned, UserMessageFormatter};
use std::fmt;

/// How deep values may nest, those included that are passed over.
const DEPTH_MAX: usize = 32;

/// A key with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    pub key: String,
    pub key_line: usize,
    pub value: Value,
    pub line: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Nothing,
    Text(String),
    /// Each with its line.
    List(Vec<(Value, usize)>),
    /// Keys within keys, which front matter has no use for.
    Table,
}

/// Reads the YAML part of a file, see [`super::front_matter::Parts`]: its first line is the file's first.
pub(super) fn parse(yaml: &str) -> Result<Vec<Field>, Problem> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_depth: DEPTH_MAX },
        with_snippet: false,
        merge_keys: MergeKeyPolicy::AsOrdinary,
        non_finite_float_policy: NonFiniteFloatPolicy::AsString,
    };
    match serde_saphyr::from_str_with_options::<RawFields>(yaml, options) {
        Ok(RawFields(fields)) => Ok(fields.into_iter().map(|(key, value)| field(key, value, yaml)).collect()),
        Err(error) => Err(problem(&error)),
    }
}

fn problem(error: &serde_saphyr::Error) -> Problem {
    use serde_saphyr::Error;
    let line = error.location().map_or(1, |at| line(&at));
    let fault = match error.without_snippet() {
        Error::DuplicateMappingKey { key: Some(key), .. } => YamlFault::Twice(super::shortened(key)),
        Error::Unexpected { .. } => YamlFault::NoLines,
        other => match UserMessageFormatter.format_message(other).replace(char::is_control, " ") {
            said if said.contains("mapping values are not allowed") => YamlFault::Colon(said),
            said => YamlFault::Said(said),
        },
    };
    Problem::at(line, fault)
}

fn line(at: &serde_saphyr::Location) -> usize {
    usize::try_from(at.line()).unwrap_or(usize::MAX).max(1)
}

fn field(key: Spanned<String>, value: Spanned<Raw>, yaml: &str) -> Field {
    let key_line = line(&key.referenced);
    // An empty value has no place of its own.
    let line = if value.value == Raw::Nothing { key_line } else { line(&value.referenced) };
    Field { key: key.value, key_line, line, value: spelled(value, yaml) }
}

/// The value as the file spells it.
fn spelled(raw: Spanned<Raw>, yaml: &str) -> Value {
    match raw.value {
        Raw::Nothing => Value::Nothing,
        Raw::Text(text) => Value::Text(text),
        Raw::Typed(understood) => {
            let span = raw.defined.span();
            let range = span.byte_offset().zip(span.byte_len()).and_then(|(start, len)| {
                Some(usize::try_from(start).ok()?..usize::try_from(start.checked_add(len)?).ok()?)
            });
            let text = range.and_then(|range| yaml.get(range)).map(|text| text.trim().to_owned());
            Value::Text(text.filter(|text| !text.is_empty()).unwrap_or(understood))
        }
        Raw::List(items) => Value::List(
            items
                .into_iter()
                .map(|item| {
                    let line = line(&item.referenced);
                    (spelled(item, yaml), line)
                })
                .collect(),
        ),
        Raw::Table => Value::Table,
    }
}

/// A value as the YAML reader gives it.
#[derive(Debug, PartialEq)]
enum Raw {
    Nothing,
    Text(String),
    /// A number or a truth value, as it was understood: its spelling is in the file.
    Typed(String),
    List(Vec<Spanned<Raw>>),
    Table,
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a number or a list")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Nothing)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Nothing)
    }

    fn visit_str<E>(self, text: &str) -> Result<Raw, E> {
        Ok(Raw::Text(text.to_owned()))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Typed(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Typed(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Typed(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Typed(value.to_string()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Raw::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Raw, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Raw::Table)
    }
}

/// The whole front matter, in its order.
struct RawFields(Vec<(Spanned<String>, Spanned<Raw>)>);

impl<'de> Deserialize<'de> for RawFields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;

        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = RawFields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("lines of “key: value”")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawFields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(RawFields(fields))
            }
        }

        deserializer.deserialize_map(FieldsVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    #[test]
    fn values_keep_their_spelling_and_their_lines() {
        let yaml = "\na: 1.10\nb: 007\nc: yes\n\nd: 2026-02-06 12:00:00\ne: [x, 0x1F, 1e3]\nf:\n  - 1_000\n  - true\n\
                    g: \"quo: ted\"\nh: |\n  two\n  lines\ni:\nj: {k: 1}\nl: ~\nm: &n 1.0\no: *n\np: .inf\n";
        let fields = parse(yaml).expect("read");
        let values: Vec<(&str, usize, usize, Value)> =
            fields.iter().map(|it| (it.key.as_str(), it.key_line, it.line, it.value.clone())).collect();
        let list = |items: &[(&str, usize)]| {
            Value::List(items.iter().map(|(item, line)| (text(item), *line)).collect())
        };
        let expected = vec![
            ("a", 2, 2, text("1.10")),
            ("b", 3, 3, text("007")),
            ("c", 4, 4, text("yes")),
            ("d", 6, 6, text("2026-02-06 12:00:00")),
            ("e", 7, 7, list(&[("x", 7), ("0x1F", 7), ("1e3", 7)])),
            ("f", 8, 9, list(&[("1_000", 9), ("true", 10)])),
            ("g", 11, 11, text("quo: ted")),
            ("h", 12, 13, text("two\nlines\n")),
            ("i", 15, 15, Value::Nothing),
            ("j", 16, 16, Value::Table),
            ("l", 17, 17, Value::Nothing),
            ("m", 18, 18, text("1.0")),
            ("o", 19, 19, text("1.0")),
            ("p", 20, 20, text(".inf")),
        ];
        assert_eq!(values, expected);
    }

    #[test]
    fn nothing_is_no_fields() {
        for yaml in ["\n", "\n\n", "\n# a comment\n"] {
            assert_eq!(parse(yaml), Ok(vec![]), "{yaml:?}");
        }
    }

    #[test]
    fn what_is_no_yaml_is_told_with_its_line() {
        let deep = format!("\na: 1\nb: {}{}\n", "[".repeat(5000), "]".repeat(5000));
        for (yaml, line, says) in [
            ("\na: 1\nb: [1, 2\nc: 3\n", 4, "illegal placement of ':'"),
            ("\na: 1\nb: c: d\n", 3, "a text with a colon in it must stand in quotes"),
            ("\na: \"x\n", 2, "unclosed quote"),
            ("\njust text\n", 2, "lines of “key: value”"),
            ("\n- a\n- b\n", 2, "lines of “key: value”"),
            ("\na: 1\nb: 2\na: 3\n", 4, "the key “a” is there twice"),
            ("\na: 1\n\tb: 2\n", 2, "found a tab"),
            ("\na: *nowhere\n", 2, "unknown value"),
            (deep.as_str(), 3, "recursion limit"),
        ] {
            let problem = parse(yaml).expect_err(yaml);
            assert_eq!(problem.line, Some(line), "{problem:?}");
            let message = problem.fault.to_string();
            assert!(message.starts_with("front matter: ") && message.contains(says), "{problem:?}");
        }
    }
}
