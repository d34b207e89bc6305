//! Contents and accounts.

use super::{Case, bytes};
use serde_json::{Value, json};

pub fn contents() -> Vec<Case> {
    let with = |field: &str, value: Value| {
        let mut content = json!({"title": "T", "body": "B"});
        content[field] = value;
        bytes(&content)
    };
    let invalid = |field: &'static str, body: Vec<u8>, says: &'static str| {
        ("POST", "/contents", body, 422, "invalid", field, says)
    };
    vec![
        invalid("title", vec![], "is missing"),
        invalid("body", bytes(&json!({"title": "T"})), "is missing"),
        invalid("title", with("title", json!("")), "must not be empty"),
        invalid("title", with("title", json!(" \n")), "must not be empty"),
        invalid("title", with("title", json!("题".repeat(301))), "301 characters"),
        invalid("title", with("title", json!("a\0b")), "U+0000"),
        invalid("body", with("body", json!("a\0b")), "U+0000"),
        invalid("body", with("body", json!("x".repeat(2 * 1024 * 1024 + 1))), "2097152"),
        invalid("digest", with("digest", json!("\0")), "U+0000"),
        invalid("author", with("author", json!("\0")), "U+0000"),
        invalid("cover", with("cover", json!("\0")), "U+0000"),
        invalid("source_url", with("source_url", json!("\0")), "U+0000"),
        invalid("digest", with("digest", json!("x".repeat(2001))), "2000"),
        invalid("tags[1]", with("tags", json!(["a", "\0"])), "U+0000"),
        invalid("tags", with("tags", json!(["a", ""])), "1 to 100"),
        invalid("tags", with("tags", json!(vec!["t"; 51])), "51"),
        invalid("tags", with("tags", json!("a, b")), "a list"),
        invalid("review_status", with("review_status", json!("approved")), "not known"),
        ("POST", "/contents", with("account_id", json!(999)), 404, "not_found", "", "account 999"),
        ("PATCH", "/contents/1", bytes(&json!({"title": ""})), 422, "invalid", "title", "must not be empty"),
        ("PATCH", "/contents/1", bytes(&json!({"account_id": 999})), 404, "not_found", "", "account 999"),
        ("PATCH", "/contents/1", bytes(&json!({"titel": ""})), 422, "invalid", "titel", "title"),
        ("PATCH", "/contents/999", bytes(&json!({"title": "x"})), 404, "not_found", "", "content 999"),
        ("DELETE", "/contents/1", vec![], 409, "in_use", "", "\"entry_ids\":[1]"),
        ("DELETE", "/contents/999", vec![], 404, "not_found", "", "content 999"),
        ("POST", "/contents/1/submit", vec![], 409, "wrong_state", "", "\"state\":\"approved\""),
        ("POST", "/contents/999/approve", vec![], 404, "not_found", "", "content 999"),
    ]
}

