//! What people may do with an entry that may be out, and what their word does, over the API and the command line.

use crate::support::app::eventually;
use crate::support::command::{Cli, Output};
use crate::support::on_both;
use crate::support::product::*;
use crate::support::receiver::Answer;
use contenthub::db::connection::connect;
use contenthub::db::database_url::DatabaseUrl;
use contenthub::db::schema::{publish_checkpoints, publish_pool};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use serde_json::{Value, json};
use std::path::Path;

struct Stage<'a> {
    product: Product,
    cli: Cli,
    url: &'a DatabaseUrl,
    keyed: i64,
    blind: i64,
}

/// Who runs these tests, as the system names them; not as a variable does.
fn at_the_terminal() -> String {
    let named = std::process::Command::new("id").arg("-un").output().expect("a name").stdout;
    format!("cli:{}", String::from_utf8_lossy(&named).trim())
}

impl<'a> Stage<'a> {
    fn start(url: &'a DatabaseUrl, dir: &Path) -> Self {
        let cli = Cli::on(dir, url).env("USER", "whatever somebody set");
        let product = Product::start_with(cli.clone()).by_hand();
        let keyed = product.account("keyed");
        let url_of = product.receiver.url("/blind");
        let settings = json!({"url": url_of, "deduplicates": false});
        let body = json!({"name": "blind", "platform": "webhook", "settings": settings});
        let blind = id(&product.post("/accounts", &body, 201));
        Stage { product, cli, url, keyed, blind }
    }

    fn add(&self, title: &str, account: i64) -> i64 {
        let content = self.product.content(title);
        self.product.add(json!({"content_id": content, "account_id": account}))
    }

    fn run(&self) {
        self.product.post("/scheduler/tasks/1/trigger?wait=true", &json!({}), 200);
    }

    /// New entries that wait for another attempt though they may be out, and others of which nobody can tell. Nothing
    /// but a run that somebody asks for sends anything.
    fn that_may_be_out(&self, waiting: usize, uncertain: usize) -> (Vec<i64>, Vec<i64>) {
        self.product.receiver.on_any([Answer::close()]);
        let waiting: Vec<i64> = (0..waiting).map(|_| self.add("waiting", self.keyed)).collect();
        let uncertain: Vec<i64> = (0..uncertain).map(|_| self.add("uncertain", self.blind)).collect();
        self.run();
        self.product.receiver.on_any([Answer::status(200)]);
        for (ids, status) in [(&waiting, "pending"), (&uncertain, "uncertain")] {
            for id in ids {
                let told = self.product.entry(*id);
                assert_eq!((&told["status"], &told["unproven"]), (&json!(status), &json!(true)), "{told:#}");
            }
        }
        (waiting, uncertain)
    }

    fn sql(&self, text: &str) {
        connect(self.url).expect("connected").batch_execute(text).expect(text);
    }

    /// How far the entry's questions and steps are: all is forgotten where it is settled.
    fn questions(&self, entry: i64) -> (Option<i64>, i32, Option<i64>, Option<i64>, i64) {
        let mut conn = connect(self.url).expect("connected");
        let row: (Option<i64>, i32, Option<i64>, Option<i64>) = publish_pool::table
            .filter(publish_pool::id.eq(entry))
            .select((
                publish_pool::look_up_at,
                publish_pool::looked_up,
                publish_pool::check_at,
                publish_pool::submitted_at,
            ))
            .first(&mut conn)
            .expect("an entry");
        let steps = publish_checkpoints::table
            .filter(publish_checkpoints::pool_id.eq(entry))
            .count()
            .get_result(&mut conn)
            .expect("a number");
        (row.0, row.1, row.2, row.3, steps)
    }

    fn log(&self, entry: i64) -> Vec<Value> {
        let log = self.product.get(&format!("/publisher/history?pool_id={entry}"));
        log["items"].as_array().expect("rows").clone()
    }
}

