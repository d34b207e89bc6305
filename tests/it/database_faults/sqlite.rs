//! A SQLite file that somebody else holds, that may not grow, or that is gone.

use super::*;
use contenthub::db::connection::{Patience, connect};
use contenthub::db::kept::Kept;
use diesel::connection::SimpleConnection;
use std::fs;
use std::path::PathBuf;

/// All on one server, which goes on from each to the next.
#[test]
fn a_run_outlives_whatever_befalls_a_sqlite_file() {
    let dir = tempfile::tempdir().expect("a folder");
    let url = DatabaseUrl::in_data_dir(dir.path());
    let DatabaseUrl::Sqlite(path) = &url else { panic!("it is a file") };
    let mut world = World::start(&url, &url, dir.path());
    locked(&mut world, &url);
    full(&mut world);
    deleted(&mut world, path);
}

fn locked(world: &mut World, url: &DatabaseUrl) {
    const HELD: Duration = Duration::from_secs(10);
    let run = world.run_over(40);
    world.hold_the_wire();
    let mut other = connect(url).expect("connected");
    other.batch_execute("BEGIN IMMEDIATE").expect("locked");
    let since = Instant::now();
    world.nothing_leaves(|| {
        is_told_to_come_again(&write(world.server()));
        // Whoever only looks is answered.
        world.server().get("/api/v1/publish-pool/stats").expect_status(200);
        sleep(HELD.saturating_sub(since.elapsed()));
    });
    other.batch_execute("ROLLBACK").expect("let go");
    world.ends(run, 40);
    world.is_whole();
    world.is_ready_again();
}

/// Before its row has to be written, by which it is noticed where there is nothing to publish.
#[test]
fn an_outcome_that_cannot_be_written_is_told_at_once() {
    let dir = tempfile::tempdir().expect("a folder");
    let url = DatabaseUrl::in_data_dir(dir.path());
    let product = Product::start_with(Cli::on(dir.path(), &url).env("CONTENTHUB_LEASE_SECONDS", "3600"));
    product.receiver.on_any([Answer::status(200).held()]);
    let blog = product.account("blog");
    let entry = product.add(json!({"content_id": product.content("a"), "account_id": blog}));
    product.receiver.wait_for(1, PATIENCE);
    let mut other = connect(&url).expect("connected");
    other.batch_execute("BEGIN IMMEDIATE").expect("locked");
    product.receiver.release();
    eventually("it is told", || (product.server.get("/readyz").status == 503).then_some(()));
    let status = product.get("/scheduler/status");
    assert_eq!(status["problems"][0]["code"], "cannot_write", "{status:#}");
    other.batch_execute("ROLLBACK").expect("let go");
    product.entry_is(entry, "published");
    eventually("it is over", || (product.server.get("/readyz").status == 200).then_some(()));
}

/// No file may grow beyond less than a page, which a disk without room looks like to SQLite.
fn full(world: &mut World) {
    let run = world.run_over(40);
    world.hold_the_wire();
    let pid = i32::try_from(world.server().pid()).expect("a pid");
    let (soft, hard) = limit_of_files(pid, None);
    limit_of_files(pid, Some((1024, hard)));
    world.nothing_leaves(|| {
        for _ in 0..3 {
            is_told_to_come_again(&write(world.server()));
        }
        world.server().get("/api/v1/publish-pool/stats").expect_status(200);
        // The engine has tried, too.
        world.eventually("the log says it", || {
            world
                .server()
                .stderr()
                .contains("the engine's cycle failed, and is tried again: the database is not available")
        });
    });
    limit_of_files(pid, Some((soft, hard)));
    world.ends(run, 40);
    world.is_whole();
    // With nothing on the wire, too.
    limit_of_files(pid, Some((1024, hard)));
    world.eventually("it says that it cannot write", || world.server().get("/readyz").status == 503);
    world.is_not_ready();
    let status = world.product.get("/scheduler/status");
    assert_eq!(status["problems"][0]["code"], "cannot_write", "{status:#}");
    limit_of_files(pid, Some((soft, hard)));
    world.is_ready_again();
    let status = world.product.get("/scheduler/status");
    assert_eq!(status["ok"], true, "{status:#}");
}

/// What became of it is not known to anybody but the one that ends: it says so, and the next one finds it out.
#[test]
fn whoever_ends_without_having_written_what_it_knows_says_so() {
    let dir = tempfile::tempdir().expect("a folder");
    let url = DatabaseUrl::in_data_dir(dir.path());
    let cli = Cli::on(dir.path(), &url).env("CONTENTHUB_GRACE_SECONDS", "2");
    let product = Product::start_with(cli);
    product.receiver.on_any([Answer::status(200).held()]);
    let blog = product.account("blog");
    let entry = product.add(json!({"content_id": product.content("a"), "account_id": blog}));
    product.receiver.wait_for(1, PATIENCE);
    let pid = i32::try_from(product.server.pid()).expect("a pid");
    let (_, hard) = limit_of_files(pid, None);
    limit_of_files(pid, Some((1024, hard)));
    product.receiver.release();
    let Product { server, receiver, cli, .. } = product;
    let (ended, said) = server.terminate(PATIENCE);
    assert_eq!(ended.code(), Some(1), "{said}");
    let told = "the database did not take what became of 1 posts that were on the wire";
    assert!(said.lines().last().is_some_and(|line| line.contains(told)), "{said}");
    receiver.on_any([Answer::status(200)]);
    let _next = Server::start(&cli, &[]);
    eventually("it is found out", || {
        let shown = cli.json(&["publish-pool", "show", &entry.to_string()]);
        (shown["status"] == "published").then_some(())
    });
    assert_eq!(receiver.by_webhook_id().len(), 1, "under one key");
}

