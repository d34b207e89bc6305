//! A SQLite file that somebody else holds, that may not grow, or that is gone.

use super::*;
use contenthub::db::connection::connect;
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
    assert!(!path.exists(), "another database was made in its place");
    fs::rename(&kept, path).expect("given back");
    world.ends(run, 40);
    world.is_whole();
    world.is_ready_again();
}