#[track_caller]
fn is_refused(output: Output, words: &[&str]) {
    let output = output.expect_code(1);
    for word in words {
        assert!(output.stderr.contains(word), "no “{word}” in {}", output.stderr);
    }
    assert_eq!(output.stdout, "");
}

/// What a person said is a row in the log of no run: it must not count as a try of the run that is open.
#[test]
fn what_a_person_wants_tried_again_goes_out_by_itself() {
    on_both(|url, dir| {
        let stage = Stage::start(url, dir);
        let product = &stage.product;
        let (_, uncertain) = stage.that_may_be_out(0, 2);
        let [again, given_up] = uncertain[..] else { panic!("two") };
        product.post("/scheduler/tasks/1/enable", &json!({}), 200);
        stage.cli.ok(&["publish-pool", "resolve", &again.to_string(), "--retry"]);
        stage.cli.ok(&["publish-pool", "resolve", &given_up.to_string(), "--failed"]);
        stage.cli.ok(&["publish-pool", "retry", &given_up.to_string()]);
        for id in [again, given_up] {
            eventually("it goes out", || (product.entry(id)["status"] == "published").then_some(()));
        }
    });
}

#[test]
fn what_may_be_out_is_not_changed_cancelled_or_lost() {
    on_both(|url, dir| {
        let stage = Stage::start(url, dir);
        let product = &stage.product;
        let (waiting, uncertain) = stage.that_may_be_out(1, 1);
        for (entry, account, status) in
            [(waiting[0], stage.keyed, "pending"), (uncertain[0], stage.blind, "uncertain")]
        {
            let before = product.entry(entry);
            let path = format!("/publish-pool/{entry}");
            let api = [
                ("PATCH", "", json!({"priority": 1})),
                ("PATCH", "", json!({"scheduled_at": "2999-01-01T00:00:00Z"})),
                ("PATCH", "", json!({"max_retries": 0})),
                ("POST", "/cancel", json!({})),
                ("POST", "/retry", json!({})),
                ("DELETE", "", json!({})),
            ];
            for (method, action, body) in api {
                let path = format!("/api/v1{path}{action}");
                let refused = product.server.request(method, &path, &[], Some(&body)).expect_status(409).body;
                let told = (&refused["code"], &refused["entry_id"], &refused["state"]);
                assert_eq!(
                    told,
                    (&json!("maybe_published"), &json!(entry), &json!(status)),
                    "{method} {action}"
                );
                assert!(refused["hint"].as_str().is_some_and(|hint| hint.contains("resolve")), "{refused}");
            }
            let id = entry.to_string();
            let commands: [&[&str]; 5] = [
                &["set-priority", &id, "1"],
                &["schedule", &id, "2999-01-01T00:00:00Z"],
                &["cancel", &id],
                &["retry", &id],
                &["remove", &id],
            ];
            for command in commands {
                let command = [&["publish-pool"], command].concat();
                is_refused(stage.cli.run(&command), &["may have been published", "hint:", "resolve"]);
            }
            // Nor does it go with what it belongs to.
            let content = &before["content_id"];
            for path in [format!("/contents/{content}"), format!("/accounts/{account}")] {
                let refused = product.delete(&path, 409).body;
                let told = (&refused["code"], &refused["entry_ids"]);
                assert_eq!(told, (&json!("in_use"), &json!([entry])), "{path}");
            }
            product.post("/publish-pool/clear", &json!({}), 200);
            product.patch(&format!("/contents/{content}"), &json!({"title": "another"}), 200);
            assert_eq!(product.entry(entry), before);
        }
    });
}

