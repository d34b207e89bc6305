//! `contenthub doctor`: what is wrong with an installation is found, named, and told with what to do.

use crate::support::command::{Cli, Server};
use crate::support::on_both;
use crate::support::receiver::{Answer, Receiver};
use contenthub::db::connection::connect;
use contenthub::db::database_url::DatabaseUrl;
use diesel::connection::SimpleConnection;
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;

/// What `doctor` found: exit code, and each check with its health and what it says.
fn examine(cli: &Cli, args: &[&str]) -> (i32, Vec<(String, String, String)>) {
    let ended = cli.run(&[&["doctor", "--output", "json"], args].concat());
    let found: Value = serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{ended:?}"));
    let text = |it: &Value, field: &str| it[field].as_str().unwrap_or_default().to_owned();
    let checks = found["checks"].as_array().expect("checks").iter();
    let checks =
        checks.map(|it| (text(it, "check"), text(it, "health"), text(it, "message") + &text(it, "todo")));
    let code = ended.code.expect("a code");
    assert_eq!(found["ok"], code == 0, "{ended:?}");
    (code, checks.collect())
}

#[track_caller]
fn expect(found: &[(String, String, String)], check: &str, health: &str, says: &str) {
    let one = found.iter().find(|it| it.0 == check && it.1 == health && it.2.contains(says));
    assert!(one.is_some(), "no {health} of {check} that says “{says}” in {found:#?}");
}

#[test]
fn a_sound_installation_is_told_to_be_so_and_its_accounts_are_asked_for_no_post() {
    on_both(|url, dir| {
        let (cli, receiver) = (Cli::on(dir, url), Receiver::start());
        receiver.on_any([Answer::status(204)]);
        let hook = format!("url={}", receiver.url("/hook"));
        cli.ok(&["account", "create", "blog", "--platform", "webhook", "--setting", &hook]);
        let server = Server::start(&cli, &[]);
        let (code, found) = crate::support::app::eventually("a server is told of", || {
            let (code, found) = examine(&cli, &[]);
            found.iter().any(|it| it.0 == "server" && it.1 == "ok").then_some((code, found))
        });
        assert_eq!(code, 0, "{found:#?}");
        for check in ["data_dir", "key_file", "timezone", "database", "schema", "key", "clock", "tasks"] {
            expect(&found, check, "ok", "");
        }
        expect(&found, "accounts", "ok", "Accounts: 1, of which 1 were tested without publishing");
        assert!(receiver.posts().iter().all(|post| post.title().is_none()), "nothing was published");
        let (_, found) = examine(&cli, &["--offline"]);
        expect(&found, "accounts", "ok", "none of which was tested");
        drop(server);
    });
}

