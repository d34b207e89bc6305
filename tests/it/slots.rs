//! Posting slots: the next free one for whoever asks, never the same for two; what sits in them; and that a person moves
//! entries between them.

mod missed;
mod moving;

use crate::support::app::{account, by_hand, eventually};
use crate::support::command::Cli;
use crate::support::on_both;
use crate::support::postgres::{fresh_database, waiting_for_locks};
use crate::support::product::*;
use contenthub::db::connection::{DbConnection, connect};
use contenthub::operations::Operation;
use contenthub::operations::account::UpdateAccount;
use contenthub::operations::entry::{CancelEntry, DeleteEntry, RetryEntry, UpdateEntry};
use contenthub::operations::pool::{AddToPool, BatchAdd, OnConflict};
use contenthub::operations::slots::ListSlots;
use contenthub::{
    AccountId, Addition, App, CreateContent, EntryId, EntryView, LaneChanges, OperationError, Timestamp,
};
use diesel::connection::{Instrumentation, InstrumentationEvent, SimpleConnection};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Gives an account these slots, and what is to become of what misses them.
fn set_slots(app: &App, account: AccountId, slots: &[&str], missed: &str) {
    let slots = Some(slots.iter().map(|&slot| slot.to_owned()).collect());
    let lane =
        LaneChanges { slots, missed_slot: Some(missed.parse().expect("a word")), ..LaneChanges::default() };
    app.run(UpdateAccount { lane, ..UpdateAccount::new(account) }).expect("slots");
}

fn addition(app: &App, title: &str, account: AccountId) -> Addition {
    let content = app.create_content(CreateContent::new(title, "# x")).expect("a content");
    Addition { account: Some(account), ..Addition::of(content.id) }
}

fn in_next_slot(app: &App, title: &str, account: AccountId) -> EntryId {
    let addition = Addition { next_slot: true, ..addition(app, title, account) };
    app.run(AddToPool(addition)).expect("an entry").row.id
}

/// The slot that an entry sits in, which is its time.
#[track_caller]
fn slot(app: &App, id: EntryId) -> Timestamp {
    let entry = app.entry(id).expect("an entry");
    assert_eq!(
        (entry.scheduled_at, entry.due_at),
        (entry.slot_at, entry.slot_at.expect("a slot")),
        "{entry:?}"
    );
    entry.due_at
}

/// The coming slots of an account, and who sits in them.
fn calendar(app: &App, account: AccountId, count: i64) -> Vec<(Timestamp, Option<EntryId>)> {
    let calendar = app.run(ListSlots { account, from: None, count: Some(count) }).expect("a calendar");
    calendar.slots.into_iter().map(|slot| (slot.at, slot.seat.map(|seat| seat.entry))).collect()
}

#[test]
fn a_hundred_requests_at_once_get_a_hundred_slots() {
    on_both(|url, dir| {
        let product = Product::start(url, dir).by_hand();
        let blog = product.account_with(
            "blog",
            json!({"slots": ["mon-fri 09:00,18:00", "sat 10:30"], "timezone": "Europe/Berlin"}),
        );
        let contents: Vec<i64> = (0..100).map(|number| product.content(&format!("{number}"))).collect();
        let server = &product.server;
        let slots: Vec<Timestamp> = thread::scope(|threads| {
            let add = |content: i64| {
                let body = json!({"content_id": content, "account_id": blog, "scheduled_at": "next_slot"});
                let added = server.post("/api/v1/publish-pool/add", &body).expect_status(201).body;
                assert_eq!(added["scheduled_at"], added["slot_at"], "{added:#}");
                assert_eq!(added["scheduled_at"], added["due_at"], "{added:#}");
                instant(&added["scheduled_at"])
            };
            let threads: Vec<_> =
                contents.iter().map(|&content| threads.spawn(move || add(content))).collect();
            threads.into_iter().map(|thread| thread.join().expect("added")).collect()
        });
        let distinct: BTreeSet<Timestamp> = slots.iter().copied().collect();
        assert_eq!(distinct.len(), 100, "{slots:?}");
        // The first hundred, and none left out.
        let listed = product.get(&format!("/accounts/{blog}/slots?count=101"));
        let items = listed["items"].as_array().expect("slots");
        let taken: Vec<Timestamp> = items[..100].iter().map(|item| instant(&item["at"])).collect();
        assert_eq!(taken, distinct.into_iter().collect::<Vec<_>>());
        assert_eq!((&items[99]["free"], &items[100]["free"]), (&json!(false), &json!(true)));
    });
}

