//! Every answer that a test gets is one that the API's document tells of: its status, its kind, its fields, and the code of
//! its problem. And what is taken is what the document lets be asked.

use super::json_schema::{Schemas, Unnamed};
use contenthub::api::document;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::LazyLock;

static DOCUMENT: LazyLock<Value> = LazyLock::new(document);

/// A request and its answer.
pub struct Exchange<'a> {
    pub method: &'a str,
    /// With its query.
    pub path: &'a str,
    pub asked: &'a [u8],
    pub status: u16,
    /// The names in lower case.
    pub headers: &'a BTreeMap<String, String>,
    pub answered: &'a [u8],
}

impl Exchange<'_> {
    /// Ends the test where the document does not tell of it.
    #[track_caller]
    pub fn check(&self) {
        if let Some(what) = self.undocumented() {
            let answered = String::from_utf8_lossy(self.answered);
            let told =
                format!("{} {} answered {}: {what}\n{answered:.2000}", self.method, self.path, self.status);
            // One panic is enough, and a second one would end the whole test program.
            assert!(std::thread::panicking(), "{told}");
        }
    }

    /// What the document does not tell.
    pub fn undocumented(&self) -> Option<String> {
        let (path, query) = self.path.split_once('?').unwrap_or((self.path, ""));
        // What is not there, and what browsers ask beforehand, is in no document.
        let methods = methods_of(path)?;
        let route = methods.get(self.method.to_lowercase())?;
        let answer = &route["responses"][self.status.to_string()];
        let schemas = strict();
        let answer = match answer["$ref"].as_str() {
            Some(reference) => schemas.named(reference),
            None => answer,
        };
        if answer.is_null() {
            return Some("the document has no such status".to_owned());
        }
        let misfit = self.misfit_of_headers(answer).or_else(|| self.misfit_of_answer(answer));
        misfit.or_else(|| self.misfit_of_request(route, query))
    }

    /// What it must have, and what it must not have unless that is told.
    fn misfit_of_headers(&self, answer: &Value) -> Option<String> {
        let told = answer["headers"].as_object();
        let unfit = told.into_iter().flatten().find_map(|(name, header)| {
            let given = self.headers.get(&name.to_lowercase());
            match given.filter(|_| header["schema"]["type"] == "string") {
                Some(text) => strict().misfit(&header["schema"], &json!(text), name),
                None => (given.is_none() && header["required"] == true).then(|| format!("it has no {name}")),
            }
        });
        let is_told =
            |name: &str| told.is_some_and(|told| told.keys().any(|it| it.eq_ignore_ascii_case(name)));
        let untold = ["etag", "idempotency-replayed"].into_iter();
        let mut untold = untold.filter(|name| self.headers.contains_key(*name) && !is_told(name));
        unfit.or_else(|| untold.next().map(|name| format!("the document has no {name} in it")))
    }

    fn misfit_of_answer(&self, answer: &Value) -> Option<String> {
        let kind = self.headers.get("content-type");
        let kind = kind.map(|kind| kind.split(';').next().unwrap_or_default().trim());
        let Some(contents) = answer["content"].as_object() else {
            return (!self.answered.is_empty()).then(|| "the document has no body".to_owned());
        };
        let Some(content) = kind.and_then(|kind| contents.get(kind)) else {
            return Some(format!("it is {kind:?}, which the document does not have"));
        };
        if kind.is_some_and(|kind| kind.starts_with("text/") || kind.starts_with("image/")) {
            return None;
        }
        let value = serde_json::from_slice(self.answered).unwrap_or_else(|error| json!(error.to_string()));
        strict().misfit(&content["schema"], &value, "answer")
    }

    /// What is done was asked for as the document says.
    fn misfit_of_request(&self, route: &Value, query: &str) -> Option<String> {
        if self.status >= 300 {
            return None;
        }
        let schemas = Schemas { document: &DOCUMENT, unnamed: Unnamed::Allowed };
        let schema = &route["requestBody"]["content"]["application/json"]["schema"];
        let body = serde_json::from_slice::<Value>(self.asked).ok().filter(|_| !schema.is_null());
        let of_body = body.and_then(|body| schemas.misfit(schema, &body, "request"));
        of_body.or_else(|| {
            let words = url::form_urlencoded::parse(query.as_bytes());
            // Without a value nothing is asked, and the language may be named to any route.
            let mut words = words.filter(|(name, word)| !word.is_empty() && name != "lang");
            words.find_map(|(name, word)| {
                let parameters = route["parameters"].as_array().expect("parameters");
                let told = parameters.iter().find(|it| it["in"] == "query" && it["name"] == *name);
                let Some(told) = told else { return Some(format!("the document has no ?{name}=")) };
                let value = match told["schema"]["type"].as_str() {
                    Some("integer" | "boolean") => serde_json::from_str(&word).unwrap_or(Value::Null),
                    _ => word.into_owned().into(),
                };
                schemas.misfit(&told["schema"], &value, &name)
            })
        })
    }
}

fn strict() -> Schemas<'static> {
    Schemas { document: &DOCUMENT, unnamed: Unnamed::Refused }
}

/// Of the document's path that fits one, the methods. Those without an id come first.
fn methods_of(path: &str) -> Option<&'static Value> {
    let paths = DOCUMENT["paths"].as_object().expect("paths");
    let parts: Vec<&str> = path.split('/').collect();
    let fits = |told: &str| {
        let told: Vec<&str> = told.split('/').collect();
        told.len() == parts.len()
            && told.iter().zip(&parts).all(|(told, part)| told == part || told.starts_with('{'))
    };
    let mut fitting: Vec<&String> = paths.keys().filter(|told| fits(told)).collect();
    fitting.sort_by_key(|told| told.contains('{'));
    fitting.first().map(|told| &paths[*told])
}
