//! What a route reads of its request: told by the types of its handler's arguments.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

const OF_A_BODY: [&str; 6] =
    ["bad_body", "not_json", "json_too_deep", "json_too_large", "unsupported_encoding", "body_too_large"];
const OF_A_KEY: [&str; 3] = ["bad_idempotency_key", "idempotency_key_reused", "wrong_secret_key"];
/// What every route refuses that can be asked for a change of one state alone.
pub const UNREADABLE_IF_MATCH: &str = "bad_if_match";
const OF_AN_ID: [&str; 2] = ["not_found", "unknown_route"];

/// Is told what is read.
pub struct Reading<'a> {
    schemas: &'a mut SchemaGenerator,
    /// The schema of the body, and whether there must be one.
    pub body: Option<(Schema, bool)>,
    /// In the place of a body: the field of a form that holds a file, and what it is.
    pub form: Option<(&'static str, &'static str)>,
    /// As the document has them.
    pub parameters: Vec<Value>,
    /// Codes of `error_codes.rs` that come of reading it.
    pub refusals: Vec<&'static str>,
    /// Of good answers, because of what was read.
    pub answer_headers: Map<String, Value>,
}

impl<'a> Reading<'a> {
    pub fn new(schemas: &'a mut SchemaGenerator) -> Self {
        Reading {
            schemas,
            body: None,
            form: None,
            parameters: Vec::new(),
            refusals: Vec::new(),
            answer_headers: Map::new(),
        }
    }

    /// A JSON body. One whose fields may all be left out may be left out itself.
    pub fn body<T: JsonSchema>(&mut self) {
        let named = self.schemas.subschema_for::<T>();
        let whole = T::json_schema(self.schemas);
        let wanted = whole.get("required").and_then(Value::as_array).is_some_and(|names| !names.is_empty());
        self.body = Some((named, wanted));
        self.refusals.extend(OF_A_BODY);
    }

    /// A form with a file in this field.
    pub fn form(&mut self, field: &'static str, about: &'static str) {
        self.form = Some((field, about));
        self.refusals.extend(["bad_body", "unsupported_encoding", "body_too_large"]);
    }

    /// It takes none, and looks.
    pub fn no_body(&mut self) {
        self.refusals.extend(OF_A_BODY);
    }

    /// The words of a query: each field of `T` is one.
    pub fn query<T: JsonSchema>(&mut self) {
        let mut whole = T::json_schema(self.schemas);
        let Some(Value::Object(fields)) = whole.remove("properties") else { return };
        for (name, mut schema) in fields {
            never_null(&mut schema);
            let about = schema.as_object_mut().and_then(|it| it.remove("description"));
            self.parameters.push(parameter("query", &name, about, schema));
        }
    }

    /// The id in the path.
    pub fn path_id(&mut self) {
        let schema = json!({"type": "integer", "format": "int64", "minimum": 1});
        let mut id = parameter("path", "id", None, schema);
        id["required"] = true.into();
        self.parameters.push(id);
        self.refusals.extend(OF_AN_ID);
    }

    /// A header that may be left out.
    pub fn header(&mut self, name: &str, about: &str, schema: Value) {
        self.parameters.push(parameter("header", name, Some(about.into()), schema));
    }

    /// It is done only where what it changes is still as it was read.
    pub fn if_match(&mut self) {
        let about = "The `ETag` of what was read, several of them, or `*`: where it is in another state by now, nothing \
                     is done, and the answer is 412.";
        self.header("If-Match", about, entity_tags());
        self.refusals.push(UNREADABLE_IF_MATCH);
    }

    /// It is not answered again where it has not changed.
    pub fn if_none_match(&mut self) {
        let about = "The `ETag` of what is there already: where it is the same still, the answer is 304 and has no body.";
        // What is no such thing is nothing that the client has.
        self.header("If-None-Match", about, json!({"type": "string"}));
    }

    /// The word of the query that names the language of the answer.
    pub fn language(&mut self) {
        let schema = json!({"type": "string", "pattern": "^\\s*([eE][nN]|[zZ][hH])([-_.@].*)?\\s*$", "examples": ["zh"]});
        let about =
            "The language of what is told to people, `en` or `zh`; without it, that of `Accept-Language`.";
        self.parameters.push(parameter("query", "lang", Some(about.into()), schema));
    }

    /// It has a key, so that it is done once however often it is sent.
    pub fn key(&mut self, max_chars: usize) {
        let about = "The same for the same request sent again, which then does nothing and is given the first answer.";
        let schema = json!({"type": "string", "minLength": 1, "maxLength": max_chars, "pattern": "^[!-~]+$"});
        self.header("Idempotency-Key", about, schema);
        // A key is of one body, too.
        self.refusals.extend(OF_A_BODY.into_iter().chain(OF_A_KEY));
        let about = "`true` where this is the answer to an earlier request with the same key.";
        let schema = json!({"type": "string", "const": "true"});
        self.answer_headers
            .insert("Idempotency-Replayed".to_owned(), json!({"description": about, "schema": schema}));
    }
}

fn entity_tags() -> Value {
    const TAG: &str = "(W/)?\"[!#-~]*\"";
    let pattern = format!("^([*]|{TAG}( *, *{TAG})*)$");
    json!({"type": "string", "minLength": 1, "pattern": pattern, "examples": ["\"5f2b8c0d1e9a4c7b3f60\""]})
}

fn parameter(place: &str, name: &str, about: Option<Value>, schema: Value) -> Value {
    let mut parameter = json!({"name": name, "in": place, "schema": schema});
    if let Some(about) = about {
        parameter["description"] = about;
    }
    if place == "query" {
        // It is not asked then.
        parameter["allowEmptyValue"] = true.into();
    }
    parameter
}

/// In a query nothing is null: what is not meant is left out.
fn never_null(schema: &mut Value) {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [only] = types.as_slice() {
            schema["type"] = only.clone();
        }
    }
    if let Some(Value::Array(words)) = schema.get_mut("enum") {
        words.retain(|word| !word.is_null());
    }
    let Some(Value::Array(ways)) = schema.get_mut("anyOf") else { return };
    ways.retain(|way| *way != json!({"type": "null"}));
    if let [Value::Object(only)] = ways.as_slice() {
        let only = only.clone();
        if let Some(fields) = schema.as_object_mut() {
            fields.remove("anyOf");
            fields.extend(only);
        }
    }
}
