//! `contenthub serve` from its first line to its end: by itself, as a demo, and beside commands.

use crate::support::command::{Cli, Server};
use crate::support::on_both;
use crate::support::process::Running;
use crate::support::product::*;
use crate::support::receiver::{Answer, Receiver};
use contenthub::db::database_url::DatabaseUrl;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

#[test]
fn a_server_says_where_it_is_and_records_what_is_on_the_wire_before_it_ends() {
    on_both(|url, dir| {
        let product = Product::start(url, dir);
        let address = product.server.url("");
        assert_eq!(product.server.printed("\n"), format!("ContentHub listens on {address}\n"));
        for (path, status) in [("/healthz", "ok"), ("/readyz", "ready")] {
            let answer = product.server.send("GET", path, &[("authorization", "")], b"").expect_status(200);
            assert_eq!(answer.body["status"], status);
        }
        let blog = product.account("blog");
        product.receiver.on_path("/blog", [Answer::published("m-1", "https://blog.example/1").held()]);
        let add = |title: &str, at: Value| {
            product.add(json!({"content_id": product.content(title), "account_id": blog, "scheduled_at": at}))
        };
        let (on_the_wire, later) =
            (add("on the wire", Value::Null), add("later", json!("2999-01-01T00:00:00Z")));
        product.receiver.wait_for(1, SOON);
        assert_eq!(product.entry(on_the_wire)["status"], "publishing");
        // What is on the wire is neither changed nor removed under its feet.
        for (method, path) in [("PATCH", ""), ("DELETE", ""), ("POST", "/cancel"), ("POST", "/retry")] {
            let path = format!("/api/v1/publish-pool/{on_the_wire}{path}");
            let answer = product.server.send(method, &path, &[], b"{}");
            assert_eq!(
                (answer.status, &answer.body["state"]),
                (409, &json!("publishing")),
                "{method} {}",
                answer.text
            );
        }

        product.server.signal("TERM");
        let Product { cli, server, receiver } = product;
        // It takes no new work meanwhile, and says so only by ending.
        receiver.release();
        let (status, stderr) = server.end(SOON);
        assert_eq!(status.code(), Some(0), "{stderr}");
        assert!(stderr.contains("nothing new is sent"), "{stderr}");
        let entry = cli.json(&["publish-pool", "show", &on_the_wire.to_string()]);
        assert_eq!((&entry["status"], &entry["media_id"]), (&json!("published"), &json!("m-1")), "{entry}");
        assert_eq!(cli.json(&["publish-pool", "show", &later.to_string()])["status"], "pending");
        let log = cli.json(&["publisher", "history"]);
        assert_eq!((&log["total"], &log["items"][0]["status"]), (&json!(1), &json!("published")));
        assert_eq!(receiver.posts().len(), 1);
        // The next one goes on where this one ended.
        let mut server = Server::start(&cli, &[]);
        server.use_token(&cli.token("viewer"));
        let stats = server.get("/api/v1/publish-pool/stats").expect_status(200);
        assert_eq!((&stats.body["published"], &stats.body["pending"]), (&json!(1), &json!(1)));
    });
}

/// A command in another process adds what is due, and makes sooner what was to come later.
#[test]
fn a_command_beside_a_server_is_heard_at_once() {
    on_both(|url, dir| {
        let product = Product::start(url, dir);
        product.account("blog");
        for number in 1..=5 {
            product.content(&format!("{number}"));
            product.cli.ok(&["publish-pool", "add", &number.to_string()]);
            product.receiver.wait_for(number, Duration::from_secs(2));
        }
        product.content("later");
        product.cli.ok(&["publish-pool", "add", "6", "--scheduled-at", "2999-01-01T00:00:00Z"]);
        assert_eq!(product.entry(6)["status"], "pending");
        product.cli.ok(&["publish-pool", "schedule", "6", "2020-01-01T00:00:00Z"]);
        product.receiver.wait_for(6, Duration::from_secs(2));
        product.cli.ok(&["account", "suspend", "blog", "--reason", "lunch"]);
        product.content("after lunch");
        let entry = product.add(json!({"content_id": 7}));
        let waits = product.entry(entry)["waiting_for"].as_str().unwrap_or_default().to_owned();
        assert!(waits.contains("lunch"), "{waits}");
        product.cli.ok(&["account", "resume", "blog"]);
        product.receiver.wait_for(7, Duration::from_secs(2));
    });
}