/// Those that open a file by different names do not see what the others write.
#[test]
fn a_file_with_two_names_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let url = DatabaseUrl::in_data_dir(dir.path());
    let DatabaseUrl::Sqlite(path) = &url else { panic!("it is a file") };
    let cli = Cli::on(dir.path(), &url);
    let server = Server::start(&cli, &[]);
    let other = path.with_extension("other");
    fs::hard_link(path, &other).expect("linked");
    for name in [path, &other] {
        let refused = Cli::on(dir.path(), &DatabaseUrl::Sqlite(name.clone())).run(&[
            "serve",
            "--listen",
            "127.0.0.1:0",
        ]);
        let said = refused.expect_code(1).stderr;
        assert!(said.contains(&format!("{} has another name, a hard link", name.display())), "{said}");
    }
    assert_eq!(server.get("/readyz").status, 200, "whoever runs goes on");
    fs::remove_file(&other).expect("removed");
    cli.ok(&["status"]);
}

/// What is there with it is not lost, nor what others write beside it meanwhile: for the next one it is as after any end.
#[test]
fn what_is_removed_beside_a_file_takes_no_post_with_it() {
    for (removed, ending) in [("-wal", "KILL"), ("-shm", "KILL"), ("-wal", "TERM"), ("-shm", "TERM")] {
        let dir = tempfile::tempdir().expect("a folder");
        let url = DatabaseUrl::in_data_dir(dir.path());
        let DatabaseUrl::Sqlite(path) = &url else { panic!("it is a file") };
        let product = Product::start(&url, dir.path());
        let blind = json!({"settings": {"url": product.receiver.url("/blind"), "deduplicates": false}});
        let blind = product.account_with("blind", blind);
        let entry = product.add(json!({"content_id": product.content("a"), "account_id": blind}));
        product.entry_is(entry, "published");
        fs::remove_file(format!("{}{removed}", path.display())).expect("removed");
        eventually("it is seen", || (product.server.get("/readyz").status == 503).then_some(()));
        let meanwhile = product.cli.run(&["content", "create", "--title", "meanwhile", "--body", "x"]);
        let Product { server, receiver, cli, .. } = product;
        server.end_by(ending, PATIENCE);
        let mut next = Server::start(&cli, &[]);
        next.use_token(&cli.token("viewer"));
        let shown = cli.json(&["publish-pool", "show", &entry.to_string()]);
        assert_eq!(shown["status"], "published", "{removed} {ending}: {shown}");
        let contents = &cli.json(&["content", "list"])["total"];
        let expected = if meanwhile.code == Some(0) { 2 } else { 1 };
        assert_eq!(contents, &json!(expected), "{removed} {ending}: {}", meanwhile.stderr);
        assert_eq!(receiver.by_webhook_id().into_values().collect::<Vec<_>>(), [1], "{removed} {ending}");
    }
}

/// The index that it knows the log by is another one than that of whoever came later.
#[test]
fn a_connection_whose_index_was_removed_does_not_take_the_log_of_others_away() {
    let dir = tempfile::tempdir().expect("a folder");
    let url = DatabaseUrl::in_data_dir(dir.path());
    let DatabaseUrl::Sqlite(path) = &url else { panic!("it is a file") };
    let cli = Cli::on(dir.path(), &url);
    let create = |title: &str| cli.ok(&["content", "create", "--title", title, "--body", "x"]);
    create("before");
    let mut kept = Kept::new(&url, Patience::Server);
    let write = "PRAGMA user_version = 0;";
    kept.get(|_| Ok(())).expect("open").batch_execute(write).expect("written");
    fs::remove_file(format!("{}-shm", path.display())).expect("removed");
    create("meanwhile");
    assert!(kept.get(|_| Ok(())).is_err(), "it is seen");
    drop(kept);
    assert_eq!(cli.json(&["content", "list"])["total"], 2);
}

fn limit_of_files(pid: i32, new: Option<(u64, u64)>) -> (u64, u64) {
    let (mut soft, mut hard) = (0, 0);
    rlimit::prlimit(pid, rlimit::Resource::FSIZE, new, Some((&mut soft, &mut hard))).expect("limited");
    (soft, hard)
}

/// Its name is taken away, and then given back.
fn deleted(world: &mut World, path: &Path) {
    let kept: PathBuf = path.with_extension("kept");
    let run = world.run_over(40);
    world.hold_the_wire();
    fs::hard_link(path, &kept).expect("kept");
    fs::remove_file(path).expect("deleted");
    world.nothing_leaves(|| {
        world.nobody_is_served();
        world.is_not_ready();
        let ready = world.server().get("/readyz");
        assert!(ready.text.contains("was deleted, moved or replaced"), "{}", ready.text);
        let said = format!("{} was deleted, moved or replaced", path.display());
        world.eventually("the log says it", || world.server().stderr().contains(&said));
    });
    let refused = world.product.cli.run(&["content", "create", "--title", "x", "--body", "x"]).expect_code(1);
    let said = format!("{} is not there, and a server that has it open runs still", path.display());
    assert!(refused.stderr.contains(&said), "{}", refused.stderr);
    assert!(!path.exists(), "another database was made in its place");
    fs::rename(&kept, path).expect("given back");
    world.ends(run, 40);
    world.is_whole();
    world.is_ready_again();
}
