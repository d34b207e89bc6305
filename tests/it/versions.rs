//! `ETag`, `If-Match` and `If-None-Match`: what somebody else has changed meanwhile is not overwritten unseen.

use crate::support::app::{by_hand, webhook};
use crate::support::command::{Cli, Response};
use crate::support::on_both;
use crate::support::product::*;
use crate::support::receiver::Answer;
use contenthub::domain::version::Expected;
use contenthub::operations::OperationError;
use contenthub::operations::account::UpdateAccount;
use contenthub::operations::versions::{IfStill, Versioned};
use serde_json::{Value, json};
use std::sync::Barrier;
use std::thread;

/// A thing that can be changed: its path, and changes of it, each of which is another.
struct Changeable {
    path: String,
    changes: [Value; 3],
    /// It is answered with 304 to who has it.
    is_cached: bool,
}

fn changeable(product: &Product, name: &str) -> Vec<Changeable> {
    let account = product.account(name);
    let content = product.content(name);
    let waiting = product.content(&format!("{name} waits"));
    let later = "2999-01-01T00:00:00Z";
    let entry = product.add(json!({"content_id": waiting, "account_id": account, "scheduled_at": later}));
    let task = json!({"name": name, "task_type": "publishing", "schedule_type": "interval", "interval_seconds": 3600});
    let task = id(&product.post("/scheduler/tasks", &task, 201));
    let thing = |path: String, changes: [Value; 3], is_cached| Changeable { path, changes, is_cached };
    vec![
        thing(
            format!("/publish-pool/{entry}"),
            [1, 2, 3].map(|priority| json!({"priority": priority})),
            false,
        ),
        thing(
            format!("/contents/{content}"),
            ["a", "b", "c"].map(|title| json!({"title": format!("{name} {title}")})),
            true,
        ),
        thing(
            format!("/scheduler/tasks/{task}"),
            [60, 61, 62].map(|it| json!({"interval_seconds": it})),
            false,
        ),
        thing(format!("/accounts/{account}"), [4, 5, 6].map(|it| json!({"concurrency": it})), true),
    ]
}

fn ask(product: &Product, method: &str, path: &str, header: (&str, &str), body: Option<&Value>) -> Response {
    product.server.request(method, &format!("/api/v1{path}"), &[header], body)
}

fn change(product: &Product, thing: &Changeable, if_match: &str, change: usize) -> Response {
    ask(product, "PATCH", &thing.path, ("If-Match", if_match), Some(&thing.changes[change]))
}

fn etag(answer: &Response) -> String {
    answer.headers.get("etag").unwrap_or_else(|| panic!("no ETag: {:?}", answer.headers)).clone()
}

#[track_caller]
fn current(product: &Product, path: &str) -> String {
    etag(&product.server.get(&format!("/api/v1{path}")).expect_status(200))
}

#[track_caller]
fn is_refused(answer: &Response) {
    assert_eq!((answer.status, &answer.body["code"]), (412, &json!("changed_meanwhile")), "{}", answer.text);
}

fn audited(product: &Product) -> Value {
    product.get("/audit?page_size=1")["total"].clone()
}

#[test]
fn a_change_of_another_state_than_was_read_is_refused() {
    on_both(|url, dir| {
        let product = Product::start(url, dir).by_hand();
        for thing in changeable(&product, "blog") {
            let path = thing.path.as_str();
            let read = current(&product, path);
            assert_eq!(read, current(&product, path), "{path}: nothing has changed");
            let first = change(&product, &thing, &read, 0).expect_status(200);
            let second = etag(&first);
            assert_ne!(second, read, "{path}");
            assert_eq!(second, current(&product, path), "{path}: a change is answered as it is read");

            let (before, rows) = (product.get(path), audited(&product));
            is_refused(&change(&product, &thing, &read, 1));
            is_refused(&ask(&product, "DELETE", path, ("If-Match", &read), None));
            is_refused(&change(&product, &thing, &format!("W/{second}"), 1));
            if path.starts_with("/accounts") {
                // Where the change cannot be made either, this is told first.
                let unfit = json!({"concurrency": 0});
                is_refused(&ask(&product, "PATCH", path, ("If-Match", &read), Some(&unfit)));
                ask(&product, "PATCH", path, ("If-Match", &second), Some(&unfit)).expect_status(422);
            }
            assert_eq!((product.get(path), audited(&product)), (before, rows), "{path}: nothing was done");

            let either = format!("{read}, {second}");
            let third = etag(&change(&product, &thing, &either, 1).expect_status(200));
            change(&product, &thing, "*", 2).expect_status(200);
            is_refused(&ask(&product, "DELETE", path, ("If-Match", &third), None));
            let last = current(&product, path);
            if path.starts_with("/accounts") {
                // Its entry was removed before it.
                assert_eq!(product.get("/publish-pool/list")["total"], 0);
            }
            ask(&product, "DELETE", path, ("If-Match", &last), None).expect_status(204);
            let gone = change(&product, &thing, "*", 0).expect_status(404);
            assert_eq!(gone.body["code"], "not_found", "{path}");
        }
    });
}

