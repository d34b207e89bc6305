//! Why an entry stands where it stands: the guide's three questions, answered by the API, the command line and the
//! library.

use crate::support::app::*;
use crate::support::command::Cli;
use crate::support::node::TestNode;
use crate::support::on_both;
use crate::support::product::{Product, has_fields};
use crate::support::receiver::{Answer, Receiver};
use contenthub::operations::account::{SuspendAccount, UpdateAccount};
use contenthub::operations::content::{ReviewContent, ReviewStep, UpdateContent};
use contenthub::operations::entry::{CancelEntry, RetryEntry};
use contenthub::operations::explain::ExplainEntry;
use contenthub::operations::pause::{PausePublishing, ResumePublishing};
use contenthub::platforms::registry::Registry;
use contenthub::views::ExplanationView;
use contenthub::{
    AccountId, Addition, App, CreateContent, CreateTask, EntryId, LaneChanges, Priority, Settings,
};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

const EXPLANATION: &str = "at, in_pool, pending, due, needs_a_person, next_try_at, before_it, before_it_capped, lane, content, \
    retries, publishers, summary, answers, actions, attempts, attempts_total";

fn explain(app: &App, entry: EntryId) -> ExplanationView {
    ExplanationView::new(&app.run(ExplainEntry(entry)).expect("facts"), None)
}

/// The codes of the answers, and of those that keep it from going out.
fn codes(view: &ExplanationView) -> (Vec<&'static str>, Vec<&'static str>) {
    let all = view.answers.iter().map(|it| it.code).collect();
    (all, view.answers.iter().filter(|it| !it.ok).map(|it| it.code).collect())
}

fn commands(view: &ExplanationView) -> Vec<&str> {
    view.actions.iter().map(|it| it.command.as_str()).collect()
}

fn change(app: &App, account: AccountId, lane: LaneChanges) {
    app.run(UpdateAccount { lane, ..UpdateAccount::new(account) }).expect("changed");
}

#[test]
fn each_thing_that_keeps_an_entry_is_told_with_what_to_do() {
    on_both(|url, dir| {
        let (app, clock) = by_hand(url, dir);
        let blog = account(&app, "my blog", "folder", json!({}));
        let waits = add(&app, "Waits", blog);
        let view = explain(&app, waits);
        assert_eq!(codes(&view).1, ["no_task"], "{view:#?}");
        assert_eq!(commands(&view), ["contenthub scheduler enable 1", "contenthub scheduler trigger 1"]);
        assert!(view.needs_a_person && view.pending && view.due && view.next_try_at.is_none());
        assert_eq!(view.summary, "No enabled task publishes entries of this account and priority.");

        let hourly = app.create_task(CreateTask::every("hourly", 3600)).expect("a task");
        let view = explain(&app, waits);
        assert_eq!(codes(&view).1, ["no_server"]);
        assert_eq!(
            commands(&view),
            ["contenthub serve", &format!("contenthub scheduler trigger {}", hourly.id)]
        );
        assert_eq!(
            (view.publishers.task_id, view.publishers.task_next_run),
            (Some(hourly.id), hourly.next_run)
        );

        app.run(PausePublishing { by: "Ada".to_owned(), reason: None }).expect("paused");
        let view = explain(&app, waits);
        assert_eq!((codes(&view).1, view.needs_a_person), (vec!["paused"], true));
        assert!(view.summary.contains("contenthub scheduler resume"), "{}", view.summary);
        app.run(ResumePublishing { by: "Ada".to_owned() }).expect("resumed");

        let later = add_at(&app, "Later", blog, app.now() + Duration::from_secs(240));
        let view = explain(&app, later);
        assert_eq!(codes(&view).1, ["not_due", "no_server"]);
        assert_eq!(commands(&view)[0], "contenthub serve", "first what does not pass by itself");
        let due = view.answers.iter().find(|it| it.code == "not_due").expect("told");
        assert_eq!(due.until, Some(entry(&app, later).due_at));
        let now = format!("contenthub publish-pool publish {later}");
        assert!(commands(&view).iter().any(|it| it.starts_with(&now)), "{view:#?}");
        assert!(!view.due && view.pending);

        app.run(SuspendAccount { id: blog, reason: "on holiday".to_owned(), until: None })
            .expect("suspended");
        let view = explain(&app, waits);
        assert_eq!((codes(&view).1[0], view.lane.gate), ("account_suspended", Some("account_suspended")));
        assert!(
            view.summary.ends_with("suspended until somebody resumes it: on holiday"),
            "{}",
            view.summary
        );
        assert_eq!(
            commands(&view)[..2],
            ["contenthub account test 'my blog'", "contenthub account resume 'my blog'"]
        );
        let until = app.now() + Duration::from_secs(60);
        app.run(SuspendAccount { id: blog, reason: "quota".to_owned(), until: Some(until) })
            .expect("suspended");
        let view = explain(&app, waits);
        assert_eq!(view.lane.until.map(|at| at.micros()), Some(until.micros()));
        clock.forward(Duration::from_secs(61));
        assert!(explain(&app, waits).lane.open, "a suspension ends by itself");

        let update = UpdateAccount { enabled: Some(false), ..UpdateAccount::new(blog) };
        app.run(update).expect("disabled");
        let view = explain(&app, waits);
        assert_eq!(codes(&view).1[0], "account_disabled");
        assert_eq!(commands(&view)[0], "contenthub account update 'my blog' --enabled true");
        app.run(UpdateAccount { enabled: Some(true), ..UpdateAccount::new(blog) }).expect("enabled");

        // A window that opens for a minute a week.
        let window =
            LaneChanges { windows: Some(vec!["mon 00:00-00:01".to_owned()]), ..LaneChanges::default() };
        change(&app, blog, window);
        let view = explain(&app, waits);
        assert_eq!((view.lane.open, view.lane.gate), (false, Some("window")));
        assert!(view.lane.until.is_some_and(|at| at > app.now()));
        assert!(commands(&view).contains(&"contenthub account update 'my blog' --window none"));
        let told: std::collections::BTreeSet<&str> = commands(&view).into_iter().collect();
        assert_eq!(told.len(), commands(&view).len(), "each is told once: {view:#?}");
    });
}

