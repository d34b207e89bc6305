//! What came of a change, and how the audit tells it: the fields that are other than before, each cut to a length.

use crate::domain::resource::Subject;
use serde_json::{Map, Value, json};

/// The most characters of a text that are kept.
const TEXT_MAX_CHARS: usize = 200;

pub type Fields = Map<String, Value>;

/// What came of a change.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// So the things are now that it made or changed.
    Now(Vec<(Subject, Fields)>),
    Gone,
    /// Something that no thing shows, such as how many there were.
    Did(Fields),
    /// The same of several things.
    DidTo(Vec<(Subject, Fields)>),
    /// A rehearsal.
    Nothing,
}

impl Told {
    pub fn did(what: Value) -> Self {
        Told::Did(fields(what))
    }
}

/// The fields of a JSON object.
pub fn fields(value: Value) -> Fields {
    match value {
        Value::Object(fields) => fields,
        other => Fields::from_iter([("value".to_owned(), other)]),
    }
}

/// A row of the audit, as far as it is known here. States are JSON.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    pub subject: Subject,
    pub before: Option<String>,
    pub after: Option<String>,
}

/// What is written of a change: of what was there already one row, with the fields that are other now; of all that was
/// made, a row each.
pub fn records(subject: Subject, before: Option<Fields>, told: Told) -> Vec<Record> {
    let record = |subject, before: Option<Fields>, after: Option<Fields>| Record {
        subject,
        before: before.map(written),
        after: after.map(written),
    };
    match (told, before) {
        (Told::Nothing, _) => Vec::new(),
        (Told::Gone, before) => vec![record(subject, before.map(without_nulls), None)],
        (Told::DidTo(things), _) => {
            things.into_iter().map(|(of, what)| record(of, None, Some(what))).collect()
        }
        (Told::Did(what), _) => vec![record(subject, None, Some(what))],
        (Told::Now(states), Some(mut before)) => {
            let own = states.into_iter().find(|(of, _)| *of == subject);
            let mut after = own.map(|(_, after)| after).unwrap_or_default();
            after.retain(|name, now| before.get(name) != Some(now));
            before.retain(|name, _| after.contains_key(name));
            vec![record(subject, Some(before), Some(after))]
        }
        (Told::Now(states), None) => {
            let made = |(of, after)| record(of, None, Some(without_nulls(after)));
            states.into_iter().map(made).collect()
        }
    }
}

fn without_nulls(mut fields: Fields) -> Fields {
    fields.retain(|_, value| !value.is_null());
    fields
}

fn written(fields: Fields) -> String {
    shortened(Value::Object(fields)).to_string()
}

/// The same with the beginning of each long text, and how long it was.
fn shortened(value: Value) -> Value {
    match value {
        Value::String(text) => match text.char_indices().nth(TEXT_MAX_CHARS) {
            None => Value::String(text),
            Some((end, _)) => json!(format!("{}… ({} characters)", &text[..end], text.chars().count())),
        },
        Value::Array(items) => items.into_iter().map(shortened).collect(),
        Value::Object(fields) => {
            fields.into_iter().map(|(name, value)| (name, shortened(value))).collect::<Fields>().into()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::resource::Resource;

    const CONTENT: Subject = Subject::new(Resource::Content, 5);

    fn told(before: Option<Value>, told: Told) -> Vec<(Option<String>, Option<String>)> {
        let records = records(CONTENT, before.map(fields), told);
        records.into_iter().map(|record| (record.before, record.after)).collect()
    }

    #[test]
    fn only_what_is_other_is_told() {
        let now = |value| Told::Now(vec![(CONTENT, fields(value))]);
        let text = |text: &str| Some(text.to_owned());
        let was = json!({"a": 1, "b": null, "c": "x"});
        assert_eq!(
            told(Some(was.clone()), now(json!({"a": 1, "b": 2, "c": null}))),
            [(text(r#"{"b":null,"c":"x"}"#), text(r#"{"b":2,"c":null}"#))]
        );
        assert_eq!(told(Some(was.clone()), now(was.clone())), [(text("{}"), text("{}"))]);
        assert_eq!(told(None, now(was.clone())), [(None, text(r#"{"a":1,"c":"x"}"#))]);
        assert_eq!(told(Some(was), Told::Gone), [(text(r#"{"a":1,"c":"x"}"#), None)]);
        assert_eq!(told(None, Told::Nothing), []);
    }

    #[test]
    fn a_long_text_is_told_by_its_beginning_and_its_length() {
        let long = "你".repeat(1000);
        let cut = shortened(json!({"body": long, "tags": ["x"]}));
        let expected = format!("{}… (1000 characters)", "你".repeat(200));
        assert_eq!(cut, json!({"body": expected, "tags": ["x"]}));
        // Two texts that begin alike are other texts all the same.
        let (was, is) = (json!({"body": long}), json!({"body": format!("{long}.")}));
        let rows = told(Some(was), Told::Now(vec![(CONTENT, fields(is))]));
        assert!(rows[0].1.as_ref().is_some_and(|after| after.contains("1001 characters")), "{rows:?}");
    }
}