#[test]
fn what_a_client_has_is_not_sent_again() {
    on_both(|url, dir| {
        let product = Product::start(url, dir).by_hand();
        for thing in changeable(&product, "blog") {
            let path = thing.path.as_str();
            let read = current(&product, path);
            let again = |tag: &str| ask(&product, "GET", path, ("If-None-Match", tag), None);
            let expected = if thing.is_cached { 304 } else { 200 };
            for has in [read.clone(), format!("W/{read}"), format!("\"x\", {read}")] {
                let answer = again(&has).expect_status(expected);
                assert_eq!(
                    (etag(&answer), answer.text.is_empty()),
                    (read.clone(), thing.is_cached),
                    "{path} {has}"
                );
            }
            for has_not in ["\"x\"", "x", ""] {
                again(has_not).expect_status(200);
            }
            product.patch(path, &thing.changes[0], 200);
            let answer = again(&read).expect_status(200);
            assert_ne!(etag(&answer), read, "{path}");
            assert!(!answer.text.is_empty());
        }
    });
}

#[test]
fn an_if_match_that_cannot_be_read_is_refused() {
    on_both(|url, dir| {
        let product = Product::start(url, dir).by_hand();
        for thing in changeable(&product, "blog") {
            let read = current(&product, &thing.path);
            let bare = read.trim_matches('"').to_owned();
            for wrong in ["", &bare, "\"open", "*, \"x\"", &format!("{read} {read}"), "w/\"x\""] {
                for (method, body) in [("PATCH", Some(&thing.changes[0])), ("DELETE", None)] {
                    let answer = ask(&product, method, &thing.path, ("If-Match", wrong), body);
                    let told = (answer.status, answer.body["code"].as_str());
                    assert_eq!(told, (400, Some("bad_if_match")), "{method} {} {wrong}", thing.path);
                }
            }
            assert_eq!(current(&product, &thing.path), read, "nothing was done");
        }
    });
}

/// As many as want it, at the very same moment.
#[test]
fn of_many_who_change_what_they_read_at_once_one_does() {
    const MANY: usize = 8;
    on_both(|url, dir| {
        let product = Product::start(url, dir).by_hand();
        for round in 0..3 {
            for thing in changeable(&product, &format!("blog {round}")) {
                let (read, start) = (current(&product, &thing.path), Barrier::new(MANY));
                let answers: Vec<Response> = thread::scope(|threads| {
                    let one = |number: usize| {
                        let (product, thing, read, start) = (&product, &thing, &read, &start);
                        threads.spawn(move || {
                            start.wait();
                            change(product, thing, read, number % 3)
                        })
                    };
                    let all: Vec<_> = (0..MANY).map(one).collect();
                    all.into_iter().map(|one| one.join().expect("an answer")).collect()
                });
                let (done, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|it| it.status == 200);
                assert_eq!(done.len(), 1, "{}: {answers:#?}", thing.path);
                refused.into_iter().for_each(is_refused);
                assert_eq!(etag(done[0]), current(&product, &thing.path));
            }
        }
    });
}

/// What the program itself does is a change of an entry, whose state it is; of a task, its runs are none.
#[test]
fn what_the_program_does_meanwhile_counts_where_it_can_be_overwritten() {
    on_both(|url, dir| {
        let product = Product::start(url, dir).by_hand();
        let account = product.account("blog");
        let task = json!({"name": "hourly", "task_type": "publishing", "schedule_type": "interval", "interval_seconds": 3600});
        let task = format!("/scheduler/tasks/{}", id(&product.post("/scheduler/tasks", &task, 201)));
        let content = product.content("Hello");
        product.receiver.on_path("/blog", [Answer::status(500)]);
        let entry = product.add(json!({"content_id": content, "account_id": account}));
        let entry = format!("/publish-pool/{entry}");
        let (of_task, of_entry) = (current(&product, &task), current(&product, &entry));
        product.post(&format!("{task}/trigger?wait=true"), &json!({}), 200);
        assert_ne!(product.get(&task)["last_run"], Value::Null);
        assert_eq!(current(&product, &task), of_task);
        assert_eq!(product.get(&entry)["attempt"], 1);
        is_refused(&ask(&product, "PATCH", &entry, ("If-Match", &of_entry), Some(&json!({"priority": 1}))));
        let renamed = json!({"name": "often"});
        ask(&product, "PATCH", &task, ("If-Match", &of_task), Some(&renamed)).expect_status(200);

        // What the state forbids is told as that to whoever knows the state.
        product.receiver.on_path("/blog", [Answer::status(200)]);
        let out = product.add(json!({"content_id": product.content("Out"), "account_id": account}));
        let out = format!("/publish-pool/{out}");
        product.post(&format!("{task}/trigger?wait=true"), &json!({}), 200);
        let known = current(&product, &out);
        let answer = ask(&product, "PATCH", &out, ("If-Match", &known), Some(&json!({"priority": 1})));
        assert_eq!((answer.status, answer.body["code"].as_str()), (409, Some("wrong_state")));
    });
}