#[test]
fn the_demo_shows_itself_and_leaves_nothing_behind() {
    let dir = tempfile::tempdir().expect("a folder");
    let cli = Cli::in_dir(dir.path()).env("TMPDIR", &dir.path().display().to_string());
    let mut demo = Server::start(&cli, &["--demo"]);
    let told = demo.printed("Ctrl-C");
    let after = |sign: &str| {
        let rest = told.split_once(sign).unwrap_or_else(|| panic!("no {sign} in {told}")).1;
        rest.split_whitespace().next().unwrap_or_default().to_owned()
    };
    assert_eq!(after("The site:"), demo.url("/demo/site/"));
    let token = after("The token:");
    demo.use_token(&token);
    let curls: Vec<&str> = told.lines().map(str::trim).filter(|line| line.starts_with("curl ")).collect();
    assert!(curls.len() >= 3 && curls.iter().all(|line| line.contains(&demo.url("/api/v1/"))), "{told}");
    assert!(!demo.get("/api/v1/publish-pool/stats").expect_status(200).body.is_null(), "the token is good");

    let product = Product { cli, server: demo, receiver: Receiver::start() };
    assert_eq!(product.server.get("/demo").expect_status(308).headers["location"], "/demo/");
    let first = product.entry_is(1, "published");
    let demo = &product.server;
    assert!(page(demo, "/demo/", "text/html; charset=utf-8").contains("href=\"site/\""));
    let index = page(demo, "/demo/site/", "text/html; charset=utf-8");
    assert!(index.contains("Hello from ContentHub"), "{index}");
    well_formed(&index);
    let feed = page(demo, "/demo/site/feed.xml", "application/atom+xml; charset=utf-8");
    assert!(
        feed.starts_with("<?xml ") && feed.contains("<feed xmlns=\"http://www.w3.org/2005/Atom\">"),
        "{feed}"
    );
    well_formed(&feed);
    let post = page(demo, first["url"].as_str().expect("a place"), "text/html; charset=utf-8");
    assert!(post.contains("<strong>due at once</strong>"), "{post}");
    well_formed(&post);
    let moved = demo.get("/demo/site").expect_status(308);
    assert_eq!(moved.headers.get("location").map(String::as_str), Some("/demo/site/"));
    let printed = demo.stderr();
    assert!(
        printed.lines().any(|line| line.contains("Hello from ContentHub")),
        "a line a publication: {printed}"
    );

    // The third of the lines to try: one's own post, published with the others.
    let own = product.post("/contents", &json!({"title": "Mine", "body": "# Hello"}), 201);
    let entry = product.add(json!({"content_id": own["id"], "priority": 1}));
    product.entry_is(entry, "published");
    assert!(page(demo, "/demo/site/", "text/html; charset=utf-8").contains("Mine"));

    let throw_away = || {
        let entries = std::fs::read_dir(dir.path()).expect("a folder").flatten();
        entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("contenthub-demo-")).count()
    };
    assert_eq!(throw_away(), 1);
    let (status, stderr) = product.server.end_by("INT", SOON);
    assert_eq!(status.code(), Some(0), "{stderr}");
    assert_eq!(throw_away(), 0, "the throw-away directory goes");
    assert!(!dir.path().join("data").exists());
}

/// Whoever reads the address may end it at once, and it still tidies up.
#[test]
fn a_server_that_is_ended_as_soon_as_it_speaks_ends_well() {
    let dir = tempfile::tempdir().expect("a folder");
    let cli = Cli::in_dir(dir.path()).env("TMPDIR", &dir.path().display().to_string());
    for signal in ["INT", "TERM"] {
        let demo = Server::start(&cli, &["--demo"]);
        let (status, stderr) = demo.end_by(signal, SOON);
        assert_eq!(status.code(), Some(0), "SIG{signal}: {stderr}");
        assert_eq!(std::fs::read_dir(dir.path()).expect("a folder").count(), 0, "SIG{signal}");
    }
}