/// Nobody is told that somebody else changed the same thing: whoever comes second waits, and gets the next one.
#[test]
fn of_two_at_the_same_moment_the_second_waits_for_the_first() {
    // SQLite has one writer at a time.
    let (url, dir) = (fresh_database(), tempfile::tempdir().expect("a folder"));
    let (app, _) = by_hand(&url, dir.path());
    let blog = account(&app, "blog", "folder", json!({}));
    set_slots(&app, blog, &["mon-sun 09:00"], "late");
    let [first, second] = ["first", "second"]
        .map(|title| AddToPool(Addition { next_slot: true, ..addition(&app, title, blog) }));
    let mut conn = connect(&url).expect("connected");
    let slots = thread::scope(|threads| {
        conn.batch_execute("SET idle_in_transaction_session_timeout = 0; BEGIN").expect("begun");
        let first = first.run(&mut conn, app.context(), app.now()).expect("an entry").row.due_at;
        let app = &app;
        let adding = threads.spawn(move || app.run(second));
        eventually("the second waits", || (waiting_for_locks(&url) == 1).then_some(()));
        conn.batch_execute("COMMIT").expect("added");
        let second = adding.join().expect("ended").expect("the next slot").row.due_at;
        [first, second]
    });
    assert_eq!(calendar(&app, blog, 2).into_iter().map(|(at, _)| at).collect::<Vec<_>>(), slots);
}

/// Counts the statements of a connection that ask for slots.
#[derive(Clone, Default)]
struct Asked(Arc<Mutex<usize>>);

impl Instrumentation for Asked {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartQuery { query, .. } = event
            && ["slot_at", "BETWEEN"].iter().all(|word| query.to_string().contains(word))
        {
            *self.0.lock().expect("no listener panics") += 1;
        }
    }
}

#[test]
fn a_batch_fills_the_slots_in_order_and_reads_them_once() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let [site, other] = ["site", "other"].map(|name| account(&app, name, "folder", json!({})));
        for one in [site, other] {
            set_slots(&app, one, &["08:00,12:00"], "late");
        }
        let free: Vec<Timestamp> = calendar(&app, site, 200).into_iter().map(|(at, _)| at).collect();
        // One in the middle is taken, by a time that a person gave.
        let middle = Addition { scheduled_at: Some(free[7]), ..addition(&app, "middle", site) };
        app.run(AddToPool(middle)).expect("added");
        let mut items: Vec<Addition> = (0..200)
            .map(|number| Addition {
                next_slot: true,
                ..addition(&app, &format!("{number}"), if number % 2 == 0 { site } else { other })
            })
            .collect();
        // What cannot be added takes no slot.
        items.insert(50, items[0].clone());
        let asked = Asked::default();
        let mut conn = connect(url).expect("connected");
        match &mut conn {
            DbConnection::Sqlite(inner) => diesel::Connection::set_instrumentation(inner, asked.clone()),
            DbConnection::Postgres(inner) => diesel::Connection::set_instrumentation(inner, asked.clone()),
        }
        let batch = BatchAdd { items, on_conflict: OnConflict::Skip };
        let done =
            contenthub::operations::perform(batch, &mut conn, app.context(), app.now()).expect("added");
        let count = *asked.0.lock().expect("no listener panics");
        assert!((2..=10).contains(&count), "slots were read {count} times");
        let ids: Vec<EntryId> = done.items.iter().flatten().map(|added| added.id).collect();
        assert_eq!(ids.len(), 200);
        let of = |first: usize| -> Vec<Timestamp> {
            ids.iter().skip(first).step_by(2).map(|id| slot(&app, *id)).collect()
        };
        let without_middle: Vec<Timestamp> =
            free.iter().copied().filter(|at| *at != free[7]).take(100).collect();
        assert_eq!(of(0), without_middle);
        assert_eq!(of(1), free[..100]);
        let echoed: Vec<_> = done.items.iter().flatten().map(|added| added.slot).collect();
        assert_eq!(echoed[2], Some(free[1]));
    });
}

