//! The key that seals credentials is changed: beside running servers, by a process that dies at any moment, with the
//! key in a variable, and with a copy of the database from before.

use crate::support::app::settings;
use crate::support::command::Cli;
use crate::support::on_both;
use crate::support::product::*;
use contenthub::db::connection::connect;
use contenthub::db::database_url::DatabaseUrl;
use contenthub::key_rotation::{Rotated, rotate};
use contenthub::operations::account_test::GetTestable;
use contenthub::platforms::platform::{Credentials, Destination};
use contenthub::{AccountId, App, CreateAccount, OperationError};
use diesel::RunQueryDsl;
use diesel::sql_types::Text;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Base64 of the account's number, so that each secret is another.
fn secret(number: usize) -> String {
    format!("whsec_{number:032}")
}

#[derive(diesel::QueryableByName)]
struct Sealed {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    credentials: String,
}

/// The names of accounts, and the fingerprints that their credentials are sealed with.
fn sealed(url: &DatabaseUrl) -> Vec<(String, String)> {
    const SQL: &str = "SELECT name, credentials FROM accounts WHERE credentials IS NOT NULL ORDER BY id";
    let rows: Vec<Sealed> = diesel::sql_query(SQL).load(&mut connect(url).expect("connected")).expect("rows");
    let key = |it: &Sealed| it.credentials.split('.').nth(1).expect("a fingerprint").to_owned();
    rows.iter().map(|it| (it.name.clone(), key(it))).collect()
}

fn open(url: &DatabaseUrl, dir: &Path) -> App {
    App::open(settings(url, dir)).expect("opened")
}

fn with_accounts(url: &DatabaseUrl, dir: &Path, count: usize) -> App {
    let app = open(url, dir);
    for number in 0..count {
        create(&app, number).expect("an account");
    }
    app
}

fn create(app: &App, number: usize) -> Result<AccountId, OperationError> {
    let credentials = Credentials([("secret".to_owned(), secret(number))].into());
    let settings = json!({"url": "http://127.0.0.1:9/"});
    let new =
        CreateAccount { settings, credentials, ..CreateAccount::new(format!("account {number}"), "webhook") };
    Ok(app.create_account(new)?.id)
}

/// A program that has just been started opens each secret, and all are sealed with one key, which it also seals with.
#[track_caller]
fn all_is_readable(url: &DatabaseUrl, dir: &Path) {
    let app = open(url, dir);
    let rows = sealed(url);
    assert!(!rows.is_empty());
    let keys: Vec<&str> = rows.iter().map(|(_, key)| &**key).collect();
    assert!(keys.iter().all(|key| *key == keys[0]), "sealed with several keys: {keys:?}");
    assert!(app.context().can_decrypt());
    for account in app.run(contenthub::operations::account::ListAccounts).expect("accounts") {
        let number = account.name.trim_start_matches("account ").parse().expect("a number");
        let destination = destination(&app, account.id);
        assert_eq!(destination.credentials.get("secret"), Some(&*secret(number)), "{}", account.name);
    }
}

fn destination(app: &App, id: AccountId) -> Arc<Destination> {
    app.run(GetTestable(id)).expect("an account").destination().expect("its credentials open")
}

#[test]
fn a_server_goes_on_while_the_key_is_changed() {
    on_both(|url, dir| {
        let product = Product::start(url, dir);
        let with_secret = |number: usize| json!({"credentials": {"secret": secret(number)}});
        let account = product.account_with("first", with_secret(1));
        let publish = |product: &Product, account: i64, title: &str| {
            let entry = product.add(json!({"content_id": product.content(title), "account_id": account}));
            product.entry_is(entry, "published");
        };
        publish(&product, account, "before");
        let file = dir.join("data/secret.key");
        let before = fs::read_to_string(&file).expect("a key");

        let told = product.cli.json(&["key", "rotate"]);
        assert_eq!(told["accounts"], 1, "{told:#}");
        let after = fs::read_to_string(&file).expect("a key");
        assert!(after != before && after.lines().count() == 1);
        assert_eq!(sealed(url), [("first".to_owned(), told["to"].as_str().expect("a key").to_owned())]);
        let aside = told["set_aside"][0].as_str().expect("a file");
        assert_eq!(fs::read_to_string(dir.join(aside)).expect("the old key"), before);
        assert!(aside.ends_with(&format!("secret.key.{}", told["from"].as_str().expect("a key"))));

        // It has the account ready, opens and seals others, and says that it is well.
        publish(&product, account, "after");
        let other = product.account_with("second", with_secret(2));
        publish(&product, other, "by the new key");
        product.patch(&format!("/accounts/{account}"), &with_secret(3), 200);
        publish(&product, account, "changed");
        product.server.get("/readyz").expect_status(200);
        let used = |it: &(String, String)| it.1 == told["to"];
        assert!(sealed(url).len() == 2 && sealed(url).iter().all(used), "{:?}", sealed(url));
        let signed =
            product.receiver.posts().iter().all(|post| post.headers.contains_key("webhook-signature"));
        assert!(signed && product.receiver.posts().len() == 4);

        product.cli.ok(&["key", "rotate"]);
        let (status, stderr) = product.server.terminate(SOON);
        assert!(status.success() && !stderr.contains("another key"), "{stderr}");
        let again = Product { receiver: product.receiver, ..Product::start_with(product.cli) };
        publish(&again, account, "after a restart");
        publish(&again, other, "after a restart, too");
        let found = again.cli.json(&["doctor", "--offline"]);
        assert_eq!(found["ok"], true, "{found:#}");
    });
}