/// Each of the three answers, from both sides, for each of the three that may be out.
#[test]
fn a_persons_word_settles_what_may_be_out() {
    let answers = ["published", "retry", "failed"];
    on_both(|url, dir| {
        let stage = Stage::start(url, dir);
        let product = &stage.product;
        let (waiting, uncertain) = stage.that_may_be_out(12, 6);
        let (waiting, submitted) = waiting.split_at(6);
        let mut again = Vec::new();
        for (what, ids) in [("waiting", waiting), ("uncertain", &uncertain[..]), ("submitted", submitted)] {
            for (place, entry) in ids.iter().copied().enumerate() {
                let (answer, by_api) = (answers[place % 3], place < 3);
                let on = if by_api { "API" } else { "command" };
                let what = format!("{what}, {answer}, {on}");
                // Whatever is to be asked about it, years from now, or was done of it, has an end with it.
                let status = if what.starts_with("submitted") {
                    ", status = 'publishing', check_at = 9000000000000000, submitted_at = 1"
                } else {
                    ", look_up_at = 9000000000000000, looked_up = 1, held = TRUE"
                };
                stage.sql(&format!(
                    "UPDATE publish_pool SET retry_count = 2, recoveries = 4{status} WHERE id = {entry}; \
                     INSERT INTO publish_checkpoints (pool_id, step, revision, irreversible, reached_at) \
                     VALUES ({entry}, 'a', 1, TRUE, 1), ({entry}, 'b', 1, TRUE, 1)"
                ));
                let told = said(&stage, entry, answer, by_api);
                let attempt = told["attempt"].as_i64().expect("a number");
                let expected = match answer {
                    "published" => json!(["published", "https://x.example/1", "m-1", null]),
                    "retry" => json!(["pending", null, null, "a person says that it is not out: try again"]),
                    _ => json!(["failed", null, null, "a person says that it is not out"]),
                };
                let found = json!([told["status"], told["url"], told["media_id"], told["last_error"]]);
                assert_eq!(found, expected, "{what}");
                assert_eq!((&told["unproven"], attempt), (&json!(false), 2), "{what}");
                assert_eq!(told["published_at"].is_string(), answer == "published", "{what}");
                if answer == "retry" {
                    assert_eq!(told["retry_count"], 0, "{what}");
                    // The accidents before this were those of a platform that is down.
                    let waits = told["waiting_for"].as_str().unwrap_or_default();
                    assert!(waits.starts_with("the platform has not answered"), "{what}: {waits}");
                    again.push(entry);
                }
                assert_eq!(stage.questions(entry), (None, 0, None, None, 0), "{what}");
                // Who said so, wherever one looks.
                let log = stage.log(entry);
                assert_eq!(log.len(), 2, "{what}: {log:#?}");
                let who = if by_api { "test admin".to_owned() } else { at_the_terminal() };
                assert_eq!((&log[0]["said_by"], &log[0]["attempt"]), (&json!(who), &json!(2)), "{what}");
                assert_eq!(
                    (&log[1]["said_by"], log[1]["attempt"].as_i64()),
                    (&Value::Null, Some(1)),
                    "{what}"
                );
                // What is settled is not settled again.
                let path = format!("/publish-pool/{entry}/resolve");
                let refused = product.post(&path, &json!({"published": true}), 409);
                let told = (&refused["code"], &refused["state"]);
                assert_eq!(told, (&json!("wrong_state"), &expected[0]), "{what}");
                let twice = stage.cli.run(&["publish-pool", "resolve", &entry.to_string(), "--failed"]);
                is_refused(twice, &["needs a person's word", expected[0].as_str().expect("a status")]);
            }
        }
        let printed = stage.cli.ok(&["publisher", "history", "--entry", &uncertain[5].to_string()]);
        assert!(printed.contains("SAID BY") && printed.contains(&at_the_terminal()), "{printed}");
        // What is out is not added again unasked; what is not, and was to be tried again, goes out now.
        let out = product.entry(waiting[0]);
        let body = json!({"content_id": out["content_id"], "account_id": out["account_id"]});
        assert_eq!(product.post("/publish-pool/add", &body, 409)["code"], "already_published");
        let sent = product.receiver.posts().len();
        stage.sql(PLATFORMS_ARE_UP);
        stage.run();
        let posts = product.receiver.posts();
        assert_eq!(posts.len() - sent, again.len(), "nothing else goes out");
        for entry in again {
            let told = product.entry(entry);
            assert_eq!((&told["status"], &told["attempt"]), (&json!("published"), &json!(3)), "{told:#}");
            let of_entry = posts.iter().filter(|post| post.body["data"]["pool_id"] == entry);
            let keys: Vec<_> = of_entry.filter_map(|post| post.webhook_id()).collect();
            assert!(keys.len() == 2 && keys[0] == keys[1], "an entry keeps its key: {keys:?}");
        }
    });
}