#[test]
fn what_stands_before_it_is_counted_as_claims_would_go_and_no_further_than_a_thousand() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let (blog, other) =
            (account(&app, "blog", "folder", json!({})), account(&app, "other", "folder", json!({})));
        let urgent = |title: &str, priority: i32, account| {
            let priority = Priority::try_from(priority).expect("a priority");
            add_as(&app, title, account, |addition| Addition { priority, ..addition })
        };
        let first = urgent("first", 5, blog);
        let second = urgent("second", 5, blog);
        let third = urgent("third", 6, blog);
        urgent("elsewhere", 1, other);
        add_as(&app, "in an hour", blog, |addition| Addition {
            priority: Priority::FIRST,
            scheduled_at: Some(app.now() + Duration::from_secs(3600)),
            ..addition
        });
        let before = |entry| explain(&app, entry).before_it;
        assert_eq!([before(first), before(second), before(third)], [0, 1, 2]);
        urgent("most urgent", 1, blog);
        assert_eq!([before(first), before(second), before(third)], [1, 2, 3]);
        // One that is due later waits for what will be due by then.
        let at = app.now() + Duration::from_secs(7200);
        let late =
            add_as(&app, "in two hours", blog, |addition| Addition { scheduled_at: Some(at), ..addition });
        assert_eq!(before(late), 4, "all but the less urgent one");
        app.run(AddMany { count: 1100, account: blog, at: None }).expect("added");
        let last = explain(&app, urgent("last", 10, blog));
        assert_eq!((last.before_it, last.before_it_capped), (1000, true));
        let told = last.answers.iter().find(|it| it.code == "behind_others").expect("told");
        assert_eq!(told.message, "1000+ entries stand before it in its lane.");
    });
}

