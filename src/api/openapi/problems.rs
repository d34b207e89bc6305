//! What a route may refuse, and how: by the codes of `error_codes.rs`.

use crate::api::reading;
use crate::api::routes::{Access, Told};
use crate::error_codes::{self, ErrorCode};
use actix_web::http::{Method, StatusCode};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Of any request, whatever it asks.
const ANY: &[&str] = &["head_too_large", "slow_request", "internal_error", "too_many_connections"];
/// Of one that says which server it means.
const HOST: &[&str] = &["wrong_host"];
const TOKEN: &[&str] = &[
    "bad_request",
    "unauthorized",
    "token_expired",
    "forbidden",
    "out_of_scope",
    "too_many_wrong_tokens",
    "too_many_requests",
    // A query that nobody reads is refused, too.
    "invalid",
    "overloaded",
    "database_unavailable",
];
const CHANGE: &[&str] = &["changed_meanwhile"];
/// What watches the server asks by its address.
const ASKED_BY_ADDRESS: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// Answers that say what went wrong. Many routes share them.
#[derive(Default)]
pub struct Problems {
    named: Map<String, Value>,
}

impl Problems {
    /// The answers that a route may refuse with, by status. `read`: the codes that come of what it reads.
    pub fn of(&mut self, told: &Told, read: &[&'static str]) -> Map<String, Value> {
        let mut by_status: BTreeMap<u16, Vec<&ErrorCode>> = BTreeMap::new();
        for row in error_codes::ERROR_CODES {
            if !codes(told, read).any(|code| code == row.code) {
                continue;
            }
            let fits = |status: &&u16| match **status {
                // A conflict is of what is to be changed.
                409 => told.method != Method::GET,
                412 => read.contains(&reading::UNREADABLE_IF_MATCH),
                _ => true,
            };
            for status in row.status.iter().filter(fits) {
                by_status.entry(*status).or_default().push(row);
            }
        }
        by_status.into_iter().map(|(status, rows)| (status.to_string(), self.refer(status, &rows))).collect()
    }

    pub fn named(self) -> Map<String, Value> {
        self.named
    }

    fn refer(&mut self, status: u16, rows: &[&ErrorCode]) -> Value {
        let name = rows.iter().fold(status.to_string(), |name, row| format!("{name}.{}", row.code));
        let reference = json!({"$ref": format!("#/components/responses/{name}")});
        self.named.entry(name).or_insert_with(|| answer(status, rows));
        reference
    }
}

fn codes(told: &Told, read: &[&'static str]) -> impl Iterator<Item = &'static str> {
    let wants_token = told.access != Access::Anybody;
    let names_host = !ASKED_BY_ADDRESS.contains(&told.path.as_str());
    let parts = [
        (ANY, true),
        (HOST, names_host),
        (TOKEN, wants_token),
        (read, true),
        (CHANGE, wants_token && told.method != Method::GET),
        (told.refusals, true),
    ];
    parts.into_iter().filter(|(_, is_so)| *is_so).flat_map(|(codes, _)| codes.iter().copied())
}

fn answer(status: u16, rows: &[&ErrorCode]) -> Value {
    let title = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    let title = title.unwrap_or("Error");
    let told: Vec<String> =
        rows.iter().map(|row| format!("- `{}`: {} {}", row.code, row.means, row.todo)).collect();
    let examples = rows.iter().map(|row| {
        let value = json!({
            "type": "about:blank",
            "title": title,
            "status": status,
            "code": row.code,
            "detail": row.means,
        });
        (row.code.to_owned(), json!({"value": value}))
    });
    let examples: Map<String, Value> = examples.collect();
    let codes: Vec<&str> = rows.iter().map(|row| row.code).collect();
    let schema = json!({
        "allOf": [{"$ref": "#/components/schemas/Problem"}],
        "properties": {"status": {"const": status}, "code": {"enum": codes}},
    });
    let mut answer = json!({
        "description": format!("{title}\n\n{}", told.join("\n")),
        "content": {"application/problem+json": {"schema": schema, "examples": examples}},
    });
    if matches!(status, 429 | 503) {
        let about = "After how many seconds it is worth trying again.";
        answer["headers"] =
            json!({"Retry-After": {"description": about, "schema": {"type": "integer", "minimum": 0}}});
    }
    answer
}

/// What all of them have.
pub fn schema() -> Value {
    json!({
        "type": "object",
        "description": "What went wrong (RFC 9457).",
        "properties": {
            "type": {"type": "string", "const": "about:blank"},
            "title": {"type": "string", "description": "What the status means."},
            "status": {"type": "integer"},
            "code": {"type": "string", "description": "Stable, for programs."},
            "detail": {"type": "string", "description": "What is wrong, for people."},
            "hint": {"type": "string", "description": "What to do."},
            "errors": {
                "type": "array",
                "description": "The fields at fault.",
                "items": {
                    "type": "object",
                    "properties": {
                        "field": {"type": "string", "description": "Such as `items[3].priority`."},
                        "message": {"type": "string"},
                    },
                    "required": ["field", "message"],
                },
            },
            "line": {"type": "integer", "description": "Where the body is no JSON, from 1."},
            "column": {"type": "integer", "description": "The same, from 1."},
            "entry_id": {"type": "integer", "description": "The entry that is in the way."},
            "entry_ids": {
                "type": "array",
                "items": {"type": "integer"},
                "description": "The entries that are in the way.",
            },
            "state": {"type": "string", "description": "The state that it is in."},
            "checks": {
                "type": "array",
                "description": "What was looked at.",
                "items": {"$ref": "#/components/schemas/Check"},
            },
        },
        "required": ["type", "title", "status", "code", "detail"],
    })
}
