//! Schemas as types give them, made plainer: shorter enums, no defaults that mean nothing, and bounds of whole numbers.

use serde_json::{Value, json};

/// Any schema.
pub fn any(schema: &mut Value) {
    everywhere(schema, &|schema| {
        as_enum(schema);
        without_null_default(schema);
    });
}

/// A schema of what is asked, or what holds one.
pub fn asked(schema: &mut Value) {
    any(schema);
    everywhere(schema, &bounded);
}

fn everywhere(value: &mut Value, change: &impl Fn(&mut Value)) {
    match value {
        Value::Object(fields) => fields.values_mut().for_each(|field| everywhere(field, change)),
        Value::Array(items) => items.iter_mut().for_each(|item| everywhere(item, change)),
        _ => return,
    }
    change(value);
}

/// One of several constants, each with a description, becomes an enum that tells them.
fn as_enum(schema: &mut Value) {
    let Some(Value::Array(ways)) = schema.get("oneOf") else { return };
    let constants: Option<Vec<Value>> = ways.iter().map(|way| way.get("const").cloned()).collect();
    let Some(constants) = constants else { return };
    let told = ways.iter().filter_map(|way| {
        let (word, about) = (way.get("const")?.as_str()?, way.get("description")?.as_str()?);
        Some(format!("- `{word}`: {about}"))
    });
    let told: Vec<String> = told.collect();
    let about = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    let about = [about, &told.join("\n")].join("\n\n");
    *schema = json!({"type": "string", "enum": constants, "description": about.trim()});
}

/// Where nothing is given, nothing is meant.
fn without_null_default(schema: &mut Value) {
    if let Some(fields) = schema.as_object_mut()
        && fields.get("default").is_some_and(Value::is_null)
    {
        fields.remove("default");
    }
}

/// A number beyond what its type holds is refused.
fn bounded(schema: &mut Value) {
    let (least, most) = match schema.get("format").and_then(Value::as_str) {
        Some("int32") => (i64::from(i32::MIN), i64::from(i32::MAX)),
        Some("int64") => (i64::MIN, i64::MAX),
        _ => return,
    };
    for (bound, number) in [("minimum", least), ("maximum", most)] {
        if schema.get(bound).is_none() {
            schema[bound] = number.into();
        }
    }
}
