//! The same text on the same account within 30 days: whoever adds it is told, or it is refused where the account wants that.

use crate::languages::CHINESE;
use crate::support::app::*;
use crate::support::command::Cli;
use crate::support::on_both;
use crate::support::product::{self, Product, has_fields};
use contenthub::db::connection::connect;
use contenthub::db::contents;
use contenthub::operations::account::UpdateAccount;
use contenthub::operations::content::UpdateContent;
use contenthub::operations::entry::{CancelEntry, ClearPublished, RetryEntry};
use contenthub::operations::pool::{AddToAccounts, AddToPool, AddedEntry};
use contenthub::operations::texts::{NoteTextHashes, ReadOldTexts};
use contenthub::{
    AccountId, Addition, App, BatchAdd, ContentId, CreateContent, DatabaseUrl, EntryId, EntryStatus,
    OnConflict, OnSimilar, OperationError,
};
use diesel::connection::SimpleConnection;
use serde_json::{Value, json};
use std::fs;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 3600);
const LATER: &str = "2999-01-01T00:00:00Z";

fn content(app: &App, title: &str, body: &str) -> ContentId {
    app.create_content(CreateContent::new(title, body)).expect("a content").id
}

fn addition(content: ContentId, account: AccountId) -> Addition {
    Addition { account: Some(account), ..Addition::of(content) }
}

fn add_this(app: &App, addition: Addition) -> Result<AddedEntry, OperationError> {
    app.run(AddToPool(addition))
}

/// The entry that an addition is told of.
fn told(app: &App, addition: Addition) -> Option<EntryId> {
    let added = add_this(app, addition).expect("added");
    assert_eq!(added.row.status, EntryStatus::Pending);
    added.similar.map(|similar| similar.entry)
}

fn set(app: &App, account: AccountId, on_similar: OnSimilar) {
    let update = UpdateAccount { on_similar: Some(on_similar), ..UpdateAccount::new(account) };
    app.run(update).expect("changed");
}

/// Publishes all that is due.
fn publish(app: &App) {
    let task = task(app, &format!("by hand {}", app.now()));
    report_of(app, task);
    app.disable_task(task).expect("disabled");
}

#[test]
fn a_text_that_waits_or_was_published_within_thirty_days_is_told() {
    on_both(|url, dir| {
        let (app, clock) = by_hand(url, dir);
        let site = account(&app, "site", "folder", json!({"site": "site"}));
        let other = account(&app, "other", "folder", json!({"site": "other"}));
        let same = |marks: &str| addition(content(&app, "Good news!", marks), site);
        let first = add_this(&app, same("We are **open** again.")).expect("added");
        assert_eq!(first.similar, None, "it is the first");
        let second = add_this(&app, same("> we are open AGAIN")).expect("added");
        let similar = second.similar.expect("the first waits");
        assert_eq!((similar.entry, similar.content), (first.row.id, first.row.content_id));
        assert_eq!((similar.status, similar.at), (EntryStatus::Pending, first.row.due_at));
        assert_eq!(told(&app, addition(second.row.content_id, other)), None, "nothing of it is there");
        assert_eq!(told(&app, addition(content(&app, "Good news", "We are shut again."), site)), None);
        assert_eq!(told(&app, addition(content(&app, "News", "We are open again."), site)), None);

        // What was taken back does not count, and neither does what has failed.
        app.run(CancelEntry(second.row.id)).expect("cancelled");
        assert_eq!(told(&app, same("We are open again…")), Some(first.row.id));
        for open in entries(&app).iter().filter(|entry| entry.account_id == site) {
            if open.status == EntryStatus::Pending && open.id != first.row.id {
                app.run(CancelEntry(open.id)).expect("cancelled");
            }
        }
        publish(&app);
        let out = entry(&app, first.row.id);
        assert_eq!(out.status, EntryStatus::Published);
        let again = add_this(&app, same("We are open — again")).expect("added");
        let similar = again.similar.expect("the first is out");
        assert_eq!((similar.status, Some(similar.at)), (EntryStatus::Published, out.published_at));
        app.run(CancelEntry(again.row.id)).expect("cancelled");

        // Also where it has been removed from the pool since.
        assert!(app.run(ClearPublished).expect("cleared") > 0);
        clock.forward(30 * DAY - Duration::from_secs(60));
        let again = add_this(&app, same("We are open again.")).expect("added");
        let similar = again.similar.expect("the log knows of it");
        assert_eq!((similar.entry, similar.status), (first.row.id, EntryStatus::Published));
        app.run(CancelEntry(again.row.id)).expect("cancelled");
        clock.forward(Duration::from_secs(120));
        assert_eq!(told(&app, same("We are open again.")), None, "that was long ago");
    });
}

