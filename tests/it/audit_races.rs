//! Of changes of one thing at the same moment each row of the audit says what its change has really replaced.

use crate::support::app::*;
use crate::support::on_both;
use crate::support::postgres::waiting_for_locks;
use contenthub::db::audit::Filter;
use contenthub::db::connection::{DbConnection, DbError, connect};
use contenthub::db::database_url::DatabaseUrl;
use contenthub::domain::resource::Resource;
use contenthub::operations::account::{SuspendAccount, UpdateAccount};
use contenthub::operations::audit::ListAudit;
use contenthub::operations::content::UpdateContent;
use contenthub::operations::entry::UpdateEntry;
use contenthub::operations::pause::{PausePublishing, ResumePublishing};
use contenthub::operations::task::UpdateTask;
use contenthub::{App, Paging, Priority};
use diesel::connection::SimpleConnection;
use serde_json::{Value, json};
use std::cmp::Reverse;
use std::path::Path;
use std::thread;
use std::time::Duration;

/// Has two people act at the same moment, each with a number of his own. On PostgreSQL both wait for the row before either
/// can go on; SQLite has one writer at a time.
fn both(url: &DatabaseUrl, dir: &Path, row: &str, act: &(impl Fn(&App, i32) + Sync)) {
    let apps = [1, 2].map(|_| App::open(settings(url, dir)).expect("opened"));
    let mut conn = connect(url).expect("connected");
    thread::scope(|threads| {
        let begin = || {
            for (app, number) in apps.iter().zip(1..) {
                threads.spawn(move || act(app, number));
            }
        };
        if matches!(conn, DbConnection::Sqlite(_)) {
            return begin();
        }
        let held = conn.write(|conn| {
            conn.batch_execute(&format!("SELECT 1 FROM {row} FOR UPDATE"))?;
            begin();
            eventually("both wait", || (waiting_for_locks(url) == 2).then_some(()));
            Ok::<_, DbError>(())
        });
        held.expect("they go on");
    });
}

/// Before and after of the two newest rows of a thing, the newest last: whoever began first need not have been the first.
fn last_two(app: &App, resource: Resource, resource_id: Option<i64>) -> [(Value, Value); 2] {
    let filter = Filter { resource: Some(resource), resource_id, ..Filter::default() };
    let mut rows = app.run(ListAudit { filter, paging: Paging::default() }).expect("rows").items;
    rows.sort_by_key(|row| Reverse(row.id));
    let state = |text: &Option<String>| -> Value {
        text.as_deref().map_or(Value::Null, |text| serde_json::from_str(text).expect("JSON"))
    };
    [1, 0].map(|place| (state(&rows[place].state_before), state(&rows[place].state_after)))
}

