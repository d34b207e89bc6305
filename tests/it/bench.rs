//! `contenthub bench`: its figures are there, and it leaves nothing behind and touches nothing of anybody's.

use crate::support::app::SOON;
use crate::support::command::Cli;
use crate::support::on_both;
use contenthub::db::connection::connect;
use contenthub::db::database_url::DatabaseUrl;
use diesel::prelude::*;
use diesel::sql_types::Text;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

#[derive(QueryableByName)]
struct Database {
    #[diesel(sql_type = Text)]
    name: String,
}

#[test]
fn the_bench_counts_each_delivery_in_a_database_of_its_own() {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    on_both(|url, dir| {
        // A variable names the configured database, which is none of the bench's business.
        let cli = Cli::on(dir, url).env("TMPDIR", &dir.display().to_string());
        let flags = match url {
            DatabaseUrl::Sqlite(_) => vec![],
            DatabaseUrl::Postgres(server) => vec!["--database-url", server],
        };
        let args = ["bench", "--entries", "150", "--accounts", "3", "--waiting", "50"];
        let args = [&args[..], &flags[..]].concat();
        let figures = cli.json(&args);
        let counts =
            [("entries", 150), ("accounts", 3), ("waiting", 50), ("deliveries", 150), ("duplicates", 0)];
        for (field, expected) in counts {
            assert_eq!(figures[field], expected, "{field}: {figures}");
        }
        for field in
            ["entries_per_second", "publish_p50_ms", "publish_p99_ms", "publish_max_ms", "peak_rss_mb"]
        {
            assert!(figures[field].as_f64().is_some_and(|it| it > 0.0), "{field}: {figures}");
        }
        assert!(figures["cpu_seconds"]["contenthub"].is_f64() && figures["cpu_seconds"]["sink"].is_f64());
        let backend = if flags.is_empty() { "sqlite" } else { "postgresql" };
        assert_eq!(figures["database"], backend);
        nothing_is_left(dir);
        assert_eq!(bench_databases(url), [""; 0]);
    });
}

#[test]
fn the_bench_of_hostile_clients_sets_others_beside_them() {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    on_both(|url, dir| {
        let cli = Cli::in_dir(dir).env("TMPDIR", &dir.display().to_string());
        let flags = match url {
            DatabaseUrl::Sqlite(_) => vec![],
            DatabaseUrl::Postgres(server) => vec!["--database-url", server],
        };
        let args = ["bench", "--hostile", "--seconds", "1", "--connections", "40"];
        let figures = cli.json(&[&args[..], &flags[..]].concat());
        for part in ["alone", "slow_heads", "slow_bodies", "idle", "endless_bodies", "bombs"] {
            let of = &figures[part];
            assert!(of["asked"].as_u64().is_some_and(|asked| asked > 0), "{part}: {figures}");
            assert_eq!(of["failed"], 0, "{part}: {figures}");
            assert!(of["p99_ms"].as_f64().is_some_and(|it| it > 0.0), "{part}: {figures}");
            if part != "alone" {
                assert!(of["hostile"].as_u64().is_some_and(|it| it > 0), "{part}: {figures}");
                assert!(of["server_rss_mb"].as_f64().is_some_and(|it| it > 0.0), "{part}: {figures}");
            }
        }
        assert_eq!(figures["idle"]["hostile"], 40);
        nothing_is_left(dir);
        assert_eq!(bench_databases(url), [""; 0]);
    });
}

#[test]
fn the_bench_of_lanes_sets_them_beside_each_other() {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    on_both(|url, dir| {
        let cli = Cli::in_dir(dir).env("TMPDIR", &dir.display().to_string());
        let flags = match url {
            DatabaseUrl::Sqlite(_) => vec![],
            DatabaseUrl::Postgres(server) => vec!["--database-url", server],
        };
        let figures = cli.json(&[&["bench", "--lanes", "--entries", "200"], &flags[..]].concat());
        let number = |path: &str| figures.pointer(path).and_then(|it| it.as_f64()).unwrap_or(0.0);
        let rates =
            ["alone", "crowded", "many_lanes"].map(|name| number(&format!("/{name}/entries_per_second")));
        let [alone, crowded, many] = rates;
        let late = ["alone", "crowded"].map(|name| number(&format!("/{name}/lateness_p99_ms")));
        assert!(rates.iter().chain(&late).all(|it| *it > 0.0), "{figures}");
        for (ratio, expected) in [
            ("/rate_ratio", crowded / alone),
            ("/lateness_p99_ratio", late[1] / late[0]),
            ("/many_lanes_rate_ratio", many / alone),
        ] {
            assert!((number(ratio) / expected - 1.0).abs() < 1e-6, "{ratio}: {figures}");
        }
        assert_eq!((&figures["entries"], &figures["many_lanes"]["lanes"]), (&200.into(), &100.into()));
        nothing_is_left(dir);
        assert_eq!(bench_databases(url), [""; 0]);
    });
}