#[test]
fn what_is_added_or_tried_again_on_purpose_is_told_too() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let site = account(&app, "site", "folder", json!({"site": "site"}));
        set(&app, site, OnSimilar::Refuse);
        let hello = content(&app, "Hello", "x");
        let first = add_this(&app, addition(hello, site)).expect("added").row.id;
        publish(&app);
        let again = Addition { again: true, ..addition(hello, site) };
        assert_eq!(told(&app, again), Some(first), "the same content, and it is meant");
        let copy = Addition { again: true, ..addition(content(&app, "Hello!", "*x*"), site) };
        let copied = add_this(&app, copy).expect("it is meant");
        assert!(copied.similar.is_some());
        // A later revision is another text.
        app.run(UpdateContent { body: Some("y".to_owned()), ..UpdateContent::new(copied.row.content_id) })
            .expect("changed");
        app.run(CancelEntry(copied.row.id)).expect("cancelled");
        let retry = RetryEntry { id: copied.row.id, by: "ann".to_owned() };
        assert_eq!(app.run(retry.clone()).expect("tried again").similar, None);
        app.run(CancelEntry(copied.row.id)).expect("cancelled");
        app.run(UpdateContent { body: Some("x".to_owned()), ..UpdateContent::new(copied.row.content_id) })
            .expect("changed");
        let similar = app.run(retry).expect("never refused").similar.expect("the same text as before");
        assert_ne!(similar.entry, copied.row.id, "not the entry itself");
    });
}

#[test]
fn an_account_may_refuse_it() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let site = account(&app, "site", "folder", json!({"site": "site"}));
        let other = account(&app, "other", "folder", json!({"site": "other"}));
        set(&app, site, OnSimilar::Refuse);
        let first = add_this(&app, addition(content(&app, "Hello", "x"), site)).expect("added").row.id;
        let copy = content(&app, "Hello", "x");
        let refused = add_this(&app, addition(copy, site)).expect_err("refused");
        assert_eq!(refused.code(), "similar_text");
        assert!(refused.to_string().contains(&format!("entry {first} ")), "{refused}");

        let to_both = AddToAccounts { addition: Addition::of(copy), accounts: vec![other, site] };
        assert_eq!(app.run(to_both).expect_err("all or none").code(), "similar_text");
        assert_eq!(entries(&app).len(), 1);

        let items = || vec![addition(content(&app, "New", "x"), site), addition(copy, site)];
        let batch = |on_conflict| BatchAdd { items: items(), on_conflict };
        let all_or_none = app.run(batch(OnConflict::Fail)).expect_err("refused");
        assert_eq!(all_or_none.code(), "similar_text");
        assert!(all_or_none.to_string().starts_with("items[1]: "), "{all_or_none}");
        let done = app.run(batch(OnConflict::Skip)).expect("the rest is added");
        assert!(done.items[0].is_ok());
        assert_eq!(done.items[1].as_ref().expect_err("skipped").code(), "similar_text");

        // The one in the way is one of the batch, which is undone.
        let twins = || [1, 2].map(|_| addition(content(&app, "Twin", "x"), site)).to_vec();
        let batch = BatchAdd { items: twins(), on_conflict: OnConflict::Fail };
        let refused = app.run(batch).expect_err("refused");
        assert_eq!(
            (refused.code(), refused.to_string()),
            ("similar_text", "items[1]: it has the same text as items[0]".to_owned())
        );

        set(&app, site, OnSimilar::Warn);
        let done = app.run(BatchAdd { items: twins(), on_conflict: OnConflict::Fail }).expect("added");
        let added: Vec<_> = done.items.iter().map(|item| item.as_ref().expect("added")).collect();
        assert_eq!(added[1].similar.map(|similar| similar.entry), Some(added[0].id));
    });
}

/// As many as want it, at the very same moment.
#[test]
fn of_many_that_are_added_at_once_an_account_that_refuses_takes_one() {
    const MANY: usize = 8;
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let site = account(&app, "site", "folder", json!({"site": "site"}));
        set(&app, site, OnSimilar::Refuse);
        for round in 0..5 {
            let contents = [(); MANY].map(|()| content(&app, &format!("Hello {round}"), "x"));
            let apps = [(); MANY].map(|()| App::open(settings(url, dir)).expect("opened"));
            let start = Barrier::new(MANY);
            let taken = thread::scope(|threads| {
                let one = |(app, content)| {
                    let start = &start;
                    threads.spawn(move || {
                        start.wait();
                        match add_this(app, addition(content, site)) {
                            Ok(_) => 1,
                            Err(OperationError::SimilarText { .. }) => 0,
                            Err(other) => panic!("{other}"),
                        }
                    })
                };
                let all: Vec<_> = apps.iter().zip(contents).map(one).collect();
                all.into_iter().map(|one| one.join().expect("an end")).sum::<usize>()
            });
            assert_eq!(taken, 1, "round {round}");
        }
    });
}