#[test]
fn an_account_without_slots_is_told_how_to_set_them() {
    on_both(|url, dir| {
        let product = Product::start(url, dir).by_hand();
        let blog = product.account("blog");
        let content = product.content("x");
        let body = json!({"content_id": content, "account_id": blog, "scheduled_at": "next_slot"});
        let told = product.post("/publish-pool/add", &body, 422);
        let says = |told: &Value, field: &str| {
            assert_eq!(told["errors"][0]["field"], field, "{told:#}");
            let message = told["errors"][0]["message"].as_str().unwrap_or_default().to_owned();
            assert!(message.contains("has no posting slots") && message.contains("--slots"), "{message}");
        };
        says(&told, "scheduled_at");
        let told = product.post("/publish-pool/batch-add", &json!({"items": [body]}), 422);
        assert!(told["detail"].as_str().is_some_and(|it| it.contains("items[0]")), "{told:#}");
        let told = product.post(
            "/publish-pool/add",
            &json!({"content_id": content, "account_ids": [blog], "scheduled_at": "next_slot"}),
            422,
        );
        says(&told, "scheduled_at");
        let content = content.to_string();
        let add = product.cli.run(&["publish-pool", "add", &content, "--next-slot"]);
        assert!(add.stderr.contains("--slots \"mon-fri 09:00,18:00\""), "{}", add.stderr);
        assert_eq!(product.get("/publish-pool/list")["total"], 0);
        let path = format!("/accounts/{blog}");
        let told = product.patch(&path, &json!({"slots": ["09:00", "soon"]}), 422);
        assert_eq!(told["errors"][0]["field"], "slots[1]", "{told:#}");
        let told = product.patch(&path, &json!({"missed_slot": "never"}), 422);
        assert_eq!(told["errors"][0]["field"], "missed_slot", "{told:#}");
        let slotted = product.account_with("slotted", json!({"slots": ["mon 09:00"]}));
        let batch = json!({"items": [
            {"content_id": product.content("y"), "account_id": slotted, "scheduled_at": "next_slot"},
            {"content_id": product.content("z"), "account_id": slotted},
        ]});
        let added = product.post("/publish-pool/batch-add", &batch, 201);
        let entry = product.entry(id(&added["items"][0]));
        assert_eq!(added["items"][0]["scheduled_at"], entry["slot_at"], "{added:#}");
        has_fields(&added["items"][1], "index, id, status");
        let set = product.patch(&path, &json!({"slots": ["MON 09:00"], "missed_slot": "next"}), 200);
        assert_eq!((&set["slots"], &set["missed_slot"]), (&json!(["mon 09:00"]), &json!("next")));
        let renamed = product.patch(&path, &json!({"name": "news"}), 200);
        assert_eq!((&renamed["slots"], &renamed["missed_slot"]), (&json!(["mon 09:00"]), &json!("next")));
        assert_eq!(product.patch(&path, &json!({"slots": null}), 200)["slots"], json!([]));
    });
}