fn said(stage: &Stage<'_>, entry: i64, answer: &str, by_api: bool) -> Value {
    if by_api {
        let body = match answer {
            "published" => json!({"published": true, "url": "https://x.example/1", "media_id": "m-1"}),
            "retry" => json!({"published": false, "retry": true}),
            _ => json!({"published": false}),
        };
        return stage.product.post(&format!("/publish-pool/{entry}/resolve"), &body, 200);
    }
    let (id, answer) = (entry.to_string(), format!("--{answer}"));
    let place = ["--url", "https://x.example/1", "--media-id", "m-1"];
    let more: &[&str] = if answer == "--published" { &place } else { &[] };
    stage.cli.json(&[&["publish-pool", "resolve", &id, &answer], more].concat())
}

#[test]
fn nobody_s_word_is_wanted_where_it_is_known_or_will_be() {
    on_both(|url, dir| {
        let stage = Stage::start(url, dir);
        let product = &stage.product;
        let receiver = &product.receiver;
        receiver.on_title("refused", [Answer::status(422)]);
        receiver.on_title("waits", [Answer::status(429)]);
        receiver.on_title("on the wire", [Answer::status(200).held()]);
        let [published, failed, waits] =
            ["out", "refused", "waits"].map(|title| stage.add(title, stage.keyed));
        stage.run();
        let [cancelled, on_the_wire] =
            ["taken back", "on the wire"].map(|title| stage.add(title, stage.keyed));
        product.post(&format!("/publish-pool/{cancelled}/cancel"), &json!({}), 200);
        product.post("/scheduler/tasks/1/trigger", &json!({}), 202);
        eventually("it is on the wire", || {
            receiver.posts().iter().any(|post| post.title() == Some("on the wire")).then_some(())
        });
        for (entry, state, reason) in [
            (published, "published", "what became of it is known"),
            (failed, "failed", "what became of it is known"),
            (cancelled, "cancelled", "what became of it is known"),
            (waits, "pending", "nothing of it is out"),
            (on_the_wire, "publishing", "it is on the wire"),
        ] {
            let before = (product.entry(entry), stage.log(entry));
            for body in [json!({"published": true}), json!({"published": false, "retry": true})] {
                let refused = product.post(&format!("/publish-pool/{entry}/resolve"), &body, 409);
                let told = (&refused["code"], &refused["state"]);
                assert_eq!(told, (&json!("wrong_state"), &json!(state)));
                assert!(refused["detail"].as_str().is_some_and(|it| it.contains(reason)), "{refused}");
            }
            let id = entry.to_string();
            is_refused(stage.cli.run(&["publish-pool", "resolve", &id, "--published"]), &[reason, state]);
            assert_eq!((product.entry(entry), stage.log(entry)), before, "{state}");
        }
        receiver.release();
        product.entry_is(on_the_wire, "published");
        // A retry says who, and the failure stays what it was.
        let retried = product.post(&format!("/publish-pool/{failed}/retry"), &json!({}), 200);
        assert!(retried["last_error"].as_str().is_some_and(|error| error.contains("422")), "{retried}");
        stage.cli.ok(&["publish-pool", "retry", &cancelled.to_string()]);
        for (entry, who, number) in [(failed, "test admin".to_owned(), 2), (cancelled, at_the_terminal(), 1)]
        {
            let said = stage.log(entry)[0].clone();
            let told = json!([said["said_by"], said["error_code"], said["attempt"], said["status"]]);
            assert_eq!(told, json!([who, "retried", number, "not_sent"]));
        }
        stage.run();
        let told = product.entry(cancelled);
        assert_eq!((&told["status"], &told["attempt"]), (&json!("published"), &json!(2)));
    });
}