#[test]
fn answers_name_the_other_entry() {
    on_both(|url, dir| {
        let product = Product::start(url, dir).by_hand();
        let blog = product.account("blog");
        let text = json!({"title": "Hello", "body": "*x*"});
        let new = || product::id(&product.post("/contents", &text, 201));
        let add = |more: Value| {
            let mut body = json!({"content_id": new(), "account_id": blog, "scheduled_at": LATER});
            body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            body
        };
        let first = product.post("/publish-pool/add", &add(json!({})), 201);
        has_fields(&first, product::ENTRY);
        let names = |warnings: &Value, entry: &Value| {
            let warning = &warnings[0];
            has_fields(warning, "code, message, entry_id, content_id, at");
            assert_eq!((&warning["code"], &warning["entry_id"]), (&json!("similar_text"), &entry["id"]));
            assert_eq!((&warning["content_id"], &warning["at"]), (&entry["content_id"], &entry["due_at"]));
            let message = warning["message"].as_str().expect("a message");
            assert!(message.contains("has the same text, and waits"), "{message}");
            assert_eq!(warnings.as_array().map(Vec::len), Some(1));
        };
        let second = product.post("/publish-pool/add", &add(json!({})), 201);
        has_fields(&second, &format!("{}, warnings", product::ENTRY));
        names(&second["warnings"], &first);
        assert_eq!(product.entry(product::id(&second))["warnings"], Value::Null, "the entry is as any other");
        let batch = product.post("/publish-pool/batch-add", &json!({"items": [add(json!({}))]}), 201);
        names(&batch["items"][0]["warnings"], &second);
        let several = json!({"content_id": new(), "account_ids": [blog], "scheduled_at": LATER});
        let several = product.post("/publish-pool/add", &several, 201);
        let third = product.entry(product::id(&batch["items"][0]));
        names(&several["items"][0]["warnings"], &third);
        let newest = product.entry(product::id(&several["items"][0]));
        let now = json!({"content_id": new(), "account_id": blog});
        let now = product.post("/publisher/publish", &now, 200);
        assert_eq!(now["status"], "published");
        names(&now["warnings"], &newest);
        product.post(&format!("/publish-pool/{}/cancel", newest["id"]), &json!({}), 200);
        let back = product.post(&format!("/publish-pool/{}/retry", newest["id"]), &json!({}), 200);
        assert_eq!(back["warnings"][0]["entry_id"], now["id"]);

        let refuse = product.patch(&format!("/accounts/{blog}"), &json!({"on_similar": "refuse"}), 200);
        assert_eq!(refuse["on_similar"], "refuse");
        let before = product.get("/publish-pool/list")["total"].clone();
        let refused = product.post("/publish-pool/add", &add(json!({})), 409);
        assert_eq!((&refused["code"], &refused["entry_id"]), (&json!("similar_text"), &now["id"]));
        let batch = json!({"items": [add(json!({}))], "on_conflict": "skip"});
        let skipped = &product.post("/publish-pool/batch-add", &batch, 201)["items"][0];
        assert_eq!((&skipped["status"], &skipped["code"]), (&json!("skipped"), &json!("similar_text")));
        assert_eq!(product.get("/publish-pool/list")["total"], before);
        let meant = product.post("/publish-pool/add", &add(json!({"again": true})), 201);
        assert_eq!(meant["warnings"][0]["entry_id"], now["id"]);
    });
}

#[test]
fn the_command_line_warns_in_the_reader_s_language() {
    on_both(|url, dir| {
        let cli = Cli::on(dir, url);
        cli.ok(&["account", "create", "site", "--platform", "folder"]);
        let create = ["content", "create", "--title", "Hello", "--body", "x"];
        (0..4).for_each(|_| drop(cli.ok(&create)));
        let add = |content: &str| {
            cli.run(&["publish-pool", "add", content, "--scheduled-at", LATER]).expect_code(0)
        };
        assert_eq!(add("1").stderr, "");
        let told = add("2").stderr;
        assert!(
            told.starts_with("warning: entry 1 (content 1) has the same text, and waits for account 1"),
            "{told}"
        );
        let chinese = Cli::on(dir, url).env(CHINESE.0, CHINESE.1);
        let told = chinese.run(&["publish-pool", "add", "3", "--scheduled-at", LATER]).expect_code(0).stderr;
        assert!(told.contains("条目 2（内容 2）的文字相同"), "{told}");
        chinese.ok(&["account", "update", "site", "--on-similar", "refuse"]);
        let refused = chinese.run(&["publish-pool", "add", "4"]).expect_code(1).stderr;
        assert!(refused.contains("内容 4 被拒绝：条目 3") && refused.contains("--again"), "{refused}");
        let refused = cli.run(&["publish-pool", "add", "4"]).expect_code(1).stderr;
        assert!(
            refused.contains("content 4 is refused: entry 3") && refused.contains("--again"),
            "{refused}"
        );
        let meant = cli.json(&["publish-pool", "add", "4", "--again"]);
        assert_eq!(meant["warnings"][0]["entry_id"], 3);
        cli.ok(&["publish-pool", "cancel", "4"]);
        let retried = cli.run(&["publish-pool", "retry", "4"]).expect_code(0).stderr;
        assert!(retried.starts_with("warning: entry 3 "), "{retried}");
    });
}