#[test]
fn the_bench_of_tasks_says_what_many_of_them_cost() {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    on_both(|url, dir| {
        let cli = Cli::in_dir(dir).env("TMPDIR", &dir.display().to_string());
        let flags = match url {
            DatabaseUrl::Sqlite(_) => vec![],
            DatabaseUrl::Postgres(server) => vec!["--database-url", server],
        };
        let figures = cli.json(&[&["bench", "--tasks", "40", "--seconds", "1"], &flags[..]].concat());
        let number = |name: &str| figures[name].as_f64().unwrap_or(f64::NAN);
        for (field, expected) in [("tasks", 40), ("burst_tasks", 40), ("early", 0)] {
            assert_eq!(figures[field], expected, "{field}: {figures}");
        }
        for field in [
            "start_one_ms",
            "start_all_ms",
            "tick_one_ms",
            "tick_all_ms",
            "burst_all_begun_ms",
            "burst_all_ended_ms",
            "lateness_p50_ms",
            "lateness_max_ms",
        ] {
            assert!(number(field) > 0.0, "{field}: {figures}");
        }
        let more = number("start_all_ms") - number("start_one_ms");
        assert!((number("start_more_ms") - more).abs() < 1e-6, "{figures}");
        assert!(number("burst_all_ended_ms") >= number("burst_all_begun_ms"), "{figures}");
        assert!(number("lateness_p99_ms") >= number("lateness_p50_ms"), "{figures}");
        assert!(number("idle_cpu_percent") >= 0.0, "{figures}");
        // Fifteen tasks for two seconds; one that is busy may take several fires for one.
        assert!((1.0..=60.0).contains(&number("fires")), "{figures}");
        nothing_is_left(dir);
        assert_eq!(bench_databases(url), [""; 0]);
    });
}

/// Each of these looks for what a bench left behind.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn nothing_is_left(dir: &Path) {
    let left: Vec<_> = std::fs::read_dir(dir).expect("a folder").flatten().map(|it| it.path()).collect();
    assert!(left.is_empty(), "{left:?}");
}

/// The benches' databases on this server.
fn bench_databases(url: &DatabaseUrl) -> Vec<String> {
    let DatabaseUrl::Postgres(_) = url else { return Vec::new() };
    let mut conn = connect(url).expect("connected");
    let found: Vec<Database> = diesel::sql_query(
        "SELECT datname::text AS name FROM pg_database WHERE datname LIKE 'contenthub_bench_%'",
    )
    .load(&mut conn)
    .expect("databases");
    found.into_iter().map(|it| it.name).collect()
}

/// Whatever it is doing when somebody has enough of it.
#[test]
fn a_signal_takes_away_what_the_bench_has_made() {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    on_both(|url, dir| {
        let cli = Cli::in_dir(dir).env("TMPDIR", &dir.display().to_string());
        let flags = match url {
            DatabaseUrl::Sqlite(_) => vec![],
            DatabaseUrl::Postgres(server) => vec!["--database-url", server],
        };
        let args = [&["bench", "--entries", "4000"], &flags[..]].concat();
        for (while_it, signal, code) in
            [("filling the pool: 1000 of", "INT", 130), ("publishing: ", "TERM", 143)]
        {
            let mut running = cli.spawn(&args);
            let seen = running.stderr.wait_until(SOON, |text| text.contains(while_it).then_some(()));
            assert!(seen.is_some(), "no “{while_it}”: {}", running.stderr.text());
            assert!(std::fs::read_dir(dir).expect("a folder").count() > 0, "it works in this folder");
            running.signal(signal);
            let ended = running.wait(SOON).unwrap_or_else(|| panic!("it goes on after SIG{signal}"));
            assert_eq!(ended.code(), Some(code), "{}", running.stderr.text());
            assert!(running.stderr.text().contains("error: interrupted"), "{}", running.stderr.text());
            nothing_is_left(dir);
        }
        assert_eq!(bench_databases(url), [""; 0]);
    });
}

#[test]
fn the_bench_of_rendering_takes_the_longest_article_that_may_be() {
    let dir = tempfile::tempdir().expect("a folder");
    let figures = Cli::in_dir(dir.path()).json(&["bench", "--render"]);
    assert_eq!(figures["characters"], 19_999, "{figures}");
    for field in ["html_bytes", "images", "first_code_ms", "render_p50_ms", "render_p99_ms", "peak_rss_mb"] {
        assert!(figures[field].as_f64().is_some_and(|it| it > 0.0), "{field}: {figures}");
    }
}

#[test]
fn a_bench_that_cannot_be_says_why() {
    let dir = tempfile::tempdir().expect("a folder");
    let cli = Cli::in_dir(dir.path());
    assert!(cli.run(&["bench", "--entries", "0"]).expect_code(2).stderr.contains("--entries"));
    assert!(cli.run(&["bench", "--lanes", "--lateness"]).expect_code(2).stderr.contains("--lateness"));
    assert!(cli.run(&["bench", "--tasks", "0"]).expect_code(2).stderr.contains("--tasks"));
    assert!(cli.run(&["bench", "--tasks", "9", "--lanes"]).expect_code(2).stderr.contains("--lanes"));
    assert!(cli.run(&["bench", "--render", "--lanes"]).expect_code(2).stderr.contains("--lanes"));
    assert!(cli.run(&["bench", "--seconds", "9"]).expect_code(2).stderr.contains("--tasks"));
    let wrong = cli.run(&["bench", "--entries", "1", "--database-url", "a.db"]).expect_code(1);
    assert!(wrong.stderr.contains("PostgreSQL"), "{}", wrong.stderr);
}