pub fn accounts() -> Vec<Case> {
    let with = |field: &str, value: Value| {
        let mut account =
            json!({"name": "new", "platform": "webhook", "settings": {"url": "http://127.0.0.1:1/"}});
        account[field] = value;
        bytes(&account)
    };
    let invalid = |field: &'static str, body: Vec<u8>, says: &'static str| {
        ("POST", "/accounts", body, 422, "invalid", field, says)
    };
    let mut cases = vec![
        invalid("name", vec![], "is missing"),
        invalid("name", with("name", json!("")), "1 to 100"),
        invalid("name", with("name", json!("n".repeat(101))), "1 to 100"),
        invalid("name", with("name", json!("a\0")), "U+0000"),
        invalid("platform", with("platform", json!("myspace")), "webhook, folder"),
        invalid("settings.url", with("settings", json!({})), "is missing"),
        invalid("settings", with("settings", json!([])), "an object"),
        invalid("settings.color", with("settings", json!({"url": "http://a/", "color": 1})), "not known"),
        invalid("settings.url", with("settings", json!({"url": 5})), "must be text"),
        invalid("settings.url", with("settings", json!({"url": "http://a/\0"})), "U+0000"),
        invalid(
            "settings.timeout_seconds",
            with("settings", json!({"url": "http://a/", "timeout_seconds": 0})),
            "1 to 120",
        ),
        invalid("credentials.nope", with("credentials", json!({"nope": "x"})), "no such secret"),
        invalid("credentials.secret", with("credentials", json!({"secret": "guess"})), "whsec_"),
        invalid("credentials.secret", with("credentials", json!({"secret": 5})), "must be text"),
        invalid("timezone", with("timezone", json!("Mars/Olympus")), "Asia/Shanghai"),
        invalid("concurrency", with("concurrency", json!(0)), "1 to 1024"),
        invalid("concurrency", with("concurrency", json!(1025)), "1 to 1024"),
        invalid("spacing_seconds", with("spacing_seconds", json!(-1)), "from 0 to 31622400 (366 days)"),
        invalid("spacing_seconds", with("spacing_seconds", json!(31_622_401)), "366 days"),
        invalid("spacing_seconds", with("spacing_seconds", json!("5m")), "whole number"),
        invalid("daily_cap", with("daily_cap", json!(0)), "from 1 to 1000000"),
        invalid("daily_cap", with("daily_cap", json!(1i64 << 40)), "from 1 to 1000000"),
        invalid("daily_cap", with("daily_cap", json!(1.5)), "whole number"),
        invalid("windows", with("windows", json!("08:00-23:00")), "a list"),
        invalid("windows[1]", with("windows", json!(["08:00-23:00", 8])), "must be text"),
        invalid("windows[1]", with("windows", json!(["08:00-23:00", "soon"])), "mon-fri 08:00-23:00"),
        invalid("windows[0]", with("windows", json!(["09:00-09:00"])), "no window at all"),
        invalid(
            "windows[0]",
            with("windows", json!(["monday 09:00-10:00"])),
            "“monday” is none of the weekdays",
        ),
        invalid("windows[0]", with("windows", json!(["09:00-10:00\0"])), "U+0000"),
        invalid("windows", with("windows", json!(vec!["09:00-10:00"; 65])), "64 at most"),
        invalid("give_up_after_seconds", with("give_up_after_seconds", json!(59)), "from 60 to 31622400"),
        invalid("late_after_seconds", with("late_after_seconds", json!(0)), "from 1 to 31622400"),
        invalid("late_after_seconds", with("late_after_seconds", json!(i64::MAX)), "366 days"),
        (
            "PATCH",
            "/accounts/1",
            bytes(&json!({"windows": ["25:00-26:00"]})),
            422,
            "invalid",
            "windows[0]",
            "“25:00” is no time",
        ),
        ("PATCH", "/accounts/1", bytes(&json!({"daily_cap": -5})), 422, "invalid", "daily_cap", "from 1"),
        invalid("on_unknown", with("on_unknown", json!("maybe")), "ask, retry"),
        invalid("on_unknown", with("on_unknown", json!(5)), "text"),
        invalid("on_similar", with("on_similar", json!("maybe")), "warn, refuse"),
        invalid("enabled", with("enabled", json!("true")), "true or false"),
        ("POST", "/accounts", with("name", json!("blog")), 409, "name_taken", "", "“blog”"),
        ("PATCH", "/accounts/2", bytes(&json!({"name": "blog"})), 409, "name_taken", "", "“blog”"),
        (
            "PATCH",
            "/accounts/2",
            bytes(&json!({"settings": {"url": "x"}})),
            422,
            "invalid",
            "settings.url",
            "“x”",
        ),
        (
            "PATCH",
            "/accounts/2",
            bytes(&json!({"platform": "folder"})),
            422,
            "invalid",
            "platform",
            "not known",
        ),
        ("PATCH", "/accounts/999", bytes(&json!({})), 404, "not_found", "", "account 999"),
        ("DELETE", "/accounts/1", vec![], 409, "in_use", "", "\"entry_ids\":[1]"),
        ("DELETE", "/accounts/999", vec![], 404, "not_found", "", "account 999"),
        ("POST", "/accounts/1/suspend", vec![], 422, "invalid", "reason", "is missing"),
        ("POST", "/accounts/1/suspend", bytes(&json!({"reason": " "})), 422, "invalid", "reason", "say why"),
        (
            "POST",
            "/accounts/1/suspend",
            bytes(&json!({"reason": "x", "until": "y"})),
            422,
            "invalid",
            "until",
            "“y”",
        ),
        (
            "POST",
            "/accounts/999/suspend",
            bytes(&json!({"reason": "x"})),
            404,
            "not_found",
            "",
            "account 999",
        ),
        ("POST", "/accounts/999/resume", vec![], 404, "not_found", "", "account 999"),
    ];
    for url in ["", "a.example", "http://", "ftp://a.example/", "/hook", "http://user:pw@a/", "http://["] {
        let settings = json!({"url": url});
        cases.push(invalid("settings.url", with("settings", settings), "\"message\":\""));
    }
    cases
}
