//! The document of the API: whole, true to itself, and of the very routes that the server has.

use crate::roles::{Concern, ROUTES, whole};
use crate::support::json_schema::{Schemas, Unnamed};
use crate::support::on_both;
use crate::support::product::*;
use crate::tidy::source::{Strings, code, places};
use contenthub::api::document;
use contenthub::error_codes;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

/// Method, path and what is told of each route.
fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let paths = document["paths"].as_object().expect("paths");
    let methods = paths.iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().expect("methods").iter();
        methods.map(|(method, told)| (method.to_uppercase(), path.clone(), told))
    });
    methods.collect()
}

/// Calls `visit` with each value in a document, with its place.
fn walk(value: &Value, at: &str, visit: &mut impl FnMut(&str, &Value)) {
    visit(at, value);
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, field)| walk(field, &format!("{at}/{name}"), visit));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| walk(item, &format!("{at}/{index}"), visit));
        }
        _ => {}
    }
}

#[test]
fn the_document_is_served_to_anybody_as_it_is() {
    on_both(|url, dir| {
        let product = Product::start(url, dir);
        let answer = product.server.send("GET", "/api/openapi.json", &[("authorization", "")], b"");
        assert_eq!(answer.status, 200);
        assert_eq!(answer.headers.get("content-type").map(String::as_str), Some("application/json"));
        assert_eq!(answer.body, document());
        assert_eq!(answer.body["openapi"], "3.1.0");
        assert_eq!(answer.body["info"]["version"], env!("CARGO_PKG_VERSION"));
    });
}

#[test]
fn every_route_is_told_in_full() {
    let document = document();
    let mut ids = BTreeSet::new();
    for (method, path, told) in operations(&document) {
        let route = format!("{method} {path}");
        assert!(
            ids.insert(told["operationId"].as_str().expect("an id").to_owned()),
            "{route}: its id is another's"
        );
        for words in ["summary", "description"] {
            assert!(told[words].as_str().is_some_and(|it| !it.is_empty()), "{route} has no {words}");
        }
        assert_eq!(told["tags"].as_array().map(Vec::len), Some(1), "{route}");
        let answers = told["responses"].as_object().expect("answers");
        let good: Vec<&String> = answers.keys().filter(|status| status.starts_with('2')).collect();
        assert!(!good.is_empty(), "{route} has no good answer");
        for status in good {
            let Some(content) = answers[status].get("content") else {
                assert_eq!(status, "204", "{route}");
                continue;
            };
            let json = &content["application/json"];
            let is_any = json["schema"]["additionalProperties"] == true;
            assert!(
                json.is_null() || is_any || json.get("example").is_some(),
                "{route} has no example of {status}"
            );
        }
        assert!(answers.keys().any(|status| status.starts_with('4')), "{route} is never refused");
        if let Some(body) = told.get("requestBody") {
            let is_form = body["content"].get("multipart/form-data").is_some();
            let has_example = body["content"]["application/json"].get("example").is_some();
            assert!(is_form || has_example, "{route}: no example");
        }
        let wants_token = path.starts_with("/api/v1/") || path == "/metrics";
        assert_eq!(told.get("x-required-role").is_some(), wants_token, "{route}");
        assert_eq!(told.get("x-account-scope").is_some(), wants_token, "{route}");
        assert_eq!(told["security"].as_array().map(Vec::len), Some(usize::from(wants_token)), "{route}");
        let has_id = told["parameters"].as_array().expect("parameters").iter().any(|it| it["in"] == "path");
        assert_eq!(has_id, path.contains("{id}"), "{route}: its handler must read its id, and no other");
    }
}

#[test]
fn what_it_refers_to_is_there_and_its_examples_fit() {
    let document = document();
    let schemas = Schemas { document: &document, unnamed: Unnamed::Refused };
    let (mut wrong, mut used, mut examples) = (Vec::new(), BTreeSet::new(), 0);
    walk(&document, "", &mut |at, value| {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            schemas.named(reference);
            used.insert(reference.to_owned());
        }
        let Some(schema) = value.get("schema") else { return };
        let several = value.get("examples").and_then(Value::as_object).into_iter();
        let several = several.flat_map(|named| named.values().map(|example| &example["value"]));
        for example in value.get("example").into_iter().chain(several) {
            examples += 1;
            wrong.extend(schemas.misfit(schema, example, at));
        }
    });
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(examples > 100, "only {examples} examples");
    for part in ["schemas", "responses"] {
        for name in document["components"][part].as_object().expect("a part").keys() {
            assert!(used.contains(&format!("#/components/{part}/{name}")), "nothing has the {part} {name}");
        }
    }
    let text = std::fs::read_to_string(root().join("src/api/openapi/examples.json")).expect("examples");
    let named: Value = serde_json::from_str(&text).expect("JSON");
    for name in named.as_object().expect("examples by name").keys() {
        assert!(
            document["components"]["schemas"].get(name).is_some(),
            "an example of {name}, which is nowhere"
        );
    }
}