#[test]
fn each_fault_is_found_and_told_with_what_to_do() {
    on_both(|url, dir| {
        let cli = Cli::on(dir, url);
        cli.ok(&[
            "account",
            "create",
            "gone",
            "--platform",
            "webhook",
            "--setting",
            "url=http://127.0.0.1:1/x",
            "--credential",
            "secret=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        ]);
        cli.ok(&["account", "create", "site", "--platform", "folder"]);
        cli.ok(&["account", "suspend", "site", "--reason", "quota"]);
        let (code, found) = examine(&cli, &["--offline"]);
        assert_eq!(code, 0, "warnings are no failure: {found:#?}");
        expect(&found, "accounts", "warn", "contenthub account resume site");
        expect(&found, "server", "warn", "contenthub serve");
        let (code, found) = examine(&cli, &[]);
        assert_eq!(code, 1);
        expect(&found, "accounts", "fail", "“gone”");

        cli.ok(&["scheduler", "disable", "1"]);
        let key = dir.join("data/secret.key");
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).expect("its mode");
        let other = cli.clone().env("CONTENTHUB_SECRET_KEY", &"ab".repeat(32));
        let (_, found) = examine(&cli, &["--offline"]);
        expect(&found, "tasks", "warn", "nothing goes out by itself");
        expect(&found, "key_file", "warn", "chmod 600");
        let (code, found) = examine(&other, &["--offline"]);
        assert_eq!(code, 1);
        expect(&found, "key", "fail", "CONTENTHUB_SECRET_KEY");
        let away = dir.join("away.key");
        std::fs::rename(&key, &away).expect("moved");
        let (code, found) = examine(&cli, &["--offline"]);
        assert!(code == 1 && !key.exists(), "looking makes none");
        expect(&found, "key", "fail", "from your backup");
        std::fs::rename(&away, &key).expect("moved back");
        let broken = cli.run(&["doctor", "--offline"]).expect_code(0);
        assert!(broken.stdout.contains("→ ") && broken.stdout.contains(" warn "), "{}", broken.stdout);
    });
}

#[test]
fn a_pause_of_publishing_is_told_with_who_and_how_it_ends() {
    on_both(|url, dir| {
        let cli = Cli::on(dir, url);
        let is_told = || examine(&cli, &["--offline"]).1.into_iter().find(|it| it.0 == "publishing");
        assert_eq!(is_told(), None);
        let paused = cli.json(&["scheduler", "pause", "--reason", "a recall"]);
        let since = paused["paused"]["since"].as_str().expect("an instant").to_owned();
        let by = paused["paused"]["by"].as_str().expect("somebody").to_owned();
        let (code, found) = examine(&cli, &["--offline"]);
        assert_eq!(code, 0, "it is as somebody wanted it");
        for says in [&*since, &*by, "(a recall)", "contenthub scheduler resume"] {
            expect(&found, "publishing", "warn", says);
        }
        let shown = cli.run(&["doctor", "--offline"]).expect_code(0).stdout;
        assert!(shown.contains("Publishing is paused since ") && !shown.contains(&since), "{shown}");
        cli.ok(&["scheduler", "resume"]);
        assert_eq!(is_told(), None);
    });
}

#[test]
fn a_task_that_never_fires_again_is_found() {
    on_both(|url, dir| {
        let cli = Cli::on(dir, url);
        cli.ok(&["scheduler", "create", "--name", "once", "--run-at", "2099-01-01 00:00"]);
        let sql = "UPDATE scheduled_tasks SET run_at = 1000000, next_run = NULL, enabled = TRUE WHERE id = 2";
        connect(url).expect("connected").batch_execute(sql).expect("written");
        let (_, found) = examine(&cli, &["--offline"]);
        expect(&found, "tasks", "warn", "Task 2 “once” never fires again.");
    });
}

/// Posts on the other accounts would wait for ever.
#[test]
fn an_account_that_no_task_publishes_on_is_found_and_told_as_soon_as_something_is_due_there() {
    on_both(|url, dir| {
        let cli = Cli::on(dir, url);
        for name in ["blog", "other"] {
            cli.ok(&["account", "create", name, "--platform", "folder"]);
        }
        cli.ok(&["scheduler", "update", "1", "--param", "account_ids=1"]);
        let (code, found) = examine(&cli, &["--offline"]);
        assert_eq!(code, 0, "it may be meant so");
        expect(&found, "tasks", "warn", "No enabled task publishes on other: ");
        let problems = || cli.json(&["status"])["problems"].to_string();
        assert!(!problems().contains("no_task"), "nothing is due there");
        cli.ok(&["content", "create", "--title", "x", "--body", "x"]);
        cli.ok(&["publish-pool", "add", "1", "--account", "other"]);
        let told = problems();
        assert!(told.contains("no_task") && told.contains("due on other, and no enabled task"), "{told}");
        cli.ok(&["scheduler", "update", "1", "--no-params"]);
        assert!(!problems().contains("no_task"), "now one does");
        let (_, found) = examine(&cli, &["--offline"]);
        assert!(!format!("{found:?}").contains("No enabled task"), "{found:?}");
    });
}

#[test]
fn what_is_not_there_is_not_made_and_what_cannot_be_reached_is_told() {
    let dir = tempfile::tempdir().expect("a folder");
    let cli = Cli::in_dir(dir.path());
    let (code, found) = examine(&cli, &[]);
    assert_eq!(code, 0);
    expect(&found, "database", "warn", "is not there yet");
    expect(&found, "data_dir", "warn", "is not there yet");
    assert!(!dir.path().join("data").exists(), "doctor makes nothing");
    let away =
        cli.clone().env("CONTENTHUB_DATABASE_URL", "postgres://nobody@127.0.0.1:1/x?connect_timeout=1");
    let (code, found) = examine(&away, &[]);
    assert_eq!(code, 1);
    expect(&found, "database", "fail", "--database-url");
    std::fs::write(dir.path().join("no.db"), "this is no database, but a text of some length".repeat(40))
        .expect("written");
    let other = DatabaseUrl::Sqlite(dir.path().join("no.db"));
    let (code, found) = examine(&Cli::on(dir.path(), &other), &[]);
    assert_eq!(code, 1);
    expect(&found, "database", "fail", "is not a SQLite database");
}