/// At each of these points the process might be gone: everything opens with what is there then, and the next change
/// goes through.
#[test]
fn whoever_stops_in_the_middle_leaves_everything_readable() {
    on_both(|url, dir| {
        let app = with_accounts(url, dir, 3);
        let file = dir.join("data/secret.key");
        for (point, keys) in [("key_added", 2), ("sealing_anew", 2), ("sealed_anew", 2), ("key_set_aside", 2)]
        {
            fail::cfg(point, "return").expect("a fail point");
            let stopped = rotate(&app);
            fail::remove(point);
            assert!(stopped.is_err(), "{point}");
            let text = fs::read_to_string(&file).expect("keys");
            assert_eq!(text.lines().count(), keys, "{point}");
            all_is_readable(url, dir);
            let Rotated { from, to, accounts, .. } = rotate(&app).expect("changed");
            assert!(from.is_some_and(|from| from != to) && accounts == 3, "{point}");
            assert_eq!(fs::read_to_string(&file).expect("a key").lines().count(), 1, "{point}");
            all_is_readable(url, dir);
        }
    });
}

#[test]
fn whoever_is_killed_at_any_moment_leaves_everything_readable() {
    on_both(|url, dir| {
        const KILLS: u32 = 12;
        drop(with_accounts(url, dir, 200));
        let cli = Cli::on(dir, url);
        let begun = Instant::now();
        cli.ok(&["key", "rotate"]);
        let whole = begun.elapsed();
        let mut killed = 0;
        for part in 1..=KILLS {
            let mut running = cli.spawn(&["key", "rotate"]);
            std::thread::sleep(whole * part / KILLS);
            killed += u32::from(running.child.try_wait().expect("asked").is_none());
            running.kill();
            all_is_readable(url, dir);
        }
        assert!(killed > KILLS / 3, "{killed} were killed in their middle");
        cli.ok(&["key", "rotate"]);
        all_is_readable(url, dir);
    });
}

/// What is sealed while the key is changed is sealed with the new one, or was sealed anew.
#[test]
fn no_credential_comes_in_behind_a_change() {
    on_both(|url, dir| {
        const ROUNDS: usize = 15;
        let app = with_accounts(url, dir, 1);
        let over = AtomicBool::new(false);
        let made = std::thread::scope(|threads| {
            let making = threads.spawn(|| {
                let app = open(url, dir);
                let mut number = 1;
                while !over.load(Ordering::SeqCst) {
                    create(&app, number).expect("an account");
                    number += 1;
                }
                number
            });
            let changed: Result<Vec<_>, _> = (0..ROUNDS).map(|_| rotate(&app)).collect();
            // Also where one was not: nobody waits for a thread that makes accounts for ever.
            over.store(true, Ordering::SeqCst);
            let made = making.join().expect("accounts are made all the time");
            changed.expect("each was changed");
            made
        });
        assert_eq!(sealed(url).len(), made);
        all_is_readable(url, dir);
    });
}

fn key(digits: &str) -> String {
    digits.repeat(32)
}

#[test]
fn a_key_in_a_variable_is_changed_by_its_owner() {
    on_both(|url, dir| {
        let with = |keys: &str| Cli::on(dir, url).env("CONTENTHUB_SECRET_KEY", keys);
        let (old, new) = (key("ab"), key("cd"));
        let first = Product::start_with(with(&old));
        first.account_with("hook", json!({"credentials": {"secret": secret(1)}}));
        let told = with(&old).run(&["key", "rotate"]).expect_code(2).stderr;
        assert!(told.contains("NEW,OLD") && !told.contains(&old), "{told}");
        let (status, _) = first.server.terminate(SOON);
        assert!(status.success());

        let both = format!("{new},{old}");
        let product = Product { receiver: first.receiver, ..Product::start_with(with(&both)) };
        let publish = |product: &Product| {
            let entry = product.add(json!({"content_id": product.content("x"), "account_id": 1}));
            product.entry_is(entry, "published");
        };
        publish(&product);
        let told = product.cli.json(&["key", "rotate"]);
        assert_eq!((&told["accounts"], &told["set_aside"]), (&json!(1), &json!([])), "{told:#}");
        product.patch("/accounts/1", &json!({"credentials": {"secret": secret(2)}}), 200);
        publish(&product);
        let again = product.cli.json(&["key", "rotate"]);
        assert_eq!((&again["accounts"], &again["to"]), (&json!(0), &told["to"]), "nothing is left to do");
        assert!(!dir.join("data/secret.key").exists());
        let (status, _) = product.server.terminate(SOON);
        assert!(status.success());
        let product = Product { receiver: product.receiver, ..Product::start_with(with(&new)) };
        publish(&product);
        product.server.get("/readyz").expect_status(200);
        let told = with(&old).run(&["key", "rotate"]);
        assert!(told.code != Some(0));
        let told = with(&format!("{},{old}", key("ef"))).run(&["key", "rotate"]).expect_code(1).stderr;
        assert!(told.contains("sealed with another key") && told.contains("hint: "), "{told}");
    });
}

