//! `db backup`: a whole copy of a database in use, under its name only when it is good, and old ones removed.

use crate::support::app::*;
use crate::support::command::{Cli, Server};
use crate::support::on_both;
use contenthub::db::backup::{BackupError, Place, Tools, back_up, is_ours};
use contenthub::db::connection::connect;
use contenthub::db::database_url::DatabaseUrl;
use contenthub::domain::clock::Clock;
use diesel::connection::SimpleConnection;
use serde_json::json;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

fn files_in(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).expect("a folder").flatten();
    let mut names: Vec<String> = names.map(|it| it.file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| name != ".backup.lock");
    names.sort();
    names
}

fn ending(url: &DatabaseUrl) -> &'static str {
    match url {
        DatabaseUrl::Sqlite(_) => ".db",
        DatabaseUrl::Postgres(_) => ".dump",
    }
}

#[test]
fn a_copy_is_made_beside_a_server_and_the_oldest_go() {
    on_both(|url, dir| {
        let cli = Cli::on(dir, url);
        let server = Server::start(&cli, &[]);
        let folder = dir.join("data/backups");
        let mut made = Vec::new();
        for _ in 0..2 {
            let told = cli.json(&["db", "backup"]);
            made.push(
                PathBuf::from(told["path"].as_str().expect("a path")).file_name().expect("a name").to_owned(),
            );
            assert_eq!(told["removed"], json!([]));
        }
        fs::write(folder.join("notes.txt"), "mine").expect("written");
        fs::write(folder.join("contenthub-mine.db"), "mine").expect("written");
        let told = cli.json(&["db", "backup", "--keep", "2"]);
        assert_eq!(told["removed"].as_array().map(Vec::len), Some(1));
        let names = files_in(&folder);
        let ours: Vec<&String> = names.iter().filter(|name| is_ours(name, ending(url))).collect();
        assert_eq!((names.len(), ours.len()), (4, 2), "{names:?}");
        assert!(!names.contains(&made[0].to_string_lossy().into_owned()), "the oldest is gone");
        let mode = fs::metadata(folder.join(ours[0])).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "for its owner's eyes alone");
        drop(server);
    });
}

#[test]
fn a_copy_is_whole_and_has_no_other_files() {
    on_both(|url, dir| {
        let (app, clock) = by_hand(url, dir);
        let place = account(&app, "site", "folder", json!({}));
        app.run(AddMany { count: 500, account: place, at: None }).expect("added");
        let target = dir.join("copy of it.bin");
        let made = back_up(url, &Place::File(target.clone()), &Tools::default(), clock.now()).expect("made");
        assert_eq!(made.bytes, fs::metadata(&target).expect("there").len());
        assert!(made.schema_version.is_some());
        let again = back_up(url, &Place::File(target.clone()), &Tools::default(), clock.now());
        assert!(matches!(again, Err(BackupError::Taken(path)) if path == target));
        let beside: Vec<String> =
            files_in(dir).into_iter().filter(|name| name.starts_with("copy of it")).collect();
        assert_eq!(beside, ["copy of it.bin"]);
        if let DatabaseUrl::Sqlite(_) = url {
            let copy = contenthub::App::open_with(
                settings(&DatabaseUrl::Sqlite(target.clone()), dir),
                contenthub::platforms::registry::Registry::default(),
                clock.clone(),
            );
            assert_eq!(copy.expect("opened").stats().expect("numbers").pending, 500);
        }
    });
}

#[test]
fn what_fails_leaves_nothing_and_removes_nothing() {
    on_both(|url, dir| {
        let (_app, clock) = by_hand(url, dir);
        let folder = dir.join("copies");
        let place = Place::Folder { path: folder.clone(), keep: Some(1) };
        let good = back_up(url, &place, &Tools::default(), clock.now()).expect("made");
        clock.forward(Duration::from_secs(1));
        let failed = match url {
            DatabaseUrl::Sqlite(_) => {
                // The copy is as damaged as the database.
                let mut conn = connect(url).expect("connected");
                conn.batch_execute("PRAGMA foreign_keys = OFF; INSERT INTO lanes (account_id) VALUES (999)")
                    .expect("a row of nobody");
                back_up(url, &place, &Tools::default(), clock.now())
            }
            DatabaseUrl::Postgres(_) => {
                let none = Tools { pg_dump: "/nowhere/pg_dump".to_owned(), ..Tools::default() };
                back_up(url, &place, &none, clock.now())
            }
        };
        let told = failed.expect_err("no copy").to_string();
        let says = match url {
            DatabaseUrl::Sqlite(_) => "the copy is not sound, and was thrown away: a row of lanes",
            DatabaseUrl::Postgres(_) => {
                "pg_dump is not installed here, and a copy of a PostgreSQL database needs it"
            }
        };
        assert!(told.starts_with(says), "{told}");
        let left = good.path.file_name().expect("a name").to_string_lossy().into_owned();
        assert_eq!(files_in(&folder), [left]);
    });
}

#[test]
fn one_at_a_time_and_what_died_half_way_is_cleared() {
    on_both(|url, dir| {
        let (_app, clock) = by_hand(url, dir);
        let folder = dir.join("copies");
        let place = Place::Folder { path: folder.clone(), keep: None };
        fs::create_dir(&folder).expect("a folder");
        let half = format!("contenthub-2026-01-02T03-04-05.000006Z{}.unfinished", ending(url));
        fs::write(folder.join(half), "half").expect("written");
        let lock = fs::File::create(folder.join(".backup.lock")).expect("a file");
        lock.lock().expect("locked");
        let refused = back_up(url, &place, &Tools::default(), clock.now());
        assert!(matches!(refused, Err(BackupError::Busy(_))));
        assert_eq!(files_in(&folder).len(), 1, "whose it is may still be at work");
        drop(lock);
        back_up(url, &place, &Tools::default(), clock.now()).expect("made");
        let names = files_in(&folder);
        assert!(names.len() == 1 && is_ours(&names[0], ending(url)), "{names:?}");
    });
}

#[test]
fn no_argument_of_pg_dump_shows_the_password() {
    on_both(|url, dir| {
        let DatabaseUrl::Postgres(text) = url else { return };
        let (_app, clock) = by_hand(url, dir);
        let with_password = text.replace("postgres@", "postgres:ver%79secret@");
        let script = dir.join("pg_dump");
        let told = dir.join("told");
        let body = format!(
            "#!/bin/sh\necho \"$@\" > '{0}'\necho \"$PGPASSWORD\" > '{0}.env'\nexec pg_dump \"$@\"\n",
            told.display()
        );
        fs::write(&script, body).expect("written");
        Command::new("chmod").arg("700").arg(&script).status().expect("chmod runs");
        let tools = Tools { pg_dump: script.display().to_string(), ..Tools::default() };
        let place = Place::File(dir.join("copy.dump"));
        back_up(&DatabaseUrl::Postgres(with_password), &place, &tools, clock.now()).expect("made");
        let args = fs::read_to_string(&told).expect("told");
        assert!(args.contains("--no-password") && !args.contains("secret"), "{args}");
        let variable = fs::read_to_string(told.with_extension("env")).expect("told");
        assert_eq!(variable.trim(), "verysecret");
    });
}