#[test]
fn a_slot_is_taken_while_its_entry_is_open_and_free_after_that() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let site = account(&app, "site", "folder", json!({}));
        set_slots(&app, site, &["08:00"], "late");
        let [a, b, c, d] = ["a", "b", "c", "d"].map(|title| in_next_slot(&app, title, site));
        let days = calendar(&app, site, 8);
        let at = |day: usize| days[day].0;
        assert_eq!([a, b, c, d].map(|id| slot(&app, id)), [0, 1, 2, 3].map(at));
        // Cancelled, removed, given another time: each is free again, the first of them first.
        app.run(CancelEntry(a)).expect("cancelled");
        app.run(DeleteEntry(b)).expect("removed");
        let odd = at(2) + Duration::from_secs(1);
        let later =
            |id: EntryId, at: Timestamp| UpdateEntry { scheduled_at: Some(Some(at)), ..UpdateEntry::of(id) };
        assert_eq!(app.run(later(c, odd)).expect("changed").slot.0, None, "a time that is no slot");
        let [e, f, g, h] = ["e", "f", "g", "h"].map(|title| in_next_slot(&app, title, site));
        assert_eq!([e, f, g, h].map(|id| slot(&app, id)), [0, 1, 2, 4].map(at));
        // A priority is no other time, and the same time again is the same slot.
        let priority = UpdateEntry { priority: Some(contenthub::Priority::FIRST), ..UpdateEntry::of(d) };
        app.run(priority).expect("changed");
        app.run(later(d, at(3))).expect("changed");
        assert_eq!(slot(&app, d), at(3));
        // A time that is a slot's is that slot, where it is free; else it is only that time.
        assert_eq!(app.run(later(d, at(5))).expect("changed").slot.0, Some(at(5)));
        assert_eq!(app.run(later(c, at(5))).expect("changed").slot.0, None);
        assert_eq!(app.entry(c).expect("an entry").scheduled_at, Some(at(5)));
        let sits = Addition { scheduled_at: Some(at(3)), ..addition(&app, "i", site) };
        assert_eq!(app.run(AddToPool(sits)).expect("added").row.slot.0, Some(at(3)));
        // What was cancelled gets its slot back only where nobody sits there.
        let retry = |id: EntryId| RetryEntry { id, by: "ann".to_owned() };
        assert_eq!(app.run(retry(a)).expect("retried").row.slot.0, None);
        app.run(CancelEntry(e)).expect("cancelled");
        assert_eq!(app.run(retry(e)).expect("retried").row.slot.0, Some(at(0)));
        let free: Vec<usize> = (0..8).filter(|&day| calendar(&app, site, 8)[day].1.is_none()).collect();
        assert_eq!(free, [6, 7]);
        // The database itself keeps two from one slot.
        let mut conn = connect(url).expect("connected");
        let twice = format!("UPDATE publish_pool SET slot_at = {} WHERE id = {f}", at(0).micros());
        let refused = conn.batch_execute(&twice).expect_err("two in one slot");
        assert!(refused.to_string().to_lowercase().contains("unique"), "{refused}");
    });
}

/// Entries keep their times when the slots are changed, and new ones go into the new slots.
#[test]
fn other_slots_leave_what_waits_where_it_is() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let site = account(&app, "site", "folder", json!({}));
        set_slots(&app, site, &["08:00"], "late");
        let old = in_next_slot(&app, "old", site);
        let before = slot(&app, old);
        set_slots(&app, site, &["20:00"], "late");
        assert_eq!(slot(&app, old), before);
        let listed = app.run(ListSlots { account: site, from: None, count: Some(3) }).expect("a calendar");
        let own = listed.slots.iter().find(|slot| slot.at == before).expect("it is shown still");
        assert_eq!((own.is_kept, own.seat.as_ref().map(|seat| seat.entry)), (false, Some(old)));
        let new = slot(&app, in_next_slot(&app, "new", site));
        assert_eq!(new.micros() / 3_600_000_000 % 24, 20);
        let none = app.run(AddToPool(Addition {
            next_slot: true,
            scheduled_at: Some(new),
            ..addition(&app, "both", site)
        }));
        assert!(matches!(none, Err(OperationError::Invalid(_))), "{none:?}");
    });
}