/// Who has opened a list of another's cannot tell from a refusal that there is such a thing.
#[test]
fn what_belongs_to_others_is_not_there_whatever_is_expected() {
    on_both(|url, dir| {
        let mut product = Product::start(url, dir).by_hand();
        let (own, other) = (product.account("own"), product.account("other"));
        let content = product.content("Hello");
        let later =
            json!({"content_id": content, "account_id": other, "scheduled_at": "2999-01-01T00:00:00Z"});
        let entry = product.add(later);
        let scoped = json!({"name": "scoped", "role": "admin", "account_ids": [own]});
        let token = product.post("/tokens", &scoped, 201)["token"].as_str().expect("a token").to_owned();
        product.server.use_token(&token);
        let (account, entry) = (format!("/accounts/{other}"), format!("/publish-pool/{entry}"));
        for path in [account, entry] {
            for tag in ["\"x\"", "*"] {
                for (method, body) in [("PATCH", Some(json!({}))), ("DELETE", None)] {
                    ask(&product, method, &path, ("If-Match", tag), body.as_ref()).expect_status(404);
                }
            }
        }
    });
}

/// The version is read where the change is made, and not before.
#[test]
fn a_change_from_code_can_expect_a_version_too() {
    on_both(|url, dir| {
        let (app, _clock) = by_hand(url, dir);
        let account = webhook(&app, "blog", "http://127.0.0.1:9/hook");
        let renamed =
            |name: &str| UpdateAccount { name: Some(name.to_owned()), ..UpdateAccount::new(account) };
        let first = app.run(renamed("news")).expect("changed").version();
        let expected = Some(Expected::OneOf(vec![first]));
        let still = |name: &str| IfStill { expected: expected.clone(), change: renamed(name) };
        app.run(still("weekly")).expect("it is as it was read");
        let refused = app.run(still("daily")).expect_err("it is another");
        assert!(matches!(refused, OperationError::Changed { .. }), "{refused}");
        assert_eq!(
            refused.to_string(),
            format!("account {account} was changed since it was read; nothing was done")
        );
    });
}

/// What is asked for with POST is done, too, only where the thing is still as it was read.
#[test]
fn an_act_on_another_state_than_was_read_is_refused() {
    on_both(|url, dir| {
        let product = Product::start(url, dir).by_hand();
        let all = changeable(&product, "blog");
        let acts: [&[(&str, Value)]; 4] = [
            &[
                ("move", json!({"to": "first"})),
                ("resolve", json!({"published": false})),
                ("publish", json!({})),
                ("retry", json!({})),
                ("cancel", json!({})),
            ],
            &[("submit", json!({})), ("reject", json!({})), ("approve", json!({}))],
            &[("disable", json!({})), ("enable", json!({}))],
            &[("suspend", json!({"reason": "x"})), ("resume", json!({}))],
        ];
        for (thing, acts) in all.iter().zip(acts) {
            let read = current(&product, &thing.path);
            change(&product, thing, &read, 0).expect_status(200);
            let (before, rows) = (product.get(&thing.path), audited(&product));
            let act = |act: &str, body: &Value, tag: &str| {
                ask(&product, "POST", &format!("{}/{act}", thing.path), ("If-Match", tag), Some(body))
            };
            for (name, body) in acts {
                is_refused(&act(name, body, &read));
            }
            assert_eq!((product.get(&thing.path), audited(&product)), (before, rows), "nothing was done");
            // The last of them can be done to each as it is.
            let (name, body) = acts.last().expect("acts");
            let expected = if *name == "approve" { 409 } else { 200 };
            let done = act(name, body, &current(&product, &thing.path)).expect_status(expected);
            if expected == 200 {
                assert_eq!(etag(&done), current(&product, &thing.path), "{name}");
            }
        }
    });
}

/// Between reading and approving somebody may have written another text.
#[test]
fn only_the_text_that_was_read_is_approved() {
    on_both(|url, dir| {
        let cli = Cli::on(dir, url).env("CONTENTHUB_REVIEW_REQUIRED", "true");
        let product = Product::start_with(cli).by_hand();
        let path = format!("/contents/{}", product.content("read"));
        product.post(&format!("{path}/submit"), &json!({}), 200);
        let read = current(&product, &path);
        product.patch(&path, &json!({"body": "another"}), 200);
        product.post(&format!("{path}/submit"), &json!({}), 200);
        let approve = |tag: &str| ask(&product, "POST", &format!("{path}/approve"), ("If-Match", tag), None);
        is_refused(&approve(&read));
        assert_eq!(product.get(&path)["review_status"], "pending_review");
        let done = approve(&current(&product, &path)).expect_status(200);
        assert_eq!(done.body["review_status"], "approved");
    });
}