/// A type that is asked and answered must be told in one way.
#[test]
fn bodies_that_refuse_unknown_fields_say_so() {
    let document = document();
    for (method, path, told) in operations(&document) {
        let Some(body) = told.get("requestBody") else { continue };
        // Whatever else is in a form is passed over.
        if body["content"].get("multipart/form-data").is_some() {
            continue;
        }
        let reference = body["content"]["application/json"]["schema"]["$ref"].as_str().expect("a name");
        let schema = document.pointer(&reference[1..]).expect("a schema");
        assert_eq!(schema["additionalProperties"], false, "{method} {path}");
        let wanted = schema["required"].as_array().is_some_and(|names| !names.is_empty());
        assert_eq!(body["required"], wanted, "{method} {path}");
    }
}

#[test]
fn every_refusal_is_one_of_the_table() {
    let document = document();
    let answers = document["components"]["responses"].as_object().expect("answers");
    assert!(answers.len() > 20, "{}", answers.len());
    for (name, answer) in answers {
        let told = &answer["content"]["application/problem+json"]["schema"]["properties"];
        let status =
            told["status"]["const"].as_u64().and_then(|it| u16::try_from(it).ok()).expect("a status");
        for code in told["code"]["enum"].as_array().expect("codes") {
            let row = error_codes::find(code.as_str().expect("a code")).expect("a row");
            assert!(row.status.contains(&status), "{name}");
        }
    }
}

/// What serde takes of itself, beside what a schema says: an object for a word, and a list for an object.
#[test]
fn what_the_document_does_not_let_be_asked_is_refused() {
    on_both(|url, dir| {
        let product = Product::start(url, dir);
        let by_position = json!({"items": [[1, null, null, null, null, null, null, null]]});
        for (method, path, body, field, says) in [
            ("PATCH", "/scheduler/tasks/1", json!({"misfire": {"skip": null}}), "misfire", "must be text"),
            ("POST", "/tokens", json!({"name": "x", "role": {"viewer": null}}), "role", "must be text"),
            ("POST", "/publish-pool/1/move", json!({"to": {"up": null}}), "to", "must be text"),
            ("POST", "/publish-pool/batch-add", by_position, "items[0]", "must be an object, not a list"),
            (
                "POST",
                "/publish-pool/batch-add",
                json!({"items": [{"content": 1}]}),
                "items[0].content",
                "is not known",
            ),
        ] {
            let answer = product.server.request(method, &format!("/api/v1{path}"), &[], Some(&body));
            assert_eq!(answer.status, 422, "{method} {path} {body}: {}", answer.text);
            let told = &answer.body["errors"][0];
            assert_eq!(told["field"], field, "{told}");
            assert!(told["message"].as_str().is_some_and(|it| it.contains(says)), "{told}");
        }
    });
}

/// What the table of `roles.rs` says of each route was thought of apart from the routes.
#[test]
fn the_document_has_the_routes_that_were_thought_of_with_their_roles() {
    let document = document();
    let told: BTreeSet<String> = operations(&document)
        .into_iter()
        .filter(|(_, _, told)| told.get("x-required-role").is_some())
        .map(|(method, path, told)| {
            let (role, scope) = (told["x-required-role"].as_str(), told["x-account-scope"].as_str());
            format!("{method} {path} {} {}", role.expect("a role"), scope.expect("a scope"))
        })
        .collect();
    let thought: BTreeSet<String> = ROUTES
        .iter()
        .map(|(method, path, _, role, concern, _)| {
            let scope = if *concern == Concern::Own { "own" } else { "all" };
            let path = whole(path.split('?').next().unwrap_or_default()).replace("999", "{id}");
            format!("{method} {path} {role} {scope}")
        })
        .collect();
    assert_eq!(told, thought);
}

/// The list is the only way to make a route below `/api/v1`.
#[test]
fn no_route_is_made_beside_the_list() {
    let mut folders = vec![root().join("src/api")];
    let mut makers = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).expect("the API's sources").flatten().map(|it| it.path()) {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            if path.extension().is_none_or(|kind| kind != "rs") {
                continue;
            }
            let text = code(&std::fs::read_to_string(&path).expect("a source"), Strings::Blanked);
            const MAKERS: [&str; 8] = [
                "web::resource(",
                "web::scope(",
                "web::get(",
                "web::post(",
                "web::method(",
                "web::route(",
                ".service(",
                "ServiceConfig",
            ];
            if MAKERS.iter().any(|maker| places(&text, maker).next().is_some()) {
                makers.insert(path.file_name().expect("a name").to_string_lossy().into_owned());
            }
        }
    }
    let expected = ["mod.rs", "routes.rs", "sites.rs"].map(str::to_owned);
    assert_eq!(makers, BTreeSet::from(expected), "a route that is in no document");
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