#[test]
fn the_calendar_shows_local_and_utc_times_over_http_and_on_the_command_line() {
    on_both(|url, dir| {
        let product = Product::start(url, dir).by_hand();
        let blog = product.account_with("blog", json!({"slots": ["02:30"], "timezone": "Europe/Berlin"}));
        let content = product.content("Hello");
        // Over both changes of the clocks of 2027.
        let path = |from: &str| format!("/accounts/{blog}/slots?count=3&from={from}");
        let spring = product.get(&path("2027-03-27T00:00:00Z"));
        has_fields(&spring, "account_id, account, timezone, items");
        has_fields(&spring["items"][0], "at, local, free, kept, entry_id, content_id, title, status");
        let locals = |view: &Value| -> Vec<String> {
            let items = view["items"].as_array().expect("slots");
            items.iter().map(|item| item["local"].as_str().expect("a time").to_owned()).collect()
        };
        assert_eq!(
            locals(&spring),
            ["2027-03-27T02:30:00+01:00", "2027-03-28T03:00:00+02:00", "2027-03-29T02:30:00+02:00"]
        );
        assert_eq!(
            locals(&product.get(&path("2027-10-30T12:00:00Z"))),
            ["2027-10-31T02:30:00+02:00", "2027-11-01T02:30:00+01:00", "2027-11-02T02:30:00+01:00"]
        );
        let add = ["publish-pool", "add", &content.to_string(), "--next-slot"];
        let added = product.cli.json(&add);
        assert_eq!(added["scheduled_at"], added["slot_at"], "{added:#}");
        let waiting = added["waiting_for"].as_str().unwrap_or_default();
        assert!(waiting.starts_with("its slot, "), "{waiting}");
        let listed = product.cli.json(&["account", "slots", "blog", "--count", "2"]);
        assert_eq!(listed, product.get(&format!("/accounts/{blog}/slots?count=2")));
        let first = &listed["items"][0];
        assert_eq!((&first["entry_id"], &first["title"]), (&added["id"], &json!("Hello")));
        assert_eq!((&first["at"], &first["status"]), (&added["scheduled_at"], &json!("pending")));
        let table = product.cli.ok(&["account", "slots", "blog", "--count", "2"]);
        let lines: Vec<&str> = table.lines().collect();
        assert!(lines[1].contains("Hello") && lines[1].contains("pending"), "{table}");
        assert!(lines[2].contains("free"), "{table}");
        for (asked, field) in [("count=0", "count"), ("count=201", "count"), ("from=x", "from")] {
            let told =
                product.server.get(&format!("/api/v1/accounts/{blog}/slots?{asked}")).expect_status(422);
            assert_eq!(told.body["errors"][0]["field"], field, "{}", told.text);
        }
    });
}

#[test]
fn an_imported_file_asks_for_the_next_slot() {
    on_both(|url, dir| {
        let cli = Cli::on(dir, url);
        let create =
            ["account", "create", "site", "--platform", "folder", "--slots", "mon-fri 09:00", "--slots"];
        cli.ok(&[&create[..], &["sat 10:30"]].concat());
        cli.ok(&["account", "create", "bare", "--platform", "folder"]);
        let posts = dir.join("posts");
        std::fs::create_dir_all(&posts).expect("a folder");
        let write = |name: &str, text: &str| std::fs::write(posts.join(name), text).expect("written");
        for name in ["a.md", "b.md"] {
            write(name, &format!("---\nscheduled_at: next_slot\naccount: site\n---\n# {name}\n"));
        }
        write("c.md", "---\naccount: bare\nscheduled_at: next_slot\n---\n# c\n");
        let refused = cli.run(&["content", "import", "posts"]).expect_code(2);
        let all = refused.stdout + &refused.stderr;
        assert!(all.contains("posts/c.md:3: scheduled_at: account “bare” has no posting slots"), "{all}");
        let done = cli.run(&["content", "import", "posts", "--skip-bad", "--output", "json"]).json();
        let listed = cli.json(&["account", "slots", "site", "--count", "3"]);
        let entry = |place: usize| &done["files"][place]["entries"][0];
        for place in [0, 1] {
            assert_eq!(entry(place)["due_at"], listed["items"][place]["at"], "{done:#}");
            assert_eq!(entry(place)["entry_id"], listed["items"][place]["entry_id"], "{done:#}");
        }
        // A changed text keeps its slot.
        write("a.md", "---\nscheduled_at: next_slot\naccount: site\n---\n# a, better\n");
        cli.run(&["content", "import", "posts", "--skip-bad"]);
        let mut again = cli.json(&["account", "slots", "site", "--count", "3"]);
        assert_eq!(again["items"][0]["title"], "a, better");
        again["items"][0]["title"] = listed["items"][0]["title"].clone();
        assert_eq!(again, listed);
    });
}

/// Waits until an entry is as wanted.
#[track_caller]
fn is_soon(app: &App, id: EntryId, wanted: impl Fn(&EntryView) -> bool) -> EntryView {
    let look = || app.entry(id).ok().filter(&wanted);
    eventually(&format!("entry {id} is as wanted: {:?}", app.entry(id)), look)
}