#[test]
fn what_the_second_of_two_changes_replaces_is_what_the_first_has_made() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let account = webhook(&app, "blog", "http://127.0.0.1:9/");
        let task = task(&app, "hourly");
        let at = app.now() + Duration::from_secs(3600);
        let id = add_at(&app, "Hello", account, at);
        let content = entry(&app, id).content_id;
        let (account_row, entry_row) =
            (format!("accounts WHERE id = {account}"), format!("publish_pool WHERE id = {id}"));
        let follows = |resource: Resource, id: i64, field: &str| {
            let [(_, first), (second, _)] = last_two(&app, resource, Some(id));
            assert_ne!(first[field], Value::Null, "{field}: {first}");
            assert_eq!(second[field], first[field], "{field}: what was replaced is not what was there");
        };

        both(url, dir, &account_row, &|app, number| {
            let change = UpdateAccount { concurrency: Some(number), ..UpdateAccount::new(account) };
            app.change(change).map(drop).expect("an account is changed");
        });
        follows(Resource::Account, account.0, "concurrency");

        both(url, dir, &account_row, &|app, number| {
            let suspend = SuspendAccount { id: account, reason: format!("reason {number}"), until: None };
            app.change(suspend).map(drop).expect("a suspension is changed");
        });
        follows(Resource::Account, account.0, "suspended_reason");

        both(url, dir, &format!("contents WHERE id = {content}"), &|app, number| {
            let change =
                UpdateContent { title: Some(format!("Hello {number}")), ..UpdateContent::new(content) };
            app.change(change).map(drop).expect("a content is changed");
        });
        follows(Resource::Content, content.0, "title");

        both(url, dir, &entry_row, &|app, number| {
            let priority = Priority::try_from(number).expect("a priority");
            let change = UpdateEntry { priority: Some(priority), ..UpdateEntry::of(id) };
            app.change(change).map(drop).expect("an entry is changed");
        });
        follows(Resource::Entry, id.0, "priority");

        both(url, dir, &entry_row, &|app, number| {
            let later = at + Duration::from_secs(60) * number.unsigned_abs();
            let change = UpdateEntry { scheduled_at: Some(Some(later)), ..UpdateEntry::of(id) };
            app.change(change).map(drop).expect("an entry's time is changed");
        });
        follows(Resource::Entry, id.0, "scheduled_at");

        both(url, dir, &format!("scheduled_tasks WHERE id = {task}"), &|app, number| {
            let change =
                UpdateTask { interval_seconds: Some(60 + i64::from(number)), ..UpdateTask::new(task) };
            app.change(change).map(drop).expect("a task is changed");
        });
        follows(Resource::Task, task.0, "interval_seconds");
    });
}

/// Only the first of them has paused, or resumed, anything.
#[test]
fn of_two_who_pause_or_resume_at_once_one_does() {
    const ROW: &str = "meta WHERE key = 'paused'";
    let nothing = (json!({}), json!({}));
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        both(url, dir, ROW, &|app, number| {
            let pause = PausePublishing { by: format!("person {number}"), reason: None };
            app.change(pause).map(drop).expect("paused");
        });
        let [(before, after), second] = last_two(&app, Resource::Publishing, None);
        assert_eq!(before, json!({"paused": null}));
        assert!(after["paused"]["by"].as_str().is_some_and(|by| by.starts_with("person ")), "{after}");
        assert_eq!(second, nothing, "it was paused already");

        both(url, dir, ROW, &|app, number| {
            let resume = ResumePublishing { by: format!("person {number}") };
            app.change(resume).map(drop).expect("resumed");
        });
        let [(before, after), second] = last_two(&app, Resource::Publishing, None);
        assert_eq!((&before["paused"]["by"].is_string(), &after), (&true, &json!({"paused": null})));
        assert_eq!(second, nothing, "it was resumed already");
    });
}

/// The list is in the order in which changes were made, also of those that were asked for at once and waited for each other.
#[test]
fn each_row_follows_the_one_under_it() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let id = webhook(&app, "hook", "http://127.0.0.1:9/");
        let suspended = |reason: String| SuspendAccount { id, reason, until: None };
        let apps: Vec<App> = (0..4).map(|_| App::open(settings(url, dir)).expect("opened")).collect();
        thread::scope(|threads| {
            for (number, app) in apps.iter().enumerate() {
                threads.spawn(move || {
                    for round in 0..10 {
                        let change = suspended(format!("{number}.{round}"));
                        app.change(change).expect("suspended");
                    }
                });
            }
        });
        let filter =
            Filter { resource: Some(Resource::Account), resource_id: Some(id.0), ..Filter::default() };
        let paging = Paging::new(None, Some(100)).expect("a page");
        let rows = app.run(ListAudit { filter, paging }).expect("rows").items;
        assert_eq!(rows.len(), 41);
        let reason = |text: &Option<String>| -> Value {
            let state: Value = serde_json::from_str(text.as_deref().expect("a state")).expect("JSON");
            state["suspended_reason"].clone()
        };
        for pair in rows[..40].windows(2) {
            assert_eq!(reason(&pair[0].state_before), reason(&pair[1].state_after), "{pair:#?}");
        }
    });
}