#[test]
fn an_import_names_them_and_leaves_out_what_is_refused() {
    on_both(|url, dir| {
        let cli = Cli::on(dir, url);
        cli.ok(&["account", "create", "site", "--platform", "folder"]);
        let posts = dir.join("posts");
        fs::create_dir_all(&posts).expect("a folder");
        let write = |name: &str, text: &str| fs::write(posts.join(name), text).expect("written");
        let header = format!("---\nscheduled_at: {LATER}\ntitle: Hello\n---\n");
        write("a.md", &format!("{header}Some *words*."));
        write("b.md", &format!("{header}SOME WORDS!"));
        let import =
            |args: &[&str]| cli.run(&[&["content", "import", "posts"], args].concat()).expect_code(0);
        let rehearsal = import(&["--dry-run", "--output", "json"]).json();
        let entry = &rehearsal["files"][1]["entries"][0];
        assert_eq!(
            (&entry["note"], &entry["warnings"]),
            (&json!("it has the same text as posts/a.md"), &Value::Null)
        );
        let done = import(&["--output", "json"]);
        assert!(done.stderr.contains("warning: 1 have the text of another post"), "{}", done.stderr);
        let done = done.json();
        assert_eq!(done["entries_added"], 2);
        let (first, second) = (&done["files"][0]["entries"][0], &done["files"][1]["entries"][0]);
        assert_eq!(first["warnings"], Value::Null);
        assert_eq!(second["warnings"][0]["entry_id"], first["entry_id"]);

        cli.ok(&["account", "update", "site", "--on-similar", "refuse"]);
        write("c.md", &format!("{header}Some words"));
        write("d.md", &format!("{header}Other words"));
        let table = import(&[]);
        assert!(table.stdout.contains("same text, not added"), "{}", table.stdout);
        let again = import(&["--output", "json"]).json();
        assert_eq!(again["files"][2]["entries"][0]["became"], "same text, not added");
        assert_eq!(again["files"][3]["entries"][0]["became"], "waiting already");
        assert_eq!(cli.json(&["content", "list"])["total"], 4, "it is a content all the same");
        assert_eq!(cli.json(&["publish-pool", "list"])["total"], 3);
    });
}

/// As an earlier version of the program left them.
fn forget_hashes(url: &DatabaseUrl) {
    let forget = "UPDATE contents SET text_hash = NULL";
    connect(url).expect("connected").batch_execute(forget).expect("forgotten");
}

fn unread(url: &DatabaseUrl) -> Vec<ContentId> {
    contents::unread(&mut connect(url).expect("connected"), ContentId(0), 100).expect("found")
}

#[test]
fn texts_of_an_earlier_version_are_read_once_there_is_a_server() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let site = account(&app, "site", "folder", json!({"site": "site"}));
        let later = app.now() + 1000 * DAY;
        let new = || {
            let hello = content(&app, "Hello", "x");
            Addition { scheduled_at: Some(later), ..addition(hello, site) }
        };
        let first = add_this(&app, new()).expect("added").row.id;
        let (old, older) = (new(), new());
        forget_hashes(url);
        // What is added is read there and then; what it is held against has to have been.
        assert_eq!(told(&app, old), None);
        let read = app.run(ReadOldTexts { after: ContentId(0) }).expect("read");
        assert_eq!(read.len(), 3);
        let changed = read[1].content;
        app.run(UpdateContent { body: Some("y".to_owned()), ..UpdateContent::new(changed) })
            .expect("changed");
        let hash_of_changed = || {
            let mut conn = connect(url).expect("connected");
            contents::text_hash(&mut conn, changed).expect("read")
        };
        let hash = hash_of_changed();
        app.run(NoteTextHashes(read)).expect("noted");
        assert_eq!(hash_of_changed(), hash, "a newer revision has its own");
        assert_eq!(unread(url), []);
        assert_eq!(told(&app, older), Some(first));

        forget_hashes(url);
        let product = Product::start(url, dir);
        eventually("all are read", || unread(url).is_empty().then_some(()));
        drop(product);
        let newest = add_this(&app, new()).expect("added").similar.expect("it was read");
        assert_eq!(newest.status, EntryStatus::Pending);
    });
}