#[test]
fn what_became_of_it_is_told_with_each_attempt() {
    on_both(|url, dir| {
        let receiver = Receiver::start();
        let (app, _) = by_hand(url, dir);
        let hook = webhook(&app, "hook", &receiver.url("/hook"));
        let settings = json!({"url": receiver.url("/blind"), "deduplicates": false});
        let blind = account(&app, "blind", "webhook", settings);
        receiver.on_title("rejected", [Answer::status(422).body("no such category")]);
        receiver.on_title("breaks", [Answer::status(500)]);
        receiver.on_title("who knows", [Answer::status(502)]);
        receiver.on_title("out", [Answer::published("m-1", "https://blog.example/1")]);
        let [rejected, breaks, out] = ["rejected", "breaks", "out"].map(|title| add(&app, title, hook));
        let unclear = add(&app, "who knows", blind);
        let cancelled = add(&app, "cancelled", hook);
        app.run(CancelEntry(cancelled)).expect("cancelled");
        let task = task(&app, "by hand");
        report_of(&app, task);

        let view = explain(&app, out);
        assert_eq!((codes(&view).1.len(), commands(&view).len(), view.next_try_at), (0, 0, None));
        assert!(view.summary.ends_with(": https://blog.example/1"), "{}", view.summary);

        let view = explain(&app, rejected);
        assert_eq!(codes(&view).1, ["failed"]);
        assert_eq!(commands(&view), [format!("contenthub publish-pool retry {rejected}")]);
        assert!(
            view.summary.contains("422") && view.summary.contains("no such category"),
            "{}",
            view.summary
        );
        assert_eq!((view.attempts_total, view.attempts[0].attempt), (1, 1));

        let view = explain(&app, breaks);
        let (all, holds) = codes(&view);
        assert!(holds.contains(&"backoff") && all.contains(&"left"), "{all:?}");
        assert_eq!((view.retries.used, view.retries.max, view.retries.left), (1, 3, 2));
        let backoff = view.answers.iter().find(|it| it.code == "backoff").expect("told");
        assert_eq!(backoff.until, Some(entry(&app, breaks).due_at));

        let view = explain(&app, unclear);
        assert_eq!(codes(&view).1, ["uncertain"]);
        let resolve = |how: &str| format!("contenthub publish-pool resolve {unclear} --{how}");
        assert_eq!(commands(&view), [resolve("published"), resolve("retry"), resolve("failed")]);
        assert_eq!(codes(&explain(&app, cancelled)).1, ["cancelled"]);
    });
}

#[test]
fn approval_is_waited_for() {
    on_both(|url, dir| {
        let settings = Settings { review_required: true, ..settings(url, dir) };
        let registry = Registry::builtin(&dir.join("data/sites"));
        let clock = Arc::new(crate::support::clock::SteppedClock::new());
        let app = App::open_with(settings, registry, clock).expect("opened");
        let blog = account(&app, "blog", "folder", json!({}));
        let held = add(&app, "held", blog);
        let content = entry(&app, held).content_id;
        let view = explain(&app, held);
        assert_eq!(codes(&view).1[0], "not_approved");
        assert_eq!(commands(&view)[0], format!("contenthub content approve {content}"));
        app.run(ReviewContent { id: content, step: ReviewStep::Approve }).expect("approved");
        assert!(explain(&app, held).content.approved);
        let edit = UpdateContent { title: Some("edited".to_owned()), ..UpdateContent::new(content) };
        app.run(edit).expect("edited");
        assert!(!explain(&app, held).content.approved);
    });
}

#[test]
fn the_api_and_the_command_line_tell_the_same() {
    on_both(|url, dir| {
        let product = Product::start_with(Cli::on(dir, url));
        let (blog, shut) = (product.account("blog"), product.account("shut"));
        product.post(&format!("/accounts/{shut}/suspend"), &json!({"reason": "on holiday"}), 200);
        let published = product.add(json!({"content_id": product.content("a"), "account_id": blog}));
        product.entry_is(published, "published");
        let waits = product.add(json!({"content_id": product.content("b"), "account_id": shut}));
        let plain = product.get(&format!("/publish-pool/{waits}"));
        assert!(plain.get("explanation").is_none());
        let told = product.get(&format!("/publish-pool/{waits}?explain=true"));
        has_fields(&told["explanation"], EXPLANATION);
        let answer = &told["explanation"]["answers"][0];
        has_fields(answer, "about, code, ok, needs_a_person, until, message");
        has_fields(&told["explanation"]["actions"][0], "message, command, request");
        assert_eq!(told["explanation"]["lane"]["gate"], "account_suspended");
        assert_eq!(told["explanation"]["publishers"]["server"], true, "the server that answers runs");
        let mut said = product.cli.json(&["publish-pool", "show", &waits.to_string()]);
        said["explanation"]["at"] = told["explanation"]["at"].clone();
        said["explanation"]["lane"]["in_flight"] = told["explanation"]["lane"]["in_flight"].clone();
        assert_eq!(said, told);
        let text = product.cli.ok(&["publish-pool", "show", &waits.to_string()]);
        assert!(text.contains("contenthub account resume shut"), "{text}");
        product.server.get("/api/v1/publish-pool/999?explain=true").expect_status(404);
        product.server.get(&format!("/api/v1/publish-pool/{waits}?explain=perhaps")).expect_status(422);
    });
}