/// A node on another machine has a file of its own. Until the new key is in it, the node says so, and nothing else of
/// it suffers; then it goes on by itself.
#[test]
fn a_node_that_lacks_the_new_key_says_so_until_it_has_it() {
    on_both(|url, dir| {
        drop(with_accounts(url, dir, 1));
        let elsewhere = dir.join("elsewhere");
        fs::create_dir(&elsewhere).expect("a folder");
        let (ours, theirs) = (dir.join("data/secret.key"), elsewhere.join("secret.key"));
        fs::copy(&ours, &theirs).expect("copied");
        let cli = Cli::on(dir, url).env("CONTENTHUB_DATA_DIR", "elsewhere");
        let product = Product::start_with(cli);
        let open_account = product.account("open");
        Cli::on(dir, url).ok(&["key", "rotate"]);

        let change = json!({"credentials": {"secret": secret(0)}});
        let told = product.server.patch("/api/v1/accounts/1", &change).expect_status(409).body;
        assert_eq!(told["code"], "wrong_secret_key", "{told:#}");
        let ready = product.server.get("/readyz").expect_status(503);
        assert_eq!(ready.body["code"], "wrong_secret_key");
        let add =
            |account: i64| product.add(json!({"content_id": product.content("x"), "account_id": account}));
        let (shut, free) = (add(1), add(open_account));
        product.entry_is(free, "published");
        assert_eq!(product.entry(shut)["attempt"], 0);

        fs::copy(&ours, &theirs).expect("copied");
        product.server.get("/readyz").expect_status(200);
        product.server.patch("/api/v1/accounts/1", &change).expect_status(200);
        // It leads nowhere, but it is tried.
        product.until(&format!("/publish-pool/{shut}"), |it| it["attempt"] != 0);
    });
}

/// An old copy wants the old key, which was set aside.
#[test]
fn a_copy_from_before_a_change_can_be_put_back() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let url = DatabaseUrl::in_data_dir(&dir.join("data"));
    drop(with_accounts(&url, dir, 2));
    let cli = Cli::in_dir(dir);
    cli.ok(&["db", "backup", "--to", "copy.db"]);
    let rotated: Value = cli.json(&["key", "rotate"]);
    let aside = rotated["set_aside"][0].as_str().expect("a file");
    let told = cli.run(&["db", "restore", "copy.db"]).expect_code(1).stderr;
    let name = aside.rsplit('/').next().expect("a name");
    assert!(told.contains(name) && told.contains("second line"), "{told}");
    all_is_readable(&url, dir);

    let file = dir.join("data/secret.key");
    let both = [&file, &dir.join(aside)].map(|path| fs::read_to_string(path).expect("a key")).concat();
    fs::write(&file, both).expect("written");
    cli.ok(&["db", "restore", "copy.db"]);
    all_is_readable(&url, dir);
    assert_eq!(sealed(&url)[0].1, rotated["from"], "as it was");
    cli.ok(&["key", "rotate"]);
    assert_eq!(sealed(&url)[0].1, rotated["to"], "with the first of the keys again");
    assert_eq!(fs::read_to_string(&file).expect("a key").lines().count(), 1);
    all_is_readable(&url, dir);
}

/// Both want to change it at once: one after the other.
#[test]
fn two_who_change_it_at_once_take_turns() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let url = DatabaseUrl::in_data_dir(&dir.join("data"));
    drop(with_accounts(&url, dir, 20));
    std::thread::scope(|threads| {
        for _ in 0..3 {
            threads.spawn(|| Cli::in_dir(dir).limit(Duration::from_secs(120)).ok(&["key", "rotate"]));
        }
    });
    all_is_readable(&url, dir);
    let text = fs::read_to_string(dir.join("data/secret.key")).expect("a key");
    assert_eq!(text.lines().count(), 1);
    let kept = fs::read_dir(dir.join("data")).expect("a folder").flatten();
    let keys = kept.filter(|it| it.file_name().to_string_lossy().starts_with("secret.key"));
    assert_eq!(keys.count(), 4, "the first key, and one of each change");
}