/// The throw-away directory goes whenever the demo is ended: also while it opens and fills.
#[test]
fn a_demo_that_is_ended_before_it_runs_leaves_nothing_behind() {
    let dir = tempfile::tempdir().expect("a folder");
    let variables = [("TMPDIR".to_owned(), dir.path().display().to_string())];
    let is_empty = || std::fs::read_dir(dir.path()).expect("a folder").next().is_none();
    for signal in ["INT", "TERM"] {
        let args = ["serve", "--demo", "--listen", "127.0.0.1:0"];
        let mut demo = Running::spawn(dir.path(), &variables, b"", &args);
        let deadline = Instant::now() + SOON;
        while is_empty() {
            assert!(Instant::now() < deadline, "no directory: {}", demo.stderr.text());
        }
        demo.signal(signal);
        let status = demo.wait(SOON).expect("it ends");
        assert_eq!(status.code(), Some(0), "SIG{signal}: {}", demo.stderr.text());
        assert!(is_empty(), "SIG{signal}");
    }
}

/// A page of a site, which may run nothing.
#[track_caller]
fn page(server: &Server, path: &str, kind: &str) -> String {
    let answer = server.send("GET", path, &[("authorization", "")], b"").expect_status(200);
    let header = |name: &str| answer.headers.get(name).map(String::as_str);
    assert_eq!(header("content-type"), Some(kind), "{path}");
    assert_eq!(header("content-security-policy"), Some("sandbox"), "{path}");
    assert_eq!(header("x-content-type-options"), Some("nosniff"), "{path}");
    answer.text
}

/// Every element that is opened is closed, in order, and no markup stands half open; enough for what we write.
#[track_caller]
fn well_formed(text: &str) {
    const VOID: [&str; 7] = ["meta", "link", "br", "img", "hr", "input", "!doctype"];
    let mut open: Vec<&str> = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        let end =
            rest[at..].find('>').unwrap_or_else(|| panic!("a tag without an end: {}", &rest[at..])) + at;
        let tag = &rest[at + 1..end];
        assert!(!tag.contains('<'), "a tag in a tag: {tag}");
        let name = tag.trim_start_matches('/').split([' ', '/', '\n']).next().unwrap_or_default();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "closed in the wrong order: {text}");
        } else if !tag.ends_with('/') && !tag.starts_with('?') && !VOID.contains(&name) {
            open.push(name);
        }
        rest = &rest[end + 1..];
    }
    assert!(open.is_empty(), "never closed: {open:?}");
    for (at, _) in text.match_indices('&') {
        let reference = text[at + 1..].split(';').next().unwrap_or_default();
        assert!(reference.len() < 10 && !reference.contains(' '), "a bare ampersand: {}", &text[at..]);
    }
}

/// What is to be published is nobody else's to read on a machine that others use, too.
#[test]
fn a_new_database_is_its_owners_alone() {
    let dir = tempfile::tempdir().expect("a folder");
    let product = Product::start(&DatabaseUrl::in_data_dir(dir.path()), dir.path());
    product.content("secret plans");
    let modes: Vec<(String, u32)> = std::fs::read_dir(dir.path())
        .expect("a folder")
        .chain(std::fs::read_dir(dir.path().join("data")).into_iter().flatten())
        .flatten()
        .filter(|file| file.file_name().to_string_lossy().starts_with("contenthub.db"))
        .filter(|file| file.file_type().is_ok_and(|it| it.is_file()))
        .map(|file| {
            (
                file.file_name().to_string_lossy().into_owned(),
                file.metadata().expect("there").permissions().mode() & 0o777,
            )
        })
        .collect();
    assert!(modes.len() >= 2, "the database and its log: {modes:?}");
    assert!(modes.iter().all(|(_, mode)| *mode == 0o600), "{modes:?}");
}