#[test]
fn a_task_that_leaves_an_account_out_does_not_count() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let blog = account(&app, "blog", "folder", json!({}));
        let content = app.create_content(CreateContent::new("a", "# a")).expect("a content");
        let entry = app.add_to_pool(Addition::of(content.id)).expect("an entry").id;
        let task = app.create_task(CreateTask::on_due("chosen")).expect("a task").id;
        let params = |params: &str| {
            use diesel::connection::SimpleConnection;
            let sql = format!("UPDATE scheduled_tasks SET params = '{params}' WHERE id = {task}");
            let mut conn = contenthub::db::connection::connect(url).expect("connected");
            conn.batch_execute(&sql).expect("written");
            codes(&explain(&app, entry)).1
        };
        assert_eq!(params(&format!("{{\"account_ids\": [{blog}]}}")), ["no_server"]);
        assert_eq!(params("{\"account_ids\": [99]}"), ["no_task"]);
        assert_eq!(params("{\"max_priority\": 5}"), ["no_server"]);
        assert_eq!(params("{\"max_priority\": 4}"), ["no_task"]);
    });
}

/// What a person says of an entry has a row in its log, and sends nothing.
#[test]
fn a_word_of_a_person_is_no_attempt() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let site = account(&app, "site", "folder", json!({}));
        let id = add(&app, "x", site);
        app.run(CancelEntry(id)).expect("cancelled");
        app.run(RetryEntry { id, by: "Ada".to_owned() }).expect("retried");
        assert_eq!(attempts(&app, id).len(), 1, "the word itself");
        let shown = Cli::on(dir, url).ok(&["publish-pool", "show", &id.to_string()]);
        assert!(shown.contains("Attempts made: 0. "), "{shown}");
    });
}

/// Whoever adds what will not go out hears it at once, and from `show` no command that would be refused.
#[test]
fn what_waits_behind_a_shut_lane_is_told_when_it_is_added() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let site = account(&app, "site", "folder", json!({}));
        let suspend = SuspendAccount { id: site, reason: "on leave".to_owned(), until: None };
        app.run(suspend).expect("suspended");
        let content = app.create_content(CreateContent::new("x", "# x")).expect("a content").id.to_string();
        let cli = Cli::on(dir, url);
        let said = cli.ok(&["publish-pool", "add", &content, "--account", "site"]);
        assert!(said.contains("and waits: ") && said.contains("on leave"), "{said}");
        add_at(&app, "y", site, app.now() + Duration::from_secs(3600));
        for entry in ["1", "2"] {
            let shown = cli.ok(&["publish-pool", "show", entry]);
            assert!(shown.contains("account resume site"), "{shown}");
            assert!(
                !shown.contains("scheduler trigger") && !shown.contains("publish-pool publish"),
                "{shown}"
            );
        }
    });
}

#[test]
fn what_is_due_waits_for_a_server_where_none_runs() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let app = Arc::new(app);
        let blog = account(&app, "blog", "folder", json!({}));
        let due = add(&app, "due", blog);
        let waits = || entry(&app, due).waiting_for.expect("it waits");
        assert!(waits().starts_with("a server: none runs"), "{}", waits());
        let node = TestNode::start(&app);
        eventually("a server is seen", || waits().starts_with("a run: ").then_some(()));
        drop(node);
        assert!(waits().starts_with("a server: none runs"), "{}", waits());
    });
}
