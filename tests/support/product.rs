//! The product in use: a server with an admin's token, and a receiver that accounts publish to.

use super::command::{Cli, Response, Server};
use super::receiver::Receiver;
use contenthub::actors::system_clock::SystemClock;
use contenthub::db::database_url::DatabaseUrl;
use contenthub::domain::clock::{Clock, Timestamp};
use serde_json::{Value, json};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long anything that ought to happen at once may take on a busy machine.
/// SQL: as if each platform had answered since it last failed.
pub const PLATFORMS_ARE_UP: &str =
    "DELETE FROM lanes; UPDATE accounts SET opens_at = 0, awaits_answer = FALSE";
pub const SOON: Duration = Duration::from_secs(20);
const V1: &str = "/api/v1";

pub struct Product {
    pub cli: Cli,
    pub server: Server,
    pub receiver: Receiver,
}

impl Product {
    /// A server on a new database.
    pub fn start(url: &DatabaseUrl, dir: &Path) -> Self {
        Self::start_with(Cli::on(dir, url))
    }

    pub fn start_with(cli: Cli) -> Self {
        let server = Server::start_as_admin(&cli, &[]);
        Product { cli, server, receiver: Receiver::start() }
    }

    /// Disables `publish when due`, so that a test decides what is published when.
    pub fn by_hand(self) -> Self {
        self.post("/scheduler/tasks/1/disable", &json!({}), 200);
        self
    }

    /// Asks for a path below `/api/v1`; the answer must have this status.
    #[track_caller]
    pub fn get(&self, path: &str) -> Value {
        self.server.get(&format!("{V1}{path}")).expect_status(200).body
    }

    #[track_caller]
    pub fn post(&self, path: &str, body: &Value, status: u16) -> Value {
        self.server.post(&format!("{V1}{path}"), body).expect_status(status).body
    }

    #[track_caller]
    pub fn patch(&self, path: &str, body: &Value, status: u16) -> Value {
        self.server.patch(&format!("{V1}{path}"), body).expect_status(status).body
    }

    #[track_caller]
    pub fn delete(&self, path: &str, status: u16) -> Response {
        self.server.delete(&format!("{V1}{path}")).expect_status(status)
    }

    /// A webhook account at the receiver's path of the same name; gives its id.
    #[track_caller]
    pub fn account(&self, name: &str) -> i64 {
        self.account_with(name, json!({}))
    }

    #[track_caller]
    pub fn account_with(&self, name: &str, more: Value) -> i64 {
        let url = self.receiver.url(&format!("/{name}"));
        let mut body = json!({"name": name, "platform": "webhook", "settings": {"url": url}});
        let fields = body.as_object_mut().expect("an object");
        fields.extend(more.as_object().expect("fields").clone());
        id(&self.post("/accounts", &body, 201))
    }

    #[track_caller]
    pub fn content(&self, title: &str) -> i64 {
        id(&self.post("/contents", &json!({"title": title, "body": format!("# {title}")}), 201))
    }

    /// Adds to the pool what `body` says; gives the entry's id.
    #[track_caller]
    pub fn add(&self, body: Value) -> i64 {
        id(&self.post("/publish-pool/add", &body, 201))
    }

    #[track_caller]
    pub fn entry(&self, entry: i64) -> Value {
        self.get(&format!("/publish-pool/{entry}"))
    }

    /// The entry once it is no longer waiting for its first try, nor on the wire.
    #[track_caller]
    pub fn tried(&self, entry: i64) -> Value {
        self.until(&format!("/publish-pool/{entry}"), |it| it["attempt"] != 0 && it["status"] != "publishing")
    }

    /// The entry once it has this status.
    #[track_caller]
    pub fn entry_is(&self, entry: i64, status: &str) -> Value {
        self.until(&format!("/publish-pool/{entry}"), |it| it["status"] == status)
    }

