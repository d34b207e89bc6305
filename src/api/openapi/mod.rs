//! `/api/openapi.json`: the document of the API, made of the list of routes and of the types of what they read and answer;
//! and `/api/docs`, a page that shows it.

mod examples;
pub mod inputs;
mod page;
mod problems;
mod tidied;

use super::reading::Reading;
use super::roles::Concern;
use super::routes::{Access, Answered, Content, Routes, Told};
use actix_web::HttpResponse;
use actix_web::web::Bytes;
use examples::Examples;
use problems::Problems;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

const ABOUT: &str = include_str!("about.md");

/// It is the same for as long as the program runs.
static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| document().to_string().into());

pub fn routes(routes: &mut Routes) {
    routes.group("The server itself");
    routes.open("/api/openapi.json", answer, "Show this document").ok::<Map<String, Value>>();
    page::routes(routes);
}

async fn answer() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(DOCUMENT.clone())
}

/// The document, in OpenAPI 3.1.
pub fn document() -> Value {
    let mut making = Making::new();
    let (mut paths, mut groups) = (Map::new(), Vec::new());
    for told in super::all().told() {
        if !groups.contains(&told.group) {
            groups.push(told.group);
        }
        let operation = making.operation(&told);
        let methods = paths.entry(told.path).or_insert_with(|| json!({}));
        methods[told.method.as_str().to_lowercase()] = operation;
    }
    let groups: Vec<Value> = groups.into_iter().map(|name| json!({"name": name})).collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "ContentHub",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": {"name": "MIT or Apache-2.0", "identifier": env!("CARGO_PKG_LICENSE")},
        },
        "servers": [{"url": "/"}],
        "tags": groups,
        "paths": paths,
        "components": making.components(),
    })
}

/// What grows while routes are told.
struct Making {
    /// Of what is read.
    asked: SchemaGenerator,
    /// Of what is answered: what may be left out in a request need not be missing in an answer.
    answered: SchemaGenerator,
    problems: Problems,
    examples: Examples,
}

impl Making {
    fn new() -> Self {
        let settings = || {
            SchemaSettings::draft2020_12()
                .with(|settings| settings.definitions_path = "/components/schemas".into())
        };
        Making {
            asked: settings().for_deserialize().into_generator(),
            answered: settings().for_serialize().into_generator(),
            problems: Problems::default(),
            examples: Examples::new(),
        }
    }

    fn operation(&mut self, told: &Told) -> Value {
        let mut reading = Reading::new(&mut self.asked);
        (told.reading)(&mut reading);
        let Reading { body, form, mut parameters, refusals, mut answer_headers, .. } = reading;
        if told.is_versioned {
            answer_headers.insert("ETag".to_owned(), etag());
        }
        parameters.iter_mut().for_each(tidied::asked);
        let mut answers = self.problems.of(told, &refusals);
        for answered in &told.answers {
            answers.insert(answered.status.as_str().to_owned(), self.answer(answered, &answer_headers));
        }
        let about = [told.about, &who_may(told.access)].join("\n\n");
        let mut operation = json!({
            "operationId": id_of(told),
            "tags": [told.group],
            "summary": told.summary,
            "description": about.trim(),
            "parameters": parameters,
            "responses": answers,
        });
        if let Some((schema, required)) = body {
            let content = self.examples.content(schema);
            operation["requestBody"] =
                json!({"required": required, "content": {"application/json": content}});
        }
        if let Some((field, about)) = form {
            operation["requestBody"] = form_with(field, about);
        }
        match told.access {
            Access::Anybody => operation["security"] = json!([]),
            Access::Token(least, concern) => {
                operation["security"] = json!([{"bearer": []}]);
                operation["x-required-role"] = json!(least);
                let scope = if concern == Concern::Own { "own" } else { "all" };
                operation["x-account-scope"] = scope.into();
            }
        }
        operation
    }

    fn answer(&mut self, answered: &Answered, headers: &Map<String, Value>) -> Value {
        let mut answer = json!({"description": answered.about});
        match answered.content {
            Content::Nothing => {}
            Content::File(kinds) => {
                let file = json!({"schema": {"type": "string", "format": "binary"}});
                let all = kinds.iter().map(|kind| ((*kind).to_owned(), file.clone()));
                answer["content"] = all.collect::<Map<String, Value>>().into();
            }
            Content::Text(kind) => answer["content"] = json!({kind: {"schema": {"type": "string"}}}),
            Content::Json(schema) => {
                let schema = schema(&mut self.answered);
                answer["content"] = json!({"application/json": self.examples.content(schema)});
            }
        }
        if !headers.is_empty() {
            answer["headers"] = headers.clone().into();
        }
        answer
    }

    fn components(mut self) -> Value {
        let mut schemas = self.answered.take_definitions(false);
        schemas.values_mut().for_each(tidied::any);
        let mut asked = self.asked.take_definitions(false);
        asked.values_mut().for_each(tidied::asked);
        schemas.extend(asked);
        schemas.insert("Problem".to_owned(), problems::schema());
        json!({
            "schemas": schemas,
            "responses": self.problems.named(),
            "securitySchemes": {"bearer": {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "cht_…",
                "description": "`contenthub token create --name NAME --role ROLE` makes one.",
            }},
        })
    }
}

fn form_with(field: &str, about: &str) -> Value {
    let file = json!({"type": "string", "format": "binary", "description": about});
    let schema = json!({"type": "object", "properties": {(field): file}, "required": [field]});
    json!({"required": true, "content": {"multipart/form-data": {"schema": schema}}})
}

fn etag() -> Value {
    json!({
        "description": "Which version of it this is: for `If-Match` of a change, and for `If-None-Match`.",
        "required": true,
        "schema": {"type": "string", "pattern": "^\"[!#-~]+\"$"},
    })
}

/// Such as `post_accounts_id_test`.
fn id_of(told: &Told) -> String {
    let path = told.path.trim_start_matches("/api/v1").trim_start_matches("/api");
    let words = path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.fold(told.method.as_str().to_lowercase(), |id, word| format!("{id}_{word}"))
}

fn who_may(access: Access) -> String {
    match access {
        Access::Anybody => "Needs no token.".to_owned(),
        Access::Token(least, Concern::All) => {
            format!("Needs the role `{least}`, of a token for all accounts.")
        }
        Access::Token(least, Concern::Own) => {
            format!(
                "Needs the role `{least}`. A token for some accounts only sees and changes nothing of others."
            )
        }
    }
}