    /// What a path answers once it is as wanted.
    #[track_caller]
    pub fn until(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + SOON;
        loop {
            let found = self.get(path);
            if wanted(&found) {
                return found;
            }
            assert!(Instant::now() < deadline, "{path} is still {found:#}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// The id of what was made.
#[track_caller]
pub fn id(made: &Value) -> i64 {
    made["id"].as_i64().unwrap_or_else(|| panic!("no id in {made}"))
}

/// This instant, by the clock that the product goes by.
pub fn now() -> Timestamp {
    SystemClock::new().now()
}

/// An instant that an answer tells, which must be written as every instant is: UTC, six decimals, `Z`.
#[track_caller]
pub fn instant(value: &Value) -> Timestamp {
    let text = value.as_str().unwrap_or_else(|| panic!("no time: {value}"));
    let read: Timestamp = serde_json::from_value(value.clone()).expect("RFC 3339");
    assert_eq!(read.to_string(), text, "not as every instant is written");
    read
}

/// The names of an object's fields, in the order of the alphabet.
pub fn fields(value: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = value.as_object().expect("an object").keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

/// An object's field names are these, whatever their order.
#[track_caller]
pub fn has_fields(value: &Value, expected: &str) {
    let mut expected: Vec<&str> = expected.split([',', ' ', '\n']).filter(|name| !name.is_empty()).collect();
    expected.sort_unstable();
    assert_eq!(fields(value), expected, "{value:#}");
}

/// The same where later versions may add more.
#[track_caller]
pub fn has_at_least(value: &Value, expected: &str) {
    for name in expected.split([',', ' ', '\n']).filter(|name| !name.is_empty()) {
        assert!(value.get(name).is_some(), "no {name} in {value:#}");
    }
}

pub const ENTRY: &str = "id, content_id, extra_content_ids, account_id, status, unproven, priority, scheduled_at, due_at, retry_count, \
    max_retries, attempt, last_error, waiting_for, published_at, log_id, media_id, url, late_after_seconds, \
    late_at, slot_at, added_at, updated_at";
pub const CONTENT: &str = "id, title, body, digest, author, cover, tags, source_url, account_id, review_status, \
    revision, created_at, updated_at";
pub const ACCOUNT: &str = "id, name, platform, settings, credentials_set, enabled, timezone, concurrency, \
    spacing_seconds, daily_cap, windows, on_unknown, on_similar, give_up_after_seconds, late_after_seconds, slots, missed_slot, suspended_reason, \
    suspended_until, created_at, updated_at";
pub const INTERVAL_TASK: &str = "id, name, task_type, schedule_type, interval_seconds, timezone, in_words, params, enabled, \
    misfire, next_run, last_run, missed_count, skipped_count, queued_count, last_missed_at, created_at, updated_at";
pub const EXECUTION: &str =
    "id, task_id, task_type, trigger, status, started_at, finished_at, duration, report";
pub const LOG: &str = "id, pool_id, content_id, revision, account_id, execution_id, attempt, status, error_code, \
    error_message, media_id, url, started_at, finished_at, duration_ms";
pub const STATS: &str = "total, pending, publishing, published, failed, uncertain, cancelled, due_now, \
    oldest_due_seconds, failure_rate";
pub const PAGE: &str = "items, total, page, page_size";

/// What a run must report: a mix of all that can become of an entry at once.
pub struct Mixed {
    pub published: i64,
    pub rejected: i64,
    pub to_retry: i64,
    pub uncertain: i64,
    pub shut: Vec<i64>,
    pub shut_account: i64,
}

/// The report of a run over a `Mixed` pool, field by field, as DESIGN's section 5 and the guide's section 5 have it.
#[track_caller]
pub fn is_the_mixed_report(report: &Value, task: i64, mixed: &Mixed) {
    has_fields(report, "success, message, data, duration, metadata");
    assert_eq!(report["success"], true, "failed entries do not make the run a failure");
    assert_eq!(report["message"], "Publishing completed: 1 succeeded, 2 failed, 1 uncertain, 2 skipped");
    let data = &report["data"];
    let counts =
        "total_count, success_count, failed_count, uncertain_count, in_progress_count, skipped_count";
    has_fields(data, &format!("{counts}, results, skipped"));
    let counted: Vec<i64> = counts.split(", ").map(|name| data[name].as_i64().expect("a count")).collect();
    assert_eq!(counted, [6, 1, 2, 1, 0, 2], "{data:#}");
    let of = |entry: i64| {
        let results = data["results"].as_array().expect("a list");
        results
            .iter()
            .find(|result| result["pool_id"] == entry)
            .unwrap_or_else(|| panic!("no {entry} in {data:#}"))
    };
    let published = of(mixed.published);
    has_fields(published, "pool_id, content_id, account_id, status, log_id, media_id, url");
    assert_eq!(published["status"], "published");
    assert_eq!(
        (&published["media_id"], &published["url"]),
        (&json!("m-1"), &json!("https://blog.example/1"))
    );
    let rejected = of(mixed.rejected);
    has_fields(rejected, "pool_id, content_id, account_id, status, log_id, error");
    assert_eq!(rejected["status"], "failed");
    assert!(rejected["error"].as_str().is_some_and(|error| error.contains("422")), "{rejected}");
    let to_retry = of(mixed.to_retry);
    has_fields(to_retry, "pool_id, content_id, account_id, status, log_id, error, retry_at");
    assert_eq!(to_retry["status"], "failed");
    assert!(instant(&to_retry["retry_at"]) > now(), "{to_retry}");
    assert_eq!(of(mixed.uncertain)["status"], "uncertain");
    assert_eq!(data["results"].as_array().map(Vec::len), Some(4), "what is skipped is not listed");
    let skipped = &data["skipped"][0];
    has_fields(skipped, "account_id, reason, count");
    assert_eq!((&skipped["account_id"], &skipped["count"]), (&json!(mixed.shut_account), &json!(2)));
    assert!(skipped["reason"].as_str().is_some_and(|reason| reason.contains("on holiday")), "{skipped}");
    has_at_least(&report["metadata"], "task_id, execution_id, average_time_per_item");
    assert_eq!(report["metadata"]["task_id"], task);
    let duration = report["duration"].as_f64().expect("seconds");
    let average = report["metadata"]["average_time_per_item"].as_f64().expect("seconds");
    assert!(duration > 0.0 && (average - duration / 4.0).abs() < 1e-6, "{duration} {average}");
}
